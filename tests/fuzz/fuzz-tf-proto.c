/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a frozen graph or, by the first bit, as a SavedModel, which finds no variables. */

#include "fuzz-checkpoint.h"

#include <string.h>

#define GRAPH "\x0a\x07\x0a\x01x\x12\x02No"
#define MODEL "\x08\x01\x12"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GByteArray) copy = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  gboolean is_model = size > 0 && (data[0] & 1) != 0;

  if (size < 2)
    return 0;
  g_byte_array_append (copy, (const guint8 *) (is_model ? MODEL : GRAPH),
                       is_model ? sizeof MODEL - 1 : sizeof GRAPH - 1);
  g_byte_array_append (copy, data + 1, (guint) size - 1);
  bytes = g_bytes_new (copy->data, copy->len);
  fuzz_open (bytes, "fuzz.pb");
  return 0;
}
