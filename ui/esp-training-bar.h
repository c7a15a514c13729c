/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTrainingBar:
 *
 * Plays, pauses and steps a live network, sets speed and learning rate, shows step and loss curve.
 * For a live network only: without one it has nothing to show. The window that it stands in gets
 * the actions training.play (a switch), training.step and training.reset. Property "session"
 * (EspSession, read and write).
 */
#define ESP_TYPE_TRAINING_BAR (esp_training_bar_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainingBar, esp_training_bar, ESP, TRAINING_BAR, AdwBin)

EspTrainingBar *esp_training_bar_new (void);

/* place on the speed scale -> steps a second: a logarithmic scale, its right end is INFINITY */
double esp_training_bar_speed_at (double position);
double esp_training_bar_position_of (double steps_per_second);

G_END_DECLS
