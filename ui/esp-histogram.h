/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspHistogram:
 *
 * Draws how a tensor's finite values are spread. Property "log-counts" (gboolean).
 */
#define ESP_TYPE_HISTOGRAM (esp_histogram_get_type ())
G_DECLARE_FINAL_TYPE (EspHistogram, esp_histogram, ESP, HISTOGRAM, GtkWidget)

GtkWidget *esp_histogram_new (void);
/* keeps a reference; NULL draws nothing */
void esp_histogram_set_stats (EspHistogram *self, EspStats *stats);
void esp_histogram_set_log_counts (EspHistogram *self, gboolean log_counts);

G_END_DECLS
