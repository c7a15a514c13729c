/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a model of TensorFlow Lite, its mark right. */

#include "fuzz-checkpoint.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree uint8_t *copy = g_memdup2 (data, size);
  g_autoptr (GBytes) bytes = g_bytes_new_static (copy, size);

  if (size < 8)
    return 0;
  memcpy (copy + 4, "TFL3", 4);
  fuzz_open (bytes, "fuzz.tflite");
  return 0;
}
