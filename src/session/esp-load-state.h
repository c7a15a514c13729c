/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/**
 * EspLoadState:
 *
 * The weights of a file for a live network, as load_state_dict() of PyTorch has it: what the file
 * lacks, what it has besides, what has another shape; then all that fits becomes one change. Names
 * are those of the network, and of the file below what wraps its weights: keys of a training
 * checkpoint ("model_state_dict"), names that wrappers of modules leave ("module."). One memory
 * under several names lacks nothing as long as the file has one of them; of several, the last
 * counts. Numbers of any kind but complex ones become float32, a counter's a whole number. What the
 * optimiser keeps stays.
 */
typedef struct _EspLoadState EspLoadState;

/* for the network that @document has; NULL for a checkpoint's. Main thread; cheap. */
EspLoadState *esp_load_state_new (EspDocument *document);
void esp_load_state_free (EspLoadState *self); /* main thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLoadState, esp_load_state_free)

/* Opens what lies at @path, anything that esp_session_load() does, and reads its numbers; once, any
 * thread. FALSE with an error when it can't be opened or numbers that fit can't be read. */
gboolean esp_load_state_read (EspLoadState *self,
                              const char *path,
                              GCancellable *cancellable,
                              GError **error);
/* the same in a worker; @self is taken, and given back */
void esp_load_state_read_async (EspLoadState *take_self,
                                const char *path,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
EspLoadState *esp_load_state_read_finish (GAsyncResult *result, GError **error);

/* After that. All borrowed, (element-type utf8), escaped to be shown: names; for shapes sentences
 * in PyTorch's words. */
GPtrArray *esp_load_state_get_missing (EspLoadState *self);
/* of very many the first 1,000; *n (optional): of all */
GPtrArray *esp_load_state_get_unexpected (EspLoadState *self, guint *n);
GPtrArray *esp_load_state_get_mismatches (EspLoadState *self);
/* parameters and buffers, each once, that get numbers of the file */
guint esp_load_state_get_n_fitting (EspLoadState *self);
/* whether nothing is missing, unexpected or of another shape */
gboolean esp_load_state_is_complete (EspLoadState *self);
/* the lists as text, each under a line that says what it is; at most @most names each (0: all). ""
 * when it is complete. New string. */
char *esp_load_state_describe (EspLoadState *self, guint most);

/* Puts all that fits into the network, as one change that is undone at once; whether there was
 * any. Main thread, takes no time. */
gboolean esp_load_state_apply (EspLoadState *self);

G_END_DECLS
