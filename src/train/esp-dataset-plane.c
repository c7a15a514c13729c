/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points of the plane with labels or values. The Playground's formulas are those of its dataset.ts
 * (github.com/tensorflow/playground); the moons are scikit-learn's make_moons. */

#include "config.h"
#include "esp-dataset-plane.h"

static double
draw (EspRandom *random, double low, double high)
{
  return low + (high - low) * esp_random_uniform (random);
}

/* count, noise and what a point is; labels are two classes, else one value */
static gboolean
prepare (EspDataset *self,
         EspSpec *spec,
         guint64 count,
         double most_noise,
         gboolean labels,
         double *noise,
         GError **error)
{
  self->n = count;
  *noise = 0;
  if (!esp_spec_read_size (spec, "count", 2, ESP_SHAPE_MAX_COUNT, &self->n, error) ||
      !esp_spec_read_double (spec, "noise", 0, most_noise, noise, error))
    return FALSE;
  self->input = (EspShape) { 1, { 2 } };
  if (labels)
    self->n_classes = 2;
  else
    self->target = (EspShape) { 1, { 1 } };
  return esp_dataset_allocate (self, spec, error);
}

static void
put (EspDataset *self, guint64 i, double x, double y)
{
  self->inputs[2 * i] = (EspReal) x;
  self->inputs[2 * i + 1] = (EspReal) y;
}

/* a disc of radius 2.5 inside a ring from 3.5 to 5; noise moves the point that is judged */
gboolean
esp_dataset_make_circle (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise;
  if (!prepare (self, spec, 500, 1, TRUE, &noise, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      gboolean inner = i < self->n / 2;
      double radius = inner ? draw (random, 0, 2.5) : draw (random, 3.5, 5);
      double angle = draw (random, 0, 2 * G_PI);
      double x = radius * sin (angle), y = radius * cos (angle);
      double dx = draw (random, -5, 5) * noise, dy = draw (random, -5, 5) * noise;
      put (self, i, x, y);
      self->labels[i] = hypot (x + dx, y + dy) < 2.5;
    }
  return TRUE;
}

/* four squares that are 0.6 apart, label 1 where both coordinates have one sign */
gboolean
esp_dataset_make_xor (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise;
  if (!prepare (self, spec, 500, 1, TRUE, &noise, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      double x = draw (random, -5, 5), y = draw (random, -5, 5);
      x += x > 0 ? 0.3 : -0.3;
      y += y > 0 ? 0.3 : -0.3;
      double dx = draw (random, -5, 5) * noise, dy = draw (random, -5, 5) * noise;
      put (self, i, x, y);
      self->labels[i] = (x + dx) * (y + dy) >= 0;
    }
  return TRUE;
}

/* two clouds around (2, 2) and (-2, -2) with a variance from 0.5 to 4 as noise goes from 0 to 0.5
 */
gboolean
esp_dataset_make_gauss (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise;
  if (!prepare (self, spec, 500, 1, TRUE, &noise, error))
    return FALSE;
  double deviation = sqrt (0.5 + 7 * noise);
  for (guint64 i = 0; i < self->n; i++)
    {
      gboolean first = i < self->n / 2;
      double center = first ? 2 : -2;
      double x = center + deviation * esp_random_normal (random);
      put (self, i, x, center + deviation * esp_random_normal (random));
      self->labels[i] = first;
    }
  return TRUE;
}

/* (x + y) / 10 over a square */
gboolean
esp_dataset_make_plane (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise;
  if (!prepare (self, spec, 1200, 1, FALSE, &noise, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      double x = draw (random, -6, 6), y = draw (random, -6, 6);
      double dx = draw (random, -6, 6) * noise, dy = draw (random, -6, 6) * noise;
      put (self, i, x, y);
      self->targets[i] = (EspReal) ((x + dx + y + dy) / 10);
    }
  return TRUE;
}

/* six cones of radius 2 and height 1 or -1; the steepest counts */
gboolean
esp_dataset_make_multi_gauss (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  static const double cones[][3] = { { -4, 2.5, 1 },   { 0, 2.5, -1 }, { 4, 2.5, 1 },
                                     { -4, -2.5, -1 }, { 0, -2.5, 1 }, { 4, -2.5, -1 } };
  double noise;
  if (!prepare (self, spec, 1200, 1, FALSE, &noise, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      double x = draw (random, -6, 6), y = draw (random, -6, 6), value = 0;
      double dx = draw (random, -6, 6) * noise, dy = draw (random, -6, 6) * noise;
      for (gsize c = 0; c < G_N_ELEMENTS (cones); c++)
        {
          double distance = hypot (x + dx - cones[c][0], y + dy - cones[c][1]);
          double height = cones[c][2] * CLAMP (1 - distance / 2, 0, 1);
          if (fabs (height) > fabs (value))
            value = height;
        }
      put (self, i, x, y);
      self->targets[i] = (EspReal) value;
    }
  return TRUE;
}

/* two half circles, one hanging into the other; noise is the deviation of a normal distribution */
gboolean
esp_dataset_make_moons (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise;
  if (!prepare (self, spec, 200, 10, TRUE, &noise, error))
    return FALSE;
  guint64 half = self->n / 2;
  for (guint64 i = 0; i < self->n; i++)
    {
      gboolean inner = i >= half;
      guint64 of = inner ? self->n - half : half;
      double share = of > 1 ? (double) (inner ? i - half : i) / (double) (of - 1) : 0;
      double x = cos (G_PI * share), y = sin (G_PI * share);
      double dx = noise * esp_random_normal (random), dy = noise * esp_random_normal (random);
      put (self, i, (inner ? 1 - x : x) + dx, (inner ? 0.5 - y : y) + dy);
      self->labels[i] = inner;
    }
  return TRUE;
}
