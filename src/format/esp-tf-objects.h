/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-wire.h"

G_BEGIN_DECLS

/**
 * EspTfObjects:
 *
 * The graph of objects that TensorFlow keeps with variables: which Python object holds which under
 * what name. A checkpoint's (TrackableObjectGraph) says the keys of variables, a SavedModel's
 * (SavedObjectGraph) classes and what is trained. One object may be held by several; there may be
 * rings. The root is object 0. Nothing is checked against the checkpoint. Filled once, then only
 * read.
 */
typedef struct _EspTfObjects EspTfObjects;

#define ESP_TF_NO_OBJECT G_MAXUINT32

typedef struct
{
  const char *name; /* that the holder has for it; escaped as in keys */
  guint32 object;   /* may be one that isn't there */
} EspTfEdge;

/* texts are the graph's own; NULL where nothing is said */
typedef struct
{
  const char *key;        /* of the variable's value */
  const char *full_name;  /* its own name: "dense/kernel" */
  const char *identifier; /* kind of a user's object: "_tf_keras_layer" */
  const char *metadata;   /* of that: a JSON text of Keras */
  gboolean is_variable;   /* what follows is known */
  gboolean trainable;
  gboolean is_optimizer; /* it has slots for others' variables, or looks so */
  gboolean is_slot;      /* state that an optimizer holds of a variable */
  guint32 first_edge, n_edges;
} EspTfObject;

/* the message is the one that @wire is in, to its end */
EspTfObjects *esp_tf_objects_new_tracked (EspWire *wire, GError **error);
EspTfObjects *esp_tf_objects_new_saved (EspWire *wire, GError **error);
void esp_tf_objects_free (EspTfObjects *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTfObjects, esp_tf_objects_free)

/* NULL for one that isn't there */
const EspTfObject *esp_tf_objects_get (const EspTfObjects *self, guint32 object);
const EspTfEdge *esp_tf_objects_get_edge (const EspTfObjects *self, guint32 edge);
/* what @object holds under this name, %ESP_TF_NO_OBJECT if nothing */
guint32 esp_tf_objects_find (const EspTfObjects *self,
                             guint32 object,
                             const char *name,
                             gsize length);
/* Keras 2.5 and later keep the metadata in a file of their own: (SavedMetadata) */
gboolean esp_tf_objects_add_metadata (EspTfObjects *self, EspWire *wire, GError **error);

G_END_DECLS
