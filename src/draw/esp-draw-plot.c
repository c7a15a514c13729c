/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves over a common axis (the loss), and round ticks. In: arrays of doubles, up to some ten
 * thousand points a curve; a curve with far more points than pixels is drawn as the range of each
 * pixel column, so that a frame costs the same after a million steps. */
#include "config.h"

#include "esp-draw-plot.h"
#include "esp-draw-private.h"
#include "esp-number.h"

#include <math.h>

#define MAX_TICKS 12
#define DOT 3 /* how much thicker than a line */
#define USUAL_WIDTH 1.5
#define TITLE 28 /* height of a figure's title */

guint
esp_draw_ticks (double lo, double hi, guint max_ticks, double *ticks)
{
  static const double steps[] = { 1, 2, 5, 10 };
  double power, step = 0;
  guint n = 0;

  if (max_ticks == 0 || !isfinite (lo) || !isfinite (hi) || !isfinite (hi - lo) || !(lo <= hi))
    return 0;
  if (lo == hi)
    {
      ticks[0] = lo;
      return 1;
    }

  power = pow (10, floor (log10 ((hi - lo) / max_ticks)));
  for (guint k = 0; k < 2 * G_N_ELEMENTS (steps); k++)
    {
      step = power * steps[k % G_N_ELEMENTS (steps)] * (k < G_N_ELEMENTS (steps) ? 1 : 10);
      if (floor (hi / step) - ceil (lo / step) + 1 <= max_ticks)
        break;
    }
  for (double i = ceil (lo / step - 1e-9); i <= hi / step + 1e-9 && n < max_ticks; i++)
    ticks[n++] = i == 0 ? 0 : i * step;

  return n;
}

guint
esp_draw_log_ticks (double lo, double hi, guint max_ticks, double *ticks)
{
  static const double many[] = { 1, 2, 5 }, some[] = { 1, 3 };
  double first, last, decades;
  guint n = 0;

  if (max_ticks == 0 || !(lo > 0) || !isfinite (hi) || !(lo <= hi))
    return 0;

  first = floor (log10 (lo) + 1e-9);
  last = ceil (log10 (hi) - 1e-9);
  decades = fmax (log10 (hi) - log10 (lo), 1e-9);
  for (double decade = first; decade <= last; decade++)
    {
      guint n_parts = decades * 3 <= max_ticks ? 3 : decades * 2 <= max_ticks ? 2 : 1;
      const double *parts = n_parts == 3 ? many : some;
      double every = n_parts > 1 ? 1 : ceil (decades / max_ticks);

      if (fmod (decade, every) != 0)
        continue;
      for (guint i = 0; i < n_parts && n < max_ticks; i++)
        {
          double tick = parts[i] * pow (10, decade);

          if (tick >= lo * (1 - 1e-9) && tick <= hi * (1 + 1e-9))
            ticks[n++] = tick;
        }
    }

  return n;
}

typedef struct
{
  double x0, x1, y0, y1; /* of the data */
  double left, top, width, height;
  gboolean log_y;
} Frame;

static double
frame_x (const Frame *frame, double x)
{
  return frame->left + (x - frame->x0) / (frame->x1 - frame->x0) * frame->width;
}

static double
frame_y (const Frame *frame, double y)
{
  double share = frame->log_y ? (log (y) - log (frame->y0)) / (log (frame->y1) - log (frame->y0))
                              : (y - frame->y0) / (frame->y1 - frame->y0);

  return frame->top + (1 - share) * frame->height;
}

/* bounds of all points; FALSE if there is none */
static gboolean
find_bounds (const EspCurve *curves, guint n_curves, Frame *frame)
{
  frame->x0 = frame->y0 = INFINITY;
  frame->x1 = frame->y1 = -INFINITY;
  for (guint c = 0; c < n_curves; c++)
    for (guint i = 0; i < curves[c].n; i++)
      {
        double x = curves[c].x[i], y = curves[c].y[i];

        if (!isfinite (x) || !isfinite (y))
          continue;
        frame->x0 = fmin (frame->x0, x);
        frame->x1 = fmax (frame->x1, x);
        frame->y0 = fmin (frame->y0, y);
        frame->y1 = fmax (frame->y1, y);
      }

  return frame->x0 <= frame->x1;
}

/* room to draw in: a single point or a level line gets a range of its own */
static void
widen (Frame *frame, gboolean log_y)
{
  frame->log_y = log_y && frame->y0 > 0;
  if (frame->x1 == frame->x0)
    frame->x1 = frame->x0 + 1;
  if (frame->log_y)
    {
      double share = fmax (log (frame->y1 / frame->y0) * 0.04, 0.02);

      frame->y0 *= exp (-share);
      frame->y1 *= exp (share);
      return;
    }

  if (frame->y1 == frame->y0)
    {
      double half = frame->y0 != 0 ? fabs (frame->y0) / 2 : 0.5;

      frame->y0 -= half;
      frame->y1 += half;
    }
  else
    {
      double margin = (frame->y1 - frame->y0) * 0.04;

      frame->y0 -= frame->y0 >= 0 && frame->y0 < margin ? frame->y0 : margin;
      frame->y1 += margin;
    }
}

static void
draw_grid (cairo_t *cr, const Frame *frame, const EspPalette *palette)
{
  double ticks[MAX_TICKS];
  guint most = (guint) CLAMP (frame->height / 22, 2, MAX_TICKS), n;

  n = frame->log_y ? esp_draw_log_ticks (frame->y0, frame->y1, most, ticks) : 0;
  if (n < 2) /* also where a logarithmic axis is too short for its round numbers */
    n = esp_draw_ticks (frame->y0, frame->y1, most, ticks);
  esp_draw_set_font (cr, palette, ESP_DRAW_AXIS_SIZE, FALSE);
  for (guint i = 0; i < n; i++)
    {
      double y = frame_y (frame, ticks[i]);
      g_autofree char *text = esp_number_format_value (ticks[i], 3);

      cairo_rectangle (cr, frame->left, floor (y), frame->width, 1);
      esp_draw_set_color (cr, palette->line);
      cairo_fill (cr);
      esp_draw_set_color (cr, palette->dim);
      esp_draw_text (cr, text, frame->left - 8, y, ESP_ALIGN_END);
    }

  most = (guint) CLAMP (frame->width / 90, 2, MAX_TICKS);
  n = esp_draw_ticks (frame->x0, frame->x1, most, ticks);
  esp_draw_set_color (cr, palette->dim);
  for (guint i = 0; i < n; i++)
    {
      double x = frame_x (frame, ticks[i]);
      gboolean whole = ticks[i] >= 0 && ticks[i] == floor (ticks[i]) && ticks[i] < 1e15;
      g_autofree char *text = whole ? esp_number_format_count ((guint64) ticks[i])
                                    : esp_number_format_value (ticks[i], 3);
      double half = esp_draw_get_text_width (cr, text) / 2;

      if (ticks[i] != floor (ticks[i])) /* there is no half of a step */
        continue;
      x = CLAMP (x, half, frame->left + frame->width + ESP_PLOT_MARGIN_RIGHT - half);
      esp_draw_text (cr, text, x, frame->top + frame->height + 11, ESP_ALIGN_MIDDLE);
    }
}

/* few points: a line through each; one alone is a dot */
static void
trace_points (cairo_t *cr, const Frame *frame, const EspCurve *curve)
{
  gboolean pen = FALSE;

  for (guint i = 0; i < curve->n; i++)
    {
      if (!isfinite (curve->x[i]) || !isfinite (curve->y[i]) || (frame->log_y && curve->y[i] <= 0))
        {
          pen = FALSE;
          continue;
        }
      if (!pen)
        cairo_move_to (cr, frame_x (frame, curve->x[i]), frame_y (frame, curve->y[i]));
      cairo_line_to (cr, frame_x (frame, curve->x[i]), frame_y (frame, curve->y[i]));
      pen = TRUE;
    }
}

/* what a line covers of each pixel column */
typedef struct
{
  double left;
  int n;
  double *low, *high; /* (n), the upper edge is the smaller */
} Columns;

static void
cover (Columns *columns, int column, double a, double b)
{
  if (column < 0 || column >= columns->n)
    return;
  columns->low[column] = fmin (columns->low[column], fmin (a, b));
  columns->high[column] = fmax (columns->high[column], fmax (a, b));
}

static void
cover_segment (Columns *columns, double x0, double y0, double x1, double y1)
{
  int first = (int) fmax (floor (x0 - columns->left), 0);
  int last = (int) fmin (floor (x1 - columns->left), columns->n - 1);
  double slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;

  if (first == last)
    cover (columns, first, y0, y1);
  for (int column = first; column <= last && first < last; column++)
    {
      double from = fmax (x0, columns->left + column), to = fmin (x1, columns->left + column + 1);

      cover (columns, column, y0 + (from - x0) * slope, y0 + (to - x0) * slope);
    }
}

/* Many points: what the line covers of each pixel column, which costs a tenth of a stroke where
 * it goes up and down a lot. */
static void
fill_columns (cairo_t *cr, const Frame *frame, const EspCurve *curve, double width)
{
  Columns columns = { .left = floor (frame->left), .n = (int) ceil (frame->width) + 2 };
  double last_x = 0, last_y = 0;
  gboolean pen = FALSE;

  columns.low = g_new (double, columns.n);
  columns.high = g_new (double, columns.n);
  for (int i = 0; i < columns.n; i++)
    {
      columns.low[i] = INFINITY;
      columns.high[i] = -INFINITY;
    }
  for (guint i = 0; i < curve->n; i++)
    {
      double x, y;

      if (!isfinite (curve->x[i]) || !isfinite (curve->y[i]) || (frame->log_y && curve->y[i] <= 0))
        {
          pen = FALSE;
          continue;
        }
      x = frame_x (frame, curve->x[i]);
      y = frame_y (frame, curve->y[i]);
      cover_segment (&columns, pen ? last_x : x, pen ? last_y : y, x, y);
      last_x = x;
      last_y = y;
      pen = TRUE;
    }
  for (int i = 0; i < columns.n; i++)
    if (columns.low[i] <= columns.high[i])
      cairo_rectangle (cr, columns.left + i, columns.low[i] - width / 2, 1,
                       columns.high[i] - columns.low[i] + width);
  esp_draw_set_color (cr, curve->color);
  cairo_fill (cr);
  g_free (columns.low);
  g_free (columns.high);
}

/* points beyond which a picture is no longer stroked */
#define MANY 600

static void
draw_curve (cairo_t *cr, const Frame *frame, const EspCurve *curve, guint total)
{
  static const double dashes[] = { 4, 4 };
  double width = curve->width > 0 ? curve->width : USUAL_WIDTH;

  if (curve->n > 3 * frame->width || (total > MANY && curve->n > frame->width / 4))
    {
      fill_columns (cr, frame, curve, width);
      return;
    }
  trace_points (cr, frame, curve);
  cairo_set_line_width (cr, curve->n == 1 ? DOT * width : width);
  cairo_set_dash (cr, dashes, curve->dashed ? 2 : 0, 0);
  esp_draw_set_color (cr, curve->color);
  cairo_stroke (cr);
}

void
esp_draw_plot (cairo_t *cr,
               int width,
               int height,
               const EspCurve *curves,
               guint n_curves,
               gboolean log_y,
               const EspPalette *palette)
{
  Frame frame = {
    .left = ESP_PLOT_MARGIN_LEFT,
    .top = ESP_PLOT_MARGIN_TOP,
    .width = MAX (1, width - ESP_PLOT_MARGIN_LEFT - ESP_PLOT_MARGIN_RIGHT),
    .height = MAX (1, height - ESP_PLOT_MARGIN_TOP - ESP_PLOT_MARGIN_BOTTOM),
  };

  guint total = 0;

  g_return_if_fail (palette != NULL);

  cairo_save (cr);
  if (!find_bounds (curves, n_curves, &frame))
    {
      frame.x0 = frame.y0 = 0;
      frame.x1 = frame.y1 = 1;
      log_y = FALSE;
    }
  widen (&frame, log_y);
  draw_grid (cr, &frame, palette);
  cairo_rectangle (cr, frame.left, frame.top - 2, frame.width + 2, frame.height + 4);
  cairo_clip (cr);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  for (guint c = 0; c < n_curves; c++)
    total += curves[c].n;
  for (guint c = 0; c < n_curves; c++)
    draw_curve (cr, &frame, &curves[c], total);
  cairo_restore (cr);
}

static void
draw_legend (cairo_t *cr,
             double left,
             double height,
             const EspCurve *curves,
             guint n_curves,
             const EspPalette *palette)
{
  double y = TITLE + ESP_PLOT_MARGIN_TOP;

  for (guint c = 0; c < n_curves && y < height - 8; c++)
    {
      if (curves[c].name == NULL)
        continue;
      cairo_set_line_width (cr, curves[c].width > 0 ? curves[c].width : USUAL_WIDTH);
      cairo_move_to (cr, left, y);
      cairo_line_to (cr, left + 18, y);
      esp_draw_set_color (cr, curves[c].color);
      cairo_stroke (cr);
      esp_draw_set_color (cr, palette->text);
      esp_draw_text (cr, curves[c].name, left + 26, y, ESP_ALIGN_START);
      y += 18;
    }
}

void
esp_draw_plot_figure (cairo_t *cr,
                      int width,
                      int height,
                      const char *title,
                      const EspCurve *curves,
                      guint n_curves,
                      gboolean log_y,
                      const EspPalette *palette)
{
  double legend = 0;

  g_return_if_fail (palette != NULL);

  cairo_save (cr);
  esp_draw_set_font (cr, palette, 13, TRUE);
  esp_draw_set_color (cr, palette->text);
  esp_draw_text (cr, title, ESP_PLOT_MARGIN_LEFT, TITLE / 2.0, ESP_ALIGN_START);
  esp_draw_set_font (cr, palette, ESP_DRAW_AXIS_SIZE, FALSE);
  for (guint c = 0; c < n_curves; c++)
    if (curves[c].name != NULL)
      legend = fmax (legend, 38 + esp_draw_get_text_width (cr, curves[c].name));
  legend = fmin (legend, width / 3.0);
  draw_legend (cr, width - legend, height, curves, n_curves, palette);
  cairo_translate (cr, 0, TITLE);
  esp_draw_plot (cr, width - (int) legend, height - TITLE, curves, n_curves, log_y, palette);
  cairo_restore (cr);
}
