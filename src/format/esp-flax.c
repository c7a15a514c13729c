/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of Flax's MessagePack files. In: a file of any size, read front to back but for the
 * values, which are stepped over. Out: arrays as ranges of the file.
 *
 *   {"params": {"Dense_0": {"kernel": ARRAY, "bias": ARRAY}}, "step": 7}
 *   ARRAY   extension 1 (3: a scalar), whose bytes are [[size, ...], "float32", values in C order]
 *   or, above 1 GB:
 *           {"__msgpack_chunked_array__": true, "shape": {"0": size, ...},
 *            "chunks": {"0": ARRAY, ...}}, flat pieces one after another
 *
 * Lists are dictionaries with the keys "0", "1", ... Dictionaries are walked without recursion. */

#include "config.h"

#include "esp-flax.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-msgpack.h"
#include "esp-path.h"
#include "esp-role-guess.h"
#include "esp-tiles.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define CHUNKED "__msgpack_chunked_array__"
#define METADATA_MAX 2000
#define METADATA_BYTES 4096
#define WARNINGS_MAX 1000

/* an array as the file has it; NULL dtype name: none was read */
typedef struct
{
  char *dtype;
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  guint64 offset, bytes;
  guint64 number; /* among the pieces of a chunked one */
} Array;

typedef enum
{
  DICTIONARY,
  WHOLE,  /* of a chunked array, */
  SHAPE,  /* what its key "shape" holds, */
  PIECES, /* and "chunks" */
} FrameKind;

typedef struct
{
  FrameKind kind;
  gboolean is_list; /* its keys are its numbers */
  guint64 left;     /* items or pairs */
  guint64 number;   /* of the next item */
} Frame;

typedef struct
{
  GStrv keys;
  EspTensor *tensor;
} Entry;

typedef struct
{
  EspStream stream;
  EspSource *source; /* borrowed */
  GArray *stack;     /* Frame */
  GPtrArray *keys;   /* of the path */
  GArray *entries;   /* Entry */
  GPtrArray *metadata;
  GPtrArray *warnings;
  gboolean has_params; /* at the top: then what isn't below it is no parameter */

  /* of the chunked array at hand */
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  GArray *pieces; /* Array */
} Reader;

static void
array_clear (gpointer data)
{
  g_free (((Array *) data)->dtype);
}

static void
entry_clear (gpointer data)
{
  g_strfreev (((Entry *) data)->keys);
  esp_tensor_unref (((Entry *) data)->tensor);
}

/* NULL-terminated until the next change; borrowed */
static const char *const *
get_keys (Reader *self)
{
  g_ptr_array_add (self->keys, NULL);
  g_ptr_array_set_size (self->keys, (int) self->keys->len - 1);
  return (const char *const *) self->keys->pdata;
}

static char *
join_keys (Reader *self)
{
  return esp_path_join (get_keys (self), "/");
}

/* {{{ arrays */

static gboolean
fail (guint64 at, const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the array at offset %" PRIu64 " should be [sizes, type, values]; %s"), at, what);
  return FALSE;
}

static gboolean
read_sizes (Reader *self, Array *array, guint64 at, GError **error)
{
  EspMsgpackItem item;
  guint64 n;

  if (!esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  if (item.kind != ESP_MSGPACK_ARRAY)
    return fail (at, _ ("its sizes are missing"), error);
  if (item.n > ESP_LIMIT_DIMS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the array at offset %" PRIu64 " has %" PRIu64
                      " dimensions, more than the limit of %d"),
                   at, item.n, ESP_LIMIT_DIMS);
      return FALSE;
    }
  n = item.n;
  for (guint64 i = 0; i < n; i++)
    {
      if (!esp_msgpack_read (&self->stream, &item, error))
        return FALSE;
      if (item.kind != ESP_MSGPACK_INT || item.integer < 0)
        return fail (at, _ ("one of its sizes is no number"), error);
      array->shape[i] = item.integer;
    }
  array->ndim = (guint) n;
  return TRUE;
}

/* the stream stands at the bytes of the extension, and then behind them */
static gboolean
read_array (Reader *self, const EspMsgpackItem *extension, Array *array, GError **error)
{
  guint64 end = self->stream.position + extension->n;
  EspMsgpackItem item;

  if (!esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  if (item.kind != ESP_MSGPACK_ARRAY || item.n != 3)
    return fail (extension->at, _ ("it is something else"), error);
  if (!read_sizes (self, array, extension->at, error) ||
      !esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  if (item.kind != ESP_MSGPACK_TEXT)
    return fail (extension->at, _ ("its type is missing"), error);
  array->dtype = esp_msgpack_read_text (&self->stream, &item, ESP_LIMIT_NAME_BYTES, error);
  if (array->dtype == NULL || !esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  if (item.kind != ESP_MSGPACK_BYTES)
    return fail (extension->at, _ ("its values are missing"), error);
  array->offset = self->stream.position;
  array->bytes = item.n;
  if (self->stream.position + item.n != end)
    return fail (extension->at, _ ("it ends elsewhere"), error);
  return esp_stream_skip (&self->stream, item.n, error);
}

/* bytes that the array should have */
static gboolean
check_array (const Array *array, EspDtype *dtype, GError **error)
{
  guint64 bytes;

  *dtype = esp_dtype_from_name (array->dtype);
  /* NumPy keeps what has less than a byte in a byte each */
  if (*dtype == ESP_DTYPE_INVALID || *dtype == ESP_DTYPE_RAW ||
      esp_dtype_get_info (*dtype)->bits % 8 != 0)
    {
      g_autofree char *shown = esp_path_escape (array->dtype);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("unknown data type %s"), shown);
      return FALSE;
    }
  bytes = esp_dtype_get_info (*dtype)->bits / 8;
  for (guint i = 0; i < array->ndim; i++)
    if (!esp_mul_u64 (bytes, (guint64) array->shape[i], &bytes))
      bytes = G_MAXUINT64;
  if (bytes == array->bytes)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its values should have %" PRIu64 " bytes, but they have %" PRIu64), bytes,
               array->bytes);
  return FALSE;
}

static EspStorage *
make_storage (Reader *self, const Array *array)
{
  char id[16];

  g_snprintf (id, sizeof id, "%u", self->entries->len);
  return esp_storage_new_for_source (self->source, array->offset, array->bytes, id);
}

static EspTensor *
make_tensor (Reader *self, const Array *array, GError **error)
{
  g_autoptr (EspStorage) storage = NULL;
  EspDtype dtype;

  if (!check_array (array, &dtype, error))
    return NULL;
  storage = make_storage (self, array);
  return esp_tensor_new (dtype, array->dtype, array->shape, array->ndim, NULL, 0, 0, storage,
                         error);
}

/* takes @tensor, or @reason where there is none */
static void
add_entry (Reader *self,
           EspTensor *tensor,
           GError *reason,
           const char *native,
           const gint64 *shape,
           guint ndim)
{
  Entry entry = { g_strdupv ((GStrv) get_keys (self)), tensor };

  if (tensor == NULL)
    {
      g_autofree char *path = join_keys (self);
      g_autofree char *shown = esp_path_escape (path);
      EspDtype dtype = esp_dtype_from_name (native);

      if (self->warnings->len < WARNINGS_MAX)
        g_ptr_array_add (self->warnings,
                         g_strdup_printf (_ ("“%s” can’t be read: %s"), shown, reason->message));
      entry.tensor = esp_tensor_new_unreadable (dtype != ESP_DTYPE_INVALID ? dtype : ESP_DTYPE_RAW,
                                                native, shape, ndim, reason);
    }
  g_array_append_val (self->entries, entry);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const Array *x = a;
  const Array *y = b;

  return x->number < y->number ? -1 : x->number > y->number;
}

/* pieces of one row after another; the shape says what that row is */
static EspTensor *
join_pieces (Reader *self, const char *native, GError **error)
{
  g_autoptr (EspTiles) tiles = NULL;
  g_autoptr (EspStorage) storage = NULL;
  EspDtype dtype = ESP_DTYPE_INVALID;
  gint64 count = 1;
  gint64 start = 0;
  char id[16];

  for (guint i = 0; i < self->ndim; i++)
    if (!esp_mul_i64 (count, self->shape[i], &count))
      count = G_MAXINT64;
  for (guint i = 0; i < self->pieces->len; i++)
    {
      const Array *piece = &g_array_index (self->pieces, Array, i);
      g_autoptr (EspStorage) part = NULL;
      gint64 n;

      if (!check_array (piece, &dtype, error))
        return NULL;
      if (strcmp (piece->dtype, native) != 0)
        {
          g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                               _ ("its pieces have several types"));
          return NULL;
        }
      if (tiles == NULL)
        tiles = esp_tiles_new (dtype, &count, 1, error);
      if (tiles == NULL)
        return NULL;
      part = make_storage (self, piece);
      n = (gint64) (piece->bytes / (esp_dtype_get_info (dtype)->bits / 8));
      if (!esp_tiles_add (tiles, &start, &n, part, 0, error))
        return NULL;
      start += n;
    }
  if (tiles == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("it has no pieces"));
      return NULL;
    }
  g_snprintf (id, sizeof id, "%u", self->entries->len);
  storage = esp_tiles_finish (g_steal_pointer (&tiles), id, error);
  return storage != NULL
             ? esp_tensor_new (dtype, native, self->shape, self->ndim, NULL, 0, 0, storage, error)
             : NULL;
}

static void
finish_chunked (Reader *self)
{
  const char *native;
  GError *reason = NULL;
  EspTensor *tensor;

  g_array_sort (self->pieces, compare_numbers);
  native = self->pieces->len > 0 ? g_array_index (self->pieces, Array, 0).dtype : "?";
  tensor = join_pieces (self, native, &reason);
  add_entry (self, tensor, reason, native, self->shape, self->ndim);
  g_array_set_size (self->pieces, 0);
  self->ndim = 0;
}

/* }}} */
/* {{{ dictionaries */

static gboolean
push_frame (Reader *self, const EspMsgpackItem *item, FrameKind kind, GError **error)
{
  Frame frame = { .kind = kind, .is_list = item->kind == ESP_MSGPACK_ARRAY, .left = item->n };

  if (self->stack->len >= ESP_LIMIT_MODULE_DEPTH)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("dictionaries nest deeper than the limit of %d"), ESP_LIMIT_MODULE_DEPTH);
      return FALSE;
    }
  g_array_append_val (self->stack, frame);
  return TRUE;
}

/* what is no array; the stream then stands behind it */
static gboolean
add_metadata (Reader *self, const EspMsgpackItem *item, GError **error)
{
  char *text = NULL;

  switch (item->kind)
    {
    case ESP_MSGPACK_NIL:
      text = g_strdup ("None");
      break;
    case ESP_MSGPACK_BOOL:
      text = g_strdup (item->integer != 0 ? "True" : "False");
      break;
    case ESP_MSGPACK_INT:
      text = g_strdup_printf ("%" PRIi64, item->integer);
      break;
    case ESP_MSGPACK_UINT:
      text = g_strdup_printf ("%" PRIu64, item->natural);
      break;
    case ESP_MSGPACK_FLOAT:
      text = g_malloc (G_ASCII_DTOSTR_BUF_SIZE);
      g_ascii_dtostr (text, G_ASCII_DTOSTR_BUF_SIZE, item->real);
      break;
    case ESP_MSGPACK_TEXT:
      if (item->n <= METADATA_BYTES)
        {
          text = esp_msgpack_read_text (&self->stream, item, METADATA_BYTES, error);
          if (text == NULL)
            return FALSE;
          break;
        }
      G_GNUC_FALLTHROUGH;
    default:
      text = g_strdup_printf ("(%" PRIu64 " bytes)", item->n);
      if (!esp_stream_skip (&self->stream, item->n, error))
        {
          g_free (text);
          return FALSE;
        }
    }
  if (self->metadata->len < 2 * METADATA_MAX)
    {
      g_ptr_array_add (self->metadata, join_keys (self));
      g_ptr_array_add (self->metadata, text);
    }
  else
    g_free (text);
  return TRUE;
}

static gboolean
add_array (Reader *self, FrameKind kind, const EspMsgpackItem *item, GError **error)
{
  Array array = { 0 };
  GError *reason = NULL;
  EspTensor *tensor;

  if (!read_array (self, item, &array, error))
    {
      array_clear (&array);
      return FALSE;
    }
  if (kind == PIECES)
    {
      array.number = g_ascii_strtoull (self->keys->pdata[self->keys->len - 1], NULL, 10);
      if (self->pieces->len < ESP_LIMIT_PIECES)
        g_array_append_val (self->pieces, array);
      else
        array_clear (&array);
      return TRUE;
    }
  if (self->entries->len >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the file has more tensors than the limit of %d"), ESP_LIMIT_TENSORS);
      array_clear (&array);
      return FALSE;
    }
  tensor = make_tensor (self, &array, &reason);
  add_entry (self, tensor, reason, array.dtype, array.shape, array.ndim);
  array_clear (&array);
  return TRUE;
}

/* the key of the next value, which becomes the last one of the path */
static gboolean
read_key (Reader *self, Frame *frame, GError **error)
{
  EspMsgpackItem item;
  char *key = NULL;

  if (frame->is_list)
    key = g_strdup_printf ("%" PRIu64, frame->number++);
  else if (!esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  else if (item.kind == ESP_MSGPACK_TEXT)
    key = esp_msgpack_read_text (&self->stream, &item, ESP_LIMIT_NAME_BYTES, error);
  else if (item.kind == ESP_MSGPACK_INT)
    key = g_strdup_printf ("%" PRIi64, item.integer);
  else
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the key at offset %" PRIu64 " is neither a text nor a number"), item.at);
  if (key == NULL)
    return FALSE;
  g_ptr_array_add (self->keys, key);
  if (frame->kind == DICTIONARY && strcmp (key, CHUNKED) == 0)
    frame->kind = WHOLE;
  if (self->stack->len == 1 && strcmp (key, "params") == 0)
    self->has_params = TRUE;
  return TRUE;
}

static FrameKind
get_kind_below (FrameKind kind, const char *key)
{
  if (kind == WHOLE)
    return strcmp (key, "shape") == 0 ? SHAPE : PIECES;
  return kind == DICTIONARY ? DICTIONARY : kind;
}

static gboolean
read_value (Reader *self, FrameKind kind, GError **error)
{
  const char *key = self->keys->pdata[self->keys->len - 1];
  EspMsgpackItem item;

  if (!esp_msgpack_read (&self->stream, &item, error))
    return FALSE;
  if (item.kind == ESP_MSGPACK_MAP || item.kind == ESP_MSGPACK_ARRAY)
    return push_frame (self, &item, get_kind_below (kind, key), error);
  if (item.kind == ESP_MSGPACK_EXTENSION && (item.integer == 1 || item.integer == 3))
    {
      if (!add_array (self, kind, &item, error))
        return FALSE;
    }
  else if (kind == DICTIONARY)
    {
      if (!add_metadata (self, &item, error))
        return FALSE;
    }
  else if (kind == SHAPE && item.kind == ESP_MSGPACK_INT && item.integer >= 0 &&
           self->ndim < ESP_LIMIT_DIMS)
    self->shape[self->ndim++] = item.integer;
  else if (kind != WHOLE || item.kind != ESP_MSGPACK_BOOL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the item at offset %" PRIu64 " has no place in an array in pieces"),
                   item.at);
      return FALSE;
    }
  g_ptr_array_set_size (self->keys, (int) self->keys->len - 1);
  return TRUE;
}

static gboolean
read_all (Reader *self, GError **error)
{
  EspMsgpackItem root;

  if (!esp_msgpack_read (&self->stream, &root, error) ||
      !push_frame (self, &root, DICTIONARY, error))
    return FALSE;
  for (guint64 step = 0; self->stack->len > 0; step++)
    {
      Frame *frame = &g_array_index (self->stack, Frame, self->stack->len - 1);

      if (step % 1024 == 0 &&
          g_cancellable_set_error_if_cancelled (self->stream.cancellable, error))
        return FALSE;
      if (frame->left > 0)
        {
          frame->left--;
          if (!read_key (self, frame, error) || !read_value (self, frame->kind, error))
            return FALSE;
          continue;
        }
      /* its own key goes with it */
      if (frame->kind == WHOLE)
        finish_chunked (self);
      g_array_set_size (self->stack, self->stack->len - 1);
      if (self->keys->len > 0)
        g_ptr_array_set_size (self->keys, (int) self->keys->len - 1);
    }
  if (esp_stream_get_remaining (&self->stream) == 0)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("%" PRIu64 " bytes follow the end of the dictionary"),
               esp_stream_get_remaining (&self->stream));
  return FALSE;
}

/* }}} */
/* {{{ the checkpoint */

/* by the collections that Flax knows; a file of parameters alone has none */
static EspRole
get_role (const Reader *self, const Entry *entry)
{
  static const char *const optimizers[] = { "opt_state", "optimizer", "optimizer_state", NULL };
  static const char *const buffers[] = { "batch_stats", "cache", "stats", NULL };
  const char *name = entry->keys[0];

  for (guint i = 0; entry->keys[i] != NULL; i++)
    {
      name = entry->keys[i];
      if (g_strv_contains (optimizers, name))
        return ESP_ROLE_OPTIMIZER;
      if (g_strv_contains (buffers, name))
        return ESP_ROLE_BUFFER;
    }
  if (self->has_params)
    return strcmp (entry->keys[0], "params") == 0 ? ESP_ROLE_PARAMETER : ESP_ROLE_OTHER;
  return esp_role_guess (name, esp_tensor_get_dtype (entry->tensor));
}

static EspCheckpoint *
make_checkpoint (Reader *self, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  if (self->entries->len == 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                           _ ("this is a MessagePack file without arrays of Flax"));
      return NULL;
    }
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);

      if (!esp_tree_builder_put_tensor (builder, (const char *const *) entry->keys, NULL,
                                        get_role (self, entry), ESP_REQUIRES_GRAD_UNKNOWN,
                                        entry->tensor, error))
        return NULL;
    }
  tree = esp_tree_builder_finish (builder, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (esp_format_flax_msgpack.name, tree);
  esp_checkpoint_set_producer (checkpoint, "flax");
  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    esp_checkpoint_add_metadata (checkpoint, self->metadata->pdata[i],
                                 self->metadata->pdata[i + 1]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  return checkpoint;
}

static EspCheckpoint *
flax_read (const EspProbe *probe,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  g_autofree Reader *self = g_new0 (Reader, 1); /* its stream is large */
  EspCheckpoint *checkpoint = NULL;

  esp_msgpack_init (&self->stream, probe->source, cancellable);
  self->source = probe->source;
  self->stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (self->entries, entry_clear);
  self->pieces = g_array_new (FALSE, FALSE, sizeof (Array));
  g_array_set_clear_func (self->pieces, array_clear);
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  if (read_all (self, error))
    checkpoint = make_checkpoint (self, error);
  g_array_unref (self->stack);
  g_ptr_array_unref (self->keys);
  g_array_unref (self->entries);
  g_array_unref (self->pieces);
  g_ptr_array_unref (self->metadata);
  g_ptr_array_unref (self->warnings);
  return checkpoint;
}

/* MessagePack has no magic: a dictionary whose first key is a short legible text */
static gboolean
flax_probe (const EspProbe *probe)
{
  const guint8 *head = probe->head;
  gsize at = 0;
  gsize length = 0;

  if (probe->head_size < 8)
    return FALSE;
  if (head[0] > 0x80 && head[0] < 0x90)
    at = 1;
  else if (head[0] == 0xde || head[0] == 0xdf)
    at = head[0] == 0xde ? 3 : 5;
  else
    return FALSE;
  if (head[at] > 0xa0 && head[at] < 0xc0)
    length = head[at++] & 0x1f;
  else if (head[at] == 0xd9)
    {
      length = head[at + 1];
      at += 2;
    }
  if (length == 0 || at + length >= probe->head_size)
    return FALSE;
  for (gsize i = at; i < at + length; i++)
    if (!g_ascii_isprint (head[i]) && head[i] < 0x80)
      return FALSE;
  return g_utf8_validate ((const char *) head + at, (gssize) length, NULL);
}

static const char *const suffixes[] = { "msgpack", NULL };

const EspFormat esp_format_flax_msgpack = {
  .name = "flax-msgpack",
  .title = "Flax",
  .suffixes = suffixes,
  .probe = flax_probe,
  .read = flax_read,
};

/* }}} */
