/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A leaf of the tree and its tensors, one a channel. A file's parameters have only data, so the
 * other channels are allocated when the first is set. */

#include "config.h"

#include "esp-nodes.h"

#include <math.h>

struct _EspParameter
{
  GObject parent_instance;

  EspNodes *nodes;
  guint32 id;
  EspTensor *data;
  EspTensor **others; /* (ESP_N_CHANNELS) without data's; or NULL */
  EspMeter meter;
  EspUpdateRule *rule; /* or NULL */
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspParameter, esp_parameter, G_TYPE_OBJECT)

static void
esp_parameter_finalize (GObject *object)
{
  EspParameter *self = ESP_PARAMETER (object);

  for (guint i = 0; self->others != NULL && i < ESP_N_CHANNELS; i++)
    g_clear_pointer (&self->others[i], esp_tensor_unref);
  g_free (self->others);
  g_free (self->rule);
  esp_tensor_unref (self->data);
  esp_nodes_unref (self->nodes);
  G_OBJECT_CLASS (esp_parameter_parent_class)->finalize (object);
}

static void
esp_parameter_class_init (EspParameterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_parameter_finalize;

  /**
   * EspParameter::changed:
   *
   * Tensors of its channels were replaced.
   */
  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_PARAMETER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
esp_parameter_init (EspParameter *self)
{
  self->meter = (EspMeter) { NAN, NAN };
}

EspParameter *
esp_parameter_new_for_nodes (EspNodes *nodes, guint32 leaf, EspTensor *tensor)
{
  EspParameter *self = g_object_new (ESP_TYPE_PARAMETER, NULL);

  self->nodes = esp_nodes_ref (nodes);
  self->id = leaf;
  self->data = esp_tensor_ref (tensor);
  return self;
}

guint32
esp_parameter_get_id (EspParameter *self)
{
  return self->id;
}

const char *
esp_role_get_name (EspRole role)
{
  static const char *const names[] = {
    [ESP_ROLE_PARAMETER] = "parameter", [ESP_ROLE_BUFFER] = "buffer",
    [ESP_ROLE_GRADIENT] = "gradient",   [ESP_ROLE_OPTIMIZER] = "optimizer",
    [ESP_ROLE_CONSTANT] = "constant",   [ESP_ROLE_OTHER] = "other",
  };

  g_return_val_if_fail ((guint) role < G_N_ELEMENTS (names), "other");

  return names[role];
}

EspRole
esp_parameter_get_role (EspParameter *self)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), ESP_ROLE_OTHER);

  return esp_nodes_leaf_at (self->nodes, self->id)->role;
}

EspRequiresGrad
esp_parameter_get_requires_grad (EspParameter *self)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), ESP_REQUIRES_GRAD_UNKNOWN);

  if (self->rule != NULL)
    return self->rule->frozen ? ESP_REQUIRES_GRAD_NO : ESP_REQUIRES_GRAD_YES;
  return esp_nodes_leaf_at (self->nodes, self->id)->requires_grad;
}

EspTensor *
esp_parameter_get_channel (EspParameter *self, EspChannel channel)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), NULL);
  g_return_val_if_fail ((guint) channel < ESP_N_CHANNELS, NULL);

  if (channel == ESP_CHANNEL_DATA)
    return self->data;
  return self->others != NULL ? self->others[channel] : NULL;
}

EspTensor *
esp_parameter_get_data (EspParameter *self)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), NULL);

  return self->data;
}

void
esp_parameter_set_channel (EspParameter *self, EspChannel channel, EspTensor *tensor)
{
  EspTensor **slot, *old;

  g_return_if_fail (ESP_IS_PARAMETER (self));
  g_return_if_fail ((guint) channel < ESP_N_CHANNELS);
  g_return_if_fail (tensor != NULL || channel != ESP_CHANNEL_DATA);

  if (channel == ESP_CHANNEL_DATA)
    slot = &self->data;
  else
    {
      if (self->others == NULL)
        self->others = g_new0 (EspTensor *, ESP_N_CHANNELS);
      slot = &self->others[channel];
    }
  old = *slot;
  *slot = tensor != NULL ? esp_tensor_ref (tensor) : NULL;
  if (old != NULL)
    esp_tensor_unref (old);
}

void
esp_parameter_set_rule (EspParameter *self, const EspUpdateRule *rule)
{
  g_return_if_fail (ESP_IS_PARAMETER (self) && rule != NULL);

  if (self->rule == NULL)
    self->rule = g_new (EspUpdateRule, 1);
  *self->rule = *rule;
}

const EspUpdateRule *
esp_parameter_get_rule (EspParameter *self)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), NULL);

  return self->rule;
}

void
esp_parameter_changed (EspParameter *self)
{
  g_return_if_fail (ESP_IS_PARAMETER (self));

  g_signal_emit (self, signals[CHANGED], 0);
}

guint
esp_parameter_get_n_places (EspParameter *self)
{
  guint n = 0;

  g_return_val_if_fail (ESP_IS_PARAMETER (self), 0);

  if (self->nodes->closed)
    return 0;
  for (guint32 at = esp_nodes_leaf_at (self->nodes, self->id)->node; at != ESP_NO_NODE;
       at = esp_nodes_next_place (self->nodes, at))
    n++;
  return n;
}

EspPlace *
esp_parameter_get_place (EspParameter *self, guint index)
{
  guint32 at;

  g_return_val_if_fail (ESP_IS_PARAMETER (self), NULL);

  at = esp_nodes_leaf_at (self->nodes, self->id)->node;
  for (; at != ESP_NO_NODE && index > 0; index--)
    at = esp_nodes_next_place (self->nodes, at);
  return esp_nodes_get_place (self->nodes, at);
}

void
esp_parameter_set_meter (EspParameter *self, const EspMeter *meter)
{
  g_return_if_fail (ESP_IS_PARAMETER (self) && meter != NULL);

  self->meter = *meter;
}

const EspMeter *
esp_parameter_get_meter (EspParameter *self)
{
  g_return_val_if_fail (ESP_IS_PARAMETER (self), NULL);

  return &self->meter;
}
