/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"
#include "esp-hdf5.h"

G_BEGIN_DECLS

/* a whole model of Keras 3, or of Keras 2 from 2.12 on: config, weights and more in a zip */
extern const EspFormat esp_format_keras_zip;
/* checkpoints that are HDF5 files; which of the three it is, their content tells */
extern const EspFormat esp_format_keras_h5;         /* a whole model */
extern const EspFormat esp_format_keras_weights_h5; /* weights of Keras 3, X.weights.h5 */
extern const EspFormat esp_format_keras_h5_weights; /* weights in the layout before that */
/* weights of Keras 3 in several such files, by their JSON index */
extern const EspFormat esp_format_keras_sharded;

G_END_DECLS
