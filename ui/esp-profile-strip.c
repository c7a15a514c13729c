/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars along an edge of the heatmap. In: the matrix (a pass over it in a worker, only while the
 * strip is shown) and the heatmap's geometry; out: a bar for each row or column or, where many lie
 * under a pixel, for the farthest from 0 of them. */

#include "config.h"

#include "esp-profile-strip.h"

#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>

#define THICKNESS 38
/* the marks of rows that are all 0 */
#define MARK 3

struct _EspProfileStrip
{
  GtkWidget parent_instance;

  /* owned */
  EspHeatmap *heatmap;
  EspView *view;
  EspProfile *profile;
  EspTensor *matrix; /* what the profile is of, or will be */
  GCancellable *cancellable;

  /* state */
  GtkOrientation orientation;
  EspProfileKind kind;
};

G_DEFINE_FINAL_TYPE (EspProfileStrip, esp_profile_strip, GTK_TYPE_WIDGET)

static gboolean
is_across (EspProfileStrip *self)
{
  return self->orientation == GTK_ORIENTATION_HORIZONTAL;
}

/* --- the numbers --- */

static void
cancel (EspProfileStrip *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
describe (EspProfileStrip *self)
{
  double lo, hi;
  g_autofree char *low = NULL, *high = NULL, *text = NULL;

  if (self->profile == NULL || !esp_profile_get_range (self->profile, self->kind, &lo, &hi))
    {
      gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
      return;
    }
  low = esp_number_format_value (lo, 3);
  high = esp_number_format_value (hi, 3);
  text = g_strdup_printf (_ ("From %s to %s"), low, high);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

static void
take_profile (EspProfileStrip *self, EspProfile *profile)
{
  g_clear_pointer (&self->profile, esp_profile_unref);
  self->profile = profile;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void update (EspProfileStrip *self); /* newer values may have come meanwhile */

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspProfileStrip) self = user_data;
  g_autoptr (GError) error = NULL;
  EspProfile *profile = esp_profile_new_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  take_profile (self, profile);
  update (self);
}

static void
update (EspProfileStrip *self)
{
  EspTensor *matrix = self->view != NULL && esp_view_get_kind (self->view) == ESP_VIEW_MATRIX
                          ? esp_view_get_matrix (self->view)
                          : NULL;

  if (matrix == self->matrix || !gtk_widget_get_mapped (GTK_WIDGET (self)) ||
      self->cancellable != NULL)
    return;
  /* a pass over a large matrix: after the picture's */
  if (matrix != NULL && !esp_view_is_quick (self->view) && !esp_view_is_live (self->view) &&
      !esp_heatmap_has_picture (self->heatmap))
    return;
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  if (matrix == NULL)
    {
      take_profile (self, NULL);
      return;
    }

  self->matrix = esp_tensor_ref (matrix);
  if (esp_view_is_quick (self->view))
    {
      take_profile (self, esp_profile_new (matrix, is_across (self), NULL, NULL));
      return;
    }
  self->cancellable = g_cancellable_new ();
  esp_profile_new_async (matrix, is_across (self), self->cancellable, on_made, g_object_ref (self));
}

/* another tensor: the bars of the one before would be wrong */
static void
on_tensor_changed (EspProfileStrip *self)
{
  cancel (self);
  take_profile (self, NULL);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  update (self);
}

/* --- drawing --- */

/* the farthest from 0 of the numbers [from, to); @zero: whether one of them is exactly 0 */
static double
get_farthest (EspProfileStrip *self, gint64 from, gint64 to, gboolean *zero)
{
  double farthest = NAN;

  *zero = FALSE;
  for (gint64 i = from; i < to; i++)
    {
      double value = esp_profile_get (self->profile, i, self->kind);

      if (value == 0)
        *zero = TRUE;
      if (isfinite (value) && !(fabs (value) <= fabs (farthest)))
        farthest = value;
    }
  return farthest;
}

static void
add_bar (EspProfileStrip *self, cairo_t *cr, double start, double size, double from, double to)
{
  if (is_across (self))
    cairo_rectangle (cr, start, THICKNESS - fmax (from, to), size, fabs (to - from));
  else
    cairo_rectangle (cr, fmin (from, to), start, fabs (to - from), size);
}

typedef struct
{
  double origin, cell; /* where the first row or column begins, and its size, in pixels */
  double start, end;   /* what is in view, in pixels */
  double base, scale;  /* of a number: base + scale * number pixels from the heatmap's edge */
  gint64 n;
} Layout;

static gboolean
get_layout (EspProfileStrip *self, Layout *layout)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (self->heatmap);
  double x, y, width, height, cell_x, cell_y, cell_width, cell_height, lo, hi;

  if (self->profile == NULL || !esp_profile_get_range (self->profile, self->kind, &lo, &hi))
    return FALSE;
  layout->n = esp_profile_get_length (self->profile);
  if (layout->n != (is_across (self) ? geometry->columns : geometry->rows))
    return FALSE;

  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  esp_heatmap_geometry_cell_box (geometry, 0, 0, &cell_x, &cell_y, &cell_width, &cell_height);
  layout->origin = is_across (self) ? cell_x : cell_y;
  layout->cell = is_across (self) ? cell_width : cell_height;
  layout->start = is_across (self) ? x : y;
  layout->end = is_across (self) ? x + width : y + height;
  lo = fmin (lo, 0);
  hi = fmax (hi, 0);
  layout->scale = hi > lo ? (THICKNESS - MARK - 1) / (hi - lo) : 0;
  layout->base = MARK - lo * layout->scale;
  return layout->end > layout->start && layout->cell > 0;
}

/* one bar a cell, or one a pixel where cells are smaller */
static void
draw_bars (EspProfileStrip *self, cairo_t *cr, const Layout *layout, gboolean marks)
{
  double step = fmax (layout->cell, 1), gap = layout->cell >= 6 ? 1 : 0;
  double from = layout->cell >= 1
                    ? layout->origin +
                          floor ((layout->start - layout->origin) / layout->cell) * layout->cell
                    : floor (layout->start);

  for (double at = from; at < layout->end; at += step)
    {
      gint64 first = (gint64) floor ((at - layout->origin) / layout->cell + 1e-6);
      gint64 last = (gint64) ceil ((at + step - layout->origin) / layout->cell - 1e-6);
      double start = fmax (round (at), layout->start), end = fmin (round (at + step), layout->end);
      gboolean zero;
      double value = get_farthest (self, CLAMP (first, 0, layout->n), CLAMP (last, 0, layout->n),
                                   &zero);

      if (marks && zero)
        add_bar (self, cr, start, fmax (end - start, 2), 0, MARK);
      else if (!marks && isfinite (value))
        add_bar (self, cr, start, fmax (end - start - gap, 1), layout->base,
                 layout->base + value * layout->scale);
    }
}

static void
esp_profile_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspProfileStrip *self = ESP_PROFILE_STRIP (widget);
  Layout layout;
  EspPalette palette;
  cairo_t *cr;

  if (self->heatmap == NULL || !get_layout (self, &layout))
    return;
  cr = esp_style_append_cairo (widget, snapshot);
  if (cr == NULL)
    return;

  esp_style_init_palette (&palette, widget);
  draw_bars (self, cr, &layout, FALSE);
  cairo_set_source_rgba (cr, palette.dark, palette.dark, palette.dark, 0.45);
  cairo_fill (cr);
  if (self->kind == ESP_PROFILE_NORM)
    {
      draw_bars (self, cr, &layout, TRUE);
      cairo_set_source_rgb (cr, 0.75, 0.11, 0.16);
      cairo_fill (cr);
    }
  cairo_destroy (cr);
}

static gboolean
esp_profile_strip_query_tooltip (GtkWidget *widget,
                                 int x,
                                 int y,
                                 gboolean keyboard,
                                 GtkTooltip *tooltip)
{
  EspProfileStrip *self = ESP_PROFILE_STRIP (widget);
  g_autofree char *value = NULL, *text = NULL;
  Layout layout;
  gint64 index;

  if (keyboard || !get_layout (self, &layout))
    return FALSE;
  index = (gint64) floor (((is_across (self) ? x : y) - layout.origin) / layout.cell);
  if (index < 0 || index >= layout.n)
    return FALSE;

  value = esp_number_format_value (esp_profile_get (self->profile, index, self->kind), 5);
  index = esp_plane_get_label (esp_view_get_plane (self->view), is_across (self), index);
  text = is_across (self) ? g_strdup_printf (_ ("Column %lld: %s"), (long long) index, value)
                          : g_strdup_printf (_ ("Row %lld: %s"), (long long) index, value);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

/* a click looks at that row or column */
static void
on_pressed (EspProfileStrip *self, int n_press, double x, double y)
{
  gint64 row = 0, column = 0, index;
  Layout layout;

  if (!get_layout (self, &layout))
    return;
  index = (gint64) floor (((is_across (self) ? x : y) - layout.origin) / layout.cell);
  if (index < 0 || index >= layout.n)
    return;
  esp_view_get_cell (self->view, &row, &column);
  esp_view_set_cell (self->view, is_across (self) ? MAX (row, 0) : index,
                     is_across (self) ? index : MAX (column, 0));
}

static void
esp_profile_strip_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  EspProfileStrip *self = ESP_PROFILE_STRIP (widget);

  *minimum = *natural = orientation == self->orientation ? 24 : THICKNESS;
}

static void
esp_profile_strip_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (esp_profile_strip_parent_class)->map (widget);

  update (ESP_PROFILE_STRIP (widget));
}

static void
esp_profile_strip_dispose (GObject *object)
{
  EspProfileStrip *self = ESP_PROFILE_STRIP (object);

  cancel (self);
  g_clear_pointer (&self->profile, esp_profile_unref);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_object (&self->heatmap);
  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_profile_strip_parent_class)->dispose (object);
}

static void
esp_profile_strip_class_init (EspProfileStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_profile_strip_dispose;
  widget_class->snapshot = esp_profile_strip_snapshot;
  widget_class->measure = esp_profile_strip_measure;
  widget_class->map = esp_profile_strip_map;
  widget_class->query_tooltip = esp_profile_strip_query_tooltip;
  gtk_widget_class_set_css_name (widget_class, "profilestrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
esp_profile_strip_init (EspProfileStrip *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_profile_strip_new (GtkOrientation orientation)
{
  EspProfileStrip *self = g_object_new (ESP_TYPE_PROFILE_STRIP, NULL);

  self->orientation = orientation;
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
      is_across (self) ? _ ("Profile of the columns") : _ ("Profile of the rows"), -1);
  return GTK_WIDGET (self);
}

void
esp_profile_strip_set_heatmap (EspProfileStrip *self, EspHeatmap *heatmap, EspView *view)
{
  g_return_if_fail (ESP_IS_PROFILE_STRIP (self));
  g_return_if_fail (ESP_IS_HEATMAP (heatmap) && ESP_IS_VIEW (view) && self->view == NULL);

  self->heatmap = g_object_ref (heatmap);
  self->view = g_object_ref (view);
  g_signal_connect_object (heatmap, "moved", G_CALLBACK (gtk_widget_queue_draw), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (heatmap, "picture-changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (on_tensor_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
esp_profile_strip_set_kind (EspProfileStrip *self, EspProfileKind kind)
{
  g_return_if_fail (ESP_IS_PROFILE_STRIP (self));

  self->kind = kind;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
