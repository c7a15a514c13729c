/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hot loops of an overview: folding lines of cells into one line, and that into pixels. Cells
 * are taken in strips of 16 columns whose minima, maxima, sums and squares stay in registers over
 * all lines of a block, so that little is stored. A strip that isn't finite throughout, which is
 * rare, is gone through once more cell by cell. Each loop is compiled for several kinds of x86-64.
 */

#include "esp-overview-fold-private.h"

#include <math.h>
#include <string.h>

#include "esp-vector-private.h"

#define STRIP 16

struct _EspFold
{
  gsize count;
  float *min;
  float *max;
  double *sum;
  double *squares;
  gint32 *missing; /* cells of a column that aren't finite */
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
  self->squares = g_new (double, max_cells);
  self->missing = g_new (gint32, max_cells);
  self->flags = g_new (guint8, max_cells);
  return self;
}

void
esp_fold_free (EspFold *self)
{
  g_free (self->min);
  g_free (self->max);
  g_free (self->sum);
  g_free (self->squares);
  g_free (self->missing);
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
  memset (self->squares, 0, count * sizeof *self->squares);
  self->count = count;
  self->any_flags = FALSE;
}

static guint8
get_flag (float value)
{
  if (isnan (value))
    return ESP_PIXEL_NAN;
  return value > 0 ? ESP_PIXEL_POSITIVE_INF : ESP_PIXEL_NEGATIVE_INF;
}

/* any values, columns [begin, end) */
static void
add_any (EspFold *self, const float *values, gsize n_lines, gsize stride, gsize begin, gsize end)
{
  if (!self->any_flags)
    {
      memset (self->missing, 0, self->count * sizeof *self->missing);
      memset (self->flags, 0, self->count);
      self->any_flags = TRUE;
    }
  for (gsize line = 0; line < n_lines; line++)
    for (gsize i = begin; i < end; i++)
      {
        float value = values[line * stride + i];

        if (isfinite (value))
          {
            self->min[i] = MIN (value, self->min[i]);
            self->max[i] = MAX (value, self->max[i]);
            self->sum[i] += (double) value;
            self->squares[i] += (double) value * (double) value;
          }
        else
          {
            self->flags[i] |= get_flag (value);
            self->missing[i]++;
          }
      }
}

/* 16 columns of @n_lines lines, in @N vectors of floats; FALSE, and nothing added, if something
 * isn't finite: then a square isn't */
#define DEFINE_STRIP(name, WIDE, HALF, DOUBLES, INTS, N)                                           \
  ESP_INLINE gboolean name (const float *values, gsize n_lines, gsize stride, float *min,          \
                            float *max, double *sum, double *squares)                              \
  {                                                                                                \
    WIDE low[N], high[N];                                                                          \
    DOUBLES sums[2 * (N)], powers[2 * (N)];                                                        \
    double lanes[ESP_LANES];                                                                       \
                                                                                                   \
    memcpy (low, min, sizeof low);                                                                 \
    memcpy (high, max, sizeof high);                                                               \
    memcpy (sums, sum, sizeof sums);                                                               \
    memcpy (powers, squares, sizeof powers);                                                       \
    for (gsize line = 0; line < n_lines; line++, values += stride)                                 \
      {                                                                                            \
        for (int k = 0; k < (N); k++)                                                              \
          {                                                                                        \
            WIDE v;                                                                                \
                                                                                                   \
            ESP_LOAD (v, values + STRIP / (N) * k);                                                \
            low[k] = ESP_SELECT_FLOATS (INTS, v < low[k], v, low[k]);                              \
            high[k] = ESP_SELECT_FLOATS (INTS, v > high[k], v, high[k]);                           \
          }                                                                                        \
        for (int k = 0; k < 2 * (N); k++)                                                          \
          {                                                                                        \
            HALF v;                                                                                \
            DOUBLES wide;                                                                          \
                                                                                                   \
            ESP_LOAD (v, values + STRIP / (2 * (N)) * k);                                          \
            wide = __builtin_convertvector (v, DOUBLES);                                           \
            sums[k] += wide;                                                                       \
            powers[k] += wide * wide;                                                              \
          }                                                                                        \
      }                                                                                            \
    memcpy (lanes, powers, sizeof lanes);                                                          \
    if (!isfinite (esp_vector_add_lanes (lanes)))                                                  \
      return FALSE;                                                                                \
    memcpy (min, low, sizeof low);                                                                 \
    memcpy (max, high, sizeof high);                                                               \
    memcpy (sum, sums, sizeof sums);                                                               \
    memcpy (squares, powers, sizeof powers);                                                       \
    return TRUE;                                                                                   \
  }

DEFINE_STRIP (add_strip_32, EspFloats8, EspFloats4, EspDoubles4, EspInts8, 2)
DEFINE_STRIP (add_strip_64, EspFloats16, EspFloats8, EspDoubles8, EspInts16, 1)

typedef gboolean (*Strip) (const float *values,
                           gsize n_lines,
                           gsize stride,
                           float *min,
                           float *max,
                           double *sum,
                           double *squares);

/* the columns behind the last whole strip */
ESP_INLINE void
add_rest (EspFold *self, const float *values, gsize n_lines, gsize stride, gsize begin, gsize end)
{
  guint32 bad = 0;

  for (gsize line = 0; line < n_lines; line++)
    for (gsize i = begin; i < end; i++)
      {
        guint32 bits;

        memcpy (&bits, values + line * stride + i, sizeof bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
      }
  if (bad)
    {
      add_any (self, values, n_lines, stride, begin, end);
      return;
    }
  for (gsize line = 0; line < n_lines; line++)
    for (gsize i = begin; i < end; i++)
      {
        float value = values[line * stride + i];

        self->min[i] = value < self->min[i] ? value : self->min[i];
        self->max[i] = value > self->max[i] ? value : self->max[i];
        self->sum[i] += (double) value;
        self->squares[i] += (double) value * (double) value;
      }
}

ESP_INLINE void
add_lines_by (Strip strip,
              EspFold *self,
              const float *values,
              gsize n_lines,
              gsize stride,
              gsize count)
{
  gsize whole = count / STRIP * STRIP;

  for (gsize i = 0; i < whole; i += STRIP)
    if (!strip (values + i, n_lines, stride, self->min + i, self->max + i, self->sum + i,
                self->squares + i))
      add_any (self, values, n_lines, stride, i, i + STRIP);
  if (whole < count)
    add_rest (self, values, n_lines, stride, whole, count);
}

/* }}} */
/* {{{ runs */

static void
add_any_run (const float *values, gsize count, EspFoldTotal *total)
{
  for (gsize i = 0; i < count; i++)
    if (isfinite (values[i]))
      {
        total->min = MIN (values[i], total->min);
        total->max = MAX (values[i], total->max);
        total->sum += (double) values[i];
        total->squares += (double) values[i] * (double) values[i];
        total->n++;
      }
    else
      total->flags |= get_flag (values[i]);
}

ESP_INLINE void
add_run_by (Strip strip, const float *values, gsize count, EspFoldTotal *total)
{
  float min[STRIP], max[STRIP];
  double sum[STRIP] = { 0 }, squares[STRIP] = { 0 };
  gsize n_lines = count / STRIP;

  for (int i = 0; i < STRIP; i++)
    {
      min[i] = INFINITY;
      max[i] = -INFINITY;
    }
  if (!strip (values, n_lines, STRIP, min, max, sum, squares))
    {
      add_any_run (values, count, total);
      return;
    }
  for (int i = 0; i < STRIP; i++)
    {
      total->min = min[i] < total->min ? min[i] : total->min;
      total->max = max[i] > total->max ? max[i] : total->max;
      total->sum += sum[i];
      total->squares += squares[i];
    }
  total->n += n_lines * STRIP;
  add_any_run (values + n_lines * STRIP, count - n_lines * STRIP, total);
}

/* }}} */
/* {{{ cells that are pixels */

ESP_INLINE void
cells_to_pixels (const float *values, gsize count, EspPixel *pixels, gsize step)
{
  for (gsize i = 0; i < count; i++)
    {
      EspPixel *pixel = pixels + i * step;
      float value = values[i] + 0.0f; /* no -0 */

      if (G_LIKELY (isfinite (value)))
        *pixel = (EspPixel) { value, value, value, fabsf (value), 1, 0 };
      else
        *pixel = (EspPixel) { NAN, NAN, NAN, NAN, 0, get_flag (value) };
    }
}

ESP_INLINE void
add_lines (EspFold *self, const float *values, gsize n_lines, gsize stride, gsize count)
{
  add_lines_by (add_strip_32, self, values, n_lines, stride, count);
}

ESP_INLINE void
add_lines_64 (EspFold *self, const float *values, gsize n_lines, gsize stride, gsize count)
{
  add_lines_by (add_strip_64, self, values, n_lines, stride, count);
}

ESP_INLINE void
add_run (const float *values, gsize count, EspFoldTotal *total)
{
  add_run_by (add_strip_32, values, count, total);
}

ESP_INLINE void
add_run_64 (const float *values, gsize count, EspFoldTotal *total)
{
  add_run_by (add_strip_64, values, count, total);
}

ESP_DEFINE_WIDEST (void,
                   esp_fold_add_lines,
                   add_lines,
                   add_lines_64,
                   (EspFold * self, const float *values, gsize n_lines, gsize stride, gsize count),
                   (self, values, n_lines, stride, count))
ESP_DEFINE_WIDEST (void,
                   esp_fold_add_run,
                   add_run,
                   add_run_64,
                   (const float *values, gsize count, EspFoldTotal *total),
                   (values, count, total))
ESP_DEFINE_WIDE (void,
                 esp_fold_cells_to_pixels,
                 cells_to_pixels,
                 (const float *values, gsize count, EspPixel *pixels, gsize step),
                 (values, count, pixels, step))

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
esp_fold_add_to_total (const EspFold *self,
                       gsize begin,
                       gsize end,
                       guint64 n_lines,
                       EspFoldTotal *total)
{
  for (gsize i = begin; i < end; i++)
    {
      total->min = self->min[i] < total->min ? self->min[i] : total->min;
      total->max = self->max[i] > total->max ? self->max[i] : total->max;
      total->sum += self->sum[i];
      total->squares += self->squares[i];
    }
  total->n += n_lines * (end - begin);
  for (gsize i = begin; self->any_flags && i < end; i++)
    {
      total->n -= (guint64) self->missing[i];
      total->flags |= self->flags[i];
    }
}

void
esp_fold_add_pixel (EspFoldTotal *total, const EspPixel *pixel)
{
  double n = pixel->finite;

  total->flags |= pixel->flags;
  if (pixel->finite == 0)
    return;
  total->min = pixel->min < total->min ? pixel->min : total->min;
  total->max = pixel->max > total->max ? pixel->max : total->max;
  total->sum += (double) pixel->mean * n;
  total->squares += (double) pixel->rms * (double) pixel->rms * n;
  total->n += pixel->finite;
}

void
esp_fold_finish_pixel (const EspFoldTotal *total, EspPixel *pixel)
{
  pixel->min = pixel->max = pixel->mean = pixel->rms = NAN;
  pixel->flags = total->flags;
  pixel->finite = (guint32) MIN (total->n, G_MAXUINT32);
  if (total->n == 0)
    return;
  pixel->min = total->min + 0.0f; /* no -0 */
  pixel->max = total->max + 0.0f;
  /* rounding to float must not push them out of the range */
  pixel->mean = CLAMP ((float) (total->sum / (double) total->n), pixel->min, pixel->max);
  pixel->rms = MIN ((float) sqrt (total->squares / (double) total->n),
                    MAX (fabsf (pixel->min), fabsf (pixel->max)));
}

/* }}} */
