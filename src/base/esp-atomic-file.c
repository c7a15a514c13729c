/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A file that appears under its name only when it is whole: written beside it under a temporary
 * name, synced, then renamed. Sizes: whatever a checkpoint has; writes are chunks of megabytes.
 *
 *   folder/.espalier-XXXXXX  --commit-->  folder/NAME
 */

#define _GNU_SOURCE /* renameat2 */

#include "config.h"

#include "esp-atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _EspAtomicFile
{
  char *path;      /* final; of what a symbolic link points to when that is replaced */
  char *temporary; /* NULL once it is gone */
  gboolean replace;
  int fd; /* -1 once it is closed */
};

static gboolean
fail (GError **error, int saved, const char *what)
{
  /* TRANSLATORS: what failed, why */
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), _ ("%s: %s"), what,
               g_strerror (saved));
  return FALSE;
}

static gboolean
fail_exists (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                       _ ("there is already a file of this name"));
  return FALSE;
}

/* what stands under the final name may be replaced; *mode gets its permissions, -1 if it is not
 * there */
static gboolean
look_at_target (const char *path, gboolean replace, int *mode, GError **error)
{
  struct stat st;

  *mode = -1;
  if (lstat (path, &st) != 0)
    {
      int saved = errno;
      return saved == ENOENT || fail (error, saved, _ ("the file can’t be written"));
    }
  if (S_ISDIR (st.st_mode))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY,
                           _ ("there is a folder of this name"));
      return FALSE;
    }
  if (!replace)
    return fail_exists (error);
  if (!S_ISREG (st.st_mode))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                           _ ("what has this name is no regular file"));
      return FALSE;
    }
  *mode = st.st_mode & 0777;
  return TRUE;
}

static gboolean
open_temporary (EspAtomicFile *self, GError **error)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  g_autofree char *folder = g_path_get_dirname (self->path);

  for (guint attempt = 0; attempt < 100; attempt++)
    {
      char name[] = ".espalier-XXXXXXXX";
      int saved;

      for (char *at = strchr (name, 'X'); *at != '\0'; at++)
        *at = letters[g_random_int_range (0, sizeof letters - 1)];
      g_free (self->temporary);
      self->temporary = g_build_filename (folder, name, NULL);
      /* 0666: the umask decides, as for any new file */
      self->fd = open (self->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (self->fd >= 0)
        return TRUE;
      saved = errno;
      if (saved != EEXIST && saved != EINTR)
        {
          g_clear_pointer (&self->temporary, g_free);
          return fail (error, saved, _ ("no file can be made in this folder"));
        }
    }
  g_clear_pointer (&self->temporary, g_free);
  return fail (error, EEXIST, _ ("no file can be made in this folder"));
}

EspAtomicFile *
esp_atomic_file_new (const char *path, gboolean replace, GError **error)
{
  g_autoptr (EspAtomicFile) self = NULL;
  char *real;
  int mode;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_new0 (EspAtomicFile, 1);
  self->fd = -1;
  self->replace = replace;
  real = replace ? realpath (path, NULL) : NULL;
  self->path = g_strdup (real != NULL ? real : path);
  free (real);
  if (!look_at_target (self->path, replace, &mode, error) || !open_temporary (self, error))
    return NULL;
  if (mode >= 0 && fchmod (self->fd, (mode_t) mode) != 0)
    {
      fail (error, errno, _ ("the permissions can’t be kept"));
      return NULL;
    }
  return g_steal_pointer (&self);
}

gboolean
esp_atomic_file_write (EspAtomicFile *self, const void *data, gsize length, GError **error)
{
  const guint8 *at = data;

  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);
  g_return_val_if_fail (data != NULL || length == 0, FALSE);

  while (length > 0)
    {
      gssize n = write (self->fd, at, MIN (length, 1u << 30));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (error, errno, _ ("writing failed"));
      at += n;
      length -= n;
    }
  return TRUE;
}

/* gives the file its name unless that is taken, without a moment between look and deed */
static gboolean
rename_new (EspAtomicFile *self, GError **error)
{
  int saved;

  if (renameat2 (AT_FDCWD, self->temporary, AT_FDCWD, self->path, RENAME_NOREPLACE) == 0)
    {
      g_clear_pointer (&self->temporary, g_free);
      return TRUE;
    }
  saved = errno;
  if (saved == EEXIST)
    return fail_exists (error);
  if (saved != EINVAL && saved != ENOSYS)
    return fail (error, saved, _ ("the file can’t get its name"));
  /* file systems that don't know the flag know a second name; the first goes with the cleanup */
  if (link (self->temporary, self->path) == 0)
    return TRUE;
  saved = errno;
  if (saved == EEXIST)
    return fail_exists (error);
  return fail (error, saved, _ ("the file can’t get its name"));
}

/* so that the name survives a power cut too; some file systems can't, and the data are safe */
static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

gboolean
esp_atomic_file_commit (EspAtomicFile *self, GError **error)
{
  int fd;

  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);

  if (fsync (self->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
    return fail (error, errno, _ ("writing failed"));
  fd = self->fd;
  self->fd = -1;
  if (close (fd) != 0 && errno != EINTR)
    return fail (error, errno, _ ("writing failed"));
  if (!self->replace)
    {
      if (!rename_new (self, error))
        return FALSE;
    }
  else if (rename (self->temporary, self->path) != 0)
    return fail (error, errno, _ ("the file can’t get its name"));
  else
    g_clear_pointer (&self->temporary, g_free);
  sync_folder (self->path);
  return TRUE;
}

void
esp_atomic_file_free (EspAtomicFile *self)
{
  g_return_if_fail (self != NULL);

  if (self->fd >= 0)
    close (self->fd);
  if (self->temporary != NULL)
    unlink (self->temporary);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}
