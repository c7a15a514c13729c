/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * esp_snappy_inflate:
 * @what: for messages: "the block at offset 0"
 * @limit: what it may give; more is %ESP_FORMAT_ERROR_LIMIT, and nothing is allocated
 *
 * The bytes that a raw Snappy stream (no framing) stands for. Broken ones are
 * %ESP_FORMAT_ERROR_CORRUPT.
 *
 * Returns: (transfer full): the bytes, or NULL
 */
GBytes *esp_snappy_inflate (const void *bytes,
                            gsize length,
                            gsize limit,
                            const char *what,
                            GError **error);

G_END_DECLS
