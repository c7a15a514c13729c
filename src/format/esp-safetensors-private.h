/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dtype.h"
#include "esp-safetensors.h"

G_BEGIN_DECLS

#define ESP_SAFETENSORS_PREFIX 8 /* bytes of the header's length in front of it */
#define ESP_SAFETENSORS_METADATA "__metadata__"

typedef struct
{
  const char *name;
  EspDtype dtype;
} EspSafetensorsDtype;

/* All dtypes of the format in its own order, which is by alignment: the reference writes the last
 * ones first. Ends with a NULL name. */
extern const EspSafetensorsDtype _esp_safetensors_dtypes[];

gboolean _esp_safetensors_write (EspTree *tree,
                                 const char *path,
                                 gboolean replace,
                                 EspProgressFunc progress,
                                 gpointer user_data,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
