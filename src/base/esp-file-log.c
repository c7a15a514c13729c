/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a checkpoint stands on, for those who watch whether it changes. At most some thousand files;
 * each path is noted once, as it was first opened. */

#include "config.h"

#include "esp-file-log.h"

#include <string.h>
#include <sys/stat.h>

#include "esp-source-private.h"

/* more files than a checkpoint may have shards, and enough to see that it changed */
#define MOST_FILES 20000

typedef struct _Log Log;

struct _Log
{
  Log *outer;
  GPtrArray *stamps; /* EspFileStamp, owned */
  GHashTable *paths; /* borrowed from them */
};

static void
free_log (gpointer data)
{
  Log *log = data;

  if (log->outer != NULL)
    free_log (log->outer);
  g_hash_table_unref (log->paths);
  g_ptr_array_unref (log->stamps);
  g_free (log);
}

static GPrivate innermost = G_PRIVATE_INIT (free_log);

EspFileStamp *
esp_file_stamp_new (const char *path)
{
  EspFileStamp *self;
  struct stat st;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_new0 (EspFileStamp, 1);
  self->path = g_canonicalize_filename (path, NULL);
  self->found = stat (self->path, &st) == 0;
  if (self->found)
    _esp_source_identify (&st, &self->identity);
  return self;
}

void
esp_file_stamp_free (EspFileStamp *self)
{
  g_free (self->path);
  g_free (self);
}

gboolean
esp_file_stamp_equal (const EspFileStamp *a, const EspFileStamp *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  return strcmp (a->path, b->path) == 0 && a->found == b->found &&
         a->identity.device == b->identity.device && a->identity.inode == b->identity.inode &&
         a->identity.size == b->identity.size && a->identity.modified_ns == b->identity.modified_ns;
}

void
esp_file_log_begin (void)
{
  Log *log = g_new0 (Log, 1);

  log->outer = g_private_get (&innermost);
  log->stamps = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_file_stamp_free);
  log->paths = g_hash_table_new (g_str_hash, g_str_equal);
  g_private_set (&innermost, log);
}

GPtrArray *
esp_file_log_end (void)
{
  Log *log = g_private_get (&innermost);
  GPtrArray *stamps;

  g_return_val_if_fail (log != NULL, NULL);

  g_private_set (&innermost, log->outer);
  log->outer = NULL;
  stamps = g_ptr_array_ref (log->stamps);
  free_log (log);
  return stamps;
}

void
_esp_file_log_note (const char *folder, const char *path, const EspIdentity *identity)
{
  Log *log = g_private_get (&innermost);
  EspFileStamp *stamp;
  char *whole;

  if (log == NULL || log->stamps->len >= MOST_FILES)
    return;
  whole = g_canonicalize_filename (path, folder);
  if (g_hash_table_contains (log->paths, whole))
    {
      g_free (whole);
      return;
    }
  stamp = g_new0 (EspFileStamp, 1);
  stamp->path = whole;
  stamp->found = identity != NULL;
  if (identity != NULL)
    stamp->identity = *identity;
  g_ptr_array_add (log->stamps, stamp);
  g_hash_table_add (log->paths, whole);
}
