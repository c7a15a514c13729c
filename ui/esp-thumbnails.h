/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspThumbnails:
 *
 * Small overviews of many tensors, made in workers a few at a time, newest wish first, coarse
 * before exact, and kept for as long as there is room. Main thread only.
 *
 * Signal "ready" (EspTensor as a pointer): its overview is there, or a better one, or an error.
 */
#define ESP_TYPE_THUMBNAILS (esp_thumbnails_get_type ())
G_DECLARE_FINAL_TYPE (EspThumbnails, esp_thumbnails, ESP, THUMBNAILS, GObject)

EspThumbnails *esp_thumbnails_new (void);
/* what is there of @tensor at @size pixels at most; asks for it where it isn't there or is coarse.
 * Small tensors in reach are made at once. New reference, or NULL; with @error if it can't be made.
 */
EspOverview *esp_thumbnails_get (EspThumbnails *self,
                                 EspTensor *tensor,
                                 guint size,
                                 GError **error);
/* nobody looks at it any more: what isn't begun yet isn't begun */
void esp_thumbnails_forget (EspThumbnails *self, EspTensor *tensor);
gboolean esp_thumbnails_is_busy (EspThumbnails *self);
/* all of a tensor as one matrix: the first axis down, the others side by side; where its memory
 * doesn't allow that, its first matrix. New reference. */
EspTensor *esp_thumbnails_flatten (EspTensor *tensor, GError **error);

G_END_DECLS
