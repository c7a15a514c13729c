/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ticks by hand and as properties; curves by the pixels they cover. */
#include "config.h"

#include "esp-draw-plot.h"

#include <math.h>

static void
test_ticks (void)
{
  double ticks[16];

  g_assert_cmpuint (esp_draw_ticks (0, 10, 6, ticks), ==, 6);
  for (int i = 0; i < 6; i++)
    g_assert_cmpfloat (ticks[i], ==, i * 2);
  g_assert_cmpuint (esp_draw_ticks (-1, 1, 5, ticks), ==, 5);
  g_assert_cmpfloat (ticks[0], ==, -1);
  g_assert_cmpfloat (ticks[2], ==, 0);
  g_assert_cmpfloat (ticks[4], ==, 1);
  g_assert_cmpuint (esp_draw_ticks (3, 3, 5, ticks), ==, 1);
  g_assert_cmpfloat (ticks[0], ==, 3);
  g_assert_cmpuint (esp_draw_ticks (1, 0, 5, ticks), ==, 0);
  g_assert_cmpuint (esp_draw_ticks (NAN, 1, 5, ticks), ==, 0);
  g_assert_cmpuint (esp_draw_ticks (0, INFINITY, 5, ticks), ==, 0);
  g_assert_cmpuint (esp_draw_ticks (0, 1, 0, ticks), ==, 0);
}

/* sorted, inside, no more than asked for, equally far apart at 1, 2 or 5 times a power of ten */
static void
test_ticks_random (void)
{
  for (int i = 0; i < 5000; i++)
    {
      double scale = pow (10, g_test_rand_int_range (-12, 12));
      double lo = g_test_rand_double_range (-1, 1) * scale;
      double hi = lo + g_test_rand_double_range (1e-6, 1) * scale;
      guint most = (guint) g_test_rand_int_range (2, 12);
      double ticks[16], step, mantissa;
      guint n = esp_draw_ticks (lo, hi, most, ticks);

      g_assert_cmpuint (n, <=, most);
      for (guint k = 0; k < n; k++)
        {
          g_assert_cmpfloat (ticks[k], >=, lo - 1e-6 * (hi - lo));
          g_assert_cmpfloat (ticks[k], <=, hi + 1e-6 * (hi - lo));
        }
      if (n < 2)
        continue;
      step = ticks[1] - ticks[0];
      for (guint k = 2; k < n; k++)
        g_assert_cmpfloat_with_epsilon (ticks[k] - ticks[k - 1], step, step * 1e-6);
      mantissa = step / pow (10, floor (log10 (step) + 1e-6));
      g_assert_true (fabs (mantissa - 1) < 1e-5 || fabs (mantissa - 2) < 1e-5 ||
                     fabs (mantissa - 5) < 1e-5);
    }
}

static void
test_log_ticks (void)
{
  double ticks[16];

  g_assert_cmpuint (esp_draw_log_ticks (0.01, 1, 3, ticks), ==, 3);
  g_assert_cmpfloat_with_epsilon (ticks[0], 0.01, 1e-9);
  g_assert_cmpfloat_with_epsilon (ticks[1], 0.1, 1e-9);
  g_assert_cmpfloat_with_epsilon (ticks[2], 1, 1e-9);
  g_assert_cmpuint (esp_draw_log_ticks (0.009, 1.2, 5, ticks), ==, 5);
  g_assert_cmpfloat_with_epsilon (ticks[1], 0.03, 1e-9);
  g_assert_cmpuint (esp_draw_log_ticks (0, 1, 5, ticks), ==, 0);
  g_assert_cmpuint (esp_draw_log_ticks (1e-30, 1, 4, ticks), <=, 4);
}

static guint32
pixel_at (cairo_surface_t *surface, int x, int y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);

  return (
      (const guint32 *) (gconstpointer) (data + y * cairo_image_surface_get_stride (surface)))[x];
}

/* mostly the curve's red; its edge shares pixels with what is below */
static gboolean
is_red (guint32 pixel)
{
  return (pixel >> 16 & 0xff) > 0x90 && (pixel & 0xff) < 0x40;
}

/* a level line through the middle of the plot: its colour in the middle of every column */
static void
check_level_line (guint n)
{
  g_autofree double *x = g_new (double, n);
  g_autofree double *y = g_new (double, n);
  EspCurve curve = { "level", x, y, n, 0xffff0000 };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 258, 128);
  cairo_t *cr = cairo_create (surface);
  guint covered = 0;

  for (guint i = 0; i < n; i++)
    {
      x[i] = i;
      y[i] = 2;
    }
  esp_draw_plot (cr, 258, 128, &curve, 1, FALSE, &esp_palette_light);
  cairo_surface_flush (surface);
  for (int column = 60; column < 240; column++)
    covered += is_red (pixel_at (surface, column, 57)) || is_red (pixel_at (surface, column, 58));
  g_assert_cmpuint (covered, ==, 180);
  g_assert_false (is_red (pixel_at (surface, 100, 90)));
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_curve (void)
{
  check_level_line (2);
  check_level_line (100);
  check_level_line (100000);
}

/* a point alone is seen, and has an axis that tells its height: no round number of a logarithmic
 * one is near 2.3 */
static void
test_lone_point (void)
{
  const double x[] = { 0 }, y[] = { 2.3 };
  EspCurve curve = { "alone", x, y, 1, 0xffff0000 };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 258, 128);
  cairo_t *cr = cairo_create (surface);
  guint red = 0, dim = 0, black = 0;

  esp_draw_plot (cr, 258, 128, &curve, 1, TRUE, &esp_palette_light);
  cairo_surface_flush (surface);
  for (int row = 0; row < 128; row++)
    for (int column = 0; column < 258; column++)
      {
        guint32 pixel = pixel_at (surface, column, row);

        red += is_red (pixel);
        dim += column < ESP_PLOT_MARGIN_LEFT && row < 100 && pixel >> 24 > 0x80;
        black += (pixel & 0xffffff) == 0 && pixel >> 24 > 0xc0;
      }
  g_assert_cmpuint (red, >=, 4);
  g_assert_cmpuint (red, <=, 40);
  g_assert_cmpuint (dim, >, 10);
  g_assert_cmpuint (black, ==, 0);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

/* NaN breaks a line and nothing at all draws an empty frame */
static void
test_odd_curves (void)
{
  const double x[] = { 0, 1, 2, 3, 4 }, y[] = { 1, 1, NAN, 1, 1 }, low[] = { -1, 0, 1, 2, 3 };
  EspCurve curves[] = { { "gap", x, y, 5, 0xffff0000 } };
  EspCurve signed_curve = { "signed", x, low, 5, 0xffff0000 };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 258, 128);
  cairo_t *cr = cairo_create (surface);

  esp_draw_plot (cr, 258, 128, curves, 1, TRUE, &esp_palette_light);
  cairo_surface_flush (surface);
  g_assert_true (is_red (pixel_at (surface, 46 + 30, 57)) ||
                 is_red (pixel_at (surface, 46 + 30, 58)));
  g_assert_false (is_red (pixel_at (surface, 46 + 100, 57)));
  g_assert_false (is_red (pixel_at (surface, 46 + 100, 58)));
  esp_draw_plot (cr, 258, 128, NULL, 0, TRUE, &esp_palette_light);
  esp_draw_plot (cr, 258, 128, &signed_curve, 1, TRUE, &esp_palette_light);
  esp_draw_plot (cr, 1, 1, curves, 1, TRUE, &esp_palette_dark);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/draw/plot/ticks", test_ticks);
  g_test_add_func ("/draw/plot/ticks-random", test_ticks_random);
  g_test_add_func ("/draw/plot/log-ticks", test_log_ticks);
  g_test_add_func ("/draw/plot/curve", test_curve);
  g_test_add_func ("/draw/plot/odd-curves", test_odd_curves);
  g_test_add_func ("/draw/plot/lone-point", test_lone_point);

  return g_test_run ();
}
