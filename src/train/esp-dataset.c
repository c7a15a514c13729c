/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of data sets, and the simplest of them. Sets are small (hundreds of examples); a
 * hostile specification may ask for more, so sizes are checked before anything is allocated. */

#include "config.h"
#include "esp-dataset.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-dataset-file.h"
#include "esp-dataset-plane.h"
#include "esp-dataset-shipped.h"
#include "esp-dataset-simple.h"
#include "esp-dataset-spirals.h"
#include "esp-dataset-text.h"
#include "esp-dataset-values.h"

typedef struct
{
  const char *name;
  gboolean (*make) (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error);
} EspDatasetKind;

/* "random": numbers in [0, 1) with no relation between inputs and targets: what a chapter on
 * parameters feeds its network, as torch.rand does */
static gboolean
make_random (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  guint64 classes = 0;
  self->n = 64;
  if (!esp_spec_read_shape (spec, "inputs", &self->input, error) ||
      !esp_spec_read_size (spec, "count", 1, ESP_SHAPE_MAX_COUNT, &self->n, error))
    return FALSE;
  if (esp_spec_has (spec, "classes"))
    {
      if (!esp_spec_read_size (spec, "classes", 2, 1000000, &classes, error))
        return FALSE;
      self->n_classes = (gint32) classes;
    }
  else if (!esp_spec_read_shape (spec, "targets", &self->target, error))
    return FALSE;
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  for (guint64 i = 0; i < self->n * esp_shape_get_count (&self->input); i++)
    self->inputs[i] = (EspReal) esp_random_uniform (random);
  for (guint64 i = 0; i < self->n; i++)
    if (classes > 0)
      self->labels[i] = (gint32) esp_random_below (random, classes);
  for (guint64 i = 0; classes == 0 && i < self->n * esp_shape_get_count (&self->target); i++)
    self->targets[i] = (EspReal) esp_random_uniform (random);
  return TRUE;
}

static const EspDatasetKind kinds[] = {
  { "circle", esp_dataset_make_circle },
  { "digits", esp_dataset_make_digits },
  { "file", esp_dataset_make_file },
  { "gauss", esp_dataset_make_gauss },
  { "iris", esp_dataset_make_iris },
  { "moons", esp_dataset_make_moons },
  { "multi-gauss", esp_dataset_make_multi_gauss },
  { "parity", esp_dataset_make_parity },
  { "plane", esp_dataset_make_plane },
  { "random", make_random },
  { "sine", esp_dataset_make_sine },
  { "spirals", esp_dataset_make_spirals },
  { "text", esp_dataset_make_text },
  { "values", esp_dataset_make_values },
  { "xor", esp_dataset_make_xor },
};

static const EspDatasetKind *
find_kind (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return &kinds[i];
  return NULL;
}

static char *
list_kinds (void)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", kinds[i].name);
  return g_string_free (text, FALSE);
}

gboolean
esp_dataset_allocate (EspDataset *self, EspSpec *spec, GError **error)
{
  if (!esp_shape_is_valid (&self->input) || !esp_shape_is_valid (&self->target))
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error, _ ("an example is too large"));
      return FALSE;
    }
  guint64 per_input = esp_shape_get_count (&self->input);
  guint64 per_target = self->n_classes > 0 ? 1 : esp_shape_get_count (&self->target);
  /* each factor is at most 2^26, so nothing overflows */
  if (self->n * (per_input + per_target) > ESP_SHAPE_MAX_COUNT)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("%llu examples of %llu numbers each are more than %llu numbers"),
                          (unsigned long long) self->n,
                          (unsigned long long) (per_input + per_target),
                          (unsigned long long) ESP_SHAPE_MAX_COUNT);
      return FALSE;
    }
  self->inputs = g_new0 (EspReal, self->n * per_input);
  if (self->n_classes > 0)
    self->labels = g_new0 (gint32, self->n);
  else
    self->targets = g_new0 (EspReal, self->n * per_target);
  return TRUE;
}

/* two classes as the values -1 and 1, which Playground's networks are trained towards */
static gboolean
make_signs (EspDataset *self, EspSpec *spec, GError **error)
{
  gboolean signs = FALSE;
  if (!esp_spec_read_bool (spec, "signs", &signs, error))
    return FALSE;
  if (!signs)
    return TRUE;
  if (self->n_classes != 2)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("“signs” wants two classes, but “%s” has %d"), self->name,
                          self->n_classes);
      return FALSE;
    }
  self->targets = g_new (EspReal, self->n);
  for (guint64 i = 0; i < self->n; i++)
    self->targets[i] = self->labels[i] != 0 ? 1 : -1;
  self->target = (EspShape) { 1, { 1 } };
  self->n_classes = 0;
  g_clear_pointer (&self->labels, g_free);
  g_clear_pointer (&self->classes, g_strfreev);
  return TRUE;
}

/* the inputs themselves are what is wanted */
static gboolean
make_autoencode (EspDataset *self, EspSpec *spec, GError **error)
{
  gboolean autoencode = FALSE;
  if (!esp_spec_read_bool (spec, "autoencode", &autoencode, error))
    return FALSE;
  if (!autoencode)
    return TRUE;
  g_clear_pointer (&self->labels, g_free);
  g_clear_pointer (&self->targets, g_free);
  g_clear_pointer (&self->classes, g_strfreev);
  self->n_classes = 0;
  self->target = self->input;
  self->targets = g_memdup2 (self->inputs,
                             self->n * esp_shape_get_count (&self->input) * sizeof (EspReal));
  return TRUE;
}

static void
swap_bytes (void *a, void *b, gsize size)
{
  guint8 *x = a, *y = b;
  for (gsize i = 0; i < size; i++)
    {
      guint8 kept = x[i];
      x[i] = y[i];
      y[i] = kept;
    }
}

static void
swap_examples (EspDataset *self, guint64 a, guint64 b)
{
  gsize in = esp_shape_get_count (&self->input) * sizeof (EspReal);
  gsize out = self->targets != NULL ? esp_shape_get_count (&self->target) * sizeof (EspReal) : 0;
  if (a == b)
    return;
  swap_bytes ((guint8 *) self->inputs + a * in, (guint8 *) self->inputs + b * in, in);
  if (self->targets != NULL)
    swap_bytes ((guint8 *) self->targets + a * out, (guint8 *) self->targets + b * out, out);
  else
    swap_bytes (&self->labels[a], &self->labels[b], sizeof (gint32));
}

/* a share of the examples, drawn by chance, goes to the end and is only tested with */
static gboolean
split_off (EspDataset *self, EspSpec *spec, guint64 seed, GError **error)
{
  double share = 0;
  EspRandom random;
  if (!esp_spec_read_double (spec, "test", 0, 0.99, &share, error))
    return FALSE;
  self->n_test = MIN ((guint64) llround (share * (double) self->n), self->n - 1);
  esp_random_init (&random, seed, ESP_STREAM_DATA, 1);
  for (guint64 i = 0; i < self->n_test; i++)
    swap_examples (self, self->n - 1 - i, esp_random_below (&random, self->n - i));
  self->n -= self->n_test;
  return TRUE;
}

/* offset and scale of one number of the input, as the examples to train with have it */
static void
measure_feature (EspDataset *self, gsize feature, gboolean standard)
{
  gsize count = esp_shape_get_count (&self->input);
  double sum = 0, squares = 0, low = INFINITY, high = -INFINITY, n = (double) self->n;
  for (guint64 i = 0; i < self->n; i++)
    {
      double value = (double) self->inputs[i * count + feature];
      sum += value;
      low = fmin (low, value);
      high = fmax (high, value);
    }
  for (guint64 i = 0; i < self->n; i++)
    {
      double difference = (double) self->inputs[i * count + feature] - sum / n;
      squares += difference * difference;
    }
  double scale = standard ? sqrt (squares / n) : high - low;
  self->offsets[feature] = standard ? sum / n : low;
  self->scales[feature] = scale > 0 ? scale : 1;
}

static gboolean
normalize (EspDataset *self, EspSpec *spec, GError **error)
{
  g_autofree char *how = esp_spec_read_string (spec, "normalize", "none", error);
  if (how == NULL)
    return FALSE;
  gboolean standard = strcmp (how, "standard") == 0;
  if (strcmp (how, "none") == 0)
    return TRUE;
  if (!standard && strcmp (how, "minmax") != 0)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("“normalize” must be “none”, “standard” or “minmax”, but it is “%s”"),
                          how);
      return FALSE;
    }
  gsize count = esp_shape_get_count (&self->input);
  self->offsets = g_new (double, count);
  self->scales = g_new (double, count);
  for (gsize f = 0; f < count; f++)
    {
      measure_feature (self, f, standard);
      for (guint64 i = 0; i < self->n + self->n_test; i++)
        {
          EspReal *value = &self->inputs[i * count + f];
          *value = (EspReal) (((double) *value - self->offsets[f]) / self->scales[f]);
        }
    }
  return TRUE;
}

EspDataset *
esp_dataset_new (JsonObject *object,
                 guint64 fallback_seed,
                 const EspDatasetAccess *access,
                 GError **error)
{
  static const EspDatasetAccess none = { 0 };
  g_autoptr (EspSpec) spec = esp_spec_new (object, "data");
  g_autoptr (EspDataset) self = g_new0 (EspDataset, 1);
  GError *inner = NULL;
  g_atomic_ref_count_init (&self->ref_count);
  self->access = access != NULL ? access : &none;
  self->name = esp_spec_read_string (spec, "name", NULL, error);
  if (self->name == NULL)
    return NULL;
  const EspDatasetKind *kind = find_kind (self->name);
  if (kind == NULL)
    {
      g_autofree char *known = list_kinds ();
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("there is no data set “%s”; there are %s"), self->name, known);
      return NULL;
    }
  guint64 seed = fallback_seed;
  EspRandom random;
  if (esp_spec_read_size (spec, "seed", 0, G_MAXINT64, &seed, &inner))
    {
      esp_random_init (&random, seed, ESP_STREAM_DATA, 0);
      if (kind->make (self, spec, &random, &inner) && make_signs (self, spec, &inner) &&
          make_autoencode (self, spec, &inner) && split_off (self, spec, seed, &inner) &&
          normalize (self, spec, &inner) && esp_spec_finish (spec, &inner))
        {
          self->access = NULL;
          self->settings = json_object_ref (esp_spec_get_complete (spec));
          return g_steal_pointer (&self);
        }
    }
  g_propagate_error (error, inner);
  return NULL;
}

EspDataset *
esp_dataset_ref (EspDataset *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

gboolean
esp_dataset_is_made_of (EspDataset *self, JsonObject *object)
{
  g_return_val_if_fail (self != NULL && object != NULL, FALSE);
  g_autofree char *own = esp_spec_to_text (self->settings);
  g_autofree char *other = esp_spec_to_text (object);
  return strcmp (own, other) == 0;
}

void
esp_dataset_unref (EspDataset *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->name);
  g_free (self->inputs);
  g_free (self->targets);
  g_free (self->labels);
  g_strfreev (self->classes);
  g_free (self->offsets);
  g_free (self->scales);
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}
