/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer-pictures.h"
#include "esp-live-view.h"
#include "esp-picture-board.h"

G_BEGIN_DECLS

/* What live views that are a board of pictures and nothing else share: the board, what is pointed
 * at in words, and how it is taken away. */
typedef struct
{
  EspLiveView *view; /* borrowed: whose it is */
  GtkWidget *scroller;
  EspPictureBoard *board; /* in it */
  EspLayerPictures *pictures;
} EspPictureView;

void esp_picture_view_init (EspPictureView *self, EspLiveView *view, const char *label);
void esp_picture_view_clear (EspPictureView *self);
/* nothing is shown, ranges of colours are forgotten */
void esp_picture_view_empty (EspPictureView *self);
/* between these the owner adds groups; nothing is drawn meanwhile */
void esp_picture_view_begin (EspPictureView *self);
void esp_picture_view_end (EspPictureView *self);
gboolean esp_picture_view_init_drawing (EspPictureView *self, EspDrawing *drawing);

G_END_DECLS
