/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "esp-grid.h"
#include "esp-norm.h"
#include "esp-palette.h"

G_BEGIN_DECLS

/* an example in the plane */
typedef struct
{
  float x, y;
  float value;   /* its target, where there are no labels */
  int label;     /* -1 without */
  gboolean test; /* only tested with: hollow */
  gboolean wrong;
} EspFieldPoint;

/**
 * EspFieldScene:
 *
 * What a network with two inputs answers all over the plane, and the examples on it. Borrowed from
 * the caller. A value per point of the grid, coloured by @norm; or, with several channels, a share
 * per class and point, coloured by the class with the largest share, the stronger the larger it is.
 */
typedef struct
{
  EspGrid grid;
  const float *values; /* (side, side, channels), points @stride floats apart; NULL: nothing yet */
  gsize stride;
  guint n_channels;  /* 1: a value */
  EspNorm norm;      /* of a value */
  gboolean is_share; /* the value is the share of class 1 minus that of class 0 */
  gboolean discrete; /* sign or class alone, in full colour */
  const EspFieldPoint *points;
  guint n_points;
  guint n_classes;            /* of the labels; 0 without */
  const char *const *classes; /* (n_classes) names, or NULL */
  double x, y;                /* a point that is pointed at, NAN for none */
  double scale; /* device pixels per pixel, of a screen; 0: marks as shapes, for a vector file */
  const EspPalette *palette;
} EspFieldScene;

#define ESP_FIELD_MARGIN_LEFT 46
#define ESP_FIELD_MARGIN_BOTTOM 72 /* with two lines of legend */
#define ESP_FIELD_MARGIN 12
#define ESP_FIELD_MAX_CLASSES 10 /* that have a colour of their own */

void esp_draw_field (cairo_t *cr, int width, int height, const EspFieldScene *scene);
/* the square that the plane fills in a picture of this size */
void esp_field_get_area (int width, int height, double *left, double *top, double *side);
/* the place of the plane at a pixel; FALSE outside of it */
gboolean esp_field_locate (const EspGrid *grid,
                           int width,
                           int height,
                           double pixel_x,
                           double pixel_y,
                           double *x,
                           double *y);
/* 0xffRRGGBB that all painters give a class */
guint32 esp_field_get_class_color (guint label, gboolean dark);

G_END_DECLS
