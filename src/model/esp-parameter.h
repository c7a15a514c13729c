/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-meter.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspParameter:
 *
 * A leaf of the tree: a role and one tensor per channel. A file fills %ESP_CHANNEL_DATA; a live
 * network replaces the tensors of all channels as snapshots come in (esp_parameter_set_channel,
 * main thread), and views follow the signal "changed".
 */
#define ESP_TYPE_PARAMETER (esp_parameter_get_type ())
G_DECLARE_FINAL_TYPE (EspParameter, esp_parameter, ESP, PARAMETER, GObject)

typedef enum
{
  ESP_ROLE_PARAMETER,
  ESP_ROLE_BUFFER,
  ESP_ROLE_GRADIENT,
  ESP_ROLE_OPTIMIZER,
  ESP_ROLE_CONSTANT,
  ESP_ROLE_OTHER,
} EspRole;

const char *esp_role_get_name (
    EspRole role); /* "parameter", "buffer", "gradient", "optimizer", "constant", "other" */

typedef enum
{
  ESP_CHANNEL_DATA,
  ESP_CHANNEL_GRAD,    /* absent until a backward pass */
  ESP_CHANNEL_UPDATE,  /* what the last step added to data */
  ESP_CHANNEL_MOMENT1, /* what the optimiser keeps, in its own order */
  ESP_CHANNEL_MOMENT2,
  ESP_CHANNEL_MOMENT3,
  ESP_N_CHANNELS
} EspChannel;

typedef enum
{
  ESP_REQUIRES_GRAD_UNKNOWN,
  ESP_REQUIRES_GRAD_NO,
  ESP_REQUIRES_GRAD_YES,
} EspRequiresGrad;

/* how a live network's parameter is trained now */
typedef struct
{
  gboolean frozen; /* requires_grad is false: no gradient, no update */
  guint group;     /* of the optimiser's: 0, or one of those that the specification names */
  double group_rate, group_decay; /* the group's learning rate, before the schedule, and weight
                                     decay */
  double own_rate, own_decay;     /* its own instead; NAN: the group's */
  double rate_now;                /* the rate of the next step */
  guint64 n_steps;                /* that the optimiser has counted of it */
  double powers[2];               /* of its betas, after so many */
} EspUpdateRule;

EspRole esp_parameter_get_role (EspParameter *self);
/* as it is now */
EspRequiresGrad esp_parameter_get_requires_grad (EspParameter *self);
EspTensor *esp_parameter_get_channel (EspParameter *self,
                                      EspChannel channel); /* borrowed; NULL if absent */
EspTensor *esp_parameter_get_data (EspParameter *self);    /* borrowed, never NULL */
/* keeps a reference; NULL takes the channel away. Emits nothing: call esp_parameter_changed() when
 * all are set. */
void esp_parameter_set_channel (EspParameter *self, EspChannel channel, EspTensor *tensor);
/* what the last step of a live network did to it: NaN without one. Emits nothing, either. */
void esp_parameter_set_meter (EspParameter *self, const EspMeter *meter);
const EspMeter *esp_parameter_get_meter (EspParameter *self); /* borrowed */
/* likewise */
void esp_parameter_set_rule (EspParameter *self, const EspUpdateRule *rule);
/* borrowed; NULL without a live network, and of a buffer */
const EspUpdateRule *esp_parameter_get_rule (EspParameter *self);
void esp_parameter_changed (EspParameter *self);
guint esp_parameter_get_n_places (EspParameter *self);
EspPlace *esp_parameter_get_place (EspParameter *self, guint index); /* borrowed */

G_END_DECLS
