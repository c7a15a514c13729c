/* SPDX-License-Identifier: GPL-3.0-or-later */

/* SimpleRNN, LSTM and GRU of Keras, and two of them in a Bidirectional. Keras's gates are i, f, c,
 * o and z, r, h; PyTorch's i, f, g, o and r, z, n. Keras adds one bias (a GRU two), PyTorch two:
 * the second begins at 0. */

#include "config.h"

#include "esp-architecture-keras.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

static const struct
{
  const char *keras, *own;
} cells[] = { { "SimpleRNN", "RNN" }, { "LSTM", "LSTM" }, { "GRU", "GRU" } };

static const char *
find_own (const char *keras)
{
  for (guint i = 0; i < G_N_ELEMENTS (cells); i++)
    if (strcmp (cells[i].keras, keras) == 0)
      return cells[i].own;
  return NULL;
}

static gboolean
has_text (const EspKerasCall *call, const char *key, const char *wanted)
{
  const char *text = esp_keras_call_get_text (call, key);

  return text == NULL || strcmp (text, wanted) == 0;
}

/* whether it does what PyTorch's does */
static gboolean
check_cell (const EspKerasCall *call, gboolean backwards, GError **error)
{
  gboolean rnn = strcmp (call->class_name, "SimpleRNN") == 0;
  const char *activation = esp_keras_call_get_text (call, "activation");

  if (find_own (call->class_name) == NULL)
    return esp_keras_call_fail (call, error, _ ("this class of layer isn’t known"));
  if (activation != NULL && strcmp (activation, "tanh") != 0 &&
      !(rnn && strcmp (activation, "relu") == 0))
    return esp_keras_call_fail (call, error, _ ("the activation “%s” isn’t known"), activation);
  if (!has_text (call, "recurrent_activation", "sigmoid"))
    return esp_keras_call_fail (call, error, _ ("the activation “%s” isn’t known"),
                                esp_keras_call_get_text (call, "recurrent_activation"));
  if (strcmp (call->class_name, "GRU") == 0 && !esp_keras_call_is_set (call, "reset_after", FALSE))
    return esp_keras_call_fail (call, error, _ ("it resets before its product, which isn’t known"));
  if (esp_keras_call_is_set (call, "return_state", FALSE) ||
      (!backwards && esp_keras_call_is_set (call, "go_backwards", FALSE)) ||
      esp_keras_call_is_set (call, "stateful", FALSE))
    return esp_keras_call_fail (call, error, _ ("it goes backwards or keeps its state"));
  if (esp_keras_call_is_set (call, "dropout", FALSE) ||
      esp_keras_call_is_set (call, "recurrent_dropout", FALSE))
    esp_architecture_add_note (call->architecture, _ ("The dropout inside “%s” was left out"),
                               call->path);
  return TRUE;
}

/* the weights of one direction; @call: of the layer, @cell: where they lie */
static gboolean
carry_cell (const EspKerasCall *cell, const char *end, gboolean bias, GError **error)
{
  static const char *const variables[] = { "kernel", "recurrent_kernel" };
  static const char *const names[] = { "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0" };
  static const guint8 swapped[] = { 1, 0, 2 };
  gboolean gru = strcmp (cell->class_name, "GRU") == 0;

  for (guint i = 0; i < (bias ? 4 : 2); i++)
    {
      g_autofree char *name = g_strconcat (names[i], end, NULL);
      EspArchitectureCarry *carry;

      if (i == 3 && !gru)
        {
          esp_architecture_carry_constant (cell->architecture, cell->path, name, 0);
          continue;
        }
      carry = esp_keras_call_carry (cell, "", name, i < 2 ? variables[i] : "bias");
      if (carry == NULL)
        return esp_keras_call_fail (cell, error, _ ("its weights aren’t in the file"));
      carry->axes[0] = i < 2 ? 1 : 0;
      carry->axes[1] = 0;
      if (gru)
        {
          carry->n_blocks = 3;
          memcpy (carry->blocks, swapped, sizeof swapped);
        }
      if (gru && i >= 2)
        {
          carry->row = (int) i - 2;
          carry->n_axes = 1;
        }
    }
  return TRUE;
}

/* the cells of both directions; NULL where there is only one */
static gboolean
find_directions (const EspKerasCall *call,
                 EspKerasCall *forward,
                 EspKerasCall *backward,
                 GError **error)
{
  guint n = esp_place_get_n_children (call->place), found = 0;

  *forward = *backward = *call;
  for (guint i = 0; i < n && found < 2; i++)
    {
      EspPlace *place = esp_place_get_child (call->place, i);
      EspModule *module = esp_place_get_module (place);
      EspKerasCall *cell = found == 0 ? forward : backward;

      if (module == NULL || find_own (esp_module_get_brief_class (module)) == NULL)
        continue;
      cell->place = place;
      cell->module = module;
      cell->class_name = esp_module_get_brief_class (module);
      found++;
    }
  if (found != 2 || strcmp (forward->class_name, backward->class_name) != 0 ||
      !has_text (call, "merge_mode", "concat"))
    return esp_keras_call_fail (call, error, _ ("what it joins isn’t known"));
  if (!esp_keras_call_is_set (forward, "return_sequences", FALSE))
    return esp_keras_call_fail (call, error,
                                _ ("it gives the last step of both directions, which "
                                   "isn’t known"));
  return check_cell (backward, TRUE, error);
}

gboolean
esp_keras_add_recurrent (const EspKerasCall *call,
                         const EspArchitectureValue *inputs,
                         guint n,
                         EspArchitectureValue *value,
                         GError **error)
{
  gboolean both = strcmp (call->class_name, "Bidirectional") == 0, bias;
  EspKerasCall forward = *call, backward = *call;
  gint64 units;
  JsonObject *settings;

  if ((both && !find_directions (call, &forward, &backward, error)) ||
      !check_cell (&forward, FALSE, error) || !esp_keras_call_order (call, FALSE, value, error))
    return FALSE;
  if (!esp_keras_call_get_sizes (&forward, "units", &units, 1) || value->shape.ndim != 2)
    return esp_keras_call_fail (call, error, _ ("it doesn’t say how many units it has"));
  settings = esp_keras_call_add (call, "", find_own (forward.class_name), value, error);
  if (settings == NULL)
    return FALSE;
  bias = esp_keras_call_is_set (&forward, "use_bias", TRUE);
  json_object_set_int_member (settings, "hidden_size", units);
  json_object_set_boolean_member (settings, "bias", bias);
  if (g_strcmp0 (esp_keras_call_get_text (&forward, "activation"), "relu") == 0)
    json_object_set_string_member (settings, "nonlinearity", "relu");
  if (both)
    json_object_set_boolean_member (settings, "bidirectional", TRUE);
  if (!carry_cell (&forward, "", bias, error) ||
      (both && !carry_cell (&backward, "_reverse", bias, error)))
    return FALSE;
  value->shape.sizes[1] = units * (both ? 2 : 1);
  if (esp_keras_call_is_set (&forward, "return_sequences", FALSE))
    return TRUE;
  settings = esp_keras_call_add (call, "/last", "Select", value, error);
  if (settings == NULL)
    return FALSE;
  json_object_set_int_member (settings, "dim", 1);
  json_object_set_int_member (settings, "index", -1);
  value->shape = (EspShape) { 1, { units } };
  return TRUE;
}
