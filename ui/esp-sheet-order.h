/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* what the tensors of a sheet are sorted by */
typedef enum
{
  ESP_SHEET_KEY_TREE,
  ESP_SHEET_KEY_SIZE,    /* elements */
  ESP_SHEET_KEY_LARGEST, /* largest magnitude */
  ESP_SHEET_KEY_STD,
  ESP_SHEET_KEY_MEAN,
  ESP_SHEET_KEY_NORM,
  ESP_SHEET_KEY_ZEROS,     /* share of zeros */
  ESP_SHEET_KEY_NONFINITE, /* how many NaN and infinities */
  ESP_N_SHEET_KEYS
} EspSheetKey;

/**
 * EspSheetOrder:
 *
 * Sorts places of tensors, greatest first; what a key needs of the values is scanned in a worker,
 * one tensor after the other, and kept. Those that aren't known yet stand at the end, in the tree's
 * order. Main thread only.
 *
 * Signal "changed": figures or progress; at most twice a second.
 */
#define ESP_TYPE_SHEET_ORDER (esp_sheet_order_get_type ())
G_DECLARE_FINAL_TYPE (EspSheetOrder, esp_sheet_order, ESP, SHEET_ORDER, GObject)

EspSheetOrder *esp_sheet_order_new (void);
/* @places: EspPlaces of tensors, or NULL; @channel: whose values count. Stops what was under way.
 */
void esp_sheet_order_set_places (EspSheetOrder *self, GListModel *places, EspChannel channel);
/* values are newer: figures are replaced one by one, unless the last round still runs */
void esp_sheet_order_renew (EspSheetOrder *self);
/* the places in order; borrowed, changes with the key */
GListModel *esp_sheet_order_get_model (EspSheetOrder *self);
void esp_sheet_order_set_key (EspSheetOrder *self, EspSheetKey key);
/* scans no more until another key is chosen */
void esp_sheet_order_stop (EspSheetOrder *self);
/* scanned, and to be scanned; FALSE when nothing is under way */
gboolean esp_sheet_order_get_progress (EspSheetOrder *self, guint *done, guint *all);
/* the figure of @place for the key of now; new string, NULL where it isn't known */
char *esp_sheet_order_format (EspSheetOrder *self, EspPlace *place);

G_END_DECLS
