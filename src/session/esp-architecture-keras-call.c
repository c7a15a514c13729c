/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What all layers of Keras need: their settings, which the tree has as text; modules of ours for
 * them; and the numbers of their variables. */

#include "config.h"

#include "esp-architecture-keras.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

/* --- settings --- */

const char *
esp_keras_call_get_text (const EspKerasCall *call, const char *key)
{
  return esp_module_find_attribute (call->module, key);
}

gboolean
esp_keras_call_is_set (const EspKerasCall *call, const char *key, gboolean otherwise)
{
  const char *text = esp_keras_call_get_text (call, key);

  if (text == NULL)
    return otherwise;
  return strcmp (text, "False") != 0 && strcmp (text, "None") != 0 && strcmp (text, "0") != 0 &&
         strcmp (text, "0.0") != 0;
}

gboolean
esp_keras_call_get_number (const EspKerasCall *call, const char *key, double *value)
{
  const char *text = esp_keras_call_get_text (call, key);
  char *end = NULL;
  double found;

  if (text == NULL)
    return FALSE;
  found = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    return FALSE;
  *value = found;
  return TRUE;
}

gboolean
esp_keras_call_get_sizes (const EspKerasCall *call, const char *key, gint64 *values, guint n)
{
  int found = esp_architecture_parse_sizes (esp_keras_call_get_text (call, key), values, n);

  for (guint i = 1; found == 1 && i < n; i++)
    values[i] = values[0];
  for (guint i = 0; i < n && found > 0; i++)
    if (values[i] < 0 || values[i] > G_MAXINT32)
      return FALSE;
  return found == 1 || found == (int) n;
}

gboolean
esp_keras_call_fail (const EspKerasCall *call, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  /* Translators: name and class of a layer, a sentence about it */
  esp_architecture_set_error (error, _ ("The layer “%s” (%s): %s"), call->path, call->class_name,
                              text);
  return FALSE;
}

/* --- modules --- */

JsonObject *
esp_keras_call_add (const EspKerasCall *call,
                    const char *suffix,
                    const char *class_name,
                    EspArchitectureValue *value,
                    GError **error)
{
  g_autofree char *path = g_strconcat (call->path, suffix, NULL);
  EspArchitectureValue in = *value;
  JsonObject *settings = esp_architecture_add (call->architecture, path, class_name, &in, 1, value,
                                               error);

  if (settings != NULL && call->frozen)
    json_object_set_boolean_member (settings, "requires_grad", FALSE);
  return settings;
}

/* of the layer itself, or of the cell within it */
static EspPlace *
find_variable (EspPlace *place, const char *variable)
{
  EspPlace *found = esp_place_find_child (place, variable);
  guint n = esp_place_get_n_children (place);

  for (guint i = 0; found == NULL && i < n; i++)
    {
      EspPlace *child = esp_place_get_child (place, i);

      if (esp_place_get_module (child) != NULL)
        found = esp_place_find_child (child, variable);
    }
  return found != NULL && esp_place_get_parameter (found) != NULL ? found : NULL;
}

EspArchitectureCarry *
esp_keras_call_carry (const EspKerasCall *call,
                      const char *suffix,
                      const char *name,
                      const char *variable)
{
  g_autofree char *path = g_strconcat (call->path, suffix, NULL);
  EspPlace *place = find_variable (call->place, variable);

  return place != NULL ? esp_architecture_carry (call->architecture, path, name, place) : NULL;
}

gboolean
esp_keras_call_order (const EspKerasCall *call,
                      gboolean first,
                      EspArchitectureValue *value,
                      GError **error)
{
  gint64 dims[ESP_SHAPE_MAX_DIMS + 1] = { 0 };
  EspShape shape = value->shape;
  guint n = shape.ndim;
  JsonObject *settings;

  if (value->first == first || n < 2)
    return TRUE;
  for (guint i = 1; i < n; i++)
    dims[first ? i + 1 : i] = first ? i : i + 1;
  dims[first ? 1 : n] = first ? n : 1;
  settings = esp_keras_call_add (call, first ? "/channels_first" : "/channels_last", "Permute",
                                 value, error);
  if (settings == NULL)
    return FALSE;
  esp_architecture_set_sizes (settings, "dims", dims, n + 1);
  for (guint i = 0; i < n; i++)
    value->shape.sizes[i] = shape.sizes[dims[i + 1] - 1];
  value->first = first;
  return TRUE;
}

gboolean
esp_keras_call_activate (const EspKerasCall *call,
                         const char *name,
                         const char *suffix,
                         EspArchitectureValue *value,
                         GError **error)
{
  static const struct
  {
    const char *keras, *own;
  } known[] = { { "relu", "ReLU" },
                { "tanh", "Tanh" },
                { "sigmoid", "Sigmoid" },
                { "softplus", "Softplus" },
                { "elu", "ELU" },
                { "gelu", "GELU" },
                { "silu", "SiLU" },
                { "swish", "SiLU" },
                { "leaky_relu", "LeakyReLU" },
                { "softmax", "Softmax" },
                { "log_softmax", "LogSoftmax" } };
  JsonObject *settings = NULL;

  if (name == NULL || strcmp (name, "linear") == 0 || strcmp (name, "None") == 0)
    return name != NULL ? TRUE
                        : esp_keras_call_fail (call, error, _ ("its activation isn’t known"));
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (name, known[i].keras) == 0)
      {
        gboolean soft = strstr (name, "softmax") != NULL;
        g_autofree char *path = *suffix != '\0' ? g_strconcat (suffix, known[i].keras, NULL)
                                                : g_strdup ("");

        settings = esp_keras_call_add (call, path, known[i].own, value, error);
        if (settings != NULL && soft)
          json_object_set_int_member (settings, "dim", value->first ? 1 : -1);
        if (settings != NULL && strcmp (name, "leaky_relu") == 0)
          json_object_set_double_member (settings, "negative_slope", 0.2);
        return settings != NULL;
      }
  return esp_keras_call_fail (call, error, _ ("the activation “%s” isn’t known"), name);
}
