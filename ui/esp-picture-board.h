/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspPictureBoard:
 *
 * Groups of small pictures, as high as they are at its width: a widget over esp_draw_pictures().
 * Pointer and arrow keys go from picture to picture.
 *
 * Signals: "pointed": another picture or cell is pointed at, or none; "picked": the one that is
 * pointed at was clicked, or Enter was pressed.
 */
#define ESP_TYPE_PICTURE_BOARD (esp_picture_board_get_type ())
G_DECLARE_FINAL_TYPE (EspPictureBoard, esp_picture_board, ESP, PICTURE_BOARD, GtkWidget)

GtkWidget *esp_picture_board_new (void);
/* all that they point at has to stay until the next call */
void esp_picture_board_set_groups (EspPictureBoard *self,
                                   const EspPictureGroup *groups,
                                   guint n_groups);
/* what is pointed at; members are -1 for none */
EspPictureSpot esp_picture_board_get_spot (EspPictureBoard *self);
void esp_picture_board_select (EspPictureBoard *self, int group, int picture);
/* what @self shows; palette and groups are borrowed */
const EspPicturesScene *esp_picture_board_get_scene (EspPictureBoard *self);

G_END_DECLS
