/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A temporary file as a source: an HDF5 file that is deflated in an archive is unpacked into it
 * once, some GB at most. Values are then read from there as well, without going through the
 * archive. */

#include "config.h"

#include "esp-hdf5-copy.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <unistd.h>

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-source-private.h"

#define COPY_BYTES ((gsize) 1024 * 1024)

static gboolean
copy_read (gpointer data,
           guint64 offset,
           gsize length,
           void *buffer,
           GCancellable *cancellable,
           GError **error)
{
  int fd = GPOINTER_TO_INT (data);
  guint8 *to = buffer;

  while (length > 0)
    {
      gssize n = pread (fd, to, length, (goffset) offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                               _ ("the temporary copy of the HDF5 file can’t be read"));
          return FALSE;
        }
      to += n;
      offset += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

static int
copy_dup_descriptor (gpointer data, GError **error)
{
  return _esp_source_dup_fd (GPOINTER_TO_INT (data), error);
}

static void
copy_free (gpointer data)
{
  close (GPOINTER_TO_INT (data));
}

static const EspSourceFuncs copy_funcs = { copy_read, NULL, copy_free, copy_dup_descriptor };

static gboolean
write_all (int fd, const guint8 *bytes, gsize n, GError **error)
{
  while (n > 0)
    {
      gssize written = write (fd, bytes, n);
      int saved = errno;

      if (written < 0 && saved == EINTR)
        continue;
      if (written <= 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                       _ ("a temporary copy of the HDF5 file can’t be written: %s"),
                       g_strerror (saved));
          return FALSE;
        }
      bytes += written;
      n -= (gsize) written;
    }
  return TRUE;
}

static gboolean
fill_copy (int fd, EspSource *source, GCancellable *cancellable, GError **error)
{
  guint64 size = esp_source_get_size (source);
  g_autofree guint8 *piece = g_malloc (COPY_BYTES);

  for (guint64 done = 0; done < size;)
    {
      gsize n = (gsize) MIN (size - done, COPY_BYTES);

      if (!esp_source_read (source, done, n, piece, cancellable, error) ||
          !write_all (fd, piece, n, error))
        return FALSE;
      done += n;
    }
  return TRUE;
}

EspSource *
esp_hdf5_copy_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  guint64 size = esp_source_get_size (source);
  g_autofree char *name = NULL;
  int fd;

  if (size > ESP_LIMIT_HDF5_COPY_BYTES)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
          _ ("the HDF5 file is compressed and has %" PRIu64 " bytes; at most %llu can be unpacked"),
          size, ESP_LIMIT_HDF5_COPY_BYTES);
      return NULL;
    }
  fd = g_file_open_tmp ("espalier-XXXXXX", &name, error);
  if (fd < 0)
    return NULL;
  g_unlink (name);
  if (!fill_copy (fd, source, cancellable, error))
    {
      close (fd);
      return NULL;
    }
  /* a child of the source that isn't a range: no byte of it has a place in the opened file */
  return _esp_source_new_child (&copy_funcs, GINT_TO_POINTER (fd), source, 0, size,
                                esp_source_get_name (source));
}
