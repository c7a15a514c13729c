/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses: the end of a network's forward pass and the beginning of its backward pass. */

#include "config.h"
#include "esp-loss.h"

#include <string.h>
#include <glib/gi18n.h>

static gboolean
mse_check (const EspShape *output, const EspDataset *data, GError **error)
{
  if (esp_shape_equal (output, &data->target))
    return TRUE;
  g_autofree char *have = esp_shape_to_string (output);
  g_autofree char *want = esp_shape_to_string (&data->target);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               _ ("loss (MSELoss): the network's output has shape %s, but the targets of “%s” have "
                  "%s"),
               have, data->name, want);
  return FALSE;
}

static double
mse_compute (const EspLoss *self, const EspLossCall *call)
{
  gsize count = call->N * call->count;
  EspReal scale = self->mean ? (EspReal) (1 / (double) count) : 1;
  return call->kernels->mse (call->y, call->target, call->dy, count, scale);
}

static gboolean
cross_entropy_check (const EspShape *output, const EspDataset *data, GError **error)
{
  if (output->ndim == 1 && output->sizes[0] >= data->n_classes)
    return TRUE;
  g_autofree char *have = esp_shape_to_string (output);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               _ ("loss (CrossEntropyLoss): the network's output has shape %s, but the labels of "
                  "“%s” want [%d]"),
               have, data->name, data->n_classes);
  return FALSE;
}

static double
cross_entropy_compute (const EspLoss *self, const EspLossCall *call)
{
  EspReal scale = self->mean ? (EspReal) (1 / (double) call->N) : 1;
  return call->kernels->cross_entropy (call->y, call->labels, call->dy, call->N, call->count,
                                       scale);
}

static const EspLossClass classes[] = {
  { "CrossEntropyLoss", TRUE, cross_entropy_check, cross_entropy_compute },
  { "MSELoss", FALSE, mse_check, mse_compute },
};

static const EspLossClass *
find_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i].name, name) == 0)
      return &classes[i];
  return NULL;
}

EspLoss *
esp_loss_new (JsonObject *object, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "loss");
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  if (name == NULL)
    return NULL;
  const EspLossClass *klass = find_class (name);
  if (klass == NULL)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("there is no loss “%s”; there are CrossEntropyLoss and MSELoss"),
                          name);
      return NULL;
    }
  g_autofree char *reduction = esp_spec_read_string (spec, "reduction", "mean", error);
  if (reduction == NULL || !esp_spec_finish (spec, error))
    return NULL;
  gboolean mean = strcmp (reduction, "mean") == 0;
  if (!mean && strcmp (reduction, "sum") != 0)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“reduction” must be “mean” or “sum”, but it is “%s”"), reduction);
      return NULL;
    }
  EspLoss *self = g_new0 (EspLoss, 1);
  self->klass = klass;
  self->mean = mean;
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  return self;
}

void
esp_loss_free (EspLoss *self)
{
  if (self == NULL)
    return;
  json_object_unref (self->settings);
  g_free (self);
}

gboolean
esp_loss_check (const EspLoss *self, const EspShape *output, const EspDataset *data, GError **error)
{
  if (self->klass->takes_labels != (data->n_classes > 0))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
                   data->n_classes > 0
                       ? _ ("loss (%s): wants target values, but the data set “%s” has labels")
                       : _ ("loss (%s): wants labels, but the data set “%s” has target values"),
                   self->klass->name, data->name);
      return FALSE;
    }
  return self->klass->check (output, data, error);
}
