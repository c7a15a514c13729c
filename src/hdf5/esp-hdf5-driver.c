/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The library's way to the bytes: pread() within the range of the descriptor that the process was
 * handed. Any file name gives the same bytes, so that a file can't lead to another one; nothing is
 * ever written.
 *
 * It also answers where a chunk lies. The library has no call for that which doesn't go through all
 * chunks, but it finds the chunk that it is told to read at once: so it is told to, and the driver
 * notes address and size instead of reading.
 */

#include "esp-hdf5-driver.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#define DRIVER_VALUE ((H5FD_class_value_t) 511) /* of those for drivers that aren't registered */

typedef struct
{
  H5FD_t base; /* the library's own */
  haddr_t end_of_allocation;
} Driver;

static int descriptor = -1;
static uint64_t file_offset;
static uint64_t file_length;
static EspHdf5Trace *current_trace;

static H5FD_t *
driver_open (const char *name, unsigned flags, hid_t access, haddr_t max)
{
  (void) name, (void) access, (void) max;
  if ((flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0)
    return NULL;
  return calloc (1, sizeof (Driver));
}

static herr_t
driver_close (H5FD_t *file)
{
  free (file);
  return 0;
}

static int
driver_compare (const H5FD_t *a, const H5FD_t *b)
{
  (void) a, (void) b;
  return 0; /* there is one file */
}

static herr_t
driver_query (const H5FD_t *file, unsigned long *flags)
{
  (void) file;
  *flags = 0;
  return 0;
}

static haddr_t
driver_get_eoa (const H5FD_t *file, H5FD_mem_t type)
{
  (void) type;
  return ((const Driver *) file)->end_of_allocation;
}

static herr_t
driver_set_eoa (H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
  (void) type;
  ((Driver *) file)->end_of_allocation = address;
  return 0;
}

static haddr_t
driver_get_eof (const H5FD_t *file, H5FD_mem_t type)
{
  (void) file, (void) type;
  return file_length;
}

static herr_t
driver_read (H5FD_t *file,
             H5FD_mem_t type,
             hid_t transfer,
             haddr_t address,
             size_t size,
             void *buffer)
{
  uint8_t *to = buffer;

  (void) file, (void) transfer;
  if (address > file_length || size > file_length - address)
    return -1;
  if (type == H5FD_MEM_DRAW && current_trace != NULL)
    {
      current_trace->n++;
      current_trace->address = address;
      current_trace->size = size;
      return 0;
    }
  while (size > 0)
    {
      ssize_t n = pread (descriptor, to, size, (off_t) (file_offset + address));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return -1;
      to += n;
      address += (haddr_t) n;
      size -= (size_t) n;
    }
  return 0;
}

static herr_t
driver_write (H5FD_t *file,
              H5FD_mem_t type,
              hid_t transfer,
              haddr_t address,
              size_t size,
              const void *buffer)
{
  (void) file, (void) type, (void) transfer, (void) address, (void) size, (void) buffer;
  return -1;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
  .version = H5FD_CLASS_VERSION,
  .value = DRIVER_VALUE,
#endif
  .name = "espalier",
  .maxaddr = INT64_MAX,
  .fc_degree = H5F_CLOSE_STRONG,
  .open = driver_open,
  .close = driver_close,
  .cmp = driver_compare,
  .query = driver_query,
  .get_eoa = driver_get_eoa,
  .set_eoa = driver_set_eoa,
  .get_eof = driver_get_eof,
  .read = driver_read,
  .write = driver_write,
  .fl_map = H5FD_FLMAP_DICHOTOMY,
};

hid_t
esp_hdf5_driver_new_access (int fd, uint64_t offset, uint64_t length)
{
  hid_t driver = H5FDregister (&driver_class);
  hid_t access = H5Pcreate (H5P_FILE_ACCESS);

  descriptor = fd;
  file_offset = offset;
  file_length = length;
  if (driver < 0 || access < 0 || H5Pset_driver (access, driver, NULL) < 0 ||
      H5Pset_fclose_degree (access, H5F_CLOSE_STRONG) < 0)
    return -1;
  return access;
}

void
esp_hdf5_driver_trace (EspHdf5Trace *trace)
{
  current_trace = trace;
}
