/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspLossPanel:
 *
 * The loss of a live network: each batch's and the running mean as curves, the last figures beside
 * them, for a classifier its accuracy.
 */
#define ESP_TYPE_LOSS_PANEL (esp_loss_panel_get_type ())
G_DECLARE_FINAL_TYPE (EspLossPanel, esp_loss_panel, ESP, LOSS_PANEL, GtkBox)

void esp_loss_panel_show (EspLossPanel *self, EspTrainer *trainer, EspSnapshot *snapshot);
/* the curve alone, where there is no room for more */
void esp_loss_panel_set_compact (EspLossPanel *self, gboolean compact);

/* steps in an epoch, at least 1 */
guint64 esp_loss_panel_count_batches (EspNetwork *network);

G_END_DECLS
