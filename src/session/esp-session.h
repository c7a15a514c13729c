/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/**
 * EspSession:
 *
 * What one window or one verb works on. Holds the document; opening replaces it only when the new
 * one is complete, so a refused file never takes away what was open. Main thread only.
 *
 * Properties (notify): "document", "selection" (EspPlace or NULL), "channel" (EspChannel), "cell"
 * (gint64), "view" (string), "busy" (gboolean), "progress" (double, 0 to 1).
 */
#define ESP_TYPE_SESSION (esp_session_get_type ())
G_DECLARE_FINAL_TYPE (EspSession, esp_session, ESP, SESSION, GObject)

EspSession *esp_session_new (void);
EspDocument *esp_session_get_document (EspSession *self); /* borrowed, NULL before the first */
void esp_session_set_document (EspSession *self, EspDocument *document);
/* The same for a newer version of what is open: what is selected, the channel and the cell stay
 * where there still is something of that name (else its module's, or the next one above). Views
 * that keep more of what they show ask esp_session_is_newer(). */
void esp_session_replace_document (EspSession *self, EspDocument *document);
/* whether the document is a newer version of the one before it */
gboolean esp_session_is_newer (EspSession *self);

/* the place whose tensor or module all views show; a new document selects its root. Borrowed, NULL
 * without a document. */
EspPlace *esp_session_get_selection (EspSession *self);
void esp_session_set_selection (EspSession *self, EspPlace *place);
/* data or grad: what the views draw of the selection */
EspChannel esp_session_get_channel (EspSession *self);
void esp_session_set_channel (EspSession *self, EspChannel channel);

/* the cell that is looked at, as C-order index of the selection's tensor; -1 for none. It stays
 * when a tensor of equal shape is selected, so that all tensors of a shape are linked. An index
 * beyond the tensor is none. */
gint64 esp_session_get_cell (EspSession *self);
void esp_session_set_cell (EspSession *self, gint64 cell);

/* which view of a live network is shown, by the name that the program gives it; "weights" at first.
 * Borrowed. */
const char *esp_session_get_view (EspSession *self);
void esp_session_set_view (EspSession *self, const char *view);

/* opens a checkpoint or a network specification (JSON with "espalier"), found by content */
EspDocument *esp_session_load (EspSession *self,
                               const char *path,
                               GCancellable *cancellable,
                               GError **error);
/* the same in a worker; a second call cancels the first. On success the document is set. */
void esp_session_load_async (EspSession *self,
                             const char *path,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean esp_session_load_finish (EspSession *self, GAsyncResult *result, GError **error);

/* a network out of its specification's file, with the data files beside it; @options may be NULL */
EspNetwork *esp_session_read_network (const char *path,
                                      const EspNetworkOptions *options,
                                      GError **error);

/* a template by name ("d2l-mlp", "d2l-shared", "spirals"); replaces the document */
gboolean esp_session_new_network (EspSession *self, const char *name, GError **error);

/* networks that ship with the program, in menu order */
typedef struct
{
  const char *name;        /* "d2l-shared", file data/networks/d2l-shared.json */
  const char *title;       /* untranslated, marked for translation: "Shared layer" */
  const char *description; /* "4-8-8-8-1, one layer used twice" */
} EspTemplate;
const EspTemplate *esp_session_get_templates (guint *n);

/* a file of the program's data folder ("examples/digits.pt"), wherever it was installed or built;
 * NULL if absent. ESPALIER_DATADIR overrides. New string. */
char *esp_session_find_data (const char *relative);

G_END_DECLS
