/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles of rows and columns: an overview that is one pixel wide or high, as a row of numbers. A
 * matrix of 16,384 rows takes 400 KB; the pass over it is the overview's.
 */

#include "config.h"

#include "esp-profile.h"

#include <math.h>

struct _EspProfile
{
  gatomicrefcount ref_count;
  EspOverview *overview; /* (1, n) or (n, 1) */
  gboolean columns;
};

static const char *const kind_names[ESP_N_PROFILES] = {
  [ESP_PROFILE_NORM] = "norm",
  [ESP_PROFILE_MEAN] = "mean",
  [ESP_PROFILE_MAX] = "max",
  [ESP_PROFILE_MIN] = "min",
};

EspProfileKind
esp_profile_kind_from_name (const char *name, gboolean *found)
{
  g_return_val_if_fail (found != NULL, ESP_PROFILE_NORM);

  for (guint i = 0; i < ESP_N_PROFILES; i++)
    if (g_strcmp0 (name, kind_names[i]) == 0)
      {
        *found = TRUE;
        return (EspProfileKind) i;
      }
  *found = FALSE;
  return ESP_PROFILE_NORM;
}

const char *
esp_profile_kind_get_name (EspProfileKind kind)
{
  g_return_val_if_fail (kind < ESP_N_PROFILES, NULL);

  return kind_names[kind];
}

EspProfile *
esp_profile_new (EspTensor *matrix, gboolean columns, GCancellable *cancellable, GError **error)
{
  EspOverview *overview;
  EspProfile *self;
  EspRegion region = { 0 };

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);

  region.rows = esp_tensor_get_shape (matrix)[0];
  region.columns = esp_tensor_get_shape (matrix)[1];
  overview = esp_overview_new (
      matrix, &region, columns ? (guint) CLAMP (region.columns, 1, G_MAXINT) : 1,
      columns ? 1 : (guint) CLAMP (region.rows, 1, G_MAXINT), 1, cancellable, error);
  if (overview == NULL)
    return NULL;
  self = g_new0 (EspProfile, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->overview = overview;
  self->columns = columns;
  return self;
}

void
esp_profile_unref (EspProfile *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  esp_overview_unref (self->overview);
  g_free (self);
}

gint64
esp_profile_get_length (EspProfile *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->columns ? esp_overview_get_width (self->overview)
                       : esp_overview_get_height (self->overview);
}

static const EspPixel *
get_pixel (EspProfile *self, gint64 index)
{
  return self->columns ? &esp_overview_get_row (self->overview, 0)[index]
                       : esp_overview_get_row (self->overview, (guint) index);
}

double
esp_profile_get (EspProfile *self, gint64 index, EspProfileKind kind)
{
  const EspPixel *pixel;

  g_return_val_if_fail (self != NULL && kind < ESP_N_PROFILES, NAN);
  g_return_val_if_fail (index >= 0 && index < esp_profile_get_length (self), NAN);

  pixel = get_pixel (self, index);
  switch (kind)
    {
    case ESP_PROFILE_MEAN:
      return (double) pixel->mean;
    case ESP_PROFILE_MAX:
      return (double) pixel->max;
    case ESP_PROFILE_MIN:
      return (double) pixel->min;
    case ESP_PROFILE_NORM:
    case ESP_N_PROFILES:
    default:
      return (double) pixel->rms * sqrt (pixel->finite);
    }
}

guint8
esp_profile_get_flags (EspProfile *self, gint64 index)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (index >= 0 && index < esp_profile_get_length (self), 0);

  return get_pixel (self, index)->flags;
}

gboolean
esp_profile_get_range (EspProfile *self, EspProfileKind kind, double *lo, double *hi)
{
  double least = INFINITY, most = -INFINITY;

  g_return_val_if_fail (self != NULL && lo != NULL && hi != NULL, FALSE);

  for (gint64 i = 0; i < esp_profile_get_length (self); i++)
    {
      double value = esp_profile_get (self, i, kind);

      least = fmin (least, value);
      most = fmax (most, value);
    }
  if (!(least <= most))
    return FALSE;
  *lo = least;
  *hi = most;
  return TRUE;
}

typedef struct
{
  double value;
  gint64 index;
} Place;

static gint
compare_places (gconstpointer a, gconstpointer b, gpointer ascending)
{
  const Place *left = a, *right = b;
  gboolean up = GPOINTER_TO_INT (ascending);

  if (isnan (left->value) != isnan (right->value))
    return isnan (left->value) ? 1 : -1;
  if (left->value != right->value && !isnan (left->value))
    return (left->value < right->value) == up ? -1 : 1;
  return left->index < right->index ? -1 : 1;
}

gint64 *
esp_profile_sort (EspProfile *self, EspProfileKind kind, gboolean ascending)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  gint64 *order;

  g_return_val_if_fail (self != NULL, NULL);

  for (gint64 i = 0; i < esp_profile_get_length (self); i++)
    {
      Place place = { esp_profile_get (self, i, kind), i };

      g_array_append_val (places, place);
    }
  g_array_sort_with_data (places, compare_places, GINT_TO_POINTER (ascending));
  order = g_new (gint64, places->len);
  for (guint i = 0; i < places->len; i++)
    order[i] = g_array_index (places, Place, i).index;
  return order;
}

/* {{{ in a worker */

static void
profile_thread (GTask *task, gpointer source, gpointer matrix, GCancellable *cancellable)
{
  gboolean columns = g_task_get_source_tag (task) == esp_profile_new_finish;
  GError *error = NULL;
  EspProfile *profile = esp_profile_new (matrix, columns, cancellable, &error);

  if (profile != NULL)
    g_task_return_pointer (task, profile, (GDestroyNotify) esp_profile_unref);
  else
    g_task_return_error (task, error);
}

void
esp_profile_new_async (EspTensor *matrix,
                       gboolean columns,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_return_if_fail (matrix != NULL);

  /* the tag tells which of the two */
  g_task_set_source_tag (task, columns ? (gpointer) esp_profile_new_finish
                                       : (gpointer) esp_profile_new_async);
  g_task_set_task_data (task, esp_tensor_ref (matrix), (GDestroyNotify) esp_tensor_unref);
  g_task_run_in_thread (task, profile_thread);
}

EspProfile *
esp_profile_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* }}} */
