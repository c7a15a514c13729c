/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Numbers into the clipboard, for programs: a line for each row, tabs between, shortest texts that
 * read back. */

/* cells that are copied at most: what a spreadsheet still takes */
#define ESP_COPY_MAX_CELLS (2 * 1000 * 1000)

/* reads in a worker and then sets the clipboard of @widget. FALSE, with a bell, where there are too
 * many. */
gboolean esp_copy_region (GtkWidget *widget, EspTensor *matrix, const EspRegion *region);

G_END_DECLS
