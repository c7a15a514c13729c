/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Paths of modules and parameters: names joined by a separator, as a producer writes them
 * (`layers.0.weight`).
 */

/* splits at every @separator; empty parts are kept, so that joining gives the same text again */
GStrv esp_path_split (const char *text, char separator);
char *esp_path_join (const char *const *parts, const char *separator);
/* what a person types, as dotted parts: `net[2].weight`, `net.2.weight`, `state_dict["a.b"]`,
 * `2.weight`. NULL if it isn't a path. */
GStrv esp_path_parse (const char *text);
/* natural order: "layer.2" before "layer.10"; equal only if the bytes are equal */
int esp_path_compare (const char *a, const char *b);
/* a text of a file as a name in memory, which ends at its first NUL: a NUL in the text becomes the
 * two bytes C0 80, as Java and others write it. esp_path_escape() and the JSON writer know them. */
char *esp_path_from_text (const char *text, gsize length);
/* a name as it may be shown: control characters and bidi controls escaped (\n, \u202e), invalid
 * UTF-8 as \xNN. Never NULL, always UTF-8. */
char *esp_path_escape (const char *name);

G_END_DECLS
