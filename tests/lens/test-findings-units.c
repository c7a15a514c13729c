/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Units in trouble of networks that were built so that one knows which are: in words, as numbers,
 * and at the weights that take them. */

#include "config.h"

#include <string.h>

#include "esp-finding.h"
#include "esp-trainer.h"

typedef struct
{
  EspNetwork *network;
  EspTrainer *trainer;
  EspSnapshot *snapshot;
} Live;

static void
live_clear (Live *live)
{
  g_clear_pointer (&live->snapshot, esp_snapshot_unref);
  g_clear_object (&live->trainer);
  g_clear_object (&live->network);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Live, live_clear)

static void
live_init (Live *live, const char *modules, const char *data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *spec = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [%s], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": "
      "{\"class\": \"SGD\", \"lr\": 0}, \"data\": %s, \"batch_size\": 4, \"seed\": 1}",
      modules, data);

  live->network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  live->trainer = esp_trainer_new (live->network);
}

static void
live_set (Live *live, const char *path, guint64 index, double value)
{
  EspTree *tree = esp_network_get_tree (live->network);
  EspPlace *place = esp_tree_find (tree, path, NULL);

  g_assert_nonnull (place);
  esp_trainer_edit (
      live->trainer,
      (guint) esp_network_find_parameter (live->network, esp_place_get_parameter (place)), index,
      value);
}

static void
live_step (Live *live)
{
  esp_trainer_step (live->trainer);
  esp_trainer_wait (live->trainer);
  g_clear_pointer (&live->snapshot, esp_snapshot_unref);
  live->snapshot = esp_trainer_take_snapshot (live->trainer);
  g_assert_nonnull (live->snapshot);
}

static char *
describe (Live *live, const char *path)
{
  EspPlace *place = esp_tree_find (esp_network_get_tree (live->network), path, NULL);
  g_autoptr (GPtrArray) findings = esp_findings_from_units (place, live->snapshot);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < findings->len; i++)
    {
      const EspFinding *finding = g_ptr_array_index (findings, i);

      g_string_append_printf (text, "%s. %s.\n", finding->title, finding->details);
    }
  return g_string_free (text, FALSE);
}

static char *
describe_tallies (Live *live)
{
  g_autoptr (GArray)
      tallies = esp_findings_tally_units (esp_network_get_tree (live->network), live->snapshot);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tallies->len; i++)
    {
      const EspUnitTally *tally = &g_array_index (tallies, EspUnitTally, i);

      g_string_append_printf (text, "%s: %u of %u dead, %u silent, %u dormant, %u saturated\n",
                              esp_place_get_path (tally->place), tally->dead, tally->n_units,
                              tally->silent, tally->dormant, tally->saturated);
    }
  return g_string_free (text, FALSE);
}

static char *
describe_inputs (Live *live, const char *path)
{
  static const char *const states[] = { "fine", "dead", "dormant", "saturated" };
  EspPlace *place = esp_tree_find (esp_network_get_tree (live->network), path, NULL);
  g_autoptr (GPtrArray) readers = esp_network_find_readers (live->network);
  g_autoptr (GArray) inputs = esp_findings_from_inputs (place, live->snapshot, readers);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < inputs->len; i++)
    {
      const EspUnitInput *input = &g_array_index (inputs, EspUnitInput, i);

      g_string_append_printf (text, "%d %s/%u %s\n", (int) input->input, input->unit_path,
                              input->unit, states[input->state]);
    }
  return g_string_free (text, FALSE);
}

#define assert_text(call, wanted)                                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *got = call;                                                                   \
    g_assert_cmpstr (got, ==, wanted);                                                             \
  }                                                                                                \
  G_STMT_END

#define NUMBERS "{\"name\": \"random\", \"inputs\": [3], \"targets\": [1], \"count\": 64}"

/* one of each kind, and where they go on */
static void
test_kinds (void)
{
  g_auto (Live) live = { NULL };

  live_init (&live,
             "{\"class\": \"Linear\", \"out_features\": 4}, {\"class\": \"ReLU\"}, "
             "{\"class\": \"Linear\", \"out_features\": 5}, {\"class\": \"Tanh\"}, "
             "{\"class\": \"Dropout\"}, {\"class\": \"Linear\", \"out_features\": 1}",
             NUMBERS);
  for (guint i = 0; i < 4; i++)
    live_set (&live, "0.bias", i, 10);
  for (guint i = 0; i < 20; i++)
    live_set (&live, "2.weight", i, 0.01);
  live_step (&live);
  assert_text (describe_tallies (&live), "0: 0 of 4 dead, 0 silent, 0 dormant, 0 saturated\n"
                                         "2: 0 of 5 dead, 0 silent, 0 dormant, 0 saturated\n");
  live_set (&live, "0.bias", 1, -1000);
  for (guint i = 0; i < 3; i++) /* hardly anything comes out */
    live_set (&live, "0.weight", 6 + i, 0);
  live_set (&live, "0.bias", 2, 1e-6);
  live_set (&live, "2.bias", 0, 50); /* tanh (50) = 1 */
  live_step (&live);
  assert_text (describe_tallies (&live), "0: 1 of 4 dead, 0 silent, 1 dormant, 0 saturated\n"
                                         "2: 0 of 5 dead, 0 silent, 0 dormant, 1 saturated\n");
  assert_text (describe (&live, "2.weight"),
               "Unit 0: saturated. In 100.0 % of its outputs on 64 examples.\n");
  assert_text (describe (&live, "3"),
               "Unit 0: saturated. In 100.0 % of its outputs on 64 examples.\n");
  assert_text (describe_inputs (&live, "0.weight"), "");
  assert_text (describe_inputs (&live, "2.weight"), "1 1/1 dead\n2 1/2 dormant\n");
  assert_text (describe_inputs (&live, "2.bias"), "");
  assert_text (describe_inputs (&live, "5.weight"), "0 3/0 saturated\n");
}

/* last step that it fired in, and proof */
static void
test_evidence (void)
{
  g_auto (Live) live = { NULL };
  g_autofree char *got = NULL;

  live_init (&live,
             "{\"class\": \"Linear\", \"out_features\": 3}, {\"class\": \"ReLU\"}, "
             "{\"class\": \"Linear\", \"out_features\": 1}",
             NUMBERS);
  live_set (&live, "0.bias", 0, -1000); /* from the beginning */
  live_set (&live, "0.bias", 2, 1000);
  live_step (&live);
  live_set (&live, "0.bias", 2, -1000); /* after it fired in step 1 */
  live_step (&live);
  live_step (&live);
  got = describe (&live, "0");
  g_test_message ("%s", got);
  g_assert_true (g_str_has_prefix (got, "Unit 0: dead. Fired on 0 of 64 examples · in no batch so "
                                        "far · its weights prove it: z ≤ −1e+03"));
  g_assert_nonnull (strstr (got, "Unit 2: dead. Fired on 0 of 64 examples · last in step 1 · its "
                                 "weights prove it: z ≤ −1e+03"));
}

/* a channel's pixels lie one behind the other after Flatten; a convolution takes it by one index */
static void
test_channels (void)
{
  g_auto (Live) live = { NULL };
  const char *pictures = "{\"name\": \"random\", \"inputs\": [1, 6, 6], \"targets\": [1], "
                         "\"count\": 16}";

  live_init (&live,
             "{\"class\": \"Conv2d\", \"out_channels\": 3, \"kernel_size\": 3}, {\"class\": "
             "\"ReLU\"}, {\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 3}, "
             "{\"class\": \"ReLU\"}, {\"class\": \"Flatten\"}, {\"class\": \"Linear\", "
             "\"out_features\": 1}",
             pictures);
  live_set (&live, "0.bias", 2, -1000);
  live_set (&live, "2.bias", 1, -1000);
  live_set (&live, "2.bias", 0, 1000);
  live_step (&live);
  assert_text (describe_inputs (&live, "2.weight"), "2 1/2 dead\n");
  /* (2, 2, 2) flattened: 4 to 7 are channel 1 */
  assert_text (describe_inputs (&live, "5.weight"),
               "4 3/1 dead\n5 3/1 dead\n6 3/1 dead\n7 3/1 dead\n");
}

/* a shared layer: dead at both of its places, silent at one; who takes them knows the place */
static void
test_places (void)
{
  g_auto (Live) live = { NULL };

  live_init (&live,
             "{\"class\": \"Linear\", \"out_features\": 3, \"id\": \"s\"}, {\"class\": \"ReLU\"}, "
             "{\"use\": \"s\"}, {\"class\": \"ReLU\"}, {\"class\": \"Linear\", "
             "\"out_features\": 1}",
             NUMBERS);
  live_set (&live, "0.bias", 1, -1000);
  live_set (&live, "0.bias", 0, 1000); /* at both places, and it makes the second place's unit 2 */
  live_set (&live, "0.bias", 2, 5);
  live_set (&live, "0.weight", 6, -1); /* silent there */
  live_step (&live);
  assert_text (describe_tallies (&live), "0: 1 of 3 dead, 0 silent, 1 dormant, 0 saturated\n"
                                         "2: 1 of 3 dead, 1 silent, 0 dormant, 0 saturated\n");
  assert_text (describe_inputs (&live, "2.weight"), "1 1/1 dead\n2 1/2 dormant\n");
  assert_text (describe_inputs (&live, "4.weight"), "1 3/1 dead\n2 3/2 dead\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings-units/kinds", test_kinds);
  g_test_add_func ("/findings-units/evidence", test_evidence);
  g_test_add_func ("/findings-units/channels", test_channels);
  g_test_add_func ("/findings-units/places", test_places);
  return g_test_run ();
}
