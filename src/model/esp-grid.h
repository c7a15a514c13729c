/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Points all over a plane, @side of them in a row and in a column; the first row is at @y0, the
 * first of a row at @x0. Values at them are (side, side). A plain value. */
typedef struct
{
  double x0, x1, y0, y1;
  guint side; /* at least 2 */
} EspGrid;

double esp_grid_get_x (const EspGrid *self, guint column);
double esp_grid_get_y (const EspGrid *self, guint row);
/* the point next to a place; FALSE if that lies outside */
gboolean esp_grid_find (const EspGrid *self, double x, double y, guint *row, guint *column);

G_END_DECLS
