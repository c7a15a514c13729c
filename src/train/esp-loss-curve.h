/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_LOSS_CURVE_POINTS 2048

/**
 * EspLossCurve:
 *
 * A loss curve in bounded memory: each point is the mean over a number of neighbouring values,
 * which doubles whenever the points run out. Not thread safe; 48 KiB.
 */
typedef struct
{
  guint64 width; /* values that a full point stands for, a power of 2 */
  guint n;       /* points, the last may not be full */
  struct
  {
    guint64 steps; /* sum of the steps' numbers */
    guint64 count;
    double sum;
  } points[ESP_LOSS_CURVE_POINTS];
} EspLossCurve;

void esp_loss_curve_clear (EspLossCurve *self);
/* @step is greater than the one before */
void esp_loss_curve_add (EspLossCurve *self, guint64 step, double loss);
/* the mean of each point's steps and values; new arrays */
void esp_loss_curve_copy (const EspLossCurve *self, guint64 **steps, double **losses, guint *n);

G_END_DECLS
