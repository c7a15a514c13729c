/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of TensorFlow's checkpoints of version 2. In: any one of their files, of which the
 * index is the one that counts.
 *
 *   checkpoint             a text that names the latest: model_checkpoint_path: "ckpt-2"
 *   ckpt-2.index           names, types, shapes, places (esp-tf-bundle.c)
 *   ckpt-2.data-0000N-...  bytes
 *   ckpt-2.meta            of TensorFlow 1: the graph, and which variables are trained
 *
 * Out: a checkpoint. The graph of objects is itself a text tensor of the checkpoint. */

#include "config.h"

#include "esp-tf-checkpoint.h"

#include "esp-beside.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"
#include "esp-table.h"
#include "esp-tf-names.h"
#include "esp-tf-state.h"
#include "esp-tf-tree.h"
#include "esp-tf-v1.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define TEXTS_MAX 1000
#define TEXT_BYTES 4096

/* {{{ the graph of objects and other texts */

static EspTfObjects *
read_objects (EspTfBundle *bundle, GCancellable *cancellable, GError **error)
{
  g_auto (EspWire) wire = { 0 };
  EspSource *source;
  guint64 offset, length;
  guint index;

  if (!esp_tf_bundle_find (bundle, ESP_TF_GRAPH_KEY, &index) ||
      !esp_tf_bundle_find_text (bundle, index, &source, &offset, &length, error))
    return NULL;
  esp_wire_init_for_source (&wire, source, offset, length, ESP_TF_GRAPH_KEY, cancellable);
  return esp_tf_objects_new_tracked (&wire, error);
}

static char *
read_text (EspTfBundle *bundle, guint index, GCancellable *cancellable)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  EspSource *source;
  guint64 offset, length;

  if (!esp_tf_bundle_find_text (bundle, index, &source, &offset, &length, NULL) ||
      length > TEXT_BYTES)
    return NULL;
  bytes = esp_source_read_bytes (source, offset, length, TEXT_BYTES, cancellable, NULL);
  if (bytes == NULL)
    return NULL;
  text = esp_path_from_text (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return g_utf8_validate (text, -1, NULL) ? g_steal_pointer (&text) : esp_path_escape (text);
}

/* short texts are shown, as there are no numbers to draw */
static void
add_texts (EspCheckpoint *checkpoint, EspTfBundle *bundle, GCancellable *cancellable)
{
  guint n = esp_tf_bundle_get_n_entries (bundle), shown = 0;

  for (guint i = 0; i < n && shown < TEXTS_MAX; i++)
    {
      const EspTfEntry *entry = esp_tf_bundle_get_entry (bundle, i);
      g_autofree char *text = NULL;
      g_autofree char *path = NULL;
      g_autofree char *key = NULL;

      if (entry->type != ESP_TF_STRING || strcmp (entry->name, ESP_TF_GRAPH_KEY) == 0)
        continue;
      text = read_text (bundle, i, cancellable);
      if (text == NULL)
        continue;
      path = esp_tf_name_to_path (entry->name);
      key = esp_path_escape (path);
      esp_checkpoint_add_metadata (checkpoint, key, text);
      shown++;
    }
}

/* }}} */

void
esp_tf_checkpoint_add_meta (EspCheckpoint *checkpoint, const EspTfMeta *meta)
{
  g_autofree char *producer = NULL;

  esp_checkpoint_set_producer (checkpoint, "tensorflow");
  if (meta == NULL)
    return;
  if (meta->version != NULL && *meta->version != '\0')
    {
      producer = g_strdup_printf ("tensorflow %s", meta->version);
      esp_checkpoint_set_producer (checkpoint, producer);
    }
  if (meta->tags->len > 0)
    esp_checkpoint_add_metadata (checkpoint, "tags", meta->tags->str);
  for (guint i = 0; i < meta->signatures->len; i += 2)
    {
      g_autofree char *key = g_strdup_printf ("signature.%s",
                                              (const char *) meta->signatures->pdata[i]);

      esp_checkpoint_add_metadata (checkpoint, key, meta->signatures->pdata[i + 1]);
    }
}

EspCheckpoint *
esp_tf_checkpoint_build (const char *format,
                         EspTfBundle *bundle,
                         const EspTfMeta *meta,
                         EspProgressFunc progress,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (EspTfObjects) tracked = read_objects (bundle, cancellable, &failure);
  EspTfFacts facts = { .tracked = tracked };
  GPtrArray *warnings = esp_tf_bundle_get_warnings (bundle);
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (meta != NULL)
    {
      facts.saved = meta->objects;
      facts.trainable = meta->has_lists ? meta->trainable : NULL;
    }
  tree = esp_tf_tree_build (bundle, &facts, progress, user_data, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (format, tree);
  esp_checkpoint_set_file_size (checkpoint, esp_tf_bundle_get_file_size (bundle));
  esp_tf_checkpoint_add_meta (checkpoint, meta);
  add_texts (checkpoint, bundle, cancellable);
  if (failure != NULL)
    esp_checkpoint_add_warning (
        checkpoint, _ ("The graph of objects can’t be read, so that ties aren’t shown: %s"),
        failure->message);
  for (guint i = 0; i < warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) warnings->pdata[i]);
  return checkpoint;
}

/* {{{ files */

EspTfMeta *
esp_tf_checkpoint_read_meta (EspBeside *beside,
                             const char *prefix,
                             GCancellable *cancellable,
                             GError **failure)
{
  g_autofree char *name = g_strconcat (prefix, ".meta", NULL);
  g_autoptr (EspSource) source = esp_beside_open (beside, name, ESP_BESIDE_LINKS, NULL);
  g_auto (EspWire) wire = { 0 };
  EspTfMeta *meta;

  if (source == NULL)
    return NULL;
  meta = esp_tf_meta_new ();
  esp_wire_init_for_source (&wire, source, 0, esp_source_get_size (source), name, cancellable);
  esp_tf_meta_read (meta, &wire, NULL, failure);
  return meta;
}

static EspCheckpoint *
read_index (EspSource *index,
            EspBeside *beside,
            const char *prefix,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (EspTfBundle) bundle = esp_tf_bundle_new (index, beside, prefix, cancellable, error);
  g_autoptr (GError) failure = NULL;
  g_autoptr (EspTfMeta) meta = NULL;
  EspCheckpoint *checkpoint;

  if (bundle == NULL)
    return NULL;
  meta = esp_tf_checkpoint_read_meta (beside, prefix, cancellable, &failure);
  checkpoint = esp_tf_checkpoint_build (esp_format_tf_checkpoint.name, bundle, meta, progress,
                                        user_data, cancellable, error);
  if (checkpoint != NULL && failure != NULL)
    esp_checkpoint_add_warning (checkpoint, "%s", failure->message);
  return checkpoint;
}

/* a checkpoint of version 1 is one file of that name, or several: then the text has ????? for their
 * numbers */
static EspCheckpoint *
read_v1 (EspBeside *beside, const char *prefix, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (prefix, "?????", 2);
  g_autofree char *name = g_strjoinv ("00000", parts);
  g_autoptr (EspSource) source = esp_beside_open (beside, name, ESP_BESIDE_LINKS, error);
  g_autoptr (EspTfMeta) meta = NULL;
  g_autofree char *shown = NULL;
  EspCheckpoint *checkpoint;

  if (source == NULL)
    return NULL;
  meta = esp_tf_checkpoint_read_meta (beside, prefix, cancellable, NULL);
  checkpoint = esp_tf_v1_read (source, beside, name, meta, cancellable, error);
  shown = esp_path_escape (name);
  if (checkpoint == NULL)
    g_prefix_error (error, "%s: ", shown);
  return checkpoint;
}

/* the index of the prefix, or the file of version 1; its name stands before what is wrong with it
 */
static EspCheckpoint *
read_prefix (EspBeside *beside,
             const char *prefix,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  g_autofree char *name = g_strconcat (prefix, ".index", NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (EspSource) index = esp_beside_open (beside, name, ESP_BESIDE_LINKS, &failure);
  g_autofree char *shown = NULL;
  EspCheckpoint *checkpoint;

  if (index == NULL)
    {
      checkpoint = read_v1 (beside, prefix, cancellable, NULL);
      if (checkpoint == NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
      return checkpoint;
    }
  checkpoint = read_index (index, beside, prefix, progress, user_data, cancellable, error);
  shown = esp_path_escape (name);
  if (checkpoint == NULL)
    g_prefix_error (error, "%s: ", shown);
  return checkpoint;
}

static EspCheckpoint *
read_state (const EspProbe *probe,
            EspBeside *beside,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (EspTfState) state = esp_tf_state_new (probe->source, cancellable, error);
  g_autofree char *others = NULL;
  g_autofree char *shown = NULL;
  EspCheckpoint *checkpoint;

  if (state == NULL)
    return NULL;
  checkpoint = read_prefix (beside, state->latest, progress, user_data, cancellable, error);
  if (checkpoint == NULL)
    return NULL;
  others = esp_tf_state_list_others (state, beside);
  shown = esp_path_escape (state->latest);
  esp_checkpoint_add_metadata (checkpoint, "checkpoint", shown);
  if (others != NULL)
    esp_checkpoint_add_warning (
        checkpoint, _ ("This is “%s”, the latest checkpoint of its folder; there are also %s"),
        shown, others);
  return checkpoint;
}

static EspCheckpoint *
tf_read (const EspProbe *probe,
         EspProgressFunc progress,
         gpointer user_data,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (EspBeside) beside = esp_beside_new_for_file (probe->path, error);
  g_autofree char *prefix = esp_tf_state_dup_prefix (probe->path);

  if (beside == NULL)
    return NULL;
  if (esp_table_is_one (probe->source, cancellable) || g_str_has_suffix (probe->path, ".index"))
    return read_index (probe->source, beside, prefix, progress, user_data, cancellable, error);
  if (esp_tf_state_is_one (probe->head, probe->head_size))
    return read_state (probe, beside, progress, user_data, cancellable, error);
  return read_prefix (beside, prefix, progress, user_data, cancellable, error);
}

/* }}} */

/* whether the table's first value is a BundleHeaderProto and not what version 1 has: a number of
 * data files comes first, or nothing where all is as by default */
static gboolean
is_bundle_header (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  guint8 byte = 0;

  *(gboolean *) user_data = entry->key_length == 0 && entry->length > 0 &&
                            esp_source_read (entry->source, entry->offset, 1, &byte, NULL, NULL) &&
                            (byte & 7) == 0;
  return FALSE;
}

/* whether the file is one of several: a data file or a graph of TensorFlow 1 with its index, an
 * index that was cut off with its data */
static gboolean
has_others (const char *path)
{
  g_autofree char *prefix = esp_tf_state_dup_prefix (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *folder = g_path_get_dirname (path);
  const char *other = g_str_has_suffix (base, ".index") ? ".data-00000-of-00001" : ".index";
  g_autofree char *name = g_strconcat (prefix, other, NULL);
  g_autofree char *file = g_build_filename (folder, name, NULL);

  return strcmp (prefix, base) != 0 && g_file_test (file, G_FILE_TEST_IS_REGULAR);
}

/* A table that begins as a bundle does, the text that names the latest, or a file beside an index:
 * data files have no mark of their own. */
static gboolean
tf_probe (const EspProbe *probe)
{
  gboolean is_bundle = FALSE;

  if (probe->is_shard)
    return FALSE;
  if (!esp_table_is_one (probe->source, NULL))
    return esp_tf_state_is_one (probe->head, probe->head_size) || has_others (probe->path);
  if (!esp_table_foreach (probe->source, is_bundle_header, &is_bundle, NULL, NULL))
    return is_bundle || g_str_has_suffix (probe->path, ".index");
  return TRUE; /* an empty one, which the reader refuses */
}

static const char *const suffixes[] = { "index", NULL };

const EspFormat esp_format_tf_checkpoint = {
  .name = "tf-checkpoint",
  .title = "TensorFlow",
  .suffixes = suffixes,
  .probe = tf_probe,
  .read = tf_read,
};
