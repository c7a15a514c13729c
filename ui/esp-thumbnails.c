/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overviews for the tiles of a sheet. In: tensors, as tiles come into view; out: overviews of a
 * hundred pixels or two a side. A sheet may have thousands of tensors of gigabytes in all, so only
 * what is looked at is read, two at a time. */

#include "config.h"

#include "esp-thumbnails.h"

#define QUICK_ELEMENTS 65536
#define COARSE_ELEMENTS (1000 * 1000)
#define MAX_RUNNING 2
/* an overview takes about 200 kB */
#define MAX_KEPT 250

typedef struct
{
  EspTensor *tensor;
  EspOverview *overview; /* NULL while there is none */
  GError *error;
  guint size;
  gboolean wanted;
  GCancellable *cancellable; /* while it runs */
  GList link;                /* in @kept, newest first */
} Entry;

struct _EspThumbnails
{
  GObject parent_instance;

  GHashTable *entries; /* EspTensor -> Entry, owned */
  GQueue kept;
  guint running;
};

typedef struct
{
  EspThumbnails *thumbnails;
  EspTensor *tensor;
  GCancellable *cancellable;
} Job;

enum
{
  READY,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspThumbnails, esp_thumbnails, G_TYPE_OBJECT)

static void start_next (EspThumbnails *self); /* a job that ends starts the next */

static void
job_free (Job *job)
{
  g_object_unref (job->thumbnails);
  g_object_unref (job->cancellable);
  esp_tensor_unref (job->tensor);
  g_free (job);
}

static void
entry_free (Entry *entry)
{
  if (entry->cancellable != NULL)
    g_cancellable_cancel (entry->cancellable);
  g_clear_object (&entry->cancellable);
  g_clear_pointer (&entry->overview, esp_overview_unref);
  g_clear_error (&entry->error);
  esp_tensor_unref (entry->tensor);
  g_free (entry);
}

static void
remove_entry (EspThumbnails *self, Entry *entry)
{
  g_queue_unlink (&self->kept, &entry->link);
  g_hash_table_remove (self->entries, entry->tensor);
}

EspTensor *
esp_thumbnails_flatten (EspTensor *tensor, GError **error)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  g_autoptr (EspSlice) slice = NULL;

  if (ndim > 2 && esp_tensor_is_contiguous (tensor) && esp_tensor_get_affine (tensor) == NULL)
    {
      gint64 rows = esp_tensor_get_shape (tensor)[0];
      gint64 columns = rows > 0 ? (gint64) (esp_tensor_get_count (tensor) / (guint64) rows) : 0;
      gint64 shape[] = { rows, columns }, strides[] = { columns, 1 };

      return esp_tensor_new_view (tensor, shape, 2, strides, esp_tensor_get_offset (tensor), error);
    }

  slice = esp_slice_new_default (ndim);
  return esp_slice_apply_matrix (slice, tensor, error);
}

static guint
get_side (gint64 cells, guint size)
{
  return (guint) MIN (cells, (gint64) size);
}

static EspRegion
get_region (EspTensor *matrix)
{
  return (EspRegion) { .rows = esp_tensor_get_shape (matrix)[0],
                       .columns = esp_tensor_get_shape (matrix)[1] };
}

static void
take_result (Entry *entry, EspOverview *overview, GError *error)
{
  g_clear_pointer (&entry->overview, esp_overview_unref);
  g_clear_error (&entry->error);
  entry->overview = overview;
  entry->error = error;
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  EspThumbnails *self = job->thumbnails;
  GError *error = NULL;
  EspOverview *overview = esp_overview_new_finish (result, &error);
  Entry *entry = g_hash_table_lookup (self->entries, job->tensor);

  self->running--;
  if (entry != NULL && entry->cancellable == job->cancellable &&
      !g_cancellable_is_cancelled (job->cancellable))
    {
      g_clear_object (&entry->cancellable);
      take_result (entry, overview, error);
      g_signal_emit (self, signals[READY], 0, job->tensor);
    }
  else
    {
      if (entry != NULL && entry->cancellable == job->cancellable)
        g_clear_object (&entry->cancellable);
      g_clear_pointer (&overview, esp_overview_unref);
      g_clear_error (&error);
    }
  start_next (self);
  job_free (job);
}

static void
start (EspThumbnails *self, Entry *entry)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) matrix = esp_thumbnails_flatten (entry->tensor, &error);
  EspRegion region;
  guint every = 1, height;
  Job *job;

  if (matrix == NULL)
    {
      take_result (entry, NULL, g_steal_pointer (&error));
      g_signal_emit (self, signals[READY], 0, entry->tensor);
      return;
    }

  region = get_region (matrix);
  height = get_side (region.rows, entry->size);
  if (entry->overview == NULL)
    every = (guint) CLAMP (region.rows * region.columns / COARSE_ELEMENTS, 1, region.rows / height);
  job = g_new0 (Job, 1);
  job->thumbnails = g_object_ref (self);
  job->tensor = esp_tensor_ref (entry->tensor);
  entry->cancellable = g_cancellable_new ();
  job->cancellable = g_object_ref (entry->cancellable);
  self->running++;
  esp_overview_new_async (matrix, &region, get_side (region.columns, entry->size), height, every,
                          entry->cancellable, on_made, job);
}

/* First those that have nothing, then those that are coarse; the oldest wish first, since tiles
 * come from top to bottom and what is out of view again is no longer wanted. */
static Entry *
find_next (EspThumbnails *self)
{
  for (guint pass = 0; pass < 2; pass++)
    for (GList *link = self->kept.tail; link != NULL; link = link->prev)
      {
        Entry *entry = link->data;

        if (!entry->wanted || entry->cancellable != NULL || entry->error != NULL)
          continue;
        if (entry->overview == NULL || (pass == 1 && !esp_overview_is_exact (entry->overview)))
          return entry;
      }

  return NULL;
}

static void
start_next (EspThumbnails *self)
{
  Entry *entry;

  while (self->running < MAX_RUNNING && (entry = find_next (self)) != NULL)
    start (self, entry);
}

static void
drop_oldest (EspThumbnails *self)
{
  for (GList *link = self->kept.tail; link != NULL && self->kept.length > MAX_KEPT;)
    {
      Entry *entry = link->data;

      link = link->prev;
      if (!entry->wanted)
        remove_entry (self, entry);
    }
}

static void
esp_thumbnails_finalize (GObject *object)
{
  g_hash_table_unref (ESP_THUMBNAILS (object)->entries);

  G_OBJECT_CLASS (esp_thumbnails_parent_class)->finalize (object);
}

static void
esp_thumbnails_class_init (EspThumbnailsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_thumbnails_finalize;

  signals[READY] = g_signal_new ("ready", ESP_TYPE_THUMBNAILS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
esp_thumbnails_init (EspThumbnails *self)
{
  g_queue_init (&self->kept);
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) entry_free);
}

EspThumbnails *
esp_thumbnails_new (void)
{
  return g_object_new (ESP_TYPE_THUMBNAILS, NULL);
}

static EspOverview *
make_now (EspTensor *tensor, guint size, GError **error)
{
  g_autoptr (EspTensor) matrix = esp_thumbnails_flatten (tensor, error);
  EspRegion region;

  if (matrix == NULL)
    return NULL;
  region = get_region (matrix);
  return esp_overview_new (matrix, &region, get_side (region.columns, size),
                           get_side (region.rows, size), 1, NULL, error);
}

static gboolean
is_quick (EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);

  return storage != NULL && esp_tensor_get_count (tensor) <= QUICK_ELEMENTS &&
         (esp_storage_peek (storage) != NULL || esp_storage_get_file_offset (storage) >= 0);
}

EspOverview *
esp_thumbnails_get (EspThumbnails *self, EspTensor *tensor, guint size, GError **error)
{
  Entry *entry;

  g_return_val_if_fail (ESP_IS_THUMBNAILS (self) && tensor != NULL && size > 0, NULL);

  if (is_quick (tensor))
    return make_now (tensor, size, error);

  entry = g_hash_table_lookup (self->entries, tensor);
  if (entry != NULL && entry->size != size) /* another scale of the screen */
    {
      remove_entry (self, entry);
      entry = NULL;
    }
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->tensor = esp_tensor_ref (tensor);
      entry->size = size;
      entry->link.data = entry;
      g_hash_table_insert (self->entries, tensor, entry);
      g_queue_push_head_link (&self->kept, &entry->link);
      drop_oldest (self);
    }
  entry->wanted = TRUE;
  start_next (self);
  if (entry->error != NULL)
    {
      g_propagate_error (error, g_error_copy (entry->error));
      return NULL;
    }

  return entry->overview != NULL ? esp_overview_ref (entry->overview) : NULL;
}

void
esp_thumbnails_forget (EspThumbnails *self, EspTensor *tensor)
{
  Entry *entry;

  g_return_if_fail (ESP_IS_THUMBNAILS (self));

  entry = g_hash_table_lookup (self->entries, tensor);
  if (entry == NULL)
    return;

  entry->wanted = FALSE;
  if (entry->cancellable != NULL) /* on_made() clears it */
    g_cancellable_cancel (entry->cancellable);
  if (entry->overview == NULL && entry->cancellable == NULL)
    remove_entry (self, entry);
}

gboolean
esp_thumbnails_is_busy (EspThumbnails *self)
{
  g_return_val_if_fail (ESP_IS_THUMBNAILS (self), FALSE);

  return self->running > 0;
}
