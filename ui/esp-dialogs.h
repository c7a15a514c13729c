/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * Every question that the program asks in a dialog. @destroy frees @user_data in any case.
 * GtkFileDialog and AdwAlertDialog are newer than what we build on, so that what stands in for them
 * is in one place.
 */

/* files to open; @files (element-type GFile) is borrowed. Not called if the person gave up. */
typedef void (*EspDialogsFilesFunc) (GPtrArray *files, gpointer user_data);
void esp_dialogs_open (GtkWindow *parent,
                       EspDialogsFilesFunc callback,
                       gpointer user_data,
                       GDestroyNotify destroy);

/* the same for one file with examples to train with */
typedef void (*EspDialogsFileFunc) (GFile *file, gpointer user_data);
void esp_dialogs_open_data (GtkWindow *parent,
                            EspDialogsFileFunc callback,
                            gpointer user_data,
                            GDestroyNotify destroy);

/* the same for one file with weights, of any kind that can be opened */
void esp_dialogs_open_weights (GtkWindow *parent,
                               EspDialogsFileFunc callback,
                               gpointer user_data,
                               GDestroyNotify destroy);

/* where to save; overwriting has been asked about. Not called if the person gave up. */
void esp_dialogs_save (GtkWindow *parent,
                       const char *name,
                       EspDialogsFileFunc callback,
                       gpointer user_data,
                       GDestroyNotify destroy);

/* the same for files of other kinds: @suffixes without dots, NULL-terminated, @kind names them */
void esp_dialogs_save_as (GtkWindow *parent,
                          const char *title,
                          const char *name,
                          const char *kind,
                          const char *const *suffixes,
                          EspDialogsFileFunc callback,
                          gpointer user_data,
                          GDestroyNotify destroy);

typedef enum
{
  ESP_UNSAVED_CANCEL,
  ESP_UNSAVED_DISCARD,
  ESP_UNSAVED_SAVE,
} EspUnsaved;

typedef void (*EspDialogsUnsavedFunc) (EspUnsaved answer, gpointer user_data);
void esp_dialogs_ask_unsaved (GtkWindow *parent,
                              const char *title,
                              EspDialogsUnsavedFunc callback,
                              gpointer user_data,
                              GDestroyNotify destroy);

/* Something fits in part, or, without @accept, not at all. @details: lines that may be many and can
 * be selected. @accept: what the button says that goes on; then @callback is called, not if the
 * person gave up. */
typedef void (*EspDialogsFunc) (gpointer user_data);
void esp_dialogs_ask_anyway (GtkWindow *parent,
                             const char *heading,
                             const char *body,
                             const char *details,
                             const char *accept,
                             EspDialogsFunc callback,
                             gpointer user_data,
                             GDestroyNotify destroy);

/* something went wrong; the whole message, which may be copied */
void esp_dialogs_tell (GtkWindow *parent, const char *heading, const char *body);

G_END_DECLS
