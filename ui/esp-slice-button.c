/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which matrix of a tensor is drawn, and in which order. The rows of the popover are made anew only
 * when the shape or the axes change, so that one keeps the focus while it is turned. */

#include "config.h"

#include "esp-slice-button.h"

#include "esp-axes.h"
#include "esp-row-order.h"

#include <glib/gi18n.h>
#include <string.h>

/* a tensor may have 64 axes; nobody turns more than these */
#define MAX_AXES 8
#define MAX_CHARS 16
/* of a film, in ms for each picture */
#define FILM_INTERVAL 120

struct _EspSliceButton
{
  AdwBin parent_instance;

  /* children */
  GtkWidget *button;
  GtkWidget *label; /* owned: in the button where there is a slice to tell */
  GtkWidget *grid;
  GtkDropDown *down, *across;
  GtkDropDown *orders[2];               /* of rows, of columns; NULL where there are none */
  GtkAdjustment *adjustments[MAX_AXES]; /* of fixed axes, borrowed from their sliders */
  GtkToggleButton *plays[MAX_AXES];

  /* owned */
  EspView *view;
  EspPlace *place; /* what the grid was made for */
  EspPlane made_for;

  /* state */
  gboolean updating;
  int wanted[2]; /* axes down and across */
  gboolean wants_mosaic;
  guint chosen; /* source that shows them */
  guint film;   /* source */
  guint film_axis;
};

G_DEFINE_FINAL_TYPE (EspSliceButton, esp_slice_button, ADW_TYPE_BIN)

static void
update_label (EspSliceButton *self)
{
  const EspPlane *plane = esp_view_get_plane (self->view);
  g_autofree char *text = esp_plane_to_string (plane);

  /* of a matrix there is no slice to tell, but its order */
  if (plane->ndim > 2 && gtk_widget_get_parent (self->label) == NULL)
    gtk_menu_button_set_child (GTK_MENU_BUTTON (self->button), self->label);
  else if (plane->ndim <= 2 &&
           gtk_menu_button_get_icon_name (GTK_MENU_BUTTON (self->button)) == NULL)
    gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (self->button), "view-sort-descending-symbolic");
  gtk_menu_button_set_always_show_arrow (GTK_MENU_BUTTON (self->button), plane->ndim > 2);
  gtk_label_set_label (GTK_LABEL (self->label), text);
  gtk_label_set_width_chars (GTK_LABEL (self->label), (int) MIN (strlen (text), MAX_CHARS));
  self->updating = TRUE;
  for (guint axis = 0; axis < MIN (plane->ndim, MAX_AXES); axis++)
    if (self->adjustments[axis] != NULL && esp_plane_is_fixed (plane, axis))
      gtk_adjustment_set_value (self->adjustments[axis], (double) plane->index[axis]);
  self->updating = FALSE;
}

/* --- film --- */

static void
stop_film (EspSliceButton *self)
{
  g_clear_handle_id (&self->film, g_source_remove);
  self->updating = TRUE;
  for (guint axis = 0; axis < MAX_AXES; axis++)
    if (self->plays[axis] != NULL)
      {
        gtk_toggle_button_set_active (self->plays[axis], FALSE);
        gtk_button_set_icon_name (GTK_BUTTON (self->plays[axis]), "media-playback-start-symbolic");
      }
  self->updating = FALSE;
}

static gboolean
on_film (gpointer user_data)
{
  EspSliceButton *self = user_data;
  const EspPlane *plane = esp_view_get_plane (self->view);

  if (esp_view_get_matrix (self->view) == NULL || self->film_axis >= plane->ndim ||
      !esp_plane_is_fixed (plane, self->film_axis))
    {
      self->film = 0;
      stop_film (self);
      return G_SOURCE_REMOVE;
    }

  esp_view_set_index (self->view, self->film_axis,
                      (plane->index[self->film_axis] + 1) % plane->shape[self->film_axis]);
  return G_SOURCE_CONTINUE;
}

static void
on_play (GtkToggleButton *play, EspSliceButton *self)
{
  gboolean active = gtk_toggle_button_get_active (play);

  if (self->updating)
    return;
  stop_film (self);
  if (!active)
    return;
  self->updating = TRUE;
  gtk_toggle_button_set_active (play, TRUE);
  self->updating = FALSE;
  gtk_button_set_icon_name (GTK_BUTTON (play), "media-playback-pause-symbolic");
  self->film_axis = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (play), "axis"));
  self->film = g_timeout_add (FILM_INTERVAL, on_film, self);
}

/* --- rows --- */

static void
on_adjustment (GtkAdjustment *adjustment, EspSliceButton *self)
{
  guint axis = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (adjustment), "axis"));

  if (self->updating || esp_view_get_tensor (self->view) == NULL ||
      axis >= esp_view_get_plane (self->view)->ndim)
    return;
  esp_view_set_index (self->view, axis, (gint64) gtk_adjustment_get_value (adjustment));
}

/* "out (64)", "Axis 2 (3)" */
static char *
dup_axis_name (EspSliceButton *self, guint axis)
{
  const char *const *axes = esp_axes_get (esp_view_get_place (self->view));

  return axes != NULL ? g_strdup (axes[axis]) : g_strdup_printf (_ ("Axis %u"), axis);
}

static void
attach (EspSliceButton *self, GtkWidget *child, int column, int row, int width)
{
  gtk_grid_attach (GTK_GRID (self->grid), child, column, row, width, 1);
}

static GtkWidget *
create_label (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  return label;
}

static void
add_fixed (EspSliceButton *self, guint axis, int row)
{
  gint64 n = esp_view_get_plane (self->view)->shape[axis];
  g_autofree char *last = esp_number_format_count ((guint64) (n - 1));
  g_autofree char *name = dup_axis_name (self, axis);
  g_autofree char *range = g_strdup_printf (_ ("0 to %s"), last);
  g_autofree char *film = g_strdup_printf (_ ("Play %s as a film"), name);
  GtkAdjustment *adjustment = gtk_adjustment_new (
      (double) esp_view_get_plane (self->view)->index[axis], 0, (double) (n - 1), 1, 10, 0);
  GtkWidget *spin = gtk_spin_button_new (adjustment, 1, 0);
  GtkWidget *slider = gtk_scale_new (GTK_ORIENTATION_HORIZONTAL, adjustment);
  GtkWidget *play = gtk_toggle_button_new ();

  g_object_set_data (G_OBJECT (adjustment), "axis", GUINT_TO_POINTER (axis));
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (on_adjustment), self, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (spin), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (slider), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_tooltip_text (slider, range);
  gtk_widget_set_size_request (slider, 120, -1);
  gtk_widget_set_hexpand (slider, TRUE);
  gtk_scale_set_digits (GTK_SCALE (slider), 0);
  gtk_widget_add_css_class (spin, "numeric");
  gtk_button_set_icon_name (GTK_BUTTON (play), "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (play, film);
  gtk_accessible_update_property (GTK_ACCESSIBLE (play), GTK_ACCESSIBLE_PROPERTY_LABEL, film, -1);
  gtk_widget_set_sensitive (play, n > 1);
  g_object_set_data (G_OBJECT (play), "axis", GUINT_TO_POINTER (axis));
  g_signal_connect_object (play, "toggled", G_CALLBACK (on_play), self, 0);
  self->adjustments[axis] = adjustment;
  self->plays[axis] = GTK_TOGGLE_BUTTON (play);
  attach (self, create_label (name), 0, row, 1);
  attach (self, slider, 1, row, 1);
  attach (self, spin, 2, row, 1);
  attach (self, play, 3, row, 1);
}

static gboolean
on_chosen (gpointer user_data)
{
  EspSliceButton *self = user_data;

  self->chosen = 0;
  if (esp_view_get_tensor (self->view) != NULL && self->wanted[0] != self->wanted[1] &&
      MAX (self->wanted[0], self->wanted[1]) < (int) esp_view_get_plane (self->view)->ndim)
    {
      esp_view_set_axes (self->view, self->wanted[0], self->wanted[1]);
      esp_view_set_mosaic (self->view, self->wants_mosaic);
    }
  return G_SOURCE_REMOVE;
}

/* an axis that is chosen for one direction leaves the other one, which takes its place */
static void
on_axes (EspSliceButton *self)
{
  const EspPlane *plane;
  int down, across;

  if (self->updating || esp_view_get_tensor (self->view) == NULL)
    return;

  plane = esp_view_get_plane (self->view);
  down = (int) gtk_drop_down_get_selected (self->down);
  across = (int) gtk_drop_down_get_selected (self->across);
  if (down == across && down != plane->row_axis)
    across = plane->row_axis;
  else if (down == across)
    down = plane->column_axis;
  self->wanted[0] = down;
  self->wanted[1] = across;
  if (self->chosen == 0) /* later: the drop-down that speaks is going to be replaced */
    self->chosen = g_idle_add (on_chosen, self);
}

static void
on_mosaic (GtkCheckButton *check, EspSliceButton *self)
{
  if (self->updating || esp_view_get_tensor (self->view) == NULL)
    return;
  self->wants_mosaic = gtk_check_button_get_active (check);
  self->wanted[0] = esp_view_get_plane (self->view)->row_axis;
  self->wanted[1] = esp_view_get_plane (self->view)->column_axis;
  if (self->chosen == 0)
    self->chosen = g_idle_add (on_chosen, self);
}

/* by relation: newer versions of GTK name a drop-down after what is chosen in it, whatever its
 * label says */
static void
attach_drop_down (EspSliceButton *self, const char *title, GtkWidget *drop_down, int row)
{
  GtkWidget *label = create_label (title);

  gtk_accessible_update_relation (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                  label, NULL, -1);
  attach (self, label, 0, row, 1);
  attach (self, drop_down, 1, row, 3);
}

static GtkDropDown *
add_direction (EspSliceButton *self, const char *title, int row)
{
  const EspPlane *plane = esp_view_get_plane (self->view);
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  GtkWidget *drop_down;

  for (guint axis = 0; axis < MIN (plane->ndim, MAX_AXES); axis++)
    {
      g_autofree char *name = dup_axis_name (self, axis);
      g_autofree char *size = esp_number_format_count ((guint64) plane->shape[axis]);

      gtk_string_list_take (list, g_strdup_printf ("%s (%s)", name, size));
    }
  drop_down = gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&list)), NULL);
  attach_drop_down (self, title, drop_down, row);
  return GTK_DROP_DOWN (drop_down);
}

/* --- order --- */

static void
on_order (GtkDropDown *drop_down, GParamSpec *pspec, EspSliceButton *self)
{
  if (!self->updating)
    esp_row_order_apply (self->view, drop_down == self->orders[1],
                         (int) gtk_drop_down_get_selected (drop_down) - 1);
}

/* in the order of EspProfileKind, behind the one of none */
static GtkDropDown *
add_order (EspSliceButton *self, const char *title, int row)
{
  const char *const kinds[] = { _ ("As stored"),        _ ("By norm"),           _ ("By mean"),
                                _ ("By largest value"), _ ("By smallest value"), NULL };
  GtkWidget *drop_down = gtk_drop_down_new_from_strings (kinds);

  g_signal_connect_object (drop_down, "notify::selected", G_CALLBACK (on_order), self, 0);
  attach_drop_down (self, title, drop_down, row);
  return GTK_DROP_DOWN (drop_down);
}

static void
update_orders (EspSliceButton *self)
{
  self->updating = TRUE;
  for (guint i = 0; i < 2; i++)
    if (self->orders[i] != NULL)
      gtk_drop_down_set_selected (self->orders[i],
                                  (guint) (esp_row_order_get (self->view, i == 1) + 1));
  self->updating = FALSE;
}

static void
clear_grid (EspSliceButton *self)
{
  GtkWidget *child;

  stop_film (self);
  memset (self->adjustments, 0, sizeof self->adjustments);
  memset (self->plays, 0, sizeof self->plays);
  memset (self->orders, 0, sizeof self->orders);
  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
}

static void
fill_grid (EspSliceButton *self)
{
  const EspPlane *plane = esp_view_get_plane (self->view);
  int row = 2;

  clear_grid (self);
  self->updating = TRUE;
  self->down = add_direction (self, _ ("Down"), 0);
  self->across = add_direction (self, _ ("Across"), 1);
  gtk_drop_down_set_selected (self->down, (guint) plane->row_axis);
  gtk_drop_down_set_selected (self->across, (guint) plane->column_axis);
  g_signal_connect_object (self->down, "notify::selected", G_CALLBACK (on_axes), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->across, "notify::selected", G_CALLBACK (on_axes), self,
                           G_CONNECT_SWAPPED);
  self->updating = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->down), !plane->as_mosaic);
  gtk_widget_set_sensitive (GTK_WIDGET (self->across), !plane->as_mosaic);
  for (guint axis = 0; axis < MIN (plane->ndim, MAX_AXES); axis++)
    if (esp_plane_is_fixed (plane, axis))
      add_fixed (self, axis, row++);
  if (!plane->as_mosaic)
    {
      self->orders[0] = add_order (self, _ ("Rows"), row++);
      self->orders[1] = add_order (self, _ ("Columns"), row++);
    }
  if (esp_plane_can_be_mosaic (plane))
    {
      GtkWidget *check = gtk_check_button_new_with_label (_ ("All kernels as small pictures"));

      gtk_check_button_set_active (GTK_CHECK_BUTTON (check), plane->as_mosaic);
      g_signal_connect_object (check, "toggled", G_CALLBACK (on_mosaic), self, 0);
      attach (self, check, 0, row, 4);
    }
}

static void
update (EspSliceButton *self)
{
  EspTensor *tensor = esp_view_get_tensor (self->view);
  const EspPlane *plane = esp_view_get_plane (self->view);
  gboolean useful = tensor != NULL && plane->ndim >= 2 && plane->ndim <= MAX_AXES &&
                    esp_tensor_get_count (tensor) > 0;

  gtk_widget_set_visible (GTK_WIDGET (self), useful);
  if (!useful)
    {
      stop_film (self);
      gtk_menu_button_popdown (GTK_MENU_BUTTON (self->button));
      return;
    }

  update_label (self);
  update_orders (self);
  if (self->place == esp_view_get_place (self->view) && esp_plane_fits (&self->made_for, tensor) &&
      self->made_for.row_axis == plane->row_axis &&
      self->made_for.column_axis == plane->column_axis &&
      self->made_for.as_mosaic == plane->as_mosaic)
    return; /* another channel: the rows stay as they are */

  g_set_object (&self->place, esp_view_get_place (self->view));
  esp_plane_set (&self->made_for, self->place, tensor);
  esp_plane_set_axes (&self->made_for, plane->row_axis, plane->column_axis);
  esp_plane_set_mosaic (&self->made_for, self->place, plane->as_mosaic);
  fill_grid (self);
  update_label (self);
  update_orders (self);
}

static void
esp_slice_button_dispose (GObject *object)
{
  EspSliceButton *self = ESP_SLICE_BUTTON (object);

  g_clear_handle_id (&self->film, g_source_remove);
  g_clear_handle_id (&self->chosen, g_source_remove);
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_object (&self->view);
  g_clear_object (&self->place);
  g_clear_object (&self->label);
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

  self->label = g_object_ref_sink (gtk_label_new (NULL));
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
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->button), popover);
  gtk_widget_set_tooltip_text (self->button,
                               _ ("Which matrix of the tensor is shown, and in which order"));
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
