/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>
#include <stdint.h>

/* what all attributes of a file may take together */
typedef struct
{
  uint64_t bytes;
  uint64_t n;
} EspHdf5Budget;

/* sends an ATTRIBUTE frame for each of an open object's, as far as the budget goes */
void esp_hdf5_send_attributes (hid_t object, uint64_t n, uint32_t node, EspHdf5Budget *budget);
/* something is left out below a node */
void esp_hdf5_send_trouble (uint32_t node, uint16_t reason, const char *detail);
