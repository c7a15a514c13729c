/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Element sets of strided views: do two meet, how many elements do some reach together. Everything
 * is counted in bits, so that views of different and of sub-byte types compare. Views of whole
 * matrices, rows and columns are decided in a few steps by intervals and common divisors; the rest
 * by splitting the larger one, within a budget. Hot for checkpoints of thousands of views. */

#include "config.h"

#include "esp-footprint.h"

#include <string.h>

#include "esp-check.h"

/* a bitmap of a union may have this many units (8 MB) and be filled in this many runs */
#define BITMAP_UNITS (64 * 1024 * 1024)
#define BITMAP_RUNS (16 * 1024 * 1024)
/* beyond it, views are compared in pairs: so many, in so many steps */
#define PAIRS_VIEWS 256
#define PAIRS_BUDGET 1000000

static guint64
greatest_common_divisor (guint64 a, guint64 b)
{
  while (b != 0)
    {
      guint64 r = a % b;
      a = b;
      b = r;
    }
  return a;
}

static void
insert_dimension (EspFootprint *self, guint64 size, guint64 stride)
{
  guint i = self->n;

  while (i > 0 && self->stride[i - 1] > stride)
    {
      self->size[i] = self->size[i - 1];
      self->stride[i] = self->stride[i - 1];
      i--;
    }
  self->size[i] = size;
  self->stride[i] = stride;
  self->n++;
}

/* joins what touches or overlaps; strides are sorted */
static void
join_dimensions (EspFootprint *self)
{
  guint n = 0;

  for (guint i = 0; i < self->n; i++)
    {
      guint64 size = self->size[i], stride = self->stride[i];

      if (n == 0 && stride <= self->run)
        {
          self->apart = self->apart && stride == self->run;
          self->run += (size - 1) * stride;
        }
      else if (n > 0 && stride % self->stride[n - 1] == 0 &&
               stride / self->stride[n - 1] <= self->size[n - 1])
        {
          guint64 steps = stride / self->stride[n - 1];

          self->apart = self->apart && steps == self->size[n - 1];
          self->size[n - 1] += (size - 1) * steps;
        }
      else
        {
          self->size[n] = size;
          self->stride[n] = stride;
          n++;
        }
    }
  self->n = n;
}

static void
measure (EspFootprint *self)
{
  self->extent[0] = self->run;
  self->divisor[0] = 0;
  for (guint i = 0; i < self->n; i++)
    {
      if (self->stride[i] < self->extent[i])
        self->apart = FALSE;
      self->extent[i + 1] = self->extent[i] + (self->size[i] - 1) * self->stride[i];
      self->divisor[i + 1] = greatest_common_divisor (self->stride[i], self->divisor[i]);
    }
}

gboolean
esp_footprint_init (EspFootprint *self, EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);
  const gint64 *shape = esp_tensor_get_shape (tensor);
  const gint64 *strides = esp_tensor_get_strides (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  guint64 unit = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->bits;
  gint64 first = esp_tensor_get_offset (tensor);

  /* elements lie within the storage, so nothing below overflows if its bits don't */
  if (storage == NULL || unit == 0 || esp_tensor_get_count (tensor) == 0 || ndim > 64 ||
      esp_storage_get_size (storage) > G_MAXINT64 / 8)
    return FALSE;
  self->n = 0;
  self->run = self->unit = unit;
  self->apart = TRUE;
  for (guint i = 0; i < ndim; i++)
    {
      gint64 stride = strides[i];

      if (shape[i] == 1)
        continue;
      if (stride == 0)
        {
          self->apart = FALSE;
          continue;
        }
      if (stride < 0)
        {
          first += stride * (shape[i] - 1);
          stride = -stride;
        }
      insert_dimension (self, shape[i], stride * unit);
    }
  self->base = first * unit;
  join_dimensions (self);
  measure (self);
  return TRUE;
}

/* one view, or a part of it: the inner @n dimensions from @base on */
typedef struct
{
  const EspFootprint *of;
  guint64 base;
  guint n;
} Part;

/* whether the residues modulo the common divisor of all strides leave room for a common bit */
static gboolean
may_meet (const Part *a, const Part *b)
{
  guint64 g = greatest_common_divisor (a->of->divisor[a->n], b->of->divisor[b->n]);
  guint64 d;

  if (g == 0)
    return TRUE;
  d = b->base >= a->base ? (b->base - a->base) % g : (g - (a->base - b->base) % g) % g;
  return d < a->of->run || g - d < b->of->run;
}

static EspMeet
parts_meet (const Part *a, const Part *b, guint64 *budget)
{
  guint64 a_extent = a->of->extent[a->n], b_extent = b->of->extent[b->n];
  Part inner;
  guint64 stride, low, high;

  if (a->base + a_extent <= b->base || b->base + b_extent <= a->base)
    return ESP_MEET_NO;
  if (a->n == 0 && b->n == 0)
    return ESP_MEET_YES;
  if (!may_meet (a, b))
    return ESP_MEET_NO;
  if (*budget == 0)
    return ESP_MEET_UNDECIDED;
  (*budget)--;
  if (a->n == 0 || (b->n > 0 && b_extent > a_extent))
    {
      const Part *swap = a;
      a = b;
      b = swap;
      b_extent = a_extent;
    }
  inner.of = a->of;
  inner.n = a->n - 1;
  stride = a->of->stride[inner.n];
  /* only those that reach into b's interval */
  low = b->base >= a->base + a->of->extent[inner.n]
            ? (b->base - a->base - a->of->extent[inner.n]) / stride + 1
            : 0;
  high = MIN ((b->base + b_extent - 1 - a->base) / stride, a->of->size[inner.n] - 1);
  for (guint64 k = low; k <= high; k++)
    {
      EspMeet meet;

      inner.base = a->base + k * stride;
      meet = parts_meet (&inner, b, budget);
      if (meet != ESP_MEET_NO)
        return meet;
      if (*budget == 0)
        return ESP_MEET_UNDECIDED;
      (*budget)--;
    }
  return ESP_MEET_NO;
}

EspMeet
esp_footprint_meet (const EspFootprint *a, const EspFootprint *b, guint64 *budget)
{
  Part whole_a = { a, a->base, a->n }, whole_b = { b, b->base, b->n };

  return parts_meet (&whole_a, &whole_b, budget);
}

/* --- counting --- */

static guint64
multiply_bounded (guint64 a, guint64 b)
{
  guint64 product;

  return esp_mul_u64 (a, b, &product) ? product : G_MAXUINT64;
}

/* runs of the view, and the bits that it would have if none were reached twice */
static guint64
count_runs (const EspFootprint *self)
{
  guint64 runs = 1;

  for (guint i = 0; i < self->n; i++)
    runs = multiply_bounded (runs, self->size[i]);
  return runs;
}

static guint64
count_at_most (const EspFootprint *self)
{
  return MIN (multiply_bounded (count_runs (self), self->run), self->extent[self->n]);
}

static void
fill (guint8 *map, guint64 from, guint64 to)
{
  while (from < to && from % 8 != 0)
    {
      map[from / 8] |= 1u << (from % 8);
      from++;
    }
  if (to > from)
    memset (map + from / 8, 0xff, (to - from) / 8);
  from += (to - from) / 8 * 8;
  for (; from < to; from++)
    map[from / 8] |= 1u << (from % 8);
}

static void
fill_view (guint8 *map, guint64 base, guint64 unit, const EspFootprint *view)
{
  guint64 k[64] = { 0 };
  guint64 at = view->base - base;
  guint i;

  do
    {
      fill (map, at / unit, (at + view->run) / unit);
      for (i = 0; i < view->n; i++)
        {
          at += view->stride[i];
          if (++k[i] < view->size[i])
            break;
          at -= view->stride[i] * view->size[i];
          k[i] = 0;
        }
    }
  while (i < view->n);
}

/* exact by a bitmap; FALSE when it would take too much. @base and @end are the outer bits. */
static gboolean
count_by_bitmap (EspTensor *const *all, guint n, guint64 base, guint64 end, guint64 *count)
{
  guint64 unit = 0, runs = 0, units;
  g_autofree guint8 *map = NULL;
  EspFootprint view;

  for (guint i = 0; i < n && runs <= BITMAP_RUNS; i++)
    {
      esp_footprint_init (&view, all[i]);
      unit = greatest_common_divisor (unit, view.unit);
      runs += MIN (count_runs (&view), BITMAP_RUNS + 1);
    }
  units = (end - base) / unit;
  if (units > BITMAP_UNITS || runs > BITMAP_RUNS)
    return FALSE;
  map = g_malloc0 (units / 8 + 1);
  for (guint i = 0; i < n; i++)
    {
      esp_footprint_init (&view, all[i]);
      fill_view (map, base, unit, &view);
    }
  *count = 0;
  for (guint64 i = 0; i < units / 8 + 1; i++)
    *count += __builtin_popcount (map[i]);
  *count *= unit;
  return TRUE;
}

static guint64
count_one (EspTensor *tensor, const EspFootprint *view)
{
  guint64 count = count_at_most (view);

  if (!view->apart)
    count_by_bitmap (&tensor, 1, view->base, esp_footprint_end (view), &count);
  return count;
}

guint64
esp_footprint_count (EspTensor *tensor)
{
  EspFootprint view;

  return esp_footprint_init (&view, tensor) ? count_one (tensor, &view) / view.unit : 0;
}

/* --- unions --- */

typedef struct
{
  guint64 base;
  guint64 end;
  EspTensor *tensor; /* borrowed */
} Span;

static int
compare_spans (gconstpointer a, gconstpointer b)
{
  const Span *x = a, *y = b;

  if (x->base != y->base)
    return x->base < y->base ? -1 : 1;
  return x->end > y->end ? -1 : x->end < y->end;
}

static gboolean
none_meet (EspTensor *const *all, guint n)
{
  g_autofree EspFootprint *views = NULL;
  guint64 budget = PAIRS_BUDGET;

  if (n > PAIRS_VIEWS)
    return FALSE;
  views = g_new (EspFootprint, n);
  for (guint i = 0; i < n; i++)
    esp_footprint_init (&views[i], all[i]);
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
      if (esp_footprint_meet (&views[i], &views[j], &budget) != ESP_MEET_NO)
        return FALSE;
  return TRUE;
}

/* views whose intervals hang together, from the first's base to @end */
static guint64
count_cluster (const Span *spans, guint n, guint64 end)
{
  guint64 base = spans[0].base, extent = end - base, covered_to = base, sum = 0, count;
  g_autofree EspTensor **all = NULL;
  EspFootprint view;

  for (guint i = 0; i < n; i++)
    {
      esp_footprint_init (&view, spans[i].tensor);
      if (n == 1)
        return count_one (spans[i].tensor, &view);
      if (view.n == 0 && view.base <= covered_to)
        covered_to = MAX (covered_to, spans[i].end);
      count = count_at_most (&view);
      sum = count > G_MAXUINT64 - sum ? G_MAXUINT64 : sum + count;
    }
  if (covered_to == end)
    return extent;
  all = g_new (EspTensor *, n);
  for (guint i = 0; i < n; i++)
    all[i] = spans[i].tensor;
  if (count_by_bitmap (all, n, base, end, &count))
    return count;
  if (none_meet (all, n))
    for (guint i = sum = 0; i < n; i++)
      sum += esp_footprint_count (all[i]) * view.unit;
  return MIN (sum, extent);
}

guint64
esp_footprint_count_union (EspTensor *const *all, guint n)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (Span));
  guint64 count = 0, end = 0, unit = 0;
  guint first = 0;
  EspFootprint view;

  for (guint i = 0; i < n; i++)
    if (esp_footprint_init (&view, all[i]))
      {
        Span span = { view.base, esp_footprint_end (&view), all[i] };

        unit = MAX (unit, view.unit);
        g_array_append_val (spans, span);
      }
  if (spans->len == 0)
    return 0;
  g_array_sort (spans, compare_spans);
  for (guint i = 0; i < spans->len; i++)
    {
      const Span *span = &g_array_index (spans, Span, i);

      if (i > first && span->base >= end)
        {
          count += count_cluster (&g_array_index (spans, Span, first), i - first, end);
          first = i;
        }
      end = MAX (end, span->end);
    }
  count += count_cluster (&g_array_index (spans, Span, first), spans->len - first, end);
  return (count + unit - 1) / unit;
}
