/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-json.h"

G_BEGIN_DECLS

/* The parts of EspJsonReader that know nothing of its grammar. */

/* a key or string within the text, without its quotes */
typedef struct
{
  guint32 start;
  guint32 length : 31;
  guint32 escaped : 1; /* holds at least one backslash */
} EspJsonSpan;

#define ESP_JSON_MAX_BYTES G_MAXINT32 /* what a span can say */

/* the first byte that is not UTF-8; NULL if there is none. NUL is a byte like others. */
const char *_esp_json_find_invalid (const char *text, gsize length);
/* the first quote, backslash or control character from @at on; @end if there is none */
const char *_esp_json_find_special (const char *at, const char *end);
/* the length of the escape whose backslash is at @at; 0 if it is none */
gsize _esp_json_measure_escape (const char *at, const char *end);
/* the characters that a span stands for; its escapes were measured before */
void _esp_json_decode (const char *text, EspJsonSpan span, GString *out);

/**
 * EspJsonKeys:
 *
 * The keys of all open objects, so that one which repeats is found: by comparing while an object is
 * small, by a hash table of 8 bytes a slot from then on. Nothing is copied.
 */
typedef struct _EspJsonKeys EspJsonKeys;

EspJsonKeys *_esp_json_keys_new (const char *text);
void _esp_json_keys_free (EspJsonKeys *self);
void _esp_json_keys_begin_object (EspJsonKeys *self);
void _esp_json_keys_end_object (EspJsonKeys *self);
/* FALSE if the innermost object has an equal key already */
gboolean _esp_json_keys_add (EspJsonKeys *self, EspJsonSpan key);

G_END_DECLS
