/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derivatives against central differences of the loss, for every class of layer and every loss.
 * Built twice: as shipped, where rounding leaves about two digits, and with ESP_REAL_DOUBLE, where
 * six are wanted. A layer without a case here fails the last test. */

#include <math.h>
#include <string.h>

#include "esp-plan.h"

#ifdef ESP_REAL_DOUBLE
#define WIDTH 1e-5
#define TOLERANCE 1e-6
#else
#define WIDTH 1e-3
#define TOLERANCE 1e-2
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
check_reduction (const Case *self, const char *reduction)
{
  g_autoptr (EspNetwork) network = make_network (self, reduction);
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  esp_plan_step (plan, FALSE); /* the rate is 0 */
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      double largest = 0, worst = 0;
      for (guint64 j = 0; j < parameter->count; j++)
        {
          double found = (double) esp_plan_get_grad (plan, i)[j];
          worst = fmax (worst, measure_error (plan, i, j, found));
          largest = fmax (largest, fabs (found));
        }
      g_test_message ("%s %s: off by %.2g of %.2g", self->name, parameter->path, worst, largest);
      g_assert_cmpfloat (largest, >, 0);
      g_assert_cmpfloat (worst, <=, TOLERANCE * largest);
    }
}

static void
test_gradient (gconstpointer data)
{
  check_reduction (data, "mean");
  check_reduction (data, "sum");
}

static void
test_complete (void)
{
  g_autofree char *list = esp_layer_list_classes ();
  g_auto (GStrv) names = g_strsplit (list, ", ", -1);
  for (guint i = 0; names[i] != NULL; i++)
    {
      gboolean found = FALSE;
      g_autofree char *quoted = g_strdup_printf ("\"class\": \"%s\"", names[i]);
      for (gsize j = 0; j < G_N_ELEMENTS (cases); j++)
        found = found || strstr (cases[j].modules, quoted) != NULL;
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
  g_test_add_func ("/train/gradient/complete", test_complete);
  return g_test_run ();
}
