/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of SavedModels. In: saved_model.pb, of some KB to some MB, and what lies beside it.
 *
 *   saved_model.pb        1 version of the schema, 2 MetaGraphDefs (esp-tf-meta.c)
 *   variables/variables.* a checkpoint of version 2 (esp-tf-bundle.c)
 *   keras_metadata.pb     of Keras 2.5 to 2.15: classes and configurations of layers
 *
 * Out: the checkpoint, its modules with classes and its variables with roles. */

#include "config.h"

#include "esp-tf-savedmodel.h"

#include "esp-beside.h"
#include "esp-error.h"
#include "esp-source.h"
#include "esp-tf-checkpoint.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
read_model_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 2)
    return TRUE;
  return esp_tf_meta_read (data, wire, field, error);
}

static EspTfMeta *
read_model (const EspProbe *probe, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspTfMeta) meta = esp_tf_meta_new ();
  g_auto (EspWire) wire = { 0 };

  esp_wire_init_for_source (&wire, probe->source, 0, esp_source_get_size (probe->source),
                            "SavedModel", cancellable);
  if (!esp_wire_foreach (&wire, NULL, read_model_field, meta, error))
    return NULL;
  return g_steal_pointer (&meta);
}

/* a file that Keras wrote beside it; without it the layers have no classes */
static gboolean
read_keras (EspTfMeta *meta, EspBeside *beside, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspSource) source = NULL;
  g_auto (EspWire) wire = { 0 };

  if (meta->objects == NULL)
    return TRUE;
  source = esp_beside_open (beside, "keras_metadata.pb", ESP_BESIDE_LINKS, NULL);
  if (source == NULL)
    return TRUE;
  esp_wire_init_for_source (&wire, source, 0, esp_source_get_size (source), "keras_metadata.pb",
                            cancellable);
  return esp_tf_objects_add_metadata (meta->objects, &wire, error);
}

static EspTfBundle *
open_variables (const EspProbe *probe, GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (probe->path);
  g_autofree char *variables = g_build_filename (folder, "variables", NULL);
  g_autoptr (EspBeside) beside = esp_beside_new (variables, error);
  g_autoptr (EspSource) index = NULL;
  EspTfBundle *bundle = NULL;

  if (beside != NULL)
    index = esp_beside_open (beside, "variables.index", ESP_BESIDE_LINKS, error);
  if (index != NULL)
    bundle = esp_tf_bundle_new (index, beside, "variables", cancellable, error);
  if (bundle == NULL)
    g_prefix_error (error, "variables: ");
  return bundle;
}

static EspCheckpoint *
saved_read (const EspProbe *probe,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (EspTfMeta) meta = read_model (probe, cancellable, error);
  g_autoptr (EspBeside) beside = NULL;
  g_autoptr (EspTfBundle) bundle = NULL;
  g_autoptr (GError) failure = NULL;
  EspCheckpoint *checkpoint;

  if (meta == NULL)
    return NULL;
  beside = esp_beside_new_for_file (probe->path, error);
  if (beside == NULL)
    return NULL;
  read_keras (meta, beside, cancellable, &failure);
  bundle = open_variables (probe, cancellable, error);
  if (bundle == NULL)
    return NULL;
  checkpoint = esp_tf_checkpoint_build (esp_format_tf_savedmodel.name, bundle, meta, progress,
                                        user_data, cancellable, error);
  if (checkpoint == NULL)
    return NULL;
  if (failure != NULL)
    esp_checkpoint_add_warning (checkpoint, "%s", failure->message);
  esp_checkpoint_set_file_size (checkpoint, esp_tf_bundle_get_file_size (bundle) +
                                                esp_source_get_size (probe->source));
  return checkpoint;
}

static gboolean
read_varint (const EspProbe *probe, gsize *at, guint64 *out)
{
  int n = esp_wire_decode_varint (probe->head + *at, probe->head_size - *at, out);

  if (n <= 0)
    return FALSE;
  *at += (gsize) n;
  return TRUE;
}

/* A protobuf without any mark: the version of the schema, 1 so far, then a MetaGraphDef, which
 * begins with its MetaInfoDef, and nothing else to the end but more of them. */
static gboolean
saved_probe (const EspProbe *probe)
{
  gsize at = 2;
  guint64 tag, length, first;

  if (probe->is_shard || probe->head_size < 4 || memcmp (probe->head, "\x08\x01\x12", 3) != 0)
    return FALSE;
  return read_varint (probe, &at, &tag) && read_varint (probe, &at, &length) && length > 0 &&
         read_varint (probe, &at, &first) && first == 0x0a;
}

static const char *const suffixes[] = { "pb", NULL };

const EspFormat esp_format_tf_savedmodel = {
  .name = "tf-savedmodel",
  .title = "TensorFlow",
  .suffixes = suffixes,
  .probe = saved_probe,
  .read = saved_read,
};
