/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a file of Flax: as they are, if they begin as one does, else as the value of its
 * first key. */

#include "fuzz-checkpoint.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const guint8 head[] = { 0x81, 0xa6, 'p', 'a', 'r', 'a', 'm', 's' };
  gboolean whole = size > 0 && ((data[0] > 0x80 && data[0] < 0x90) || data[0] >= 0xde);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  if (!whole)
    g_byte_array_append (file, head, sizeof head);
  if (size > 0)
    g_byte_array_append (file, data, (guint) size);
  bytes = g_bytes_new (file->data, file->len);
  fuzz_open (bytes, "fuzz.msgpack");
  return 0;
}
