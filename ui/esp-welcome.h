/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspWelcome:
 *
 * The page of a window without a document: where to drop a file, the recent files, the networks to
 * train. All it does goes through the window's actions.
 */
#define ESP_TYPE_WELCOME (esp_welcome_get_type ())
G_DECLARE_FINAL_TYPE (EspWelcome, esp_welcome, ESP, WELCOME, AdwBin)

G_END_DECLS
