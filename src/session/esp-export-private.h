/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-atomic-file.h"
#include "esp-export.h"

G_BEGIN_DECLS

/* an EspExportFunc; @data is an EspAtomicFile */
gboolean esp_export_to_file (const void *bytes, gsize length, gpointer data, GError **error);

G_END_DECLS
