/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspPlace:
 *
 * Where a module or a parameter stands in the tree: parent, name, what stands there. Rows of the
 * tree are places; identity is the module's or the parameter's. It is a GListModel of its
 * children's places (empty for a parameter). Objects are made when first asked for and live as long
 * as the tree; the tree's structure may be walked from any thread. A place that outlives its tree
 * keeps its name, path and totals and stands alone, without parent or children.
 */
#define ESP_TYPE_PLACE (esp_place_get_type ())
G_DECLARE_FINAL_TYPE (EspPlace, esp_place, ESP, PLACE, GObject)

/* what is below and at a place, each tie once in the unique figures */
typedef struct
{
  guint64 tensors;
  guint64 parameters; /* tensors of role parameter, each tie once: what named_parameters() yields */
  guint64 elements;
  guint64 unique_elements;
  guint64 bytes;
} EspTotals;

const char *esp_place_get_name (EspPlace *self); /* last part: "weight", "0"; empty at the root */
const char *esp_place_get_path (
    EspPlace *self); /* whole, joined as the producer writes it: "layers.0.weight" */
const char *const *esp_place_get_keys (
    EspPlace *self); /* of a tensor: the keys as the file nests them, may hold dots; else NULL */
EspPlace *esp_place_get_parent (EspPlace *self);  /* borrowed; NULL at the root */
EspModule *esp_place_get_module (EspPlace *self); /* borrowed; NULL where a parameter stands */
EspParameter *esp_place_get_parameter (EspPlace *self); /* borrowed; NULL where a module stands */
/* the same as a new string that the place doesn't keep: for long listings */
char *esp_place_dup_path (EspPlace *self);
/* FALSE for the row of a name that the file itself doesn't hold (an implied tie, a
 * tensor of a missing shard) */
gboolean esp_place_is_stored (EspPlace *self);
/* the first place of the same module or parameter object, itself if this is it */
EspPlace *esp_place_get_first (EspPlace *self);
guint esp_place_get_n_children (EspPlace *self);
EspPlace *esp_place_get_child (EspPlace *self, guint index); /* borrowed */
EspPlace *esp_place_find_child (EspPlace *self,
                                const char *name); /* borrowed; a tensor before a module */
const EspTotals *esp_place_get_totals (EspPlace *self);
/* the tie that this place (of a tensor) is a member of, strongest first; NULL if none. Borrowed. */
EspTie *esp_place_get_tie (EspPlace *self);
/* position among the tree's tensors (file order), -1 for a module */
gint64 esp_place_get_index (EspPlace *self);

G_END_DECLS
