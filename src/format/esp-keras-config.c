/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keras' JSON of a model -> a tree of layers with their classes, names and settings.
 *
 *   {"class_name": "Functional", "config": {"name": "net", "layers": [
 *     {"class_name": "Dense", "config": {"name": "out", "units": 2, ...},
 *      "inbound_nodes": [...]}, ...]}}
 *
 * Keys stand in any order, so each object is gone through once for the ranges of its values and the
 * values afterwards. Objects nest no deeper than the JSON reader lets them, which bounds the
 * recursion. A layer within a layer (the cell of an RNN, what a wrapper wraps) is any object with a
 * class whose config says whether it is trainable: initializers, policies and the like don't.
 * Real texts have some kilobytes to 5 MB. */

#include "config.h"

#include "esp-keras-config.h"

#include "esp-error.h"
#include "esp-json-writer.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

/* a value as it stands in the text; NULL if it isn't there */
typedef struct
{
  const char *text;
  gsize length;
} Raw;

/* {{{ values */

static char *
dup_text (EspJsonReader *json)
{
  gsize length;
  const char *text = esp_json_reader_get_text (json, &length);

  return esp_path_from_text (text, length);
}

/* a reader of a value that was read before, so that it has no errors */
static EspJsonReader *
read_again (Raw raw)
{
  return esp_json_reader_new (raw.text, raw.length, "config");
}

static gboolean
begins (Raw raw, char c)
{
  return raw.length > 0 && raw.text[0] == c;
}

/* the text of a string; NULL if the value is something else */
static char *
raw_to_string (Raw raw)
{
  g_autoptr (EspJsonReader) json = NULL;

  if (!begins (raw, '"'))
    return NULL;
  json = read_again (raw);
  return esp_json_reader_next (json, NULL) == ESP_JSON_STRING ? dup_text (json) : NULL;
}

/* the values of some keys of an object; those that aren't there stay as they are */
typedef struct
{
  const char *key;
  Raw *out;
} Wanted;

static gboolean
read_keys (EspJsonReader *json, const Wanted *wanted, GError **error)
{
  EspJsonToken token;

  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    {
      const Wanted *at = wanted;
      Raw raw;

      while (at->key != NULL && !esp_json_reader_is_text (json, at->key))
        at++;
      if (!esp_json_reader_read_raw (json, &raw.text, &raw.length, error))
        return FALSE;
      if (at->key != NULL)
        *at->out = raw;
    }
  return token == ESP_JSON_OBJECT_END;
}

static void
find_keys (Raw raw, const Wanted *wanted)
{
  g_autoptr (EspJsonReader) json = NULL;

  if (!begins (raw, '{'))
    return;
  json = read_again (raw);
  if (esp_json_reader_next (json, NULL) == ESP_JSON_OBJECT)
    read_keys (json, wanted, NULL);
}

/* what Keras writes for an object of Python */
typedef struct
{
  Raw class_name, config, module, name, inbound_nodes, build_config, compile_config;
} Parts;

static Parts
find_parts (Raw raw)
{
  Parts parts = { 0 };
  const Wanted wanted[] = { { "class_name", &parts.class_name },
                            { "config", &parts.config },
                            { "module", &parts.module },
                            { "name", &parts.name },
                            { "inbound_nodes", &parts.inbound_nodes },
                            { "build_config", &parts.build_config },
                            { "compile_config", &parts.compile_config },
                            { NULL, NULL } };

  find_keys (raw, wanted);
  return parts;
}

static Raw
find_one (Raw raw, const char *key)
{
  Raw found = { 0 };
  const Wanted wanted[] = { { key, &found }, { NULL, NULL } };

  find_keys (raw, wanted);
  return found;
}

/* }}} */
/* {{{ values for people */

static char *
dup_short (const char *text, gsize length)
{
  gsize most = ESP_LIMIT_ATTRIBUTE_BYTES - 4;
  char *out;

  if (length <= most)
    return g_strndup (text, length);
  while (most > 0 && ((guchar) text[most] & 0xc0) == 0x80)
    most--;
  out = g_malloc (most + 4);
  memcpy (out, text, most);
  memcpy (out + most, "…", 4);
  return out;
}

static gboolean
is_python_code (const char *class_name)
{
  return class_name != NULL && strcmp (class_name, "__lambda__") == 0;
}

/* "float32", "mixed_bfloat16", "int8_from_float32" */
static char *
show_policy (Raw config)
{
  g_autofree char *mode = raw_to_string (find_one (config, "mode"));
  g_autofree char *source = raw_to_string (find_one (config, "source_name"));

  if (mode != NULL && source != NULL)
    return g_strdup_printf ("%s_from_%s", mode, source);
  return raw_to_string (find_one (config, "name"));
}

/* an initializer, a policy, a function: by its name */
static char *
show_object (Raw raw)
{
  Parts parts = find_parts (raw);
  g_autofree char *class_name = raw_to_string (parts.class_name);
  g_autofree char *name = NULL;

  if (class_name == NULL || is_python_code (class_name))
    return class_name != NULL ? g_steal_pointer (&class_name) : dup_short (raw.text, raw.length);
  if (g_str_has_suffix (class_name, "Policy"))
    name = show_policy (parts.config);
  else if (strcmp (class_name, "function") == 0)
    name = raw_to_string (parts.config);
  return g_strdup (name != NULL ? name : class_name);
}

static char *
show_value (Raw raw)
{
  g_autofree char *text = NULL;

  if (begins (raw, '{'))
    return show_object (raw);
  if (begins (raw, 't'))
    return g_strdup ("True");
  if (begins (raw, 'f'))
    return g_strdup ("False");
  if (begins (raw, 'n'))
    return g_strdup ("None");
  text = raw_to_string (raw);
  return text != NULL ? dup_short (text, strlen (text)) : dup_short (raw.text, raw.length);
}

/* }}} */
/* {{{ layers */

typedef struct
{
  EspKerasConfig *config;
  guint n_layers;
  guint n_inputs;
  gsize n_attributes; /* bytes */
} Reading;

static void
clear_input (gpointer data)
{
  g_free (((EspKerasInput *) data)->name);
}

static void
layer_free (gpointer data)
{
  EspKerasLayer *self = data;

  if (self == NULL)
    return;
  g_free (self->class_name);
  g_free (self->name);
  g_free (self->key);
  g_ptr_array_unref (self->attributes);
  g_ptr_array_unref (self->layers);
  g_array_unref (self->inputs);
  g_free (self);
}

static EspKerasLayer *
layer_new (const char *key)
{
  EspKerasLayer *self = g_new0 (EspKerasLayer, 1);

  self->key = g_strdup (key);
  self->class_name = g_strdup ("");
  self->name = g_strdup ("");
  self->attributes = g_ptr_array_new_with_free_func (g_free);
  self->layers = g_ptr_array_new_with_free_func (layer_free);
  self->inputs = g_array_new (FALSE, FALSE, sizeof (EspKerasInput));
  g_array_set_clear_func (self->inputs, clear_input);
  return self;
}

/* Whether a value is a layer: it has a class, and its config says of it what only layers' do. */
static gboolean
is_layer (Raw raw)
{
  Parts parts;
  Raw found = { 0 };
  const Wanted wanted[] = { { "trainable", &found }, { "layers", &found }, { "layer", &found },
                            { "cell", &found },      { "cells", &found },  { NULL, NULL } };

  if (!begins (raw, '{'))
    return FALSE;
  parts = find_parts (raw);
  if (!begins (parts.class_name, '"'))
    return FALSE;
  find_keys (parts.config, wanted);
  return found.text != NULL;
}

static gboolean add_layer (Reading *self,
                           EspKerasLayer *parent,
                           const char *key,
                           Raw raw,
                           GError **error);

/* the layers of a list; other values in it are passed over unless all must be layers */
static gboolean
add_layers (Reading *self,
            EspKerasLayer *parent,
            const char *key,
            Raw raw,
            gboolean all,
            GError **error)
{
  g_autoptr (EspJsonReader) json = read_again (raw);

  if (esp_json_reader_next (json, NULL) != ESP_JSON_ARRAY)
    return TRUE;
  for (;;)
    {
      Raw item;

      if (!esp_json_reader_read_raw (json, &item.text, &item.length, NULL) || begins (item, ']'))
        return TRUE;
      if (((all && begins (item, '{')) || is_layer (item)) &&
          !add_layer (self, parent, key, item, error))
        return FALSE;
    }
}

static void
add_attribute (Reading *self, EspKerasLayer *layer, char *key, Raw raw)
{
  char *value;

  if (self->n_attributes > ESP_LIMIT_KERAS_ATTRIBUTE_BYTES ||
      strlen (key) > ESP_LIMIT_ATTRIBUTE_BYTES)
    {
      g_free (key);
      return;
    }
  value = show_value (raw);
  self->n_attributes += strlen (key) + strlen (value);
  g_ptr_array_add (layer->attributes, key);
  g_ptr_array_add (layer->attributes, value);
}

/* Python code: what `Lambda` wraps, as text of marshalled bytes, in Keras 2 within a list */
static gboolean
is_code (const EspKerasLayer *layer, const char *key, Raw raw)
{
  g_autofree char *class_name = NULL;

  if (begins (raw, '['))
    return strcmp (layer->class_name, "Lambda") == 0 && strcmp (key, "function") == 0;
  if (!begins (raw, '{'))
    return FALSE;
  class_name = raw_to_string (find_one (raw, "class_name"));
  return is_python_code (class_name);
}

static void
note_code (Reading *self, const EspKerasLayer *layer)
{
  GPtrArray *code = self->config->code;

  if (code->len == 0 || strcmp (code->pdata[code->len - 1], layer->name) != 0)
    g_ptr_array_add (code, g_strdup (*layer->name != '\0' ? layer->name : layer->class_name));
}

/* one entry of a layer's config; takes @key */
static gboolean
add_setting (Reading *self, EspKerasLayer *layer, char *key, Raw raw, GError **error)
{
  gboolean done = TRUE;

  if (strcmp (key, "name") == 0)
    g_free (key);
  else if (strcmp (key, "layers") == 0 && begins (raw, '['))
    {
      done = add_layers (self, layer, key, raw, TRUE, error);
      g_free (key);
    }
  else if (is_layer (raw))
    {
      done = add_layer (self, layer, key, raw, error);
      g_free (key);
    }
  else if (is_code (layer, key, raw))
    {
      note_code (self, layer);
      g_ptr_array_add (layer->attributes, key);
      g_ptr_array_add (layer->attributes, g_strdup ("__lambda__"));
    }
  else
    {
      if (begins (raw, '['))
        done = add_layers (self, layer, key, raw, FALSE, error);
      add_attribute (self, layer, key, raw);
    }
  return done;
}

static gboolean
read_settings (Reading *self, EspKerasLayer *layer, Raw config, GError **error)
{
  g_autoptr (EspJsonReader) json = NULL;

  if (begins (config, '['))
    return add_layers (self, layer, "layers", config, TRUE, error);
  if (!begins (config, '{'))
    return TRUE;
  json = read_again (config);
  if (esp_json_reader_next (json, NULL) != ESP_JSON_OBJECT)
    return TRUE;
  while (esp_json_reader_next (json, NULL) == ESP_JSON_KEY)
    {
      char *key = dup_text (json);
      Raw raw;

      if (!esp_json_reader_read_raw (json, &raw.text, &raw.length, NULL))
        {
          g_free (key);
          return TRUE;
        }
      if (!add_setting (self, layer, key, raw, error))
        return FALSE;
    }
  return TRUE;
}

/* Where a call takes something from another layer stands ["name", call, output, ...], in Keras 3
 * within {"keras_history": ...}: a list that begins with a text and a number. */
static gboolean
read_calls (Reading *self, EspKerasLayer *layer, Raw raw, GError **error)
{
  g_autoptr (EspJsonReader) json = read_again (raw);
  g_autofree char *name = NULL;
  EspJsonToken token, before = ESP_JSON_ERROR;
  guint depth = 0;

  while ((token = esp_json_reader_next (json, NULL)) != ESP_JSON_ERROR && token != ESP_JSON_END)
    {
      if (token == ESP_JSON_ARRAY_END || token == ESP_JSON_OBJECT_END)
        depth--;
      else if (depth == 1 && token != ESP_JSON_KEY)
        layer->n_calls++;
      if (token == ESP_JSON_ARRAY || token == ESP_JSON_OBJECT)
        depth++;
      if (token == ESP_JSON_NUMBER && name != NULL)
        {
          EspKerasInput input = { .node = layer->n_calls - 1 };

          if (esp_json_reader_get_u64 (json, &input.call, NULL))
            {
              if (++self->n_inputs > ESP_LIMIT_KERAS_LAYERS)
                {
                  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                               _ ("The graph has more connections than the limit of %d"),
                               ESP_LIMIT_KERAS_LAYERS);
                  return FALSE;
                }
              input.name = g_steal_pointer (&name);
              g_array_append_val (layer->inputs, input);
            }
        }
      g_clear_pointer (&name, g_free);
      if (token == ESP_JSON_STRING && before == ESP_JSON_ARRAY)
        name = dup_text (json);
      before = token;
    }
  return TRUE;
}

/* "my_package>MyLayer" -> "MyLayer" */
static void
set_class (EspKerasLayer *layer, Raw raw)
{
  g_autofree char *class_name = raw_to_string (raw);
  const char *package;

  if (class_name == NULL)
    return;
  package = strrchr (class_name, '>');
  g_free (layer->class_name);
  layer->class_name = dup_short (package != NULL ? package + 1 : class_name,
                                 strlen (package != NULL ? package + 1 : class_name));
}

static void
set_name (EspKerasLayer *layer, const Parts *parts)
{
  char *name = raw_to_string (find_one (parts->config, "name"));

  if (name == NULL)
    name = raw_to_string (parts->name);
  if (name == NULL)
    return;
  g_free (layer->name);
  layer->name = name;
}

/* which layers' calls each call takes, as Keras 2 wrote it: [[["a", 0], ["b", 0]], [["a", 1]]] */
static void
add_nodes (Reading *self, EspKerasLayer *layer)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_string (text);
  guint i = 0;

  if (layer->inputs->len == 0)
    return;
  esp_json_writer_begin_array (json);
  for (guint node = 0; node < layer->n_calls && i < layer->inputs->len; node++)
    {
      esp_json_writer_begin_array (json);
      for (; i < layer->inputs->len; i++)
        {
          const EspKerasInput *input = &g_array_index (layer->inputs, EspKerasInput, i);

          if (input->node != node)
            break;
          esp_json_writer_begin_array (json);
          esp_json_writer_string (json, input->name);
          esp_json_writer_u64 (json, input->call);
          esp_json_writer_end_array (json);
        }
      esp_json_writer_end_array (json);
    }
  esp_json_writer_end_array (json);
  esp_json_writer_flush (json, NULL);
  add_attribute (self, layer, g_strdup ("inbound_nodes"), (Raw) { text->str, text->len });
}

static gboolean
fill_layer (Reading *self, EspKerasLayer *layer, Raw raw, GError **error)
{
  Parts parts = find_parts (raw);
  g_autofree char *module = raw_to_string (parts.module);
  Raw shape;

  set_class (layer, parts.class_name);
  set_name (layer, &parts);
  layer->is_operation = module != NULL && (g_str_has_prefix (module, "keras.ops") ||
                                           g_str_has_prefix (module, "keras.src.ops"));
  if (!read_settings (self, layer, parts.config, error))
    return FALSE;
  shape = find_one (parts.build_config, "input_shape");
  if (begins (shape, '[') && esp_keras_layer_find_attribute (layer, "input_shape") == NULL)
    add_attribute (self, layer, g_strdup ("input_shape"), shape);
  layer->is_frozen = !esp_keras_layer_is_set (layer, "trainable", TRUE);
  if (begins (parts.inbound_nodes, '[') && !read_calls (self, layer, parts.inbound_nodes, error))
    return FALSE;
  add_nodes (self, layer);
  return TRUE;
}

static gboolean
add_layer (Reading *self, EspKerasLayer *parent, const char *key, Raw raw, GError **error)
{
  EspKerasLayer *layer;

  if (++self->n_layers > ESP_LIMIT_KERAS_LAYERS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("The model has more layers than the limit of %d"), ESP_LIMIT_KERAS_LAYERS);
      return FALSE;
    }
  layer = layer_new (key);
  g_ptr_array_add (parent->layers, layer);
  return fill_layer (self, layer, raw, error);
}

/* }}} */

EspKerasConfig *
esp_keras_config_new (void)
{
  EspKerasConfig *self = g_new0 (EspKerasConfig, 1);

  self->code = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
esp_keras_config_free (EspKerasConfig *self)
{
  if (self == NULL)
    return;
  layer_free (self->model);
  layer_free (self->optimizer);
  g_ptr_array_unref (self->code);
  g_free (self);
}

/* the whole text is one value that keeps the rules of JSON; all later looks rely on that */
static gboolean
check_text (const char *text, gsize length, const char *what, Raw *out, GError **error)
{
  g_autoptr (EspJsonReader) json = NULL;

  if (length > ESP_LIMIT_KERAS_CONFIG_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("%s: %zu bytes are more than the limit of %d"), what, length,
                   ESP_LIMIT_KERAS_CONFIG_BYTES);
      return FALSE;
    }
  json = esp_json_reader_new (text != NULL ? text : "", length, what);
  if (!esp_json_reader_read_raw (json, &out->text, &out->length, error) ||
      !esp_json_reader_expect (json, ESP_JSON_END, error))
    return FALSE;
  if (begins (*out, '{'))
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("%s: this should be an object"), what);
  return FALSE;
}

static EspKerasLayer *
read_optimizer (Reading *reading, Raw raw)
{
  EspKerasLayer *optimizer;

  if (!begins (raw, '{') && !begins (raw, '"'))
    return NULL;
  optimizer = layer_new ("optimizer");
  /* the bare name of one with its usual settings */
  set_class (optimizer, raw);
  if (fill_layer (reading, optimizer, raw, NULL))
    return optimizer;
  layer_free (optimizer);
  return NULL;
}

gboolean
esp_keras_config_read_model (EspKerasConfig *self,
                             const char *text,
                             gsize length,
                             const char *what,
                             GError **error)
{
  Reading reading = { .config = self };
  Parts parts;
  Raw raw;

  g_return_val_if_fail (self != NULL && self->model == NULL, FALSE);
  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  if (!check_text (text, length, what, &raw, error))
    return FALSE;
  parts = find_parts (raw);
  if (!begins (parts.class_name, '"') || parts.config.text == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: a model’s class_name and config should be here"), what);
      return FALSE;
    }
  self->model = layer_new ("");
  if (!fill_layer (&reading, self->model, raw, error))
    {
      g_clear_pointer (&self->model, layer_free);
      return FALSE;
    }
  if (self->optimizer == NULL)
    self->optimizer = read_optimizer (&reading, find_one (parts.compile_config, "optimizer"));
  return TRUE;
}

gboolean
esp_keras_config_read_training (EspKerasConfig *self,
                                const char *text,
                                gsize length,
                                const char *what,
                                GError **error)
{
  Reading reading = { .config = self };
  Raw raw;

  g_return_val_if_fail (self != NULL && (text != NULL || length == 0), FALSE);

  if (!check_text (text, length, what, &raw, error))
    return FALSE;
  if (self->optimizer == NULL)
    self->optimizer = read_optimizer (&reading, find_one (raw, "optimizer_config"));
  return TRUE;
}

const char *
esp_keras_layer_find_attribute (const EspKerasLayer *self, const char *key)
{
  for (guint i = 0; i + 1 < self->attributes->len; i += 2)
    if (strcmp (self->attributes->pdata[i], key) == 0)
      return self->attributes->pdata[i + 1];
  return NULL;
}

gboolean
esp_keras_layer_is_set (const EspKerasLayer *self, const char *key, gboolean otherwise)
{
  const char *value = esp_keras_layer_find_attribute (self, key);

  if (value == NULL)
    return otherwise;
  return strcmp (value, "False") != 0 && strcmp (value, "None") != 0 && strcmp (value, "0") != 0 &&
         strcmp (value, "0.0") != 0;
}
