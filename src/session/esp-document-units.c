/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a live network's units do, for rows, marks and sections: out of the snapshot that is shown,
 * at once. */

#include "config.h"

#include "esp-document-private.h"

#include "esp-finder.h"

GPtrArray *
esp_document_get_unit_findings (EspDocument *self, EspPlace *place)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), NULL);

  return self->snapshot != NULL ? esp_findings_from_units (place, self->snapshot)
                                : esp_finder_new_list ();
}

GArray *
esp_document_mark_units (EspDocument *self, EspPlace *place)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), NULL);

  return self->snapshot != NULL ? esp_findings_mark_units (place, self->snapshot)
                                : g_array_new (FALSE, FALSE, sizeof (EspUnitMark));
}

GArray *
esp_document_tally_units (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->snapshot != NULL
             ? esp_findings_tally_units (esp_document_get_tree (self), self->snapshot)
             : g_array_new (FALSE, FALSE, sizeof (EspUnitTally));
}

GArray *
esp_document_get_unit_inputs (EspDocument *self, EspPlace *place)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), NULL);

  if (self->snapshot == NULL || self->network == NULL)
    return g_array_new (FALSE, FALSE, sizeof (EspUnitInput));
  if (self->readers == NULL)
    self->readers = esp_network_find_readers (self->network);
  return esp_findings_from_inputs (place, self->snapshot, self->readers);
}
