/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspUnitsView:
 *
 * A list of the hidden units of a network with what was seen of them over the training set: those
 * that are dead, dormant or saturated, or all. A row leads to the row of the weight; units can be
 * revived, one or all that are listed.
 */
#define ESP_TYPE_UNITS_VIEW (esp_units_view_get_type ())
G_DECLARE_FINAL_TYPE (EspUnitsView, esp_units_view, ESP, UNITS_VIEW, EspLiveView)

G_END_DECLS
