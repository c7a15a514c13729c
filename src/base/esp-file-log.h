/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"

G_BEGIN_DECLS

/**
 * EspFileStamp:
 *
 * A file as it was at one moment. Two stamps of an unchanged file are equal.
 */
typedef struct
{
  char *path;           /* owned, absolute */
  gboolean found;       /* whether there was one */
  EspIdentity identity; /* of what the path led to; zeros where nothing was found */
} EspFileStamp;

EspFileStamp *esp_file_stamp_new (const char *path); /* as it is now; looks at the disk */
void esp_file_stamp_free (EspFileStamp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFileStamp, esp_file_stamp_free)
gboolean esp_file_stamp_equal (const EspFileStamp *a, const EspFileStamp *b);

/**
 * The log of files: which ones were opened on the way to a checkpoint, and which were wanted and
 * missing. It is kept by those who open files (EspSource, EspBeside), for the thread that began it,
 * so that no reader has to. Logs nest; each file stands in the innermost.
 */
void esp_file_log_begin (void);
/* ends the log that this thread began last. (element-type EspFileStamp) */
GPtrArray *esp_file_log_end (void);

/* for those who open files; @identity is NULL for one that is missing. Nothing without a log. */
void _esp_file_log_note (const char *folder, const char *path, const EspIdentity *identity);

G_END_DECLS
