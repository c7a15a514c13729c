/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The writer of PyTorch files. In: a tree, of a file or of a live network. Out: what
 * torch.save(state_dict) makes: a zip with data.pkl, an OrderedDict of tensors, and one member for
 * each storage. Names of one memory share their storage, so ties stay ties. The pickle calls
 * nothing but collections.OrderedDict and torch._utils._rebuild_tensor_v2, which weights_only
 * allows. Streams in chunks: memory doesn't grow with the tensors. */

#include "config.h"

#include "esp-pytorch-write.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-path.h"
#include "esp-zip-writer.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHUNK_BYTES (4 * 1024 * 1024)
#define ALIGNMENT 64 /* PyTorch's */
#define MOST_NAME 65536

/* torch.storage's classes of old, by which torch.save still names dtypes */
static const struct
{
  const char *dtype, *storage;
} types[] = {
  { "float32", "FloatStorage" },
  { "float64", "DoubleStorage" },
  { "float16", "HalfStorage" },
  { "bfloat16", "BFloat16Storage" },
  { "int64", "LongStorage" },
  { "int32", "IntStorage" },
  { "int16", "ShortStorage" },
  { "int8", "CharStorage" },
  { "uint8", "ByteStorage" },
  { "bool", "BoolStorage" },
  { "complex64", "ComplexFloatStorage" },
  { "complex128", "ComplexDoubleStorage" },
};

typedef struct
{
  GPtrArray *storages; /* EspTensor that each is written from; borrowed */
  GHashTable *numbers; /* view -> its storage + 1 */
  GByteArray *pickle;
  char *stem;

  EspAtomicFile *file;
  EspZipWriter *zip;
  guint64 done, total;
  EspProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} Writer;

static gboolean
fail (const char *name, GError **error, const char *reason)
{
  g_autofree char *shown = esp_path_escape (name);

  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, "%s: %s", shown, reason);
  return FALSE;
}

static const char *
find_storage_class (EspTensor *tensor)
{
  const char *name = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->name;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].dtype, name) == 0)
      return types[i].storage;
  return NULL;
}

static gboolean
check_tensor (const char *name, EspTensor *tensor, GError **error)
{
  const GError *unreadable = esp_tensor_get_error (tensor);

  if (unreadable != NULL)
    return fail (name, error, unreadable->message);
  if (!g_utf8_validate (name, -1, NULL) || strlen (name) > MOST_NAME)
    return fail (name, error, _ ("the name is no Unicode text, which a PyTorch file needs"));
  if (esp_tensor_get_affine (tensor) != NULL || find_storage_class (tensor) == NULL ||
      (esp_tensor_get_flags (tensor) & (ESP_TENSOR_NEGATE | ESP_TENSOR_CONJUGATE)) != 0)
    return fail (name, error, _ ("a PyTorch file can’t hold values of this type"));
  return TRUE;
}

/* --- the pickle --- */

static void
put (Writer *self, const char *opcodes)
{
  g_byte_array_append (self->pickle, (const guint8 *) opcodes, (guint) strlen (opcodes));
}

static void
put_byte (Writer *self, guint8 byte)
{
  g_byte_array_append (self->pickle, &byte, 1);
}

static void
put_text (Writer *self, const char *text)
{
  guint32 length = GUINT32_TO_LE ((guint32) strlen (text));

  put_byte (self, 'X');
  g_byte_array_append (self->pickle, (const guint8 *) &length, sizeof length);
  put (self, text);
}

static void
put_global (Writer *self, const char *module, const char *name)
{
  g_autofree char *text = g_strdup_printf ("c%s\n%s\n", module, name);

  put (self, text);
}

/* as pickle does it: one byte, four, or as many as are wanted */
static void
put_int (Writer *self, gint64 value)
{
  if (value >= 0 && value < 256)
    {
      put_byte (self, 'K');
      put_byte (self, (guint8) value);
    }
  else if (value >= G_MININT32 && value <= G_MAXINT32)
    {
      gint32 little = GINT32_TO_LE ((gint32) value);

      put_byte (self, 'J');
      g_byte_array_append (self->pickle, (const guint8 *) &little, sizeof little);
    }
  else
    {
      gint64 little = GINT64_TO_LE (value);

      put_byte (self, 0x8a);
      put_byte (self, 8);
      g_byte_array_append (self->pickle, (const guint8 *) &little, sizeof little);
    }
}

static void
put_ints (Writer *self, const gint64 *values, guint n)
{
  put (self, n == 0 ? ")" : "(");
  for (guint i = 0; i < n; i++)
    put_int (self, values[i]);
  put (self, n == 0 ? "" : "t");
}

static void
put_ordered_dict (Writer *self)
{
  put_global (self, "collections", "OrderedDict");
  put (self, ")R");
}

static void
put_tensor (Writer *self, const char *name, EspTensor *tensor, guint storage)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  g_autofree gint64 *strides = g_new (gint64, ndim + 1);
  g_autofree char *key = g_strdup_printf ("%u", storage);

  strides[ndim] = 1;
  for (guint i = ndim; i-- > 0;)
    strides[i] = strides[i + 1] * MAX (i + 1 < ndim ? shape[i + 1] : 1, 1);
  put_text (self, name);
  put_global (self, "torch._utils", "_rebuild_tensor_v2");
  put (self, "((");
  put_text (self, "storage");
  put_global (self, "torch", find_storage_class (tensor));
  put_text (self, key);
  put_text (self, "cpu");
  put_int (self, (gint64) esp_tensor_get_count (tensor));
  put (self, "tQ");
  put_int (self, 0);
  put_ints (self, shape, ndim);
  put_ints (self, strides, ndim);
  put_byte (self, 0x89);
  put_ordered_dict (self);
  put (self, "tR");
}

/* --- what is written --- */

static guint
hash_view (gconstpointer tensor)
{
  EspTensor *self = (EspTensor *) tensor;

  return g_direct_hash (esp_tensor_get_storage (self)) ^
         (guint) ((guint64) esp_tensor_get_offset (self) * 0x9e3779b1u);
}

static gboolean
views_are_equal (gconstpointer a, gconstpointer b)
{
  return a == b || esp_tensor_is_alias ((EspTensor *) a, (EspTensor *) b);
}

static guint
find_storage (Writer *self, EspTensor *tensor)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, tensor));

  if (number > 0)
    return number - 1;
  g_ptr_array_add (self->storages, tensor);
  g_hash_table_insert (self->numbers, tensor, GUINT_TO_POINTER (self->storages->len));
  return self->storages->len - 1;
}

static gboolean
fill_pickle (Writer *self, EspTree *tree, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  guint n = esp_tree_get_n_tensors (tree);

  put_byte (self, 0x80);
  put_byte (self, 2);
  put_ordered_dict (self);
  put (self, "(");
  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      EspRole role = esp_parameter_get_role (parameter);
      EspTensor *tensor = esp_parameter_get_data (parameter);
      const char *name = esp_place_get_path (place);

      if (role != ESP_ROLE_PARAMETER && role != ESP_ROLE_BUFFER)
        continue;
      if (!check_tensor (name, tensor, error))
        return FALSE;
      if (!g_hash_table_add (names, g_strdup (name)))
        return fail (name, error, _ ("a PyTorch file can’t hold two tensors of one name"));
      put_tensor (self, name, tensor, find_storage (self, tensor));
    }
  put (self, "u.");
  return TRUE;
}

static gboolean
write_storage (Writer *self, guint number, guint8 *chunk, GError **error)
{
  EspTensor *tensor = self->storages->pdata[number];
  gsize size = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->bits / 8;
  guint64 count = esp_tensor_get_count (tensor);
  g_autofree char *name = g_strdup_printf ("%s/data/%u", self->stem, number);

  if (!esp_zip_writer_begin (self->zip, name, count * size, ALIGNMENT, error))
    return FALSE;
  for (guint64 start = 0; start < count; start += CHUNK_BYTES / size)
    {
      gsize n = MIN (CHUNK_BYTES / size, count - start);

      if (!esp_tensor_read_bytes (tensor, start, n, chunk, self->cancellable, error) ||
          !esp_zip_writer_write (self->zip, chunk, n * size, error) ||
          g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      self->done += n * size;
      if (self->progress != NULL)
        self->progress ((double) self->done / (double) self->total, self->user_data);
    }
  return esp_zip_writer_end (self->zip, error);
}

static gboolean
write_member (Writer *self, const char *name, const void *data, gsize length, GError **error)
{
  g_autofree char *path = g_strconcat (self->stem, "/", name, NULL);

  return esp_zip_writer_add (self->zip, path, data, length, ALIGNMENT, error);
}

/* in torch.save()'s order */
static gboolean
write_file (Writer *self, const char *path, gboolean replace, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);

  self->file = esp_atomic_file_new (path, replace, error);
  if (self->file == NULL)
    return FALSE;
  self->zip = esp_zip_writer_new (self->file);
  if (!write_member (self, "data.pkl", self->pickle->data, self->pickle->len, error) ||
      !write_member (self, "byteorder", "little", 6, error))
    return FALSE;
  for (guint i = 0; i < self->storages->len; i++)
    self->total += esp_tensor_get_bytes (self->storages->pdata[i]);
  for (guint i = 0; i < self->storages->len; i++)
    if (!write_storage (self, i, chunk, error))
      return FALSE;
  return write_member (self, "version", "3\n", 2, error) &&
         esp_zip_writer_finish (self->zip, error) && esp_atomic_file_commit (self->file, error);
}

/* the folder in the archive: the file's name without its suffix, in characters that are safe */
static char *
dup_stem (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');

  if (dot != NULL && dot != base)
    *dot = '\0';
  if (!g_str_is_ascii (base) || strlen (base) > 200 || strpbrk (base, "/\\") != NULL)
    return g_strdup ("archive");
  return g_steal_pointer (&base);
}

gboolean
esp_pytorch_write (EspTree *tree,
                   const char *path,
                   gboolean replace,
                   EspProgressFunc progress,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error)
{
  Writer self = { .progress = progress, .user_data = user_data, .cancellable = cancellable };
  gboolean done;

  self.storages = g_ptr_array_new ();
  self.numbers = g_hash_table_new (hash_view, views_are_equal);
  self.pickle = g_byte_array_new ();
  self.stem = dup_stem (path);
  done = fill_pickle (&self, tree, error) && write_file (&self, path, replace, error);
  g_ptr_array_unref (self.storages);
  g_hash_table_unref (self.numbers);
  g_byte_array_unref (self.pickle);
  g_free (self.stem);
  g_clear_pointer (&self.zip, esp_zip_writer_free);
  g_clear_pointer (&self.file, esp_atomic_file_free);
  return done;
}
