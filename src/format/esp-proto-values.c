/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The values of a tensor in a typed field of its message, as packed or as loose varints and fixed
 * numbers: float_data of ONNX, int_val of TensorFlow and so on. A 2 GB field isn't expanded: it is
 * gone through once, to count its entries and to mark where every 4096th lies, and from the nearest
 * mark again whenever some are wanted. Fixed numbers in one packed run lie in the file as they are.
 * The hot call is next_entry(). */

#include "config.h"

#include "esp-proto-values.h"

#include "esp-check.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <string.h>

#define MARK_EVERY 4096
#define CANCEL_EVERY ((guint64) 1 << 20)

/* before an entry */
typedef struct
{
  guint64 position;
  EspWireField field;
} Mark;

typedef struct
{
  EspSource *source;
  guint64 offset, length;
  guint32 number;
  EspWireKind kind;
  guint bits;
  GArray *marks; /* Mark */
} Typed;

static void
typed_free (gpointer data)
{
  Typed *self = data;

  esp_source_unref (self->source);
  g_array_unref (self->marks);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Typed, typed_free)

/* FALSE without an error behind the last; @field is the one being read, number 0 for none */
static gboolean
next_entry (const Typed *self, EspWire *wire, EspWireField *field, guint64 *out, GError **error)
{
  for (;;)
    {
      if (field->number == self->number)
        {
          GError *failure = NULL;

          if (esp_wire_next_scalar (wire, field, self->kind, out, &failure))
            return TRUE;
          if (failure != NULL)
            {
              g_propagate_error (error, failure);
              return FALSE;
            }
        }
      if (!esp_wire_next (wire, field, error))
        return FALSE;
    }
}

static void
begin (const Typed *self, EspWire *wire, GCancellable *cancellable)
{
  esp_wire_init_for_source (wire, self->source, self->offset, self->length, "tensor", cancellable);
}

static gboolean
count (Typed *self, guint64 *n, GCancellable *cancellable, GError **error)
{
  g_auto (EspWire) wire = { 0 };
  Mark mark = { 0 };
  GError *failure = NULL;
  guint64 value;

  begin (self, &wire, cancellable);
  for (*n = 0;; ++*n)
    {
      if (*n % CANCEL_EVERY == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      mark.position = wire.position;
      if (*n % MARK_EVERY == 0)
        g_array_append_val (self->marks, mark);
      if (!next_entry (self, &wire, &mark.field, &value, &failure))
        break;
    }
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/* the bytes of the @unit entries that come next; past the end they are zero */
static gboolean
read_unit (const Typed *self,
           EspWire *wire,
           EspWireField *field,
           guint unit,
           guint8 bytes[8],
           GError **error)
{
  guint64 bits = 0;
  guint64 value;

  for (guint i = 0; i < unit; i++)
    {
      GError *failure = NULL;

      if (!next_entry (self, wire, field, &value, &failure))
        {
          if (failure == NULL)
            break;
          g_propagate_error (error, failure);
          return FALSE;
        }
      bits |= (self->bits < 64 ? value & (((guint64) 1 << self->bits) - 1) : value)
              << (i * self->bits);
    }
  bits = GUINT64_TO_LE (bits);
  memcpy (bytes, &bits, 8);
  return TRUE;
}

static gboolean
typed_read (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  const Typed *self = data;
  gsize width = self->bits == 6 ? 3 : self->bits / 8; /* of a unit */
  guint unit = self->bits == 6 ? 4 : 1;
  guint64 first = offset / width * unit;
  gsize skip = (gsize) (offset % width);
  Mark mark = g_array_index (self->marks, Mark, first / MARK_EVERY);
  g_auto (EspWire) wire = { 0 };
  guint8 bytes[8];

  begin (self, &wire, cancellable);
  wire.position = mark.position;
  for (guint64 i = first % MARK_EVERY; i > 0; i -= unit)
    if (!read_unit (self, &wire, &mark.field, unit, bytes, error))
      return FALSE;
  for (guint8 *out = buffer; length > 0; skip = 0)
    {
      gsize n = MIN (width - skip, length);

      if (!read_unit (self, &wire, &mark.field, unit, bytes, error))
        return FALSE;
      memcpy (out, bytes + skip, n);
      out += n;
      length -= n;
    }
  return TRUE;
}

static const EspStorageFuncs typed_funcs = { typed_read, typed_free };

/* where there is one packed run of fixed numbers, they need no decoding */
static gboolean
find_run (const Typed *self, EspWireField *out)
{
  g_auto (EspWire) wire = { 0 };
  EspWireField field;
  guint found = 0;

  begin (self, &wire, NULL);
  while (found < 2 && esp_wire_next (&wire, &field, NULL))
    if (field.number == self->number)
      {
        *out = field;
        found++;
      }
  return found == 1 && out->kind == ESP_WIRE_BYTES;
}

EspStorage *
esp_proto_values_new (EspSource *source,
                      guint64 offset,
                      guint64 length,
                      guint32 number,
                      EspWireKind kind,
                      guint bits,
                      const char *id,
                      guint64 *n_entries,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (Typed) self = g_new0 (Typed, 1);
  guint64 size = kind == ESP_WIRE_FIXED32 ? 4 : 8;
  EspWireField run;

  self->source = esp_source_ref (source);
  self->offset = offset;
  self->length = length;
  self->number = number;
  self->kind = kind;
  self->bits = bits;
  self->marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  if (kind != ESP_WIRE_VARINT && bits == size * 8 && find_run (self, &run) &&
      run.length % size == 0)
    {
      *n_entries = run.length / size;
      return esp_storage_new_for_source (source, offset + run.offset, run.length, id);
    }
  if (!count (self, n_entries, cancellable, error))
    return NULL;
  /* each entry has a byte of the file at least, so that 6/8 or 64/8 of them don't overflow */
  size = bits == 6 ? (*n_entries / 4) * 3 + (*n_entries % 4 * 6 + 7) / 8 : *n_entries * (bits / 8);
  return esp_storage_new (&typed_funcs, g_steal_pointer (&self), id, size);
}
