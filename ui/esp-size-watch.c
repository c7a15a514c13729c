/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GTK 4.8 has no breakpoints. A widget must not show or hide children while sizes are given out, so
 * the new width is announced from an idle that runs before the next frame. */

#include "config.h"

#include "esp-size-watch.h"

struct _EspSizeWatch
{
  GtkWidget parent_instance;

  GtkWidget *child;
  gboolean shrinks;
  int width; /* announced */
  guint announce_id;
};

enum
{
  PROP_0,
  PROP_CHILD,
  PROP_SHRINKS,
  PROP_WIDTH,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspSizeWatch, esp_size_watch, GTK_TYPE_WIDGET)

static gboolean
announce (gpointer user_data)
{
  EspSizeWatch *self = user_data;
  int width = gtk_widget_get_width (GTK_WIDGET (self));

  self->announce_id = 0;
  if (width != self->width)
    {
      self->width = width;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WIDTH]);
    }
  return G_SOURCE_REMOVE;
}

static void
esp_size_watch_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (widget);

  if (self->child)
    gtk_widget_measure (self->child, orientation, for_size, minimum, natural, minimum_baseline,
                        natural_baseline);
  if (self->shrinks && orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = 0;
}

static void
esp_size_watch_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (widget);

  int minimum = 0;

  if (self->child)
    {
      gtk_widget_measure (self->child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      gtk_widget_allocate (self->child, MAX (width, minimum), height, baseline, NULL);
    }
  if (width != self->width && self->announce_id == 0)
    self->announce_id = g_idle_add_full (G_PRIORITY_DEFAULT, announce, self, NULL);
}

static GtkSizeRequestMode
esp_size_watch_get_request_mode (GtkWidget *widget)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (widget);

  return self->child ? gtk_widget_get_request_mode (self->child) : GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
set_child (EspSizeWatch *self, GtkWidget *child)
{
  if (self->child)
    gtk_widget_unparent (self->child);
  self->child = child;
  if (child)
    gtk_widget_set_parent (child, GTK_WIDGET (self));
}

static void
esp_size_watch_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (object);

  switch (id)
    {
    case PROP_CHILD:
      g_value_set_object (value, self->child);
      break;
    case PROP_SHRINKS:
      g_value_set_boolean (value, self->shrinks);
      break;
    case PROP_WIDTH:
      g_value_set_int (value, self->width);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_size_watch_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (object);

  switch (id)
    {
    case PROP_CHILD:
      set_child (self, g_value_get_object (value));
      break;
    case PROP_SHRINKS:
      self->shrinks = g_value_get_boolean (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_size_watch_dispose (GObject *object)
{
  EspSizeWatch *self = ESP_SIZE_WATCH (object);

  g_clear_handle_id (&self->announce_id, g_source_remove);
  g_clear_pointer (&self->child, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_size_watch_parent_class)->dispose (object);
}

static void
esp_size_watch_class_init (EspSizeWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_size_watch_get_property;
  object_class->set_property = esp_size_watch_set_property;
  object_class->dispose = esp_size_watch_dispose;
  widget_class->measure = esp_size_watch_measure;
  widget_class->size_allocate = esp_size_watch_size_allocate;
  widget_class->get_request_mode = esp_size_watch_get_request_mode;

  properties[PROP_CHILD] = g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_SHRINKS] = g_param_spec_boolean ("shrinks", NULL, NULL, FALSE,
                                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_WIDTH] = g_param_spec_int ("width", NULL, NULL, 0, G_MAXINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                 G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_size_watch_init (EspSizeWatch *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
esp_size_watch_new (void)
{
  return g_object_new (ESP_TYPE_SIZE_WATCH, NULL);
}

int
esp_size_watch_get_width (EspSizeWatch *self)
{
  g_return_val_if_fail (ESP_IS_SIZE_WATCH (self), 0);

  return self->width;
}
