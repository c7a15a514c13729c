/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-place.h"

G_BEGIN_DECLS

/**
 * esp_wrapper_get_title:
 *
 * What training put round a model and left in its names: "DataParallel" for `module.` (also of
 * DistributedDataParallel), "torch.compile" for `_orig_mod.`, "FSDP", "Fabric", "Lightning". Only
 * where all that the parent has stands below @place, so that a module which merely is called so
 * isn't taken for one.
 *
 * Returns: a name, not translated; or NULL if this is no wrapper, or its class is in the file
 */
const char *esp_wrapper_get_title (EspPlace *place);

G_END_DECLS
