/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-beside.h"
#include "esp-tf-dtype.h"
#include "esp-tf-entry.h"

G_BEGIN_DECLS

/**
 * EspTfBundle:
 *
 * A checkpoint of version 2: an index, which says of each name its type, shape and place, and data
 * files (tensorflow/core/util/tensor_bundle). The index is read at once, the others are opened when
 * a tensor in them is asked for. Not for use from two threads at once.
 */
typedef struct _EspTfBundle EspTfBundle;

/* @prefix: of the names of the data files, which lie in @beside; an index that isn't one is
 * %ESP_FORMAT_ERROR_CORRUPT */
EspTfBundle *esp_tf_bundle_new (EspSource *index,
                                EspBeside *beside,
                                const char *prefix,
                                GCancellable *cancellable,
                                GError **error);
void esp_tf_bundle_free (EspTfBundle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTfBundle, esp_tf_bundle_free)

/* names in the order of their bytes; the parts of tensors aren't among them */
guint esp_tf_bundle_get_n_entries (EspTfBundle *self);
const EspTfEntry *esp_tf_bundle_get_entry (EspTfBundle *self, guint index);
gboolean esp_tf_bundle_find (EspTfBundle *self, const char *name, guint *index);

/* one that can't be read carries its reason; NULL only with %G_IO_ERROR_CANCELLED */
EspTensor *esp_tf_bundle_make_tensor (EspTfBundle *self, guint index, GError **error);
/* where the only text of an entry lies that has one; its checksum is checked */
gboolean esp_tf_bundle_find_text (EspTfBundle *self,
                                  guint index,
                                  EspSource **source,
                                  guint64 *offset,
                                  guint64 *length,
                                  GError **error);
/* the index and the data files that were opened, in bytes */
guint64 esp_tf_bundle_get_file_size (EspTfBundle *self);
/* a sentence per data file that can't be opened; borrowed */
GPtrArray *esp_tf_bundle_get_warnings (EspTfBundle *self);

G_END_DECLS
