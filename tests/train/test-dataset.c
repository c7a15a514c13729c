/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets: sizes, ranges, geometry, and that seed and noise do what they say. */

#include "esp-dataset.h"

#include <math.h>
#include <string.h>

static EspDataset *
make (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  EspDataset *data = esp_dataset_new (json_node_get_object (json_parser_get_root (parser)), 9,
                                      &error);
  g_assert_no_error (error);
  return data;
}

static void
test_random (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"random\", \"inputs\": [2, 3], \"targets\": [2], \"count\": 1000}");
  g_assert_cmpuint (data->n, ==, 1000);
  g_assert_cmpuint (data->input.ndim, ==, 2);
  g_assert_cmpint (data->n_classes, ==, 0);
  double sum = 0;
  for (guint i = 0; i < 6000; i++)
    {
      g_assert_true (data->inputs[i] >= 0 && data->inputs[i] < 1);
      sum += (double) data->inputs[i];
    }
  for (guint i = 0; i < 2000; i++)
    g_assert_true (data->targets[i] >= 0 && data->targets[i] < 1);
  g_assert_cmpfloat_with_epsilon (sum / 6000, 0.5, 0.02);
}

static void
test_classes (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"random\", \"inputs\": [2], \"classes\": 3, \"count\": 900}");
  guint counts[3] = { 0 };
  for (guint i = 0; i < 900; i++)
    {
      g_assert_true (data->labels[i] >= 0 && data->labels[i] < 3);
      counts[data->labels[i]]++;
    }
  for (guint i = 0; i < 3; i++)
    g_assert_true (counts[i] > 220 && counts[i] < 380);
}

static void
test_seed (void)
{
  g_autoptr (EspDataset)
      a = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 1}");
  g_autoptr (EspDataset)
      b = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 1}");
  g_autoptr (EspDataset)
      c = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 2}");
  gsize bytes = 64 * 4 * sizeof (EspReal);
  g_assert_cmpmem (a->inputs, bytes, b->inputs, bytes);
  g_assert_cmpint (memcmp (a->inputs, c->inputs, bytes), !=, 0);
}

/* without noise each point lies on the Playground's curve */
static void
test_spirals (void)
{
  g_autoptr (EspDataset) data = make ("{\"name\": \"spirals\", \"count\": 301}");
  g_assert_cmpuint (data->n, ==, 301);
  g_assert_cmpint (data->n_classes, ==, 2);
  for (guint i = 0; i < 301; i++)
    {
      gint32 label = data->labels[i];
      double place = label == 0 ? i / 150.0 : (i - 150) / 151.0;
      double x = (double) data->inputs[2 * i], y = (double) data->inputs[2 * i + 1];
      g_assert_cmpint (label, ==, i >= 150);
      g_assert_cmpfloat_with_epsilon (hypot (x, y), 5 * place, 1e-5);
      /* a turn and three quarters, clockwise from above; the other spiral half a turn on */
      double angle = 3.5 * G_PI * place + label * G_PI;
      g_assert_cmpfloat_with_epsilon (x, 5 * place * sin (angle), 1e-5);
      g_assert_cmpfloat_with_epsilon (y, 5 * place * cos (angle), 1e-5);
    }
}

static void
test_noise (void)
{
  g_autoptr (EspDataset) plain = make ("{\"name\": \"spirals\", \"count\": 400}");
  g_autoptr (EspDataset) noisy = make ("{\"name\": \"spirals\", \"count\": 400, \"noise\": 0.5}");
  double largest = 0, sum = 0;
  for (guint i = 0; i < 800; i++)
    {
      double off = (double) noisy->inputs[i] - (double) plain->inputs[i];
      largest = fmax (largest, fabs (off));
      sum += off;
    }
  g_assert_cmpfloat (largest, <=, 0.5 + 1e-6);
  g_assert_cmpfloat (largest, >, 0.48);
  g_assert_cmpfloat (fabs (sum / 800), <, 0.06);
}

static void
test_values (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"values\", \"inputs\": [[[1, 2]], [[3, 4]]], \"labels\": [1, 0]}");
  static const EspReal wanted[] = { 1, 2, 3, 4 };
  g_assert_cmpuint (data->n, ==, 2);
  g_assert_cmpuint (data->input.ndim, ==, 2);
  g_assert_cmpmem (data->inputs, sizeof wanted, wanted, sizeof wanted);
  g_assert_cmpint (data->labels[0], ==, 1);
  g_assert_cmpint (data->labels[1], ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/dataset/random", test_random);
  g_test_add_func ("/train/dataset/classes", test_classes);
  g_test_add_func ("/train/dataset/seed", test_seed);
  g_test_add_func ("/train/dataset/spirals", test_spirals);
  g_test_add_func ("/train/dataset/noise", test_noise);
  g_test_add_func ("/train/dataset/values", test_values);
  return g_test_run ();
}
