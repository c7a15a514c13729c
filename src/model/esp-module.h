/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspModule:
 *
 * A node of the tree: its class and attributes. The same module may stand at several places; what
 * is below it stands below each.
 */
#define ESP_TYPE_MODULE (esp_module_get_type ())
G_DECLARE_FINAL_TYPE (EspModule, esp_module, ESP, MODULE, GObject)

const char *esp_module_get_class (
    EspModule
        *self); /* the producer's own, "torch.nn.modules.linear.Linear"; "" if the file has none */
const char *esp_module_get_brief_class (EspModule *self); /* its last part, "Linear"; "" if none */
const char *esp_module_get_guess (EspModule *self); /* class guessed from names and shapes, shown
                                                       dimmed as "Linear?"; "" if none or known */
/* attributes in the file's order, as text: in_features "4", bias "True" */
guint esp_module_get_n_attributes (EspModule *self);
const char *esp_module_get_attribute_name (EspModule *self, guint index);
const char *esp_module_get_attribute_value (EspModule *self, guint index);
const char *esp_module_find_attribute (EspModule *self, const char *name); /* NULL if absent */
/* where it stands, at least once; borrowed */
guint esp_module_get_n_places (EspModule *self);
EspPlace *esp_module_get_place (EspModule *self, guint index);
/* how frameworks print it: "Linear", then its telling attributes: "4 → 8"; "" if there is nothing
 * to tell. New string. */
char *esp_module_describe (EspModule *self);

G_END_DECLS
