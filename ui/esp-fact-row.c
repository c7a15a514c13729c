/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Name left, value right, 28 px high. Rows are kept and set anew, since a live network's inspector
 * changes several times a second and a selection moves through the tree as fast as a key repeats.
 */

#include "config.h"

#include "esp-fact-row.h"

#include <glib/gi18n.h>

struct _EspFactRow
{
  AdwPreferencesRow parent_instance;

  GtkWidget *name;
  GtkWidget *value;
  GtkWidget *menu; /* made when it is first asked for */
};

G_DEFINE_FINAL_TYPE (EspFactRow, esp_fact_row, ADW_TYPE_PREFERENCES_ROW)

static void
copy_value (GtkWidget *widget, const char *action, GVariant *parameter)
{
  EspFactRow *self = ESP_FACT_ROW (widget);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget),
                          gtk_label_get_text (GTK_LABEL (self->value)));
}

static void
on_secondary_click (GtkGestureClick *gesture, int n_press, double x, double y, EspFactRow *self)
{
  if (!self->menu)
    {
      g_autoptr (GMenu) model = g_menu_new ();

      g_menu_append (model, _ ("_Copy value"), "fact.copy");
      self->menu = gtk_popover_menu_new_from_model (G_MENU_MODEL (model));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu),
                               &(GdkRectangle) { (int) x, (int) y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
}

static gboolean
on_query_tooltip (GtkWidget *label, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  if (!pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (label))))
    return FALSE;
  gtk_tooltip_set_text (tooltip, gtk_label_get_text (GTK_LABEL (label)));
  return TRUE;
}

static void
esp_fact_row_dispose (GObject *object)
{
  EspFactRow *self = ESP_FACT_ROW (object);

  g_clear_pointer (&self->menu, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_fact_row_parent_class)->dispose (object);
}

static void
esp_fact_row_class_init (EspFactRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_fact_row_dispose;
  gtk_widget_class_install_action (widget_class, "fact.copy", NULL, copy_value);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "fact.copy",
                                       NULL);
}

static void
esp_fact_row_init (EspFactRow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkGesture *click = gtk_gesture_click_new ();

  self->name = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->name, "second");
  gtk_label_set_xalign (GTK_LABEL (self->name), 0);
  gtk_box_append (GTK_BOX (box), self->name);

  self->value = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->value, "numeric");
  gtk_widget_set_hexpand (self->value, TRUE);
  gtk_label_set_xalign (GTK_LABEL (self->value), 1);
  gtk_label_set_ellipsize (GTK_LABEL (self->value), PANGO_ELLIPSIZE_END);
  gtk_label_set_single_line_mode (GTK_LABEL (self->value), TRUE);
  gtk_widget_set_has_tooltip (self->value, TRUE);
  g_signal_connect (self->value, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  gtk_box_append (GTK_BOX (box), self->value);

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (on_secondary_click), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));

  gtk_widget_add_css_class (GTK_WIDGET (self), "fact");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self), FALSE);
}

GtkWidget *
esp_fact_row_new (void)
{
  return g_object_new (ESP_TYPE_FACT_ROW, NULL);
}

void
esp_fact_row_set (EspFactRow *self, const char *name, const char *value)
{
  g_autofree char *spoken = NULL;

  g_return_if_fail (ESP_IS_FACT_ROW (self));

  if (g_str_equal (name, gtk_label_get_text (GTK_LABEL (self->name))) &&
      g_str_equal (value, gtk_label_get_text (GTK_LABEL (self->value))))
    return;
  gtk_label_set_text (GTK_LABEL (self->name), name);
  gtk_label_set_text (GTK_LABEL (self->value), value);
  /* TRANSLATORS: a fact as it is read aloud: "Shape: 8 × 4" */
  spoken = g_strdup_printf (_ ("%s: %s"), name, value);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

void
esp_fact_row_set_ellipsize (EspFactRow *self, PangoEllipsizeMode mode)
{
  g_return_if_fail (ESP_IS_FACT_ROW (self));

  gtk_label_set_ellipsize (GTK_LABEL (self->value), mode);
}

void
esp_fact_rows_init (EspFactRows *self, AdwPreferencesGroup *group)
{
  self->group = group;
  self->rows = g_ptr_array_new ();
  self->n_used = 0;
}

void
esp_fact_rows_clear (EspFactRows *self)
{
  g_clear_pointer (&self->rows, g_ptr_array_unref);
}

void
esp_fact_rows_begin (EspFactRows *self)
{
  self->n_used = 0;
}

EspFactRow *
esp_fact_rows_add (EspFactRows *self, const char *name, const char *value)
{
  EspFactRow *row;

  if (self->n_used == self->rows->len)
    {
      GtkWidget *made = esp_fact_row_new ();

      adw_preferences_group_add (self->group, made);
      g_ptr_array_add (self->rows, made);
    }
  row = g_ptr_array_index (self->rows, self->n_used++);
  esp_fact_row_set_ellipsize (row, PANGO_ELLIPSIZE_END);
  esp_fact_row_set (row, name, value);
  return row;
}

EspFactRow *
esp_fact_rows_take (EspFactRows *self, const char *name, char *take_value)
{
  EspFactRow *row = esp_fact_rows_add (self, name, take_value);

  g_free (take_value);
  return row;
}

void
esp_fact_rows_end (EspFactRows *self)
{
  while (self->rows->len > self->n_used)
    {
      GtkWidget *row = g_ptr_array_steal_index (self->rows, self->rows->len - 1);

      adw_preferences_group_remove (self->group, row);
    }
}
