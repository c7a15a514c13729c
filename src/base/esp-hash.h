/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Hashes of texts that come from files. They are keyed by a secret of this run, so that nobody can
 * make a file whose names all fall into one bucket of a hash table (g_str_hash() can be fooled).
 */
guint64 esp_hash_bytes (const void *data, gsize length);
/* for a GHashTable of names, together with g_str_equal() */
guint esp_hash_string (gconstpointer text);

G_END_DECLS
