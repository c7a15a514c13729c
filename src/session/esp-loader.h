/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to session/: a path -> what it holds. */

#include "esp-checkpoint.h"
#include "esp-trainer.h"

G_BEGIN_DECLS

/* one of the two */
typedef struct
{
  EspCheckpoint *checkpoint;
  EspNetwork *network;
  EspTrainer *trainer; /* of a network with its history: where it was kept; else NULL */
} EspLoaded;

void esp_loaded_free (EspLoaded *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLoaded, esp_loaded_free)

/* a checkpoint or a network specification, found by content; blocking, any thread. Messages begin
 * with the file's name. */
EspLoaded *esp_loader_load (const char *path,
                            EspProgressFunc progress,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error);
/* an array of a NumPy file or of anything else that opens, for data sets: the only one (@member
 * NULL), or the one of a name */
EspTensor *esp_loader_read_array (EspSource *source, const char *member, GError **error);
/* out of a specification's text, with data files beside @path */
EspNetwork *esp_loader_make_network (const char *path,
                                     const char *text,
                                     gsize length,
                                     GError **error);
/* esp_session_read_network() */
EspNetwork *esp_loader_read_network (const char *path,
                                     const EspNetworkOptions *options,
                                     GError **error);

G_END_DECLS
