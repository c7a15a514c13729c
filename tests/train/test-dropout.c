/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dropout wherever it is: alone, between layers of a recurrent network, on the weights of
 * attention. Each network is built so that what it gives is the mask itself. That its gradients go
 * through the mask is for test-gradient.c and test-golden.c (layer-*-dropout). */

#include <math.h>
#include <string.h>

#include "esp-trainer.h"
#include "train-fixture.h"

#define ROWS 32 /* a batch */
#define STEPS 5

typedef struct
{
  const char *name;
  const char *modules; /* the first gives the mask times @scale; with %s for the share that goes */
  const char *shape;   /* of an example */
  guint count, n;      /* numbers of an example and of the mask */
  guint diagonal;      /* an example is the unit matrix of so many rows, or 0: ones */
  double scale;
} Case;

/* of ReLU: gives @bias + @in times what comes in */
#define LAYER(l, in, bias)                                                                         \
  "\"weight_ih_l" l "\": " in ", \"weight_hh_l" l "\": 0, \"bias_ih_l" l "\": " bias               \
  ", \"bias_hh_l" l "\": 0"

static const Case cases[] = {
  { "alone", "{\"class\": \"Dropout\", \"p\": %s}", "[20, 16]", 320, 320, 0, 1 },
  { "between-layers",
    "{\"class\": \"RNN\", \"hidden_size\": 16, \"num_layers\": 2, \"nonlinearity\": \"relu\", "
    "\"dropout\": %s, \"init\": {" LAYER ("0", "0", "1") ", " LAYER ("1", "\"eye_\"", "0") "}}",
    "[20, 3]", 60, 320, 0, 1 },
  /* queries and keys are 0, so that each of 16 moments has a sixteenth of the weight; the value of
   * moment i is the unit vector i */
  { "attention",
    "{\"class\": \"MultiheadAttention\", \"num_heads\": 1, \"dropout\": %s, \"init\": "
    "{\"in_proj_weight\": {\"class\": \"formula\", \"value\": \"i - j == 32\"}, "
    "\"in_proj_bias\": 0, \"out_proj.weight\": \"eye_\", \"out_proj.bias\": 0}}",
    "[16, 16]", 256, 256, 16, 1.0 / 16 },
};

static float *
make_example (const Case *self)
{
  float *values = g_new (float, self->count);
  for (guint i = 0; i < self->count; i++)
    values[i] = self->diagonal == 0 || i / self->diagonal == i % self->diagonal ? 1 : 0;
  return values;
}

static EspTrainer *
new_trainer (const Case *self, const char *share)
{
  g_autofree char *modules = g_strdup_printf (
      "{\"class\": \"Unflatten\", \"dim\": 1, \"unflattened_size\": %s}, ", self->shape);
  g_autofree char **parts = g_strsplit (self->modules, "%s", 2);
  g_autofree char *first = parts[0], *second = parts[1];
  g_autofree float *example = make_example (self);
  g_autoptr (GString) inputs = g_string_new (NULL), targets = g_string_new (NULL);
  for (guint row = 0; row < ROWS; row++)
    {
      for (guint i = 0; i < self->count; i++)
        g_string_append_printf (inputs, "%s%g",
                                i > 0     ? ","
                                : row > 0 ? "],["
                                          : "[[",
                                (double) example[i]);
      g_string_append (targets, row > 0 ? ",[0]" : "[[0]");
    }
  g_autofree char *spec = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [%s%s%s%s, {\"class\": \"Flatten\"}, {\"class\": \"Linear\", "
      "\"out_features\": 1}], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": "
      "\"SGD\", \"lr\": 0}, \"batch_size\": %d, \"data\": {\"name\": \"values\", \"inputs\": "
      "%s]], \"targets\": %s]}}",
      modules, first, share, second, ROWS, inputs->str, targets->str);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  return esp_trainer_new (network);
}

/* what module 1 gives now, (rows, n) */
static float *
take (const Case *self, EspTrainer *trainer, EspProbeKind probe, guint rows)
{
  esp_trainer_wait (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  const EspActivation *activation = esp_snapshot_find_activation (snapshot, probe, "1");
  gsize count;
  g_assert_nonnull (activation);
  float *values = train_read_tensor (activation->value, &count);
  g_assert_cmpuint (count, ==, (gsize) rows * self->n);
  return values;
}

/* each number is 0 or grown by what is lost, in the share that was asked for, everywhere */
static void
check_mask (const Case *self, const float *values, double share, const char *text)
{
  double kept = 0, draws = (double) self->n * ROWS, chance = share * (1 - share);
  g_autofree double *by_place = g_new0 (double, self->n);
  for (guint i = 0; i < self->n * ROWS; i++)
    {
      if (values[i] == 0)
        continue;
      g_assert_cmpfloat_with_epsilon ((double) values[i] * (1 - share), self->scale, 1e-6);
      by_place[i % self->n]++;
      kept++;
    }
  g_test_message ("%s, p %s: %g of %g stay", self->name, text, kept, draws);
  g_assert_cmpfloat (fabs (kept / draws - (1 - share)), <=, 5 * sqrt (chance / draws));
  for (guint i = 0; i < self->n; i++)
    g_assert_cmpfloat (fabs (by_place[i] / ROWS - (1 - share)), <=, 5.5 * sqrt (chance / ROWS));
}

/* no two examples, and no two steps, have the same mask; a step has the same again */
static void
test_masks (gconstpointer data)
{
  static const char *const shares[] = { "0.1", "0.5", "0.8" };
  const Case *self = data;
  for (gsize i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_autoptr (EspTrainer) trainer = new_trainer (self, shares[i]);
      g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
      gsize row = self->n * sizeof (float);
      esp_trainer_watch_batch (trainer, TRUE);
      for (guint step = 0; step < STEPS; step++)
        {
          esp_trainer_run (trainer, 1);
          float *values = take (self, trainer, ESP_PROBE_BATCH, ROWS);
          check_mask (self, values, g_ascii_strtod (shares[i], NULL), shares[i]);
          for (guint a = 0; a < ROWS; a++)
            for (guint b = 0; b < a; b++)
              g_assert_cmpint (memcmp (values + a * self->n, values + b * self->n, row), !=, 0);
          for (guint other = 0; other < step; other++)
            g_assert_cmpint (memcmp (values, seen->pdata[other], row), !=, 0);
          g_ptr_array_add (seen, values);
        }
      for (guint step = STEPS; step > 0; step--)
        {
          esp_trainer_seek (trainer, 0, step);
          g_autofree float *again = take (self, trainer, ESP_PROBE_BATCH, ROWS);
          g_assert_cmpmem (again, ROWS * row, seen->pdata[step - 1], ROWS * row);
        }
    }
}

/* in evaluation everything stays as it is, and in training when nothing shall go; all can go */
static void
test_bounds (gconstpointer data)
{
  const Case *self = data;
  g_autofree float *example = make_example (self);
  g_autoptr (GBytes) inputs = g_bytes_new (example, self->count * sizeof (float));
  static const char *const shares[] = { "0", "0.5", "1" };
  for (gsize i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_autoptr (EspTrainer) trainer = new_trainer (self, shares[i]);
      esp_trainer_set_probe (trainer, ESP_PROBE_EXAMPLE, inputs);
      esp_trainer_watch_batch (trainer, TRUE);
      esp_trainer_run (trainer, 1);
      esp_trainer_wait (trainer);
      g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
      gsize n, n_batch;
      g_autofree float *evaluated = train_read_tensor (
          esp_snapshot_find_activation (snapshot, ESP_PROBE_EXAMPLE, "1")->value, &n);
      g_autofree float *trained = train_read_tensor (
          esp_snapshot_find_activation (snapshot, ESP_PROBE_BATCH, "1")->value, &n_batch);
      g_assert_cmpuint (n, ==, self->n);
      for (guint j = 0; j < n; j++)
        g_assert_true ((double) evaluated[j] == self->scale);
      for (guint j = 0; i != 1 && j < n_batch; j++)
        g_assert_true ((double) trained[j] == (i == 0 ? self->scale : 0));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *masks = g_strconcat ("/train/dropout/masks/", cases[i].name, NULL);
      g_autofree char *bounds = g_strconcat ("/train/dropout/bounds/", cases[i].name, NULL);
      g_test_add_data_func (masks, &cases[i], test_masks);
      g_test_add_data_func (bounds, &cases[i], test_bounds);
    }
  return g_test_run ();
}
