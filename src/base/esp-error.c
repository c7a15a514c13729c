/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The error domains of the core. */

#include "esp-error.h"

/* the formatter takes the hyphens of the names for minus signs */
/* clang-format off */
G_DEFINE_QUARK (esp-format-error-quark, esp_format_error)
G_DEFINE_QUARK (esp-tensor-error-quark, esp_tensor_error)
G_DEFINE_QUARK (esp-network-error-quark, esp_network_error)
