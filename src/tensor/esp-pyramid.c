/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pyramid of a matrix: which levels there are, and the queue of the tiles that a view waits
 * for. How a tile is made is in esp-pyramid-tile.c, a picture of several in esp-pyramid-compose.c.
 *
 *   want (region, pixels) -> level, tiles from the middle outwards -> pending
 *   threads of one pool: take the first pending -> esp_pyramid_make_tile() -> store -> notify
 *
 * A matrix of more than some million cells first gets its ground.
 */

#include "config.h"

#include "esp-pyramid-private.h"

#include <math.h>
#include <string.h>

#include "esp-parallel-private.h"

typedef struct
{
  EspTileKey key;
  GCancellable *cancellable;
} Running;

struct _EspPyramid
{
  gatomicrefcount ref_count; /* callers, and tasks of the pool */
  EspTensor *matrix;
  guint64 owner;
  EspLevel top; /* of a single tile */

  GMutex lock; /* of what follows */
  EspOverview *ground;
  gboolean ground_wanted;
  GCancellable *ground_cancellable; /* while it is being made */
  GArray *pending;                  /* of EspTileKey; the most wanted last */
  GArray *running;                  /* of Running */
  guint n_tasks;
  GError *error;
  GMainContext *context;
  void (*func) (EspPyramid *self, gpointer user_data);
  gpointer user_data;
  gboolean notified; /* and not yet told */
  gboolean closed;   /* no caller is left */
  guint n_callers;
};

/* {{{ levels */

static guint
get_top (gint64 cells)
{
  guint level = 0;

  while ((cells - 1) >> level >= ESP_PYRAMID_TILE)
    level++;
  return level;
}

static guint
get_axis_level (double cells, double pixels, guint top)
{
  double size = pixels > 0 ? cells / pixels : cells;

  if (!(size > 1))
    return 0;
  return (guint) CLAMP (ceil (log2 (size) - 1e-6), 0, top);
}

EspLevel
esp_pyramid_get_level (EspPyramid *self, const EspRegion *region, double width, double height)
{
  double tall, wide;
  EspLevel level;

  g_return_val_if_fail (self != NULL && region != NULL, (EspLevel) { 0 });

  tall = (double) region->rows / fmax (height, 1);
  wide = (double) region->columns / fmax (width, 1);
  /* cells are square but for the rounding of a region to pixels */
  if (fabs (tall - wide) < 0.02 * fmax (tall, wide))
    tall = wide = fmax (tall, wide);
  level.rows = get_axis_level (tall, 1, self->top.rows);
  level.columns = get_axis_level (wide, 1, self->top.columns);
  return level;
}

gboolean
esp_pyramid_get_coarser (EspPyramid *self, EspLevel *level)
{
  g_return_val_if_fail (self != NULL && level != NULL, FALSE);

  if (level->rows >= self->top.rows && level->columns >= self->top.columns)
    return FALSE;
  level->rows = MIN (level->rows + 1, self->top.rows);
  level->columns = MIN (level->columns + 1, self->top.columns);
  return TRUE;
}

/* }}} */
/* {{{ telling */

static gboolean
on_notify (gpointer data)
{
  EspPyramid *self = data;
  void (*func) (EspPyramid *, gpointer);
  gpointer user_data;

  g_mutex_lock (&self->lock);
  self->notified = FALSE;
  func = self->func;
  user_data = self->user_data;
  g_mutex_unlock (&self->lock);
  if (func != NULL)
    func (self, user_data);
  return G_SOURCE_REMOVE;
}

static void pyramid_unref_task (gpointer data);

/* locked */
static void
notify (EspPyramid *self)
{
  GSource *source;

  if (self->func == NULL || self->notified || self->closed)
    return;
  self->notified = TRUE;
  g_atomic_ref_count_inc (&self->ref_count);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_notify, self, pyramid_unref_task);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

void
esp_pyramid_set_notify (EspPyramid *self,
                        GMainContext *context,
                        void (*func) (EspPyramid *self, gpointer user_data),
                        gpointer user_data)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->context, g_main_context_unref);
  self->context = context != NULL ? g_main_context_ref (context) : NULL;
  self->func = func;
  self->user_data = user_data;
  g_mutex_unlock (&self->lock);
}

/* }}} */
/* {{{ working */

/* locked; FALSE if there is nothing to do */
static gboolean
take_pending (EspPyramid *self, Running *taken)
{
  while (self->pending->len > 0 && self->error == NULL && !self->closed)
    {
      taken->key = g_array_index (self->pending, EspTileKey, self->pending->len - 1);
      g_array_set_size (self->pending, self->pending->len - 1);
      if (esp_tile_store_has (&taken->key))
        continue;
      taken->cancellable = g_cancellable_new ();
      g_array_append_val (self->running, *taken);
      return TRUE;
    }
  return FALSE;
}

/* locked; takes @error unless it only tells that something was given up */
static void
take_error (EspPyramid *self, GError *error)
{
  if (error != NULL && self->error == NULL &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->error = error;
  else
    g_clear_error (&error);
}

/* locked; takes @error */
static void
end_running (EspPyramid *self, Running *ended, GError *error)
{
  for (guint i = 0; i < self->running->len; i++)
    if (g_array_index (self->running, Running, i).cancellable == ended->cancellable)
      {
        g_array_remove_index_fast (self->running, i);
        break;
      }
  g_object_unref (ended->cancellable);
  take_error (self, error);
  notify (self);
}

/* locked, unlocked in between */
static void
run_ground (EspPyramid *self)
{
  GCancellable *cancellable = g_cancellable_new ();
  GError *error = NULL;
  EspOverview *ground;

  self->ground_wanted = FALSE;
  self->ground_cancellable = cancellable;
  g_mutex_unlock (&self->lock);
  ground = esp_pyramid_make_ground (self, cancellable, &error);
  g_mutex_lock (&self->lock);
  self->ground_cancellable = NULL;
  g_object_unref (cancellable);
  g_clear_pointer (&self->ground, esp_overview_unref);
  self->ground = ground;
  take_error (self, error);
  notify (self);
}

/* a thread of the pool, for one pyramid */
static void
work (gpointer data, gpointer unused)
{
  EspPyramid *self = data;
  Running task;

  g_mutex_lock (&self->lock);
  if (self->ground_wanted && !self->closed)
    run_ground (self);
  while (take_pending (self, &task))
    {
      g_autoptr (EspOverview) tile = NULL;
      GError *error = NULL;

      g_mutex_unlock (&self->lock);
      tile = esp_pyramid_make_tile (self, &task.key, task.cancellable, &error);
      g_mutex_lock (&self->lock);
      end_running (self, &task, error);
    }
  self->n_tasks--;
  notify (self);
  g_mutex_unlock (&self->lock);
  pyramid_unref_task (self);
}

static GThreadPool *
get_pool (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool))
    {
      int n = (int) esp_parallel_get_max_workers ();
      /* can't fail: a pool that isn't exclusive starts no thread here */
      g_once_init_leave (&pool, (gsize) g_thread_pool_new (work, NULL, n, FALSE, NULL));
    }
  return (GThreadPool *) pool;
}

/* locked */
static void
start_tasks (EspPyramid *self)
{
  guint wanted = MIN (self->pending->len + self->running->len, esp_parallel_get_max_workers ());

  if (self->ground_wanted)
    wanted = MAX (wanted, 1);
  for (; self->n_tasks < wanted; self->n_tasks++)
    {
      g_atomic_ref_count_inc (&self->ref_count);
      g_thread_pool_push (get_pool (), self, NULL);
    }
}

/* }}} */
/* {{{ wanting */

static double
get_distance (const EspTileKey *key, double row, double column)
{
  return hypot ((double) key->row + 0.5 - row, (double) key->column + 0.5 - column);
}

typedef struct
{
  double distance;
  EspTileKey key;
} Wish;

static gint
compare_wishes (gconstpointer a, gconstpointer b)
{
  double left = ((const Wish *) a)->distance, right = ((const Wish *) b)->distance;

  return left < right ? 1 : left > right ? -1 : 0;
}

/* the tiles of @level that the region meets, the most wanted last */
static GArray *
list_tiles (EspPyramid *self, EspLevel level, const EspRegion *region)
{
  GArray *wishes = g_array_new (FALSE, FALSE, sizeof (Wish));
  double tall = ldexp (ESP_PYRAMID_TILE, (int) level.rows);
  double wide = ldexp (ESP_PYRAMID_TILE, (int) level.columns);
  double row = ((double) region->row + (double) region->rows / 2) / tall;
  double column = ((double) region->column + (double) region->columns / 2) / wide;
  gint64 row_end = ((region->row + region->rows - 1) >> level.rows) / ESP_PYRAMID_TILE;
  gint64 column_end = ((region->column + region->columns - 1) >> level.columns) / ESP_PYRAMID_TILE;

  for (gint64 i = (region->row >> level.rows) / ESP_PYRAMID_TILE; i <= row_end; i++)
    for (gint64 j = (region->column >> level.columns) / ESP_PYRAMID_TILE; j <= column_end; j++)
      {
        Wish wish = { 0, { self->owner, level, i, j } };

        wish.distance = get_distance (&wish.key, row, column);
        g_array_append_val (wishes, wish);
      }
  g_array_sort (wishes, compare_wishes);
  return wishes;
}

/* locked: the new generation takes the place of the old one */
static void
replace_pending (EspPyramid *self, GArray *wishes)
{
  g_array_set_size (self->pending, 0);
  for (guint i = 0; wishes != NULL && i < wishes->len; i++)
    {
      const EspTileKey *key = &g_array_index (wishes, Wish, i).key;
      gboolean runs = FALSE;

      for (guint j = 0; j < self->running->len && !runs; j++)
        runs = esp_tile_key_equal (&g_array_index (self->running, Running, j).key, key);
      if (!runs && !esp_tile_store_has (key))
        g_array_append_val (self->pending, *key);
    }
  for (guint j = 0; j < self->running->len; j++)
    {
      Running *running = &g_array_index (self->running, Running, j);
      gboolean wanted = FALSE;

      for (guint i = 0; wishes != NULL && i < wishes->len && !wanted; i++)
        wanted = esp_tile_key_equal (&g_array_index (wishes, Wish, i).key, &running->key);
      if (!wanted)
        g_cancellable_cancel (running->cancellable);
    }
}

static gboolean
is_within (EspPyramid *self, const EspRegion *region)
{
  const gint64 *shape = esp_tensor_get_shape (self->matrix);

  return region->row >= 0 && region->column >= 0 && region->rows > 0 && region->columns > 0 &&
         region->rows <= shape[0] - region->row && region->columns <= shape[1] - region->column;
}

/* locked */
static void
want_ground (EspPyramid *self)
{
  const gint64 *shape = esp_tensor_get_shape (self->matrix);

  if (self->ground == NULL && self->ground_cancellable == NULL &&
      (double) shape[0] * (double) shape[1] > ESP_PYRAMID_GROUND_CELLS)
    self->ground_wanted = TRUE;
}

void
esp_pyramid_want_ground (EspPyramid *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  want_ground (self);
  replace_pending (self, NULL);
  start_tasks (self);
  g_mutex_unlock (&self->lock);
}

void
esp_pyramid_want (EspPyramid *self, const EspRegion *region, double width, double height)
{
  GArray *wishes;
  double room, needed;
  EspLevel level;

  g_return_if_fail (self != NULL && region != NULL);
  g_return_if_fail (is_within (self, region));

  level = esp_pyramid_get_level (self, region, width, height);
  room = (double) esp_tile_store_get_limit () / 2 / sizeof (EspPixel);
  for (;;)
    {
      needed = ceil (ldexp ((double) region->rows, -(int) level.rows) + 2 * ESP_PYRAMID_TILE) *
               ceil (ldexp ((double) region->columns, -(int) level.columns) + 2 * ESP_PYRAMID_TILE);
      /* what doesn't fit into the cache would never be there all at once */
      if (needed <= room || !esp_pyramid_get_coarser (self, &level))
        break;
    }
  wishes = list_tiles (self, level, region);
  g_mutex_lock (&self->lock);
  want_ground (self);
  replace_pending (self, wishes);
  start_tasks (self);
  g_mutex_unlock (&self->lock);
  g_array_unref (wishes);
}

/* locked */
static void
rest (EspPyramid *self)
{
  self->ground_wanted = FALSE;
  if (self->ground_cancellable != NULL)
    g_cancellable_cancel (self->ground_cancellable);
  replace_pending (self, NULL);
}

void
esp_pyramid_rest (EspPyramid *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  rest (self);
  g_mutex_unlock (&self->lock);
}

gboolean
esp_pyramid_is_busy (EspPyramid *self)
{
  gboolean busy;

  g_return_val_if_fail (self != NULL, FALSE);

  g_mutex_lock (&self->lock);
  busy = self->error == NULL && (self->pending->len > 0 || self->running->len > 0 ||
                                 self->ground_wanted || self->ground_cancellable != NULL);
  g_mutex_unlock (&self->lock);
  return busy;
}

/* }}} */
/* {{{ life and look-up */

EspPyramid *
esp_pyramid_new (EspTensor *matrix)
{
  EspPyramid *self;
  const gint64 *shape;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);
  g_return_val_if_fail (esp_tensor_get_count (matrix) > 0, NULL);

  self = g_new0 (EspPyramid, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->n_callers = 1;
  self->matrix = esp_tensor_ref (matrix);
  self->owner = esp_tile_store_new_owner ();
  shape = esp_tensor_get_shape (matrix);
  self->top.rows = get_top (shape[0]);
  self->top.columns = get_top (shape[1]);
  self->pending = g_array_new (FALSE, FALSE, sizeof (EspTileKey));
  self->running = g_array_new (FALSE, FALSE, sizeof (Running));
  return self;
}

/* any reference */
static void
pyramid_unref_task (gpointer data)
{
  EspPyramid *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  esp_tile_store_forget (self->owner);
  esp_tensor_unref (self->matrix);
  g_clear_pointer (&self->ground, esp_overview_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_array_unref (self->pending);
  g_array_unref (self->running);
  g_mutex_clear (&self->lock);
  g_free (self);
}

EspPyramid *
esp_pyramid_ref (EspPyramid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->lock);
  self->n_callers++;
  g_mutex_unlock (&self->lock);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_pyramid_unref (EspPyramid *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  if (--self->n_callers == 0)
    {
      self->closed = TRUE;
      self->func = NULL;
      rest (self);
    }
  g_mutex_unlock (&self->lock);
  pyramid_unref_task (self);
}

EspTensor *
esp_pyramid_get_matrix (EspPyramid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->matrix;
}

guint64
esp_pyramid_get_owner (EspPyramid *self)
{
  return self->owner;
}

EspOverview *
esp_pyramid_get_tile (EspPyramid *self, EspLevel level, gint64 row, gint64 column)
{
  EspTileKey key;

  g_return_val_if_fail (self != NULL, NULL);

  key = (EspTileKey) { self->owner, level, row, column };
  return esp_tile_store_get (&key);
}

EspOverview *
esp_pyramid_get_ground (EspPyramid *self)
{
  EspOverview *ground;

  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->lock);
  ground = self->ground != NULL ? esp_overview_ref (self->ground) : NULL;
  g_mutex_unlock (&self->lock);
  return ground;
}

GError *
esp_pyramid_dup_error (EspPyramid *self)
{
  GError *error;

  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->lock);
  error = self->error != NULL ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  return error;
}

void
esp_pyramid_set_cache_limit (guint64 bytes)
{
  esp_tile_store_set_limit (bytes);
}

guint64
esp_pyramid_get_cache_limit (void)
{
  return esp_tile_store_get_limit ();
}

guint64
esp_pyramid_get_cache_size (void)
{
  return esp_tile_store_get_size ();
}

/* }}} */
