/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to session/: everything that is found at one place, by a worker. Lists are
 * (element-type EspFinding) and own their elements. */

#include "esp-finding.h"

G_BEGIN_DECLS

GPtrArray *esp_finder_new_list (void);
void esp_finder_add_copies (GPtrArray *to, GPtrArray *from);
/* takes @from, which may be NULL */
void esp_finder_add_taken (GPtrArray *to, GPtrArray *from);

/* statistics and weights of the tensor at @place; @live: the parameters change meanwhile, so that
 * only the tensor may be looked at from the worker */
void esp_finder_find_async (EspPlace *place,
                            gboolean live,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* @place and @tensor (borrowed from @result) tell what was looked at */
GPtrArray *esp_finder_find_finish (GAsyncResult *result,
                                   EspPlace **place,
                                   EspTensor **tensor,
                                   GError **error);

G_END_DECLS
