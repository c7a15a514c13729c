/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Snapshots and what a checkpoint keeps beside its tree. */

#include "config.h"

#include "esp-checkpoint.h"
#include "esp-snapshot.h"
#include "esp-tree-builder.h"

#include <math.h>

static EspTensor *
make_tensor (float value)
{
  gint64 shape[] = { 1 };

  return esp_tensor_new_for_floats (&value, shape, 1);
}

static void
test_channels (void)
{
  EspSnapshot *snapshot = esp_snapshot_new (2);
  g_autoptr (EspTensor) data = make_tensor (1), grad = make_tensor (2), use = make_tensor (3);

  g_assert_true (isnan (esp_snapshot_get_loss (snapshot)));
  g_assert_true (isnan (esp_snapshot_get_accuracy (snapshot)));
  esp_snapshot_set_step (snapshot, 7, 2);
  esp_snapshot_set_loss (snapshot, 0.5, 0.25);
  esp_snapshot_set_channel (snapshot, 1, ESP_CHANNEL_DATA, data);
  esp_snapshot_set_channel (snapshot, 1, ESP_CHANNEL_GRAD, data);
  esp_snapshot_set_channel (snapshot, 1, ESP_CHANNEL_GRAD, grad);
  esp_snapshot_set_grad_at (snapshot, 1, 2, use);

  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 7);
  g_assert_cmpuint (esp_snapshot_get_epoch (snapshot), ==, 2);
  g_assert_cmpfloat (esp_snapshot_get_loss (snapshot), ==, 0.5);
  g_assert_cmpfloat (esp_snapshot_get_accuracy (snapshot), ==, 0.25);
  g_assert_true (esp_snapshot_get_channel (snapshot, 1, ESP_CHANNEL_DATA) == data);
  g_assert_true (esp_snapshot_get_channel (snapshot, 1, ESP_CHANNEL_GRAD) == grad);
  g_assert_null (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_DATA));
  g_assert_null (esp_snapshot_get_channel (snapshot, 1, ESP_CHANNEL_UPDATE));
  g_assert_null (esp_snapshot_get_grad_at (snapshot, 0, 0));
  g_assert_null (esp_snapshot_get_grad_at (snapshot, 1, 1));
  g_assert_true (esp_snapshot_get_grad_at (snapshot, 1, 2) == use);
  g_assert_null (esp_snapshot_get_grad_at (snapshot, 1, 3));
  esp_snapshot_set_channel (snapshot, 1, ESP_CHANNEL_DATA, NULL);
  g_assert_null (esp_snapshot_get_channel (snapshot, 1, ESP_CHANNEL_DATA));
  esp_snapshot_unref (esp_snapshot_ref (snapshot));
  esp_snapshot_unref (snapshot);
}

static void
test_units (void)
{
  g_autoptr (EspSnapshot) snapshot = esp_snapshot_new (0);
  char path[] = "1", source[] = "0";
  guint64 fired[] = { 0, 5, 64 };
  EspUnitCounts counts = { .path = path,
                           .source_path = source,
                           .n_units = 3,
                           .examples = 64,
                           .positions = 1,
                           .fired = fired,
                           .can_die = TRUE };
  const EspUnitCounts *kept;

  esp_snapshot_add_units (snapshot, &counts);
  /* it holds copies */
  fired[1] = path[0] = source[0] = 0;
  g_assert_cmpuint (esp_snapshot_get_n_units (snapshot), ==, 1);
  kept = esp_snapshot_get_units (snapshot, 0);
  g_assert_cmpstr (kept->path, ==, "1");
  g_assert_cmpstr (kept->source_path, ==, "0");
  g_assert_cmpuint (kept->fired[1], ==, 5);
  g_assert_cmpuint (kept->examples, ==, 64);
  g_assert_true (kept->can_die);
}

/* the definitions by hand: two examples of two positions */
static void
test_rates (void)
{
  guint64 fired[] = { 4, 1, 0 }, saturated[] = { 0, 2, 0 };
  double magnitude[] = { 8, 3.9, 0.1 };
  EspUnitCounts counts = { .n_units = 3,
                           .examples = 2,
                           .positions = 2,
                           .fired = fired,
                           .saturated = saturated,
                           .magnitude = magnitude,
                           .total = 12 };

  g_assert_cmpfloat (esp_unit_counts_get_on_rate (&counts, 0), ==, 1);
  g_assert_cmpfloat (esp_unit_counts_get_on_rate (&counts, 1), ==, 0.25);
  g_assert_cmpfloat (esp_unit_counts_get_saturation (&counts, 1), ==, 0.5);
  /* means are 2, 0.975 and 0.025; the layer's is 1 */
  g_assert_cmpfloat_with_epsilon (esp_unit_counts_get_dormant_score (&counts, 0), 2, 1e-6);
  g_assert_cmpfloat_with_epsilon (esp_unit_counts_get_dormant_score (&counts, 2), 0.025, 1e-6);
}

static void
test_checkpoint (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = esp_tree_builder_finish (builder, NULL);
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_new ("safetensors", tree);
  const char *const *globals;

  g_assert_true (esp_checkpoint_get_tree (checkpoint) == tree);
  g_assert_cmpuint (esp_tree_get_totals (tree)->tensors, ==, 0);
  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "");
  esp_checkpoint_add_metadata (checkpoint, "b", "1");
  esp_checkpoint_add_metadata (checkpoint, "a", "2");
  g_assert_cmpuint (esp_checkpoint_get_n_metadata (checkpoint), ==, 2);
  g_assert_cmpstr (esp_checkpoint_get_metadata_key (checkpoint, 0), ==, "b");
  g_assert_cmpstr (esp_checkpoint_get_metadata_value (checkpoint, 1), ==, "2");

  g_assert_null (esp_checkpoint_get_pickle_globals (checkpoint)[0]);
  esp_checkpoint_add_pickle_global (checkpoint, "torch.b");
  esp_checkpoint_add_pickle_global (checkpoint, "torch.a");
  esp_checkpoint_add_pickle_global (checkpoint, "torch.b");
  globals = esp_checkpoint_get_pickle_globals (checkpoint);
  g_assert_cmpstr (globals[0], ==, "torch.a");
  g_assert_cmpstr (globals[1], ==, "torch.b");
  g_assert_null (globals[2]);
  esp_checkpoint_add_pickle_refused (checkpoint, "os.system");
  g_assert_cmpstr (esp_checkpoint_get_pickle_refused (checkpoint)[0], ==, "os.system");

  /* a file can't fill memory with them */
  for (guint i = 0; i < 5000; i++)
    esp_checkpoint_add_warning (checkpoint, "warning %u", i);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1000);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 999), ==, "warning 999");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot/channels", test_channels);
  g_test_add_func ("/snapshot/units", test_units);
  g_test_add_func ("/snapshot/rates", test_rates);
  g_test_add_func ("/snapshot/checkpoint", test_checkpoint);
  return g_test_run ();
}
