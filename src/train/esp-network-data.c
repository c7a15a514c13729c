/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What views want to know of a network's examples and of what its output means: shapes, labels,
 * targets, probabilities. All of it is immutable, so any thread may ask. */

#include "config.h"
#include "esp-network.h"

#include <math.h>

#include "esp-network-private.h"

const gint64 *
esp_network_get_input_shape (EspNetwork *self, guint *ndim)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && ndim != NULL, NULL);
  *ndim = self->data->input.ndim;
  return self->data->input.sizes;
}

int
esp_network_get_n_classes (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->data->n_classes;
}

const char *
esp_network_get_class_name (EspNetwork *self, int label)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  g_return_val_if_fail (label >= 0 && label < self->data->n_classes, NULL);
  return self->data->classes != NULL ? self->data->classes[label] : NULL;
}

gsize
esp_network_get_target_size (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), 0);
  return self->data->targets != NULL ? esp_shape_get_count (&self->data->target) : 0;
}

void
esp_network_read_target (EspNetwork *self, guint64 index, float *target)
{
  g_return_if_fail (ESP_IS_NETWORK (self) && index < self->data->n + self->data->n_test);
  gsize count = esp_network_get_target_size (self);
  for (gsize i = 0; i < count; i++)
    target[i] = (float) self->data->targets[index * count + i];
}

/* numbers in a row that may be the pixels of a square, as digits often come */
#define SMALLEST_SQUARE 36

gboolean
esp_network_get_image_shape (EspNetwork *self, gsize shape[3])
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && shape != NULL, FALSE);
  const EspShape *input = &self->data->input;
  gsize count = esp_shape_get_count (input), side = (gsize) (sqrt ((double) count) + 0.5);
  if (self->inputs->len != 1)
    return FALSE;
  if (input->ndim == 3)
    for (guint i = 0; i < 3; i++)
      shape[i] = (gsize) input->sizes[i];
  else if (input->ndim == 1 && count >= SMALLEST_SQUARE && side * side == count)
    {
      shape[0] = 1;
      shape[1] = shape[2] = side;
    }
  else
    return FALSE;
  return TRUE;
}

gboolean
esp_network_has_plane (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), FALSE);
  for (guint i = 0; i < self->calls->len; i++)
    if (g_str_equal (esp_network_peek_call (self, i)->module->layer->klass->name, "Embedding"))
      return FALSE;
  return self->inputs->len == 1 && esp_network_get_example_size (self) == 2;
}

const char *
esp_network_get_output_path (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  if (self->output < self->inputs->len)
    return NULL;
  return esp_network_peek_call (self, self->output - self->inputs->len)->path;
}

static int
find_largest (const float *values, gsize count)
{
  gsize best = 0;
  for (gsize i = 1; i < count; i++)
    if (values[i] > values[best])
      best = i;
  return (int) best;
}

int
esp_network_predict (EspNetwork *self, const float *output, gsize count, float *shares)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && output != NULL, -1);
  gint32 n = self->data->n_classes;
  gboolean bits = (self->loss->klass->takes & ESP_LOSS_TAKES_BITS) != 0;
  if (n == 0 || count != (bits ? 1 : (gsize) n))
    return -1;
  if (bits)
    {
      float one = 1 / (1 + expf (-output[0]));
      if (shares != NULL)
        {
          shares[0] = 1 - one;
          shares[1] = one;
        }
      return output[0] > 0;
    }
  int best = find_largest (output, count);
  if (shares == NULL)
    return best;
  /* log-probabilities add up to 1 already, so that nothing changes for them */
  float sum = 0;
  for (gint32 i = 0; i < n; i++)
    sum += shares[i] = expf (output[i] - output[best]);
  for (gint32 i = 0; i < n; i++)
    shares[i] /= sum;
  return best;
}
