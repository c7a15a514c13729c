/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-storage.h"
#include "esp-wire.h"

G_BEGIN_DECLS

/**
 * esp_proto_values_new:
 * @offset: of the message in @source, which has @length bytes
 * @number: of its repeated field, of @kind
 * @bits: how many low bits of each entry count: a multiple of 8, or 6
 * @n_entries: (out): how many there are
 *
 * Returns: a storage that has the low bits of all entries one after the other, decoded whenever
 * they are read; or NULL when the field is malformed.
 */
EspStorage *esp_proto_values_new (EspSource *source,
                                  guint64 offset,
                                  guint64 length,
                                  guint32 number,
                                  EspWireKind kind,
                                  guint bits,
                                  const char *id,
                                  guint64 *n_entries,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
