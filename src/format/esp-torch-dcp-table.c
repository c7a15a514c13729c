/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the values of `.metadata` to a table. In: the pickle of a dataclass of PyTorch, some hundred
 * bytes a piece, up to some million pieces. Out: plain arrays.
 *
 *   Metadata (
 *     state_dict_metadata = { NAME: TensorStorageMetadata (properties, size, chunks)
 *                             or BytesStorageMetadata () },
 *     planner_data = { NAME: (KEY, KEY, ...) },
 *     storage_data = { MetadataIndex (fqn, offset): _StorageInfo (relative_path, offset, length) })
 *
 * The offset of a piece in its tensor is what joins chunks and storage_data. Pieces without
 * elements are often at the offset of another one and have no bytes that anybody needs. */

#include "config.h"

#include "esp-torch-dcp-table.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

#define MODULE "torch.distributed.checkpoint.metadata"

typedef struct
{
  EspDcpTable *table;
  GHashTable *places; /* GBytes: name and offset -> EspDcpPlace */
  GCancellable *cancellable;
  GHashTable *key_paths; /* GBytes: name -> its path of keys */
  guint64 n_chunks;
} Parser;

/* {{{ dataclasses */

/* the fields of a dataclass, a DICT; NULL if it is none */
static const EspPickleValue *
get_fields (const EspPickleValue *value)
{
  if (value == NULL || value->kind != ESP_PICKLE_OBJECT || value->state == NULL)
    return NULL;
  return value->state->kind == ESP_PICKLE_DICT ? value->state : NULL;
}

static const EspPickleValue *
get_field (const EspPickleValue *value, const char *name)
{
  return esp_pickle_value_find (get_fields (value), name);
}

static gboolean
is_class (const EspPickleValue *value, const char *name)
{
  const EspPickleValue *callee = value != NULL && value->kind == ESP_PICKLE_OBJECT
                                     ? value->record->callee
                                     : NULL;

  return callee != NULL && callee->kind == ESP_PICKLE_GLOBAL &&
         strcmp (callee->name->name, name) == 0;
}

static gboolean
is_list (const EspPickleValue *value)
{
  return value != NULL && (value->kind == ESP_PICKLE_LIST || value->kind == ESP_PICKLE_TUPLE);
}

static gboolean
is_text (const EspPickleValue *value)
{
  return value != NULL && value->kind == ESP_PICKLE_STRING &&
         value->text.length <= ESP_LIMIT_NAME_BYTES;
}

/* }}} */
/* {{{ storage_data: where pieces lie */

/* a torch.Size of numbers that aren't negative, into @out unless that is NULL */
static gboolean
read_size (const EspPickleValue *value, guint ndim, gint64 *out)
{
  if (!is_list (value) || value->items.n != ndim)
    return FALSE;
  for (guint i = 0; i < ndim; i++)
    {
      gint64 number;

      if (!esp_pickle_value_get_int (value->items.items[i], &number) || number < 0)
        return FALSE;
      if (out != NULL)
        out[i] = number;
    }
  return TRUE;
}

static guint
hash_key (gconstpointer key)
{
  gsize size;
  const void *data = g_bytes_get_data ((GBytes *) key, &size);

  return (guint) esp_hash_bytes (data, size);
}

/* @offset: (ndim) of a piece of a tensor */
static GBytes *
make_key (const EspPickleValue *fqn, gboolean is_piece, const gint64 *offset, guint ndim)
{
  gsize length = fqn->text.length;
  guint8 *key = g_malloc (length + 1 + ndim * sizeof *offset);

  if (length > 0)
    memcpy (key, fqn->text.bytes, length);
  key[length] = (guint8) is_piece;
  if (ndim > 0)
    memcpy (key + length + 1, offset, ndim * sizeof *offset);
  return g_bytes_new_take (key, length + 1 + ndim * sizeof *offset);
}

static const char *
intern_path (Parser *self, const EspPickleValue *value)
{
  char *path = esp_pickle_value_to_name (value, ESP_LIMIT_NAME_BYTES);
  char *known = g_hash_table_lookup (self->table->paths, path);

  if (known == NULL)
    {
      g_hash_table_add (self->table->paths, path);
      return path;
    }
  g_free (path);
  return known;
}

static void
add_place (Parser *self, const EspPickleValue *index, const EspPickleValue *info)
{
  const EspPickleValue *fqn = get_field (index, "fqn");
  const EspPickleValue *at = get_field (index, "offset");
  const EspPickleValue *path = get_field (info, "relative_path");
  const EspPickleValue *transforms = get_field (info, "transform_descriptors");
  gint64 size[ESP_LIMIT_DIMS];
  gint64 offset, length;
  gboolean is_piece = at != NULL && at->kind != ESP_PICKLE_NONE;
  guint ndim = is_piece && is_list (at) ? at->items.n : 0;
  EspDcpPlace *place;

  if (!is_text (fqn) || !is_text (path) || ndim > ESP_LIMIT_DIMS ||
      (is_piece && !read_size (at, ndim, size)) ||
      !esp_pickle_value_get_int (get_field (info, "offset"), &offset) || offset < 0 ||
      !esp_pickle_value_get_int (get_field (info, "length"), &length) || length < 0)
    return; /* what is missed by that says so itself */
  place = g_new0 (EspDcpPlace, 1);
  place->path = intern_path (self, path);
  place->offset = (guint64) offset;
  place->length = (guint64) length;
  place->transformed = transforms != NULL && transforms->kind != ESP_PICKLE_NONE;
  g_hash_table_replace (self->places, make_key (fqn, is_piece, size, ndim), place);
}

static void
find_place (Parser *self,
            const EspPickleValue *fqn,
            gboolean is_piece,
            const gint64 *offset,
            guint ndim,
            EspDcpPlace *out)
{
  g_autoptr (GBytes) key = make_key (fqn, is_piece, offset, ndim);
  const EspDcpPlace *place = g_hash_table_lookup (self->places, key);

  if (place != NULL)
    *out = *place;
}

static gboolean
read_places (Parser *self, const EspPickleValue *data, GError **error)
{
  for (guint i = 0; data != NULL && data->kind == ESP_PICKLE_DICT && i + 1 < data->items.n; i += 2)
    {
      if (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      add_place (self, data->items.items[i], data->items.items[i + 1]);
    }
  return TRUE;
}

/* }}} */
/* {{{ state_dict_metadata: what there is */

/* (dtype, layout, requires_grad, memory format, pinned) */
static void
read_properties (const EspPickleValue *properties, EspDcpItem *item)
{
  const EspPickleValue *state = properties != NULL ? properties->state : NULL;
  const EspPickleValue *dtype = esp_pickle_value_get_item (state, 0);
  const EspPickleValue *requires_grad = esp_pickle_value_get_item (state, 2);

  if (esp_pickle_value_get_meaning (dtype) == ESP_MEANING_DTYPE)
    item->dtype = esp_pytorch_dtype_from_name (dtype->name->name);
  if (item->dtype == NULL)
    item->dtype_name = dtype != NULL ? esp_pickle_value_to_text (dtype, 100) : g_strdup ("?");
  item->requires_grad = requires_grad != NULL && requires_grad->kind == ESP_PICKLE_BOOL &&
                        requires_grad->boolean;
}

static gboolean
is_empty (const gint64 *sizes, guint ndim)
{
  for (guint i = 0; i < ndim; i++)
    if (sizes[i] == 0)
      return TRUE;
  return FALSE;
}

static gboolean
read_chunk (Parser *self, EspDcpItem *item, const EspPickleValue *chunk, guint index)
{
  gint64 *start = item->boxes + (gsize) index * 2 * item->ndim;
  gint64 *sizes = start + item->ndim;

  if (!read_size (get_field (chunk, "offsets"), item->ndim, start) ||
      !read_size (get_field (chunk, "sizes"), item->ndim, sizes))
    return FALSE;
  if (!is_empty (sizes, item->ndim))
    find_place (self, item->fqn, TRUE, start, item->ndim, &item->places[index]);
  return TRUE;
}

static gboolean
read_chunks (Parser *self, EspDcpItem *item, const EspPickleValue *chunks, GError **error)
{
  item->n_chunks = is_list (chunks) ? chunks->items.n : 0;
  self->n_chunks += item->n_chunks;
  if (self->n_chunks > ESP_LIMIT_PIECES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the tensors have more than %d pieces together"), ESP_LIMIT_PIECES);
      return FALSE;
    }
  item->boxes = g_new0 (gint64,
                        (gsize) item->n_chunks * 2 * item->ndim + 1); /* scalars have none */
  item->places = g_new0 (EspDcpPlace, item->n_chunks);
  for (guint i = 0; i < item->n_chunks && item->broken == NULL; i++)
    if (!read_chunk (self, item, chunks->items.items[i], i))
      {
        g_autofree char *text = esp_pickle_value_to_text (chunks->items.items[i], 200);

        item->broken = g_strdup_printf (
            _ ("piece %u should have an offset and a size in %u dimensions, but it is %s"), i,
            item->ndim, text);
      }
  return TRUE;
}

static gboolean
read_tensor (Parser *self, EspDcpItem *item, const EspPickleValue *value, GError **error)
{
  const EspPickleValue *size = get_field (value, "size");
  guint ndim = is_list (size) ? size->items.n : 0;

  item->is_tensor = TRUE;
  read_properties (get_field (value, "properties"), item);
  item->shape = g_new0 (gint64, MIN (ndim, ESP_LIMIT_DIMS));
  if (ndim > ESP_LIMIT_DIMS || !read_size (size, ndim, item->shape))
    {
      g_autofree char *text = size != NULL ? esp_pickle_value_to_text (size, 200) : NULL;

      item->broken = g_strdup_printf (_ ("%s is no shape of at most %d dimensions"),
                                      text != NULL ? text : "None", ESP_LIMIT_DIMS);
      return TRUE;
    }
  item->ndim = ndim;
  return read_chunks (self, item, get_field (value, "chunks"), error);
}

static gboolean
read_item (Parser *self,
           const EspPickleValue *fqn,
           const EspPickleValue *value,
           EspDcpItem *item,
           GError **error)
{
  g_autoptr (GBytes) key = make_key (fqn, FALSE, NULL, 0);

  item->fqn = fqn;
  item->path = g_hash_table_lookup (self->key_paths, key);
  if (is_class (value, "TensorStorageMetadata"))
    return read_tensor (self, item, value, error);
  item->n_chunks = 1;
  item->places = g_new0 (EspDcpPlace, 1);
  find_place (self, fqn, FALSE, NULL, 0, item->places);
  return TRUE;
}

static gboolean
read_items (Parser *self, const EspPickleValue *items, GError **error)
{
  g_autoptr (GHashTable)
      seen = g_hash_table_new_full (hash_key, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  for (guint i = 0; i + 1 < items->items.n; i += 2)
    {
      const EspPickleValue *fqn = items->items.items[i];
      EspDcpItem item = { 0 };
      gboolean good;

      if (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      /* a dict that names one twice: the last one counts, and no library writes that */
      if (!is_text (fqn) || !g_hash_table_add (seen, make_key (fqn, FALSE, NULL, 0)))
        {
          g_autofree char *text = esp_pickle_value_to_text (fqn, 200);

          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("state_dict_metadata: %s is no name, or stands twice"), text);
          return FALSE;
        }
      good = read_item (self, fqn, items->items.items[i + 1], &item, error);
      g_array_append_val (self->table->items, item);
      if (!good)
        return FALSE;
    }
  return TRUE;
}

static void
read_paths (Parser *self, const EspPickleValue *paths)
{
  for (guint i = 0; paths != NULL && paths->kind == ESP_PICKLE_DICT && i + 1 < paths->items.n;
       i += 2)
    {
      const EspPickleValue *fqn = paths->items.items[i];
      const EspPickleValue *path = paths->items.items[i + 1];

      if (is_text (fqn) && is_list (path) && path->items.n > 0 &&
          path->items.n < ESP_LIMIT_MODULE_DEPTH)
        g_hash_table_replace (self->key_paths, make_key (fqn, FALSE, NULL, 0), (gpointer) path);
    }
}

/* }}} */

static void
clear_item (gpointer data)
{
  EspDcpItem *item = data;

  g_free (item->places);
  g_free (item->dtype_name);
  g_free (item->shape);
  g_free (item->boxes);
  g_free (item->broken);
}

gboolean
esp_dcp_table_is_one (const guint8 *head, gsize size)
{
  const char wanted[] = MODULE;
  gsize length = sizeof wanted - 1;

  if (size < 2 || head[0] != 0x80 || head[1] < 2 || head[1] > 5)
    return FALSE;
  /* the class comes first of all, in one of several ways */
  for (gsize at = 2; at + length <= MIN (size, 64 + length); at++)
    if (memcmp (head + at, wanted, length) == 0)
      return TRUE;
  return FALSE;
}

EspDcpTable *
esp_dcp_table_new (EspPickle *pickle, GCancellable *cancellable, GError **error)
{
  const EspPickleValue *root = esp_pickle_get_root (pickle);
  const EspPickleValue *items = get_field (root, "state_dict_metadata");
  EspDcpTable *self;
  Parser parser = { .cancellable = cancellable };
  gboolean good;

  if (items == NULL || items->kind != ESP_PICKLE_DICT)
    {
      g_autofree char *text = esp_pickle_value_to_text (root, 200);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("a Metadata with the dict state_dict_metadata should be here, but there is "
                      "%s"),
                   text);
      return NULL;
    }
  self = g_new0 (EspDcpTable, 1);
  self->items = g_array_new (FALSE, FALSE, sizeof (EspDcpItem));
  g_array_set_clear_func (self->items, clear_item);
  self->paths = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  parser.table = self;
  parser.places = g_hash_table_new_full (hash_key, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                         g_free);
  parser.key_paths = g_hash_table_new_full (hash_key, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                            NULL);
  read_paths (&parser, get_field (root, "planner_data"));
  good = read_places (&parser, get_field (root, "storage_data"), error) &&
         read_items (&parser, items, error);
  g_hash_table_unref (parser.places);
  g_hash_table_unref (parser.key_paths);
  if (!good)
    g_clear_pointer (&self, esp_dcp_table_free);
  return self;
}

void
esp_dcp_table_free (EspDcpTable *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->items);
  g_hash_table_unref (self->paths);
  g_free (self);
}
