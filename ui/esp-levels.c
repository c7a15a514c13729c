/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The legend of the heatmap: the view's norm and statistics, painted by esp_draw_levels_axis(), and
 * two handles for the range. The axis is somewhat wider than the range, so that both can go
 * outwards; it stands still while one is dragged. */

#include "config.h"

#include "esp-levels.h"

#include "esp-levels-handle.h"
#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT 92
#define BRIEF_HEIGHT 30
/* of the axis, to the range at most: an outlier far away doesn't make the range narrow */
#define WIDEST 2.6
/* steps of the keys along the axis */
#define STEPS 100

struct _EspLevels
{
  GtkWidget parent_instance;

  GtkWidget *handles[2]; /* children: lower end, upper end */

  EspView *view;       /* owned */
  EspHeatmap *heatmap; /* owned */

  /* state */
  gboolean brief;
  double axis[2];    /* from, to */
  gboolean reduces;  /* a pixel of the heatmap stands for several cells */
  double grabbed[2]; /* the range when a handle was grabbed */
  gboolean dragging;
};

G_DEFINE_FINAL_TYPE (EspLevels, esp_levels, GTK_TYPE_WIDGET)

static const EspNorm *
get_norm (EspLevels *self)
{
  return self->view != NULL ? esp_view_get_norm (self->view) : NULL;
}

static int
get_bar_width (EspLevels *self)
{
  return gtk_widget_get_width (GTK_WIDGET (self)) - ESP_HEATMAP_MARGIN_LEFT - ESP_HEATMAP_MARGIN;
}

/* all values, but not so much that the range would be narrow; a little room for the handles where
 * the range is all */
static void
choose_axis (EspLevels *self)
{
  const EspNorm *norm = get_norm (self);
  EspStats *stats = esp_view_get_stats (self->view);
  const EspStatsValues *values = stats != NULL ? esp_stats_get_values (stats) : NULL;
  double width, room;

  if (norm == NULL || self->dragging)
    return;

  width = norm->hi - norm->lo;
  room = width * (WIDEST - 1) / 2;
  self->axis[0] = norm->lo - width * 0.08;
  self->axis[1] = norm->hi + width * 0.08;
  if (values != NULL && values->finite > 0)
    {
      self->axis[0] = fmin (self->axis[0], fmax (values->min, norm->lo - room));
      self->axis[1] = fmax (self->axis[1], fmin (values->max, norm->hi + room));
    }
  if (norm->lo == -norm->hi)
    {
      self->axis[1] = fmax (-self->axis[0], self->axis[1]);
      self->axis[0] = -self->axis[1];
    }
  if (norm->lo >= 0) /* data of one sign have no other side */
    self->axis[0] = fmax (self->axis[0], fmin (norm->lo, 0));
  if (norm->scale == ESP_SCALE_RANK || norm->kind == ESP_COLORMAP_CYCLIC || !isfinite (width))
    {
      self->axis[0] = norm->lo;
      self->axis[1] = norm->hi;
    }
}

static EspNorm
get_axis (EspLevels *self)
{
  EspNorm axis = *get_norm (self);

  axis.lo = fmin (self->axis[0], axis.lo);
  axis.hi = fmax (self->axis[1], axis.hi);
  return axis;
}

/* what a pixel shows, and in which order rows and columns stand */
static char *
dup_note (EspLevels *self)
{
  g_autofree char *order = esp_view_dup_note (self->view);
  EspReduction reduction = esp_look_get_reduction (esp_view_get_look (self->view));
  const char *shows = esp_heatmap_reduces (self->heatmap) ? esp_draw_describe_reduction (reduction)
                                                          : NULL;

  return esp_draw_join_notes (shows, order);
}

static void
update (EspLevels *self)
{
  const EspNorm *norm = get_norm (self);
  gboolean movable = norm != NULL && norm->scale != ESP_SCALE_RANK &&
                     norm->kind != ESP_COLORMAP_CYCLIC;
  g_autofree char *lo = NULL, *hi = NULL, *label = NULL, *note = NULL;

  gtk_widget_queue_draw (GTK_WIDGET (self));
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  for (guint i = 0; i < 2; i++)
    gtk_widget_set_child_visible (self->handles[i], movable);
  if (norm == NULL)
    return;

  choose_axis (self);
  for (guint i = 0; i < 2; i++)
    esp_levels_handle_set_value (ESP_LEVELS_HANDLE (self->handles[i]), self->axis[0], self->axis[1],
                                 i == 0 ? norm->lo : norm->hi);
  lo = esp_number_format_value (norm->lo, 3);
  hi = esp_number_format_value (norm->hi, 3);
  label = g_strdup_printf (_ ("Colours from %s to %s"), lo, hi);
  note = dup_note (self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, note != NULL ? note : "",
                                  -1);
}

/* the note tells whether a pixel is a cell */
static void
on_moved (EspLevels *self)
{
  gboolean reduces = esp_heatmap_reduces (self->heatmap);

  if (reduces == self->reduces)
    return;
  self->reduces = reduces;
  update (self);
}

/* one end goes to a share of the axis; it can't pass the other */
static void
move_end (EspLevels *self, guint which, double share)
{
  const EspNorm *norm = get_norm (self);
  EspNorm axis = get_axis (self);
  double least = (axis.hi - axis.lo) * 1e-3, value = esp_norm_unmap (&axis, CLAMP (share, 0, 1));
  EspLook *look = esp_view_get_look (self->view);

  if (which == 0 && value < norm->hi - least)
    esp_look_set_typed (look, value, norm->hi);
  else if (which == 1 && value > norm->lo + least)
    esp_look_set_typed (look, norm->lo, value);
}

static void
on_dragged (EspLevelsHandle *handle, double distance, EspLevels *self)
{
  guint which = GTK_WIDGET (handle) == self->handles[1];
  EspNorm axis;

  if (get_norm (self) == NULL || get_bar_width (self) <= 0)
    return;
  if (!self->dragging)
    {
      self->dragging = TRUE;
      self->grabbed[0] = get_norm (self)->lo;
      self->grabbed[1] = get_norm (self)->hi;
    }
  axis = get_axis (self);
  move_end (self, which,
            esp_norm_map (&axis, self->grabbed[which]) + distance / get_bar_width (self));
}

static void
on_drag_end (EspLevels *self)
{
  self->dragging = FALSE;
  update (self);
}

static void
on_stepped (EspLevelsHandle *handle, int steps, EspLevels *self)
{
  guint which = GTK_WIDGET (handle) == self->handles[1];
  EspNorm axis;

  if (get_norm (self) == NULL)
    return;
  axis = get_axis (self);
  move_end (self, which,
            esp_norm_map (&axis, which == 0 ? get_norm (self)->lo : get_norm (self)->hi) +
                (double) steps / STEPS);
}

static void
on_reset (EspLevels *self)
{
  self->dragging = FALSE;
  if (self->view != NULL)
    esp_look_clear_typed (esp_view_get_look (self->view));
}

static void
esp_levels_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspLevels *self = ESP_LEVELS (widget);
  const EspNorm *norm = get_norm (self);
  int bar = get_bar_width (self), height = gtk_widget_get_height (widget);
  g_autofree char *note = NULL;
  EspPalette palette;
  cairo_t *cr;

  if (norm == NULL || bar < 24 || height < 16)
    return;

  note = dup_note (self);
  esp_style_init_palette (&palette, widget);
  cr = esp_style_append_cairo (widget, snapshot);
  cairo_translate (cr, ESP_HEATMAP_MARGIN_LEFT, 0);
  esp_draw_levels_axis (cr, bar, height, norm, self->axis[0], self->axis[1],
                        esp_view_get_stats (self->view), note, &palette);
  cairo_destroy (cr);
  for (guint i = 0; i < 2; i++)
    gtk_widget_snapshot_child (widget, self->handles[i], snapshot);
}

static void
esp_levels_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspLevels *self = ESP_LEVELS (widget);
  const EspNorm *norm = get_norm (self);
  double top = height / 2.0, thickness = 12, from;
  EspNorm axis;

  if (norm == NULL)
    return;
  axis = get_axis (self);
  esp_draw_levels_get_bar (height, &top, &thickness);
  from = height >= 64 ? (height >= 84 ? 22 : 2) : top - 3;
  for (guint i = 0; i < 2; i++)
    {
      double x = ESP_HEATMAP_MARGIN_LEFT +
                 esp_norm_map (&axis, i == 0 ? norm->lo : norm->hi) * get_bar_width (self);

      if (gtk_widget_get_child_visible (self->handles[i]))
        gtk_widget_size_allocate (self->handles[i],
                                  &(GtkAllocation) { (int) round (x) - ESP_LEVELS_HANDLE_WIDTH / 2,
                                                     (int) from, ESP_LEVELS_HANDLE_WIDTH,
                                                     (int) (top + thickness + 3 - from) },
                                  -1);
    }
}

static void
esp_levels_measure (GtkWidget *widget,
                    GtkOrientation orientation,
                    int for_size,
                    int *minimum,
                    int *natural,
                    int *minimum_baseline,
                    int *natural_baseline)
{
  EspLevels *self = ESP_LEVELS (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = 120;
  else
    *minimum = *natural = self->brief ? BRIEF_HEIGHT : HEIGHT;
}

static void
esp_levels_dispose (GObject *object)
{
  EspLevels *self = ESP_LEVELS (object);

  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&self->handles[i], gtk_widget_unparent);
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_object (&self->view);
  g_clear_object (&self->heatmap);

  G_OBJECT_CLASS (esp_levels_parent_class)->dispose (object);
}

static void
esp_levels_class_init (EspLevelsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_levels_dispose;
  widget_class->snapshot = esp_levels_snapshot;
  widget_class->size_allocate = esp_levels_size_allocate;
  widget_class->measure = esp_levels_measure;
  gtk_widget_class_set_css_name (widget_class, "levels");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
esp_levels_init (EspLevels *self)
{
  self->handles[0] = esp_levels_handle_new (_ ("Lower end of the range"));
  self->handles[1] = esp_levels_handle_new (_ ("Upper end of the range"));
  for (guint i = 0; i < 2; i++)
    {
      gtk_widget_set_child_visible (self->handles[i], FALSE);
      gtk_widget_set_parent (self->handles[i], GTK_WIDGET (self));
      g_signal_connect_object (self->handles[i], "dragged", G_CALLBACK (on_dragged), self, 0);
      g_signal_connect_object (self->handles[i], "drag-ended", G_CALLBACK (on_drag_end), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->handles[i], "stepped", G_CALLBACK (on_stepped), self, 0);
      g_signal_connect_object (self->handles[i], "reset", G_CALLBACK (on_reset), self,
                               G_CONNECT_SWAPPED);
    }
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_levels_new (void)
{
  return g_object_new (ESP_TYPE_LEVELS, NULL);
}

void
esp_levels_set_heatmap (EspLevels *self, EspHeatmap *heatmap, EspView *view)
{
  g_return_if_fail (ESP_IS_LEVELS (self));
  g_return_if_fail (ESP_IS_HEATMAP (heatmap) && ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  self->heatmap = g_object_ref (heatmap);
  g_signal_connect_object (heatmap, "moved", G_CALLBACK (on_moved), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
esp_levels_set_brief (EspLevels *self, gboolean brief)
{
  g_return_if_fail (ESP_IS_LEVELS (self));

  if (self->brief == brief)
    return;
  self->brief = brief;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
