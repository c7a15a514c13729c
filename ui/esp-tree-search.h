/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree-query.h"

G_BEGIN_DECLS

/**
 * EspTreeSearch:
 *
 * One walk over a tree that finds the places matching a query, a slice of time after another, so
 * that the window stays fluid on a tree of any size. Afterwards it gives the tree of what was
 * found: matches, all that leads to them, and all that is below a matching module.
 */
#define ESP_TYPE_TREE_SEARCH (esp_tree_search_get_type ())
G_DECLARE_FINAL_TYPE (EspTreeSearch, esp_tree_search, ESP, TREE_SEARCH, GObject)

EspTreeSearch *esp_tree_search_new (EspPlace *root, const char *text);
/* goes on for about @microseconds; TRUE when all is done */
gboolean esp_tree_search_run (EspTreeSearch *self, gint64 microseconds);
guint esp_tree_search_get_n_matches (EspTreeSearch *self);
EspPlace *esp_tree_search_get_first_match (EspTreeSearch *self); /* borrowed; NULL if none */
/* what to show below @place: a GListModel of EspPlace; NULL if nothing. New reference. */
GListModel *esp_tree_search_get_children (EspTreeSearch *self, EspPlace *place);
/* whether something below @place matches, so that its row should be open */
gboolean esp_tree_search_has_match_below (EspTreeSearch *self, EspPlace *place);

G_END_DECLS
