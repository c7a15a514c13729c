/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of PyTorch (tests/fixtures/make-train.py): loss, gradients and parameters over 10
 * steps. Built twice: as shipped, and with ESP_REAL_DOUBLE against PyTorch's float64, where an
 * error of method can't hide in rounding. */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "esp-plan-private.h"

#ifdef ESP_REAL_DOUBLE
#define TOLERANCE 1e-12
#define LAYER_TOLERANCE 1e-10 /* longer sums */
#else
#define TOLERANCE 1e-6 /* of the tensor's largest magnitude, unless the file has another */
#endif

typedef struct
{
  JsonParser *parser;
  JsonObject *document;
  EspNetwork *network;
  EspPlan *plan;
  GBytes *blob;
  gsize position;
  double worst;
  double tolerance;
} Golden;

static void
golden_load (Golden *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json_name = g_strconcat (name, ".json", NULL);
  g_autofree char *blob_name = g_strconcat (name, ".bin", NULL);
  g_autofree char *json = g_test_build_filename (G_TEST_DIST, "fixtures", "train", json_name, NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "train", blob_name, NULL);
  char *data = NULL;
  gsize length = 0;
  self->parser = json_parser_new ();
  json_parser_load_from_file (self->parser, json, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  self->blob = g_bytes_new_take (data, length);
  self->document = json_node_get_object (json_parser_get_root (self->parser));
  g_autofree char *spec = json_to_string (json_object_get_member (self->document, "spec"), FALSE);
  self->network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  self->plan = esp_plan_new (self->network);
  self->tolerance = TOLERANCE;
  if (json_object_has_member (self->document, "tolerance"))
#ifdef ESP_REAL_DOUBLE
    self->tolerance = LAYER_TOLERANCE;
#else
    self->tolerance = json_object_get_double_member (self->document, "tolerance");
#endif
}

static void
golden_clear (Golden *self)
{
  g_assert_cmpuint (self->position, ==, g_bytes_get_size (self->blob));
  esp_plan_free (self->plan);
  g_object_unref (self->network);
  g_bytes_unref (self->blob);
  g_object_unref (self->parser);
}

static double
read_number (Golden *self, gboolean wide)
{
  const guint8 *bytes = g_bytes_get_data (self->blob, NULL);
  gsize size = wide ? sizeof (double) : sizeof (float);
  double value = 0;
  float narrow = 0;
  g_assert_cmpuint (self->position + size, <=, g_bytes_get_size (self->blob));
  memcpy (wide ? (void *) &value : (void *) &narrow, bytes + self->position, size);
  self->position += size;
  return wide ? value : (double) narrow;
}

/* @values NULL stands for zeros; with @compare FALSE it only reads on */
static void
compare_tensor (Golden *self,
                gboolean wide,
                gboolean compare,
                const EspReal *values,
                guint64 count,
                const char *what,
                const char *path,
                guint64 step)
{
  double largest = 0, worst = 0;
  for (guint64 i = 0; i < count; i++)
    {
      double wanted = read_number (self, wide);
      double found = values != NULL ? (double) values[i] : 0;
      largest = fmax (largest, fabs (wanted));
      worst = fmax (worst, fabs (wanted - found));
      g_assert_true (isfinite (found));
    }
  if (!compare)
    return;
  self->worst = fmax (self->worst, largest > 0 ? worst / largest : worst);
  if (worst > self->tolerance * largest)
    {
      g_test_message ("%s of %s after step %u: off by %g of %g", what, path, (guint) step, worst,
                      largest);
      g_test_fail ();
    }
}

static void
compare_step (Golden *self, gboolean wide, gboolean compare, guint64 step)
{
  double wanted = read_number (self, TRUE);
  if (compare)
    g_assert_cmpfloat_with_epsilon (esp_plan_get_loss (self->plan), wanted,
                                    self->tolerance * fmax (1, fabs (wanted)));
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      const EspReal *values = esp_plan_get_parameter (self->plan, i);
      EspReal counter = 0;
      if (parameter->info.kind == ESP_PARAMETER_COUNTER)
        {
          gint64 count;
          memcpy (&count, values, sizeof count);
          counter = (EspReal) count;
          values = &counter;
        }
      if (!esp_parameter_kind_is_buffer (parameter->info.kind))
        compare_tensor (self, wide, compare, esp_plan_get_grad (self->plan, i), parameter->count,
                        "gradient", parameter->path, step);
      compare_tensor (self, wide, compare, values, parameter->count, "value", parameter->path,
                      step);
    }
}

/* what all examples give in evaluation */
static void
compare_evaluation (Golden *self, gboolean wide, gboolean compare, guint64 step)
{
  if (!json_object_has_member (self->document, "evaluation"))
    return;
  EspDataset *data = self->network->data;
  guint last = self->network->output - self->network->inputs->len;
  guint64 count = data->n * esp_shape_get_count (&esp_network_peek_call (self->network, last)->out);
  g_autofree EspReal *outputs = g_new (EspReal, count);
  g_autofree EspReal **wanted = g_new0 (EspReal *, self->network->calls->len);
  wanted[last] = outputs;
  esp_plan_probe (self->plan, data->inputs, data->n, wanted);
  compare_tensor (self, wide, compare, outputs, count, "output", "the network", step);
}

/* what a call finds in its memory must not matter */
static void
spoil_memory (Golden *self)
{
  for (guint i = 0; i < self->network->calls->len; i++)
    {
      EspNetCall *source = esp_network_peek_call (self->network, i);
      EspLayerCall *call = &self->plan->batch.calls[i];
      EspLayerNeeds needs;
      gsize rows = self->network->batch_size;
      esp_layer_measure (source->module->layer, source->in, source->n_in, &source->out, &needs);
      for (gsize j = 0; j < needs.kept + rows * needs.kept_per_example; j++)
        call->kept[j] = NAN;
      for (gsize j = 0; j < needs.scratch + rows * needs.scratch_per_example; j++)
        call->scratch[j] = NAN;
    }
}

/* what is done to a parameter once @step steps are done */
static void
apply_events (Golden *self, guint64 step)
{
  JsonArray *events = json_object_has_member (self->document, "events")
                          ? json_object_get_array_member (self->document, "events")
                          : NULL;
  for (guint i = 0; events != NULL && i < json_array_get_length (events); i++)
    {
      JsonArray *event = json_array_get_array_element (events, i);
      const char *kind = json_array_get_string_element (event, 1);
      gpointer found = g_hash_table_lookup (self->network->paths,
                                            json_array_get_string_element (event, 2));
      guint parameter = GPOINTER_TO_UINT (found) - 1;
      g_assert_nonnull (found);
      if ((guint64) json_array_get_int_element (event, 0) != step)
        continue;
      if (strcmp (kind, "freeze") == 0)
        esp_plan_set_frozen (self->plan, parameter, json_array_get_int_element (event, 3) != 0);
      else if (strcmp (kind, "rate") == 0)
        esp_plan_set_own_rate (self->plan, parameter, json_array_get_double_element (event, 3));
      else
        esp_plan_set_own_decay (self->plan, parameter, json_array_get_double_element (event, 3));
    }
}

/* the float32 steps come first, then some of float64 */
static void
run_steps (Golden *self, gboolean wide)
{
#ifdef ESP_REAL_DOUBLE
  gboolean compare = wide;
#else
  gboolean compare = !wide;
#endif
  const char *kept = wide ? "float64_steps" : "float32_steps";
  JsonArray *some = json_object_has_member (self->document, kept)
                        ? json_object_get_array_member (self->document, kept)
                        : NULL; /* all */
  guint64 steps = (guint64) json_object_get_int_member (self->document, "steps");
  guint next = 0;
  esp_plan_reset (self->plan);
  for (guint64 step = 1; step <= steps; step++)
    {
      apply_events (self, step - 1);
      spoil_memory (self);
      esp_plan_step (self->plan, FALSE);
      if (some != NULL)
        {
          if (next >= json_array_get_length (some) ||
              (guint64) json_array_get_int_element (some, next) != step)
            continue;
          next++;
        }
      compare_step (self, wide, compare, step);
    }
  compare_evaluation (self, wide, compare, steps);
}

static void
check_names (Golden *self)
{
  JsonArray *names = json_object_get_array_member (self->document, "parameters");
  g_assert_cmpuint (json_array_get_length (names), ==, self->network->parameters->len);
  for (guint i = 0; i < self->network->parameters->len; i++)
    g_assert_cmpstr (json_array_get_string_element (names, i), ==,
                     esp_network_peek_parameter (self->network, i)->path);
}

typedef struct
{
  char *name;
  const EspKernels *kernels;
} Case;

static void
case_free (gpointer data)
{
  Case *self = data;
  g_free (self->name);
  g_free (self);
}

static void
test_golden (gconstpointer data)
{
  const Case *self = data;
  Golden golden = { 0 };
  esp_kernels_use (self->kernels);
  golden_load (&golden, self->name);
  check_names (&golden);
  run_steps (&golden, FALSE);
  run_steps (&golden, TRUE);
  g_test_message ("%s: off by at most %.2g of the largest", self->name, golden.worst);
  golden_clear (&golden);
}

/* every specification in fixtures/train, with every set of kernels */
static void
add_tests (const char *name)
{
  const EspKernels *kernels;
  for (guint set = 0; (kernels = esp_kernels_list (set)) != NULL; set++)
    {
      g_autofree char *path = g_strdup_printf ("/train/golden/%s/%s", kernels->name, name);
      Case *own = g_new (Case, 1);
      *own = (Case) { g_strdup (name), kernels };
      g_test_add_data_func_full (path, own, test_golden, case_free);
    }
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_test_init (&argc, &argv, NULL);
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "fixtures", "train", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  const char *file;
  guint n = 0;
  while ((file = g_dir_read_name (dir)) != NULL)
    {
      if (!g_str_has_suffix (file, ".json"))
        continue;
      g_autofree char *name = g_strndup (file, strlen (file) - strlen (".json"));
      add_tests (name);
      n++;
    }
  g_assert_cmpuint (n, >=, 30);
  return g_test_run ();
}
