/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of layers, and what all of them share. A new layer is a pair of files with an
 * EspLayerClass, and its row here. */

#include "config.h"
#include "esp-layer.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-layer-activation.h"
#include "esp-layer-batch-norm.h"
#include "esp-layer-attention.h"
#include "esp-layer-conv-transpose.h"
#include "esp-layer-conv.h"
#include "esp-layer-dropout.h"
#include "esp-layer-embedding.h"
#include "esp-layer-flatten.h"
#include "esp-layer-join.h"
#include "esp-layer-linear.h"
#include "esp-layer-norm.h"
#include "esp-layer-permute.h"
#include "esp-layer-pool.h"
#include "esp-layer-recurrent.h"
#include "esp-layer-select.h"
#include "esp-layer-softmax.h"

static const EspLayerClass *const classes[] = {
  &esp_layer_adaptive_avg_pool2d,
  &esp_layer_add_inputs,
  &esp_layer_avg_pool2d,
  &esp_layer_batch_norm1d,
  &esp_layer_batch_norm2d,
  &esp_layer_concat,
  &esp_layer_conv1d,
  &esp_layer_conv2d,
  &esp_layer_conv_transpose2d,
  &esp_layer_dropout,
  &esp_layer_elu,
  &esp_layer_embedding,
  &esp_layer_flatten,
  &esp_layer_gelu,
  &esp_layer_gru,
  &esp_layer_group_norm,
  &esp_layer_identity,
  &esp_layer_lstm,
  &esp_layer_layer_norm,
  &esp_layer_leaky_relu,
  &esp_layer_linear,
  &esp_layer_log_softmax,
  &esp_layer_max_pool2d,
  &esp_layer_multihead_attention,
  &esp_layer_permute,
  &esp_layer_rms_norm,
  &esp_layer_rnn,
  &esp_layer_relu,
  &esp_layer_select,
  &esp_layer_silu,
  &esp_layer_sigmoid,
  &esp_layer_softmax,
  &esp_layer_softplus,
  &esp_layer_tanh,
  &esp_layer_unflatten,
  &esp_layer_zero_pad2d,
};

const EspLayerClass *
esp_layer_find_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i]->name, name) == 0)
      return classes[i];
  return NULL;
}

const char *const *
esp_layer_get_class_names (void)
{
  static const char *names[G_N_ELEMENTS (classes) + 1];
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    names[i] = classes[i]->name;
  return names;
}

char *
esp_layer_list_classes (void)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", classes[i]->name);
  return g_string_free (text, FALSE);
}

EspLayer *
esp_layer_new (const EspLayerClass *klass, EspSpec *spec, GError **error)
{
  g_assert (klass->size >= sizeof (EspLayer));
  EspLayer *self = g_malloc0 (klass->size);
  self->klass = klass;
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  if (klass->read == NULL || klass->read (self, spec, error))
    return self;
  esp_layer_free (self);
  return NULL;
}

void
esp_layer_free (EspLayer *self)
{
  if (self == NULL)
    return;
  json_object_unref (self->settings);
  g_free (self);
}

static gboolean
check_inputs (const EspLayer *self, guint n_in, const char *path, GError **error)
{
  guint least = MAX (self->klass->min_inputs, 1), most = MAX (self->klass->max_inputs, least);
  if (n_in >= least && n_in <= most)
    return TRUE;
  g_autofree char *wanted = least == most ? g_strdup_printf ("%u", least)
                                          : g_strdup_printf (_ ("%u to %u"), least, most);
  g_set_error (
      error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
      /* Translators: path and class of a module, how many inputs it takes ("1", "2 to 8") */
      _ ("module %s (%s): “inputs” must be the paths of %s modules, but there are %u"), path,
      self->klass->name, wanted, n_in);
  return FALSE;
}

gboolean
esp_layer_infer (EspLayer *self,
                 const EspShape *in,
                 guint n_in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  if (!check_inputs (self, n_in, path, error))
    return FALSE;
  if (self->klass->infer != NULL)
    return self->klass->infer (self, in, n_in, out, path, error);
  *out = in[0];
  return TRUE;
}

guint
esp_layer_get_parameters (const EspLayer *self, EspParameterInfo *infos)
{
  guint n = self->klass->get_parameters != NULL ? self->klass->get_parameters (self, infos) : 0;
  g_assert (n <= ESP_LAYER_MAX_PARAMETERS);
  return n;
}

void
esp_layer_measure (const EspLayer *self,
                   const EspShape *in,
                   guint n_in,
                   const EspShape *out,
                   EspLayerNeeds *needs)
{
  *needs = (EspLayerNeeds) { 0 };
  if (self->klass->measure != NULL)
    self->klass->measure (self, in, n_in, out, needs);
}

gboolean
esp_layer_read_batch_first (EspSpec *spec, gboolean *value, GError **error)
{
  *value = TRUE;
  if (!esp_spec_read_bool (spec, "batch_first", value, error))
    return FALSE;
  if (*value)
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“batch_first” must be true: examples come first here"));
  return FALSE;
}

void
esp_layer_fill_mask_from (const EspLayerCall *call,
                          double p,
                          guint part,
                          guint64 first,
                          EspReal *mask,
                          gsize count)
{
  guint64 stream = call->place * ESP_LAYER_MAX_PARAMETERS + part;
  guint64 key = esp_random_key (call->run->seed, ESP_STREAM_LAYER, stream, call->run->step);
  EspReal scale = p < 1 ? (EspReal) (1 / (1 - p)) : 0;
  call->kernels->dropout_mask (mask, count, key + first * ESP_RANDOM_STEP, (guint32) (p * 0x1p24),
                               scale);
}

void
esp_layer_fill_mask (const EspLayerCall *call, double p, guint part, EspReal *mask, gsize count)
{
  esp_layer_fill_mask_from (call, p, part, 0, mask, count);
}

void
esp_layer_set_shape_error (const EspLayer *self,
                           const char *path,
                           const char *wanted,
                           const EspShape *found,
                           GError **error)
{
  g_autofree char *shape = esp_shape_to_string (found);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: path and class of a module, the shape of one example, the shape found
                */
               _ ("module %s (%s): wants examples of shape %s, but gets %s"), path,
               self->klass->name, wanted, shape);
}
