/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plane of a network with two inputs: values against a forward pass done here by hand, what is
 * decided, and its picture pixel by pixel at points whose answer is known. */

#include "esp-response.h"

#include <math.h>
#include <string.h>

#include "esp-document.h"
#include "esp-export.h"
#include "esp-number.h"

static EspNetwork *
load (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "networks", file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  return network;
}

static EspSnapshot *
run (EspDocument *document, guint64 steps)
{
  esp_trainer_run (esp_document_get_trainer (document), steps);
  g_assert_true (esp_document_update (document));
  return esp_document_get_snapshot (document);
}

/* y = W x + b, then ReLU if @relu; W (n_out, n_in) is parameter @index, b the next */
static void
apply_linear (EspSnapshot *snapshot,
              guint index,
              const double *x,
              guint n_in,
              gboolean relu,
              double *y,
              guint n_out)
{
  EspTensor *weight = esp_snapshot_get_channel (snapshot, index, ESP_CHANNEL_DATA);
  EspTensor *bias = esp_snapshot_get_channel (snapshot, index + 1, ESP_CHANNEL_DATA);
  float w[64 * 64], b[64];

  g_assert_cmpuint (esp_tensor_get_count (weight), ==, n_in * n_out);
  g_assert_true (esp_tensor_read_f32 (weight, 0, n_in * n_out, w, NULL, NULL));
  g_assert_true (esp_tensor_read_f32 (bias, 0, n_out, b, NULL, NULL));
  for (guint o = 0; o < n_out; o++)
    {
      y[o] = b[o];
      for (guint i = 0; i < n_in; i++)
        y[o] += (double) w[o * n_in + i] * x[i];
      if (relu)
        y[o] = fmax (y[o], 0);
    }
}

/* 2-16-16-2 with ReLUs, as data/networks/spirals.json says */
static void
compute_spirals (EspSnapshot *snapshot, double x, double y, double *hidden, double *out)
{
  double in[2] = { x, y }, first[16];

  apply_linear (snapshot, 0, in, 2, TRUE, first, 16);
  apply_linear (snapshot, 2, first, 16, TRUE, hidden, 16);
  apply_linear (snapshot, 4, hidden, 16, FALSE, out, 2);
}

static void
test_values (void)
{
  g_autoptr (EspNetwork) network = load ("spirals");
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);
  g_autoptr (EspResponse) response = esp_response_new (network, 32);
  EspFieldScene scene = { .palette = &esp_palette_light };
  EspResponseLayer layer;
  EspSnapshot *snapshot;
  const EspGrid *grid = esp_response_get_grid (response);

  snapshot = run (document, 50);
  g_assert_false (esp_response_update (response, snapshot)); /* nothing went in yet */
  g_assert_cmpuint (esp_response_get_n_layers (response), ==, 0);
  esp_document_watch (document, ESP_PROBE_GRID, esp_response_get_inputs (response));
  snapshot = run (document, 500);
  g_assert_true (esp_response_update (response, snapshot));
  g_assert_cmpuint (esp_response_get_n_layers (response), ==, 5);
  g_assert_cmpint (esp_response_find_layer (response, "4"), ==, 4);
  g_assert_cmpint (esp_response_find_layer (response, "x"), ==, -1);
  esp_response_get_layer (response, 3, &layer);
  g_assert_cmpuint (layer.n_units, ==, 16);
  esp_response_init_scene (response, -1, 0, &scene);
  g_assert_true (scene.is_share);
  for (guint row = 0; row < 32; row += 5)
    for (guint column = 0; column < 32; column += 3)
      {
        double hidden[16], out[2], one;
        gsize cell = row * 32 + column;

        compute_spirals (snapshot, esp_grid_get_x (grid, column), esp_grid_get_y (grid, row),
                         hidden, out);
        /* float32 sums of 16 numbers */
        for (guint u = 0; u < 16; u++)
          g_assert_cmpfloat_with_epsilon ((double) layer.values[cell * 16 + u], hidden[u],
                                          1e-4 * (1 + fabs (hidden[u])));
        one = 1 / (1 + exp (out[0] - out[1]));
        g_assert_cmpfloat_with_epsilon ((double) scene.values[cell], one - (1 - one), 1e-3);
      }
  /* without the probe it is gone again */
  esp_document_watch (document, ESP_PROBE_GRID, NULL);
  g_assert_false (esp_response_update (response, run (document, 1)));
  g_assert_cmpuint (esp_response_get_n_layers (response), ==, 5);
}

/* examples are inside, wrong ones are those that a pass by hand gets wrong */
static void
test_examples (void)
{
  g_autoptr (EspNetwork) network = load ("spirals");
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);
  g_autoptr (EspResponse) response = esp_response_new (network, 16);
  EspFieldScene scene = { .palette = &esp_palette_light };
  EspSnapshot *snapshot;
  guint wrong = 0, counted, all, tests, test_wrong;

  esp_document_watch (document, ESP_PROBE_GRID, esp_response_get_inputs (response));
  snapshot = run (document, 100);
  g_assert_true (esp_response_update (response, snapshot));
  esp_response_init_scene (response, -1, 0, &scene);
  g_assert_cmpuint (scene.n_points, ==,
                    esp_network_get_n_examples (network) + esp_network_get_n_tests (network));
  for (guint i = 0; i < scene.n_points; i++)
    {
      const EspFieldPoint *point = &scene.points[i];
      double hidden[16], out[2];

      g_assert_cmpfloat (point->x, >, scene.grid.x0);
      g_assert_cmpfloat (point->x, <, scene.grid.x1);
      g_assert_cmpfloat (point->y, >, scene.grid.y0);
      g_assert_cmpfloat (point->y, <, scene.grid.y1);
      compute_spirals (snapshot, (double) point->x, (double) point->y, hidden, out);
      if (fabs (out[1] - out[0]) > 1e-4) /* else either may come out */
        g_assert_cmpint (point->wrong, ==, (out[1] > out[0]) != point->label);
      wrong += point->wrong;
    }
  esp_response_count_wrong (response, FALSE, &counted, &all);
  esp_response_count_wrong (response, TRUE, &test_wrong, &tests);
  g_assert_cmpuint (counted + test_wrong, ==, wrong);
  g_assert_cmpuint (all + tests, ==, scene.n_points);
  g_assert_cmpuint (wrong, >, 0); /* after 100 steps */
}

static guint32
pixel_at (cairo_surface_t *surface, double x, double y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);

  return ((const guint32 *) (gconstpointer) (data + (int) y * stride))[(int) x];
}

/* the colour of a place in the picture is that of its value; the pointer gets back where it was */
static void
test_picture (void)
{
  enum
  {
    WIDTH = 420,
    HEIGHT = 460
  };
  float values[16 * 16];
  EspFieldScene scene = { .grid = { -2, 2, -1, 3, 16 },
                          .values = values,
                          .stride = 1,
                          .n_channels = 1,
                          .x = NAN,
                          .y = NAN,
                          .palette = &esp_palette_light };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  cairo_t *cr = cairo_create (surface);
  double left, top, side, x, y;

  for (guint i = 0; i < 256; i++)
    values[i] = (float) esp_grid_get_x (&scene.grid, i % 16);
  esp_norm_init_for_range (&scene.norm, -2, 2, FALSE);
  esp_draw_field (cr, WIDTH, HEIGHT, &scene);
  cairo_surface_flush (surface);
  esp_field_get_area (WIDTH, HEIGHT, &left, &top, &side);
  g_assert_cmpfloat (left + side, <=, WIDTH);
  for (double share = 0.05; share < 1; share += 0.1)
    {
      guint32 pixel = pixel_at (surface, left + share * side, top + 0.3 * side);
      guint32 wanted = esp_norm_get_color (&scene.norm, -2 + 4 * share);

      g_assert_true (esp_field_locate (&scene.grid, WIDTH, HEIGHT, left + share * side,
                                       top + share * side, &x, &y));
      g_assert_cmpfloat_with_epsilon (x, -2 + 4 * share, 1e-6);
      g_assert_cmpfloat_with_epsilon (y, 3 - 4 * share, 1e-6);
      for (int shift = 0; shift <= 16; shift += 8)
        g_assert_cmpint (ABS ((int) (pixel >> shift & 0xff) - (int) (wanted >> shift & 0xff)), <=,
                         6); /* between two steps of 256 colours, and pixels are scaled */
    }
  g_assert_false (esp_field_locate (&scene.grid, WIDTH, HEIGHT, 5, 5, &x, &y));
  /* discrete: one colour on each side of 0 */
  scene.discrete = TRUE;
  esp_draw_field (cr, WIDTH, HEIGHT, &scene);
  cairo_surface_flush (surface);
  g_assert_cmphex (pixel_at (surface, left + 0.1 * side, top + 9), ==,
                   pixel_at (surface, left + 0.4 * side, top + 99));
  g_assert_cmphex (pixel_at (surface, left + 0.6 * side, top + 9), ==,
                   pixel_at (surface, left + 0.9 * side, top + 99));
  g_assert_cmphex (pixel_at (surface, left + 0.4 * side, top + 9), !=,
                   pixel_at (surface, left + 0.6 * side, top + 9));
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

/* three classes, each the largest in a third of the plane */
static void
test_classes (void)
{
  float shares[8 * 8 * 3];
  EspFieldPoint points[] = { { .x = -0.9f, .y = 0, .label = 0 },
                             { .x = 0, .y = 0, .label = 1, .test = TRUE },
                             { .x = 0.9f, .y = 0, .label = 2, .wrong = TRUE } };
  EspFieldScene scene = { .grid = { -1, 1, -1, 1, 8 },
                          .values = shares,
                          .stride = 3,
                          .n_channels = 3,
                          .n_classes = 3,
                          .discrete = TRUE,
                          .x = NAN,
                          .y = NAN,
                          .palette = &esp_palette_dark };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 300, 320);
  cairo_t *cr = cairo_create (surface);
  double left, top, side;
  guint32 colors[3];

  for (guint i = 0; i < 64; i++)
    for (guint k = 0; k < 3; k++)
      shares[3 * i + k] = k == MIN (i % 8 * 3 / 8, 2) ? 0.8f : 0.1f;
  esp_norm_init_for_range (&scene.norm, -1, 1, TRUE);
  esp_draw_field (cr, 300, 320, &scene);
  esp_field_get_area (300, 320, &left, &top, &side);
  cairo_surface_flush (surface);
  for (guint k = 0; k < 3; k++)
    colors[k] = pixel_at (surface, left + (0.1 + 0.4 * k) * side, top + 5);
  g_assert_cmphex (colors[0], !=, colors[1]);
  g_assert_cmphex (colors[1], !=, colors[2]);
  g_assert_cmphex (colors[0], !=, colors[2]);
  /* marks change what is below them, as vectors and as stamps */
  scene.points = points;
  scene.n_points = G_N_ELEMENTS (points);
  for (scene.scale = 0; scene.scale < 3; scene.scale++)
    {
      esp_draw_field (cr, 300, 320, &scene);
      cairo_surface_flush (surface);
      g_assert_cmphex (pixel_at (surface, left + 0.05 * side, top + 0.5 * side), !=, colors[0]);
      g_assert_cmphex (pixel_at (surface, left + 0.5 * side, top + 0.5 * side), !=, colors[1]);
    }
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

/* who has no plane: other numbers of inputs */
static void
test_no_plane (void)
{
  static const char *const names[] = { "digits", "d2l-shared", "digits-conv" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (EspNetwork) network = load (names[i]);

      g_assert_null (esp_response_new (network, 16));
    }
}

/* what the pointer tells, of a decision and of a unit */
static void
test_words (void)
{
  g_autoptr (EspNetwork) network = load ("xor");
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);
  g_autoptr (EspResponse) response = esp_response_new (network, 16);
  EspResponseLayer layer;
  const EspGrid *grid = esp_response_get_grid (response);
  g_autofree char *decision = NULL, *unit = NULL, *value = NULL;

  esp_document_watch (document, ESP_PROBE_GRID, esp_response_get_inputs (response));
  g_assert_true (esp_response_update (response, run (document, 10)));
  g_assert_null (esp_response_describe (response, -1, 0, grid->x1 + 1, 0));
  decision = esp_response_describe (response, -1, 0, grid->x0, grid->y0);
  unit = esp_response_describe (response, 0, 1, grid->x0, grid->y0);
  esp_response_get_layer (response, 0, &layer);
  value = esp_number_format_value ((double) layer.values[1], 5);
  g_assert_true (g_str_has_suffix (unit, value));
  g_assert_nonnull (strstr (decision, "class"));
}

static void
draw_something (cairo_t *cr, int width, int height, gpointer data)
{
  cairo_rectangle (cr, 0, 0, width / 2.0, height);
  cairo_set_source_rgb (cr, 1, 0, 0);
  cairo_fill (cr);
}

static void
test_export (void)
{
  EspDrawing drawing = { 100, 80, draw_something, NULL, &esp_palette_light };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) png = esp_export_drawing (&drawing, FALSE, &error);
  g_autoptr (GBytes) svg = esp_export_drawing (&drawing, TRUE, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (png, NULL), 4, "\x89PNG", 4);
  g_assert_nonnull (
      g_strstr_len (g_bytes_get_data (svg, NULL), (gssize) g_bytes_get_size (svg), "<svg"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/response/values", test_values);
  g_test_add_func ("/response/examples", test_examples);
  g_test_add_func ("/response/picture", test_picture);
  g_test_add_func ("/response/classes", test_classes);
  g_test_add_func ("/response/no-plane", test_no_plane);
  g_test_add_func ("/response/words", test_words);
  g_test_add_func ("/response/export", test_export);
  return g_test_run ();
}
