/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspWindow:
 *
 * One session on screen: header bar, tree, canvas, inspector, training bar, messages.
 * Property "session" (EspSession, read only).
 */
#define ESP_TYPE_WINDOW (esp_window_get_type ())
G_DECLARE_FINAL_TYPE (EspWindow, esp_window, ESP, WINDOW, AdwApplicationWindow)

EspWindow *esp_window_new (GtkApplication *app);
EspSession *esp_window_get_session (EspWindow *self);
/* loads @file in place of what is shown; a refused file is told on a page or in a message */
void esp_window_open (EspWindow *self, GFile *file);
/* nothing is open in it and nothing is being opened */
gboolean esp_window_is_free (EspWindow *self);

G_END_DECLS
