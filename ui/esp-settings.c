/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSettings aborts on a missing schema; a program that runs from its build folder, or on a system
 * where the schema is of another version, must not. So every access goes through here. */

#include "config.h"

#include "esp-settings.h"

GSettings *
esp_settings_get_default (void)
{
  static gsize once = 0;
  static GSettings *settings = NULL;

  if (g_once_init_enter (&once))
    {
      GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
      g_autoptr (GSettingsSchema) schema = NULL;

      if (source)
        schema = g_settings_schema_source_lookup (source, ESP_APP_ID, TRUE);
      if (schema)
        settings = g_settings_new_full (schema, NULL, NULL);
      g_once_init_leave (&once, 1);
    }
  return settings;
}

/* the settings, if they have @key with this type */
static GSettings *
get_for_key (const char *key, const char *type)
{
  GSettings *settings = esp_settings_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettingsSchemaKey) schema_key = NULL;

  if (!settings)
    return NULL;
  g_object_get (settings, "settings-schema", &schema, NULL);
  if (!g_settings_schema_has_key (schema, key))
    return NULL;
  schema_key = g_settings_schema_get_key (schema, key);
  return g_variant_type_equal (g_settings_schema_key_get_value_type (schema_key),
                               G_VARIANT_TYPE (type))
             ? settings
             : NULL;
}

int
esp_settings_get_int (const char *key, int fallback)
{
  GSettings *settings = get_for_key (key, "i");

  return settings ? g_settings_get_int (settings, key) : fallback;
}

void
esp_settings_set_int (const char *key, int value)
{
  GSettings *settings = get_for_key (key, "i");

  if (settings)
    g_settings_set_int (settings, key, value);
}

gboolean
esp_settings_get_boolean (const char *key, gboolean fallback)
{
  GSettings *settings = get_for_key (key, "b");

  return settings ? g_settings_get_boolean (settings, key) : fallback;
}

void
esp_settings_set_boolean (const char *key, gboolean value)
{
  GSettings *settings = get_for_key (key, "b");

  if (settings)
    g_settings_set_boolean (settings, key, value);
}

double
esp_settings_get_double (const char *key, double fallback)
{
  GSettings *settings = get_for_key (key, "d");

  return settings ? g_settings_get_double (settings, key) : fallback;
}

void
esp_settings_set_double (const char *key, double value)
{
  GSettings *settings = get_for_key (key, "d");

  if (settings)
    g_settings_set_double (settings, key, value);
}

char *
esp_settings_dup_string (const char *key)
{
  GSettings *settings = get_for_key (key, "s");
  g_autofree char *value = settings ? g_settings_get_string (settings, key) : NULL;

  return value && *value ? g_steal_pointer (&value) : NULL;
}

void
esp_settings_set_string (const char *key, const char *value)
{
  GSettings *settings = get_for_key (key, "s");

  if (settings)
    g_settings_set_string (settings, key, value);
}

void
esp_settings_get_size (const char *key, int *width, int *height)
{
  GSettings *settings = get_for_key (key, "(ii)");

  if (settings)
    g_settings_get (settings, key, "(ii)", width, height);
}

void
esp_settings_set_size (const char *key, int width, int height)
{
  GSettings *settings = get_for_key (key, "(ii)");

  if (settings)
    g_settings_set (settings, key, "(ii)", width, height);
}
