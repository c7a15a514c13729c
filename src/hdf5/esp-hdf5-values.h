/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* answer CHUNKS_AT and READ; the payload is the request's */
void esp_hdf5_send_places (hid_t file, const uint8_t *payload, size_t length);
void esp_hdf5_send_data (hid_t file, const uint8_t *payload, size_t length);
