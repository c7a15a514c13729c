/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tf-dtype.h"
#include "esp-wire.h"

G_BEGIN_DECLS

/**
 * EspTfProto:
 *
 * A TensorProto, as graphs and checkpoints of version 1 have their values in it. On the stack; it
 * owns nothing.
 */
typedef struct
{
  EspWireField message;
  gint32 type;
  guint ndim;
  gint64 shape[64];
  EspWireField content; /* bytes of all values; number 0 if there is none */
} EspTfProto;

/* reads the message @field of @wire; values stay where they are */
gboolean esp_tf_proto_read (EspTfProto *self,
                            EspWire *wire,
                            const EspWireField *field,
                            GError **error);

/**
 * esp_tf_proto_find_values:
 * @source: what @wire read from its begin on
 * @fill: whether the last of too few values stands for all that are missing, as in graphs
 *
 * Returns: (transfer full): a storage of @count values of @type in C order; or NULL with the reason
 */
EspStorage *esp_tf_proto_find_values (const EspTfProto *self,
                                      EspSource *source,
                                      const EspTfType *type,
                                      guint64 count,
                                      gboolean fill,
                                      const char *id,
                                      GCancellable *cancellable,
                                      GError **error);

/* the tensor of a constant, which carries its reason where it can't be read; NULL only with
 * %G_IO_ERROR_CANCELLED */
EspTensor *esp_tf_proto_make_tensor (const EspTfProto *self,
                                     EspSource *source,
                                     const char *id,
                                     GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
