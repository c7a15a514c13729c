/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_CURVE_POINTS 2048

/**
 * EspCurve:
 *
 * A loss curve in bounded memory: each point is the mean over a number of neighbouring steps, which
 * doubles whenever the points run out. Not thread safe; 48 KiB.
 */
typedef struct
{
  guint64 width; /* steps a full point stands for, a power of 2 */
  guint n;       /* points, the last may not be full */
  struct
  {
    guint64 first; /* step */
    guint64 count;
    double sum;
  } points[ESP_CURVE_POINTS];
} EspCurve;

void esp_curve_clear (EspCurve *self);
/* @step follows the one before */
void esp_curve_add (EspCurve *self, guint64 step, double loss);
/* the middle of each point's steps and their mean; new arrays */
void esp_curve_copy (const EspCurve *self, guint64 **steps, double **losses, guint *n);

G_END_DECLS
