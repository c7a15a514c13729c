/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles of a pyramid -> the picture of any part at any zoom. A tile is coloured once for a look
 * (norm and reduction) and then painted as an image, so that a frame of a pan costs some tens of
 * image copies. Entries are never smaller than a device pixel: none is skipped. Where a tile is
 * missing, a coarser one that holds it is scaled up. */
#include "config.h"

#include "esp-draw-private.h"
#include "esp-draw-tiles-private.h"

#include <math.h>
#include <string.h>

/* tiles that stay coloured: 256 KB each */
#define KEPT 160
/* flags are kept for squares of this many entries */
#define SQUARE 8
#define SQUARES (ESP_PYRAMID_TILE / SQUARE)

typedef struct
{
  EspLevel level;
  gint64 row, column;
} Key;

struct _EspColoredTile
{
  Key key;
  guint64 used;
  guint width, height; /* entries */
  cairo_surface_t *surface;
  EspTileMark *marks; /* (SQUARES, SQUARES), NULL where all is finite */
};

struct _EspTilePixels
{
  EspPyramid *pyramid; /* owned */
  EspNorm norm;        /* what the tiles are coloured by */
  EspReduction reduction;
  gboolean has_look;
  GHashTable *tiles; /* Key -> EspColoredTile, owned */
  guint64 clock;
};

static guint
hash_key (gconstpointer data)
{
  const Key *key = data;

  return (guint) (key->row * 1000003 + key->column) * 31 + key->level.rows * 64 +
         key->level.columns;
}

static gboolean
keys_equal (gconstpointer a, gconstpointer b)
{
  const Key *left = a, *right = b;

  return left->row == right->row && left->column == right->column &&
         left->level.rows == right->level.rows && left->level.columns == right->level.columns;
}

static void
tile_free (gpointer data)
{
  EspColoredTile *tile = data;

  cairo_surface_destroy (tile->surface);
  g_free (tile->marks);
  g_free (tile);
}

EspTilePixels *
esp_tile_pixels_new (EspPyramid *pyramid)
{
  EspTilePixels *self;

  g_return_val_if_fail (pyramid != NULL, NULL);

  self = g_new0 (EspTilePixels, 1);
  self->pyramid = esp_pyramid_ref (pyramid);
  self->tiles = g_hash_table_new_full (hash_key, keys_equal, NULL, tile_free);
  return self;
}

void
esp_tile_pixels_free (EspTilePixels *self)
{
  g_return_if_fail (self != NULL);

  g_hash_table_unref (self->tiles);
  esp_pyramid_unref (self->pyramid);
  g_free (self);
}

EspPyramid *
esp_tile_pixels_get_pyramid (EspTilePixels *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->pyramid;
}

static gboolean
norms_equal (const EspNorm *a, const EspNorm *b)
{
  return a->colormap == b->colormap && a->inverted == b->inverted && a->scale == b->scale &&
         a->lo == b->lo && a->hi == b->hi && a->threshold == b->threshold &&
         a->has_ranks == b->has_ranks &&
         (!a->has_ranks || memcmp (a->ranks, b->ranks, sizeof a->ranks) == 0);
}

static void
set_look (EspTilePixels *self, const EspNorm *norm, EspReduction reduction)
{
  if (self->has_look && self->reduction == reduction && norms_equal (&self->norm, norm))
    return;
  g_hash_table_remove_all (self->tiles);
  self->norm = *norm;
  self->reduction = reduction;
  self->has_look = TRUE;
}

/* {{{ coloured tiles */

static EspTileMark *
find_marks (EspOverview *overview)
{
  EspTileMark *marks = NULL;

  for (guint y = 0; y < esp_overview_get_height (overview); y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = 0; x < esp_overview_get_width (overview); x++)
        {
          EspTileMark *mark;

          if (G_LIKELY (row[x].flags == 0))
            continue;
          if (marks == NULL)
            marks = g_new0 (EspTileMark, SQUARES * SQUARES);
          mark = &marks[y / SQUARE * SQUARES + x / SQUARE];
          if (mark->n++ == 0 || (row[x].flags & ~mark->flags & ESP_PIXEL_NAN))
            {
              mark->x = (guint8) x;
              mark->y = (guint8) y;
            }
          mark->flags |= row[x].flags;
        }
    }
  return marks;
}

static void
drop_oldest (EspTilePixels *self)
{
  EspColoredTile *oldest = NULL, *tile;
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->tiles);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &tile))
    if (oldest == NULL || tile->used < oldest->used)
      oldest = tile;
  if (oldest != NULL)
    g_hash_table_remove (self->tiles, &oldest->key);
}

/* borrowed until the next call, or NULL */
static EspColoredTile *
get_tile (EspTilePixels *self, const Key *key)
{
  EspColoredTile *tile = g_hash_table_lookup (self->tiles, key);
  g_autoptr (EspOverview) overview = NULL;

  if (tile != NULL)
    {
      tile->used = ++self->clock;
      return tile;
    }
  overview = esp_pyramid_get_tile (self->pyramid, key->level, key->row, key->column);
  if (overview == NULL)
    return NULL;
  if (g_hash_table_size (self->tiles) >= KEPT)
    drop_oldest (self);
  tile = g_new0 (EspColoredTile, 1);
  tile->key = *key;
  tile->used = ++self->clock;
  tile->width = esp_overview_get_width (overview);
  tile->height = esp_overview_get_height (overview);
  tile->surface = esp_draw_overview_surface (overview, &self->norm, self->reduction);
  tile->marks = find_marks (overview);
  g_hash_table_insert (self->tiles, &tile->key, tile);
  return tile;
}

/* }}} */
/* {{{ painting */

/* the tile of @key, or the finest coarser one that holds it; gives that one's key */
static EspColoredTile *
find_tile (EspTilePixels *self, Key *key)
{
  for (;;)
    {
      EspColoredTile *tile = get_tile (self, key);
      EspLevel level = key->level;

      if (tile != NULL || !esp_pyramid_get_coarser (self->pyramid, &level))
        return tile;
      key->row >>= level.rows - key->level.rows;
      key->column >>= level.columns - key->level.columns;
      key->level = level;
    }
}

/* stage position of the left upper corner of a tile, and size of an entry */
static void
get_tile_box (const EspHeatmapGeometry *geometry, const Key *key, double box[4])
{
  double width, height;

  esp_heatmap_geometry_cell_box (geometry, (key->row * ESP_PYRAMID_TILE) << key->level.rows,
                                 (key->column * ESP_PYRAMID_TILE) << key->level.columns, &box[0],
                                 &box[1], &width, &height);
  box[2] = ldexp (width, (int) key->level.columns);
  box[3] = ldexp (height, (int) key->level.rows);
}

/* @tile within the box of the tile @wanted, which it holds */
static void
paint (cairo_t *cr,
       const EspHeatmapGeometry *geometry,
       const EspColoredTile *tile,
       const Key *wanted)
{
  double box[4], clip[4], x, y;
  cairo_matrix_t matrix;

  get_tile_box (geometry, &tile->key, box);
  get_tile_box (geometry, wanted, clip);
  /* whole pixels, so that neighbours meet without a seam */
  x = round (clip[0]);
  y = round (clip[1]);
  cairo_rectangle (cr, x, y, round (clip[0] + clip[2] * ESP_PYRAMID_TILE) - x,
                   round (clip[1] + clip[3] * ESP_PYRAMID_TILE) - y);
  cairo_set_source_surface (cr, tile->surface, 0, 0);
  cairo_matrix_init_scale (&matrix, 1 / box[2], 1 / box[3]);
  cairo_matrix_translate (&matrix, -box[0], -box[1]);
  cairo_pattern_set_matrix (cairo_get_source (cr), &matrix);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_fill (cr);
}

typedef void (*TileFunc) (const EspHeatmapGeometry *geometry,
                          const EspColoredTile *tile,
                          const Key *wanted,
                          gpointer data);

/* calls @func for what there is to paint; FALSE if something is coarser or missing */
static gboolean
for_each_tile (EspTilePixels *self,
               const EspHeatmapGeometry *geometry,
               double scale,
               TileFunc func,
               gpointer data)
{
  double cell_width = esp_heatmap_geometry_get_cell_width (geometry);
  double cell_height = esp_heatmap_geometry_get_cell_height (geometry);
  gboolean complete = TRUE;
  EspRegion region;
  guint width, height;
  EspLevel level;
  gint64 row_end, column_end;

  esp_heatmap_geometry_visible (geometry, &region, &width, &height);
  level = esp_pyramid_get_level (self->pyramid, &region,
                                 (double) region.columns * cell_width * scale,
                                 (double) region.rows * cell_height * scale);
  row_end = ((region.row + region.rows - 1) >> level.rows) / ESP_PYRAMID_TILE;
  column_end = ((region.column + region.columns - 1) >> level.columns) / ESP_PYRAMID_TILE;
  for (gint64 i = (region.row >> level.rows) / ESP_PYRAMID_TILE; i <= row_end; i++)
    for (gint64 j = (region.column >> level.columns) / ESP_PYRAMID_TILE; j <= column_end; j++)
      {
        Key wanted = { level, i, j }, found = wanted;
        EspColoredTile *tile = find_tile (self, &found);

        complete = complete && tile != NULL && keys_equal (&wanted, &found);
        if (tile != NULL)
          func (geometry, tile, &wanted, data);
      }
  return complete;
}

static void
paint_tile (const EspHeatmapGeometry *geometry,
            const EspColoredTile *tile,
            const Key *wanted,
            gpointer data)
{
  paint (data, geometry, tile, wanted);
}

gboolean
esp_draw_tiles (cairo_t *cr,
                EspTilePixels *self,
                const EspHeatmapGeometry *geometry,
                const EspNorm *norm,
                EspReduction reduction,
                double scale)
{
  double x, y, width, height;
  gboolean complete;

  g_return_val_if_fail (self != NULL && geometry != NULL && norm != NULL, FALSE);

  set_look (self, norm, reduction);
  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  cairo_save (cr);
  cairo_rectangle (cr, floor (x), floor (y), ceil (width), ceil (height));
  cairo_clip (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  complete = for_each_tile (self, geometry, fmax (scale, 1), paint_tile, cr);
  cairo_restore (cr);
  return complete;
}

/* }}} */
/* {{{ marks */

typedef struct
{
  EspTileMarkFunc func;
  gpointer data;
} MarkCall;

static void
tell_marks (const EspHeatmapGeometry *geometry,
            const EspColoredTile *tile,
            const Key *wanted,
            gpointer data)
{
  MarkCall *call = data;
  double box[4], clip[4];

  if (tile->marks == NULL)
    return;
  get_tile_box (geometry, &tile->key, box);
  get_tile_box (geometry, wanted, clip);
  for (guint i = 0; i < SQUARES * SQUARES; i++)
    {
      const EspTileMark *mark = &tile->marks[i];
      double x = box[0] + (mark->x + 0.5) * box[2];
      double y = box[1] + (mark->y + 0.5) * box[3];

      /* a coarser tile is told of by the part that is wanted */
      if (mark->n > 0 && x >= clip[0] && y >= clip[1] && x < clip[0] + clip[2] * ESP_PYRAMID_TILE &&
          y < clip[1] + clip[3] * ESP_PYRAMID_TILE)
        call->func (mark->flags, x, y, mark->n * box[2] * box[3], call->data);
    }
}

void
esp_draw_tiles_for_each_mark (EspTilePixels *self,
                              const EspHeatmapGeometry *geometry,
                              double scale,
                              EspTileMarkFunc func,
                              gpointer data)
{
  MarkCall call = { func, data };

  for_each_tile (self, geometry, fmax (scale, 1), tell_marks, &call);
}

/* }}} */
