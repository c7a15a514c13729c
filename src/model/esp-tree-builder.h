/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree.h"

G_BEGIN_DECLS

/**
 * EspTreeBuilder:
 *
 * A flat list of modules and tensors -> the tree. Modules that no call names are made on the way.
 * Every reader and every network goes through it. Not thread safe; the tree it gives is handed over
 * whole.
 *
 * @separator joins keys into names ("." for PyTorch, "/" for HDF5) and splits each key further into
 * levels of the tree. A NUL inside a key stands as the two bytes C0 80, as no other text has them;
 * a lone surrogate as the three bytes that UTF-8 would have for it.
 */
EspTreeBuilder *esp_tree_builder_new (const char *separator);
void esp_tree_builder_free (EspTreeBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTreeBuilder, esp_tree_builder_free)

/**
 * esp_tree_builder_add_module:
 * @keys: NULL-terminated path; empty for the root
 * @class_name: the producer's own or NULL
 *
 * Makes the module at this place, or gives the one that already stands there its class.
 * Returns: (transfer none): the module; or NULL with %ESP_FORMAT_ERROR_LIMIT
 */
EspModule *esp_tree_builder_add_module (EspTreeBuilder *self,
                                        const char *const *keys,
                                        const char *class_name,
                                        GError **error);
void esp_tree_builder_add_attribute (EspTreeBuilder *self,
                                     EspModule *module,
                                     const char *name,
                                     const char *value);
/* the same module at another place: everything below it stands there too. What is below @module
 * must be complete by the time of finish(); a module inside itself is %ESP_FORMAT_ERROR_CORRUPT
 * there. */
gboolean esp_tree_builder_add_shared_module (EspTreeBuilder *self,
                                             const char *const *keys,
                                             EspModule *module,
                                             GError **error);
/* the same where the producer lists what is in @module once only (Keras): the rows at this place
 * are tied by implication, and esp_place_is_stored() is FALSE */
gboolean esp_tree_builder_add_unlisted_module (EspTreeBuilder *self,
                                               const char *const *keys,
                                               EspModule *module,
                                               GError **error);

/**
 * esp_tree_builder_add_tensor:
 * @keys: NULL-terminated, as the file nests them
 * @name: the joined name where the producer joins otherwise, or NULL
 *
 * Names may repeat: each call makes a row.
 *
 * Returns: (transfer none): the parameter; or NULL with %ESP_FORMAT_ERROR_LIMIT
 */
EspParameter *esp_tree_builder_add_tensor (EspTreeBuilder *self,
                                           const char *const *keys,
                                           const char *name,
                                           EspRole role,
                                           EspRequiresGrad requires_grad,
                                           EspTensor *tensor,
                                           GError **error);
/* the same for readers that don't need the object: none is made until somebody asks for it */
gboolean esp_tree_builder_put_tensor (EspTreeBuilder *self,
                                      const char *const *keys,
                                      const char *name,
                                      EspRole role,
                                      EspRequiresGrad requires_grad,
                                      EspTensor *tensor,
                                      GError **error);
/* a row that the file should hold and doesn't (a shard is missing): @tensor carries the reason, and
 * esp_place_is_stored() is FALSE */
gboolean esp_tree_builder_put_absent (EspTreeBuilder *self,
                                      const char *const *keys,
                                      EspRole role,
                                      EspTensor *tensor,
                                      GError **error);
/* the same parameter at another place (a tie inside a live network or a pickled module) */
gboolean esp_tree_builder_add_shared_parameter (EspTreeBuilder *self,
                                                const char *const *keys,
                                                EspParameter *parameter,
                                                GError **error);
/* metadata says that @name, which has no bytes here, is @kept; at finish() that adds a row for the
 * same parameter and an implied tie, unless @name is a tensor itself or @kept is none */
gboolean esp_tree_builder_add_implied (EspTreeBuilder *self,
                                       const char *name,
                                       const char *kept,
                                       GError **error);

/* the next parameter in the order of an optimizer (EspStateOrder): @base is the path of its state;
 * @name may be NULL. FALSE when there are so many that the rest is left out. */
gboolean esp_tree_builder_add_state_order (EspTreeBuilder *self,
                                           const char *const *base,
                                           const char *key,
                                           const char *name);

/* builds places and ties; children whose names are numbers are put in their order. Tensors keep the
 * order in which they came, except that a tree with shared modules lists them as a walk does. The
 * builder is of no more use afterwards. */
EspTree *esp_tree_builder_finish (EspTreeBuilder *self, GError **error);

G_END_DECLS
