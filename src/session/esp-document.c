/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A checkpoint or a live network behind one face. Long work (scans, saving) runs in workers on
 * tensors, which are immutable; the tree's parameters are touched on the main thread alone. What
 * only a live network can do is in esp-document-train.c. */

#include "config.h"

#include "esp-document-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-code.h"
#include "esp-finder.h"
#include "esp-format.h"
#include "esp-kept-file.h"
#include "esp-number.h"
#include "esp-save.h"

/* what was found at a place, as long as its tensor is this one */
typedef struct
{
  EspTensor *tensor;
  GPtrArray *findings;
} Found;

enum
{
  UPDATED,
  FOUND,
  CHANGED,
  REFUSED,
  FORGOT,
  REVIVED,
  N_SIGNALS
};

enum
{
  PROP_0,
  PROP_MODIFIED,
  N_PROPS
};

static guint signals[N_SIGNALS];
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (EspDocument, esp_document, G_TYPE_OBJECT)

static void
free_found (gpointer data)
{
  Found *found = data;

  esp_tensor_unref (found->tensor);
  g_ptr_array_unref (found->findings);
  g_free (found);
}

static void
esp_document_finalize (GObject *object)
{
  EspDocument *self = ESP_DOCUMENT (object);

  esp_document_stop_training (self);
  g_clear_object (&self->network);
  g_clear_object (&self->checkpoint);
  g_clear_pointer (&self->snapshot, esp_snapshot_unref);
  g_clear_pointer (&self->pairing, esp_pairing_free);
  g_clear_pointer (&self->readers, g_ptr_array_unref);
  g_clear_pointer (&self->findings, g_hash_table_unref);
  g_free (self->title);
  G_OBJECT_CLASS (esp_document_parent_class)->finalize (object);
}

static void
esp_document_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspDocument *self = ESP_DOCUMENT (object);

  switch (id)
    {
    case PROP_MODIFIED:
      g_value_set_boolean (value, self->modified);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_document_class_init (EspDocumentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = esp_document_finalize;
  object_class->get_property = esp_document_get_property;

  props[PROP_MODIFIED] = g_param_spec_boolean ("modified", NULL, NULL, FALSE,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * EspDocument::updated:
   *
   * A newer snapshot lies in the tree's parameters.
   */
  signals[UPDATED] = g_signal_new ("updated", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
  signals[FOUND] = g_signal_new ("found", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, ESP_TYPE_PLACE);
  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 2, G_TYPE_UINT64, G_TYPE_STRING);
  signals[REFUSED] = g_signal_new ("refused", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
  signals[FORGOT] = g_signal_new ("forgot", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
  signals[REVIVED] = g_signal_new ("revived", ESP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
esp_document_init (EspDocument *self)
{
  self->findings = g_hash_table_new_full (NULL, NULL, g_object_unref, free_found);
}

EspDocument *
esp_document_new_for_checkpoint (EspCheckpoint *checkpoint)
{
  EspDocument *self;

  g_return_val_if_fail (ESP_IS_CHECKPOINT (checkpoint), NULL);

  self = g_object_new (ESP_TYPE_DOCUMENT, NULL);
  self->checkpoint = g_object_ref (checkpoint);
  self->title = g_filename_display_basename (esp_checkpoint_get_path (checkpoint));
  return self;
}

static EspDocument *
new_for_training (EspNetwork *network, EspTrainer *trainer)
{
  EspDocument *self = g_object_new (ESP_TYPE_DOCUMENT, NULL);

  self->network = g_object_ref (network);
  esp_document_start_training (self, trainer);
  self->title = g_strdup (esp_network_get_name (network));
  esp_document_update (self);
  return self;
}

EspDocument *
esp_document_new_for_network (EspNetwork *network)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network), NULL);

  return new_for_training (network, NULL);
}

EspDocument *
esp_document_new_for_trainer (EspTrainer *trainer)
{
  EspDocument *self;

  g_return_val_if_fail (ESP_IS_TRAINER (trainer), NULL);

  self = new_for_training (esp_trainer_get_network (trainer), trainer);
  /* what it did before is saved */
  self->last_step = self->snapshot != NULL ? esp_snapshot_get_step (self->snapshot) : 0;
  esp_document_set_modified (self, FALSE);
  return self;
}

/* --- facts --- */

const char *
esp_document_get_title (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), "");

  return self->title;
}

static char *
describe_network (EspDocument *self)
{
  const EspTotals *totals = esp_tree_get_totals (esp_network_get_tree (self->network));
  g_autofree char *elements = esp_number_format_count (totals->elements);
  g_autofree char *unique = esp_number_format_count (totals->unique_elements);

  if (totals->elements == totals->unique_elements)
    /* Translators: %s is a number, such as 1,001 */
    return g_strdup_printf (_ ("Network · %s elements"), elements);
  /* Translators: how many numbers the rows of a network hold, and how many of them are stored,
   * since tied parameters share theirs */
  return g_strdup_printf (_ ("Network · %s elements, %s unique"), elements, unique);
}

static char *
describe_checkpoint (EspDocument *self)
{
  const char *name = esp_checkpoint_get_format (self->checkpoint);
  const EspFormat *format = esp_format_from_name (name);
  guint n = esp_tree_get_n_tensors (esp_checkpoint_get_tree (self->checkpoint));
  g_autofree char *count = esp_number_format_count (n);
  g_autofree char *size = esp_number_format_bytes (esp_checkpoint_get_file_size (self->checkpoint));

  /* Translators: format, number of tensors, size of the file: "PyTorch · 146 tensors · 2.4 GB" */
  return g_strdup_printf (ngettext ("%s · %s tensor · %s", "%s · %s tensors · %s", n),
                          format != NULL ? format->title : name, count, size);
}

char *
esp_document_dup_subtitle (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->network != NULL ? describe_network (self) : describe_checkpoint (self);
}

EspTree *
esp_document_get_tree (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->network != NULL ? esp_network_get_tree (self->network)
                               : esp_checkpoint_get_tree (self->checkpoint);
}

EspCheckpoint *
esp_document_get_checkpoint (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->checkpoint;
}

EspTrainer *
esp_document_get_trainer (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->trainer;
}

gboolean
esp_document_get_modified (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), FALSE);

  return self->modified;
}

EspPairing *
esp_document_get_pairing (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  if (self->pairing == NULL)
    self->pairing = esp_pairing_new (esp_document_get_tree (self));
  return self->pairing;
}

/* a parameter and a module may have the same path */
static gboolean
is_alike (EspPlace *a, EspPlace *b)
{
  return (esp_place_get_parameter (a) != NULL) == (esp_place_get_parameter (b) != NULL);
}

EspPlace *
esp_document_find_again (EspDocument *self, EspPlace *place)
{
  EspTree *tree;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  tree = esp_document_get_tree (self);
  for (; place != NULL; place = esp_place_get_parent (place))
    {
      EspPlace *found = esp_tree_find (tree, esp_place_get_path (place), NULL);

      if (found != NULL && is_alike (found, place))
        return found;
    }
  return esp_tree_get_root (tree);
}

void
esp_document_set_modified (EspDocument *self, gboolean modified)
{
  if (modified)
    self->changes++;
  if (self->modified == modified)
    return;
  self->modified = modified;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MODIFIED]);
}

/* --- findings --- */

static void
find_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) outer = user_data;
  EspDocument *self = g_task_get_source_object (outer);
  EspPlace *place;
  EspTensor *tensor;
  GError *error = NULL;
  GPtrArray *findings = esp_finder_find_finish (result, &place, &tensor, &error);
  Found *found;

  if (findings == NULL)
    {
      g_task_return_error (outer, error);
      return;
    }
  found = g_new (Found, 1);
  found->tensor = esp_tensor_ref (tensor);
  found->findings = g_ptr_array_ref (findings);
  g_hash_table_replace (self->findings, g_object_ref (place), found);
  g_signal_emit (self, signals[FOUND], 0, place);
  g_task_return_pointer (outer, findings, (GDestroyNotify) g_ptr_array_unref);
}

GPtrArray *
esp_document_peek_findings (EspDocument *self, EspPlace *place)
{
  EspParameter *parameter;
  const Found *found;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), NULL);

  parameter = esp_place_get_parameter (place);
  found = g_hash_table_lookup (self->findings, place);
  return found != NULL && parameter != NULL && found->tensor == esp_parameter_get_data (parameter)
             ? found->findings
             : NULL;
}

void
esp_document_find_async (EspDocument *self,
                         EspPlace *place,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  EspParameter *parameter;
  GPtrArray *known;

  g_return_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_task_data (task, g_object_ref (place), g_object_unref);
  parameter = esp_place_get_parameter (place);
  if (parameter == NULL || esp_tensor_get_storage (esp_parameter_get_data (parameter)) == NULL)
    {
      g_task_return_pointer (task, esp_finder_new_list (), (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  known = esp_document_peek_findings (self, place);
  if (known != NULL)
    {
      g_task_return_pointer (task, g_ptr_array_ref (known), (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  esp_finder_find_async (place, self->network != NULL, cancellable, find_done,
                         g_steal_pointer (&task));
}

GPtrArray *
esp_document_find_finish (EspDocument *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GPtrArray) kept = NULL;
  GPtrArray *all;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  kept = g_task_propagate_pointer (G_TASK (result), error);
  if (kept == NULL)
    return NULL;
  all = esp_finder_new_list ();
  esp_finder_add_copies (all, kept);
  esp_finder_add_taken (
      all, esp_document_get_unit_findings (self, g_task_get_task_data (G_TASK (result))));
  return all;
}

/* --- saving --- */

/* a save on its way */
typedef struct
{
  GTask *task;
  char *path;
  gboolean replace;
  guint64 changes; /* that it has seen */
} Saving;

static void
free_saving (gpointer data)
{
  Saving *saving = data;

  g_object_unref (saving->task);
  g_free (saving->path);
  g_free (saving);
}

static void
save_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Saving *saving = user_data;
  g_autoptr (GTask) task = g_object_ref (saving->task);
  EspDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  guint64 changes = saving->changes;

  free_saving (saving);
  if (!esp_save_tree_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  /* what came after the save is not in it */
  if (changes == self->changes)
    esp_document_set_modified (self, FALSE);
  g_task_return_boolean (task, TRUE);
}

static void
start_save (EspDocument *self, gpointer user_data)
{
  Saving *saving = user_data;

  saving->changes = self->changes;
  if (self->trainer != NULL && esp_kept_file_has_suffix (saving->path))
    {
      esp_kept_file_save_async (self->trainer, saving->path, saving->replace,
                                g_task_get_cancellable (saving->task), save_done, saving);
      return;
    }
  esp_save_tree_async (esp_document_get_tree (self), self->network != NULL, saving->path,
                       saving->replace, g_task_get_cancellable (saving->task), save_done, saving);
}

void
esp_document_save_async (EspDocument *self,
                         const char *path,
                         gboolean replace,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Saving *saving;

  g_return_if_fail (ESP_IS_DOCUMENT (self) && path != NULL);

  saving = g_new0 (Saving, 1);
  saving->task = g_task_new (self, cancellable, callback, user_data);
  saving->path = g_strdup (path);
  saving->replace = replace;
  /* of a network: with all that was done to it up to now */
  if (self->trainer != NULL)
    esp_document_when_settled (self, start_save, saving);
  else
    start_save (self, saving);
}

gboolean
esp_document_save_finish (EspDocument *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
esp_document_save (EspDocument *self, const char *path, gboolean replace, GError **error)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && path != NULL, FALSE);

  if (self->trainer != NULL && esp_kept_file_has_suffix (path)
          ? !esp_kept_file_save (self->trainer, path, replace, error)
          : !esp_save_tree (esp_document_get_tree (self), path, replace, NULL, error))
    return FALSE;
  esp_document_set_modified (self, FALSE);
  return TRUE;
}

char *
esp_document_get_code (EspDocument *self, EspPlace *place, EspDialect dialect)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), NULL);

  return esp_code_for_place (self->checkpoint, self->network, place, dialect);
}
