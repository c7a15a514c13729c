/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of meters, thinned as the run grows: when there is no room for another, every second one
 * goes and only steps at twice the distance are wanted from then on. What measuring costs becomes
 * less with every doubling. */

#include "config.h"
#include "esp-meter-log.h"

#include <string.h>

#define FEWEST 64 /* points of a network with very many parameters */

struct _EspMeterLog
{
  guint n_parameters;
  guint capacity;
  guint n;
  guint64 distance; /* a power of 2 */
  guint64 *steps;   /* (capacity) */
  EspMeter *meters; /* (capacity, n_parameters) */
};

EspMeterLog *
esp_meter_log_new (guint n_parameters)
{
  EspMeterLog *self = g_new0 (EspMeterLog, 1);
  gsize row = sizeof (guint64) + n_parameters * sizeof (EspMeter);
  self->n_parameters = n_parameters;
  self->capacity = CLAMP (ESP_METER_LOG_BYTES / row, FEWEST, ESP_METER_LOG_POINTS);
  self->distance = 1;
  self->steps = g_new (guint64, self->capacity);
  self->meters = g_new (EspMeter, (gsize) self->capacity * n_parameters);
  return self;
}

void
esp_meter_log_free (EspMeterLog *self)
{
  g_free (self->steps);
  g_free (self->meters);
  g_free (self);
}

void
esp_meter_log_clear (EspMeterLog *self)
{
  self->n = 0;
  self->distance = 1;
}

gboolean
esp_meter_log_wants (const EspMeterLog *self, guint64 step)
{
  return (step & (self->distance - 1)) == 0 && (self->n == 0 || step > self->steps[self->n - 1]);
}

static void
thin (EspMeterLog *self)
{
  guint kept = 0;
  self->distance *= 2;
  for (guint i = 0; i < self->n; i++)
    {
      if ((self->steps[i] & (self->distance - 1)) != 0)
        continue;
      self->steps[kept] = self->steps[i];
      memmove (self->meters + (gsize) kept * self->n_parameters,
               self->meters + (gsize) i * self->n_parameters,
               self->n_parameters * sizeof (EspMeter));
      kept++;
    }
  self->n = kept;
}

void
esp_meter_log_add (EspMeterLog *self, guint64 step, const EspMeter *meters)
{
  g_assert (esp_meter_log_wants (self, step));
  if (self->n == self->capacity)
    thin (self);
  if (!esp_meter_log_wants (self, step))
    return;
  self->steps[self->n] = step;
  memcpy (self->meters + (gsize) self->n * self->n_parameters, meters,
          self->n_parameters * sizeof (EspMeter));
  self->n++;
}

void
esp_meter_log_append_to (const EspMeterLog *self, guint64 last, EspMeterTable *table)
{
  guint n = self->n;
  g_return_if_fail (table->n_parameters == self->n_parameters);
  while (n > 0 && self->steps[n - 1] > last)
    n--;
  table->steps = g_renew (guint64, table->steps, table->n + n);
  table->meters = g_renew (EspMeter, table->meters, (gsize) (table->n + n) * self->n_parameters);
  memcpy (table->steps + table->n, self->steps, n * sizeof (guint64));
  memcpy (table->meters + (gsize) table->n * self->n_parameters, self->meters,
          (gsize) n * self->n_parameters * sizeof (EspMeter));
  table->n += n;
}
