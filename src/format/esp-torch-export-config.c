/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The list of the weights (or constants) in a .pt2, JSON that says of each tensor its file, data
 * type, sizes, strides and offset. Read in one pass, an entry at a time. */

#include "config.h"

#include "esp-torch-export-config.h"

#include "esp-error.h"
#include "esp-json.h"
#include "esp-path.h"

#include <glib/gi18n.h>

static gboolean
fail_kind (EspJsonReader *json, const char *key, GError **error)
{
  if (error != NULL && *error == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("byte %zu: “%s” isn’t of the kind that it should be"),
                 esp_json_reader_get_position (json), key);
  return FALSE;
}

static char *
dup_text (EspJsonReader *json)
{
  gsize length;
  const char *text = esp_json_reader_get_text (json, &length);

  return esp_path_from_text (text, length);
}

static gboolean
read_bool (EspJsonReader *json, const char *key, gboolean *out, GError **error)
{
  EspJsonToken token = esp_json_reader_next (json, error);

  *out = token == ESP_JSON_TRUE;
  return *out || token == ESP_JSON_FALSE || fail_kind (json, key, error);
}

static gboolean
read_number (EspJsonReader *json, const char *key, guint64 *out, GError **error)
{
  if (esp_json_reader_next (json, error) != ESP_JSON_NUMBER)
    return fail_kind (json, key, error);
  return esp_json_reader_get_u64 (json, out, error);
}

/* {"as_int": 2}, whose beginning was read; anything else in it is a symbol */
static gboolean
read_int (EspJsonReader *json, EspTorchExportEntry *entry, gint64 *out, GError **error)
{
  EspJsonToken token;

  *out = 0;
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    {
      guint64 value;

      if (!esp_json_reader_is_text (json, "as_int"))
        {
          entry->is_symbolic = TRUE;
          if (!esp_json_reader_skip (json, error))
            return FALSE;
          continue;
        }
      if (!read_number (json, "as_int", &value, error))
        return FALSE;
      if (value > G_MAXINT64)
        return fail_kind (json, "as_int", error);
      *out = (gint64) value;
    }
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_ints (EspJsonReader *json,
           EspTorchExportEntry *entry,
           const char *key,
           gint64 *out,
           guint *n,
           GError **error)
{
  EspJsonToken token;

  *n = 0;
  if (esp_json_reader_next (json, error) != ESP_JSON_ARRAY)
    return fail_kind (json, key, error);
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_OBJECT)
    {
      if (*n >= ESP_LIMIT_DIMS)
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                       _ ("it has %u dimensions, more than %d"), *n + 1, ESP_LIMIT_DIMS);
          return FALSE;
        }
      if (!read_int (json, entry, &out[*n], error))
        return FALSE;
      (*n)++;
    }
  return token == ESP_JSON_ARRAY_END || fail_kind (json, key, error);
}

static gboolean
read_meta_field (EspJsonReader *json, EspTorchExportEntry *entry, GError **error)
{
  gboolean flag;

  if (esp_json_reader_is_text (json, "dtype"))
    return read_number (json, "dtype", &entry->dtype, error);
  if (esp_json_reader_is_text (json, "layout"))
    return read_number (json, "layout", &entry->layout, error);
  if (esp_json_reader_is_text (json, "sizes"))
    return read_ints (json, entry, "sizes", entry->shape, &entry->n_sizes, error);
  if (esp_json_reader_is_text (json, "strides"))
    return read_ints (json, entry, "strides", entry->strides, &entry->n_strides, error);
  if (esp_json_reader_is_text (json, "storage_offset"))
    {
      if (esp_json_reader_next (json, error) != ESP_JSON_OBJECT)
        return fail_kind (json, "storage_offset", error);
      return read_int (json, entry, &entry->offset, error);
    }
  if (esp_json_reader_is_text (json, "requires_grad"))
    {
      if (!read_bool (json, "requires_grad", &flag, error))
        return FALSE;
      entry->requires_grad = flag ? ESP_REQUIRES_GRAD_YES : ESP_REQUIRES_GRAD_NO;
      return TRUE;
    }
  return esp_json_reader_skip (json, error);
}

/* null where the member is a pickle */
static gboolean
read_meta (EspJsonReader *json, EspTorchExportEntry *entry, GError **error)
{
  EspJsonToken token = esp_json_reader_next (json, error);

  if (token == ESP_JSON_NULL)
    return TRUE;
  if (token != ESP_JSON_OBJECT)
    return fail_kind (json, "tensor_meta", error);
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    if (!read_meta_field (json, entry, error))
      return FALSE;
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_field (EspJsonReader *json, EspTorchExportEntry *entry, GError **error)
{
  if (esp_json_reader_is_text (json, "path_name"))
    {
      if (esp_json_reader_next (json, error) != ESP_JSON_STRING)
        return fail_kind (json, "path_name", error);
      entry->member = dup_text (json);
      return TRUE;
    }
  if (esp_json_reader_is_text (json, "is_param"))
    return read_bool (json, "is_param", &entry->is_parameter, error);
  if (esp_json_reader_is_text (json, "use_pickle"))
    return read_bool (json, "use_pickle", &entry->is_pickled, error);
  if (esp_json_reader_is_text (json, "tensor_meta"))
    return read_meta (json, entry, error);
  return esp_json_reader_skip (json, error);
}

static gboolean
read_entry (EspJsonReader *json, EspTorchExportEntryFunc func, gpointer user_data, GError **error)
{
  g_autofree EspTorchExportEntry *entry = g_new0 (EspTorchExportEntry, 1);
  EspJsonToken token;
  gboolean good;

  entry->requires_grad = ESP_REQUIRES_GRAD_UNKNOWN;
  entry->name = dup_text (json);
  good = esp_json_reader_next (json, error) == ESP_JSON_OBJECT || fail_kind (json, "config", error);
  while (good && (token = esp_json_reader_next (json, error)) != ESP_JSON_OBJECT_END)
    good = token == ESP_JSON_KEY && read_field (json, entry, error);
  good = good && func (entry, user_data, error);
  g_free (entry->name);
  g_free (entry->member);
  return good;
}

static gboolean
read_entries (EspJsonReader *json, EspTorchExportEntryFunc func, gpointer user_data, GError **error)
{
  EspJsonToken token;

  if (esp_json_reader_next (json, error) != ESP_JSON_OBJECT)
    return fail_kind (json, "config", error);
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    if (!read_entry (json, func, user_data, error))
      return FALSE;
  return token == ESP_JSON_OBJECT_END;
}

gboolean
esp_torch_export_config_read (const char *text,
                              gsize length,
                              const char *what,
                              EspTorchExportEntryFunc func,
                              gpointer user_data,
                              GError **error)
{
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, length, what);
  EspJsonToken token;

  if (esp_json_reader_next (json, error) != ESP_JSON_OBJECT)
    return fail_kind (json, what, error);
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    if (esp_json_reader_is_text (json, "config") ? !read_entries (json, func, user_data, error)
                                                 : !esp_json_reader_skip (json, error))
      return FALSE;
  return token == ESP_JSON_OBJECT_END && esp_json_reader_expect (json, ESP_JSON_END, error);
}
