/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspResponses:
 *
 * What a network with two inputs and each of its units answer all over the plane: small pictures of
 * all units, and large what the network decides or the unit that was picked.
 */
#define ESP_TYPE_RESPONSES (esp_responses_get_type ())
G_DECLARE_FINAL_TYPE (EspResponses, esp_responses, ESP, RESPONSES, EspLiveView)

G_END_DECLS
