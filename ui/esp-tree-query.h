/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspTreeQuery:
 *
 * What a person types into the tree's search entry, made ready to be asked of many places. Terms
 * are separated by spaces and must all hold:
 *
 * - `attn.q`: part of the path, letters of either case
 * - `*.bias`, `layers.?.weight`: a pattern for the whole path, or for its end
 * - `dtype:bf16`, `class:Linear`, `role:buffer`, `name:weight`: beginning of that word
 * - `shape:8x4`: the shape, `?` or `*` for any size
 * - `is:tied`, `is:shared`: in a tie; a module that stands at several places
 */
typedef struct _EspTreeQuery EspTreeQuery;

EspTreeQuery *esp_tree_query_new (const char *text);
void esp_tree_query_free (EspTreeQuery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTreeQuery, esp_tree_query_free)

gboolean esp_tree_query_matches (EspTreeQuery *self, EspPlace *place);

G_END_DECLS
