/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames to the core; esp-hdf5-protocol.h has their forms. The core reads while this writes, so a
 * write waits for it and no more than a few piles up. Where there is no memory the process ends:
 * the core then says that the library gave up.
 */

#include "esp-hdf5-message.h"

#include <errno.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp-hdf5-protocol.h"

#define HEADER_BYTES 8

/* small frames go together */
static uint8_t waiting[32 * 1024];
static size_t n_waiting;
static int is_careful;

void *
esp_hdf5_allocate (size_t bytes)
{
  void *memory = malloc (bytes > 0 ? bytes : 1);

  if (memory == NULL)
    _exit (3);
  return memory;
}

void
esp_hdf5_message_bytes (EspHdf5Message *self, const void *bytes, size_t length)
{
  if (length > self->allocated - self->length)
    {
      size_t wanted = 2 * (self->length + length) + 256;
      uint8_t *larger = realloc (self->bytes, wanted);

      if (larger == NULL)
        _exit (3);
      self->bytes = larger;
      self->allocated = wanted;
    }
  if (length > 0)
    memcpy (self->bytes + self->length, bytes, length);
  self->length += length;
}

#define DEFINE_NUMBER(name, type)                                                                  \
  void name (EspHdf5Message *self, type value)                                                     \
  {                                                                                                \
    uint8_t bytes[sizeof value];                                                                   \
                                                                                                   \
    for (size_t i = 0; i < sizeof value; i++)                                                      \
      bytes[i] = (uint8_t) ((uint64_t) value >> (8 * i));                                          \
    esp_hdf5_message_bytes (self, bytes, sizeof bytes);                                            \
  }

DEFINE_NUMBER (esp_hdf5_message_u8, uint8_t)
DEFINE_NUMBER (esp_hdf5_message_u16, uint16_t)
DEFINE_NUMBER (esp_hdf5_message_u32, uint32_t)
DEFINE_NUMBER (esp_hdf5_message_u64, uint64_t)

void
esp_hdf5_message_text (EspHdf5Message *self, const char *text, size_t length)
{
  esp_hdf5_message_u32 (self, (uint32_t) length);
  esp_hdf5_message_bytes (self, text, length);
}

void
esp_hdf5_message_begin (EspHdf5Message *self, uint32_t kind)
{
  self->length = 0;
  esp_hdf5_message_u32 (self, kind);
  esp_hdf5_message_u32 (self, 0);
}

static void
write_all (const uint8_t *bytes, size_t n)
{
  while (n > 0)
    {
      ssize_t written = write (ESP_HDF5_SOCKET, bytes, n);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        _exit (4);
      bytes += written;
      n -= (size_t) written;
    }
}

static void
flush (void)
{
  write_all (waiting, n_waiting);
  n_waiting = 0;
}

void
esp_hdf5_message_send (EspHdf5Message *self)
{
  size_t length = self->length - HEADER_BYTES;

  for (size_t i = 0; i < 4; i++)
    self->bytes[4 + i] = (uint8_t) (length >> (8 * i));
  if (self->length > sizeof waiting - n_waiting)
    flush ();
  if (self->length > sizeof waiting)
    write_all (self->bytes, self->length);
  else
    {
      memcpy (waiting + n_waiting, self->bytes, self->length);
      n_waiting += self->length;
    }
  if (is_careful)
    flush ();
}

void
esp_hdf5_message_set_careful (int careful)
{
  is_careful = careful;
}

void
esp_hdf5_message_clear (EspHdf5Message *self)
{
  free (self->bytes);
  memset (self, 0, sizeof *self);
}

void
esp_hdf5_message_finish (uint16_t reason, const char *detail)
{
  EspHdf5Message message = { 0 };

  esp_hdf5_message_begin (&message, reason == ESP_HDF5_FINE ? ESP_HDF5_DONE : ESP_HDF5_FAILED);
  if (reason != ESP_HDF5_FINE)
    {
      esp_hdf5_message_u16 (&message, reason);
      esp_hdf5_message_text (&message, detail, strlen (detail));
    }
  esp_hdf5_message_send (&message);
  flush ();
  esp_hdf5_message_clear (&message);
}

static herr_t
keep_innermost (unsigned n, const H5E_error2_t *entry, void *out)
{
  if (n == 0 && entry->desc != NULL)
    strncpy (out, entry->desc, ESP_HDF5_DETAIL_BYTES - 1);
  return 0;
}

const char *
esp_hdf5_message_get_trouble (void)
{
  static char text[ESP_HDF5_DETAIL_BYTES];

  memset (text, 0, sizeof text);
  H5Ewalk2 (H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, text);
  return text;
}
