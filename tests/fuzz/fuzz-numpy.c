/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as NumPy's: as an archive if they begin like one, else as what follows the magic of an
 * array. Every tensor is read or says why not. */

#include "fuzz-checkpoint.h"

#include <string.h>

static GBytes *
wrap (const uint8_t *data, size_t size)
{
  static const char magic[] = "\x93NUMPY";
  uint8_t *bytes = g_malloc (size + 6);

  if (size > 4 && memcmp (data, "PK", 2) == 0)
    {
      memcpy (bytes, data, size);
      return g_bytes_new_take (bytes, size);
    }
  memcpy (bytes, magic, 6);
  if (size > 0)
    memcpy (bytes + 6, data, size);
  return g_bytes_new_take (bytes, size + 6);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = wrap (data, size);

  fuzz_open (bytes, "fuzz.npy");
  return 0;
}
