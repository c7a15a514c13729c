/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>

/* answers LIST: every link from the root on, with what the objects are */
void esp_hdf5_walk (hid_t file);
