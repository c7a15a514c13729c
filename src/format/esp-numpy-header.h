/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to the NumPy reader: what stands before an array's values. */

#include "esp-dtype.h"
#include "esp-limits.h"

G_BEGIN_DECLS

typedef struct
{
  char *descr; /* owned; "" for records with fields */
  gboolean fortran_order;
  guint ndim;
  gint64 shape[ESP_LIMIT_DIMS];
} EspNumpyHeader;

void esp_numpy_header_clear (EspNumpyHeader *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspNumpyHeader, esp_numpy_header_clear)

/* the dictionary's text -> what it says */
gboolean esp_numpy_header_parse (EspNumpyHeader *self,
                                 const char *text,
                                 gsize length,
                                 GError **error);
/* %ESP_DTYPE_INVALID with %ESP_FORMAT_ERROR_UNSUPPORTED where the array holds no numbers, or such
 * as nobody else has */
EspDtype esp_numpy_header_get_dtype (const EspNumpyHeader *self,
                                     gboolean *big_endian,
                                     GError **error);

G_END_DECLS
