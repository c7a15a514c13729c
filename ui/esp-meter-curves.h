/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspMeterCurves:
 *
 * Gradient norm and update ratio of every trained parameter over the steps, with a legend that
 * tells the figures of now. What is selected in the tree stands out.
 */
#define ESP_TYPE_METER_CURVES (esp_meter_curves_get_type ())
G_DECLARE_FINAL_TYPE (EspMeterCurves, esp_meter_curves, ESP, METER_CURVES, EspLiveView)

G_END_DECLS
