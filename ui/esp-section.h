/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspSection:
 *
 * One group of the inspector: a heading and boxed rows on what is selected. The inspector calls
 * show() when it is another place, document or channel, and update() when a live network's values
 * are newer. A section that has nothing to say hides itself.
 */
#define ESP_TYPE_SECTION (esp_section_get_type ())
G_DECLARE_DERIVABLE_TYPE (EspSection, esp_section, ESP, SECTION, AdwPreferencesGroup)

struct _EspSectionClass
{
  AdwPreferencesGroupClass parent_class;

  void (*show) (EspSection *self, EspSession *session);
  void (*update) (EspSection *self, EspSession *session); /* may be NULL: nothing changes */
};

void esp_section_show (EspSection *self, EspSession *session);
void esp_section_update (EspSection *self, EspSession *session);

/* a second-rank text at the right of the heading; NULL takes it away */
void esp_section_set_caption (EspSection *self, const char *caption);

/* for lists of rows that come and go: rows beyond this many are told as a number */
#define ESP_SECTION_MAX_ROWS 50

/* what most sections ask first; borrowed, NULL when that is not what is selected */
EspTensor *esp_section_get_tensor (EspSession *session); /* of the channel that is shown */
gboolean esp_section_is_root (EspSession *session);

G_END_DECLS
