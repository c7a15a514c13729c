/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to model/: which tensors of a tree share memory. */

#include "esp-nodes.h"

G_BEGIN_DECLS

/* finds alias groups, overlaps and implied ties of finished nodes; once, by the builder */
void esp_ties_find (EspNodes *nodes);
/* elements of storage that one tensor reaches, each once; a tensor without bytes counts whole */
guint64 esp_ties_count_elements (EspTensor *tensor);
/* adds the unique figures of some tied leaves (may repeat; gets sorted) to @totals */
void esp_ties_sum (EspNodes *nodes, GArray *leaves, EspTotals *totals);

G_END_DECLS
