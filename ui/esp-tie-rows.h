/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTieRows:
 *
 * Rows at the end of a group that tie the selected parameter of a live network with another, or
 * untie it.
 */
typedef struct _EspTieRows EspTieRows;

EspTieRows *esp_tie_rows_new (AdwPreferencesGroup *group);
void esp_tie_rows_free (EspTieRows *self);
/* takes the rows out of the group, so that others can come before them */
void esp_tie_rows_hide (EspTieRows *self);
/* behind what the group has now; FALSE when nothing can be tied or untied */
gboolean esp_tie_rows_show (EspTieRows *self, EspSession *session);

G_END_DECLS
