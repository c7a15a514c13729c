/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loss of every step, thinned as it grows. Adding is a few nanoseconds; a merge of neighbours
 * happens each time the number of steps doubles. */

#include "config.h"
#include "esp-curve.h"

void
esp_curve_clear (EspCurve *self)
{
  self->width = 1;
  self->n = 0;
}

static void
merge_neighbours (EspCurve *self)
{
  for (guint i = 0; i < ESP_CURVE_POINTS / 2; i++)
    {
      self->points[i] = self->points[2 * i];
      self->points[i].count += self->points[2 * i + 1].count;
      self->points[i].sum += self->points[2 * i + 1].sum;
    }
  self->n = ESP_CURVE_POINTS / 2;
  self->width *= 2;
}

void
esp_curve_add (EspCurve *self, guint64 step, double loss)
{
  if (self->n == 0 || self->points[self->n - 1].count >= self->width)
    {
      if (self->n == ESP_CURVE_POINTS)
        merge_neighbours (self);
      self->points[self->n].first = step;
      self->points[self->n].count = 0;
      self->points[self->n].sum = 0;
      self->n++;
    }
  self->points[self->n - 1].count++;
  self->points[self->n - 1].sum += loss;
}

void
esp_curve_copy (const EspCurve *self, guint64 **steps, double **losses, guint *n)
{
  *n = self->n;
  *steps = g_new (guint64, self->n);
  *losses = g_new (double, self->n);
  for (guint i = 0; i < self->n; i++)
    {
      (*steps)[i] = self->points[i].first + (self->points[i].count - 1) / 2;
      (*losses)[i] = self->points[i].sum / (double) self->points[i].count;
    }
}
