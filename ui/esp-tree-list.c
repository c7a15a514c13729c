/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A GtkColumnView. Cells are made as they come into view and know their place; the ones that are
 * bound are kept in a table, so that a change of marks or selection touches what is on screen
 * only. Which row is selected and in view is in esp-tree-list-go.c. */

#include "config.h"

#include "esp-tree-list-private.h"

#include "esp-tree-rows.h"

#include <glib/gi18n.h>

#define OPEN_ALL_ROWS 6000 /* Expand All stops here */
#define ROWS_PER_FRAME 16
#define ENOUGH_ROWS 224    /* GtkColumnView makes 205 */
#define PULSE_DURATION 700 /* milliseconds, a little longer than the style's animation */
#define MARKS_INTERVAL 333 /* milliseconds between two counts of dead units */

enum
{
  PROP_0,
  PROP_WIDTH,
  N_PROPS
};

enum
{
  SELECTED,
  ACTIVATED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspTreeList, esp_tree_list, GTK_TYPE_WIDGET)

/* -- colour of linked rows ------------------------------------------------------------------- */

static void
tint_cell (EspTreeList *self, EspTreeName *cell)
{
  EspPlace *place = esp_tree_name_get_place (cell);
  GtkTreeListRow *row = esp_tree_name_get_row (cell);

  esp_tree_name_set_tint (
      cell, esp_tree_links_get_tint (self->links, place, !gtk_tree_list_row_get_expanded (row)));
}

static void
update_links (EspTreeList *self, EspPlace *place)
{
  GHashTableIter iter;
  gpointer cell;

  esp_tree_links_set_place (self->links, self->marks, place);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    tint_cell (self, cell);
}

/* -- following a tie ------------------------------------------------------------------------- */

static gboolean
is_pulsing (EspTreeList *self, EspPlace *place)
{
  return place && (place == self->pulse[0] || place == self->pulse[1]);
}

static void
show_pulse (EspTreeList *self)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    esp_tree_name_set_pulse (cell, is_pulsing (self, esp_tree_name_get_place (cell)));
}

static gboolean
end_pulse (gpointer user_data)
{
  EspTreeList *self = user_data;

  self->pulse_id = 0;
  self->pulse[0] = self->pulse[1] = NULL;
  show_pulse (self);
  return G_SOURCE_REMOVE;
}

/* both rows light up once, so that the eye finds where it came from and where it is */
static void
pulse_tie (EspTreeList *self, EspPlace *from, EspPlace *to)
{
  EspTie *tie = to ? esp_place_get_tie (to) : NULL;

  g_clear_handle_id (&self->pulse_id, g_source_remove);
  self->pulse[0] = self->pulse[1] = NULL;
  if (tie && from && from != to && esp_place_get_tie (from) == tie)
    {
      self->pulse[0] = from;
      self->pulse[1] = to;
      self->pulse_id = g_timeout_add (PULSE_DURATION, end_pulse, self);
    }
  show_pulse (self);
}

/* -- selection ------------------------------------------------------------------------------- */

static void
on_selected (EspTreeList *self)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);

  if (!row || self->syncing)
    return;
  self->place = esp_tree_row_get_place (row);
  g_signal_emit (self, signals[SELECTED], 0, self->place);
}

void
esp_tree_list_select (EspTreeList *self, EspPlace *place)
{
  g_autoptr (GtkTreeListRow) row = NULL;
  GtkTreeListRow *selected;

  g_return_if_fail (ESP_IS_TREE_LIST (self));

  if (!self->rows)
    return;
  pulse_tie (self, self->place, place);
  self->place = place;
  update_links (self, place);
  selected = gtk_single_selection_get_selected_item (self->selection);
  if (selected && esp_tree_row_get_place (selected) == place)
    return;
  self->syncing = TRUE;
  row = place ? esp_tree_rows_find (self->rows, place) : NULL;
  if (row && (self->refocus || _esp_tree_list_has_focus (self)))
    _esp_tree_list_go_to_row (self, row);
  else if (row)
    _esp_tree_list_select_row (self, row);
  else
    gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  self->syncing = FALSE;
  if (esp_pacer_is_done (self->pacer))
    self->keeping = self->refocus = FALSE;
}

/* -- cells ----------------------------------------------------------------------------------- */

static gboolean
is_below (EspPlace *place, EspPlace *module)
{
  for (; place; place = esp_place_get_parent (place))
    if (place == module)
      return TRUE;
  return FALSE;
}

/* a module that closes over the selected row is selected in its place */
static void
on_expanded (EspTreeList *self, GParamSpec *pspec, GtkTreeListRow *row)
{
  EspPlace *place = esp_tree_row_get_place (row);
  EspTreeName *cell = _esp_tree_list_find_cell (self, place);

  if (cell)
    tint_cell (self, cell);
  if (!gtk_tree_list_row_get_expanded (row) && self->place && is_below (self->place, place) &&
      !gtk_single_selection_get_selected_item (self->selection))
    _esp_tree_list_select_row (self, row);
}

static void
setup_name (EspTreeList *self, GtkListItem *item)
{
  gtk_list_item_set_child (item, esp_tree_name_new ());
}

static void
bind_name (EspTreeList *self, GtkListItem *item)
{
  EspTreeName *cell = ESP_TREE_NAME (gtk_list_item_get_child (item));
  GtkTreeListRow *row = gtk_list_item_get_item (item);

  esp_tree_name_set_row (cell, row, self->marks, esp_document_get_title (self->document));
  g_hash_table_add (self->cells, cell);
  g_signal_connect_swapped (row, "notify::expanded", G_CALLBACK (on_expanded), self);
  tint_cell (self, cell);
  esp_tree_name_set_pulse (cell, is_pulsing (self, esp_tree_name_get_place (cell)));
  if (esp_tree_name_get_place (cell) == self->focus_at)
    _esp_tree_list_focus_cell (self, cell);
}

static void
unbind_name (EspTreeList *self, GtkListItem *item)
{
  EspTreeName *cell = ESP_TREE_NAME (gtk_list_item_get_child (item));

  g_signal_handlers_disconnect_by_data (gtk_list_item_get_item (item), self);
  g_hash_table_remove (self->cells, cell);
  esp_tree_name_set_tint (cell, NULL);
  esp_tree_name_set_pulse (cell, FALSE);
  esp_tree_name_set_row (cell, NULL, NULL, NULL);
}

/* -- activation ------------------------------------------------------------------------------ */

static void
on_row_activated (EspTreeList *self, guint position)
{
  g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (self->rows, position);

  if (!row)
    return;
  if (gtk_tree_list_row_is_expandable (row))
    gtk_tree_list_row_set_expanded (row, !gtk_tree_list_row_get_expanded (row));
  else
    g_signal_emit (self, signals[ACTIVATED], 0, esp_tree_row_get_place (row));
}

/* -- columns --------------------------------------------------------------------------------- */

static void
fit_columns (EspTreeList *self)
{
  esp_tree_columns_fit (self->view, self->columns, G_ACTION_GROUP (self->actions), self->width);
}

static void
on_open_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreeList *self = user_data;

  if (self->rows)
    esp_tree_rows_open_levels (self->rows, OPEN_ALL_ROWS);
}

static void
on_close_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreeList *self = user_data;

  if (self->rows)
    esp_tree_rows_close_all (self->rows);
}

static void
build_actions (EspTreeList *self)
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
build_columns (EspTreeList *self)
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

/* -- tooltips -------------------------------------------------------------------------------- */

/* what may be cut is told whole: the path in the name's cell, the text in the others */
static gboolean
on_query_tooltip (EspTreeList *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  GtkWidget *at = gtk_widget_pick (GTK_WIDGET (self->view), x, y, GTK_PICK_DEFAULT);
  GtkWidget *name = at ? gtk_widget_get_ancestor (at, ESP_TYPE_TREE_NAME) : NULL;
  GtkWidget *text = at ? gtk_widget_get_ancestor (at, GTK_TYPE_INSCRIPTION) : NULL;
  g_autofree char *told = NULL;

  if (name)
    told = esp_tree_name_dup_tooltip (ESP_TREE_NAME (name));
  else if (text)
    told = g_strdup (gtk_inscription_get_text (GTK_INSCRIPTION (text)));
  if (!told || !*told)
    return FALSE;
  gtk_tooltip_set_text (tooltip, told);
  return TRUE;
}

/* -- marks ----------------------------------------------------------------------------------- */

typedef void (*CellFunc) (EspTreeName *cell);

static void
for_each_cell (EspTreeList *self, CellFunc func)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    func (cell);
}

static void
show_marks (EspTreeList *self)
{
  for_each_cell (self, esp_tree_name_update_marks);
}

static gboolean
update_marks (gpointer user_data)
{
  EspTreeList *self = user_data;

  self->marks_id = 0;
  self->marks_time = g_get_monotonic_time ();
  for_each_cell (self, esp_tree_name_update_frozen);
  if (esp_tree_marks_update (self->marks))
    show_marks (self);
  return G_SOURCE_REMOVE;
}

/* somebody looked at a tensor of a checkpoint; a live network's rows show its units instead */
static void
on_found (EspTreeList *self, EspPlace *place)
{
  if (!esp_document_get_trainer (self->document) &&
      esp_tree_marks_update_place (self->marks, place))
    show_marks (self);
}

static void
on_document_updated (EspTreeList *self)
{
  gint64 since = (g_get_monotonic_time () - self->marks_time) / 1000;

  if (self->marks_id == 0)
    self->marks_id = g_timeout_add (CLAMP (MARKS_INTERVAL - since, 0, MARKS_INTERVAL), update_marks,
                                    self);
}

/* -- document -------------------------------------------------------------------------------- */

void
esp_tree_list_show_rows (EspTreeList *self, GtkTreeListModel *rows)
{
  g_return_if_fail (ESP_IS_TREE_LIST (self));

  self->syncing = TRUE;
  g_set_object (&self->rows, rows);
  esp_pacer_set_model (self->pacer, G_LIST_MODEL (rows));
  self->syncing = FALSE;
}

/* what is selected may stand among the rows that came last */
static void
on_all_rows (EspTreeList *self)
{
  if (self->place && !gtk_single_selection_get_selected_item (self->selection))
    esp_tree_list_select (self, self->place);
}

void
esp_tree_list_keep_scroll (EspTreeList *self)
{
  g_return_if_fail (ESP_IS_TREE_LIST (self));

  self->keeping = TRUE;
  self->refocus = _esp_tree_list_has_focus (self);
  esp_pacer_keep_scroll (self->pacer, gtk_scrolled_window_get_vadjustment (self->scrolled));
}

static void
forget_document (EspTreeList *self)
{
  GHashTableIter iter;
  gpointer cell;

  g_clear_handle_id (&self->marks_id, g_source_remove);
  _esp_tree_list_stop_settling (self);
  esp_tree_list_show_rows (self, NULL);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    esp_tree_name_set_row (cell, NULL, NULL, NULL);
  g_hash_table_remove_all (self->cells);
  esp_tree_links_set_place (self->links, NULL, NULL);
  self->place = NULL;
  self->focus_at = NULL;
  self->pulse[0] = self->pulse[1] = NULL;
  g_clear_handle_id (&self->pulse_id, g_source_remove);
  g_clear_pointer (&self->marks, esp_tree_marks_free);
  if (self->document)
    g_signal_handlers_disconnect_by_data (self->document, self);
  g_clear_object (&self->document);
}

void
esp_tree_list_set_document (EspTreeList *self, EspDocument *document)
{
  g_return_if_fail (ESP_IS_TREE_LIST (self));

  forget_document (self);
  if (!document)
    return;
  self->document = g_object_ref (document);
  g_signal_connect_swapped (document, "updated", G_CALLBACK (on_document_updated), self);
  g_signal_connect_swapped (document, "found", G_CALLBACK (on_found), self);
  self->marks = esp_tree_marks_new (document);
  esp_tree_marks_update (self->marks);
  esp_tree_columns_choose (G_ACTION_GROUP (self->actions),
                           esp_document_get_trainer (document) != NULL);
}

/* -- object ---------------------------------------------------------------------------------- */

static void
esp_tree_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspTreeList *self = ESP_TREE_LIST (object);

  switch (id)
    {
    case PROP_WIDTH:
      g_value_set_int (value, self->width);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_tree_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspTreeList *self = ESP_TREE_LIST (object);

  switch (id)
    {
    case PROP_WIDTH:
      self->width = g_value_get_int (value);
      if (self->actions)
        fit_columns (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_tree_list_dispose (GObject *object)
{
  EspTreeList *self = ESP_TREE_LIST (object);
  GtkWidget *child;

  if (self->view)
    {
      forget_document (self);
      gtk_column_view_set_model (self->view, NULL);
    }
  if (self->pacer)
    {
      g_signal_handlers_disconnect_by_data (self->pacer, self);
      esp_pacer_stop (self->pacer);
    }
  g_clear_object (&self->pacer);
  for (guint i = 0; i < ESP_N_TREE_COLUMNS; i++)
    g_clear_object (&self->columns[i]);
  g_clear_object (&self->selection);
  if (self->actions)
    g_signal_handlers_disconnect_by_data (self->actions, self);
  g_clear_object (&self->actions);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_TREE_LIST);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (esp_tree_list_parent_class)->dispose (object);
}

static void
esp_tree_list_finalize (GObject *object)
{
  EspTreeList *self = ESP_TREE_LIST (object);

  g_clear_pointer (&self->cells, g_hash_table_unref);
  g_clear_pointer (&self->links, esp_tree_links_free);
  G_OBJECT_CLASS (esp_tree_list_parent_class)->finalize (object);
}

static void
esp_tree_list_class_init (EspTreeListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_tree_list_get_property;
  object_class->set_property = esp_tree_list_set_property;
  object_class->dispose = esp_tree_list_dispose;
  object_class->finalize = esp_tree_list_finalize;

  properties[PROP_WIDTH] = g_param_spec_int ("width", NULL, NULL, 0, G_MAXINT, 0,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[SELECTED] = g_signal_new ("selected", ESP_TYPE_TREE_LIST, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 1, ESP_TYPE_PLACE);
  signals[ACTIVATED] = g_signal_new ("activated", ESP_TYPE_TREE_LIST, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 1, ESP_TYPE_PLACE);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-tree-list.ui");
  gtk_widget_class_bind_template_child (widget_class, EspTreeList, scrolled);
  gtk_widget_class_bind_template_child (widget_class, EspTreeList, view);
  gtk_widget_class_bind_template_child (widget_class, EspTreeList, columns_menu);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback_full (widget_class, "on_view_key",
                                                G_CALLBACK (_esp_tree_list_on_key));
  gtk_widget_class_bind_template_callback (widget_class, on_query_tooltip);
}

static void
esp_tree_list_init (EspTreeList *self)
{
  self->cells = g_hash_table_new (NULL, NULL);
  self->links = esp_tree_links_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  build_actions (self);
  build_columns (self);
  fit_columns (self);
  self->pacer = esp_pacer_new (GTK_WIDGET (self), ROWS_PER_FRAME, ENOUGH_ROWS);
  g_signal_connect_swapped (self->pacer, "done", G_CALLBACK (on_all_rows), self);
  self->selection = gtk_single_selection_new (g_object_ref (esp_pacer_get_shown (self->pacer)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected),
                            self);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
}

GtkWidget *
esp_tree_list_new (void)
{
  return g_object_new (ESP_TYPE_TREE_LIST, NULL);
}

GtkTreeListModel *
esp_tree_list_get_rows (EspTreeList *self)
{
  g_return_val_if_fail (ESP_IS_TREE_LIST (self), NULL);

  return self->rows;
}

GtkWidget *
esp_tree_list_get_view (EspTreeList *self)
{
  g_return_val_if_fail (ESP_IS_TREE_LIST (self), NULL);

  return GTK_WIDGET (self->view);
}
