/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-hdf5-protocol.h"
#include "esp-source.h"

G_BEGIN_DECLS

/**
 * EspHdf5Process:
 *
 * The process (libexec/espalier-hdf5) that reads one HDF5 file for us: started when it is asked for
 * something, killed when it says nonsense, is silent for too long or the caller has changed their
 * mind, ended by itself when it isn't asked for some seconds. Whatever becomes of it is an error of
 * the question and no more. Atomically refcounted; questions may come from any thread and wait for
 * one another.
 */
typedef struct _EspHdf5Process EspHdf5Process;

/* looks at one frame of an answer; FALSE with an error ends it, and the process */
typedef gboolean (*EspHdf5FrameFunc) (guint32 kind,
                                      EspCursor *payload,
                                      gpointer data,
                                      GError **error);

/* bytes that lie in no file (memory, a deflated member) are copied into a temporary one that has no
 * name; starts nothing */
EspHdf5Process *esp_hdf5_process_new (EspSource *source, GCancellable *cancellable, GError **error);
EspHdf5Process *esp_hdf5_process_ref (EspHdf5Process *self);
void esp_hdf5_process_unref (EspHdf5Process *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHdf5Process, esp_hdf5_process_unref)

/* what values are read from in place: the source, or its copy */
EspSource *esp_hdf5_process_get_source (EspHdf5Process *self);
/**
 * esp_hdf5_process_ask:
 * @request: frame kind and payload, see esp-hdf5-protocol.h
 *
 * Blocking. TRUE when the process said it is done, every frame of the answer was taken, and the
 * file is still the same.
 */
gboolean esp_hdf5_process_ask (EspHdf5Process *self,
                               guint32 kind,
                               const GByteArray *request,
                               EspHdf5FrameFunc func,
                               gpointer data,
                               GCancellable *cancellable,
                               GError **error);
/* whether it died of a signal at the last question: the library's own fault */
gboolean esp_hdf5_process_has_crashed (EspHdf5Process *self);
/* ends it, until the next question */
void esp_hdf5_process_retire (EspHdf5Process *self);

/* for tests: kills the process where it stands, and how long one may be silent */
void esp_hdf5_process_kill (EspHdf5Process *self);
void esp_hdf5_process_set_silence (guint milliseconds);

/* the program of the process: in the folder that ESPALIER_LIBEXECDIR names, else where it was built
 * for a program that lies there too, else where it was installed. New string. */
char *esp_hdf5_process_find_program (void);

G_END_DECLS
