/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks into a plan that leave its numbers as they are: what the network answers to given inputs,
 * and where a number that isn't finite comes from. */

#include "config.h"
#include "esp-plan-private.h"

#include <string.h>

void
esp_plan_probe (EspPlan *self, const EspReal *inputs, gsize rows, EspReal *const *outputs)
{
  for (gsize first = 0; first < rows; first += self->watch_rows)
    {
      gsize n = MIN (self->watch_rows, rows - first);
      for (gsize r = 0; r < n; r++)
        esp_plan_put_example (self, &self->watched, r, inputs + (first + r) * self->example_count);
      esp_plan_run_forward (self, &self->watched, n);
      for (guint i = 0; i < self->n_calls; i++)
        {
          const EspLayerCall *call = &self->watched.calls[i];
          if (outputs[i] != NULL)
            memcpy (outputs[i] + first * call->out_count, call->y,
                    n * call->out_count * sizeof (EspReal));
        }
    }
}

static gboolean
is_finite (const EspReal *values, gsize count)
{
  /* a number times 0 is 0 unless it isn't finite */
  EspReal sum = 0;
  for (gsize i = 0; i < count; i++)
    sum += values[i] * 0;
  return sum == 0;
}

/* a counter's bytes are no number */
static gboolean
is_parameter_finite (EspPlan *self, guint index)
{
  EspNetParameter *parameter = esp_network_peek_parameter (self->network, index);
  return parameter->info.kind == ESP_PARAMETER_COUNTER ||
         is_finite (self->parameters + self->offsets[index], parameter->count);
}

gboolean
esp_plan_is_finite (EspPlan *self)
{
  for (guint i = 0; i < self->network->parameters->len; i++)
    if (!is_parameter_finite (self, i))
      return FALSE;
  return TRUE;
}

/* the first bad number that the stage which was just done has left */
static gboolean
find_in_stage (EspPlan *self, EspStage stage, char **path)
{
  guint n = self->network->parameters->len;
  *path = NULL;
  if (stage == ESP_STAGE_LOSS)
    return !isfinite (self->loss);
  for (guint i = 0; stage == ESP_STAGE_FORWARD && i < self->n_calls; i++)
    {
      const EspLayerCall *call = &self->batch.calls[i];
      if (is_finite (call->y, self->rows * call->out_count))
        continue;
      *path = g_strdup (esp_network_peek_call (self->network, i)->path);
      return TRUE;
    }
  /* backward goes from the end, so what is last among the parameters is first in time */
  for (guint i = n; stage != ESP_STAGE_FORWARD && i-- > 0;)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      gboolean good = stage == ESP_STAGE_UPDATED
                          ? is_parameter_finite (self, i)
                          : !esp_plan_can_train (self, i) || self->rules[i].frozen ||
                                is_finite (self->grads + self->offsets[i], parameter->count);
      if (good)
        continue;
      *path = g_strdup (parameter->path);
      return TRUE;
    }
  return FALSE;
}

gboolean
esp_plan_find_nonfinite (EspPlan *self, EspStage *stage, char **path)
{
  do
    {
      *stage = esp_plan_advance (self, FALSE);
      if (find_in_stage (self, *stage, path))
        return TRUE;
    }
  while (*stage != ESP_STAGE_UPDATED);
  return FALSE;
}
