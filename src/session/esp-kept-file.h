/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A network with its history in one file, "NAME.espalier". Of session/, and of who else writes a
 * network's description to a file. */

#include "esp-trainer.h"

G_BEGIN_DECLS

#define ESP_KEPT_SUFFIX ".espalier"

/* whether the name asks for one */
gboolean esp_kept_file_has_suffix (const char *path);
/* whether it looks like one; never an error */
gboolean esp_kept_file_probe (const char *path);
/* A trainer at the moment that was kept, before which all others can be gone to; blocking, any
 * thread. */
EspTrainer *esp_kept_file_read (const char *path, GCancellable *cancellable, GError **error);
/* The description as it is written to a file at @path: data files in its folder or below are named
 * from there, others by their whole path. New string. */
char *esp_kept_file_describe (EspNetwork *network, const char *path);
/* all that was done up to now; the run goes on meanwhile */
void esp_kept_file_save_async (EspTrainer *trainer,
                               const char *path,
                               gboolean replace,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* blocking */
gboolean esp_kept_file_save (EspTrainer *trainer,
                             const char *path,
                             gboolean replace,
                             GError **error);

G_END_DECLS
