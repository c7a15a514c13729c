/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of ONNX. In: one protobuf message, of some kilobytes to 2 GB, and perhaps files beside
 * it. Out: a checkpoint of its initialisers and constants. The messages are gone through by a
 * window (esp-wire.h), so that memory grows with the number of tensors only.
 *
 *   ModelProto   ir_version, producer, opsets, metadata
 *     graph      nodes (with graphs inside them), initialisers, inputs and outputs
 *     functions  nodes
 *     training   graphs
 *
 * Fields may come in any order; writers put them by number. */

#include "config.h"

#include "esp-onnx.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-onnx-graph.h"
#include "esp-onnx-info.h"
#include "esp-onnx-roles.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHARED_SHOWN 1000
#define IR_VERSIONS 64 /* 13 so far */

/* a graph, a function or a training step */
typedef struct
{
  EspWireField field;
  EspOnnxGraphKind kind;
} Part;

typedef struct
{
  GArray *parts; /* Part */
  gboolean has_graph;
} Model;

/* {{{ the model */

static gboolean
read_model_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Model *self = data;
  Part part = { *field, ESP_ONNX_MAIN };

  if (field->kind != ESP_WIRE_BYTES ||
      (field->number != 7 && field->number != 20 && field->number != 25))
    return TRUE;
  if (field->number == 7 && self->has_graph)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the model has two graphs"));
      return FALSE;
    }
  if (self->parts->len == ESP_LIMIT_ONNX_FUNCTIONS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the model has more functions than the limit of %d"),
                   ESP_LIMIT_ONNX_FUNCTIONS);
      return FALSE;
    }
  self->has_graph = self->has_graph || field->number == 7;
  if (field->number == 20)
    part.kind = ESP_ONNX_TRAINING;
  if (field->number == 25)
    part.kind = ESP_ONNX_FUNCTION;
  g_array_append_val (self->parts, part);
  return TRUE;
}

typedef struct
{
  EspOnnxGraphs *graphs;
  gboolean second;
} Pass;

/* initialization and algorithm are graphs */
static gboolean
read_training_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Pass *self = data;

  if (field->kind != ESP_WIRE_BYTES || (field->number != 1 && field->number != 2))
    return TRUE;
  return _esp_onnx_graphs_read (self->graphs, wire, field, ESP_ONNX_TRAINING, self->second, error);
}

static gboolean
read_parts (const Model *self,
            EspOnnxGraphs *graphs,
            EspWire *wire,
            gboolean second,
            GError **error)
{
  Pass pass = { graphs, second };

  for (guint i = 0; i < self->parts->len; i++)
    {
      const Part *part = &g_array_index (self->parts, Part, i);
      gboolean read = part->kind == ESP_ONNX_TRAINING
                          ? esp_wire_foreach (wire, &part->field, read_training_field, &pass, error)
                          : _esp_onnx_graphs_read (graphs, wire, &part->field, part->kind, second,
                                                   error);

      if (!read)
        return FALSE;
    }
  return TRUE;
}

/* }}} */
/* {{{ the tree */

static gboolean
add_modules (EspTreeBuilder *builder, GPtrArray *modules, GError **error)
{
  for (guint i = 0; i < modules->len; i++)
    {
      const EspOnnxModule *module = modules->pdata[i];
      const char *keys[] = { module->scope, NULL };

      if (*module->scope == '\0')
        keys[0] = NULL;
      if (esp_tree_builder_add_module (builder, keys, module->class_name, error) == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_tensor (EspTreeBuilder *builder, const EspOnnxEntry *entry, GHashTable *names, GError **error)
{
  const char *scope = entry->scope != NULL ? entry->scope : "";
  const char *keys[] = { scope, entry->leaf, NULL };
  g_autofree char *joined = g_strjoin (*scope != '\0' ? "." : "", scope, entry->leaf, NULL);
  EspRole role = entry->role;

  if (!entry->role_known)
    role = _esp_onnx_role_from_name (entry->name, esp_tensor_get_dtype (entry->tensor), role);
  /* graphs inside may have the name again: they go by the whole path */
  return esp_tree_builder_put_tensor (
      builder, *scope != '\0' ? keys : keys + 1,
      g_hash_table_add (names, entry->name) && strcmp (joined, entry->name) != 0 ? entry->name
                                                                                 : NULL,
      role, ESP_REQUIRES_GRAD_UNKNOWN, entry->tensor, error);
}

static EspTree *
build (EspOnnxGraphs *graphs, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GHashTable) names = g_hash_table_new (esp_hash_string, g_str_equal);
  GPtrArray *entries = _esp_onnx_graphs_get_entries (graphs);

  if (!add_modules (builder, _esp_onnx_graphs_get_modules (graphs), error))
    return NULL;
  for (guint i = 0; i < entries->len; i++)
    if (!add_tensor (builder, entries->pdata[i], names, error))
      return NULL;
  return esp_tree_builder_finish (builder, error);
}

/* }}} */

/* who uses a tensor that several nodes use */
static void
add_shared (EspCheckpoint *checkpoint, EspOnnxGraphs *graphs)
{
  GPtrArray *entries = _esp_onnx_graphs_get_entries (graphs);
  guint shown = 0;

  for (guint i = 0; i < entries->len && shown < SHARED_SHOWN; i++)
    {
      const EspOnnxEntry *entry = entries->pdata[i];
      g_autofree char *shown_name = NULL;
      g_autofree char *key = NULL;

      if (entry->n_uses < 2 || entry->is_constant)
        continue;
      shown_name = _esp_onnx_dup_shown (entry->name, ESP_LIMIT_NAME_BYTES);
      key = g_strdup_printf ("shared.%s", shown_name);
      esp_checkpoint_add_metadata (checkpoint, key, entry->uses->str);
      shown++;
    }
}

static EspCheckpoint *
make_checkpoint (EspWire *wire, EspOnnxGraphs *graphs, EspTree *tree, GError **error)
{
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_new (esp_format_onnx.name, tree);
  GPtrArray *warnings = _esp_onnx_graphs_get_warnings (graphs);

  if (!_esp_onnx_info_read (wire, checkpoint, error))
    return NULL;
  add_shared (checkpoint, graphs);
  for (guint i = 0; i < warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) warnings->pdata[i]);
  return g_steal_pointer (&checkpoint);
}

static void
restart (EspWire *wire)
{
  while (wire->depth > 0)
    esp_wire_leave (wire);
  wire->position = 0;
}

static EspCheckpoint *
onnx_read (const EspProbe *probe,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  g_auto (EspWire) wire = { 0 };
  g_auto (EspOnnxStore) store = { 0 };
  g_autoptr (EspOnnxGraphs) graphs = NULL;
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (Part));
  g_autoptr (EspTree) tree = NULL;
  Model model = { parts, FALSE };

  esp_wire_init_for_source (&wire, probe->source, 0, esp_source_get_size (probe->source), "model",
                            cancellable);
  _esp_onnx_store_init (&store, probe->source, probe->path, cancellable);
  graphs = _esp_onnx_graphs_new (&store);
  if (!esp_wire_foreach (&wire, NULL, read_model_field, &model, error))
    return NULL;
  if (parts->len == 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the model has no graph"));
      return NULL;
    }
  if (!read_parts (&model, graphs, &wire, FALSE, error) ||
      !read_parts (&model, graphs, &wire, TRUE, error))
    return NULL;
  tree = build (graphs, error);
  if (tree == NULL)
    return NULL;
  restart (&wire);
  return make_checkpoint (&wire, graphs, tree, error);
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

/* A protobuf message of ONNX's fields: the version of the format, some short ones, then the graph
 * or the functions. A SavedModel's first field is a version too, but then comes field 2 to the end
 * of the file. Files that were cut off are recognised and say so when they are read. */
static gboolean
onnx_probe (const EspProbe *probe)
{
  gsize at = 0;
  guint64 tag, value;

  if (!read_varint (probe, &at, &tag) || tag != 0x08 || !read_varint (probe, &at, &value) ||
      value == 0 || value > IR_VERSIONS)
    return FALSE;
  while (read_varint (probe, &at, &tag) && read_varint (probe, &at, &value))
    {
      guint64 number = tag >> 3;

      if ((tag & 7) == 0 && number == 5)
        continue;
      if ((tag & 7) != 2)
        return FALSE;
      if (number == 7 || number == 20 || number == 25)
        return TRUE;
      if ((number < 2 || number > 8 || number == 5) && number != 14 && number != 26)
        return FALSE;
      if (value > probe->head_size - at)
        return number == 6 || number == 14; /* long texts */
      at += value;
    }
  return FALSE;
}

static const char *const suffixes[] = { "onnx", NULL };

const EspFormat esp_format_onnx = {
  .name = "onnx",
  .title = "ONNX",
  .suffixes = suffixes,
  .probe = onnx_probe,
  .read = onnx_read,
};
