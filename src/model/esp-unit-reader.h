/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_NO_UNIT G_MAXUINT32

/**
 * EspUnitReader:
 *
 * A weight at one place that takes units of one activation: which of them comes in at each index of
 * its axis "in". A property of the network; train/ fills it, lens/ reads it.
 */
typedef struct
{
  char *path;      /* place of the weight: "2.weight" */
  char *unit_path; /* place of the activation, as in EspUnitCounts: "1" */
  guint n;         /* size of that axis */
  guint32 *units;  /* (n) number of the unit, or %ESP_NO_UNIT where something else comes in */
} EspUnitReader;

void esp_unit_reader_free (EspUnitReader *self);

G_END_DECLS
