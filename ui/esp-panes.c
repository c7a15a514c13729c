/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two nested GtkPaned: tree | (canvas | inspector). size_allocate tells which of three layouts the
 * width allows; a change of layout is applied just before the next frame, since showing and hiding
 * children asks for another allocation. What the person wished for in the wide layout is kept while
 * the window is small. */

#include "config.h"

#include "esp-panes.h"

#include <glib/gi18n.h>

#define WIDE_WIDTH 1200
#define MEDIUM_WIDTH 860
#define MIN_WIDTH 360
#define MIN_SIDE_WIDTH 300
#define TREE_WIDTH 440
#define INSPECTOR_WIDTH 336

typedef enum
{
  LAYOUT_NONE,
  LAYOUT_NARROW,
  LAYOUT_MEDIUM,
  LAYOUT_WIDE,
} Layout;

struct _EspPanes
{
  GtkWidget parent_instance;

  GtkWidget *outer; /* GtkPaned: tree | inner */
  GtkWidget *inner; /* GtkPaned: canvas | inspector */
  GtkWidget *panes[ESP_N_PANES];
  AdwViewStack *stack; /* not on screen: the switcher's model */

  Layout layout;
  guint apply_id;
  gboolean wide_shown[ESP_N_PANES];   /* wish in the wide layout */
  gboolean medium_shown[ESP_N_PANES]; /* tree or inspector, or neither */
  EspPane page;                       /* in the narrow layout */
  gboolean place_handles;             /* at the next allocation */
  gboolean allocating;
  int width;
  int tree_width;
  int inspector_width;
};

enum
{
  PROP_0,
  PROP_TREE,
  PROP_CANVAS,
  PROP_INSPECTOR,
  PROP_TREE_SHOWN,
  PROP_INSPECTOR_SHOWN,
  PROP_TREE_WIDTH,
  PROP_INSPECTOR_WIDTH,
  PROP_NARROW,
  PROP_STACK,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static const char *const page_names[ESP_N_PANES] = { "tree", "canvas", "inspector" };

G_DEFINE_FINAL_TYPE (EspPanes, esp_panes, GTK_TYPE_WIDGET)

static Layout
layout_for_width (int width)
{
  if (width < MEDIUM_WIDTH)
    return LAYOUT_NARROW;
  return width < WIDE_WIDTH ? LAYOUT_MEDIUM : LAYOUT_WIDE;
}

gboolean
esp_panes_is_shown (EspPanes *self, EspPane pane)
{
  g_return_val_if_fail (ESP_IS_PANES (self), FALSE);

  switch (self->layout)
    {
    case LAYOUT_NARROW:
      return self->page == pane;
    case LAYOUT_MEDIUM:
      return self->medium_shown[pane];
    default:
      return self->wide_shown[pane];
    }
}

static void
show_pages (EspPanes *self)
{
  for (guint i = 0; i < ESP_N_PANES; i++)
    if (self->panes[i])
      gtk_widget_set_visible (self->panes[i], esp_panes_is_shown (self, i));
  /* in the narrow layout the inner paned has nothing to show beside the tree */
  gtk_widget_set_visible (self->inner, esp_panes_is_shown (self, ESP_PANE_CANVAS) ||
                                           esp_panes_is_shown (self, ESP_PANE_INSPECTOR));
  self->place_handles = TRUE;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TREE_SHOWN]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INSPECTOR_SHOWN]);
}

static gboolean
apply_layout (gpointer user_data)
{
  EspPanes *self = user_data;
  Layout layout = layout_for_width (self->width);

  self->apply_id = 0;
  if (layout != self->layout)
    {
      self->layout = layout;
      show_pages (self);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NARROW]);
    }
  return G_SOURCE_REMOVE;
}

static void
set_page (EspPanes *self, EspPane page)
{
  if (self->page == page)
    return;
  self->page = page;
  adw_view_stack_set_visible_child_name (self->stack, page_names[page]);
  if (self->layout == LAYOUT_NARROW)
    show_pages (self);
}

static void
on_page_changed (EspPanes *self)
{
  const char *name = adw_view_stack_get_visible_child_name (self->stack);

  for (guint i = 0; i < ESP_N_PANES; i++)
    if (g_strcmp0 (name, page_names[i]) == 0)
      set_page (self, i);
}

static void
set_shown (EspPanes *self, EspPane pane, gboolean shown)
{
  if (esp_panes_is_shown (self, pane) == shown)
    return;
  switch (self->layout)
    {
    case LAYOUT_NARROW:
      set_page (self, shown ? pane : ESP_PANE_CANVAS);
      return;
    case LAYOUT_MEDIUM:
      if (shown)
        self->medium_shown[ESP_PANE_TREE] = self->medium_shown[ESP_PANE_INSPECTOR] = FALSE;
      self->medium_shown[pane] = shown;
      break;
    default:
      self->wide_shown[pane] = shown;
    }
  show_pages (self);
}

/* a handle was dragged */
static void
on_position_changed (EspPanes *self)
{
  if (self->allocating || self->place_handles || self->layout == LAYOUT_NARROW)
    return;
  if (self->panes[ESP_PANE_TREE] && gtk_widget_get_visible (self->panes[ESP_PANE_TREE]))
    {
      int width = MAX (MIN_SIDE_WIDTH, gtk_paned_get_position (GTK_PANED (self->outer)));

      if (width != self->tree_width)
        {
          self->tree_width = width;
          g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TREE_WIDTH]);
        }
    }
  if (self->panes[ESP_PANE_INSPECTOR] && gtk_widget_get_visible (self->panes[ESP_PANE_INSPECTOR]))
    {
      int width = gtk_widget_get_width (self->inner) -
                  gtk_paned_get_position (GTK_PANED (self->inner)) - 1;

      width = MAX (MIN_SIDE_WIDTH, width);
      if (width != self->inspector_width)
        {
          self->inspector_width = width;
          g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INSPECTOR_WIDTH]);
        }
    }
}

static void
place_handles (EspPanes *self, int width)
{
  int inner_width = width;

  if (esp_panes_is_shown (self, ESP_PANE_TREE))
    {
      gtk_paned_set_position (GTK_PANED (self->outer), self->tree_width);
      inner_width -= self->tree_width + 1;
    }
  if (esp_panes_is_shown (self, ESP_PANE_INSPECTOR))
    gtk_paned_set_position (GTK_PANED (self->inner), inner_width - self->inspector_width - 1);
}

static void
esp_panes_measure (GtkWidget *widget,
                   GtkOrientation orientation,
                   int for_size,
                   int *minimum,
                   int *natural,
                   int *minimum_baseline,
                   int *natural_baseline)
{
  EspPanes *self = ESP_PANES (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      /* the narrow layout is always possible */
      *minimum = MIN_WIDTH;
      *natural = WIDE_WIDTH;
    }
  else
    {
      gtk_widget_measure (self->outer, orientation, -1, minimum, natural, NULL, NULL);
    }
}

static void
esp_panes_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspPanes *self = ESP_PANES (widget);
  int minimum;

  self->allocating = TRUE;
  self->width = width;
  if (self->layout == LAYOUT_NONE)
    self->layout = LAYOUT_WIDE; /* as the children were built */
  if (layout_for_width (width) != self->layout && self->apply_id == 0)
    self->apply_id = g_idle_add_full (G_PRIORITY_DEFAULT, apply_layout, self, NULL);
  if (self->place_handles)
    place_handles (self, width);
  gtk_widget_measure (self->outer, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  gtk_widget_allocate (self->outer, MAX (width, minimum), height, baseline, NULL);
  self->place_handles = FALSE;
  self->allocating = FALSE;
}

static void
set_pane (EspPanes *self, EspPane pane, GtkWidget *child)
{
  self->panes[pane] = child;
  switch (pane)
    {
    case ESP_PANE_TREE:
      gtk_paned_set_start_child (GTK_PANED (self->outer), child);
      break;
    case ESP_PANE_CANVAS:
      gtk_paned_set_start_child (GTK_PANED (self->inner), child);
      break;
    default:
      gtk_paned_set_end_child (GTK_PANED (self->inner), child);
    }
  if (child)
    gtk_widget_set_visible (child, esp_panes_is_shown (self, pane));
}

static void
esp_panes_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspPanes *self = ESP_PANES (object);

  switch (id)
    {
    case PROP_TREE:
    case PROP_CANVAS:
    case PROP_INSPECTOR:
      g_value_set_object (value, self->panes[id - PROP_TREE]);
      break;
    case PROP_TREE_SHOWN:
      g_value_set_boolean (value, esp_panes_is_shown (self, ESP_PANE_TREE));
      break;
    case PROP_INSPECTOR_SHOWN:
      g_value_set_boolean (value, esp_panes_is_shown (self, ESP_PANE_INSPECTOR));
      break;
    case PROP_TREE_WIDTH:
      g_value_set_int (value, self->tree_width);
      break;
    case PROP_INSPECTOR_WIDTH:
      g_value_set_int (value, self->inspector_width);
      break;
    case PROP_NARROW:
      g_value_set_boolean (value, esp_panes_get_narrow (self));
      break;
    case PROP_STACK:
      g_value_set_object (value, self->stack);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_panes_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspPanes *self = ESP_PANES (object);

  switch (id)
    {
    case PROP_TREE:
    case PROP_CANVAS:
    case PROP_INSPECTOR:
      set_pane (self, id - PROP_TREE, g_value_get_object (value));
      break;
    case PROP_TREE_SHOWN:
      set_shown (self, ESP_PANE_TREE, g_value_get_boolean (value));
      break;
    case PROP_INSPECTOR_SHOWN:
      set_shown (self, ESP_PANE_INSPECTOR, g_value_get_boolean (value));
      break;
    case PROP_TREE_WIDTH:
      self->tree_width = g_value_get_int (value);
      self->place_handles = TRUE;
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    case PROP_INSPECTOR_WIDTH:
      self->inspector_width = g_value_get_int (value);
      self->place_handles = TRUE;
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_panes_dispose (GObject *object)
{
  EspPanes *self = ESP_PANES (object);

  g_clear_handle_id (&self->apply_id, g_source_remove);
  if (self->stack)
    g_signal_handlers_disconnect_by_data (self->stack, self);
  g_clear_object (&self->stack);
  for (guint i = 0; i < ESP_N_PANES; i++)
    self->panes[i] = NULL;
  self->inner = NULL;
  g_clear_pointer (&self->outer, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_panes_parent_class)->dispose (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  properties[PROP_TREE] = g_param_spec_object ("tree", NULL, NULL, GTK_TYPE_WIDGET,
                                               G_PARAM_READWRITE | flags);
  properties[PROP_CANVAS] = g_param_spec_object ("canvas", NULL, NULL, GTK_TYPE_WIDGET,
                                                 G_PARAM_READWRITE | flags);
  properties[PROP_INSPECTOR] = g_param_spec_object ("inspector", NULL, NULL, GTK_TYPE_WIDGET,
                                                    G_PARAM_READWRITE | flags);
  properties[PROP_TREE_SHOWN] = g_param_spec_boolean ("tree-shown", NULL, NULL, TRUE,
                                                      G_PARAM_READWRITE | flags);
  properties[PROP_INSPECTOR_SHOWN] = g_param_spec_boolean ("inspector-shown", NULL, NULL, TRUE,
                                                           G_PARAM_READWRITE | flags);
  properties[PROP_TREE_WIDTH] = g_param_spec_int ("tree-width", NULL, NULL, MIN_SIDE_WIDTH,
                                                  G_MAXINT, TREE_WIDTH, G_PARAM_READWRITE | flags);
  properties[PROP_INSPECTOR_WIDTH] = g_param_spec_int ("inspector-width", NULL, NULL,
                                                       MIN_SIDE_WIDTH, G_MAXINT, INSPECTOR_WIDTH,
                                                       G_PARAM_READWRITE | flags);
  properties[PROP_NARROW] = g_param_spec_boolean ("narrow", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | flags);
  properties[PROP_STACK] = g_param_spec_object ("stack", NULL, NULL, ADW_TYPE_VIEW_STACK,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_panes_class_init (EspPanesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_panes_get_property;
  object_class->set_property = esp_panes_set_property;
  object_class->dispose = esp_panes_dispose;
  widget_class->measure = esp_panes_measure;
  widget_class->size_allocate = esp_panes_size_allocate;
  install_properties (object_class);
  gtk_widget_class_set_css_name (widget_class, "panes");
}

static void
add_page (EspPanes *self, EspPane pane, const char *title, const char *icon)
{
  adw_view_stack_add_titled_with_icon (self->stack, adw_bin_new (), page_names[pane], title, icon);
}

static GtkWidget *
new_paned (void)
{
  GtkWidget *paned = gtk_paned_new (GTK_ORIENTATION_HORIZONTAL);

  gtk_paned_set_shrink_start_child (GTK_PANED (paned), FALSE);
  gtk_paned_set_shrink_end_child (GTK_PANED (paned), FALSE);
  return paned;
}

static void
esp_panes_init (EspPanes *self)
{
  self->page = ESP_PANE_CANVAS;
  self->tree_width = TREE_WIDTH;
  self->inspector_width = INSPECTOR_WIDTH;
  for (guint i = 0; i < ESP_N_PANES; i++)
    {
      self->wide_shown[i] = TRUE;
      self->medium_shown[i] = i != ESP_PANE_INSPECTOR;
    }
  self->place_handles = TRUE;

  self->stack = g_object_ref_sink (ADW_VIEW_STACK (adw_view_stack_new ()));
  add_page (self, ESP_PANE_TREE, _ ("Tree"), "view-list-symbolic");
  add_page (self, ESP_PANE_CANVAS, _ ("Canvas"), "view-grid-symbolic");
  add_page (self, ESP_PANE_INSPECTOR, _ ("Inspector"), "document-properties-symbolic");
  adw_view_stack_set_visible_child_name (self->stack, page_names[self->page]);
  g_signal_connect_swapped (self->stack, "notify::visible-child-name", G_CALLBACK (on_page_changed),
                            self);

  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  self->outer = new_paned ();
  self->inner = new_paned ();
  gtk_paned_set_resize_start_child (GTK_PANED (self->outer), FALSE);
  gtk_paned_set_resize_end_child (GTK_PANED (self->inner), FALSE);
  gtk_paned_set_end_child (GTK_PANED (self->outer), self->inner);
  gtk_widget_set_parent (self->outer, GTK_WIDGET (self));
  g_signal_connect_swapped (self->outer, "notify::position", G_CALLBACK (on_position_changed),
                            self);
  g_signal_connect_swapped (self->inner, "notify::position", G_CALLBACK (on_position_changed),
                            self);
}

EspPanes *
esp_panes_new (void)
{
  return g_object_new (ESP_TYPE_PANES, NULL);
}

gboolean
esp_panes_get_narrow (EspPanes *self)
{
  g_return_val_if_fail (ESP_IS_PANES (self), FALSE);

  return self->layout == LAYOUT_NARROW;
}

void
esp_panes_show (EspPanes *self, EspPane pane)
{
  g_return_if_fail (ESP_IS_PANES (self));
  g_return_if_fail (pane < ESP_N_PANES);

  set_shown (self, pane, TRUE);
}

gboolean
esp_panes_get_wish (EspPanes *self, EspPane pane)
{
  g_return_val_if_fail (ESP_IS_PANES (self), FALSE);
  g_return_val_if_fail (pane < ESP_N_PANES, FALSE);

  return self->wide_shown[pane];
}

gboolean
esp_panes_focus_next (EspPanes *self, gboolean backward)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root ? gtk_root_get_focus (root) : NULL;
  int step = backward ? -1 : 1;
  int current = backward ? ESP_N_PANES : -1;

  g_return_val_if_fail (ESP_IS_PANES (self), FALSE);

  for (int i = 0; focus && i < ESP_N_PANES; i++)
    if (self->panes[i] && gtk_widget_is_ancestor (focus, self->panes[i]))
      current = i;
  for (int i = current + step; i >= 0 && i < ESP_N_PANES; i += step)
    if (self->layout == LAYOUT_NARROW || esp_panes_is_shown (self, i))
      {
        if (self->layout == LAYOUT_NARROW)
          set_page (self, i);
        if (self->panes[i] &&
            gtk_widget_child_focus (self->panes[i],
                                    backward ? GTK_DIR_TAB_BACKWARD : GTK_DIR_TAB_FORWARD))
          return TRUE;
      }
  return FALSE;
}
