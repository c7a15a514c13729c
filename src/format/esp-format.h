/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-source.h"
#include "esp-zip.h"

G_BEGIN_DECLS

/**
 * EspProbe:
 *
 * What a format may look at to know its own: the first bytes, and the zip directory where the file
 * is a zip. Made once for all formats.
 */
typedef struct
{
  const char *path;
  EspSource *source;
  const guint8 *head; /* first bytes of the file */
  gsize head_size;    /* up to 4096 */
  EspZip *zip;        /* or NULL */
  gboolean is_shard;  /* one file of several: ids of storages begin with its name, the source's */
} EspProbe;

/**
 * EspFormat:
 *
 * One kind of checkpoint: one pair of files fills one of these, and one row in esp-format.c
 * registers it.
 */
struct _EspFormat
{
  const char *name;            /* contract word: "safetensors", "pytorch-zip" */
  const char *title;           /* for people: "PyTorch" */
  const char *const *suffixes; /* for file dialogs only, NULL-terminated */
  gboolean (*probe) (const EspProbe *probe);
  EspCheckpoint *(*read) (const EspProbe *probe,
                          EspProgressFunc progress,
                          gpointer user_data,
                          GCancellable *cancellable,
                          GError **error);
  /* or NULL: writes all parameters and buffers of @tree; ties are kept as the format can */
  gboolean (*write) (EspTree *tree,
                     const char *path,
                     gboolean replace,
                     EspProgressFunc progress,
                     gpointer user_data,
                     GCancellable *cancellable,
                     GError **error);
};

/* all formats, NULL-terminated */
const EspFormat *const *esp_format_get_all (void);
const EspFormat *esp_format_from_name (const char *name); /* NULL if there is none */

/* Opens a file, the index of several, or a folder with one of them (esp-folder.h): headers and
 * tables only, found by content. A recognised kind that no reader takes
 * is %ESP_FORMAT_ERROR_UNSUPPORTED with a sentence what to convert to. Messages begin with the
 * file's name. Blocking: call it in a worker. */
EspCheckpoint *esp_format_open (const char *path,
                                EspProgressFunc progress,
                                gpointer user_data,
                                GCancellable *cancellable,
                                GError **error);
/* the same for bytes from elsewhere; @path is for messages and esp_checkpoint_get_path() */
EspCheckpoint *esp_format_open_source (EspSource *source,
                                       const char *path,
                                       EspProgressFunc progress,
                                       gpointer user_data,
                                       GCancellable *cancellable,
                                       GError **error);
/* one file of several, for their reader: an index doesn't count. Messages begin with @name. */
EspCheckpoint *esp_format_read_shard (EspSource *source,
                                      const char *name,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
