/* SPDX-License-Identifier: GPL-3.0-or-later */

/* param_groups of torch.optim: [{'params': [0, 1], 'param_names': ['0.weight', '0.bias'], ...}].
 * The numbers are the keys of the state; the names are there since torch 2.6, and only if the
 * optimizer was given named parameters. */

#include "config.h"

#include "esp-pytorch-optimizer.h"

#include "esp-limits.h"

/* what a file may hold of these: one list may stand in itself so often that it never ends */
#define MOST_GROUPS 10000 /* a group for each layer makes some hundred */
#define MOST_OPTIONS 1000 /* of a group; there are about 20 */

static gboolean
add_group (EspTreeBuilder *builder, const char *const *base, const EspPickleValue *group)
{
  gboolean small = group->kind == ESP_PICKLE_DICT && group->items.n <= 2 * MOST_OPTIONS;
  const EspPickleValue *params = small ? esp_pickle_value_find (group, "params") : NULL;
  const EspPickleValue *names = small ? esp_pickle_value_find (group, "param_names") : NULL;
  guint n = params != NULL ? esp_pickle_value_get_n_items (params) : 0;

  for (guint i = 0; i < n; i++)
    {
      const EspPickleValue *param = esp_pickle_value_get_item (params, i);
      const EspPickleValue *name = names != NULL ? esp_pickle_value_get_item (names, i) : NULL;
      g_autofree char *key = NULL, *text = NULL;

      if (param == NULL || (param->kind != ESP_PICKLE_INT && param->kind != ESP_PICKLE_STRING))
        return FALSE;
      key = esp_pickle_value_to_name (param, ESP_LIMIT_NAME_BYTES);
      if (name != NULL && name->kind == ESP_PICKLE_STRING)
        text = esp_pickle_value_to_name (name, ESP_LIMIT_NAME_BYTES);
      if (!esp_tree_builder_add_state_order (builder, base, key, text))
        return FALSE;
    }
  return TRUE;
}

void
esp_pytorch_add_state_order (EspTreeBuilder *builder,
                             const char *const *keys,
                             const EspPickleValue *optimizer)
{
  const EspPickleValue *groups = esp_pickle_value_find (optimizer, "param_groups");
  g_autoptr (GPtrArray) base = g_ptr_array_new ();
  guint n = groups != NULL ? esp_pickle_value_get_n_items (groups) : 0;

  for (; *keys != NULL; keys++)
    g_ptr_array_add (base, (gpointer) *keys);
  g_ptr_array_add (base, (gpointer) "state");
  g_ptr_array_add (base, NULL);
  for (guint i = 0; i < MIN (n, MOST_GROUPS); i++)
    if (!add_group (builder, (const char *const *) base->pdata,
                    esp_pickle_value_get_item (groups, i)))
      return;
}
