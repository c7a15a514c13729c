/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers answer when they are asked for their settings is what they accept: for every class
 * that there is, the least and the most of each setting is taken and one more refused. */

#include <string.h>

#include "esp-layer.h"
#include "esp-loss.h"
#include "esp-schedule.h"
#include "esp-setting.h"

/* the class with what it must have, and one setting besides */
static JsonObject *
make (const char *class_name, GPtrArray *settings, const EspSetting *changed, JsonNode *value)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "class", class_name);
  for (guint i = 0; i < settings->len; i++)
    {
      const EspSetting *setting = g_ptr_array_index (settings, i);
      if (setting == changed)
        json_object_set_member (object, setting->key, json_node_copy (value));
      else if (setting->required && setting->kind == ESP_SETTING_LIST)
        {
          JsonArray *list = json_array_new ();
          for (guint k = 0; k < (strcmp (setting->key, "dims") == 0 ? 1 : 4); k++)
            json_array_add_int_element (list, 0);
          json_object_set_array_member (object, setting->key, list);
        }
      else if (setting->required && setting->kind != ESP_SETTING_SHAPE)
        json_object_set_int_member (object, setting->key, (gint64) setting->min);
      else if (setting->required)
        {
          JsonArray *shape = json_array_new ();
          json_array_add_int_element (shape, 1);
          json_object_set_array_member (object, setting->key, shape);
        }
    }
  return object;
}

static gboolean
accepts (const char *class_name, JsonObject *object)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "test");
  g_autoptr (GError) error = NULL;
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, &error);
  EspLayer *layer = esp_layer_new (esp_layer_find_class (class_name), spec, &error);
  gboolean good = layer != NULL && esp_spec_finish (spec, &error);
  esp_layer_free (layer);
  return good;
}

static gboolean
accepts_value (const char *class_name, GPtrArray *settings, const EspSetting *setting, double value)
{
  g_autoptr (JsonNode) node = json_node_alloc ();
  if (setting->kind == ESP_SETTING_NUMBER)
    json_node_init_double (node, value);
  else
    json_node_init_int (node, (gint64) value);
  g_autoptr (JsonObject) object = make (class_name, settings, setting, node);
  return accepts (class_name, object);
}

static void
check_setting (const char *class_name, GPtrArray *settings, const EspSetting *setting)
{
  gboolean whole = setting->kind == ESP_SETTING_WHOLE || setting->kind == ESP_SETTING_WHOLES;
  g_test_message ("%s.%s", class_name, setting->key);
  if (whole || setting->kind == ESP_SETTING_NUMBER)
    {
      g_assert_cmpfloat (setting->min, <, setting->max);
      g_assert_true (accepts_value (class_name, settings, setting, setting->min) ||
                     strcmp (setting->key, "padding_idx") == 0);
      double step = whole ? 1 : 1e-3 * (1 + ABS (setting->max));
      g_assert_false (accepts_value (class_name, settings, setting, setting->max + step));
      g_assert_false (accepts_value (class_name, settings, setting, setting->min - step));
    }
  for (guint i = 0; setting->words != NULL && setting->words[i] != NULL; i++)
    {
      g_autoptr (JsonNode) word = json_node_init_string (json_node_alloc (), setting->words[i]);
      g_autoptr (JsonObject) object = make (class_name, settings, setting, word);
      g_assert_true (accepts (class_name, object));
      json_object_set_string_member (object, setting->key, "no such word");
      g_assert_false (accepts (class_name, object));
    }
  if (setting->fallback != NULL)
    {
      g_autoptr (JsonObject) object = make (class_name, settings, setting, setting->fallback);
      g_assert_true (accepts (class_name, object));
    }
  if (setting->required)
    {
      g_autoptr (JsonObject) object = make (class_name, settings, NULL, NULL);
      json_object_remove_member (object, setting->key);
      g_assert_false (accepts (class_name, object));
    }
}

static void
test_every_layer (void)
{
  const char *const *names = esp_setting_get_layers ();
  guint n = 0;
  for (; names[n] != NULL; n++)
    {
      g_autoptr (GPtrArray) settings = esp_setting_list_for_layer (names[n]);
      g_autoptr (JsonObject) object = make (names[n], settings, NULL, NULL);
      g_test_message ("%s", names[n]);
      g_assert_true (accepts (names[n], object));
      for (guint i = 0; i < settings->len; i++)
        check_setting (names[n], settings, g_ptr_array_index (settings, i));
    }
  g_assert_cmpuint (n, >=, 34);
}

static void
test_linear (void)
{
  g_autoptr (GPtrArray) settings = esp_setting_list_for_layer ("Linear");
  g_assert_cmpuint (settings->len, ==, 3);
  const EspSetting *in = esp_setting_find (settings, "in_features");
  const EspSetting *out = esp_setting_find (settings, "out_features");
  const EspSetting *bias = esp_setting_find (settings, "bias");
  g_assert_true (in->follows && !in->required);
  g_assert_true (out->required && !out->follows);
  g_assert_null (out->fallback);
  g_assert_cmpint (bias->kind, ==, ESP_SETTING_SWITCH);
  g_assert_true (json_node_get_boolean (bias->fallback));
}

static void
test_kinds (void)
{
  g_autoptr (GPtrArray) conv = esp_setting_list_for_layer ("Conv2d");
  g_autoptr (GPtrArray) norm = esp_setting_list_for_layer ("BatchNorm2d");
  g_autoptr (GPtrArray) rnn = esp_setting_list_for_layer ("RNN");
  const EspSetting *padding = esp_setting_find (conv, "padding");
  g_assert_cmpint (padding->kind, ==, ESP_SETTING_WHOLES);
  g_assert_cmpuint (padding->n, ==, 2);
  g_assert_cmpstr (padding->words[0], ==, "same");
  g_assert_true (esp_setting_find (conv, "in_channels")->follows);
  g_assert_true (esp_setting_find (conv, "kernel_size")->required);
  g_assert_true (esp_setting_find (norm, "momentum")->nullable);
  g_assert_cmpfloat (json_node_get_double (esp_setting_find (norm, "eps")->fallback), ==, 1e-5);
  g_assert_cmpstr (esp_setting_find (rnn, "nonlinearity")->words[1], ==, "relu");
  g_assert_cmpfloat (esp_setting_find (rnn, "num_layers")->max, ==, 8);
  g_assert_null (esp_setting_find (rnn, "weight"));
  g_assert_null (esp_setting_list_for_layer ("Dense"));
}

static void
test_optimizers_and_losses (void)
{
  const char *const *names = esp_setting_get_optimizers ();
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) settings = esp_setting_list_for_optimizer (names[i]);
      g_assert_nonnull (esp_setting_find (settings, "lr"));
      g_assert_nonnull (esp_setting_find (settings, "weight_decay"));
    }
  g_autoptr (GPtrArray) adam = esp_setting_list_for_optimizer ("Adam");
  g_assert_cmpint (esp_setting_find (adam, "betas")->kind, ==, ESP_SETTING_NUMBERS);
  g_assert_cmpfloat (json_node_get_double (esp_setting_find (adam, "lr")->fallback), ==, 0.001);
  names = esp_setting_get_losses ();
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) settings = esp_setting_list_for_loss (names[i]);
      g_assert_cmpstr (esp_setting_find (settings, "reduction")->words[1], ==, "sum");
    }
  g_autoptr (GPtrArray) huber = esp_setting_list_for_loss ("HuberLoss");
  g_assert_cmpfloat (json_node_get_double (esp_setting_find (huber, "delta")->fallback), ==, 1);
  g_assert_null (esp_setting_list_for_loss ("Adam"));
}

/* what a person who chooses a schedule begins with can be read, has all that must be there, and
 * takes every other word */
static void
test_schedules (void)
{
  const char *const *names = esp_setting_get_schedules ();
  guint n = 0;
  for (; names[n] != NULL; n++)
    {
      g_autoptr (GPtrArray) settings = esp_setting_list_for_schedule (names[n]);
      g_autoptr (JsonObject) example = esp_schedule_make_example (names[n]);
      g_autoptr (GError) error = NULL;
      EspSchedule *schedule = esp_schedule_new (example, &error);
      g_test_message ("%s", names[n]);
      g_assert_no_error (error);
      esp_schedule_free (schedule);
      g_assert_nonnull (esp_setting_find (settings, "every"));
      for (guint i = 0; i < settings->len; i++)
        {
          const EspSetting *setting = g_ptr_array_index (settings, i);
          g_autoptr (JsonObject) object = esp_schedule_make_example (names[n]);
          g_autofree char *before =
              json_object_has_member (object, setting->key)
                  ? esp_setting_to_text (json_object_get_member (object, setting->key))
                  : NULL;
          g_assert_true (!setting->required || before != NULL);
          for (guint w = 0; setting->words != NULL && setting->words[w] != NULL; w++)
            {
              json_object_set_string_member (object, setting->key, setting->words[w]);
              schedule = esp_schedule_new (object, &error);
              g_assert_no_error (error);
              esp_schedule_free (schedule);
            }
        }
    }
  g_assert_cmpuint (n, ==, 10);
  g_autoptr (GPtrArray) cycle = esp_setting_list_for_schedule ("OneCycleLR");
  g_assert_true (esp_setting_find (cycle, "max_lr")->required);
  g_assert_cmpstr (esp_setting_find (cycle, "anneal_strategy")->words[1], ==, "linear");
  g_assert_null (esp_setting_list_for_schedule ("Adam"));
  g_assert_null (esp_schedule_make_example ("Adam"));
}

static void
test_step (void)
{
  g_autoptr (GPtrArray) settings = esp_setting_list_for_step ();
  const EspSetting *clip = esp_setting_find (settings, "clip_grad_norm");
  g_assert_cmpint ((int) json_node_get_int (esp_setting_find (settings, "batch_size")->fallback),
                   ==, 32);
  g_assert_true (json_node_get_boolean (esp_setting_find (settings, "shuffle")->fallback));
  /* left out, there is no limit */
  g_assert_true (clip->fallback == NULL && !clip->required);
}

static void
test_text (void)
{
  static const struct
  {
    const char *json, *text;
  } cases[] = {
    { "[0.9, 0.999]", "[0.9, 0.999]" },
    { "1e-8", "1e-08" },
    { "\"same\"", "same" },
    { "null", "null" },
    { "[{\"class\": \"StepLR\", \"step_size\": 3}]",
      "[{\"class\": \"StepLR\", \"step_size\": 3}]" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (cases[i].json, NULL);
      g_autofree char *text = esp_setting_to_text (node);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/setting/every-layer", test_every_layer);
  g_test_add_func ("/train/setting/linear", test_linear);
  g_test_add_func ("/train/setting/kinds", test_kinds);
  g_test_add_func ("/train/setting/optimizers-and-losses", test_optimizers_and_losses);
  g_test_add_func ("/train/setting/schedules", test_schedules);
  g_test_add_func ("/train/setting/step", test_step);
  g_test_add_func ("/train/setting/text", test_text);
  return g_test_run ();
}
