/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-spec.h"

G_BEGIN_DECLS

#define ESP_SCHEDULE_MAX_MILESTONES 64

/**
 * EspSchedule:
 *
 * How the learning rate goes with time: classes of torch.optim.lr_scheduler in closed form, so that
 * any moment can be asked for without those before it. Time counts optimiser steps, or epochs with
 * "every": "epoch": the first one is 0. Immutable.
 */
typedef struct _EspSchedule EspSchedule;

/* @object: {"class": ..., settings} */
EspSchedule *esp_schedule_new (JsonObject *object, GError **error);
/* NULL-terminated, static */
const char *const *esp_schedule_get_class_names (void);
/* has a class's reader answer esp_spec_new_for_questions(); FALSE when there is none of this name
 */
gboolean esp_schedule_ask (const char *class_name, EspSpec *questions);
/* what a person who chooses a class begins with, complete enough to be read; new, or NULL */
JsonObject *esp_schedule_make_example (const char *class_name);
void esp_schedule_free (EspSchedule *self);
gboolean esp_schedule_is_per_epoch (const EspSchedule *self);
/* NaN, or the rate that this schedule starts from whatever the optimiser says: OneCycleLR's max_lr
 */
double esp_schedule_get_base (const EspSchedule *self);
/* the rate at time @t for parameters whose rate is @base */
double esp_schedule_get_rate (const EspSchedule *self, double base, guint64 t);
/* whether it moves momentum (or the first beta), too, and where to at time @t */
gboolean esp_schedule_cycles_momentum (const EspSchedule *self);
double esp_schedule_get_momentum (const EspSchedule *self, guint64 t);
JsonObject *esp_schedule_get_settings (const EspSchedule *self); /* complete; borrowed */

G_END_DECLS
