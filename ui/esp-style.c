/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bridge from libadwaita's style to the plain colours that src/draw takes. */

#include "config.h"

#include "esp-style.h"

gboolean
esp_style_is_dark (void)
{
  return adw_style_manager_get_dark (adw_style_manager_get_default ());
}

const EspPalette *
esp_style_get_palette (void)
{
  return esp_style_is_dark () ? &esp_palette_dark : &esp_palette_light;
}

void
esp_style_init_palette (EspPalette *palette, GtkWidget *widget)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);

  *palette = *esp_style_get_palette ();
  palette->font = pango_font_description_get_family (pango_context_get_font_description (context));
}

void
esp_style_follow (GtkWidget *widget)
{
  g_return_if_fail (GTK_IS_WIDGET (widget));

  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), widget, G_CONNECT_SWAPPED);
}

guint32
esp_style_get_color (GtkWidget *widget, const char *name, guint32 fallback)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GdkRGBA color;

  if (!gtk_style_context_lookup_color (context, name, &color))
    return fallback;
  return (guint32) (color.alpha * 255 + 0.5) << 24 | (guint32) (color.red * 255 + 0.5) << 16 |
         (guint32) (color.green * 255 + 0.5) << 8 | (guint32) (color.blue * 255 + 0.5);
}

cairo_t *
esp_style_append_cairo (GtkWidget *widget, GtkSnapshot *snapshot)
{
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);

  if (width <= 0 || height <= 0)
    return NULL;
  return gtk_snapshot_append_cairo (snapshot,
                                    &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
}
