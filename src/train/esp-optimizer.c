/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers, with PyTorch's settings and defaults, and groups of parameters with settings of their
 * own. Factors that follow from the step count are computed in double as Python does, then rounded
 * once. */

#include "config.h"
#include "esp-optimizer.h"

#include <string.h>
#include <glib/gi18n.h>

static const EspOptimizerClass *const classes[] = {
  &esp_optimizer_adagrad, &esp_optimizer_adam, &esp_optimizer_adamw,
  &esp_optimizer_rmsprop, &esp_optimizer_sgd,
};

static const EspOptimizerClass *
find_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i]->name, name) == 0)
      return classes[i];
  return NULL;
}

static char *
list_classes (void)
{
  GString *list = g_string_new (classes[0]->name);
  for (gsize i = 1; i < G_N_ELEMENTS (classes); i++)
    g_string_append_printf (list, ", %s", classes[i]->name);
  return g_string_free (list, FALSE);
}

static gboolean
read_settings (const EspOptimizerClass *klass,
               EspOptimizerSettings *settings,
               EspSpec *spec,
               GError **error)
{
  return esp_spec_read_double (spec, "lr", 0, ESP_OPTIMIZER_MAX_RATE, &settings->rate, error) &&
         klass->read (settings, spec, error);
}

const char *const *
esp_optimizer_get_class_names (void)
{
  static const char *names[G_N_ELEMENTS (classes) + 1];
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    names[i] = classes[i]->name;
  return names;
}

gboolean
esp_optimizer_ask (const char *class_name, EspSpec *questions)
{
  const EspOptimizerClass *klass = find_class (class_name);
  if (klass == NULL)
    return FALSE;
  EspOptimizerSettings settings = klass->defaults;
  return read_settings (klass, &settings, questions, NULL);
}

/* "params": one pattern or a list of them */
static char **
read_patterns (EspSpec *spec, GError **error)
{
  JsonNode *node = esp_spec_read_node (spec, "params");
  g_autoptr (GStrvBuilder) patterns = g_strv_builder_new ();
  guint n = 0;
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                  : NULL;
  guint length = array != NULL ? json_array_get_length (array) : node != NULL;
  for (; n < length; n++)
    {
      JsonNode *item = array != NULL ? json_array_get_element (array, n) : node;
      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        break;
      g_strv_builder_add (patterns, json_node_get_string (item));
    }
  if (n == length && n > 0)
    return g_strv_builder_end (patterns);
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“params” must be a pattern of parameters' paths, such as “0.*”, or a "
                         "list of them"));
  return NULL;
}

static gboolean
read_group (EspOptimizer *self, JsonNode *node, JsonArray *complete, GError **error)
{
  g_autofree char *place = g_strdup_printf (_ ("optimizer, group %u"), self->n_groups);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: a group must be an object in braces"), place);
      return FALSE;
    }
  g_autoptr (EspSpec) spec = esp_spec_new (json_node_get_object (node), place);
  EspOptimizerSettings settings = self->groups[0];
  g_auto (GStrv) patterns = read_patterns (spec, error);
  if (patterns == NULL || !read_settings (self->klass, &settings, spec, error) ||
      !esp_spec_finish (spec, error))
    return FALSE;
  self->groups[self->n_groups] = settings;
  self->patterns[self->n_groups++] = g_steal_pointer (&patterns);
  json_array_add_object_element (complete, json_object_ref (esp_spec_get_complete (spec)));
  return TRUE;
}

static gboolean
read_groups (EspOptimizer *self, EspSpec *spec, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "groups", &inner);
  guint n = array != NULL ? json_array_get_length (array) : 0;
  if (inner == NULL && n >= ESP_OPTIMIZER_MAX_GROUPS)
    esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, &inner,
                        _ ("there are %u groups; fewer than %d are allowed"), n,
                        ESP_OPTIMIZER_MAX_GROUPS);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  if (array == NULL)
    return TRUE;
  self->groups = g_renew (EspOptimizerSettings, self->groups, n + 1);
  self->patterns = g_renew (char **, self->patterns, n + 1);
  g_autoptr (JsonArray) complete = json_array_new ();
  for (guint i = 0; i < n; i++)
    if (!read_group (self, json_array_get_element (array, i), complete, error))
      return FALSE;
  json_object_set_array_member (esp_spec_get_complete (spec), "groups",
                                g_steal_pointer (&complete));
  return TRUE;
}

static void
count_moments (EspOptimizer *self)
{
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    for (guint group = 0; group < self->n_groups; group++)
      if (esp_optimizer_keeps (self, group, m))
        self->n_moments = m + 1;
}

EspOptimizer *
esp_optimizer_new (JsonObject *object, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "optimizer");
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  if (name == NULL)
    return NULL;
  const EspOptimizerClass *klass = find_class (name);
  if (klass == NULL)
    {
      g_autofree char *known = list_classes ();
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("there is no optimiser “%s”; there are %s"), name, known);
      return NULL;
    }
  EspOptimizer *self = g_new0 (EspOptimizer, 1);
  self->klass = klass;
  self->n_groups = 1;
  self->groups = g_memdup2 (&klass->defaults, sizeof klass->defaults);
  self->patterns = g_new0 (char **, 1);
  if (!read_settings (klass, &self->groups[0], spec, error) || !read_groups (self, spec, error) ||
      !esp_spec_finish (spec, error))
    {
      esp_optimizer_free (self);
      return NULL;
    }
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  count_moments (self);
  return self;
}

gboolean
esp_optimizer_follow (EspOptimizer *self, double rate, double momentum, GError **error)
{
  if (!isnan (momentum) && !self->klass->has_momentum)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("schedule: %s has no momentum to move; set “cycle_momentum” to false"),
                   self->klass->name);
      return FALSE;
    }
  for (guint group = 0; group < self->n_groups; group++)
    {
      EspOptimizerSettings *settings = &self->groups[group];
      if (!isnan (rate))
        settings->rate = rate;
      if (!isnan (momentum))
        settings->momentum = settings->betas[0] = momentum;
    }
  count_moments (self);
  return TRUE;
}

void
esp_optimizer_free (EspOptimizer *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_groups; i++)
    g_strfreev (self->patterns[i]);
  g_free (self->patterns);
  g_free (self->groups);
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}

guint
esp_optimizer_find_group (const EspOptimizer *self, const char *path)
{
  for (guint group = 1; group < self->n_groups; group++)
    for (char **pattern = self->patterns[group]; *pattern != NULL; pattern++)
      if (g_pattern_match_simple (*pattern, path))
        return group;
  return 0;
}

gboolean
esp_optimizer_keeps (const EspOptimizer *self, guint group, guint index)
{
  g_return_val_if_fail (group < self->n_groups && index < ESP_OPTIMIZER_MAX_MOMENTS, FALSE);
  return self->klass->moments[index] != NULL && self->klass->keeps (&self->groups[group], index);
}

const char *
esp_optimizer_get_moment_name (const EspOptimizer *self, guint index)
{
  g_return_val_if_fail (index < ESP_OPTIMIZER_MAX_MOMENTS, NULL);
  return self->klass->moments[index];
}

double
esp_optimizer_get_initial_moment (const EspOptimizer *self, guint group, guint index)
{
  g_return_val_if_fail (group < self->n_groups, 0);
  /* only Adagrad's sum begins elsewhere */
  return index == 0 ? self->groups[group].initial_accumulator : 0;
}

void
esp_optimizer_state_init (EspOptimizerState *state)
{
  *state = (EspOptimizerState) { .powers = { 1, 1 } };
}

void
esp_optimizer_state_advance (EspOptimizerState *state,
                             const EspOptimizerSettings *settings,
                             gboolean cycled)
{
  state->step++;
  /* products are what takes no time in a step of 0.2 us */
  state->powers[0] = cycled ? pow (settings->betas[0], (double) state->step)
                            : state->powers[0] * settings->betas[0];
  state->powers[1] *= settings->betas[1];
}
