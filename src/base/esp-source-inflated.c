/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A deflated member of an archive as a source. Deflate can only be read forwards, so a few
 * inflaters wait at the places where the last reads ended, and a read takes the nearest one before
 * its offset or starts anew. Reads of several threads that go forwards side by side thus don't
 * restart one another. Memory: about 100 kB for each inflater, however large the member. */

#include "config.h"

#include "esp-source-private.h"

#include "esp-check.h"
#include "esp-error.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <zlib.h>

#define INPUT_SIZE 65536
#define SCRATCH_SIZE 65536 /* what is inflated only to be passed over */
#define MAX_WAITING 4

typedef struct
{
  z_stream stream;
  guint64 consumed; /* compressed bytes that were fed */
  guint64 position; /* inflated bytes that came out */
  gboolean at_end;  /* the stream said so */
  guint8 input[INPUT_SIZE];
} Inflater;

typedef struct
{
  EspSource *parent; /* borrowed: the source that owns this has a reference on it */
  guint64 offset;
  guint64 compressed;
  guint64 size;
  char *name;

  GMutex lock;
  Inflater *waiting[MAX_WAITING]; /* oldest use first */
  guint n_waiting;
} Inflated;

static void
inflater_free (Inflater *self)
{
  inflateEnd (&self->stream);
  g_free (self);
}

static Inflater *
inflater_new (void)
{
  Inflater *self = g_new0 (Inflater, 1);

  /* negative: a raw stream without zlib's header; only a lack of memory can make it fail */
  if (inflateInit2 (&self->stream, -MAX_WBITS) != Z_OK)
    g_error ("inflateInit2: out of memory");
  return self;
}

/* the waiting inflater nearest before @offset, or a new one; the caller owns it */
static Inflater *
inflated_take (Inflated *self, guint64 offset)
{
  Inflater *found = NULL;
  guint best = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->n_waiting; i++)
    {
      Inflater *each = self->waiting[i];
      if (each->position <= offset && (found == NULL || each->position > found->position))
        {
          found = each;
          best = i;
        }
    }
  if (found != NULL)
    {
      for (guint i = best + 1; i < self->n_waiting; i++)
        self->waiting[i - 1] = self->waiting[i];
      self->n_waiting--;
    }
  g_mutex_unlock (&self->lock);
  return found != NULL ? found : inflater_new ();
}

static void
inflated_give_back (Inflated *self, Inflater *inflater)
{
  Inflater *oldest = NULL;

  g_mutex_lock (&self->lock);
  if (self->n_waiting == MAX_WAITING)
    {
      oldest = self->waiting[0];
      for (guint i = 1; i < MAX_WAITING; i++)
        self->waiting[i - 1] = self->waiting[i];
      self->n_waiting--;
    }
  self->waiting[self->n_waiting++] = inflater;
  g_mutex_unlock (&self->lock);
  if (oldest != NULL)
    inflater_free (oldest);
}

static gboolean
feed (Inflated *self, Inflater *inflater, GCancellable *cancellable, GError **error)
{
  gsize n = MIN (self->compressed - inflater->consumed, INPUT_SIZE);

  if (n == 0)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: the compressed bytes end after %" PRIu64 " of %" PRIu64 " bytes"),
                   self->name, inflater->position, self->size);
      return FALSE;
    }
  if (!esp_source_read (self->parent, self->offset + inflater->consumed, n, inflater->input,
                        cancellable, error))
    return FALSE;
  inflater->consumed += n;
  inflater->stream.next_in = inflater->input;
  inflater->stream.avail_in = n;
  return TRUE;
}

/* the next bytes that come out, at least one unless the stream is at its end; 0 with an error */
static gsize
inflate_some (Inflated *self,
              Inflater *inflater,
              guint8 *out,
              gsize length,
              GCancellable *cancellable,
              GError **error)
{
  z_stream *stream = &inflater->stream;
  guint wanted = MIN (length, 1u << 30);
  gsize got;
  int status;

  stream->next_out = out;
  stream->avail_out = wanted;
  do
    {
      if (stream->avail_in == 0 && !feed (self, inflater, cancellable, error))
        return 0;
      status = inflate (stream, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        {
          g_set_error (
              error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
              _ ("%s: the compressed bytes are damaged near byte %" PRIu64 " of what they hold"),
              self->name, inflater->position);
          return 0;
        }
    }
  while (status != Z_STREAM_END && stream->avail_out == wanted);
  got = wanted - stream->avail_out;
  inflater->position += got;
  inflater->at_end = status == Z_STREAM_END;
  if (got == 0)
    g_set_error (
        error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
        _ ("%s: the compressed bytes hold %" PRIu64 " bytes where %" PRIu64 " were declared"),
        self->name, inflater->position, self->size);
  return got;
}

/* exactly @length bytes into @out, or passed over when that is NULL */
static gboolean
inflate_exactly (Inflated *self,
                 Inflater *inflater,
                 guint8 *out,
                 guint64 length,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autofree guint8 *scratch = out == NULL && length > 0 ? g_malloc (SCRATCH_SIZE) : NULL;

  while (length > 0)
    {
      guint8 *to = out != NULL ? out : scratch;
      gsize n = MIN (length, SCRATCH_SIZE);

      if (inflater->at_end)
        {
          g_set_error (
              error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
              _ ("%s: the compressed bytes hold %" PRIu64 " bytes where %" PRIu64 " were declared"),
              self->name, inflater->position, self->size);
          return FALSE;
        }
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      n = inflate_some (self, inflater, to, n, cancellable, error);
      if (n == 0)
        return FALSE;
      length -= n;
      if (out != NULL)
        out += n;
    }
  return TRUE;
}

/* once the last declared byte is out nothing more may come but the mark of the end */
static gboolean
check_end (Inflated *self, Inflater *inflater, GCancellable *cancellable, GError **error)
{
  z_stream *stream = &inflater->stream;

  while (!inflater->at_end)
    {
      gboolean starved = stream->avail_in == 0 && inflater->consumed == self->compressed;
      guint8 more;
      int status = Z_OK;

      if (!starved)
        {
          if (stream->avail_in == 0 && !feed (self, inflater, cancellable, error))
            return FALSE;
          stream->next_out = &more;
          stream->avail_out = 1;
          status = inflate (stream, Z_NO_FLUSH);
        }
      if (starved || stream->avail_out == 0 || (status != Z_OK && status != Z_STREAM_END))
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("%s: the compressed bytes don’t end after the %" PRIu64
                          " bytes that were declared"),
                       self->name, self->size);
          return FALSE;
        }
      inflater->at_end = status == Z_STREAM_END;
    }
  return TRUE;
}

static gboolean
inflated_read (gpointer data,
               guint64 offset,
               gsize length,
               void *buffer,
               GCancellable *cancellable,
               GError **error)
{
  Inflated *self = data;
  Inflater *inflater = inflated_take (self, offset);

  if (!inflate_exactly (self, inflater, NULL, offset - inflater->position, cancellable, error) ||
      !inflate_exactly (self, inflater, buffer, length, cancellable, error) ||
      (inflater->position == self->size && !check_end (self, inflater, cancellable, error)))
    {
      inflater_free (inflater);
      return FALSE;
    }
  inflated_give_back (self, inflater);
  return TRUE;
}

static void
inflated_free (gpointer data)
{
  Inflated *self = data;

  for (guint i = 0; i < self->n_waiting; i++)
    inflater_free (self->waiting[i]);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

static const EspSourceFuncs inflated_funcs = { inflated_read, NULL, inflated_free };

EspSource *
esp_source_new_inflated (EspSource *parent,
                         guint64 offset,
                         guint64 compressed,
                         guint64 size,
                         const char *name)
{
  Inflated *self;

  g_return_val_if_fail (parent != NULL && name != NULL, NULL);
  g_return_val_if_fail (esp_range_fits (offset, compressed, esp_source_get_size (parent)), NULL);

  self = g_new0 (Inflated, 1);
  self->parent = parent;
  self->offset = offset;
  self->compressed = compressed;
  self->size = size;
  self->name = g_strdup (name);
  g_mutex_init (&self->lock);
  return _esp_source_new_child (&inflated_funcs, self, parent, offset, size, name);
}
