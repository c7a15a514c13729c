/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which picture to paint next. In: a matrix and what is in view; out: the ground, tiles, and an
 * overview of what is in view at one pixel per screen pixel. To put an overview together takes some
 * milliseconds, too long for each frame of a pan, so it waits until the view rests - unless few
 * cells are in view. A pan within the margin that overviews have costs nothing. */

#include "config.h"

#include "esp-overview-loader.h"

#include "esp-wanted-picture.h"

#define GROUND_PIXELS 512
/* cells that are put together for every frame, so that their numbers move along */
#define FEW_CELLS 16384
/* the view rests when it hasn't moved for so long, in ms */
#define REST 70

struct _EspOverviewLoader
{
  GObject parent_instance;

  /* owned */
  EspTensor *matrix;
  EspTensor *next; /* newer values, which wait until those of now are painted; or NULL */
  EspPyramid *pyramid;
  EspTilePixels *tiles;
  EspOverview *overview;
  EspOverview *ground;
  GError *error;
  GCancellable *grounding; /* while the ground is being made */
  GCancellable *composing; /* while a worker puts the overview together */
  GCancellable *scanning;  /* while it and the statistics are made in one pass */

  /* state */
  gboolean quick;
  gboolean count; /* statistics are wanted */
  gboolean fresh; /* overview and ground show this very matrix */
  gboolean ground_fresh;
  gboolean wanted;       /* something was requested */
  EspWantedPicture seen; /* what is in view */
  guint rest;            /* source */
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspOverviewLoader, esp_overview_loader, G_TYPE_OBJECT)

static gint64
get_rows (EspOverviewLoader *self)
{
  return esp_tensor_get_shape (self->matrix)[0];
}

static gint64
get_columns (EspOverviewLoader *self)
{
  return esp_tensor_get_shape (self->matrix)[1];
}

/* the overview shows what is in view, pixel for pixel; maybe with older values */
static gboolean
covers (EspOverviewLoader *self)
{
  return self->overview != NULL && self->wanted &&
         esp_wanted_picture_is_met (&self->seen, self->overview);
}

/* what is requested, with margins */
static void
widen (EspOverviewLoader *self, EspWantedPicture *wide)
{
  *wide = self->seen;
  esp_wanted_picture_widen (wide, get_rows (self), get_columns (self));
}

static void
take_error (EspOverviewLoader *self, GError *error)
{
  g_clear_error (&self->error);
  self->error = error;
}

static void
take_overview (EspOverview **where, EspOverview *overview)
{
  g_clear_pointer (where, esp_overview_unref);
  *where = overview;
}

static void start_pyramid (EspOverviewLoader *self); /* one that is done may start the next */

/* an exact picture; of all of the matrix it is a ground, too */
static void
take_composed (EspOverviewLoader *self, EspOverview *overview)
{
  const EspRegion *region = esp_overview_get_region (overview);

  take_overview (&self->overview, overview);
  self->fresh = TRUE;
  if (region->rows < get_rows (self) || region->columns < get_columns (self))
    return;
  take_overview (&self->ground, esp_overview_ref (overview));
  self->ground_fresh = TRUE;
}

/* all of a large matrix is wanted: any picture of it takes a pass over it, and no tile helps */
static gboolean
wants_whole (EspOverviewLoader *self)
{
  return self->seen.region.rows == get_rows (self) &&
         self->seen.region.columns == get_columns (self) &&
         (double) self->seen.region.rows * (double) self->seen.region.columns > ESP_LOAD_LARGE;
}

/* from the tiles that are there, or what is there already; FALSE if something is missing */
static gboolean
compose (EspOverviewLoader *self)
{
  g_autoptr (GError) error = NULL;
  EspOverview *overview;
  EspWantedPicture wide;

  widen (self, &wide);
  if (wants_whole (self) && self->ground_fresh && esp_overview_is_exact (self->ground) &&
      esp_overview_get_width (self->ground) == wide.width &&
      esp_overview_get_height (self->ground) == wide.height)
    {
      take_overview (&self->overview, esp_overview_ref (self->ground));
      self->fresh = TRUE;
      return TRUE;
    }
  overview = esp_pyramid_compose (self->pyramid, &wide.region, wide.width, wide.height, FALSE, NULL,
                                  &error);
  if (overview == NULL)
    return FALSE;

  take_composed (self, overview);
  return TRUE;
}

static void go_on (EspOverviewLoader *self); /* one that is painted may be followed by newer ones */

static void
on_composed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspOverviewLoader) self = user_data;
  GError *error = NULL;
  EspOverview *overview = esp_pyramid_compose_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }
  g_clear_object (&self->composing);
  if (overview != NULL)
    take_composed (self, overview);
  else
    take_error (self, error);
  g_signal_emit (self, signals[CHANGED], 0);
  go_on (self);
}

/* where the tiles of the view aren't those that a picture is made of: a stretched matrix, a small
 * cache */
static void
start_composing (EspOverviewLoader *self)
{
  EspWantedPicture wide;

  widen (self, &wide);
  self->composing = g_cancellable_new ();
  esp_pyramid_compose_async (self->pyramid, &wide.region, wide.width, wide.height, self->composing,
                             on_composed, g_object_ref (self));
}

static void
stop_composing (EspOverviewLoader *self)
{
  if (self->composing != NULL)
    g_cancellable_cancel (self->composing);
  g_clear_object (&self->composing);
}

static gboolean start_scanning (EspOverviewLoader *self);

/* the view rests; TRUE if its picture is there at once */
static gboolean
compose_or_start (EspOverviewLoader *self)
{
  if (self->composing != NULL || (self->scanning != NULL && wants_whole (self)))
    return FALSE;
  if (compose (self))
    return TRUE;
  if (wants_whole (self) && start_scanning (self))
    return FALSE;
  if (!esp_pyramid_is_busy (self->pyramid) && self->error == NULL)
    start_composing (self);
  return FALSE;
}

static void
want (EspOverviewLoader *self)
{
  EspWantedPicture wide;

  if (wants_whole (self))
    {
      esp_pyramid_want_ground (self->pyramid);
      return;
    }
  widen (self, &wide);
  esp_pyramid_want (self->pyramid, &wide.region, wide.width, wide.height);
}

static void
take_ground (EspOverviewLoader *self)
{
  EspOverview *ground = esp_pyramid_get_ground (self->pyramid);

  if (ground == NULL || self->ground_fresh) /* maybe a better one */
    {
      g_clear_pointer (&ground, esp_overview_unref);
      return;
    }
  take_overview (&self->ground, ground);
  self->ground_fresh = TRUE;
}

static void
on_ground (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspOverviewLoader) self = user_data;
  g_autoptr (GError) error = NULL;
  EspOverview *ground = esp_overview_new_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->grounding);
  if (ground == NULL) /* the tiles say why */
    return;
  take_overview (&self->ground, ground);
  self->ground_fresh = TRUE;
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
start_ground (EspOverviewLoader *self)
{
  EspRegion region = { .rows = get_rows (self), .columns = get_columns (self) };

  if ((double) region.rows * (double) region.columns > ESP_LOAD_LARGE)
    return;
  self->grounding = g_cancellable_new ();
  esp_overview_new_async (self->matrix, &region, (guint) MIN (region.columns, GROUND_PIXELS),
                          (guint) MIN (region.rows, GROUND_PIXELS), 1, self->grounding, on_ground,
                          g_object_ref (self));
}

/* the values of now are painted, or can't be: newer ones may follow */
static void
go_on (EspOverviewLoader *self)
{
  if (self->next == NULL || !(self->fresh || self->error != NULL))
    return;

  g_clear_pointer (&self->matrix, esp_tensor_unref);
  self->matrix = g_steal_pointer (&self->next);
  start_pyramid (self);
}

/* The one pass over a matrix that was just chosen. It is not given up when the view moves: others
 * wait for its statistics. */
static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspOverviewLoader) self = user_data;
  GError *error = NULL;
  EspOverview *overview = esp_scan_matrix_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }
  g_clear_object (&self->scanning);
  if (overview == NULL)
    take_error (self, error);
  else if (self->fresh || !wants_whole (self)) /* it looks at a part by now */
    {
      take_overview (&self->ground, overview);
      self->ground_fresh = TRUE;
    }
  else
    {
      take_composed (self, overview);
      self->fresh = covers (self);
      if (!self->fresh && self->rest == 0)
        compose_or_start (self); /* on another number of pixels by now */
    }
  g_signal_emit (self, signals[CHANGED], 0);
  go_on (self);
}

/* FALSE where the statistics are there, or being made */
static gboolean
start_scanning (EspOverviewLoader *self)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  if (!self->count || self->scanning != NULL)
    return self->scanning != NULL;
  if (!esp_scan_matrix_try_async (self->matrix, self->seen.width, self->seen.height, cancellable,
                                  on_scanned, self))
    return FALSE;
  g_object_ref (self); /* for the callback */
  self->scanning = g_steal_pointer (&cancellable);
  return TRUE;
}

static void
stop_scanning (EspOverviewLoader *self)
{
  if (self->scanning != NULL)
    g_cancellable_cancel (self->scanning);
  g_clear_object (&self->scanning);
}

static void
on_pyramid (EspPyramid *pyramid, gpointer user_data)
{
  EspOverviewLoader *self = user_data;

  if (pyramid != self->pyramid)
    return;
  take_ground (self);
  take_error (self, esp_pyramid_dup_error (pyramid));
  if (self->wanted && !self->fresh && self->rest == 0)
    compose_or_start (self);
  g_signal_emit (self, signals[CHANGED], 0);
  go_on (self);
}

static void
stop_pyramid (EspOverviewLoader *self)
{
  g_clear_handle_id (&self->rest, g_source_remove);
  if (self->grounding != NULL)
    g_cancellable_cancel (self->grounding);
  g_clear_object (&self->grounding);
  stop_composing (self);
  stop_scanning (self);
  if (self->pyramid != NULL)
    esp_pyramid_set_notify (self->pyramid, NULL, NULL, NULL);
  g_clear_pointer (&self->tiles, esp_tile_pixels_free);
  g_clear_pointer (&self->pyramid, esp_pyramid_unref);
}

static void
start_pyramid (EspOverviewLoader *self)
{
  stop_pyramid (self);
  self->fresh = self->ground_fresh = FALSE;
  self->pyramid = esp_pyramid_new (self->matrix);
  self->tiles = esp_tile_pixels_new (self->pyramid);
  esp_pyramid_set_notify (self->pyramid, NULL, on_pyramid, self);
  start_ground (self);
  if (self->wanted)
    want (self);
}

static gboolean
on_rest (gpointer user_data)
{
  EspOverviewLoader *self = user_data;

  self->rest = 0;
  if (self->pyramid == NULL || !self->wanted)
    return G_SOURCE_REMOVE;
  if (compose_or_start (self))
    {
      g_signal_emit (self, signals[CHANGED], 0);
      go_on (self);
    }
  return G_SOURCE_REMOVE;
}

static void
esp_overview_loader_dispose (GObject *object)
{
  EspOverviewLoader *self = ESP_OVERVIEW_LOADER (object);

  stop_pyramid (self);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_pointer (&self->next, esp_tensor_unref);
  g_clear_pointer (&self->overview, esp_overview_unref);
  g_clear_pointer (&self->ground, esp_overview_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (esp_overview_loader_parent_class)->dispose (object);
}

static void
esp_overview_loader_class_init (EspOverviewLoaderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_overview_loader_dispose;

  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_OVERVIEW_LOADER, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_overview_loader_init (EspOverviewLoader *self)
{
}

EspOverviewLoader *
esp_overview_loader_new (void)
{
  return g_object_new (ESP_TYPE_OVERVIEW_LOADER, NULL);
}

void
esp_overview_loader_set_matrix (EspOverviewLoader *self, EspTensor *matrix, EspLoadFlags flags)
{
  gboolean quick = (flags & ESP_LOAD_QUICK) != 0, newer = (flags & ESP_LOAD_NEWER) != 0;

  g_return_if_fail (ESP_IS_OVERVIEW_LOADER (self));
  g_return_if_fail (matrix == NULL || esp_tensor_get_ndim (matrix) == 2);

  if (newer && matrix != NULL && self->pyramid != NULL && !quick && !self->fresh &&
      self->error == NULL)
    {
      /* faster than they can be read: those under way are shown first */
      g_clear_pointer (&self->next, esp_tensor_unref);
      self->next = esp_tensor_ref (matrix);
      return;
    }

  if (!newer || matrix == NULL)
    {
      g_clear_pointer (&self->overview, esp_overview_unref);
      g_clear_pointer (&self->ground, esp_overview_unref);
      self->wanted = FALSE;
    }
  if (matrix != NULL)
    esp_tensor_ref (matrix);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_pointer (&self->next, esp_tensor_unref);
  self->matrix = matrix;
  self->quick = quick;
  self->count = (flags & ESP_LOAD_COUNT) != 0;
  self->fresh = self->ground_fresh = FALSE;
  g_clear_error (&self->error);
  if (matrix != NULL && !quick)
    start_pyramid (self);
  else
    stop_pyramid (self);
}

static void
request_quick (EspOverviewLoader *self)
{
  GError *error = NULL;
  EspOverview *overview;

  if ((self->fresh && covers (self)) || (self->fresh && self->error != NULL))
    return;

  overview = esp_overview_new (self->matrix, &self->seen.region, self->seen.width,
                               self->seen.height, 1, NULL, &error);
  if (overview != NULL)
    take_overview (&self->overview, overview);
  take_error (self, error);
  self->fresh = TRUE;
}

void
esp_overview_loader_request (EspOverviewLoader *self,
                             const EspRegion *region,
                             guint width,
                             guint height)
{
  EspWantedPicture seen;
  gboolean same;

  g_return_if_fail (ESP_IS_OVERVIEW_LOADER (self) && region != NULL);

  seen = (EspWantedPicture) { *region, width, height };
  if (self->matrix == NULL || width == 0 || height == 0)
    return;

  same = self->wanted && esp_wanted_picture_equal (&self->seen, &seen);
  self->seen = seen;
  self->wanted = TRUE;
  if (self->quick)
    {
      request_quick (self);
      return;
    }
  if (same || covers (self))
    return;

  stop_composing (self);
  want (self);
  self->fresh = FALSE;
  g_clear_handle_id (&self->rest, g_source_remove);
  if (wants_whole (self) && !self->ground_fresh)
    return; /* a coarse picture first, which is there soon */
  if (region->rows * region->columns <= FEW_CELLS && compose (self))
    return;
  self->rest = g_timeout_add (REST, on_rest, self);
}

EspOverview *
esp_overview_loader_get_overview (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), NULL);

  return covers (self) ? self->overview : NULL;
}

EspOverview *
esp_overview_loader_get_ground (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), NULL);

  if (self->quick && self->matrix != NULL && !self->ground_fresh && self->error == NULL)
    {
      EspRegion region = { .rows = get_rows (self), .columns = get_columns (self) };

      take_overview (&self->ground,
                     esp_overview_new (self->matrix, &region,
                                       (guint) MIN (region.columns, GROUND_PIXELS),
                                       (guint) MIN (region.rows, GROUND_PIXELS), 1, NULL, NULL));
      self->ground_fresh = TRUE;
    }
  return self->ground;
}

EspTilePixels *
esp_overview_loader_get_tiles (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), NULL);

  return self->tiles;
}

gboolean
esp_overview_loader_is_busy (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), FALSE);

  return self->pyramid != NULL && self->wanted && self->error == NULL &&
         (!self->fresh || self->next != NULL || esp_pyramid_is_busy (self->pyramid));
}
