/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-storage.h"

G_BEGIN_DECLS

/**
 * esp_tf_checked_new:
 * @crc: masked CRC-32C of all its bytes
 *
 * The same bytes, which are checked against the sum when they are first read: a storage of up to
 * 1 MB then has been read whole, so that a tile of it costs no more than one of a larger one. In
 * larger ones that would make the first look at a corner wait, and they are given as they are:
 * (transfer full) @stored itself.
 */
EspStorage *esp_tf_checked_new (EspStorage *stored, guint32 crc);

G_END_DECLS
