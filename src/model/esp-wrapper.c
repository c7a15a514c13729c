/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names that wrappers of PyTorch modules leave in state dicts. Asked for each row that is shown: a
 * few comparisons. */

#include "config.h"

#include "esp-wrapper.h"

#include <string.h>

#include "esp-module.h"

static const struct
{
  const char *name;
  const char *title;
  gboolean anywhere; /* a name that nobody gives to anything else */
} wrappers[] = {
  { "module", "DataParallel", FALSE },
  { "_orig_mod", "torch.compile", TRUE },
  { "_fsdp_wrapped_module", "FSDP", TRUE },
  { "_forward_module", "Fabric", TRUE },
  { "_checkpoint_wrapped_module", "checkpoint_wrapper", TRUE },
};

/* at the top, or below one key of a training checkpoint: "model", "state_dict" */
static gboolean
is_near_root (EspPlace *place)
{
  EspPlace *parent = esp_place_get_parent (place);

  return parent == NULL || esp_place_get_parent (parent) == NULL;
}

/* {"state_dict": ..., "optimizer_states": ...}: a pair of keys that Lightning alone writes */
static gboolean
is_lightning (EspPlace *place)
{
  EspPlace *root = esp_place_get_parent (place);

  return esp_place_get_parent (root) == NULL && esp_place_get_parameter (place) == NULL &&
         strcmp (esp_place_get_name (place), "state_dict") == 0 &&
         esp_place_find_child (root, "optimizer_states") != NULL;
}

const char *
esp_wrapper_get_title (EspPlace *place)
{
  EspPlace *parent;
  EspModule *module;

  g_return_val_if_fail (ESP_IS_PLACE (place), NULL);

  parent = esp_place_get_parent (place);
  module = esp_place_get_module (place);
  if (parent == NULL || module == NULL || *esp_module_get_class (module) != '\0')
    return NULL;
  if (is_lightning (place))
    return "Lightning";
  if (esp_place_get_n_children (parent) != 1)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    if (strcmp (esp_place_get_name (place), wrappers[i].name) == 0)
      return wrappers[i].anywhere || is_near_root (parent) || esp_wrapper_get_title (parent) != NULL
                 ? wrappers[i].title
                 : NULL;
  return NULL;
}
