/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* windows of characters and the one that comes next, out of data/datasets/text.txt */
gboolean esp_dataset_make_text (EspDataset *, EspSpec *, EspRandom *, GError **);
