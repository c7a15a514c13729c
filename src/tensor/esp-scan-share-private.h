/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Heatmap, inspector and findings all want the statistics of the tensor that was just selected, and
 * a large one takes a second: whoever asks first scans, the others wait for the same result. The
 * last few results are kept for as long as their tensors live. Any thread. */

#include "esp-scan.h"

G_BEGIN_DECLS

/* smaller tensors are scanned faster than looked up */
#define ESP_SCAN_SHARE_MIN 65536

/* Waits while another thread scans @tensor. Then either gives its result in @stats (a reference),
 * or leaves that NULL: the caller has to scan and to call esp_scan_share_end() whatever comes of
 * it. FALSE if it was cancelled while it waited. */
gboolean esp_scan_share_begin (EspTensor *tensor,
                               EspStats **stats,
                               GCancellable *cancellable,
                               GError **error);
/* The same without waiting: TRUE if the caller has to scan from now on, FALSE where another thread
 * does or the result is kept. */
gboolean esp_scan_share_try_begin (EspTensor *tensor);
/* @stats is NULL where the scan failed; then one of those who wait scans in its place */
void esp_scan_share_end (EspTensor *tensor, EspStats *stats);
/* for the last unref of a tensor that esp_tensor_set_remembered() marked */
void esp_scan_share_forget (EspTensor *tensor);

G_END_DECLS
