/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* sets of points of the plane: TensorFlow Playground's beside its spirals, and two moons */
gboolean esp_dataset_make_circle (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_xor (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_gauss (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_plane (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_multi_gauss (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_moons (EspDataset *, EspSpec *, EspRandom *, GError **);
