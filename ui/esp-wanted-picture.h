/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/* A part of a matrix and the pixels that it is to be painted on, at most one a cell. */
typedef struct
{
  EspRegion region;
  guint width, height;
} EspWantedPicture;

gboolean esp_wanted_picture_equal (const EspWantedPicture *self, const EspWantedPicture *other);
/* @overview holds all of it at the same size of cells, but for a pixel of the whole more or less */
gboolean esp_wanted_picture_is_met (const EspWantedPicture *self, EspOverview *overview);
/* grows it by an eighth to each side, as far as the matrix goes, at the same size of cells: a pan
 * within these margins needs no other picture */
void esp_wanted_picture_widen (EspWantedPicture *self, gint64 rows, gint64 columns);

G_END_DECLS
