/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A curve of at most some thousand points, drawn anew on each frame that it grew in. */

#include "config.h"

#include "esp-plot.h"
#include "esp-style.h"

#include <glib/gi18n.h>

#define MIN_WIDTH 160
#define MIN_HEIGHT 72

struct _EspPlot
{
  GtkWidget parent_instance;

  char *name;
  char *color;
  double *x, *y; /* (n) */
  guint n;
  gboolean log_y;
};

enum
{
  PROP_0,
  PROP_LOG_Y,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspPlot, esp_plot, GTK_TYPE_WIDGET)

static void
esp_plot_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : MIN_HEIGHT;
  *natural = *minimum;
}

static void
esp_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspPlot *self = ESP_PLOT (widget);
  const EspPalette *palette = esp_style_get_palette ();
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);
  EspCurve curve = { .name = self->name, .x = self->x, .y = self->y, .n = self->n };
  cairo_t *cr;

  if (width <= 0 || height <= 0)
    return;
  curve.color = self->color ? esp_style_get_color (widget, self->color, palette->accent)
                            : palette->accent;
  cr = gtk_snapshot_append_cairo (snapshot,
                                  &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  esp_draw_plot (cr, width, height, &curve, self->n > 0 ? 1 : 0, self->log_y, palette);
  cairo_destroy (cr);
}

static void
esp_plot_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_Y:
      g_value_set_boolean (value, ESP_PLOT (object)->log_y);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_plot_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_Y:
      esp_plot_set_log_y (ESP_PLOT (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
clear_curve (EspPlot *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->color, g_free);
  g_clear_pointer (&self->x, g_free);
  g_clear_pointer (&self->y, g_free);
  self->n = 0;
}

static void
esp_plot_finalize (GObject *object)
{
  clear_curve (ESP_PLOT (object));
  G_OBJECT_CLASS (esp_plot_parent_class)->finalize (object);
}

static void
esp_plot_class_init (EspPlotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_plot_get_property;
  object_class->set_property = esp_plot_set_property;
  object_class->finalize = esp_plot_finalize;
  widget_class->measure = esp_plot_measure;
  widget_class->snapshot = esp_plot_snapshot;
  gtk_widget_class_set_css_name (widget_class, "plot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  properties[PROP_LOG_Y] = g_param_spec_boolean ("log-y", NULL, NULL, FALSE,
                                                 G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                     G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_plot_init (EspPlot *self)
{
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_plot_new (void)
{
  return g_object_new (ESP_TYPE_PLOT, NULL);
}

void
esp_plot_set_log_y (EspPlot *self, gboolean log_y)
{
  g_return_if_fail (ESP_IS_PLOT (self));

  log_y = !!log_y;
  if (self->log_y == log_y)
    return;
  self->log_y = log_y;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_Y]);
}

/* first and last value in words */
static void
describe (EspPlot *self)
{
  g_autofree char *first = NULL;
  g_autofree char *last = NULL;
  g_autofree char *step = NULL;
  g_autofree char *text = NULL;

  if (self->n == 0)
    {
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      _ ("No steps yet"), -1);
      return;
    }
  first = esp_number_format_value (self->y[0], 3);
  last = esp_number_format_value (self->y[self->n - 1], 3);
  step = esp_number_format_count ((guint64) self->x[self->n - 1]);
  /* TRANSLATORS: a curve in words: first value, value now, step */
  text = g_strdup_printf (_ ("From %s to %s at step %s"), first, last, step);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

void
esp_plot_take_curve (EspPlot *self,
                     const char *name,
                     const char *color,
                     guint64 *steps,
                     double *values,
                     guint n)
{
  double *x = g_new (double, n);

  g_return_if_fail (ESP_IS_PLOT (self));

  for (guint i = 0; i < n; i++)
    x[i] = (double) steps[i];
  clear_curve (self);
  self->name = g_strdup (name);
  self->color = g_strdup (color);
  self->x = x;
  self->y = values;
  self->n = n;
  g_free (steps);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
