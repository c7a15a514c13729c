/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as an ONNX model, its first field right. */

#include "fuzz-checkpoint.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree uint8_t *copy = g_memdup2 (data, size);
  g_autoptr (GBytes) bytes = g_bytes_new_static (copy, size);

  if (size < 4)
    return 0;
  memcpy (copy, "\x08\x0a", 2);
  fuzz_open (bytes, "fuzz.onnx");
  return 0;
}
