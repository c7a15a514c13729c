/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"
#include "esp-network.h"

G_BEGIN_DECLS

/**
 * EspSpecEdit:
 *
 * Changes of a network's structure and settings. Made from a network, changed by the calls below,
 * and finished: a new network with the values of the old one wherever parameters of the same module
 * still have the same shape. The old network stays as it is. Paths are places of modules as the
 * tree shows them ("encoder.0"), "" is the network; they move with each change. What modules call
 * one another by (inputs, ties, uses, groups of the optimiser) follows, sizes that only follow from
 * what comes before (in_features) do, too.
 *
 * A change that makes no sense by itself fails at once; one that leads to no network that could be
 * trained fails in esp_spec_edit_finish(). All errors are whole sentences of %ESP_NETWORK_ERROR.
 * Main thread until esp_spec_edit_finish().
 */
typedef struct _EspSpecEdit EspSpecEdit;

/* takes the values that @network's tree has now, and what its optimiser keeps */
EspSpecEdit *esp_spec_edit_new (EspNetwork *network, GError **error);
void esp_spec_edit_free (EspSpecEdit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSpecEdit, esp_spec_edit_free)

/* Adds a module to @container, before what stands at @index or at the end, with settings that leave
 * the shape as it is where that can be. What took the output of the one before it takes its. */
gboolean esp_spec_edit_add (EspSpecEdit *self,
                            const char *container,
                            guint index,
                            const char *class_name,
                            GError **error);
/* whoever took its output takes its input. The last one of a container can't go. */
gboolean esp_spec_edit_remove (EspSpecEdit *self, const char *path, GError **error);
/* to where it has @index in its container afterwards */
gboolean esp_spec_edit_move (EspSpecEdit *self, const char *path, guint index, GError **error);
/* the same once more right behind it, with the same values but its own */
gboolean esp_spec_edit_duplicate (EspSpecEdit *self, const char *path, GError **error);
/* @path becomes another place of the module at @other */
gboolean esp_spec_edit_share (EspSpecEdit *self,
                              const char *path,
                              const char *other,
                              GError **error);
/* a module of its own again, with the same values */
gboolean esp_spec_edit_unshare (EspSpecEdit *self, const char *path, GError **error);
/* esp-spec-tie.c: The parameters at @path and @other, of one shape, become one memory with the
 * value of the one that comes first. */
gboolean esp_spec_edit_tie (EspSpecEdit *self, const char *path, const char *other, GError **error);
/* The parameter at @path is one of its own again, with the same value; what else it was tied with
 * stays together. */
gboolean esp_spec_edit_untie (EspSpecEdit *self, const char *path, GError **error);
/* @name NULL or "": by its index */
gboolean esp_spec_edit_rename (EspSpecEdit *self,
                               const char *path,
                               const char *name,
                               GError **error);
/* another class; settings that both have stay */
gboolean esp_spec_edit_set_class (EspSpecEdit *self,
                                  const char *path,
                                  const char *class_name,
                                  GError **error);
/* one setting ("out_features", but also "init", "requires_grad"); @value NULL: its default */
gboolean esp_spec_edit_set (EspSpecEdit *self,
                            const char *path,
                            const char *key,
                            JsonNode *value,
                            GError **error);

/* a member of the outermost object: "batch_size", "init", "schedule"; NULL takes it away */
void esp_spec_edit_set_member (EspSpecEdit *self, const char *key, JsonNode *value);
/* other random numbers: all begins anew, the data stay */
void esp_spec_edit_set_seed (EspSpecEdit *self, guint64 seed);
/* a setting of one of its objects: "optimizer", "loss", "schedule" or "data". Another "class" or
 * "name" brings its own defaults; the learning rate of an optimiser doesn't stay with another class
 * either. */
void esp_spec_edit_set_part (EspSpecEdit *self, const char *part, const char *key, JsonNode *value);
/* Another data set: as esp_spec_edit_set_part(), and where loss and last layer can't take what it
 * wants, they change with it. */
void esp_spec_edit_set_data (EspSpecEdit *self, JsonObject *object);

/* The network, or why there is none. Reads data files with @access, which may be NULL; any thread,
 * once. */
EspNetwork *esp_spec_edit_finish (EspSpecEdit *self,
                                  const EspDatasetAccess *access,
                                  GError **error);
/* after esp_spec_edit_finish(): the path in the new network of the module that was at @path in the
 * old one; NULL when it is gone. New string. */
char *esp_spec_edit_find (EspSpecEdit *self, const char *path);

G_END_DECLS
