/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loss of every step, thinned as it grows. Adding is a few nanoseconds; a merge of neighbours
 * happens each time the number of steps doubles. */

#include "config.h"
#include "esp-loss-curve.h"

void
esp_loss_curve_clear (EspLossCurve *self)
{
  self->width = 1;
  self->n = 0;
}

static void
merge_neighbours (EspLossCurve *self)
{
  for (guint i = 0; i < ESP_LOSS_CURVE_POINTS / 2; i++)
    {
      self->points[i] = self->points[2 * i];
      self->points[i].steps += self->points[2 * i + 1].steps;
      self->points[i].count += self->points[2 * i + 1].count;
      self->points[i].sum += self->points[2 * i + 1].sum;
    }
  self->n = ESP_LOSS_CURVE_POINTS / 2;
  self->width *= 2;
}

void
esp_loss_curve_add (EspLossCurve *self, guint64 step, double loss)
{
  if (self->n == 0 || self->points[self->n - 1].count >= self->width)
    {
      if (self->n == ESP_LOSS_CURVE_POINTS)
        merge_neighbours (self);
      self->points[self->n].steps = 0;
      self->points[self->n].count = 0;
      self->points[self->n].sum = 0;
      self->n++;
    }
  self->points[self->n - 1].steps += step;
  self->points[self->n - 1].count++;
  self->points[self->n - 1].sum += loss;
}

void
esp_loss_curve_copy (const EspLossCurve *self, guint64 **steps, double **losses, guint *n)
{
  *n = self->n;
  *steps = g_new (guint64, self->n);
  *losses = g_new (double, self->n);
  for (guint i = 0; i < self->n; i++)
    {
      (*steps)[i] = self->points[i].steps / self->points[i].count;
      (*losses)[i] = self->points[i].sum / (double) self->points[i].count;
    }
}
