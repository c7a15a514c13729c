/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real data that ships with the program: a byte for each number, examples first, then the labels.
 * data/datasets/make-datasets.py writes the files. */

#include "config.h"
#include "esp-dataset-shipped.h"

#include <string.h>
#include <gio/gio.h>
#include <glib/gi18n.h>

#include "esp-datasets.h"

/* @scale: what a byte is divided by */
static gboolean
read_shipped (EspDataset *self, EspSpec *spec, const char *name, double scale, GError **error)
{
  g_autofree char *path = g_strconcat ("/org/espalier/datasets/", name, NULL);
  g_autoptr (GBytes) bytes = g_resource_lookup_data (esp_datasets_get_resource (), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  gsize size, per_example = (gsize) esp_shape_get_count (&self->input);
  if (bytes == NULL || !esp_dataset_allocate (self, spec, error))
    return FALSE;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  if (size != self->n * (per_example + 1))
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error, _ ("“%s” has %zu bytes, not %zu"),
                          name, size, (gsize) self->n * (per_example + 1));
      return FALSE;
    }
  for (gsize i = 0; i < self->n * per_example; i++)
    self->inputs[i] = (EspReal) (data[i] / scale);
  for (gsize i = 0; i < self->n; i++)
    self->labels[i] = data[self->n * per_example + i];
  return TRUE;
}

/* examples become pairs with another one of the same label, or of another: every second one each;
 * the label is whether it is the same */
static void
make_pairs (EspDataset *self, EspRandom *random)
{
  gsize count = (gsize) esp_shape_get_count (&self->input);
  g_autofree EspReal *single = g_steal_pointer (&self->inputs);
  g_autofree gint32 *labels = g_steal_pointer (&self->labels);
  self->inputs = g_new (EspReal, 2 * count * self->n);
  self->labels = g_new (gint32, self->n);
  for (guint64 i = 0; i < self->n; i++)
    {
      gboolean same = i % 2 == 0;
      guint64 other;
      do
        other = esp_random_below (random, self->n);
      while (other == i || (labels[other] == labels[i]) != same);
      memcpy (self->inputs + 2 * count * i, single + count * i, count * sizeof (EspReal));
      memcpy (self->inputs + 2 * count * i + count, single + count * other,
              count * sizeof (EspReal));
      self->labels[i] = same;
    }
  self->n_classes = 2;
  self->input = (EspShape) { 1, { (gint64) (2 * count) } };
}

/* images of 8 x 8 pixels, grey from 0 to 16, as (64) or, with "images", as (1, 8, 8) in [0, 1];
 * with "pairs" two of them one behind the other */
gboolean
esp_dataset_make_digits (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  gboolean images = FALSE, pairs = FALSE;
  if (!esp_spec_read_bool (spec, "images", &images, error) ||
      !esp_spec_read_bool (spec, "pairs", &pairs, error))
    return FALSE;
  self->n = 1797;
  self->n_classes = 10;
  self->input = images ? (EspShape) { 3, { 1, 8, 8 } } : (EspShape) { 1, { 64 } };
  if (!read_shipped (self, spec, "digits.bin", 16, error))
    return FALSE;
  if (pairs)
    make_pairs (self, random);
  return TRUE;
}

/* lengths and widths of sepals and petals in cm */
gboolean
esp_dataset_make_iris (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  self->n = 150;
  self->n_classes = 3;
  self->input = (EspShape) { 1, { 4 } };
  return read_shipped (self, spec, "iris.bin", 10, error);
}
