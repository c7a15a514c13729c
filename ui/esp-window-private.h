/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-window.h"
#include "esp-canvas.h"
#include "esp-error-page.h"
#include "esp-inspector.h"
#include "esp-panes.h"
#include "esp-size-watch.h"
#include "esp-training-bar.h"
#include "esp-tree-pane.h"

G_BEGIN_DECLS

/* The window by concern: each esp-window-X.c has what it names, with an init that adds its actions
 * and a dispose. */

struct _EspWindow
{
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  EspSizeWatch *watch;
  AdwHeaderBar *header;
  AdwWindowTitle *title;
  GtkWidget *tree_button;
  GtkWidget *inspector_button;
  GtkWidget *search_button;
  GtkWidget *save_button;
  GtkWidget *train_button;
  GtkMenuButton *new_button;
  GMenu *new_section;
  GMenu *recent_section;
  GMenu *edit_section;
  GtkStack *pages;
  EspErrorPage *error_page;
  EspPanes *panes;
  EspTreePane *tree_pane;
  EspCanvas *canvas;
  EspInspector *inspector;
  EspTrainingBar *training_bar;
  GtkRevealer *training_revealer;
  GtkRevealer *reload_revealer;
  GtkLabel *reload_label;
  GtkWidget *reload_details;
  GtkWidget *reload_button;
  GtkRevealer *loading_revealer;
  GtkLabel *loading_label;
  GtkProgressBar *loading_progress;
  GtkWidget *foot;

  EspSession *session;
  EspDocument *document; /* the session's, for its signals */

  /* open */
  EspSession *loader; /* opens into a session of its own, so that a refused file changes nothing */
  GCancellable *loading; /* or NULL */
  GFile *loading_file;
  guint loading_id;       /* shows the progress after a moment */
  GFile *page_file;       /* what the error page is about */
  EspDocument *recovered; /* what it offers to open; NULL */
  char *problem_heading;  /* what a toast's Details button tells */
  char *problem_body;

  /* reload */
  EspReload *reload;
  gboolean reload_asked; /* a person did */

  /* save */
  GFile *saved_file; /* where this network was saved last */
  gboolean closing;  /* unsaved work was asked about */

  /* load */
  GCancellable *weights_cancellable; /* of weights that are being read, or NULL */

  /* go */
  GPtrArray *history; /* EspPlace that were selected, borrowed from the document's tree */
  guint history_at;
  gboolean in_history; /* the selection changes because of Back or Forward */

  /* clock */
  guint tick_id;
  guint poll_id;
  gint64 awake_until;
};

/* shows "welcome", "error" or "document"; brings title and header up to it */
void esp_window_show_page (EspWindow *self, const char *page);
void esp_window_update_title (EspWindow *self);
/* a passing message; plain text */
void esp_window_tell (EspWindow *self, const char *text);
/* one with a button that shows all of it */
void esp_window_tell_problem (EspWindow *self,
                              const char *text,
                              const char *heading,
                              const char *body);
void esp_window_enable (EspWindow *self, const char *action, gboolean enabled);

void esp_window_open_init (EspWindow *self);
void esp_window_open_dispose (EspWindow *self);
/* opens the first here, the others in windows of their own; (element-type GFile) */
void esp_window_open_all (EspWindow *self, GPtrArray *files);

/* shows the page of refused files for a newer version of the document that wants to run things, and
 * that the one before didn't; FALSE if there is nothing of the kind */
gboolean esp_window_refuse_reloaded (EspWindow *self, EspDocument *document);

void esp_window_reload_init (EspWindow *self);
void esp_window_reload_update (EspWindow *self); /* another document */
void esp_window_reload_dispose (EspWindow *self);

typedef void (*EspWindowFunc) (EspWindow *self, gpointer user_data);
void esp_window_save_init (EspWindow *self);
void esp_window_save_dispose (EspWindow *self);
/* calls @func when nothing is lost by going on: at once, or after asking and perhaps saving. Not at
 * all if the person gave up. */
void esp_window_when_safe (EspWindow *self,
                           EspWindowFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy);

void esp_window_train_init (EspWindow *self);
void esp_window_train_update (EspWindow *self); /* another document */

void esp_window_edit_init (EspWindow *self);
void esp_window_edit_update (EspWindow *self); /* another document */

void esp_window_load_init (EspWindow *self);
void esp_window_load_update (EspWindow *self); /* another document */
void esp_window_load_dispose (EspWindow *self);

void esp_window_go_init (EspWindow *self);
void esp_window_go_dispose (EspWindow *self);
void esp_window_go_forget (EspWindow *self); /* another document */
/* a newer version of it, before it takes its place: to the same names in it */
void esp_window_go_follow (EspWindow *self, EspDocument *document);

void esp_window_clock_init (EspWindow *self);
void esp_window_clock_dispose (EspWindow *self);
void esp_window_clock_wake (EspWindow *self); /* something may come from the trainer */

G_END_DECLS
