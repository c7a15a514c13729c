/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initialisers: range, mean and variance over many numbers, and what belongs to zero is zero. */

#include "esp-initializer.h"

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-trainer.h"
#include "train-fixture.h"

enum
{
  IN = 300,
  OUT = 200
};

static EspParameterInfo
describe (EspParameterKind kind)
{
  gboolean weight = kind == ESP_PARAMETER_WEIGHT;
  return (EspParameterInfo) {
    .name = weight ? "weight" : "bias",
    .shape = { weight ? 2 : 1, { OUT, weight ? IN : 0 } },
    .kind = kind,
    .begin_value = 1 / sqrt (IN), /* as Linear says */
    .fan_in = IN,
    .fan_out = OUT,
  };
}

/* uniform in [-bound, bound]: never beyond, close to it, mean 0, variance bound^2 / 3 */
static void
check_uniform (const EspReal *values, guint64 count, double bound)
{
  double sum = 0, squares = 0, largest = 0;
  for (guint64 i = 0; i < count; i++)
    {
      double value = (double) values[i];
      sum += value;
      squares += value * value;
      largest = fmax (largest, fabs (value));
    }
  double n = (double) count, variance = bound * bound / 3;
  g_assert_cmpfloat (largest, <=, bound * (1 + 1e-6));
  g_assert_cmpfloat (largest, >, bound * (1 - 20 / n));
  g_assert_cmpfloat (fabs (sum / n), <, 5 * sqrt (variance / n));
  /* the variance of the square of a uniform number is 4/45 bound^4 */
  g_assert_cmpfloat (fabs (squares / n - variance), <, 5 * sqrt (4.0 / 45 / n) * bound * bound);
}

static void
fill_node (const char *json, gboolean whole, const EspParameterInfo *info, EspReal *values)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (json, &error);
  g_assert_no_error (error);
  EspRandom random;
  esp_random_init (&random, 7, ESP_STREAM_INIT, 0);
  g_assert_true (
      esp_initializer_fill_from_json (node, whole, info, &random, values, "here", &error));
  g_assert_no_error (error);
}

static void
fill (const char *json, EspParameterKind kind, EspReal *values)
{
  EspParameterInfo info = describe (kind);
  fill_node (json, TRUE, &info, values);
}

static void
test_pytorch (void)
{
  g_autofree EspReal *values = g_new0 (EspReal, IN * OUT);
  fill ("\"pytorch\"", ESP_PARAMETER_WEIGHT, values);
  check_uniform (values, IN * OUT, 1 / sqrt (IN));
  fill ("\"pytorch\"", ESP_PARAMETER_BIAS, values);
  check_uniform (values, OUT, 1 / sqrt (IN));
}

static void
test_keras (void)
{
  g_autofree EspReal *values = g_new0 (EspReal, IN * OUT);
  fill ("\"keras\"", ESP_PARAMETER_WEIGHT, values);
  check_uniform (values, IN * OUT, sqrt (6.0 / (IN + OUT)));
  fill ("\"keras\"", ESP_PARAMETER_BIAS, values);
  for (guint i = 0; i < OUT; i++)
    g_assert_true (values[i] == 0);
}

/* mean, standard deviation, kurtosis and the ends of what an initialiser draws, for a weight of
 * (200, 300): the figures are those of the distributions' formulas */
typedef struct
{
  const char *json;
  double mean, deviation;
  double kurtosis; /* 1.8 uniform, 3 normal, between them truncated; 0: not looked at */
  double low, high;
} Moments;

#define NORMAL_END 6 /* standard deviations; 60,000 numbers go to 4.4 */

static const Moments moments[] = {
  { "{\"class\": \"uniform_\", \"a\": -3, \"b\": 1}", -1, 4 / 3.4641016, 1.8, -3, 1 },
  { "{\"class\": \"normal_\", \"mean\": 2, \"std\": 0.5}", 2, 0.5, 3, -1, 5 },
  { "\"trunc_normal_\"", 0, 0.8796257, 2.37, -2, 2 },
  { "{\"class\": \"trunc_normal_\", \"mean\": 1, \"std\": 2, \"a\": 3, \"b\": 1000}", 4.0503,
    0.9026, 0, 3, 20 },
  { "{\"class\": \"xavier_uniform_\", \"gain\": 2}", 0, 2 * 0.0632456, 1.8, -0.2191, 0.2191 },
  { "\"xavier_normal_\"", 0, 0.0632456, 3, -NORMAL_END * 0.0633, NORMAL_END * 0.0633 },
  { "\"kaiming_uniform_\"", 0, 0.0816497, 1.8, -0.141422, 0.141422 },
  { "{\"class\": \"kaiming_normal_\", \"mode\": \"fan_out\", \"nonlinearity\": \"relu\"}", 0, 0.1,
    3, -0.6, 0.6 },
  { "{\"class\": \"kaiming_normal_\", \"nonlinearity\": \"tanh\"}", 0, 0.0962250, 3, -0.6, 0.6 },
  { "{\"class\": \"kaiming_normal_\", \"a\": 2}", 0, 0.0365148, 3, -0.25, 0.25 },
  { "\"glorot_uniform\"", 0, 0.0632456, 1.8, -0.109545, 0.109545 },
  { "\"glorot_normal\"", 0, 0.0632456, 2.37, -0.143803, 0.143803 },
  { "\"he_uniform\"", 0, 0.0816497, 1.8, -0.141422, 0.141422 },
  { "\"he_normal\"", 0, 0.0816497, 2.37, -0.185648, 0.185648 },
  { "\"lecun_uniform\"", 0, 0.0577350, 1.8, -0.1, 0.1 },
  { "\"lecun_normal\"", 0, 0.0577350, 2.37, -0.131273, 0.131273 },
  { "{\"class\": \"variance_scaling\", \"scale\": 3, \"mode\": \"fan_avg\", \"distribution\": "
    "\"untruncated_normal\"}",
    0, 0.1095445, 3, -0.66, 0.66 },
  { "\"random_uniform\"", 0, 0.0288675, 1.8, -0.05, 0.05 },
  { "\"random_normal\"", 0, 0.05, 3, -0.3, 0.3 },
  { "{\"class\": \"truncated_normal\", \"mean\": 1}", 1, 0.0439813, 2.37, 0.9, 1.1 },
  { "{\"class\": \"sparse_\", \"sparsity\": 0.25, \"std\": 1}", 0, 0.8660254, 4, -6, 6 },
  { "{\"class\": \"orthogonal_\", \"gain\": 3}", 0, 0.1732051, 0, -1.5, 1.5 },
  { "{\"class\": \"formula\", \"value\": \"w = uniform(-10, 10); w * (abs(w) >= 5)\"}", 0,
    5.4006172, 0, -10, 10 },
  { "{\"class\": \"formula\", \"value\": \"normal(0, 1) / sqrt(fan_in)\"}", 0, 0.0577350, 3, -0.35,
    0.35 },
};

static void
test_moments (void)
{
  const guint64 count = IN * OUT;
  g_autofree EspReal *values = g_new0 (EspReal, count);
  for (gsize m = 0; m < G_N_ELEMENTS (moments); m++)
    {
      const Moments *want = &moments[m];
      double sums[3] = { 0 };
      fill (want->json, ESP_PARAMETER_WEIGHT, values);
      for (guint64 i = 0; i < count; i++)
        sums[0] += (double) values[i] / (double) count;
      for (guint64 i = 0; i < count; i++)
        {
          double x = (double) values[i], square = (x - sums[0]) * (x - sums[0]);
          sums[1] += square / (double) count;
          sums[2] += square * square / (double) count;
          g_assert_true (x >= want->low && x <= want->high);
        }
      double deviation = sqrt (sums[1]), kurtosis = sums[2] / (sums[1] * sums[1]);
      g_test_message ("%s: %g +- %g, kurtosis %g", want->json, sums[0], deviation, kurtosis);
      g_assert_cmpfloat (fabs (sums[0] - want->mean), <,
                         5 * want->deviation / sqrt ((double) count));
      g_assert_cmpfloat (fabs (deviation / want->deviation - 1), <, 0.015);
      if (want->kurtosis > 0)
        g_assert_cmpfloat (fabs (kurtosis - want->kurtosis), <, 0.12);
    }
}

/* rows or columns, whichever are fewer, are orthonormal */
static void
check_orthogonal (gint64 rows, gint64 columns)
{
  EspParameterInfo info = describe (ESP_PARAMETER_WEIGHT);
  info.shape = (EspShape) { 3, { rows, columns / 2, 2 } };
  g_autofree EspReal *values = g_new0 (EspReal, rows * columns);
  fill_node ("\"orthogonal_\"", FALSE, &info, values);
  gint64 n = MIN (rows, columns), length = MAX (rows, columns);
  for (gint64 a = 0; a < n; a++)
    for (gint64 b = 0; b <= a; b++)
      {
        double dot = 0;
        for (gint64 k = 0; k < length; k++)
          dot += rows <= columns
                     ? (double) values[a * columns + k] * (double) values[b * columns + k]
                     : (double) values[k * columns + a] * (double) values[k * columns + b];
        g_assert_cmpfloat_with_epsilon (dot, a == b, 1e-5);
      }
}

static void
test_matrices (void)
{
  EspReal values[60];
  EspParameterInfo info = describe (ESP_PARAMETER_WEIGHT);
  check_orthogonal (30, 50);
  check_orthogonal (50, 30);
  check_orthogonal (16, 16);

  info.shape = (EspShape) { 2, { 3, 4 } };
  fill_node ("\"eye_\"", TRUE, &info, values);
  for (guint i = 0; i < 12; i++)
    g_assert_true (values[i] == (EspReal) (i % 5 == 0));
  fill_node ("{\"class\": \"identity\", \"gain\": 2}", FALSE, &info, values);
  g_assert_true (values[0] == 2 && values[10] == 2 && values[1] == 0);

  info.shape = (EspShape) { 4, { 2, 3, 3, 3 } };
  fill_node ("\"dirac_\"", TRUE, &info, values);
  for (guint i = 0; i < 54; i++)
    g_assert_true (values[i] == (EspReal) (i == 4 || i == 27 + 9 + 4));

  info.shape = (EspShape) { 2, { 10, 6 } };
  fill_node ("{\"class\": \"sparse_\", \"sparsity\": 0.33}", TRUE, &info, values);
  for (guint c = 0; c < 6; c++)
    {
      guint zeros = 0;
      for (guint r = 0; r < 10; r++)
        zeros += values[r * 6 + c] == 0;
      g_assert_cmpuint (zeros, ==, 4);
    }
}

/* a word for a whole module and what it leaves alone */
static void
test_whole (void)
{
  EspReal values[OUT];
  EspParameterInfo info = describe (ESP_PARAMETER_BIAS);
  fill_node ("\"xavier_uniform_\"", TRUE, &info, values);
  for (guint i = 0; i < OUT; i++)
    g_assert_true (values[i] == 0);
  fill_node ("{\"class\": \"constant_\", \"val\": 3}", TRUE, &info, values);
  g_assert_true (values[0] == 3 && values[OUT - 1] == 3);
  info.kind = ESP_PARAMETER_SCALE;
  info.begin = ESP_BEGIN_CONSTANT;
  info.begin_value = 1;
  fill_node ("0.5", TRUE, &info, values);
  g_assert_true (values[0] == 1);
  fill_node ("0.5", FALSE, &info, values);
  g_assert_true (values[0] == (EspReal) 0.5);
}

typedef struct
{
  const char *json;
  EspNetworkError code;
  const char *wanted; /* words of the message */
} Bad;

static const Bad bad[] = {
  { "\"magic\"", ESP_NETWORK_ERROR_SPEC, "xavier_uniform_" },
  { "null", ESP_NETWORK_ERROR_SPEC, "lists" },
  { "true", ESP_NETWORK_ERROR_SPEC, "lists" },
  { "{}", ESP_NETWORK_ERROR_SPEC, "class" },
  { "{\"class\": \"normal_\", \"sdt\": 1}", ESP_NETWORK_ERROR_SPEC, "sdt" },
  { "{\"class\": \"normal_\", \"std\": \"x\"}", ESP_NETWORK_ERROR_SPEC, "std" },
  { "{\"class\": \"kaiming_normal_\", \"mode\": \"fan_avg\"}", ESP_NETWORK_ERROR_SPEC, "fan_avg" },
  { "{\"class\": \"kaiming_normal_\", \"nonlinearity\": \"gelu\"}", ESP_NETWORK_ERROR_SPEC,
    "gelu" },
  { "{\"class\": \"variance_scaling\", \"distribution\": \"cauchy\"}", ESP_NETWORK_ERROR_SPEC,
    "cauchy" },
  { "{\"class\": \"formula\"}", ESP_NETWORK_ERROR_SPEC, "value" },
  { "{\"class\": \"formula\", \"value\": \"1 +\"}", ESP_NETWORK_ERROR_SPEC, "character 4" },
  { "\"dirac_\"", ESP_NETWORK_ERROR_SHAPE, "[200, 300]" },
};

static void
test_bad (void)
{
  g_autofree EspReal *values = g_new0 (EspReal, IN * OUT);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (bad[i].json, NULL);
      EspParameterInfo info = describe (ESP_PARAMETER_WEIGHT);
      EspRandom random;
      esp_random_init (&random, 7, ESP_STREAM_INIT, 0);
      g_test_message ("%s", bad[i].json);
      g_assert_false (
          esp_initializer_fill_from_json (node, FALSE, &info, &random, values, "module 3", &error));
      g_assert_error (error, ESP_NETWORK_ERROR, (int) bad[i].code);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, bad[i].wanted));
    }
}

/* 5,000 square would take minutes */
static void
test_large (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string ("\"orthogonal\"", NULL);
  EspParameterInfo info = describe (ESP_PARAMETER_WEIGHT);
  info.shape = (EspShape) { 2, { 5000, 5000 } };
  EspReal none = 0;
  EspRandom random;
  esp_random_init (&random, 7, ESP_STREAM_INIT, 0);
  g_assert_false (
      esp_initializer_fill_from_json (node, FALSE, &info, &random, &none, "module 3", &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE);
}

/* --- values from elsewhere --- */

static void
assert_data (EspSnapshot *snapshot, guint parameter, const float *wanted, gsize n)
{
  gsize count;
  g_autofree float *data =
      train_read_tensor (esp_snapshot_get_channel (snapshot, parameter, ESP_CHANNEL_DATA), &count);
  g_assert_cmpmem (data, count * sizeof *data, wanted, n * sizeof *wanted);
}

/* what is set is where training begins and a reset goes back to; the others are what they were */
static void
test_set_initial (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspNetwork) plain = train_load_template ("d2l-mlp");
  g_autoptr (GError) error = NULL;
  gsize count;
  float wanted[32];
  double wide[32];
  for (guint i = 0; i < 32; i++)
    wide[i] = (double) (wanted[i] = (float) i / 8 - 1.7F);
  g_autoptr (GBytes) bytes = g_bytes_new (wide, sizeof wide);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, NULL);
  const gint64 shape[] = { 8, 4 }, turned[] = { 4, 8 };
  g_autoptr (EspTensor)
      values = esp_tensor_new (ESP_DTYPE_FLOAT64, "float64", shape, 2, NULL, 0, 0, storage, &error);
  g_assert_no_error (error);
  g_assert_true (esp_network_set_initial (network, 0, values, &error));
  g_assert_no_error (error);

  g_autoptr (EspTensor) wrong = esp_tensor_new_for_floats (wanted, turned, 2);
  g_assert_false (esp_network_set_initial (network, 0, wrong, &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE);
  g_assert_cmpstr (error->message, ==, "0.weight: has shape [8, 4], but the values have [4, 8]");
  g_clear_error (&error);
  g_autoptr (EspTensor)
      whole = esp_tensor_new (ESP_DTYPE_INT64, "int64", shape, 2, NULL, 0, 0, storage, &error);
  g_assert_false (esp_network_set_initial (network, 0, whole, &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE);
  g_clear_error (&error);
  g_autoptr (EspTensor) broken = esp_tensor_new_unreadable (
      ESP_DTYPE_FLOAT32, "float32", shape, 2,
      g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "nothing there"));
  g_assert_false (esp_network_set_initial (network, 0, broken, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_clear_error (&error);

  g_autofree float *shown =
      train_read_tensor (esp_parameter_get_data (esp_network_get_parameter (network, 0)), &count);
  g_assert_cmpmem (shown, count * sizeof *shown, wanted, sizeof wanted);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (EspSnapshot) first = esp_trainer_take_snapshot (trainer);
      g_assert_cmpuint (esp_snapshot_get_step (first), ==, 0);
      assert_data (first, 0, wanted, 32);
      for (guint i = 1; i < esp_network_get_n_parameters (network); i++)
        {
          g_autofree float *other = train_read_tensor (
              esp_parameter_get_data (esp_network_get_parameter (plain, i)), &count);
          assert_data (first, i, other, count);
        }
      esp_trainer_run (trainer, 5);
      esp_trainer_reset (trainer);
      esp_trainer_wait (trainer);
    }
}

/* a counter counts on from where it is put */
static void
test_set_counter (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (
      "{\"espalier\": 1, \"modules\": [{\"class\": \"BatchNorm1d\"}, {\"class\": \"Linear\", "
      "\"out_features\": 1}], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": "
      "\"SGD\"}, \"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": [1]}}",
      -1, &error);
  g_assert_no_error (error);
  EspPlace *place = esp_tree_find (esp_network_get_tree (network), "0.num_batches_tracked", NULL);
  int id = esp_network_find_parameter (network, esp_place_get_parameter (place));
  const gint64 seven = 7;
  gint64 found;
  g_autoptr (GBytes) bytes = g_bytes_new (&seven, sizeof seven);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, NULL);
  g_autoptr (EspTensor)
      values = esp_tensor_new (ESP_DTYPE_INT64, "int64", NULL, 0, NULL, 0, 0, storage, &error);
  g_assert_true (esp_network_set_initial (network, (guint) id, values, &error));
  g_assert_no_error (error);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  esp_trainer_run (trainer, 3);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_true (
      esp_tensor_read_i64 (esp_snapshot_get_channel (snapshot, (guint) id, ESP_CHANNEL_DATA), 0, 1,
                           &found, NULL, &error));
  g_assert_cmpint (found, ==, 10);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/initializer/pytorch", test_pytorch);
  g_test_add_func ("/train/initializer/keras", test_keras);
  g_test_add_func ("/train/initializer/moments", test_moments);
  g_test_add_func ("/train/initializer/matrices", test_matrices);
  g_test_add_func ("/train/initializer/whole", test_whole);
  g_test_add_func ("/train/initializer/bad", test_bad);
  g_test_add_func ("/train/initializer/large", test_large);
  g_test_add_func ("/train/initializer/set", test_set_initial);
  g_test_add_func ("/train/initializer/set-counter", test_set_counter);
  return g_test_run ();
}
