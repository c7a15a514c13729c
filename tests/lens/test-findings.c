/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Findings: of statistics, of weights in trees of many shapes, of counts in snapshots made by hand
 * and by a live network. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-finding.h"
#include "esp-neighbours.h"
#include "esp-trainer.h"
#include "esp-tree-builder.h"

#define KEYS(...) ((const char *const[]) { __VA_ARGS__, NULL })

/* one line a finding: kind, severity, unit, index, title, details */
static char *
describe (GPtrArray *findings)
{
  static const char *const kinds[] = { "nan",  "zero",   "constant", "zero-unit", "never-fires",
                                       "dead", "silent", "dormant",  "saturated" };
  static const char *const severities[] = { "note", "warning", "error" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < findings->len; i++)
    {
      const EspFinding *finding = findings->pdata[i];

      g_string_append_printf (text, "%s %s %d %d: %s. %s.\n", kinds[finding->kind],
                              severities[finding->severity], (int) finding->unit,
                              (int) finding->index, finding->title, finding->details);
    }
  return g_string_free (text, FALSE);
}

/* {{{ statistics */

typedef struct
{
  guint ndim;
  gint64 shape[3];
  float values[8];
  const char *wanted;
} FromStats;

static const FromStats from_stats[] = {
  { 2, { 2, 3 }, { 1, 2, 3, 4, 5, 6 }, "" },
  { 2, { 2, 3 }, { 0, 0, 0, 0, 0, 0 }, "zero warning -1 -1: Every value is 0. 6 values.\n" },
  { 2, { 2, 3 }, { 0, -0.0f, 0, 0, 0, 0 }, "zero warning -1 -1: Every value is 0. 6 values.\n" },
  { 1, { 4 }, { 0, 0, 0, 0 }, "zero note -1 -1: Every value is 0. 4 values.\n" },
  { 1, { 4 }, { 1, 1, 1, 1 }, "constant note -1 -1: Every value is 1. 4 values.\n" },
  { 2,
    { 2, 2 },
    { -2.5f, -2.5f, -2.5f, -2.5f },
    "constant warning -1 -1: Every value is −2.5. 4 values.\n" },
  { 0, { 0 }, { 0 }, "" },
  { 2, { 1, 1 }, { 0 }, "" },
  { 2, { 0, 3 }, { 0 }, "" },
  { 2,
    { 2, 3 },
    { 1, 2, 3, 4, NAN, 6 },
    "nan error -1 4: 1 value is NaN. First at row 1, column 1.\n" },
  { 2,
    { 2, 3 },
    { 1, 2, INFINITY, 4, 5, -INFINITY },
    "nan error -1 2: 2 values are infinite. First at row 0, column 2.\n" },
  { 1, { 4 }, { 1, NAN, INFINITY, NAN }, "nan error -1 1: 2 NaN, 1 infinite. First at index 1.\n" },
  { 1, { 2 }, { NAN, NAN }, "nan error -1 0: 2 values are NaN. Not one value is finite.\n" },
  { 0, { 0 }, { NAN }, "nan error -1 0: 1 value is NaN. Not one value is finite.\n" },
  { 3,
    { 2, 2, 2 },
    { 1, 2, 3, 4, 5, 6, 7, NAN },
    "nan error -1 7: 1 value is NaN. First at [1, 1, 1].\n" },
  /* constant but for a NaN: the NaN is what counts */
  { 1, { 3 }, { 5, 5, NAN }, "nan error -1 2: 1 value is NaN. First at index 2.\n" },
};

static void
test_stats (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (from_stats); i++)
    {
      const FromStats *row = &from_stats[i];
      g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (row->values, row->shape, row->ndim);
      g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
      g_autoptr (GPtrArray) findings = esp_findings_from_stats (tensor, stats);
      g_autofree char *got = describe (findings);

      g_assert_cmpstr (got, ==, row->wanted);
    }
}

/* a mask that is all the same is no broken weight */
static void
test_stats_of_integers (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\1\1\1\1", 4);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor) tensor = esp_tensor_new (ESP_DTYPE_BOOL, "BOOL", (const gint64[]) { 2, 2 },
                                                 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  g_autoptr (GPtrArray) findings = esp_findings_from_stats (tensor, stats);
  g_autofree char *got = describe (findings);

  g_assert_cmpstr (got, ==, "constant note -1 -1: Every value is 1. 4 values.\n");
}

/* }}} */
/* {{{ trees */

static void
add_module (EspTreeBuilder *builder, const char *const *keys, const char *class_name)
{
  g_assert_nonnull (esp_tree_builder_add_module (builder, keys, class_name, NULL));
}

/* @keys without the last one, which is @name */
static void
add_floats (EspTreeBuilder *builder,
            const char *path,
            const float *values,
            const gint64 *shape,
            guint ndim)
{
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, shape, ndim);

  g_assert_nonnull (esp_tree_builder_add_tensor (builder, KEYS (path), NULL, ESP_ROLE_PARAMETER,
                                                 ESP_REQUIRES_GRAD_UNKNOWN, tensor, NULL));
}

static EspTree *
finish (EspTreeBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  EspTree *tree = esp_tree_builder_finish (builder, &error);

  g_assert_no_error (error);
  return tree;
}

static char *
find_weights (EspTree *tree, const char *name)
{
  EspPlace *place = esp_tree_find (tree, name, NULL);
  g_autoptr (GPtrArray) findings = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (place);
  findings = esp_findings_from_weights (place, NULL, &error);
  g_assert_no_error (error);
  return describe (findings);
}

/* rows: mixed; all 0; all <= 0 with a 0; all <= 0; all > 0 */
static const float five_rows[15] = { 1, -1, 0, 0, 0, -0.0f, -1, 0, -2, -1, -1, -1, 3, 2, 1 };
static const gint64 five_shape[] = { 5, 3 };

#define ZERO_1 "zero-unit warning 1 3: Unit 1: weights are all 0. "
#define ZERO_1_BIAS                                                                                \
  ZERO_1 "All of its 3 incoming weights are 0, so it always gives its bias, 0.5.\n"
#define NEVER(unit, index)                                                                         \
  "never-fires warning " unit " " index ": Unit " unit                                             \
  ": never fires. Its 3 weights and its bias are at most 0, and nothing negative comes in from "   \
  "ReLU.\n"

/* classes of the children of a Sequential, and what is found in the third of them, whose weight is
 * five_rows and whose biases are -1, 0.5, 0, 1, 0 */
typedef struct
{
  const char *root;
  const char *classes[5];
  const char *wanted;
} FromWeights;

static const FromWeights from_weights[] = {
  /* proven: what comes in is never negative, a ReLU follows */
  { "torch.nn.modules.container.Sequential",
    { "Linear", "ReLU", "Linear", "ReLU", "Linear" },
    ZERO_1_BIAS NEVER ("2", "6") },
  { "Sequential",
    { "Linear", "torch.nn.modules.activation.ReLU", "Linear", "ReLU6", "" },
    ZERO_1_BIAS NEVER ("2", "6") },
  { "Sequential",
    { "ReLU", "Dropout", "Linear", "Dropout", "ReLU" },
    ZERO_1_BIAS NEVER ("2", "6") },
  { "Sequential",
    { "ReLU", "MaxPool2d", "torch.nn.modules.conv.Conv2d", "ReLU", "" },
    ZERO_1_BIAS NEVER ("2", "6") },
  /* not proven */
  { "Sequential", { "Linear", "Tanh", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "Sequential", { "Linear", "LeakyReLU", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "Sequential", { "Linear", "ReLU", "Linear", "Tanh", "Linear" }, ZERO_1_BIAS },
  { "Sequential", { "Linear", "ReLU", "Linear", "LayerNorm", "ReLU" }, ZERO_1_BIAS },
  { "Sequential", { "ReLU", "BatchNorm1d", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "Sequential", { "ReLU", "", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "Sequential", { "Dropout", "Dropout", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "MyNet", { "Linear", "ReLU", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "", { "Linear", "ReLU", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  { "torch.nn.ModuleList", { "Linear", "ReLU", "Linear", "ReLU", "Linear" }, ZERO_1_BIAS },
  /* no layer of which a row is a unit */
  { "Sequential", { "Linear", "ReLU", "Embedding", "ReLU", "Linear" }, "" },
  { "Sequential", { "Linear", "ReLU", "Bilinear", "ReLU", "Linear" }, "" },
  { "Sequential", { "Linear", "ReLU", "ConvTranspose2d", "ReLU", "Linear" }, "" },
};

static EspTree *
make_sequence (const FromWeights *row)
{
  static const float biases[] = { -1, 0.5f, 0, 1, 0 };
  static const char *const names[] = { "0", "1", "2", "3", "4" };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");

  add_module (builder, (const char *const[]) { NULL }, row->root);
  for (guint i = 0; i < 5; i++)
    if (row->classes[i] != NULL)
      add_module (builder, KEYS (names[i]), row->classes[i]);
  add_floats (builder, "2.weight", five_rows, five_shape, 2);
  add_floats (builder, "2.bias", biases, (const gint64[]) { 5 }, 1);
  return finish (builder);
}

static void
test_weights (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (from_weights); i++)
    {
      g_autoptr (EspTree) tree = make_sequence (&from_weights[i]);
      g_autofree char *got = find_weights (tree, "2.weight");
      g_autofree char *of_bias = find_weights (tree, "2.bias");
      g_autofree char *of_module = find_weights (tree, "2");

      g_test_message ("%s: %s %s", from_weights[i].root, from_weights[i].classes[1],
                      from_weights[i].classes[2]);
      g_assert_cmpstr (got, ==, from_weights[i].wanted);
      g_assert_cmpstr (of_bias, ==, "");
      g_assert_cmpstr (of_module, ==, "");
    }
}

/* a state dict: classes are guessed, what stands between the layers isn't there at all */
static void
test_state_dict (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *got = NULL;

  add_floats (builder, "0.weight", five_rows, five_shape, 2);
  add_floats (builder, "2.weight", five_rows, five_shape, 2);
  tree = finish (builder);
  got = find_weights (tree, "2.weight");
  /* no bias is a bias of 0 */
  g_assert_cmpstr (got, ==,
                   ZERO_1 "All of its 3 incoming weights are 0, so it always gives its bias, 0.\n");
}

/* a bias that can't be had proves nothing */
static void
test_unknown_bias (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTensor) bias = esp_tensor_new_unreadable (
          ESP_DTYPE_FLOAT32, "F32", (const gint64[]) { 5 }, 1,
          g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "meta"));
      g_autoptr (EspTree) tree = NULL;
      g_autofree char *got = NULL;

      add_module (builder, (const char *const[]) { NULL }, "Sequential");
      add_module (builder, KEYS ("0"), "ReLU");
      add_module (builder, KEYS ("1"), "Linear");
      add_module (builder, KEYS ("2"), "ReLU");
      add_floats (builder, "1.weight", five_rows, five_shape, 2);
      if (i == 0)
        esp_tree_builder_add_tensor (builder, KEYS ("1.bias"), NULL, ESP_ROLE_PARAMETER,
                                     ESP_REQUIRES_GRAD_UNKNOWN, bias, NULL);
      else /* one that doesn't fit */
        add_floats (builder, "1.bias", five_rows, (const gint64[]) { 4 }, 1);
      tree = finish (builder);
      got = find_weights (tree, "1.weight");
      g_assert_cmpstr (got, ==, ZERO_1 "All of its 3 incoming weights are 0.\n");
    }
}

/* a ReLU behind a unit of zeros whose bias isn't above 0 */
static void
test_zero_and_silent (void)
{
  static const float weights[] = { 0, 0, 0, 0, 1, 1 };
  static const float biases[] = { -2, 0.25f, 0 };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *got = NULL;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  add_module (builder, KEYS ("0"), "Linear");
  add_module (builder, KEYS ("1"), "ReLU");
  add_floats (builder, "0.weight", weights, (const gint64[]) { 3, 2 }, 2);
  add_floats (builder, "0.bias", biases, (const gint64[]) { 3 }, 1);
  tree = finish (builder);
  got = find_weights (tree, "0.weight");
  g_assert_cmpstr (
      got, ==,
      "zero-unit warning 0 0: Unit 0: weights are all 0. All of its 2 incoming weights "
      "are 0 and its bias is −2, so the ReLU is never on.\n"
      "zero-unit warning 1 2: Unit 1: weights are all 0. All of its 2 incoming weights "
      "are 0, so it always gives its bias, 0.25.\n");
}

/* all zero is told by the statistics; NaN is no zero and not at most 0 */
static void
test_whole_rows (void)
{
  static const float nans[] = { NAN, 0, -1, NAN };
  float zeros[4] = { 0 };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *of_zeros = NULL;
  g_autofree char *of_nans = NULL;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  add_module (builder, KEYS ("0"), "ReLU");
  add_module (builder, KEYS ("1"), "Linear");
  add_module (builder, KEYS ("2"), "ReLU");
  add_module (builder, KEYS ("3"), "Linear");
  add_module (builder, KEYS ("4"), "ReLU");
  add_floats (builder, "1.weight", zeros, (const gint64[]) { 2, 2 }, 2);
  add_floats (builder, "3.weight", nans, (const gint64[]) { 2, 2 }, 2);
  tree = finish (builder);
  of_zeros = find_weights (tree, "1.weight");
  of_nans = find_weights (tree, "3.weight");
  g_assert_cmpstr (of_zeros, ==, "");
  g_assert_cmpstr (of_nans, ==, "");
}

/* a value that float32 has no room for is no zero */
static void
test_tiny_doubles (void)
{
  static const double weights[] = { 0, 0, 1e-300, -1 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (weights, sizeof weights);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor) tensor = esp_tensor_new (
      ESP_DTYPE_FLOAT64, "F64", (const gint64[]) { 2, 2 }, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *got = NULL;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  add_module (builder, KEYS ("0"), "ReLU");
  add_module (builder, KEYS ("1"), "Linear");
  add_module (builder, KEYS ("2"), "ReLU");
  esp_tree_builder_add_tensor (builder, KEYS ("1.weight"), NULL, ESP_ROLE_PARAMETER,
                               ESP_REQUIRES_GRAD_UNKNOWN, tensor, NULL);
  tree = finish (builder);
  got = find_weights (tree, "1.weight");
  g_assert_cmpstr (
      got, ==,
      "zero-unit warning 0 0: Unit 0: weights are all 0. All of its 2 incoming weights "
      "are 0 and its bias is 0, so the ReLU is never on.\n");
}

/* a filter of a convolution is (in, height, width), over more than a chunk */
static void
test_convolution (void)
{
  g_autofree float *weights = g_new (float, 40 * 1000 * 3);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *got = NULL;

  for (guint i = 0; i < 40 * 1000 * 3; i++)
    weights[i] = i / 3000 == 7 ? 0 : i / 3000 == 31 ? -1 : i % 3000 == 2999 ? 1 : -1;
  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  add_module (builder, KEYS ("0"), "ReLU");
  add_module (builder, KEYS ("1"), "Conv1d");
  add_module (builder, KEYS ("2"), "ReLU");
  add_floats (builder, "1.weight", weights, (const gint64[]) { 40, 1000, 3 }, 3);
  tree = finish (builder);
  got = find_weights (tree, "1.weight");
  g_assert_cmpstr (
      got, ==,
      "zero-unit warning 7 21000: Unit 7: weights are all 0. All of its 3000 incoming weights are "
      "0 and its bias is 0, so the ReLU is never on.\n"
      "never-fires warning 31 93000: Unit 31: never fires. Its 3000 weights and its bias are at "
      "most 0, and nothing negative comes in from ReLU.\n");
}

static void
test_many_units (void)
{
  g_autofree float *weights = g_new0 (float, 2000 * 2);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GPtrArray) findings = NULL;
  const EspFinding *last;

  weights[0] = 1;
  add_module (builder, KEYS ("1"), "Linear");
  add_floats (builder, "1.weight", weights, (const gint64[]) { 2000, 2 }, 2);
  tree = finish (builder);
  findings = esp_findings_from_weights (esp_tree_find (tree, "1.weight", NULL), NULL, NULL);
  g_assert_cmpuint (findings->len, ==, 1001);
  last = findings->pdata[1000];
  g_assert_cmpint (last->unit, ==, -1);
  g_assert_nonnull (strstr (last->title, "999 more units"));
}

/* a layer that stands at two places: only what holds at both is told */
static void
test_shared_layer (void)
{
  for (guint i = 0; i < 2; i++)
    {
      static const char *const before[] = { "ReLU", "Tanh" };
      static const char *const wanted[] = { NEVER ("2", "6") NEVER ("3", "9"), "" };
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTree) tree = NULL;
      g_autofree char *first = NULL;
      g_autofree char *second = NULL;
      g_autofree char *all = g_strconcat (
          ZERO_1
          "All of its 3 incoming weights are 0 and its bias is 0, so the ReLU is never on.\n",
          wanted[i], NULL);
      EspModule *shared;

      add_module (builder, (const char *const[]) { NULL }, "Sequential");
      add_module (builder, KEYS ("0"), "ReLU");
      shared = esp_tree_builder_add_module (builder, KEYS ("1"), "Linear", NULL);
      add_floats (builder, "1.weight", five_rows, five_shape, 2);
      add_module (builder, KEYS ("2"), "ReLU");
      add_module (builder, KEYS ("3"), before[i]);
      g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("4"), shared, NULL));
      add_module (builder, KEYS ("5"), "ReLU");
      tree = finish (builder);
      first = find_weights (tree, "1.weight");
      second = find_weights (tree, "4.weight");
      g_assert_cmpstr (first, ==, all);
      g_assert_cmpstr (second, ==, all);
    }
}

/* into Sequentials and out of them */
static void
test_neighbours (void)
{
  static const struct
  {
    const char *path, *class_name;
  } modules[] = {
    { "a", "Sequential" }, { "a.0", "Sequential" }, { "a.0.0", "Conv2d" },
    { "a.0.1", "ReLU" },   { "a.1", "Sequential" }, { "a.1.0", "Sequential" },
    { "a.2", "Flatten" },  { "a.3", "Linear" },     { "b", "Block" },
    { "b.0", "ReLU" },     { "b.1", "Linear" },     { "c", "Sequential" },
    { "c.0", "Linear" },
  };
  static const struct
  {
    const char *path, *before, *after;
  } rows[] = {
    { "a.0.0", NULL, "ReLU" },   { "a.0.1", "Conv2d", "Linear" }, { "a.3", "ReLU", "Block" },
    { "b.1", NULL, NULL },       { "b.0", NULL, NULL },           { "c.0", "Block", NULL },
    { "b", "Linear", "Linear" },
  };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  for (gsize i = 0; i < G_N_ELEMENTS (modules); i++)
    add_module (builder, KEYS (modules[i].path), modules[i].class_name);
  tree = finish (builder);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspPlace *place = esp_tree_find (tree, rows[i].path, NULL);

      g_test_message ("%s", rows[i].path);
      g_assert_cmpstr (esp_neighbours_get_before (place), ==, rows[i].before);
      g_assert_cmpstr (esp_neighbours_get_after (place), ==, rows[i].after);
    }
}

/* a shared module at very many places, as only a hostile file has it */
static void
test_hostile_places (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *got = NULL;
  gint64 begin = g_get_monotonic_time ();
  EspModule *shared;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  shared = esp_tree_builder_add_module (builder, KEYS ("0"), "Linear", NULL);
  add_floats (builder, "0.weight", five_rows, five_shape, 2);
  for (guint i = 1; i < 20000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS (name), shared, NULL));
    }
  tree = finish (builder);
  got = find_weights (tree, "0.weight");
  g_assert_nonnull (strstr (got, "Unit 1"));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_USEC_PER_SEC);
}

static void
test_cancelled (void)
{
  g_autoptr (EspTree) tree = make_sequence (&from_weights[0]);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (
      esp_findings_from_weights (esp_tree_find (tree, "2.weight", NULL), cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* }}} */
/* {{{ units */

static char *
find_units (EspTree *tree, EspSnapshot *snapshot, const char *name)
{
  EspPlace *place = esp_tree_find (tree, name, NULL);
  g_autoptr (GPtrArray) findings = NULL;

  g_assert_nonnull (place);
  findings = esp_findings_from_units (place, snapshot);
  return describe (findings);
}

static void
add_units (EspSnapshot *snapshot,
           const char *path,
           const char *source,
           guint64 examples,
           gboolean can_die,
           guint64 a,
           guint64 b,
           guint64 c)
{
  guint64 fired[] = { a, b, c };
  double magnitude[] = { 1, 1, 1 };
  EspUnitCounts counts = { .path = (char *) path,
                           .source_path = (char *) source,
                           .n_units = G_N_ELEMENTS (fired),
                           .examples = examples,
                           .positions = 1,
                           .fired = fired,
                           .magnitude = magnitude,
                           .has_rows = TRUE,
                           .can_die = can_die };

  esp_snapshot_add_units (snapshot, &counts);
}

/* 0 Linear, 1 ReLU, 2 Linear, 3 ReLU, 4 = 2, 5 ReLU, 6 Linear, 7 Tanh */
static EspTree *
make_shared_net (void)
{
  static const float weights[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  EspModule *shared;

  add_module (builder, (const char *const[]) { NULL }, "Sequential");
  add_module (builder, KEYS ("0"), "Linear");
  add_floats (builder, "0.weight", weights, (const gint64[]) { 3, 3 }, 2);
  add_floats (builder, "0.bias", weights, (const gint64[]) { 3 }, 1);
  add_module (builder, KEYS ("1"), "ReLU");
  shared = esp_tree_builder_add_module (builder, KEYS ("2"), "Linear", NULL);
  add_floats (builder, "2.weight", weights, (const gint64[]) { 3, 3 }, 2);
  add_module (builder, KEYS ("3"), "ReLU");
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("4"), shared, NULL));
  add_module (builder, KEYS ("5"), "ReLU");
  add_module (builder, KEYS ("6"), "Linear");
  add_floats (builder, "6.weight", weights, (const gint64[]) { 3, 3 }, 2);
  add_module (builder, KEYS ("7"), "Tanh");
  return finish (builder);
}

#define DEAD(unit, n) "dead warning " unit " -1: Unit " unit ": dead. Fired on 0 of " n ".\n"
#define SILENT(unit)                                                                               \
  "silent note " unit " -1: Unit " unit ": silent here. Fired on 0 of 64 examples at this "        \
  "place.\n"

static void
test_units (void)
{
  static const struct
  {
    const char *name, *wanted;
  } rows[] = {
    { "0", DEAD ("1", "64 examples") },
    { "0.weight", DEAD ("1", "64 examples") },
    { "0.bias", DEAD ("1", "64 examples") },
    { "1", DEAD ("1", "64 examples") },
    { "2", DEAD ("0", "64 examples") SILENT ("1") },
    { "2.weight", DEAD ("0", "64 examples") SILENT ("1") },
    { "4", DEAD ("0", "64 examples") SILENT ("2") },
    { "4.weight", DEAD ("0", "64 examples") SILENT ("2") },
    /* the activation's own place */
    { "3", DEAD ("0", "64 examples") DEAD ("1", "64 examples") },
    { "5", DEAD ("0", "64 examples") DEAD ("2", "64 examples") },
    /* nothing dies in a Tanh */
    { "6", "" },
    { "6.weight", "" },
    { "7", "" },
  };
  g_autoptr (EspTree) tree = make_shared_net ();
  g_autoptr (EspSnapshot) snapshot = esp_snapshot_new (5);
  g_autoptr (EspSnapshot) empty = esp_snapshot_new (5);
  g_autoptr (EspSnapshot) unseen = esp_snapshot_new (5);
  g_autoptr (GPtrArray) of_root = NULL;

  add_units (snapshot, "1", "0", 64, TRUE, 5, 0, 64);
  add_units (snapshot, "3", "2", 64, TRUE, 0, 0, 1);
  add_units (snapshot, "5", "4", 64, TRUE, 0, 3, 0);
  add_units (snapshot, "7", "6", 64, FALSE, 0, 0, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *got = find_units (tree, snapshot, rows[i].name);
      g_autofree char *of_empty = find_units (tree, empty, rows[i].name);

      g_test_message ("%s", rows[i].name);
      g_assert_cmpstr (got, ==, rows[i].wanted);
      g_assert_cmpstr (of_empty, ==, "");
    }
  of_root = esp_findings_from_units (esp_tree_get_root (tree), snapshot);
  g_assert_cmpuint (of_root->len, ==, 0);

  { /* nobody has looked yet */
    g_autofree char *got = NULL;

    add_units (unseen, "1", "0", 0, TRUE, 0, 0, 0);
    got = find_units (tree, unseen, "0");
    g_assert_cmpstr (got, ==, "");
  }
}

/* one place of a shared layer wasn't counted: then nobody knows whether a unit is dead */
static void
test_units_in_part (void)
{
  g_autoptr (EspTree) tree = make_shared_net ();
  g_autoptr (EspSnapshot) snapshot = esp_snapshot_new (5);
  g_autofree char *got = NULL;

  add_units (snapshot, "3", "2", 1, TRUE, 0, 1, 1);
  got = find_units (tree, snapshot, "2");
  g_assert_cmpstr (
      got, ==, "silent note 0 -1: Unit 0: silent here. Fired on 0 of 1 example at this place.\n");
}

/* the whole way from a network that trains */
static void
test_live_network (void)
{
  static const char spec[] =
      "{\"espalier\": 1, \"name\": \"t\", \"modules\": ["
      "{\"class\": \"Linear\", \"in_features\": 4, \"out_features\": 8}, {\"class\": \"ReLU\"},"
      "{\"class\": \"Linear\", \"in_features\": 8, \"out_features\": 8, \"id\": \"s\"},"
      "{\"class\": \"ReLU\"}, {\"use\": \"s\"}, {\"class\": \"ReLU\"},"
      "{\"class\": \"Linear\", \"in_features\": 8, \"out_features\": 1}],"
      "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\", \"lr\": 0.01},"
      "\"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"count\": 64,"
      " \"seed\": 1}, \"batch_size\": 2, \"seed\": 0}";
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_autoptr (EspTrainer) trainer = NULL;
  g_autoptr (EspSnapshot) snapshot = NULL;
  g_autofree char *first = NULL;
  g_autofree char *shared = NULL;
  g_autofree char *again = NULL;
  EspTree *tree;

  g_assert_no_error (error);
  tree = esp_network_get_tree (network);
  trainer = esp_trainer_new (network);
  esp_trainer_edit (trainer, 1, 3, -1000); /* 0.bias */
  esp_trainer_edit (trainer, 3, 5, -1000); /* 2.bias, 4.bias */
  esp_trainer_step (trainer);
  esp_trainer_wait (trainer);
  snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  first = find_units (tree, snapshot, "0.weight");
  shared = find_units (tree, snapshot, "2.weight");
  again = find_units (tree, snapshot, "4");
  g_assert_nonnull (strstr (first, "Unit 3: dead. Fired on 0 of 64 examples"));
  g_assert_nonnull (strstr (shared, "Unit 5: dead. Fired on 0 of 64 examples"));
  g_assert_nonnull (strstr (again, "Unit 5: dead. Fired on 0 of 64 examples"));
}

/* weights of a live network, whose tree says that a ReLU comes before and after */
static void
test_live_weights (void)
{
  static const char spec[] =
      "{\"espalier\": 1, \"name\": \"t\", \"modules\": ["
      "{\"class\": \"Linear\", \"in_features\": 4, \"out_features\": 8}, {\"class\": \"ReLU\"},"
      "{\"class\": \"Linear\", \"in_features\": 8, \"out_features\": 2}, {\"class\": \"ReLU\"},"
      "{\"class\": \"Linear\", \"in_features\": 2, \"out_features\": 1}],"
      "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\", \"lr\": 0.01},"
      "\"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"count\": 64,"
      " \"seed\": 1}, \"batch_size\": 2, \"seed\": 0}";
  static const float bias[] = { 0, -1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_autoptr (EspTensor) weights = NULL;
  g_autoptr (EspTensor) biases = NULL;
  g_autofree char *got = NULL;
  float values[16];

  g_assert_no_error (error);
  for (guint i = 0; i < 16; i++)
    values[i] = i < 8 ? 1 : -1;
  weights = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 8 }, 2);
  biases = esp_tensor_new_for_floats (bias, (const gint64[]) { 2 }, 1);
  esp_parameter_set_channel (esp_network_get_parameter (network, 2), ESP_CHANNEL_DATA, weights);
  esp_parameter_set_channel (esp_network_get_parameter (network, 3), ESP_CHANNEL_DATA, biases);
  got = find_weights (esp_network_get_tree (network), "2.weight");
  g_assert_cmpstr (
      got, ==,
      "never-fires warning 1 8: Unit 1: never fires. Its 8 weights and its bias are at "
      "most 0, and nothing negative comes in from ReLU.\n");
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings/stats", test_stats);
  g_test_add_func ("/findings/stats-of-integers", test_stats_of_integers);
  g_test_add_func ("/findings/weights", test_weights);
  g_test_add_func ("/findings/state-dict", test_state_dict);
  g_test_add_func ("/findings/unknown-bias", test_unknown_bias);
  g_test_add_func ("/findings/zero-and-silent", test_zero_and_silent);
  g_test_add_func ("/findings/whole-rows", test_whole_rows);
  g_test_add_func ("/findings/tiny-doubles", test_tiny_doubles);
  g_test_add_func ("/findings/convolution", test_convolution);
  g_test_add_func ("/findings/many-units", test_many_units);
  g_test_add_func ("/findings/shared-layer", test_shared_layer);
  g_test_add_func ("/findings/neighbours", test_neighbours);
  g_test_add_func ("/findings/hostile-places", test_hostile_places);
  g_test_add_func ("/findings/cancelled", test_cancelled);
  g_test_add_func ("/findings/units", test_units);
  g_test_add_func ("/findings/units-in-part", test_units_in_part);
  g_test_add_func ("/findings/live-network", test_live_network);
  g_test_add_func ("/findings/live-weights", test_live_weights);
  return g_test_run ();
}
