/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawn anew for each snapshot, the part that is in view alone: the board lies in a scrolled
 * window, whose adjustment it asks for. */

#include "config.h"

#include "esp-picture-board.h"

#include "esp-style.h"

#include <math.h>

#define MIN_WIDTH 160

struct _EspPictureBoard
{
  GtkWidget parent_instance;

  GArray *groups; /* EspPictureGroup; what they point at is the owner's */
  EspPicturesScene scene;
  int height;                  /* at the last width */
  double pointer_x, pointer_y; /* where it was last */
};

enum
{
  POINTED,
  PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspPictureBoard, esp_picture_board, GTK_TYPE_WIDGET)

static void
esp_picture_board_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  EspPictureBoard *self = ESP_PICTURE_BOARD (widget);

  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL
                 ? MIN_WIDTH
                 : esp_draw_pictures_get_height (&self->scene, for_size > 0 ? for_size : MIN_WIDTH);
  *natural = *minimum;
}

static GtkSizeRequestMode
esp_picture_board_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
get_part_in_view (GtkWidget *widget, double *top, double *bottom)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment;

  *top = 0;
  *bottom = gtk_widget_get_height (widget);
  if (scroller == NULL)
    return;
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  *top = gtk_adjustment_get_value (adjustment);
  *bottom = *top + gtk_adjustment_get_page_size (adjustment);
}

static void
esp_picture_board_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspPictureBoard *self = ESP_PICTURE_BOARD (widget);
  int width = gtk_widget_get_width (widget);
  double top, bottom;
  EspPalette palette;
  cairo_t *cr;

  if (width <= 0)
    return;
  get_part_in_view (widget, &top, &bottom);
  if (bottom <= top)
    return;
  esp_style_init_palette (&palette, widget);
  self->scene.palette = &palette;
  cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, (float) top, (float) width, (float) (bottom - top)));
  esp_draw_pictures (cr, width, top, bottom, &self->scene);
  cairo_destroy (cr);
  self->scene.palette = esp_style_get_palette ();
}

static void
point (EspPictureBoard *self, EspPictureSpot spot)
{
  EspPictureSpot *hover = &self->scene.hover;

  if (hover->group == spot.group && hover->picture == spot.picture && hover->row == spot.row &&
      hover->column == spot.column)
    return;
  *hover = spot;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[POINTED], 0);
}

static void
point_at (EspPictureBoard *self, double x, double y)
{
  EspPictureSpot spot = ESP_PICTURE_SPOT_NONE;

  if (!esp_draw_pictures_find (&self->scene, gtk_widget_get_width (GTK_WIDGET (self)), x, y, &spot))
    spot = ESP_PICTURE_SPOT_NONE;
  point (self, spot);
}

static void
on_motion (EspPictureBoard *self, double x, double y)
{
  /* GTK tells of motion after each layout, too; that is no wish to leave what the keys chose */
  if (x == self->pointer_x && y == self->pointer_y)
    return;
  self->pointer_x = x;
  self->pointer_y = y;
  point_at (self, x, y);
}

static void
on_leave (EspPictureBoard *self)
{
  self->pointer_x = self->pointer_y = NAN;
  point (self, ESP_PICTURE_SPOT_NONE);
}

static void
on_pressed (EspPictureBoard *self, int n_press, double x, double y)
{
  point_at (self, x, y);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (self->scene.hover.picture >= 0)
    g_signal_emit (self, signals[PICKED], 0);
}

/* the part of the board where the picture is comes into view */
static void
scroll_to (EspPictureBoard *self, const EspPictureSpot *spot)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  double left, top, width, height;

  if (scroller == NULL ||
      !esp_draw_pictures_get_box (&self->scene, gtk_widget_get_width (GTK_WIDGET (self)),
                                  (guint) spot->group, (guint) spot->picture, &left, &top, &width,
                                  &height))
    return;
  gtk_adjustment_clamp_page (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)),
                             top - 36, top + height + 12);
}

/* one picture on or back, one group down or up */
static void
move (EspPictureBoard *self, int pictures, int groups)
{
  EspPictureSpot spot = self->scene.hover;

  if (self->scene.n_groups == 0)
    return;
  if (spot.group < 0)
    spot = (EspPictureSpot) { 0, 0, 0, 0 };
  else
    {
      spot.group = CLAMP (spot.group + groups, 0, (int) self->scene.n_groups - 1);
      spot.picture = CLAMP (spot.picture + pictures, 0, (int) self->scene.groups[spot.group].n - 1);
    }
  spot.row = (int) self->scene.groups[spot.group].rows / 2;
  spot.column = (int) self->scene.groups[spot.group].columns / 2;
  point (self, spot);
  scroll_to (self, &spot);
}

static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  int pictures, groups;

  g_variant_get (args, "(ii)", &pictures, &groups);
  move (ESP_PICTURE_BOARD (widget), pictures, groups);
  return TRUE;
}

static gboolean
on_enter (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  EspPictureBoard *self = ESP_PICTURE_BOARD (widget);

  if (self->scene.hover.picture >= 0)
    g_signal_emit (self, signals[PICKED], 0);
  return TRUE;
}

static void
esp_picture_board_finalize (GObject *object)
{
  g_array_unref (ESP_PICTURE_BOARD (object)->groups);
  G_OBJECT_CLASS (esp_picture_board_parent_class)->finalize (object);
}

static void
add_keys (GtkWidgetClass *widget_class)
{
  static const struct
  {
    guint key;
    int pictures, groups;
  } keys[] = { { GDK_KEY_Left, -1, 0 },
               { GDK_KEY_Right, 1, 0 },
               { GDK_KEY_Up, 0, -1 },
               { GDK_KEY_Down, 0, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding (widget_class, keys[i].key, 0, on_key, "(ii)", keys[i].pictures,
                                  keys[i].groups);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Return, 0, on_enter, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_KP_Enter, 0, on_enter, NULL);
}

static void
esp_picture_board_class_init (EspPictureBoardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_picture_board_finalize;
  widget_class->measure = esp_picture_board_measure;
  widget_class->get_request_mode = esp_picture_board_get_request_mode;
  widget_class->snapshot = esp_picture_board_snapshot;
  gtk_widget_class_set_css_name (widget_class, "pictures");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  add_keys (widget_class);

  signals[POINTED] = g_signal_new ("pointed", ESP_TYPE_PICTURE_BOARD, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[PICKED] = g_signal_new ("picked", ESP_TYPE_PICTURE_BOARD, G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_picture_board_init (EspPictureBoard *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->groups = g_array_new (FALSE, FALSE, sizeof (EspPictureGroup));
  self->pointer_x = self->pointer_y = NAN;
  self->scene.selected = self->scene.hover = ESP_PICTURE_SPOT_NONE;
  self->scene.palette = esp_style_get_palette ();
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect_object (motion, "motion", G_CALLBACK (on_motion), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (motion, "leave", G_CALLBACK (on_leave), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  g_signal_connect_object (click, "pressed", G_CALLBACK (on_pressed), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_picture_board_new (void)
{
  return g_object_new (ESP_TYPE_PICTURE_BOARD, NULL);
}

void
esp_picture_board_set_groups (EspPictureBoard *self, const EspPictureGroup *groups, guint n_groups)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height;
  EspPictureSpot *hover = &self->scene.hover;

  g_return_if_fail (ESP_IS_PICTURE_BOARD (self));

  g_array_set_size (self->groups, 0);
  g_array_append_vals (self->groups, groups, n_groups);
  self->scene.groups = (const EspPictureGroup *) (gpointer) self->groups->data;
  self->scene.n_groups = n_groups;
  if (hover->group >= (int) n_groups ||
      (hover->group >= 0 && hover->picture >= (int) groups[hover->group].n))
    *hover = ESP_PICTURE_SPOT_NONE;
  height = esp_draw_pictures_get_height (&self->scene, MAX (width, MIN_WIDTH));
  if (height != self->height)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  self->height = height;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

EspPictureSpot
esp_picture_board_get_spot (EspPictureBoard *self)
{
  return self->scene.hover;
}

void
esp_picture_board_select (EspPictureBoard *self, int group, int picture)
{
  g_return_if_fail (ESP_IS_PICTURE_BOARD (self));

  self->scene.selected = (EspPictureSpot) { group, picture, -1, -1 };
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

const EspPicturesScene *
esp_picture_board_get_scene (EspPictureBoard *self)
{
  return &self->scene;
}
