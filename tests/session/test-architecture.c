/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Networks out of checkpoints: what ours gives for some inputs is what Keras and PyTorch gave for
 * them (fixtures/architectures, made by make-architectures.py), and what isn't known is named. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-architecture.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-plan.h"
#include <glib/gstdio.h>

#define TOLERANCE 1e-5 /* of the largest output */

static char *
find_fixture (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", "architectures", name, NULL);
}

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *path = find_fixture (name);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return checkpoint;
}

static EspNetwork *
make (EspArchitecture *architecture, const char *data, const char *loss, GPtrArray **notes)
{
  EspTrainingChoice choice = { .data = data, .loss = loss, .rate = NAN };
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_architecture_make_network (architecture, &choice, notes, NULL, &error);

  g_assert_no_error (error);
  return network;
}

/* the outputs for all examples are the targets */
static void
assert_outputs (EspNetwork *network, const char *name)
{
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  gsize rows = network->data->n,
        count = esp_shape_get_count (esp_network_peek_shape (network, network->output));
  g_autofree EspReal *output = g_new (EspReal, rows * count);
  g_autofree EspReal **outputs = g_new0 (EspReal *, network->calls->len);
  double largest = 0, off = 0;

  g_assert_cmpuint (count, ==, esp_shape_get_count (&network->data->target));
  outputs[network->output - network->inputs->len] = output;
  esp_plan_probe (plan, network->data->inputs, rows, outputs);
  for (gsize i = 0; i < rows * count; i++)
    {
      largest = MAX (largest, fabs (network->data->targets[i]));
      off = MAX (off, fabs (network->data->targets[i] - output[i]));
    }
  g_test_message ("%s: off by %.1e of %.2g", name, off, largest);
  g_assert_cmpfloat (largest, >, 0);
  g_assert_cmpfloat (off, <=, TOLERANCE * largest);
}

/* steps can be taken: there is a gradient for every parameter that is trained */
static void
assert_trains (EspNetwork *network)
{
  g_autoptr (EspPlan) plan = esp_plan_new (network);

  for (guint i = 0; i < 3; i++)
    g_assert_true (isfinite (esp_plan_step (plan, FALSE)));
  for (guint i = 0; i < network->parameters->len; i++)
    g_assert_true (!esp_network_peek_parameter (network, i)->requires_grad ||
                   esp_plan_get_grad (plan, i) != NULL);
}

static void
test_outputs (gconstpointer data)
{
  const char *file = data;
  g_autofree char *stem = g_strndup (file, (gsize) (strrchr (file, '.') - file));
  g_autofree char *npz = g_strconcat (stem, ".npz", NULL);
  g_autofree char *examples = find_fixture (npz);
  g_autoptr (EspCheckpoint) checkpoint = open_fixture (file);
  g_autoptr (EspArchitecture) architecture = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (GError) error = NULL;

  if (g_str_has_prefix (file, "state-"))
    architecture = esp_architecture_guess (checkpoint, &error);
  else
    architecture = esp_architecture_read (checkpoint, &error);
  g_assert_no_error (error);
  g_assert_true (esp_architecture_is_guess (architecture) == g_str_has_prefix (file, "state-"));
  network = make (architecture, examples, NULL, NULL);
  assert_outputs (network, file);
  assert_trains (network);
}

/* what leaves no trace is asked for */
static void
test_lines (void)
{
  static const char *const wanted[] = {
    "conv1 Conv2d 1 → 3, 3 × 3",
    "conv1 Padding: automatic",
    "conv1 Activation: ReLU",
    "conv1 Pooling: automatic",
    "conv2 Conv2d 3 → 4, 3 × 3",
    "conv2 Padding: automatic",
    "bn BatchNorm 4",
    "bn Activation: ReLU",
    "bn Pooling: automatic",
    "fc1 Linear 36 → 5",
    "fc1 Activation: ReLU",
    "fc2 Linear 5 → 2",
    "fc2 Activation: none",
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("state-cnn.pt");
  g_autoptr (EspArchitecture) architecture = esp_architecture_guess (checkpoint, NULL);

  g_assert_cmpuint (esp_architecture_get_n_lines (architecture), ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      EspArchitectureLine line;
      g_autofree char *text = NULL;

      esp_architecture_get_line (architecture, i, &line);
      text = line.choices == NULL
                 ? g_strdup_printf ("%s %s", line.path, line.title)
                 : g_strdup_printf ("%s %s: %s", line.path, line.title, line.choices[line.chosen]);
      g_assert_cmpstr (text, ==, wanted[i]);
    }
  g_assert_true (esp_architecture_choose_activation (architecture, "tanh"));
  g_assert_false (esp_architecture_choose_activation (architecture, "frob"));
}

/* another activation gives other numbers; padding by hand what can't fit */
static void
test_choices (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("state-cnn.pt");
  g_autoptr (EspArchitecture) architecture = esp_architecture_guess (checkpoint, NULL);
  g_autofree char *examples = find_fixture ("state-cnn.npz");
  EspTrainingChoice choice = { .data = examples, .rate = NAN };
  g_autoptr (EspNetwork) network = NULL, other = NULL;
  g_autofree char *spec = NULL;
  g_autoptr (GError) error = NULL;

  esp_architecture_choose (architecture, 2, 2);
  network = make (architecture, examples, NULL, NULL);
  spec = esp_network_to_json (network);
  g_assert_nonnull (strstr (spec, "Tanh"));
  esp_architecture_choose (architecture, 1, 2);
  esp_architecture_choose (architecture, 5, 2);
  other = esp_architecture_make_network (architecture, &choice, NULL, NULL, &error);
  g_assert_null (other);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "fc1"));
}

/* built-in sets that fit: 64 inputs and 10 outputs want digits */
static void
test_data (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("keras-global.keras");
  g_autoptr (EspArchitecture) architecture = esp_architecture_read (checkpoint, NULL);
  g_auto (GStrv) sets = esp_architecture_list_data (architecture);
  EspTrainingChoice choice = { .data = "digits", .rate = NAN };
  g_autoptr (GError) error = NULL;

  /* it takes 6 x 6 pixels */
  g_assert_cmpuint (g_strv_length (sets), ==, 0);
  g_assert_null (esp_architecture_make_network (architecture, &choice, NULL, NULL, &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE);
  g_assert_cmpstr (error->message, ==,
                   "The network takes examples of shape [6, 6, 1], but those of “digits” have "
                   "shape [1, 8, 8]");
}

static void
test_softmax (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("keras-sequential.keras");
  g_autoptr (EspArchitecture) architecture = esp_architecture_read (checkpoint, NULL);
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "six.csv", NULL);
  g_autoptr (GPtrArray) notes = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *spec = NULL;
  g_autoptr (GString) table = g_string_new ("a,b,c,d,e,f,kind\n");

  for (guint i = 0; i < 30; i++)
    g_string_append_printf (table, "%u,1,2,3,%u,5,k%u\n", i, i * 3 % 7, i % 3);
  g_assert_true (g_file_set_contents (path, table->str, -1, NULL));
  network = make (architecture, path, NULL, &notes);
  spec = esp_network_to_json (network);
  g_assert_null (strstr (spec, "Softmax"));
  g_assert_cmpstr (esp_network_get_loss_name (network), ==, "CrossEntropyLoss");
  g_assert_cmpuint (notes->len, ==, 1);
  g_assert_cmpstr (notes->pdata[0], ==,
                   "The Softmax at the end is part of CrossEntropyLoss, so it was left out");
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_unknown (void)
{
  static const struct
  {
    const char *file, *message;
  } cases[] = {
    { "state-mlp.pt", "The file doesn’t say how its layers are connected" },
    { "../keras/own.weights.h5", "The file has weights alone: it doesn’t say which layers they "
                                 "belong to" },
    { "../keras/layers.keras", "The layer “" },
    { "../pytorch/module.pt", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EspCheckpoint) checkpoint = open_fixture (cases[i].file);
      g_autoptr (GError) error = NULL;
      EspArchitecture *architecture = esp_architecture_read (checkpoint, &error);

      g_assert_null (architecture);
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
    }
}

int
main (int argc, char *argv[])
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *file;

  g_test_init (&argc, &argv, NULL);
  folder = find_fixture ("");
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = NULL;

      if (g_str_has_suffix (file, ".npz"))
        continue;
      path = g_strconcat ("/architecture/outputs/", file, NULL);
      g_test_add_data_func_full (path, g_strdup (file), test_outputs, g_free);
    }
  g_test_add_func ("/architecture/lines", test_lines);
  g_test_add_func ("/architecture/choices", test_choices);
  g_test_add_func ("/architecture/data", test_data);
  g_test_add_func ("/architecture/softmax", test_softmax);
  g_test_add_func ("/architecture/unknown", test_unknown);
  return g_test_run ();
}
