/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* TensorFlow's frozen graphs: variables have become constants */
extern const EspFormat esp_format_tf_graphdef;

G_END_DECLS
