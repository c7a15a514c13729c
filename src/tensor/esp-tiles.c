/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One storage out of boxes. In: some to some thousand boxes. Out: reads of any range of bytes.
 *
 * In C order the elements of a box come in the same order as in the whole. So those that lie in a
 * range of the whole are one run of the box: it is read at once (by pieces of 64 KB), and its rows
 * are laid where they belong. Boxes are sorted by their first element; a read looks at those alone
 * that can have a part of it. Hot: tiled_read(). */

#include "config.h"

#include "esp-tiles.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define PIECE_BYTES ((gsize) 64 * 1024)

typedef struct
{
  EspStorage *storage; /* owned */
  guint64 offset;      /* bytes */
  guint64 count;       /* elements */
  guint64 first, last; /* elements of the whole, its lowest and its highest */
  guint64 run;         /* elements that lie together here and in the whole */
  gint64 *box;         /* (2, ndim) start, size; owned */
} Tile;

struct _EspTiles
{
  guint ndim;
  gsize element; /* bytes */
  guint64 count; /* elements */
  gint64 shape[ESP_LIMIT_DIMS];
  guint64 strides[ESP_LIMIT_DIMS]; /* elements, of the whole */
  GArray *tiles;                   /* Tile */
  guint64 covered;                 /* elements */
  guint64 *reach;                  /* (tiles) the highest element of this tile and all before */
};

static void
tile_clear (gpointer data)
{
  Tile *self = data;

  g_clear_pointer (&self->storage, esp_storage_unref);
  g_free (self->box);
}

void
esp_tiles_free (EspTiles *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->tiles);
  g_free (self->reach);
  g_free (self);
}

/* {{{ filling */

EspTiles *
esp_tiles_new (EspDtype dtype, const gint64 *shape, guint ndim, GError **error)
{
  EspTiles *self;
  guint64 bytes, product = 1;
  gboolean fits = TRUE;

  g_return_val_if_fail (ndim <= ESP_LIMIT_DIMS, NULL);
  g_return_val_if_fail (esp_dtype_get_info (dtype)->bits % 8 == 0, NULL);

  self = g_new0 (EspTiles, 1);
  self->ndim = ndim;
  self->element = esp_dtype_get_info (dtype)->bits / 8;
  self->tiles = g_array_new (FALSE, TRUE, sizeof (Tile));
  g_array_set_clear_func (self->tiles, tile_clear);
  self->count = 1;
  for (guint i = ndim; i > 0 && fits; i--)
    {
      self->shape[i - 1] = shape[i - 1];
      self->strides[i - 1] = product;
      fits = shape[i - 1] >= 0 && esp_mul_u64 (product, (guint64) MAX (shape[i - 1], 1), &product);
      self->count *= (guint64) shape[i - 1];
    }
  if (fits && esp_mul_u64 (product, self->element, &bytes) && bytes <= G_MAXINT64)
    return self;
  g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                       _ ("its sizes are negative or too large"));
  esp_tiles_free (self);
  return NULL;
}

static gboolean
measure (const EspTiles *self, const gint64 *start, const gint64 *size, Tile *tile)
{
  gboolean whole = TRUE; /* all axes behind this one are */

  tile->count = tile->run = 1;
  for (guint i = self->ndim; i > 0; i--)
    {
      gint64 s = start[i - 1], n = size[i - 1];

      if (s < 0 || n < 0 || s > self->shape[i - 1] || n > self->shape[i - 1] - s)
        return FALSE;
      tile->count *= (guint64) n;
      if (whole)
        tile->run *= (guint64) n;
      whole = whole && n == self->shape[i - 1];
      tile->first += (guint64) s * self->strides[i - 1];
      tile->last += (guint64) (s + MAX (n, 1) - 1) * self->strides[i - 1];
    }
  return TRUE;
}

gboolean
esp_tiles_add (EspTiles *self,
               const gint64 *start,
               const gint64 *size,
               EspStorage *storage,
               guint64 offset,
               GError **error)
{
  Tile tile = { .offset = offset };

  g_return_val_if_fail (self != NULL && storage != NULL, FALSE);

  if (!measure (self, start, size, &tile) ||
      !esp_range_fits (offset, tile.count * self->element, esp_storage_get_size (storage)))
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                           _ ("one of its pieces reaches beyond it or has too few bytes"));
      return FALSE;
    }
  if (tile.count == 0)
    return TRUE;
  if (self->tiles->len == ESP_LIMIT_TENSOR_PIECES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("it is in more than %d pieces"), ESP_LIMIT_TENSOR_PIECES);
      return FALSE;
    }
  if (tile.count > self->count - self->covered)
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                           _ ("two of its pieces overlap"));
      return FALSE;
    }
  self->covered += tile.count;
  tile.storage = esp_storage_ref (storage);
  tile.box = g_new (gint64, 2 * self->ndim + 1);
  memcpy (tile.box, start, self->ndim * sizeof *start);
  memcpy (tile.box + self->ndim, size, self->ndim * sizeof *size);
  g_array_append_val (self->tiles, tile);
  return TRUE;
}

static gboolean
overlap (const EspTiles *self, const Tile *a, const Tile *b)
{
  for (guint i = 0; i < self->ndim; i++)
    if (a->box[i] >= b->box[i] + b->box[self->ndim + i] ||
        b->box[i] >= a->box[i] + a->box[self->ndim + i])
      return FALSE;
  return TRUE;
}

/* sorted by their first elements, only those that begin before a tile's end can overlap it */
static gboolean
check_apart (const EspTiles *self, GError **error)
{
  for (guint i = 0; i < self->tiles->len; i++)
    {
      const Tile *tile = &g_array_index (self->tiles, Tile, i);

      for (guint k = i + 1; k < self->tiles->len; k++)
        {
          const Tile *next = &g_array_index (self->tiles, Tile, k);

          if (next->first > tile->last)
            break;
          if (overlap (self, tile, next))
            {
              g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                                   _ ("two of its pieces overlap"));
              return FALSE;
            }
        }
    }
  return TRUE;
}

/* }}} */
/* {{{ reading */

/* how many elements of the tile come before element @at of the whole */
static guint64
count_before (const EspTiles *self, const Tile *tile, guint64 at)
{
  guint64 before = 0, below = tile->count;

  if (at >= self->count)
    return tile->count;
  for (guint i = 0; i < self->ndim; i++)
    {
      guint64 start = (guint64) tile->box[i], n = (guint64) tile->box[self->ndim + i];
      guint64 index = at / self->strides[i];

      at %= self->strides[i];
      below /= n;
      if (index < start)
        return before;
      if (index >= start + n)
        return before + n * below;
      before += (index - start) * below;
    }
  return before;
}

/* the element of the whole that is element @at of the tile */
static guint64
locate (const EspTiles *self, const Tile *tile, guint64 at)
{
  guint64 place = 0, below = tile->count;

  for (guint i = 0; i < self->ndim; i++)
    {
      below /= (guint64) tile->box[self->ndim + i];
      place += ((guint64) tile->box[i] + at / below) * self->strides[i];
      at %= below;
    }
  return place;
}

/* lays elements [from, to) of the tile, which are in @bytes, into @buffer of the whole's bytes
 * [offset, offset + length) */
static void
lay (const EspTiles *self,
     const Tile *tile,
     guint64 from,
     guint64 to,
     const guint8 *bytes,
     guint64 offset,
     gsize length,
     guint8 *buffer)
{
  while (from < to)
    {
      guint64 n = MIN (tile->run - from % tile->run, to - from);
      guint64 begin = locate (self, tile, from) * self->element;
      guint64 end = begin + n * self->element;
      guint64 a = MAX (begin, offset), b = MIN (end, offset + length);

      if (a < b)
        memcpy (buffer + (a - offset), bytes + (a - begin), (gsize) (b - a));
      bytes += end - begin;
      from += n;
    }
}

static gboolean
read_tile (const EspTiles *self,
           const Tile *tile,
           guint64 offset,
           gsize length,
           guint8 *buffer,
           GCancellable *cancellable,
           GError **error)
{
  guint64 from = count_before (self, tile, offset / self->element);
  guint64 to = count_before (self, tile, (offset + length - 1) / self->element + 1);
  gsize most = PIECE_BYTES / self->element;
  g_autofree guint8 *bytes = g_malloc (PIECE_BYTES);

  while (from < to)
    {
      guint64 n = MIN (most, to - from);

      if (!esp_storage_read (tile->storage, tile->offset + from * self->element,
                             (gsize) n * self->element, bytes, cancellable, error))
        return FALSE;
      lay (self, tile, from, from + n, bytes, offset, length, buffer);
      from += n;
    }
  return TRUE;
}

/* the first tile that reaches up to element @at */
static guint
find_first (const EspTiles *self, guint64 at)
{
  guint low = 0, high = self->tiles->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (self->reach[middle] < at)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static gboolean
tiled_read (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  const EspTiles *self = data;
  guint64 first = offset / self->element;
  guint64 last = (offset + length - 1) / self->element;

  for (guint i = find_first (self, first); i < self->tiles->len; i++)
    {
      const Tile *tile = &g_array_index (self->tiles, Tile, i);

      if (tile->first > last)
        break;
      if (tile->last >= first &&
          !read_tile (self, tile, offset, length, buffer, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
tiled_free (gpointer data)
{
  esp_tiles_free (data);
}

static const EspStorageFuncs tiled_funcs = { tiled_read, tiled_free };

/* }}} */

static int
compare_tiles (gconstpointer a, gconstpointer b)
{
  const Tile *x = a, *y = b;

  return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

EspStorage *
esp_tiles_finish (EspTiles *self, const char *id, GError **error)
{
  guint64 reach = 0;

  g_return_val_if_fail (self != NULL, NULL);

  g_array_sort (self->tiles, compare_tiles);
  if (self->covered < self->count)
    g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                 _ ("its pieces have %" PRIu64 " of its %" PRIu64 " elements"), self->covered,
                 self->count);
  if (self->covered < self->count || !check_apart (self, error))
    {
      esp_tiles_free (self);
      return NULL;
    }
  self->reach = g_new (guint64, self->tiles->len + 1);
  for (guint i = 0; i < self->tiles->len; i++)
    {
      reach = MAX (reach, g_array_index (self->tiles, Tile, i).last);
      self->reach[i] = reach;
    }
  return esp_storage_new (&tiled_funcs, self, id, self->count * self->element);
}
