/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The menu is made anew each time: of the row that is selected, which a right click does first. */

#include "config.h"

#include "esp-tree-menu.h"

#include "esp-network-editor.h"
#include "esp-tree-name.h"

#include <glib/gi18n.h>

struct _EspTreeMenu
{
  GtkWidget *list;    /* borrowed: owns this */
  GtkWidget *popover; /* child of the list, made when it is first needed */
  GtkWidget *naming;  /* popover with an entry; likewise */
  GtkWidget *entry;
  EspLayerTarget target;
};

static EspSession *
get_session (EspTreeMenu *self)
{
  return esp_network_editor_get_session (self->target.editor);
}

static EspPlace *
get_place (EspTreeMenu *self)
{
  EspSession *session = get_session (self);

  return session ? esp_session_get_selection (session) : NULL;
}

/* the layer at the selected row as the network's description has it, which the actions are about
 * from now on; NULL if there is none. @modules: (out): what it is borrowed from */
static const EspNetworkModule *
find_module (EspTreeMenu *self, GPtrArray **modules)
{
  EspSession *session = get_session (self);
  EspPlace *place = get_place (self);

  *modules = session && place && esp_place_get_module (place) ? esp_session_list_modules (session)
                                                              : NULL;
  for (guint i = 0; *modules && i < (*modules)->len; i++)
    {
      const EspNetworkModule *module = g_ptr_array_index (*modules, i);

      if (g_str_equal (module->path, esp_place_get_path (place)))
        {
          esp_layer_target_set (&self->target, module);
          return module;
        }
    }
  return NULL;
}

/* --- the menu --- */

static void
append_rest (EspTreeMenu *self, GMenu *menu)
{
  EspSession *session = get_session (self);
  EspPlace *place = get_place (self);
  g_autoptr (GMenu) values = g_menu_new ();
  g_autoptr (GMenu) copying = g_menu_new ();

  if (esp_document_get_trainer (esp_session_get_document (session)))
    {
      if (esp_place_get_parameter (place))
        g_menu_append (values, _ ("Edit _Numbers…"), "win.edit-numbers");
      g_menu_append (values, _ ("_Initialize Anew"), "win.initialize");
      g_menu_append_section (menu, NULL, G_MENU_MODEL (values));
    }
  if (*esp_place_get_path (place))
    g_menu_append (copying, _ ("Copy _Path"), "row.copy-path");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (copying));
}

static GMenuModel *
make_menu (EspTreeMenu *self)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GPtrArray) modules = NULL;
  const EspNetworkModule *module = find_module (self, &modules);

  if (module)
    {
      g_autoptr (GMenuModel) layer = esp_network_editor_make_menu (modules, module);
      g_autoptr (GMenu) naming = g_menu_new ();

      g_menu_append (naming, _ ("_Rename…"), "row.rename");
      g_menu_append_section (menu, NULL, G_MENU_MODEL (naming));
      g_menu_append_section (menu, NULL, layer);
    }
  append_rest (self, menu);
  return G_MENU_MODEL (menu);
}

static void
pop_up (EspTreeMenu *self, const GdkRectangle *at)
{
  g_autoptr (GMenuModel) menu = NULL;

  if (!get_place (self))
    return;
  menu = make_menu (self);
  if (!self->popover)
    {
      self->popover = gtk_popover_menu_new_from_model (NULL);
      gtk_widget_set_parent (self->popover, self->list);
      gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
      gtk_widget_set_halign (self->popover, GTK_ALIGN_START);
    }
  gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->popover), menu);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), at);
  gtk_popover_popup (GTK_POPOVER (self->popover));
}

/* the row that has the focus, else the top of the list */
static GdkRectangle
get_row_box (EspTreeMenu *self)
{
  GtkRoot *root = gtk_widget_get_root (self->list);
  GtkWidget *focus = root ? gtk_root_get_focus (root) : NULL;
  graphene_rect_t bounds;

  if (!focus || focus == self->list || !gtk_widget_is_ancestor (focus, self->list) ||
      !gtk_widget_compute_bounds (focus, self->list, &bounds))
    return (GdkRectangle) { 24, 24, 1, 1 };
  return (GdkRectangle) { (int) bounds.origin.x + 48, (int) bounds.origin.y, 1,
                          (int) bounds.size.height };
}

static EspTreeName *
find_name (GtkWidget *widget)
{
  if (ESP_IS_TREE_NAME (widget))
    return ESP_TREE_NAME (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      EspTreeName *found = find_name (child);

      if (found)
        return found;
    }
  return NULL;
}

static void
on_pressed (EspTreeMenu *self, int n_press, double x, double y, GtkGesture *gesture)
{
  GtkWidget *at = gtk_widget_pick (self->list, x, y, GTK_PICK_DEFAULT);
  EspSession *session = get_session (self);
  EspTreeName *name = NULL;

  while (at && at != self->list && g_strcmp0 (gtk_widget_get_css_name (at), "row") != 0)
    at = gtk_widget_get_parent (at);
  if (at && at != self->list)
    name = find_name (at);
  if (!name || !session || !esp_tree_name_get_place (name))
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  esp_session_set_selection (session, esp_tree_name_get_place (name));
  pop_up (self, &(GdkRectangle) { (int) x, (int) y, 1, 1 });
}

/* --- what it does itself --- */

static void
on_copy_path (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreeMenu *self = user_data;
  EspPlace *place = get_place (self);

  if (place)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (self->list), esp_place_get_path (place));
}

static void
on_named (EspTreeMenu *self)
{
  const EspNetworkChange change = { ESP_NETWORK_CHANGE_RENAME, self->target.path,
                                    gtk_editable_get_text (GTK_EDITABLE (self->entry)), 0, NULL };

  esp_network_editor_change (self->target.editor, &change);
  gtk_popover_popdown (GTK_POPOVER (self->naming));
}

static void
make_naming (EspTreeMenu *self)
{
  self->entry = gtk_entry_new ();
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Name of the layer"), -1);
  g_signal_connect_swapped (self->entry, "activate", G_CALLBACK (on_named), self);
  self->naming = gtk_popover_new ();
  gtk_popover_set_child (GTK_POPOVER (self->naming), self->entry);
  gtk_widget_set_parent (self->naming, self->list);
}

static void
on_rename (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTreeMenu *self = user_data;
  g_autoptr (GPtrArray) modules = NULL;
  GdkRectangle box = get_row_box (self);

  if (!find_module (self, &modules))
    {
      gtk_widget_error_bell (self->list);
      return;
    }
  if (!self->naming)
    make_naming (self);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), esp_place_get_name (get_place (self)));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->naming), &box);
  gtk_popover_popup (GTK_POPOVER (self->naming));
  gtk_widget_grab_focus (self->entry);
}

/* @action of the group "layer"; @by: how far it moves */
static void
act (EspTreeMenu *self, const char *action, int by)
{
  g_autoptr (GPtrArray) modules = NULL;
  const EspNetworkModule *module = find_module (self, &modules);
  gint64 to = module ? (gint64) module->index + by : 0;

  if (!module || to < 0 || to >= module->n_beside)
    gtk_widget_error_bell (self->list);
  else if (by != 0)
    gtk_widget_activate_action (self->list, action, "i", by);
  else
    gtk_widget_activate_action (self->list, action, NULL);
}

static gboolean
on_key (EspTreeMenu *self, guint keyval, guint keycode, GdkModifierType state)
{
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();
  GdkRectangle box = get_row_box (self);

  if ((keyval == GDK_KEY_Menu && !held) || (keyval == GDK_KEY_F10 && held == GDK_SHIFT_MASK))
    pop_up (self, &box);
  else if (keyval == GDK_KEY_F2 && !held)
    gtk_widget_activate_action (self->list, "row.rename", NULL);
  else if ((keyval == GDK_KEY_Delete || keyval == GDK_KEY_KP_Delete) && !held)
    act (self, "layer.remove", 0);
  else if ((keyval == GDK_KEY_Up || keyval == GDK_KEY_KP_Up) && held == GDK_ALT_MASK)
    act (self, "layer.move", -1);
  else if ((keyval == GDK_KEY_Down || keyval == GDK_KEY_KP_Down) && held == GDK_ALT_MASK)
    act (self, "layer.move", 1);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

/* --- making it --- */

static void
on_list_destroyed (EspTreeMenu *self)
{
  g_clear_pointer (&self->popover, gtk_widget_unparent);
  g_clear_pointer (&self->naming, gtk_widget_unparent);
}

static void
tree_menu_free (gpointer data)
{
  EspTreeMenu *self = data;

  esp_layer_target_clear (&self->target);
  g_free (self);
}

static void
add_controllers (EspTreeMenu *self)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  /* the row would take the click */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (self->list, GTK_EVENT_CONTROLLER (click));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (self->list, keys);
}

EspTreeMenu *
esp_tree_menu_new (GtkWidget *list)
{
  static const GActionEntry entries[] = {
    { "copy-path", on_copy_path, NULL, NULL, NULL, { 0 } },
    { "rename", on_rename, NULL, NULL, NULL, { 0 } },
  };
  EspTreeMenu *self = g_new0 (EspTreeMenu, 1);
  g_autoptr (GSimpleActionGroup) own = g_simple_action_group_new ();
  g_autoptr (GSimpleActionGroup) layer = NULL;

  self->list = list;
  self->target.editor = esp_network_editor_new_for_widget (list);
  layer = esp_network_editor_make_actions (&self->target);
  g_action_map_add_action_entries (G_ACTION_MAP (own), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (list, "layer", G_ACTION_GROUP (layer));
  gtk_widget_insert_action_group (list, "row", G_ACTION_GROUP (own));
  add_controllers (self);
  g_signal_connect_swapped (list, "destroy", G_CALLBACK (on_list_destroyed), self);
  g_object_set_data_full (G_OBJECT (list), "esp-tree-menu", self, tree_menu_free);
  return self;
}

void
esp_tree_menu_set_session (EspTreeMenu *self, EspSession *session)
{
  esp_network_editor_set_session (self->target.editor, session);
}
