/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTrainingBar:
 *
 * Plays, pauses and steps a live network; its loss curve and time line.
 * Property "session" (EspSession, read and write).
 */
#define ESP_TYPE_TRAINING_BAR (esp_training_bar_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainingBar, esp_training_bar, ESP, TRAINING_BAR, AdwBin)

EspTrainingBar *esp_training_bar_new (void);

G_END_DECLS
