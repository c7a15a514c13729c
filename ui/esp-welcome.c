/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows and cards are made anew whenever the list of recent files changes: a handful. */

#include "config.h"

#include "esp-welcome.h"
#include "esp-network-picture.h"
#include "esp-recent.h"
#include "esp-size-watch.h"

#include <glib/gi18n.h>

#define MAX_RECENT 6
#define ONE_COLUMN_WIDTH 700
#define NARROW_WIDTH 520

struct _EspWelcome
{
  AdwBin parent_instance;

  EspSizeWatch *zone_watch;
  GtkBox *zone;
  GtkWidget *logo;
  GtkLabel *heading;
  GtkBox *buttons;
  GtkWidget *sample_button;
  GtkBox *columns;
  GtkWidget *recent_box;
  GtkListBox *recent_list;
  GtkFlowBox *cards;
};

G_DEFINE_FINAL_TYPE (EspWelcome, esp_welcome, ADW_TYPE_BIN)

static void
add_recent_row (EspWelcome *self, const EspRecentFile *file)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (file->is_network ? "applications-science-symbolic"
                                                                   : "text-x-generic-symbolic");
  g_autofree char *size = esp_number_format_bytes (file->size);
  GtkWidget *size_label = gtk_label_new (size);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), file->name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), file->folder);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  gtk_widget_add_css_class (icon, "file-icon");
  gtk_widget_set_valign (icon, GTK_ALIGN_CENTER);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  gtk_widget_add_css_class (size_label, "second");
  gtk_widget_add_css_class (size_label, "caption");
  gtk_widget_add_css_class (size_label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), size_label);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "win.open-recent");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", file->uri);
  gtk_list_box_append (self->recent_list, row);
}

static void
show_recent (EspWelcome *self)
{
  g_autoptr (GPtrArray) files = esp_recent_get_files (MAX_RECENT);
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->recent_list))))
    gtk_list_box_remove (self->recent_list, row);
  for (guint i = 0; i < files->len; i++)
    add_recent_row (self, g_ptr_array_index (files, i));
  gtk_widget_set_visible (self->recent_box, files->len > 0);
  /* alone, the networks have room to stand beside each other */
  gtk_flow_box_set_max_children_per_line (self->cards, files->len > 0 ? 2 : 3);
}

static GtkWidget *
new_card_label (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_lines (GTK_LABEL (label), 2);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 20);
  gtk_widget_set_tooltip_text (label, text);
  gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
add_card (EspWelcome *self, const EspTemplate *template)
{
  GtkWidget *button = gtk_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *child = gtk_flow_box_child_new ();
  GtkWidget *title = new_card_label (_ (template->title), "heading");
  GtkWidget *description = new_card_label (_ (template->description), "caption");

  gtk_widget_set_margin_top (title, 9);
  gtk_widget_add_css_class (description, "second");
  gtk_box_append (GTK_BOX (box), esp_network_picture_new (template->name));
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), description);
  gtk_button_set_child (GTK_BUTTON (button), box);
  gtk_widget_add_css_class (button, "card");
  gtk_widget_add_css_class (button, "network-card");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.new-network");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", template->name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (template->title), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  _ (template->description), -1);
  gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), button);
  gtk_widget_set_focusable (child, FALSE);
  gtk_flow_box_append (self->cards, child);
}

static void
on_width_changed (EspWelcome *self)
{
  int width = esp_size_watch_get_width (self->zone_watch);
  gboolean one_column = width < ONE_COLUMN_WIDTH;
  GtkOrientation across = one_column ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL;

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->columns), across);
  gtk_box_set_homogeneous (self->columns, !one_column);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->zone), across);
  gtk_box_set_spacing (self->zone, one_column ? 18 : 48);
  gtk_image_set_pixel_size (GTK_IMAGE (self->logo), one_column ? 96 : 160);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->buttons), width < NARROW_WIDTH
                                                                      ? GTK_ORIENTATION_VERTICAL
                                                                      : GTK_ORIENTATION_HORIZONTAL);
}

static void
esp_welcome_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_WELCOME);
  G_OBJECT_CLASS (esp_welcome_parent_class)->dispose (object);
}

static void
esp_welcome_class_init (EspWelcomeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_welcome_dispose;
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-welcome.ui");
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, zone_watch);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, zone);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, logo);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, heading);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, buttons);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, sample_button);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, columns);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, recent_box);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, recent_list);
  gtk_widget_class_bind_template_child (widget_class, EspWelcome, cards);
}

static void
esp_welcome_init (EspWelcome *self)
{
  g_autofree char *sample = esp_session_find_data ("examples/digits.pt");
  const EspTemplate *templates;
  guint n;

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_visible (self->sample_button, sample != NULL);
  templates = esp_session_get_templates (&n);
  for (guint i = 0; i < n; i++)
    add_card (self, &templates[i]);
  show_recent (self);
  g_signal_connect_object (gtk_recent_manager_get_default (), "changed", G_CALLBACK (show_recent),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->zone_watch, "notify::width", G_CALLBACK (on_width_changed), self);
}
