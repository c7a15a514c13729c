/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's .npy and .npz. Only headers are read; of a deflated member that is its first few hundred
 * bytes.
 *
 *   93 "NUMPY" major minor | header length: u16 (version 1) or u32 (2, 3) | header | values
 *
 * An .npz is a zip of such files. A member that can't be shown doesn't take the others with it.
 */

#include "config.h"

#include "esp-numpy.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-numpy-header.h"
#include "esp-tree-builder.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define START_SIZE 12 /* at least so many bytes are in any file: a header has some 100 */
#define WARNINGS 100  /* that are told one by one */

/* {{{ one array */

/* where the header's text lies */
static gboolean
read_start (EspSource *source,
            guint64 *begin,
            guint64 *length,
            GCancellable *cancellable,
            GError **error)
{
  guint64 size = esp_source_get_size (source);
  guint8 start[START_SIZE];

  if (size < sizeof start)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("an array’s header needs %d bytes, and there are %llu"), START_SIZE,
                   (unsigned long long) size);
      return FALSE;
    }
  if (!esp_source_read (source, 0, sizeof start, start, cancellable, error))
    return FALSE;
  if (memcmp (start, MAGIC, MAGIC_SIZE) != 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("it doesn’t begin like a NumPy array"));
      return FALSE;
    }
  if (start[6] < 1 || start[6] > 3)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("a NumPy array of version %u.%u; versions 1 to 3 can be read"), start[6],
                   start[7]);
      return FALSE;
    }
  *begin = start[6] == 1 ? 10 : 12;
  *length = start[8] | (guint64) start[9] << 8;
  if (start[6] > 1)
    *length |= (guint64) start[10] << 16 | (guint64) start[11] << 24;
  return TRUE;
}

/* *offset: where the values begin */
static gboolean
read_header (EspSource *source,
             EspNumpyHeader *header,
             guint64 *offset,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  guint64 begin, length;
  const char *text;
  gsize n;

  if (!read_start (source, &begin, &length, cancellable, error))
    return FALSE;
  if (!esp_range_fits (begin, length, esp_source_get_size (source)))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("the array’s header of %llu bytes ends beyond the file (%llu bytes)"),
                   (unsigned long long) length, (unsigned long long) esp_source_get_size (source));
      return FALSE;
    }
  if (length > ESP_LIMIT_NUMPY_HEADER_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the array’s header has %llu bytes; at most %d can be read"),
                   (unsigned long long) length, ESP_LIMIT_NUMPY_HEADER_BYTES);
      return FALSE;
    }
  bytes = esp_source_read_bytes (source, begin, length, ESP_LIMIT_NUMPY_HEADER_BYTES, cancellable,
                                 error);
  if (bytes == NULL)
    return FALSE;
  *offset = begin + length;
  text = g_bytes_get_data (bytes, &n);
  return esp_numpy_header_parse (header, text, n, error);
}

/* bytes that the values take */
static gboolean
count_bytes (const EspNumpyHeader *header, EspDtype dtype, guint64 *bytes)
{
  gboolean empty = FALSE;
  gint64 count = 1;

  for (guint i = 0; i < header->ndim; i++)
    {
      empty = empty || header->shape[i] == 0;
      if (!esp_mul_i64 (count, MAX (header->shape[i], 1), &count))
        return FALSE;
    }
  if (!esp_dtype_get_size (dtype, (guint64) count, bytes))
    return FALSE;
  if (empty)
    *bytes = 0;
  return TRUE;
}

/* the first axis is the fastest; count_bytes() has seen that nothing overflows */
static void
fill_fortran_strides (const EspNumpyHeader *header, gint64 *strides)
{
  gint64 step = 1;

  for (guint i = 0; i < header->ndim; i++)
    {
      strides[i] = step;
      step *= MAX (header->shape[i], 1);
    }
}

EspTensor *
esp_numpy_read_array (EspSource *source,
                      const char *id,
                      char **warning,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (EspNumpyHeader) header = { 0 };
  g_autoptr (EspStorage) storage = NULL;
  gint64 strides[ESP_LIMIT_DIMS];
  guint64 offset, wanted, there;
  gboolean big_endian;
  EspDtype dtype;

  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (warning != NULL, NULL);

  *warning = NULL;
  if (!read_header (source, &header, &offset, cancellable, error))
    return NULL;
  dtype = esp_numpy_header_get_dtype (&header, &big_endian, error);
  if (dtype == ESP_DTYPE_INVALID)
    return NULL;
  there = esp_source_get_size (source) - offset;
  if (!count_bytes (&header, dtype, &wanted))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the array’s shape has more bytes than 64 bits can count"));
      return NULL;
    }
  if (wanted > there)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("the array’s shape takes %llu bytes, and %llu follow the header"),
                   (unsigned long long) wanted, (unsigned long long) there);
      return NULL;
    }
  if (wanted < there)
    *warning = g_strdup_printf (_ ("%llu bytes follow the array’s values"),
                                (unsigned long long) (there - wanted));
  fill_fortran_strides (&header, strides);
  storage = esp_storage_new_for_source (source, offset, wanted, id);
  return esp_tensor_new (dtype, header.descr, header.shape, header.ndim,
                         header.fortran_order ? strides : NULL, 0,
                         big_endian ? ESP_TENSOR_BIG_ENDIAN : 0, storage, error);
}

/* }}} */
/* {{{ .npy */

static gboolean
npy_probe (const EspProbe *probe)
{
  return probe->head_size >= MAGIC_SIZE && memcmp (probe->head, MAGIC, MAGIC_SIZE) == 0;
}

static EspCheckpoint *
finish (EspTreeBuilder *builder, const char *format, GError **error)
{
  g_autoptr (EspTree) tree = esp_tree_builder_finish (builder, error);
  EspCheckpoint *checkpoint;

  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (format, tree);
  esp_checkpoint_set_producer (checkpoint, "numpy");
  return checkpoint;
}

/* "folder/weights.npy" -> "weights"; of a member, the folder stays */
static char *
dup_array_name (const char *file)
{
  return g_str_has_suffix (file, ".npy") ? g_strndup (file, strlen (file) - 4) : g_strdup (file);
}

static gboolean
add_array (EspTreeBuilder *builder, EspTensor *tensor, const char *name, GError **error)
{
  const char *keys[] = { name, NULL };

  return esp_tree_builder_put_tensor (builder, keys, NULL, ESP_ROLE_OTHER,
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

static EspCheckpoint *
npy_read (const EspProbe *probe,
          EspProgressFunc progress,
          gpointer user_data,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autofree char *file = g_path_get_basename (probe->path);
  g_autofree char *valid = g_utf8_make_valid (file, -1);
  g_autofree char *name = dup_array_name (valid);
  g_autofree char *warning = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  EspCheckpoint *checkpoint;

  tensor = esp_numpy_read_array (probe->source, "0", &warning, cancellable, error);
  if (tensor == NULL || !add_array (builder, tensor, name, error))
    return NULL;
  checkpoint = finish (builder, "npy", error);
  if (checkpoint != NULL && warning != NULL)
    esp_checkpoint_add_warning (checkpoint, "%s", warning);
  return checkpoint;
}

/* }}} */
/* {{{ .npz */

static gboolean
npz_probe (const EspProbe *probe)
{
  if (probe->zip == NULL || esp_zip_get_n_members (probe->zip) == 0)
    return FALSE;
  for (guint i = 0; i < esp_zip_get_n_members (probe->zip); i++)
    if (!g_str_has_suffix (esp_zip_get_member (probe->zip, i)->name, ".npy"))
      return FALSE;
  return TRUE;
}

/* FALSE for what ends it all: cancelled, too many */
static gboolean
add_member (EspTreeBuilder *builder,
            EspZip *zip,
            const EspZipMember *member,
            GPtrArray *warnings,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *name = dup_array_name (member->name);
  g_autofree char *warning = NULL;
  g_autoptr (GError) reason = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspSource) source = esp_zip_open_member (zip, member, cancellable, &reason);

  if (source != NULL)
    tensor = esp_numpy_read_array (source, member->name, &warning, cancellable, &reason);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (tensor == NULL || warning != NULL)
    g_ptr_array_add (warnings,
                     g_strdup_printf ("%s: %s", name, tensor == NULL ? reason->message : warning));
  return tensor == NULL || add_array (builder, tensor, name, error);
}

static void
add_warnings (EspCheckpoint *checkpoint, GPtrArray *warnings)
{
  guint more = warnings->len > WARNINGS ? warnings->len - WARNINGS : 0;

  for (guint i = 0; i < warnings->len - more; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) g_ptr_array_index (warnings, i));
  if (more > 0)
    esp_checkpoint_add_warning (checkpoint,
                                ngettext ("and %u more array with such trouble",
                                          "and %u more arrays with such trouble", more),
                                more);
}

static EspCheckpoint *
npz_read (const EspProbe *probe,
          EspProgressFunc progress,
          gpointer user_data,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  guint n = esp_zip_get_n_members (probe->zip);
  EspCheckpoint *checkpoint;

  for (guint i = 0; i < n; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !add_member (builder, probe->zip, esp_zip_get_member (probe->zip, i), warnings,
                       cancellable, error))
        return NULL;
      if (progress != NULL && i % 64 == 0)
        progress ((double) i / n, user_data);
    }
  checkpoint = finish (builder, "npz", error);
  if (checkpoint != NULL)
    add_warnings (checkpoint, warnings);
  return checkpoint;
}

/* }}} */

static const char *const npy_suffixes[] = { "npy", NULL };
static const char *const npz_suffixes[] = { "npz", NULL };

const EspFormat esp_format_npy = {
  .name = "npy",
  .title = "NumPy (.npy)",
  .suffixes = npy_suffixes,
  .probe = npy_probe,
  .read = npy_read,
};

const EspFormat esp_format_npz = {
  .name = "npz",
  .title = "NumPy (.npz)",
  .suffixes = npz_suffixes,
  .probe = npz_probe,
  .read = npz_read,
};
