/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses: the end of a network's forward pass and the beginning of its backward pass, with
 * PyTorch's settings and defaults. */

#include "config.h"
#include "esp-loss.h"

#include <string.h>
#include <glib/gi18n.h>

/* a loss over numbers: the mean goes over all of them, not over the examples */
static EspReal
get_scale (const EspLoss *self, gsize count)
{
  return self->mean ? (EspReal) (1 / (double) count) : 1;
}

static double
mse_compute (const EspLoss *self, const EspLossCall *call)
{
  gsize count = call->N * call->count;
  return call->kernels->mse (call->y, call->target, call->dy, count, get_scale (self, count));
}

static double
l1_compute (const EspLoss *self, const EspLossCall *call)
{
  gsize count = call->N * call->count;
  return call->kernels->l1 (call->y, call->target, call->dy, count, get_scale (self, count));
}

static gboolean
huber_read (EspLoss *self, EspSpec *spec, GError **error)
{
  self->width = 1;
  return esp_spec_read_double (spec, "delta", 1e-30, 1e30, &self->width, error);
}

static double
huber_compute (const EspLoss *self, const EspLossCall *call)
{
  gsize count = call->N * call->count;
  return call->kernels->huber (call->y, call->target, call->dy, count, get_scale (self, count),
                               (EspReal) self->width);
}

static gboolean
smooth_l1_read (EspLoss *self, EspSpec *spec, GError **error)
{
  self->width = 1;
  return esp_spec_read_double (spec, "beta", 0, 1e30, &self->width, error);
}

/* Huber's with the slope divided by its delta, so that it is 1 far out */
static double
smooth_l1_compute (const EspLoss *self, const EspLossCall *call)
{
  if (self->width < 1e-30)
    return l1_compute (self, call);
  gsize count = call->N * call->count;
  EspReal scale = self->mean ? (EspReal) (1 / ((double) count * self->width))
                             : (EspReal) (1 / self->width);
  return call->kernels->huber (call->y, call->target, call->dy, count, scale,
                               (EspReal) self->width);
}

static gboolean
cross_entropy_read (EspLoss *self, EspSpec *spec, GError **error)
{
  return esp_spec_read_double (spec, "label_smoothing", 0, 1, &self->smoothing, error);
}

static double
cross_entropy_compute (const EspLoss *self, const EspLossCall *call)
{
  return call->kernels->cross_entropy (call->y, call->labels, call->dy, call->N, call->count,
                                       get_scale (self, call->N), (EspReal) self->smoothing);
}

static double
nll_compute (const EspLoss *self, const EspLossCall *call)
{
  return call->kernels->nll (call->y, call->labels, call->dy, call->N, call->count,
                             get_scale (self, call->N));
}

static double
bce_with_logits_compute (const EspLoss *self, const EspLossCall *call)
{
  gsize count = call->N * call->count;
  return call->kernels->bce_with_logits (call->y, call->target, call->labels, call->dy, count,
                                         get_scale (self, count));
}

static const EspLossClass classes[] = {
  { "BCEWithLogitsLoss", ESP_LOSS_TAKES_VALUES | ESP_LOSS_TAKES_BITS, NULL,
    bce_with_logits_compute },
  { "CrossEntropyLoss", ESP_LOSS_TAKES_LABELS, cross_entropy_read, cross_entropy_compute },
  { "HuberLoss", ESP_LOSS_TAKES_VALUES, huber_read, huber_compute },
  { "L1Loss", ESP_LOSS_TAKES_VALUES, NULL, l1_compute },
  { "MSELoss", ESP_LOSS_TAKES_VALUES, NULL, mse_compute },
  { "NLLLoss", ESP_LOSS_TAKES_LABELS, NULL, nll_compute },
  { "SmoothL1Loss", ESP_LOSS_TAKES_VALUES, smooth_l1_read, smooth_l1_compute },
};

static const EspLossClass *
find_class (EspSpec *spec, const char *name, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      if (strcmp (classes[i].name, name) == 0)
        return &classes[i];
      g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", classes[i].name);
    }
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("there is no loss “%s”; there are %s"), name, known->str);
  return NULL;
}

static gboolean
read_reduction (EspLoss *self, EspSpec *spec, GError **error)
{
  static const char *const words[] = { "mean", "sum", NULL };
  guint word = 0;
  if (!esp_spec_read_word (spec, "reduction", words, &word, error))
    return FALSE;
  self->mean = word == 0;
  return TRUE;
}

const char *const *
esp_loss_get_class_names (void)
{
  static const char *names[G_N_ELEMENTS (classes) + 1];
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    names[i] = classes[i].name;
  return names;
}

gboolean
esp_loss_ask (const char *class_name, EspSpec *questions)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      EspLoss self = { .klass = &classes[i] };
      if (strcmp (classes[i].name, class_name) == 0)
        return read_reduction (&self, questions, NULL) &&
               (classes[i].read == NULL || classes[i].read (&self, questions, NULL));
    }
  return FALSE;
}

EspLoss *
esp_loss_new (JsonObject *object, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "loss");
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  const EspLossClass *klass = name != NULL ? find_class (spec, name, error) : NULL;
  if (klass == NULL)
    return NULL;
  EspLoss *self = g_new0 (EspLoss, 1);
  self->klass = klass;
  if (read_reduction (self, spec, error) &&
      (klass->read == NULL || klass->read (self, spec, error)) && esp_spec_finish (spec, error))
    {
      self->settings = json_object_ref (esp_spec_get_complete (spec));
      return self;
    }
  esp_loss_free (self);
  return NULL;
}

void
esp_loss_free (EspLoss *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}

static gboolean
check_values (const EspLoss *self, const EspShape *output, const EspDataset *data, GError **error)
{
  if (esp_shape_equal (output, &data->target))
    return TRUE;
  g_autofree char *have = esp_shape_to_string (output);
  g_autofree char *want = esp_shape_to_string (&data->target);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               _ ("loss (%s): the network's output has shape %s, but the targets of “%s” have %s"),
               self->klass->name, have, data->name, want);
  return FALSE;
}

static gboolean
check_labels (const EspLoss *self, const EspShape *output, const EspDataset *data, GError **error)
{
  gboolean bits = self->klass->takes & ESP_LOSS_TAKES_BITS;
  if (output->ndim == 1 &&
      (bits ? output->sizes[0] == 1 && data->n_classes <= 2 : output->sizes[0] >= data->n_classes))
    return TRUE;
  g_autofree char *have = esp_shape_to_string (output);
  if (bits)
    g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                 _ ("loss (%s): wants an output of shape [1] and two classes, but the network's "
                    "output has shape %s and “%s” has %d classes"),
                 self->klass->name, have, data->name, data->n_classes);
  else
    g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                 _ ("loss (%s): the network's output has shape %s, but the labels of “%s” want "
                    "[%d]"),
                 self->klass->name, have, data->name, data->n_classes);
  return FALSE;
}

gboolean
esp_loss_check (const EspLoss *self, const EspShape *output, const EspDataset *data, GError **error)
{
  EspLossTakes takes = self->klass->takes;
  gboolean labels = data->n_classes > 0;
  if (labels && (takes & (ESP_LOSS_TAKES_LABELS | ESP_LOSS_TAKES_BITS)))
    return check_labels (self, output, data, error);
  if (!labels && (takes & ESP_LOSS_TAKES_VALUES))
    return check_values (self, output, data, error);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
               labels ? _ ("loss (%s): wants target values, but the data set “%s” has labels")
                      : _ ("loss (%s): wants labels, but the data set “%s” has target values"),
               self->klass->name, data->name);
  return FALSE;
}
