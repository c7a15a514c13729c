/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The index of Keras weights in several files. It says which file has which group; that is found
 * again when the files are laid over each other, so only their names are taken from it. */

#include "config.h"

#include "esp-keras-shards.h"

#include "esp-error.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  GPtrArray *names;
  GHashTable *seen; /* borrowed from them */
} Reading;

static gboolean
note_name (Reading *self, EspJsonReader *json, GError **error)
{
  gsize length;
  const char *text = esp_json_reader_get_text (json, &length);
  g_autofree char *name = esp_path_from_text (text, length);

  if (g_hash_table_contains (self->seen, name))
    return TRUE;
  if (self->names->len >= ESP_LIMIT_SHARDS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("weight_map: there are more files than the limit of %d"), ESP_LIMIT_SHARDS);
      return FALSE;
    }
  g_hash_table_add (self->seen, name);
  g_ptr_array_add (self->names, g_steal_pointer (&name));
  return TRUE;
}

static gboolean
fail (EspJsonReader *json, GError **error)
{
  if (error != NULL && *error == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("weight_map: byte %zu: the name of a file or a list of them should be here"),
                 esp_json_reader_get_position (json));
  return FALSE;
}

/* a name or a list of names */
static gboolean
read_names (Reading *self, EspJsonReader *json, GError **error)
{
  EspJsonToken token = esp_json_reader_next (json, error);

  if (token == ESP_JSON_STRING)
    return note_name (self, json, error);
  if (token != ESP_JSON_ARRAY)
    return fail (json, error);
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_STRING)
    if (!note_name (self, json, error))
      return FALSE;
  return token == ESP_JSON_ARRAY_END || fail (json, error);
}

static gboolean
read_map (Reading *self, EspJsonReader *json, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    if (!read_names (self, json, error))
      return FALSE;
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_all (Reading *self, EspJsonReader *json, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    if (esp_json_reader_is_text (json, "weight_map") ? !read_map (self, json, error)
                                                     : !esp_json_reader_skip (json, error))
      return FALSE;
  return token == ESP_JSON_OBJECT_END && esp_json_reader_expect (json, ESP_JSON_END, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return esp_path_compare (*(char *const *) a, *(char *const *) b);
}

GPtrArray *
esp_keras_shards_read (const char *text, gsize length, const char *what, GError **error)
{
  g_autoptr (EspJsonReader) json = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  Reading self = { names, seen };

  g_return_val_if_fail (text != NULL && what != NULL, NULL);

  json = esp_json_reader_new (text, length, what);
  if (!read_all (&self, json, error))
    return NULL;
  if (names->len == 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("weight_map: this index names no files"));
      return NULL;
    }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

gboolean
esp_keras_shards_is_one (const char *text, gsize length)
{
  gsize at = 0;

  while (at < length && strchr (" \t\r\n", text[at]) != NULL && text[at] != '\0')
    at++;
  return at < length && text[at] == '{' && g_strstr_len (text, (gssize) length, "\"weight_map\"") &&
         g_strstr_len (text, (gssize) length, ".weights.h5\"");
}
