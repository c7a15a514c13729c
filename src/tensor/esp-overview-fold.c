/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hot loops of an overview: folding lines of cells into one line, and that into pixels. A line
 * that is finite throughout, as nearly all are, goes through plain loops that the compiler turns
 * into vector code; compiled with -O3.
 */

#include "esp-overview-fold-private.h"

#include <math.h>
#include <string.h>

struct _EspFold
{
  guint64 n_lines; /* that were finite throughout, so not in counts */
  float *min;
  float *max;
  double *sum;
  guint32 *counts;
  guint8 *flags;
  gboolean any_flags;
};

EspFold *
esp_fold_new (gsize max_cells)
{
  EspFold *self = g_new0 (EspFold, 1);

  self->min = g_new (float, max_cells);
  self->max = g_new (float, max_cells);
  self->sum = g_new (double, max_cells);
  self->counts = g_new (guint32, max_cells);
  self->flags = g_new (guint8, max_cells);
  return self;
}

void
esp_fold_free (EspFold *self)
{
  g_free (self->min);
  g_free (self->max);
  g_free (self->sum);
  g_free (self->counts);
  g_free (self->flags);
  g_free (self);
}

/* {{{ lines */

void
esp_fold_reset (EspFold *self, gsize count)
{
  for (gsize i = 0; i < count; i++)
    {
      self->min[i] = INFINITY;
      self->max[i] = -INFINITY;
    }
  memset (self->sum, 0, count * sizeof *self->sum);
  memset (self->counts, 0, count * sizeof *self->counts);
  memset (self->flags, 0, count);
  self->n_lines = 0;
  self->any_flags = FALSE;
}

static gboolean
are_finite (const float *values, gsize count)
{
  guint32 found = 0;

  for (gsize i = 0; i < count; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      found |= (bits & 0x7f800000) == 0x7f800000;
    }
  return !found;
}

static void
add_finite (const float *restrict values,
            gsize count,
            float *restrict min,
            float *restrict max,
            double *restrict sum)
{
  for (gsize i = 0; i < count; i++)
    {
      min[i] = values[i] < min[i] ? values[i] : min[i];
      max[i] = values[i] > max[i] ? values[i] : max[i];
      sum[i] += (double) values[i];
    }
}

static void
add_any (EspFold *self, const float *values, gsize count)
{
  for (gsize i = 0; i < count; i++)
    {
      if (isfinite (values[i]))
        {
          self->min[i] = MIN (values[i], self->min[i]);
          self->max[i] = MAX (values[i], self->max[i]);
          self->sum[i] += (double) values[i];
          self->counts[i]++;
        }
      else if (isnan (values[i]))
        self->flags[i] |= ESP_PIXEL_NAN;
      else
        self->flags[i] |= values[i] > 0 ? ESP_PIXEL_POSITIVE_INF : ESP_PIXEL_NEGATIVE_INF;
    }
  self->any_flags = TRUE;
}

void
esp_fold_add_line (EspFold *self, const float *values, gsize count)
{
  if (!are_finite (values, count))
    add_any (self, values, count);
  else
    {
      add_finite (values, count, self->min, self->max, self->sum);
      self->n_lines++;
    }
}

/* }}} */
/* {{{ pixels */

void
esp_fold_total_init (EspFoldTotal *total)
{
  memset (total, 0, sizeof *total);
  total->min = INFINITY;
  total->max = -INFINITY;
}

void
esp_fold_add_to_total (const EspFold *self, gsize begin, gsize end, EspFoldTotal *total)
{
  for (gsize i = begin; i < end; i++)
    {
      total->min = self->min[i] < total->min ? self->min[i] : total->min;
      total->max = self->max[i] > total->max ? self->max[i] : total->max;
      total->sum += self->sum[i];
    }
  total->n += self->n_lines * (end - begin);
  for (gsize i = begin; self->any_flags && i < end; i++)
    {
      total->n += self->counts[i];
      total->flags |= self->flags[i];
    }
}

void
esp_fold_finish_pixel (const EspFoldTotal *total, EspPixel *pixel)
{
  pixel->min = pixel->max = pixel->mean = NAN;
  pixel->flags = total->flags;
  if (total->n == 0)
    return;
  pixel->min = total->min + 0.0f; /* no -0 */
  pixel->max = total->max + 0.0f;
  /* rounding to float must not push the mean out of the range */
  pixel->mean = CLAMP ((float) (total->sum / (double) total->n), pixel->min, pixel->max);
}

/* }}} */
