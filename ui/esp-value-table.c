/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of numbers: heads that stay, cells below them. In: the view's matrix and two
 * adjustments; out: where cells lie, which are selected. Painting is in esp-value-table-draw.c,
 * pointer and keys in esp-value-table-input.c. */

#include "config.h"

#include "esp-value-table-private.h"

#include "esp-cell-editor.h"
#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MIN_CELL_WIDTH 56
#define MIN_HEAD_WIDTH 46

enum
{
  PROP_0,
  PROP_HADJUSTMENT,
  PROP_VADJUSTMENT,
  PROP_HSCROLL_POLICY,
  PROP_VSCROLL_POLICY,
};

G_DEFINE_FINAL_TYPE_WITH_CODE (EspValueTable,
                               esp_value_table,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_SCROLLABLE, NULL))

EspTensor *
_esp_value_table_get_matrix (EspValueTable *self)
{
  return self->view != NULL && esp_view_get_kind (self->view) == ESP_VIEW_MATRIX
             ? esp_view_get_cells (self->view)
             : NULL;
}

double
_esp_value_table_get_scroll (EspValueTable *self, GtkOrientation orientation)
{
  return self->adjustments[orientation] != NULL
             ? floor (gtk_adjustment_get_value (self->adjustments[orientation]))
             : 0;
}

/* --- sizes --- */

/* characters that a value of a type takes at most, nearly */
static int
get_value_chars (EspTensor *matrix)
{
  EspDtype dtype = esp_tensor_get_dtype (matrix);
  const EspDtypeInfo *info = esp_dtype_get_info (dtype);

  if (esp_tensor_get_affine (matrix) != NULL)
    return 14;
  switch (info->kind)
    {
    case ESP_KIND_BOOL:
      return 5;
    case ESP_KIND_INT:
    case ESP_KIND_UINT:
      return CLAMP ((int) info->bits * 3 / 10 + 2, 5, 20);
    case ESP_KIND_COMPLEX:
      return info->bits > 64 ? 44 : 28;
    case ESP_KIND_FLOAT:
    default:
      return info->bits > 32 ? 23 : info->bits > 16 ? 14 : 12;
    }
}

static int
get_digits (gint64 count)
{
  int digits = 1;

  for (gint64 rest = count - 1; rest >= 10; rest /= 10)
    digits++;
  return digits;
}

/* from the font: a table is as wide as its digits */
static void
measure_cells (EspValueTable *self)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), "0");
  EspTensor *matrix = _esp_value_table_get_matrix (self);
  int width, height, names = 0;

  pango_layout_get_pixel_size (layout, &width, &height);
  self->cell_height = height + 8;
  self->head_height = self->cell_height;
  self->cell_width = MIN_CELL_WIDTH;
  if (matrix != NULL)
    self->cell_width = MAX (self->cell_width,
                            get_value_chars (matrix) * width + 2 * ESP_VALUE_TABLE_PADDING);
  self->cell_width = MAX (self->cell_width,
                          get_digits (self->columns) * width + 2 * ESP_VALUE_TABLE_PADDING);
  if (self->row_name != NULL && self->column_name != NULL)
    names = (int) (g_utf8_strlen (self->row_name, -1) + g_utf8_strlen (self->column_name, -1)) + 3;
  self->head_width = MAX (MIN_HEAD_WIDTH, MAX (get_digits (self->rows), names) * width +
                                              2 * ESP_VALUE_TABLE_PADDING);
}

static void
configure (EspValueTable *self, GtkOrientation orientation)
{
  GtkAdjustment *adjustment = self->adjustments[orientation];
  gboolean across = orientation == GTK_ORIENTATION_HORIZONTAL;
  int size = across ? gtk_widget_get_width (GTK_WIDGET (self)) - self->head_width
                    : gtk_widget_get_height (GTK_WIDGET (self)) - self->head_height;
  int cell = across ? self->cell_width : self->cell_height;
  double all = (double) (across ? self->columns : self->rows) * cell;

  if (adjustment == NULL || cell <= 0)
    return;
  size = MAX (size, 1);
  gtk_adjustment_configure (adjustment,
                            CLAMP (gtk_adjustment_get_value (adjustment), 0, fmax (0, all - size)),
                            0, fmax (all, size), cell, fmax (cell, size - cell), size);
}

static void
resize (EspValueTable *self)
{
  measure_cells (self);
  configure (self, GTK_ORIENTATION_HORIZONTAL);
  configure (self, GTK_ORIENTATION_VERTICAL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
_esp_value_table_get_box (EspValueTable *self, gint64 row, gint64 column, GdkRectangle *box)
{
  double x = (double) column * self->cell_width -
             _esp_value_table_get_scroll (self, GTK_ORIENTATION_HORIZONTAL);
  double y = (double) row * self->cell_height -
             _esp_value_table_get_scroll (self, GTK_ORIENTATION_VERTICAL);

  box->x = (int) CLAMP (x, -1e6, 1e6) + self->head_width;
  box->y = (int) CLAMP (y, -1e6, 1e6) + self->head_height;
  box->width = self->cell_width;
  box->height = self->cell_height;
}

static gint64
find_index (EspValueTable *self, GtkOrientation orientation, double at)
{
  gboolean across = orientation == GTK_ORIENTATION_HORIZONTAL;
  int head = across ? self->head_width : self->head_height;
  int cell = across ? self->cell_width : self->cell_height;
  gint64 n = across ? self->columns : self->rows, index;

  if (at < head || cell <= 0)
    return -1;
  index = (gint64) floor ((at - head + _esp_value_table_get_scroll (self, orientation)) / cell);
  return index < n ? index : -1;
}

gint64
_esp_value_table_get_row_head (EspValueTable *self, double x, double y)
{
  return x < self->head_width ? find_index (self, GTK_ORIENTATION_VERTICAL, y) : -1;
}

gint64
_esp_value_table_get_column_head (EspValueTable *self, double x, double y)
{
  return y < self->head_height ? find_index (self, GTK_ORIENTATION_HORIZONTAL, x) : -1;
}

gboolean
esp_value_table_get_cell_at (EspValueTable *self, double x, double y, gint64 *row, gint64 *column)
{
  g_return_val_if_fail (ESP_IS_VALUE_TABLE (self), FALSE);

  *row = find_index (self, GTK_ORIENTATION_VERTICAL, y);
  *column = find_index (self, GTK_ORIENTATION_HORIZONTAL, x);
  return *row >= 0 && *column >= 0;
}

static void
reveal_along (EspValueTable *self, GtkOrientation orientation, gint64 index, int cell)
{
  if (self->adjustments[orientation] != NULL)
    gtk_adjustment_clamp_page (self->adjustments[orientation], (double) index * cell,
                               (double) (index + 1) * cell);
}

void
_esp_value_table_reveal (EspValueTable *self, gint64 row, gint64 column)
{
  reveal_along (self, GTK_ORIENTATION_VERTICAL, row, self->cell_height);
  reveal_along (self, GTK_ORIENTATION_HORIZONTAL, column, self->cell_width);
}

/* --- what is shown --- */

static void
update_accessible (EspValueTable *self)
{
  EspTensor *tensor = self->view != NULL ? esp_view_get_tensor (self->view) : NULL;
  g_autofree char *shape = NULL, *name = NULL, *where = NULL, *cell = NULL;
  const char *value;

  if (tensor == NULL || _esp_value_table_get_matrix (self) == NULL)
    return;

  shape = esp_number_format_shape (esp_tensor_get_shape (tensor), esp_tensor_get_ndim (tensor));
  name = g_strdup_printf (_ ("Values of %s, %s"),
                          esp_place_get_path (esp_view_get_place (self->view)), shape);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (self->cursor_row < 0)
    {
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      _ ("Arrow keys choose a cell"), -1);
      return;
    }

  where = esp_plane_describe_cell (esp_view_get_plane (self->view), self->cursor_row,
                                   self->cursor_column);
  value = esp_value_blocks_get (self->blocks, self->cursor_row, self->cursor_column);
  cell = value != NULL ? g_strdup_printf ("%s: %s", where, value) : g_strdup (where);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, cell,
                                  -1);
}

static void
take_cursor (EspValueTable *self)
{
  if (!esp_view_get_cell (self->view, &self->cursor_row, &self->cursor_column))
    self->cursor_row = self->cursor_column = -1;
}

static void
on_cell_changed (EspValueTable *self)
{
  gint64 row = self->cursor_row, column = self->cursor_column;

  take_cursor (self);
  if (row == self->cursor_row && column == self->cursor_column)
    return;
  if (self->cursor_row >= 0)
    _esp_value_table_reveal (self, self->cursor_row, self->cursor_column);
  else
    self->anchor_row = self->anchor_column = -1;
  update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_tensor_changed (EspValueTable *self)
{
  EspTensor *matrix = _esp_value_table_get_matrix (self);
  const EspPlane *plane;

  esp_value_blocks_set_matrix (self->blocks, matrix, FALSE);
  if (self->editor != NULL)
    gtk_popover_popdown (GTK_POPOVER (self->editor));
  if (matrix == NULL)
    {
      gtk_widget_queue_draw (GTK_WIDGET (self));
      return;
    }

  plane = esp_view_get_plane (self->view);
  if (self->rows != esp_tensor_get_shape (matrix)[0] ||
      self->columns != esp_tensor_get_shape (matrix)[1])
    {
      self->rows = esp_tensor_get_shape (matrix)[0];
      self->columns = esp_tensor_get_shape (matrix)[1];
      self->anchor_row = self->anchor_column = -1;
    }
  g_free (self->row_name);
  g_free (self->column_name);
  self->row_name = esp_plane_dup_axis_name (plane, esp_view_get_place (self->view),
                                            plane->row_axis);
  self->column_name = esp_plane_dup_axis_name (plane, esp_view_get_place (self->view),
                                               plane->column_axis);
  resize (self);
  take_cursor (self);
  if (self->cursor_row >= 0)
    _esp_value_table_reveal (self, self->cursor_row, self->cursor_column);
  update_accessible (self);
}

static void
on_values_changed (EspValueTable *self)
{
  if (_esp_value_table_get_matrix (self) == NULL)
    return;
  esp_value_blocks_set_matrix (self->blocks, _esp_value_table_get_matrix (self), TRUE);
  take_cursor (self);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_blocks (EspValueTable *self)
{
  update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
_esp_value_table_move (EspValueTable *self, gint64 row, gint64 column, gboolean extend)
{
  if (_esp_value_table_get_matrix (self) == NULL)
    return;

  if (!extend)
    self->anchor_row = self->anchor_column = -1;
  else if (self->anchor_row < 0)
    {
      self->anchor_row = self->cursor_row >= 0 ? self->cursor_row : row;
      self->anchor_column = self->cursor_row >= 0 ? self->cursor_column : column;
    }
  esp_view_set_cell (self->view, CLAMP (row, 0, self->rows - 1),
                     CLAMP (column, 0, self->columns - 1));
  if (self->cursor_row >= 0)
    _esp_value_table_reveal (self, self->cursor_row, self->cursor_column);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
_esp_value_table_select (EspValueTable *self, const EspRegion *region)
{
  if (_esp_value_table_get_matrix (self) == NULL)
    return;

  esp_view_set_cell (self->view, region->row, region->column);
  self->anchor_row = region->row + region->rows - 1;
  self->anchor_column = region->column + region->columns - 1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gboolean
esp_value_table_get_selected (EspValueTable *self, EspRegion *region)
{
  g_return_val_if_fail (ESP_IS_VALUE_TABLE (self), FALSE);

  if (_esp_value_table_get_matrix (self) == NULL || self->cursor_row < 0)
    return FALSE;

  *region = (EspRegion) { self->cursor_row, self->cursor_column, 1, 1 };
  if (self->anchor_row < 0)
    return TRUE;
  region->row = MIN (self->cursor_row, self->anchor_row);
  region->column = MIN (self->cursor_column, self->anchor_column);
  region->rows = ABS (self->cursor_row - self->anchor_row) + 1;
  region->columns = ABS (self->cursor_column - self->anchor_column) + 1;
  return TRUE;
}

void
_esp_value_table_edit (EspValueTable *self)
{
  GdkRectangle box;

  if (_esp_value_table_get_matrix (self) == NULL || self->cursor_row < 0 ||
      !esp_view_is_live (self->view) || esp_view_get_channel (self->view) != ESP_CHANNEL_DATA)
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }

  if (self->editor == NULL)
    {
      self->editor = esp_cell_editor_new ();
      gtk_widget_set_parent (self->editor, GTK_WIDGET (self));
    }
  _esp_value_table_reveal (self, self->cursor_row, self->cursor_column);
  _esp_value_table_get_box (self, self->cursor_row, self->cursor_column, &box);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->editor), &box);
  esp_cell_editor_open (ESP_CELL_EDITOR (self->editor), self->view, self->cursor_row,
                        self->cursor_column);
}

/* --- the widget --- */

static void
esp_value_table_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);

  configure (self, GTK_ORIENTATION_HORIZONTAL);
  configure (self, GTK_ORIENTATION_VERTICAL);
  if (self->editor != NULL)
    gtk_popover_present (GTK_POPOVER (self->editor));
  if (self->menu != NULL)
    gtk_popover_present (GTK_POPOVER (self->menu));
}

static void
esp_value_table_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = 120;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 480 : 360;
}

/* the font's size decides */
static void
esp_value_table_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (esp_value_table_parent_class)->css_changed (widget, change);

  resize (ESP_VALUE_TABLE (widget));
}

static void
set_adjustment (EspValueTable *self, GtkOrientation orientation, GtkAdjustment *adjustment)
{
  GtkAdjustment **where = &self->adjustments[orientation];

  if (adjustment != NULL && *where == adjustment)
    return;
  if (*where != NULL)
    g_signal_handlers_disconnect_by_data (*where, self);
  g_clear_object (where);
  if (adjustment == NULL)
    adjustment = gtk_adjustment_new (0, 0, 0, 0, 0, 0);
  *where = g_object_ref_sink (adjustment);
  g_signal_connect_swapped (adjustment, "value-changed", G_CALLBACK (gtk_widget_queue_draw), self);
  configure (self, orientation);
}

static void
esp_value_table_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspValueTable *self = ESP_VALUE_TABLE (object);

  switch (id)
    {
    case PROP_HADJUSTMENT:
    case PROP_VADJUSTMENT:
      g_value_set_object (value, self->adjustments[id - PROP_HADJUSTMENT]);
      break;
    case PROP_HSCROLL_POLICY:
    case PROP_VSCROLL_POLICY:
      g_value_set_enum (value, self->policies[id - PROP_HSCROLL_POLICY]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_value_table_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspValueTable *self = ESP_VALUE_TABLE (object);

  switch (id)
    {
    case PROP_HADJUSTMENT:
    case PROP_VADJUSTMENT:
      set_adjustment (self, (GtkOrientation) (id - PROP_HADJUSTMENT), g_value_get_object (value));
      break;
    case PROP_HSCROLL_POLICY:
    case PROP_VSCROLL_POLICY:
      self->policies[id - PROP_HSCROLL_POLICY] = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_value_table_dispose (GObject *object)
{
  EspValueTable *self = ESP_VALUE_TABLE (object);

  g_clear_pointer (&self->editor, gtk_widget_unparent);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  for (guint i = 0; i < 2; i++)
    {
      if (self->adjustments[i] != NULL)
        g_signal_handlers_disconnect_by_data (self->adjustments[i], self);
      g_clear_object (&self->adjustments[i]);
    }
  if (self->blocks != NULL)
    esp_value_blocks_set_matrix (self->blocks, NULL, FALSE);
  g_clear_object (&self->blocks);
  g_clear_object (&self->view);
  g_clear_pointer (&self->row_name, g_free);
  g_clear_pointer (&self->column_name, g_free);

  G_OBJECT_CLASS (esp_value_table_parent_class)->dispose (object);
}

static void
esp_value_table_class_init (EspValueTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_value_table_get_property;
  object_class->set_property = esp_value_table_set_property;
  object_class->dispose = esp_value_table_dispose;
  widget_class->snapshot = _esp_value_table_snapshot;
  widget_class->size_allocate = esp_value_table_size_allocate;
  widget_class->measure = esp_value_table_measure;
  widget_class->css_changed = esp_value_table_css_changed;

  g_object_class_override_property (object_class, PROP_HADJUSTMENT, "hadjustment");
  g_object_class_override_property (object_class, PROP_VADJUSTMENT, "vadjustment");
  g_object_class_override_property (object_class, PROP_HSCROLL_POLICY, "hscroll-policy");
  g_object_class_override_property (object_class, PROP_VSCROLL_POLICY, "vscroll-policy");

  _esp_value_table_class_add_bindings (widget_class);
  gtk_widget_class_set_css_name (widget_class, "values");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
esp_value_table_init (EspValueTable *self)
{
  self->rows = self->columns = 1;
  self->cursor_row = self->cursor_column = self->anchor_row = self->anchor_column = -1;
  self->blocks = esp_value_blocks_new ();
  g_signal_connect_object (self->blocks, "changed", G_CALLBACK (on_blocks), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  esp_style_follow (GTK_WIDGET (self));
  _esp_value_table_add_controllers (self);
  measure_cells (self);
}

GtkWidget *
esp_value_table_new (void)
{
  return g_object_new (ESP_TYPE_VALUE_TABLE, NULL);
}

void
esp_value_table_set_view (EspValueTable *self, EspView *view)
{
  g_return_if_fail (ESP_IS_VALUE_TABLE (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (on_tensor_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (on_values_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "cell-changed", G_CALLBACK (on_cell_changed), self,
                           G_CONNECT_SWAPPED);
  on_tensor_changed (self);
}
