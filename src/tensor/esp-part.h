/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/* What of a complex number is looked at. */
typedef enum
{
  ESP_PART_MAGNITUDE, /* sqrt (re² + im²) */
  ESP_PART_REAL,
  ESP_PART_IMAGINARY,
  ESP_PART_PHASE, /* atan2 (im, re), from −π to π; 0 of 0 */
  ESP_N_PARTS
} EspPart;

/* "magnitude", "real", "imaginary", "phase"; @found may be NULL */
EspPart esp_part_from_name (const char *name, gboolean *found);
const char *esp_part_get_name (EspPart part);

gboolean esp_tensor_is_complex (EspTensor *self);

/**
 * esp_tensor_new_part:
 *
 * A tensor of the same shape whose elements are a part of @self's, made when they are read: float64
 * of complex128, else float32. The magnitude of what has an infinite half is infinite, else that of
 * what has a NaN half is NaN, as C's hypot() has it; a phase is NaN where a half is.
 *
 * Returns: a new tensor, or NULL with @self's own error where it can't be read
 */
EspTensor *esp_tensor_new_part (EspTensor *self, EspPart part, GError **error);

G_END_DECLS
