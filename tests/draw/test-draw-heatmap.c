/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Golden pixels of the heatmap: a 4 × 4 matrix at several zooms, checked where the answer can be
 * worked out by hand - colours at cells' middles and edges, marks, whether a number is there - and
 * not where it depends on the fonts of the system. */
#include "config.h"

#include "esp-draw-heatmap.h"

#include <math.h>

#define BACKGROUND 0xfffafafau

typedef struct
{
  EspTensor *tensor;
  EspOverview *overview;
  EspHeatmapScene scene;
  cairo_surface_t *surface;
} Picture;

static const float golden[16] = {
  -1,    0,    0.5f,     1,         /* ends and middle of the map */
  -0.5f, NAN,  0.25f,    -0.25f,    /* NaN */
  0.75f, 0,    INFINITY, -INFINITY, /* infinities */
  0,     0.1f, -0.1f,    0.9f,
};

static void
picture_init (Picture *picture,
              const float *values,
              gint64 rows,
              gint64 columns,
              int width,
              int height)
{
  const gint64 shape[] = { rows, columns };
  const EspHeatmapScene empty = { .cursor_row = -1,
                                  .cursor_column = -1,
                                  .hover_row = -1,
                                  .hover_column = -1,
                                  .palette = &esp_palette_light };

  picture->tensor = esp_tensor_new_for_floats (values, shape, 2);
  picture->overview = NULL;
  picture->surface = NULL;
  picture->scene = empty;
  picture->scene.geometry = (EspHeatmapGeometry) { rows, columns, { 0, 0, 1 }, width, height };
  esp_heatmap_geometry_fit (&picture->scene.geometry);
  esp_norm_init_for_range (&picture->scene.norm, -1, 1, FALSE);
}

/* an overview of what is in view, then the pixels */
static void
picture_paint (Picture *picture)
{
  const EspHeatmapGeometry *geometry = &picture->scene.geometry;
  g_autoptr (GError) error = NULL;
  EspRegion region;
  guint width, height;
  cairo_t *cr;

  g_clear_pointer (&picture->overview, esp_overview_unref);
  g_clear_pointer (&picture->surface, cairo_surface_destroy);
  esp_heatmap_geometry_visible (geometry, &region, &width, &height);
  picture->overview = esp_overview_new (picture->tensor, &region, width, height, 1, NULL, &error);
  g_assert_no_error (error);
  picture->scene.overview = picture->overview;

  picture->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, geometry->width,
                                                 geometry->height);
  cr = cairo_create (picture->surface);
  cairo_set_source_rgb (cr, 0xfa / 255.0, 0xfa / 255.0, 0xfa / 255.0);
  cairo_paint (cr);
  esp_draw_heatmap (cr, &picture->scene);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_flush (picture->surface);
}

static void
picture_clear (Picture *picture)
{
  esp_tensor_unref (picture->tensor);
  g_clear_pointer (&picture->overview, esp_overview_unref);
  g_clear_pointer (&picture->surface, cairo_surface_destroy);
}

static guint32
pixel_at (const Picture *picture, double x, double y)
{
  const guint8 *data = cairo_image_surface_get_data (picture->surface);
  int stride = cairo_image_surface_get_stride (picture->surface);

  g_assert_cmpfloat (x, >=, 0);
  g_assert_cmpfloat (y, >=, 0);
  g_assert_cmpfloat (x, <, picture->scene.geometry.width);
  g_assert_cmpfloat (y, <, picture->scene.geometry.height);
  return ((const guint32 *) (gconstpointer) (data + (int) y * stride))[(int) x];
}

typedef struct
{
  double x, y, width, height;
} Box;

static Box
cell_box (const Picture *picture, gint64 row, gint64 column)
{
  Box box;

  esp_heatmap_geometry_cell_box (&picture->scene.geometry, row, column, &box.x, &box.y, &box.width,
                                 &box.height);
  return box;
}

/* pixels of exactly this colour in a box */
static guint
count_color (const Picture *picture, Box box, guint32 color)
{
  guint n = 0;

  for (int y = (int) box.y; y < (int) (box.y + box.height); y++)
    for (int x = (int) box.x; x < (int) (box.x + box.width); x++)
      n += pixel_at (picture, x, y) == color;

  return n;
}

/* pixels darker than the cell's own colour: its number */
static guint
count_dark (const Picture *picture, Box box)
{
  guint n = 0;

  for (int y = (int) box.y + 2; y < (int) (box.y + box.height) - 1; y++)
    for (int x = (int) box.x + 2; x < (int) (box.x + box.width) - 1; x++)
      {
        guint32 pixel = pixel_at (picture, x, y);

        n += (pixel >> 16 & 0xff) + (pixel >> 8 & 0xff) + (pixel & 0xff) < 200;
      }

  return n;
}

/* a cell's own colour fills most of it, up to its edges */
static void
assert_cell (const Picture *picture, gint64 row, gint64 column, double value)
{
  Box box = cell_box (picture, row, column);
  guint32 color = esp_norm_get_color (&picture->scene.norm, value);

  g_assert_cmphex (pixel_at (picture, box.x + 2, box.y + 2), ==, color);
  g_assert_cmphex (pixel_at (picture, box.x + box.width - 2, box.y + 2), ==, color);
  g_assert_cmphex (pixel_at (picture, box.x + 2, box.y + box.height - 2), ==, color);
  g_assert_cmphex (pixel_at (picture, box.x + box.width - 2, box.y + box.height - 2), ==, color);
}

/* 64 px cells: colours to the edges, numbers, words */
static void
test_cells (void)
{
  Picture picture;
  Box box;

  picture_init (&picture, golden, 4, 4, 458, 436);
  picture_paint (&picture);
  g_assert_cmpfloat (picture.scene.geometry.viewport.cell, ==, 64);

  for (gint64 row = 0; row < 4; row++)
    for (gint64 column = 0; column < 4; column++)
      if (isfinite (golden[row * 4 + column]))
        assert_cell (&picture, row, column, golden[row * 4 + column]);
  g_assert_cmphex (pixel_at (&picture, 48 + 72, 26 + 72), ==, 0xff001261); /* vik's low end */

  /* outside there is nothing but the background */
  g_assert_cmphex (pixel_at (&picture, 440, 420), ==, BACKGROUND);

  /* NaN: black stripes on yellow; Inf: black with white */
  box = cell_box (&picture, 1, 1);
  g_assert_cmpuint (count_color (&picture, box, ESP_COLOR_NAN), >, 1500);
  g_assert_cmpuint (count_color (&picture, box, 0xff000000), >, 150);
  box = cell_box (&picture, 2, 2);
  g_assert_cmpuint (count_color (&picture, box, 0xff000000), >, 3000);
  g_assert_cmpuint (count_color (&picture, box, 0xffffffff), >, 30);
  picture_clear (&picture);
}

/* +Inf points up with its triangle above the middle, -Inf down with its triangle below */
static void
test_infinities (void)
{
  Picture picture;
  Box plus, minus;

  picture_init (&picture, golden, 4, 4, 458, 436);
  picture_paint (&picture);
  plus = cell_box (&picture, 2, 2);
  minus = cell_box (&picture, 2, 3);
  /* the triangle's wide side */
  g_assert_cmphex (pixel_at (&picture, plus.x + 32, plus.y + 32 - 12.8 + 3), ==, 0xffffffff);
  g_assert_cmphex (pixel_at (&picture, minus.x + 32, minus.y + 32 + 12.8 - 3), ==, 0xffffffff);
  picture_clear (&picture);
}

/* numbers where there is room, black on light and white on dark */
static void
test_numbers (void)
{
  Picture picture;
  Box light, dark;

  picture_init (&picture, golden, 4, 4, 458, 436);
  picture_paint (&picture);
  light = cell_box (&picture, 3, 1); /* 0.1 is nearly white in vik */
  dark = cell_box (&picture, 0, 0);  /* -1 is dark blue */
  light = (Box) { light.x + 8, light.y + 20, light.width - 16, 24 };
  dark = (Box) { dark.x + 8, dark.y + 20, dark.width - 16, 24 };
  g_assert_cmpuint (count_dark (&picture, light), >, 20);
  g_assert_cmpuint (count_color (&picture, dark, 0xff001261), <, 48 * 24 - 20);
  g_assert_cmpuint (count_color (&picture, dark, 0xffffffff), >, 3);
  picture_clear (&picture);

  /* 20 px cells have none */
  picture_init (&picture, golden, 4, 4, 46 + 12 + 80, 24 + 12 + 80);
  picture_paint (&picture);
  g_assert_cmpfloat (picture.scene.geometry.viewport.cell, ==, 20);
  g_assert_cmpuint (count_dark (&picture, cell_box (&picture, 3, 1)), ==, 0);
  picture_clear (&picture);
}

/* hairlines from 8 px on, at the pixel where the colour changes */
static void
test_hairlines (void)
{
  for (int cell = 7; cell <= 9; cell++)
    {
      const float flat[16] = { 0 };
      Picture picture;
      Box box;

      picture_init (&picture, flat, 4, 4, 58 + 4 * cell, 36 + 4 * cell);
      picture_paint (&picture);
      box = cell_box (&picture, 1, 1);
      if (cell < 8)
        g_assert_cmphex (pixel_at (&picture, box.x, box.y + 2), ==,
                         pixel_at (&picture, box.x + 2, box.y + 2));
      else
        g_assert_cmphex (pixel_at (&picture, box.x, box.y + 2), !=,
                         pixel_at (&picture, box.x + 2, box.y + 2));
      picture_clear (&picture);
    }
}

/* zoomed to a corner: the very cell is there, cut at the plot's edge */
static void
test_zoomed (void)
{
  Picture picture;
  double x, y, width, height;
  Box box;

  picture_init (&picture, golden, 4, 4, 458, 436);
  box = cell_box (&picture, 3, 3);
  esp_heatmap_geometry_zoom (&picture.scene.geometry, 3, box.x + 32, box.y + 32);
  picture_paint (&picture);
  g_assert_cmpfloat (picture.scene.geometry.viewport.cell, ==, 192);
  g_assert_cmphex (pixel_at (&picture, box.x + 20, box.y - 20), ==,
                   esp_norm_get_color (&picture.scene.norm, 0.9f));
  esp_heatmap_geometry_matrix_box (&picture.scene.geometry, &x, &y, &width, &height);
  g_assert_cmphex (pixel_at (&picture, x + width + 3, y + height / 2), ==, BACKGROUND);
  picture_clear (&picture);
}

/* a NaN among a million cells has a mark of 12 px, yellow and black, wherever one looks from */
static void
test_far_nan (void)
{
  g_autofree float *values = g_new0 (float, 1000 * 1000);
  Picture picture;
  Box around;

  values[500 * 1000 + 250] = NAN;
  values[700 * 1000 + 900] = INFINITY;
  picture_init (&picture, values, 1000, 1000, 458, 436);
  picture_paint (&picture);
  around = cell_box (&picture, 500, 250);
  around = (Box) { floor (around.x) - 7, floor (around.y) - 7, 14, 14 };
  g_assert_cmpuint (count_color (&picture, around, ESP_COLOR_NAN), >=, 8);
  g_assert_cmpuint (count_color (&picture, around, 0xff000000), >=, 30);
  g_assert_cmpuint (count_color (&picture, around, 0xffffffff), >=, 40);
  around = cell_box (&picture, 700, 900);
  around = (Box) { floor (around.x) - 7, floor (around.y) - 7, 14, 14 };
  g_assert_cmpuint (count_color (&picture, around, 0xff000000), >=, 60);
  picture_clear (&picture);
}

/* 20 rows of NaN show as stripes, not as a heap of marks */
static void
test_nan_area (void)
{
  g_autofree float *values = g_new0 (float, 100 * 100);
  Picture picture;
  Box area;
  guint yellow, black;

  for (int i = 0; i < 20 * 100; i++)
    values[i] = NAN;
  picture_init (&picture, values, 100, 100, 458, 436);
  picture_paint (&picture);
  area = (Box) { 46 + 20, 24 + 10, 300, 60 };
  yellow = count_color (&picture, area, ESP_COLOR_NAN);
  black = count_color (&picture, area, 0xff000000);
  g_assert_cmpuint (yellow + black, ==, 300 * 60); /* nothing else there: no white rims */
  g_assert_cmpfloat_with_epsilon (yellow / (300.0 * 60), 5 / 8.0, 0.03);
  picture_clear (&picture);
}

/* an outlier is in the picture however far out: a pixel shows the largest magnitude under it */
static void
test_outlier (void)
{
  g_autofree float *values = g_new0 (float, 2000 * 2000);
  Picture picture;
  Box box;

  values[1234 * 2000 + 777] = -1;
  picture_init (&picture, values, 2000, 2000, 458, 436);
  picture_paint (&picture);
  box = cell_box (&picture, 1234, 777);
  g_assert_cmphex (pixel_at (&picture, box.x, box.y), ==, 0xff001261);
  picture_clear (&picture);
}

/* pixels of a grey between these, which a ring's smoothed edges have */
static guint
count_grey (const Picture *picture, Box box, guint from, guint to)
{
  guint n = 0;

  for (int y = (int) box.y; y < (int) (box.y + box.height); y++)
    for (int x = (int) box.x; x < (int) (box.x + box.width); x++)
      {
        guint32 pixel = pixel_at (picture, x, y);
        guint red = pixel >> 16 & 0xff, green = pixel >> 8 & 0xff, blue = pixel & 0xff;

        n += MIN (MIN (red, green), blue) >= from && MAX (MAX (red, green), blue) <= to;
      }
  return n;
}

/* one NaN and one value far out at a thousand places of a matrix that is far larger than the
 * picture: the one has its mark, the other its ring, and both lie over the very cell */
static void
test_planted (void)
{
  enum
  {
    ROWS = 1024,
    COLUMNS = 256
  };
  g_autofree float *values = g_new (float, ROWS *COLUMNS);
  guint64 random = 3;

  for (int i = 0; i < ROWS * COLUMNS; i++)
    values[i] = (float) ((i * 7919) % 1000 - 500) / 2000;
  for (int i = 0; i < 1000; i++)
    {
      gint64 nan, peak, outlier = -1;
      g_autoptr (EspStats) stats = NULL;
      Picture picture;
      Box box;

      random = random * 6364136223846793005u + 1442695040888963407u;
      nan = (gint64) (random >> 33) % (ROWS * COLUMNS);
      random = random * 6364136223846793005u + 1442695040888963407u;
      peak = (gint64) (random >> 33) % (ROWS * COLUMNS);
      if (ABS (nan / COLUMNS - peak / COLUMNS) < 64) /* their marks would meet */
        continue;
      picture_init (&picture, values, ROWS, COLUMNS, 800, 600);
      esp_tensor_unref (picture.tensor);
      {
        float kept[2] = { values[nan], values[peak] };
        const gint64 shape[] = { ROWS, COLUMNS };

        values[nan] = NAN;
        values[peak] = i % 2 ? 1e6f : -1e6f;
        picture.tensor = esp_tensor_new_for_floats (values, shape, 2);
        values[nan] = kept[0];
        values[peak] = kept[1];
      }
      stats = esp_scan_stats (picture.tensor, NULL, NULL, NULL, NULL);
      esp_norm_init_for_stats (&picture.scene.norm, stats, FALSE);
      picture.scene.has_outlier = esp_norm_find_outlier (&picture.scene.norm, stats, &outlier);
      g_assert_true (picture.scene.has_outlier);
      g_assert_cmpint (outlier, ==, peak);
      picture.scene.outlier_row = outlier / COLUMNS;
      picture.scene.outlier_column = outlier % COLUMNS;
      picture_paint (&picture);
      box = cell_box (&picture, nan / COLUMNS, nan % COLUMNS);
      box = (Box) { floor (box.x) - 7, floor (box.y) - 7, 15, 15 };
      g_assert_cmpuint (count_color (&picture, box, ESP_COLOR_NAN), >=, 8);
      box = cell_box (&picture, peak / COLUMNS, peak % COLUMNS);
      /* within the ring its colour, for the pixel has the value farthest from 0 */
      g_assert_cmpuint (count_color (&picture, (Box) { floor (box.x) - 1, floor (box.y) - 1, 3, 3 },
                                     esp_norm_get_color (&picture.scene.norm, i % 2 ? 1e6 : -1e6)),
                        >=, 1);
      box = (Box) { floor (box.x + box.width / 2) - 9, floor (box.y + box.height / 2) - 9, 19, 19 };
      g_assert_cmpuint (count_grey (&picture, box, 0, 60), >=, 12);
      g_assert_cmpuint (count_grey (&picture, box, 180, 255), >=, 12);
      picture_clear (&picture);
    }
}

/* pictures take colours out of a table of steps, which may lie beside by one */
static void
assert_near (guint32 got, guint32 wanted)
{
  for (guint shift = 0; shift < 32; shift += 8)
    g_assert_cmpint (ABS ((int) (got >> shift & 0xff) - (int) (wanted >> shift & 0xff)), <=, 2);
}

/* what each reduction makes of four cells: 0.6 and −0.8, twice */
static void
test_reductions (void)
{
  static const struct
  {
    EspReduction reduction;
    double shown;
  } expected[] = {
    { ESP_REDUCTION_LARGEST, -0.8f }, { ESP_REDUCTION_MEAN, -0.1f },
    { ESP_REDUCTION_MIN, -0.8f },     { ESP_REDUCTION_MAX, 0.6f },
    { ESP_REDUCTION_RMS, M_SQRT1_2 },
  };
  g_autofree float *values = g_new (float, 800 * 800);

  for (int i = 0; i < 800 * 800; i++)
    values[i] = i % 2 ? -0.8f : 0.6f;
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      Picture picture;
      Box box;

      picture_init (&picture, values, 800, 800, 458, 436);
      picture.scene.reduction = expected[i].reduction;
      picture_paint (&picture);
      g_assert_cmpfloat (picture.scene.geometry.viewport.cell, ==, 0.5);
      for (int at = 100; at < 700; at += 57)
        {
          box = cell_box (&picture, at, 799 - at);
          assert_near (pixel_at (&picture, box.x, box.y),
                       esp_norm_get_color (&picture.scene.norm, expected[i].shown));
        }
      picture_clear (&picture);
    }
}

/* between kernels of 2 × 2 cells lies the colour of the page, and not within them */
static void
test_gutters (void)
{
  const float flat[16] = { [0] = 1, [5] = 1, [10] = 1, [15] = 1 };
  Picture picture;
  Box box;

  picture_init (&picture, flat, 4, 4, 458, 436);
  picture.scene.block_rows = picture.scene.block_columns = 2;
  picture_paint (&picture);
  box = cell_box (&picture, 2, 2);
  g_assert_cmphex (pixel_at (&picture, box.x, box.y + 50), ==, BACKGROUND);
  g_assert_cmphex (pixel_at (&picture, box.x - 1, box.y + 50), ==, BACKGROUND);
  g_assert_cmphex (pixel_at (&picture, box.x + 50, box.y), ==, BACKGROUND);
  g_assert_cmphex (pixel_at (&picture, box.x + 50, box.y - 1), ==, BACKGROUND);
  g_assert_cmphex (pixel_at (&picture, box.x + 4, box.y + 4), ==,
                   esp_norm_get_color (&picture.scene.norm, 1));
  box = cell_box (&picture, 1, 1);
  g_assert_cmphex (pixel_at (&picture, box.x + 1, box.y + 50), !=, BACKGROUND);
  g_assert_cmphex (pixel_at (&picture, box.x - 2, box.y + 50), !=, BACKGROUND);
  picture_clear (&picture);
}

/* labels tell what stands at a place: the picture differs from the unsorted one in its labels only
 */
static void
test_order_labels (void)
{
  const gint64 order[4] = { 3, 1, 0, 2 };
  Picture plain, sorted;
  guint differing = 0;
  Box box;

  picture_init (&plain, golden, 4, 4, 458, 436);
  picture_paint (&plain);
  picture_init (&sorted, golden, 4, 4, 458, 436);
  sorted.scene.row_labels = order;
  picture_paint (&sorted);
  box = cell_box (&plain, 0, 0);
  for (int y = 0; y < 436; y++)
    for (int x = 0; x < 458; x++)
      if (pixel_at (&plain, x, y) != pixel_at (&sorted, x, y))
        {
          g_assert_cmpint (x, <, (int) box.x);
          /* the second one is where it was */
          g_assert_false (y > box.y + box.height && y < box.y + 2 * box.height);
          differing++;
        }
  g_assert_cmpuint (differing, >, 10);
  picture_clear (&plain);
  picture_clear (&sorted);
}

static gboolean
is_reddish (guint32 pixel)
{
  return (int) (pixel >> 16 & 0xff) - (int) (pixel >> 8 & 0xff) > 60 &&
         (int) (pixel >> 16 & 0xff) - (int) (pixel & 0xff) > 60;
}

static void
test_row_marks (void)
{
  const float flat[64] = { 0 };
  const EspRowMark marks[] = { { 2, ESP_ROW_DEAD }, { 5, ESP_ROW_SILENT }, { 7, ESP_ROW_ZERO } };
  Picture picture;
  Box box;
  guint red = 0, gaps = 0, edge = 0;

  picture_init (&picture, flat, 8, 8, 458, 436);
  picture.scene.marks = marks;
  picture.scene.n_marks = 3;
  picture_paint (&picture);

  box = cell_box (&picture, 2, 0); /* framed all along */
  for (int x = (int) box.x + 2; x < (int) box.x + 390; x++)
    red += is_reddish (pixel_at (&picture, x, box.y + 1));
  g_assert_cmpuint (red, ==, 388);

  box = cell_box (&picture, 5, 0); /* dashed: amber and gaps */
  for (int x = (int) box.x + 2; x < (int) box.x + 390; x++)
    {
      guint32 pixel = pixel_at (&picture, x, box.y + 1);

      edge += (pixel & 0xff) < 0x40;
      gaps += (pixel & 0xff) > 0x80;
    }
  g_assert_cmpuint (edge, >, 150);
  g_assert_cmpuint (gaps, >, 80);

  box = cell_box (&picture, 7, 7); /* a triangle beyond the end */
  g_assert_true (is_reddish (pixel_at (&picture, box.x + box.width + 7, box.y + box.height / 2)));
  box = cell_box (&picture, 6, 7);
  g_assert_cmphex (pixel_at (&picture, box.x + box.width + 7, box.y + box.height / 2), ==,
                   BACKGROUND);
  picture_clear (&picture);
}

/* the same as columns, where units are columns */
static void
test_column_marks (void)
{
  const float flat[64] = { 0 };
  const EspRowMark mark = { 2, ESP_ROW_DEAD };
  Picture picture;
  Box box;
  guint red = 0;

  picture_init (&picture, flat, 8, 8, 458, 436);
  picture.scene.marks = &mark;
  picture.scene.n_marks = 1;
  picture.scene.marks_on_columns = TRUE;
  picture_paint (&picture);
  box = cell_box (&picture, 0, 2);
  for (int y = (int) box.y + 2; y < (int) box.y + 390; y++)
    red += is_reddish (pixel_at (&picture, box.x + 1, y));
  g_assert_cmpuint (red, ==, 388);
  picture_clear (&picture);
}

/* white inside accent, the same width for cells of any size */
static void
test_cursor (void)
{
  Picture picture;
  Box box;

  picture_init (&picture, golden, 4, 4, 458, 436);
  picture.scene.cursor_row = 3;
  picture.scene.cursor_column = 0;
  picture_paint (&picture);
  box = cell_box (&picture, 3, 0);
  g_assert_cmphex (pixel_at (&picture, box.x + 32, box.y - 1), ==, 0xffffffff);
  g_assert_cmphex (pixel_at (&picture, box.x + 32, box.y - 4), ==, 0xff3584e4);
  assert_cell (&picture, 3, 0, 0); /* what is framed isn't covered */
  picture_clear (&picture);
}

static void
test_hover (void)
{
  g_autofree float *values = g_new0 (float, 100 * 100);
  Picture picture;
  Box box;
  guint32 plain;

  picture_init (&picture, values, 100, 100, 458, 436);
  picture_paint (&picture);
  plain = pixel_at (&picture, 100, 100);
  picture.scene.hover_row = 50;
  picture.scene.hover_column = 40;
  picture_paint (&picture);
  box = cell_box (&picture, 50, 40);
  g_assert_cmphex (pixel_at (&picture, box.x + 2, 60), !=, plain); /* cross hairs */
  g_assert_cmphex (pixel_at (&picture, 100, box.y + 2), !=, plain);
  g_assert_cmphex (pixel_at (&picture, 100, 60), ==, plain);
  picture_clear (&picture);
}

/* the quick way to many colours agrees with the plain one, on every scale */
static void
test_surface (void)
{
  g_autofree float *values = g_new (float, 100 * 100);
  const gint64 shape[] = { 100, 100 };
  const EspRegion whole = { 0, 0, 100, 100 };
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspOverview) overview = NULL;
  guint other = 0;

  for (int i = 0; i < 10000; i++)
    values[i] = (float) g_test_rand_double_range (-1.2, 1.2);
  values[0] = 0;
  values[1] = -1;
  values[2] = 1;
  tensor = esp_tensor_new_for_floats (values, shape, 2);
  overview = esp_overview_new (tensor, &whole, 100, 100, 1, NULL, NULL);
  for (int scale = 0; scale < ESP_N_SCALES; scale++)
    {
      Picture picture = { .scene = { .geometry = { .width = 100, .height = 100 } } };
      EspNorm norm;

      esp_norm_init_for_range (&norm, -1, 1, scale % 2 == 1);
      norm.scale = (EspScale) scale;
      picture.surface = esp_draw_overview_surface (overview, &norm, ESP_REDUCTION_LARGEST);
      for (int i = 0; i < 10000; i++)
        other += pixel_at (&picture, i % 100, i / 100) != esp_norm_get_color (&norm, values[i]);
      for (int i = 0; i < 3; i++)
        g_assert_cmphex (pixel_at (&picture, i, 0), ==, esp_norm_get_color (&norm, values[i]));
      cairo_surface_destroy (picture.surface);
    }
  /* rounding may put a value on a bound to the neighbouring entry */
  g_assert_cmpuint (other, <, 8);
}

/* where the overview doesn't reach, the ground shows */
static void
test_ground (void)
{
  g_autofree float *values = g_new (float, 100 * 100);
  const EspRegion left = { 0, 0, 100, 50 }, whole = { 0, 0, 100, 100 };
  g_autoptr (EspOverview) ground = NULL, overview = NULL;
  const gint64 shape[] = { 100, 100 };
  g_autoptr (EspTensor) other = NULL;
  cairo_t *cr;
  Picture picture;

  for (int i = 0; i < 10000; i++)
    values[i] = 1;
  other = esp_tensor_new_for_floats (values, shape, 2);
  ground = esp_overview_new (other, &whole, 10, 10, 1, NULL, NULL);
  for (int i = 0; i < 10000; i++)
    values[i] = -1;
  picture_init (&picture, values, 100, 100, 458, 436);
  picture_paint (&picture);
  overview = esp_overview_new (picture.tensor, &left, 50, 100, 1, NULL, NULL);
  picture.scene.overview = overview;
  picture.scene.ground = ground;
  cr = cairo_create (picture.surface);
  esp_draw_heatmap (cr, &picture.scene);
  cairo_destroy (cr);
  cairo_surface_flush (picture.surface);
  g_assert_cmphex (pixel_at (&picture, 46 + 100, 200), ==, 0xff001261);
  g_assert_cmphex (pixel_at (&picture, 46 + 300, 200), ==,
                   esp_norm_get_color (&picture.scene.norm, 1));
  picture_clear (&picture);
}

/* a huge matrix zoomed in far: Cairo's coordinates don't overflow */
static void
test_huge_zoom (void)
{
  g_autofree float *values = g_new0 (float, 300000);
  Picture picture;
  Box box;

  values[299999] = 1;
  picture_init (&picture, values, 1, 300000, 458, 236);
  esp_heatmap_geometry_zoom (&picture.scene.geometry, 1e9, 446, 112);
  g_assert_cmpfloat (picture.scene.geometry.viewport.cell, ==, ESP_HEATMAP_MAX_CELL);
  picture_paint (&picture);
  box = cell_box (&picture, 0, 299999);
  g_assert_cmphex (pixel_at (&picture, fmax (box.x + 3, 50), 130), ==,
                   esp_norm_get_color (&picture.scene.norm, 1));
  picture_clear (&picture);
}

/* levels: the map from end to end; a bar of the histogram stands where the values are */
static void
test_levels (void)
{
  const float values[] = { 1, 1, 1, 1 };
  const gint64 n = 4;
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, &n, 1);
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 256, 92);
  cairo_t *cr = cairo_create (surface);
  Picture picture = { .surface = surface, .scene = { .geometry = { .width = 256, .height = 92 } } };
  EspNorm norm;

  esp_norm_init_for_range (&norm, -1, 1, FALSE);
  esp_draw_levels (cr, 256, 92, &norm, stats, NULL, &esp_palette_light);
  cairo_surface_flush (surface);
  for (int i = 0; i < 256; i += 5)
    g_assert_cmphex (pixel_at (&picture, i, 92 - 18 - 6), ==,
                     0xff000000u | (guint32) norm.colormap->table[i][0] << 16 |
                         (guint32) norm.colormap->table[i][1] << 8 | norm.colormap->table[i][2]);
  g_assert_cmphex (pixel_at (&picture, 254, 40), !=, 0); /* all four values at the high end */
  g_assert_cmphex (pixel_at (&picture, 20, 40), ==, 0);

  for (int height = 16; height < 100; height += 7) /* any height works */
    esp_draw_levels (cr, 100, height, &norm, height % 2 ? stats : NULL,
                     height % 3 ? "a note" : NULL, &esp_palette_dark);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_figure (void)
{
  Picture picture;
  g_autoptr (EspStats) stats = NULL;
  cairo_t *cr;
  int width, height;

  picture_init (&picture, golden, 4, 4, 458, 436);
  picture_paint (&picture);
  stats = esp_scan_stats (picture.tensor, NULL, NULL, NULL, NULL);
  cr = cairo_create (picture.surface);
  esp_draw_figure (cr, 458, 436, "golden", &picture.scene, stats);
  cairo_destroy (cr);
  cairo_surface_flush (picture.surface);
  g_assert_cmphex (pixel_at (&picture, 2, 430), ==, BACKGROUND);
  esp_draw_figure_get_stage (458, 436, &width, &height);
  g_assert_cmpint (width, ==, 458);
  g_assert_cmpint (height, <, 436);
  picture.scene.geometry.height = height;
  esp_heatmap_geometry_fit (&picture.scene.geometry);
  {
    Box box = cell_box (&picture, 0, 0);

    picture.scene.geometry.height = 436; /* the title is above the stage */
    g_assert_cmphex (pixel_at (&picture, box.x + 3, box.y + 34 + 3), ==, 0xff001261);
  }
  picture_clear (&picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/draw/heatmap/cells", test_cells);
  g_test_add_func ("/draw/heatmap/infinities", test_infinities);
  g_test_add_func ("/draw/heatmap/numbers", test_numbers);
  g_test_add_func ("/draw/heatmap/hairlines", test_hairlines);
  g_test_add_func ("/draw/heatmap/zoomed", test_zoomed);
  g_test_add_func ("/draw/heatmap/far-nan", test_far_nan);
  g_test_add_func ("/draw/heatmap/nan-area", test_nan_area);
  g_test_add_func ("/draw/heatmap/outlier", test_outlier);
  g_test_add_func ("/draw/heatmap/planted", test_planted);
  g_test_add_func ("/draw/heatmap/reductions", test_reductions);
  g_test_add_func ("/draw/heatmap/gutters", test_gutters);
  g_test_add_func ("/draw/heatmap/order-labels", test_order_labels);
  g_test_add_func ("/draw/heatmap/row-marks", test_row_marks);
  g_test_add_func ("/draw/heatmap/column-marks", test_column_marks);
  g_test_add_func ("/draw/heatmap/cursor", test_cursor);
  g_test_add_func ("/draw/heatmap/hover", test_hover);
  g_test_add_func ("/draw/heatmap/surface", test_surface);
  g_test_add_func ("/draw/heatmap/ground", test_ground);
  g_test_add_func ("/draw/heatmap/huge-zoom", test_huge_zoom);
  g_test_add_func ("/draw/heatmap/levels", test_levels);
  g_test_add_func ("/draw/heatmap/figure", test_figure);

  return g_test_run ();
}
