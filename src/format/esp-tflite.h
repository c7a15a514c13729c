/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* TensorFlow Lite's models */
extern const EspFormat esp_format_tflite;

G_END_DECLS
