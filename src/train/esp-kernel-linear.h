/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

/* y = x W^T + b */
void esp_kernel_linear_forward (const EspReal *x,      /* (N, I) */
                                const EspReal *weight, /* (O, I) */
                                const EspReal *bias,   /* (O) or NULL */
                                EspReal *y,            /* (N, O) */
                                gsize N,
                                gsize I,
                                gsize O);

/* Each of dx, dweight and dbias may be NULL when nobody wants it; the others are added to. */
void esp_kernel_linear_backward (const EspReal *x,      /* (N, I) */
                                 const EspReal *weight, /* (O, I) */
                                 const EspReal *dy,     /* (N, O) */
                                 EspReal *dx,           /* (N, I) */
                                 EspReal *dweight,      /* (O, I) */
                                 EspReal *dbias,        /* (O) */
                                 gsize N,
                                 gsize I,
                                 gsize O);
