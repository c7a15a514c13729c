/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of TensorFlow Lite's models (tensorflow/compiler/mlir/lite/schema/schema.fbs). In: a
 * FlatBuffer of KB to GB. Out: a checkpoint of all tensors that have bytes. Values are as they are
 * stored; how quantised ones are to be read is in attributes of the module.
 *
 *   Model      0 version, 2 subgraphs, 3 description, 4 buffers, 7 signatures
 *   SubGraph   0 tensors, 4 name
 *   Tensor     0 shape, 1 type, 2 buffer, 3 name, 4 quantisation, 6 sparsity
 *   Buffer     0 bytes, or 1 offset in the file and 2 size of what is behind the FlatBuffer
 *   Quantisation   2 scales, 3 zero points, 6 dimension
 *   Signature  0 inputs, 1 outputs: { 0 name, 1 tensor }, 2 name, 4 subgraph
 *
 * Buffer 0 is empty. Tensors of one buffer are tied. */

#include "config.h"

#include "esp-tflite.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-flat.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define SUBGRAPHS_MAX 10000
#define SCALES_SHOWN 16
#define ARGUMENTS_SHOWN 100
#define SIGNATURES_SHOWN 100

typedef struct
{
  const char *name;
  EspDtype dtype;
} Type;

static const Type types[] = {
  { "FLOAT32", ESP_DTYPE_FLOAT32 },     { "FLOAT16", ESP_DTYPE_FLOAT16 },
  { "INT32", ESP_DTYPE_INT32 },         { "UINT8", ESP_DTYPE_UINT8 },
  { "INT64", ESP_DTYPE_INT64 },         { "STRING", ESP_DTYPE_RAW },
  { "BOOL", ESP_DTYPE_BOOL },           { "INT16", ESP_DTYPE_INT16 },
  { "COMPLEX64", ESP_DTYPE_COMPLEX64 }, { "INT8", ESP_DTYPE_INT8 },
  { "FLOAT64", ESP_DTYPE_FLOAT64 },     { "COMPLEX128", ESP_DTYPE_COMPLEX128 },
  { "UINT64", ESP_DTYPE_UINT64 },       { "RESOURCE", ESP_DTYPE_RAW },
  { "VARIANT", ESP_DTYPE_RAW },         { "UINT32", ESP_DTYPE_UINT32 },
  { "UINT16", ESP_DTYPE_UINT16 },       { "INT4", ESP_DTYPE_INT4 },
  { "BFLOAT16", ESP_DTYPE_BFLOAT16 },   { "INT2", ESP_DTYPE_INT2 },
  { "UINT4", ESP_DTYPE_UINT4 },
};

typedef struct
{
  EspSource *source;
  EspFlat *flat;
  EspFlatVector buffers;
  EspTreeBuilder *builder;
  GHashTable *storages; /* number of a buffer -> EspStorage */
  guint64 n_seen;       /* tensors, those without bytes, too */
} Reader;

/* what the schema says of a tensor */
typedef struct
{
  EspFlatTable table;
  char *name;
  guint type;
  guint32 buffer;
  guint64 n_dims;
  guint ndim;
  gint64 shape[ESP_LIMIT_DIMS];
  gboolean is_sparse;
  gboolean is_quantised;
} Info;

/* {{{ tensors */

static void
read_info (Reader *self, const EspFlatTable *table, Info *info)
{
  EspFlatVector shape = esp_flat_get_vector (self->flat, table, 0, 4);
  EspFlatTable quantisation = esp_flat_get_table (self->flat, table, 4);

  info->table = *table;
  info->type = (guint) esp_flat_get_uint (self->flat, table, 1, 1, 0);
  info->buffer = (guint32) esp_flat_get_uint (self->flat, table, 2, 4, 0);
  info->n_dims = shape.n;
  info->ndim = MIN (shape.n, ESP_LIMIT_DIMS);
  for (guint i = 0; i < info->ndim; i++)
    info->shape[i] = (gint32) (guint32) esp_flat_get_number (self->flat, &shape, i, 4);
  info->is_sparse = esp_flat_get_table (self->flat, table, 6).position != 0;
  info->is_quantised = esp_flat_get_vector (self->flat, &quantisation, 2, 4).n > 0;
}

/* where the bytes of a buffer are; FALSE for one that has none */
static gboolean
find_buffer (Reader *self, guint32 number, guint64 *offset, guint64 *size)
{
  EspFlatTable buffer = { 0 };
  EspFlatVector bytes;

  if (number == 0)
    return FALSE;
  buffer = esp_flat_get_element (self->flat, &self->buffers, number);
  bytes = esp_flat_get_vector (self->flat, &buffer, 0, 1);
  *offset = bytes.position;
  *size = bytes.n;
  if (bytes.n == 0)
    {
      *offset = esp_flat_get_uint (self->flat, &buffer, 1, 8, 0);
      *size = esp_flat_get_uint (self->flat, &buffer, 2, 8, 0);
    }
  return *size > 0 && *offset > 1; /* 1 is kept for what is yet to be written */
}

static EspStorage *
find_storage (Reader *self, guint32 number, guint64 offset, guint64 size, GError **error)
{
  EspStorage *storage = g_hash_table_lookup (self->storages, GUINT_TO_POINTER (number));
  char id[16];

  if (storage != NULL)
    return storage;
  if (!esp_range_fits (offset, size, esp_source_get_size (self->source)))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("its buffer has %" PRIu64 " bytes at offset %" PRIu64
                      ", but the file ends at %" PRIu64),
                   size, offset, esp_source_get_size (self->source));
      return NULL;
    }
  g_snprintf (id, sizeof id, "%u", number);
  storage = esp_storage_new_for_source (self->source, offset, size, id);
  g_hash_table_insert (self->storages, GUINT_TO_POINTER (number), storage);
  return storage;
}

static const Type *
find_type (const Info *info, GError **error)
{
  if (info->type >= G_N_ELEMENTS (types))
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("its data type has the number %d, which isn’t known"), (int) info->type);
  else if (strcmp (types[info->type].name, "STRING") == 0)
    g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                         _ ("its values are texts, not numbers"));
  else if (types[info->type].dtype == ESP_DTYPE_RAW)
    g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                 _ ("its values are objects (%s), not numbers"), types[info->type].name);
  else if (info->is_sparse)
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                         _ ("it is stored as a sparse tensor, which can’t be read"));
  else if (info->n_dims > ESP_LIMIT_DIMS)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                 _ ("it has more dimensions than the limit of %d"), ESP_LIMIT_DIMS);
  else
    return &types[info->type];
  return NULL;
}

static gboolean
check_size (const Info *info, const Type *type, guint64 found, GError **error)
{
  guint64 count = 1, bytes = 0;
  gboolean fits = TRUE, empty = FALSE;

  for (guint i = 0; i < info->ndim && fits; i++)
    {
      empty = empty || info->shape[i] == 0;
      fits = info->shape[i] >= 0 && esp_mul_u64 (count, (guint64) MAX (info->shape[i], 1), &count);
    }
  if (!fits || count > G_MAXINT64 || !esp_dtype_get_size (type->dtype, empty ? 0 : count, &bytes))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("its sizes are negative or too large"));
      return FALSE;
    }
  if (bytes == found)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its shape and type take %" PRIu64 " bytes, but it has %" PRIu64), bytes, found);
  return FALSE;
}

static EspTensor *
make_readable (Reader *self, const Info *info, guint64 offset, guint64 size, GError **error)
{
  const Type *type = find_type (info, error);
  EspStorage *storage;

  if (type == NULL || !check_size (info, type, size, error))
    return NULL;
  storage = find_storage (self, info->buffer, offset, size, error);
  if (storage == NULL)
    return NULL;
  return esp_tensor_new (type->dtype, type->name, info->shape, info->ndim, NULL, 0, 0, storage,
                         error);
}

static EspTensor *
make_tensor (Reader *self, Info *info, guint64 offset, guint64 size)
{
  GError *reason = NULL;
  EspTensor *tensor = make_readable (self, info, offset, size, &reason);
  g_autofree char *number = g_strdup_printf ("%u", info->type);
  gboolean known = info->type < G_N_ELEMENTS (types);

  if (tensor != NULL)
    return tensor;
  for (guint i = 0; i < info->ndim; i++)
    info->shape[i] = MAX (info->shape[i], 0);
  return esp_tensor_new_unreadable (known ? types[info->type].dtype : ESP_DTYPE_RAW,
                                    known ? types[info->type].name : number, info->shape,
                                    info->ndim, reason);
}

/* }}} */
/* {{{ names and what goes with them */

/* sizes, axes and the like are whole numbers without a scale */
static EspRole
find_role (const Info *info, EspTensor *tensor)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;

  if (kind == ESP_KIND_OPAQUE)
    return ESP_ROLE_OTHER;
  if (info->is_quantised)
    return ESP_ROLE_PARAMETER;
  return (kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX) && info->ndim > 0 ? ESP_ROLE_PARAMETER
                                                                                : ESP_ROLE_CONSTANT;
}

static void
append_double (GString *text, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.9g", value));
}

/* "scale 0.5, 0.25; zero point 0, 0; axis 0", the first of many */
static char *
tell_quantisation (Reader *self, const Info *info)
{
  EspFlatTable table = esp_flat_get_table (self->flat, &info->table, 4);
  EspFlatVector scales = esp_flat_get_vector (self->flat, &table, 2, 4);
  EspFlatVector zeros = esp_flat_get_vector (self->flat, &table, 3, 8);
  GString *text = g_string_new ("scale ");

  for (guint i = 0; i < MIN (scales.n, SCALES_SHOWN); i++)
    {
      guint32 bits = (guint32) esp_flat_get_number (self->flat, &scales, i, 4);
      float value;

      memcpy (&value, &bits, sizeof value);
      if (i > 0)
        g_string_append (text, ", ");
      append_double (text, (double) value);
    }
  if (scales.n > SCALES_SHOWN)
    g_string_append (text, ", …");
  g_string_append (text, "; zero point ");
  for (guint i = 0; i < MIN (zeros.n, SCALES_SHOWN); i++)
    g_string_append_printf (text, "%s%" PRId64, i > 0 ? ", " : "",
                            (gint64) esp_flat_get_number (self->flat, &zeros, i, 8));
  if (zeros.n > SCALES_SHOWN)
    g_string_append (text, ", …");
  if (scales.n > 1)
    g_string_append_printf (text, "; axis %d",
                            (gint32) (guint32) esp_flat_get_uint (self->flat, &table, 6, 4, 0));
  return g_string_free (text, FALSE);
}

static gboolean
add_quantisation (Reader *self, const char *const *keys, const Info *info, GError **error)
{
  g_autofree char *text = tell_quantisation (self, info);
  g_autofree char *joined = g_strjoinv ("/", (GStrv) keys);
  char *slash = strrchr (joined, '/');
  const char *path[] = { joined, NULL };
  EspModule *module;

  if (slash != NULL)
    *slash = '\0';
  module = esp_tree_builder_add_module (self->builder, slash != NULL ? path : path + 1, NULL,
                                        error);
  if (module == NULL)
    return FALSE;
  esp_tree_builder_add_attribute (self->builder, module, slash != NULL ? slash + 1 : joined, text);
  return TRUE;
}

/* of a name that stands for several fused operations the first says where it is */
static gboolean
add_tensor (Reader *self, const char *graph, Info *info, GError **error)
{
  guint64 offset, size;
  g_autofree char *first = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  const char *keys[] = { graph, NULL, NULL };
  const char *const *path = graph != NULL ? keys : keys + 1;

  if (!find_buffer (self, info->buffer, &offset, &size))
    return esp_flat_check (self->flat, error);
  info->name = esp_flat_dup_text (self->flat, &info->table, 3);
  if (!esp_flat_check (self->flat, error))
    return FALSE;
  first = g_strndup (info->name, strcspn (info->name, ";"));
  keys[1] = *first != '\0' ? first : info->name;
  tensor = make_tensor (self, info, offset, size);
  if (info->is_quantised && !add_quantisation (self, path, info, error))
    return FALSE;
  return esp_tree_builder_put_tensor (
      self->builder, path, strcmp (keys[1], info->name) != 0 ? info->name : NULL,
      find_role (info, tensor), ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

/* }}} */
/* {{{ the model */

static gboolean
read_subgraph (Reader *self, const EspFlatTable *subgraph, guint index, GError **error)
{
  EspFlatVector tensors = esp_flat_get_vector (self->flat, subgraph, 0, 4);
  g_autofree char *name = index > 0 ? esp_flat_dup_text (self->flat, subgraph, 4) : NULL;

  if (name != NULL && *name == '\0')
    {
      g_free (name);
      name = g_strdup_printf ("subgraph_%u", index);
    }
  self->n_seen += tensors.n;
  if (self->n_seen > ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("There are more than %d tensors"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  for (guint32 i = 0; i < tensors.n; i++)
    {
      EspFlatTable tensor = esp_flat_get_element (self->flat, &tensors, i);
      g_autofree Info *info = g_new0 (Info, 1);
      gboolean added;

      read_info (self, &tensor, info);
      added = esp_flat_check (self->flat, error) && add_tensor (self, name, info, error);
      g_free (info->name);
      if (!added)
        return FALSE;
    }
  return esp_flat_check (self->flat, error);
}

static void
tell_arguments (Reader *self,
                const EspFlatTable *subgraph,
                const EspFlatTable *signature,
                guint slot,
                GString *text)
{
  EspFlatVector arguments = esp_flat_get_vector (self->flat, signature, slot, 4);
  EspFlatVector tensors = esp_flat_get_vector (self->flat, subgraph, 0, 4);

  g_string_append_c (text, '(');
  for (guint32 i = 0; i < MIN (arguments.n, ARGUMENTS_SHOWN); i++)
    {
      EspFlatTable argument = esp_flat_get_element (self->flat, &arguments, i);
      g_autofree char *name = esp_flat_dup_text (self->flat, &argument, 0);
      g_autofree char *shown = esp_path_escape (name);
      guint32 index = (guint32) esp_flat_get_uint (self->flat, &argument, 1, 4, 0);
      EspFlatTable tensor = esp_flat_get_element (self->flat, &tensors, index);
      g_autofree Info *info = g_new0 (Info, 1);

      read_info (self, &tensor, info);
      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", shown);
      if (tensor.position == 0 || info->type >= G_N_ELEMENTS (types))
        continue;
      g_string_append_printf (text, " %s [", types[info->type].name);
      for (guint k = 0; k < info->ndim; k++)
        g_string_append_printf (text, "%s%" PRId64, k > 0 ? ", " : "", info->shape[k]);
      g_string_append_c (text, ']');
    }
  g_string_append_c (text, ')');
}

/* signatures for people; a broken one is left out with all after it */
static void
add_metadata (Reader *self, const EspFlatTable *model, EspCheckpoint *checkpoint)
{
  g_autofree char *description = esp_flat_dup_text (self->flat, model, 3);
  g_autofree char *shown = esp_path_escape (description);
  g_autofree char *version =
      g_strdup_printf ("%u", (guint) esp_flat_get_uint (self->flat, model, 0, 4, 0));
  EspFlatVector signatures = esp_flat_get_vector (self->flat, model, 7, 4);
  EspFlatVector subgraphs = esp_flat_get_vector (self->flat, model, 2, 4);

  esp_checkpoint_add_metadata (checkpoint, "schema version", version);
  if (*shown != '\0')
    esp_checkpoint_add_metadata (checkpoint, "description", shown);
  for (guint32 i = 0; i < MIN (signatures.n, SIGNATURES_SHOWN); i++)
    {
      EspFlatTable signature = esp_flat_get_element (self->flat, &signatures, i);
      guint32 index = (guint32) esp_flat_get_uint (self->flat, &signature, 4, 4, 0);
      EspFlatTable subgraph = esp_flat_get_element (self->flat, &subgraphs, index);
      g_autofree char *name = esp_flat_dup_text (self->flat, &signature, 2);
      g_autofree char *escaped = esp_path_escape (name);
      g_autofree char *key = g_strconcat ("signature.", escaped, NULL);
      g_autoptr (GString) text = g_string_new (NULL);

      tell_arguments (self, &subgraph, &signature, 0, text);
      g_string_append (text, " → ");
      tell_arguments (self, &subgraph, &signature, 1, text);
      if (!esp_flat_check (self->flat, NULL))
        return;
      esp_checkpoint_add_metadata (checkpoint, key, text->str);
    }
}

static EspCheckpoint *
read_model (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  EspFlatTable model = esp_flat_get_root (self->flat);
  EspFlatVector subgraphs = esp_flat_get_vector (self->flat, &model, 2, 4);
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  self->buffers = esp_flat_get_vector (self->flat, &model, 4, 4);
  if (subgraphs.n > SUBGRAPHS_MAX)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the model has %u subgraphs, more than the limit of %d"), subgraphs.n,
                   SUBGRAPHS_MAX);
      return NULL;
    }
  for (guint32 i = 0; i < subgraphs.n; i++)
    {
      EspFlatTable subgraph = esp_flat_get_element (self->flat, &subgraphs, i);

      if (!read_subgraph (self, &subgraph, i, error))
        return NULL;
      if (progress != NULL)
        progress ((i + 1.0) / subgraphs.n, user_data);
    }
  if (!esp_flat_check (self->flat, error))
    return NULL;
  tree = esp_tree_builder_finish (self->builder, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (esp_format_tflite.name, tree);
  esp_checkpoint_set_producer (checkpoint, "tflite");
  add_metadata (self, &model, checkpoint);
  return checkpoint;
}

static EspCheckpoint *
tflite_read (const EspProbe *probe,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (EspFlat) flat = esp_flat_new (probe->source, "model", cancellable);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  Reader self = { .source = probe->source, .flat = flat, .builder = builder };
  EspCheckpoint *checkpoint;

  self.storages = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) esp_storage_unref);
  checkpoint = read_model (&self, progress, user_data, error);
  g_hash_table_unref (self.storages);
  return checkpoint;
}

/* }}} */

static gboolean
tflite_probe (const EspProbe *probe)
{
  return !probe->is_shard && probe->head_size >= 8 && memcmp (probe->head + 4, "TFL3", 4) == 0;
}

static const char *const suffixes[] = { "tflite", NULL };

const EspFormat esp_format_tflite = {
  .name = "tflite",
  .title = "TensorFlow Lite",
  .suffixes = suffixes,
  .probe = tflite_probe,
  .read = tflite_read,
};
