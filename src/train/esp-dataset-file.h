/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"

/* "file": CSV, IDX (MNIST's), or arrays that the caller's read_array() knows */
gboolean esp_dataset_make_file (EspDataset *, EspSpec *, EspRandom *, GError **);
/* esp-dataset-csv.c: @text is NUL-terminated. "target" names a column or counts it, the last is the
 * default; "classes" says whether it is labels where numbers could be either. */
gboolean esp_dataset_read_csv (EspDataset *self,
                               EspSpec *spec,
                               char *text,
                               gsize length,
                               GError **error);
