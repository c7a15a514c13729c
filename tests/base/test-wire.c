/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The protobuf wire reader: fields of each kind, messages in messages, packed scalars, and what
 * bad bytes give; over memory and through the window of a source alike. */

#include "esp-error.h"
#include "esp-source.h"
#include "esp-wire.h"

#include <string.h>

static void
put_varint (GByteArray *out, guint64 value)
{
  do
    {
      guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

      g_byte_array_append (out, &byte, 1);
      value >>= 7;
    }
  while (value != 0);
}

static void
put_bytes (GByteArray *out, guint number, const void *bytes, guint length)
{
  put_varint (out, number << 3 | ESP_WIRE_BYTES);
  put_varint (out, length);
  g_byte_array_append (out, bytes, length);
}

static void
test_kinds (void)
{
  static const char bytes[] = "\x08\xac\x02\x11\x01\x02\x03\x04\x05\x06\x07\x08\x1a\x03"
                              "abc\x25\xff\x00\x00\x80\x28\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  g_auto (EspWire) wire = { 0 };
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  EspWireField field;
  gsize length;

  esp_wire_init_for_bytes (&wire, bytes, sizeof bytes - 1, "kinds");
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_cmpuint (field.number, ==, 1);
  g_assert_cmpuint (field.value, ==, 300);
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_cmpint (field.kind, ==, ESP_WIRE_FIXED64);
  g_assert_cmpuint (field.value, ==, G_GUINT64_CONSTANT (0x0807060504030201));
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  text = esp_wire_dup_bytes (&wire, &field, 3, &length, NULL);
  g_assert_cmpstr (text, ==, "abc");
  g_assert_cmpuint (length, ==, 3);
  g_assert_null (esp_wire_dup_bytes (&wire, &field, 2, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_cmpint (field.kind, ==, ESP_WIRE_FIXED32);
  g_assert_cmpuint (field.value, ==, 0x800000ffu);
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_cmpint (esp_wire_to_i32 (field.value), ==, -2);
  g_assert_false (esp_wire_next (&wire, &field, &error));
  g_assert_no_error (error);
}

typedef struct
{
  const char *name;
  const char *bytes;
  gsize size;
  EspFormatError code;
  const char *message;
} Bad;

#define BYTES(text) text, sizeof (text) - 1

static const Bad bad[] = {
  { "tag-cut", BYTES ("\x80"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 0 reaches beyond the end of its message at 1" },
  { "value-cut", BYTES ("\x08\xff"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 2" },
  { "value-absent", BYTES ("\x08"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 1" },
  { "varint-long", BYTES ("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    ESP_FORMAT_ERROR_CORRUPT,
    "bad: the number at offset 1 is longer than the 10 bytes that it can have" },
  { "fixed64-cut", BYTES ("\x09\x01\x02\x03\x04\x05\x06\x07"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 8" },
  { "fixed32-cut", BYTES ("\x0d\x01\x02\x03"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 4" },
  { "length-beyond", BYTES ("\x0a\x02X"), ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 3" },
  { "length-huge", BYTES ("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01X"),
    ESP_FORMAT_ERROR_TRUNCATED,
    "bad: the field at offset 1 reaches beyond the end of its message at 12" },
  { "group", BYTES ("\x0b\x0c"), ESP_FORMAT_ERROR_CORRUPT,
    "bad: no field can begin with the tag 11 that stands at offset 0" },
  { "kind-7", BYTES ("\x0f"), ESP_FORMAT_ERROR_CORRUPT,
    "bad: no field can begin with the tag 15 that stands at offset 0" },
  { "number-0", BYTES ("\x00\x01"), ESP_FORMAT_ERROR_CORRUPT,
    "bad: no field can begin with the tag 0 that stands at offset 0" },
  { "number-huge", BYTES ("\xff\xff\xff\xff\x7f"), ESP_FORMAT_ERROR_CORRUPT,
    "bad: no field can begin with the tag 34359738367 that stands at offset 0" },
};

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  g_auto (EspWire) wire = { 0 };
  g_autoptr (GError) error = NULL;
  EspWireField field;

  esp_wire_init_for_bytes (&wire, row->bytes, row->size, "bad");
  while (esp_wire_next (&wire, &field, &error))
    ;
  g_assert_error (error, ESP_FORMAT_ERROR, (int) row->code);
  g_assert_cmpstr (error->message, ==, row->message);
}

/* the length of what is inside may reach to the end of what is around it, not to the file's */
static void
test_bounds (void)
{
  static const char bytes[] = "\x0a\x03\x12\x02XY\x18\x01";
  g_auto (EspWire) wire = { 0 };
  g_autoptr (GError) error = NULL;
  EspWireField field;

  esp_wire_init_for_bytes (&wire, bytes, sizeof bytes - 1, "bounds");
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_true (esp_wire_enter (&wire, &field, NULL));
  g_assert_false (esp_wire_next (&wire, &field, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED);
  g_assert_cmpstr (error->message, ==,
                   "bounds: the field at offset 3 reaches beyond the end of its message at 5");
}

/* entered, left half read, entered again: the fields that follow are the same */
static void
test_enter (void)
{
  static const char bytes[] = "\x0a\x04\x08\x01\x08\x02\x10\x07";
  g_auto (EspWire) wire = { 0 };
  EspWireField message, field;

  esp_wire_init_for_bytes (&wire, bytes, sizeof bytes - 1, "enter");
  g_assert_true (esp_wire_next (&wire, &message, NULL));
  for (int i = 0; i < 2; i++)
    {
      g_assert_true (esp_wire_enter (&wire, &message, NULL));
      g_assert_true (esp_wire_next (&wire, &field, NULL));
      g_assert_cmpuint (field.value, ==, 1);
      esp_wire_leave (&wire);
    }
  g_assert_true (esp_wire_next (&wire, &field, NULL));
  g_assert_cmpuint (field.number, ==, 2);
  g_assert_cmpuint (field.value, ==, 7);
  g_assert_false (esp_wire_next (&wire, &field, NULL));
}

static void
test_depth (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_auto (EspWire) wire = { 0 };
  EspWireField field;
  guint depth = 0;

  for (guint i = 0; i < 5000; i++)
    {
      g_autoptr (GByteArray) inner = g_steal_pointer (&bytes);

      bytes = g_byte_array_new ();
      put_bytes (bytes, 1, inner->data, inner->len);
    }
  esp_wire_init_for_bytes (&wire, bytes->data, bytes->len, "deep");
  while (esp_wire_next (&wire, &field, &error) && esp_wire_enter (&wire, &field, &error))
    depth++;
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_assert_cmpuint (depth, ==, ESP_WIRE_DEPTH);
}

static void
check_scalars (const char *bytes, gsize size, EspWireKind kind, const char *wanted, gboolean good)
{
  g_auto (EspWire) wire = { 0 };
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  EspWireField field;
  guint64 value;

  esp_wire_init_for_bytes (&wire, bytes, size, "scalars");
  while (error == NULL && esp_wire_next (&wire, &field, &error))
    while (esp_wire_next_scalar (&wire, &field, kind, &value, &error))
      g_string_append_printf (found, "%" G_GUINT64_FORMAT " ", value);
  g_assert_cmpstr (found->str, ==, wanted);
  g_assert_true (good == (error == NULL));
}

static void
test_scalars (void)
{
  /* unpacked, packed, empty, packed again */
  check_scalars (BYTES ("\x08\x01\x0a\x03\x02\xac\x02\x0a\x00\x0a\x01\x05"), ESP_WIRE_VARINT,
                 "1 2 300 5 ", TRUE);
  check_scalars (BYTES ("\x0a\x08\x01\x00\x00\x00\x02\x00\x00\x00\x0d\x03\x00\x00\x00"),
                 ESP_WIRE_FIXED32, "1 2 3 ", TRUE);
  check_scalars (BYTES ("\x0a\x08\x01\x00\x00\x00\x00\x00\x00\x01"), ESP_WIRE_FIXED64,
                 "72057594037927937 ", TRUE);
  /* of another kind: none */
  check_scalars (BYTES ("\x08\x01"), ESP_WIRE_FIXED32, "", TRUE);
  /* runs that end in a value, though more bytes follow them */
  check_scalars (BYTES ("\x0a\x02\x07\x80\x08\x01"), ESP_WIRE_VARINT, "7 ", FALSE);
  check_scalars (BYTES ("\x0a\x05\x01\x00\x00\x00\x02\x08\x01"), ESP_WIRE_FIXED32, "1 ", FALSE);
}

static void
check_alike (EspWire *one, EspWire *other)
{
  EspWireField a, b;

  while (esp_wire_next (one, &a, NULL))
    {
      gsize n, m;
      g_autofree char *left = esp_wire_dup_bytes (one, &a, 1 << 20, &n, NULL);
      g_autofree char *right = NULL;

      g_assert_true (esp_wire_next (other, &b, NULL));
      g_assert_cmpuint (a.offset, ==, b.offset);
      right = esp_wire_dup_bytes (other, &b, 1 << 20, &m, NULL);
      g_assert_cmpmem (left, n, right, m);
    }
  g_assert_false (esp_wire_next (other, &b, NULL));
}

/* fields of all sizes around those of the window, at an offset in the source */
static void
test_window (void)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspSource) source = NULL;
  g_auto (EspWire) direct = { 0 };
  g_auto (EspWire) windowed = { 0 };
  guint size;

  g_byte_array_append (array, (const guint8 *) "before", 6);
  for (guint i = 0; i < 60; i++)
    {
      g_autofree guint8 *run = g_malloc (i * 6000 + 1);

      memset (run, (int) i, i * 6000 + 1);
      put_bytes (array, 1, run, i < 31 ? i * 6000 + 1 : (59 - i) * 200 + 1);
    }
  size = array->len - 6;
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&array));
  esp_wire_init_for_bytes (&direct, (const guint8 *) g_bytes_get_data (bytes, NULL) + 6, size, "w");
  source = esp_source_new_for_bytes (bytes, "source");
  esp_wire_init_for_source (&windowed, source, 6, size, "w", NULL);
  check_alike (&direct, &windowed);
  g_assert_cmpuint (direct.position, ==, size);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/kinds", test_kinds);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/wire/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/wire/bounds", test_bounds);
  g_test_add_func ("/wire/enter", test_enter);
  g_test_add_func ("/wire/depth", test_depth);
  g_test_add_func ("/wire/scalars", test_scalars);
  g_test_add_func ("/wire/window", test_window);
  return g_test_run ();
}
