/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network out of its specification: the text is read here, the work is done by
 * esp-network-parse.c (modules), esp-network-build.c (shapes, parameters) and esp-network-tree.c
 * (the tree that views show); esp-network-write.c writes it again. What can be wrong in a
 * specification is found here and nowhere later: a network that exists can be trained. */

#include "config.h"
#include "esp-network-private.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-parameter.h"
#include "esp-tree.h"

G_DEFINE_FINAL_TYPE (EspNetwork, esp_network, G_TYPE_OBJECT)

static void
module_free (gpointer data)
{
  EspNetModule *module = data;
  esp_layer_free (module->layer);
  g_clear_pointer (&module->children, g_ptr_array_unref);
  g_clear_pointer (&module->settings, json_object_unref);
  g_clear_pointer (&module->init, json_node_unref);
  g_clear_pointer (&module->tie, json_object_unref);
  g_clear_pointer (&module->grads, json_object_unref);
  g_free (module->id);
  g_free (module);
}

static void
call_free (gpointer data)
{
  EspNetCall *call = data;
  g_free (call->path);
  g_free (call->from);
  g_free (call->in);
  g_free (call);
}

static void
input_clear (gpointer data)
{
  g_free (((EspNetInput *) data)->name);
}

static void
parameter_free (gpointer data)
{
  EspNetParameter *parameter = data;
  g_free (parameter->path);
  g_free (parameter->initial);
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    g_free (parameter->initial_moments[m]);
  g_clear_object (&parameter->object);
  g_free (parameter);
}

static void
esp_network_finalize (GObject *object)
{
  EspNetwork *self = ESP_NETWORK (object);
  g_free (self->name);
  g_ptr_array_unref (self->calls);
  g_array_unref (self->inputs);
  g_ptr_array_unref (self->modules);
  g_ptr_array_unref (self->parameters);
  g_hash_table_unref (self->paths);
  esp_dataset_unref (self->data);
  esp_loss_free (self->loss);
  esp_optimizer_free (self->optimizer);
  esp_schedule_free (self->schedule);
  g_clear_pointer (&self->init, json_node_unref);
  g_clear_object (&self->tree);
  G_OBJECT_CLASS (esp_network_parent_class)->finalize (object);
}

static void
esp_network_class_init (EspNetworkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_network_finalize;
}

static void
esp_network_init (EspNetwork *self)
{
  self->modules = g_ptr_array_new_with_free_func (module_free);
  self->inputs = g_array_new (FALSE, TRUE, sizeof (EspNetInput));
  g_array_set_clear_func (self->inputs, input_clear);
  self->calls = g_ptr_array_new_with_free_func (call_free);
  self->parameters = g_ptr_array_new_with_free_func (parameter_free);
  self->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* an object that must be there */
static JsonObject *
read_part (EspSpec *spec, const char *key, GError **error)
{
  if (esp_spec_has (spec, key))
    return esp_spec_read_object (spec, key, error);
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), key);
  return NULL;
}

/* the data set: the specification's own, or the one asked for, with the specification's settings if
 * it is the same kind */
static gboolean
read_data (EspNetwork *self, EspSpec *spec, const EspNetworkOptions *options, GError **error)
{
  JsonObject *object = NULL;
  if (esp_spec_has (spec, "data") || options->data == NULL)
    {
      object = read_part (spec, "data", error);
      if (object == NULL)
        return FALSE;
    }
  g_autoptr (JsonObject) other = NULL;
  gboolean file = options->data != NULL && g_strcmp0 (options->data, options->access.chosen) == 0;
  const char *name = file ? "file" : options->data;
  const char *own = object != NULL
                        ? json_object_get_string_member_with_default (object, "name", NULL)
                        : NULL;
  if (name != NULL && g_strcmp0 (own, name) != 0)
    {
      other = json_object_new ();
      json_object_set_string_member (other, "name", name);
      object = other;
    }
  if (file)
    json_object_set_string_member (object, "path", options->data);
  if (options->ready != NULL && esp_dataset_is_made_of (options->ready, object))
    self->data = esp_dataset_ref (options->ready);
  else
    self->data = esp_dataset_new (object, self->seed, &options->access, error);
  return self->data != NULL;
}

/* one part of each example: {"name": "left", "shape": [4]} */
static gboolean
read_input (EspNetwork *self, JsonNode *node, gsize offset, GError **error)
{
  g_autofree char *place = g_strdup_printf (_ ("input %u"), self->inputs->len);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: an input must be an object in braces"), place);
      return FALSE;
    }
  g_autoptr (EspSpec) spec = esp_spec_new (json_node_get_object (node), place);
  g_autofree char *name = esp_spec_read_string (spec, "name", NULL, error);
  EspNetInput input = { .offset = offset };
  if (name == NULL || !esp_spec_read_shape (spec, "shape", &input.shape, error) ||
      !esp_spec_finish (spec, error))
    return FALSE;
  for (guint i = 0; i < self->inputs->len; i++)
    if (strcmp (esp_network_peek_input (self, i)->name, name) == 0)
      {
        esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                            _ ("the name “%s” belongs to another input already"), name);
        return FALSE;
      }
  input.name = g_steal_pointer (&name);
  g_array_append_val (self->inputs, input);
  return TRUE;
}

/* the examples whole, or cut into parts that lie one behind the other */
static gboolean
read_inputs (EspNetwork *self, EspSpec *spec, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "inputs", &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  self->cut = array != NULL && json_array_get_length (array) > 0;
  if (!self->cut)
    {
      EspNetInput whole = { g_strdup ("input"), self->data->input, 0 };
      g_array_append_val (self->inputs, whole);
      return TRUE;
    }
  guint64 offset = 0, count = esp_shape_get_count (&self->data->input);
  for (guint i = 0; i < json_array_get_length (array) && offset <= count; i++)
    {
      if (!read_input (self, json_array_get_element (array, i), offset, error))
        return FALSE;
      offset += esp_shape_get_count (&esp_network_peek_input (self, i)->shape);
    }
  if (offset == count)
    return TRUE;
  g_autofree char *shape = esp_shape_to_string (&self->data->input);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: numbers in the parts, the shape of an example, the data set's name */
               _ ("“inputs” take %llu numbers of each example, but examples of “%s” have shape %s"),
               (unsigned long long) offset, self->data->name, shape);
  return FALSE;
}

static gboolean
read_init (EspNetwork *self, EspSpec *spec, GError **error)
{
  JsonNode *node = esp_spec_read_node (spec, "init");
  self->init = node != NULL ? json_node_copy (node)
                            : json_node_init_string (json_node_alloc (), "pytorch");
  if (!JSON_NODE_HOLDS_ARRAY (self->init))
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“init” must be an initialiser or a number; lists of values belong to a "
                         "module"));
  return FALSE;
}

typedef struct
{
  guint64 batch_size;
  gboolean shuffle;
  double clip_grad_norm, clip_grad_value; /* INFINITY: no limit */
} StepSettings;

/* what is neither the optimiser's nor the loss's */
static gboolean
read_step_settings (StepSettings *self, EspSpec *spec, GError **error)
{
  *self = (StepSettings) { 32, TRUE, INFINITY, INFINITY };
  return esp_spec_read_size (spec, "batch_size", 1, ESP_SHAPE_MAX_COUNT, &self->batch_size,
                             error) &&
         esp_spec_read_bool (spec, "shuffle", &self->shuffle, error) &&
         esp_spec_read_double (spec, "clip_grad_norm", 0, 1e30, &self->clip_grad_norm, error) &&
         esp_spec_read_double (spec, "clip_grad_value", 0, 1e30, &self->clip_grad_value, error);
}

void
esp_network_ask_step (EspSpec *questions)
{
  StepSettings settings;
  read_step_settings (&settings, questions, NULL);
}

/* the optimiser and what stands around it */
static gboolean
read_optimizer (EspNetwork *self, EspSpec *spec, GError **error)
{
  JsonObject *optimizer = read_part (spec, "optimizer", error);
  if (optimizer == NULL || !(self->optimizer = esp_optimizer_new (optimizer, error)))
    return FALSE;
  if (!esp_spec_has (spec, "schedule"))
    return TRUE;
  JsonObject *schedule = esp_spec_read_object (spec, "schedule", error);
  if (schedule == NULL || !(self->schedule = esp_schedule_new (schedule, error)))
    return FALSE;
  double momentum = esp_schedule_cycles_momentum (self->schedule)
                        ? esp_schedule_get_momentum (self->schedule, 0)
                        : NAN;
  return esp_optimizer_follow (self->optimizer, esp_schedule_get_base (self->schedule), momentum,
                               error);
}

static gboolean
read_settings (EspNetwork *self, EspSpec *spec, const EspNetworkOptions *options, GError **error)
{
  guint64 version = 1;
  StepSettings step;
  if (!esp_spec_has (spec, "espalier"))
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), "espalier");
      return FALSE;
    }
  if (!esp_spec_read_size (spec, "espalier", 1, 1, &version, error) ||
      !(self->name = esp_spec_read_string (spec, "name", "network", error)) ||
      !esp_spec_read_size (spec, "seed", 0, G_MAXINT64, &self->seed, error) ||
      !read_step_settings (&step, spec, error) || !read_init (self, spec, error))
    return FALSE;
  self->batch_size = step.batch_size;
  self->shuffle = step.shuffle;
  self->clip_grad_norm = step.clip_grad_norm;
  self->clip_grad_value = step.clip_grad_value;
  if (options->has_seed)
    self->seed = options->seed & G_MAXINT64;
  JsonObject *loss = read_part (spec, "loss", error);
  if (loss == NULL || !(self->loss = esp_loss_new (loss, error)) ||
      !read_optimizer (self, spec, error))
    return FALSE;
  if (!read_data (self, spec, options, error))
    return FALSE;
  self->batch_size = MIN (self->batch_size, self->data->n);
  return read_inputs (self, spec, error);
}

EspNetwork *
esp_network_new_from_json_with_options (const char *text,
                                        gssize length,
                                        const EspNetworkOptions *options,
                                        GError **error)
{
  static const EspNetworkOptions none = { 0 };
  g_return_val_if_fail (text != NULL, NULL);
  g_autoptr (EspSpec) spec = esp_spec_new_from_text (text, length, _ ("specification"), error);
  if (spec == NULL)
    return NULL;
  g_autoptr (EspNetwork) self = g_object_new (ESP_TYPE_NETWORK, NULL);
  if (!read_settings (self, spec, options != NULL ? options : &none, error))
    return NULL;
  GError *inner = NULL;
  JsonArray *modules = esp_spec_read_array (spec, "modules", &inner);
  if (modules == NULL)
    {
      if (inner == NULL)
        esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, &inner, _ ("“%s” is missing"), "modules");
      g_propagate_error (error, inner);
      return NULL;
    }
  if (!esp_spec_finish (spec, error) || !esp_network_parse_modules (self, modules, error) ||
      !esp_network_build (self, error) || !esp_network_build_tree (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

EspNetwork *
esp_network_new_from_json (const char *text, gssize length, GError **error)
{
  return esp_network_new_from_json_with_options (text, length, NULL, error);
}

const char *
esp_network_get_name (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return self->name;
}

EspTree *
esp_network_get_tree (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return self->tree;
}

guint
esp_network_get_n_parameters (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->parameters->len;
}

EspParameter *
esp_network_get_parameter (EspNetwork *self, guint index)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && index < self->parameters->len, NULL);
  return esp_network_peek_parameter (self, index)->object;
}

int
esp_network_find_parameter (EspNetwork *self, EspParameter *parameter)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), -1);
  for (guint i = 0; i < self->parameters->len; i++)
    if (esp_network_peek_parameter (self, i)->object == parameter)
      return (int) i;
  return -1;
}

const char *
esp_network_get_loss_name (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return self->loss->klass->name;
}

const char *
esp_network_get_optimizer_name (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return self->optimizer->klass->name;
}

const char *
esp_network_get_moment_name (EspNetwork *self, guint index)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return index < self->optimizer->n_moments ? esp_optimizer_get_moment_name (self->optimizer, index)
                                            : NULL;
}

double
esp_network_get_learning_rate (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NAN);
  return self->optimizer->groups[0].rate;
}

const char *
esp_network_get_data_name (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return self->data->name;
}

guint64
esp_network_get_n_examples (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->data->n;
}

guint64
esp_network_get_n_tests (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->data->n_test;
}

gsize
esp_network_get_example_size (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return esp_shape_get_count (&self->data->input);
}

void
esp_network_read_example (EspNetwork *self, guint64 index, float *inputs)
{
  g_return_if_fail (ESP_IS_NETWORK (self) && index < self->data->n + self->data->n_test);
  gsize count = esp_network_get_example_size (self);
  for (gsize i = 0; i < count; i++)
    inputs[i] = (float) self->data->inputs[index * count + i];
}

int
esp_network_get_label (EspNetwork *self, guint64 index)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && index < self->data->n + self->data->n_test, -1);
  return self->data->labels != NULL ? self->data->labels[index] : -1;
}

guint64
esp_network_get_batch_size (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->batch_size;
}

gboolean
esp_network_is_classifier (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), FALSE);
  return self->data->n_classes > 0;
}
