/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How one tile of a pyramid is made: of the four below it where these are there or are cells, else
 * of the matrix's cells; and the ground, a look at every k-th row, which takes some 10 ms whatever
 * the size of the matrix. All of it is work for a worker; tiles go into the store. */

#include "config.h"

#include "esp-pyramid-private.h"

#include "esp-overview-fold-private.h"

#define GROUND_PIXELS 512
/* rows of pixels that the ground has at least, though it reads more for it than it should */
#define GROUND_LEAST 64

/* the cells of a tile; FALSE if there is no such tile */
static gboolean
get_axis_cells (gint64 n, guint level, gint64 tile, gint64 *start, gint64 *count)
{
  if (tile < 0 || tile > ((n - 1) >> level) / ESP_PYRAMID_TILE)
    return FALSE;
  *start = (tile * ESP_PYRAMID_TILE) << level;
  *count = MIN (n - *start, (gint64) ESP_PYRAMID_TILE << level);
  return TRUE;
}

static gboolean
get_tile_region (EspPyramid *self, const EspTileKey *key, EspRegion *region)
{
  const gint64 *shape = esp_tensor_get_shape (esp_pyramid_get_matrix (self));

  return get_axis_cells (shape[0], key->level.rows, key->row, &region->row, &region->rows) &&
         get_axis_cells (shape[1], key->level.columns, key->column, &region->column,
                         &region->columns);
}

static EspOverview *
read_tile (EspPyramid *self, const EspTileKey *key, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspOverview) tile = NULL;
  EspCuts rows, columns;
  EspRegion region;
  gboolean done;

  if (!get_tile_region (self, key, &region))
    g_return_val_if_reached (NULL);
  esp_cuts_init_level (&rows, region.rows, key->level.rows);
  esp_cuts_init_level (&columns, region.columns, key->level.columns);
  tile = esp_overview_alloc (&region, columns.n, rows.n);
  done = esp_overview_fill (esp_pyramid_get_matrix (self), &region, &rows, &columns, 1,
                            esp_overview_get_pixels (tile), NULL, cancellable, error);
  esp_cuts_clear (&rows);
  esp_cuts_clear (&columns);
  if (!done)
    return NULL;
  esp_overview_set_exact (tile, TRUE);
  esp_tile_store_put (key, tile);
  return g_steal_pointer (&tile);
}

EspOverview *
esp_pyramid_ensure_tile (EspPyramid *self,
                         const EspTileKey *key,
                         GCancellable *cancellable,
                         GError **error)
{
  EspOverview *tile = esp_tile_store_get (key);

  return tile != NULL ? tile : read_tile (self, key, cancellable, error);
}

/* The entries of @child go into its place of the totals of a tile: (ESP_PYRAMID_TILE) a row. */
static void
add_child (EspFoldTotal *totals,
           EspOverview *child,
           guint row,
           guint column,
           guint down,
           guint across)
{
  for (guint y = 0; y < esp_overview_get_height (child); y++)
    {
      const EspPixel *pixels = esp_overview_get_row (child, y);
      EspFoldTotal *line = totals + ((row + y) >> down) * ESP_PYRAMID_TILE;

      for (guint x = 0; x < esp_overview_get_width (child); x++)
        esp_fold_add_pixel (&line[(column + x) >> across], &pixels[x]);
    }
}

/* of those one level below, which are made where they are missing */
static EspOverview *
fold_tile (EspPyramid *self, const EspTileKey *key, GCancellable *cancellable, GError **error)
{
  guint down = key->level.rows > 0, across = key->level.columns > 0;
  g_autofree EspFoldTotal *totals = NULL;
  EspOverview *tile;
  EspPixel *pixels;
  EspRegion region;
  guint width, height;

  if (!get_tile_region (self, key, &region))
    g_return_val_if_reached (NULL);
  totals = g_new (EspFoldTotal, ESP_PYRAMID_TILE * ESP_PYRAMID_TILE);
  for (guint i = 0; i < ESP_PYRAMID_TILE * ESP_PYRAMID_TILE; i++)
    esp_fold_total_init (&totals[i]);
  for (guint i = 0; i < (1u << down); i++)
    for (guint j = 0; j < (1u << across); j++)
      {
        EspTileKey below = { esp_pyramid_get_owner (self),
                             { key->level.rows - down, key->level.columns - across },
                             (key->row << down) + i,
                             (key->column << across) + j };
        g_autoptr (EspOverview) child = NULL;
        EspRegion unused;

        if (!get_tile_region (self, &below, &unused))
          continue;
        child = esp_pyramid_ensure_tile (self, &below, cancellable, error);
        if (child == NULL)
          return NULL;
        add_child (totals, child, i * ESP_PYRAMID_TILE, j * ESP_PYRAMID_TILE, down, across);
      }
  width = (guint) ((region.columns - 1) >> key->level.columns) + 1;
  height = (guint) ((region.rows - 1) >> key->level.rows) + 1;
  tile = esp_overview_alloc (&region, width, height);
  pixels = esp_overview_get_pixels (tile);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      esp_fold_finish_pixel (&totals[y * ESP_PYRAMID_TILE + x], &pixels[y * width + x]);
  esp_overview_set_exact (tile, TRUE);
  esp_tile_store_put (key, tile);
  return tile;
}

/* whether a tile is better made of those below it: they are there, or they are cells, of which
 * the picture at rest will be composed */
static gboolean
has_children (EspPyramid *self, const EspTileKey *key)
{
  guint down = key->level.rows > 0, across = key->level.columns > 0;

  if (!down && !across)
    return FALSE;
  if (key->level.rows <= 1 && key->level.columns <= 1)
    return TRUE;
  for (guint i = 0; i < (1u << down); i++)
    for (guint j = 0; j < (1u << across); j++)
      {
        EspTileKey below = { esp_pyramid_get_owner (self),
                             { key->level.rows - down, key->level.columns - across },
                             (key->row << down) + i,
                             (key->column << across) + j };
        EspRegion unused;

        if (get_tile_region (self, &below, &unused) && !esp_tile_store_has (&below))
          return FALSE;
      }
  return TRUE;
}

EspOverview *
esp_pyramid_make_tile (EspPyramid *self,
                       const EspTileKey *key,
                       GCancellable *cancellable,
                       GError **error)
{
  return has_children (self, key) ? fold_tile (self, key, cancellable, error)
                                  : read_tile (self, key, cancellable, error);
}

EspOverview *
esp_pyramid_make_ground (EspPyramid *self, GCancellable *cancellable, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (esp_pyramid_get_matrix (self));
  EspRegion region = { 0, 0, shape[0], shape[1] };
  guint width = (guint) MIN (region.columns, GROUND_PIXELS);
  /* wide ones are read in fewer rows */
  gint64 most = CLAMP (2 * ESP_PYRAMID_GROUND_CELLS / region.columns, GROUND_LEAST, GROUND_PIXELS);
  guint height = (guint) MIN (region.rows, most);
  double cells = (double) region.rows * (double) region.columns;
  double every = CLAMP (cells / ESP_PYRAMID_GROUND_CELLS, 1, (double) region.rows / height);

  return esp_overview_new (esp_pyramid_get_matrix (self), &region, width, height, (guint) every,
                           cancellable, error);
}
