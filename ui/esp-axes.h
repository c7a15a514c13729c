/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/* What the axes of a layer's tensor mean: (out, in) for a PyTorch Linear's weight, (in, out) for a
 * Keras Dense's kernel. Told by the owner's class, or by the class guessed from names and shapes.
 */

/* short untranslated words of the field, one for each axis of the tensor at @place: "out", "in",
 * "kH". NULL where it isn't known. Static. */
const char *const *esp_axes_get (EspPlace *place);
/* "(out, in)"; NULL where it isn't known. New string. */
char *esp_axes_describe (EspPlace *place);

G_END_DECLS
