/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a heatmap wants painted: whether a picture that is there will do, and how much more than
 * what is in view a new one should hold. In and out: cells and pixels; no value is read. */

#include "config.h"

#include "esp-wanted-picture.h"

#include <math.h>

static gboolean
contains (const EspRegion *outer, const EspRegion *inner)
{
  return outer->row <= inner->row && outer->column <= inner->column &&
         outer->row + outer->rows >= inner->row + inner->rows &&
         outer->column + outer->columns >= inner->column + inner->columns;
}

gboolean
esp_wanted_picture_equal (const EspWantedPicture *self, const EspWantedPicture *other)
{
  return contains (&self->region, &other->region) && contains (&other->region, &self->region) &&
         self->width == other->width && self->height == other->height;
}

static gboolean
same_density (guint have, gint64 have_cells, guint want, gint64 want_cells)
{
  double wanted = (double) want / (double) want_cells;

  /* a pixel of the whole picture more or less doesn't show */
  return fabs ((double) have / (double) have_cells - wanted) <= wanted * 2 / (have + 1.0);
}

gboolean
esp_wanted_picture_is_met (const EspWantedPicture *self, EspOverview *overview)
{
  const EspRegion *region = esp_overview_get_region (overview);

  return contains (region, &self->region) &&
         same_density (esp_overview_get_width (overview), region->columns, self->width,
                       self->region.columns) &&
         same_density (esp_overview_get_height (overview), region->rows, self->height,
                       self->region.rows);
}

static void
widen_axis (gint64 *start, gint64 *count, guint *pixels, gint64 n)
{
  gint64 margin = *count / 8, from = MAX (0, *start - margin);
  gint64 to = MIN (n, *start + *count + margin);
  double density = (double) *pixels / (double) *count;

  *start = from;
  *count = to - from;
  *pixels = (guint) CLAMP (round ((double) *count * density), 1, (double) *count);
}

void
esp_wanted_picture_widen (EspWantedPicture *self, gint64 rows, gint64 columns)
{
  widen_axis (&self->region.row, &self->region.rows, &self->height, rows);
  widen_axis (&self->region.column, &self->region.columns, &self->width, columns);
}
