/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network-private.h"

G_BEGIN_DECLS

/* What the units of a call are: features of its output, or channels; and which layer's weight has a
 * row for each of them. */

/* the axis of the call's output that counts its units */
guint esp_unit_find_axis (EspNetwork *network, guint call);
/* the call of the layer that makes them, past what handles each unit by itself; -1 if that has no
 * row for each */
int esp_unit_find_source (EspNetwork *network, guint call);
/* (rows, units, positions) of a shape whose units lie along @axis */
void esp_unit_split (const EspShape *shape,
                     guint axis,
                     gsize *rows,
                     gsize *units,
                     gsize *positions);

G_END_DECLS
