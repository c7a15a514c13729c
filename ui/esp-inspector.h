/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspInspector:
 *
 * The right pane: findings, facts and statistics of what is selected.
 * Property "session" (EspSession, read and write).
 */
#define ESP_TYPE_INSPECTOR (esp_inspector_get_type ())
G_DECLARE_FINAL_TYPE (EspInspector, esp_inspector, ESP, INSPECTOR, AdwBin)

EspInspector *esp_inspector_new (void);

G_END_DECLS
