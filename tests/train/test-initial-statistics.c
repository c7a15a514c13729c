/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How random initial values are spread, against what PyTorch drew
 * (tests/fixtures/make-initials.py): every parameter of every class of layer as it begins, and the
 * functions of torch.nn.init. */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-initializer.h"
#include "train-fixture.h"

#define MANY 1000    /* draws from which shapes of distributions are told apart */
#define DRAWS 60     /* tensors that PyTorch's figures are of */
#define SIGMAS 5     /* that a figure may be off by chance */
#define UNIFORM 1.85 /* kurtosis: 1.8 there, more elsewhere */

static JsonParser *parser;

/* off by no more than chance, in our numbers and in PyTorch's, allows */
static void
check_spread (JsonObject *wanted, const float *values, guint64 count, const char *name)
{
  double n = (double) count, sums[3] = { 0 }, low = INFINITY, high = -INFINITY;
  double mean = json_object_get_double_member (wanted, "mean");
  double deviation = json_object_get_double_member (wanted, "deviation");
  double kurtosis = json_object_get_double_member (wanted, "kurtosis");
  double ends[] = { json_object_get_double_member (wanted, "low"),
                    json_object_get_double_member (wanted, "high") };
  for (guint64 i = 0; i < count; i++)
    {
      sums[0] += (double) values[i] / n;
      low = fmin (low, (double) values[i]);
      high = fmax (high, (double) values[i]);
    }
  for (guint64 i = 0; i < count; i++)
    {
      double square = pow ((double) values[i] - sums[0], 2);
      sums[1] += square / n;
      sums[2] += square * square / n;
    }
  g_test_message ("%s: %g +- %g (%g +- %g), kurtosis %g (%g), %g to %g (%g to %g)", name, sums[0],
                  sqrt (sums[1]), mean, deviation, sums[2] / (sums[1] * sums[1]), kurtosis, low,
                  high, ends[0], ends[1]);
  if (deviation == 0)
    {
      g_assert_true (low == mean && high == mean);
      return;
    }
  double chance = SIGMAS * sqrt (1 + 1.0 / DRAWS) / sqrt (n);
  g_assert_cmpfloat (fabs (sums[0] - mean), <, deviation * chance);
  g_assert_cmpfloat (fabs (sqrt (sums[1]) / deviation - 1), <, chance * sqrt (kurtosis - 1) / 2);
  if (count >= MANY)
    g_assert_cmpfloat (fabs (sums[2] / (sums[1] * sums[1]) - kurtosis), <, 0.2 * kurtosis);
  if (kurtosis > UNIFORM)
    return;
  /* nothing beyond the ends, and as much below them as there is room between two of n numbers */
  double length = ends[1] - ends[0];
  g_assert_cmpfloat (low, >, ends[0] - length * 10 / (n * DRAWS));
  g_assert_cmpfloat (high, <, ends[1] + length * 10 / (n * DRAWS));
  g_assert_cmpfloat (low, <, ends[0] + length * 20 / n);
  g_assert_cmpfloat (high, >, ends[1] - length * 20 / n);
}

static void
check_parameter (EspNetwork *network, const char *name, JsonObject *wanted)
{
  g_autofree char *path = g_strconcat ("here.", name, NULL);
  EspPlace *place = esp_tree_find (esp_network_get_tree (network), path, NULL);
  g_test_message ("%s", path);
  g_assert_nonnull (place);
  EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
  gsize count;
  g_autofree float *values = train_read_tensor (tensor, &count);
  JsonArray *shape = json_object_get_array_member (wanted, "shape");
  guint64 n = 1, row = count / (guint64) esp_tensor_get_shape (tensor)[0];
  for (guint i = 0; i < json_array_get_length (shape); i++)
    n *= (guint64) json_array_get_int_element (shape, i);
  /* an embedding's padding is 0 and left out */
  if (n == count - row)
    {
      guint64 padding = 7;
      for (guint64 i = 0; i < row; i++)
        g_assert_true (values[padding * row + i] == 0);
      memmove (values + padding * row, values + (padding + 1) * row,
               (count - (padding + 1) * row) * sizeof *values);
      count -= row;
    }
  g_assert_cmpuint (count, ==, n);
  check_spread (wanted, values, count, path);
}

/* all parameters are looked at, those that PyTorch has and no other */
static void
test_modules (void)
{
  JsonObject *document = json_node_get_object (json_parser_get_root (parser));
  JsonArray *modules = json_object_get_array_member (document, "modules");
  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *own = json_array_get_object_element (modules, i);
      JsonObject *parameters = json_object_get_object_member (own, "parameters");
      g_autoptr (GError) error = NULL;
      g_autofree char *spec = json_to_string (json_object_get_member (own, "spec"), FALSE);
      g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
      g_assert_no_error (error);
      g_autoptr (GList) names = json_object_get_members (parameters);
      for (GList *name = names; name != NULL; name = name->next)
        check_parameter (network, name->data,
                         json_object_get_object_member (parameters, name->data));
      guint buffers = 0, n = esp_network_get_n_parameters (network);
      for (guint j = 0; j < n; j++)
        buffers += esp_parameter_get_role (esp_network_get_parameter (network, j)) ==
                   ESP_ROLE_BUFFER;
      g_assert_cmpuint (g_list_length (names), ==, n - buffers - 2); /* the last Linear has 2 */
    }
}

static void
test_functions (void)
{
  enum
  {
    ROWS = 200,
    COLUMNS = 300
  };
  JsonObject *document = json_node_get_object (json_parser_get_root (parser));
  JsonArray *functions = json_object_get_array_member (document, "functions");
  g_autofree EspReal *values = g_new0 (EspReal, ROWS * COLUMNS);
  for (guint i = 0; i < json_array_get_length (functions); i++)
    {
      JsonObject *own = json_array_get_object_element (functions, i);
      JsonNode *spec = json_object_get_member (own, "spec");
      g_autofree char *name = json_to_string (spec, FALSE);
      g_autoptr (GError) error = NULL;
      EspParameterInfo info = {
        .name = "weight",
        .shape = { 2, { ROWS, COLUMNS } },
        .kind = ESP_PARAMETER_WEIGHT,
        .fan_in = COLUMNS,
        .fan_out = ROWS,
      };
      EspRandom random;
      esp_random_init (&random, 3, ESP_STREAM_INIT, i);
      g_assert_true (
          esp_initializer_fill_from_json (spec, FALSE, &info, &random, values, "here", &error));
      g_assert_no_error (error);
      check_spread (own, values, ROWS * COLUMNS, name);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "initials.json", NULL);
  parser = json_parser_new ();
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  g_test_add_func ("/train/initial-statistics/modules", test_modules);
  g_test_add_func ("/train/initial-statistics/functions", test_functions);
  int status = g_test_run ();
  g_object_unref (parser);
  return status;
}
