/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* "spirals": count (200), noise (0), seed */
gboolean esp_dataset_make_spirals (EspDataset *self,
                                   EspSpec *spec,
                                   EspRandom *random,
                                   GError **error);
