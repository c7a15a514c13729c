/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-session.h"
#include "esp-watch.h"

G_BEGIN_DECLS

/**
 * EspReload:
 *
 * Follows the files of a session's document and puts a newer version in its place, on request or by
 * itself. What is open stays until the newer one was read whole; a version that can't be read, as
 * one half written, is tried again quietly some times before it counts as failed. Main thread only.
 *
 * Properties (notify): "state" (EspReloadState), "automatic" (gboolean, read and write).
 * Signal "loaded" (EspDocument) -> gboolean: a newer version was read; a handler that returns TRUE
 * has taken it, else it takes the document's place (esp_session_replace_document()).
 */
#define ESP_TYPE_RELOAD (esp_reload_get_type ())
G_DECLARE_FINAL_TYPE (EspReload, esp_reload, ESP, RELOAD, GObject)

typedef enum
{
  ESP_RELOAD_NONE,      /* nothing to reload: no checkpoint, or what is open is what is on disk */
  ESP_RELOAD_WRITING,   /* it is being written to */
  ESP_RELOAD_REPLACED,  /* there is a newer file of the name; what is open can be read as it was */
  ESP_RELOAD_REWRITTEN, /* it was written to in place: what isn't on screen yet can't be read */
  ESP_RELOAD_GONE,      /* no file has the name any more */
  ESP_RELOAD_LOADING,
  ESP_RELOAD_FAILED, /* the newer version can't be read */
} EspReloadState;

EspReload *esp_reload_new (EspSession *session);
EspReloadState esp_reload_get_state (EspReload *self);
/* why it failed; NULL if it didn't. Borrowed. */
const GError *esp_reload_get_error (EspReload *self);
void esp_reload_set_automatic (EspReload *self, gboolean automatic);
/* reads the file again, changed or not; nothing without a checkpoint */
void esp_reload_now (EspReload *self);
/* stops reading, and forgets about the version that was told of */
void esp_reload_stop (EspReload *self);

G_END_DECLS
