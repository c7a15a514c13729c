/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and fuzz-replay.c for each file of a corpus. It must return for any bytes.
 */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
