/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that a step depends on as a run of bytes: parameters and buffers, the optimiser's numbers,
 * and where in the data it is; and when each unit fired last, which no later step tells. Random
 * numbers need no state: they follow from seed, step and place. Only for this plan and others of
 * the same network. */

#include "config.h"
#include "esp-plan-private.h"

#include <math.h>
#include <string.h>

typedef struct
{
  guint64 step, epoch, position;
  double rate, loss;
} Header;

gsize
esp_plan_get_state_size (EspPlan *self)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  return esp_plan_get_state_head (self) +
         (self->n_numbers + optimizer->n_moments * self->n_updated) * sizeof (EspReal);
}

gsize
esp_plan_get_state_head (EspPlan *self)
{
  return sizeof (Header) + self->network->parameters->len * sizeof *self->rules +
         self->n_last_fired * sizeof *self->last_fired;
}

gboolean
esp_plan_check_state (EspPlan *self, const guint8 *state, guint64 step)
{
  Header header;
  memcpy (&header, state, sizeof header);
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      EspPlanRule rule;
      memcpy (&rule, state + sizeof header + i * sizeof rule, sizeof rule);
      if (!esp_plan_check_rule (self, i, &rule))
        return FALSE;
    }
  return header.step == step && header.epoch <= step && header.position <= self->network->data->n &&
         isfinite (header.rate) && header.rate >= 0;
}

/* copies a piece and goes on behind it, one way or the other */
static void
move (guint8 **at, void *piece, gsize size, gboolean save)
{
  if (save)
    memcpy (*at, piece, size);
  else
    memcpy (piece, *at, size);
  *at += size;
}

static void
move_state (EspPlan *self, Header *header, guint8 *state, gboolean save)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  guint8 *at = state;
  move (&at, header, sizeof *header, save);
  move (&at, self->rules, self->network->parameters->len * sizeof *self->rules, save);
  move (&at, self->last_fired, self->n_last_fired * sizeof *self->last_fired, save);
  move (&at, self->parameters, self->n_numbers * sizeof (EspReal), save);
  for (guint m = 0; m < optimizer->n_moments; m++)
    move (&at, self->moments[m], self->n_updated * sizeof (EspReal), save);
}

void
esp_plan_save_state (EspPlan *self, guint8 *state)
{
  Header header = {
    .step = self->step,
    .epoch = self->epoch,
    .position = self->position,
    .rate = self->rate,
    .loss = self->loss,
  };
  esp_plan_settle_rules (self);
  move_state (self, &header, state, TRUE);
}

void
esp_plan_load_state (EspPlan *self, const guint8 *state)
{
  Header header;
  move_state (self, &header, (guint8 *) state, FALSE);
  esp_plan_apply_rules (self);
  if (header.epoch != self->epoch)
    esp_plan_begin_epoch (self, header.epoch);
  self->position = header.position;
  self->step = header.step;
  self->rate = header.rate;
  self->loss = header.loss;
  self->has_before = FALSE;
  self->has_view = FALSE;
  self->stage = ESP_STAGE_UPDATED;
}
