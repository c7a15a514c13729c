/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One moment of a network: tensors by parameter and channel, gradients by use, counts of units.
 * Made by the trainer's thread some 60 times a second at most, so it allocates one block for its
 * tensors; the tensors themselves are shared, never copied. */

#include "config.h"

#include "esp-snapshot.h"

#include <math.h>
#include <string.h>

struct _EspSnapshot
{
  gint ref_count;
  guint64 step;
  guint64 epoch;
  double loss;
  double accuracy;
  double test_loss, test_accuracy;
  guint n_parameters;
  EspTensor **channels;   /* (n_parameters, ESP_N_CHANNELS) owned or NULL */
  EspMeter *meters;       /* (n_parameters) */
  EspUpdateRule *rules;   /* (n_parameters), G_MAXUINT as group where there is none */
  GPtrArray **grads_at;   /* (n_parameters) of tensors or NULL, by use; or NULL */
  GPtrArray *units;       /* EspUnitCounts, owned */
  GPtrArray *activations; /* EspActivation, owned */
};

static void
free_units (gpointer data)
{
  EspUnitCounts *counts = data;

  g_free (counts->path);
  g_free (counts->source_path);
  g_free (counts->fired);
  g_free (counts->saturated);
  g_free (counts->magnitude);
  g_free (counts->last_fired);
  g_free (counts->reach);
  g_free (counts);
}

static void
free_activation (gpointer data)
{
  EspActivation *activation = data;

  g_free (activation->path);
  esp_tensor_unref (activation->value);
  g_clear_pointer (&activation->grad, esp_tensor_unref);
  g_free (activation);
}

static void
unref_tensor_or_null (gpointer tensor)
{
  if (tensor != NULL)
    esp_tensor_unref (tensor);
}

EspSnapshot *
esp_snapshot_new (guint n_parameters)
{
  EspSnapshot *self = g_new0 (EspSnapshot, 1);

  self->ref_count = 1;
  self->loss = NAN;
  self->accuracy = NAN;
  self->test_loss = NAN;
  self->test_accuracy = NAN;
  self->n_parameters = n_parameters;
  self->channels = g_new0 (EspTensor *, (gsize) n_parameters * ESP_N_CHANNELS);
  self->meters = g_new (EspMeter, n_parameters);
  for (guint i = 0; i < n_parameters; i++)
    self->meters[i] = (EspMeter) { NAN, NAN };
  self->rules = g_new0 (EspUpdateRule, n_parameters);
  for (guint i = 0; i < n_parameters; i++)
    self->rules[i].group = G_MAXUINT;
  self->grads_at = g_new0 (GPtrArray *, n_parameters);
  self->units = g_ptr_array_new_with_free_func (free_units);
  self->activations = g_ptr_array_new_with_free_func (free_activation);
  return self;
}

EspSnapshot *
esp_snapshot_ref (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
esp_snapshot_unref (EspSnapshot *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  for (gsize i = 0; i < (gsize) self->n_parameters * ESP_N_CHANNELS; i++)
    unref_tensor_or_null (self->channels[i]);
  for (guint i = 0; i < self->n_parameters; i++)
    g_clear_pointer (&self->grads_at[i], g_ptr_array_unref);
  g_ptr_array_unref (self->units);
  g_ptr_array_unref (self->activations);
  g_free (self->channels);
  g_free (self->rules);
  g_free (self->meters);
  g_free (self->grads_at);
  g_free (self);
}

void
esp_snapshot_set_step (EspSnapshot *self, guint64 step, guint64 epoch)
{
  g_return_if_fail (self != NULL);

  self->step = step;
  self->epoch = epoch;
}

void
esp_snapshot_set_loss (EspSnapshot *self, double loss, double accuracy)
{
  g_return_if_fail (self != NULL);

  self->loss = loss;
  self->accuracy = accuracy;
}

static EspTensor **
get_slot (EspSnapshot *self, guint parameter, EspChannel channel)
{
  return &self->channels[(gsize) parameter * ESP_N_CHANNELS + channel];
}

void
esp_snapshot_set_channel (EspSnapshot *self, guint parameter, EspChannel channel, EspTensor *tensor)
{
  EspTensor **slot;

  g_return_if_fail (self != NULL && parameter < self->n_parameters);
  g_return_if_fail ((guint) channel < ESP_N_CHANNELS);

  slot = get_slot (self, parameter, channel);
  if (tensor != NULL)
    esp_tensor_ref (tensor);
  unref_tensor_or_null (*slot);
  *slot = tensor;
}

void
esp_snapshot_set_grad_at (EspSnapshot *self, guint parameter, guint use, EspTensor *tensor)
{
  GPtrArray *uses;

  g_return_if_fail (self != NULL && parameter < self->n_parameters);

  if (self->grads_at[parameter] == NULL)
    self->grads_at[parameter] = g_ptr_array_new_with_free_func (unref_tensor_or_null);
  uses = self->grads_at[parameter];
  if (use >= uses->len)
    g_ptr_array_set_size (uses, use + 1);
  if (tensor != NULL)
    esp_tensor_ref (tensor);
  unref_tensor_or_null (uses->pdata[use]);
  uses->pdata[use] = tensor;
}

void
esp_snapshot_add_units (EspSnapshot *self, const EspUnitCounts *counts)
{
  EspUnitCounts *copy;

  g_return_if_fail (self != NULL && counts != NULL);

  copy = g_new (EspUnitCounts, 1);
  *copy = *counts;
  copy->path = g_strdup (counts->path);
  copy->source_path = g_strdup (counts->source_path);
  copy->fired = g_memdup2 (counts->fired, counts->n_units * sizeof *counts->fired);
  copy->saturated = g_memdup2 (counts->saturated, counts->n_units * sizeof (guint64));
  copy->magnitude = g_memdup2 (counts->magnitude, counts->n_units * sizeof (double));
  copy->last_fired = g_memdup2 (counts->last_fired, counts->n_units * sizeof (guint64));
  copy->total = 0;
  for (guint i = 0; counts->magnitude != NULL && i < counts->n_units; i++)
    copy->total += counts->magnitude[i];
  copy->reach = g_memdup2 (counts->reach, counts->n_units * sizeof (double));
  g_ptr_array_add (self->units, copy);
}

guint64
esp_snapshot_get_step (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->step;
}

guint64
esp_snapshot_get_epoch (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->epoch;
}

double
esp_snapshot_get_loss (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, NAN);

  return self->loss;
}

double
esp_snapshot_get_accuracy (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, NAN);

  return self->accuracy;
}

guint
esp_snapshot_get_n_parameters (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_parameters;
}

EspTensor *
esp_snapshot_get_channel (EspSnapshot *self, guint parameter, EspChannel channel)
{
  g_return_val_if_fail (self != NULL && parameter < self->n_parameters, NULL);
  g_return_val_if_fail ((guint) channel < ESP_N_CHANNELS, NULL);

  return *get_slot (self, parameter, channel);
}

EspTensor *
esp_snapshot_get_grad_at (EspSnapshot *self, guint parameter, guint use)
{
  GPtrArray *uses;

  g_return_val_if_fail (self != NULL && parameter < self->n_parameters, NULL);

  uses = self->grads_at[parameter];
  return uses != NULL && use < uses->len ? uses->pdata[use] : NULL;
}

void
esp_snapshot_set_rule (EspSnapshot *self, guint parameter, const EspUpdateRule *rule)
{
  g_return_if_fail (self != NULL && parameter < self->n_parameters && rule != NULL);

  self->rules[parameter] = *rule;
}

const EspUpdateRule *
esp_snapshot_get_rule (EspSnapshot *self, guint parameter)
{
  g_return_val_if_fail (self != NULL && parameter < self->n_parameters, NULL);

  return self->rules[parameter].group != G_MAXUINT ? &self->rules[parameter] : NULL;
}

guint
esp_snapshot_get_n_units (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->units->len;
}

const EspUnitCounts *
esp_snapshot_get_units (EspSnapshot *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->units->len, NULL);

  return self->units->pdata[index];
}

void
esp_snapshot_add_activation (EspSnapshot *self,
                             EspProbeKind probe,
                             const char *path,
                             EspTensor *value,
                             EspTensor *grad)
{
  EspActivation *activation;

  g_return_if_fail (self != NULL && value != NULL);

  activation = g_new0 (EspActivation, 1);
  activation->probe = probe;
  activation->path = g_strdup (path);
  activation->value = esp_tensor_ref (value);
  activation->grad = grad != NULL ? esp_tensor_ref (grad) : NULL;
  g_ptr_array_add (self->activations, activation);
}

guint
esp_snapshot_get_n_activations (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->activations->len;
}

const EspActivation *
esp_snapshot_get_activation (EspSnapshot *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->activations->len, NULL);

  return self->activations->pdata[index];
}

const EspActivation *
esp_snapshot_find_activation (EspSnapshot *self, EspProbeKind probe, const char *path)
{
  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  for (guint i = 0; i < self->activations->len; i++)
    {
      const EspActivation *activation = self->activations->pdata[i];

      if (activation->probe == probe && strcmp (activation->path, path) == 0)
        return activation;
    }
  return NULL;
}

void
esp_snapshot_set_test (EspSnapshot *self, double loss, double accuracy)
{
  g_return_if_fail (self != NULL);

  self->test_loss = loss;
  self->test_accuracy = accuracy;
}

double
esp_snapshot_get_test_loss (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, NAN);

  return self->test_loss;
}

double
esp_snapshot_get_test_accuracy (EspSnapshot *self)
{
  g_return_val_if_fail (self != NULL, NAN);

  return self->test_accuracy;
}

static double
get_n_outputs (const EspUnitCounts *self)
{
  return (double) self->examples * (double) MAX (self->positions, 1);
}

double
esp_unit_counts_get_on_rate (const EspUnitCounts *self, guint unit)
{
  g_return_val_if_fail (self != NULL && unit < self->n_units, NAN);

  return (double) self->fired[unit] / get_n_outputs (self);
}

double
esp_unit_counts_get_saturation (const EspUnitCounts *self, guint unit)
{
  g_return_val_if_fail (self != NULL && unit < self->n_units, NAN);

  return (double) self->saturated[unit] / get_n_outputs (self);
}

double
esp_unit_counts_get_dormant_score (const EspUnitCounts *self, guint unit)
{
  g_return_val_if_fail (self != NULL && unit < self->n_units, NAN);

  return self->magnitude[unit] / get_n_outputs (self) /
         (self->total / get_n_outputs (self) / self->n_units + 1e-9);
}

void
esp_snapshot_set_meter (EspSnapshot *self, guint parameter, const EspMeter *meter)
{
  g_return_if_fail (self != NULL && parameter < self->n_parameters);

  self->meters[parameter] = *meter;
}

const EspMeter *
esp_snapshot_get_meter (EspSnapshot *self, guint parameter)
{
  g_return_val_if_fail (self != NULL && parameter < self->n_parameters, NULL);

  return &self->meters[parameter];
}

void
esp_meter_table_free (EspMeterTable *self)
{
  if (self == NULL)
    return;
  g_free (self->steps);
  g_free (self->meters);
  g_free (self);
}

gboolean
esp_unit_counts_is_proven (const EspUnitCounts *self, guint unit)
{
  g_return_val_if_fail (self != NULL && unit < self->n_units, FALSE);

  return self->reach != NULL && self->reach[unit] <= 0;
}

EspUnitState
esp_unit_counts_get_state (const EspUnitCounts *self, guint unit)
{
  g_return_val_if_fail (self != NULL && unit < self->n_units, ESP_UNIT_FINE);

  if (self->examples == 0)
    return ESP_UNIT_FINE;
  if (self->can_die && self->fired[unit] == 0)
    return ESP_UNIT_DEAD;
  if (self->is_output)
    return ESP_UNIT_FINE;
  if (esp_unit_counts_get_dormant_score (self, unit) <= ESP_UNIT_DORMANT_SCORE)
    return ESP_UNIT_DORMANT;
  if (self->can_saturate && esp_unit_counts_get_saturation (self, unit) >= ESP_UNIT_SATURATED_SHARE)
    return ESP_UNIT_SATURATED;
  return ESP_UNIT_FINE;
}
