/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTrainDialog:
 *
 * How a checkpoint is to be trained: its layers, with what a guess leaves open, and data, loss,
 * optimizer. It closes when there is a network; what stands in the way is said in it.
 */
#define ESP_TYPE_TRAIN_DIALOG (esp_train_dialog_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainDialog, esp_train_dialog, ESP, TRAIN_DIALOG, AdwWindow)

/* @notes (element-type utf8): what to know of the network; borrowed */
typedef void (*EspTrainDialogFunc) (EspNetwork *network, GPtrArray *notes, gpointer user_data);

/* @about: of a guess, why it is one. @destroy frees @user_data in any case. */
void esp_train_dialog_present (GtkWindow *parent,
                               EspArchitecture *architecture,
                               const char *about,
                               EspTrainDialogFunc callback,
                               gpointer user_data,
                               GDestroyNotify destroy);

G_END_DECLS
