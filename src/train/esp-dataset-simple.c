/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The smallest sets that a lesson needs. */

#include "config.h"
#include "esp-dataset-simple.h"

#define MAX_BITS 16

/* all patterns of some bits and whether the number of ones is odd: XOR with two of them */
gboolean
esp_dataset_make_parity (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  guint64 bits = 2;
  if (!esp_spec_read_size (spec, "bits", 1, MAX_BITS, &bits, error))
    return FALSE;
  self->n = G_GUINT64_CONSTANT (1) << bits;
  self->n_classes = 2;
  self->input = (EspShape) { 1, { (gint64) bits } };
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    for (guint64 bit = 0; bit < bits; bit++)
      {
        gint32 one = (gint32) (i >> (bits - 1 - bit)) & 1;
        self->inputs[i * bits + bit] = (EspReal) one;
        self->labels[i] ^= one;
      }
  return TRUE;
}

/* sin x over [-pi, pi], evenly spaced; noise is the deviation of a normal distribution */
gboolean
esp_dataset_make_sine (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  double noise = 0;
  self->n = 200;
  if (!esp_spec_read_size (spec, "count", 2, ESP_SHAPE_MAX_COUNT, &self->n, error) ||
      !esp_spec_read_double (spec, "noise", 0, 10, &noise, error))
    return FALSE;
  self->input = self->target = (EspShape) { 1, { 1 } };
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      double x = G_PI * (2 * (double) i / (double) (self->n - 1) - 1);
      self->inputs[i] = (EspReal) x;
      self->targets[i] = (EspReal) (sin (x) + noise * esp_random_normal (random));
    }
  return TRUE;
}
