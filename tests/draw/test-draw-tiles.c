/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles of a pyramid on a stage: at every zoom an outlier has its colour and a NaN its mark, cells
 * of a pixel are the very colours of their values, and another look reads nothing. */
#include "config.h"

#include "esp-draw-heatmap.h"

#include <math.h>
#include <string.h>

#define ROWS 1900
#define COLUMNS 1300
#define STAGE_WIDTH 700
#define STAGE_HEIGHT 500

/* values that count how often they are read */
typedef struct
{
  float *values;
  gint n_reads; /* atomic */
} Counted;

static gboolean
read_counted (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  Counted *counted = data;

  g_atomic_int_inc (&counted->n_reads);
  memcpy (buffer, (const guint8 *) counted->values + offset, length);
  return TRUE;
}

typedef struct
{
  Counted counted;
  EspTensor *matrix;
  EspPyramid *pyramid;
  EspTilePixels *tiles;
  EspHeatmapScene scene;
  cairo_surface_t *surface;
} Stage;

static void
stage_init (Stage *stage)
{
  static const EspStorageFuncs funcs = { read_counted, NULL, NULL };
  const gint64 shape[] = { ROWS, COLUMNS };
  EspStorage *storage;

  memset (stage, 0, sizeof *stage);
  stage->counted.values = g_new (float, ROWS *COLUMNS);
  for (guint i = 0; i < ROWS * COLUMNS; i++)
    stage->counted.values[i] = 0.3f * sinf ((float) i * 0.37f);
  storage = esp_storage_new (&funcs, &stage->counted, "c", ROWS * COLUMNS * sizeof (float));
  stage->matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
  esp_storage_unref (storage);
  stage->scene = (EspHeatmapScene) { .cursor_row = -1,
                                     .cursor_column = -1,
                                     .hover_row = -1,
                                     .hover_column = -1,
                                     .palette = &esp_palette_light,
                                     .tiles_scale = 1 };
  stage->scene.geometry =
      (EspHeatmapGeometry) { ROWS, COLUMNS, { 0, 0, 1 }, STAGE_WIDTH, STAGE_HEIGHT };
  esp_heatmap_geometry_fit (&stage->scene.geometry);
  esp_norm_init_for_range (&stage->scene.norm, -1, 1, FALSE);
  stage->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, STAGE_WIDTH, STAGE_HEIGHT);
}

/* the values are there: now they may be looked at */
static void
stage_open (Stage *stage)
{
  stage->pyramid = esp_pyramid_new (stage->matrix);
  stage->tiles = esp_tile_pixels_new (stage->pyramid);
  stage->scene.tiles = stage->tiles;
}

static void
stage_clear (Stage *stage)
{
  esp_tile_pixels_free (stage->tiles);
  esp_pyramid_unref (stage->pyramid);
  esp_tensor_unref (stage->matrix);
  cairo_surface_destroy (stage->surface);
  g_free (stage->counted.values);
}

static void
stage_load (Stage *stage)
{
  EspRegion region;
  guint width, height;

  esp_heatmap_geometry_visible (&stage->scene.geometry, &region, &width, &height);
  esp_pyramid_want (stage->pyramid, &region,
                    (double) region.columns * stage->scene.geometry.viewport.cell,
                    (double) region.rows * stage->scene.geometry.viewport.cell);
  while (esp_pyramid_is_busy (stage->pyramid))
    g_usleep (200);
}

static void
stage_paint (Stage *stage)
{
  cairo_t *cr = cairo_create (stage->surface);

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  esp_draw_heatmap (cr, &stage->scene);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_flush (stage->surface);
}

static guint32
pixel_at (Stage *stage, int x, int y)
{
  const guint8 *data = cairo_image_surface_get_data (stage->surface);

  return ((const guint32 *) (gconstpointer) (data + y * cairo_image_surface_get_stride (
                                                            stage->surface)))[x];
}

/* pixels of a colour within @around of the middle of a cell */
static guint
count_near (Stage *stage, gint64 row, gint64 column, int around, guint32 color)
{
  double x, y, width, height;
  guint n = 0;

  esp_heatmap_geometry_cell_box (&stage->scene.geometry, row, column, &x, &y, &width, &height);
  for (int j = (int) (y - around); j <= (int) (y + height + around); j++)
    for (int i = (int) (x - around); i <= (int) (x + width + around); i++)
      if (i >= 0 && j >= 0 && i < STAGE_WIDTH && j < STAGE_HEIGHT)
        n += pixel_at (stage, i, j) == color;
  return n;
}

/* from the whole to single cells, by steps that are no powers of two */
static void
test_never_hides (void)
{
  static const struct
  {
    gint64 row, column;
  } places[] = { { 0, 0 }, { 777, 1299 }, { 1899, 640 }, { 1234, 567 } };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      gint64 row = places[i].row, column = places[i].column;
      gint64 other = row < 950 ? row + 300 : row - 300;
      guint32 color;
      Stage stage;

      stage_init (&stage);
      stage.counted.values[row * COLUMNS + column] = -1;
      stage.counted.values[other * COLUMNS + column] = NAN;
      stage_open (&stage);
      color = esp_norm_get_color (&stage.scene.norm, -1);
      for (int step = 0; step < 14; step++)
        {
          double x, y, width, height;

          stage_load (&stage);
          stage_paint (&stage);
          g_assert_cmpuint (count_near (&stage, row, column, 2, color), >=, 1);
          /* where the NaN is in view, its mark is, at its full size */
          esp_heatmap_geometry_cell_box (&stage.scene.geometry, other, column, &x, &y, &width,
                                         &height);
          if (y > 40 && y < STAGE_HEIGHT - 40 && width < 12)
            g_assert_cmpuint (count_near (&stage, other, column, 14, ESP_COLOR_NAN), >=, 12);
          esp_heatmap_geometry_cell_box (&stage.scene.geometry, row, column, &x, &y, &width,
                                         &height);
          esp_heatmap_geometry_zoom (&stage.scene.geometry, 1.37, x + width / 2, y + height / 2);
        }
      stage_clear (&stage);
    }
}

/* a pixel a cell, and two: the colours are those of the values */
static void
test_cells (void)
{
  for (int size = 1; size <= 2; size++)
    {
      double left, top, width, height;
      Stage stage;

      stage_init (&stage);
      stage_open (&stage);
      stage.scene.geometry.viewport = (EspViewport) { 300, 200, size };
      stage_load (&stage);
      stage_paint (&stage);
      esp_heatmap_geometry_matrix_box (&stage.scene.geometry, &left, &top, &width, &height);
      for (int y = 0; y < (int) height; y += 7)
        for (int x = 0; x < (int) width; x += 3)
          {
            float value = stage.counted.values[(200 + y / size) * COLUMNS + 300 + x / size];

            g_assert_cmphex (pixel_at (&stage, (int) left + x, (int) top + y), ==,
                             esp_norm_get_color (&stage.scene.norm, value));
          }
      stage_clear (&stage);
    }
}

/* values and pixels are two caches */
static void
test_looks (void)
{
  gint n_reads;
  guint32 before, after;
  Stage stage;

  stage_init (&stage);
  stage_open (&stage);
  stage_load (&stage);
  stage_paint (&stage);
  before = pixel_at (&stage, 300, 200);
  n_reads = g_atomic_int_get (&stage.counted.n_reads);
  g_assert_cmpint (n_reads, >, 0);
  stage.scene.norm.inverted = TRUE;
  stage_paint (&stage);
  after = pixel_at (&stage, 300, 200);
  g_assert_cmphex (before, !=, after);
  stage.scene.reduction = ESP_REDUCTION_RMS;
  stage_paint (&stage);
  stage.scene.norm.colormap = esp_colormap_from_name ("batlow");
  stage_paint (&stage);
  g_assert_cmpint (g_atomic_int_get (&stage.counted.n_reads), ==, n_reads);
  stage_clear (&stage);
}

/* what isn't there yet is painted from coarser tiles: no hole where there is an ancestor */
static void
test_ancestors (void)
{
  double x, y, width, height;
  Stage stage;
  cairo_t *cr;

  stage_init (&stage);
  stage_open (&stage);
  cr = cairo_create (stage.surface);
  g_assert_false (esp_draw_tiles (cr, stage.tiles, &stage.scene.geometry, &stage.scene.norm,
                                  ESP_REDUCTION_LARGEST, 1));
  stage_load (&stage);
  g_assert_true (esp_draw_tiles (cr, stage.tiles, &stage.scene.geometry, &stage.scene.norm,
                                 ESP_REDUCTION_LARGEST, 1));
  esp_heatmap_geometry_zoom (&stage.scene.geometry, 5, 350, 250);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  g_assert_false (esp_draw_tiles (cr, stage.tiles, &stage.scene.geometry, &stage.scene.norm,
                                  ESP_REDUCTION_LARGEST, 1));
  cairo_destroy (cr);
  esp_heatmap_geometry_matrix_box (&stage.scene.geometry, &x, &y, &width, &height);
  for (int j = (int) ceil (y); j < (int) (y + height); j++)
    for (int i = (int) ceil (x); i < (int) (x + width); i++)
      g_assert_cmphex (pixel_at (&stage, i, j), !=, 0xffffffff);
  stage_clear (&stage);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw-tiles/never-hides", test_never_hides);
  g_test_add_func ("/draw-tiles/cells", test_cells);
  g_test_add_func ("/draw-tiles/looks", test_looks);
  g_test_add_func ("/draw-tiles/ancestors", test_ancestors);
  return g_test_run ();
}
