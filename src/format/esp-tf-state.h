/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-beside.h"

G_BEGIN_DECLS

/**
 * EspTfState:
 *
 * The text file `checkpoint` in a folder of TensorFlow's checkpoints (CheckpointState), and the
 * names of the files beside it.
 */
typedef struct
{
  char *latest;   /* prefix of the latest one's files, checked as esp_beside_check_path() does */
  GPtrArray *all; /* of all, the latest among them; checked as well */
} EspTfState;

/* whether a text begins as one */
gboolean esp_tf_state_is_one (const guint8 *head, gsize size);
/* Of a path that isn't a plain relative one, as older versions wrote, the last part counts. */
EspTfState *esp_tf_state_new (EspSource *source, GCancellable *cancellable, GError **error);
void esp_tf_state_free (EspTfState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTfState, esp_tf_state_free)

/* the others that are there, as a text to show: “a”, “b” and 3 more; NULL if none; (transfer full)
 */
char *esp_tf_state_list_others (const EspTfState *self, EspBeside *beside);

/* the prefix of a file's name, without folder: without .index, .meta, .data-00000-of-00002;
 * (transfer full) */
char *esp_tf_state_dup_prefix (const char *path);

G_END_DECLS
