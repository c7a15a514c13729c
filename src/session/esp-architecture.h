/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-network.h"

G_BEGIN_DECLS

/**
 * EspArchitecture:
 *
 * The forward pass of a checkpoint, as far as the file says it or a person has confirmed it, so
 * that the checkpoint can be trained: layers of a Keras config, of a pickled Sequential of
 * PyTorch's own classes; or guessed from a state dict's names and shapes. Nothing in the file is
 * run. Main thread while it is chosen from; esp_architecture_make_network() from any one thread.
 */
typedef struct _EspArchitecture EspArchitecture;

/* What the file says. %ESP_NETWORK_ERROR names the module that isn't known. */
EspArchitecture *esp_architecture_read (EspCheckpoint *checkpoint, GError **error);
/* a chain guessed from names and shapes, whose slots are to be confirmed */
EspArchitecture *esp_architecture_guess (EspCheckpoint *checkpoint, GError **error);
EspArchitecture *esp_architecture_ref (EspArchitecture *self);
void esp_architecture_unref (EspArchitecture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspArchitecture, esp_architecture_unref)

gboolean esp_architecture_is_guess (EspArchitecture *self);

/* A line of the chain: a module that the file has ("Linear 64 → 32"), or a slot: something that
 * leaves no trace in a state dict and must be chosen. */
typedef struct
{
  const char *path;           /* of the module, or of the one before the slot */
  const char *title;          /* "Linear 64 → 32"; of a slot "Activation" */
  const char *const *choices; /* NULL for a module; classes ("ReLU"), translated words ("none") */
  guint chosen;               /* index in choices */
} EspArchitectureLine;

guint esp_architecture_get_n_lines (EspArchitecture *self);
void esp_architecture_get_line (EspArchitecture *self, guint index, EspArchitectureLine *line);
void esp_architecture_choose (EspArchitecture *self, guint line, guint choice);
/* the same in all slots for activations but one behind the last module; FALSE when there is no
 * such choice. @name as in choices, in any case. */
gboolean esp_architecture_choose_activation (EspArchitecture *self, const char *name);

/* how to train it */
typedef struct
{
  const char *data;      /* name of a built-in set, or a file; NULL: random numbers that fit */
  const char *loss;      /* class, or NULL: what fits the data */
  const char *optimizer; /* class, or NULL: Adam */
  double rate;           /* NAN: the optimiser's default */
  guint64 batch_size;    /* 0: 32 */
  guint64 seed;
} EspTrainingChoice;

/* The network: it begins with the checkpoint's values. Reads them, so it may take a while. Sets
 * *notes (optional) to what a person should know of it, a sentence each; (element-type utf8). */
EspNetwork *esp_architecture_make_network (EspArchitecture *self,
                                           const EspTrainingChoice *choice,
                                           GPtrArray **notes,
                                           GCancellable *cancellable,
                                           GError **error);
/* the same in a worker; nothing else may be done with @self meanwhile */
void esp_architecture_make_network_async (EspArchitecture *self,
                                          const EspTrainingChoice *choice,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
EspNetwork *esp_architecture_make_network_finish (GAsyncResult *result,
                                                  GPtrArray **notes,
                                                  GError **error);
/* whether it takes whole numbers alone, so that there are no random ones */
gboolean esp_architecture_wants_data (EspArchitecture *self);
/* built-in sets whose examples fit the network's input, NULL-terminated; new */
GStrv esp_architecture_list_data (EspArchitecture *self);

G_END_DECLS
