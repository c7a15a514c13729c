/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspCursor:
 *
 * A bounded reader over bytes in memory. It never reads outside [data, data + size). Lives on the
 * stack and borrows the bytes. Each reader returns FALSE with %ESP_FORMAT_ERROR_TRUNCATED, naming
 * @what and the offset, when the bytes end first; the cursor then hasn't moved.
 */
typedef struct
{
  const guint8 *data;
  gsize size;
  gsize position;
  const char *what; /* for messages: "data.pkl", "central directory" */
} EspCursor;

void esp_cursor_init (EspCursor *self, const void *data, gsize size, const char *what);
gsize esp_cursor_get_remaining (const EspCursor *self);
gboolean esp_cursor_skip (EspCursor *self, guint64 count, GError **error);
gboolean esp_cursor_seek (EspCursor *self, guint64 position, GError **error);

/* borrows @count bytes out of the cursor's data */
gboolean esp_cursor_read_bytes (EspCursor *self, guint64 count, const guint8 **out, GError **error);

/* borrows a text up to (without) the next newline, which is passed over */
gboolean esp_cursor_read_line (EspCursor *self, const char **out, gsize *length, GError **error);

/* little endian unless named _be; no alignment needed */
gboolean esp_cursor_read_u8 (EspCursor *self, guint8 *out, GError **error);
gboolean esp_cursor_read_u16 (EspCursor *self, guint16 *out, GError **error);
gboolean esp_cursor_read_u32 (EspCursor *self, guint32 *out, GError **error);
gboolean esp_cursor_read_i32 (EspCursor *self, gint32 *out, GError **error);
gboolean esp_cursor_read_u64 (EspCursor *self, guint64 *out, GError **error);
gboolean esp_cursor_read_f64_be (EspCursor *self, double *out, GError **error);

G_END_DECLS
