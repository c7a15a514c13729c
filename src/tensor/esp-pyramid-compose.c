/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A picture put together from the tiles of a pyramid: each entry of the finest level that a pixel
 * is made of goes into its pixel. One row of tiles is held at a time, so the memory doesn't follow
 * from the region; some 3 ns an entry.
 */

#include "config.h"

#include "esp-pyramid-private.h"

#include "esp-overview-fold-private.h"
#include "esp-overview-job-private.h"
#include "esp-parallel-private.h"

/* one axis of the picture */
typedef struct
{
  gint64 start, cells;
  guint level;
  EspCuts cuts;
  gint64 first_tile, last_tile;
} Axis;

typedef struct
{
  EspPyramid *pyramid;
  Axis rows, columns;
  EspOverview *result;
  EspFoldTotal *totals; /* (columns.cuts.n) of the row of pixels that is being filled */
  guint row;            /* that one */
  guint *places;        /* pixel of each entry across */
  EspOverview **tiles;  /* a row of them, owned */
  gint64 tile_row;
  gboolean may_read;
  GCancellable *cancellable;
  GMutex lock; /* of error */
  GError *error;
} Compose;

/* grown to whole entries */
static void
axis_init (Axis *axis, gint64 start, gint64 cells, guint pixels, gint64 n)
{
  gint64 end = start + cells, step;
  double density = (double) pixels / (double) cells;

  axis->level = 0;
  while (((gint64) pixels << (axis->level + 1)) <= cells)
    axis->level++;
  while (axis->level > 0 && (n - 1) >> (axis->level - 1) < ESP_PYRAMID_TILE)
    axis->level--; /* one tile holds all of it */
  step = (gint64) 1 << axis->level;
  axis->start = start / step * step;
  axis->cells = MIN ((end + step - 1) / step * step, n) - axis->start;
  pixels = (guint) CLAMP ((double) axis->cells * density + 1e-9, 1, (double) axis->cells);
  esp_cuts_init_entries (&axis->cuts, axis->start, axis->cells, pixels, axis->level);
  axis->first_tile = (axis->start >> axis->level) / ESP_PYRAMID_TILE;
  axis->last_tile = ((axis->start + axis->cells - 1) >> axis->level) / ESP_PYRAMID_TILE;
}

static gboolean
ensure_tile (guint64 job, guint worker, gpointer data)
{
  Compose *self = data;
  EspTileKey key = { esp_pyramid_get_owner (self->pyramid),
                     { self->rows.level, self->columns.level },
                     self->tile_row,
                     self->columns.first_tile + (gint64) job };
  GError *error = NULL;

  self->tiles[job] = self->may_read
                         ? esp_pyramid_ensure_tile (self->pyramid, &key, self->cancellable, &error)
                         : esp_tile_store_get (&key);
  if (self->tiles[job] != NULL)
    return TRUE;
  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
  return FALSE;
}

static gsize
get_n_tiles (const Compose *self)
{
  return (gsize) (self->columns.last_tile - self->columns.first_tile + 1);
}

static void
clear_tiles (Compose *self)
{
  for (gsize i = 0; i < get_n_tiles (self); i++)
    g_clear_pointer (&self->tiles[i], esp_overview_unref);
}

static void
begin_row (Compose *self)
{
  for (guint i = 0; i < self->columns.cuts.n; i++)
    esp_fold_total_init (&self->totals[i]);
}

static void
end_row (Compose *self)
{
  EspPixel *pixels = esp_overview_get_pixels (self->result) +
                     (gsize) self->row * self->columns.cuts.n;

  for (guint i = 0; i < self->columns.cuts.n; i++)
    esp_fold_finish_pixel (&self->totals[i], &pixels[i]);
}

/* entries of one line of a tile, from that of @entry (counted from the picture's first) on */
static void
add_line (Compose *self, EspOverview *tile, guint y, gint64 entry, gint64 n_entries)
{
  const EspPixel *pixels = esp_overview_get_row (tile, y);
  gint64 from = MAX (-entry, 0);
  gint64 to = MIN ((gint64) esp_overview_get_width (tile), n_entries - entry);

  for (gint64 x = from; x < to; x++)
    esp_fold_add_pixel (&self->totals[self->places[entry + x]], &pixels[x]);
}

/* what a row of tiles has of the picture */
static void
add_tiles (Compose *self)
{
  const Axis *rows = &self->rows, *columns = &self->columns;
  gint64 n_entries = ((columns->cells - 1) >> columns->level) + 1;
  gint64 first_entry = columns->start >> columns->level;
  guint height = esp_overview_get_height (self->tiles[0]);

  for (guint y = 0; y < height; y++)
    {
      gint64 cell = ((self->tile_row * ESP_PYRAMID_TILE + y) << rows->level) - rows->start;

      if (cell < 0 || cell >= rows->cells)
        continue;
      if ((guint64) cell >= rows->cuts.edges[self->row + 1])
        {
          end_row (self);
          self->row++;
          begin_row (self);
        }
      for (gsize i = 0; i < get_n_tiles (self); i++)
        add_line (self, self->tiles[i], y,
                  (columns->first_tile + (gint64) i) * ESP_PYRAMID_TILE - first_entry, n_entries);
    }
}

static void
fill_places (Compose *self)
{
  const Axis *columns = &self->columns;
  gint64 n_entries = ((columns->cells - 1) >> columns->level) + 1;
  guint pixel = 0;

  self->places = g_new (guint, n_entries);
  for (gint64 i = 0; i < n_entries; i++)
    {
      if ((guint64) i << columns->level >= columns->cuts.edges[pixel + 1])
        pixel++;
      self->places[i] = pixel;
    }
}

static gboolean
compose (Compose *self, GError **error)
{
  gboolean done = TRUE;

  self->tiles = g_new0 (EspOverview *, get_n_tiles (self));
  self->totals = g_new (EspFoldTotal, self->columns.cuts.n);
  fill_places (self);
  begin_row (self);
  for (gint64 i = self->rows.first_tile; done && i <= self->rows.last_tile; i++)
    {
      self->tile_row = i;
      esp_parallel_run (get_n_tiles (self), self->may_read ? G_MAXUINT : 1, ensure_tile, self);
      for (gsize j = 0; done && j < get_n_tiles (self); j++)
        done = self->tiles[j] != NULL;
      if (done)
        add_tiles (self);
      clear_tiles (self);
    }
  if (done)
    end_row (self);
  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  g_free (self->tiles);
  g_free (self->totals);
  g_free (self->places);
  return done;
}

EspOverview *
esp_pyramid_compose_entries (EspPyramid *self,
                             const EspRegion *region,
                             guint width,
                             guint height,
                             gboolean may_read,
                             GCancellable *cancellable,
                             GError **error)
{
  Compose work = { .pyramid = self, .may_read = may_read, .cancellable = cancellable };
  g_autoptr (EspOverview) result = NULL;
  EspTensor *matrix;
  const gint64 *shape;
  EspRegion grown;
  gboolean done;

  g_return_val_if_fail (self != NULL && region != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  matrix = esp_pyramid_get_matrix (self);
  if (!esp_overview_check_request (matrix, region, width, height, error))
    return NULL;
  shape = esp_tensor_get_shape (matrix);
  axis_init (&work.rows, region->row, region->rows, (guint) MIN (height, region->rows), shape[0]);
  axis_init (&work.columns, region->column, region->columns, (guint) MIN (width, region->columns),
             shape[1]);
  grown = (EspRegion) { work.rows.start, work.columns.start, work.rows.cells, work.columns.cells };
  result = esp_overview_alloc (&grown, work.columns.cuts.n, work.rows.cuts.n);
  esp_overview_set_exact (result, TRUE);
  work.result = result;
  g_mutex_init (&work.lock);
  done = compose (&work, error);
  g_mutex_clear (&work.lock);
  esp_cuts_clear (&work.rows.cuts);
  esp_cuts_clear (&work.columns.cuts);
  return done ? g_steal_pointer (&result) : NULL;
}

void
esp_pyramid_get_cuts (EspPyramid *self, guint height, guint width, EspCuts *rows, EspCuts *columns)
{
  const gint64 *shape = esp_tensor_get_shape (esp_pyramid_get_matrix (self));
  Axis axis;

  axis_init (&axis, 0, shape[0], height, shape[0]);
  *rows = axis.cuts;
  axis_init (&axis, 0, shape[1], width, shape[1]);
  *columns = axis.cuts;
}

EspOverview *
esp_pyramid_compose (EspPyramid *self,
                     const EspRegion *region,
                     guint width,
                     guint height,
                     gboolean may_read,
                     GCancellable *cancellable,
                     GError **error)
{
  g_return_val_if_fail (self != NULL && region != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  /* where entries are cells, any pixel is made of whole ones */
  if ((gint64) width * 2 > region->columns && (gint64) height * 2 > region->rows)
    return esp_pyramid_compose_entries (self, region, width, height, may_read, cancellable, error);
  if (!may_read)
    return NULL;
  return esp_overview_new (esp_pyramid_get_matrix (self), region, width, height, 1, cancellable,
                           error);
}

typedef struct
{
  EspPyramid *pyramid;
  EspRegion region;
  guint width, height;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  esp_pyramid_unref (request->pyramid);
  g_free (request);
}

static void
compose_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  EspOverview *overview = esp_pyramid_compose (request->pyramid, &request->region, request->width,
                                               request->height, TRUE, cancellable, &error);

  if (overview != NULL)
    g_task_return_pointer (task, overview, (GDestroyNotify) esp_overview_unref);
  else
    g_task_return_error (task, error);
}

void
esp_pyramid_compose_async (EspPyramid *self,
                           const EspRegion *region,
                           guint width,
                           guint height,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Request *request;
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (self != NULL && region != NULL);

  request = g_new0 (Request, 1);
  *request = (Request) { esp_pyramid_ref (self), *region, width, height };
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, esp_pyramid_compose_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, compose_in_worker);
}

EspOverview *
esp_pyramid_compose_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, (gpointer) esp_pyramid_compose_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
