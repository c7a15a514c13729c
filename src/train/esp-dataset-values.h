/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* "values": inputs, and targets or labels (with classes), written out in the specification */
gboolean esp_dataset_make_values (EspDataset *self,
                                  EspSpec *spec,
                                  EspRandom *random,
                                  GError **error);
