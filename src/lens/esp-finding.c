/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A finding: what a lens has seen, as words for a person and as numbers for marks. A tensor has a
 * few, a layer at most some hundred. */

#include "config.h"

#include "esp-finding.h"

EspFinding *
esp_finding_new (EspFindingKind kind,
                 EspSeverity severity,
                 gint64 unit,
                 gint64 index,
                 char *take_title,
                 char *take_details)
{
  EspFinding *self = g_new (EspFinding, 1);

  self->kind = kind;
  self->severity = severity;
  self->unit = unit;
  self->index = index;
  self->title = take_title;
  self->details = take_details;
  return self;
}

void
esp_finding_free (EspFinding *self)
{
  g_return_if_fail (self != NULL);

  g_free (self->title);
  g_free (self->details);
  g_free (self);
}
