/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspJsonWriter:
 *
 * Writes JSON as a stream into a file descriptor or a GString through one buffer; nothing is kept
 * as a tree. Separators are put in by itself. Doubles are written shortest-exact; NaN and
 * infinities are the strings "nan", "inf", "-inf". Control characters are escaped; so are C0 80 (a
 * NUL within a name, see esp_path_from_text()) and lone surrogates. For other bytes that are not
 * UTF-8 there stands U+FFFD.
 */
typedef struct _EspJsonWriter EspJsonWriter;

EspJsonWriter *esp_json_writer_new_for_fd (int fd);
EspJsonWriter *esp_json_writer_new_for_string (GString *out);
/* drops what is not flushed */
void esp_json_writer_free (EspJsonWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspJsonWriter, esp_json_writer_free)
/* sends the buffer on and tells of the first write error since the beginning */
gboolean esp_json_writer_flush (EspJsonWriter *self, GError **error);

void esp_json_writer_begin_object (EspJsonWriter *self);
void esp_json_writer_end_object (EspJsonWriter *self);
void esp_json_writer_begin_array (EspJsonWriter *self);
void esp_json_writer_end_array (EspJsonWriter *self);
void esp_json_writer_key (EspJsonWriter *self, const char *key);
void esp_json_writer_string (EspJsonWriter *self, const char *text); /* NULL writes null */
void esp_json_writer_u64 (EspJsonWriter *self, guint64 value);
void esp_json_writer_i64 (EspJsonWriter *self, gint64 value);
void esp_json_writer_double (EspJsonWriter *self, double value);
void esp_json_writer_bool (EspJsonWriter *self, gboolean value);
void esp_json_writer_null (EspJsonWriter *self);
/* white space only: a line break between rows of a long listing */
void esp_json_writer_newline (EspJsonWriter *self);

G_END_DECLS
