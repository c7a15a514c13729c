/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two spirals, as TensorFlow Playground makes them: point i of n on a spiral lies at radius 5 i / n
 * and angle 1.75 i / n turns, the second half a turn further; noise is added to each coordinate,
 * uniform in [-noise, noise]. Spiral 0 has label 0. */

#include "config.h"
#include "esp-dataset-spirals.h"

static void
make_spiral (EspDataset *self,
             guint64 first,
             guint64 n,
             gint32 label,
             double noise,
             EspRandom *random)
{
  for (guint64 i = 0; i < n; i++)
    {
      double share = (double) i / (double) n;
      double radius = 5 * share;
      double angle = 1.75 * share * 2 * G_PI + label * G_PI;
      EspReal *point = self->inputs + 2 * (first + i);
      point[0] = (EspReal) (radius * sin (angle) + noise * (2 * esp_random_uniform (random) - 1));
      point[1] = (EspReal) (radius * cos (angle) + noise * (2 * esp_random_uniform (random) - 1));
      self->labels[first + i] = label;
    }
}

gboolean
esp_dataset_make_spirals (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise = 0;
  self->n = 200;
  if (!esp_spec_read_size (spec, "count", 2, ESP_SHAPE_MAX_COUNT, &self->n, error) ||
      !esp_spec_read_double (spec, "noise", 0, 10, &noise, error))
    return FALSE;
  self->input = (EspShape) { 1, { 2 } };
  self->n_classes = 2;
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  guint64 half = self->n / 2;
  make_spiral (self, 0, half, 0, noise, random);
  make_spiral (self, half, self->n - half, 1, noise, random);
  return TRUE;
}
