/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of formats, and how a file finds its own: by its bytes, never by its suffix. A new
 * format is one pair of files and one row here. */

#include "config.h"

#include "esp-format.h"

#include "esp-error.h"
#include "esp-flax.h"
#include "esp-folder.h"
#include "esp-foreign.h"
#include "esp-gguf.h"
#include "esp-hdf5-plain.h"
#include "esp-keras.h"
#include "esp-numpy.h"
#include "esp-onnx.h"
#include "esp-path.h"
#include "esp-pytorch-legacy.h"
#include "esp-pytorch.h"
#include "esp-safetensors.h"
#include "esp-sharded.h"
#include "esp-torch-dcp.h"
#include "esp-tf-checkpoint.h"
#include "esp-tf-graph.h"
#include "esp-tf-savedmodel.h"
#include "esp-tf-v1.h"
#include "esp-tflite.h"
#include "esp-torch-export.h"
#include "esp-torchscript.h"

#include <glib/gi18n.h>
#include <string.h>

#define HEAD_SIZE 4096

/* more special ones first */
static const EspFormat *const formats[] = {
  &esp_format_gguf,
  &esp_format_npy,
  &esp_format_npz,
  &esp_format_keras_sharded,
  &esp_format_safetensors_sharded,
  &esp_format_pytorch_sharded,
  &esp_format_safetensors,
  &esp_format_pytorch_zip,
  &esp_format_torchscript,
  &esp_format_torch_export,
  &esp_format_torch_dcp,
  &esp_format_pytorch_legacy,
  &esp_format_keras_zip,
  &esp_format_keras_h5,
  &esp_format_keras_weights_h5,
  &esp_format_keras_h5_weights,
  &esp_format_hdf5,
  &esp_format_tf_checkpoint,
  &esp_format_tf_checkpoint_v1,
  &esp_format_tf_savedmodel,
  &esp_format_tf_graphdef,
  &esp_format_tflite,
  &esp_format_onnx,
  &esp_format_flax_msgpack,
  NULL,
};

const EspFormat *const *
esp_format_get_all (void)
{
  return formats;
}

const EspFormat *
esp_format_from_name (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; formats[i] != NULL; i++)
    if (strcmp (formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

static gboolean
begins_as_zip (const guint8 *head, gsize size)
{
  return size >= 4 && (memcmp (head, "PK\x03\x04", 4) == 0 || memcmp (head, "PK\x05\x06", 4) == 0);
}

/* what the file is, with all that a reader needs; the zip is the caller's to unref */
static EspCheckpoint *
read_probe (EspProbe *probe,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GError) zip_error = NULL;

  if (begins_as_zip (probe->head, probe->head_size))
    probe->zip = esp_zip_new (probe->source, cancellable, &zip_error);
  for (guint i = 0; formats[i] != NULL; i++)
    if (formats[i]->probe (probe))
      return formats[i]->read (probe, progress, user_data, cancellable, error);
  if (zip_error != NULL)
    g_propagate_error (error, g_steal_pointer (&zip_error));
  else
    esp_foreign_explain (probe, cancellable, error);
  return NULL;
}

static EspCheckpoint *
read_source (EspSource *source,
             const char *path,
             gboolean is_shard,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  guint8 head[HEAD_SIZE];
  EspProbe probe = { 0 };
  EspCheckpoint *checkpoint;

  probe.path = path;
  probe.source = source;
  probe.is_shard = is_shard;
  probe.head = head;
  probe.head_size = MIN (esp_source_get_size (source), sizeof head);
  if (probe.head_size == 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNKNOWN,
                           _ ("the file is empty"));
      return NULL;
    }
  if (!esp_source_read (source, 0, probe.head_size, head, cancellable, error))
    return NULL;
  checkpoint = read_probe (&probe, progress, user_data, cancellable, error);
  g_clear_pointer (&probe.zip, esp_zip_unref);
  return checkpoint;
}

/* puts the file's name in front, except of what only says that the user changed their mind */
static void
prefix_name (GError **error, const char *path)
{
  g_autofree char *name = NULL;
  g_autofree char *shown = NULL;

  if (error == NULL || *error == NULL || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  name = g_path_get_basename (path);
  shown = esp_path_escape (name);
  g_prefix_error (error, "%s: ", shown);
}

EspCheckpoint *
esp_format_open_source (EspSource *source,
                        const char *path,
                        EspProgressFunc progress,
                        gpointer user_data,
                        GCancellable *cancellable,
                        GError **error)
{
  EspCheckpoint *checkpoint;

  g_return_val_if_fail (source != NULL && path != NULL, NULL);

  checkpoint = read_source (source, path, FALSE, progress, user_data, cancellable, error);
  if (checkpoint == NULL)
    {
      prefix_name (error, path);
      return NULL;
    }
  esp_checkpoint_set_path (checkpoint, path);
  /* a reader of several files has told their size */
  if (esp_checkpoint_get_file_size (checkpoint) == 0)
    esp_checkpoint_set_file_size (checkpoint, esp_source_get_size (source));
  return checkpoint;
}

EspCheckpoint *
esp_format_read_shard (EspSource *source,
                       const char *name,
                       GCancellable *cancellable,
                       GError **error)
{
  EspCheckpoint *checkpoint;

  g_return_val_if_fail (source != NULL && name != NULL, NULL);

  checkpoint = read_source (source, name, TRUE, NULL, NULL, cancellable, error);
  if (checkpoint == NULL)
    prefix_name (error, name);
  return checkpoint;
}

/* what is wrong with a file that stands for its folder: of a kind that nobody reads, the folder is
 * better told of than the file */
static void
explain_folder (const char *file, GError *failure, GError **error)
{
  g_autofree char *name = g_path_get_basename (file);

  if ((g_error_matches (failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED) ||
       g_error_matches (failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNKNOWN)) &&
      esp_foreign_explain_folder (name, error))
    g_error_free (failure);
  else
    g_propagate_error (error, failure);
}

/* the checkpoint in a folder that is the most likely one to be meant */
static EspCheckpoint *
open_folder (const char *path,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  g_autofree char *warning = NULL;
  g_autofree char *file = esp_folder_choose (path, &warning);
  EspCheckpoint *checkpoint;
  GError *failure = NULL;

  if (file == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                           _ ("this is a folder without a checkpoint that can be opened"));
      return NULL;
    }
  /* the names of folders were passed over, so this goes no further down */
  checkpoint = esp_format_open (file, progress, user_data, cancellable, &failure);
  if (checkpoint == NULL)
    {
      explain_folder (file, failure, error);
      return NULL;
    }
  esp_checkpoint_set_path (checkpoint, path);
  if (warning != NULL)
    esp_checkpoint_add_warning (checkpoint, "%s", warning);
  return checkpoint;
}

static EspCheckpoint *
open_path (const char *path,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GError) failure = NULL;

  source = esp_source_new_for_file (path, &failure);
  if (source != NULL)
    return esp_format_open_source (source, path, progress, user_data, cancellable, error);
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY))
    {
      EspCheckpoint *checkpoint = open_folder (path, progress, user_data, cancellable, error);
      if (checkpoint != NULL)
        return checkpoint;
    }
  else
    g_propagate_error (error, g_steal_pointer (&failure));
  prefix_name (error, path);
  return NULL;
}

EspCheckpoint *
esp_format_open (const char *path,
                 EspProgressFunc progress,
                 gpointer user_data,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GPtrArray) files = NULL;
  EspCheckpoint *checkpoint;

  g_return_val_if_fail (path != NULL, NULL);

  esp_file_log_begin ();
  checkpoint = open_path (path, progress, user_data, cancellable, error);
  files = esp_file_log_end ();
  /* in a folder, the file that stands for it has told them */
  if (checkpoint != NULL && files->len > 0)
    esp_checkpoint_set_files (checkpoint, files);
  return checkpoint;
}
