/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going about in a document: back and forward among what was looked at, the next tensor, the search
 * entry, the next pane. */

#include "config.h"

#include "esp-window-private.h"

#define MAX_HISTORY 1000

static void
update_history_actions (EspWindow *self)
{
  esp_window_enable (self, "back", self->history_at > 0);
  esp_window_enable (self, "forward", self->history_at + 1 < self->history->len);
}

static void
on_selection_changed (EspWindow *self)
{
  EspPlace *place = esp_session_get_selection (self->session);

  if (!place || self->in_history || esp_session_get_document (self->session) != self->document)
    return;
  if (self->history->len && g_ptr_array_index (self->history, self->history_at) == place)
    return;
  if (self->history->len)
    g_ptr_array_set_size (self->history, (int) self->history_at + 1);
  if (self->history->len == MAX_HISTORY)
    g_ptr_array_remove_index (self->history, 0);
  g_ptr_array_add (self->history, place);
  self->history_at = self->history->len - 1;
  update_history_actions (self);
}

static void
go_in_history (EspWindow *self, guint at)
{
  if (at >= self->history->len)
    return;
  self->history_at = at;
  self->in_history = TRUE;
  esp_session_set_selection (self->session, g_ptr_array_index (self->history, at));
  self->in_history = FALSE;
  update_history_actions (self);
}

static void
on_back (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (self->history_at > 0)
    go_in_history (self, self->history_at - 1);
}

static void
on_forward (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  go_in_history (self, self->history_at + 1);
}

/* the first tensor at or below @place */
static EspPlace *
find_first_tensor (EspPlace *place)
{
  if (esp_place_get_parameter (place))
    return place;
  for (guint i = 0; i < esp_place_get_n_children (place); i++)
    {
      EspPlace *found = find_first_tensor (esp_place_get_child (place, i));

      if (found)
        return found;
    }
  return NULL;
}

static void
step_tensor (EspWindow *self, int step)
{
  EspPlace *place = esp_session_get_selection (self->session);
  EspPlace *first = place ? find_first_tensor (place) : NULL;
  EspTree *tree;
  gint64 index;

  if (!self->document || !first)
    return;
  tree = esp_document_get_tree (self->document);
  index = esp_place_get_index (first);
  /* from a module on, the next tensor is its first one */
  if (first == place || step < 0)
    index += step;
  if (index >= 0 && index < esp_tree_get_n_tensors (tree))
    esp_session_set_selection (self->session, esp_tree_get_tensor (tree, (guint) index));
}

static void
on_previous_tensor (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  step_tensor (user_data, -1);
}

static void
on_next_tensor (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  step_tensor (user_data, 1);
}

static void
on_find (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (!self->document)
    return;
  esp_panes_show (self->panes, ESP_PANE_TREE);
  esp_tree_pane_focus_search (self->tree_pane);
}

/* round the panes and the training bar */
static void
step_pane (EspWindow *self, gboolean backward)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  GtkDirectionType direction = backward ? GTK_DIR_TAB_BACKWARD : GTK_DIR_TAB_FORWARD;
  gboolean in_bar = focus && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->training_bar));

  if (!in_bar && esp_panes_focus_next (self->panes, backward))
    return;
  if (!in_bar && gtk_revealer_get_reveal_child (self->training_revealer) &&
      gtk_widget_child_focus (GTK_WIDGET (self->training_bar), direction))
    return;
  gtk_window_set_focus (GTK_WINDOW (self), NULL);
  esp_panes_focus_next (self->panes, backward);
}

static void
on_next_pane (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  step_pane (user_data, FALSE);
}

static void
on_previous_pane (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  step_pane (user_data, TRUE);
}

/* the toggle in the header, where there is one pane at a time: there the entry is */
static void
on_search_mode (EspWindow *self)
{
  gboolean search_mode;

  g_object_get (self->tree_pane, "search-mode", &search_mode, NULL);
  if (search_mode && self->document)
    {
      esp_panes_show (self->panes, ESP_PANE_TREE);
      esp_tree_pane_focus_search (self->tree_pane);
    }
}

void
esp_window_go_forget (EspWindow *self)
{
  g_ptr_array_set_size (self->history, 0);
  self->history_at = 0;
  on_selection_changed (self);
  update_history_actions (self);
}

void
esp_window_go_follow (EspWindow *self, EspDocument *document)
{
  for (guint i = 0; i < self->history->len; i++)
    self->history->pdata[i] = esp_document_find_again (document, self->history->pdata[i]);
}

void
esp_window_go_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "back", on_back, NULL, NULL, NULL, { 0 } },
    { "forward", on_forward, NULL, NULL, NULL, { 0 } },
    { "previous-tensor", on_previous_tensor, NULL, NULL, NULL, { 0 } },
    { "next-tensor", on_next_tensor, NULL, NULL, NULL, { 0 } },
    { "find", on_find, NULL, NULL, NULL, { 0 } },
    { "next-pane", on_next_pane, NULL, NULL, NULL, { 0 } },
    { "previous-pane", on_previous_pane, NULL, NULL, NULL, { 0 } },
  };

  self->history = g_ptr_array_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  update_history_actions (self);
  g_signal_connect_swapped (self->session, "notify::selection", G_CALLBACK (on_selection_changed),
                            self);
  g_signal_connect_swapped (self->tree_pane, "notify::search-mode", G_CALLBACK (on_search_mode),
                            self);
}

void
esp_window_go_dispose (EspWindow *self)
{
  g_clear_pointer (&self->history, g_ptr_array_unref);
}
