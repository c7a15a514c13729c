/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules against PyTorch's own (tests/fixtures/make-train.py): 60 steps of each. */

#include <math.h>
#include <string.h>

#include "esp-schedule.h"

static void
check_entry (JsonObject *entry)
{
  g_autoptr (GError) error = NULL;
  JsonObject *spec = json_object_get_object_member (entry, "spec");
  EspSchedule *schedule = esp_schedule_new (spec, &error);
  g_assert_no_error (error);
  double base = esp_schedule_get_base (schedule);
  JsonArray *rates = json_object_get_array_member (entry, "rates");
  g_assert_cmpuint (json_array_get_length (rates), ==, 60);
  for (guint t = 0; t < json_array_get_length (rates); t++)
    {
      double wanted = json_array_get_double_element (rates, t);
      double found = esp_schedule_get_rate (schedule, isnan (base) ? 0.5 : base, t);
      g_assert_cmpfloat_with_epsilon (found, wanted, 1e-12);
    }
  g_assert_true (json_object_has_member (entry, "momenta") ==
                 esp_schedule_cycles_momentum (schedule));
  if (json_object_has_member (entry, "momenta"))
    {
      JsonArray *momenta = json_object_get_array_member (entry, "momenta");
      for (guint t = 0; t < json_array_get_length (momenta); t++)
        g_assert_cmpfloat_with_epsilon (esp_schedule_get_momentum (schedule, t),
                                        json_array_get_double_element (momenta, t), 1e-12);
    }
  esp_schedule_free (schedule);
}

static void
test_golden (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "schedules.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonArray *entries = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (entries), >=, 12);
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonObject *entry = json_array_get_object_element (entries, i);
      g_test_message ("%s", json_object_get_string_member (
                                json_object_get_object_member (entry, "spec"), "class"));
      check_entry (entry);
    }
}

/* far beyond the end a rate is still a rate */
static void
test_far (void)
{
  static const char *const specs[] = {
    "{\"class\": \"CosineAnnealingWarmRestarts\", \"T_0\": 1, \"T_mult\": 1000}",
    "{\"class\": \"CosineAnnealingWarmRestarts\", \"T_0\": 3}",
    "{\"class\": \"OneCycleLR\", \"max_lr\": 0.1, \"total_steps\": 1}",
    "{\"class\": \"OneCycleLR\", \"max_lr\": 0.1, \"total_steps\": 10, \"pct_start\": 0}",
    "{\"class\": \"OneCycleLR\", \"max_lr\": 0.1, \"total_steps\": 10, \"pct_start\": 1, "
    "\"three_phase\": true}",
    "{\"class\": \"LinearLR\"}",
    "{\"class\": \"PolynomialLR\", \"power\": 0}",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (specs[i], &error);
      g_assert_no_error (error);
      EspSchedule *schedule = esp_schedule_new (json_node_get_object (node), &error);
      g_assert_no_error (error);
      for (guint64 t = 0; t < G_GUINT64_CONSTANT (1) << 60; t = t * 3 + 1)
        {
          double rate = esp_schedule_get_rate (schedule, 0.5, t);
          double momentum = esp_schedule_get_momentum (schedule, t);
          g_assert_true (rate >= 0 && rate <= 0.5);
          g_assert_true (momentum >= 0 && momentum < 1);
        }
      esp_schedule_free (schedule);
    }
}

typedef struct
{
  const char *spec;
  const char *wanted; /* words of the message */
} Bad;

static const Bad bad[] = {
  { "{}", "class" },
  { "{\"class\": \"Lambda\"}", "CosineAnnealingLR" },
  { "{\"class\": \"StepLR\"}", "step_size" },
  { "{\"class\": \"StepLR\", \"step_size\": 0}", "step_size" },
  { "{\"class\": \"StepLR\", \"step_size\": 2, \"gama\": 1}", "gama" },
  { "{\"class\": \"ExponentialLR\"}", "gamma" },
  { "{\"class\": \"MultiStepLR\"}", "milestones" },
  { "{\"class\": \"MultiStepLR\", \"milestones\": [3, 3]}", "rising" },
  { "{\"class\": \"MultiStepLR\", \"milestones\": [\"a\"]}", "rising" },
  { "{\"class\": \"MultiStepLR\", \"milestones\": 3}", "milestones" },
  { "{\"class\": \"CosineAnnealingLR\"}", "T_max" },
  { "{\"class\": \"OneCycleLR\", \"total_steps\": 5}", "max_lr" },
  { "{\"class\": \"OneCycleLR\", \"max_lr\": 1}", "total_steps" },
  { "{\"class\": \"OneCycleLR\", \"max_lr\": 1, \"total_steps\": 5, \"anneal_strategy\": \"x\"}",
    "anneal_strategy" },
  { "{\"class\": \"LinearLR\", \"every\": \"day\"}", "every" },
  { "{\"class\": \"SequentialLR\", \"milestones\": [3], \"schedulers\": []}", "one schedule more" },
  { "{\"class\": \"SequentialLR\", \"milestones\": [3], \"schedulers\": [1, 2]}", "braces" },
  { "{\"class\": \"SequentialLR\", \"milestones\": [3], \"schedulers\": [{\"class\": "
    "\"OneCycleLR\"}, {\"class\": \"LinearLR\"}]}",
    "here" },
  { "{\"class\": \"SequentialLR\", \"milestones\": [3], \"schedulers\": [{\"class\": "
    "\"LinearLR\", \"every\": \"epoch\"}, {\"class\": \"LinearLR\"}]}",
    "every" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (bad[i].spec, NULL);
      g_test_message ("%s", bad[i].spec);
      g_assert_null (esp_schedule_new (json_node_get_object (node), &error));
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, bad[i].wanted));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/schedule/golden", test_golden);
  g_test_add_func ("/train/schedule/far", test_far);
  g_test_add_func ("/train/schedule/bad", test_bad);
  return g_test_run ();
}
