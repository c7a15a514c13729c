/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-file-log.h"
#include "esp-tree.h"

G_BEGIN_DECLS

/**
 * EspCheckpoint:
 *
 * One opened file, folder or set of shards: a tree, metadata, warnings. A reader makes it and fills
 * it in; afterwards it is only read.
 */
#define ESP_TYPE_CHECKPOINT (esp_checkpoint_get_type ())
G_DECLARE_FINAL_TYPE (EspCheckpoint, esp_checkpoint, ESP, CHECKPOINT, GObject)

/* @format is the reader's word ("safetensors", "pytorch-zip"), @tree is kept by reference */
EspCheckpoint *esp_checkpoint_new (const char *format, EspTree *tree);

const char *esp_checkpoint_get_format (EspCheckpoint *self);
EspTree *esp_checkpoint_get_tree (EspCheckpoint *self);
const char *esp_checkpoint_get_producer (
    EspCheckpoint *self); /* "torch", "safetensors 0.8"; "" if unknown */
void esp_checkpoint_set_producer (EspCheckpoint *self, const char *producer);
const char *esp_checkpoint_get_path (
    EspCheckpoint *self); /* what was opened; set by esp_format_open() */
void esp_checkpoint_set_path (EspCheckpoint *self, const char *path);
guint64 esp_checkpoint_get_file_size (EspCheckpoint *self);
void esp_checkpoint_set_file_size (EspCheckpoint *self, guint64 size);

/* the files that it stands on, as they were when they were opened, and those that it wants and
 * that are missing; set by esp_format_open(). (element-type EspFileStamp); borrowed, may be empty
 */
GPtrArray *esp_checkpoint_get_files (EspCheckpoint *self);
void esp_checkpoint_set_files (EspCheckpoint *self, GPtrArray *stamps);

void esp_checkpoint_add_metadata (EspCheckpoint *self, const char *key, const char *value);
guint esp_checkpoint_get_n_metadata (EspCheckpoint *self);
const char *esp_checkpoint_get_metadata_key (EspCheckpoint *self, guint index);
const char *esp_checkpoint_get_metadata_value (EspCheckpoint *self, guint index);

void esp_checkpoint_add_warning (EspCheckpoint *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
guint esp_checkpoint_get_n_warnings (EspCheckpoint *self);
const char *esp_checkpoint_get_warning (EspCheckpoint *self, guint index);

/* pickle report: globals that the file names ("torch._utils._rebuild_tensor_v2"), and calls it
 * asked for that were not made */
void esp_checkpoint_add_pickle_global (EspCheckpoint *self, const char *name);
void esp_checkpoint_add_pickle_refused (EspCheckpoint *self, const char *call);
const char *const *esp_checkpoint_get_pickle_globals (
    EspCheckpoint *self); /* NULL-terminated, sorted, unique */
const char *const *esp_checkpoint_get_pickle_refused (EspCheckpoint *self);

G_END_DECLS
