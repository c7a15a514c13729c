/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Bounded reading of numbers and runs of bytes out of memory. Everything that a parser takes from
 * a file goes through here, so no parser does pointer arithmetic of its own. Sizes: from the 22
 * bytes that end a zip to a pickle of 512 MB; the readers of one number are hot. */

#include "config.h"

#include "esp-cursor.h"

#include "esp-error.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

void
esp_cursor_init (EspCursor *self, const void *data, gsize size, const char *what)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (data != NULL || size == 0);
  g_return_if_fail (what != NULL);

  self->data = data;
  self->size = size;
  self->position = 0;
  self->what = what;
}

gsize
esp_cursor_get_remaining (const EspCursor *self)
{
  return self->size - self->position;
}

static gboolean
fail_truncated (const EspCursor *self, guint64 count, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
               ngettext ("%s: %" PRIu64 " byte wanted at offset %zu, but only %zu are left",
                         "%s: %" PRIu64 " bytes wanted at offset %zu, but only %zu are left",
                         (gulong) count),
               self->what, count, self->position, esp_cursor_get_remaining (self));
  return FALSE;
}

/* the bytes at the position, passed over; NULL with an error when there are fewer */
static inline const guint8 *
take (EspCursor *self, guint64 count, GError **error)
{
  const guint8 *at;

  if (G_UNLIKELY (count > self->size - self->position))
    {
      fail_truncated (self, count, error);
      return NULL;
    }
  at = self->data + self->position;
  self->position += count;
  return at;
}

gboolean
esp_cursor_skip (EspCursor *self, guint64 count, GError **error)
{
  if (count > esp_cursor_get_remaining (self))
    return fail_truncated (self, count, error);
  self->position += count;
  return TRUE;
}

gboolean
esp_cursor_seek (EspCursor *self, guint64 position, GError **error)
{
  if (position > self->size)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("%s: offset %" PRIu64 " wanted, but there are only %zu"
                      " bytes"),
                   self->what, position, self->size);
      return FALSE;
    }
  self->position = position;
  return TRUE;
}

gboolean
esp_cursor_read_bytes (EspCursor *self, guint64 count, const guint8 **out, GError **error)
{
  if (count > esp_cursor_get_remaining (self))
    return fail_truncated (self, count, error);
  /* an empty cursor may have no data at all */
  *out = self->data != NULL ? self->data + self->position : (const guint8 *) "";
  self->position += count;
  return TRUE;
}

gboolean
esp_cursor_read_line (EspCursor *self, const char **out, gsize *length, GError **error)
{
  gsize remaining = esp_cursor_get_remaining (self);
  const guint8 *start;
  const guint8 *end;

  start = remaining > 0 ? self->data + self->position : NULL;
  end = start != NULL ? memchr (start, '\n', remaining) : NULL;
  if (end == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("%s: the line that begins at offset %zu has no end"), self->what,
                   self->position);
      return FALSE;
    }
  *out = (const char *) start;
  *length = end - start;
  self->position += *length + 1;
  return TRUE;
}

gboolean
esp_cursor_read_u8 (EspCursor *self, guint8 *out, GError **error)
{
  const guint8 *at = take (self, 1, error);

  if (at == NULL)
    return FALSE;
  *out = at[0];
  return TRUE;
}

gboolean
esp_cursor_read_u16 (EspCursor *self, guint16 *out, GError **error)
{
  const guint8 *at = take (self, sizeof *out, error);

  if (at == NULL)
    return FALSE;
  memcpy (out, at, sizeof *out);
  *out = GUINT16_FROM_LE (*out);
  return TRUE;
}

gboolean
esp_cursor_read_u32 (EspCursor *self, guint32 *out, GError **error)
{
  const guint8 *at = take (self, sizeof *out, error);

  if (at == NULL)
    return FALSE;
  memcpy (out, at, sizeof *out);
  *out = GUINT32_FROM_LE (*out);
  return TRUE;
}

gboolean
esp_cursor_read_i32 (EspCursor *self, gint32 *out, GError **error)
{
  guint32 bits;

  if (!esp_cursor_read_u32 (self, &bits, error))
    return FALSE;
  memcpy (out, &bits, sizeof *out);
  return TRUE;
}

gboolean
esp_cursor_read_u64 (EspCursor *self, guint64 *out, GError **error)
{
  const guint8 *at = take (self, sizeof *out, error);

  if (at == NULL)
    return FALSE;
  memcpy (out, at, sizeof *out);
  *out = GUINT64_FROM_LE (*out);
  return TRUE;
}

gboolean
esp_cursor_read_f64_be (EspCursor *self, double *out, GError **error)
{
  const guint8 *at = take (self, sizeof *out, error);
  guint64 bits;

  if (at == NULL)
    return FALSE;
  memcpy (&bits, at, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (out, &bits, sizeof *out);
  return TRUE;
}
