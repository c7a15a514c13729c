/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window: its session and the widgets that show it, each bound to the session by property.
 * Opening, saving, going about and the clock are in esp-window-*.c. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-dialogs.h"
#include "esp-settings.h"
#include "esp-stack-hidden.h"
#include "esp-views.h"
#include "esp-welcome.h"

#include <glib/gi18n.h>

#define SMALL_WIDTH 560 /* the header bar keeps what is needed most */

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspWindow, esp_window, ADW_TYPE_APPLICATION_WINDOW)

void
esp_window_enable (EspWindow *self, const char *action, gboolean enabled)
{
  GAction *found = g_action_map_lookup_action (G_ACTION_MAP (self), action);

  g_return_if_fail (G_IS_SIMPLE_ACTION (found));

  g_simple_action_set_enabled (G_SIMPLE_ACTION (found), enabled);
}

/* -- messages -------------------------------------------------------------------------------- */

void
esp_window_tell (EspWindow *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (escaped));
}

void
esp_window_tell_problem (EspWindow *self, const char *text, const char *heading, const char *body)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);

  g_free (self->problem_heading);
  self->problem_heading = g_strdup (heading);
  g_free (self->problem_body);
  self->problem_body = g_strdup (body);
  adw_toast_set_button_label (toast, _ ("Details"));
  adw_toast_set_action_name (toast, "win.show-problem");
  adw_toast_set_timeout (toast, 10);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
on_show_problem (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (self->problem_heading)
    esp_dialogs_tell (GTK_WINDOW (self), self->problem_heading, self->problem_body);
}

/* for the widgets in the window: gtk_widget_activate_action (widget, "win.tell", "s", text) */
static void
on_tell (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_window_tell (user_data, g_variant_get_string (parameter, NULL));
}

/* -- pages and title ------------------------------------------------------------------------- */

static void
set_title (EspWindow *self, const char *title, const char *subtitle)
{
  g_autofree char *shown = esp_path_escape (title);

  adw_window_title_set_title (self->title, shown);
  adw_window_title_set_subtitle (self->title, subtitle);
  gtk_window_set_title (GTK_WINDOW (self), shown);
}

static void
title_page_file (EspWindow *self)
{
  g_autofree char *name = g_file_get_basename (self->page_file);
  g_autofree char *folder = esp_path_escape (g_file_peek_path (self->page_file));
  g_autofree char *dir = g_path_get_dirname (folder);

  set_title (self, name, dir);
}

static void
title_document (EspWindow *self)
{
  const char *title = esp_document_get_title (self->document);
  g_autofree char *marked = NULL;
  g_autofree char *subtitle = esp_document_dup_subtitle (self->document);

  if (esp_document_get_modified (self->document))
    marked = g_strdup_printf ("• %s", title);
  set_title (self, marked ? marked : title, subtitle);
}

void
esp_window_update_title (EspWindow *self)
{
  const char *page = gtk_stack_get_visible_child_name (self->pages);

  if (g_str_equal (page, "error") && self->page_file)
    title_page_file (self);
  else if (g_str_equal (page, "document") && self->document)
    title_document (self);
  else
    set_title (self, "Espalier", "");
}

static void
update_header (EspWindow *self)
{
  gboolean document = g_str_equal (gtk_stack_get_visible_child_name (self->pages), "document");
  gboolean narrow = esp_panes_get_narrow (self->panes);
  int width = esp_size_watch_get_width (self->watch);
  gboolean small = width > 0 && width < SMALL_WIDTH;
  gboolean live = self->document && esp_document_get_trainer (self->document);

  gtk_widget_set_visible (self->tree_button, document && !narrow);
  gtk_widget_set_visible (self->inspector_button, document && !narrow);
  /* the menu has Save, and the tree its entry */
  gtk_widget_set_visible (self->search_button, document && !small);
  gtk_widget_set_visible (self->save_button, document && live && !small);
  gtk_widget_set_visible (self->train_button, document && !live && !small);
  gtk_widget_set_visible (self->foot, document && narrow);
  if (document)
    gtk_widget_remove_css_class (GTK_WIDGET (self->header), "flat");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->header), "flat");
}

void
esp_window_show_page (EspWindow *self, const char *page)
{
  gtk_stack_set_visible_child_name (self->pages, page);
  update_header (self);
  esp_window_update_title (self);
}

static void
on_modified (EspWindow *self)
{
  esp_window_update_title (self);
}

static void
on_document_changed (EspWindow *self)
{
  EspDocument *document = esp_session_get_document (self->session);
  gboolean live = document && esp_document_get_trainer (document);
  gboolean newer = esp_session_is_newer (self->session);

  if (document == self->document)
    return;
  if (self->document)
    g_signal_handlers_disconnect_by_data (self->document, self);
  if (newer)
    esp_window_go_follow (self, document);
  g_set_object (&self->document, document);
  if (document)
    g_signal_connect_swapped (document, "notify::modified", G_CALLBACK (on_modified), self);
  g_clear_object (&self->saved_file);
  if (!newer)
    esp_window_go_forget (self);
  gtk_revealer_set_reveal_child (self->training_revealer, live);
  gtk_widget_set_visible (GTK_WIDGET (self->training_revealer), live);
  esp_window_enable (self, "save", live);
  esp_window_enable (self, "save-as", live);
  esp_window_show_page (self, document ? "document" : "welcome");
  if (document && !newer && esp_panes_is_shown (self->panes, ESP_PANE_TREE))
    esp_tree_pane_focus_list (self->tree_pane);
  esp_window_clock_wake (self);
  esp_window_reload_update (self);
  esp_window_train_update (self);
  esp_window_edit_update (self);
  esp_window_load_update (self);
}

static void
on_tensor_activated (EspWindow *self)
{
  esp_panes_show (self->panes, ESP_PANE_CANVAS);
  gtk_widget_child_focus (GTK_WIDGET (self->canvas), GTK_DIR_TAB_FORWARD);
}

/* -- new network ----------------------------------------------------------------------------- */

static void
make_network (EspWindow *self, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!esp_session_new_network (self->session, user_data, &error))
    esp_window_tell_problem (self, _ ("The network could not be made"),
                             _ ("The network could not be made"), error->message);
}

static void
on_new_network (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_window_when_safe (user_data, make_network, g_variant_dup_string (parameter, NULL), g_free);
}

static void
on_new (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  gtk_menu_button_popup (self->new_button);
}

static void
fill_new_menu (EspWindow *self)
{
  guint n;
  const EspTemplate *templates = esp_session_get_templates (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (_ (templates[i].title), NULL);

      g_menu_item_set_action_and_target (item, "win.new-network", "s", templates[i].name);
      g_menu_append_item (self->new_section, item);
    }
}

/* -- object ---------------------------------------------------------------------------------- */

static void
add_actions (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "new", on_new, NULL, NULL, NULL, { 0 } },
    { "new-network", on_new_network, "s", NULL, NULL, { 0 } },
    { "show-problem", on_show_problem, NULL, NULL, NULL, { 0 } },
    { "tell", on_tell, "s", NULL, NULL, { 0 } },
  };
  g_autoptr (GPropertyAction) tree = g_property_action_new ("tree", self->panes, "tree-shown");
  g_autoptr (GPropertyAction)
      inspector = g_property_action_new ("inspector", self->panes, "inspector-shown");
  g_autoptr (GPropertyAction)
      search = g_property_action_new ("search", self->tree_pane, "search-mode");

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (tree));
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (inspector));
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (search));
}

static void
restore_settings (EspWindow *self)
{
  int width = 1440, height = 900;

  esp_settings_get_size ("window-size", &width, &height);
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (esp_settings_get_boolean ("window-maximized", FALSE))
    gtk_window_maximize (GTK_WINDOW (self));
  g_object_set (self->panes, "tree-width", MAX (300, esp_settings_get_int ("tree-width", 440)),
                "inspector-width", MAX (300, esp_settings_get_int ("inspector-width", 336)),
                "tree-shown", esp_settings_get_boolean ("show-tree", TRUE), "inspector-shown",
                esp_settings_get_boolean ("show-inspector", TRUE), NULL);
}

static void
keep_settings (EspWindow *self)
{
  int width, height, tree_width, inspector_width;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  esp_settings_set_size ("window-size", width, height);
  esp_settings_set_boolean ("window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
  g_object_get (self->panes, "tree-width", &tree_width, "inspector-width", &inspector_width, NULL);
  esp_settings_set_int ("tree-width", tree_width);
  esp_settings_set_int ("inspector-width", inspector_width);
  esp_settings_set_boolean ("show-tree", esp_panes_get_wish (self->panes, ESP_PANE_TREE));
  esp_settings_set_boolean ("show-inspector", esp_panes_get_wish (self->panes, ESP_PANE_INSPECTOR));
}

static void
close_now (EspWindow *self, gpointer user_data)
{
  self->closing = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

static gboolean
esp_window_close_request (GtkWindow *window)
{
  EspWindow *self = ESP_WINDOW (window);

  if (!self->closing && self->document && esp_document_get_modified (self->document))
    {
      esp_window_when_safe (self, close_now, NULL, NULL);
      return GDK_EVENT_STOP;
    }
  keep_settings (self);
  return GTK_WINDOW_CLASS (esp_window_parent_class)->close_request (window);
}

static void
esp_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspWindow *self = ESP_WINDOW (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_window_dispose (GObject *object)
{
  EspWindow *self = ESP_WINDOW (object);

  esp_window_open_dispose (self);
  esp_window_reload_dispose (self);
  esp_window_save_dispose (self);
  esp_window_load_dispose (self);
  esp_window_go_dispose (self);
  esp_window_clock_dispose (self);
  if (self->session)
    g_signal_handlers_disconnect_by_data (self->session, self);
  if (self->document)
    g_signal_handlers_disconnect_by_data (self->document, self);
  g_clear_object (&self->document);
  g_clear_object (&self->session);
  g_clear_pointer (&self->problem_heading, g_free);
  g_clear_pointer (&self->problem_body, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_WINDOW);
  G_OBJECT_CLASS (esp_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, EspWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, watch);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, header);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, title);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, tree_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, inspector_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, search_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, save_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, train_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, new_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, new_section);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, edit_section);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, recent_section);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, error_page);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, panes);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, tree_pane);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, canvas);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, inspector);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, training_bar);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, training_revealer);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, reload_revealer);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, reload_label);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, reload_details);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, reload_button);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, loading_revealer);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, loading_label);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, loading_progress);
  gtk_widget_class_bind_template_child (widget_class, EspWindow, foot);
  gtk_widget_class_bind_template_callback (widget_class, on_tensor_activated);
}

static void
esp_window_class_init (EspWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_window_get_property;
  object_class->dispose = esp_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = esp_window_close_request;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (ESP_TYPE_CANVAS);
  g_type_ensure (ESP_TYPE_VIEWS);
  g_type_ensure (ESP_TYPE_ERROR_PAGE);
  g_type_ensure (ESP_TYPE_INSPECTOR);
  g_type_ensure (ESP_TYPE_PANES);
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  g_type_ensure (ESP_TYPE_TRAINING_BAR);
  g_type_ensure (ESP_TYPE_TREE_PANE);
  g_type_ensure (ESP_TYPE_WELCOME);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-window.ui");
  bind_children (widget_class);
}

static void
esp_window_init (EspWindow *self)
{
  self->session = esp_session_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_stack_hidden_follow (self->pages);
  add_actions (self);
  esp_window_open_init (self);
  esp_window_save_init (self);
  esp_window_train_init (self);
  esp_window_edit_init (self);
  esp_window_load_init (self);
  esp_window_go_init (self);
  esp_window_clock_init (self);
  fill_new_menu (self);
  restore_settings (self);
  g_signal_connect_swapped (self->panes, "notify::narrow", G_CALLBACK (update_header), self);
  g_signal_connect_swapped (self->watch, "notify::width", G_CALLBACK (update_header), self);
  g_signal_connect_swapped (self->session, "notify::document", G_CALLBACK (on_document_changed),
                            self);
  esp_window_reload_init (self);
  esp_window_show_page (self, "welcome");
}

EspWindow *
esp_window_new (GtkApplication *app)
{
  return g_object_new (ESP_TYPE_WINDOW, "application", app, NULL);
}

EspSession *
esp_window_get_session (EspWindow *self)
{
  g_return_val_if_fail (ESP_IS_WINDOW (self), NULL);

  return self->session;
}
