/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A changed specification becomes a network: built, with what must change along, and the values of
 * the network before it. */

#include "config.h"
#include "esp-spec-edit-private.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-network-private.h"

/* --- another data set --- */

static EspSpecModule *
find_last_linear (EspSpecModule *container)
{
  for (guint i = container->children->len; i-- > 0;)
    {
      EspSpecModule *module = ((EspSpecPlace *) g_ptr_array_index (container->children, i))->module;
      EspSpecModule *found = module->children != NULL ? find_last_linear (module) : NULL;
      if (json_object_has_member (module->settings, "out_features"))
        found = module;
      if (found != NULL)
        return found;
    }
  return NULL;
}

static const char *
find_first_class (EspSpecModule *container)
{
  EspSpecModule *module = container;
  while (module->children != NULL && module->children->len > 0)
    module = ((EspSpecPlace *) g_ptr_array_index (module->children, 0))->module;
  return json_object_get_string_member (module->settings, "class");
}

/* a loss that can take what @data wants, the one there is if it can; returns the width of output
 * that it needs, 0 when there is none */
static gint64
fit_loss (EspSpecEdit *self, const EspDataset *data, GError **error)
{
  EspLoss *loss = esp_loss_new (json_object_get_object_member (self->graph->rest, "loss"), error);
  if (loss == NULL)
    return 0;
  EspLossTakes takes = loss->klass->takes;
  esp_loss_free (loss);
  gboolean labels = data->n_classes > 0;
  gboolean bits = labels && data->n_classes == 2 && (takes & ESP_LOSS_TAKES_BITS) != 0;
  gboolean fits = labels ? bits || (takes & ESP_LOSS_TAKES_LABELS) != 0
                         : (takes & ESP_LOSS_TAKES_VALUES) != 0;
  if (!fits)
    {
      JsonObject *other = json_object_new ();
      json_object_set_string_member (other, "class", labels ? "CrossEntropyLoss" : "MSELoss");
      json_object_set_object_member (self->graph->rest, "loss", other);
    }
  if (labels)
    return bits ? 1 : data->n_classes;
  return data->target.ndim == 1 ? data->target.sizes[0] : 0;
}

/* The data set, and loss and last layer made to fit. Images come as such where planes are wanted.
 */
static EspDataset *
fit_data (EspSpecEdit *self, const EspDatasetAccess *access, GError **error)
{
  JsonObject *object = json_object_get_object_member (self->graph->rest, "data");
  const char *first = find_first_class (self->graph->root);
  if (strcmp (json_object_get_string_member_with_default (object, "name", ""), "digits") == 0 &&
      !json_object_has_member (object, "images") && g_str_has_suffix (first, "2d"))
    json_object_set_boolean_member (object, "images", TRUE);
  g_autoptr (EspDataset) data = esp_dataset_new (object, self->network->seed, access, error);
  if (data == NULL)
    return NULL;
  gint64 width = fit_loss (self, data, error);
  EspSpecModule *last = find_last_linear (self->graph->root);
  if (width > 0 && last != NULL)
    json_object_set_int_member (last->settings, "out_features", width);
  return g_steal_pointer (&data);
}

/* --- groups of the optimiser --- */

/* the module that a parameter of the new network belongs to, and its name there */
static EspSpecModule *
find_owner (EspSpecEdit *self, const char *path, const char **name)
{
  EspSpecModule *owner = NULL;
  gsize longest = 0;
  for (guint i = 0; i < self->graph->modules->len; i++)
    {
      EspSpecModule *module = g_ptr_array_index (self->graph->modules, i);
      gsize length = module->path != NULL ? strlen (module->path) : 0;
      if (length <= longest || strncmp (path, module->path, length) != 0 || path[length] != '.')
        continue;
      owner = module;
      longest = length;
    }
  *name = owner != NULL ? path + longest + 1 : path;
  return owner;
}

/* index in the old network of what is parameter @index in the new one; -1: it is new */
static int
find_origin (EspSpecEdit *self, EspNetwork *network, guint index)
{
  const char *name;
  EspSpecModule *owner = find_owner (self, esp_network_peek_parameter (network, index)->path,
                                     &name);
  if (owner == NULL || owner->origin == NULL)
    return -1;
  g_autofree char *old = g_strconcat (owner->origin, ".", name, NULL);
  return GPOINTER_TO_INT (g_hash_table_lookup (self->network->paths, old)) - 1;
}

/* the group, less 1, that the patterns of the specification give @path; -1: none */
static int
match_group (JsonArray *groups, const char *path)
{
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      JsonObject *object = json_array_get_object_element (groups, i);
      JsonArray *params = json_object_get_array_member (object, "params");
      for (guint k = 0; k < json_array_get_length (params); k++)
        if (g_pattern_match_simple (json_array_get_string_element (params, k), path))
          return (int) i;
    }
  return -1;
}

/* Patterns that would now mean other parameters become lists of paths. @network was built without
 * groups, @json has them as they would be. */
static gboolean
settle_groups (EspSpecEdit *self, EspNetwork *network, const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, json, -1, error))
    return FALSE;
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonObject *optimizer = json_object_get_object_member (root, "optimizer");
  g_autoptr (JsonArray) none = json_array_new ();
  JsonArray *groups = json_object_has_member (optimizer, "groups")
                          ? json_object_get_array_member (optimizer, "groups")
                          : none;
  int written = -1;
  for (guint g = 0; g < self->graph->groups->len; g++)
    {
      EspSpecGroup *group = g_ptr_array_index (self->graph->groups, g);
      g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
      gboolean same = TRUE, any = FALSE;
      if (!group->dropped)
        written++;
      for (guint i = 0; i < network->parameters->len; i++)
        {
          EspNetParameter *parameter = esp_network_peek_parameter (network, i);
          int old = find_origin (self, network, i);
          gboolean matched = !group->dropped && match_group (groups, parameter->path) == written;
          gboolean wanted =
              old < 0 ? matched
                      : esp_network_peek_parameter (self->network, (guint) old)->group == g + 1;
          same = same && wanted == matched;
          any = any || wanted;
          if (wanted)
            g_strv_builder_add (paths, parameter->path);
        }
      g_clear_pointer (&group->fixed, g_strfreev);
      if (!same || !any)
        group->fixed = g_strv_builder_end (paths);
    }
  return TRUE;
}

/* --- building --- */

/* lists of initial values, which may no longer fit; TRUE when there were any */
static gboolean
forget_lists (EspSpecEdit *self)
{
  gboolean found = FALSE;
  for (guint i = 0; i < self->graph->modules->len; i++)
    {
      EspSpecModule *module = g_ptr_array_index (self->graph->modules, i);
      JsonNode *init = json_object_get_member (module->settings, "init");
      JsonObject *words = init != NULL && JSON_NODE_HOLDS_OBJECT (init)
                              ? json_node_get_object (init)
                              : NULL;
      g_autoptr (GList) names = words != NULL ? json_object_get_members (words) : NULL;
      for (GList *item = names; item != NULL; item = item->next)
        if (JSON_NODE_HOLDS_ARRAY (json_object_get_member (words, item->data)))
          {
            json_object_remove_member (words, item->data);
            found = TRUE;
          }
      if (init == NULL || !JSON_NODE_HOLDS_ARRAY (init))
        continue;
      json_object_remove_member (module->settings, "init");
      found = TRUE;
    }
  return found;
}

static EspNetwork *
build (EspSpecEdit *self, const EspNetworkOptions *options, gboolean with_groups, GError **error)
{
  g_autofree char *json = esp_spec_graph_write (self->graph, with_groups, error);
  return json != NULL ? esp_network_new_from_json_with_options (json, -1, options, error) : NULL;
}

static EspNetwork *
build_with_groups (EspSpecEdit *self, const EspNetworkOptions *options, GError **error)
{
  gboolean grouped = self->graph->groups->len > 0;
  g_autoptr (EspNetwork) network = build (self, options, !grouped, error);
  if (network == NULL || !grouped)
    return g_steal_pointer (&network);
  g_autofree char *json = esp_spec_graph_write (self->graph, TRUE, error);
  if (json == NULL || !settle_groups (self, network, json, error))
    return NULL;
  return build (self, options, TRUE, error);
}

/* what an optimiser of the same class has kept; with other betas their powers are others */
static void
carry_moments (EspSpecEdit *self, EspNetwork *network, guint index, guint old)
{
  const EspNetParameter *parameter = esp_network_peek_parameter (network, index);
  const EspOptimizerSettings *now = &network->optimizer->groups[parameter->group];
  EspUpdateRule rule = self->rules[old];
  if (rule.n_steps == 0 || network->optimizer->klass != self->network->optimizer->klass ||
      esp_parameter_kind_is_buffer (parameter->info.kind))
    return;
  const EspOptimizerSettings *before = &self->network->optimizer->groups[rule.group];
  for (guint i = 0; i < 2; i++)
    if (memcmp (&now->betas[i], &before->betas[i], sizeof now->betas[i]) != 0)
      rule.powers[i] = pow (now->betas[i], (double) rule.n_steps);
  esp_network_set_initial_moments (
      network, index,
      (EspTensor *const *) &self->moments->pdata[(gsize) old * ESP_OPTIMIZER_MAX_MOMENTS], &rule,
      NULL);
}

/* What can't be had, or has another shape now, stays as it begins. */
static void
carry_values (EspSpecEdit *self, EspNetwork *network)
{
  for (guint i = 0; i < network->parameters->len; i++)
    {
      int old = find_origin (self, network, i);
      if (old < 0 ||
          !esp_shape_equal (&esp_network_peek_parameter (network, i)->info.shape,
                            &esp_network_peek_parameter (self->network, (guint) old)->info.shape))
        continue;
      esp_network_set_initial (network, i, g_ptr_array_index (self->values, (guint) old), NULL);
      carry_moments (self, network, i, (guint) old);
    }
}

EspNetwork *
esp_spec_edit_finish (EspSpecEdit *self, const EspDatasetAccess *access, GError **error)
{
  static const EspDatasetAccess nothing = { 0 };
  g_return_val_if_fail (self != NULL, NULL);
  EspNetworkOptions options = { .access = access != NULL ? *access : nothing };
  g_autoptr (EspDataset) data = self->data_changed ? fit_data (self, &options.access, error)
                                                   : esp_dataset_ref (self->network->data);
  g_autoptr (GError) inner = NULL;
  if (data == NULL)
    return NULL;
  options.ready = data;
  EspNetwork *network = build_with_groups (self, &options, &inner);
  if (network == NULL && forget_lists (self))
    network = build_with_groups (self, &options, NULL);
  if (network == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&inner));
      return NULL;
    }
  if (!self->anew)
    carry_values (self, network);
  return network;
}

char *
esp_spec_edit_find (EspSpecEdit *self, const char *path)
{
  g_return_val_if_fail (self != NULL && path != NULL, NULL);
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (self->graph, NULL);
  for (guint i = 0; i < places->len; i++)
    {
      EspSpecModule *module = ((EspSpecPlace *) g_ptr_array_index (places, i))->module;
      if (g_strcmp0 (module->origin, path) == 0)
        return g_strdup (module->path);
    }
  return NULL;
}
