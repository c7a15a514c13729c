/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canvas over real documents: which page it shows, what it says of cells, pixels of the
 * heatmap, editing, and the workers behind it. */

#include "esp-canvas.h"
#include "esp-cell-editor.h"
#include "esp-heatmap.h"
#include "esp-histogram.h"
#include "esp-overview-loader.h"
#include "esp-value-table.h"
#include "esp-sheet-order.h"
#include "esp-look.h"
#include "esp-place-list.h"
#include "esp-sheet.h"
#include "esp-thumbnails.h"
#include "ui-look.h"

#include <math.h>

typedef struct
{
  GtkWidget *window;
  GtkWidget *canvas;
  EspSession *session;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = adw_window_new ();
  fixture->canvas = GTK_WIDGET (esp_canvas_new ());
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 800, 700);
  adw_window_set_content (ADW_WINDOW (fixture->window), fixture->canvas);
  fixture->session = esp_session_new ();
  g_object_set (fixture->canvas, "session", fixture->session, NULL);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->session);
}

/* the first visible widget of a type below another */
static GtkWidget *
find_widget (GtkWidget *widget, GType type)
{
  if (!gtk_widget_get_child_visible (widget) && gtk_widget_get_parent (widget) != NULL)
    return NULL;
  if (g_type_is_a (G_OBJECT_TYPE (widget), type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
run_for (guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (500);
}

/* runs the main loop until the widget of this type is shown and has its size */
static GtkWidget *
wait_for_widget (Fixture *fixture, GType type)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  for (;;)
    {
      GtkWidget *found = find_widget (fixture->canvas, type);

      if (found != NULL && gtk_widget_get_mapped (found) && gtk_widget_get_width (found) > 100)
        return found;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
}

static void
open_network (Fixture *fixture, const char *name)
{
  g_autoptr (GError) error = NULL;

  esp_session_new_network (fixture->session, name, &error);
  g_assert_no_error (error);
  esp_document_update (esp_session_get_document (fixture->session));
}

static EspPlace *
select_place (Fixture *fixture, const char *path)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (fixture->session));
  EspPlace *place = esp_tree_find (tree, path, NULL);

  g_assert_nonnull (place);
  esp_session_set_selection (fixture->session, place);
  return place;
}

/* one step of training, shown */
static void
step (Fixture *fixture)
{
  EspDocument *document = esp_session_get_document (fixture->session);
  guint64 before = esp_snapshot_get_step (esp_document_get_snapshot (document));

  esp_document_step (document);
  while (esp_snapshot_get_step (esp_document_get_snapshot (document)) == before)
    if (!esp_document_update (document))
      g_usleep (500);
}

static void
on_painted (gboolean *painted)
{
  *painted = TRUE;
}

/* a frame that shows what is there now */
static void
wait_for_frame (GtkWidget *widget)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (widget);
  gboolean painted = FALSE;
  gulong id = g_signal_connect_swapped (clock, "after-paint", G_CALLBACK (on_painted), &painted);

  gtk_widget_queue_draw (widget);
  while (!painted)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (clock, id);
}

/* what the widget shows now; the first frames of a window may come before it is mapped */
static GskRenderNode *
get_render_node (GtkWidget *widget, int width, int height)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  for (;;)
    {
      g_autoptr (GdkPaintable) paintable = NULL;
      GtkSnapshot *snapshot = gtk_snapshot_new ();
      GskRenderNode *node;

      wait_for_frame (widget);
      paintable = gtk_widget_paintable_new (widget);
      gdk_paintable_snapshot (paintable, snapshot, width, height);
      node = gtk_snapshot_free_to_node (snapshot);
      if (node != NULL)
        return node;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
}

/* what the widget paints, as an image of its own size */
static cairo_surface_t *
paint (GtkWidget *widget)
{
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_t *cr = cairo_create (surface);
  GskRenderNode *node = get_render_node (widget, width, height);

  gsk_render_node_draw (node, cr);
  gsk_render_node_unref (node);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static guint32
pixel_at (cairo_surface_t *surface, double x, double y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);

  return ((const guint32 *) (gconstpointer) (data + (int) y * cairo_image_surface_get_stride (
                                                                  surface)))[(int) x] &
         0xffffff;
}

/* the colour that a cell has on the screen, beside its number */
static guint32
get_cell_color (EspHeatmap *heatmap, gint64 row, gint64 column)
{
  cairo_surface_t *surface = paint (GTK_WIDGET (heatmap));
  double x, y, width, height;
  guint32 color;

  esp_heatmap_geometry_cell_box (esp_heatmap_get_geometry (heatmap), row, column, &x, &y, &width,
                                 &height);
  color = pixel_at (surface, x + 3, y + 3);
  cairo_surface_destroy (surface);
  return color;
}

static char *
get_status (EspHeatmap *heatmap)
{
  char *status;

  g_object_get (heatmap, "status", &status, NULL);
  return status;
}

static float
get_value (EspPlace *place, EspChannel channel, guint64 index)
{
  EspTensor *tensor = esp_parameter_get_channel (esp_place_get_parameter (place), channel);
  float value;

  g_assert_nonnull (tensor);
  g_assert_true (esp_tensor_read_f32 (tensor, index, 1, &value, NULL, NULL));
  return value;
}

/* a module shows its sheet, a parameter its heatmap, a gradient that isn't there yet a word */
static void
test_pages (Fixture *fixture, gconstpointer data)
{
  open_network (fixture, "d2l-shared");
  wait_for_widget (fixture, ESP_TYPE_SHEET);
  g_assert_true (ui_look_wait_for_label (fixture->canvas, "8 tensors"));

  select_place (fixture, "2.weight");
  wait_for_widget (fixture, ESP_TYPE_HEATMAP);
  g_assert_true (ui_look_wait_for_label (fixture->canvas, "8 × 8  float32"));

  esp_session_set_channel (fixture->session, ESP_CHANNEL_GRAD);
  g_assert_true (ui_look_wait_for_label (fixture->canvas, "No gradient yet"));
  step (fixture);
  wait_for_widget (fixture, ESP_TYPE_HEATMAP);
  g_assert_null (ui_look_find_label (fixture->canvas, "No gradient yet"));
}

/* a toggle button by its label */
static void
activate (Fixture *fixture, const char *label)
{
  GtkWidget *found = ui_look_find_label (fixture->canvas, label);

  g_assert_nonnull (found);
  gtk_toggle_button_set_active (
      GTK_TOGGLE_BUTTON (gtk_widget_get_ancestor (found, GTK_TYPE_TOGGLE_BUTTON)), TRUE);
}

static void
test_views (Fixture *fixture, gconstpointer data)
{
  open_network (fixture, "d2l-shared");
  select_place (fixture, "2.weight");
  wait_for_widget (fixture, ESP_TYPE_HEATMAP);
  activate (fixture, "Histogram");
  wait_for_widget (fixture, ESP_TYPE_HISTOGRAM);
  select_place (fixture, "0.weight"); /* the choice stays */
  wait_for_widget (fixture, ESP_TYPE_HISTOGRAM);
  activate (fixture, "Heatmap");
  wait_for_widget (fixture, ESP_TYPE_HEATMAP);
  activate (fixture, "Gradient");
  g_assert_cmpint (esp_session_get_channel (fixture->session), ==, ESP_CHANNEL_GRAD);
  g_assert_true (ui_look_wait_for_label (fixture->canvas, "No gradient yet"));
  activate (fixture, "Data");
  g_assert_cmpint (esp_session_get_channel (fixture->session), ==, ESP_CHANNEL_DATA);
  wait_for_widget (fixture, ESP_TYPE_HEATMAP);
}

/* all tensors below a module, each place of a shared one for itself */
static void
test_place_list (Fixture *fixture, gconstpointer data)
{
  EspTree *tree;
  g_autoptr (EspPlaceList) list = NULL;
  g_autoptr (EspPlaceList) below = NULL;

  open_network (fixture, "d2l-shared");
  tree = esp_document_get_tree (esp_session_get_document (fixture->session));
  list = esp_place_list_new (esp_tree_get_root (tree));
  below = esp_place_list_new (esp_tree_find (tree, "2", NULL));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 8);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (below)), ==, 2);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (below), 2));
}

/* the cell's colour is the one that its value has in a range that is symmetric about 0 */
static void
test_pixels (Fixture *fixture, gconstpointer data)
{
  EspPlace *place;
  EspHeatmap *heatmap;
  guint32 positive = 0, negative = 0;

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      ADW_COLOR_SCHEME_FORCE_LIGHT);
  open_network (fixture, "d2l-shared");
  place = select_place (fixture, "2.weight");
  heatmap = ESP_HEATMAP (wait_for_widget (fixture, ESP_TYPE_HEATMAP));
  for (guint i = 0; i < 64; i++)
    {
      float value = get_value (place, ESP_CHANNEL_DATA, i);
      guint32 color = get_cell_color (heatmap, i / 8, i % 8);
      int red = color >> 16 & 0xff, blue = color & 0xff;

      if (value > 0.1f)
        g_assert_cmpint (red, >, blue);
      if (value < -0.1f)
        g_assert_cmpint (red, <, blue);
      positive += value > 0.1f;
      negative += value < -0.1f;
    }
  /* the test says something only if there are both */
  g_assert_cmpuint (positive, >, 5);
  g_assert_cmpuint (negative, >, 5);
}

/* the picture follows each step: what changed in the tensor changed on the screen */
static void
test_follows (Fixture *fixture, gconstpointer data)
{
  EspDocument *document;
  EspPlace *place;
  EspHeatmap *heatmap;
  guint32 before, after;

  open_network (fixture, "d2l-shared");
  document = esp_session_get_document (fixture->session);
  place = select_place (fixture, "2.weight");
  heatmap = ESP_HEATMAP (wait_for_widget (fixture, ESP_TYPE_HEATMAP));
  before = get_cell_color (heatmap, 3, 5);
  g_assert_true (esp_document_edit (document, place, 3 * 8 + 5, -0.4, NULL));
  while (get_value (place, ESP_CHANNEL_DATA, 3 * 8 + 5) != -0.4f)
    if (!esp_document_update (document))
      g_usleep (500);
  after = get_cell_color (heatmap, 3, 5);
  g_assert_cmphex (before, !=, after);
  g_assert_cmpint (after & 0xff, >, after >> 16 & 0xff); /* blue */
}

/* status and description tell the cell at the cursor */
static void
test_cursor (Fixture *fixture, gconstpointer data)
{
  EspPlace *place;
  EspHeatmap *heatmap;
  g_autofree char *status = NULL, *value = NULL, *wanted = NULL;
  gint64 row, column;

  open_network (fixture, "d2l-shared");
  place = select_place (fixture, "2.weight");
  heatmap = ESP_HEATMAP (wait_for_widget (fixture, ESP_TYPE_HEATMAP));
  g_assert_false (esp_heatmap_get_cursor (heatmap, &row, &column));

  esp_heatmap_set_cursor (heatmap, 6, 2);
  value = esp_number_format_all (get_value (place, ESP_CHANNEL_DATA, 6 * 8 + 2), TRUE);
  wanted = g_strdup_printf ("Row 6, column 2: <b>%s</b>", value);
  status = get_status (heatmap);
  g_assert_cmpstr (status, ==, wanted);

  esp_heatmap_set_cursor (heatmap, 8, 0); /* there is no such row */
  g_assert_true (esp_heatmap_get_cursor (heatmap, &row, &column));
  g_assert_cmpint (row, ==, 6);
  step (fixture); /* another channel of the same tensor: the same cell */
  esp_session_set_channel (fixture->session, ESP_CHANNEL_GRAD);
  g_assert_true (esp_heatmap_get_cursor (heatmap, &row, &column));
  g_assert_cmpint (row, ==, 6);
  g_assert_cmpint (column, ==, 2);
  select_place (fixture, "2.bias"); /* another tensor: no cursor */
  g_assert_false (esp_heatmap_get_cursor (heatmap, &row, &column));
}

static double
get_zoom (EspHeatmap *heatmap)
{
  double zoom;

  g_object_get (heatmap, "zoom", &zoom, NULL);
  return zoom;
}

static void
test_zoom (Fixture *fixture, gconstpointer data)
{
  EspHeatmap *heatmap;
  double fit;

  open_network (fixture, "spirals");
  select_place (fixture, "2.weight");
  heatmap = ESP_HEATMAP (wait_for_widget (fixture, ESP_TYPE_HEATMAP));
  run_for (50);
  fit = get_zoom (heatmap);
  g_assert_true (gtk_widget_activate_action (fixture->canvas, "canvas.zoom-in", NULL));
  g_assert_cmpfloat (get_zoom (heatmap), >, fit * 1.2);
  g_assert_true (gtk_widget_activate_action (fixture->canvas, "canvas.zoom-out", NULL));
  g_assert_cmpfloat_with_epsilon (get_zoom (heatmap), fit, 1e-9);
  for (int i = 0; i < 30; i++)
    esp_heatmap_zoom_in (heatmap);
  g_assert_cmpfloat (get_zoom (heatmap), ==, ESP_HEATMAP_MAX_CELL);
  esp_heatmap_zoom_fit (heatmap);
  g_assert_cmpfloat_with_epsilon (get_zoom (heatmap), fit, 1e-9);
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    double value;
  } good[] = { { "1", 1 }, { " -2.5 ", -2.5 }, { "−0.25", -0.25 }, { "1e-3", 0.001 }, { "+4", 4 } };
  static const char *const bad[] = { "", "  ", "4x", "one", "1,2,3", "--1", "0.1 0.2" };
  double value;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (esp_cell_editor_parse (good[i].text, &value));
      g_assert_cmpfloat (value, ==, good[i].value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (esp_cell_editor_parse (bad[i], &value));
}

static void
test_plane (void)
{
  const gint64 shape[] = { 2, 3, 4, 5 };
  g_autofree float *values = g_new (float, 120);
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspTensor) matrix = NULL;
  g_autofree char *text = NULL, *cell = NULL, *read = NULL;
  EspPlane plane = { 0 };

  for (int i = 0; i < 120; i++)
    values[i] = (float) -i;
  tensor = esp_tensor_new_for_floats (values, shape, 4);
  esp_plane_set (&plane, NULL, tensor);
  plane.index[0] = 1;
  plane.index[1] = 2;
  text = esp_plane_to_string (&plane);
  cell = esp_plane_describe_cell (&plane, 3, 4);
  g_assert_cmpstr (text, ==, "[1, 2, :, :]");
  g_assert_cmpstr (cell, ==, "Element [1, 2, 3, 4]");
  g_assert_cmpuint (esp_plane_get_flat_index (&plane, 3, 4), ==, 119);
  g_assert_cmpint (esp_plane_get_along (&plane, plane.unit_axis, 3, 4), ==, -1);
  matrix = esp_plane_apply (&plane, tensor, NULL);
  read = esp_plane_read_cell (matrix, 3, 4, NULL);
  g_assert_cmpstr (read, ==, "−119");
  g_assert_true (esp_plane_fits (&plane, tensor));
  g_assert_false (esp_plane_fits (&plane, matrix));
  esp_plane_clear (&plane);
}

static EspTensor *
create_matrix (gint64 rows, gint64 columns)
{
  const gint64 shape[] = { rows, columns };
  g_autofree float *values = g_new (float, (gsize) (rows * columns));

  for (gint64 i = 0; i < rows * columns; i++)
    values[i] = (float) (i % 1000) / 1000;
  values[rows * columns - 1] = -7;
  return esp_tensor_new_for_floats (values, shape, 2);
}

static void
wait_until_idle (EspOverviewLoader *loader)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (esp_overview_loader_is_busy (loader))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, TRUE);
    }
}

/* a large matrix: coarse first, then exactly what is in view, then the whole exactly */
static void
test_loader (void)
{
  g_autoptr (EspOverviewLoader) loader = esp_overview_loader_new ();
  g_autoptr (EspTensor) matrix = create_matrix (3000, 2000);
  const EspRegion whole = { 0, 0, 3000, 2000 }, corner = { 2900, 1900, 100, 100 };
  const EspRegion *region;
  EspOverview *overview;

  esp_overview_loader_set_matrix (loader, matrix, 0);
  esp_overview_loader_request (loader, &whole, 500, 500);
  g_assert_null (esp_overview_loader_get_overview (loader));
  while (esp_overview_loader_get_ground (loader) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (esp_overview_is_exact (esp_overview_loader_get_ground (loader)));
  wait_until_idle (loader);
  overview = esp_overview_loader_get_overview (loader);
  g_assert_true (esp_overview_is_exact (overview));
  g_assert_cmpuint (esp_overview_get_width (overview), ==, 500);
  g_assert_cmpfloat (esp_overview_get_row (overview, 499)[499].min, ==, -7);
  g_assert_true (esp_overview_is_exact (esp_overview_loader_get_ground (loader)));

  esp_overview_loader_request (loader, &corner, 100, 100);
  wait_until_idle (loader);
  region = esp_overview_get_region (esp_overview_loader_get_overview (loader));
  g_assert_cmpint (region->row, <=, 2900);
  g_assert_cmpint (region->rows, <, 200);
  g_assert_cmpint (region->row + region->rows, ==, 3000);

  /* a small pan stays within the margin, so nothing has to be made */
  esp_overview_loader_request (loader, &(EspRegion) { 2893, 1895, 100, 100 }, 100, 100);
  g_assert_false (esp_overview_loader_is_busy (loader));
}

/* what a matrix before it made is never shown for the one after */
static void
test_loader_stale (void)
{
  g_autoptr (EspOverviewLoader) loader = esp_overview_loader_new ();
  g_autoptr (EspTensor) first = create_matrix (3000, 2000);
  g_autoptr (EspTensor) second = create_matrix (400, 300);
  const EspRegion whole = { 0, 0, 3000, 2000 }, other = { 0, 0, 400, 300 };

  esp_overview_loader_set_matrix (loader, first, 0);
  esp_overview_loader_request (loader, &whole, 500, 500);
  esp_overview_loader_set_matrix (loader, second, 0);
  g_assert_null (esp_overview_loader_get_overview (loader));
  esp_overview_loader_request (loader, &other, 300, 400);
  wait_until_idle (loader);
  run_for (200); /* the first one's job ends, too */
  g_assert_cmpint (esp_overview_get_region (esp_overview_loader_get_overview (loader))->rows, ==,
                   400);
  g_assert_cmpint (esp_overview_get_region (esp_overview_loader_get_ground (loader))->rows, ==,
                   400);
}

static void
test_loader_quick (void)
{
  g_autoptr (EspOverviewLoader) loader = esp_overview_loader_new ();
  g_autoptr (EspTensor) matrix = create_matrix (40, 30);
  const EspRegion whole = { 0, 0, 40, 30 };

  esp_overview_loader_set_matrix (loader, matrix, ESP_LOAD_QUICK);
  esp_overview_loader_request (loader, &whole, 30, 40);
  g_assert_nonnull (esp_overview_loader_get_overview (loader)); /* at once */
}

/* thumbnails: small ones at once, large ones later, of N-d tensors the whole */
static void
test_thumbnails (void)
{
  g_autoptr (EspThumbnails) thumbnails = esp_thumbnails_new ();
  g_autoptr (EspTensor) small = create_matrix (20, 10);
  g_autoptr (EspTensor) large = create_matrix (2000, 1000);
  const gint64 shape[] = { 4, 3, 2, 2 }, strides[] = { 12, 4, 2, 1 };
  g_autoptr (EspTensor) kernel = NULL;
  g_autoptr (EspTensor) flat = NULL;
  g_autoptr (EspOverview) now = esp_thumbnails_get (thumbnails, small, 116, NULL);
  g_autoptr (EspOverview) later = NULL;
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_assert_cmpuint (esp_overview_get_width (now), ==, 10);
  do
    {
      g_clear_pointer (&later, esp_overview_unref);
      later = esp_thumbnails_get (thumbnails, large, 116, NULL);
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  while (later == NULL || !esp_overview_is_exact (later));
  g_assert_cmpuint (esp_overview_get_width (later), ==, 116);
  g_assert_cmpfloat (esp_overview_get_row (later, 115)[115].min, ==, -7);

  kernel = esp_tensor_new_view (large, shape, 4, strides, 0, NULL);
  flat = esp_thumbnails_flatten (kernel, NULL);
  g_assert_cmpint (esp_tensor_get_shape (flat)[0], ==, 4);
  g_assert_cmpint (esp_tensor_get_shape (flat)[1], ==, 12);
}

/* what is chosen of a range: percentiles, all, one's own ends, and a lock on these */
static void
test_look (void)
{
  g_autoptr (EspLook) look = esp_look_new ();
  g_autoptr (EspTensor) matrix = create_matrix (100, 100);
  g_autoptr (EspStats) stats = esp_scan_stats (matrix, NULL, NULL, NULL, NULL);
  EspNorm norm;

  esp_look_init_norm (look, stats, TRUE, &norm);
  g_assert_cmpfloat (norm.hi, <, 1.1); /* the one −7 lies beyond */
  g_assert_cmpfloat (norm.lo, ==, -norm.hi);
  esp_look_set_range (look, ESP_RANGE_MIN_MAX);
  esp_look_init_norm (look, stats, TRUE, &norm);
  g_assert_cmpfloat (norm.hi, ==, 7);
  esp_look_set_symmetric (look, FALSE);
  esp_look_init_norm (look, stats, TRUE, &norm);
  g_assert_cmpfloat (norm.lo, ==, -7);
  g_assert_cmpfloat_with_epsilon (norm.hi, 0.999, 1e-6);

  esp_look_set_locked (look, TRUE); /* there is nothing to lock yet */
  g_assert_false (esp_look_get_locked (look));
  esp_look_set_typed (look, -1, 2);
  esp_look_init_norm (look, stats, TRUE, &norm);
  g_assert_cmpfloat (norm.lo, ==, -1);
  esp_look_init_norm (look, stats, FALSE, &norm); /* for another tensor */
  g_assert_cmpfloat (norm.lo, ==, -7);
  esp_look_set_locked (look, TRUE);
  esp_look_init_norm (look, stats, FALSE, &norm);
  g_assert_cmpfloat (norm.lo, ==, -1);
  g_assert_cmpfloat (norm.hi, ==, 2);
  esp_look_set_symmetric (look, TRUE);
  esp_look_set_range (look, ESP_RANGE_PERCENTILES);
  g_assert_false (esp_look_get_locked (look));
}

/* texts for eyes and for programs */
static void
test_read_row (void)
{
  g_autoptr (EspTensor) matrix = create_matrix (2, 3);
  g_auto (GStrv) eyes = esp_plane_read_row (matrix, 1, 1, 2, FALSE, NULL, NULL);
  g_auto (GStrv) programs = esp_plane_read_row (matrix, 1, 0, 3, TRUE, NULL, NULL);

  g_assert_cmpstr (eyes[0], ==, "0.004");
  g_assert_cmpstr (eyes[1], ==, "−7");
  g_assert_cmpstr (programs[0], ==, "0.003");
  g_assert_cmpstr (programs[2], ==, "-7");
  g_assert_null (programs[3]);
}

/* the table has the cell that all views have; Shift makes a rectangle of it */
static void
test_table (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspView) view = esp_view_new ();
  g_autoptr (GtkWidget) table = g_object_ref_sink (esp_value_table_new ());
  EspRegion region;

  open_network (fixture, "d2l-shared");
  select_place (fixture, "2.weight");
  esp_view_set_session (view, fixture->session);
  esp_value_table_set_view (ESP_VALUE_TABLE (table), view);
  g_assert_false (esp_value_table_get_selected (ESP_VALUE_TABLE (table), &region));
  esp_session_set_cell (fixture->session, 3 * 8 + 4);
  g_assert_true (esp_value_table_get_selected (ESP_VALUE_TABLE (table), &region));
  g_assert_cmpint (region.row, ==, 3);
  g_assert_cmpint (region.column, ==, 4);
  g_assert_cmpint (region.rows * region.columns, ==, 1);
  gtk_widget_activate_action (table, "values.select-all", NULL);
  g_assert_true (esp_value_table_get_selected (ESP_VALUE_TABLE (table), &region));
  g_assert_cmpint (region.rows * region.columns, ==, 64);
}

/* the largest first; figures of all come in meanwhile */
static void
test_sheet_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspSheetOrder) order = esp_sheet_order_new ();
  g_autoptr (EspPlaceList) places = NULL;
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  GListModel *sorted;
  guint n, known;

  open_network (fixture, "d2l-shared");
  places = esp_place_list_new (esp_session_get_selection (fixture->session));
  esp_sheet_order_set_places (order, G_LIST_MODEL (places), ESP_CHANNEL_DATA);
  sorted = esp_sheet_order_get_model (order);
  n = g_list_model_get_n_items (sorted);
  g_assert_cmpuint (n, ==, 8);
  esp_sheet_order_set_key (order, ESP_SHEET_KEY_SIZE);
  for (guint i = 1; i < n; i++)
    {
      g_autoptr (EspPlace) before = g_list_model_get_item (sorted, i - 1);
      g_autoptr (EspPlace) place = g_list_model_get_item (sorted, i);

      g_assert_cmpuint (
          esp_tensor_get_count (esp_parameter_get_data (esp_place_get_parameter (before))), >=,
          esp_tensor_get_count (esp_parameter_get_data (esp_place_get_parameter (place))));
    }

  esp_sheet_order_set_key (order, ESP_SHEET_KEY_LARGEST);
  do
    {
      known = 0;
      for (guint i = 0; i < n; i++)
        {
          g_autoptr (EspPlace) place = g_list_model_get_item (sorted, i);
          g_autofree char *figure = esp_sheet_order_format (order, place);

          known += figure != NULL;
        }
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  while (known < n);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();

  add ("/canvas/pages", test_pages);
  add ("/canvas/views", test_views);
  add ("/canvas/place-list", test_place_list);
  add ("/canvas/pixels", test_pixels);
  add ("/canvas/follows", test_follows);
  add ("/canvas/cursor", test_cursor);
  add ("/canvas/zoom", test_zoom);
  add ("/canvas/table", test_table);
  add ("/canvas/sheet-order", test_sheet_order);
  g_test_add_func ("/canvas/look", test_look);
  g_test_add_func ("/canvas/read-row", test_read_row);
  g_test_add_func ("/canvas/parse", test_parse);
  g_test_add_func ("/canvas/plane", test_plane);
  g_test_add_func ("/canvas/loader", test_loader);
  g_test_add_func ("/canvas/loader-stale", test_loader_stale);
  g_test_add_func ("/canvas/loader-quick", test_loader_quick);
  g_test_add_func ("/canvas/thumbnails", test_thumbnails);
  return g_test_run ();
}
