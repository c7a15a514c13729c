/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Python out of a specification's JSON: literals and calls, for the code that builds a network
 * elsewhere. */

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void esp_python_append_text (GString *out, const char *text);
void esp_python_append_number (GString *out, double value);
/* lists become tuples */
void esp_python_append_value (GString *out, JsonNode *node);
/* "nn.Linear(in_features=4, out_features=8, bias=True)": @prefix, then the class and its settings,
 * without those of @left_out (NULL-terminated, or NULL) */
void esp_python_append_object (GString *out,
                               const char *prefix,
                               JsonObject *settings,
                               const char *const *left_out);

G_END_DECLS
