/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"
#include "esp-hdf5.h"

G_BEGIN_DECLS

/* any HDF5 file that no other format knows: groups as modules, data sets as tensors */
extern const EspFormat esp_format_hdf5;

/* the same of one that was opened; messages don't name it */
EspCheckpoint *esp_hdf5_plain_read (EspHdf5File *file, GCancellable *cancellable, GError **error);

G_END_DECLS
