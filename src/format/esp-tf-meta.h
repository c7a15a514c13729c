/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tf-objects.h"

G_BEGIN_DECLS

/**
 * EspTfMeta:
 *
 * What a MetaGraphDef says beside its graph: the file `.meta` beside a checkpoint of TensorFlow 1,
 * and each graph of a SavedModel.
 */
typedef struct
{
  char *version;         /* of TensorFlow: "2.21.0"; or NULL */
  GString *tags;         /* "serve, gpu" */
  GHashTable *trainable; /* name of a variable -> 1: not trained, 2: trained */
  GPtrArray *signatures; /* name, text, name, text, ... for people */
  EspTfObjects *objects; /* SavedObjectGraph, or NULL */
  EspWireField graph;    /* GraphDef; number 0 if there is none */
  gboolean has_lists;    /* it says which variables there are and which are trained */
} EspTfMeta;

EspTfMeta *esp_tf_meta_new (void);
void esp_tf_meta_free (EspTfMeta *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTfMeta, esp_tf_meta_free)

/* reads the message @field of @wire, or with NULL all of @wire; what was read before an error
 * stays */
gboolean esp_tf_meta_read (EspTfMeta *self,
                           EspWire *wire,
                           const EspWireField *field,
                           GError **error);

G_END_DECLS
