/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-hdf5.h"
#include "esp-keras-config.h"
#include "esp-tree-builder.h"

G_BEGIN_DECLS

/**
 * EspKerasTree:
 *
 * Private to the Keras readers: a tree that is being put together from a config and the groups of
 * one or more HDF5 files, and the place in it that is being filled. A variable's keys say where it
 * stands in the model; its name stays the path of its data set.
 */
typedef struct
{
  EspTreeBuilder *builder;
  EspKerasConfig *config; /* borrowed; its model may be NULL */
  gboolean keras2;        /* Keras 2 or 1 wrote it */
  gboolean unsure;        /* or a Keras 3 from before 3.6 */
  gboolean no_repeats;    /* leave out the further places of shared layers */
  GPtrArray *keys;        /* of the place */
  GPtrArray *warnings;    /* of char * */
  GArray *trained;        /* EspKerasTrained, in the model's order */
  GHashTable *keepers;    /* class and name of layers with variables -> EspModule */
  guint n_frozen;         /* modules around the place that aren't trained */
  gboolean is_uncertain;  /* whether the variables to come are trained */
  guint n_unordered;      /* groups around the place that are in no order that Keras keeps */
  gboolean is_unordered;  /* whether trained variables came out of such */
  const char *alias;      /* what the file calls the variable to come, or NULL */
} EspKerasTree;

/* a variable that an optimizer may keep something for */
typedef struct
{
  char *path;   /* "shared/kernel" */
  char *stored; /* of its data set */
  char *alias;  /* what the file calls it, where that differs: "before/kernel"; or NULL */
  EspTensor *tensor;
  gboolean is_uncertain; /* it may be one that isn't trained */
  gboolean is_frozen;    /* its layer's settings say that it isn't; not all versions keep to that */
} EspKerasTrained;

void esp_keras_tree_init (EspKerasTree *self, EspKerasConfig *config);
void esp_keras_tree_clear (EspKerasTree *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspKerasTree, esp_keras_tree_clear)

void esp_keras_tree_warn (EspKerasTree *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void esp_keras_tree_push (EspKerasTree *self, const char *key);
void esp_keras_tree_pop (EspKerasTree *self);

/* the module at the place, with the settings of @layer, or NULL; @name: the layer's own, or "".
 * Borrowed; NULL with an error. */
EspModule *esp_keras_tree_add_module (EspKerasTree *self,
                                      const char *class_name,
                                      const char *name,
                                      const EspKerasLayer *layer,
                                      GError **error);
/* @leaf at the place, which is at @path in the file */
gboolean esp_keras_tree_add_variable (EspKerasTree *self,
                                      const char *leaf,
                                      const char *path,
                                      EspRole role,
                                      EspTensor *tensor,
                                      GError **error);

/* fills the place of one of a container's layers, whose key is pushed; gives its module (or NULL:
 * there is none to share) */
typedef gboolean (*EspKerasLayerFunc) (EspKerasTree *self,
                                       const EspKerasLayer *layer,
                                       guint index,
                                       gpointer user_data,
                                       EspModule **module,
                                       GError **error);
/**
 * esp_keras_tree_each_layer:
 *
 * Goes through the layers of @container that stand under "layers", in the order of their calls. A
 * layer that is called again stands at one more place, "name[1]", which the file doesn't list;
 * @func is called once for each.
 */
gboolean esp_keras_tree_each_layer (EspKerasTree *self,
                                    const EspKerasLayer *container,
                                    EspKerasLayerFunc func,
                                    gpointer user_data,
                                    GError **error);
/* the name that a layer of a container goes by; new string */
char *esp_keras_tree_dup_key (const EspKerasLayer *layer, guint index);
/* a layer with these variables may be found again elsewhere, where the file doesn't repeat them */
void esp_keras_tree_keep (EspKerasTree *self, const EspKerasLayer *layer, EspModule *module);
EspModule *esp_keras_tree_find_kept (EspKerasTree *self, const EspKerasLayer *layer);

/* {{{ layouts; each fills the tree from the root of a file (or of one shard) */

/* Keras 3, and Keras 2 from 2.12 on: groups "layers/dense/vars" with data sets "0", "1" */
gboolean esp_keras_tree_read_groups (EspKerasTree *self,
                                     const EspHdf5Node *const *roots,
                                     guint n_roots,
                                     GError **error);
/* before: a group for each layer, whose attribute weight_names has the paths of its variables */
gboolean esp_keras_tree_read_legacy (EspKerasTree *self,
                                     EspHdf5File *file,
                                     const EspHdf5Node *weights,
                                     GError **error);
/* the numbered variables of an optimizer, in their order; @name: its own, or "" */
gboolean esp_keras_tree_read_optimizer (EspKerasTree *self,
                                        const char *name,
                                        const EspHdf5Node *const *variables,
                                        guint n,
                                        GError **error);
/* its named variables; @group: optimizer_weights */
gboolean esp_keras_tree_read_legacy_optimizer (EspKerasTree *self,
                                               EspHdf5File *file,
                                               const EspHdf5Node *group,
                                               GError **error);

/* }}} */

G_END_DECLS
