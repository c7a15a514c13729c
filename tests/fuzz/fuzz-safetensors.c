/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a checkpoint, without the zip archives, which have targets of their own. */

#include "fuzz-checkpoint.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);

  if (size <= 4 || data[0] != 'P' || data[1] != 'K')
    fuzz_open (bytes, "fuzz.bin");
  return 0;
}
