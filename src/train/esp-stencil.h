/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

G_BEGIN_DECLS

#define ESP_STENCIL_MAX_PADDING 65536

/**
 * EspStencil:
 *
 * What slides over planes: the settings that convolutions and pools share, vertical first. In one
 * dimension the vertical ones are those of a window of height 1. A plain value.
 */
typedef struct
{
  guint rank; /* 1: (C, L), 2: (C, H, W) */
  guint64 kernel[2], stride[2], padding[2], dilation[2];
  gboolean same; /* padding so that the output has the input's size; the rest goes behind */
  gboolean ceil; /* a last window may hang over the edge */
} EspStencil;

/* One window over planes of one size. */
typedef struct
{
  gsize channels, height, width; /* of the input */
  gsize out_height, out_width;
  gsize kernel[2], stride[2], dilation[2];
  gsize before[2]; /* padding above and left */
} EspStencilGeometry;

enum
{
  ESP_STENCIL_DILATION = 1 << 0,
  ESP_STENCIL_SAME = 1 << 1,             /* padding may be "same" or "valid" */
  ESP_STENCIL_STRIDE_IS_KERNEL = 1 << 2, /* unless it is given */
  ESP_STENCIL_CEIL = 1 << 3,
};

/* kernel_size, stride, padding and, by @flags, dilation and ceil_mode */
gboolean esp_stencil_read (EspStencil *self,
                           EspSpec *spec,
                           guint rank,
                           guint flags,
                           GError **error);
/* what @layer, whose window this is, does with examples of shape @in; @channels: wanted, 0 for any.
 * out_height and out_width too. */
gboolean esp_stencil_infer (const EspStencil *self,
                            const EspLayer *layer,
                            const EspShape *in,
                            guint64 channels,
                            EspStencilGeometry *geometry,
                            const char *path,
                            GError **error);
/* the same when it is known to fit */
void esp_stencil_get_geometry (const EspStencil *self,
                               const EspShape *in,
                               EspStencilGeometry *geometry);
/* (channels, out_height, out_width) as rank says */
void esp_stencil_get_shape (const EspStencil *self,
                            gsize channels,
                            gsize height,
                            gsize width,
                            EspShape *shape);
/* planes, channels or channels of a group, unrolled: row (c, i, j) of @columns has what the
 * window's cell (i, j) sees at each place of the output, @pitch numbers apart */
void esp_stencil_unroll (const EspStencilGeometry *geometry,
                         const EspReal *planes, /* (channels, height, width) */
                         EspReal *columns,      /* (channels, kernel, kernel, pitch) */
                         gsize channels,
                         gsize pitch);
/* the transpose: adds to @planes */
void esp_stencil_roll (const EspStencilGeometry *geometry,
                       const EspReal *columns,
                       EspReal *planes,
                       gsize channels,
                       gsize pitch);

G_END_DECLS
