/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspPlaceList:
 *
 * The places of all tensors below a module, in the tree's order, as a GListModel of EspPlace. Made
 * once, then only read; a hundred thousand are no trouble.
 */
#define ESP_TYPE_PLACE_LIST (esp_place_list_get_type ())
G_DECLARE_FINAL_TYPE (EspPlaceList, esp_place_list, ESP, PLACE_LIST, GObject)

EspPlaceList *esp_place_list_new (EspPlace *module);

G_END_DECLS
