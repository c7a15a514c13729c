/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where the points of a grid lie, and which is next to a place of the plane. Every use of a grid
 * (what goes into a network, what is drawn, what a pointer tells) takes its points from here. */

#include "config.h"

#include "esp-grid.h"

#include <math.h>

static double
get_point (double from, double to, guint index, guint side)
{
  return from + (to - from) * index / (side - 1);
}

double
esp_grid_get_x (const EspGrid *self, guint column)
{
  return get_point (self->x0, self->x1, column, self->side);
}

double
esp_grid_get_y (const EspGrid *self, guint row)
{
  return get_point (self->y0, self->y1, row, self->side);
}

gboolean
esp_grid_find (const EspGrid *self, double x, double y, guint *row, guint *column)
{
  double at_x = (x - self->x0) / (self->x1 - self->x0) * (self->side - 1);
  double at_y = (y - self->y0) / (self->y1 - self->y0) * (self->side - 1);

  if (!(at_x >= -0.5 && at_y >= -0.5 && at_x < self->side - 0.5 && at_y < self->side - 0.5))
    return FALSE;
  *column = (guint) floor (at_x + 0.5);
  *row = (guint) floor (at_y + 0.5);
  return TRUE;
}
