/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Chunked values in C order. Where a chunk lies is asked of the HDF5 process, some 1000 at a time;
 * its bytes are read and unpacked here, on whatever core wants them.
 *
 * A row of the tensor goes through many chunks, so going through rows means coming back to each
 * chunk as often as it has rows: a band, the chunks that one row goes through, should stay
 * unpacked. Where a band is too large to be kept, only some rows of each of its chunks are: a part
 * is those rows of one chunk, and most often the whole chunk.
 *
 *   tensor  +-------+-------+-------+     part = rows of a chunk along the axis "tall", the first
 *   band 0  | c 0   | c 1   | c 2   |            one on which chunks have more than one row
 *           +-------+-------+-------+
 *   band 1  | c 3   | c 4   | c 5   |
 *           +-------+-------+-------+
 *
 * Hot: read() for every 128 KB of a scan. */

#include "config.h"

#include "esp-hdf5-chunks.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-hdf5-cache.h"
#include "esp-hdf5-filters.h"
#include "esp-hdf5-request.h"

#define BAND_BYTES ((guint64) 24 * 1024 * 1024) /* kept unpacked, at least */
#define LARGE_CHUNK_BYTES ((guint64) 16 * 1024 * 1024)
#define BOX_BYTES (1024 * 1024)          /* of what only the library reads, at once */
#define PIECE_BYTES ((gsize) 256 * 1024) /* of a read, whose parts are held together */
#define PAGE_CHUNKS 1024                 /* whose places are asked for at once */
#define PAGES 64
#define HELD 128 /* parts; a power of two */

typedef struct
{
  EspHdf5Process *process; /* owned */
  EspHdf5Cache *cache;     /* owned */
  guint64 object;
  gboolean by_library;
  gboolean convert;
  gboolean nothing_stored; /* all is fill value */
  gboolean edges_unfiltered;
  guint n_filters;
  EspHdf5Filter *filters; /* owned */

  gboolean is_scalar; /* it has no axis, and here one of length 1 */
  guint n_axes;
  gint64 *shape; /* (n_axes) each, owned in one */
  gint64 *chunk;
  gint64 *grid;
  guint64 element;     /* bytes, with those of an array type in it */
  guint64 chunk_bytes; /* unpacked */
  guint64 n_chunks;

  guint tall;
  gint64 part_rows;   /* of the axis "tall" */
  guint64 parts_each; /* of a chunk */
  guint64 row_bytes;  /* of a chunk's row there */
  guint run_axis;     /* behind it chunks are as wide as the tensor */

  GMutex lock;       /* of the places */
  GHashTable *pages; /* guint64 -> EspHdf5Place[PAGE_CHUNKS]; NULL before the first */

  guint n_fill;
  guint8 *fill;
} Chunks;

/* {{{ where chunks lie */

static EspHdf5Place *
ask_places (const Chunks *self, guint64 page, GCancellable *cancellable, GError **error)
{
  g_autofree EspHdf5Place *places = g_new0 (EspHdf5Place, PAGE_CHUNKS);
  guint64 first = page * PAGE_CHUNKS;
  guint32 n = (guint32) MIN (self->n_chunks - first, PAGE_CHUNKS);

  if (!esp_hdf5_request_places (self->process, self->object, first, n, places, cancellable, error))
    return NULL;
  return g_steal_pointer (&places);
}

static gboolean
look_up_place (Chunks *self, guint64 chunk, EspHdf5Place *out)
{
  guint64 page = chunk / PAGE_CHUNKS;
  const EspHdf5Place *places;

  g_mutex_lock (&self->lock);
  places = self->pages != NULL ? g_hash_table_lookup (self->pages, &page) : NULL;
  if (places != NULL)
    *out = places[chunk % PAGE_CHUNKS];
  g_mutex_unlock (&self->lock);
  return places != NULL;
}

static gboolean
find_place (Chunks *self,
            guint64 chunk,
            EspHdf5Place *out,
            GCancellable *cancellable,
            GError **error)
{
  guint64 page = chunk / PAGE_CHUNKS;
  EspHdf5Place *places;

  if (self->nothing_stored)
    {
      out->address = ESP_HDF5_NOWHERE;
      return TRUE;
    }
  if (look_up_place (self, chunk, out))
    return TRUE;
  places = ask_places (self, page, cancellable, error);
  if (places == NULL)
    return FALSE;
  *out = places[chunk % PAGE_CHUNKS];
  g_mutex_lock (&self->lock);
  if (self->pages == NULL)
    self->pages = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (g_hash_table_size (self->pages) >= PAGES)
    g_hash_table_remove_all (self->pages);
  g_hash_table_replace (self->pages, g_memdup2 (&page, sizeof page), places);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* }}} */
/* {{{ one chunk */

static void
get_origin (const Chunks *self, guint64 chunk, gint64 *origin)
{
  for (guint i = self->n_axes; i-- > 0;)
    {
      origin[i] = (gint64) (chunk % (guint64) self->grid[i]) * self->chunk[i];
      chunk /= (guint64) self->grid[i];
    }
}

static gboolean
is_edge (const Chunks *self, guint64 chunk)
{
  gint64 origin[ESP_HDF5_DIMS];

  get_origin (self, chunk, origin);
  for (guint i = 0; i < self->n_axes; i++)
    if (self->chunk[i] > self->shape[i] - origin[i])
      return TRUE;
  return FALSE;
}

static void
fill_bytes (const Chunks *self, guint8 *out, gsize length)
{
  gsize done = MIN (self->n_fill, length);

  if (self->n_fill == 0)
    {
      memset (out, 0, length);
      return;
    }
  memcpy (out, self->fill, done);
  while (done < length) /* doubles what is there */
    {
      gsize n = MIN (done, length - done);

      memcpy (out + done, out, n);
      done += n;
    }
}

static guint8 *
make_room (gsize bytes, GError **error)
{
  guint8 *room = g_try_malloc (MAX (bytes, 1));

  if (room == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         _ ("there is no memory for a chunk"));
  return room;
}

static gboolean
check_place (const Chunks *self, const EspHdf5Place *place, GError **error)
{
  EspSource *source = esp_hdf5_process_get_source (self->process);

  if (!esp_range_fits (place->address, place->size, esp_source_get_size (source)))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("a chunk of %" PRIu64 " bytes at offset %" PRIu64
                      " ends beyond the file (%" PRIu64 " bytes)"),
                   place->size, place->address, esp_source_get_size (source));
      return FALSE;
    }
  /* packed bytes may be somewhat more than the values, where these don't pack */
  if (place->size <= self->chunk_bytes + self->chunk_bytes / 8 + 4096)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("a chunk has %" PRIu64 " bytes in the file where its shape takes %" PRIu64),
               place->size, self->chunk_bytes);
  return FALSE;
}

static guint8 *
unpack_chunk_now (Chunks *self,
                  guint64 chunk,
                  const EspHdf5Place *place,
                  GCancellable *cancellable,
                  GError **error)
{
  gboolean plain = self->edges_unfiltered && is_edge (self, chunk);
  guint8 *stored;

  if (!check_place (self, place, error))
    return NULL;
  stored = make_room ((gsize) place->size, error);
  if (stored == NULL)
    return NULL;
  if (!esp_source_read (esp_hdf5_process_get_source (self->process), place->address,
                        (gsize) place->size, stored, cancellable, error))
    {
      g_free (stored);
      return NULL;
    }
  return esp_hdf5_filters_undo (self->filters, plain ? 0 : self->n_filters, place->skipped, stored,
                                (gsize) place->size, (gsize) self->chunk_bytes, error);
}

/* one large chunk at a time, whoever wants it: each takes its bytes twice while it is unpacked */
static guint8 *
unpack_chunk (Chunks *self,
              guint64 chunk,
              const EspHdf5Place *place,
              GCancellable *cancellable,
              GError **error)
{
  static GMutex large;
  guint8 *bytes;

  if (self->chunk_bytes < LARGE_CHUNK_BYTES)
    return unpack_chunk_now (self, chunk, place, cancellable, error);
  g_mutex_lock (&large);
  bytes = unpack_chunk_now (self, chunk, place, cancellable, error);
  g_mutex_unlock (&large);
  return bytes;
}

/* }}} */
/* {{{ one box that only the library reads */

/* the part of a chunk that lies within the tensor, row by row to its place in the whole chunk */
static void
spread (const Chunks *self, const gint64 *count, const guint8 *from, guint8 *to)
{
  gint64 index[ESP_HDF5_DIMS] = { 0 };
  guint last = self->n_axes - 1;
  gsize n = (gsize) count[last] * self->element;

  for (;;)
    {
      guint64 at = 0;
      guint axis = last;

      for (guint i = 0; i < last; i++)
        at = (at + (guint64) index[i]) * (guint64) self->chunk[i + 1];
      memcpy (to + at * self->element, from, n);
      from += n;
      while (axis > 0 && ++index[axis - 1] == count[axis - 1])
        index[--axis] = 0;
      if (axis == 0)
        return;
    }
}

static guint8 *
ask_box (Chunks *self, guint64 chunk, GCancellable *cancellable, GError **error)
{
  gint64 start[ESP_HDF5_DIMS], count[ESP_HDF5_DIMS];
  EspHdf5Box box = { self->object, self->convert, self->is_scalar ? 0 : self->n_axes, start,
                     count };
  g_autofree guint8 *bytes = NULL, *whole = NULL;
  gsize length = (gsize) self->element;

  get_origin (self, chunk, start);
  for (guint i = 0; i < self->n_axes; i++)
    {
      count[i] = MIN (self->chunk[i], self->shape[i] - start[i]);
      length *= (gsize) count[i];
    }
  bytes = make_room (length, error);
  if (bytes == NULL ||
      !esp_hdf5_request_box (self->process, &box, bytes, length, cancellable, error))
    return NULL;
  if (length == self->chunk_bytes)
    return g_steal_pointer (&bytes);
  whole = make_room ((gsize) self->chunk_bytes, error);
  if (whole == NULL)
    return NULL;
  memset (whole, 0, (gsize) self->chunk_bytes);
  spread (self, count, bytes, whole);
  return g_steal_pointer (&whole);
}

/* }}} */
/* {{{ parts */

/* an EspHdf5LoadFunc */
static guint8 *
load_part (gpointer data, guint64 number, gsize *length, GCancellable *cancellable, GError **error)
{
  Chunks *self = data;
  guint64 chunk = number / self->parts_each, index = number % self->parts_each;
  guint64 begin = index * (guint64) self->part_rows * self->row_bytes;
  g_autofree guint8 *bytes = NULL;
  EspHdf5Place place = { ESP_HDF5_NOWHERE, 0, 0 };
  guint8 *part;

  *length = (gsize) MIN ((guint64) self->part_rows * self->row_bytes, self->chunk_bytes - begin);
  if (self->by_library)
    bytes = ask_box (self, chunk, cancellable, error);
  else if (!find_place (self, chunk, &place, cancellable, error))
    return NULL;
  else if (place.address == ESP_HDF5_NOWHERE)
    {
      part = make_room (*length, error);
      if (part != NULL)
        fill_bytes (self, part, *length);
      return part;
    }
  else
    bytes = unpack_chunk (self, chunk, &place, cancellable, error);
  if (bytes == NULL)
    return NULL;
  if (self->parts_each == 1)
    return g_steal_pointer (&bytes);
  part = make_room (*length, error);
  if (part != NULL)
    memcpy (part, bytes + begin, *length);
  return part;
}

/* }}} */
/* {{{ reading */

/* a run of the tensor's bytes that lies together in one part */
typedef struct
{
  guint64 part;
  guint64 at;     /* byte of the part */
  guint64 length; /* bytes */
} Run;

/* the run that begins at byte @offset of the tensor */
static void
find_run (const Chunks *self, guint64 offset, Run *out)
{
  guint64 index = offset / self->element, within = 0, chunk = 0, rest = index;
  gint64 at[ESP_HDF5_DIMS];
  guint64 row, left, inner = 1, begin;

  for (guint i = self->n_axes; i-- > 0;)
    {
      at[i] = (gint64) (rest % (guint64) self->shape[i]);
      rest /= (guint64) self->shape[i];
    }
  for (guint i = 0; i < self->n_axes; i++)
    {
      chunk = chunk * (guint64) self->grid[i] + (guint64) (at[i] / self->chunk[i]);
      within = within * (guint64) self->chunk[i] + (guint64) (at[i] % self->chunk[i]);
    }
  row = (guint64) (at[self->tall] % self->chunk[self->tall]) / (guint64) self->part_rows;
  begin = row * (guint64) self->part_rows * self->row_bytes;
  out->part = chunk * self->parts_each + row;
  out->at = within * self->element + offset % self->element - begin;
  /* to the end of the chunk on the axis behind which it is whole, and of the part */
  for (guint i = self->run_axis + 1; i < self->n_axes; i++)
    inner = inner * (guint64) self->shape[i];
  left =
      (guint64) MIN (self->chunk[self->run_axis] - at[self->run_axis] % self->chunk[self->run_axis],
                     self->shape[self->run_axis] - at[self->run_axis]);
  out->length = left * inner * self->element - (index % inner) * self->element -
                offset % self->element;
  if (self->run_axis <= self->tall)
    out->length = MIN (
        out->length,
        MIN ((guint64) self->part_rows * self->row_bytes, self->chunk_bytes - begin) - out->at);
}

/* parts that a read holds on to, the last of each slot */
typedef struct
{
  EspHdf5Part *parts[HELD];
  guint64 numbers[HELD];
} Held;

static void
held_clear (Held *self)
{
  for (guint i = 0; i < HELD; i++)
    if (self->parts[i] != NULL)
      esp_hdf5_cache_release (self->parts[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Held, held_clear)

/* NULL without an error where another thread loads it and we don't wait */
static EspHdf5Part *
held_get (Held *held,
          Chunks *self,
          guint64 number,
          gboolean wait,
          GCancellable *cancellable,
          GError **error)
{
  guint slot = (guint) (number % HELD);
  EspHdf5Part *part;

  if (held->parts[slot] != NULL && held->numbers[slot] == number)
    return held->parts[slot];
  part = esp_hdf5_cache_get (self->cache, number, wait, cancellable, error);
  if (part == NULL)
    return NULL;
  if (held->parts[slot] != NULL)
    esp_hdf5_cache_release (held->parts[slot]);
  held->parts[slot] = part;
  held->numbers[slot] = number;
  return part;
}

/* Loads what no other thread is loading yet; so two threads that read side by side share the work
 * instead of waiting for one another. */
static gboolean
load_ahead (Chunks *self,
            Held *held,
            guint64 offset,
            guint64 end,
            GCancellable *cancellable,
            GError **error)
{
  guint64 last = G_MAXUINT64;

  while (offset < end)
    {
      g_autoptr (GError) reason = NULL;
      Run run;

      find_run (self, offset, &run);
      if (run.part != last &&
          held_get (held, self, run.part, FALSE, cancellable, &reason) == NULL && reason != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      last = run.part;
      offset += run.length;
    }
  return TRUE;
}

static gboolean
read_piece (Chunks *self,
            guint64 offset,
            gsize length,
            guint8 *out,
            GCancellable *cancellable,
            GError **error)
{
  guint64 end = offset + length;
  g_auto (Held) held = { 0 };

  if (!load_ahead (self, &held, offset, end, cancellable, error))
    return FALSE;
  while (offset < end)
    {
      EspHdf5Part *part;
      gsize n;
      Run run;

      find_run (self, offset, &run);
      part = held_get (&held, self, run.part, TRUE, cancellable, error);
      if (part == NULL)
        return FALSE;
      n = (gsize) MIN (run.length, end - offset);
      memcpy (out, esp_hdf5_part_get_bytes (part) + run.at, n);
      out += n;
      offset += n;
    }
  return TRUE;
}

static gboolean
chunks_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  Chunks *self = data;
  guint8 *out = buffer;

  while (length > 0)
    {
      gsize n = MIN (length, PIECE_BYTES);

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_piece (self, offset, n, out, cancellable, error))
        return FALSE;
      out += n;
      offset += n;
      length -= n;
    }
  return TRUE;
}

static void
chunks_free (gpointer data)
{
  Chunks *self = data;

  esp_hdf5_cache_free (self->cache);
  esp_hdf5_process_unref (self->process);
  g_clear_pointer (&self->pages, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  g_free (self->filters);
  g_free (self->shape);
  g_free (self->fill);
  g_free (self);
}

static const EspStorageFuncs chunks_funcs = { chunks_read, chunks_free, NULL, TRUE };
/* the process answers one at a time */
static const EspStorageFuncs library_funcs = { chunks_read, chunks_free, NULL, FALSE };

/* }}} */
/* {{{ making one */

/* boxes of some size that the library reads at once, for what has no chunks in the file */
static void
choose_boxes (const EspHdf5Dataset *dataset, guint64 element, gint64 *chunk)
{
  guint64 bytes = element;

  for (guint i = dataset->n_axes; i-- > 0;)
    {
      guint64 room = bytes < BOX_BYTES ? BOX_BYTES / bytes : 1;

      chunk[i] = (gint64) CLAMP ((guint64) dataset->shape[i], 1, room);
      bytes *= (guint64) chunk[i]; /* at most BOX_BYTES or one element */
    }
}

static gboolean
count_chunks (Chunks *self, GError **error)
{
  self->chunk_bytes = self->element;
  self->n_chunks = 1;
  for (guint i = 0; i < self->n_axes; i++)
    {
      self->grid[i] = self->shape[i] / self->chunk[i] + (self->shape[i] % self->chunk[i] != 0);
      if (!esp_mul_u64 (self->chunk_bytes, (guint64) self->chunk[i], &self->chunk_bytes) ||
          self->chunk_bytes > ESP_LIMIT_HDF5_CHUNK_BYTES)
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                       _ ("its chunks are larger than the %d bytes that can be read"),
                       ESP_LIMIT_HDF5_CHUNK_BYTES);
          return FALSE;
        }
      if (!esp_mul_u64 (self->n_chunks, (guint64) self->grid[i], &self->n_chunks))
        {
          g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                               _ ("it has more chunks than 64 bits can count"));
          return FALSE;
        }
    }
  return TRUE;
}

/* which rows of a chunk are kept together; see above */
static void
choose_parts (Chunks *self)
{
  guint64 row = self->element, band_row = self->element;

  while (self->tall + 1 < self->n_axes && self->chunk[self->tall] == 1)
    self->tall++;
  for (guint i = self->tall + 1; i < self->n_axes; i++)
    {
      row *= (guint64) self->chunk[i];
      band_row *= (guint64) self->shape[i]; /* within the tensor's bytes */
    }
  self->row_bytes = row;
  self->part_rows = (gint64) CLAMP (BAND_BYTES / MAX (band_row, 1), 1,
                                    (guint64) self->chunk[self->tall]);
  self->parts_each = (guint64) (self->chunk[self->tall] / self->part_rows +
                                (self->chunk[self->tall] % self->part_rows != 0));
  self->run_axis = self->n_axes - 1;
  while (self->run_axis > 0 && self->chunk[self->run_axis] == self->shape[self->run_axis])
    self->run_axis--;
}

static void
take_fill (Chunks *self, const EspHdf5Dataset *dataset)
{
  if (dataset->n_fill == 0 || self->element % dataset->n_fill != 0)
    return;
  self->n_fill = dataset->n_fill;
  self->fill = g_memdup2 (dataset->fill, dataset->n_fill);
}

static void
take_axes (Chunks *self, const EspHdf5Dataset *dataset, gboolean has_chunks)
{
  guint n = MAX (dataset->n_axes, 1); /* a scalar is a list of one */

  self->is_scalar = dataset->n_axes == 0;
  self->n_axes = n;
  self->shape = g_new (gint64, 3 * n);
  self->chunk = self->shape + n;
  self->grid = self->chunk + n;
  self->shape[0] = self->chunk[0] = 1;
  for (guint i = 0; i < dataset->n_axes; i++)
    self->shape[i] = dataset->shape[i];
  if (has_chunks)
    for (guint i = 0; i < dataset->n_axes; i++)
      self->chunk[i] = dataset->chunk[i];
  else
    choose_boxes (dataset, self->element, self->chunk);
}

static gboolean
choose_way (Chunks *self, const EspHdf5Dataset *dataset, gboolean convert, GError **error)
{
  EspHdf5Pipeline who = esp_hdf5_filters_classify (dataset->filters, dataset->n_filters, error);

  if (who == ESP_HDF5_PIPELINE_NOBODY)
    return FALSE;
  self->nothing_stored = !convert && dataset->layout == ESP_HDF5_LAYOUT_CONTIGUOUS;
  self->by_library = convert || who == ESP_HDF5_PIPELINE_LIBRARY ||
                     dataset->layout == ESP_HDF5_LAYOUT_COMPACT;
  self->convert = convert;
  self->n_filters = dataset->n_filters;
  self->filters = g_memdup2 (dataset->filters, dataset->n_filters * sizeof *self->filters);
  self->edges_unfiltered = dataset->edges_unfiltered;
  return TRUE;
}

EspStorage *
esp_hdf5_chunks_new_storage (const EspHdf5Dataset *dataset,
                             EspHdf5Process *process,
                             gboolean convert,
                             guint64 bytes,
                             const char *id,
                             GError **error)
{
  Chunks *self;

  g_return_val_if_fail (dataset != NULL && process != NULL, NULL);

  if (bytes == 0)
    {
      g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
      return esp_storage_new_for_bytes (none, id);
    }
  self = g_new0 (Chunks, 1);
  self->process = esp_hdf5_process_ref (process);
  self->cache = esp_hdf5_cache_new (load_part, self);
  g_mutex_init (&self->lock);
  self->object = dataset->object;
  self->element = convert ? 8 : dataset->type.size;
  for (guint i = dataset->n_axes; i < dataset->ndim; i++)
    self->element *= (guint64) dataset->shape[i]; /* within bytes */
  take_axes (self, dataset, dataset->layout == ESP_HDF5_LAYOUT_CHUNKED);
  take_fill (self, dataset);
  if (!choose_way (self, dataset, convert, error) || !count_chunks (self, error))
    {
      chunks_free (self);
      return NULL;
    }
  choose_parts (self);
  return esp_storage_new (self->by_library ? &library_funcs : &chunks_funcs, self, id, bytes);
}

/* }}} */
