/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspLiveView:
 *
 * What the views of a network that trains have in common: they follow a session's document for as
 * long as they are on the screen, have a row of choices above and a line of status below, and their
 * picture can be taken away. A new view is a subclass and a row of the table in esp-views.c.
 */
#define ESP_TYPE_LIVE_VIEW (esp_live_view_get_type ())
G_DECLARE_DERIVABLE_TYPE (EspLiveView, esp_live_view, ESP, LIVE_VIEW, AdwBin)

struct _EspLiveViewClass
{
  AdwBinClass parent_class;

  /* A network is looked at from now on: ask for probes here. It is never NULL and has a trainer. */
  void (*begin) (EspLiveView *self, EspDocument *document);
  /* no longer; drop all that is of @document */
  void (*end) (EspLiveView *self, EspDocument *document);
  /* a newer snapshot; also told once after begin() */
  void (*update) (EspLiveView *self, EspDocument *document, EspSnapshot *snapshot);
  /* another place of the tree is selected, or NULL; may be NULL */
  void (*select) (EspLiveView *self, EspPlace *place);
  /* what is shown as a picture; FALSE if there is nothing. Sizes are those on the screen. */
  gboolean (*init_drawing) (EspLiveView *self, EspDrawing *drawing);
  /* its numbers as CSV, or NULL where there are none; may be NULL. New string. */
  char *(*dup_csv) (EspLiveView *self);
};

void esp_live_view_set_session (EspLiveView *self, EspSession *session);
EspSession *esp_live_view_get_session (EspLiveView *self);
/* the network that is looked at, NULL while the view isn't on the screen. Borrowed. */
EspDocument *esp_live_view_get_document (EspLiveView *self);

/* for subclasses: a widget of the row of choices; what is below; the status */
void esp_live_view_add_tool (EspLiveView *self, GtkWidget *tool);
void esp_live_view_set_content (EspLiveView *self, GtkWidget *content);
void esp_live_view_say (EspLiveView *self, const char *text);
/* an empty label in the style of captions, for a subclass */
GtkWidget *esp_live_view_new_caption (void);

gboolean esp_live_view_init_drawing (EspLiveView *self, EspDrawing *drawing);
char *esp_live_view_dup_csv (EspLiveView *self);

G_END_DECLS
