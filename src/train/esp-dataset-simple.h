/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

gboolean esp_dataset_make_parity (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_sine (EspDataset *, EspSpec *, EspRandom *, GError **);
