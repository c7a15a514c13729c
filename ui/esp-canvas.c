/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The middle pane: what is selected, drawn. */

#include "config.h"

#include "esp-canvas.h"

struct _EspCanvas
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

G_DEFINE_FINAL_TYPE (EspCanvas, esp_canvas, ADW_TYPE_BIN)

static void
esp_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspCanvas *self = ESP_CANVAS (object);

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
esp_canvas_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspCanvas *self = ESP_CANVAS (object);

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
esp_canvas_dispose (GObject *object)
{
  EspCanvas *self = ESP_CANVAS (object);

  g_clear_object (&self->session);
  G_OBJECT_CLASS (esp_canvas_parent_class)->dispose (object);
}

static void
esp_canvas_class_init (EspCanvasClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_canvas_get_property;
  object_class->set_property = esp_canvas_set_property;
  object_class->dispose = esp_canvas_dispose;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_canvas_init (EspCanvas *self)
{
}

EspCanvas *
esp_canvas_new (void)
{
  return g_object_new (ESP_TYPE_CANVAS, NULL);
}
