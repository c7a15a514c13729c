/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/* the sentence for a reason that the HDF5 process gave, with the details that it told */
GError *esp_hdf5_reason_to_error (guint reason, const char *detail);
/* the same for the text of a node or an attribute. New string. */
char *esp_hdf5_reason_to_text (guint reason, const char *detail);

G_END_DECLS
