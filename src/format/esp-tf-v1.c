/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of TensorFlow's checkpoints of version 1
 * (tensorflow/core/util/tensor_slice_writer.cc). In: one table of KB to GB, or several,
 * `NAME-00000-of-00002`.
 *
 *   ""    SavedTensorSlices { 1 meta { 1 tensors { 1 name, 2 shape, 3 type, 4 slices } } }
 *   key   SavedTensorSlices { 2 data { 1 name, 2 slice, 3 TensorProto } }
 *
 * where the key is that of the tensor's slice (esp-tf-slice.c); an unpartitioned one has one slice.
 * Out: a checkpoint. Values stay in the table, in typed fields of the TensorProto. */

#include "config.h"

#include "esp-tf-v1.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"
#include "esp-table.h"
#include "esp-tf-checkpoint.h"
#include "esp-tf-proto.h"
#include "esp-tf-slice.h"
#include "esp-tf-tree.h"
#include "esp-tiles.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <string.h>

/* where the value of a key is */
typedef struct
{
  EspSource *source; /* owned */
  guint64 offset, length;
} Place;

typedef struct
{
  char *name;
  gint32 type;
  guint ndim;
  gint64 shape[ESP_LIMIT_DIMS];
  GArray *slices; /* EspTfSlice */
} Saved;

typedef struct
{
  GHashTable *places;  /* GBytes, the key -> Place */
  GPtrArray *tensors;  /* Saved */
  GHashTable *by_name; /* name -> Saved */
  GCancellable *cancellable;
  guint64 file_size;
} Reader;

static void
place_free (gpointer data)
{
  Place *self = data;

  esp_source_unref (self->source);
  g_free (self);
}

static void
slice_clear (gpointer data)
{
  esp_tf_slice_clear (data);
}

static void
saved_free (gpointer data)
{
  Saved *self = data;

  g_free (self->name);
  g_array_unref (self->slices);
  g_free (self);
}

static guint
key_hash (gconstpointer key)
{
  gsize size;
  const void *bytes = g_bytes_get_data ((GBytes *) key, &size);

  return (guint) esp_hash_bytes (bytes, size);
}

/* {{{ tables */

static gboolean
read_saved_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Saved *self = data;
  EspTfSlice slice = { 0 };

  if (field->kind == ESP_WIRE_VARINT && field->number == 3)
    self->type = esp_wire_to_i32 (field->value);
  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 2)
    return esp_tf_shape_read (self->shape, &self->ndim, wire, field, error);
  if (field->number == 1)
    {
      g_free (self->name);
      self->name = esp_wire_dup_name (wire, field, error);
      return self->name != NULL;
    }
  if (field->number != 4)
    return TRUE;
  if (!esp_tf_slice_read (&slice, wire, field, error))
    return FALSE;
  g_array_append_val (self->slices, slice);
  return TRUE;
}

/* the tensors of all files; one of them may have the rest of another's slices */
static void
take_saved (Reader *self, Saved *saved)
{
  Saved *first = g_hash_table_lookup (self->by_name, saved->name);

  if (first == NULL)
    {
      g_ptr_array_add (self->tensors, saved);
      g_hash_table_insert (self->by_name, saved->name, saved);
      return;
    }
  g_array_append_vals (first->slices, saved->slices->data, saved->slices->len);
  g_array_set_clear_func (saved->slices, NULL);
  saved_free (saved);
}

static gboolean
read_meta_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Reader *self = data;
  Saved *saved;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  if (self->tensors->len >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("There are more than %d tensors"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  saved = g_new0 (Saved, 1);
  saved->slices = g_array_new (FALSE, FALSE, sizeof (EspTfSlice));
  g_array_set_clear_func (saved->slices, slice_clear);
  if (!esp_wire_foreach (wire, field, read_saved_field, saved, error))
    {
      saved_free (saved);
      return FALSE;
    }
  if (saved->name == NULL)
    saved->name = g_strdup ("");
  take_saved (self, saved);
  return TRUE;
}

static gboolean
read_slices_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  return esp_wire_foreach (wire, field, read_meta_field, data, error);
}

static gboolean
add_row (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  Reader *self = user_data;
  g_auto (EspWire) wire = { 0 };
  Place *place;

  if (entry->key_length > 0)
    {
      place = g_new (Place, 1);
      *place = (Place) { esp_source_ref (entry->source), entry->offset, entry->length };
      g_hash_table_insert (self->places, g_bytes_new (entry->key, entry->key_length), place);
      return TRUE;
    }
  esp_wire_init_for_source (&wire, entry->source, entry->offset, entry->length, "meta",
                            self->cancellable);
  return esp_wire_foreach (&wire, NULL, read_slices_field, self, error);
}

static gboolean
read_table (Reader *self, EspSource *source, GError **error)
{
  self->file_size += esp_source_get_size (source);
  return esp_table_foreach (source, add_row, self, self->cancellable, error);
}

/* }}} */
/* {{{ tensors */

typedef struct
{
  EspTfProto proto;
  gboolean found;
} Data;

static gboolean
read_data_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Data *self = data;

  if (field->kind != ESP_WIRE_BYTES || field->number != 3)
    return TRUE;
  self->found = TRUE;
  return esp_tf_proto_read (&self->proto, wire, field, error);
}

static gboolean
read_value_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 2)
    return TRUE;
  return esp_wire_foreach (wire, field, read_data_field, data, error);
}

/* the values of one slice */
static EspStorage *
find_slice (Reader *self,
            const Saved *saved,
            const EspTfSlice *slice,
            const EspTfType *type,
            const gint64 *size,
            GError **error)
{
  g_autoptr (GBytes) key = esp_tf_slice_make_key (slice, saved->name, strlen (saved->name));
  const Place *place = g_hash_table_lookup (self->places, key);
  g_autoptr (EspSource) value = NULL;
  g_auto (EspWire) wire = { 0 };
  g_autofree Data *data = NULL;
  guint64 count, bytes;

  if (place == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the table has no values for one of its slices"));
      return NULL;
    }
  data = g_new0 (Data, 1);
  value = esp_source_new_range (place->source, place->offset, place->length, saved->name);
  esp_wire_init_for_source (&wire, value, 0, place->length, saved->name, self->cancellable);
  if (!esp_wire_foreach (&wire, NULL, read_value_field, data, error) ||
      !esp_tf_count_bytes (type, size, saved->ndim, &count, &bytes, error))
    return NULL;
  if (!data->found)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the table has no values for one of its slices"));
      return NULL;
    }
  return esp_tf_proto_find_values (&data->proto, value, type, count, FALSE, saved->name,
                                   self->cancellable, error);
}

static EspStorage *
find_values (Reader *self, const Saved *saved, const EspTfType *type, GError **error)
{
  g_autoptr (EspTiles) tiles = esp_tiles_new (type->dtype, saved->shape, saved->ndim, error);

  for (guint i = 0; tiles != NULL && i < saved->slices->len; i++)
    {
      const EspTfSlice *slice = &g_array_index (saved->slices, EspTfSlice, i);
      g_autoptr (EspStorage) storage = NULL;
      gint64 start[ESP_LIMIT_DIMS], size[ESP_LIMIT_DIMS];

      if (!esp_tf_slice_resolve (slice, saved->shape, saved->ndim, start, size))
        {
          g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                               _ ("one of its slices doesn’t fit its shape and type"));
          return NULL;
        }
      storage = find_slice (self, saved, slice, type, size, error);
      if (storage == NULL)
        return NULL;
      if (saved->slices->len == 1 && memcmp (size, saved->shape, saved->ndim * sizeof *size) == 0)
        return g_steal_pointer (&storage);
      if (!esp_tiles_add (tiles, start, size, storage, 0, error))
        return NULL;
    }
  return tiles != NULL ? esp_tiles_finish (g_steal_pointer (&tiles), saved->name, error) : NULL;
}

static EspTensor *
make_readable (Reader *self, const Saved *saved, GError **error)
{
  const EspTfType *type = esp_tf_type_require (saved->type, error);
  g_autoptr (EspStorage) storage = NULL;

  if (type == NULL)
    return NULL;
  if (esp_dtype_get_info (type->dtype)->bits != type->stored)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                   _ ("its values are of type %s, which can’t be decoded"), type->name);
      return NULL;
    }
  storage = find_values (self, saved, type, error);
  if (storage == NULL)
    return NULL;
  return esp_tf_tensor_new (type, saved->shape, saved->ndim, 0, storage, error);
}

static EspTensor *
make_tensor (Reader *self, const Saved *saved, GError **error)
{
  GError *reason = NULL;
  EspTensor *tensor = make_readable (self, saved, &reason);
  gint64 shape[ESP_LIMIT_DIMS];

  if (tensor != NULL)
    return tensor;
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  for (guint i = 0; i < saved->ndim; i++)
    shape[i] = MAX (saved->shape[i], 0);
  return esp_tf_tensor_new_unreadable (saved->type, shape, saved->ndim, reason);
}

static gboolean
has_name (gpointer user_data, const char *name)
{
  return g_hash_table_contains (((Reader *) user_data)->by_name, name);
}

static EspTree *
build (Reader *self, const EspTfMeta *meta, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  const EspTfFacts facts = { .trainable = meta != NULL && meta->has_lists ? meta->trainable
                                                                          : NULL };

  for (guint i = 0; i < self->tensors->len; i++)
    {
      const Saved *saved = self->tensors->pdata[i];
      const char *keys[] = { saved->name, NULL };
      g_autoptr (EspTensor) tensor = make_tensor (self, saved, error);
      EspRole role;

      if (tensor == NULL)
        return NULL;
      role = esp_tf_tree_find_role (&facts, saved->name, esp_tensor_get_dtype (tensor), has_name,
                                    self);
      if (!esp_tree_builder_put_tensor (builder, keys, NULL, role, ESP_REQUIRES_GRAD_UNKNOWN,
                                        tensor, error))
        return NULL;
    }
  return esp_tree_builder_finish (builder, error);
}

/* }}} */
/* {{{ files */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(Saved *const *) a)->name, (*(Saved *const *) b)->name);
}

/* those of the other files of several; what is missing there, the tensors tell */
static gboolean
read_others (Reader *self, EspBeside *beside, const char *name, GPtrArray *warnings, GError **error)
{
  const char *of = g_strrstr (name, "-of-");
  gsize begin = of != NULL ? (gsize) (of - name) - 5 : 0;
  guint64 number, n;

  if (of == NULL || of - name < 7 || name[begin - 1] != '-')
    return TRUE;
  if (!g_ascii_string_to_unsigned (of + 4, 10, 2, ESP_LIMIT_SHARDS, &n, NULL))
    return TRUE;
  number = g_ascii_strtoull (name + begin, NULL, 10);
  for (guint64 i = 0; i < n; i++)
    {
      g_autofree char *stem = g_strndup (name, begin);
      g_autofree char *other = g_strdup_printf ("%s%05u%s", stem, (guint) i, of);
      g_autoptr (GError) failure = NULL;
      g_autoptr (EspSource) source = NULL;

      if (i == number)
        continue;
      source = esp_beside_open (beside, other, ESP_BESIDE_LINKS, &failure);
      if (source != NULL && !read_table (self, source, &failure))
        {
          g_autofree char *shown = esp_path_escape (other);

          g_prefix_error (&failure, "%s: ", shown);
        }
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (failure != NULL)
        g_ptr_array_add (warnings, g_strdup (failure->message));
    }
  return TRUE;
}

static EspCheckpoint *
read_all (Reader *self,
          EspSource *source,
          EspBeside *beside,
          const char *name,
          const EspTfMeta *meta,
          GError **error)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  if (!read_table (self, source, error) || !read_others (self, beside, name, warnings, error))
    return NULL;
  g_ptr_array_sort (self->tensors, compare_names);
  tree = build (self, meta, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (esp_format_tf_checkpoint_v1.name, tree);
  esp_tf_checkpoint_add_meta (checkpoint, meta);
  esp_checkpoint_set_file_size (checkpoint, self->file_size);
  for (guint i = 0; i < warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) warnings->pdata[i]);
  return checkpoint;
}

EspCheckpoint *
esp_tf_v1_read (EspSource *source,
                EspBeside *beside,
                const char *name,
                const EspTfMeta *meta,
                GCancellable *cancellable,
                GError **error)
{
  Reader self = { .cancellable = cancellable };
  EspCheckpoint *checkpoint;

  self.places = g_hash_table_new_full (key_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                       place_free);
  self.tensors = g_ptr_array_new_with_free_func (saved_free);
  self.by_name = g_hash_table_new (esp_hash_string, g_str_equal);
  checkpoint = read_all (&self, source, beside, name, meta, error);
  g_hash_table_unref (self.by_name);
  g_ptr_array_unref (self.tensors);
  g_hash_table_unref (self.places);
  return checkpoint;
}

static EspCheckpoint *
v1_read (const EspProbe *probe,
         EspProgressFunc progress,
         gpointer user_data,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (EspBeside) beside = esp_beside_new_for_file (probe->path, error);
  g_autofree char *name = g_path_get_basename (probe->path);
  g_autoptr (EspTfMeta) meta = NULL;

  if (beside == NULL)
    return NULL;
  meta = esp_tf_checkpoint_read_meta (beside, name, cancellable, NULL);
  return esp_tf_v1_read (probe->source, beside, name, meta, cancellable, error);
}

/* whether the table's first value is a SavedTensorSlices: its first field is a message */
static gboolean
is_meta (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  guint8 byte = 0;

  *(gboolean *) user_data = entry->key_length == 0 && entry->length > 0 &&
                            esp_source_read (entry->source, entry->offset, 1, &byte, NULL, NULL) &&
                            byte == 0x0a;
  return FALSE;
}

static gboolean
v1_probe (const EspProbe *probe)
{
  gboolean is_v1 = FALSE;

  if (probe->is_shard || !esp_table_is_one (probe->source, NULL))
    return FALSE;
  esp_table_foreach (probe->source, is_meta, &is_v1, NULL, NULL);
  return is_v1;
}

static const char *const suffixes[] = { "ckpt", NULL };

const EspFormat esp_format_tf_checkpoint_v1 = {
  .name = "tf-checkpoint-v1",
  .title = "TensorFlow",
  .suffixes = suffixes,
  .probe = v1_probe,
  .read = v1_read,
};

/* }}} */
