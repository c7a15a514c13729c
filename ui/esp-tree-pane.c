/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A GtkColumnView over the rows of esp-tree-rows. Cells are made as they come into view, a search
 * walks the tree in slices of an idle, so that a tree of tens of thousands of tensors stays fluid.
 * While a search is on, the list shows another tree of what was found; the whole tree, with what
 * was open in it, waits until the search ends. */

#include "config.h"

#include "esp-tree-pane.h"
#include "esp-chip.h"
#include "esp-size-watch.h"
#include "esp-stack-hidden.h"
#include "esp-tree-columns.h"
#include "esp-tree-foot.h"
#include "esp-tree-marks.h"
#include "esp-tree-name.h"
#include "esp-tree-rows.h"

#include <glib/gi18n.h>
#include <math.h>

#define OPEN_ROWS 200          /* a fresh tree is opened, level by level, up to so many rows */
#define SEARCH_OPEN_ROWS 20000 /* and what a search found up to so many */
#define SEARCH_SLICE 4000      /* microseconds of each idle */
#define NEAR 90                /* pixels that the list may scroll without being centred */
#define MARKS_INTERVAL 333     /* milliseconds between two counts of dead units */

struct _EspTreePane
{
  GtkWidget parent_instance;

  EspSizeWatch *content;
  GtkSearchBar *search_bar;
  GtkWidget *search_entry;
  GtkStack *pages;
  GtkScrolledWindow *scrolled;
  GtkColumnView *view;
  EspTreeFoot *foot;
  GMenuModel *columns_menu;

  EspSession *session;
  EspDocument *document; /* whose tree is shown */
  EspTreeMarks *marks;
  GtkSingleSelection *selection;
  GtkTreeListModel *whole; /* the tree with what is open in it */
  GtkTreeListModel *shown; /* whole, or what a search found */
  EspTreeSearch *search;   /* running or shown; NULL */
  guint search_id;
  GtkColumnViewColumn *columns[ESP_N_TREE_COLUMNS];
  GSimpleActionGroup *actions;

  GHashTable *cells;  /* EspTreeName: those that are bound now */
  GHashTable *linked; /* EspPlace: rows to tint, and modules to tint while they are closed */
  const char *tint;
  EspPlace *focus_at; /* borrowed: its row gets the keyboard focus as soon as there is one */
  gboolean syncing;   /* the selection is being set from the session */
  guint marks_id;
  gint64 marks_time;
};

enum
{
  PROP_0,
  PROP_SESSION,
  PROP_SEARCH_MODE,
  N_PROPS
};

enum
{
  ACTIVATED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspTreePane, esp_tree_pane, GTK_TYPE_WIDGET)

/* -- colour of linked rows ------------------------------------------------------------------- */

static void
tint_cell (EspTreePane *self, EspTreeName *cell)
{
  EspPlace *place = esp_tree_name_get_place (cell);
  GtkTreeListRow *row = esp_tree_name_get_row (cell);
  gboolean linked = place && self->tint && g_hash_table_contains (self->linked, place);

  if (linked && esp_place_get_parameter (place) == NULL && gtk_tree_list_row_get_expanded (row))
    linked = GPOINTER_TO_INT (g_hash_table_lookup (self->linked, place)) > 0;
  esp_tree_name_set_tint (cell, linked ? self->tint : NULL);
}

static void
tint_cells (EspTreePane *self)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    tint_cell (self, cell);
}

/* 1: the row itself is linked; 0: only something below it */
static void
add_linked (EspTreePane *self, EspPlace *place)
{
  g_hash_table_insert (self->linked, place, GINT_TO_POINTER (1));
  for (place = esp_place_get_parent (place); place; place = esp_place_get_parent (place))
    {
      if (g_hash_table_contains (self->linked, place))
        return;
      g_hash_table_insert (self->linked, place, GINT_TO_POINTER (0));
    }
}

static void
update_linked (EspTreePane *self, EspPlace *place)
{
  EspModule *module = place ? esp_place_get_module (place) : NULL;
  EspTie *tie = place ? esp_place_get_tie (place) : NULL;
  EspTreeTies ties = { 0 };

  g_hash_table_remove_all (self->linked);
  self->tint = NULL;
  if (module && esp_module_get_n_places (module) > 1)
    {
      esp_tree_marks_get_ties (self->marks, place, TRUE, &ties);
      for (guint i = 0; i < esp_module_get_n_places (module); i++)
        if (esp_module_get_place (module, i) != place)
          add_linked (self, esp_module_get_place (module, i));
      self->tint = esp_chip_get_tie_class (ties.ties[0] ? esp_tie_get_index (ties.ties[0]) : 0);
    }
  else if (tie)
    {
      for (guint i = 0; i < esp_tie_get_n_places (tie); i++)
        if (esp_tie_get_place (tie, i) != place)
          add_linked (self, esp_tie_get_place (tie, i));
      self->tint = esp_chip_get_tie_class (esp_tie_get_index (tie));
    }
  tint_cells (self);
}

/* -- selection ------------------------------------------------------------------------------- */

/* GtkColumnView has no scroll_to before 4.12; the list inside it has an action for it. That child
 * is private: where it is missing, the row's share of the height has to do. */
static void
bring_into_view (EspTreePane *self, GtkAdjustment *adjustment, guint position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->shown));
  double height = gtk_adjustment_get_upper (adjustment) / MAX (n, 1);

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_activate_action (child, "list.scroll-to-item", "u", position))
      return;
  gtk_adjustment_clamp_page (adjustment, height * position, height * (position + 1));
}

/* a row from far away comes to rest among its neighbours, not at the edge */
static void
scroll_to (EspTreePane *self, guint position)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  double page = gtk_adjustment_get_page_size (adjustment);
  double before = gtk_adjustment_get_value (adjustment);
  double way;

  bring_into_view (self, adjustment, position);
  way = gtk_adjustment_get_value (adjustment) - before;
  if (fabs (way) > NEAR)
    gtk_adjustment_set_value (adjustment, before + way + (way < 0 ? -page / 3 : page / 3));
}

static void
select_row (EspTreePane *self, GtkTreeListRow *row)
{
  guint position = gtk_tree_list_row_get_position (row);

  gtk_single_selection_set_selected (self->selection, position);
  scroll_to (self, position);
}

/* the session's selection into the list */
static void
reveal_selection (EspTreePane *self)
{
  EspPlace *place = esp_session_get_selection (self->session);
  g_autoptr (GtkTreeListRow) row = NULL;
  GtkTreeListRow *selected;

  if (!self->shown || !self->document)
    return;
  update_linked (self, place);
  selected = gtk_single_selection_get_selected_item (self->selection);
  if (selected && esp_tree_row_get_place (selected) == place)
    return;
  self->syncing = TRUE;
  row = place ? esp_tree_rows_find (self->shown, place) : NULL;
  if (row)
    select_row (self, row);
  else
    gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  self->syncing = FALSE;
}

static void
on_selected (EspTreePane *self)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);

  if (row && !self->syncing && self->session)
    esp_session_set_selection (self->session, esp_tree_row_get_place (row));
}

static EspTreeName *
find_cell (EspTreePane *self, EspPlace *place)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    if (esp_tree_name_get_place (cell) == place)
      return cell;
  return NULL;
}

static void
focus_cell (EspTreePane *self, EspTreeName *cell)
{
  GtkWidget *row = esp_tree_name_get_row_widget (cell);

  self->focus_at = NULL;
  if (row)
    gtk_widget_grab_focus (row);
}

/* selects a row and takes the keyboard focus there, at once or when it is made */
static void
go_to_row (EspTreePane *self, GtkTreeListRow *row)
{
  EspPlace *place = esp_tree_row_get_place (row);
  EspTreeName *cell;

  select_row (self, row);
  cell = find_cell (self, place);
  self->focus_at = place;
  if (cell)
    focus_cell (self, cell);
}

static void
focus_selected (EspTreePane *self)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  g_autoptr (GtkTreeListRow) first = NULL;

  if (!row && self->shown)
    row = first = gtk_tree_list_model_get_row (self->shown, 0);
  if (row)
    go_to_row (self, row);
}

/* -- cells ----------------------------------------------------------------------------------- */

static void
on_expanded (EspTreePane *self, GParamSpec *pspec, GtkTreeListRow *row)
{
  EspTreeName *cell = find_cell (self, esp_tree_row_get_place (row));

  if (cell)
    tint_cell (self, cell);
}

static void
setup_name (EspTreePane *self, GtkListItem *item)
{
  gtk_list_item_set_child (item, esp_tree_name_new ());
}

static void
bind_name (EspTreePane *self, GtkListItem *item)
{
  EspTreeName *cell = ESP_TREE_NAME (gtk_list_item_get_child (item));
  GtkTreeListRow *row = gtk_list_item_get_item (item);

  esp_tree_name_set_row (cell, row, self->marks, esp_document_get_title (self->document));
  g_hash_table_add (self->cells, cell);
  g_signal_connect_swapped (row, "notify::expanded", G_CALLBACK (on_expanded), self);
  tint_cell (self, cell);
  if (esp_tree_name_get_place (cell) == self->focus_at)
    focus_cell (self, cell);
}

static void
unbind_name (EspTreePane *self, GtkListItem *item)
{
  EspTreeName *cell = ESP_TREE_NAME (gtk_list_item_get_child (item));

  g_signal_handlers_disconnect_by_data (gtk_list_item_get_item (item), self);
  g_hash_table_remove (self->cells, cell);
  esp_tree_name_set_tint (cell, NULL);
  esp_tree_name_set_row (cell, NULL, NULL, NULL);
}

/* -- rows ------------------------------------------------------------------------------------ */

static void
show_rows (EspTreePane *self, GtkTreeListModel *rows)
{
  gboolean nothing = self->search && rows && !g_list_model_get_n_items (G_LIST_MODEL (rows));

  self->syncing = TRUE;
  g_set_object (&self->shown, rows);
  gtk_single_selection_set_model (self->selection, G_LIST_MODEL (rows));
  self->syncing = FALSE;
  gtk_stack_set_visible_child_name (self->pages, nothing ? "nothing" : "rows");
  if (rows)
    reveal_selection (self);
}

static void
stop_search (EspTreePane *self)
{
  g_clear_handle_id (&self->search_id, g_source_remove);
  g_clear_object (&self->search);
}

static gboolean
run_search (gpointer user_data)
{
  EspTreePane *self = user_data;
  g_autoptr (GtkTreeListModel) found = NULL;

  if (!esp_tree_search_run (self->search, SEARCH_SLICE))
    return G_SOURCE_CONTINUE;
  self->search_id = 0;
  found = esp_tree_rows_new (self->document, self->search);
  esp_tree_rows_open_matches (found, self->search, SEARCH_OPEN_ROWS);
  show_rows (self, found);
  return G_SOURCE_REMOVE;
}

static char *
dup_search_text (EspTreePane *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->search_entry))));
}

static void
on_search_changed (EspTreePane *self)
{
  g_autofree char *text = dup_search_text (self);
  gboolean searching = self->search != NULL;

  stop_search (self);
  if (!self->document)
    return;
  if (*text)
    {
      self->search =
          esp_tree_search_new (esp_tree_get_root (esp_document_get_tree (self->document)), text);
      self->search_id = g_idle_add (run_search, self);
    }
  else if (searching)
    {
      show_rows (self, self->whole);
    }
}

static void
clear_search (EspTreePane *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  on_search_changed (self);
}

/* what was found, now */
static EspPlace *
finish_search (EspTreePane *self)
{
  if (!self->search)
    on_search_changed (self);
  if (self->search_id)
    {
      while (!esp_tree_search_run (self->search, G_USEC_PER_SEC))
        ;
      g_clear_handle_id (&self->search_id, g_source_remove);
      run_search (self);
    }
  return esp_tree_search_get_first_match (self->search);
}

/* Enter: a path goes straight there, anything else to the first match */
static void
on_search_activate (EspTreePane *self)
{
  g_autofree char *text = dup_search_text (self);
  EspPlace *place;

  if (!self->document || !*text)
    return;
  place = esp_tree_find_typed (esp_document_get_tree (self->document), text);
  if (place)
    clear_search (self);
  else
    place = finish_search (self);
  if (!place)
    {
      gtk_widget_error_bell (self->search_entry);
      return;
    }
  esp_session_set_selection (self->session, place);
  focus_selected (self);
}

static void
on_search_stopped (EspTreePane *self)
{
  clear_search (self);
  focus_selected (self);
}

static gboolean
on_search_key (EspTreePane *self, guint keyval, guint keycode, GdkModifierType state)
{
  if (keyval != GDK_KEY_Down && keyval != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;
  focus_selected (self);
  return GDK_EVENT_STOP;
}

/* -- keys and activation --------------------------------------------------------------------- */

static void
on_row_activated (EspTreePane *self, guint position)
{
  g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (self->shown, position);

  if (!row)
    return;
  if (gtk_tree_list_row_is_expandable (row))
    gtk_tree_list_row_set_expanded (row, !gtk_tree_list_row_get_expanded (row));
  else
    g_signal_emit (self, signals[ACTIVATED], 0, esp_tree_row_get_place (row));
}

/* open, or on to the first row below */
static void
go_in (EspTreePane *self, GtkTreeListRow *row)
{
  g_autoptr (GtkTreeListRow) child = NULL;

  if (!gtk_tree_list_row_get_expanded (row))
    {
      gtk_tree_list_row_set_expanded (row, TRUE);
      return;
    }
  child = gtk_tree_list_row_get_child_row (row, 0);
  if (child)
    go_to_row (self, child);
}

/* close, or on to the row above */
static void
go_out (EspTreePane *self, GtkTreeListRow *row)
{
  g_autoptr (GtkTreeListRow) parent = NULL;

  if (gtk_tree_list_row_get_expanded (row))
    {
      gtk_tree_list_row_set_expanded (row, FALSE);
      return;
    }
  parent = gtk_tree_list_row_get_parent (row);
  if (parent)
    go_to_row (self, parent);
}

static gboolean
on_view_key (EspTreePane *self, guint keyval, guint keycode, GdkModifierType state)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  if (!row || (state & gtk_accelerator_get_default_mod_mask ()))
    return GDK_EVENT_PROPAGATE;
  switch (keyval)
    {
    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      (mirrored ? go_out : go_in) (self, row);
      return GDK_EVENT_STOP;
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      (mirrored ? go_in : go_out) (self, row);
      return GDK_EVENT_STOP;
    default:
      return GDK_EVENT_PROPAGATE;
    }
}

/* -- columns --------------------------------------------------------------------------------- */

static void
fit_columns (EspTreePane *self)
{
  esp_tree_columns_fit (self->view, self->columns, G_ACTION_GROUP (self->actions),
                        esp_size_watch_get_width (self->content));
}

static void
on_open_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreePane *self = user_data;

  if (self->shown)
    esp_tree_rows_open_levels (self->shown, SEARCH_OPEN_ROWS);
}

static void
on_close_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreePane *self = user_data;

  if (self->shown)
    esp_tree_rows_close_all (self->shown);
}

static void
build_actions (EspTreePane *self)
{
  const GActionEntry entries[] = {
    { "expand-all", on_open_all, NULL, NULL, NULL, { 0 } },
    { "collapse-all", on_close_all, NULL, NULL, NULL, { 0 } },
  };

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  esp_tree_columns_add_actions (G_ACTION_MAP (self->actions));
  g_signal_connect_swapped (self->actions, "action-state-changed", G_CALLBACK (fit_columns), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "tree", G_ACTION_GROUP (self->actions));
}

static void
build_columns (EspTreePane *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkColumnViewColumn) name = NULL;

  g_signal_connect_swapped (factory, "setup", G_CALLBACK (setup_name), self);
  g_signal_connect_swapped (factory, "bind", G_CALLBACK (bind_name), self);
  g_signal_connect_swapped (factory, "unbind", G_CALLBACK (unbind_name), self);
  name = gtk_column_view_column_new (_ ("Name"), factory);
  gtk_column_view_column_set_expand (name, TRUE);
  gtk_column_view_column_set_header_menu (name, self->columns_menu);
  gtk_column_view_append_column (self->view, name);
  for (guint i = 0; i < ESP_N_TREE_COLUMNS; i++)
    {
      self->columns[i] = esp_tree_column_new (i);
      gtk_column_view_column_set_header_menu (self->columns[i], self->columns_menu);
    }
}

/* -- document -------------------------------------------------------------------------------- */

static void
show_marks (EspTreePane *self)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    esp_tree_name_update_marks (cell);
}

static gboolean
update_marks (gpointer user_data)
{
  EspTreePane *self = user_data;

  self->marks_id = 0;
  self->marks_time = g_get_monotonic_time ();
  if (esp_tree_marks_update (self->marks))
    show_marks (self);
  return G_SOURCE_REMOVE;
}

/* somebody looked at a tensor of a checkpoint; a live network's rows show its units instead */
static void
on_found (EspTreePane *self, EspPlace *place)
{
  if (!esp_document_get_trainer (self->document) &&
      esp_tree_marks_update_place (self->marks, place))
    show_marks (self);
}

static void
on_document_updated (EspTreePane *self)
{
  gint64 since = (g_get_monotonic_time () - self->marks_time) / 1000;

  if (self->marks_id == 0)
    self->marks_id = g_timeout_add (CLAMP (MARKS_INTERVAL - since, 0, MARKS_INTERVAL), update_marks,
                                    self);
}

static void
forget_document (EspTreePane *self)
{
  GHashTableIter iter;
  gpointer cell;

  stop_search (self);
  g_clear_handle_id (&self->marks_id, g_source_remove);
  show_rows (self, NULL);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    esp_tree_name_set_row (cell, NULL, NULL, NULL);
  g_hash_table_remove_all (self->cells);
  g_hash_table_remove_all (self->linked);
  self->tint = NULL;
  self->focus_at = NULL;
  g_clear_object (&self->whole);
  g_clear_pointer (&self->marks, esp_tree_marks_free);
  if (self->document)
    g_signal_handlers_disconnect_by_data (self->document, self);
  g_clear_object (&self->document);
}

static void
on_document_changed (EspTreePane *self)
{
  EspDocument *document = self->session ? esp_session_get_document (self->session) : NULL;

  if (document == self->document)
    return;
  forget_document (self);
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  if (!document)
    return;
  self->document = g_object_ref (document);
  g_signal_connect_swapped (document, "updated", G_CALLBACK (on_document_updated), self);
  g_signal_connect_swapped (document, "found", G_CALLBACK (on_found), self);
  self->marks = esp_tree_marks_new (document);
  esp_tree_marks_update (self->marks);
  esp_tree_columns_choose (G_ACTION_GROUP (self->actions),
                           esp_document_get_trainer (document) != NULL);
  self->whole = esp_tree_rows_new (document, NULL);
  esp_tree_rows_open_levels (self->whole, OPEN_ROWS);
  show_rows (self, self->whole);
  esp_tree_foot_set_document (self->foot, document);
}

static void
set_session (EspTreePane *self, EspSession *session)
{
  if (self->session)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_set_object (&self->session, session);
  if (session)
    {
      g_signal_connect_swapped (session, "notify::document", G_CALLBACK (on_document_changed),
                                self);
      g_signal_connect_swapped (session, "notify::selection", G_CALLBACK (reveal_selection), self);
    }
  on_document_changed (self);
}

/* -- object ---------------------------------------------------------------------------------- */

static void
on_search_mode_changed (EspTreePane *self)
{
  if (!gtk_search_bar_get_search_mode (self->search_bar))
    clear_search (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SEARCH_MODE]);
}

static void
esp_tree_pane_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspTreePane *self = ESP_TREE_PANE (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    case PROP_SEARCH_MODE:
      g_value_set_boolean (value, gtk_search_bar_get_search_mode (self->search_bar));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_tree_pane_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspTreePane *self = ESP_TREE_PANE (object);

  switch (id)
    {
    case PROP_SESSION:
      set_session (self, g_value_get_object (value));
      break;
    case PROP_SEARCH_MODE:
      gtk_search_bar_set_search_mode (self->search_bar, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_tree_pane_dispose (GObject *object)
{
  EspTreePane *self = ESP_TREE_PANE (object);
  GtkWidget *child;

  if (self->view)
    {
      set_session (self, NULL);
      gtk_column_view_set_model (self->view, NULL);
    }
  for (guint i = 0; i < ESP_N_TREE_COLUMNS; i++)
    g_clear_object (&self->columns[i]);
  g_clear_object (&self->selection);
  g_clear_object (&self->shown);
  if (self->actions)
    g_signal_handlers_disconnect_by_data (self->actions, self);
  g_clear_object (&self->actions);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_TREE_PANE);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (esp_tree_pane_parent_class)->dispose (object);
}

static void
esp_tree_pane_finalize (GObject *object)
{
  EspTreePane *self = ESP_TREE_PANE (object);

  g_clear_pointer (&self->cells, g_hash_table_unref);
  g_clear_pointer (&self->linked, g_hash_table_unref);
  G_OBJECT_CLASS (esp_tree_pane_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  g_type_ensure (ESP_TYPE_TREE_FOOT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-tree-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, content);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, search_bar);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, search_entry);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, pages);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, scrolled);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, view);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, foot);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, columns_menu);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_stopped);
  gtk_widget_class_bind_template_callback (widget_class, on_search_key);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_view_key);
}

static void
esp_tree_pane_class_init (EspTreePaneClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_tree_pane_get_property;
  object_class->set_property = esp_tree_pane_set_property;
  object_class->dispose = esp_tree_pane_dispose;
  object_class->finalize = esp_tree_pane_finalize;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_SEARCH_MODE] = g_param_spec_boolean ("search-mode", NULL, NULL, TRUE,
                                                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                           G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[ACTIVATED] = g_signal_new ("activated", ESP_TYPE_TREE_PANE, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 1, ESP_TYPE_PLACE);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  bind_template (widget_class);
}

static void
esp_tree_pane_init (EspTreePane *self)
{
  self->cells = g_hash_table_new (NULL, NULL);
  self->linked = g_hash_table_new (NULL, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_stack_hidden_follow (self->pages);
  build_actions (self);
  build_columns (self);
  fit_columns (self);
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected),
                            self);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self->view));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect_swapped (self->search_bar, "notify::search-mode-enabled",
                            G_CALLBACK (on_search_mode_changed), self);
  g_signal_connect_swapped (self->content, "notify::width", G_CALLBACK (fit_columns), self);
}

EspTreePane *
esp_tree_pane_new (void)
{
  return g_object_new (ESP_TYPE_TREE_PANE, NULL);
}

void
esp_tree_pane_focus_search (EspTreePane *self)
{
  g_return_if_fail (ESP_IS_TREE_PANE (self));

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (self->search_entry);
  gtk_editable_select_region (GTK_EDITABLE (self->search_entry), 0, -1);
}

GListModel *
esp_tree_pane_get_rows (EspTreePane *self)
{
  g_return_val_if_fail (ESP_IS_TREE_PANE (self), NULL);

  return G_LIST_MODEL (self->shown);
}
