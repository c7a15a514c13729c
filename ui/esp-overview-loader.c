/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which overview to make next. In: a matrix and what is in view; out: the ground (all of the matrix
 * in about a thousand pixels a side) and the picture of what is in view at one pixel per screen
 * pixel. One job at a time: the ground coarse, then what is in view exactly, then the ground
 * exactly. A pan within the margin that pictures have costs nothing. */

#include "config.h"

#include "esp-overview-loader.h"

#include <math.h>

#define GROUND_PIXELS 1024
/* cells that a first, coarse look may read */
#define COARSE_CELLS (2 * 1000 * 1000)
/* a job that no longer shows what is in view may run this long before it is given up */
#define PATIENCE (200 * G_TIME_SPAN_MILLISECOND)

typedef enum
{
  JOB_NONE,
  JOB_GROUND_COARSE,
  JOB_VIEW,
  JOB_GROUND,
} JobKind;

struct _EspOverviewLoader
{
  GObject parent_instance;

  /* owned */
  EspTensor *matrix;
  EspOverview *overview;
  EspOverview *ground;
  GError *error;
  GCancellable *cancellable; /* of the job that runs */

  /* state */
  gboolean quick;
  gboolean fresh; /* overview and ground show this very matrix */
  gboolean ground_fresh;
  gboolean wanted; /* something was requested */
  EspRegion region;
  guint width, height;
  EspRegion made; /* the request that @overview answers */
  guint made_width, made_height;
  JobKind job;
  gint64 started;
};

/* what a job needs when it is done */
typedef struct
{
  EspOverviewLoader *loader;
  EspTensor *matrix;
  GCancellable *cancellable;
  JobKind kind;
  EspRegion wanted; /* for %JOB_VIEW */
  guint width, height;
} Job;

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspOverviewLoader, esp_overview_loader, G_TYPE_OBJECT)

static void schedule (EspOverviewLoader *self); /* a job that ends starts the next */

static void
job_free (Job *job)
{
  g_object_unref (job->loader);
  esp_tensor_unref (job->matrix);
  g_object_unref (job->cancellable);
  g_free (job);
}

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

static gboolean
contains (const EspRegion *outer, const EspRegion *inner)
{
  return outer->row <= inner->row && outer->column <= inner->column &&
         outer->row + outer->rows >= inner->row + inner->rows &&
         outer->column + outer->columns >= inner->column + inner->columns;
}

static gboolean
is_same (const EspRegion *a, const EspRegion *b)
{
  return contains (a, b) && contains (b, a);
}

static gboolean
same_density (guint have, gint64 have_cells, guint want, gint64 want_cells)
{
  double wanted = (double) want / (double) want_cells;

  /* a pixel of the whole picture more or less doesn't show */
  return fabs ((double) have / (double) have_cells - wanted) <= wanted * 2 / (have + 1.0);
}

/* the picture shows what is in view, pixel for pixel */
static gboolean
is_satisfied (EspOverviewLoader *self)
{
  const EspRegion *region;

  if (!self->fresh || self->overview == NULL || !esp_overview_is_exact (self->overview))
    return FALSE;
  region = esp_overview_get_region (self->overview);
  if (is_same (&self->made, &self->region) && self->made_width == self->width &&
      self->made_height == self->height)
    return TRUE;

  return contains (region, &self->region) &&
         same_density (esp_overview_get_width (self->overview), region->columns, self->width,
                       self->region.columns) &&
         same_density (esp_overview_get_height (self->overview), region->rows, self->height,
                       self->region.rows);
}

static void
widen_axis (gint64 *start, gint64 *count, guint *pixels, gint64 n)
{
  gint64 margin = *count / 8, from = MAX (0, *start - margin);
  gint64 to = MIN (n, *start + *count + margin);
  double density = (double) *pixels / (double) *count;

  *start = from;
  *count = to - from;
  *pixels = (guint) CLAMP (round ((double) *count * density), 1, (double) *count);
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

static gboolean
is_whole (EspOverviewLoader *self, const EspRegion *region)
{
  return region->rows == get_rows (self) && region->columns == get_columns (self);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  EspOverviewLoader *self = job->loader;
  g_autoptr (GError) error = NULL;
  EspOverview *overview = esp_overview_new_finish (result, &error);
  gboolean newest = job->matrix == self->matrix;

  if (g_cancellable_is_cancelled (job->cancellable)) /* given up, though it may just be done */
    {
      g_clear_pointer (&overview, esp_overview_unref);
      job_free (job);
      return;
    }

  g_clear_object (&self->cancellable);
  self->job = JOB_NONE;
  if (overview == NULL)
    {
      take_error (self, g_steal_pointer (&error));
      self->fresh = self->ground_fresh = newest; /* no use in trying again */
    }
  else if (job->kind == JOB_VIEW)
    {
      take_overview (&self->overview, overview);
      self->fresh = newest;
      self->made = job->wanted;
      self->made_width = job->width;
      self->made_height = job->height;
      if (is_whole (self, esp_overview_get_region (overview)))
        {
          take_overview (&self->ground, esp_overview_ref (overview));
          self->ground_fresh = newest;
        }
    }
  else
    {
      take_overview (&self->ground, overview);
      self->ground_fresh = newest;
    }
  job_free (job);
  g_signal_emit (self, signals[CHANGED], 0);
  if (self->error == NULL)
    schedule (self);
}

static void
start (EspOverviewLoader *self,
       JobKind kind,
       EspRegion region,
       guint width,
       guint height,
       guint every)
{
  Job *job = g_new0 (Job, 1);

  job->loader = g_object_ref (self);
  job->matrix = esp_tensor_ref (self->matrix);
  job->kind = kind;
  self->job = kind;
  self->started = g_get_monotonic_time ();
  self->cancellable = g_cancellable_new ();
  job->cancellable = g_object_ref (self->cancellable);
  job->wanted = self->region;
  job->width = self->width;
  job->height = self->height;
  esp_overview_new_async (self->matrix, &region, width, height, every, self->cancellable, on_made,
                          job);
}

static void
start_view (EspOverviewLoader *self)
{
  EspRegion region = self->region;
  guint width = self->width, height = self->height;

  widen_axis (&region.row, &region.rows, &height, get_rows (self));
  widen_axis (&region.column, &region.columns, &width, get_columns (self));
  start (self, JOB_VIEW, region, width, height, 1);
}

static void
start_ground (EspOverviewLoader *self, JobKind kind)
{
  EspRegion region = { .rows = get_rows (self), .columns = get_columns (self) };
  guint width = (guint) MIN (region.columns, GROUND_PIXELS);
  guint height = (guint) MIN (region.rows, GROUND_PIXELS);
  double cells = (double) region.rows * (double) region.columns;
  guint every = 1;

  if (kind == JOB_GROUND_COARSE)
    every = (guint) CLAMP (cells / COARSE_CELLS, 1, (double) region.rows / height);
  start (self, kind, region, width, height, MAX (every, 1));
}

static void
give_up (EspOverviewLoader *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->job = JOB_NONE;
}

static void
schedule (EspOverviewLoader *self)
{
  double cells;

  if (self->matrix == NULL || self->quick || !self->wanted || self->error != NULL)
    return;
  if (self->job != JOB_NONE)
    {
      /* what runs may be long and no longer wanted; a short one is better waited for, or a
       * steady pan would never show anything */
      if (self->job != JOB_GROUND_COARSE && !is_satisfied (self) &&
          g_get_monotonic_time () - self->started > PATIENCE)
        give_up (self);
      else
        return;
    }

  cells = (double) get_rows (self) * (double) get_columns (self);
  if (self->ground == NULL && cells > COARSE_CELLS)
    start_ground (self, JOB_GROUND_COARSE);
  else if (!is_satisfied (self))
    start_view (self);
  else if (!self->ground_fresh || self->ground == NULL || !esp_overview_is_exact (self->ground))
    start_ground (self, JOB_GROUND);
}

static void
esp_overview_loader_dispose (GObject *object)
{
  EspOverviewLoader *self = ESP_OVERVIEW_LOADER (object);

  give_up (self);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
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
esp_overview_loader_set_matrix (EspOverviewLoader *self,
                                EspTensor *matrix,
                                gboolean quick,
                                gboolean newer)
{
  g_return_if_fail (ESP_IS_OVERVIEW_LOADER (self));
  g_return_if_fail (matrix == NULL || esp_tensor_get_ndim (matrix) == 2);

  if (!newer || matrix == NULL)
    {
      give_up (self);
      g_clear_pointer (&self->overview, esp_overview_unref);
      g_clear_pointer (&self->ground, esp_overview_unref);
      self->wanted = FALSE;
    }
  if (matrix != NULL)
    esp_tensor_ref (matrix);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  self->matrix = matrix;
  self->quick = quick;
  self->fresh = self->ground_fresh = FALSE;
  g_clear_error (&self->error);
  schedule (self);
}

void
esp_overview_loader_request (EspOverviewLoader *self,
                             const EspRegion *region,
                             guint width,
                             guint height)
{
  GError *error = NULL;
  EspOverview *overview;

  g_return_if_fail (ESP_IS_OVERVIEW_LOADER (self));

  if (self->matrix == NULL || width == 0 || height == 0)
    return;

  self->region = *region;
  self->width = width;
  self->height = height;
  self->wanted = TRUE;
  if (!self->quick)
    {
      schedule (self);
      return;
    }
  if (is_satisfied (self) || (self->fresh && self->error != NULL))
    return;

  overview = esp_overview_new (self->matrix, region, width, height, 1, NULL, &error);
  if (overview != NULL)
    take_overview (&self->overview, overview);
  take_error (self, error);
  self->fresh = TRUE;
  self->made = *region;
  self->made_width = width;
  self->made_height = height;
}

EspOverview *
esp_overview_loader_get_overview (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), NULL);

  return self->overview;
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

const GError *
esp_overview_loader_get_error (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), NULL);

  return self->error;
}

gboolean
esp_overview_loader_is_busy (EspOverviewLoader *self)
{
  g_return_val_if_fail (ESP_IS_OVERVIEW_LOADER (self), FALSE);

  return self->job != JOB_NONE;
}
