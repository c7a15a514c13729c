/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search walks the tree in slices of an idle, so that a tree of tens of thousands of tensors
 * stays fluid. While it is on, the list shows another tree of what was found; the whole tree, with
 * what was open in it, waits until the search ends. */

#include "config.h"

#include "esp-tree-pane.h"
#include "esp-size-watch.h"
#include "esp-stack-hidden.h"
#include "esp-tree-foot.h"
#include "esp-tree-list.h"
#include "esp-tree-menu.h"
#include "esp-tree-rows.h"

#define OPEN_ROWS 200         /* a fresh tree is opened, level by level, up to so many rows */
#define SEARCH_OPEN_ROWS 6000 /* and what a search found up to so many */
#define SEARCH_SLICE 4000     /* microseconds of each idle */

struct _EspTreePane
{
  GtkWidget parent_instance;

  GtkSearchBar *search_bar;
  GtkWidget *search_entry;
  GtkStack *pages;
  EspTreeList *list;
  EspTreeFoot *foot;
  EspTreeMenu *menu; /* the list's */

  EspSession *session;
  EspDocument *document;   /* whose tree is shown */
  GtkTreeListModel *whole; /* the tree with what is open in it */
  EspTreeSearch *search;   /* running or shown; NULL */
  guint search_id;
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

/* -- selection ------------------------------------------------------------------------------- */

static void
show_selection (EspTreePane *self)
{
  if (self->document && esp_session_get_document (self->session) == self->document)
    esp_tree_list_select (self->list, esp_session_get_selection (self->session));
}

static void
on_row_selected (EspTreePane *self, EspPlace *place)
{
  esp_session_set_selection (self->session, place);
}

static void
on_row_activated (EspTreePane *self, EspPlace *place)
{
  g_signal_emit (self, signals[ACTIVATED], 0, place);
}

/* -- rows ------------------------------------------------------------------------------------ */

static void
show_rows (EspTreePane *self, GtkTreeListModel *rows)
{
  gboolean nothing = self->search && !g_list_model_get_n_items (G_LIST_MODEL (rows));

  esp_tree_list_show_rows (self->list, rows);
  gtk_stack_set_visible_child_name (self->pages, nothing ? "nothing" : "rows");
  show_selection (self);
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
  esp_tree_list_focus (self->list);
}

static void
on_search_stopped (EspTreePane *self)
{
  clear_search (self);
  esp_tree_list_focus (self->list);
}

static gboolean
on_search_key (EspTreePane *self, guint keyval, guint keycode, GdkModifierType state)
{
  if (keyval != GDK_KEY_Down && keyval != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;
  esp_tree_list_focus (self->list);
  return GDK_EVENT_STOP;
}

/* -- document -------------------------------------------------------------------------------- */

/* what was open and where it was scrolled to stay, and so does a search */
static void
show_newer (EspTreePane *self, EspDocument *document)
{
  g_autoptr (GHashTable) open = esp_tree_rows_get_open (self->whole);
  gboolean searching = self->search != NULL;

  stop_search (self);
  g_clear_object (&self->whole);
  esp_tree_list_keep_scroll (self->list);
  esp_tree_list_set_document (self->list, document);
  g_set_object (&self->document, document);
  self->whole = esp_tree_rows_new (document, NULL);
  esp_tree_rows_open_paths (self->whole, open);
  show_rows (self, self->whole);
  esp_tree_foot_set_document (self->foot, document);
  if (searching)
    on_search_changed (self);
}

static void
on_document_changed (EspTreePane *self)
{
  EspDocument *document = self->session ? esp_session_get_document (self->session) : NULL;

  if (document == self->document)
    return;
  if (document && self->whole && esp_session_is_newer (self->session))
    {
      show_newer (self, document);
      return;
    }
  stop_search (self);
  g_clear_object (&self->whole);
  esp_tree_list_set_document (self->list, document);
  g_set_object (&self->document, document);
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  if (!document)
    return;
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
  esp_tree_menu_set_session (self->menu, session);
  if (session)
    {
      g_signal_connect_swapped (session, "notify::document", G_CALLBACK (on_document_changed),
                                self);
      g_signal_connect_swapped (session, "notify::selection", G_CALLBACK (show_selection), self);
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

  if (self->list)
    set_session (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_TREE_PANE);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (esp_tree_pane_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  g_type_ensure (ESP_TYPE_TREE_FOOT);
  g_type_ensure (ESP_TYPE_TREE_LIST);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-tree-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, search_bar);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, search_entry);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, pages);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, list);
  gtk_widget_class_bind_template_child (widget_class, EspTreePane, foot);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_stopped);
  gtk_widget_class_bind_template_callback (widget_class, on_search_key);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected);
}

static void
esp_tree_pane_class_init (EspTreePaneClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_tree_pane_get_property;
  object_class->set_property = esp_tree_pane_set_property;
  object_class->dispose = esp_tree_pane_dispose;

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
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_stack_hidden_follow (self->pages);
  self->menu = esp_tree_menu_new (esp_tree_list_get_view (self->list));
  gtk_search_bar_set_key_capture_widget (self->search_bar, esp_tree_list_get_view (self->list));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect_swapped (self->search_bar, "notify::search-mode-enabled",
                            G_CALLBACK (on_search_mode_changed), self);
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

void
esp_tree_pane_focus_list (EspTreePane *self)
{
  g_return_if_fail (ESP_IS_TREE_PANE (self));

  gtk_widget_grab_focus (esp_tree_list_get_view (self->list));
}

GListModel *
esp_tree_pane_get_rows (EspTreePane *self)
{
  g_return_val_if_fail (ESP_IS_TREE_PANE (self), NULL);

  return G_LIST_MODEL (esp_tree_list_get_rows (self->list));
}
