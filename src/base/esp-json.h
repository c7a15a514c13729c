/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspJsonReader:
 *
 * A strict pull reader for JSON out of a checkpoint (RFC 8259, UTF-8): bounded depth, exact 64-bit
 * integers, no comments, no node tree, no recursion. Duplicate keys within one object are
 * %ESP_FORMAT_ERROR_CORRUPT. Errors name the byte.
 */
typedef enum
{
  ESP_JSON_ERROR, /* see the GError */
  ESP_JSON_OBJECT,
  ESP_JSON_OBJECT_END,
  ESP_JSON_ARRAY,
  ESP_JSON_ARRAY_END,
  ESP_JSON_KEY, /* text with esp_json_reader_get_text() */
  ESP_JSON_STRING,
  ESP_JSON_NUMBER,
  ESP_JSON_TRUE,
  ESP_JSON_FALSE,
  ESP_JSON_NULL,
  ESP_JSON_END, /* the one value is complete and only white space followed */
} EspJsonToken;

/* borrows @text, which must outlive the reader; @what is for messages */
EspJsonReader *esp_json_reader_new (const char *text, gsize length, const char *what);
void esp_json_reader_free (EspJsonReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspJsonReader, esp_json_reader_free)

EspJsonToken esp_json_reader_next (EspJsonReader *self, GError **error);
/* the decoded text of the last key or string, valid until the next call; may hold NUL bytes, so
 * mind @length */
const char *esp_json_reader_get_text (EspJsonReader *self, gsize *length);
/* whether the last key or string is @text; copies nothing */
gboolean esp_json_reader_is_text (EspJsonReader *self, const char *text);
/* the last number, which must be written as an unsigned integer */
gboolean esp_json_reader_get_u64 (EspJsonReader *self, guint64 *out, GError **error);
double esp_json_reader_get_double (EspJsonReader *self);
/* reads the next token and fails unless it is @wanted */
gboolean esp_json_reader_expect (EspJsonReader *self, EspJsonToken wanted, GError **error);
/* passes over the next value whole */
gboolean esp_json_reader_skip (EspJsonReader *self, GError **error);
/* passes over the next value and gives its text as it stands in the file; borrowed from the text */
gboolean esp_json_reader_read_raw (EspJsonReader *self,
                                   const char **out,
                                   gsize *length,
                                   GError **error);
/* byte position, for messages */
gsize esp_json_reader_get_position (EspJsonReader *self);

G_END_DECLS
