/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What all layouts of Keras files share: a place in the tree that is being filled, modules with
 * their settings, and layers that are called several times. */

#include "config.h"

#include "esp-keras-tree.h"

#include "esp-error.h"
#include "esp-keras-variables.h"

#include <string.h>

#define WARNINGS_MAX 1000

static void
clear_trained (gpointer data)
{
  EspKerasTrained *trained = data;

  g_free (trained->path);
  g_free (trained->stored);
  g_free (trained->alias);
  esp_tensor_unref (trained->tensor);
}

void
esp_keras_tree_init (EspKerasTree *self, EspKerasConfig *config)
{
  memset (self, 0, sizeof *self);
  self->config = config;
  self->builder = esp_tree_builder_new ("/");
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->trained = g_array_new (FALSE, FALSE, sizeof (EspKerasTrained));
  g_array_set_clear_func (self->trained, clear_trained);
  self->keepers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
esp_keras_tree_clear (EspKerasTree *self)
{
  if (self->builder == NULL)
    return;
  g_clear_pointer (&self->builder, esp_tree_builder_free);
  g_ptr_array_unref (self->keys);
  g_ptr_array_unref (self->warnings);
  g_array_unref (self->trained);
  g_hash_table_unref (self->keepers);
}

void
esp_keras_tree_warn (EspKerasTree *self, const char *format, ...)
{
  va_list args;

  if (self->warnings->len >= WARNINGS_MAX)
    return;
  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

/* {{{ the place */

void
esp_keras_tree_push (EspKerasTree *self, const char *key)
{
  g_ptr_array_add (self->keys, g_strdup (key));
}

void
esp_keras_tree_pop (EspKerasTree *self)
{
  g_ptr_array_set_size (self->keys, (gint) self->keys->len - 1);
}

/* the keys with a NULL behind them; to be given back with close_keys() */
static const char *const *
open_keys (EspKerasTree *self)
{
  g_ptr_array_add (self->keys, NULL);
  return (const char *const *) self->keys->pdata;
}

static void
close_keys (EspKerasTree *self)
{
  esp_keras_tree_pop (self);
}

EspModule *
esp_keras_tree_add_module (EspKerasTree *self,
                           const char *class_name,
                           const char *name,
                           const EspKerasLayer *layer,
                           GError **error)
{
  EspModule *module = esp_tree_builder_add_module (self->builder, open_keys (self),
                                                   *class_name != '\0' ? class_name : NULL, error);

  close_keys (self);
  if (module == NULL)
    return NULL;
  if (*name != '\0' && esp_module_find_attribute (module, "name") == NULL)
    esp_tree_builder_add_attribute (self->builder, module, "name", name);
  for (guint i = 0; layer != NULL && i + 1 < layer->attributes->len; i += 2)
    esp_tree_builder_add_attribute (self->builder, module, layer->attributes->pdata[i],
                                    layer->attributes->pdata[i + 1]);
  return module;
}

static void
note_trained (EspKerasTree *self, const char *path, EspTensor *tensor)
{
  EspKerasTrained trained = { .tensor = esp_tensor_ref (tensor),
                              .is_uncertain = self->is_uncertain,
                              .is_frozen = self->n_frozen > 0 };

  trained.path = g_strjoinv ("/", (GStrv) open_keys (self));
  close_keys (self);
  trained.stored = g_strdup (path);
  trained.alias = g_strdup (self->alias);
  self->is_unordered = self->is_unordered || self->n_unordered > 0;
  g_array_append_val (self->trained, trained);
}

gboolean
esp_keras_tree_add_variable (EspKerasTree *self,
                             const char *leaf,
                             const char *path,
                             EspRole role,
                             EspTensor *tensor,
                             GError **error)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;
  /* integers stand for quantised values, which aren't trained */
  gboolean trainable = role == ESP_ROLE_PARAMETER &&
                       (kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX);
  EspRequiresGrad grad = ESP_REQUIRES_GRAD_UNKNOWN;
  gboolean done;

  if (!trainable || self->n_frozen > 0)
    grad = ESP_REQUIRES_GRAD_NO;
  else if (self->config->model != NULL)
    grad = ESP_REQUIRES_GRAD_YES;
  esp_keras_tree_push (self, leaf);
  done = esp_tree_builder_put_tensor (self->builder, open_keys (self), path, role, grad, tensor,
                                      error);
  close_keys (self);
  if (done && trainable)
    note_trained (self, path, tensor);
  esp_keras_tree_pop (self);
  return done;
}

/* }}} */
/* {{{ layers of a container */

char *
esp_keras_tree_dup_key (const EspKerasLayer *layer, guint index)
{
  g_autofree char *snake = NULL;

  if (*layer->name != '\0')
    return g_strdup (layer->name);
  snake = esp_keras_to_snake_case (layer->class_name);
  return g_strdup_printf ("%s_%u", *snake != '\0' ? snake : "layer", index);
}

/* what is known of a layer on the way through its container */
typedef struct
{
  char *key;
  EspModule *module; /* NULL until it was filled */
  guint64 next;      /* call that has no place yet */
  guint64 n_calls;
} Known;

static void
known_free (gpointer data)
{
  Known *known = data;

  g_free (known->key);
  g_free (known);
}

/* places for calls up to, not including, @until */
static gboolean
add_repeats (EspKerasTree *self, Known *known, guint64 until, GError **error)
{
  gboolean done = TRUE;

  until = MIN (until, known->n_calls);
  if (known->module == NULL || self->no_repeats)
    return TRUE;
  for (known->next = MAX (known->next, 1); known->next < until && done; known->next++)
    {
      g_autofree char *key = g_strdup_printf ("%s[%" G_GUINT64_FORMAT "]", known->key, known->next);

      esp_keras_tree_push (self, key);
      done = esp_tree_builder_add_unlisted_module (self->builder, open_keys (self), known->module,
                                                   error);
      close_keys (self);
      esp_keras_tree_pop (self);
    }
  return done;
}

/* the calls whose outputs a layer takes come before it */
static gboolean
add_inputs (EspKerasTree *self, GHashTable *known, const EspKerasLayer *layer, GError **error)
{
  for (guint i = 0; i < layer->inputs->len; i++)
    {
      const EspKerasInput *input = &g_array_index (layer->inputs, EspKerasInput, i);
      Known *from = g_hash_table_lookup (known, input->name);

      if (from != NULL && input->call > 0 && input->call < G_MAXUINT32 &&
          !add_repeats (self, from, input->call + 1, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fill_layer (EspKerasTree *self,
            const EspKerasLayer *layer,
            guint index,
            Known *known,
            EspKerasLayerFunc func,
            gpointer user_data,
            GError **error)
{
  gboolean done;

  esp_keras_tree_push (self, known->key);
  self->n_frozen += layer->is_frozen ? 1 : 0;
  done = func (self, layer, index, user_data, &known->module, error);
  self->n_frozen -= layer->is_frozen ? 1 : 0;
  esp_keras_tree_pop (self);
  return done;
}

/* a layer that a Sequential lists again is called again */
static gboolean
add_layer (EspKerasTree *self,
           const EspKerasLayer *layer,
           guint index,
           GHashTable *known,
           EspKerasLayerFunc func,
           gpointer user_data,
           GError **error)
{
  g_autofree char *key = esp_keras_tree_dup_key (layer, index);
  Known *here = g_hash_table_lookup (known, key);

  if (!add_inputs (self, known, layer, error))
    return FALSE;
  if (here != NULL)
    {
      here->n_calls++;
      return add_repeats (self, here, here->n_calls, error);
    }
  here = g_new0 (Known, 1);
  here->key = g_steal_pointer (&key);
  here->n_calls = MAX (layer->n_calls, 1);
  g_hash_table_insert (known, here->key, here);
  return fill_layer (self, layer, index, here, func, user_data, error);
}

static gboolean
is_listed (const EspKerasLayer *layer)
{
  return strcmp (layer->key, "layers") == 0 && !layer->is_operation;
}

gboolean
esp_keras_tree_each_layer (EspKerasTree *self,
                           const EspKerasLayer *container,
                           EspKerasLayerFunc func,
                           gpointer user_data,
                           GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, known_free);

  for (guint i = 0; i < container->layers->len; i++)
    {
      const EspKerasLayer *layer = container->layers->pdata[i];

      if (is_listed (layer) && !add_layer (self, layer, i, known, func, user_data, error))
        return FALSE;
    }
  /* what only the model's outputs take */
  for (guint i = 0; i < container->layers->len; i++)
    {
      const EspKerasLayer *layer = container->layers->pdata[i];
      g_autofree char *key = esp_keras_tree_dup_key (layer, i);
      Known *here = is_listed (layer) ? g_hash_table_lookup (known, key) : NULL;

      if (here != NULL && !add_repeats (self, here, here->n_calls, error))
        return FALSE;
    }
  return TRUE;
}

/* }}} */
/* {{{ layers that several models hold */

static char *
dup_identity (const EspKerasLayer *layer)
{
  return *layer->name != '\0' ? g_strdup_printf ("%s\n%s", layer->class_name, layer->name) : NULL;
}

void
esp_keras_tree_keep (EspKerasTree *self, const EspKerasLayer *layer, EspModule *module)
{
  char *identity = dup_identity (layer);

  if (identity != NULL)
    g_hash_table_replace (self->keepers, identity, module);
}

EspModule *
esp_keras_tree_find_kept (EspKerasTree *self, const EspKerasLayer *layer)
{
  g_autofree char *identity = dup_identity (layer);

  return identity != NULL ? g_hash_table_lookup (self->keepers, identity) : NULL;
}

/* }}} */
