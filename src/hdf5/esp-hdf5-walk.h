/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* answers LIST: every link from the root on, with what the objects are; the payload is the
 * request's */
void esp_hdf5_walk (hid_t file, const uint8_t *payload, size_t length);
