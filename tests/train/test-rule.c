/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is frozen and what has rates of its own: in a specification, in a plan and written again.
 * That the numbers are PyTorch's is golden's matter (freeze-*.json, rates-adam.json). */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-plan-private.h"
#include "esp-spec-edit.h"
#include "esp-trainer.h"
#include "train-fixture.h"

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
    {
      EspParameter *parameter = esp_network_get_parameter (network, i);
      if (esp_snapshot_get_rule (snapshot, i) != NULL)
        esp_parameter_set_rule (parameter, esp_snapshot_get_rule (snapshot, i));
      for (int channel = 0; channel < ESP_N_CHANNELS; channel++)
        if (esp_snapshot_get_channel (snapshot, i, channel) != NULL)
          esp_parameter_set_channel (parameter, channel,
                                     esp_snapshot_get_channel (snapshot, i, channel));
    }
}

/* A layer that does nothing is added after 5 steps: 5 more give the same bytes as 10 in a row, so
 * values, moments and the optimiser's count went over. A parameter that was frozen meanwhile counts
 * on from where it was. */
static void
test_carried (void)
{
  const char *json = HEAD "{\"class\": \"AdamW\", \"amsgrad\": true}, \"shuffle\": false, "
                          "\"modules\": [{\"class\": \"Linear\", \"out_features\": 5}, {\"class\": "
                          "\"BatchNorm1d\"}, {\"class\": \"Linear\", \"out_features\": 2}]}";
  g_autoptr (EspNetwork) network = make (json), plain = make (json);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network), other = esp_trainer_new (plain);
  g_autoptr (GError) error = NULL;
  change (trainer, ESP_HISTORY_FREEZE, 0, 1, 0);
  change (other, ESP_HISTORY_FREEZE, 0, 1, 0);
  esp_trainer_run (trainer, 6);
  esp_trainer_run (other, 6);
  show (trainer);
  g_autoptr (EspSpecEdit) edit = esp_spec_edit_new (network, &error);
  g_assert_no_error (error);
  g_assert_true (esp_spec_edit_add (edit, "", 3, "Identity", &error));
  g_autoptr (EspNetwork) changed = esp_spec_edit_finish (edit, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EspTrainer) next = esp_trainer_new (changed);
  change (next, ESP_HISTORY_FREEZE, 0, 0, 0);
  change (other, ESP_HISTORY_FREEZE, 0, 0, 0);
  esp_trainer_run (next, 6);
  esp_trainer_run (other, 6);
  show (next);
  show (other);
  for (guint i = 0; i < changed->parameters->len; i++)
    for (int channel = 0; channel < ESP_N_CHANNELS; channel++)
      {
        EspTensor *a = esp_parameter_get_channel (esp_network_get_parameter (changed, i), channel);
        EspTensor *b = esp_parameter_get_channel (esp_network_get_parameter (plain, i), channel);
        gsize n_a, n_b;
        g_assert_true ((a == NULL) == (b == NULL));
        if (a == NULL || esp_tensor_get_dtype (a) != ESP_DTYPE_FLOAT32)
          continue;
        g_autofree float *numbers = train_read_tensor (a, &n_a),
                         *wanted = train_read_tensor (b, &n_b);
        g_assert_cmpmem (numbers, n_a * sizeof (float), wanted, n_b * sizeof (float));
      }
  g_assert_cmpuint (esp_parameter_get_rule (esp_network_get_parameter (changed, 0))->n_steps, ==,
                    6);
  g_assert_cmpuint (esp_parameter_get_rule (esp_network_get_parameter (changed, 1))->n_steps, ==,
                    12);

  /* and kept: the same once more out of its bytes */
  esp_trainer_keep (next);
  g_autoptr (GBytes) kept = esp_trainer_wait_kept (next);
  g_autofree char *text = esp_network_to_json (changed);
  g_autoptr (EspNetwork) reopened = make (text);
  g_assert_true (esp_trainer_read_initial (reopened, kept, &error));
  g_autoptr (EspTrainer)
      again = esp_trainer_new_kept (reopened, kept, esp_trainer_get_kernels (), &error);
  g_assert_no_error (error);
  esp_trainer_seek (again, 0, 3);
  esp_trainer_seek (next, 0, 3);
  show (again);
  show (next);
  for (guint i = 0; i < 2; i++)
    {
      gsize n_a, n_b;
      g_autofree float *a = train_read_tensor (
          esp_parameter_get_channel (esp_network_get_parameter (changed, i), ESP_CHANNEL_MOMENT2),
          &n_a);
      g_autofree float *b = train_read_tensor (
          esp_parameter_get_channel (esp_network_get_parameter (reopened, i), ESP_CHANNEL_MOMENT2),
          &n_b);
      g_assert_cmpmem (a, n_a * sizeof (float), b, n_b * sizeof (float));
    }
}

/* another seed: all begins anew, with the same data */
static void
test_seed (void)
{
  g_autoptr (EspNetwork) network = make (LAYERS ("", ""));
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSpecEdit) edit = esp_spec_edit_new (network, &error);
  g_assert_no_error (error);
  esp_spec_edit_set_seed (edit, 77);
  g_autoptr (EspNetwork) other = esp_spec_edit_finish (edit, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *json = esp_network_to_json (other);
  g_autoptr (EspNetwork) again = make (json);
  g_assert_cmpuint (other->seed, ==, 77);
  gsize n = esp_network_peek_parameter (other, 0)->count * sizeof (EspReal);
  g_assert_true (memcmp (esp_network_peek_parameter (other, 0)->initial,
                         esp_network_peek_parameter (network, 0)->initial, n) != 0);
  g_assert_cmpmem (esp_network_peek_parameter (other, 0)->initial, n,
                   esp_network_peek_parameter (again, 0)->initial, n);
  gsize data = 8 * 4 * sizeof (EspReal);
  g_assert_cmpmem (other->data->inputs, data, network->data->inputs, data);
  g_assert_cmpmem (again->data->inputs, data, network->data->inputs, data);
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
  g_test_add_func ("/train/rule/carried", test_carried);
  g_test_add_func ("/train/rule/seed", test_seed);
  return g_test_run ();
}
