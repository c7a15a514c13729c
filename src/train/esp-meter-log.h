/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-meter.h"

G_BEGIN_DECLS

/**
 * EspMeterLog:
 *
 * Meters of all parameters over the steps of one branch, in bounded memory: every step at first,
 * then every second, fourth and so on, those whose number the distance divides. Which steps are
 * kept depends on how many there were, not on when somebody looked, and no step is kept twice. Not
 * thread safe.
 */
typedef struct _EspMeterLog EspMeterLog;

#define ESP_METER_LOG_POINTS 256
#define ESP_METER_LOG_BYTES (1 << 20) /* of one branch; there may be 64 */

EspMeterLog *esp_meter_log_new (guint n_parameters);
void esp_meter_log_free (EspMeterLog *self);
void esp_meter_log_clear (EspMeterLog *self);
/* whether @step is one to be added: it comes after all that are there. Hot. */
gboolean esp_meter_log_wants (const EspMeterLog *self, guint64 step);
/* @meters (n_parameters); @step is wanted */
void esp_meter_log_add (EspMeterLog *self, guint64 step, const EspMeter *meters);
/* what was kept up to step @last behind what @table has; @table has as many parameters */
void esp_meter_log_append_to (const EspMeterLog *self, guint64 last, EspMeterTable *table);

G_END_DECLS
