/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-parameter.h"

G_BEGIN_DECLS

#define ESP_TF_GRAPH_KEY "_CHECKPOINTABLE_OBJECT_GRAPH"

/* where the key of a checkpoint stands in the tree, its levels joined by slashes: without what says
 * that it is a variable's value, and the slots of an optimizer below it, not below what they are
 * for: (transfer full)
 *
 *   net/w/.ATTRIBUTES/VARIABLE_VALUE                     net/w
 *   net/w/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE   opt/m/net/w
 *   dense/kernel                                         dense/kernel */
char *esp_tf_name_to_path (const char *key);
/* whether it is an optimizer's slot by its form */
gboolean esp_tf_name_is_slot (const char *key);

/**
 * esp_tf_name_guess_role:
 * @path: as esp_tf_name_to_path() gives it
 * @has: whether there is a tensor of this name: what a slot is for
 *
 * The role of a variable of which nothing is known but its name and type, by the names that
 * TensorFlow's and Keras's own layers, metrics and optimizers give.
 */
EspRole esp_tf_name_guess_role (const char *path,
                                EspDtype dtype,
                                gboolean (*has) (gpointer user_data, const char *name),
                                gpointer user_data);

/* the class and the layer's name in a JSON text of Keras: {"class_name": ..., "name": ...}; both
 * (transfer full), NULL where there is none */
void esp_tf_name_read_config (const char *json, gsize length, char **class_name, char **name);

G_END_DECLS
