/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window: its session and the widgets that show it, each bound to the session by property. */

#include "config.h"

#include "esp-window.h"
#include "esp-canvas.h"
#include "esp-inspector.h"
#include "esp-training-bar.h"

struct _EspWindow
{
  AdwApplicationWindow parent_instance;

  EspSession *session;
};

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspWindow, esp_window, ADW_TYPE_APPLICATION_WINDOW)

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!esp_session_load_finish (self->session, result, &error))
    g_message ("%s", error->message);
}

static void
esp_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspWindow *self = ESP_WINDOW (object);

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
esp_window_dispose (GObject *object)
{
  EspWindow *self = ESP_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_WINDOW);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (esp_window_parent_class)->dispose (object);
}

static void
esp_window_class_init (EspWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_window_get_property;
  object_class->dispose = esp_window_dispose;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (ESP_TYPE_CANVAS);
  g_type_ensure (ESP_TYPE_INSPECTOR);
  g_type_ensure (ESP_TYPE_TRAINING_BAR);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-window.ui");
}

static void
esp_window_init (EspWindow *self)
{
  self->session = esp_session_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

EspWindow *
esp_window_new (GtkApplication *app)
{
  return g_object_new (ESP_TYPE_WINDOW, "application", app, NULL);
}

EspSession *
esp_window_get_session (EspWindow *self)
{
  g_return_val_if_fail (ESP_IS_WINDOW (self), NULL);

  return self->session;
}

void
esp_window_open (EspWindow *self, GFile *file)
{
  g_autofree char *path = g_file_get_path (file);

  g_return_if_fail (ESP_IS_WINDOW (self));

  if (path)
    esp_session_load_async (self->session, path, NULL, on_loaded, g_object_ref (self));
}
