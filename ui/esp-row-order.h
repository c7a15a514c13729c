/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/* Has the rows or columns of a view's matrix sorted by a profile: the greatest norm, mean or
 * largest value first, or the least of the smallest values. -1 for @kind: as they are stored. Of a
 * large matrix in a worker; the view shows the order when it is there, unless it shows something
 * else by then. */
void esp_row_order_apply (EspView *view, gboolean columns, int kind);
/* the kind that they are sorted by, -1 for none */
int esp_row_order_get (EspView *view, gboolean columns);
/* whether there is something to sort */
gboolean esp_row_order_is_possible (EspView *view);

G_END_DECLS
