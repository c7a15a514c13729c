/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files beside a checkpoint that it names itself. In: a folder that the user picked and a text out
 * of a file in it. Out: a source, or why that text is no name of a file that may be opened. There
 * can be 10,000 shards, so descriptors come out of a set of fixed size, least recently read first.
 */

#include "config.h"

#include "esp-beside.h"
#include "esp-source-private.h"

#include "esp-error.h"
#include "esp-file-log.h"
#include "esp-path.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a process may have 1024 by default, and the window needs some */
#define DESCRIPTORS_MAX 64

#define FOLDER_FLAGS (O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOCTTY)

struct _EspBeside
{
  gatomicrefcount refs;
  int fd;
  char *path; /* owned; opens nothing, the descriptor does */
};

typedef struct
{
  EspBeside *folder; /* owned */
  char *path;        /* owned, checked */
  EspBesideLinks links;
  EspIdentity identity;

  /* under the lock */
  int fd;     /* -1 while it is closed */
  guint pins; /* reads that go on */
  GList link; /* in open_files while it isn't closed */
} BesideFile;

static GMutex lock;
static GQueue open_files = G_QUEUE_INIT; /* read last first */

/* the text */

static gboolean
is_plain_component (const char *text, gsize length)
{
  if (length == 0 || (length == 1 && text[0] == '.') ||
      (length == 2 && text[0] == '.' && text[1] == '.'))
    return FALSE;
  return memchr (text, '\0', length) == NULL && memchr (text, '\\', length) == NULL &&
         memchr (text, ':', length) == NULL;
}

gboolean
esp_beside_check_path (const char *path, gssize length, GError **error)
{
  const char *at = path;
  const char *end;

  g_return_val_if_fail (path != NULL, FALSE);

  end = path + (length < 0 ? strlen (path) : (gsize) length);
  for (;;)
    {
      const char *slash = memchr (at, '/', (gsize) (end - at));
      const char *stop = slash != NULL ? slash : end;

      if (!is_plain_component (at, (gsize) (stop - at)))
        break;
      if (slash == NULL)
        return TRUE;
      at = slash + 1;
    }
  {
    g_autofree char *text = esp_path_from_text (path, (gsize) (end - path));
    g_autofree char *shown = esp_path_escape (text);

    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE,
                 _ ("“%s” should name a file beside this one, but it is no plain relative path"),
                 shown);
  }
  return FALSE;
}

/* the folder */

EspBeside *
esp_beside_new (const char *folder, GError **error)
{
  EspBeside *self;
  int fd;

  g_return_val_if_fail (folder != NULL, NULL);

  do
    fd = open (folder, FOLDER_FLAGS);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    {
      _esp_source_set_errno (error, errno);
      return NULL;
    }
  self = g_new0 (EspBeside, 1);
  g_atomic_ref_count_init (&self->refs);
  self->fd = fd;
  self->path = g_canonicalize_filename (folder, NULL);
  return self;
}

EspBeside *
esp_beside_new_for_file (const char *path, GError **error)
{
  g_autofree char *folder = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  folder = g_path_get_dirname (path);
  return esp_beside_new (folder, error);
}

EspBeside *
esp_beside_ref (EspBeside *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
esp_beside_unref (EspBeside *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  close (self->fd);
  g_free (self->path);
  g_free (self);
}

/* opening */

static gboolean
fail_for_link (GError **error)
{
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE,
                       _ ("this is a symbolic link, which isn’t followed"));
  return FALSE;
}

static gboolean
fail_for_errno (GError **error, int saved)
{
  /* what O_NOFOLLOW says of a link; with O_DIRECTORY it is ENOTDIR */
  if (saved == ELOOP)
    return fail_for_link (error);
  _esp_source_set_errno (error, saved);
  return FALSE;
}

/* the folder of the last component, which *name is then; -1 with an error */
static int
open_parent (int top, const char *path, const char **name, GError **error)
{
  int fd = top;
  const char *slash;

  for (*name = path; (slash = strchr (*name, '/')) != NULL; *name = slash + 1)
    {
      g_autofree char *component = g_strndup (*name, (gsize) (slash - *name));
      struct stat st;
      gboolean good = fstatat (fd, component, &st, AT_SYMLINK_NOFOLLOW) == 0;
      int saved = good ? (S_ISLNK (st.st_mode) ? ELOOP : 0) : errno;
      int next = saved == 0 ? openat (fd, component, FOLDER_FLAGS | O_NOFOLLOW) : -1;

      if (next < 0 && saved == 0)
        saved = errno;
      if (fd != top)
        close (fd);
      if (next < 0)
        {
          fail_for_errno (error, saved);
          return -1;
        }
      fd = next;
    }
  return fd;
}

/* looks before it opens, as opening a device can do things, and once more afterwards */
static int
open_regular (int folder, const char *name, gboolean follow, struct stat *st, GError **error)
{
  int fd;

  if (fstatat (folder, name, st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    {
      fail_for_errno (error, errno);
      return -1;
    }
  if (S_ISLNK (st->st_mode))
    {
      fail_for_link (error);
      return -1;
    }
  if (!_esp_source_check_regular (st, error))
    return -1;
  do
    fd = openat (folder, name,
                 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
  while (fd < 0 && errno == EINTR);
  if (fd < 0 || fstat (fd, st) != 0)
    fail_for_errno (error, errno);
  else if (_esp_source_check_regular (st, error))
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

static int
open_beside (EspBeside *folder,
             const char *path,
             EspBesideLinks links,
             struct stat *st,
             GError **error)
{
  const char *name;
  int parent = open_parent (folder->fd, path, &name, error);
  gboolean follow = links == ESP_BESIDE_LINKS && name == path;
  int fd;

  if (parent < 0)
    return -1;
  fd = open_regular (parent, name, follow, st, error);
  if (parent != folder->fd)
    close (parent);
  return fd;
}

/* the set of descriptors; all of it under the lock */

static void
close_file (BesideFile *self)
{
  g_queue_unlink (&open_files, &self->link);
  close (self->fd);
  self->fd = -1;
}

/* closes what was read longest ago; more may stay open while so many threads read */
static void
make_room (void)
{
  GList *at = open_files.tail;

  while (at != NULL && open_files.length >= DESCRIPTORS_MAX)
    {
      BesideFile *file = at->data;

      at = at->prev;
      if (file->pins == 0)
        close_file (file);
    }
}

static void
keep_open (BesideFile *self, int fd)
{
  self->fd = fd;
  self->link.data = self;
  g_queue_push_head_link (&open_files, &self->link);
}

static gboolean
reopen (BesideFile *self, GError **error)
{
  struct stat st;
  EspIdentity now;
  int fd;

  make_room ();
  fd = open_beside (self->folder, self->path, self->links, &st, error);
  if (fd < 0)
    return FALSE;
  _esp_source_identify (&st, &now);
  if (now.device != self->identity.device || now.inode != self->identity.inode)
    {
      close (fd);
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("another file has this name now than when it was opened"));
      return FALSE;
    }
  keep_open (self, fd); /* its size and time are looked at after each read */
  return TRUE;
}

static int
pin (BesideFile *self, GError **error)
{
  int fd = -1;

  g_mutex_lock (&lock);
  if (self->fd >= 0 || reopen (self, error))
    {
      g_queue_unlink (&open_files, &self->link);
      g_queue_push_head_link (&open_files, &self->link);
      self->pins++;
      fd = self->fd;
    }
  g_mutex_unlock (&lock);
  return fd;
}

static void
unpin (BesideFile *self)
{
  g_mutex_lock (&lock);
  self->pins--;
  g_mutex_unlock (&lock);
}

/* the source */

static void
name_path (GError **error, const char *path)
{
  g_autofree char *shown = esp_path_escape (path);

  g_prefix_error (error, "%s: ", shown);
}

static gboolean
beside_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  BesideFile *self = data;
  int fd = pin (self, error);
  gboolean good = FALSE;

  if (fd >= 0)
    {
      good = _esp_source_read_fd (fd, &self->identity, offset, length, buffer, cancellable, error);
      unpin (self);
    }
  if (!good && error != NULL && !g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    name_path (error, self->path);
  return good;
}

static gboolean
beside_get_identity (gpointer data, EspIdentity *out)
{
  BesideFile *self = data;

  *out = self->identity;
  return TRUE;
}

static void
beside_free (gpointer data)
{
  BesideFile *self = data;

  g_mutex_lock (&lock);
  if (self->fd >= 0)
    close_file (self);
  g_mutex_unlock (&lock);
  esp_beside_unref (self->folder);
  g_free (self->path);
  g_free (self);
}

static int
beside_dup_descriptor (gpointer data, GError **error)
{
  BesideFile *self = data;
  int fd = pin (self, error);
  int copy = -1;

  if (fd >= 0)
    {
      copy = _esp_source_dup_fd (fd, error);
      unpin (self);
    }
  if (copy < 0)
    name_path (error, self->path);
  return copy;
}

static const EspSourceFuncs beside_funcs = { beside_read, beside_get_identity, beside_free,
                                             beside_dup_descriptor };

EspSource *
esp_beside_open (EspBeside *self, const char *path, EspBesideLinks links, GError **error)
{
  g_autoptr (GError) why = NULL;
  BesideFile *file;
  struct stat st;
  int fd;

  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  if (!esp_beside_check_path (path, -1, error))
    return NULL;
  g_mutex_lock (&lock);
  make_room ();
  fd = open_beside (self, path, links, &st, &why);
  if (fd < 0)
    {
      g_mutex_unlock (&lock);
      if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        _esp_file_log_note (self->path, path, NULL);
      name_path (&why, path);
      g_propagate_error (error, g_steal_pointer (&why));
      return NULL;
    }
  file = g_new0 (BesideFile, 1);
  file->folder = esp_beside_ref (self);
  file->path = g_strdup (path);
  file->links = links;
  _esp_source_identify (&st, &file->identity);
  keep_open (file, fd);
  g_mutex_unlock (&lock);
  _esp_file_log_note (self->path, path, &file->identity);
  return esp_source_new (&beside_funcs, file, path, (guint64) st.st_size);
}
