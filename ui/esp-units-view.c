/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows stay while figures come and go: a snapshot updates them in place, four times a second at
 * most, and the list is sorted and filtered anew only then. */

#include "config.h"

#include "esp-units-view.h"

#include "esp-unit-row.h"

#include <glib/gi18n.h>

#define REFRESH_MS 250
#define MOST_ROWS 20000

typedef enum
{
  SHOW_TROUBLE,
  SHOW_DEAD,
  SHOW_DORMANT,
  SHOW_SATURATED,
  SHOW_ALL,
  N_SHOWS
} Show;

struct _EspUnitsView
{
  EspLiveView parent_instance;

  /* children */
  GtkDropDown *show;
  GtkWidget *search;
  GtkWidget *revive;
  GtkStack *stack;
  GtkColumnView *list;
  AdwStatusPage *empty;
  GtkLabel *told; /* what became of the last revival */

  /* owned */
  GListStore *rows; /* EspUnitRow */
  GtkFilter *filter;
  GtkFilterListModel *filtered;
  GtkSorter *sorter;
  GtkSingleSelection *selection;

  /* state */
  guint timeout; /* source; while it runs nothing is refreshed */
  gboolean due;
  guint64 draws; /* revivals so far */
};

G_DEFINE_FINAL_TYPE (EspUnitsView, esp_units_view, ESP_TYPE_LIVE_VIEW)

static const struct
{
  const char *title;
  int width;
  gboolean figures;
} columns[ESP_N_UNIT_COLUMNS] = {
  [ESP_UNIT_COLUMN_NAME] = { N_ ("Unit"), 92, FALSE },
  [ESP_UNIT_COLUMN_STATE] = { N_ ("State"), 88, FALSE },
  [ESP_UNIT_COLUMN_ON_RATE] = { N_ ("On-rate"), 72, TRUE },
  [ESP_UNIT_COLUMN_SCORE] = { N_ ("Dormant score"), 106, TRUE },
  [ESP_UNIT_COLUMN_SATURATION] = { N_ ("Saturated"), 82, TRUE },
  [ESP_UNIT_COLUMN_LAST_FIRED] = { N_ ("Last fired"), 80, TRUE },
  [ESP_UNIT_COLUMN_PROOF] = { N_ ("By its weights"), 110, FALSE },
};

/* --- which rows --- */

static gboolean
is_shown (gpointer item, gpointer user_data)
{
  EspUnitsView *self = user_data;
  EspUnitState state = esp_unit_row_get_state (item);
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));
  g_autofree char *name = esp_unit_row_dup_text (item, ESP_UNIT_COLUMN_NAME);

  if (*text != '\0' && strstr (name, text) == NULL &&
      strstr (esp_unit_row_get_source (item), text) == NULL)
    return FALSE;
  switch ((Show) gtk_drop_down_get_selected (self->show))
    {
    case SHOW_DEAD:
      return state == ESP_UNIT_DEAD;
    case SHOW_DORMANT:
      return state == ESP_UNIT_DORMANT;
    case SHOW_SATURATED:
      return state == ESP_UNIT_SATURATED;
    case SHOW_ALL:
      return TRUE;
    case SHOW_TROUBLE:
    case N_SHOWS:
    default:
      return state != ESP_UNIT_FINE;
    }
}

/* A row of a shared layer is one unit at several places: reviving it where it is silent would take
 * it away where it isn't. */
static gboolean
is_fine_elsewhere (EspUnitsView *self, EspUnitRow *row)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  EspPlace *place = esp_tree_find (esp_document_get_tree (document), esp_unit_row_get_source (row),
                                   NULL);
  EspModule *module = place != NULL ? esp_place_get_module (place) : NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  if (module == NULL || esp_module_get_n_places (module) == 1)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspUnitRow) other = g_list_model_get_item (G_LIST_MODEL (self->rows), i);

      if (esp_unit_row_get_unit (other) != esp_unit_row_get_unit (row) ||
          esp_unit_row_get_state (other) != ESP_UNIT_FINE)
        continue;
      for (guint k = 0; k < esp_module_get_n_places (module); k++)
        if (g_str_equal (esp_place_get_path (esp_module_get_place (module, k)),
                         esp_unit_row_get_source (other)))
          return TRUE;
    }
  return FALSE;
}

static gboolean
can_revive (EspUnitsView *self, EspUnitRow *row)
{
  return esp_unit_row_can_revive (row) && !is_fine_elsewhere (self, row);
}

static guint
count_revivable (EspUnitsView *self)
{
  guint n = 0, n_rows = g_list_model_get_n_items (G_LIST_MODEL (self->filtered));

  if (esp_live_view_get_document (ESP_LIVE_VIEW (self)) == NULL)
    return 0;

  for (guint i = 0; i < n_rows; i++)
    {
      g_autoptr (EspUnitRow) row = g_list_model_get_item (G_LIST_MODEL (self->filtered), i);

      n += can_revive (self, row);
    }
  return n;
}

static void
say (EspUnitsView *self)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  EspSnapshot *snapshot = document != NULL ? esp_document_get_snapshot (document) : NULL;
  guint counts[ESP_UNIT_SATURATED + 1] = { 0 };
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  guint64 examples = 0;
  g_autofree char *n_examples = NULL, *step = NULL, *text = NULL;

  if (snapshot == NULL)
    return;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspUnitRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), i);

      counts[esp_unit_row_get_state (row)]++;
    }
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    examples = MAX (examples, esp_snapshot_get_units (snapshot, i)->examples);
  n_examples = esp_number_format_count (examples);
  step = esp_number_format_count (esp_snapshot_get_step (snapshot));
  /* TRANSLATORS: "32 units: 3 dead, 1 dormant, 0 saturated · 200 examples, step 1,240" */
  text = g_strdup_printf (_ ("%u units: %u dead, %u dormant, %u saturated · %s examples, step %s"),
                          n, counts[ESP_UNIT_DEAD], counts[ESP_UNIT_DORMANT],
                          counts[ESP_UNIT_SATURATED], n_examples, step);
  esp_live_view_say (ESP_LIVE_VIEW (self), text);
}

static void
show_rows (EspUnitsView *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->filtered)), n_revivable = 0;
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->rows)) > 0;
  g_autofree char *label = NULL;
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  /* a large network's units aren't counted before */
  gboolean later = document != NULL && esp_document_get_snapshot (document) != NULL &&
                   esp_snapshot_get_step (esp_document_get_snapshot (document)) == 0;

  n_revivable = count_revivable (self);
  label = g_strdup_printf (ngettext ("Revive %u unit", "Revive %u units", n_revivable),
                           n_revivable);
  gtk_button_set_label (GTK_BUTTON (self->revive), n_revivable > 0 ? label : _ ("Revive"));
  gtk_widget_set_sensitive (self->revive, n_revivable > 0);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "empty");
  adw_status_page_set_title (self->empty, any     ? _ ("Nothing to list")
                                          : later ? _ ("Not looked at yet")
                                                  : _ ("No hidden units"));
  adw_status_page_set_description (
      self->empty, any     ? _ ("No unit is in this state.")
                   : later ? _ ("Units are counted from the first step on.")
                           : _ ("Units of activations are listed; this network has none."));
  say (self);
}

static void
on_choice (EspUnitsView *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  show_rows (self);
}

/* --- newer figures --- */

static void
make_rows (EspUnitsView *self, EspSnapshot *snapshot)
{
  g_list_store_remove_all (self->rows);
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      for (guint u = 0; u < counts->n_units; u++)
        {
          g_autoptr (EspUnitRow) row = esp_unit_row_new (counts, u);

          if (g_list_model_get_n_items (G_LIST_MODEL (self->rows)) >= MOST_ROWS)
            return;
          g_list_store_append (self->rows, row);
        }
    }
}

static void
update_rows (EspUnitsView *self, EspSnapshot *snapshot)
{
  guint position = 0, n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      for (guint u = 0; u < counts->n_units && position < n; u++)
        {
          g_autoptr (EspUnitRow)
              row = g_list_model_get_item (G_LIST_MODEL (self->rows), position++);

          esp_unit_row_update (row, counts);
        }
    }
}

static void
refresh (EspUnitsView *self)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  EspSnapshot *snapshot = document != NULL ? esp_document_get_snapshot (document) : NULL;

  if (snapshot == NULL)
    return;
  if (g_list_model_get_n_items (G_LIST_MODEL (self->rows)) == 0)
    make_rows (self, snapshot);
  else
    {
      update_rows (self, snapshot);
      gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
      gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
    }
  show_rows (self);
}

static gboolean
on_timeout (gpointer user_data)
{
  EspUnitsView *self = user_data;

  if (!self->due)
    {
      self->timeout = 0;
      return G_SOURCE_REMOVE;
    }
  self->due = FALSE;
  refresh (self);
  return G_SOURCE_CONTINUE;
}

/* --- columns --- */

static void
on_row_changed (EspUnitRow *row, GtkLabel *label)
{
  EspUnitColumn column = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (label), "column"));
  g_autofree char *text = esp_unit_row_dup_text (row, column);
  EspUnitState state = esp_unit_row_get_state (row);

  gtk_label_set_text (label, text);
  if (column != ESP_UNIT_COLUMN_STATE)
    return;
  gtk_widget_remove_css_class (GTK_WIDGET (label), "error");
  gtk_widget_remove_css_class (GTK_WIDGET (label), "warning");
  if (state != ESP_UNIT_FINE)
    gtk_widget_add_css_class (GTK_WIDGET (label), state == ESP_UNIT_DEAD ? "error" : "warning");
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  EspUnitColumn column = GPOINTER_TO_UINT (user_data);
  GtkWidget *label = gtk_label_new (NULL);

  g_object_set_data (G_OBJECT (label), "column", user_data);
  gtk_label_set_xalign (GTK_LABEL (label), columns[column].figures ? 1 : 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, "small");
  gtk_list_item_set_child (item, label);
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  EspUnitRow *row = gtk_list_item_get_item (item);
  GtkWidget *label = gtk_list_item_get_child (item);

  g_signal_connect_object (row, "changed", G_CALLBACK (on_row_changed), label, 0);
  on_row_changed (row, GTK_LABEL (label));
}

static void
on_unbind (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (item), on_row_changed,
                                        gtk_list_item_get_child (item));
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return esp_unit_row_compare ((gpointer) a, (gpointer) b, GPOINTER_TO_UINT (user_data));
}

static void
add_column (EspUnitsView *self, EspUnitColumn column)
{
  gpointer data = GUINT_TO_POINTER (column);
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare, data, NULL));
  g_autoptr (GtkColumnViewColumn) view_column = NULL;

  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), data);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), data);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), data);
  view_column = gtk_column_view_column_new (_ (columns[column].title), factory);
  gtk_column_view_column_set_sorter (view_column, sorter);
  gtk_column_view_column_set_resizable (view_column, TRUE);
  gtk_column_view_column_set_fixed_width (view_column, columns[column].width);
  gtk_column_view_column_set_expand (view_column, column == ESP_UNIT_COLUMN_PROOF);
  gtk_column_view_append_column (self->list, view_column);
}

/* --- what can be done --- */

/* to the row of the weight that makes the unit, marked there as well */
static void
on_activate (EspUnitsView *self, guint position)
{
  EspSession *session = esp_live_view_get_session (ESP_LIVE_VIEW (self));
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  g_autoptr (EspUnitRow) row = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  EspPlace *place = NULL, *weight = NULL;
  EspTensor *tensor;

  if (row == NULL || document == NULL)
    return;
  place = esp_tree_find (esp_document_get_tree (document), esp_unit_row_get_source (row), NULL);
  weight = place != NULL ? esp_place_find_child (place, "weight") : NULL;
  if (weight == NULL)
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }
  tensor = esp_parameter_get_data (esp_place_get_parameter (weight));
  esp_session_set_view (session, "weights");
  esp_session_set_selection (session, weight);
  if (esp_tensor_get_ndim (tensor) > 0)
    esp_session_set_cell (session, (gint64) (esp_unit_row_get_unit (row) *
                                             (esp_tensor_get_count (tensor) /
                                              (guint64) esp_tensor_get_shape (tensor)[0])));
}

static void
revive (EspUnitsView *self, const EspUnitId *ids, guint n)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));

  if (document != NULL && n > 0)
    esp_document_revive (document, ids, n, self->draws++);
}

/* all that are listed */
static void
on_revive (EspUnitsView *self)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (EspUnitId));
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->filtered));

  for (guint i = 0; i < n; i++)
    {
      EspUnitRow *row = g_list_model_get_item (G_LIST_MODEL (self->filtered), i);
      EspUnitId id = { esp_unit_row_get_path (row), esp_unit_row_get_unit (row) };

      g_ptr_array_add (kept, row);
      if (can_revive (self, row))
        g_array_append_val (ids, id);
    }
  revive (self, (const EspUnitId *) (gpointer) ids->data, ids->len);
}

/* the one that is selected */
static void
on_revive_one (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspUnitsView *self = ESP_UNITS_VIEW (widget);
  EspUnitRow *row = gtk_single_selection_get_selected_item (self->selection);
  EspUnitId id;

  if (row == NULL || !can_revive (self, row))
    {
      gtk_widget_error_bell (widget);
      return;
    }
  id = (EspUnitId) { esp_unit_row_get_path (row), esp_unit_row_get_unit (row) };
  revive (self, &id, 1);
}

/* --- a live view --- */

static void
on_revived (EspDocument *document, const char *text, EspUnitsView *self)
{
  gtk_label_set_text (self->told, text);
  gtk_widget_set_visible (GTK_WIDGET (self->told), TRUE);
}

static void
esp_units_view_begin (EspLiveView *view, EspDocument *document)
{
  EspUnitsView *self = ESP_UNITS_VIEW (view);

  gtk_widget_set_visible (GTK_WIDGET (self->told), FALSE);
  g_signal_connect_object (document, "revived", G_CALLBACK (on_revived), self, 0);
}

static void
esp_units_view_end (EspLiveView *view, EspDocument *document)
{
  EspUnitsView *self = ESP_UNITS_VIEW (view);

  g_signal_handlers_disconnect_by_func (document, on_revived, self);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_list_store_remove_all (self->rows);
}

static void
esp_units_view_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspUnitsView *self = ESP_UNITS_VIEW (view);

  self->due = TRUE;
  if (self->timeout > 0)
    return;
  self->timeout = g_timeout_add (REFRESH_MS, on_timeout, self);
  on_timeout (self);
}

/* a list is no picture */
static gboolean
esp_units_view_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  return FALSE;
}

static char *
esp_units_view_dup_csv (EspLiveView *view)
{
  EspUnitsView *self = ESP_UNITS_VIEW (view);
  GString *text = g_string_new ("activation,unit,layer,state,on_rate,dormant_score,saturated,"
                                "last_fired,weights\n");
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspUnitRow) row = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      g_string_append_printf (text, "\"%s\",%u,\"%s\"", esp_unit_row_get_path (row),
                              esp_unit_row_get_unit (row), esp_unit_row_get_source (row));
      for (guint column = ESP_UNIT_COLUMN_STATE; column < ESP_N_UNIT_COLUMNS; column++)
        {
          g_autofree char *cell = esp_unit_row_dup_text (row, (EspUnitColumn) column);

          g_string_append_printf (text, ",\"%s\"", cell);
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static void
esp_units_view_dispose (GObject *object)
{
  EspUnitsView *self = ESP_UNITS_VIEW (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  G_OBJECT_CLASS (esp_units_view_parent_class)->dispose (object);
}

static void
esp_units_view_finalize (GObject *object)
{
  EspUnitsView *self = ESP_UNITS_VIEW (object);

  g_object_unref (self->selection);
  g_object_unref (self->sorter);
  g_object_unref (self->filtered);
  g_object_unref (self->filter);
  g_object_unref (self->rows);
  G_OBJECT_CLASS (esp_units_view_parent_class)->finalize (object);
}

static void
esp_units_view_class_init (EspUnitsViewClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_units_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_units_view_finalize;
  view_class->begin = esp_units_view_begin;
  view_class->end = esp_units_view_end;
  view_class->update = esp_units_view_update;
  view_class->init_drawing = esp_units_view_init_drawing;
  view_class->dup_csv = esp_units_view_dup_csv;
  gtk_widget_class_install_action (GTK_WIDGET_CLASS (klass), "units.revive", NULL, on_revive_one);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_r, 0, "units.revive",
                                       NULL);
}

static void
make_tools (EspUnitsView *self)
{
  const char *const names[] = { _ ("In trouble"), _ ("Dead"),      _ ("Dormant"),
                                _ ("Saturated"),  _ ("All units"), NULL };
  GtkWidget *one = gtk_button_new_with_label (_ ("Revive selected"));

  self->show = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (names));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->show), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Units to list"), -1);
  self->search = gtk_search_entry_new ();
  gtk_widget_set_hexpand (self->search, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->search), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Search units"), -1);
  self->revive = gtk_button_new_with_label (_ ("Revive"));
  gtk_widget_set_tooltip_text (self->revive,
                               _ ("Draws the weights that come into the listed units anew and sets "
                                  "those that lead on to 0, as ReDo does"));
  gtk_widget_set_tooltip_text (one, _ ("The same for the selected unit alone (R)"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (one), "units.revive");
  g_signal_connect_object (self->show, "notify::selected", G_CALLBACK (on_choice), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->search, "search-changed", G_CALLBACK (on_choice), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->revive, "clicked", G_CALLBACK (on_revive), self,
                           G_CONNECT_SWAPPED);
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), GTK_WIDGET (self->show));
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), self->search);
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), one);
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), self->revive);
}

static void
make_list (EspUnitsView *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkSortListModel *sorted;

  self->rows = g_list_store_new (ESP_TYPE_UNIT_ROW);
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_shown, self, NULL));
  self->filtered = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (self->rows)),
                                              g_object_ref (self->filter));
  self->list = GTK_COLUMN_VIEW (gtk_column_view_new (NULL));
  for (guint i = 0; i < ESP_N_UNIT_COLUMNS; i++)
    add_column (self, (EspUnitColumn) i);
  self->sorter = g_object_ref (gtk_column_view_get_sorter (self->list));
  sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->filtered)),
                                    g_object_ref (self->sorter));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (sorted));
  gtk_column_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Units"), -1);
  g_signal_connect_object (self->list, "activate", G_CALLBACK (on_activate), self,
                           G_CONNECT_SWAPPED);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->list));
  self->empty = ADW_STATUS_PAGE (adw_status_page_new ());
  adw_status_page_set_icon_name (self->empty, "emblem-ok-symbolic");
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_stack_add_named (self->stack, scroller, "list");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->empty), "empty");
  self->told = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->told, TRUE);
  gtk_label_set_xalign (self->told, 0);
  gtk_widget_set_margin_start (GTK_WIDGET (self->told), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (self->told), 12);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->told), 6);
  gtk_widget_add_css_class (GTK_WIDGET (self->told), "second");
  gtk_box_append (GTK_BOX (content), GTK_WIDGET (self->told));
  gtk_box_append (GTK_BOX (content), GTK_WIDGET (self->stack));
  esp_live_view_set_content (ESP_LIVE_VIEW (self), content);
}

static void
esp_units_view_init (EspUnitsView *self)
{
  make_tools (self);
  make_list (self);
}
