/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inspector's histogram: a widget over esp_draw_histogram(). */

#include "config.h"

#include "esp-histogram.h"
#include "esp-style.h"

#include <glib/gi18n.h>

#define MIN_WIDTH 120
#define HEIGHT 96

struct _EspHistogram
{
  GtkWidget parent_instance;

  EspStats *stats;
  gboolean log_counts;
};

enum
{
  PROP_0,
  PROP_LOG_COUNTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspHistogram, esp_histogram, GTK_TYPE_WIDGET)

static void
esp_histogram_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : HEIGHT;
  *natural = *minimum;
}

static void
esp_histogram_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspHistogram *self = ESP_HISTOGRAM (widget);
  cairo_t *cr = self->stats ? esp_style_append_cairo (widget, snapshot) : NULL;

  if (!cr)
    return;
  esp_draw_histogram (cr, gtk_widget_get_width (widget), gtk_widget_get_height (widget),
                      self->stats, self->log_counts, esp_style_get_palette ());
  cairo_destroy (cr);
}

static void
esp_histogram_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_COUNTS:
      g_value_set_boolean (value, ESP_HISTOGRAM (object)->log_counts);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_histogram_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_COUNTS:
      esp_histogram_set_log_counts (ESP_HISTOGRAM (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_histogram_finalize (GObject *object)
{
  g_clear_pointer (&ESP_HISTOGRAM (object)->stats, esp_stats_unref);
  G_OBJECT_CLASS (esp_histogram_parent_class)->finalize (object);
}

static void
esp_histogram_class_init (EspHistogramClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_histogram_get_property;
  object_class->set_property = esp_histogram_set_property;
  object_class->finalize = esp_histogram_finalize;
  widget_class->measure = esp_histogram_measure;
  widget_class->snapshot = esp_histogram_snapshot;
  gtk_widget_class_set_css_name (widget_class, "histogram");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  properties[PROP_LOG_COUNTS] = g_param_spec_boolean ("log-counts", NULL, NULL, FALSE,
                                                      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                          G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_histogram_init (EspHistogram *self)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Histogram"), -1);
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_histogram_new (void)
{
  return g_object_new (ESP_TYPE_HISTOGRAM, NULL);
}

/* the spread in words, for those who don't see the picture */
static void
describe (EspHistogram *self)
{
  g_autofree char *low = NULL;
  g_autofree char *middle = NULL;
  g_autofree char *high = NULL;
  g_autofree char *text = NULL;

  if (!self->stats || esp_stats_get_values (self->stats)->finite == 0)
    {
      gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
      return;
    }
  low = esp_number_format_value (esp_stats_get_quantile (self->stats, 0.05), 3);
  middle = esp_number_format_value (esp_stats_get_quantile (self->stats, 0.5), 3);
  high = esp_number_format_value (esp_stats_get_quantile (self->stats, 0.95), 3);
  text = g_strdup_printf (_ ("Median %s; nine tenths of the values lie between %s and %s"), middle,
                          low, high);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

void
esp_histogram_set_stats (EspHistogram *self, EspStats *stats)
{
  g_return_if_fail (ESP_IS_HISTOGRAM (self));

  if (self->stats == stats)
    return;
  g_clear_pointer (&self->stats, esp_stats_unref);
  self->stats = stats ? esp_stats_ref (stats) : NULL;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
esp_histogram_set_log_counts (EspHistogram *self, gboolean log_counts)
{
  g_return_if_fail (ESP_IS_HISTOGRAM (self));

  log_counts = !!log_counts;
  if (self->log_counts == log_counts)
    return;
  self->log_counts = log_counts;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_COUNTS]);
}
