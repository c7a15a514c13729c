/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dormant units and their revival against ReDo's definitions as PyTorch computes them
 * (tests/fixtures/make-redo.py); and what weights prove of units, against examples. */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-network-private.h"
#include "esp-revive.h"
#include "esp-trainer.h"
#include "train-fixture.h"

static JsonArray *
load_cases (JsonParser *parser, double *tau)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "redo.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  *tau = json_object_get_double_member (root, "tau");
  return json_object_get_array_member (root, "cases");
}

static EspTrainer *
new_trainer (JsonObject *entry)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *spec = json_to_string (json_object_get_member (entry, "spec"), FALSE);
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  return esp_trainer_new (network);
}

static EspSnapshot *
take (EspTrainer *trainer)
{
  esp_trainer_wait (trainer);
  EspSnapshot *snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  return snapshot;
}

static const EspUnitCounts *
find_units (EspSnapshot *snapshot, const char *path)
{
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    if (g_str_equal (esp_snapshot_get_units (snapshot, i)->path, path))
      return esp_snapshot_get_units (snapshot, i);
  g_assert_not_reached ();
}

/* {{{ ReDo */

/* scores and on-rates; adds the units that are to be revived */
static void
check_units (JsonObject *entry, double tau, EspSnapshot *snapshot, GArray *ids)
{
  JsonObject *scores = json_object_get_object_member (entry, "scores");
  JsonObject *rates = json_object_get_object_member (entry, "on_rates");
  JsonObject *dormant = json_object_get_object_member (entry, "dormant");
  g_autoptr (GList) names = json_object_get_members (scores);
  g_assert_cmpfloat (tau, ==, ESP_UNIT_DORMANT_SCORE);
  for (GList *name = names; name != NULL; name = name->next)
    {
      const EspUnitCounts *counts = find_units (snapshot, name->data);
      JsonArray *wanted = json_object_get_array_member (scores, name->data);
      JsonArray *on = json_object_get_array_member (rates, name->data);
      JsonArray *list = json_object_get_array_member (dormant, name->data);
      g_assert_cmpuint (counts->n_units, ==, json_array_get_length (wanted));
      for (guint u = 0; u < counts->n_units; u++)
        {
          double score = json_array_get_double_element (wanted, u);
          g_assert_cmpfloat_with_epsilon (esp_unit_counts_get_dormant_score (counts, u), score,
                                          1e-5 * (1 + score));
          g_assert_cmpfloat_with_epsilon (esp_unit_counts_get_on_rate (counts, u),
                                          json_array_get_double_element (on, u), 1e-6);
          EspUnitState state = esp_unit_counts_get_state (counts, u);
          g_assert_true ((score <= tau) == (state == ESP_UNIT_DEAD || state == ESP_UNIT_DORMANT));
        }
      for (guint i = 0; i < json_array_get_length (list); i++)
        {
          EspUnitId id = { name->data, (guint) json_array_get_int_element (list, i) };
          g_array_append_val (ids, id);
        }
    }
}

static const float *
find_numbers (EspRevival *revival, guint parameter, EspChannel channel)
{
  for (guint i = 0; i < revival->numbers->len; i++)
    {
      EspRevivedNumbers *own = &g_array_index (revival->numbers, EspRevivedNumbers, i);
      if (own->parameter == parameter && own->channel == channel)
        return g_bytes_get_data (own->floats, NULL);
    }
  return NULL;
}

/* cell by cell: what was to be drawn differs, what was to become 0 is, the rest is as it was */
static void
check_cells (JsonArray *marks, const float *before, const float *after, gsize count)
{
  g_assert_true (marks == NULL || json_array_get_length (marks) == count);
  for (gsize i = 0; i < count; i++)
    {
      const char *mark = marks != NULL ? json_array_get_string_element (marks, (guint) i) : "kept";
      float now = after != NULL ? after[i] : before[i];
      if (g_str_equal (mark, "drawn"))
        g_assert_true (now != before[i] && now != 0 && fabsf (now) <= 1);
      else if (g_str_equal (mark, "zeroed"))
        g_assert_cmpfloat (now, ==, 0);
      else if (g_str_equal (mark, "one"))
        g_assert_cmpfloat (now, ==, 1);
      else
        g_assert_cmpfloat (now, ==, before[i]);
    }
}

/* of moments, all that isn't kept begins at 0 */
static void
check_moments (JsonArray *marks, const float *before, const float *after, gsize count)
{
  for (gsize i = 0; after != NULL && i < count; i++)
    g_assert_cmpfloat (
        after[i], ==,
        g_str_equal (json_array_get_string_element (marks, (guint) i), "kept") ? before[i] : 0);
}

static void
check_numbers (JsonObject *entry, EspNetwork *network, EspSnapshot *before, EspRevival *revival)
{
  JsonObject *all = json_object_get_object_member (entry, "marks");
  for (guint i = 0; i < network->parameters->len; i++)
    {
      const char *path = esp_network_peek_parameter (network, i)->path;
      JsonArray *marks = json_object_has_member (all, path)
                             ? json_object_get_array_member (all, path)
                             : NULL;
      if (esp_network_peek_parameter (network, i)->info.kind == ESP_PARAMETER_COUNTER)
        continue;
      for (EspChannel channel = ESP_CHANNEL_DATA; channel < ESP_N_CHANNELS; channel++)
        {
          EspTensor *tensor = esp_snapshot_get_channel (before, i, channel);
          const float *after = find_numbers (revival, i, channel);
          gsize count;
          g_assert_true (marks != NULL || after == NULL);
          if (tensor == NULL || channel == ESP_CHANNEL_GRAD || channel == ESP_CHANNEL_UPDATE)
            continue;
          g_test_message ("%s, channel %d", path, channel);
          g_autofree float *values = train_read_tensor (tensor, &count);
          if (channel == ESP_CHANNEL_DATA)
            check_cells (marks, values, after, count);
          else
            check_moments (marks, values, after, count);
        }
    }
}

static void
apply (EspTrainer *trainer, EspRevival *revival)
{
  g_autofree EspHistoryEvent *events = g_new0 (EspHistoryEvent, revival->numbers->len);
  for (guint i = 0; i < revival->numbers->len; i++)
    {
      EspRevivedNumbers *own = &g_array_index (revival->numbers, EspRevivedNumbers, i);
      events[i].kind = ESP_HISTORY_FILL;
      events[i].parameter = own->parameter;
      events[i].index = own->channel == ESP_CHANNEL_DATA ? 0
                                                         : own->channel - ESP_CHANNEL_MOMENT1 + 1;
      events[i].numbers = own->floats;
    }
  esp_trainer_change (trainer, events, revival->numbers->len);
}

/* rows of a shared layer count once */
static guint
count_rows (JsonObject *entry)
{
  JsonObject *dormant = json_object_get_object_member (entry, "dormant");
  g_autoptr (GList) names = json_object_get_members (dormant);
  guint n = 0;
  for (GList *name = names; name != NULL; name = name->next)
    n += json_array_get_length (json_object_get_array_member (dormant, name->data));
  gboolean shared = g_str_equal (json_object_get_string_member (entry, "name"), "shared");
  return shared ? n / 2 : n;
}

static void
check_case (JsonObject *entry, double tau)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTrainer) trainer = new_trainer (entry);
  g_autoptr (EspSnapshot) before = take (trainer);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (EspUnitId));
  EspNetwork *network = esp_trainer_get_network (trainer);
  check_units (entry, tau, before, ids);
  const EspUnitId *units = (const EspUnitId *) (gpointer) ids->data;
  g_autoptr (EspRevival) revival = esp_revive (network, before, units, ids->len, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (revival->n_units, ==, count_rows (entry));
  g_assert_null (revival->open);
  check_numbers (entry, network, before, revival);
  apply (trainer, revival);
  g_autoptr (EspSnapshot) revived = take (trainer);
  for (guint i = 0; i < ids->len; i++)
    {
      const EspUnitCounts *counts = find_units (revived, units[i].path);
      g_test_message ("unit %u of %s", units[i].unit, units[i].path);
      g_assert_cmpuint (counts->fired[units[i].unit], >, 0);
    }
  /* the loss before the next update; then with moments, in a network that learns */
  esp_trainer_run (trainer, 1);
  g_autoptr (EspSnapshot) next = take (trainer);
  double wanted = json_object_get_double_member (entry, "loss_after");
  if (!g_str_equal (json_object_get_string_member (entry, "name"), "conv")) /* BatchNorm trains */
    g_assert_cmpfloat_with_epsilon (esp_snapshot_get_loss (next), wanted, 1e-5 * wanted);
  g_autoptr (EspRevival) again = esp_revive (network, next, units, ids->len, 2, &error);
  g_assert_no_error (error);
  check_numbers (entry, network, next, again);
  guint n_moments = 0;
  for (guint i = 0; i < network->parameters->len; i++)
    n_moments += find_numbers (again, i, ESP_CHANNEL_MOMENT2) != NULL;
  g_assert_cmpuint (n_moments, >=, 2);
}

static void
test_redo (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  double tau;
  JsonArray *cases = load_cases (parser, &tau);
  g_assert_cmpuint (json_array_get_length (cases), >=, 5);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *entry = json_array_get_object_element (cases, i);
      g_test_message ("case %s", json_object_get_string_member (entry, "name"));
      check_case (entry, tau);
    }
}

/* }}} */
/* {{{ ways on, and what can't be revived */

static EspTrainer *
new_for (const char *modules, const char *data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *spec = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [%s], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": "
      "{\"class\": \"Adagrad\", \"initial_accumulator_value\": 0.25}, \"init\": \"keras\", "
      "\"data\": %s, \"batch_size\": 4}",
      modules, data);
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  return esp_trainer_new (network);
}

static EspRevival *
revive_one (EspTrainer *trainer, const char *path, guint unit)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSnapshot) now = take (trainer);
  EspRevival *revival = esp_revive (esp_trainer_get_network (trainer), now,
                                    &(EspUnitId) { path, unit }, 1, 0, &error);
  g_assert_no_error (error);
  return revival;
}

static void
test_ways (void)
{
  const char *data = "{\"name\": \"random\", \"inputs\": [3], \"targets\": [1], \"count\": 8}";
  /* both ends of a Concat; through an LSTM */
  g_autoptr (EspTrainer) concat =
      new_for ("{\"class\": \"Linear\", \"out_features\": 2}, {\"class\": \"ReLU\"}, {\"class\": "
               "\"Concat\", \"inputs\": [\"input\", \"1\", \"input\"]}, {\"class\": \"Linear\", "
               "\"out_features\": 1}",
               data);
  esp_trainer_run (concat, 2);
  g_autoptr (EspRevival) cut = revive_one (concat, "1", 1);
  const float *next = find_numbers (cut, 2, ESP_CHANNEL_DATA); /* (1, 3 + 2 + 3) */
  g_assert_null (cut->open);
  for (guint i = 0; i < 8; i++)
    g_assert_true ((next[i] == 0) == (i == 4));
  /* Adagrad begins at what it was told */
  g_assert_cmpfloat (find_numbers (cut, 2, ESP_CHANNEL_MOMENT1)[4], ==, 0.25f);
  g_assert_cmpfloat (find_numbers (cut, 2, ESP_CHANNEL_MOMENT1)[3], >, 0.25f);

  const char *sequence =
      "{\"name\": \"random\", \"inputs\": [5, 3], \"targets\": [4], \"count\": 8}";
  g_autoptr (EspTrainer) lstm = new_for (
      "{\"class\": \"Linear\", \"out_features\": 3}, {\"class\": \"ReLU\"}, {\"class\": \"LSTM\", "
      "\"hidden_size\": 4}, {\"class\": \"Select\"}",
      sequence);
  g_autoptr (EspRevival) gates = revive_one (lstm, "1", 2);
  const float *gate = find_numbers (gates, 2, ESP_CHANNEL_DATA); /* (16, 3) */
  g_assert_null (gates->open);
  for (guint i = 0; i < 48; i++)
    g_assert_true ((gate[i] == 0) == (i % 3 == 2));

  /* a residual sum has no weights of its own for the unit, nor has the answer */
  g_autoptr (EspTrainer) sum = new_for (
      "{\"class\": \"Linear\", \"out_features\": 3}, {\"class\": \"ReLU\"}, {\"class\": \"Add\", "
      "\"inputs\": [\"input\", \"1\"]}, {\"class\": \"Linear\", \"out_features\": 1}",
      data);
  g_autoptr (EspRevival) added = revive_one (sum, "1", 0);
  g_assert_cmpstr (added->open, ==, "2");
  g_autoptr (EspTrainer) answer =
      new_for ("{\"class\": \"Linear\", \"out_features\": 1}, {\"class\": \"ReLU\"}", data);
  g_autoptr (EspRevival) last = revive_one (answer, "1", 0);
  g_assert_cmpstr (last->open, ==, "1");
}

static void
test_refused (void)
{
  const char *data = "{\"name\": \"random\", \"inputs\": [3], \"targets\": [3], \"count\": 8}";
  static const struct
  {
    const char *modules, *path;
    guint unit;
  } cases[] = {
    { "{\"class\": \"LayerNorm\", \"normalized_shape\": [3]}, {\"class\": \"ReLU\"}", "1", 0 },
    { "{\"class\": \"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 3}", "0", 0 },
    { "{\"class\": \"Linear\", \"out_features\": 3}, {\"class\": \"ReLU\"}", "1", 3 },
    { "{\"class\": \"Linear\", \"out_features\": 3}, {\"class\": \"ReLU\"}", "7", 0 },
    { "{\"class\": \"Linear\", \"out_features\": 3, \"requires_grad\": false}, {\"class\": "
      "\"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 3}",
      "1", 0 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspTrainer) trainer = new_for (cases[i].modules, data);
      g_autoptr (EspSnapshot) now = take (trainer);
      g_assert_null (esp_revive (esp_trainer_get_network (trainer), now,
                                 &(EspUnitId) { cases[i].path, cases[i].unit }, 1, 0, &error));
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
    }
}

/* }}} */
/* {{{ proofs */

/* what is proven dead fired on nothing, at any moment of a training that kills units; and the most
 * that can come in is never exceeded by what does */
static void
check_bounds (const char *modules, const char *data, gboolean some)
{
  g_autoptr (EspTrainer) trainer = new_for (modules, data);
  guint n_proven = 0, n_dead = 0;
  esp_trainer_set_learning_rate (trainer, 0.7);
  if (some) /* a bias of the first layer */
    esp_trainer_edit (trainer, 1, 3, -1000);
  for (guint i = 0; i < 30; i++)
    {
      esp_trainer_run (trainer, 1);
      g_autoptr (EspSnapshot) snapshot = take (trainer);
      for (guint k = 0; k < esp_snapshot_get_n_units (snapshot); k++)
        {
          const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, k);
          for (guint u = 0; counts->can_die && u < counts->n_units; u++)
            {
              gboolean proven = esp_unit_counts_is_proven (counts, u);
              double largest = counts->magnitude[u] / (double) counts->examples /
                               (double) counts->positions;
              g_assert_true (!proven || counts->fired[u] == 0);
              /* the mean of what came out is at most the largest that came in */
              g_assert_cmpfloat (largest, <=, fmax (counts->reach[u], 0) * (1 + 1e-6));
              n_proven += proven;
              n_dead += counts->fired[u] == 0;
            }
        }
    }
  g_test_message ("%u dead, %u of them proven", n_dead, n_proven);
  g_assert_true (!some || (n_proven > 0 && n_proven <= n_dead));
}

static void
test_bounds (void)
{
  check_bounds ("{\"class\": \"Linear\", \"out_features\": 24}, {\"class\": \"ReLU\"}, {\"class\": "
                "\"Linear\", \"out_features\": 24}, {\"class\": \"ReLU\"}, {\"class\": \"Linear\", "
                "\"out_features\": 1}",
                "{\"name\": \"random\", \"inputs\": [3], \"targets\": [1], \"count\": 40}", TRUE);
  check_bounds (
      "{\"class\": \"Unflatten\", \"unflattened_size\": [1, 8, 8]}, {\"class\": "
      "\"Conv2d\", \"out_channels\": 8, \"kernel_size\": 3, \"padding\": 1}, {\"class\": "
      "\"ReLU\"}, {\"class\": \"MaxPool2d\", \"kernel_size\": 2}, {\"class\": \"Conv2d\", "
      "\"out_channels\": 8, \"kernel_size\": 3}, {\"class\": \"ReLU\"}, {\"class\": "
      "\"AvgPool2d\", \"kernel_size\": 2}, {\"class\": \"Flatten\"}, {\"class\": "
      "\"Linear\", \"out_features\": 8}, {\"class\": \"Tanh\"}, {\"class\": \"Linear\", "
      "\"out_features\": 8}, {\"class\": \"ReLU\"}, {\"class\": \"Linear\", "
      "\"out_features\": 64}",
      "{\"name\": \"digits\", \"autoencode\": true, \"test\": 0.9}", TRUE);
  /* nothing is known of a LayerNorm's output */
  check_bounds ("{\"class\": \"LayerNorm\", \"normalized_shape\": [3]}, {\"class\": \"Linear\", "
                "\"out_features\": 8}, {\"class\": \"ReLU\"}, {\"class\": \"Concat\", \"inputs\": "
                "[\"2\", \"input\"]}, {\"class\": \"Linear\", \"out_features\": 4}, {\"class\": "
                "\"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 1}",
                "{\"name\": \"random\", \"inputs\": [3], \"targets\": [1], \"count\": 16}", FALSE);
}

/* by hand: x in [-1, 2] x [0, 3] */
static void
test_bound_by_hand (void)
{
  g_autoptr (GError) error = NULL;
  const char *spec =
      "{\"espalier\": 1, \"modules\": [{\"class\": \"Linear\", \"out_features\": 4, \"init\": "
      "{\"weight\": [[1, 1], [-1, -1], [0, -2], [2, -0.5]], \"bias\": [0.5, -1, 0, -4]}}, "
      "{\"class\": \"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 1}], \"loss\": {\"class\": "
      "\"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\"}, \"data\": {\"name\": \"values\", "
      "\"inputs\": [[-1, 3], [2, 0], [0, 1]], \"targets\": [[0], [0], [0]]}, \"batch_size\": 3}";
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  const EspUnitCounts *counts = find_units (snapshot, "1");
  const double wanted[] = { 5.5, 0, 0, 0 };
  for (guint u = 0; u < 4; u++)
    {
      g_assert_cmpfloat_with_epsilon (counts->reach[u], wanted[u], 1e-5);
      g_assert_cmpint (esp_unit_counts_is_proven (counts, u), ==, u == 2);
    }
  /* a sum that may round to a little above 0 is no proof; one without positive terms is */
  g_assert_cmpuint (counts->fired[1], ==, 0);
  g_assert_cmpuint (counts->fired[3], ==, 0);
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/revive/redo", test_redo);
  g_test_add_func ("/train/revive/ways", test_ways);
  g_test_add_func ("/train/revive/refused", test_refused);
  g_test_add_func ("/train/revive/bounds", test_bounds);
  g_test_add_func ("/train/revive/bound-by-hand", test_bound_by_hand);
  return g_test_run ();
}
