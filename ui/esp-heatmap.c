/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heatmap widget: keeps a geometry over the view's matrix, a cursor and what is under the
 * pointer, and goes with its peer. No value is read but that under the pointer or the cursor. What
 * is painted is in esp-heatmap-picture.c, pointer and keys in esp-heatmap-input.c, what it says in
 * words in esp-heatmap-words.c. */

#include "config.h"

#include "esp-heatmap-private.h"
#include "esp-style.h"

#include <math.h>

enum
{
  PROP_0,
  PROP_STATUS,
  PROP_ZOOM,
  N_PROPS
};

enum
{
  MOVED,
  PICTURE_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspHeatmap, esp_heatmap, GTK_TYPE_WIDGET)

EspTensor *
_esp_heatmap_get_matrix (EspHeatmap *self)
{
  return self->view != NULL && esp_view_get_kind (self->view) == ESP_VIEW_MATRIX
             ? esp_view_get_matrix (self->view)
             : NULL;
}

static void
set_status (EspHeatmap *self, char *take_status)
{
  if (g_strcmp0 (self->status, take_status) == 0)
    {
      g_free (take_status);
      return;
    }

  g_free (self->status);
  self->status = take_status;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

/* the cell under the pointer, else the cursor's, in words */
static void
update_status (EspHeatmap *self)
{
  gboolean hover = self->hover_row >= 0;
  gint64 row = hover ? self->hover_row : self->cursor_row;
  gint64 column = hover ? self->hover_column : self->cursor_column;

  set_status (self, _esp_heatmap_get_matrix (self) != NULL && row >= 0
                        ? _esp_heatmap_dup_status (self, row, column)
                        : NULL);
}

/* the peer, while it can show the same */
static EspHeatmap *
get_peer (EspHeatmap *self)
{
  EspHeatmap *peer = self->peer;

  return peer != NULL && !self->following && _esp_heatmap_get_matrix (peer) != NULL &&
                 peer->geometry.rows == self->geometry.rows &&
                 peer->geometry.columns == self->geometry.columns &&
                 gtk_widget_get_mapped (GTK_WIDGET (peer))
             ? peer
             : NULL;
}

/* the same middle at the same size of cells */
static void
lead_peer (EspHeatmap *self)
{
  EspHeatmap *peer = get_peer (self);
  double cell_width, cell_height;

  if (peer == NULL)
    return;

  cell_width = esp_heatmap_geometry_get_cell_width (&self->geometry);
  cell_height = esp_heatmap_geometry_get_cell_height (&self->geometry);
  peer->following = TRUE;
  peer->fits = self->fits;
  if (self->fits)
    esp_heatmap_geometry_fit (&peer->geometry);
  else
    {
      peer->geometry.viewport = self->geometry.viewport;
      peer->geometry.viewport.x += (self->geometry.width - peer->geometry.width) / 2.0 / cell_width;
      peer->geometry.viewport.y += (self->geometry.height - peer->geometry.height) / 2.0 /
                                   cell_height;
      esp_heatmap_geometry_pan (&peer->geometry, 0, 0);
    }
  _esp_heatmap_moved (peer);
  peer->following = FALSE;
}

void
_esp_heatmap_update_hover (EspHeatmap *self)
{
  EspHeatmap *peer = get_peer (self);
  gint64 row = -1, column = -1;

  if (_esp_heatmap_get_matrix (self) == NULL || !self->has_pointer || self->dragging ||
      !esp_heatmap_geometry_cell_at (&self->geometry, self->pointer_x, self->pointer_y, &row,
                                     &column))
    row = column = -1;

  self->hover_row = row;
  self->hover_column = column;
  update_status (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (peer != NULL && (peer->linked_row != row || peer->linked_column != column))
    {
      peer->linked_row = row;
      peer->linked_column = column;
      gtk_widget_queue_draw (GTK_WIDGET (peer));
    }
}

void
_esp_heatmap_moved (EspHeatmap *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ZOOM]);
  g_signal_emit (self, signals[MOVED], 0);
  _esp_heatmap_update_hover (self);
  lead_peer (self);
}

void
_esp_heatmap_edit (EspHeatmap *self, gint64 row, gint64 column)
{
  double x, y, width, height;
  GdkRectangle box;

  if (!esp_view_is_live (self->view) || esp_view_get_channel (self->view) != ESP_CHANNEL_DATA)
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }

  esp_heatmap_set_cursor (self, row, column);
  if (self->editor == NULL)
    {
      self->editor = esp_cell_editor_new ();
      gtk_widget_set_parent (self->editor, GTK_WIDGET (self));
    }
  esp_heatmap_geometry_cell_box (&self->geometry, row, column, &x, &y, &width, &height);
  box = (GdkRectangle) { (int) x, (int) y, (int) fmax (width, 1), (int) fmax (height, 1) };
  gtk_popover_set_pointing_to (GTK_POPOVER (self->editor), &box);
  esp_cell_editor_open (ESP_CELL_EDITOR (self->editor), self->view, row, column);
}

static void
on_loaded (EspHeatmap *self)
{
  EspOverview *overview = esp_overview_loader_get_overview (self->loader);

  if (_esp_heatmap_get_matrix (self) == NULL)
    return;
  _esp_heatmap_offer_range (self, overview != NULL ? overview
                                                   : esp_overview_loader_get_ground (self->loader));
  g_signal_emit (self, signals[PICTURE_CHANGED], 0);
  _esp_heatmap_update_hover (self);
}

static void
take_cursor (EspHeatmap *self)
{
  if (!esp_view_get_cell (self->view, &self->cursor_row, &self->cursor_column))
    self->cursor_row = self->cursor_column = -1;
}

/* a matrix of another shape: all of it; one of the same stays where it is, so that a cell can be
 * compared in value and gradient, and in one layer and the next */
static void
show_matrix (EspHeatmap *self, EspTensor *matrix)
{
  const EspPlane *plane = esp_view_get_plane (self->view);
  EspPlace *place = esp_view_get_place (self->view);
  const gint64 *shape = esp_tensor_get_shape (matrix);

  if (shape[0] != self->geometry.rows || shape[1] != self->geometry.columns)
    {
      self->geometry.rows = shape[0];
      self->geometry.columns = shape[1];
      esp_heatmap_geometry_fit (&self->geometry);
      self->fits = TRUE;
    }
  take_cursor (self);
  g_free (self->row_name);
  g_free (self->column_name);
  self->row_name = esp_plane_dup_axis_name (plane, place, plane->row_axis);
  self->column_name = esp_plane_dup_axis_name (plane, place, plane->column_axis);
}

static void
on_cell_changed (EspHeatmap *self)
{
  gint64 row = self->cursor_row, column = self->cursor_column;

  take_cursor (self);
  if (row == self->cursor_row && column == self->cursor_column)
    return;
  if (self->cursor_row >= 0)
    esp_heatmap_geometry_reveal (&self->geometry, self->cursor_row, self->cursor_column);
  _esp_heatmap_update_accessible (self);
  _esp_heatmap_moved (self);
}

static EspLoadFlags
get_load_flags (EspHeatmap *self)
{
  EspTensor *matrix = _esp_heatmap_get_matrix (self);

  if (matrix == NULL)
    return 0;
  if (esp_view_is_quick (self->view))
    return ESP_LOAD_QUICK;
  return matrix == esp_view_get_shown (self->view) ? ESP_LOAD_COUNT : 0;
}

static void
on_tensor_changed (EspHeatmap *self)
{
  EspTensor *matrix = _esp_heatmap_get_matrix (self);

  _esp_heatmap_forget_pixels (self);
  esp_overview_loader_set_matrix (self->loader, matrix, get_load_flags (self));
  if (self->editor != NULL)
    gtk_popover_popdown (GTK_POPOVER (self->editor));
  if (matrix != NULL)
    show_matrix (self, matrix);
  _esp_heatmap_update_accessible (self);
  _esp_heatmap_moved (self);
}

static void
on_values_changed (EspHeatmap *self)
{
  EspTensor *matrix = _esp_heatmap_get_matrix (self);

  if (matrix == NULL)
    return;

  esp_overview_loader_set_matrix (self->loader, matrix, get_load_flags (self) | ESP_LOAD_NEWER);
  take_cursor (self); /* another slice may have it or not */
  if (self->cursor_row >= 0 || self->hover_row >= 0)
    {
      update_status (self);
      _esp_heatmap_update_accessible (self);
    }
  g_signal_emit (self, signals[PICTURE_CHANGED], 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_look_changed (EspHeatmap *self)
{
  _esp_heatmap_forget_pixels (self);
  g_signal_emit (self, signals[PICTURE_CHANGED], 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* what follows may want other sizes, which isn't allowed while sizes are being given */
static gboolean
on_resized (gpointer user_data)
{
  EspHeatmap *self = user_data;

  self->resized = 0;
  g_signal_emit (self, signals[MOVED], 0);
  return G_SOURCE_REMOVE;
}

static void
esp_heatmap_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspHeatmap *self = ESP_HEATMAP (widget);

  if (width != self->geometry.width || height != self->geometry.height)
    {
      esp_heatmap_geometry_resize (&self->geometry, width, height, self->fits);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ZOOM]);
      if (self->resized == 0)
        self->resized = g_idle_add (on_resized, self);
    }
  if (self->editor != NULL)
    gtk_popover_present (GTK_POPOVER (self->editor));
}

static void
esp_heatmap_measure (GtkWidget *widget,
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

static void
esp_heatmap_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspHeatmap *self = ESP_HEATMAP (object);

  switch (id)
    {
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, self->geometry.viewport.cell);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_heatmap_dispose (GObject *object)
{
  EspHeatmap *self = ESP_HEATMAP (object);

  g_clear_handle_id (&self->resized, g_source_remove);
  g_clear_weak_pointer (&self->peer);
  g_clear_pointer (&self->editor, gtk_widget_unparent);
  _esp_heatmap_forget_pixels (self);
  if (self->loader != NULL)
    esp_overview_loader_set_matrix (self->loader, NULL, 0);
  g_clear_object (&self->loader);
  g_clear_object (&self->view);
  g_clear_pointer (&self->status, g_free);
  g_clear_pointer (&self->row_name, g_free);
  g_clear_pointer (&self->column_name, g_free);

  G_OBJECT_CLASS (esp_heatmap_parent_class)->dispose (object);
}

static void
esp_heatmap_class_init (EspHeatmapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_heatmap_get_property;
  object_class->dispose = esp_heatmap_dispose;
  widget_class->snapshot = _esp_heatmap_snapshot;
  widget_class->size_allocate = esp_heatmap_size_allocate;
  widget_class->measure = esp_heatmap_measure;

  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL,
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ZOOM] = g_param_spec_double ("zoom", NULL, NULL, 0, G_MAXDOUBLE, 1,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[MOVED] = g_signal_new ("moved", ESP_TYPE_HEATMAP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  signals[PICTURE_CHANGED] = g_signal_new ("picture-changed", ESP_TYPE_HEATMAP, G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  _esp_heatmap_add_bindings (widget_class);
  gtk_widget_class_set_css_name (widget_class, "heatmap");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
esp_heatmap_init (EspHeatmap *self)
{
  self->geometry.rows = self->geometry.columns = 1;
  self->geometry.viewport.cell = 1;
  self->hover_row = self->hover_column = self->cursor_row = self->cursor_column = -1;
  self->linked_row = self->linked_column = -1;
  self->fits = TRUE;
  self->loader = esp_overview_loader_new ();
  g_signal_connect_object (self->loader, "changed", G_CALLBACK (on_loaded), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  esp_style_follow (GTK_WIDGET (self));
  _esp_heatmap_add_controllers (self);
}

GtkWidget *
esp_heatmap_new (void)
{
  return g_object_new (ESP_TYPE_HEATMAP, NULL);
}

void
esp_heatmap_set_view (EspHeatmap *self, EspView *view)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));
  g_return_if_fail (ESP_IS_VIEW (view));

  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_set_object (&self->view, view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (on_tensor_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (on_values_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (on_look_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "cell-changed", G_CALLBACK (on_cell_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "marks-changed", G_CALLBACK (gtk_widget_queue_draw), self,
                           G_CONNECT_SWAPPED);
  on_tensor_changed (self);
}

void
esp_heatmap_set_cursor (EspHeatmap *self, gint64 row, gint64 column)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));

  if (_esp_heatmap_get_matrix (self) == NULL || row >= self->geometry.rows ||
      column >= self->geometry.columns)
    return;

  if (row == self->cursor_row && column == self->cursor_column && row >= 0)
    {
      esp_heatmap_geometry_reveal (&self->geometry, row, column);
      _esp_heatmap_moved (self);
    }
  esp_view_set_cell (self->view, row, column);
}

gboolean
esp_heatmap_get_cursor (EspHeatmap *self, gint64 *row, gint64 *column)
{
  g_return_val_if_fail (ESP_IS_HEATMAP (self), FALSE);

  *row = self->cursor_row;
  *column = self->cursor_column;
  return self->cursor_row >= 0;
}

void
esp_heatmap_link (EspHeatmap *self, EspHeatmap *other)
{
  g_return_if_fail (ESP_IS_HEATMAP (self) && ESP_IS_HEATMAP (other));
  g_return_if_fail (self->peer == NULL && other->peer == NULL);

  self->peer = other;
  other->peer = self;
  g_object_add_weak_pointer (G_OBJECT (other), (gpointer *) &self->peer);
  g_object_add_weak_pointer (G_OBJECT (self), (gpointer *) &other->peer);
}

void
esp_heatmap_center (EspHeatmap *self, double row, double column)
{
  double x, y, width, height, left, top, box_width, box_height;

  g_return_if_fail (ESP_IS_HEATMAP (self));

  if (_esp_heatmap_get_matrix (self) == NULL)
    return;

  esp_heatmap_geometry_matrix_box (&self->geometry, &left, &top, &box_width, &box_height);
  esp_heatmap_geometry_cell_box (&self->geometry, 0, 0, &x, &y, &width, &height);
  esp_heatmap_geometry_pan (&self->geometry, x + column * width - (left + box_width / 2),
                            y + row * height - (top + box_height / 2));
  self->fits = FALSE;
  _esp_heatmap_moved (self);
}

gboolean
esp_heatmap_is_shown (EspHeatmap *self)
{
  g_return_val_if_fail (ESP_IS_HEATMAP (self), FALSE);

  return _esp_heatmap_get_matrix (self) != NULL;
}

const EspHeatmapGeometry *
esp_heatmap_get_geometry (EspHeatmap *self)
{
  g_return_val_if_fail (ESP_IS_HEATMAP (self), NULL);

  return &self->geometry;
}
