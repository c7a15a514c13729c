/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* TensorFlow's SavedModel: a folder with saved_model.pb and variables */
extern const EspFormat esp_format_tf_savedmodel;

G_END_DECLS
