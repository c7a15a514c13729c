/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person takes away: pixels of an exported picture against the colours that its values have,
 * a part of the matrix in view, values as CSV and NumPy, and errors. */
#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-export.h"

static gboolean
collect (const void *bytes, gsize length, gpointer data, GError **error)
{
  g_byte_array_append (data, bytes, (guint) length);
  return TRUE;
}

static cairo_status_t
read_png (void *closure, unsigned char *out, unsigned int length)
{
  GByteArray *png = closure;

  if (png->len < length)
    return CAIRO_STATUS_READ_ERROR;
  memcpy (out, png->data, length);
  g_byte_array_remove_range (png, 0, length);
  return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *export (const EspPicture *picture)
{
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  cairo_surface_t *surface;

  g_assert_true (esp_export_picture (picture, FALSE, collect, png, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  surface = cairo_image_surface_create_from_png_stream (read_png, png);
  g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
  return surface;
}

static guint
count_color (cairo_surface_t *surface, guint32 color)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  guint n = 0;

  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++)
      n += (((const guint32 *) (gconstpointer) (data +
                                                y * cairo_image_surface_get_stride (surface)))[x] |
            0xff000000u) == color;
  return n;
}

/* a matrix whose value is its row, and one far outlier */
static EspTensor *
make_matrix (void)
{
  enum
  {
    ROWS = 100,
    COLUMNS = 80
  };
  g_autofree float *values = g_new (float, ROWS *COLUMNS);

  for (int i = 0; i < ROWS * COLUMNS; i++)
    values[i] = (float) (i / COLUMNS);
  values[30 * COLUMNS + 40] = -1000;
  return esp_tensor_new_for_floats (values, (const gint64[]) { ROWS, COLUMNS }, 2);
}

static void
test_picture (void)
{
  g_autoptr (EspTensor) matrix = make_matrix ();
  g_autoptr (EspStats) stats = esp_scan_stats (matrix, NULL, NULL, NULL, NULL);
  cairo_surface_t *whole, *part;
  EspPicture picture;
  EspNorm norm;

  esp_picture_init (&picture, matrix);
  picture.width = 500;
  picture.height = 600;
  picture.range = (EspRange) { .kind = ESP_RANGE_TYPED, .lo = -1000, .hi = 100 };
  picture.colormap = esp_colormap_from_name ("viridis");
  picture.title = "rows";
  esp_picture_make_norm (&picture, stats, &norm);
  g_assert_cmpfloat (norm.lo, ==, -1000);
  whole = export (&picture);
  g_assert_cmpint (cairo_image_surface_get_width (whole), ==, 500);
  g_assert_cmpint (cairo_image_surface_get_height (whole), ==, 600);
  /* the outlier is a cell of some pixels, and the legend's first step has its colour too */
  g_assert_cmpuint (count_color (whole, esp_norm_get_color (&norm, -1000)), >, 20);

  /* what is in view: rows 50 to 59, each some thousand pixels of the colour of its value */
  picture.range = (EspRange) { .kind = ESP_RANGE_TYPED, .lo = 50, .hi = 59 };
  picture.has_viewport = TRUE;
  picture.region = (EspRegion) { 50, 0, 10, 10 };
  picture.inverted = TRUE;
  esp_picture_make_norm (&picture, stats, &norm);
  part = export (&picture);
  for (int row = 50; row < 60; row++)
    g_assert_cmpuint (count_color (part, esp_norm_get_color (&norm, row)), >, 1000);
  cairo_surface_destroy (whole);
  cairo_surface_destroy (part);
}

static void
test_refused (void)
{
  g_autoptr (EspTensor) matrix = make_matrix ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  EspPicture picture;

  esp_picture_init (&picture, matrix);
  picture.width = 10;
  picture.height = 100000;
  g_assert_false (esp_export_picture (&picture, FALSE, collect, bytes, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_assert_cmpuint (bytes->len, ==, 0);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *svg = g_build_filename (folder, "a.svg", NULL);
  g_autofree char *csv = g_build_filename (folder, "a.csv", NULL);
  const float values[] = { 1, 2, 3, NAN, -0.5f, INFINITY };
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 3 }, 2);
  GAsyncResult *result = NULL;
  g_autofree char *text = NULL;
  g_autofree char *drawn = NULL;
  g_autoptr (GError) error = NULL;
  EspPicture picture;

  esp_export_values_async (tensor, ESP_EXPORT_CSV, csv, FALSE, NULL, on_done, &result);
  wait_for (&result);
  g_assert_true (esp_export_finish (result, &error));
  g_assert_no_error (error);
  g_clear_object (&result);
  g_assert_true (g_file_get_contents (csv, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "1,2,3\nnan,-0.5,inf\n");
  /* what is there isn't written over unless that is wanted */
  esp_export_values_async (tensor, ESP_EXPORT_NPY, csv, FALSE, NULL, on_done, &result);
  wait_for (&result);
  g_assert_false (esp_export_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_clear_object (&result);

  esp_picture_init (&picture, tensor);
  esp_export_picture_async (&picture, svg, FALSE, NULL, on_done, &result);
  wait_for (&result);
  g_assert_true (esp_export_finish (result, &error));
  g_assert_no_error (error);
  g_clear_object (&result);
  g_assert_true (g_file_get_contents (svg, &drawn, NULL, NULL));
  g_assert_nonnull (strstr (drawn, "</svg>"));
  g_unlink (svg);
  g_unlink (csv);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/export/picture", test_picture);
  g_test_add_func ("/export/refused", test_refused);
  g_test_add_func ("/export/files", test_files);
  return g_test_run ();
}
