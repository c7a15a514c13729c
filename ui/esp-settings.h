/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * What is remembered between runs (schema org.espalier.Espalier). Where the schema isn't installed
 * the program runs on what it is built with: reads give the fallback, writes go nowhere.
 */

/* borrowed; NULL without a schema */
GSettings *esp_settings_get_default (void);

int esp_settings_get_int (const char *key, int fallback);
void esp_settings_set_int (const char *key, int value);
gboolean esp_settings_get_boolean (const char *key, gboolean fallback);
void esp_settings_set_boolean (const char *key, gboolean value);
double esp_settings_get_double (const char *key, double fallback);
void esp_settings_set_double (const char *key, double value);
/* new string; NULL if it is empty */
char *esp_settings_dup_string (const char *key);
void esp_settings_set_string (const char *key, const char *value);
/* "window-size" */
void esp_settings_get_size (const char *key, int *width, int *height);
void esp_settings_set_size (const char *key, int width, int height);

G_END_DECLS
