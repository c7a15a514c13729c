/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-meter.h"
#include "esp-parameter.h"

G_BEGIN_DECLS

/**
 * EspSnapshot:
 *
 * An immutable copy of a network at one step, in named channels per parameter, and what was
 * observed of its units. model/ defines it, train/ fills it, lens/ and the views read it.
 * Atomically refcounted, any thread. Parameters are counted as the network's own, each once
 * (esp_network_get_parameter()).
 */

/* What the units of one place of an activation did over the data set: numbers of a vector, channels
 * of an image, features of a sequence. A dead ReLU unit fired on none. */
typedef struct
{
  char *path;        /* place of the activation module: "1" */
  char *source_path; /* place of the module that feeds it: "0" */
  guint n_units;
  guint64 examples;    /* looked at */
  guint64 positions;   /* outputs of a unit for one example */
  guint64 *fired;      /* (n_units) outputs > 0 */
  guint64 *saturated;  /* (n_units) outputs where it hardly reacts any more */
  double *magnitude;   /* (n_units) sum of |output| */
  guint64 *last_fired; /* (n_units) the last step in whose batch it fired; 0: in none. NULL
                        * unless it can die */
  double *reach;       /* (n_units) the most that can come into it, by its weights and the range of
                        * the data; NULL unless it can die */
  double total;        /* esp_snapshot_add_units() adds up @magnitude */
  gboolean has_rows;   /* row u of the weight of @source_path makes unit u */
  gboolean is_output;  /* the network's answer: neither dormant nor saturated, whatever it says */
  gboolean can_die;    /* ReLU: a unit that never fires has no gradient */
  gboolean can_saturate; /* Tanh (|y| >= 0.97), Sigmoid (|x| >= 5) */
} EspUnitCounts;

/* what was sent through the network to look at */
typedef enum
{
  ESP_PROBE_BATCH,   /* the examples of the current step */
  ESP_PROBE_EXAMPLE, /* one that was chosen */
  ESP_PROBE_GRID,    /* points all over the plane of a network with two inputs */
  ESP_N_PROBES
} EspProbeKind;

/* the output of one module at one place */
typedef struct
{
  EspProbeKind probe;
  char *path;
  EspTensor *value; /* (rows, ...) */
  EspTensor *grad;  /* of the loss, or NULL */
} EspActivation;

EspSnapshot *esp_snapshot_new (guint n_parameters);
EspSnapshot *esp_snapshot_ref (EspSnapshot *self);
void esp_snapshot_unref (EspSnapshot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSnapshot, esp_snapshot_unref)

/* while it is being filled */
void esp_snapshot_set_step (EspSnapshot *self, guint64 step, guint64 epoch);
void esp_snapshot_set_loss (EspSnapshot *self,
                            double loss,
                            double accuracy); /* NaN if there is none */
/* over the examples to test with; NaN if there are none */
void esp_snapshot_set_test (EspSnapshot *self, double loss, double accuracy);
void esp_snapshot_set_channel (EspSnapshot *self,
                               guint parameter,
                               EspChannel channel,
                               EspTensor *tensor);
/* gradient of one use of a shared parameter; @use counts its places */
void esp_snapshot_set_grad_at (EspSnapshot *self, guint parameter, guint use, EspTensor *tensor);
void esp_snapshot_set_meter (EspSnapshot *self, guint parameter, const EspMeter *meter);
void esp_snapshot_set_rule (EspSnapshot *self, guint parameter, const EspUpdateRule *rule);
void esp_snapshot_add_units (EspSnapshot *self, const EspUnitCounts *counts); /* copies */

/* keeps references on the tensors; @grad may be NULL. In forward order. */
void esp_snapshot_add_activation (EspSnapshot *self,
                                  EspProbeKind probe,
                                  const char *path,
                                  EspTensor *value,
                                  EspTensor *grad);

guint64 esp_snapshot_get_step (EspSnapshot *self);
guint64 esp_snapshot_get_epoch (EspSnapshot *self);
double esp_snapshot_get_loss (EspSnapshot *self); /* of the last batch */
double esp_snapshot_get_accuracy (EspSnapshot *self);
double esp_snapshot_get_test_loss (EspSnapshot *self);
double esp_snapshot_get_test_accuracy (EspSnapshot *self);
/* share of outputs of unit @unit that were > 0 (on-rate), that were saturated; and its dormant
 * score, E|h| over the mean of that over the layer (arXiv 2302.12902): dormant at 0.025 and below
 */
double esp_unit_counts_get_on_rate (const EspUnitCounts *self, guint unit);
double esp_unit_counts_get_saturation (const EspUnitCounts *self, guint unit);
double esp_unit_counts_get_dormant_score (const EspUnitCounts *self, guint unit);
/* what is wrong with a unit: the first of these that holds */
typedef enum
{
  ESP_UNIT_FINE,
  ESP_UNIT_DEAD,      /* fired on no example, and it can die */
  ESP_UNIT_DORMANT,   /* hardly says anything: a dormant score of %ESP_UNIT_DORMANT_SCORE at most */
  ESP_UNIT_SATURATED, /* in %ESP_UNIT_SATURATED_SHARE of its outputs at least */
} EspUnitState;

#define ESP_UNIT_DORMANT_SCORE 0.025
#define ESP_UNIT_SATURATED_SHARE 0.95

EspUnitState esp_unit_counts_get_state (const EspUnitCounts *self, guint unit);
/* whether weights alone prove that it fires on no input within the range of the data */
gboolean esp_unit_counts_is_proven (const EspUnitCounts *self, guint unit);
guint esp_snapshot_get_n_parameters (EspSnapshot *self);
EspTensor *esp_snapshot_get_channel (EspSnapshot *self,
                                     guint parameter,
                                     EspChannel channel); /* borrowed or NULL */
EspTensor *esp_snapshot_get_grad_at (EspSnapshot *self,
                                     guint parameter,
                                     guint use); /* borrowed or NULL */
/* of the last step; borrowed */
const EspMeter *esp_snapshot_get_meter (EspSnapshot *self, guint parameter);
/* how it is trained from here on; borrowed; NULL of a buffer */
const EspUpdateRule *esp_snapshot_get_rule (EspSnapshot *self, guint parameter);
guint esp_snapshot_get_n_units (EspSnapshot *self);
const EspUnitCounts *esp_snapshot_get_units (EspSnapshot *self, guint index);
guint esp_snapshot_get_n_activations (EspSnapshot *self);
const EspActivation *esp_snapshot_get_activation (EspSnapshot *self, guint index);
/* of the module at @path; NULL if it wasn't asked for */
const EspActivation *esp_snapshot_find_activation (EspSnapshot *self,
                                                   EspProbeKind probe,
                                                   const char *path);

G_END_DECLS
