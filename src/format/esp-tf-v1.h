/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-beside.h"
#include "esp-format.h"
#include "esp-tf-meta.h"

G_BEGIN_DECLS

/* TensorFlow's checkpoints of version 1, of before 2017: names and values in one table */
extern const EspFormat esp_format_tf_checkpoint_v1;

/* the same for a file that the text `checkpoint` names; @name is its name in @beside, @meta may be
 * NULL */
EspCheckpoint *esp_tf_v1_read (EspSource *source,
                               EspBeside *beside,
                               const char *name,
                               const EspTfMeta *meta,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
