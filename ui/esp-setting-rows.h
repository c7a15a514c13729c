/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspSettingRows:
 *
 * Rows of a group for the settings of a layer, loss or optimiser: what can be set comes from
 * EspSetting. They stay while the class stays, so that the focus does, too.
 */
typedef struct _EspSettingRows EspSettingRows;

/* @value is borrowed; NULL: there is to be none of it */
typedef void (*EspSettingRowsFunc) (const char *key, JsonNode *value, gpointer user_data);

EspSettingRows *esp_setting_rows_new (AdwPreferencesGroup *group,
                                      EspSettingRowsFunc func,
                                      gpointer user_data);
void esp_setting_rows_free (EspSettingRows *self);
/* @settings: of the class that @values has, NULL for no rows */
void esp_setting_rows_show (EspSettingRows *self, GPtrArray *settings, JsonObject *values);
/* The wheel scrolls the inspector: a spin button that lies on its way keeps its number. */
void esp_setting_rows_ignore_wheel (GtkWidget *spin);

G_END_DECLS
