/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The curves are copied from the trainer ten times a second, the plots in turn: no one reads
 * faster. A network with very many parameters shows those below the selection. */

#include "config.h"

#include "esp-meter-curves.h"

#include "esp-plot.h"
#include "esp-side-pane.h"
#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>

#define MOST_CURVES 24
#define N_COLORS 8
#define REFRESH_MS 50 /* of one of the plots: a frame has no time for both */
#define GUIDE -3.0    /* where an update of a healthy size is, log10 */
#define LEGEND_WIDTH 244
#define PLOTS_HEIGHT 360 /* above the legend */
#define FAINT 0.3
#define BOLD 2.5

/* a parameter with a curve */
typedef struct
{
  guint index; /* the network's */
  EspPlace *place;
  GtkLabel *swatch, *name, *norm, *ratio;
} Entry;

struct _EspMeterCurves
{
  EspLiveView parent_instance;

  /* children */
  GtkListBox *legend;
  EspPlot *norms, *ratios;

  /* state */
  GArray *entries; /* Entry */
  EspPlace *selected;
  guint timeout; /* source; while it runs nothing is refreshed */
  guint due;     /* plots that are still to be refreshed */
  EspPlot *next; /* the one whose turn it is */
};

G_DEFINE_FINAL_TYPE (EspMeterCurves, esp_meter_curves, ESP_TYPE_LIVE_VIEW)

/* --- which curves --- */

/* whether @place is @above or below it */
static gboolean
is_below (EspPlace *place, EspPlace *above)
{
  for (; place != NULL; place = esp_place_get_parent (place))
    if (place == above)
      return TRUE;
  return FALSE;
}

/* at any of its places */
static gboolean
is_selected (EspParameter *parameter, EspPlace *selected)
{
  for (guint i = 0; i < esp_parameter_get_n_places (parameter); i++)
    if (is_below (esp_parameter_get_place (parameter, i), selected))
      return TRUE;
  return FALSE;
}

/* all parameters that are trained; when these are too many, those below the selection */
static GArray *
choose (EspMeterCurves *self, EspNetwork *network)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n = esp_network_get_n_parameters (network), trained = 0;

  for (guint i = 0; i < n; i++)
    trained += esp_parameter_get_role (esp_network_get_parameter (network, i)) ==
               ESP_ROLE_PARAMETER;
  for (guint i = 0; i < n && chosen->len < MOST_CURVES; i++)
    {
      EspParameter *parameter = esp_network_get_parameter (network, i);

      if (esp_parameter_get_role (parameter) != ESP_ROLE_PARAMETER)
        continue;
      if (trained <= MOST_CURVES || self->selected == NULL ||
          is_selected (parameter, self->selected))
        g_array_append_val (chosen, i);
    }
  return chosen;
}

static char *
name_color (guint entry)
{
  return g_strdup_printf ("esp_series_%u", entry % N_COLORS);
}

static GtkLabel *
add_cell (GtkBox *row, int chars, float xalign)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_width_chars (GTK_LABEL (label), chars);
  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, "small");
  gtk_box_append (row, label);
  return GTK_LABEL (label);
}

static void
add_entry (EspMeterCurves *self, EspNetwork *network, guint index)
{
  EspParameter *parameter = esp_network_get_parameter (network, index);
  GtkBox *row = GTK_BOX (gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6));
  Entry entry = { .index = index, .place = esp_parameter_get_place (parameter, 0) };

  entry.swatch = add_cell (row, 1, 0);
  entry.name = add_cell (row, 0, 0);
  gtk_label_set_ellipsize (entry.name, PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand (GTK_WIDGET (entry.name), TRUE);
  entry.norm = add_cell (row, 9, 1);
  entry.ratio = add_cell (row, 6, 1);
  gtk_list_box_append (self->legend, GTK_WIDGET (row));
  g_array_append_val (self->entries, entry);
}

static void
clear_legend (EspMeterCurves *self)
{
  GtkListBoxRow *row;

  g_array_set_size (self->entries, 0);
  while ((row = gtk_list_box_get_row_at_index (self->legend, 0)) != NULL)
    gtk_list_box_remove (self->legend, GTK_WIDGET (row));
}

static void
make_legend (EspMeterCurves *self, EspNetwork *network)
{
  g_autoptr (GArray) chosen = choose (self, network);
  gboolean same = chosen->len == self->entries->len;

  for (guint i = 0; same && i < chosen->len; i++)
    same = g_array_index (chosen, guint, i) == g_array_index (self->entries, Entry, i).index;
  if (same)
    return;
  clear_legend (self);
  for (guint i = 0; i < chosen->len; i++)
    add_entry (self, network, g_array_index (chosen, guint, i));
}

/* --- what they show --- */

static gboolean
stands_out (EspMeterCurves *self, EspNetwork *network, guint entry, gboolean *any)
{
  EspPlace *selected = self->selected;
  guint index = g_array_index (self->entries, Entry, entry).index;

  /* with the whole network selected none does */
  *any = selected != NULL && esp_place_get_parent (selected) != NULL;
  return *any && is_selected (esp_network_get_parameter (network, index), selected);
}

static void
show_entry (EspMeterCurves *self, guint i, const EspMeter *meter, gboolean bold)
{
  const Entry *entry = &g_array_index (self->entries, Entry, i);
  g_autofree char *color = name_color (i);
  g_autofree char *path = g_markup_escape_text (esp_place_get_path (entry->place), -1);
  g_autofree char *swatch =
      g_strdup_printf ("<span foreground=\"#%06x\">●</span>",
                       esp_style_get_color (GTK_WIDGET (self), color, 0xff808080) & 0xffffff);
  g_autofree char *name = bold ? g_strdup_printf ("<b>%s</b>", path) : g_strdup (path);
  g_autofree char *norm = isnan (meter->grad_norm)
                              ? g_strdup ("–")
                              : esp_number_format_value ((double) meter->grad_norm, 3);
  g_autofree char *ratio = NULL;

  if (isfinite (meter->update_ratio))
    ratio = esp_number_format_value (round ((double) meter->update_ratio * 100) / 100, 3);
  gtk_label_set_markup (entry->swatch, swatch);
  gtk_label_set_markup (entry->name, name);
  gtk_label_set_text (entry->norm, norm);
  gtk_label_set_text (entry->ratio, ratio != NULL ? ratio : "–");
}

typedef struct
{
  double *x, *y; /* (n) */
  double low, high;
} Points;

static void
add_curve (EspMeterCurves *self,
           EspPlot *plot,
           const EspMeterTable *table,
           guint i,
           double opacity,
           gboolean bold,
           Points *points)
{
  const Entry *entry = &g_array_index (self->entries, Entry, i);
  g_autofree char *color = name_color (i);

  for (guint k = 0; k < table->n; k++)
    {
      const EspMeter *meter = &table->meters[(gsize) k * table->n_parameters + entry->index];
      double y = (double) (plot == self->norms ? meter->grad_norm : meter->update_ratio);

      /* a logarithmic axis has no place for 0 */
      points->y[k] = isfinite (y) && !(plot == self->norms && y <= 0) ? y : NAN;
      if (isnan (points->y[k]))
        continue;
      points->low = fmin (points->low, points->y[k]);
      points->high = fmax (points->high, points->y[k]);
    }
  esp_plot_add_curve (plot, esp_place_get_path (entry->place), color, opacity, points->x, points->y,
                      table->n);
  if (bold)
    esp_plot_set_line (plot, BOLD, FALSE);
}

static void
add_level (EspPlot *plot, const char *name, double x0, double y0, double x1, double y1)
{
  double x[] = { x0, x1 }, y[] = { y0, y1 };

  esp_plot_add_curve (plot, name, "view_fg_color", 0.6, x, y, 2);
  esp_plot_set_line (plot, 1, TRUE);
}

static void
show_plot (EspMeterCurves *self,
           EspPlot *plot,
           EspNetwork *network,
           const EspMeterTable *table,
           guint64 now)
{
  Points points = { g_new (double, table->n), g_new (double, table->n), INFINITY, -INFINITY };

  for (guint k = 0; k < table->n; k++)
    points.x[k] = (double) table->steps[k];
  esp_plot_clear (plot);
  if (table->n > 0 && plot == self->ratios)
    add_level (plot, _ ("guide"), points.x[0], GUIDE, points.x[table->n - 1], GUIDE);
  /* those that stand out lie above the others */
  for (int turn = 0; turn < 2; turn++)
    for (guint i = 0; i < self->entries->len; i++)
      {
        gboolean any, bold = stands_out (self, network, i, &any);

        if (bold == turn)
          add_curve (self, plot, table, i, any && !bold ? FAINT : 1, bold, &points);
      }
  if (table->n > 0 && now < table->steps[table->n - 1] && points.low < points.high)
    add_level (plot, _ ("The step that is shown"), (double) now, points.low, (double) now,
               points.high);
  g_free (points.x);
  g_free (points.y);
}

/* one plot, and the figures */
static void
refresh (EspMeterCurves *self, EspPlot *plot)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  EspSnapshot *snapshot = document != NULL ? esp_document_get_snapshot (document) : NULL;
  g_autoptr (EspMeterTable) table = NULL;
  EspNetwork *network;
  EspTimeline timeline;

  if (snapshot == NULL)
    return;
  network = esp_trainer_get_network (esp_document_get_trainer (document));
  make_legend (self, network);
  table = esp_trainer_get_meters (esp_document_get_trainer (document));
  esp_trainer_get_timeline (esp_document_get_trainer (document), &timeline);
  show_plot (self, plot, network, table, timeline.step);
  for (guint i = 0; i < self->entries->len; i++)
    {
      gboolean any, bold = stands_out (self, network, i, &any);

      show_entry (self, i,
                  esp_snapshot_get_meter (snapshot, g_array_index (self->entries, Entry, i).index),
                  bold);
    }
}

static gboolean
on_timeout (gpointer user_data)
{
  EspMeterCurves *self = user_data;

  if (self->due == 0)
    {
      self->timeout = 0;
      return G_SOURCE_REMOVE;
    }
  self->due--;
  self->next = self->next == self->norms ? self->ratios : self->norms;
  refresh (self, self->next);
  return G_SOURCE_CONTINUE;
}

/* --- a live view --- */

static void
esp_meter_curves_begin (EspLiveView *view, EspDocument *document)
{
}

static void
esp_meter_curves_end (EspLiveView *view, EspDocument *document)
{
  EspMeterCurves *self = ESP_METER_CURVES (view);

  g_clear_handle_id (&self->timeout, g_source_remove);
  clear_legend (self);
  self->selected = NULL;
  esp_plot_clear (self->norms);
  esp_plot_clear (self->ratios);
}

static void
esp_meter_curves_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspMeterCurves *self = ESP_METER_CURVES (view);

  self->due = 2;
  if (self->timeout > 0)
    return;
  self->timeout = g_timeout_add (REFRESH_MS, on_timeout, self);
  on_timeout (self);
}

static void
esp_meter_curves_select (EspLiveView *view, EspPlace *place)
{
  EspMeterCurves *self = ESP_METER_CURVES (view);

  self->selected = place;
  refresh (self, self->norms);
  refresh (self, self->ratios);
}

static void
on_activated (EspMeterCurves *self, GtkListBoxRow *row)
{
  guint index = (guint) gtk_list_box_row_get_index (row);

  if (index < self->entries->len)
    esp_session_set_selection (esp_live_view_get_session (ESP_LIVE_VIEW (self)),
                               g_array_index (self->entries, Entry, index).place);
}

/* both plots below one another */
static void
draw (cairo_t *cr, int width, int height, gpointer data)
{
  EspMeterCurves *self = data;

  esp_plot_paint (self->norms, cr, width, height / 2, _ ("Gradient norm"));
  cairo_translate (cr, 0, height / 2);
  esp_plot_paint (self->ratios, cr, width, height - height / 2,
                  _ ("Update : data, log10 of the standard deviations"));
}

static gboolean
esp_meter_curves_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  EspMeterCurves *self = ESP_METER_CURVES (view);

  *drawing = (EspDrawing) { .width = MAX (gtk_widget_get_width (GTK_WIDGET (view)), 480),
                            .height = MAX (gtk_widget_get_height (GTK_WIDGET (view)), 360),
                            .draw = draw,
                            .data = self,
                            .palette = esp_style_get_palette () };
  return TRUE;
}

/* a row per step: its number, then norm and ratio of each parameter with a curve */
static char *
esp_meter_curves_dup_csv (EspLiveView *view)
{
  EspMeterCurves *self = ESP_METER_CURVES (view);
  EspDocument *document = esp_live_view_get_document (view);
  g_autoptr (EspMeterTable) table = esp_trainer_get_meters (esp_document_get_trainer (document));
  GString *text = g_string_new ("step");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < self->entries->len; i++)
    {
      const char *path = esp_place_get_path (g_array_index (self->entries, Entry, i).place);

      g_string_append_printf (text, ",%s.grad_norm,%s.update_ratio", path, path);
    }
  for (guint k = 0; k < table->n; k++)
    {
      g_string_append_printf (text, "\n%" G_GUINT64_FORMAT, table->steps[k]);
      for (guint i = 0; i < self->entries->len; i++)
        {
          const EspMeter *meter = &table->meters[(gsize) k * table->n_parameters +
                                                 g_array_index (self->entries, Entry, i).index];

          g_string_append_printf (
              text, ",%s",
              g_ascii_formatd (number, sizeof number, "%.9g", (double) meter->grad_norm));
          g_string_append_printf (
              text, ",%s",
              g_ascii_formatd (number, sizeof number, "%.9g", (double) meter->update_ratio));
        }
    }
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}

static void
esp_meter_curves_finalize (GObject *object)
{
  g_array_unref (ESP_METER_CURVES (object)->entries);
  G_OBJECT_CLASS (esp_meter_curves_parent_class)->finalize (object);
}

static void
esp_meter_curves_class_init (EspMeterCurvesClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_meter_curves_finalize;
  view_class->begin = esp_meter_curves_begin;
  view_class->end = esp_meter_curves_end;
  view_class->update = esp_meter_curves_update;
  view_class->select = esp_meter_curves_select;
  view_class->init_drawing = esp_meter_curves_init_drawing;
  view_class->dup_csv = esp_meter_curves_dup_csv;
}

/* --- layout --- */

static EspPlot *
add_plot (GtkBox *box, const char *title, const char *caption, gboolean log_y)
{
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *heading = gtk_label_new (title);
  GtkWidget *note = esp_live_view_new_caption ();
  GtkWidget *plot = esp_plot_new ();

  gtk_widget_add_css_class (heading, "heading");
  gtk_label_set_text (GTK_LABEL (note), caption);
  gtk_box_append (GTK_BOX (head), heading);
  gtk_box_append (GTK_BOX (head), note);
  gtk_widget_set_margin_start (head, 12);
  gtk_widget_set_margin_top (head, 12);
  g_object_set (plot, "log-y", log_y, "placeholder",
                _ ("The curves are drawn here from the first step on"), "vexpand", TRUE, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (plot), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_box_append (box, head);
  gtk_box_append (box, plot);
  return ESP_PLOT (plot);
}

/* what the columns of the legend are */
static GtkWidget *
make_legend_head (void)
{
  GtkBox *head = GTK_BOX (gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6));
  GtkLabel *name = add_cell (head, 0, 0), *norm = add_cell (head, 9, 1);
  GtkLabel *ratio = add_cell (head, 6, 1);

  gtk_label_set_text (name, _ ("Parameter"));
  gtk_widget_set_hexpand (GTK_WIDGET (name), TRUE);
  gtk_label_set_text (norm, _ ("Gradient"));
  gtk_label_set_text (ratio, _ ("Update"));
  gtk_widget_add_css_class (GTK_WIDGET (head), "legend-head");
  return GTK_WIDGET (head);
}

static GtkWidget *
make_legend_list (EspMeterCurves *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->legend = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->legend, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->legend), "legend");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->legend), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Parameters: gradient norm and update ratio"), -1);
  g_signal_connect_object (self->legend, "row-activated", G_CALLBACK (on_activated), self,
                           G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), make_legend_head ());
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->legend));
  return box;
}

static void
esp_meter_curves_init (EspMeterCurves *self)
{
  GtkWidget *plots = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->norms = add_plot (GTK_BOX (plots), _ ("Gradient norm"), _ ("L2, of each parameter"), TRUE);
  self->ratios = add_plot (GTK_BOX (plots), _ ("Update : data"), _ ("log10, guide at −3"), FALSE);
  esp_live_view_set_content (
      ESP_LIVE_VIEW (self),
      esp_side_pane_new (plots, PLOTS_HEIGHT, make_legend_list (self), LEGEND_WIDTH, FALSE));
}
