/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-limits.h"
#include "esp-tensor-private.h"

G_BEGIN_DECLS

/**
 * EspLayout:
 *
 * Where a tensor's elements lie, with the fewest dimensions that say the same: those of size 1 are
 * left out, neighbours that make one run are one. A plain value on the stack; borrows the storage.
 */
typedef struct
{
  EspStorage *storage;
  EspDtype dtype;
  guint bits;
  gint64 offset; /* in elements, like the strides */
  guint ndim;
  gint64 shape[ESP_LIMIT_DIMS];
  gint64 strides[ESP_LIMIT_DIMS];
} EspLayout;

void esp_layout_init (EspLayout *self, EspTensor *tensor);
/* whether elements that follow one another in C order do so in the storage */
gboolean esp_layout_is_run (const EspLayout *self);
/* packs the stored bytes of @count elements from C-order index @start on into @out; elements
 * smaller than a byte take a byte each. Where the storage is no memory, it reads windows of up to
 * 1 MiB into @scratch and leaves out what is far from wanted. */
gboolean esp_layout_fetch (const EspLayout *self,
                           EspScratch *scratch,
                           guint64 start,
                           gsize count,
                           guint8 *out,
                           GCancellable *cancellable,
                           GError **error);

G_END_DECLS
