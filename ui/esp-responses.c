/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grid goes into the network as a probe while the view is on the screen; pictures of units take
 * every second of its points. Which unit is shown large is kept by its path, so that it is the same
 * after the network was changed. */

#include "config.h"

#include "esp-responses.h"

#include "esp-field-plot.h"
#include "esp-picture-board.h"
#include "esp-side-pane.h"

#include <glib/gi18n.h>
#include <math.h>

#define THUMBNAIL 44
#define MOST_UNITS 64   /* of a layer that have a picture */
#define EVERY 2         /* points of the grid that a pixel of a thumbnail is apart */
#define BOARD_WIDTH 222 /* beside the large picture: four thumbnails */
#define PLOT_HEIGHT 360 /* above it */

/* a layer that has parameters, or the input */
typedef struct
{
  char *path;       /* "" for the input */
  char *activation; /* path of what follows it, or NULL */
  char *title, *note;
  guint n_units;
  guint8 *dead;  /* (n_units) or NULL */
  double held;   /* range, see esp_norm_hold() */
  int shown;     /* layer of the response that its pictures are of, -1 */
  char **labels; /* (n_units) or NULL */
} Row;

struct _EspResponses
{
  EspLiveView parent_instance;

  /* children */
  EspPictureBoard *board;
  EspFieldPlot *plot;
  GtkLabel *heading, *figures;
  GtkWidget *back;
  GtkToggleButton *train, *test, *discrete, *before;

  /* of the network that is looked at */
  EspResponse *response;
  GPtrArray *rows; /* Row */
  GArray *points;  /* EspFieldPoint, those that are wanted */
  GArray *groups;  /* EspPictureGroup, as the board has them */

  /* state */
  char *picked; /* path of the layer whose unit is large, NULL: what the network decides */
  guint unit;
};

G_DEFINE_FINAL_TYPE (EspResponses, esp_responses, ESP_TYPE_LIVE_VIEW)

static void
free_row (gpointer data)
{
  Row *row = data;

  g_free (row->path);
  g_free (row->activation);
  g_free (row->title);
  g_free (row->note);
  g_free (row->dead);
  g_strfreev (row->labels);
  g_free (row);
}

/* --- rows --- */

static char *
describe_units (guint n)
{
  g_autofree char *count = esp_number_format_count (n);

  if (n > MOST_UNITS)
    return g_strdup_printf (_ ("%d of %s units"), MOST_UNITS, count);
  return g_strdup_printf (ngettext ("%s unit", "%s units", n), count);
}

static Row *
add_input_row (EspResponses *self)
{
  Row *row = g_new0 (Row, 1);

  row->path = g_strdup ("");
  row->title = g_strdup (_ ("Input"));
  row->n_units = 2;
  row->labels = g_new0 (char *, 3);
  row->labels[0] = g_strdup ("x");
  row->labels[1] = g_strdup ("y");
  row->shown = -1;
  g_ptr_array_add (self->rows, row);
  return row;
}

/* what layers there are is known from the first snapshot on */
static void
make_rows (EspResponses *self, EspDocument *document)
{
  EspTree *tree = esp_document_get_tree (document);

  g_ptr_array_set_size (self->rows, 0);
  add_input_row (self);
  for (guint i = 0; i < esp_response_get_n_layers (self->response); i++)
    {
      EspResponseLayer layer;
      EspPlace *place;
      Row *row;

      esp_response_get_layer (self->response, i, &layer);
      place = esp_tree_find (tree, layer.path, NULL);
      if (place == NULL || esp_place_get_totals (place)->tensors == 0)
        continue;
      row = g_new0 (Row, 1);
      row->path = g_strdup (layer.path);
      row->n_units = layer.n_units;
      row->title = g_strdup_printf ("%s %s", layer.path,
                                    esp_module_get_brief_class (esp_place_get_module (place)));
      row->note = describe_units (layer.n_units);
      row->shown = -1;
      g_ptr_array_add (self->rows, row);
    }
}

/* activations, and which of their units never fired */
static void
take_units (EspResponses *self, EspSnapshot *snapshot)
{
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      for (guint r = 0; r < self->rows->len; r++)
        {
          Row *row = self->rows->pdata[r];

          if (!g_str_equal (row->path, counts->source_path) || counts->n_units != row->n_units)
            continue;
          g_free (row->activation);
          row->activation = g_strdup (counts->path);
          if (row->dead == NULL)
            row->dead = g_new0 (guint8, row->n_units);
          for (guint u = 0; u < row->n_units; u++)
            row->dead[u] = counts->can_die && counts->examples > 0 && counts->fired[u] == 0;
        }
    }
}

/* the layer of the response that a row shows: after its activation unless before it is wanted */
static int
find_shown (EspResponses *self, const Row *row)
{
  gboolean before = gtk_toggle_button_get_active (self->before);
  int layer = row->activation != NULL && !before
                  ? esp_response_find_layer (self->response, row->activation)
                  : -1;

  return layer >= 0 ? layer : esp_response_find_layer (self->response, row->path);
}

static EspPictureGroup
init_group (EspResponses *self, const Row *row)
{
  guint side = esp_response_get_grid (self->response)->side;

  return (EspPictureGroup) {
    .title = row->title,
    .note = row->note,
    .n = MIN (row->n_units, MOST_UNITS),
    .rows = side / EVERY,
    .columns = side / EVERY,
    .upward = TRUE,
    .smooth = TRUE,
    .size = THUMBNAIL,
    .stride = 1,
    .row_stride = (gsize) side * EVERY * row->n_units,
    .column_stride = (gsize) EVERY * row->n_units,
    .dead = row->dead,
    .labels = (const char *const *) row->labels,
  };
}

static void
set_group_values (EspResponses *self, Row *row, EspPictureGroup *group)
{
  gboolean dark = esp_picture_board_get_scene (self->board)->palette->dark;
  const EspGrid *grid = esp_response_get_grid (self->response);
  EspResponseLayer layer;
  double largest = fmax (fmax (fabs (grid->x0), fabs (grid->x1)),
                         fmax (fabs (grid->y0), fabs (grid->y1)));

  if (*row->path == '\0')
    group->values = g_bytes_get_data (esp_response_get_inputs (self->response), NULL);
  else
    {
      row->shown = find_shown (self, row);
      if (row->shown < 0)
        return;
      esp_response_get_layer (self->response, (guint) row->shown, &layer);
      group->values = layer.values;
      largest = layer.largest;
    }
  esp_norm_init_for_range (&group->norm, -largest, largest, dark);
  esp_norm_hold (&group->norm, &row->held);
}

static Row *
find_picked (EspResponses *self, guint *index)
{
  for (guint i = 0; self->picked != NULL && i < self->rows->len; i++)
    {
      Row *row = self->rows->pdata[i];

      if (g_str_equal (row->path, self->picked) && self->unit < row->n_units && *row->path != '\0')
        {
          *index = i;
          return row;
        }
    }
  return NULL;
}

static void
show_board (EspResponses *self)
{
  guint index = 0;

  g_array_set_size (self->groups, 0);
  for (guint i = 0; i < self->rows->len; i++)
    {
      EspPictureGroup group = init_group (self, self->rows->pdata[i]);

      set_group_values (self, self->rows->pdata[i], &group);
      g_array_append_val (self->groups, group);
    }
  esp_picture_board_set_groups (
      self->board, (const EspPictureGroup *) (gpointer) self->groups->data, self->groups->len);
  if (find_picked (self, &index) != NULL)
    esp_picture_board_select (self->board, (int) index, (int) self->unit);
  else
    esp_picture_board_select (self->board, -1, -1);
}

/* --- the large picture --- */

static void
take_points (EspResponses *self, EspFieldScene *scene)
{
  gboolean train = gtk_toggle_button_get_active (self->train);
  gboolean test = gtk_toggle_button_get_active (self->test);

  g_array_set_size (self->points, 0);
  for (guint i = 0; i < scene->n_points; i++)
    if (scene->points[i].test ? test : train)
      g_array_append_val (self->points, scene->points[i]);
  scene->points = (const EspFieldPoint *) (gpointer) self->points->data;
  scene->n_points = self->points->len;
}

/* what the large picture is of: a layer of the response, or -1 */
static int
get_shown (EspResponses *self)
{
  guint index;
  Row *row = find_picked (self, &index);

  return row != NULL ? row->shown : -1;
}

static void
show_plot (EspResponses *self)
{
  EspFieldScene scene = { .palette = esp_picture_board_get_scene (self->board)->palette };

  esp_response_init_scene (self->response, get_shown (self), self->unit, &scene);
  scene.discrete = gtk_toggle_button_get_active (self->discrete);
  take_points (self, &scene);
  esp_field_plot_set_scene (self->plot, &scene);
}

/* "Train 98.8 %, 3 of 246 wrong; test 96.3 %, 9 of 246 wrong" */
static char *
describe_wrong (EspResponses *self, gboolean test)
{
  g_autofree char *share = NULL;
  guint wrong, all;

  esp_response_count_wrong (self->response, test, &wrong, &all);
  if (all == 0)
    return g_strdup ("");
  share = esp_number_format_percent (1 - (double) wrong / all);
  if (test)
    return g_strdup_printf (_ ("Test %s, %u of %u wrong"), share, wrong, all);
  return g_strdup_printf (_ ("Train %s, %u of %u wrong"), share, wrong, all);
}

static void
show_heading (EspResponses *self, EspDocument *document)
{
  EspNetwork *network = esp_trainer_get_network (esp_document_get_trainer (document));
  guint index;
  Row *row = find_picked (self, &index);

  gtk_widget_set_visible (self->back, row != NULL);
  if (row != NULL)
    {
      g_autofree char *heading = g_strdup_printf (_ ("Unit %u of %s"), self->unit, row->title);

      gtk_label_set_text (self->heading, heading);
      gtk_label_set_text (self->figures, row->dead != NULL && row->dead[self->unit] != 0
                                             ? _ ("It fires on no example")
                                             : "");
      return;
    }
  if (esp_network_is_classifier (network))
    {
      g_autofree char *train = describe_wrong (self, FALSE);
      g_autofree char *test = describe_wrong (self, TRUE);
      g_autofree char *both = *test != '\0' ? g_strdup_printf ("%s · %s", train, test)
                                            : g_strdup (train);

      gtk_label_set_text (self->heading, _ ("Decision boundary"));
      gtk_label_set_text (self->figures, both);
      return;
    }
  gtk_label_set_text (self->heading, _ ("Output"));
  gtk_label_set_text (self->figures, "");
}

/* --- pointing --- */

static void
describe_spot (EspResponses *self)
{
  EspPictureSpot spot = esp_picture_board_get_spot (self->board);
  g_autofree char *text = NULL;
  Row *row;

  if (spot.picture < 0 || spot.group >= (int) self->rows->len)
    {
      esp_live_view_say (ESP_LIVE_VIEW (self), NULL);
      return;
    }
  row = self->rows->pdata[spot.group];
  if (*row->path != '\0')
    {
      const EspGrid *grid = esp_response_get_grid (self->response);
      g_autofree char *answer =
          esp_response_describe (self->response, row->shown, (guint) spot.picture,
                                 esp_grid_get_x (grid, (guint) MAX (spot.column, 0) * EVERY),
                                 esp_grid_get_y (grid, (guint) MAX (spot.row, 0) * EVERY));

      text = g_strdup_printf (_ ("%s, unit %d: %s"), row->title, spot.picture,
                              answer != NULL ? answer : "");
    }
  esp_live_view_say (ESP_LIVE_VIEW (self), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->board), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text != NULL ? text : "", -1);
}

static void
describe_point (EspResponses *self)
{
  double x, y;
  g_autofree char *text = NULL;

  if (self->response == NULL)
    return;
  if (esp_field_plot_get_point (self->plot, &x, &y))
    text = esp_response_describe (self->response, get_shown (self), self->unit, x, y);
  esp_live_view_say (ESP_LIVE_VIEW (self), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->plot), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text != NULL ? text : "", -1);
}

static void
on_spot (EspResponses *self)
{
  if (self->response != NULL)
    describe_spot (self);
}

static void
refresh (EspResponses *self)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));

  if (document == NULL || esp_response_get_n_layers (self->response) == 0)
    return;
  show_board (self);
  show_plot (self);
  show_heading (self, document);
}

static void
on_picked (EspResponses *self)
{
  EspPictureSpot spot = esp_picture_board_get_spot (self->board);
  Row *row;

  if (spot.group < 0 || spot.group >= (int) self->rows->len)
    return;
  row = self->rows->pdata[spot.group];
  if (*row->path == '\0')
    return;
  g_free (self->picked);
  self->picked = g_strdup (row->path);
  self->unit = (guint) spot.picture;
  refresh (self);
}

static void
on_back (EspResponses *self)
{
  g_clear_pointer (&self->picked, g_free);
  refresh (self);
}

/* --- a live view --- */

static void
esp_responses_begin (EspLiveView *view, EspDocument *document)
{
  EspResponses *self = ESP_RESPONSES (view);
  EspNetwork *network = esp_trainer_get_network (esp_document_get_trainer (document));

  self->response = esp_response_new (network, ESP_RESPONSE_SIDE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test), esp_network_get_n_tests (network) > 0);
  if (self->response != NULL)
    esp_document_watch (document, ESP_PROBE_GRID, esp_response_get_inputs (self->response));
}

static void
esp_responses_end (EspLiveView *view, EspDocument *document)
{
  EspResponses *self = ESP_RESPONSES (view);

  esp_document_watch (document, ESP_PROBE_GRID, NULL);
  esp_field_plot_set_scene (self->plot, NULL);
  esp_picture_board_set_groups (self->board, NULL, 0);
  g_array_set_size (self->groups, 0);
  g_ptr_array_set_size (self->rows, 0);
  g_clear_pointer (&self->response, esp_response_free);
}

static void
esp_responses_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspResponses *self = ESP_RESPONSES (view);
  double x, y;

  if (self->response == NULL || !esp_response_update (self->response, snapshot))
    return;
  if (self->rows->len == 0)
    make_rows (self, document);
  take_units (self, snapshot);
  refresh (self);
  if (esp_field_plot_get_point (self->plot, &x, &y))
    describe_point (self);
  else if (esp_picture_board_get_spot (self->board).picture >= 0)
    describe_spot (self);
}

static void
draw_plot (cairo_t *cr, int width, int height, gpointer data)
{
  EspFieldScene scene = *esp_field_plot_get_scene (data);

  scene.scale = 0;
  scene.x = scene.y = NAN;
  esp_draw_field (cr, width, height, &scene);
}

static gboolean
esp_responses_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  EspResponses *self = ESP_RESPONSES (view);

  if (esp_field_plot_get_scene (self->plot) == NULL)
    return FALSE;
  *drawing = (EspDrawing) { .width = gtk_widget_get_width (GTK_WIDGET (self->plot)),
                            .height = gtk_widget_get_height (GTK_WIDGET (self->plot)),
                            .draw = draw_plot,
                            .data = self->plot,
                            .palette = esp_field_plot_get_scene (self->plot)->palette };
  return TRUE;
}

/* the large picture's values: x, y, and the value or the share of each class */
static char *
esp_responses_dup_csv (EspLiveView *view)
{
  EspResponses *self = ESP_RESPONSES (view);
  const EspFieldScene *scene = esp_field_plot_get_scene (self->plot);
  GString *text = g_string_new ("x,y");
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (scene == NULL || scene->values == NULL)
    return g_string_free (text, TRUE), NULL;
  for (guint k = 0; k < scene->n_channels; k++)
    if (scene->n_channels > 1)
      g_string_append_printf (text, ",class%u", k);
    else
      g_string_append (text, scene->is_share ? ",class1-class0" : ",value");
  for (guint i = 0; i < scene->grid.side * scene->grid.side; i++)
    {
      g_string_append_printf (
          text, "\n%s,",
          g_ascii_formatd (buffer, sizeof buffer, "%.9g",
                           esp_grid_get_x (&scene->grid, i % scene->grid.side)));
      g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, "%.9g",
                                              esp_grid_get_y (&scene->grid, i / scene->grid.side)));
      for (guint k = 0; k < scene->n_channels; k++)
        g_string_append_printf (text, ",%s",
                                g_ascii_formatd (buffer, sizeof buffer, "%.9g",
                                                 (double) scene->values[i * scene->stride + k]));
    }
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}

static void
esp_responses_dispose (GObject *object)
{
  EspResponses *self = ESP_RESPONSES (object);

  G_OBJECT_CLASS (esp_responses_parent_class)->dispose (object);
  g_clear_pointer (&self->picked, g_free);
}

static void
esp_responses_finalize (GObject *object)
{
  EspResponses *self = ESP_RESPONSES (object);

  g_ptr_array_unref (self->rows);
  g_array_unref (self->points);
  g_array_unref (self->groups);
  G_OBJECT_CLASS (esp_responses_parent_class)->finalize (object);
}

static void
esp_responses_class_init (EspResponsesClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_responses_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_responses_finalize;
  view_class->begin = esp_responses_begin;
  view_class->end = esp_responses_end;
  view_class->update = esp_responses_update;
  view_class->init_drawing = esp_responses_init_drawing;
  view_class->dup_csv = esp_responses_dup_csv;
}

/* --- layout --- */

static GtkToggleButton *
add_toggle (EspResponses *self, const char *label, const char *tooltip, gboolean active)
{
  GtkWidget *button = gtk_toggle_button_new_with_label (label);

  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), active);
  g_signal_connect_object (button, "toggled", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  return GTK_TOGGLE_BUTTON (button);
}

static void
add_tools (EspResponses *self)
{
  GtkWidget *points = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  self->train = add_toggle (self, _ ("Train"), _ ("Show the examples to train with"), TRUE);
  self->test = add_toggle (self, _ ("Test"), _ ("Show the examples that are only tested with"),
                           TRUE);
  self->discrete = add_toggle (
      self, _ ("Discretize"), _ ("Show the class or the sign alone, not how certain it is"), FALSE);
  self->before = add_toggle (self, _ ("Before activation"),
                             _ ("Units as they are before the activation that follows them"),
                             FALSE);
  gtk_widget_add_css_class (points, "linked");
  gtk_box_append (GTK_BOX (points), GTK_WIDGET (self->train));
  gtk_box_append (GTK_BOX (points), GTK_WIDGET (self->test));
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), points);
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), GTK_WIDGET (self->discrete));
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), GTK_WIDGET (self->before));
}

static GtkWidget *
make_board (EspResponses *self)
{
  self->board = ESP_PICTURE_BOARD (esp_picture_board_new ());
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->board), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("What each unit answers"), -1);
  g_signal_connect_object (self->board, "pointed", G_CALLBACK (on_spot), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->board, "picked", G_CALLBACK (on_picked), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self->board);
}

static GtkWidget *
make_plot (EspResponses *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->heading = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->heading), "heading");
  gtk_label_set_ellipsize (self->heading, PANGO_ELLIPSIZE_END);
  self->figures = GTK_LABEL (esp_live_view_new_caption ());
  self->back = gtk_button_new_with_label (_ ("Show the output"));
  gtk_widget_add_css_class (self->back, "small-button");
  g_signal_connect_object (self->back, "clicked", G_CALLBACK (on_back), self, G_CONNECT_SWAPPED);
  gtk_label_set_xalign (self->heading, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (self->heading), TRUE);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (self->heading));
  gtk_box_append (GTK_BOX (head), self->back);
  gtk_widget_set_size_request (head, -1, 28);
  gtk_widget_set_margin_start (head, 12);
  gtk_widget_set_margin_end (head, 12);
  gtk_widget_set_margin_top (head, 3);
  gtk_widget_set_margin_start (GTK_WIDGET (self->figures), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (self->figures), 12);
  self->plot = ESP_FIELD_PLOT (esp_field_plot_new ());
  gtk_widget_set_vexpand (GTK_WIDGET (self->plot), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->plot), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Plane of both inputs"), -1);
  g_signal_connect_object (self->plot, "pointed", G_CALLBACK (describe_point), self,
                           G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->figures));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->plot));
  gtk_widget_set_hexpand (box, TRUE);
  return box;
}

static void
esp_responses_init (EspResponses *self)
{
  GtkWidget *large, *board;

  self->rows = g_ptr_array_new_with_free_func (free_row);
  self->points = g_array_new (FALSE, FALSE, sizeof (EspFieldPoint));
  self->groups = g_array_new (FALSE, FALSE, sizeof (EspPictureGroup));
  add_tools (self);
  large = make_plot (self);
  board = make_board (self);
  esp_live_view_set_content (ESP_LIVE_VIEW (self),
                             esp_side_pane_new (large, PLOT_HEIGHT, board, BOARD_WIDTH, TRUE));
}
