/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What every reader's target does with the bytes that it gets: what opens is looked at as in the
 * tests of damaged files. */

#include "../format/esp-damage.h"
#include "fuzz.h"

/* opens @bytes as the file @path and looks at all of it */
static inline void
fuzz_open (GBytes *bytes, const char *path)
{
  esp_damage_open (bytes, path);
}
