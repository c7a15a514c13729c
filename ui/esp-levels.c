/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The legend of the heatmap: the view's norm and statistics, painted by esp_draw_levels(). */

#include "config.h"

#include "esp-levels.h"
#include "esp-style.h"

#include <glib/gi18n.h>

#define HEIGHT 92
#define BRIEF_HEIGHT 30

struct _EspLevels
{
  GtkWidget parent_instance;

  EspView *view; /* owned */
  gboolean brief;
};

G_DEFINE_FINAL_TYPE (EspLevels, esp_levels, GTK_TYPE_WIDGET)

static void
update (EspLevels *self)
{
  const EspNorm *norm = esp_view_get_norm (self->view);
  g_autofree char *lo = NULL, *hi = NULL, *label = NULL;

  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (norm == NULL)
    return;

  lo = esp_number_format_value (norm->lo, 3);
  hi = esp_number_format_value (norm->hi, 3);
  label = g_strdup_printf (_ ("Colours from %s to %s"), lo, hi);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
esp_levels_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspLevels *self = ESP_LEVELS (widget);
  const EspNorm *norm = self->view != NULL ? esp_view_get_norm (self->view) : NULL;
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  int bar = width - ESP_HEATMAP_MARGIN_LEFT - ESP_HEATMAP_MARGIN;
  EspPalette palette;
  cairo_t *cr;

  if (norm == NULL || bar < 24 || height < 16)
    return;

  esp_style_init_palette (&palette, widget);
  cr = esp_style_append_cairo (widget, snapshot);
  cairo_translate (cr, ESP_HEATMAP_MARGIN_LEFT, 0);
  esp_draw_levels (cr, bar, height, norm, esp_view_get_stats (self->view), &palette);
  cairo_destroy (cr);
}

static void
esp_levels_measure (GtkWidget *widget,
                    GtkOrientation orientation,
                    int for_size,
                    int *minimum,
                    int *natural,
                    int *minimum_baseline,
                    int *natural_baseline)
{
  EspLevels *self = ESP_LEVELS (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = 120;
  else
    *minimum = *natural = self->brief ? BRIEF_HEIGHT : HEIGHT;
}

static void
esp_levels_dispose (GObject *object)
{
  g_clear_object (&ESP_LEVELS (object)->view);

  G_OBJECT_CLASS (esp_levels_parent_class)->dispose (object);
}

static void
esp_levels_class_init (EspLevelsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_levels_dispose;
  widget_class->snapshot = esp_levels_snapshot;
  widget_class->measure = esp_levels_measure;
  gtk_widget_class_set_css_name (widget_class, "levels");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
esp_levels_init (EspLevels *self)
{
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_levels_new (void)
{
  return g_object_new (ESP_TYPE_LEVELS, NULL);
}

void
esp_levels_set_view (EspLevels *self, EspView *view)
{
  g_return_if_fail (ESP_IS_LEVELS (self));
  g_return_if_fail (ESP_IS_VIEW (view));

  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_set_object (&self->view, view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
esp_levels_set_brief (EspLevels *self, gboolean brief)
{
  g_return_if_fail (ESP_IS_LEVELS (self));

  if (self->brief == brief)
    return;
  self->brief = brief;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
