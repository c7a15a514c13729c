/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be set, for forms. The tables of layers, losses and optimisers say which classes there
 * are, and the reader of a class, given an EspSpec that asks instead of reading, says the rest. */

#include "config.h"
#include "esp-setting.h"

#include <string.h>

#include "esp-layer.h"
#include "esp-loss.h"
#include "esp-network-private.h"
#include "esp-optimizer.h"
#include "esp-schedule.h"

void
esp_setting_free (EspSetting *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->fallback, json_node_unref);
  g_free (self);
}

const EspSetting *
esp_setting_find (GPtrArray *settings, const char *key)
{
  g_return_val_if_fail (settings != NULL && key != NULL, NULL);
  for (guint i = 0; i < settings->len; i++)
    {
      const EspSetting *setting = g_ptr_array_index (settings, i);
      if (strcmp (setting->key, key) == 0)
        return setting;
    }
  return NULL;
}

const char *const *
esp_setting_get_layers (void)
{
  return esp_layer_get_class_names ();
}

const char *const *
esp_setting_get_losses (void)
{
  return esp_loss_get_class_names ();
}

const char *const *
esp_setting_get_optimizers (void)
{
  return esp_optimizer_get_class_names ();
}

const char *const *
esp_setting_get_schedules (void)
{
  return esp_schedule_get_class_names ();
}

GPtrArray *
esp_setting_list_for_layer (const char *class_name)
{
  g_return_val_if_fail (class_name != NULL, NULL);
  const EspLayerClass *klass = esp_layer_find_class (class_name);
  if (klass == NULL)
    return NULL;
  g_autoptr (EspSpec) spec = esp_spec_new_for_questions ();
  esp_layer_free (esp_layer_new (klass, spec, NULL));
  return esp_spec_get_answers (spec);
}

GPtrArray *
esp_setting_list_for_loss (const char *class_name)
{
  g_return_val_if_fail (class_name != NULL, NULL);
  g_autoptr (EspSpec) spec = esp_spec_new_for_questions ();
  return esp_loss_ask (class_name, spec) ? esp_spec_get_answers (spec) : NULL;
}

GPtrArray *
esp_setting_list_for_optimizer (const char *class_name)
{
  g_return_val_if_fail (class_name != NULL, NULL);
  g_autoptr (EspSpec) spec = esp_spec_new_for_questions ();
  return esp_optimizer_ask (class_name, spec) ? esp_spec_get_answers (spec) : NULL;
}

GPtrArray *
esp_setting_list_for_schedule (const char *class_name)
{
  g_return_val_if_fail (class_name != NULL, NULL);
  g_autoptr (EspSpec) spec = esp_spec_new_for_questions ();
  return esp_schedule_ask (class_name, spec) ? esp_spec_get_answers (spec) : NULL;
}

GPtrArray *
esp_setting_list_for_step (void)
{
  g_autoptr (EspSpec) spec = esp_spec_new_for_questions ();
  esp_network_ask_step (spec);
  return esp_spec_get_answers (spec);
}
