/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>
#include <stdint.h>

/* a property list for H5Fopen() whose file is @length bytes of @fd from @offset on, whatever name
 * is given; read only. Negative if it can't be made. */
hid_t esp_hdf5_driver_new_access (int fd, uint64_t offset, uint64_t length);

/* where the library read values last */
typedef struct
{
  unsigned n; /* reads of values */
  haddr_t address;
  size_t size;
} EspHdf5Trace;

/* From now on values aren't read, only where they lie is noted in @trace; NULL ends that. */
void esp_hdf5_driver_trace (EspHdf5Trace *trace);
