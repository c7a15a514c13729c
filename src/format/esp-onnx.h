/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* ONNX models: initialisers and constants of all graphs in them. Where they lie as raw bytes, in
 * the model or in files beside it, they stay there; those in typed fields are decoded when they are
 * read. */
extern const EspFormat esp_format_onnx;

G_END_DECLS
