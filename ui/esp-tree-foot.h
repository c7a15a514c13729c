/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspTreeFoot:
 *
 * The totals below the tree: all elements and those that are counted once, what state_dict() lists
 * and what named_parameters() yields. Two lines where one is too narrow.
 */
#define ESP_TYPE_TREE_FOOT (esp_tree_foot_get_type ())
G_DECLARE_FINAL_TYPE (EspTreeFoot, esp_tree_foot, ESP, TREE_FOOT, GtkWidget)

GtkWidget *esp_tree_foot_new (void);
void esp_tree_foot_set_document (EspTreeFoot *self, EspDocument *document);

/* "193 elements, 121 unique"; "8 tensors in state_dict, 6 parameters". New strings. */
char *esp_tree_foot_dup_elements (EspTree *tree);
char *esp_tree_foot_dup_tensors (EspTree *tree);

G_END_DECLS
