/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jumps: the next extreme, the next value that isn't finite, the next row or column of zeros. A
 * picture of the whole matrix, at most 512 pixels a side and put together from a pyramid's tiles,
 * tells which of its pixels can hold what is looked for; only the cells below those are read, some
 * thousand at a time. Zero rows need no picture: the first cells of nearly every row say that it
 * isn't one.
 */

#include "config.h"

#include "esp-find.h"

#include <math.h>
#include <string.h>

#include "esp-overview-job-private.h"
#include "esp-pyramid-private.h"
#include "esp-tensor-private.h"

#define MAP_PIXELS 512
/* cells that are read at a time */
#define CHUNK (64 * 1024)
/* cells of a row that nearly always tell */
#define PROBE 64

typedef struct
{
  EspTensor *matrix;
  gint64 rows, columns;
  EspOverview *map; /* owned, or NULL */
  EspCuts down, across;
  const EspCell *after;
  EspScratch scratch;
  float *values; /* (CHUNK) cells, and as much for complex ones */
  guint per;
  GCancellable *cancellable;
  GError **error;
} Search;

static gboolean
search_init (Search *self, EspPyramid *pyramid, gboolean needs_map)
{
  EspRegion region;

  self->matrix = esp_pyramid_get_matrix (pyramid);
  self->rows = esp_tensor_get_shape (self->matrix)[0];
  self->columns = esp_tensor_get_shape (self->matrix)[1];
  self->per = esp_tensor_get_numbers_per_element (self->matrix);
  self->values = g_new (float, CHUNK * self->per);
  if (!needs_map)
    return TRUE;
  region = (EspRegion) { 0, 0, self->rows, self->columns };
  self->map = esp_pyramid_compose_entries (
      pyramid, &region, (guint) MIN (self->columns, MAP_PIXELS),
      (guint) MIN (self->rows, MAP_PIXELS), TRUE, self->cancellable, self->error);
  if (self->map == NULL)
    return FALSE;
  esp_pyramid_get_cuts (pyramid, esp_overview_get_height (self->map),
                        esp_overview_get_width (self->map), &self->down, &self->across);
  return TRUE;
}

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->map, esp_overview_unref);
  esp_cuts_clear (&self->down);
  esp_cuts_clear (&self->across);
  esp_scratch_clear (&self->scratch);
  g_free (self->values);
}

/* cells of a row, complex ones as their modulus; @count <= CHUNK */
static gboolean
read_cells (Search *self, gint64 row, gint64 column, gsize count)
{
  if (!esp_tensor_read_f32_with (self->matrix, &self->scratch,
                                 (guint64) row * (guint64) self->columns + (guint64) column, count,
                                 self->values, self->cancellable, self->error))
    return FALSE;
  for (gsize i = 0; self->per == 2 && i < count; i++)
    self->values[i] = hypotf (self->values[2 * i], self->values[2 * i + 1]);
  return TRUE;
}

static gboolean
is_before (const EspCell *a, const EspCell *b)
{
  return a->row != b->row ? a->row < b->row : a->column < b->column;
}

/* {{{ extremes */

/* the order of extremes: larger magnitude first, then the earlier cell */
typedef struct
{
  float magnitude;
  EspCell cell;
} Extreme;

static gboolean
comes_first (const Extreme *a, const Extreme *b)
{
  return a->magnitude != b->magnitude ? a->magnitude > b->magnitude
                                      : is_before (&a->cell, &b->cell);
}

typedef struct
{
  float bound; /* the largest magnitude below it */
  guint x, y;
} Block;

static gint
compare_blocks (gconstpointer a, gconstpointer b)
{
  float left = ((const Block *) a)->bound, right = ((const Block *) b)->bound;

  return left > right ? -1 : left < right ? 1 : 0;
}

static GArray *
list_blocks (Search *self)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (Block));

  for (guint y = 0; y < esp_overview_get_height (self->map); y++)
    for (guint x = 0; x < esp_overview_get_width (self->map); x++)
      {
        const EspPixel *pixel = &esp_overview_get_row (self->map, y)[x];
        Block block = { fmaxf (fabsf (pixel->min), fabsf (pixel->max)), x, y };

        if (pixel->finite > 0)
          g_array_append_val (blocks, block);
      }
  g_array_sort (blocks, compare_blocks);
  return blocks;
}

/* the first extreme behind @limit (or of all) among the cells of a block, if it beats @best */
static gboolean
search_block (Search *self, const Block *block, const Extreme *limit, Extreme *best, gboolean *any)
{
  gint64 end = (gint64) self->down.edges[block->y + 1];
  gint64 right = (gint64) self->across.edges[block->x + 1];

  for (gint64 row = (gint64) self->down.edges[block->y]; row < end; row++)
    for (gint64 column = (gint64) self->across.edges[block->x]; column < right; column += CHUNK)
      {
        gsize count = (gsize) MIN (CHUNK, right - column);

        if (!read_cells (self, row, column, count))
          return FALSE;
        for (gsize i = 0; i < count; i++)
          {
            Extreme one = { fabsf (self->values[i]), { row, column + (gint64) i } };

            if (isfinite (one.magnitude) && (limit == NULL || comes_first (limit, &one)) &&
                (!*any || comes_first (&one, best)))
              {
                *best = one;
                *any = TRUE;
              }
          }
      }
  return TRUE;
}

/* behind @limit; NULL: the first of all */
static gboolean
find_extreme_behind (Search *self,
                     GArray *blocks,
                     const Extreme *limit,
                     Extreme *best,
                     gboolean *any)
{
  *any = FALSE;
  for (guint i = 0; i < blocks->len; i++)
    {
      const Block *block = &g_array_index (blocks, Block, i);

      /* blocks come by their bounds: none behind this one has anything larger */
      if (*any && block->bound < best->magnitude)
        break;
      if (!search_block (self, block, limit, best, any))
        return FALSE;
    }
  return TRUE;
}

static gboolean
find_extreme (Search *self, EspCell *found, gboolean *any)
{
  g_autoptr (GArray) blocks = list_blocks (self);
  Extreme limit, best;
  gboolean has_limit = FALSE;

  if (self->after != NULL)
    {
      if (!read_cells (self, self->after->row, self->after->column, 1))
        return FALSE;
      limit = (Extreme) { fabsf (self->values[0]), *self->after };
      has_limit = isfinite (limit.magnitude);
    }
  if (!find_extreme_behind (self, blocks, has_limit ? &limit : NULL, &best, any))
    return FALSE;
  if (!*any && has_limit && !find_extreme_behind (self, blocks, NULL, &best, any))
    return FALSE;
  if (*any)
    *found = best.cell;
  return TRUE;
}

/* }}} */
/* {{{ what isn't finite */

/* the first in @row among the pixels @y of the map, from @column on */
static gboolean
search_row (Search *self, gint64 row, guint y, gint64 from, EspCell *found, gboolean *any)
{
  const EspPixel *pixels = esp_overview_get_row (self->map, y);

  for (guint x = 0; x < self->across.n; x++)
    {
      gint64 begin = MAX ((gint64) self->across.edges[x], from);
      gint64 end = (gint64) self->across.edges[x + 1];

      if (pixels[x].flags == 0)
        continue;
      for (; begin < end; begin += CHUNK)
        {
          gsize count = (gsize) MIN (CHUNK, end - begin);

          if (!read_cells (self, row, begin, count))
            return FALSE;
          for (gsize i = 0; i < count; i++)
            if (!isfinite (self->values[i]))
              {
                *found = (EspCell) { row, begin + (gint64) i };
                *any = TRUE;
                return TRUE;
              }
        }
    }
  return TRUE;
}

/* in C order from @from on */
static gboolean
find_nonfinite_from (Search *self, EspCell from, EspCell *found, gboolean *any)
{
  *any = FALSE;
  for (guint y = 0; y < self->down.n; y++)
    {
      const EspPixel *pixels = esp_overview_get_row (self->map, y);
      gint64 end = (gint64) self->down.edges[y + 1];
      gint64 row = MAX ((gint64) self->down.edges[y], from.row);
      guint8 flags = 0;

      for (guint x = 0; row < end && x < self->across.n; x++)
        flags |= pixels[x].flags;
      for (; flags != 0 && row < end; row++)
        if (!search_row (self, row, y, row == from.row ? from.column : 0, found, any) || *any)
          return *any;
    }
  return TRUE;
}

static gboolean
find_nonfinite (Search *self, EspCell *found, gboolean *any)
{
  EspCell from = { 0, 0 };

  if (self->after != NULL)
    from = (EspCell) { self->after->row, self->after->column + 1 };
  if (!find_nonfinite_from (self, from, found, any))
    return FALSE;
  if (!*any && self->after != NULL)
    return find_nonfinite_from (self, (EspCell) { 0, 0 }, found, any);
  return TRUE;
}

/* }}} */
/* {{{ rows and columns of zeros */

static gboolean
are_zero (const float *values, gsize count)
{
  for (gsize i = 0; i < count; i++)
    if (values[i] != 0 || isnan (values[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_zero_row (Search *self, gint64 row, gboolean *is)
{
  gint64 column = 0;

  while (column < self->columns)
    {
      gsize count = (gsize) MIN (column == 0 ? PROBE : CHUNK, self->columns - column);

      *is = FALSE;
      if (!read_cells (self, row, column, count))
        return FALSE;
      if (!are_zero (self->values, count))
        return TRUE;
      column += (gint64) count;
    }
  *is = TRUE;
  return TRUE;
}

static gboolean
find_zero_row (Search *self, EspCell *found, gboolean *any)
{
  gint64 from = self->after != NULL ? self->after->row + 1 : 0;

  for (gint64 i = 0; i < self->rows && !*any; i++)
    {
      gint64 row = (from + i) % self->rows;

      if (!is_zero_row (self, row, any))
        return FALSE;
      *found = (EspCell) { row, 0 };
    }
  return TRUE;
}

/* Rows go through a list of the columns that were 0 so far: it is soon short. */
static gboolean
find_zero_column (Search *self, EspCell *found, gboolean *any)
{
  gint64 from = self->after != NULL ? self->after->column + 1 : 0;
  g_autofree guint8 *nonzero = g_new0 (guint8, self->columns);
  gint64 n_left = self->columns, first = 0, last = self->columns - 1;

  for (gint64 row = 0; row < self->rows && n_left > 0; row++)
    {
      for (gint64 begin = first; begin <= last; begin += CHUNK)
        {
          gsize count = (gsize) MIN (CHUNK, last + 1 - begin);

          if (!read_cells (self, row, begin, count))
            return FALSE;
          for (gsize i = 0; i < count; i++)
            if (!nonzero[begin + (gint64) i] && (self->values[i] != 0 || isnan (self->values[i])))
              {
                nonzero[begin + (gint64) i] = 1;
                n_left--;
              }
        }
      while (n_left > 0 && nonzero[first])
        first++;
      while (n_left > 0 && nonzero[last])
        last--;
    }
  for (gint64 i = 0; i < self->columns && n_left > 0; i++)
    {
      gint64 column = (from + i) % self->columns;

      if (nonzero[column])
        continue;
      *found = (EspCell) { 0, column };
      *any = TRUE;
      break;
    }
  return TRUE;
}

/* }}} */

typedef gboolean (*Find) (Search *self, EspCell *found, gboolean *any);

gboolean
esp_find_cell (EspPyramid *pyramid,
               EspFindKind kind,
               const EspCell *after,
               EspCell *found,
               GCancellable *cancellable,
               GError **error)
{
  static const Find finds[ESP_N_FINDS] = { find_extreme, find_nonfinite, find_zero_row,
                                           find_zero_column };
  Search search = { .after = after, .cancellable = cancellable, .error = error };
  gboolean any = FALSE, done;

  g_return_val_if_fail (pyramid != NULL && kind < ESP_N_FINDS && found != NULL, FALSE);

  done = esp_tensor_check_walkable (esp_pyramid_get_matrix (pyramid), error) &&
         search_init (&search, pyramid, kind == ESP_FIND_EXTREME || kind == ESP_FIND_NONFINITE) &&
         finds[kind](&search, found, &any);
  search_clear (&search);
  return done && any;
}

/* {{{ in a worker */

typedef struct
{
  EspPyramid *pyramid;
  EspFindKind kind;
  gboolean has_after;
  EspCell after;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  esp_pyramid_unref (request->pyramid);
  g_free (request);
}

static void
find_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  EspCell found;

  if (esp_find_cell (request->pyramid, request->kind, request->has_after ? &request->after : NULL,
                     &found, cancellable, &error))
    g_task_return_pointer (task, g_memdup2 (&found, sizeof found), g_free);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, NULL, NULL);
}

void
esp_find_cell_async (EspPyramid *pyramid,
                     EspFindKind kind,
                     const EspCell *after,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request;

  g_return_if_fail (pyramid != NULL && kind < ESP_N_FINDS);

  request = g_new0 (Request, 1);
  request->pyramid = esp_pyramid_ref (pyramid);
  request->kind = kind;
  request->has_after = after != NULL;
  if (after != NULL)
    request->after = *after;
  g_task_set_source_tag (task, esp_find_cell_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, find_thread);
}

gboolean
esp_find_cell_finish (GAsyncResult *result, EspCell *found, GError **error)
{
  g_autofree EspCell *cell = NULL;

  g_return_val_if_fail (g_task_is_valid (result, NULL) && found != NULL, FALSE);

  cell = g_task_propagate_pointer (G_TASK (result), error);
  if (cell != NULL)
    *found = *cell;
  return cell != NULL;
}

/* }}} */
