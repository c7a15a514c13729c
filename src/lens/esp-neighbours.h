/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-place.h"

G_BEGIN_DECLS

/* Private to lens/. What the tree says for certain about the order in which modules are called:
 * only a Sequential does. */

/* "Linear": the brief class of the module at @place; "" where the producer gave none */
const char *esp_neighbours_get_class (EspPlace *place);

/* The class of the module whose output reaches the module at @place, past those that leave no value
 * negative that wasn't (dropout, pooling, flatten); NULL where it isn't certain. Borrowed. */
const char *esp_neighbours_get_before (EspPlace *place);

/* the same for the module that its output reaches */
const char *esp_neighbours_get_after (EspPlace *place);

/* whether no output of a module of this class is negative */
gboolean esp_neighbours_is_positive (const char *class_name);

/* whether its output is 0 wherever its input is 0 or less */
gboolean esp_neighbours_is_rectifier (const char *class_name);

G_END_DECLS
