/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The opcodes of plain values: numbers, texts, bytes, None and truth. Texts and bytes are not
 * copied: they lie in the pickle. All are hot. */

#include "config.h"

#include "esp-pickle-opcodes.h"

#include <glib/gi18n.h>

static EspPickleValue none = { .kind = ESP_PICKLE_NONE };
static EspPickleValue truth[2] = {
  { .kind = ESP_PICKLE_BOOL, .boolean = FALSE },
  { .kind = ESP_PICKLE_BOOL, .boolean = TRUE },
};

gboolean
esp_pickle_run_none (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push (self, &none, error);
}

gboolean
esp_pickle_run_newtrue (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push (self, &truth[1], error);
}

gboolean
esp_pickle_run_newfalse (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push (self, &truth[0], error);
}

gboolean
esp_pickle_push_bool (EspPickleMachine *self, gboolean value, GError **error)
{
  return esp_pickle_machine_push (self, &truth[value ? 1 : 0], error);
}

/* Sizes and strides are small numbers as a rule: each is made once. */
gboolean
esp_pickle_push_int (EspPickleMachine *self, gint64 integer, GError **error)
{
  gboolean is_small = integer >= 0 && integer < (gint64) G_N_ELEMENTS (self->small_ints);
  EspPickleValue *value = is_small ? self->small_ints[integer] : NULL;

  if (value != NULL)
    return esp_pickle_machine_push (self, value, error);
  value = esp_pickle_machine_push_new (self, ESP_PICKLE_INT, error);
  if (value == NULL)
    return FALSE;
  value->integer = integer;
  if (is_small)
    self->small_ints[integer] = value;
  return TRUE;
}

gboolean
esp_pickle_push_double (EspPickleMachine *self, double real, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_push_new (self, ESP_PICKLE_FLOAT, error);

  if (value == NULL)
    return FALSE;
  value->real = real;
  return TRUE;
}

EspPickleValue *
esp_pickle_push_text (EspPickleMachine *self,
                      EspPickleKind kind,
                      const guint8 *bytes,
                      gsize length,
                      GError **error)
{
  EspPickleValue *value = esp_pickle_machine_push_new (self, kind, error);

  if (value == NULL)
    return NULL;
  value->text.bytes = bytes;
  value->text.length = length;
  return value;
}

gboolean
esp_pickle_run_binint (EspPickleMachine *self, GError **error)
{
  gint32 value;

  return esp_cursor_read_i32 (&self->cursor, &value, error) &&
         esp_pickle_push_int (self, value, error);
}

gboolean
esp_pickle_run_binint1 (EspPickleMachine *self, GError **error)
{
  guint8 value;

  return esp_cursor_read_u8 (&self->cursor, &value, error) &&
         esp_pickle_push_int (self, value, error);
}

gboolean
esp_pickle_run_binint2 (EspPickleMachine *self, GError **error)
{
  guint16 value;

  return esp_cursor_read_u16 (&self->cursor, &value, error) &&
         esp_pickle_push_int (self, value, error);
}

/* two's complement of @length bytes, little endian; none at all is 0 */
static gboolean
read_long (EspPickleMachine *self, gsize length, GError **error)
{
  const guint8 *bytes;
  guint64 bits;

  if (length > ESP_LIMIT_PICKLE_LONG_BYTES)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                    _ ("an integer has %zu bytes, more than %d"), length,
                                    ESP_LIMIT_PICKLE_LONG_BYTES);
  if (!esp_cursor_read_bytes (&self->cursor, length, &bytes, error))
    return FALSE;
  if (length > 8)
    return esp_pickle_push_text (self, ESP_PICKLE_LONG, bytes, length, error) != NULL;
  bits = length > 0 && bytes[length - 1] >= 0x80 ? G_MAXUINT64 : 0;
  for (gsize i = length; i > 0; i--)
    bits = bits << 8 | bytes[i - 1];
  return esp_pickle_push_int (self, (gint64) bits, error);
}

gboolean
esp_pickle_run_long1 (EspPickleMachine *self, GError **error)
{
  guint8 length;

  return esp_cursor_read_u8 (&self->cursor, &length, error) && read_long (self, length, error);
}

gboolean
esp_pickle_run_long4 (EspPickleMachine *self, GError **error)
{
  guint32 length;

  return esp_cursor_read_u32 (&self->cursor, &length, error) && read_long (self, length, error);
}

gboolean
esp_pickle_run_binfloat (EspPickleMachine *self, GError **error)
{
  double value;

  return esp_cursor_read_f64_be (&self->cursor, &value, error) &&
         esp_pickle_push_double (self, value, error);
}

static gboolean
read_text (EspPickleMachine *self, EspPickleKind kind, guint64 length, GError **error)
{
  const guint8 *bytes;

  return esp_cursor_read_bytes (&self->cursor, length, &bytes, error) &&
         esp_pickle_push_text (self, kind, bytes, (gsize) length, error) != NULL;
}

static gboolean
read_text_u8 (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  guint8 length;

  return esp_cursor_read_u8 (&self->cursor, &length, error) &&
         read_text (self, kind, length, error);
}

static gboolean
read_text_u32 (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  guint32 length;

  return esp_cursor_read_u32 (&self->cursor, &length, error) &&
         read_text (self, kind, length, error);
}

static gboolean
read_text_u64 (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  guint64 length;

  return esp_cursor_read_u64 (&self->cursor, &length, error) &&
         read_text (self, kind, length, error);
}

gboolean
esp_pickle_run_short_text (EspPickleMachine *self, GError **error)
{
  return read_text_u8 (self, ESP_PICKLE_STRING, error);
}

gboolean
esp_pickle_run_text (EspPickleMachine *self, GError **error)
{
  return read_text_u32 (self, ESP_PICKLE_STRING, error);
}

gboolean
esp_pickle_run_text8 (EspPickleMachine *self, GError **error)
{
  return read_text_u64 (self, ESP_PICKLE_STRING, error);
}

gboolean
esp_pickle_run_short_bytes (EspPickleMachine *self, GError **error)
{
  return read_text_u8 (self, ESP_PICKLE_BYTES, error);
}

gboolean
esp_pickle_run_bytes (EspPickleMachine *self, GError **error)
{
  return read_text_u32 (self, ESP_PICKLE_BYTES, error);
}

gboolean
esp_pickle_run_bytes8 (EspPickleMachine *self, GError **error)
{
  return read_text_u64 (self, ESP_PICKLE_BYTES, error);
}
