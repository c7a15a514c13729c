/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-tf-bundle.h"
#include "esp-tf-objects.h"

G_BEGIN_DECLS

/**
 * EspTfFacts:
 *
 * What is known of a checkpoint's variables beside their names: all borrowed, all may be NULL.
 */
typedef struct
{
  const EspTfObjects *tracked; /* the graph in the checkpoint */
  const EspTfObjects *saved;   /* the graph in the SavedModel around it */
  GHashTable *trainable; /* name of a variable -> whether it is trained (+ 1), by a MetaGraph */
} EspTfFacts;

/* The tree of all variables of a bundle: rows carry the keys as names, objects are modules, and
 * what one object holds twice is tied. */
EspTree *esp_tf_tree_build (EspTfBundle *bundle,
                            const EspTfFacts *facts,
                            EspProgressFunc progress,
                            gpointer user_data,
                            GError **error);

/* the same for names that come from elsewhere, without objects */
EspRole esp_tf_tree_find_role (const EspTfFacts *facts,
                               const char *name,
                               EspDtype dtype,
                               gboolean (*has) (gpointer user_data, const char *name),
                               gpointer user_data);

G_END_DECLS
