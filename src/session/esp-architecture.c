/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A forward pass that is being put together: a list of modules, each with what it takes, and for
 * each of their parameters where its numbers lie in the checkpoint. What reads a checkpoint's own
 * words is in esp-architecture-keras.c, -torch.c and -guess.c; what makes a network of it in
 * esp-architecture-network.c. Some hundred modules; nothing here is hot. */

#include "config.h"

#include "esp-architecture-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

static void
module_free (gpointer data)
{
  EspArchitectureModule *module = data;

  g_free (module->path);
  g_clear_pointer (&module->settings, json_object_unref);
  g_clear_pointer (&module->tie, json_object_unref);
  g_strfreev (module->inputs);
  g_free (module->use);
  g_free (module);
}

static void
carry_free (gpointer data)
{
  EspArchitectureCarry *carry = data;

  g_free (carry->target);
  g_clear_pointer (&carry->tensor, esp_tensor_unref);
  g_free (carry);
}

void
esp_architecture_clear_input (gpointer data)
{
  g_free (((EspArchitectureInput *) data)->name);
}

EspArchitecture *
esp_architecture_new (EspCheckpoint *checkpoint,
                      gboolean (*convert) (EspArchitecture *self,
                                           EspArchitectureValue *out,
                                           GError **error))
{
  EspArchitecture *self = g_new0 (EspArchitecture, 1);
  g_autofree char *base = g_path_get_basename (esp_checkpoint_get_path (checkpoint));
  char *dot = strrchr (base, '.');

  g_atomic_ref_count_init (&self->refs);
  if (dot != NULL && dot != base)
    *dot = '\0';
  self->name = g_utf8_make_valid (base, -1);
  self->checkpoint = g_object_ref (checkpoint);
  self->convert = convert;
  self->inputs = g_array_new (FALSE, TRUE, sizeof (EspArchitectureInput));
  g_array_set_clear_func (self->inputs, esp_architecture_clear_input);
  self->modules = g_ptr_array_new_with_free_func (module_free);
  self->carries = g_ptr_array_new_with_free_func (carry_free);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->paths = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

EspArchitecture *
esp_architecture_ref (EspArchitecture *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
esp_architecture_unref (EspArchitecture *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->checkpoint);
  g_free (self->name);
  g_array_unref (self->inputs);
  g_hash_table_unref (self->paths);
  g_ptr_array_unref (self->modules);
  g_ptr_array_unref (self->carries);
  g_ptr_array_unref (self->notes);
  g_clear_pointer (&self->lines, g_array_unref);
  g_free (self);
}

EspArchitecture *
esp_architecture_read (EspCheckpoint *checkpoint, GError **error)
{
  GError *inner = NULL;
  EspArchitecture *self;
  EspArchitectureValue out;

  g_return_val_if_fail (ESP_IS_CHECKPOINT (checkpoint), NULL);

  self = esp_architecture_read_keras (checkpoint, &inner);
  if (self == NULL && inner == NULL)
    self = esp_architecture_read_torch (checkpoint, &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return NULL;
    }
  if (self == NULL)
    {
      esp_architecture_set_error (error, _ ("The file doesn’t say how its layers are connected"));
      return NULL;
    }
  /* whether all of it is known shows when it is put together */
  if (esp_architecture_convert (self, &out, error))
    return self;
  esp_architecture_unref (self);
  return NULL;
}

/* --- what readers call --- */

void
esp_architecture_add_input (EspArchitecture *self, const char *name, const EspShape *shape)
{
  EspArchitectureInput input = { .name = g_strdup (name), .shape = *shape };

  g_array_append_val (self->inputs, input);
}

void
esp_architecture_add_note (EspArchitecture *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (!g_ptr_array_find_with_equal_func (self->notes, text, g_str_equal, NULL))
    g_ptr_array_add (self->notes, g_steal_pointer (&text));
}

EspArchitectureValue
esp_architecture_get_input (EspArchitecture *self, guint index)
{
  const EspArchitectureInput *input = &g_array_index (self->inputs, EspArchitectureInput, index);
  EspArchitectureValue value = { .from = -1 - (int) index, .shape = input->shape };

  /* data with (C, H, W) for what the producer calls (H, W, C) */
  if (self->data_first && value.shape.ndim == 3)
    {
      value.first = TRUE;
      value.shape.sizes[0] = input->shape.sizes[2];
      value.shape.sizes[1] = input->shape.sizes[0];
      value.shape.sizes[2] = input->shape.sizes[1];
    }
  return value;
}

/* the module that has parameter @target */
static EspArchitectureModule *
find_owner (EspArchitecture *self, const char *target)
{
  g_autofree char *path = g_strndup (target, (gsize) (strrchr (target, '.') - target));

  return self->modules->pdata[GPOINTER_TO_UINT (g_hash_table_lookup (self->paths, path)) - 1];
}

static gboolean
is_alike (const EspArchitectureCarry *a, const EspArchitectureCarry *b)
{
  return a->row == b->row && a->n_axes == b->n_axes && a->n_blocks == b->n_blocks &&
         memcmp (a->axes, b->axes, a->n_axes) == 0 &&
         memcmp (a->blocks, b->blocks, a->n_blocks) == 0;
}

/* what comes out of the same memory in the same way is one parameter */
static void
tie_carries (EspArchitecture *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < self->carries->len; i++)
    {
      const EspArchitectureCarry *carry = self->carries->pdata[i], *other;
      EspArchitectureModule *module;

      if (carry->source == NULL)
        continue;
      other = g_hash_table_lookup (seen, carry->source);
      if (other == NULL)
        g_hash_table_insert (seen, carry->source, (gpointer) carry);
      if (other == NULL || strcmp (other->target, carry->target) == 0 || !is_alike (other, carry))
        continue;
      module = find_owner (self, carry->target);
      if (module->tie == NULL)
        module->tie = json_object_new ();
      json_object_set_string_member (module->tie, strrchr (carry->target, '.') + 1, other->target);
    }
}

gboolean
esp_architecture_convert (EspArchitecture *self, EspArchitectureValue *out, GError **error)
{
  g_hash_table_remove_all (self->paths);
  g_ptr_array_set_size (self->modules, 0);
  g_ptr_array_set_size (self->carries, 0);
  g_ptr_array_set_size (self->notes, 0);
  if (!self->convert (self, out, error))
    return FALSE;
  tie_carries (self);
  if (self->modules->len > 0)
    return TRUE;
  esp_architecture_set_error (error, _ ("The network has no layers"));
  return FALSE;
}

gboolean
esp_architecture_has (EspArchitecture *self, const char *path)
{
  return g_hash_table_contains (self->paths, path);
}

static const char *
get_source_path (EspArchitecture *self, int from)
{
  if (from >= 0)
    return ((EspArchitectureModule *) self->modules->pdata[from])->path;
  return self->inputs->len > 1 ? g_array_index (self->inputs, EspArchitectureInput, -1 - from).name
                               : "input";
}

/* NULL where it is what comes before anyway */
static GStrv
list_inputs (EspArchitecture *self, const EspArchitectureValue *inputs, guint n)
{
  GStrv out;

  if (n == 1 && inputs[0].from == (int) self->modules->len - 1 &&
      (self->modules->len > 0 || self->inputs->len <= 1))
    return NULL;
  out = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    out[i] = g_strdup (get_source_path (self, inputs[i].from));
  return out;
}

static char *
find_free_path (EspArchitecture *self, const char *path)
{
  for (guint i = 1;; i++)
    {
      char *tried = g_strdup_printf ("%s[%u]", path, i);

      if (!g_hash_table_contains (self->paths, tried))
        return tried;
      g_free (tried);
    }
}

JsonObject *
esp_architecture_add (EspArchitecture *self,
                      const char *path,
                      const char *class_name,
                      const EspArchitectureValue *inputs,
                      guint n,
                      EspArchitectureValue *value,
                      GError **error)
{
  EspArchitectureModule *module;
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (self->paths, path));

  if (self->modules->len >= ESP_ARCHITECTURE_MAX_MODULES)
    {
      esp_architecture_set_error (error, _ ("The network has more than %d layers"),
                                  ESP_ARCHITECTURE_MAX_MODULES);
      return NULL;
    }
  if (known > 0 &&
      ((EspArchitectureModule *) self->modules->pdata[known - 1])->owner != self->owner)
    {
      esp_architecture_set_error (error, _ ("Two layers are called “%s”"), path);
      return NULL;
    }
  module = g_new0 (EspArchitectureModule, 1);
  module->owner = self->owner;
  module->settings = json_object_new ();
  module->inputs = list_inputs (self, inputs, n);
  if (known > 0)
    {
      ((EspArchitectureModule *) self->modules->pdata[known - 1])->used = TRUE;
      module->use = g_strdup (path);
      module->path = self->again != NULL && !g_hash_table_contains (self->paths, self->again)
                         ? g_strdup (self->again)
                         : find_free_path (self, path);
    }
  else
    module->path = g_strdup (path);
  json_object_set_string_member (module->settings, "class", class_name);
  g_ptr_array_add (self->modules, module);
  g_hash_table_insert (self->paths, module->path, GUINT_TO_POINTER (self->modules->len));
  value->from = (int) self->modules->len - 1;
  return module->settings;
}

static EspArchitectureCarry *
add_carry (EspArchitecture *self, const char *path, const char *name)
{
  EspArchitectureCarry *carry = g_new0 (EspArchitectureCarry, 1);

  carry->target = g_strconcat (path, ".", name, NULL);
  carry->row = -1;
  g_ptr_array_add (self->carries, carry);
  return carry;
}

EspArchitectureCarry *
esp_architecture_carry (EspArchitecture *self, const char *path, const char *name, EspPlace *place)
{
  EspParameter *source = esp_place_get_parameter (esp_place_get_first (place));
  EspTie *tie = esp_place_get_tie (place);
  EspArchitectureCarry *carry = add_carry (self, path, name);

  carry->tensor = esp_tensor_ref (esp_parameter_get_data (source));
  /* the same memory under several names: the first of them stands for all */
  if (tie != NULL &&
      (esp_tie_get_kind (tie) == ESP_TIE_ALIAS || esp_tie_get_kind (tie) == ESP_TIE_IMPLIED))
    source = esp_place_get_parameter (esp_tie_get_place (tie, 0));
  carry->source = source;
  carry->n_axes = esp_tensor_get_ndim (carry->tensor);
  for (guint i = 0; i < carry->n_axes && i < ESP_SHAPE_MAX_DIMS; i++)
    carry->axes[i] = (guint8) i;
  return carry;
}

void
esp_architecture_carry_constant (EspArchitecture *self,
                                 const char *path,
                                 const char *name,
                                 float value)
{
  add_carry (self, path, name)->value = value;
}

void
esp_architecture_set_sizes (JsonObject *settings, const char *key, const gint64 *values, guint n)
{
  JsonArray *array;
  gboolean same = TRUE;

  for (guint i = 1; i < n; i++)
    same = same && values[i] == values[0];
  if (same && n > 0)
    {
      json_object_set_int_member (settings, key, values[0]);
      return;
    }
  array = json_array_sized_new (n);
  for (guint i = 0; i < n; i++)
    json_array_add_int_element (array, values[i]);
  json_object_set_array_member (settings, key, array);
}

int
esp_architecture_parse_sizes (const char *text, gint64 *values, guint most)
{
  guint n = 0;

  while (text != NULL && *text != '\0')
    {
      char *end = NULL;

      if (strchr ("[](), ", *text) != NULL)
        {
          text++;
          continue;
        }
      if (n >= most)
        return -1;
      if (g_str_has_prefix (text, "null") || g_str_has_prefix (text, "None"))
        {
          values[n++] = -1;
          text += 4;
          continue;
        }
      values[n++] = g_ascii_strtoll (text, &end, 10);
      if (end == text || (*end != '\0' && strchr ("[](), ", *end) == NULL))
        return -1;
      text = end;
    }
  return n > 0 ? (int) n : -1;
}
