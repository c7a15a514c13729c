/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspHdf5Child:
 *
 * A child process and a socket to it. A thread waits for its end, so that none stays a zombie and
 * its number is never used after it. Owned by one.
 */
typedef struct _EspHdf5Child EspHdf5Child;

/* runs @argv with @fd as descriptor 3 and one end of a socket as descriptor 0: no environment, no
 * other descriptor */
EspHdf5Child *esp_hdf5_child_spawn (const char *const *argv, int fd, GError **error);
/* kills it if it still runs */
void esp_hdf5_child_free (EspHdf5Child *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHdf5Child, esp_hdf5_child_free)

void esp_hdf5_child_kill (EspHdf5Child *self);
int esp_hdf5_child_get_socket (EspHdf5Child *self);
/* how it ended, as waitpid() says it; kills it if it doesn't end soon by itself */
int esp_hdf5_child_wait (EspHdf5Child *self);

G_END_DECLS
