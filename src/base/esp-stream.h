/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspStream:
 *
 * Reads a source from front to back through a small buffer: for headers whose size only reading
 * them tells. Lives on the stack and borrows the source. Every reader returns FALSE with
 * %ESP_FORMAT_ERROR_TRUNCATED, naming the offset, when the source ends first.
 */
typedef struct
{
  EspSource *source;
  GCancellable *cancellable;
  gboolean big_endian;
  guint64 position; /* of the next byte */
  guint64 start;    /* position of buffer[0] */
  gsize filled;
  guint8 buffer[64 * 1024];
} EspStream;

void esp_stream_init (EspStream *self, EspSource *source, GCancellable *cancellable);
guint64 esp_stream_get_remaining (EspStream *self);
gboolean esp_stream_read (EspStream *self, void *out, gsize length, GError **error);
gboolean esp_stream_skip (EspStream *self, guint64 length, GError **error);
gboolean esp_stream_read_u8 (EspStream *self, guint8 *out, GError **error);
gboolean esp_stream_read_u16 (EspStream *self, guint16 *out, GError **error);
gboolean esp_stream_read_u32 (EspStream *self, guint32 *out, GError **error);
gboolean esp_stream_read_u64 (EspStream *self, guint64 *out, GError **error);

G_END_DECLS
