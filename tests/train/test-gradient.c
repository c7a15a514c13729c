/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derivatives against central differences of the loss, for every class of layer and every loss.
 * Built twice: as shipped, where rounding leaves about two digits, and with ESP_REAL_DOUBLE, where
 * six are wanted. A layer without a case here fails the last test. */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-plan.h"

#ifdef ESP_REAL_DOUBLE
#define WIDTH 1e-5
#define TOLERANCE 1e-6
#define NOISE 0
#else
#define WIDTH 1e-3
#define TOLERANCE 1e-2
#define NOISE 2e-4 /* rounding of the loss, 1e-7 of it, over twice the width */
#endif

typedef struct
{
  const char *name;
  const char *modules; /* JSON */
  const char *loss;
  const char *data;
} Case;

#define VALUES(inputs, targets)                                                                    \
  "{\"name\": \"random\", \"inputs\": " inputs ", \"targets\": " targets ", \"count\": 6}"
#define LABELS(inputs, classes)                                                                    \
  "{\"name\": \"random\", \"inputs\": " inputs ", \"classes\": " classes ", \"count\": 6}"
#define LINEAR(out) "{\"class\": \"Linear\", \"out_features\": " out "}"

static const Case cases[] = {
  { "linear", LINEAR ("3"), "MSELoss", VALUES ("[4]", "[3]") },
  { "linear-no-bias",
    "{\"class\": \"Linear\", \"out_features\": 3, \"bias\": false}, " LINEAR ("2"), "MSELoss",
    VALUES ("[4]", "[2]") },
  { "linear-rows", LINEAR ("3") ", {\"class\": \"Flatten\"}, " LINEAR ("2"), "MSELoss",
    VALUES ("[2, 4]", "[2]") },
  { "relu", LINEAR ("5") ", {\"class\": \"ReLU\"}, " LINEAR ("3"), "MSELoss",
    VALUES ("[4]", "[3]") },
  { "tanh", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "MSELoss",
    VALUES ("[4]", "[3]") },
  { "sigmoid", LINEAR ("5") ", {\"class\": \"Sigmoid\"}, " LINEAR ("3"), "MSELoss",
    VALUES ("[4]", "[3]") },
  { "cross-entropy", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "CrossEntropyLoss",
    LABELS ("[4]", "3") },
  { "l1", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "L1Loss", VALUES ("[4]", "[3]") },
  { "huber", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "HuberLoss",
    VALUES ("[4]", "[3]") },
  { "smooth-l1", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "SmoothL1Loss",
    VALUES ("[4]", "[3]") },
  { "nll", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "NLLLoss", LABELS ("[4]", "3") },
  { "bce", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("3"), "BCEWithLogitsLoss",
    VALUES ("[4]", "[3]") },
  { "bce-bits", LINEAR ("5") ", {\"class\": \"Tanh\"}, " LINEAR ("1"), "BCEWithLogitsLoss",
    LABELS ("[4]", "2") },
  { "flatten", LINEAR ("4") ", {\"class\": \"Tanh\"}, {\"class\": \"Flatten\"}, " LINEAR ("2"),
    "MSELoss", VALUES ("[2, 3]", "[2]") },
  { "shared",
    "{\"class\": \"Linear\", \"out_features\": 4, \"id\": \"s\"}, {\"class\": \"Tanh\"}, {\"use\": "
    "\"s\"}, {\"class\": \"Sigmoid\"}, {\"use\": \"s\"}",
    "MSELoss", VALUES ("[4]", "[4]") },
  { "residual",
    LINEAR ("4") ", {\"class\": \"Tanh\"}, {\"class\": \"Sequential\", \"id\": \"block\", "
                 "\"modules\": [" LINEAR (
                     "4") ", {\"class\": \"Sigmoid\"}, {\"class\": \"Add\", \"inputs\": "
                          "[\"input\", \"1\", \"0\"]}]}, {\"use\": \"block\"}",
    "MSELoss", VALUES ("[4]", "[4]") },
  { "concat",
    LINEAR ("3") ", {\"class\": \"Linear\", \"out_features\": 2, \"inputs\": [\"input\"]}, "
                 "{\"class\": \"Concat\", \"dim\": -1, \"inputs\": [\"0\", \"1\", \"input\", "
                 "\"1\"]}, " LINEAR ("2") ", {\"class\": \"Concat\", \"inputs\": [\"3\", \"0\", "
                                          "\"0\"], \"dim\": 2}",
    "MSELoss", VALUES ("[2, 4]", "[2, 8]") },
  { "tied",
    LINEAR ("4") ", {\"class\": \"Tanh\"}, {\"class\": \"Linear\", \"out_features\": 4, \"tie\": "
                 "{\"weight\": \"0.weight\"}}",
    "MSELoss", VALUES ("[4]", "[4]") },
};

/* the networks of the golden files have every class of layer */
typedef struct
{
  GPtrArray *names;
  GPtrArray *specs; /* JSON */
} Files;

static void
load_files (Files *self)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "fixtures", "train", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file;
  g_assert_nonnull (dir);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->specs = g_ptr_array_new_with_free_func (g_free);
  while ((file = g_dir_read_name (dir)) != NULL)
    {
      if (!g_str_has_prefix (file, "layer-") || !g_str_has_suffix (file, ".json"))
        continue;
      g_autofree char *path = g_build_filename (folder, file, NULL);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_assert_true (json_parser_load_from_file (parser, path, NULL));
      JsonObject *document = json_node_get_object (json_parser_get_root (parser));
      JsonObject *spec = json_object_get_object_member (document, "spec");
      JsonObject *optimizer = json_object_new ();
      json_object_set_string_member (optimizer, "class", "SGD");
      json_object_set_double_member (optimizer, "lr", 0);
      json_object_set_object_member (spec, "optimizer", optimizer);
      g_ptr_array_add (self->names, g_strndup (file, strlen (file) - strlen (".json")));
      g_ptr_array_add (self->specs,
                       json_to_string (json_object_get_member (document, "spec"), FALSE));
    }
}

static EspNetwork *
make_network (const Case *self, const char *reduction)
{
  g_autofree char *text = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [%s], \"loss\": {\"class\": \"%s\", \"reduction\": \"%s\"}, "
      "\"optimizer\": {\"class\": \"SGD\", \"lr\": 0}, \"data\": %s, \"batch_size\": 6, \"seed\": "
      "11}",
      self->modules, self->loss, reduction, self->data);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  return network;
}

/* how far @grad is from the central difference, or from that of one side where the other lies
 * beyond a kink of ReLU */
static double
measure_error (EspPlan *plan, guint parameter, guint64 index, double grad)
{
  EspReal value = esp_plan_get_parameter (plan, parameter)[index];
  EspReal above = value + (EspReal) WIDTH, below = value - (EspReal) WIDTH;
  double here = esp_plan_get_batch_loss (plan);
  esp_plan_edit (plan, parameter, index, above);
  double high = esp_plan_get_batch_loss (plan);
  esp_plan_edit (plan, parameter, index, below);
  double low = esp_plan_get_batch_loss (plan);
  esp_plan_edit (plan, parameter, index, value);
  double both = fabs (grad - (high - low) / (double) (above - below));
  double right = fabs (grad - (high - here) / (double) (above - value));
  double left = fabs (grad - (here - low) / (double) (value - below));
  return fmin (both, fmin (left, right));
}

static void
check_network (EspNetwork *network, const char *name)
{
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  esp_plan_step (plan, FALSE); /* the rate is 0 */
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      if (!parameter->requires_grad)
        continue;
      double largest = 0, worst = 0;
      for (guint64 j = 0; j < parameter->count; j++)
        {
          double found = (double) esp_plan_get_grad (plan, i)[j];
          worst = fmax (worst, measure_error (plan, i, j, found));
          largest = fmax (largest, fabs (found));
        }
      g_test_message ("%s %s: off by %.2g of %.2g", name, parameter->path, worst, largest);
      g_assert_cmpfloat (largest, >, 0);
      g_assert_cmpfloat (worst, <=, TOLERANCE * largest + NOISE * esp_plan_get_loss (plan));
    }
}

static void
test_gradient (gconstpointer data)
{
  const Case *self = data;
  g_autoptr (EspNetwork) mean = make_network (self, "mean");
  g_autoptr (EspNetwork) sum = make_network (self, "sum");
  check_network (mean, self->name);
  check_network (sum, self->name);
}

static void
test_file (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (data, -1, &error);
  g_assert_no_error (error);
  check_network (network, esp_network_get_name (network));
}

static void
test_complete (gconstpointer data)
{
  const Files *files = data;
  g_autofree char *list = esp_layer_list_classes ();
  g_auto (GStrv) names = g_strsplit (list, ", ", -1);
  for (guint i = 0; names[i] != NULL; i++)
    {
      gboolean found = FALSE;
      g_autofree char *quoted = g_strdup_printf ("\"class\": \"%s\"", names[i]);
      g_autofree char *dense = g_strdup_printf ("\"class\":\"%s\"", names[i]);
      for (gsize j = 0; j < G_N_ELEMENTS (cases); j++)
        found = found || strstr (cases[j].modules, quoted) != NULL;
      for (guint j = 0; j < files->specs->len; j++)
        found = found || strstr (g_ptr_array_index (files->specs, j), dense) != NULL;
      g_test_message ("%s", names[i]);
      g_assert_true (found);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/train/gradient/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_gradient);
    }
  Files files;
  load_files (&files);
  for (guint i = 0; i < files.names->len; i++)
    {
      g_autofree char *path = g_strconcat ("/train/gradient/file/",
                                           (char *) g_ptr_array_index (files.names, i), NULL);
      g_test_add_data_func (path, g_ptr_array_index (files.specs, i), test_file);
    }
  g_test_add_data_func ("/train/gradient/complete", &files, test_complete);
  int status = g_test_run ();
  g_ptr_array_unref (files.names);
  g_ptr_array_unref (files.specs);
  return status;
}
