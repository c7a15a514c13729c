/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* sets that ship inside the program, from data/datasets: sources and licences stand there */
gboolean esp_dataset_make_digits (EspDataset *, EspSpec *, EspRandom *, GError **);
gboolean esp_dataset_make_iris (EspDataset *, EspSpec *, EspRandom *, GError **);
