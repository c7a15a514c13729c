/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brushes that the painters share: colours, lines of text, pills, hazard stripes. Text goes through
 * Cairo's toy interface: labels and figures of a few glyphs, one line each. */
#include "config.h"

#include "esp-draw-private.h"

#include <math.h>

void
esp_draw_set_color (cairo_t *cr, guint32 color)
{
  cairo_set_source_rgba (cr, (color >> 16 & 0xff) / 255.0, (color >> 8 & 0xff) / 255.0,
                         (color & 0xff) / 255.0, (color >> 24) / 255.0);
}

static double
linearise (guint8 channel)
{
  double share = channel / 255.0;

  return share <= 0.04045 ? share / 12.92 : pow ((share + 0.055) / 1.055, 2.4);
}

double
esp_draw_get_luminance (guint32 color)
{
  return 0.2126 * linearise (color >> 16 & 0xff) + 0.7152 * linearise (color >> 8 & 0xff) +
         0.0722 * linearise (color & 0xff);
}

guint32
esp_palette_get_amber (const EspPalette *palette)
{
  return palette->dark ? 0xfff8e45c : 0xff7a5200;
}

void
esp_draw_set_font (cairo_t *cr, const EspPalette *palette, double size, gboolean bold)
{
  cairo_select_font_face (cr, palette->font != NULL ? palette->font : "sans",
                          CAIRO_FONT_SLANT_NORMAL,
                          bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cr, size);
}

double
esp_draw_get_text_width (cairo_t *cr, const char *text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cr, text, &extents);
  return extents.x_advance;
}

void
esp_draw_text (cairo_t *cr, const char *text, double x, double y, EspAlign align)
{
  cairo_text_extents_t figure;

  if (align != ESP_ALIGN_START)
    {
      double width = esp_draw_get_text_width (cr, text);

      x -= align == ESP_ALIGN_END ? width : width / 2;
    }
  cairo_text_extents (cr, "0", &figure);
  cairo_move_to (cr, round (x), round (y + figure.height / 2));
  cairo_show_text (cr, text);
}

void
esp_draw_rounded (cairo_t *cr, double x, double y, double width, double height, double radius)
{
  radius = fmin (radius, fmin (width, height) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI / 2, 0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0, G_PI / 2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI / 2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
}

void
esp_draw_pill (cairo_t *cr, const char *text, double x, double y, EspAlign align)
{
  double text_width = esp_draw_get_text_width (cr, text), width = ceil (text_width) + 10;

  if (align != ESP_ALIGN_START)
    x -= align == ESP_ALIGN_END ? width : width / 2;
  esp_draw_rounded (cr, round (x), round (y) - 8, width, 16, 5);
  esp_draw_set_color (cr, 0xff303030);
  cairo_fill_preserve (cr);
  esp_draw_set_color (cr, 0x40ffffff); /* a rim that shows on dark grounds */
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
  esp_draw_set_color (cr, 0xffffffff);
  esp_draw_text (cr, text, round (x) + width / 2, y, ESP_ALIGN_MIDDLE);
}

void
esp_draw_hazard (cairo_t *cr, double x, double y, double width, double height)
{
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  esp_draw_set_color (cr, ESP_COLOR_NAN);
  cairo_paint (cr);
  esp_draw_set_color (cr, 0xff000000);
  cairo_set_line_width (cr, 2.5);
  for (double offset = -height - 2; offset < width + 2; offset += 7)
    {
      cairo_move_to (cr, x + offset - 2, y + height + 2);
      cairo_line_to (cr, x + offset + height + 2, y - 2);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}
