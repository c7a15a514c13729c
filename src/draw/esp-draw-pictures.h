/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "esp-norm.h"
#include "esp-palette.h"

G_BEGIN_DECLS

/**
 * EspPictureGroup:
 *
 * Small pictures of equal size under one title: what each unit of a layer answers over a plane,
 * channels of an activation, weights of units as images, or the numbers of a vector, each a picture
 * of one cell. Values are borrowed; strides are in floats and may be 0.
 */
typedef struct
{
  const char *title;
  const char *note; /* second rank, or NULL */
  const float *values;
  guint n;             /* pictures that are drawn */
  guint rows, columns; /* cells of each */
  gsize stride, row_stride, column_stride;
  gboolean upward; /* the first row is at the bottom */
  gboolean smooth; /* cells blend into one another */
  guint block;     /* pictures that belong in one line where there is room for them, 0: any */
  guint size;      /* pixels that the longer side of a picture should have */
  EspNorm norm;
  const guint8 *dead;        /* (n) nonzero: a unit that never fires, or NULL */
  const char *const *labels; /* (n) below each picture, or NULL */
} EspPictureGroup;

/* which group, picture and cell; -1 for none */
typedef struct
{
  int group, picture, row, column;
} EspPictureSpot;

#define ESP_PICTURE_SPOT_NONE ((EspPictureSpot) { -1, -1, -1, -1 })

typedef struct
{
  const EspPictureGroup *groups;
  guint n_groups;
  EspPictureSpot selected, hover; /* pictures that are framed */
  const EspPalette *palette;
} EspPicturesScene;

#define ESP_PICTURES_MARGIN 12

/* what all groups below one another take */
int esp_draw_pictures_get_height (const EspPicturesScene *scene, int width);
/* paints what meets the pixels [@top, @bottom) */
void esp_draw_pictures (cairo_t *cr,
                        int width,
                        double top,
                        double bottom,
                        const EspPicturesScene *scene);
/* what is under a pixel; %FALSE where no picture is */
gboolean esp_draw_pictures_find (const EspPicturesScene *scene,
                                 int width,
                                 double x,
                                 double y,
                                 EspPictureSpot *spot);
/* the box of a picture */
gboolean esp_draw_pictures_get_box (const EspPicturesScene *scene,
                                    int width,
                                    guint group,
                                    guint picture,
                                    double *left,
                                    double *top,
                                    double *box_width,
                                    double *box_height);
float esp_picture_group_get_value (const EspPictureGroup *self,
                                   guint picture,
                                   guint row,
                                   guint column);

G_END_DECLS
