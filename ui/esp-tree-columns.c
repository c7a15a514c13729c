/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts are made when a row is bound: about 200 rows at a time, however large the tree. */

#include "config.h"

#include "esp-tree-columns.h"

#include "esp-update-cell.h"

#include <glib/gi18n.h>

#define NAME_MIN_WIDTH 170 /* what the other columns leave to the name */
#define CHIPS_WIDTH 48     /* and to the marks behind it before updates are shown, too */

gboolean
esp_tree_is_repeat (EspPlace *place)
{
  EspTie *tie;

  for (EspPlace *at = place; at; at = esp_place_get_parent (at))
    if (esp_place_get_first (at) != at)
      return TRUE;
  tie = esp_place_get_tie (place);
  if (!tie || !esp_place_get_parameter (place))
    return FALSE;
  switch (esp_tie_get_kind (tie))
    {
    case ESP_TIE_ALIAS:
      return esp_tie_get_place (tie, 0) != place;
    case ESP_TIE_IMPLIED:
      return !esp_place_is_stored (place);
    default:
      return FALSE;
    }
}

static char *
dup_class (EspPlace *place, EspTreeTextStyle *style)
{
  EspModule *module = esp_place_get_module (place);
  const char *brief = esp_module_get_brief_class (module);
  const char *guess = esp_module_get_guess (module);
  const char *wrapper = esp_wrapper_get_title (place);
  guint64 n_tensors = esp_place_get_totals (place)->tensors;
  g_autofree char *count = NULL;

  *style = ESP_TREE_TEXT_SECOND;
  if (*brief && n_tensors == 0)
    {
      g_autofree char *name = esp_path_escape (brief);

      /* Translators: a module without parameters, as frameworks print it: "ReLU (no params)" */
      return g_strdup_printf (_ ("%s (no params)"), name);
    }
  if (*brief)
    return esp_path_escape (brief);
  if (wrapper)
    return g_strdup (wrapper);
  if (*guess)
    {
      g_autofree char *name = esp_path_escape (guess);

      *style = ESP_TREE_TEXT_GUESS;
      return g_strdup_printf ("%s?", name);
    }
  if (n_tensors == 0)
    return g_strdup (_ ("(no params)"));
  count = esp_number_format_count (n_tensors);
  return g_strdup_printf (ngettext ("%s tensor", "%s tensors", MIN (n_tensors, G_MAXINT)), count);
}

static char *
dup_shape (EspPlace *place, EspTreeTextStyle *style)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor;

  if (!parameter)
    return dup_class (place, style);
  tensor = esp_parameter_get_data (parameter);
  return esp_tensor_dup_shape (tensor);
}

static char *
dup_type (EspPlace *place, EspTreeTextStyle *style)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor;

  if (!parameter)
    return g_strdup ("");
  tensor = esp_parameter_get_data (parameter);
  if (esp_tensor_get_dtype (tensor) == ESP_DTYPE_INVALID)
    return esp_path_escape (esp_tensor_get_native_dtype (tensor));
  return g_strdup (esp_tensor_get_dtype_brief (tensor));
}

static char *
dup_count (EspPlace *place, EspTreeTextStyle *style)
{
  const EspTotals *totals = esp_place_get_totals (place);
  gboolean leaf = esp_place_get_parameter (place) != NULL;
  g_autofree char *count = NULL;

  if (!leaf && totals->tensors == 0)
    return g_strdup ("");
  *style = leaf ? ESP_TREE_TEXT_PLAIN : ESP_TREE_TEXT_SECOND;
  if (!esp_tree_is_repeat (place))
    return esp_number_format_count (totals->unique_elements);
  count = esp_number_format_count (totals->elements);
  *style = ESP_TREE_TEXT_SECOND;
  return g_strdup_printf ("(%s)", count);
}

static char *
dup_size (EspPlace *place, EspTreeTextStyle *style)
{
  const EspTotals *totals = esp_place_get_totals (place);
  EspParameter *parameter = esp_place_get_parameter (place);
  g_autofree char *size = NULL;

  if (!parameter && totals->tensors == 0)
    return g_strdup ("");
  if (parameter && !esp_place_is_stored (place))
    {
      *style = ESP_TREE_TEXT_GUESS;
      return g_strdup (_ ("not stored"));
    }
  if (parameter && esp_tensor_get_error (esp_parameter_get_data (parameter)))
    {
      *style = ESP_TREE_TEXT_GUESS;
      return g_strdup (_ ("no data"));
    }
  if (!parameter && totals->bytes == 0 && totals->elements > 0)
    {
      *style = ESP_TREE_TEXT_GUESS;
      return g_strdup (_ ("not stored"));
    }
  *style = parameter ? ESP_TREE_TEXT_PLAIN : ESP_TREE_TEXT_SECOND;
  size = esp_number_format_bytes (totals->bytes);
  if (!esp_tree_is_repeat (place))
    return g_steal_pointer (&size);
  *style = ESP_TREE_TEXT_SECOND;
  return g_strdup_printf ("(%s)", size);
}

static const struct
{
  const char *title;
  int width;
  gboolean figures;
  char *(*dup_text) (EspPlace *place, EspTreeTextStyle *style);
} columns[ESP_N_TREE_COLUMNS] = {
  [ESP_TREE_COLUMN_SHAPE] = { N_ ("Shape"), 112, FALSE, dup_shape },
  [ESP_TREE_COLUMN_TYPE] = { N_ ("Type"), 42, FALSE, dup_type },
  [ESP_TREE_COLUMN_COUNT] = { N_ ("Count"), 78, TRUE, dup_count },
  [ESP_TREE_COLUMN_SIZE] = { N_ ("Size"), 74, TRUE, dup_size },
  [ESP_TREE_COLUMN_UPDATE] = { N_ ("Update"), 80, TRUE, NULL },
};

char *
esp_tree_column_dup_text (EspTreeColumn column, EspPlace *place, EspTreeTextStyle *style)
{
  g_return_val_if_fail (column < ESP_N_TREE_COLUMNS, NULL);

  *style = ESP_TREE_TEXT_PLAIN;
  return columns[column].dup_text != NULL ? columns[column].dup_text (place, style) : g_strdup ("");
}

static void
setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  EspTreeColumn column = GPOINTER_TO_UINT (user_data);
  GtkWidget *text = gtk_inscription_new (NULL);

  gtk_inscription_set_xalign (GTK_INSCRIPTION (text), columns[column].figures ? 1 : 0);
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (text),
                                     GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_nat_lines (GTK_INSCRIPTION (text), 1);
  gtk_widget_set_valign (text, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_widget_add_css_class (text, "numeric");
  gtk_list_item_set_child (item, text);
}

static void
bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  static const char *const styles[][2] = {
    [ESP_TREE_TEXT_PLAIN] = { "numeric", NULL },
    [ESP_TREE_TEXT_SECOND] = { "numeric", "second" },
    [ESP_TREE_TEXT_GUESS] = { "numeric", "guess" },
  };
  GtkWidget *text = gtk_list_item_get_child (item);
  g_autoptr (EspPlace) place = gtk_tree_list_row_get_item (gtk_list_item_get_item (item));
  EspTreeTextStyle style = ESP_TREE_TEXT_PLAIN;
  g_autofree char *string = esp_tree_column_dup_text (GPOINTER_TO_UINT (user_data), place, &style);
  const char *classes[3] = { styles[style][0], styles[style][1], NULL };

  gtk_inscription_set_text (GTK_INSCRIPTION (text), string);
  gtk_widget_set_css_classes (text, classes);
}

static void
setup_update (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  gtk_list_item_set_child (item, esp_update_cell_new ());
}

static void
bind_update (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  g_autoptr (EspPlace) place = gtk_tree_list_row_get_item (gtk_list_item_get_item (item));

  esp_update_cell_set_parameter (ESP_UPDATE_CELL (gtk_list_item_get_child (item)),
                                 esp_place_get_parameter (place));
}

static void
unbind_update (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  esp_update_cell_set_parameter (ESP_UPDATE_CELL (gtk_list_item_get_child (item)), NULL);
}

GtkColumnViewColumn *
esp_tree_column_new (EspTreeColumn column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkColumnViewColumn *view_column;

  if (column == ESP_TREE_COLUMN_UPDATE)
    {
      g_signal_connect (factory, "setup", G_CALLBACK (setup_update), NULL);
      g_signal_connect (factory, "bind", G_CALLBACK (bind_update), NULL);
      g_signal_connect (factory, "unbind", G_CALLBACK (unbind_update), NULL);
    }
  else
    {
      g_signal_connect (factory, "setup", G_CALLBACK (setup), GUINT_TO_POINTER (column));
      g_signal_connect (factory, "bind", G_CALLBACK (bind), GUINT_TO_POINTER (column));
    }
  view_column = gtk_column_view_column_new (_ (columns[column].title), factory);
  gtk_column_view_column_set_fixed_width (view_column, columns[column].width);
  gtk_column_view_column_set_resizable (view_column, TRUE);
  return view_column;
}

/* the label in a column's head, which has no API: heads of figures stand right, as these do */
static GtkWidget *
find_label (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *label = find_label (child);

      if (label)
        return label;
    }
  return NULL;
}

static void
align_heads (GtkColumnView *view)
{
  GtkWidget *heads = gtk_widget_get_first_child (GTK_WIDGET (view));

  for (GtkWidget *head = heads ? gtk_widget_get_first_child (heads) : NULL; head;
       head = gtk_widget_get_next_sibling (head))
    {
      GtkWidget *label = find_label (head);

      for (guint i = 0; label && i < ESP_N_TREE_COLUMNS; i++)
        if (columns[i].figures &&
            g_strcmp0 (gtk_label_get_text (GTK_LABEL (label)), _ (columns[i].title)) == 0)
          {
            gtk_widget_set_hexpand (label, TRUE);
            gtk_label_set_xalign (GTK_LABEL (label), 1);
          }
    }
}

static const struct
{
  EspTreeColumn column;
  const char *action;
  gboolean for_checkpoint;
  gboolean for_network;
} choices[] = {
  /* in the order in which they find room */
  { ESP_TREE_COLUMN_COUNT, "count", FALSE, TRUE },
  { ESP_TREE_COLUMN_TYPE, "type", TRUE, FALSE },
  { ESP_TREE_COLUMN_SIZE, "size", TRUE, FALSE },
  { ESP_TREE_COLUMN_UPDATE, "update", FALSE, TRUE },
};

void
esp_tree_columns_add_actions (GActionMap *map)
{
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_autoptr (GSimpleAction) action = g_simple_action_new_stateful (
          choices[i].action, NULL, g_variant_new_boolean (choices[i].for_checkpoint));

      g_action_map_add_action (map, G_ACTION (action));
    }
}

void
esp_tree_columns_choose (GActionGroup *actions, gboolean network)
{
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    g_action_group_change_action_state (
        actions, choices[i].action,
        g_variant_new_boolean (network ? choices[i].for_network : choices[i].for_checkpoint));
}

/* position of @column in the view, or where it has to go; the name stands first */
static guint
find_position (GListModel *shown, GtkColumnViewColumn *const *view_columns, EspTreeColumn column)
{
  guint position = 1;

  for (guint i = 0; i < g_list_model_get_n_items (shown); i++)
    {
      g_autoptr (GtkColumnViewColumn) at = g_list_model_get_item (shown, i);

      for (guint k = 0; k < (guint) column; k++)
        position += at == view_columns[k];
    }
  return position;
}

/* A column that is only made invisible keeps its share of the width in GTK 4.8, so it leaves. */
static void
set_present (GtkColumnView *view,
             GtkColumnViewColumn *const *view_columns,
             EspTreeColumn column,
             gboolean present)
{
  GListModel *shown = gtk_column_view_get_columns (view);
  guint position = find_position (shown, view_columns, column);
  g_autoptr (GtkColumnViewColumn) at = g_list_model_get_item (shown, position);

  if (present == (at == view_columns[column]))
    return;
  if (present)
    gtk_column_view_insert_column (view, position, view_columns[column]);
  else
    gtk_column_view_remove_column (view, view_columns[column]);
}

void
esp_tree_columns_fit (GtkColumnView *view,
                      GtkColumnViewColumn *const *view_columns,
                      GActionGroup *actions,
                      int width)
{
  int room = width ? width - NAME_MIN_WIDTH - columns[ESP_TREE_COLUMN_SHAPE].width : G_MAXINT;

  set_present (view, view_columns, ESP_TREE_COLUMN_SHAPE, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_autoptr (GVariant) wanted = g_action_group_get_action_state (actions, choices[i].action);
      gboolean present = g_variant_get_boolean (wanted);

      if (present)
        room -= columns[choices[i].column].width;
      set_present (view, view_columns, choices[i].column,
                   present &&
                       room >= (choices[i].column == ESP_TREE_COLUMN_UPDATE ? CHIPS_WIDTH : 0));
    }
  align_heads (view);
}
