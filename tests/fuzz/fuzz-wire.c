/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as protobuf: memory and the window of a source give the same fields, each inside the
 * message around it, or the same error. */

#include "esp-source.h"
#include "esp-wire.h"
#include "fuzz.h"

static const EspWireKind scalar_kinds[] = { ESP_WIRE_VARINT, ESP_WIRE_FIXED32, ESP_WIRE_FIXED64 };

/* what lies below is entered when its first byte may be a tag, down to the limit */
static void
walk (EspWire *wire, GString *log)
{
  EspWireField field;

  for (;;)
    {
      guint64 start = wire->position;
      g_autoptr (GError) error = NULL;

      if (!esp_wire_next (wire, &field, &error))
        {
          g_string_append_printf (log, "end %s\n", error != NULL ? error->message : "");
          if (wire->depth == 0)
            return;
          esp_wire_leave (wire);
          continue;
        }
      g_assert (wire->position > start && wire->position <= wire->end);
      g_string_append_printf (log, "%u %d %" G_GUINT64_FORMAT "\n", field.number, field.kind,
                              field.value);
      for (guint i = 0; i < G_N_ELEMENTS (scalar_kinds); i++)
        {
          guint64 value, sum = 0;

          field.taken = 0;
          while (esp_wire_next_scalar (wire, &field, scalar_kinds[i], &value, NULL))
            sum += value;
          g_string_append_printf (log, " %" G_GUINT64_FORMAT, sum);
        }
      if (field.kind == ESP_WIRE_BYTES)
        {
          g_assert (field.offset + field.length <= wire->end);
          (void) esp_wire_enter (wire, &field, NULL);
        }
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "fuzz");
  g_autoptr (GString) direct = g_string_new (NULL);
  g_autoptr (GString) windowed = g_string_new (NULL);
  g_auto (EspWire) wire = { 0 };
  g_auto (EspWire) other = { 0 };

  if (size == 0)
    return 0;
  esp_wire_init_for_bytes (&wire, data, size, "fuzz");
  walk (&wire, direct);
  esp_wire_init_for_source (&other, source, 0, size, "fuzz", NULL);
  walk (&other, windowed);
  g_assert_cmpstr (direct->str, ==, windowed->str);
  return 0;
}
