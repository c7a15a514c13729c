/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspLayerPictures:
 *
 * Tensors as groups of small pictures, one below the other, and the numbers that those are made of.
 * Ranges of colours are kept from fill to fill by the key of a group, so that they don't flicker
 * while a network trains. Main thread only.
 */
typedef struct _EspLayerPictures EspLayerPictures;

EspLayerPictures *esp_layer_pictures_new (void);
void esp_layer_pictures_free (EspLayerPictures *self);

/* takes all groups away; ranges stay */
void esp_layer_pictures_begin (EspLayerPictures *self, gboolean dark);
/* forgets the ranges, too */
void esp_layer_pictures_clear (EspLayerPictures *self);
/**
 * esp_layer_pictures_add:
 * @key: names the group from fill to fill
 * @shape: (array length=ndim): of @values
 *
 * A vector becomes a row of single cells with its numbers, a matrix one picture, (n, rows, columns)
 * n pictures; what has more dimensions n pictures of its first ones. Copies all.
 */
EspPictureGroup *esp_layer_pictures_add (EspLayerPictures *self,
                                         const char *key,
                                         const char *title,
                                         const char *note,
                                         const float *values,
                                         const gint64 *shape,
                                         guint ndim);
/* names below the pictures of the group added last: as many as it has; copies */
void esp_layer_pictures_label (EspLayerPictures *self, const char *const *labels);
const EspPictureGroup *esp_layer_pictures_get (EspLayerPictures *self, guint *n);
/* what stands at a place, in words: title, which picture, cell, value. NULL for none. New string.
 */
char *esp_layer_pictures_describe (EspLayerPictures *self, const EspPictureSpot *spot);
/* all numbers: group, picture, row, column, value. New string. */
char *esp_layer_pictures_dup_csv (EspLayerPictures *self);

G_END_DECLS
