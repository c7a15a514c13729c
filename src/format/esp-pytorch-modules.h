/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-value.h"
#include "esp-tree-builder.h"

G_BEGIN_DECLS

/* gives @module the simple attributes that a pickled one has (in_features, kernel_size, p), in
 * Python's spelling */
void esp_pytorch_add_attributes (EspTreeBuilder *builder,
                                 EspModule *module,
                                 const EspPickleValue *value);
/* Adds the modules that the _metadata of a state dict names, those without parameters too. @keys:
 * path of the state dict, not NULL-terminated; left as it was. */
gboolean esp_pytorch_add_state_dict_modules (EspTreeBuilder *builder,
                                             GPtrArray *keys,
                                             const EspPickleValue *state_dict,
                                             GError **error);

G_END_DECLS
