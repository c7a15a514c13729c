/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspWire:
 *
 * A bounded reader of protobuf messages over bytes in memory or a range of a source. Of a source it
 * holds one window of a few tens of KB, whatever the messages' size: what is length-delimited is
 * given as its place (offset and length) and read only when it is asked for. Lives on the stack;
 * esp_wire_clear() at the end. Not for use from two threads at once.
 *
 * The usual loop:
 *
 *   while (esp_wire_next (&wire, &field, &error))
 *     if (field.number == 7 && field.kind == ESP_WIRE_BYTES)
 *       {
 *         if (!esp_wire_enter (&wire, &field, &error))
 *           break;
 *         ... the same loop for the message inside ...
 *         esp_wire_leave (&wire);
 *       }
 *   (here error is set, or the message is over)
 *
 * A field that isn't entered is passed over. As in protobuf itself a field of an unexpected kind
 * counts as unknown: look at both number and kind. Errors name @what and the offset in it.
 */

#define ESP_WIRE_DEPTH                                                                             \
  64 /* of messages inside messages; the nesting of real models is under 20                        \
      */

typedef enum
{
  ESP_WIRE_VARINT = 0,
  ESP_WIRE_FIXED64 = 1,
  ESP_WIRE_BYTES = 2, /* a message, text, bytes or packed scalars */
  ESP_WIRE_FIXED32 = 5,
} EspWireKind;

typedef struct
{
  guint32 number;
  EspWireKind kind;
  guint64 value;  /* VARINT and FIXED: the bits */
  guint64 offset; /* BYTES: where in the bytes or the range given at init */
  guint64 length; /* BYTES: lies inside the message around it */
  guint64 taken;  /* for esp_wire_next_scalar() */
} EspWireField;

typedef struct
{
  const char *what;          /* borrowed; for messages */
  EspSource *source;         /* NULL over memory */
  GCancellable *cancellable; /* owned, or NULL */
  guint64 base;              /* where the range begins in the source */
  guint8 *buffer;            /* owned, or NULL over memory */
  const guint8 *window;      /* bytes [window_start, window_start + window_length) */
  guint64 window_start;
  gsize window_length;
  guint64 size;
  guint64 position;
  guint64 end;                  /* of the message that is being read */
  guint64 ends[ESP_WIRE_DEPTH]; /* of those around it */
  guint depth;
} EspWire;

/* borrows @data and @what */
void esp_wire_init_for_bytes (EspWire *self, const void *data, gsize size, const char *what);
/* refs @source; the caller has checked that the range lies in it */
void esp_wire_init_for_source (EspWire *self,
                               EspSource *source,
                               guint64 offset,
                               guint64 length,
                               const char *what,
                               GCancellable *cancellable);
void esp_wire_clear (EspWire *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspWire, esp_wire_clear)

/* the next field of the message; FALSE without an error at the message's end, with one when the
 * bytes are no protobuf */
gboolean esp_wire_next (EspWire *self, EspWireField *out, GError **error);
/* go on inside a field of kind BYTES, which is a message; it may be any such field that was seen
 * in the message being read, not only the last */
gboolean esp_wire_enter (EspWire *self, const EspWireField *field, GError **error);
/* go on after the message that was entered last, whether or not it was read to its end */
void esp_wire_leave (EspWire *self);

/* the next value of a repeated scalar, whether @field holds one of the kind or a packed run of
 * them; FALSE without an error when there are no more (at once for a field of another kind) */
gboolean esp_wire_next_scalar (EspWire *self,
                               EspWireField *field,
                               EspWireKind kind,
                               guint64 *out,
                               GError **error);

/* called for each field of a message; FALSE, with an error, ends it */
typedef gboolean (*EspWireFieldFunc) (gpointer user_data,
                                      EspWire *wire,
                                      const EspWireField *field,
                                      GError **error);
/* the usual loop; @message: a field that holds the message, or NULL for the one being read, to its
 * end. After an error the messages that were entered are not left. */
gboolean esp_wire_foreach (EspWire *self,
                           const EspWireField *message,
                           EspWireFieldFunc func,
                           gpointer user_data,
                           GError **error);

/* the bytes of a field of kind BYTES with a NUL after them; (transfer full). @length may be NULL.
 * Over @limit it is %ESP_FORMAT_ERROR_LIMIT, and nothing is allocated. */
char *esp_wire_dup_bytes (EspWire *self,
                          const EspWireField *field,
                          gsize limit,
                          gsize *length,
                          GError **error);

/* the same for a name, as esp_path_from_text() has it; over %ESP_LIMIT_NAME_BYTES it is an error */
char *esp_wire_dup_name (EspWire *self, const EspWireField *field, GError **error);

/* a varint of a packed run in memory: how many bytes it takes, 0 when they end first, -1 when it is
 * longer than a varint can be. Bits above 64 are dropped. Hot. */
static inline int
esp_wire_decode_varint (const guint8 *bytes, gsize size, guint64 *out)
{
  guint64 value = 0;

  for (gsize i = 0; i < size && i < 10; i++)
    {
      value |= (guint64) (bytes[i] & 0x7f) << (7 * i);
      if (bytes[i] < 0x80)
        {
          *out = value;
          return (int) i + 1;
        }
    }
  return size < 10 ? 0 : -1;
}

/* int32 and enum fields: negative ones are written with 64 bits */
static inline gint32
esp_wire_to_i32 (guint64 value)
{
  return (gint32) (guint32) value;
}

G_END_DECLS
