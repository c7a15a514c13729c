/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * EspHdf5Message:
 *
 * A frame that is being put together, and the way to the core. A program that can't write ends.
 */
typedef struct
{
  uint8_t *bytes;
  size_t length;
  size_t allocated;
} EspHdf5Message;

void esp_hdf5_message_begin (EspHdf5Message *self, uint32_t kind);
void esp_hdf5_message_u8 (EspHdf5Message *self, uint8_t value);
void esp_hdf5_message_u16 (EspHdf5Message *self, uint16_t value);
void esp_hdf5_message_u32 (EspHdf5Message *self, uint32_t value);
void esp_hdf5_message_u64 (EspHdf5Message *self, uint64_t value);
void esp_hdf5_message_bytes (EspHdf5Message *self, const void *bytes, size_t length);
/* its length in front; cut to @max bytes */
void esp_hdf5_message_text (EspHdf5Message *self, const char *text, size_t length);
void esp_hdf5_message_send (EspHdf5Message *self);
void esp_hdf5_message_clear (EspHdf5Message *self);
/* from now on every frame is sent at once */
void esp_hdf5_message_set_careful (int careful);
/* the end of an answer, by which all of it is sent: DONE, or FAILED with this detail */
void esp_hdf5_message_finish (uint16_t reason, const char *detail);

/* the innermost of what the library has to say; borrowed until the next call */
const char *esp_hdf5_message_get_trouble (void);
/* malloc() that ends the program when there is no memory */
void *esp_hdf5_allocate (size_t bytes);
