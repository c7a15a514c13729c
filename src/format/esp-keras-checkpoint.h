/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"
#include "esp-hdf5.h"
#include "esp-keras-config.h"

G_BEGIN_DECLS

/**
 * EspKerasCheckpoint:
 *
 * Private to the Keras readers: what was gathered of one checkpoint (its config, its HDF5 files)
 * until it is made of them. Parts that are missing or broken leave a warning.
 */
typedef struct
{
  EspKerasConfig *config;
  GPtrArray *files;    /* EspHdf5File; several where the weights are sharded */
  GPtrArray *metadata; /* key, value, key, value, ... */
  GPtrArray *warnings;
  char *version; /* of Keras, or NULL */
  guint64 file_size;
  GCancellable *cancellable;
} EspKerasCheckpoint;

void esp_keras_checkpoint_init (EspKerasCheckpoint *self, GCancellable *cancellable);
void esp_keras_checkpoint_clear (EspKerasCheckpoint *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspKerasCheckpoint, esp_keras_checkpoint_clear)

void esp_keras_checkpoint_warn (EspKerasCheckpoint *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* keeps up to %ESP_LIMIT_METADATA_BYTES of @value, which need not end */
void esp_keras_checkpoint_add_metadata (EspKerasCheckpoint *self,
                                        const char *key,
                                        const char *value,
                                        gsize length);
/* what goes wrong is a warning that begins with @what */
void esp_keras_checkpoint_read_config (EspKerasCheckpoint *self,
                                       const char *text,
                                       gsize length,
                                       const char *what);
/* opens one HDF5 file and adds it; FALSE with an error */
gboolean esp_keras_checkpoint_add_file (EspKerasCheckpoint *self,
                                        EspSource *source,
                                        const char *id,
                                        EspProgressFunc progress,
                                        gpointer user_data,
                                        GError **error);

/* how the files are laid out */
typedef enum
{
  ESP_KERAS_NONE, /* nothing that Keras wrote */
  ESP_KERAS_GROUPS,
  ESP_KERAS_MODEL,   /* legacy, with its config */
  ESP_KERAS_WEIGHTS, /* legacy */
} EspKerasLayout;

EspKerasLayout esp_keras_get_layout (EspHdf5File *file);

/* all together; @format: what it is called */
EspCheckpoint *esp_keras_checkpoint_finish (EspKerasCheckpoint *self,
                                            const EspFormat *format,
                                            EspKerasLayout layout,
                                            GError **error);

G_END_DECLS
