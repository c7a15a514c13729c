/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>

#include "esp-hdf5-message.h"

/* sends the DATASET frame of an open data set */
void esp_hdf5_describe (hid_t dataset);
/* sends the frame of one that can't be opened */
void esp_hdf5_describe_nothing (uint16_t reason);
/* Whether its values may be asked for: FINE, or why not. Must come before H5Dget_space(), which
 * opens the files of a virtual data set. */
uint16_t esp_hdf5_check_dataset (hid_t dataset);
/* an array type's own dimensions come last; -1 for more than ESP_HDF5_DIMS */
int esp_hdf5_get_array_dims (hid_t type, hsize_t *dims);
