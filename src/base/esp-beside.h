/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"

G_BEGIN_DECLS

/**
 * EspBeside:
 *
 * The folder of a checkpoint, for files that a file in it names: shards, external data. A name out
 * of a file is hostile until it was checked: only a plain relative path below this folder is
 * opened, only regular files, and no symbolic link on the way.
 *
 * However many files are opened, a bounded number of descriptors is in use: one that wasn't read
 * for long is closed and opened again when it is read, and it must be the same file then.
 * Atomically refcounted; all calls are safe from any thread.
 */
typedef struct _EspBeside EspBeside;

/**
 * EspBesideLinks:
 * @ESP_BESIDE_NO_LINKS: a symbolic link is %ESP_FORMAT_ERROR_UNSAFE
 * @ESP_BESIDE_LINKS: a file directly in the folder may be a symbolic link to a regular file, as
 * in download caches, where shards are links; one further below may not
 */
typedef enum
{
  ESP_BESIDE_NO_LINKS,
  ESP_BESIDE_LINKS,
} EspBesideLinks;

EspBeside *esp_beside_new (const char *folder, GError **error);
/* the folder in which the file at @path lies */
EspBeside *esp_beside_new_for_file (const char *path, GError **error);
EspBeside *esp_beside_ref (EspBeside *self);
void esp_beside_unref (EspBeside *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspBeside, esp_beside_unref)

/* Whether a text out of a file may name a file beside it: components that are not empty, "." or
 * "..", without backslash, colon and NUL; else %ESP_FORMAT_ERROR_UNSAFE. @length may be -1. Touches
 * no file. */
gboolean esp_beside_check_path (const char *path, gssize length, GError **error);

/* Opens the file that @path names, after checking it so. A file that isn't there is
 * %G_IO_ERROR_NOT_FOUND. Messages begin with the path. */
EspSource *esp_beside_open (EspBeside *self,
                            const char *path,
                            EspBesideLinks links,
                            GError **error);

G_END_DECLS
