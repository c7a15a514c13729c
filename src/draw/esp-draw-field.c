/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A function of two inputs as a picture: what a network answers between the points of the grid is
 * interpolated, so that a boundary is a line and no staircase; with the examples on it, axes and a
 * legend. Some 100,000 pixels are made anew for each snapshot, 1 to 4 ms, which is why they are no
 * more than MOST_PIXELS to a side and larger pictures scale them.
 */
#include "config.h"

#include "esp-draw-field.h"

#include <glib/gi18n.h>
#include <math.h>

#include "esp-draw-plot.h"
#include "esp-draw-private.h"
#include "esp-number.h"

#define MOST_PIXELS 320
#define LARGEST_MARK 3.2 /* radius */
#define SMALLEST_MARK 1.6
#define MARKS_A_SIDE 100 /* so many radii */
#define LEGEND_GAP 16
#define BAR_WIDTH 56
#define BAR_ROOM 110 /* with its numbers */
#define LINE 20

/* blue and orange first, as everywhere; then apart in hue and lightness */
static const guint32 class_colors[2][ESP_FIELD_MAX_CLASSES] = {
  { 0xff2f6fb2, 0xffb4472e, 0xff2e8b57, 0xff8a4fa3, 0xff8a6d00, 0xff00838a, 0xffc2407f, 0xff5b6b7a,
    0xff6b8e23, 0xff5146c8 },
  { 0xff6fb0ee, 0xfff0846a, 0xff6fce97, 0xffc79be0, 0xffd9bd4a, 0xff5cc8ce, 0xfff08fbf, 0xffa9b8c6,
    0xffafd264, 0xff9d96f5 },
};

guint32
esp_field_get_class_color (guint label, gboolean dark)
{
  return class_colors[dark != FALSE][label % ESP_FIELD_MAX_CLASSES];
}

void
esp_field_get_area (int width, int height, double *left, double *top, double *side)
{
  double room_x = width - ESP_FIELD_MARGIN_LEFT - ESP_FIELD_MARGIN;
  double room_y = height - ESP_FIELD_MARGIN - ESP_FIELD_MARGIN_BOTTOM;

  *side = floor (fmax (1, fmin (room_x, room_y)));
  *left = ESP_FIELD_MARGIN_LEFT + floor ((room_x - *side) / 2);
  *top = ESP_FIELD_MARGIN + floor (fmax (0, room_y - *side) / 2);
}

gboolean
esp_field_locate (const EspGrid *grid,
                  int width,
                  int height,
                  double pixel_x,
                  double pixel_y,
                  double *x,
                  double *y)
{
  double left, top, side;

  esp_field_get_area (width, height, &left, &top, &side);
  *x = grid->x0 + (pixel_x - left) / side * (grid->x1 - grid->x0);
  *y = grid->y1 - (pixel_y - top) / side * (grid->y1 - grid->y0);
  return pixel_x >= left && pixel_y >= top && pixel_x <= left + side && pixel_y <= top + side;
}

/* --- the plane --- */

static guint32
mix (guint32 from, guint32 to, double share)
{
  guint32 color = 0xff000000;

  for (int shift = 0; shift <= 16; shift += 8)
    {
      double a = from >> shift & 0xff, b = to >> shift & 0xff;

      color |= (guint32) (a + (b - a) * share + 0.5) << shift;
    }
  return color;
}

/* where a pixel lies between two points of the grid */
typedef struct
{
  guint at; /* the first of them */
  float share;
} Between;

static Between *
make_between (guint pixels, guint side, gboolean backward)
{
  Between *between = g_new (Between, pixels);

  for (guint i = 0; i < pixels; i++)
    {
      double at = (i + 0.5) / pixels * (side - 1);

      if (backward)
        at = side - 1 - at;
      between[i].at = MIN ((guint) at, side - 2);
      between[i].share = (float) (at - between[i].at);
    }
  return between;
}

static inline float
interpolate (const EspFieldScene *scene, const float *corner, const Between *x, const Between *y)
{
  gsize line = scene->stride * scene->grid.side;
  float low = corner[0] + (corner[scene->stride] - corner[0]) * x->share;
  float high = corner[line] + (corner[line + scene->stride] - corner[line]) * x->share;

  return low + (high - low) * y->share;
}

typedef struct
{
  const EspFieldScene *scene;
  guint32 colors[256]; /* of values, or of class by class in shares of 16 */
  guint32 bad;
} Colors;

static void
init_colors (Colors *colors, const EspFieldScene *scene)
{
  guint32 none = scene->palette->dark ? 0xff101010 : 0xfff4f4f4;

  colors->scene = scene;
  colors->bad = ESP_COLOR_NAN;
  for (guint i = 0; i < 256; i++)
    if (scene->n_channels > 1)
      colors->colors[i] = mix (none, esp_field_get_class_color (i / 16, scene->palette->dark),
                               0.15 + 0.6 * (i % 16) / 15);
    else
      colors->colors[i] = esp_norm_get_step (&scene->norm, i);
}

static inline guint32
color_value (const Colors *colors, const float *corner, const Between *x, const Between *y)
{
  const EspNorm *norm = &colors->scene->norm;
  float value = interpolate (colors->scene, corner, x, y);

  if (isnan (value))
    return colors->bad;
  if (colors->scene->discrete)
    return colors->colors[value > 0 ? 224 : 32];
  return colors
      ->colors[(int) CLAMP (((double) value - norm->lo) / (norm->hi - norm->lo) * 256, 0, 255)];
}

static inline guint32
color_class (const Colors *colors, const float *corner, const Between *x, const Between *y)
{
  guint n = colors->scene->n_channels, best = 0;
  float largest = -INFINITY;
  double certain;

  for (guint k = 0; k < n; k++)
    {
      float share = interpolate (colors->scene, corner + k, x, y);

      if (share > largest)
        {
          largest = share;
          best = k;
        }
    }
  if (!(largest > -INFINITY))
    return colors->bad;
  certain = CLAMP (((double) largest * n - 1) / (n - 1), 0, 1);
  return colors->colors[best % ESP_FIELD_MAX_CLASSES * 16 +
                        (colors->scene->discrete ? 15 : (guint) (certain * 15 + 0.5))];
}

static cairo_surface_t *
paint_plane (const EspFieldScene *scene, guint pixels)
{
  guint side = scene->grid.side;
  g_autofree Between *columns = make_between (pixels, side, FALSE);
  g_autofree Between *rows = make_between (pixels, side, TRUE);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) pixels,
                                                         (int) pixels);
  int stride = cairo_image_surface_get_stride (surface);
  guint8 *data = cairo_image_surface_get_data (surface);
  Colors colors;

  init_colors (&colors, scene);
  cairo_surface_flush (surface);
  for (guint row = 0; row < pixels; row++)
    {
      guint32 *line = (guint32 *) (gpointer) (data + (gsize) row * (gsize) stride);
      const float *first = scene->values + (gsize) rows[row].at * side * scene->stride;

      for (guint column = 0; column < pixels; column++)
        {
          const float *corner = first + columns[column].at * scene->stride;

          line[column] = scene->n_channels > 1
                             ? color_class (&colors, corner, &columns[column], &rows[row])
                             : color_value (&colors, corner, &columns[column], &rows[row]);
        }
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
draw_plane (cairo_t *cr, const EspFieldScene *scene, double left, double top, double side)
{
  guint pixels = (guint) CLAMP (side, 2, MOST_PIXELS);
  cairo_surface_t *surface;

  if (scene->values == NULL || scene->grid.side < 2)
    return;
  surface = paint_plane (scene, pixels);
  cairo_save (cr);
  cairo_rectangle (cr, left, top, side, side);
  cairo_clip (cr);
  cairo_translate (cr, left, top);
  cairo_scale (cr, side / pixels, side / pixels);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BILINEAR);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
}

/* --- axes --- */

static void
draw_axes (cairo_t *cr, const EspFieldScene *scene, double left, double top, double side)
{
  const EspGrid *grid = &scene->grid;
  guint most = (guint) CLAMP (side / 60, 2, 9);
  double ticks[12];
  guint n = esp_draw_ticks (grid->x0, grid->x1, most, ticks);

  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, FALSE);
  for (guint i = 0; i < n; i++)
    {
      double x = left + (ticks[i] - grid->x0) / (grid->x1 - grid->x0) * side;
      g_autofree char *text = esp_number_format_value (ticks[i], 3);

      esp_draw_set_color (cr, scene->palette->line);
      cairo_rectangle (cr, floor (x), top + side, 1, 4);
      cairo_fill (cr);
      esp_draw_set_color (cr, scene->palette->dim);
      esp_draw_text (cr, text, x, top + side + 13, ESP_ALIGN_MIDDLE);
    }
  n = esp_draw_ticks (grid->y0, grid->y1, most, ticks);
  for (guint i = 0; i < n; i++)
    {
      double y = top + (grid->y1 - ticks[i]) / (grid->y1 - grid->y0) * side;
      g_autofree char *text = esp_number_format_value (ticks[i], 3);

      esp_draw_set_color (cr, scene->palette->line);
      cairo_rectangle (cr, left - 4, floor (y), 4, 1);
      cairo_fill (cr);
      esp_draw_set_color (cr, scene->palette->dim);
      esp_draw_text (cr, text, left - 8, y, ESP_ALIGN_END);
    }
  esp_draw_set_color (cr, scene->palette->line);
  cairo_rectangle (cr, left - 0.5, top - 0.5, side + 1, side + 1);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
}

/* --- examples --- */

/* disc, triangle, square, diamond, triangle upside down */
static void
trace_shape (cairo_t *cr, int label, double x, double y, double r)
{
  static const struct
  {
    guint n;
    double turn, scale;
  } corners[] = { { 0, 0, 1 },
                  { 3, -0.25, 1.3 },
                  { 4, 0.125, 1.2 },
                  { 4, 0, 1.25 },
                  { 3, 0.25, 1.3 } };
  guint shape = label < 0 ? 0 : (guint) label % G_N_ELEMENTS (corners);

  cairo_new_path (cr);
  if (corners[shape].n == 0)
    {
      cairo_arc (cr, x, y, r, 0, 2 * G_PI);
      return;
    }
  for (guint i = 0; i < corners[shape].n; i++)
    {
      double angle = 2 * G_PI * ((double) i / corners[shape].n + corners[shape].turn);

      cairo_line_to (cr, x + r * corners[shape].scale * cos (angle),
                     y + r * corners[shape].scale * sin (angle));
    }
  cairo_close_path (cr);
}

static guint32
get_label_color (const EspFieldScene *scene, int label)
{
  if (scene->n_channels == 1 && scene->n_classes == 2)
    return mix (esp_norm_get_step (&scene->norm, label == 0 ? 40 : 215),
                scene->palette->dark ? 0xffffffff : 0xff000000, scene->palette->dark ? 0.45 : 0.1);
  return esp_field_get_class_color ((guint) label, scene->palette->dark);
}

static guint32
get_point_color (const EspFieldScene *scene, const EspFieldPoint *point)
{
  return point->label >= 0 ? get_label_color (scene, point->label)
                           : esp_norm_get_color (&scene->norm, (double) point->value);
}

static void
draw_mark (cairo_t *cr,
           const EspFieldScene *scene,
           const EspFieldPoint *point,
           double radius,
           double x,
           double y)
{
  /* in the dark style a value next to 0 is nearly black */
  guint32 rim = scene->palette->dark && point->label >= 0 ? 0xff101010 : 0xffffffff;

  trace_shape (cr, point->label, x, y, radius);
  esp_draw_set_color (cr,
                      point->test ? (rim & 0xffffff) | 0xc0000000 : get_point_color (scene, point));
  cairo_fill_preserve (cr);
  esp_draw_set_color (cr, point->test ? get_point_color (scene, point) : rim);
  cairo_set_line_width (cr, point->test ? 1.6 : 0.8);
  cairo_stroke (cr);
  if (!point->wrong)
    return;
  cairo_arc (cr, x, y, radius * 2.1, 0, 2 * G_PI);
  esp_draw_set_color (cr, 0xff000000);
  cairo_set_line_width (cr, 2.4);
  cairo_stroke_preserve (cr);
  esp_draw_set_color (cr, 0xffffffff);
  cairo_set_line_width (cr, 1.2);
  cairo_stroke (cr);
}

/* stamps for marks that come again and again: label, test, wrong */
typedef struct
{
  cairo_surface_t *surfaces[4 * ESP_FIELD_MAX_CLASSES];
} Stamps;

#define STAMP 18

static void
draw_point (cairo_t *cr,
            const EspFieldScene *scene,
            const EspFieldPoint *point,
            double radius,
            double x,
            double y,
            Stamps *stamps)
{
  guint i;

  if (point->label < 0 || point->label >= ESP_FIELD_MAX_CLASSES || stamps == NULL)
    {
      draw_mark (cr, scene, point, radius, x, y);
      return;
    }
  i = (guint) point->label * 4 + (point->test ? 2 : 0) + (point->wrong ? 1 : 0);
  if (stamps->surfaces[i] == NULL)
    {
      int pixels = (int) ceil (STAMP * scene->scale);
      cairo_t *own;

      stamps->surfaces[i] = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, pixels, pixels);
      cairo_surface_set_device_scale (stamps->surfaces[i], scene->scale, scene->scale);
      own = cairo_create (stamps->surfaces[i]);
      draw_mark (own, scene, point, radius, STAMP / 2.0, STAMP / 2.0);
      cairo_destroy (own);
    }
  cairo_set_source_surface (cr, stamps->surfaces[i], round (x - STAMP / 2.0),
                            round (y - STAMP / 2.0));
  cairo_paint (cr);
}

static void
draw_points (cairo_t *cr, const EspFieldScene *scene, double left, double top, double side)
{
  const EspGrid *grid = &scene->grid;
  double radius = CLAMP (side / MARKS_A_SIDE, SMALLEST_MARK, LARGEST_MARK);
  Stamps stamps = { { NULL } };

  cairo_save (cr);
  cairo_rectangle (cr, left, top, side, side);
  cairo_clip (cr);
  /* those that are wrong above the others */
  for (int wrong = 0; wrong < 2; wrong++)
    for (guint i = 0; i < scene->n_points; i++)
      {
        const EspFieldPoint *point = &scene->points[i];
        double x = left + ((double) point->x - grid->x0) / (grid->x1 - grid->x0) * side;
        double y = top + (grid->y1 - (double) point->y) / (grid->y1 - grid->y0) * side;

        if ((point->wrong != FALSE) == wrong)
          draw_point (cr, scene, point, radius, x, y, scene->scale > 0 ? &stamps : NULL);
      }
  cairo_restore (cr);
  for (guint i = 0; i < G_N_ELEMENTS (stamps.surfaces); i++)
    g_clear_pointer (&stamps.surfaces[i], cairo_surface_destroy);
}

static void
draw_hover (cairo_t *cr, const EspFieldScene *scene, double left, double top, double side)
{
  const EspGrid *grid = &scene->grid;
  double x = left + (scene->x - grid->x0) / (grid->x1 - grid->x0) * side;
  double y = top + (grid->y1 - scene->y) / (grid->y1 - grid->y0) * side;
  g_autofree char *text_x = NULL, *text_y = NULL;

  if (isnan (scene->x) || isnan (scene->y))
    return;
  text_x = esp_number_format_value (scene->x, 3);
  text_y = esp_number_format_value (scene->y, 3);
  esp_draw_set_color (cr, 0x80808080);
  cairo_rectangle (cr, floor (x), top, 1, side);
  cairo_rectangle (cr, left, floor (y), side, 1);
  cairo_fill (cr);
  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, FALSE);
  esp_draw_pill (cr, text_x, x, top + side + 13, ESP_ALIGN_MIDDLE);
  esp_draw_pill (cr, text_y, left - 3, y, ESP_ALIGN_END);
}

/* --- legend --- */

/* where the next entry goes, and what bounds the lines */
typedef struct
{
  double x, y, left, right;
} Legend;

/* in the next line where there is no room; nothing beyond the second */
static void
draw_entry (cairo_t *cr,
            const EspFieldScene *scene,
            const EspFieldPoint *point,
            const char *text,
            Legend *legend,
            double bottom)
{
  double width = 16 + esp_draw_get_text_width (cr, text);

  if (legend->x + width > legend->right && legend->x > legend->left)
    {
      legend->x = legend->left;
      legend->y += LINE;
    }
  if (legend->y > bottom)
    return;
  draw_mark (cr, scene, point, LARGEST_MARK, legend->x + 6, legend->y);
  esp_draw_set_color (cr, scene->palette->dim);
  esp_draw_text (cr, text, legend->x + 16, legend->y, ESP_ALIGN_START);
  legend->x += width + LEGEND_GAP;
}

static void
draw_bar (cairo_t *cr, const EspFieldScene *scene, double right, double y)
{
  const EspNorm *norm = &scene->norm;
  g_autofree char *low = scene->is_share ? g_strdup ("0") : esp_number_format_value (norm->lo, 3);
  g_autofree char *high = scene->is_share ? g_strdup ("1") : esp_number_format_value (norm->hi, 3);
  double left;

  esp_draw_set_color (cr, scene->palette->dim);
  esp_draw_text (cr, high, right, y, ESP_ALIGN_END);
  left = right - esp_draw_get_text_width (cr, high) - 6 - BAR_WIDTH;
  esp_draw_text (cr, low, left - 6, y, ESP_ALIGN_END);
  for (int i = 0; i < BAR_WIDTH; i++)
    {
      guint step = (guint) (i * 255 / (BAR_WIDTH - 1));

      if (scene->discrete)
        step = i < BAR_WIDTH / 2 ? 32 : 224;
      esp_draw_set_color (cr, esp_norm_get_step (norm, step));
      cairo_rectangle (cr, left + i, y - 4, 1, 8);
      cairo_fill (cr);
    }
}

/* what marks mean, as much of it as there is room for; values have a bar of colours */
static void
draw_legend (cairo_t *cr, int width, double left, double y, const EspFieldScene *scene)
{
  gboolean tests = FALSE, wrong = FALSE;
  double right = width - ESP_FIELD_MARGIN, bottom = y + LINE;
  Legend legend = { left, y, left, right - (scene->n_channels == 1 ? BAR_ROOM : 0) };
  EspFieldPoint point = { .label = -1 };

  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, FALSE);
  for (guint i = 0; i < scene->n_points; i++)
    {
      tests = tests || scene->points[i].test;
      wrong = wrong || scene->points[i].wrong;
    }
  for (guint k = 0; k < scene->n_classes; k++)
    {
      g_autofree char *number = g_strdup_printf (_ ("Class %u"), k);
      gboolean named = scene->classes != NULL && scene->classes[k] != NULL;

      point.label = (int) k;
      draw_entry (cr, scene, &point, named ? scene->classes[k] : number, &legend, bottom);
    }
  point.label = scene->n_classes > 0 ? 0 : -1;
  point.test = TRUE;
  if (tests)
    draw_entry (cr, scene, &point, _ ("Test"), &legend, bottom);
  point.test = FALSE;
  point.wrong = TRUE;
  if (wrong)
    draw_entry (cr, scene, &point, _ ("Wrong"), &legend, bottom);
  if (scene->n_channels == 1)
    draw_bar (cr, scene, right, y);
}

void
esp_draw_field (cairo_t *cr, int width, int height, const EspFieldScene *scene)
{
  double left, top, side;

  g_return_if_fail (scene != NULL && scene->palette != NULL);

  esp_field_get_area (width, height, &left, &top, &side);
  cairo_save (cr);
  draw_plane (cr, scene, left, top, side);
  draw_axes (cr, scene, left, top, side);
  draw_points (cr, scene, left, top, side);
  draw_legend (cr, width, left, top + side + 36, scene);
  draw_hover (cr, scene, left, top, side);
  cairo_restore (cr);
}
