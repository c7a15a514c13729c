/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"
#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspUndo:
 *
 * What was done to a live network and can be taken back, newest last. An entry is a moment that was
 * left: of a document, the change of values or settings that was made there; or, where the
 * structure changed, the document before, whose trainer and history are whole. Steps that were done
 * since are never lost: they stay as a branch of the run, or with their document.
 *
 * The session has one and lets it follow its document. Main thread only.
 *
 * Properties (notify): "undo-name", "redo-name" (char *): what the next one would take back or do
 * again, as a sentence without a full stop ("Revive 3 units"); NULL: nothing.
 */
#define ESP_TYPE_UNDO (esp_undo_get_type ())
G_DECLARE_FINAL_TYPE (EspUndo, esp_undo, ESP, UNDO, GObject)

#define ESP_UNDO_MAX_ENTRIES 100 /* as many as a trainer's history remembers */
#define ESP_UNDO_MAX_DOCUMENTS 8 /* each may have a history of 64 MB */

/* the session's own. Borrowed. */
EspUndo *esp_session_get_undo (EspSession *self);

/* A change of structure: the session shows @document, a new network made out of its document, in
 * its place, selection and views stay where they can. @label as above ("Remove layer 2"). */
void esp_undo_change_document (EspUndo *self, EspDocument *document, const char *label);

void esp_undo_undo (EspUndo *self); /* without anything to undo, nothing */
void esp_undo_redo (EspUndo *self);
const char *esp_undo_get_undo_name (EspUndo *self);
const char *esp_undo_get_redo_name (EspUndo *self);

/* esp-session.c: @session has it and outlives it */
EspUndo *esp_undo_new (EspSession *session);

G_END_DECLS
