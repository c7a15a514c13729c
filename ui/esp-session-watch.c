/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two signal groups, the second following what the first one's target shows. A document lives at
 * least until its owner was told of the next one. */

#include "config.h"

#include "esp-session-watch.h"

struct _EspSessionWatch
{
  const EspSessionEvents *events; /* static */
  gpointer owner;                 /* borrowed */

  EspSession *session;
  EspDocument *document;
  GSignalGroup *session_signals;
  GSignalGroup *document_signals;
};

static void
take_document (EspSessionWatch *self)
{
  EspDocument *document = self->session ? esp_session_get_document (self->session) : NULL;

  g_set_object (&self->document, document);
  g_signal_group_set_target (self->document_signals, self->document);
}

static void
on_document (EspSessionWatch *self)
{
  g_autoptr (EspDocument) old = self->document ? g_object_ref (self->document) : NULL;

  take_document (self);
  if (self->document != old && self->events->document)
    self->events->document (self->owner);
}

static void
on_selection (EspSessionWatch *self)
{
  if (self->events->selection)
    self->events->selection (self->owner);
}

static void
on_channel (EspSessionWatch *self)
{
  if (self->events->channel)
    self->events->channel (self->owner);
}

static void
on_cell (EspSessionWatch *self)
{
  if (self->events->cell)
    self->events->cell (self->owner);
}

static void
on_updated (EspSessionWatch *self)
{
  if (self->events->updated)
    self->events->updated (self->owner);
}

EspSessionWatch *
esp_session_watch_new (const EspSessionEvents *events, gpointer owner)
{
  EspSessionWatch *self = g_new0 (EspSessionWatch, 1);

  self->events = events;
  self->owner = owner;
  self->session_signals = g_signal_group_new (ESP_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session_signals, "notify::document",
                                  G_CALLBACK (on_document), self);
  g_signal_group_connect_swapped (self->session_signals, "notify::selection",
                                  G_CALLBACK (on_selection), self);
  g_signal_group_connect_swapped (self->session_signals, "notify::channel", G_CALLBACK (on_channel),
                                  self);
  g_signal_group_connect_swapped (self->session_signals, "notify::cell", G_CALLBACK (on_cell),
                                  self);
  self->document_signals = g_signal_group_new (ESP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->document_signals, "updated", G_CALLBACK (on_updated), self);
  return self;
}

void
esp_session_watch_free (EspSessionWatch *self)
{
  g_signal_group_set_target (self->session_signals, NULL);
  g_signal_group_set_target (self->document_signals, NULL);
  g_object_unref (self->session_signals);
  g_object_unref (self->document_signals);
  g_clear_object (&self->document);
  g_clear_object (&self->session);
  g_free (self);
}

gboolean
esp_session_watch_set_session (EspSessionWatch *self, EspSession *session)
{
  if (!g_set_object (&self->session, session))
    return FALSE;
  g_signal_group_set_target (self->session_signals, session);
  take_document (self);
  return TRUE;
}

EspSession *
esp_session_watch_get_session (EspSessionWatch *self)
{
  return self->session;
}

EspDocument *
esp_session_watch_get_document (EspSessionWatch *self)
{
  return self->document;
}
