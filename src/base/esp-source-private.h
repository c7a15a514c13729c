/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"

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

G_END_DECLS
