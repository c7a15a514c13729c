/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* any HDF5 file that no other format knows: groups as modules, data sets as tensors */
extern const EspFormat esp_format_hdf5;

G_END_DECLS
