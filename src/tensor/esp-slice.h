/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspSlice:
 *
 * How an N-d tensor becomes a smaller one or a matrix. The result is a plain tensor view, so scans,
 * overviews and dumps know nothing of slices. Immutable, refcounted.
 */

/* NumPy's basic indexing: "[0,:,:,3]", "[10:20,::-1]", "[...,0]"; %ESP_TENSOR_ERROR_SLICE names the
 * part that is wrong */
EspSlice *esp_slice_parse (const char *text, GError **error);
/* rows and columns shown, the others fixed at @index (ndim entries, those of the two axes are
 * ignored). @row_axis or
 * @column_axis may be -1 (a strip). */
EspSlice *esp_slice_new_matrix (guint ndim, int row_axis, int column_axis, const gint64 *index);
/* what is shown of a tensor of @ndim dimensions unless told otherwise: the last two axes, index 0
 * of the others */
EspSlice *esp_slice_new_default (guint ndim);
EspSlice *esp_slice_ref (EspSlice *self);
void esp_slice_unref (EspSlice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSlice, esp_slice_unref)

/* a view of @tensor; fails with %ESP_TENSOR_ERROR_SLICE where indices lie outside */
EspTensor *esp_slice_apply (EspSlice *self, EspTensor *tensor, GError **error);
/* always two dimensions: a scalar is 1 × 1, a vector 1 × n. For more than two after slicing, the
 * default matrix of it. */
EspTensor *esp_slice_apply_matrix (EspSlice *self, EspTensor *tensor, GError **error);
/* as text, in the form that esp_slice_parse() takes; with @ndim for a matrix slice: "[0,:,:]" */
char *esp_slice_to_string (EspSlice *self);

G_END_DECLS
