/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cell of the tree. Values change with every frame, and no one reads faster than some times a
 * second, so that is how often it follows. */

#include "config.h"

#include "esp-update-cell.h"

#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>

#define GUIDE -3.0
#define SPAN 2.0 /* decades to either side */
#define SCALE_WIDTH 34
#define SCALE_HEIGHT 14
#define DOT 6
#define REFRESH_MS 150

struct _EspUpdateCell
{
  GtkWidget parent_instance;

  EspParameter *parameter;
  gulong changed;
  guint timeout; /* source; while it runs nothing is shown anew */
  float ratio;   /* what is shown */
};

G_DEFINE_FINAL_TYPE (EspUpdateCell, esp_update_cell, GTK_TYPE_WIDGET)

static char *
dup_text (EspUpdateCell *self)
{
  if (isfinite (self->ratio))
    return esp_number_format_value (round ((double) self->ratio * 10) / 10, 3);
  return g_strdup ("");
}

static void
take_ratio (EspUpdateCell *self)
{
  float ratio = self->parameter != NULL ? esp_parameter_get_meter (self->parameter)->update_ratio
                                        : NAN;
  g_autofree char *text = NULL;

  if (ratio == self->ratio || (isnan (ratio) && isnan (self->ratio)))
    return;
  self->ratio = ratio;
  text = dup_text (self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
on_timeout (gpointer user_data)
{
  EspUpdateCell *self = user_data;

  self->timeout = 0;
  take_ratio (self);
  return G_SOURCE_REMOVE;
}

static void
on_changed (EspUpdateCell *self)
{
  if (self->timeout == 0)
    self->timeout = g_timeout_add (REFRESH_MS, on_timeout, self);
}

static void
esp_update_cell_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? SCALE_WIDTH : SCALE_HEIGHT;
}

/* a dot where it is on the scale, at the end of it beyond */
static void
snapshot_scale (EspUpdateCell *self, GtkSnapshot *snapshot, const GdkRGBA *color, float top)
{
  double share = CLAMP ((double) self->ratio, GUIDE - SPAN, GUIDE + SPAN) - GUIDE + SPAN;
  float x = (float) (DOT / 2.0 + share / (2 * SPAN) * (SCALE_WIDTH - DOT));
  GdkRGBA track = *color, dot;
  GskRoundedRect round;

  track.alpha *= 0.12f;
  gtk_snapshot_append_color (snapshot, &track,
                             &GRAPHENE_RECT_INIT (0, top, SCALE_WIDTH, SCALE_HEIGHT));
  track.alpha *= 4;
  gtk_snapshot_append_color (snapshot, &track,
                             &GRAPHENE_RECT_INIT (SCALE_WIDTH / 2, top, 1, SCALE_HEIGHT));
  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)),
                                       "esp_curve_train", &dot))
    dot = *color;
  gsk_rounded_rect_init_from_rect (
      &round, &GRAPHENE_RECT_INIT (x - DOT / 2, top + (SCALE_HEIGHT - DOT) / 2, DOT, DOT),
      DOT / 2.0f);
  gtk_snapshot_push_rounded_clip (snapshot, &round);
  gtk_snapshot_append_color (snapshot, &dot, &round.bounds);
  gtk_snapshot_pop (snapshot);
}

static void
esp_update_cell_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspUpdateCell *self = ESP_UPDATE_CELL (widget);
  g_autofree char *text = dup_text (self);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  int height = gtk_widget_get_height (widget), text_width, text_height;
  GdkRGBA color;

  if (!isfinite (self->ratio))
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  pango_layout_get_pixel_size (layout, &text_width, &text_height);
  snapshot_scale (self, snapshot, &color, floorf ((float) (height - SCALE_HEIGHT) / 2));
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (
      snapshot, &GRAPHENE_POINT_INIT ((float) (gtk_widget_get_width (widget) - text_width),
                                      floorf ((float) (height - text_height) / 2)));
  gtk_snapshot_append_layout (snapshot, layout, &color);
  gtk_snapshot_restore (snapshot);
}

static void
esp_update_cell_dispose (GObject *object)
{
  esp_update_cell_set_parameter (ESP_UPDATE_CELL (object), NULL);
  G_OBJECT_CLASS (esp_update_cell_parent_class)->dispose (object);
}

static void
esp_update_cell_class_init (EspUpdateCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_update_cell_dispose;
  widget_class->measure = esp_update_cell_measure;
  widget_class->snapshot = esp_update_cell_snapshot;
  gtk_widget_class_set_css_name (widget_class, "update");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
esp_update_cell_init (EspUpdateCell *self)
{
  self->ratio = NAN;
  gtk_widget_add_css_class (GTK_WIDGET (self), "numeric");
  gtk_widget_set_tooltip_text (
      GTK_WIDGET (self), _ ("Last update against the data, log10 of their standard deviations"));
}

GtkWidget *
esp_update_cell_new (void)
{
  return g_object_new (ESP_TYPE_UPDATE_CELL, NULL);
}

void
esp_update_cell_set_parameter (EspUpdateCell *self, EspParameter *parameter)
{
  g_return_if_fail (ESP_IS_UPDATE_CELL (self));

  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->parameter != NULL)
    g_clear_signal_handler (&self->changed, self->parameter);
  g_set_object (&self->parameter, parameter);
  if (parameter != NULL)
    self->changed = g_signal_connect_swapped (parameter, "changed", G_CALLBACK (on_changed), self);
  take_ratio (self);
}
