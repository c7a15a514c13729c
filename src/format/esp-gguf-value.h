/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to the GGUF reader: strings and metadata values of its header, as text for people. */

#include "esp-stream.h"

G_BEGIN_DECLS

#define ESP_GGUF_TYPE_U16 2
#define ESP_GGUF_TYPE_U32 4
#define ESP_GGUF_TYPE_STRING 8

typedef struct
{
  EspStream stream;
  guint32 version; /* 1 has smaller counts */
  gsize budget;    /* bytes of text that may still be kept */
} EspGgufInput;

typedef struct
{
  guint32 type;
  guint64 bits; /* of a number */
  char *text;   /* owned; for a long array its first entries and their count */
} EspGgufValue;

void esp_gguf_value_clear (EspGgufValue *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspGgufValue, esp_gguf_value_clear)

/* a count, size or length */
gboolean esp_gguf_read_size (EspGgufInput *self, guint64 *out, GError **error);
/* a key or name: all of it, at most %ESP_LIMIT_NAME_BYTES; bytes that are no UTF-8 are replaced */
char *esp_gguf_read_name (EspGgufInput *self, GError **error);
/* its type and the value itself */
gboolean esp_gguf_read_value (EspGgufInput *self, EspGgufValue *out, GError **error);

G_END_DECLS
