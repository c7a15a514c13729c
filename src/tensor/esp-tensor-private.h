/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/* A view whose quantisation parameters the caller has already brought into its shape: what
 * esp_tensor_new_view() can't know about. @affine may be NULL; the error's tensor is as it is. */
EspTensor *esp_tensor_new_view_with_affine (EspTensor *self,
                                            const gint64 *shape,
                                            guint ndim,
                                            const gint64 *strides,
                                            gint64 offset,
                                            const EspAffine *affine,
                                            GError **error);

/* FALSE with the tensor's own error where it can't be read */
gboolean esp_tensor_check_readable (EspTensor *self, GError **error);

/* whether the bytes only come as a stream (inflated), so that going back is dear and reading from
 * two threads at once too */
gboolean esp_tensor_is_stream (EspTensor *self);

/* whether someone keeps something under the tensor's address and has to be told when it goes */
void esp_tensor_set_remembered (EspTensor *self, gboolean remembered);

/* numbers that an element decodes to: 2 for complex, else 1 */
guint esp_tensor_get_numbers_per_element (EspTensor *self);

/**
 * EspScratch:
 *
 * Memory that a caller keeps between reads, so that a scan doesn't allocate per chunk. Zero it
 * before the first read, clear it after the last.
 */
typedef struct
{
  guint8 *bytes; /* packed elements */
  gsize size;
  guint8 *window; /* stored bytes round them, for strided views */
  gsize window_size;
} EspScratch;

void esp_scratch_clear (EspScratch *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspScratch, esp_scratch_clear)

gboolean esp_tensor_read_f32_with (EspTensor *self,
                                   EspScratch *scratch,
                                   guint64 start,
                                   gsize count,
                                   float *out,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean esp_tensor_read_f64_with (EspTensor *self,
                                   EspScratch *scratch,
                                   guint64 start,
                                   gsize count,
                                   double *out,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
