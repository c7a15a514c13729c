/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspNames:
 *
 * Private to model/: names, each text once, in one block of memory. A name is known by where it
 * begins, so that equal names have equal numbers; 0 is the empty name.
 */
typedef struct _EspNames EspNames;

EspNames *esp_names_new (void);
void esp_names_free (EspNames *self);
/* @text needs no NUL and has none. FALSE when all names together would pass 4 GB. */
gboolean esp_names_intern (EspNames *self, const char *text, gsize length, guint32 *out);
/* borrowed; valid until the next esp_names_intern() */
const char *esp_names_get (const EspNames *self, guint32 name);
/* no more are to come: gives back what was needed to find them */
void esp_names_seal (EspNames *self);

G_END_DECLS
