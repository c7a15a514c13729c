/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plain value with its arrays. */

#include "config.h"

#include "esp-unit-reader.h"

void
esp_unit_reader_free (EspUnitReader *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->unit_path);
  g_free (self->units);
  g_free (self);
}
