/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The right pane: findings, facts and statistics of what is selected. */

#include "config.h"

#include "esp-inspector.h"

struct _EspInspector
{
  AdwBin parent_instance;

  EspSession *session;
};

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspInspector, esp_inspector, ADW_TYPE_BIN)

static void
esp_inspector_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspInspector *self = ESP_INSPECTOR (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_inspector_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspInspector *self = ESP_INSPECTOR (object);

  switch (id)
    {
    case PROP_SESSION:
      g_set_object (&self->session, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_inspector_dispose (GObject *object)
{
  EspInspector *self = ESP_INSPECTOR (object);

  g_clear_object (&self->session);
  G_OBJECT_CLASS (esp_inspector_parent_class)->dispose (object);
}

static void
esp_inspector_class_init (EspInspectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_inspector_get_property;
  object_class->set_property = esp_inspector_set_property;
  object_class->dispose = esp_inspector_dispose;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_inspector_init (EspInspector *self)
{
}

EspInspector *
esp_inspector_new (void)
{
  return g_object_new (ESP_TYPE_INSPECTOR, NULL);
}
