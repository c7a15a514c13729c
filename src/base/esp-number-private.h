/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-number.h"

#define ESP_NUMBER_BUFFER 32

/* esp_number_format_exact() into a buffer; returns the length. "nan", "inf", "-inf" for what is not
 * finite. */
gsize _esp_number_print_exact (double value, gboolean single, char buffer[ESP_NUMBER_BUFFER]);
