/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-parameter.h"

G_BEGIN_DECLS

/* the role of a tensor that is input number @slot of an operator; FALSE where that doesn't say it
 */
gboolean _esp_onnx_role_from_slot (const char *op, guint slot, EspDtype dtype, EspRole *out);
/* where no slot says it: by a name that the framework gave; else what @otherwise is */
EspRole _esp_onnx_role_from_name (const char *name, EspDtype dtype, EspRole otherwise);

G_END_DECLS
