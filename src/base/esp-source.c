/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sources: a checked front over a small table of functions, with the plain kinds of it: a local
 * file, memory, a range of another source. (The inflated kind is in esp-source-inflated.c.) A file
 * may be terabytes; reads are from a few bytes to some megabytes, hot in every scan. */

#include "config.h"

#include "esp-source-private.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-file-log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cancelling is looked at between pieces of this size */
#define PIECE ((gsize) 8 * 1024 * 1024)

/* the front */

EspSource *
_esp_source_new_child (const EspSourceFuncs *funcs,
                       gpointer data,
                       EspSource *parent,
                       guint64 offset,
                       guint64 size,
                       const char *name)
{
  EspSource *self = g_new0 (EspSource, 1);

  g_atomic_ref_count_init (&self->refs);
  self->name = g_strdup (name != NULL ? name : "");
  self->size = size;
  self->funcs = funcs;
  self->data = data;
  self->parent = parent != NULL ? esp_source_ref (parent) : NULL;
  self->offset = offset;
  return self;
}

EspSource *
esp_source_new (const EspSourceFuncs *funcs, gpointer data, const char *name, guint64 size)
{
  g_return_val_if_fail (funcs != NULL && funcs->read != NULL, NULL);

  return _esp_source_new_child (funcs, data, NULL, 0, size, name);
}

EspSource *
esp_source_ref (EspSource *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
esp_source_unref (EspSource *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->funcs != NULL && self->funcs->free != NULL)
    self->funcs->free (self->data);
  g_clear_pointer (&self->parent, esp_source_unref);
  g_free (self->name);
  g_free (self);
}

const char *
esp_source_get_name (EspSource *self)
{
  g_return_val_if_fail (self != NULL, "");

  return self->name;
}

guint64
esp_source_get_size (EspSource *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

gboolean
esp_source_get_identity (EspSource *self, EspIdentity *out)
{
  g_return_val_if_fail (self != NULL && out != NULL, FALSE);

  while (self->parent != NULL)
    self = self->parent;
  return self->funcs->get_identity != NULL && self->funcs->get_identity (self->data, out);
}

gint64
esp_source_get_file_offset (EspSource *self, guint64 offset)
{
  g_return_val_if_fail (self != NULL, -1);

  while (self->parent != NULL)
    {
      if (!self->is_range || !esp_add_u64 (offset, self->offset, &offset))
        return -1;
      self = self->parent;
    }
  return offset <= G_MAXINT64 ? (gint64) offset : -1;
}

int
esp_source_dup_descriptor (EspSource *self, guint64 *offset, GError **error)
{
  g_return_val_if_fail (self != NULL && offset != NULL, -1);

  *offset = self->is_range ? self->offset : 0;
  if (self->is_range) /* its parent is never a range */
    self = self->parent;
  if (self->funcs->dup_descriptor == NULL)
    return -1;
  return self->funcs->dup_descriptor (self->data, error);
}

gboolean
esp_source_read (EspSource *self,
                 guint64 offset,
                 gsize length,
                 void *buffer,
                 GCancellable *cancellable,
                 GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (buffer != NULL || length == 0, FALSE);

  if (!esp_range_fits (offset, length, self->size))
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
          ngettext ("%zu byte wanted at offset %" PRIu64 ", where the bytes end at %" PRIu64,
                    "%zu bytes wanted at offset %" PRIu64 ", where the bytes end at %" PRIu64,
                    (gulong) length),
          length, offset, self->size);
      return FALSE;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (length == 0)
    return TRUE;
  if (self->is_range) /* its parent is never a range */
    return self->parent->funcs->read (self->parent->data, self->offset + offset, length, buffer,
                                      cancellable, error);
  return self->funcs->read (self->data, offset, length, buffer, cancellable, error);
}

GBytes *
esp_source_read_bytes (EspSource *self,
                       guint64 offset,
                       guint64 length,
                       guint64 limit,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autofree guint8 *buffer = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (length > limit || length > G_MAXSIZE)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
          _ ("%" PRIu64 " bytes at offset %" PRIu64 " are more than the limit of %" PRIu64), length,
          offset, limit);
      return NULL;
    }
  /* tell before anything is allocated */
  if (!esp_range_fits (offset, length, self->size))
    {
      guint8 none;
      esp_source_read (self, offset, length, &none, cancellable, error);
      return NULL;
    }
  buffer = g_try_malloc (MAX (length, 1));
  if (buffer == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("there is no memory for %" PRIu64 " bytes"), length);
      return NULL;
    }
  if (!esp_source_read (self, offset, length, buffer, cancellable, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&buffer), length);
}

/* a local file */

typedef struct
{
  int fd;
  EspIdentity identity;
} FileSource;

void
_esp_source_identify (const struct stat *st, EspIdentity *out)
{
  out->device = st->st_dev;
  out->inode = st->st_ino;
  out->size = st->st_size;
  out->modified_ns = (gint64) st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* the bytes that were just read are those of the file that was opened */
static gboolean
file_is_unchanged (int fd, const EspIdentity *identity, GError **error)
{
  struct stat st;
  EspIdentity now;

  if (fstat (fd, &st) != 0)
    {
      int saved = errno;
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (saved), g_strerror (saved));
      return FALSE;
    }
  _esp_source_identify (&st, &now);
  if (now.size == identity->size && now.modified_ns == identity->modified_ns)
    return TRUE;
  if (now.size != identity->size)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the file was changed since it was opened: it had %" PRIu64
                    " bytes and has %" PRIu64 " now"),
                 identity->size, now.size);
  else
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                         _ ("the file was written to since it was opened"));
  return FALSE;
}

gboolean
_esp_source_read_fd (int fd,
                     const EspIdentity *identity,
                     guint64 offset,
                     gsize length,
                     void *buffer,
                     GCancellable *cancellable,
                     GError **error)
{
  guint8 *to = buffer;

  while (length > 0)
    {
      gssize n = pread (fd, to, MIN (length, PIECE), offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved = errno;
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                       _ ("reading at offset %" PRIu64 " failed: %s"), offset, g_strerror (saved));
          return FALSE;
        }
      if (n == 0)
        {
          if (file_is_unchanged (fd, identity, error))
            g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                         _ ("the file ends at offset %" PRIu64), offset);
          return FALSE;
        }
      to += n;
      offset += n;
      length -= n;
      if (length > 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
    }
  return file_is_unchanged (fd, identity, error);
}

static gboolean
file_read (gpointer data,
           guint64 offset,
           gsize length,
           void *buffer,
           GCancellable *cancellable,
           GError **error)
{
  FileSource *self = data;

  return _esp_source_read_fd (self->fd, &self->identity, offset, length, buffer, cancellable,
                              error);
}

static gboolean
file_get_identity (gpointer data, EspIdentity *out)
{
  FileSource *self = data;

  *out = self->identity;
  return TRUE;
}

static void
file_free (gpointer data)
{
  FileSource *self = data;

  close (self->fd);
  g_free (self);
}

void
_esp_source_set_errno (GError **error, int saved)
{
  switch (saved)
    {
    case ENOENT:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           _ ("there is no file of this name"));
      break;
    case EACCES:
    case EPERM:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                           _ ("you have no permission to read this file"));
      break;
    default:
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   _ ("the file can’t be opened: %s"), g_strerror (saved));
    }
}

int
_esp_source_dup_fd (int fd, GError **error)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  int saved = errno;

  if (copy < 0)
    _esp_source_set_errno (error, saved);
  return copy;
}

static int
file_dup_descriptor (gpointer data, GError **error)
{
  FileSource *self = data;

  return _esp_source_dup_fd (self->fd, error);
}

static const EspSourceFuncs file_funcs = { file_read, file_get_identity, file_free,
                                           file_dup_descriptor };

gboolean
_esp_source_check_regular (const struct stat *st, GError **error)
{
  if (S_ISREG (st->st_mode))
    return TRUE;
  if (S_ISDIR (st->st_mode))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY,
                         _ ("this is a folder, not a file"));
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                         _ ("this is a device, a pipe or a socket, not a file"));
  return FALSE;
}

EspSource *
esp_source_new_for_file (const char *path, GError **error)
{
  g_autofree char *name = NULL;
  FileSource *file;
  struct stat st;
  int fd;

  g_return_val_if_fail (path != NULL, NULL);

  /* without O_NONBLOCK, opening a FIFO would wait for a writer */
  do
    fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  while (fd < 0 && errno == EINTR);
  if (fd < 0 || fstat (fd, &st) != 0)
    {
      int saved = errno;
      if (fd >= 0)
        close (fd);
      _esp_source_set_errno (error, saved);
      return NULL;
    }
  if (!_esp_source_check_regular (&st, error))
    {
      close (fd);
      return NULL;
    }
  file = g_new0 (FileSource, 1);
  file->fd = fd;
  _esp_source_identify (&st, &file->identity);
  _esp_file_log_note (NULL, path, &file->identity);
  name = g_path_get_basename (path);
  return esp_source_new (&file_funcs, file, name, st.st_size);
}

/* memory */

static gboolean
bytes_read (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  const guint8 *from = g_bytes_get_data (data, NULL);

  memcpy (buffer, from + offset, length);
  return TRUE;
}

static void
bytes_free (gpointer data)
{
  g_bytes_unref (data);
}

static const EspSourceFuncs bytes_funcs = { bytes_read, NULL, bytes_free };

EspSource *
esp_source_new_for_bytes (GBytes *bytes, const char *name)
{
  g_return_val_if_fail (bytes != NULL, NULL);

  return esp_source_new (&bytes_funcs, g_bytes_ref (bytes), name, g_bytes_get_size (bytes));
}

/* a range */

EspSource *
esp_source_new_range (EspSource *parent, guint64 offset, guint64 length, const char *name)
{
  EspSource *self;

  g_return_val_if_fail (parent != NULL, NULL);
  g_return_val_if_fail (esp_range_fits (offset, length, parent->size), NULL);

  /* a range of a range goes to what has the bytes, so that no chain of them grows */
  if (parent->is_range)
    {
      offset += parent->offset;
      parent = parent->parent;
    }
  self = _esp_source_new_child (NULL, NULL, parent, offset, length, name);
  self->is_range = TRUE;
  return self;
}
