/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * The files this program opened last, as the desktop's list of recent files has them
 * (GtkRecentManager; its signal "changed" tells of changes).
 */
typedef struct
{
  char *uri;
  char *name;   /* "model.safetensors" */
  char *folder; /* "~/models" */
  guint64 size; /* 0 if unknown */
  gboolean is_network;
} EspRecentFile;

/* newest first, those that are still there; (element-type EspRecentFile), frees its elements */
GPtrArray *esp_recent_get_files (guint max);
void esp_recent_add (GFile *file, EspDocument *document);
void esp_recent_clear (void);

/* a folder as people write it, with ~ for home. New string. */
char *esp_recent_dup_folder (GFile *file);

G_END_DECLS
