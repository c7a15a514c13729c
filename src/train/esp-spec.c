/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the JSON of a network specification: typed members with limits, messages that name place,
 * wanted and found, and a complete copy with all defaults. The text is a user's, at most 16 MB
 * (explicit initial values make it long); nesting is counted before json-glib sees it, because
 * json-glib recurses without a bound. */

#include "config.h"
#include "esp-spec.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-limits.h"
#include "esp-number.h"

#define MAX_TEXT_BYTES (16 * 1024 * 1024)

struct _EspSpec
{
  JsonObject *object;
  JsonObject *complete;
  char *place;
  GHashTable *read;   /* set of keys */
  GPtrArray *answers; /* EspSetting; NULL unless it asks */
};

/* Brackets outside strings; whether they match is json-glib's business. */
static guint
measure_depth (const char *text, gsize length)
{
  guint depth = 0, deepest = 0;
  gboolean in_string = FALSE;
  for (gsize i = 0; i < length; i++)
    {
      char c = text[i];
      if (in_string)
        {
          if (c == '\\')
            i++;
          else if (c == '"')
            in_string = FALSE;
        }
      else if (c == '"')
        in_string = TRUE;
      else if (c == '{' || c == '[')
        {
          depth++;
          deepest = MAX (deepest, depth);
        }
      else if ((c == '}' || c == ']') && depth > 0)
        depth--;
    }
  return deepest;
}

EspSpec *
esp_spec_new_from_text (const char *text, gssize length, const char *place, GError **error)
{
  g_return_val_if_fail (text != NULL && place != NULL, NULL);
  gsize size = length < 0 ? strlen (text) : (gsize) length;
  if (size > MAX_TEXT_BYTES)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: the text is longer than %d bytes"), place, MAX_TEXT_BYTES);
      return NULL;
    }
  if (measure_depth (text, size) > ESP_LIMIT_JSON_DEPTH)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: the text nests deeper than %d levels"), place, ESP_LIMIT_JSON_DEPTH);
      return NULL;
    }
  if (!g_utf8_validate_len (text, size, NULL))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: the text is not UTF-8"), place);
      return NULL;
    }
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) inner = NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) size, &inner))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC, _ ("%s: not valid JSON: %s"),
                   place, inner->message);
      return NULL;
    }
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: the text is not a JSON object"), place);
      return NULL;
    }
  return esp_spec_new (json_node_get_object (root), place);
}

EspSpec *
esp_spec_new (JsonObject *object, const char *place)
{
  g_return_val_if_fail (object != NULL && place != NULL, NULL);
  EspSpec *self = g_new0 (EspSpec, 1);
  self->object = json_object_ref (object);
  self->complete = json_object_new ();
  self->place = g_strdup (place);
  self->read = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

EspSpec *
esp_spec_new_for_questions (void)
{
  g_autoptr (JsonObject) nothing = json_object_new ();
  EspSpec *self = esp_spec_new (nothing, "");
  self->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_setting_free);
  return self;
}

GPtrArray *
esp_spec_get_answers (EspSpec *self)
{
  return g_ptr_array_ref (self->answers);
}

/* the setting that @key is, made when it is first asked for; NULL when nobody asks */
static EspSetting *
ask (EspSpec *self, const char *key)
{
  if (self->answers == NULL)
    return NULL;
  for (guint i = 0; i < self->answers->len; i++)
    {
      EspSetting *known = g_ptr_array_index (self->answers, i);
      if (strcmp (known->key, key) == 0)
        return known;
    }
  EspSetting *setting = g_new0 (EspSetting, 1);
  setting->key = g_intern_string (key);
  g_ptr_array_add (self->answers, setting);
  return setting;
}

/* takes @fallback */
static gboolean
answer (EspSetting *setting,
        EspSettingKind kind,
        guint n,
        double min,
        double max,
        JsonNode *fallback)
{
  setting->kind = kind;
  setting->n = n;
  setting->min = min;
  setting->max = max;
  g_clear_pointer (&setting->fallback, json_node_unref);
  if (setting->required || setting->nullable || fallback == NULL)
    g_clear_pointer (&fallback, json_node_unref);
  setting->fallback = fallback;
  if (setting->nullable)
    setting->fallback = json_node_init_null (json_node_alloc ());
  return TRUE;
}

void
esp_spec_free (EspSpec *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->answers, g_ptr_array_unref);
  json_object_unref (self->object);
  json_object_unref (self->complete);
  g_free (self->place);
  g_hash_table_unref (self->read);
  g_free (self);
}

void
esp_spec_set_place (EspSpec *self, const char *place)
{
  g_free (self->place);
  self->place = g_strdup (place);
}

JsonObject *
esp_spec_get_complete (EspSpec *self)
{
  return self->complete;
}

void
esp_spec_set_error (EspSpec *self, EspNetworkError code, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, ESP_NETWORK_ERROR, code, "%s: %s", self->place, message);
}

/* the member as text for a message, cut short */
static char *
quote_node (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);
  if (g_utf8_strlen (text, -1) <= 60)
    return g_steal_pointer (&text);
  g_autofree char *head = g_utf8_substring (text, 0, 57);
  return g_strconcat (head, "…", NULL);
}

static JsonNode *
take_member (EspSpec *self, const char *key)
{
  g_hash_table_add (self->read, g_strdup (key));
  return json_object_get_member (self->object, key);
}

static void
set_wrong (EspSpec *self, const char *key, JsonNode *node, const char *wanted, GError **error)
{
  g_autofree char *found = quote_node (node);
  /* Translators: member of a JSON object, what it must be, what it is */
  esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” must be %s, but it is %s"), key,
                      wanted, found);
}

gboolean
esp_spec_has (EspSpec *self, const char *key)
{
  return self->answers != NULL || json_object_has_member (self->object, key);
}

gboolean
esp_spec_require (EspSpec *self, const char *key, GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    setting->required = TRUE;
  if (esp_spec_has (self, key))
    return TRUE;
  esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), key);
  return FALSE;
}

gboolean
esp_spec_read_int (EspSpec *self,
                   const char *key,
                   gint64 min,
                   gint64 max,
                   gint64 *value,
                   GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->follows = !setting->required && !setting->nullable && *value < min;
      gint64 used = CLAMP (*value, min, max);
      JsonNode *fallback = used == *value ? json_node_init_int (json_node_alloc (), used) : NULL;
      *value = used;
      return answer (setting, ESP_SETTING_WHOLE, 1, (double) min, (double) max, fallback);
    }
  JsonNode *node = take_member (self, key);
  if (node != NULL)
    {
      gboolean whole = JSON_NODE_HOLDS_VALUE (node) &&
                       json_node_get_value_type (node) == G_TYPE_INT64;
      gint64 found = whole ? json_node_get_int (node) : 0;
      if (!whole || found < min || found > max)
        {
          g_autofree char *wanted = g_strdup_printf (_ ("a whole number from %lld to %lld"),
                                                     (long long) min, (long long) max);
          set_wrong (self, key, node, wanted, error);
          return FALSE;
        }
      *value = found;
    }
  json_object_set_int_member (self->complete, key, *value);
  return TRUE;
}

gboolean
esp_spec_read_size (EspSpec *self,
                    const char *key,
                    guint64 min,
                    guint64 max,
                    guint64 *value,
                    GError **error)
{
  gint64 found = (gint64) *value;
  g_assert (max <= G_MAXINT64);
  if (!esp_spec_read_int (self, key, (gint64) min, (gint64) max, &found, error))
    return FALSE;
  *value = (guint64) found;
  return TRUE;
}

static gboolean
get_size (JsonNode *node, guint64 min, guint64 max, guint64 *value)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  gint64 found = json_node_get_int (node);
  if (found < 0 || (guint64) found < min || (guint64) found > max)
    return FALSE;
  *value = (guint64) found;
  return TRUE;
}

/* one number where all are the same and nothing else was given */
static JsonNode *
write_sizes (const guint64 *values, guint n)
{
  gboolean same = TRUE;
  for (guint i = 1; i < n; i++)
    same = same && values[i] == values[0];
  if (same)
    return json_node_init_int (json_node_alloc (), (gint64) values[0]);
  JsonArray *array = json_array_sized_new (n);
  for (guint i = 0; i < n; i++)
    json_array_add_int_element (array, (gint64) values[i]);
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, array);
  return node;
}

gboolean
esp_spec_read_sizes (EspSpec *self,
                     const char *key,
                     guint64 min,
                     guint64 max,
                     guint64 *values,
                     guint n,
                     GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      gboolean known = values[0] >= min && values[0] <= max;
      for (guint i = 0; !known && i < n; i++)
        values[i] = min;
      return answer (setting, ESP_SETTING_WHOLES, n, (double) min, (double) max,
                     known ? write_sizes (values, n) : NULL);
    }
  JsonNode *node = take_member (self, key);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                  : NULL;
  gboolean good = array == NULL || json_array_get_length (array) == n;
  for (guint i = 0; good && node != NULL && i < n; i++)
    good = get_size (array != NULL ? json_array_get_element (array, i) : node, min, max,
                     &values[i]);
  if (!good)
    {
      g_autofree char *wanted =
          g_strdup_printf (_ ("a whole number from %llu to %llu, or a list of %u"),
                           (unsigned long long) min, (unsigned long long) max, n);
      set_wrong (self, key, node, wanted, error);
      return FALSE;
    }
  json_object_set_member (self->complete, key,
                          node != NULL ? json_node_copy (node) : write_sizes (values, n));
  return TRUE;
}

gboolean
esp_spec_is_text (EspSpec *self, const char *key, const char *const *words)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->words = words;
      return FALSE;
    }
  JsonNode *node = json_object_get_member (self->object, key);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
         json_node_get_value_type (node) == G_TYPE_STRING;
}

gboolean
esp_spec_is_list (EspSpec *self, const char *key)
{
  JsonNode *node = json_object_get_member (self->object, key);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node);
}

gboolean
esp_spec_read_null (EspSpec *self, const char *key)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->nullable = TRUE;
      return FALSE;
    }
  JsonNode *node = json_object_get_member (self->object, key);
  if (node == NULL || !JSON_NODE_HOLDS_NULL (node))
    return FALSE;
  g_hash_table_add (self->read, g_strdup (key));
  json_object_set_null_member (self->complete, key);
  return TRUE;
}

static gboolean
get_number (JsonNode *node, double min, double max, double *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double found = NAN;
  if (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE)
    found = json_node_get_double (node);
  if (!(found >= min && found <= max))
    return FALSE;
  *value = found;
  return TRUE;
}

gboolean
esp_spec_read_double (EspSpec *self,
                      const char *key,
                      double min,
                      double max,
                      double *value,
                      GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      gboolean known = *value >= min && *value <= max;
      *value = known ? *value : min;
      return answer (setting, ESP_SETTING_NUMBER, 1, min, max,
                     known ? json_node_init_double (json_node_alloc (), *value) : NULL);
    }
  JsonNode *node = take_member (self, key);
  if (node != NULL && !get_number (node, min, max, value))
    {
      g_autofree char *low = esp_number_format_exact (min, FALSE);
      g_autofree char *high = esp_number_format_exact (max, FALSE);
      g_autofree char *wanted = g_strdup_printf (_ ("a number from %s to %s"), low, high);
      set_wrong (self, key, node, wanted, error);
      return FALSE;
    }
  json_object_set_double_member (self->complete, key, *value);
  return TRUE;
}

static JsonNode *
write_doubles (const double *values, guint n)
{
  JsonArray *array = json_array_sized_new (n);
  for (guint i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, array);
  return node;
}

gboolean
esp_spec_read_doubles (EspSpec *self,
                       const char *key,
                       double min,
                       double max,
                       double *values,
                       guint n,
                       GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    return answer (setting, ESP_SETTING_NUMBERS, n, min, max, write_doubles (values, n));
  JsonNode *node = take_member (self, key);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                  : NULL;
  gboolean good = node == NULL || (array != NULL && json_array_get_length (array) == n);
  for (guint i = 0; good && array != NULL && i < n; i++)
    good = get_number (json_array_get_element (array, i), min, max, &values[i]);
  if (!good)
    {
      g_autofree char *low = esp_number_format_exact (min, FALSE);
      g_autofree char *high = esp_number_format_exact (max, FALSE);
      g_autofree char *wanted = g_strdup_printf (_ ("a list of %u numbers from %s to %s"), n, low,
                                                 high);
      set_wrong (self, key, node, wanted, error);
      return FALSE;
    }
  json_object_set_member (self->complete, key, write_doubles (values, n));
  return TRUE;
}

gboolean
esp_spec_read_bool (EspSpec *self, const char *key, gboolean *value, GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    return answer (setting, ESP_SETTING_SWITCH, 1, 0, 1,
                   json_node_init_boolean (json_node_alloc (), *value));
  JsonNode *node = take_member (self, key);
  if (node != NULL)
    {
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
        {
          set_wrong (self, key, node, _ ("true or false"), error);
          return FALSE;
        }
      *value = json_node_get_boolean (node);
    }
  json_object_set_boolean_member (self->complete, key, *value);
  return TRUE;
}

char *
esp_spec_read_string (EspSpec *self, const char *key, const char *fallback, GError **error)
{
  JsonNode *node = take_member (self, key);
  const char *text = fallback;
  if (node != NULL)
    {
      text = NULL;
      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        text = json_node_get_string (node);
      if (text == NULL || strlen (text) > ESP_LIMIT_NAME_BYTES)
        {
          set_wrong (self, key, node, _ ("a text"), error);
          return NULL;
        }
    }
  else if (fallback == NULL)
    {
      esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), key);
      return NULL;
    }
  json_object_set_string_member (self->complete, key, text);
  return g_strdup (text);
}

gboolean
esp_spec_read_word (EspSpec *self,
                    const char *key,
                    const char *const *words,
                    guint *index,
                    GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->words = words;
      return answer (setting, ESP_SETTING_CHOICE, 1, 0, 0,
                     json_node_init_string (json_node_alloc (), words[*index]));
    }
  g_autofree char *word = esp_spec_read_string (self, key, words[*index], error);
  if (word == NULL)
    return FALSE;
  g_autoptr (GString) known = g_string_new (NULL);
  for (*index = 0; words[*index] != NULL; (*index)++)
    {
      if (strcmp (words[*index], word) == 0)
        return TRUE;
      g_string_append_printf (known, "%s“%s”", *index > 0 ? ", " : "", words[*index]);
    }
  esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error,
                      /* Translators: a setting, the words it may be, what it is */
                      _ ("“%s” must be one of %s, but it is “%s”"), key, known->str, word);
  return FALSE;
}

gboolean
esp_spec_read_shape (EspSpec *self, const char *key, EspShape *shape, GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->required = TRUE;
      *shape = (EspShape) { 1, { 1 } };
      return answer (setting, ESP_SETTING_SHAPE, ESP_SHAPE_MAX_DIMS, 1, ESP_SHAPE_MAX_COUNT, NULL);
    }
  JsonArray *array = esp_spec_read_array (self, key, error);
  if (array == NULL)
    {
      if (error == NULL || *error == NULL)
        esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), key);
      return FALSE;
    }
  memset (shape, 0, sizeof *shape);
  gboolean good = json_array_get_length (array) <= ESP_SHAPE_MAX_DIMS;
  for (guint i = 0; good && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      good = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64;
      if (good)
        shape->sizes[shape->ndim++] = json_node_get_int (node);
    }
  if (!good || shape->ndim == 0 || !esp_shape_is_valid (shape))
    {
      g_autofree char *wanted =
          g_strdup_printf (_ ("a list of 1 to %d sizes, together at most %lld"), ESP_SHAPE_MAX_DIMS,
                           (long long) ESP_SHAPE_MAX_COUNT);
      set_wrong (self, key, json_object_get_member (self->object, key), wanted, error);
      return FALSE;
    }
  json_object_set_member (self->complete, key,
                          json_node_copy (json_object_get_member (self->object, key)));
  return TRUE;
}

JsonObject *
esp_spec_read_object (EspSpec *self, const char *key, GError **error)
{
  JsonNode *node = take_member (self, key);
  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      set_wrong (self, key, node, _ ("an object in braces"), error);
      return NULL;
    }
  return json_node_get_object (node);
}

JsonArray *
esp_spec_read_array (EspSpec *self, const char *key, GError **error)
{
  EspSetting *setting = ask (self, key);
  if (setting != NULL)
    {
      setting->required = TRUE;
      answer (setting, ESP_SETTING_LIST, 0, 0, 0, NULL);
      return NULL;
    }
  JsonNode *node = take_member (self, key);
  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    {
      set_wrong (self, key, node, _ ("a list in brackets"), error);
      return NULL;
    }
  return json_node_get_array (node);
}

JsonNode *
esp_spec_read_node (EspSpec *self, const char *key)
{
  JsonNode *node = take_member (self, key);
  if (node != NULL)
    json_object_set_member (self->complete, key, json_node_copy (node));
  return node;
}

gboolean
esp_spec_finish (EspSpec *self, GError **error)
{
  if (self->answers != NULL)
    return TRUE;
  g_autoptr (GList) members = json_object_get_members (self->object);
  for (GList *item = members; item != NULL; item = item->next)
    {
      if (g_hash_table_contains (self->read, item->data))
        continue;
      esp_spec_set_error (self, ESP_NETWORK_ERROR_SPEC, error, _ ("there is no setting “%s” here"),
                          (const char *) item->data);
      return FALSE;
    }
  return TRUE;
}
