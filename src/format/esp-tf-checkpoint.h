/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"
#include "esp-tf-bundle.h"
#include "esp-tf-meta.h"

G_BEGIN_DECLS

/* TensorFlow's checkpoints of version 2: an index and data files */
extern const EspFormat esp_format_tf_checkpoint;

/* what a SavedModel's variables need, too: the checkpoint of a bundle, with what a MetaGraph says,
 * which may be NULL. @format is its word. */
EspCheckpoint *esp_tf_checkpoint_build (const char *format,
                                        EspTfBundle *bundle,
                                        const EspTfMeta *meta,
                                        EspProgressFunc progress,
                                        gpointer user_data,
                                        GCancellable *cancellable,
                                        GError **error);

/* what a MetaGraph says of the producer, tags and signatures; @meta may be NULL */
void esp_tf_checkpoint_add_meta (EspCheckpoint *checkpoint, const EspTfMeta *meta);

/* the `.meta` of TensorFlow 1 beside a checkpoint; NULL if there is none. What was read of a broken
 * one is there, and @failure says what is wrong. */
EspTfMeta *esp_tf_checkpoint_read_meta (EspBeside *beside,
                                        const char *prefix,
                                        GCancellable *cancellable,
                                        GError **failure);

G_END_DECLS
