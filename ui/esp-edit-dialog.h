/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* asks what becomes of the numbers of the session's selected parameter, or of the row or column of
 * its selected cell; says how many that would change, and does it */
#define ESP_TYPE_EDIT_DIALOG (esp_edit_dialog_get_type ())
G_DECLARE_FINAL_TYPE (EspEditDialog, esp_edit_dialog, ESP, EDIT_DIALOG, AdwWindow)

void esp_edit_dialog_present (GtkWindow *parent, EspSession *session);

G_END_DECLS
