/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspSessionWatch:
 *
 * Follows a session and whatever document it shows, for one owner. Main thread only.
 */
typedef struct _EspSessionWatch EspSessionWatch;

/* What the owner wants to hear of; any may be NULL. On another document the selection is told of,
 * too, after it. */
typedef struct
{
  void (*document) (gpointer owner);
  void (*selection) (gpointer owner);
  void (*channel) (gpointer owner);
  void (*cell) (gpointer owner);
  void (*updated) (gpointer owner); /* newer values: EspDocument::updated of the document of now */
} EspSessionEvents;

/* @events is static; @owner has to outlive the watch */
EspSessionWatch *esp_session_watch_new (const EspSessionEvents *events, gpointer owner);
void esp_session_watch_free (EspSessionWatch *self);
/* another session, or NULL; tells the owner of nothing. FALSE if it is the one that is followed. */
gboolean esp_session_watch_set_session (EspSessionWatch *self, EspSession *session);
EspSession *esp_session_watch_get_session (EspSessionWatch *self);   /* borrowed or NULL */
EspDocument *esp_session_watch_get_document (EspSessionWatch *self); /* borrowed or NULL */

G_END_DECLS
