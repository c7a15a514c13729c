/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-module.h"
#include "esp-parameter.h"
#include "esp-place.h"

G_BEGIN_DECLS

/**
 * EspTree:
 *
 * The one tree that a file and a live network share: places below a root, the tensors in the order
 * of the file, the ties among them, totals.
 */
#define ESP_TYPE_TREE (esp_tree_get_type ())
G_DECLARE_FINAL_TYPE (EspTree, esp_tree, ESP, TREE, GObject)

typedef enum
{
  ESP_TIE_ALIAS,   /* same storage, offset, shape, strides */
  ESP_TIE_OVERLAP, /* views of one storage that intersect; a pair */
  ESP_TIE_TWIN,    /* equal bytes stored twice */
  ESP_TIE_TRANSPOSED_TWIN,
  ESP_TIE_IMPLIED, /* metadata or config says so; the name has no bytes of its own */
  ESP_TIE_MAYBE,   /* an overlap that could not be decided within a bound */
} EspTieKind;

EspTieKind esp_tie_get_kind (EspTie *self);
const char *esp_tie_get_kind_name (
    EspTie *self); /* "alias", "overlap", "twin", "transposed twin", "implied", "maybe" */
guint esp_tie_get_n_places (EspTie *self);
EspPlace *esp_tie_get_place (EspTie *self, guint index); /* borrowed */
/* 0, 1, ...: the letter A, B, ... and the colour of its mark */
guint esp_tie_get_index (EspTie *self);

EspPlace *esp_tree_get_root (EspTree *self); /* borrowed */
guint esp_tree_get_n_tensors (EspTree *self);
EspPlace *esp_tree_get_tensor (
    EspTree *self,
    guint index); /* borrowed; file order, each place of a shared parameter is one */
guint esp_tree_get_n_ties (EspTree *self);
EspTie *esp_tree_get_tie (EspTree *self, guint index); /* borrowed */
/* FALSE when there were more ties than are kept, or more pairs than could be looked at */
gboolean esp_tree_get_ties_complete (EspTree *self);
const EspTotals *esp_tree_get_totals (EspTree *self);

/* Long listings: the same facts without making an object a row. */
typedef struct
{
  EspTensor *tensor; /* borrowed: what the file holds */
  EspRole role;
  EspRequiresGrad requires_grad;
  gboolean stored; /* as esp_place_is_stored() */
} EspTreeRow;

void esp_tree_read_row (EspTree *self, guint index, EspTreeRow *out);
void esp_tree_append_row_path (EspTree *self, guint index, GString *out);
GStrv esp_tree_dup_row_keys (EspTree *self, guint index);

/**
 * EspTreeModuleFunc:
 * @path: borrowed for the call
 * @module: NULL if nothing is known of it but its place
 * @shared_with: path of the first place of the same module, or NULL at it
 */
typedef void (*EspTreeModuleFunc) (const char *path,
                                   EspModule *module,
                                   const char *shared_with,
                                   gpointer user_data);
/* all places of modules, the root first, as a walk meets them */
void esp_tree_foreach_module (EspTree *self, EspTreeModuleFunc func, gpointer user_data);
/**
 * EspStateOrder:
 * @base: path of an optimizer's state, "optimizer.state"
 * @key: the name below it of one parameter's state, "3"
 * @name: that parameter's name as the optimizer has it, or NULL
 *
 * What an optimizer says of the parameters that it has state for, in its order.
 */
typedef struct
{
  char *base; /* GRefString */
  char *key;
  char *name;
} EspStateOrder;

/* (element-type EspStateOrder); borrowed, may be empty */
GPtrArray *esp_tree_get_state_order (EspTree *self);

/* "" if the names were not joined */
const char *esp_tree_get_separator (EspTree *self);

/* by the exact joined name of a tensor or module; @ambiguous (optional) tells that there are
 * several and this is the first. Borrowed or NULL. */
EspPlace *esp_tree_find (EspTree *self, const char *name, gboolean *ambiguous);
/* what a person types: `net[2].weight`, `2.weight`, `layers.0`; a leading name of the whole (`net`,
 * `model`, `self`) may be dropped or added. Borrowed or NULL. */
EspPlace *esp_tree_find_typed (EspTree *self, const char *text);

G_END_DECLS
