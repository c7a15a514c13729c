/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in single cells: numbers, "NaN", "Inf". In: a scene whose overview has a pixel per
 * cell; out: a few hundred to two thousand short texts. All cells share one number of decimals and
 * one power of ten, so that they can be compared at a glance; both follow from the range, not from
 * what is in view, so that they hold still while a person pans. */
#include "config.h"

#include "esp-draw-private.h"

#include <math.h>
#include <string.h>

/* black on anything lighter than this, else white: both then have a contrast of 4.5:1 */
#define BLACK_FROM_LUMINANCE 0.18
#define LEAST_FONT 7.5

typedef struct
{
  double font_size;
  int decimals;
  int exponent; /* numbers are shown in units of 10^exponent */
  double advance[128];
  double minus;
} CellFormat;

static void
measure (cairo_t *cr, const EspPalette *palette, CellFormat *format)
{
  esp_draw_set_font (cr, palette, format->font_size, FALSE);
  for (const char *c = "0123456789.,e+NaInf"; *c != '\0'; c++)
    format->advance[(guint) *c] = esp_draw_get_text_width (cr, (char[]) { *c, '\0' });
  format->minus = esp_draw_get_text_width (cr, ESP_MINUS);
}

/* of ASCII text where '-' stands for the minus */
static double
get_width (const CellFormat *format, const char *text)
{
  double width = 0;

  for (const char *c = text; *c != '\0'; c++)
    width += *c == '-' ? format->minus : format->advance[(guint) *c & 127];

  return width;
}

static double
get_number_width (const CellFormat *format, int whole, int decimals)
{
  double figure = format->advance['0'];

  return format->minus + whole * figure + (decimals > 0 ? format->advance['.'] : 0) +
         decimals * figure;
}

/* all finite values in view are whole numbers: shown without decimals */
static gboolean
are_whole (EspOverview *overview, guint x0, guint y0, guint x1, guint y1, double *largest)
{
  *largest = 0;
  for (guint y = y0; y < y1; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = x0; x < x1; x++)
        {
          double value = row[x].max;

          if (row[x].flags != 0)
            continue;
          if (value != floor (value) || fabs (value) >= 1e7)
            return FALSE;
          *largest = fmax (*largest, fabs (value));
        }
    }

  return TRUE;
}

/* a little air on both sides of a number */
static double
get_room (double cell)
{
  return cell - fmax (3, cell * 0.14);
}

/* decimals for numbers up to 10^(exponent + 1); FALSE if fewer than two telling figures fit */
static gboolean
fit_plain (CellFormat *format, int exponent, double room)
{
  int whole = MAX (1, exponent + 1), most = CLAMP (3 - exponent, 0, 4), decimals = most;

  while (decimals > 0 && get_number_width (format, whole, decimals) > room)
    decimals--;
  if (get_number_width (format, whole, decimals) > room)
    return FALSE;

  format->decimals = decimals;
  return decimals + exponent + 1 >= 2;
}

/* whole numbers below 10^(exponent + 1) */
static gboolean
fit_whole (CellFormat *format, int exponent, double room)
{
  format->decimals = 0;
  return get_number_width (format, exponent + 1, 0) <= room;
}

static void
choose_format (cairo_t *cr,
               const EspHeatmapScene *scene,
               double cell,
               gboolean whole,
               double largest,
               CellFormat *format)
{
  double best = CLAMP (8.5 + (cell - ESP_HEATMAP_NUMBER_CELL) * 2 / 9, 8.5, 12);
  double magnitude = whole ? largest : fmax (fabs (scene->norm.lo), fabs (scene->norm.hi));
  double room = get_room (cell);
  int exponent = magnitude > 0 ? (int) floor (log10 (magnitude) + 1e-9) : 0;

  memset (format, 0, sizeof *format);
  for (double size = best; size >= LEAST_FONT; size -= 0.5)
    {
      format->font_size = size;
      measure (cr, scene->palette, format);
      if (whole ? fit_whole (format, MAX (exponent, 0), room) : fit_plain (format, exponent, room))
        return;
    }

  format->font_size = best;
  measure (cr, scene->palette, format);
  format->exponent = exponent;
  for (format->decimals = 3;
       format->decimals > 0 && get_number_width (format, 1, format->decimals) > room;)
    format->decimals--;
}

/* "-0.00" says less than "0.00" */
static void
drop_minus_of_zero (char *text)
{
  if (text[0] == '-' && strspn (text + 1, "0.,") == strlen (text + 1))
    memmove (text, text + 1, strlen (text));
}

static void
format_value (const CellFormat *format, double value, double room, char *text, gsize size)
{
  double shown = format->exponent != 0 ? value / pow (10, format->exponent) : value;

  if (value == 0)
    {
      g_strlcpy (text, "0", size);
      return;
    }
  for (int decimals = format->decimals; decimals >= 0; decimals--)
    {
      g_snprintf (text, (gulong) size, "%.*f", decimals, shown);
      drop_minus_of_zero (text);
      if (get_width (format, text) <= room)
        return;
    }
  g_snprintf (text, (gulong) size, "%.0e", shown); /* far beyond the range */
  if (get_width (format, text) > room)
    text[0] = '\0'; /* too long for its cell: the colour alone is better than half a number */
}

/* ASCII minus -> U+2212 */
static void
show_number (cairo_t *cr, const CellFormat *format, const char *text, double x, double y)
{
  char shown[64];
  char *out = shown;

  for (const char *c = text; *c != '\0' && out < shown + sizeof shown - 4; c++)
    out = *c == '-' ? g_stpcpy (out, ESP_MINUS) : (*out = *c, out + 1);
  *out = '\0';
  cairo_move_to (cr, x - get_width (format, text) / 2, y);
  cairo_show_text (cr, shown);
}

static void
draw_number (cairo_t *cr,
             const EspHeatmapScene *scene,
             const CellFormat *format,
             double value,
             double x,
             double y,
             double room)
{
  double luminance = esp_draw_get_luminance (esp_norm_get_color (&scene->norm, value));
  char text[64];

  format_value (format, value, room, text, sizeof text);
  esp_draw_set_color (cr, luminance >= BLACK_FROM_LUMINANCE ? 0xff000000 : 0xffffffff);
  show_number (cr, format, text, x, y);
}

static void
draw_triangle (cairo_t *cr, double x, double y, double size, gboolean up)
{
  double half = size / 2, tip = up ? -half * 0.8 : half * 0.8;

  cairo_move_to (cr, x, y + tip);
  cairo_line_to (cr, x + half, y - tip);
  cairo_line_to (cr, x - half, y - tip);
  cairo_close_path (cr);
  esp_draw_set_color (cr, 0xffffffff);
  cairo_fill (cr);
}

/* the word of a cell that isn't finite; from 12 px on the mark fills the cell, from 24 on it has
 * its word */
static void
draw_nonfinite_cell (cairo_t *cr,
                     const EspHeatmapScene *scene,
                     guint8 flags,
                     double x,
                     double y,
                     double width,
                     double height)
{
  double middle_x = x + width / 2, middle_y = y + height / 2;
  gboolean word = fmin (width, height) >= ESP_HEATMAP_NUMBER_CELL;
  double size = CLAMP (fmin (width, height) * 0.28, 7.5, 12);

  esp_draw_set_font (cr, scene->palette, size, TRUE);
  if (flags & ESP_PIXEL_NAN)
    {
      esp_draw_hazard (cr, x, y, width, height);
      if (!word)
        return;
      cairo_rectangle (cr, x + 4, y + 4, width - 8, height - 8);
      esp_draw_set_color (cr, ESP_COLOR_NAN);
      cairo_fill (cr);
      esp_draw_set_color (cr, 0xff000000);
      esp_draw_text (cr, "NaN", middle_x, middle_y, ESP_ALIGN_MIDDLE);
      return;
    }

  esp_draw_set_color (cr, ESP_COLOR_INF);
  cairo_rectangle (cr, x, y, width, height);
  cairo_fill (cr);
  if (word)
    {
      gboolean up = (flags & ESP_PIXEL_POSITIVE_INF) != 0;
      double shift = height * 0.2;

      draw_triangle (cr, middle_x, middle_y + (up ? -shift : shift), size * 1.1, up);
      esp_draw_set_color (cr, 0xffffffff);
      esp_draw_text (cr, up ? "+Inf" : ESP_MINUS "Inf", middle_x, middle_y + (up ? shift : -shift),
                     ESP_ALIGN_MIDDLE);
    }
  else
    draw_triangle (cr, middle_x, middle_y, 8, (flags & ESP_PIXEL_POSITIVE_INF) != 0);
}

static void
draw_numbers (cairo_t *cr,
              const EspHeatmapScene *scene,
              guint x0,
              guint y0,
              guint x1,
              guint y1,
              int *factor)
{
  EspOverview *overview = scene->overview;
  double left, top, width, height, largest = 0;
  cairo_text_extents_t figure;
  CellFormat format;
  gboolean whole = are_whole (overview, x0, y0, x1, y1, &largest);

  esp_draw_get_pixel_box (&scene->geometry, overview, 0, 0, &left, &top, &width, &height);
  choose_format (cr, scene, width, whole, largest, &format);
  *factor = format.exponent;
  cairo_text_extents (cr, "0", &figure);
  for (guint y = y0; y < y1; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = x0; x < x1; x++)
        if (row[x].flags == 0)
          draw_number (cr, scene, &format, row[x].max, left + (x + 0.5) * width,
                       round (top + (y + 0.5) * height + figure.height / 2), width - 2);
    }
}

void
esp_draw_cells (cairo_t *cr, const EspHeatmapScene *scene, int *factor)
{
  EspOverview *overview = scene->overview;
  const EspRegion *region;
  double left, top, width, height;
  guint x0, y0, x1, y1;

  *factor = 0;
  if (overview == NULL ||
      !esp_draw_get_visible_pixels (&scene->geometry, overview, &x0, &y0, &x1, &y1))
    return;

  region = esp_overview_get_region (overview);
  esp_draw_get_pixel_box (&scene->geometry, overview, x0, y0, &left, &top, &width, &height);
  if (region->rows != esp_overview_get_height (overview) ||
      region->columns != esp_overview_get_width (overview) || fmin (width, height) < 12)
    return;

  if (fmin (width, height) >= ESP_HEATMAP_NUMBER_CELL)
    draw_numbers (cr, scene, x0, y0, x1, y1, factor);
  for (guint y = y0; y < y1; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = x0; x < x1; x++)
        if (row[x].flags != 0)
          draw_nonfinite_cell (cr, scene, row[x].flags, round (left + (x - x0) * width),
                               round (top + (y - y0) * height), round (width), round (height));
    }
}
