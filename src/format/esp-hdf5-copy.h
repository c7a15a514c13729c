/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"

G_BEGIN_DECLS

/* Bytes that lie in no file as they are (memory, a deflated member) in a temporary one that has no
 * name, so that another process can read them. It goes with the source that this returns. */
EspSource *esp_hdf5_copy_new (EspSource *source, GCancellable *cancellable, GError **error);

G_END_DECLS
