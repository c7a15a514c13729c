/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of data sets, and the simplest of them. Sets are small (hundreds of examples); a
 * hostile specification may ask for more, so sizes are checked before anything is allocated. */

#include "config.h"
#include "esp-dataset.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-dataset-spirals.h"
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
  { "random", make_random },
  { "spirals", esp_dataset_make_spirals },
  { "values", esp_dataset_make_values },
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

EspDataset *
esp_dataset_new (JsonObject *object, guint64 fallback_seed, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "data");
  g_autoptr (EspDataset) self = g_new0 (EspDataset, 1);
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
  if (!esp_spec_read_size (spec, "seed", 0, G_MAXINT64, &seed, error))
    return NULL;
  EspRandom random;
  esp_random_init (&random, seed, ESP_STREAM_DATA, 0);
  if (!kind->make (self, spec, &random, error) || !esp_spec_finish (spec, error))
    return NULL;
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  return g_steal_pointer (&self);
}

void
esp_dataset_free (EspDataset *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->inputs);
  g_free (self->targets);
  g_free (self->labels);
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}
