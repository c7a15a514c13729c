/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fixed indices of an N-d tensor. Spin buttons are made anew only when the shape changes, so
 * that one keeps the focus while it is turned. */

#include "config.h"

#include "esp-axes.h"
#include "esp-slice-button.h"

#include <glib/gi18n.h>
#include <string.h>

/* a tensor may have 64 axes; nobody turns more than these */
#define MAX_SPINS 8
#define MAX_CHARS 16

struct _EspSliceButton
{
  AdwBin parent_instance;

  /* children */
  GtkWidget *button;
  GtkWidget *label;
  GtkWidget *grid;

  /* owned */
  EspView *view;
  EspPlace *place; /* what the grid was made for */
  EspPlane made_for;
};

G_DEFINE_FINAL_TYPE (EspSliceButton, esp_slice_button, ADW_TYPE_BIN)

static void
update_label (EspSliceButton *self)
{
  g_autofree char *text = esp_plane_to_string (esp_view_get_plane (self->view));

  gtk_label_set_label (GTK_LABEL (self->label), text);
  gtk_label_set_width_chars (GTK_LABEL (self->label), (int) MIN (strlen (text), MAX_CHARS));
}

static void
on_spin (GtkSpinButton *spin, EspSliceButton *self)
{
  guint axis = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (spin), "axis"));

  if (esp_view_get_tensor (self->view) == NULL || axis >= esp_view_get_plane (self->view)->ndim)
    return;
  esp_view_set_index (self->view, axis, (gint64) gtk_spin_button_get_value (spin));
  update_label (self);
}

static void
add_spin (EspSliceButton *self, guint axis, int row)
{
  gint64 n = esp_view_get_plane (self->view)->shape[axis];
  const char *const *axes = esp_axes_get (esp_view_get_place (self->view));
  g_autofree char *last = esp_number_format_count ((guint64) (n - 1));
  g_autofree char *name = axes != NULL ? g_strdup (axes[axis])
                                       : g_strdup_printf (_ ("Axis %u"), axis);
  g_autofree char *range = g_strdup_printf (_ ("0 to %s"), last);
  GtkWidget *label = gtk_label_new (name), *spin, *note = gtk_label_new (range);

  spin = gtk_spin_button_new_with_range (0, (double) (n - 1), 1);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin),
                             (double) esp_view_get_plane (self->view)->index[axis]);
  g_object_set_data (G_OBJECT (spin), "axis", GUINT_TO_POINTER (axis));
  g_signal_connect_object (spin, "value-changed", G_CALLBACK (on_spin), self, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (spin), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_xalign (GTK_LABEL (note), 0);
  gtk_widget_add_css_class (note, "second");
  gtk_widget_add_css_class (note, "numeric");
  gtk_widget_add_css_class (spin, "numeric");
  gtk_grid_attach (GTK_GRID (self->grid), label, 0, row, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), spin, 1, row, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), note, 2, row, 1, 1);
}

static void
update (EspSliceButton *self)
{
  EspTensor *tensor = esp_view_get_tensor (self->view);
  const EspPlane *plane = esp_view_get_plane (self->view);
  gboolean useful = tensor != NULL && plane->ndim > 2 && esp_tensor_get_count (tensor) > 0;
  GtkWidget *child;
  int row = 0;

  gtk_widget_set_visible (GTK_WIDGET (self), useful);
  if (!useful)
    {
      gtk_menu_button_popdown (GTK_MENU_BUTTON (self->button));
      return;
    }

  update_label (self);
  if (self->place == esp_view_get_place (self->view) && esp_plane_fits (&self->made_for, tensor))
    return; /* another channel: the spin buttons stay as they are */

  g_set_object (&self->place, esp_view_get_place (self->view));
  esp_plane_set (&self->made_for, self->place, tensor);
  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  for (guint axis = 0; axis < plane->ndim && row < MAX_SPINS; axis++)
    if (esp_plane_is_fixed (plane, axis))
      add_spin (self, axis, row++);
}

static void
esp_slice_button_dispose (GObject *object)
{
  EspSliceButton *self = ESP_SLICE_BUTTON (object);

  g_clear_object (&self->view);
  g_clear_object (&self->place);
  esp_plane_clear (&self->made_for);

  G_OBJECT_CLASS (esp_slice_button_parent_class)->dispose (object);
}

static void
esp_slice_button_class_init (EspSliceButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_slice_button_dispose;
}

static void
esp_slice_button_init (EspSliceButton *self)
{
  GtkWidget *popover = gtk_popover_new ();

  self->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (self->label), MAX_CHARS);
  gtk_widget_add_css_class (self->label, "monospace");
  self->grid = gtk_grid_new ();
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 6);
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_widget_set_margin_top (self->grid, 6);
  gtk_widget_set_margin_bottom (self->grid, 6);
  gtk_widget_set_margin_start (self->grid, 6);
  gtk_widget_set_margin_end (self->grid, 6);
  gtk_popover_set_child (GTK_POPOVER (popover), self->grid);
  self->button = gtk_menu_button_new ();
  gtk_menu_button_set_child (GTK_MENU_BUTTON (self->button), self->label);
  gtk_menu_button_set_always_show_arrow (GTK_MENU_BUTTON (self->button), TRUE);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->button), popover);
  gtk_widget_set_tooltip_text (self->button, _ ("Which matrix of the tensor is shown"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Slice"), -1);
  adw_bin_set_child (ADW_BIN (self), self->button);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
esp_slice_button_new (void)
{
  return g_object_new (ESP_TYPE_SLICE_BUTTON, NULL);
}

void
esp_slice_button_set_view (EspSliceButton *self, EspView *view)
{
  g_return_if_fail (ESP_IS_SLICE_BUTTON (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (update_label), self,
                           G_CONNECT_SWAPPED);
  update (self);
}
