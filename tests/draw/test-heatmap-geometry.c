/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where cells lie on a stage: by hand for small matrices, as properties for random ones. */
#include "config.h"

#include "esp-heatmap-geometry.h"

#include <math.h>

static EspHeatmapGeometry
make (gint64 rows, gint64 columns, int width, int height)
{
  EspHeatmapGeometry geometry = { .rows = rows,
                                  .columns = columns,
                                  .width = width,
                                  .height = height };

  esp_heatmap_geometry_fit (&geometry);
  return geometry;
}

static void
assert_near (double found, double wanted)
{
  g_assert_cmpfloat_with_epsilon (found, wanted, 1e-6);
}

static void
test_fit (void)
{
  /* a plot area of 400 × 400 */
  EspHeatmapGeometry square = make (100, 100, 458, 436);
  EspHeatmapGeometry wide = make (100, 200, 458, 436);
  EspHeatmapGeometry small = make (4, 4, 458, 436);
  double x, y, width, height;

  assert_near (square.viewport.cell, 4);
  assert_near (square.viewport.x, 0);
  assert_near (square.viewport.y, 0);

  assert_near (wide.viewport.cell, 2);
  assert_near (wide.viewport.x, 0);
  assert_near (wide.viewport.y, -50); /* 100 px above 200 px of matrix */

  assert_near (small.viewport.cell, ESP_HEATMAP_FIT_CELL);
  esp_heatmap_geometry_cell_box (&small, 0, 0, &x, &y, &width, &height);
  assert_near (x, 46 + (400 - 4 * 64) / 2);
  assert_near (y, 24 + (400 - 4 * 64) / 2);
  assert_near (width, 64);
  assert_near (height, 64);
  esp_heatmap_geometry_matrix_box (&small, &x, &y, &width, &height);
  assert_near (width, 256);
  assert_near (height, 256);
}

static void
test_strip (void)
{
  EspHeatmapGeometry few = make (1, 4, 858, 436);
  EspHeatmapGeometry many = make (1, 2048, 858, 436);
  EspHeatmapGeometry thin = make (2048, 3, 858, 436);
  double x, y, width, height;

  assert_near (few.viewport.cell, 48);
  esp_heatmap_geometry_matrix_box (&few, &x, &y, &width, &height);
  assert_near (width, 4 * 48);
  assert_near (height, 48);

  esp_heatmap_geometry_matrix_box (&many, &x, &y, &width, &height);
  assert_near (width, 800);
  assert_near (height, 24);
  assert_near (y, 24 + (400 - 24) / 2);

  esp_heatmap_geometry_matrix_box (&thin, &x, &y, &width, &height);
  assert_near (width, 24);
  assert_near (height, 400);

  /* square again once the cells are large enough */
  esp_heatmap_geometry_zoom (&many, 100, 400, 200);
  assert_near (esp_heatmap_geometry_get_cell_height (&many), many.viewport.cell);
}

/* the position under the pointer, in cells */
static void
position_at (const EspHeatmapGeometry *geometry, double x, double y, double *row, double *column)
{
  *column = geometry->viewport.x + (x - 46) / esp_heatmap_geometry_get_cell_width (geometry);
  *row = geometry->viewport.y + (y - 24) / esp_heatmap_geometry_get_cell_height (geometry);
}

static void
test_zoom_keeps_position (void)
{
  for (int i = 0; i < 2000; i++)
    {
      EspHeatmapGeometry geometry =
          make (g_test_rand_int_range (1, 5000), g_test_rand_int_range (1, 5000),
                g_test_rand_int_range (300, 2000), g_test_rand_int_range (300, 1200));
      double x, y, width, height, row, column, row_after, column_after;

      esp_heatmap_geometry_matrix_box (&geometry, &x, &y, &width, &height);
      x += g_test_rand_double () * width;
      y += g_test_rand_double () * height;
      for (int k = 0; k < 4; k++)
        {
          position_at (&geometry, x, y, &row, &column);
          esp_heatmap_geometry_zoom (&geometry, g_test_rand_double_range (1.01, 8), x, y);
          position_at (&geometry, x, y, &row_after, &column_after);
          /* cells are up to 256 px: a millionth of one is no pixel */
          assert_near (row_after, row);
          assert_near (column_after, column);
        }
      g_assert_cmpfloat (geometry.viewport.cell, <=, ESP_HEATMAP_MAX_CELL);
    }
}

static void
test_zoom_out_fits (void)
{
  EspHeatmapGeometry geometry = make (300, 500, 900, 700), fitted = geometry;

  esp_heatmap_geometry_zoom (&geometry, 20, 100, 600);
  g_assert_cmpfloat (geometry.viewport.cell, >, fitted.viewport.cell);
  esp_heatmap_geometry_zoom (&geometry, 1e-9, 700, 30);
  assert_near (geometry.viewport.cell, fitted.viewport.cell);
  assert_near (geometry.viewport.x, fitted.viewport.x);
  assert_near (geometry.viewport.y, fitted.viewport.y);
}

/* stage -> cell -> stage, and every visible cell lies in the region that is called visible */
static void
test_round_trip (void)
{
  for (int i = 0; i < 2000; i++)
    {
      EspHeatmapGeometry geometry =
          make (g_test_rand_int_range (1, 9000), g_test_rand_int_range (1, 9000),
                g_test_rand_int_range (300, 2000), g_test_rand_int_range (300, 1200));
      double x = g_test_rand_double () * geometry.width;
      double y = g_test_rand_double () * geometry.height;
      double left, top, width, height;
      gint64 row, column;
      EspRegion region;
      guint pixels_x, pixels_y;

      esp_heatmap_geometry_zoom (&geometry, g_test_rand_double_range (1, 2000), x, y);
      esp_heatmap_geometry_pan (&geometry, g_test_rand_double_range (-3000, 3000),
                                g_test_rand_double_range (-3000, 3000));
      esp_heatmap_geometry_visible (&geometry, &region, &pixels_x, &pixels_y);
      g_assert_cmpint (region.row, >=, 0);
      g_assert_cmpint (region.column, >=, 0);
      g_assert_cmpint (region.rows, >, 0);
      g_assert_cmpint (region.columns, >, 0);
      g_assert_cmpint (region.row + region.rows, <=, geometry.rows);
      g_assert_cmpint (region.column + region.columns, <=, geometry.columns);
      g_assert_cmpint (pixels_x, >, 0);
      g_assert_cmpint (pixels_x, <=, region.columns);
      g_assert_cmpint (pixels_y, >, 0);
      g_assert_cmpint (pixels_y, <=, region.rows);

      if (!esp_heatmap_geometry_cell_at (&geometry, x, y, &row, &column))
        continue;
      g_assert_cmpint (row, >=, region.row);
      g_assert_cmpint (row, <, region.row + region.rows);
      g_assert_cmpint (column, >=, region.column);
      g_assert_cmpint (column, <, region.column + region.columns);
      esp_heatmap_geometry_cell_box (&geometry, row, column, &left, &top, &width, &height);
      g_assert_cmpfloat (x, >=, left - 1e-6);
      g_assert_cmpfloat (x, <=, left + width + 1e-6);
      g_assert_cmpfloat (y, >=, top - 1e-6);
      g_assert_cmpfloat (y, <=, top + height + 1e-6);
    }
}

static void
test_pan (void)
{
  EspHeatmapGeometry geometry = make (1000, 1000, 458, 436);
  double x, y, width, height;

  esp_heatmap_geometry_zoom (&geometry, 10, 246, 224); /* 4 px cells, 100 of them in view */
  assert_near (geometry.viewport.x, 450);
  esp_heatmap_geometry_pan (&geometry, 40, -80);
  assert_near (geometry.viewport.x, 460);
  assert_near (geometry.viewport.y, 430);

  for (int i = 0; i < 200; i++)
    {
      esp_heatmap_geometry_pan (&geometry, g_test_rand_double_range (-9e4, 9e4),
                                g_test_rand_double_range (-9e4, 9e4));
      esp_heatmap_geometry_matrix_box (&geometry, &x, &y, &width, &height);
      g_assert_cmpfloat (width, >=, 200 - 1e-6); /* half of the plot area */
      g_assert_cmpfloat (height, >=, 200 - 1e-6);
    }
}

static void
test_reveal (void)
{
  EspHeatmapGeometry geometry = make (1000, 1000, 458, 436);
  EspViewport before;

  esp_heatmap_geometry_zoom (&geometry, 10, 246, 224);
  before = geometry.viewport;
  esp_heatmap_geometry_reveal (&geometry, 500, 500); /* in view already */
  assert_near (geometry.viewport.x, before.x);
  assert_near (geometry.viewport.y, before.y);
  esp_heatmap_geometry_reveal (&geometry, 10, 999);
  assert_near (geometry.viewport.x, 900);
  assert_near (geometry.viewport.y, 10);
}

static void
test_resize (void)
{
  EspHeatmapGeometry geometry = make (1000, 1000, 458, 436);

  esp_heatmap_geometry_resize (&geometry, 858, 836, TRUE);
  assert_near (geometry.viewport.cell, 0.8);
  esp_heatmap_geometry_zoom (&geometry, 10, 446, 424);
  esp_heatmap_geometry_resize (&geometry, 458, 436, FALSE);
  assert_near (geometry.viewport.cell, 8);
  assert_near (geometry.viewport.x + 25, 500); /* the middle stays */
  assert_near (geometry.viewport.y + 25, 500);
}

/* a stage smaller than its margins and the largest shapes */
static void
test_extremes (void)
{
  EspHeatmapGeometry tiny = make (5, 5, 10, 10);
  EspHeatmapGeometry huge = make (G_GINT64_CONSTANT (1) << 40, 3, 900, 700);
  EspRegion region;
  guint width, height;

  esp_heatmap_geometry_visible (&tiny, &region, &width, &height);
  g_assert_cmpint (width, ==, 1);
  esp_heatmap_geometry_visible (&huge, &region, &width, &height);
  g_assert_cmpint (region.rows, ==, G_GINT64_CONSTANT (1) << 40);
  g_assert_cmpint (height, <=, 664);
  esp_heatmap_geometry_zoom (&huge, 1e15, 60, 600);
  assert_near (huge.viewport.cell, ESP_HEATMAP_MAX_CELL);
  esp_heatmap_geometry_visible (&huge, &region, &width, &height);
  g_assert_cmpint (region.rows, <=, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/draw/geometry/fit", test_fit);
  g_test_add_func ("/draw/geometry/strip", test_strip);
  g_test_add_func ("/draw/geometry/zoom-keeps-position", test_zoom_keeps_position);
  g_test_add_func ("/draw/geometry/zoom-out-fits", test_zoom_out_fits);
  g_test_add_func ("/draw/geometry/round-trip", test_round_trip);
  g_test_add_func ("/draw/geometry/pan", test_pan);
  g_test_add_func ("/draw/geometry/reveal", test_reveal);
  g_test_add_func ("/draw/geometry/resize", test_resize);
  g_test_add_func ("/draw/geometry/extremes", test_extremes);

  return g_test_run ();
}
