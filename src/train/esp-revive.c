/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reviving units. First the rows to draw are collected by module; then what leads on from each of
 * their places is followed through the network, past what handles units one by one, up to the
 * weights that take them; last the rows are drawn, over what was set to 0. */

#include "config.h"
#include "esp-revive.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-plan.h"
#include "esp-unit.h"
#include "esp-unit-flow.h"

/* a parameter that changes */
typedef struct
{
  gsize count;
  float *channels[ESP_N_CHANNELS]; /* (count) or NULL where there is none */
} Numbers;

/* of a module's weight */
typedef struct
{
  gsize n;
  gboolean *chosen; /* (n) */
  guint *attempts;  /* (n) draws before this one that didn't fire */
} Rows;

typedef struct
{
  EspNetwork *network;
  EspSnapshot *now;
  guint64 draw;
  guint attempt;       /* the most of any row */
  GHashTable *rows;    /* EspNetModule -> Rows, owned */
  GHashTable *numbers; /* parameter + 1 -> Numbers, owned */
  char *open;
  GError *error;
} Revival;

#define DRAWS 16          /* of a row, until it fires */
#define MOST_WORK 5000000 /* multiplications that a look whether it does may cost, some ms */

static void
numbers_free (gpointer data)
{
  Numbers *numbers = data;
  for (guint channel = 0; channel < ESP_N_CHANNELS; channel++)
    g_free (numbers->channels[channel]);
  g_free (numbers);
}

void
esp_revival_free (EspRevival *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->numbers->len; i++)
    g_bytes_unref (g_array_index (self->numbers, EspRevivedNumbers, i).floats);
  g_array_unref (self->numbers);
  g_free (self->open);
  g_free (self);
}

static void
rows_free (gpointer data)
{
  Rows *rows = data;
  g_free (rows->chosen);
  g_free (rows->attempts);
  g_free (rows);
}

/* {{{ numbers */

static Numbers *
get_numbers (Revival *self, guint parameter)
{
  Numbers *numbers = g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (parameter + 1));
  if (numbers != NULL)
    return numbers;
  numbers = g_new0 (Numbers, 1);
  numbers->count = esp_network_peek_parameter (self->network, parameter)->count;
  for (guint channel = 0; channel < ESP_N_CHANNELS; channel++)
    {
      EspTensor *tensor = esp_snapshot_get_channel (self->now, parameter, (EspChannel) channel);
      if (tensor == NULL || (channel != ESP_CHANNEL_DATA && channel < ESP_CHANNEL_MOMENT1))
        continue;
      numbers->channels[channel] = g_new0 (float, numbers->count);
      if (!esp_tensor_read_f32 (tensor, 0, numbers->count, numbers->channels[channel], NULL,
                                self->error == NULL ? &self->error : NULL))
        break;
    }
  g_hash_table_insert (self->numbers, GUINT_TO_POINTER (parameter + 1), numbers);
  return numbers;
}

/* the optimiser begins again with this number */
static void
set_number (Revival *self, guint parameter, gsize index, double value)
{
  Numbers *numbers = get_numbers (self, parameter);
  guint group = esp_network_peek_parameter (self->network, parameter)->group;
  if (numbers->channels[ESP_CHANNEL_DATA] != NULL)
    numbers->channels[ESP_CHANNEL_DATA][index] = (float) value;
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    if (numbers->channels[ESP_CHANNEL_MOMENT1 + m] != NULL)
      numbers->channels[ESP_CHANNEL_MOMENT1 + m][index] =
          (float) esp_optimizer_get_initial_moment (self->network->optimizer, group, m);
}

/* }}} */
/* {{{ what leads on */

/* of some units of a module */
typedef struct
{
  Revival *revival;
  const gboolean *chosen; /* by row */
} Cut;

/* the rest of the way of a unit can't be cut */
static void
leave_open (const EspUnitFlow *flow, const char *path, gpointer user_data)
{
  const Cut *cut = user_data;
  if (cut->revival->open == NULL)
    cut->revival->open = g_strdup (path);
}

/* now, as the tree shows it */
static gboolean
is_frozen (const EspNetParameter *parameter)
{
  return esp_parameter_get_requires_grad (parameter->object) != ESP_REQUIRES_GRAD_YES;
}

/* columns of weights */
static void
clear_columns (const EspUnitFlow *flow,
               EspNetCall *call,
               guint parameter,
               guint groups,
               gpointer user_data)
{
  const Cut *cut = user_data;
  EspNetParameter *own = esp_network_peek_parameter (cut->revival->network, parameter);
  const EspShape *shape = &own->info.shape;
  gsize rows = (gsize) shape->sizes[0], n = (gsize) shape->sizes[1];
  gsize cells = esp_shape_get_count (shape) / rows / n, rows_each = rows / groups;
  if (is_frozen (own))
    {
      leave_open (flow, own->path, user_data);
      return; /* what is frozen at 0 would never let them speak again */
    }
  for (gsize i = 0; i < n * groups; i++)
    {
      if (flow->owner[i] == ESP_NO_UNIT || !cut->chosen[flow->owner[i]])
        continue;
      for (gsize row = i / n * rows_each; row < (i / n + 1) * rows_each; row++)
        for (gsize cell = 0; cell < cells; cell++)
          set_number (cut->revival, parameter, (row * n + i % n) * cells + cell, 0);
    }
}

/* a normalisation of channels, at its beginning again for those that are chosen */
static void
reset_norm (const EspUnitFlow *flow, EspNetCall *call, gpointer user_data)
{
  const Cut *cut = user_data;
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = esp_layer_get_parameters (call->module->layer, infos);
  for (guint i = 0; i < n; i++)
    for (guint64 c = 0;
         infos[i].kind != ESP_PARAMETER_COUNTER && c < esp_shape_get_count (&infos[i].shape); c++)
      if (flow->owner[c] != ESP_NO_UNIT && cut->chosen[flow->owner[c]])
        set_number (cut->revival, call->module->parameters[i], c, infos[i].begin_value);
}

static const EspUnitSink cutting = { clear_columns, reset_norm, leave_open };

/* from all places of the module */
static void
cut_module (Revival *self, EspNetModule *module, const gboolean *chosen)
{
  Cut cut = { self, chosen };
  for (guint i = 0; i < self->network->calls->len; i++)
    if (esp_network_peek_call (self->network, i)->module == module)
      esp_unit_follow (self->network, i, &cutting, &cut);
}

/* }}} */
/* {{{ what comes in */

static void
draw_rows (Revival *self, EspNetModule *module, const Rows *rows)
{
  guint weight = module->parameters[0];
  EspNetParameter *parameter = esp_network_peek_parameter (self->network, weight);
  gsize length = parameter->count / rows->n;
  g_autofree EspReal *drawn = g_new0 (EspReal, parameter->slots);
  for (guint attempt = 0; attempt <= self->attempt; attempt++)
    {
      esp_network_draw_again (self->network, weight, self->draw * DRAWS + attempt, drawn);
      for (gsize row = 0; row < rows->n; row++)
        for (gsize i = row * length;
             rows->chosen[row] && rows->attempts[row] == attempt && i < (row + 1) * length; i++)
          set_number (self, weight, i, (double) drawn[i]);
    }
  for (gsize row = 0; row < rows->n && module->n_parameters > 1; row++)
    if (rows->chosen[row])
      set_number (self, module->parameters[1], row, 0);
}

/* the rows that a unit's belongs to; NULL if there are none */
static Rows *
find_rows (Revival *self, const EspUnitId *id)
{
  for (guint i = 0; i < self->network->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      int source = g_str_equal (call->path, id->path) ? esp_unit_find_source (self->network, i)
                                                      : -1;
      if (source < 0)
        continue;
      EspNetModule *module = esp_network_peek_call (self->network, (guint) source)->module;
      EspNetParameter *weight = esp_network_peek_parameter (self->network, module->parameters[0]);
      Rows *rows = g_hash_table_lookup (self->rows, module);
      if (id->unit >= (guint64) weight->info.shape.sizes[0] || is_frozen (weight))
        return NULL;
      if (rows != NULL)
        return rows;
      rows = g_new0 (Rows, 1);
      rows->n = (gsize) weight->info.shape.sizes[0];
      rows->chosen = g_new0 (gboolean, rows->n);
      rows->attempts = g_new0 (guint, rows->n);
      g_hash_table_insert (self->rows, module, rows);
      return rows;
    }
  return NULL;
}

static gboolean
is_shared (EspNetwork *network, EspNetModule *module)
{
  for (guint i = 0; i < module->n_parameters; i++)
    if (esp_network_peek_parameter (network, module->parameters[i])->n_uses > 1)
      return TRUE;
  return FALSE;
}

/* }}} */

static void
count_rows (Revival *self, EspNetModule *module, const Rows *rows, EspRevival *result)
{
  for (gsize row = 0; row < rows->n; row++)
    {
      result->n_units += rows->chosen[row] != FALSE;
      result->n_shared += rows->chosen[row] && is_shared (self->network, module);
    }
}

static void
take_numbers (Revival *self, EspRevival *result)
{
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      Numbers *numbers = g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (i + 1));
      for (guint channel = 0; numbers != NULL && channel < ESP_N_CHANNELS; channel++)
        {
          if (numbers->channels[channel] == NULL)
            continue;
          EspRevivedNumbers own = { i, (EspChannel) channel, NULL };
          own.floats = g_bytes_new_take (g_steal_pointer (&numbers->channels[channel]),
                                         numbers->count * sizeof (float));
          g_array_append_val (result->numbers, own);
        }
    }
}

static void
revive (Revival *self)
{
  GHashTableIter iter;
  gpointer module, rows;
  g_hash_table_remove_all (self->numbers);
  g_clear_pointer (&self->open, g_free);
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &module, &rows))
    cut_module (self, module, ((const Rows *) rows)->chosen);
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &module, &rows))
    draw_rows (self, module, rows);
}

/* the network as it will be, in a plan of its own */
static EspPlan *
new_plan (Revival *self)
{
  EspPlan *plan = esp_plan_new (self->network);
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      Numbers *numbers = g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (i + 1));
      EspTensor *tensor = esp_snapshot_get_channel (self->now, i, ESP_CHANNEL_DATA);
      g_autofree float *values = g_new0 (float, parameter->count);
      g_autofree EspReal *reals = g_new0 (EspReal, parameter->slots);
      if (parameter->info.kind == ESP_PARAMETER_COUNTER)
        continue;
      if (numbers != NULL)
        memcpy (values, numbers->channels[ESP_CHANNEL_DATA], parameter->count * sizeof *values);
      else if (!esp_tensor_read_f32 (tensor, 0, parameter->count, values, NULL,
                                     self->error == NULL ? &self->error : NULL))
        continue;
      for (gsize j = 0; j < parameter->count; j++)
        reals[j] = (EspReal) values[j];
      esp_plan_fill (plan, i, 0, reals);
    }
  return plan;
}

/* whether units stay silent on all examples; their rows are drawn once more then */
static gboolean
find_silent (Revival *self, EspPlan *plan, const EspUnitId *units, guint n)
{
  const EspPlanView *view = esp_plan_observe (plan);
  gboolean found = FALSE;
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < view->n_calls; k++)
      {
        EspNetCall *call = esp_network_peek_call (self->network, view->calls[k].call);
        Rows *rows = find_rows (self, &units[i]);
        if (!g_str_equal (call->path, units[i].path) ||
            view->calls[k].sums.fired[units[i].unit] > 0 ||
            rows->attempts[units[i].unit] > self->attempt)
          continue;
        rows->attempts[units[i].unit]++;
        found = TRUE;
      }
  self->attempt += found;
  return found;
}

/* what ReDo leaves to chance: a row that is dead again */
static void
revive_until_they_fire (Revival *self, const EspUnitId *units, guint n)
{
  gboolean again;
  do
    {
      revive (self);
      EspPlan *plan = new_plan (self);
      again = esp_plan_get_observe_work (plan) <= MOST_WORK && self->error == NULL &&
              find_silent (self, plan, units, n);
      esp_plan_free (plan);
    }
  while (again && self->attempt < DRAWS);
}

static EspRevival *
make_result (Revival *self)
{
  EspRevival *result = g_new0 (EspRevival, 1);
  GHashTableIter iter;
  gpointer module, rows;
  result->numbers = g_array_new (FALSE, FALSE, sizeof (EspRevivedNumbers));
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &module, &rows))
    count_rows (self, module, rows, result);
  take_numbers (self, result);
  result->open = g_steal_pointer (&self->open);
  return result;
}

EspRevival *
esp_revive (EspNetwork *network,
            EspSnapshot *now,
            const EspUnitId *units,
            guint n,
            guint64 draw,
            GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network) && now != NULL && n > 0, NULL);
  Revival self = { .network = network, .now = now, .draw = draw };
  g_autoptr (GHashTable) modules = g_hash_table_new_full (NULL, NULL, NULL, rows_free);
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (NULL, NULL, NULL, numbers_free);
  self.rows = modules;
  self.numbers = numbers;
  for (guint i = 0; i < n; i++)
    {
      Rows *rows = find_rows (&self, &units[i]);
      if (rows == NULL)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       /* Translators: number of a unit, path of a module */
                       _ ("Unit %u of %s can’t be revived: no trained row of weights makes it"),
                       units[i].unit, units[i].path);
          return NULL;
        }
      rows->chosen[units[i].unit] = TRUE;
    }
  revive_until_they_fire (&self, units, n);
  if (self.error == NULL)
    return make_result (&self);
  g_free (self.open);
  g_propagate_error (error, self.error);
  return NULL;
}
