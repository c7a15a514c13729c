/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is frozen and what has rates of its own: in a specification, in a plan and written again.
 * That the numbers are PyTorch's is golden's matter (freeze-*.json, rates-adam.json). */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-plan-private.h"
#include "esp-trainer.h"

#define HEAD                                                                                       \
  "{\"espalier\": 1, \"loss\": {\"class\": \"MSELoss\"}, \"data\": {\"name\": \"random\", "        \
  "\"inputs\": [4], \"targets\": [2], \"count\": 8}, \"batch_size\": 4, \"optimizer\": "
#define ADAM "{\"class\": \"Adam\", \"weight_decay\": 0.1}"
#define LAYERS(first, second)                                                                      \
  HEAD ADAM ", \"modules\": [{\"class\": \"Linear\", \"out_features\": 5" first                    \
            "}, {\"class\": \"Tanh\"}, {\"class\": \"Linear\", \"out_features\": 2" second "}]}"

static EspNetwork *
make (const char *json)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (json, -1, &error);
  g_assert_no_error (error);
  return network;
}

static guint
find (EspNetwork *network, const char *path)
{
  gpointer found = g_hash_table_lookup (network->paths, path);
  g_assert_nonnull (found);
  return GPOINTER_TO_UINT (found) - 1;
}

static gboolean
trains (EspNetwork *network, const char *path)
{
  return esp_network_peek_parameter (network, find (network, path))->requires_grad;
}

/* one word, a word for each parameter, one for all below a container */
static void
test_specification (void)
{
  g_autoptr (EspNetwork) all = make (LAYERS (", \"requires_grad\": false", ""));
  g_assert_false (trains (all, "0.weight") || trains (all, "0.bias"));
  g_assert_true (trains (all, "2.weight") && trains (all, "2.bias"));
  g_autoptr (EspNetwork) one = make (LAYERS ("", ", \"requires_grad\": {\"bias\": false}"));
  g_assert_true (trains (one, "0.weight") && trains (one, "2.weight"));
  g_assert_false (trains (one, "2.bias"));
  g_autoptr (EspNetwork) nested = make (
      HEAD ADAM ", \"modules\": [{\"class\": \"Sequential\", \"requires_grad\": false, "
                "\"modules\": [{\"class\": \"Linear\", \"out_features\": 3}]}, "
                "{\"class\": \"Linear\", \"out_features\": 2}]}");
  g_assert_false (trains (nested, "0.0.weight") || trains (nested, "0.0.bias"));
  g_assert_true (trains (nested, "1.weight"));
  EspNetwork *networks[] = { all, one, nested };
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      g_autofree char *once = esp_network_to_json (networks[i]);
      g_autoptr (EspNetwork) again = make (once);
      g_autofree char *twice = esp_network_to_json (again);
      g_assert_cmpstr (once, ==, twice);
      for (guint p = 0; p < again->parameters->len; p++)
        g_assert_cmpint (esp_network_peek_parameter (again, p)->requires_grad, ==,
                         esp_network_peek_parameter (networks[i], p)->requires_grad);
    }
}

static void
test_wrong (void)
{
  static const char *const words[] = {
    "1", "\"no\"", "null", "[false]", "{\"weight\": 0}", "{\"kernel\": false}", "{\"weight\": {}}"
  };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *json = g_strdup_printf (LAYERS (", \"requires_grad\": %s", ""), words[i]);
      g_assert_null (esp_network_new_from_json (json, -1, &error));
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
      g_assert_nonnull (strstr (error->message, "module 0 (Linear)"));
    }
}

/* nothing is computed below the first that is trained, and what the optimiser keeps stays */
static void
test_work (void)
{
  g_autoptr (EspNetwork) network = make (LAYERS ("", ""));
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  guint weight = find (network, "0.weight"), bias = find (network, "0.bias"),
        above = find (network, "2.weight");
  for (guint i = 0; i < 3; i++)
    esp_plan_step (plan, FALSE);
  g_assert_nonnull (plan->batch.calls[0].dy);
  g_assert_cmpuint (plan->first_backward, ==, 0);
  guint64 count = esp_network_peek_parameter (network, weight)->count;
  g_autofree EspReal *values = g_memdup2 (esp_plan_get_parameter (plan, weight),
                                          count * sizeof (EspReal));
  g_autofree EspReal *moment = g_memdup2 (esp_plan_get_moment (plan, weight, 1),
                                          count * sizeof (EspReal));
  esp_plan_set_frozen (plan, weight, TRUE);
  g_assert_cmpuint (plan->first_backward, ==, 0); /* the bias is trained */
  g_assert_null (plan->batch.calls[0].grads[0]);
  esp_plan_set_frozen (plan, bias, TRUE);
  g_assert_cmpuint (plan->first_backward, ==, 2);
  g_assert_null (plan->batch.calls[2].dx);
  for (guint i = 0; i < 4; i++)
    esp_plan_step (plan, TRUE);
  EspUpdateRule rule, other;
  esp_plan_get_rule (plan, weight, &rule);
  esp_plan_get_rule (plan, above, &other);
  g_assert_true (rule.frozen && !other.frozen);
  g_assert_cmpuint (rule.n_steps, ==, 3);
  g_assert_cmpuint (other.n_steps, ==, 7);
  g_assert_null (esp_plan_get_grad (plan, weight));
  g_assert_null (esp_plan_get_before (plan, weight));
  g_assert_cmpmem (esp_plan_get_parameter (plan, weight), count * sizeof (EspReal), values,
                   count * sizeof (EspReal));
  g_assert_cmpmem (esp_plan_get_moment (plan, weight, 1), count * sizeof (EspReal), moment,
                   count * sizeof (EspReal));
  esp_plan_set_frozen (plan, bias, FALSE);
  g_assert_cmpuint (plan->first_backward, ==, 0);
  g_assert_nonnull (plan->batch.calls[2].dx);
}

static void
change (EspTrainer *trainer, EspHistoryKind kind, guint parameter, guint64 index, double value)
{
  const EspHistoryEvent event = { .kind = kind,
                                  .parameter = parameter,
                                  .index = index,
                                  .value = value };
  esp_trainer_change (trainer, &event, 1);
}

/* what the tree knows, as a document shows it */
static void
show (EspTrainer *trainer)
{
  EspNetwork *network = esp_trainer_get_network (trainer);
  esp_trainer_wait (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  for (guint i = 0; i < network->parameters->len; i++)
    esp_parameter_set_rule (esp_network_get_parameter (network, i),
                            esp_snapshot_get_rule (snapshot, i));
}

/* the specification as it is trained now, and a reset, which keeps that */
static void
test_now (void)
{
  g_autoptr (EspNetwork) network = make (
      HEAD "{\"class\": \"SGD\", \"lr\": 0.1, \"groups\": [{\"params\": \"*.bias\", "
           "\"lr\": 0.5}]}, \"modules\": [{\"class\": \"Linear\", \"out_features\": "
           "5}, {\"class\": \"Linear\", \"out_features\": 2}]}");
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  esp_trainer_run (trainer, 2);
  esp_trainer_set_learning_rate (trainer, 0.25);
  change (trainer, ESP_HISTORY_FREEZE, find (network, "0.weight"), 1, 0);
  change (trainer, ESP_HISTORY_OWN_RATE, find (network, "1.weight"), 0, 0.125);
  change (trainer, ESP_HISTORY_OWN_DECAY, find (network, "1.bias"), 0, 0.0625);
  esp_trainer_run (trainer, 1);
  esp_trainer_reset (trainer);
  show (trainer);
  g_autofree char *began = esp_network_to_json (network);
  g_autofree char *json = esp_network_to_json_now (network);
  g_assert_null (strstr (began, "requires_grad"));
  g_autoptr (EspNetwork) now = make (json);
  const EspOptimizer *optimizer = now->optimizer;
  g_assert_cmpuint (optimizer->n_groups, ==, 4);
  g_assert_cmpfloat (optimizer->groups[0].rate, ==, 0.25);
  g_assert_false (trains (now, "0.weight"));
  g_assert_true (trains (now, "0.bias"));
  const struct
  {
    const char *path;
    double rate, decay;
  } wanted[] = { { "0.weight", 0.25, 0 },
                 { "0.bias", 0.5, 0 },
                 { "1.weight", 0.125, 0 },
                 { "1.bias", 0.5, 0.0625 } };
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      guint group = esp_network_peek_parameter (now, find (now, wanted[i].path))->group;
      g_assert_cmpfloat (optimizer->groups[group].rate, ==, wanted[i].rate);
      g_assert_cmpfloat (optimizer->groups[group].weight_decay, ==, wanted[i].decay);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/rule/specification", test_specification);
  g_test_add_func ("/train/rule/wrong", test_wrong);
  g_test_add_func ("/train/rule/work", test_work);
  g_test_add_func ("/train/rule/now", test_now);
  return g_test_run ();
}
