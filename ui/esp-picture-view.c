/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A board in a scrolled window, filled from one snapshot to the next. */

#include "config.h"

#include "esp-picture-view.h"

#include "esp-style.h"

static void
describe (EspPictureView *self)
{
  EspPictureSpot spot = esp_picture_board_get_spot (self->board);
  g_autofree char *text = esp_layer_pictures_describe (self->pictures, &spot);

  esp_live_view_say (self->view, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->board), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text != NULL ? text : "", -1);
}

static void
on_pointed (EspPictureBoard *board, gpointer user_data)
{
  describe (user_data);
}

void
esp_picture_view_init (EspPictureView *self, EspLiveView *view, const char *label)
{
  self->view = view;
  self->pictures = esp_layer_pictures_new ();
  self->board = ESP_PICTURE_BOARD (esp_picture_board_new ());
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (self->board));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->board), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
  g_signal_connect (self->board, "pointed", G_CALLBACK (on_pointed), self);
}

void
esp_picture_view_clear (EspPictureView *self)
{
  g_clear_pointer (&self->pictures, esp_layer_pictures_free);
}

void
esp_picture_view_begin (EspPictureView *self)
{
  esp_layer_pictures_begin (self->pictures, esp_style_is_dark ());
}

void
esp_picture_view_end (EspPictureView *self)
{
  guint n;
  const EspPictureGroup *groups = esp_layer_pictures_get (self->pictures, &n);

  esp_picture_board_set_groups (self->board, groups, n);
  if (esp_picture_board_get_spot (self->board).picture >= 0)
    describe (self);
}

void
esp_picture_view_empty (EspPictureView *self)
{
  esp_picture_board_set_groups (self->board, NULL, 0);
  esp_layer_pictures_clear (self->pictures);
}

static void
draw (cairo_t *cr, int width, int height, gpointer data)
{
  EspPicturesScene scene = *esp_picture_board_get_scene (data);

  scene.hover = ESP_PICTURE_SPOT_NONE;
  esp_draw_pictures (cr, width, 0, height, &scene);
}

gboolean
esp_picture_view_init_drawing (EspPictureView *self, EspDrawing *drawing)
{
  const EspPicturesScene *scene = esp_picture_board_get_scene (self->board);
  int width = gtk_widget_get_width (GTK_WIDGET (self->board));

  if (scene->n_groups == 0)
    return FALSE;
  *drawing = (EspDrawing) { .width = width,
                            .height = esp_draw_pictures_get_height (scene, width),
                            .draw = draw,
                            .data = self->board,
                            .palette = scene->palette };
  return TRUE;
}
