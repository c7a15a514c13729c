/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process in which the HDF5 library runs: libexec/espalier-hdf5 OFFSET LENGTH. The core starts
 * it for one file, with the file as descriptor 3 and a socket as descriptor 0, and asks for the
 * listing and for values (esp-hdf5-protocol.h). It takes its own rights away before it looks at a
 * byte. It ends when nobody asks any more.
 */

#include <errno.h>
#include <hdf5.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp-hdf5-driver.h"
#include "esp-hdf5-message.h"
#include "esp-hdf5-protocol.h"
#include "esp-hdf5-sandbox.h"
#include "esp-hdf5-values.h"
#include "esp-hdf5-walk.h"

#define IDLE_MS 10000
#define REQUEST_BYTES 4096 /* the largest has some 1000 */

static void
receive (uint8_t *to, size_t n)
{
  while (n > 0)
    {
      struct pollfd ready = { ESP_HDF5_SOCKET, POLLIN, 0 };
      int events = poll (&ready, 1, IDLE_MS);
      ssize_t got;

      if (events == 0)
        _exit (0);
      got = read (ESP_HDF5_SOCKET, to, n);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        _exit (0);
      to += got;
      n -= (size_t) got;
    }
}

static uint32_t
get_u32 (const uint8_t *bytes)
{
  return bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
         (uint32_t) bytes[3] << 24;
}

/* no plugin and no other file is loaded, whatever a file or the environment asks for */
static hid_t
open_file (uint64_t offset, uint64_t length)
{
  hid_t access;

  H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state (0);
  H5Lunregister (H5L_TYPE_EXTERNAL);
  access = esp_hdf5_driver_new_access (ESP_HDF5_FILE, offset, length);
  esp_hdf5_sandbox_enter ();
  return access < 0 ? -1 : H5Fopen ("/file", H5F_ACC_RDONLY, access);
}

static void
serve (hid_t file, const char *trouble)
{
  for (;;)
    {
      uint8_t header[8], payload[REQUEST_BYTES];
      uint32_t length;

      receive (header, sizeof header);
      length = get_u32 (header + 4);
      if (length > sizeof payload)
        _exit (2);
      receive (payload, length);
      if (file < 0)
        {
          esp_hdf5_message_finish (ESP_HDF5_BROKEN, trouble);
          continue;
        }
      switch (get_u32 (header))
        {
        case ESP_HDF5_LIST:
          esp_hdf5_walk (file, payload, length);
          break;
        case ESP_HDF5_CHUNKS_AT:
          esp_hdf5_send_places (file, payload, length);
          break;
        case ESP_HDF5_READ:
          esp_hdf5_send_data (file, payload, length);
          break;
        default:
          esp_hdf5_message_finish (ESP_HDF5_NONSENSE, "");
        }
    }
}

int
main (int argc, char **argv)
{
  char trouble[ESP_HDF5_DETAIL_BYTES];
  hid_t file;

  if (argc != 3)
    return 2;
  file = open_file (strtoull (argv[1], NULL, 10), strtoull (argv[2], NULL, 10));
  strncpy (trouble, file < 0 ? esp_hdf5_message_get_trouble () : "", sizeof trouble - 1);
  trouble[sizeof trouble - 1] = '\0';
  serve (file, trouble);
  return 0;
}
