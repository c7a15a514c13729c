/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-value.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EspPickle:
 *
 * One pickle, read by a machine that knows all opcodes of protocols 0 to 5 and does nothing: it
 * imports, looks up and calls nothing, and opens no file. What a pickle would have had Python do is
 * recorded as values, and reported. Refcounted; values, names and texts live as long as it does.
 * Immutable once made, so safe from any thread.
 */
typedef struct _EspPickle EspPickle;

/**
 * esp_pickle_new:
 * @bytes: holds the pickle; kept by reference
 * @position: where in @bytes it begins
 * @what: what it is, for messages: "data.pkl"
 *
 * Reads one pickle up to its STOP; what follows is left alone (esp_pickle_get_end()). Blocking and
 * cancellable.
 *
 * Returns: a new pickle, or NULL with an error that names the byte and the opcode
 */
EspPickle *esp_pickle_new (GBytes *bytes,
                           gsize position,
                           const char *what,
                           GCancellable *cancellable,
                           GError **error);
EspPickle *esp_pickle_ref (EspPickle *self);
void esp_pickle_unref (EspPickle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPickle, esp_pickle_unref)

const EspPickleValue *esp_pickle_get_root (EspPickle *self);
/* position in the bytes after STOP */
gsize esp_pickle_get_end (EspPickle *self);
/* every container's index is below this */
guint esp_pickle_get_n_containers (EspPickle *self);
/* memory of the values, in bytes */
guint64 esp_pickle_get_memory (EspPickle *self);
/* all names that it mentions, whether it uses them or not, in the order of their first mention:
 * "torch._utils._rebuild_tensor_v2" */
guint esp_pickle_get_n_names (EspPickle *self);
const EspPickleName *esp_pickle_get_name (EspPickle *self, guint index);
/* all references to something outside, in the order of their mention, each time that one is made */
guint esp_pickle_get_n_persistents (EspPickle *self);
const EspPickleValue *esp_pickle_get_persistent (EspPickle *self, guint index);
/* calls that it asks for and that this program doesn't understand, as text:
 * "posix.system('id')"; at most a few of one callable */
guint esp_pickle_get_n_refused (EspPickle *self);
const char *esp_pickle_get_refused (EspPickle *self, guint index);
/* refused calls that are not in the list, because it was full */
guint64 esp_pickle_get_n_unlisted (EspPickle *self);

G_END_DECLS
