/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The header of a safetensors file. In: its text, some kilobytes to 100 MB. Out: a list of entries
 * that were checked against the format's rules and against one another, packed into a third of the
 * text's size, so that the text can go before any tensor is made. Hot: read_entry(), 20,000 times
 * in a few ms.
 *
 *   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
 *    "__metadata__": {"format": "pt", ...}}
 *
 * Offsets count from the buffer's begin; in their order the tensors leave no hole, don't overlap
 * and end where the file does. A packed entry is
 *
 *   name, NUL, index of the dtype, number of dimensions, each of them, begin - end of the one
 * before
 *
 * with numbers in groups of 7 bits, the lowest first. */

#include "config.h"

#include "esp-safetensors-header.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-json.h"
#include "esp-number.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

const EspSafetensorsDtype _esp_safetensors_dtypes[] = {
  { "BOOL", ESP_DTYPE_BOOL },
  { "F4", ESP_DTYPE_FLOAT4_E2M1 },
  { "F6_E2M3", ESP_DTYPE_FLOAT6_E2M3 },
  { "F6_E3M2", ESP_DTYPE_FLOAT6_E3M2 },
  { "U8", ESP_DTYPE_UINT8 },
  { "I8", ESP_DTYPE_INT8 },
  { "F8_E5M2", ESP_DTYPE_FLOAT8_E5M2 },
  { "F8_E4M3", ESP_DTYPE_FLOAT8_E4M3FN },
  { "F8_E8M0", ESP_DTYPE_FLOAT8_E8M0FNU },
  { "F8_E4M3FNUZ", ESP_DTYPE_FLOAT8_E4M3FNUZ },
  { "F8_E5M2FNUZ", ESP_DTYPE_FLOAT8_E5M2FNUZ },
  { "I16", ESP_DTYPE_INT16 },
  { "U16", ESP_DTYPE_UINT16 },
  { "F16", ESP_DTYPE_FLOAT16 },
  { "BF16", ESP_DTYPE_BFLOAT16 },
  { "I32", ESP_DTYPE_INT32 },
  { "U32", ESP_DTYPE_UINT32 },
  { "F32", ESP_DTYPE_FLOAT32 },
  { "C64", ESP_DTYPE_COMPLEX64 },
  { "F64", ESP_DTYPE_FLOAT64 },
  { "I64", ESP_DTYPE_INT64 },
  { "U64", ESP_DTYPE_UINT64 },
  { NULL, ESP_DTYPE_INVALID },
};

/* one entry while it is read */
typedef struct
{
  const EspSafetensorsDtype *dtype; /* NULL until it was there */
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  gboolean has_shape;
  guint64 begin, end;
  gboolean has_offsets;
} Entry;

struct _EspSafetensorsHeader
{
  /* while it is read */
  EspJsonReader *json;
  guint64 header_size;
  guint64 buffer_size;
  GString *name; /* of the entry at hand */
  const EspSafetensorsDtype *last_dtype;
  guint64 position;  /* where the last tensor ended */
  gboolean in_order; /* each tensor began there */

  /* what was read */
  GByteArray *packed;
  guint n_tensors;
  GPtrArray *metadata; /* key, value, key, value, ... */
  guint n_cut;
};

static gboolean G_GNUC_PRINTF (3, 4) fail (GError **error, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (ESP_FORMAT_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* a name in a message: legible and not a page long */
static char *
show_name (const char *name)
{
  g_autofree char *shown = esp_path_escape (name);

  if (g_utf8_strlen (shown, -1) <= 200)
    return g_steal_pointer (&shown);
  *g_utf8_offset_to_pointer (shown, 199) = '\0';
  return g_strconcat (shown, "…", NULL);
}

/* puts the tensor's name in front of an error */
static gboolean
name_error (const char *name, GError **error)
{
  g_autofree char *shown = show_name (name);

  g_prefix_error (error, "%s: ", shown);
  return FALSE;
}

/* packed numbers */

static void
put_number (GByteArray *out, guint64 number)
{
  guint8 bytes[10];
  guint n = 0;

  for (; number >= 0x80; number >>= 7)
    bytes[n++] = (guint8) (number | 0x80);
  bytes[n++] = (guint8) number;
  g_byte_array_append (out, bytes, n);
}

/* they are our own: nothing to check */
static guint64
get_number (const guint8 **at)
{
  guint64 number = 0;

  for (guint shift = 0;; shift += 7)
    {
      guint8 byte = *(*at)++;

      number |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        return number;
    }
}

static void
pack_entry (EspSafetensorsHeader *self, const Entry *entry)
{
  GByteArray *out = self->packed;

  g_byte_array_append (out, (const guint8 *) self->name->str, self->name->len + 1);
  put_number (out, (guint64) (entry->dtype - _esp_safetensors_dtypes));
  put_number (out, entry->ndim);
  for (guint i = 0; i < entry->ndim; i++)
    put_number (out, (guint64) entry->shape[i]);
  put_number (out, entry->begin - self->position); /* wraps where it goes back */
}

/* the parts of an entry */

static gboolean
read_dtype (EspSafetensorsHeader *self, Entry *entry, GError **error)
{
  g_autofree char *shown = NULL;

  if (!esp_json_reader_expect (self->json, ESP_JSON_STRING, error))
    return FALSE;
  /* mostly the same as the one before */
  if (!esp_json_reader_is_text (self->json, self->last_dtype->name))
    for (self->last_dtype = _esp_safetensors_dtypes;
         self->last_dtype->name != NULL &&
         !esp_json_reader_is_text (self->json, self->last_dtype->name);)
      self->last_dtype++;
  entry->dtype = self->last_dtype;
  if (entry->dtype->name != NULL)
    return TRUE;
  shown = show_name (esp_json_reader_get_text (self->json, NULL));
  return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("“%s” is no data type of safetensors"),
               shown);
}

static gboolean
read_shape (EspSafetensorsHeader *self, Entry *entry, GError **error)
{
  EspJsonToken token;
  guint64 size;

  if (!esp_json_reader_expect (self->json, ESP_JSON_ARRAY, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_NUMBER)
    {
      if (!esp_json_reader_get_u64 (self->json, &size, error))
        return FALSE;
      if (entry->ndim == ESP_LIMIT_DIMS)
        return fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("the shape has more than %d dimensions"),
                     ESP_LIMIT_DIMS);
      if (size > G_MAXINT64)
        return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                     _ ("a size of %" PRIu64 " is more than anything can have"), size);
      entry->shape[entry->ndim++] = (gint64) size;
    }
  entry->has_shape = TRUE;
  if (token == ESP_JSON_ERROR || token == ESP_JSON_ARRAY_END)
    return token == ESP_JSON_ARRAY_END;
  return fail (error, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the shape holds something that is no number, at byte %zu of the header"),
               esp_json_reader_get_position (self->json));
}

static gboolean
read_offsets (EspSafetensorsHeader *self, Entry *entry, GError **error)
{
  entry->has_offsets = TRUE;
  return esp_json_reader_expect (self->json, ESP_JSON_ARRAY, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_NUMBER, error) &&
         esp_json_reader_get_u64 (self->json, &entry->begin, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_NUMBER, error) &&
         esp_json_reader_get_u64 (self->json, &entry->end, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_ARRAY_END, error);
}

static gboolean
read_fields (EspSafetensorsHeader *self, Entry *entry, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (self->json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gboolean done;

      if (esp_json_reader_is_text (self->json, "dtype"))
        done = read_dtype (self, entry, error);
      else if (esp_json_reader_is_text (self->json, "shape"))
        done = read_shape (self, entry, error);
      else if (esp_json_reader_is_text (self->json, "data_offsets"))
        done = read_offsets (self, entry, error);
      else
        done = esp_json_reader_skip (self->json, error);
      if (!done)
        return FALSE;
    }
  if (token == ESP_JSON_ERROR)
    return FALSE;
  if (entry->dtype != NULL && entry->has_shape && entry->has_offsets)
    return TRUE;
  return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("“%s” is missing"),
               entry->dtype == NULL ? "dtype"
               : entry->has_shape   ? "data_offsets"
                                    : "shape");
}

typedef enum
{
  FAULT_ELEMENTS,
  FAULT_BITS,
  FAULT_BYTES,
  FAULT_LENGTH,
} SizeFault;

/* an error about the shape, whose text isn't worth making before; @size is in bits or bytes */
static gboolean
fail_size (const Entry *entry, SizeFault fault, guint64 size, GError **error)
{
  g_autofree char *shape = esp_number_format_shape (entry->shape, entry->ndim);
  const char *dtype = entry->dtype->name;

  switch (fault)
    {
    case FAULT_ELEMENTS:
      return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s of %s has more elements than 64 bits can count"), shape, dtype);
    case FAULT_BITS:
      return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s of %s has more bits than 64 bits can count"), shape, dtype);
    case FAULT_BYTES:
      return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s of %s takes %" PRIu64 " bits, which are no whole bytes"), shape, dtype,
                   size);
    case FAULT_LENGTH:
    default:
      return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s of %s takes %" PRIu64 " bytes, but data_offsets hold %" PRIu64), shape,
                   dtype, size, entry->end - entry->begin);
    }
}

/* shape and dtype against the bytes */
static gboolean
check_size (const Entry *entry, GError **error)
{
  guint bits = esp_dtype_get_info (entry->dtype->dtype)->bits;
  guint64 count = 1;
  guint64 size;

  for (guint i = 0; i < entry->ndim; i++)
    if (!esp_mul_u64 (count, (guint64) entry->shape[i], &count))
      return fail_size (entry, FAULT_ELEMENTS, 0, error);
  if (!esp_mul_u64 (count, bits, &size))
    return fail_size (entry, FAULT_BITS, 0, error);
  if (size % 8 != 0)
    return fail_size (entry, FAULT_BYTES, size, error);
  if (entry->begin > entry->end)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("data_offsets end at %" PRIu64 ", before they begin at %" PRIu64), entry->end,
                 entry->begin);
  return entry->end - entry->begin == size / 8 || fail_size (entry, FAULT_LENGTH, size / 8, error);
}

static gboolean
check_place (EspSafetensorsHeader *self, const Entry *entry, GError **error)
{
  guint64 buffer = ESP_SAFETENSORS_PREFIX + self->header_size;
  guint64 offset;

  if (entry->end <= self->buffer_size)
    return TRUE;
  if (!esp_add_u64 (buffer, entry->begin, &offset))
    offset = entry->begin;
  return fail (
      error, ESP_FORMAT_ERROR_TRUNCATED,
      ngettext ("%" PRIu64 " byte at offset %" PRIu64 " ends beyond the file (%" PRIu64 " bytes)",
                "%" PRIu64 " bytes at offset %" PRIu64 " end beyond the file (%" PRIu64 " bytes)",
                (gulong) (entry->end - entry->begin)),
      entry->end - entry->begin, offset, buffer + self->buffer_size);
}

static gboolean
read_entry (EspSafetensorsHeader *self, GError **error)
{
  Entry entry;

  entry.dtype = NULL;
  entry.ndim = 0;
  entry.has_shape = entry.has_offsets = FALSE;
  if (!read_fields (self, &entry, error) || !check_size (&entry, error) ||
      !check_place (self, &entry, error))
    return name_error (self->name->str, error);
  pack_entry (self, &entry);
  self->in_order = self->in_order && entry.begin == self->position;
  self->position = entry.end;
  self->n_tensors++;
  return TRUE;
}

static gboolean
read_metadata (EspSafetensorsHeader *self, GError **error)
{
  EspJsonToken token = esp_json_reader_next (self->json, error);

  if (token == ESP_JSON_NULL || token == ESP_JSON_ERROR)
    return token == ESP_JSON_NULL;
  if (token != ESP_JSON_OBJECT)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("%s is no object"), ESP_SAFETENSORS_METADATA);
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gsize length;
      const char *text = esp_json_reader_get_text (self->json, &length);

      g_ptr_array_add (self->metadata, esp_path_from_text (text, length));
      if (!esp_json_reader_expect (self->json, ESP_JSON_STRING, error))
        {
          g_prefix_error (error, "%s: ", ESP_SAFETENSORS_METADATA);
          return FALSE;
        }
      text = esp_json_reader_get_text (self->json, &length);
      if (length > ESP_LIMIT_METADATA_BYTES)
        {
          /* not within a character */
          for (length = ESP_LIMIT_METADATA_BYTES; (text[length] & 0xc0) == 0x80; length--)
            ;
          self->n_cut++;
        }
      g_ptr_array_add (self->metadata, esp_path_from_text (text, length));
    }
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_entries (EspSafetensorsHeader *self, GCancellable *cancellable, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (self->json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gsize length;
      const char *text = esp_json_reader_get_text (self->json, &length);
      g_autofree char *name = NULL;

      if (strcmp (text, ESP_SAFETENSORS_METADATA) == 0)
        {
          if (!read_metadata (self, error))
            return FALSE;
          continue;
        }
      if (strlen (text) == length)
        g_string_assign (self->name, text);
      else
        {
          name = esp_path_from_text (text, length);
          g_string_assign (self->name, name);
        }
      if (!read_entry (self, error))
        return FALSE;
      if (self->n_tensors % 1024 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
    }
  return token == ESP_JSON_OBJECT_END && esp_json_reader_expect (self->json, ESP_JSON_END, error);
}

/* the entries together */

void
_esp_safetensors_iter_init (EspSafetensorsIter *iter, const EspSafetensorsHeader *header)
{
  iter->at = header->packed != NULL ? header->packed->data : NULL;
  iter->left = header->n_tensors;
  iter->entry.end = 0;
}

const EspSafetensorsEntry *
_esp_safetensors_iter_next (EspSafetensorsIter *iter)
{
  EspSafetensorsEntry *entry = &iter->entry;
  guint64 count = 1;

  if (iter->left == 0)
    return NULL;
  iter->left--;
  entry->name = (const char *) iter->at;
  iter->at += strlen (entry->name) + 1;
  entry->dtype = &_esp_safetensors_dtypes[get_number (&iter->at)];
  entry->ndim = (guint) get_number (&iter->at);
  for (guint i = 0; i < entry->ndim; i++)
    {
      entry->shape[i] = (gint64) get_number (&iter->at);
      count *= (guint64) entry->shape[i];
    }
  entry->begin = entry->end + get_number (&iter->at);
  entry->end = entry->begin + count * esp_dtype_get_info (entry->dtype->dtype)->bits / 8;
  return entry;
}

typedef struct
{
  guint64 begin, end; /* in the buffer */
  const char *name;   /* borrowed from the packed entries */
} Extent;

static int
compare_extents (gconstpointer a, gconstpointer b)
{
  const Extent *x = a;
  const Extent *y = b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* the tensors in the order of their bytes; mostly they come in it */
static GArray *
sort_extents (EspSafetensorsHeader *self)
{
  GArray *extents = g_array_sized_new (FALSE, FALSE, sizeof (Extent), self->n_tensors);
  EspSafetensorsIter iter;
  const EspSafetensorsEntry *entry;

  _esp_safetensors_iter_init (&iter, self);
  while ((entry = _esp_safetensors_iter_next (&iter)) != NULL)
    {
      Extent extent = { entry->begin, entry->end, entry->name };
      g_array_append_val (extents, extent);
    }
  g_array_sort (extents, compare_extents);
  return extents;
}

static gboolean
check_order (EspSafetensorsHeader *self, GError **error)
{
  g_autoptr (GArray) extents = self->in_order ? NULL : sort_extents (self);
  guint64 position = self->in_order ? self->position : 0;

  for (guint i = 0; extents != NULL && i < extents->len; i++)
    {
      const Extent *extent = &g_array_index (extents, Extent, i);

      if (extent->begin != position)
        {
          fail (error, ESP_FORMAT_ERROR_CORRUPT,
                extent->begin < position
                    ? _ ("its bytes begin at %" PRIu64
                         " of the buffer, where other tensors reach up to %" PRIu64)
                    : _ ("its bytes begin at %" PRIu64
                         " of the buffer and leave a hole, as the tensors before it end at "
                         "%" PRIu64),
                extent->begin, position);
          return name_error (extent->name, error);
        }
      position = extent->end;
    }
  if (position == self->buffer_size)
    return TRUE;
  return fail (error, ESP_FORMAT_ERROR_CORRUPT,
               ngettext ("%" PRIu64 " byte follows the last tensor, where the file should end",
                         "%" PRIu64 " bytes follow the last tensor, where the file should end",
                         (gulong) (self->buffer_size - position)),
               self->buffer_size - position);
}

/* the whole */

EspSafetensorsHeader *
_esp_safetensors_header_new (const char *text,
                             gsize length,
                             guint64 buffer_size,
                             GCancellable *cancellable,
                             GError **error)
{
  EspSafetensorsHeader *self = g_new0 (EspSafetensorsHeader, 1);
  gboolean good;

  self->json = esp_json_reader_new (text, length, _ ("header"));
  self->header_size = length;
  self->buffer_size = buffer_size;
  self->name = g_string_new (NULL);
  self->last_dtype = _esp_safetensors_dtypes;
  self->in_order = TRUE;
  self->packed = g_byte_array_new ();
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  good = read_entries (self, cancellable, error) && check_order (self, error);

  g_clear_pointer (&self->json, esp_json_reader_free);
  g_string_free (self->name, TRUE);
  if (!good)
    g_clear_pointer (&self, _esp_safetensors_header_free);
  return self;
}

void
_esp_safetensors_header_free (EspSafetensorsHeader *self)
{
  g_clear_pointer (&self->packed, g_byte_array_unref);
  g_ptr_array_unref (self->metadata);
  g_free (self);
}

void
_esp_safetensors_header_drop_entries (EspSafetensorsHeader *self)
{
  g_clear_pointer (&self->packed, g_byte_array_unref);
  self->n_tensors = 0;
}

const GPtrArray *
_esp_safetensors_header_get_metadata (const EspSafetensorsHeader *self)
{
  return self->metadata;
}

guint
_esp_safetensors_header_get_n_cut (const EspSafetensorsHeader *self)
{
  return self->n_cut;
}
