/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"

#include <sys/stat.h>

G_BEGIN_DECLS

struct _EspSource
{
  gatomicrefcount refs;
  char *name;
  guint64 size;

  const EspSourceFuncs *funcs;
  gpointer data; /* owned, freed with funcs->free */

  EspSource *parent; /* owned; of a range and of an inflated member, else NULL */
  guint64 offset;    /* within parent */
  gboolean is_range; /* its bytes lie in parent as they are */
};

/* takes @data; @parent is kept by reference */
EspSource *_esp_source_new_child (const EspSourceFuncs *funcs,
                                  gpointer data,
                                  EspSource *parent,
                                  guint64 offset,
                                  guint64 size,
                                  const char *name);

/* local files, for all that open them */
void _esp_source_identify (const struct stat *st, EspIdentity *out);
/* fails unless it is a regular file */
gboolean _esp_source_check_regular (const struct stat *st, GError **error);
void _esp_source_set_errno (GError **error, int saved);
/* a copy of @fd that closes on exec, or -1 */
int _esp_source_dup_fd (int fd, GError **error);
/* fails when the file isn't as @identity says any more */
gboolean _esp_source_read_fd (int fd,
                              const EspIdentity *identity,
                              guint64 offset,
                              gsize length,
                              void *buffer,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
