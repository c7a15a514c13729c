/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/**
 * esp_foreign_explain:
 *
 * Says what a file is that no reader takes, as far as its bytes tell, and what can be done. Always
 * sets @error: %ESP_FORMAT_ERROR_UNSUPPORTED where the kind is known, else
 * %ESP_FORMAT_ERROR_UNKNOWN.
 */
void esp_foreign_explain (const EspProbe *probe, GCancellable *cancellable, GError **error);

/* the same for a folder that a file of this name makes what it is; FALSE without an error if no
 * such folder is known */
gboolean esp_foreign_explain_folder (const char *name, GError **error);

G_END_DECLS
