/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* llama.cpp's GGUF, versions 1 to 3, both byte orders; block-quantised tensors are decoded when
 * they are read */
extern const EspFormat esp_format_gguf;

G_END_DECLS
