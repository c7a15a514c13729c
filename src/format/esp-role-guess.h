/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-parameter.h"

G_BEGIN_DECLS

/**
 * esp_role_guess:
 * @name: the whole joined name
 *
 * The role of a tensor in a flat list that doesn't say it: a buffer where PyTorch's own layers have
 * one of that name, or where the values are no numbers that a gradient step could change; otherwise
 * a parameter.
 */
EspRole esp_role_guess (const char *name, EspDtype dtype);

G_END_DECLS
