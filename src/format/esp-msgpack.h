/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-stream.h"

G_BEGIN_DECLS

/* MessagePack, an item at a time: what is inside of an item comes after it. */

typedef enum
{
  ESP_MSGPACK_NIL,
  ESP_MSGPACK_BOOL,
  ESP_MSGPACK_INT,
  ESP_MSGPACK_UINT, /* beyond a gint64 */
  ESP_MSGPACK_FLOAT,
  ESP_MSGPACK_TEXT,
  ESP_MSGPACK_BYTES,
  ESP_MSGPACK_EXTENSION,
  ESP_MSGPACK_ARRAY,
  ESP_MSGPACK_MAP,
} EspMsgpackKind;

typedef struct
{
  EspMsgpackKind kind;
  guint64 at;      /* where it begins */
  guint64 n;       /* TEXT, BYTES, EXTENSION: bytes; ARRAY: items; MAP: pairs; all follow */
  gint64 integer;  /* INT; EXTENSION: its type; BOOL: 0 or 1 */
  guint64 natural; /* UINT */
  double real;     /* FLOAT */
} EspMsgpackItem;

void esp_msgpack_init (EspStream *stream, EspSource *source, GCancellable *cancellable);
/* The next item. What it says follows is checked against the bytes that are left. */
gboolean esp_msgpack_read (EspStream *stream, EspMsgpackItem *out, GError **error);
/* the bytes of a TEXT as a name (esp_path_from_text()); more than @limit are
 * %ESP_FORMAT_ERROR_LIMIT */
char *esp_msgpack_read_text (EspStream *stream,
                             const EspMsgpackItem *item,
                             gsize limit,
                             GError **error);

G_END_DECLS
