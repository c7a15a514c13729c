/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to esp-architecture-keras*.c: one layer of Keras at one of its calls. */

#include "esp-architecture-private.h"

G_BEGIN_DECLS

typedef struct
{
  EspArchitecture *architecture;
  EspPlace *place; /* of the layer in the checkpoint's tree */
  EspModule *module;
  const char *class_name; /* Keras's */
  char *path;             /* in the network */
  gboolean frozen;
} EspKerasCall;

/* what the call gives for @inputs (n) */
gboolean esp_architecture_add_keras_layer (const EspKerasCall *call,
                                           const EspArchitectureValue *inputs,
                                           guint n,
                                           EspArchitectureValue *out,
                                           GError **error);
/* settings of the layer, which has them as text; FALSE when there is none of this kind */
gboolean esp_keras_call_get_sizes (const EspKerasCall *call,
                                   const char *key,
                                   gint64 *values,
                                   guint n);
gboolean esp_keras_call_get_number (const EspKerasCall *call, const char *key, double *value);
gboolean esp_keras_call_is_set (const EspKerasCall *call, const char *key, gboolean otherwise);
const char *esp_keras_call_get_text (const EspKerasCall *call, const char *key);
gboolean esp_keras_call_fail (const EspKerasCall *call, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* one module of ours for the call: its path is the call's and @suffix. Returns the settings. */
JsonObject *esp_keras_call_add (const EspKerasCall *call,
                                const char *suffix,
                                const char *class_name,
                                EspArchitectureValue *value,
                                GError **error);
/* @name of the module with @suffix is @variable of the layer; NULL when the file has none of it */
EspArchitectureCarry *esp_keras_call_carry (const EspKerasCall *call,
                                            const char *suffix,
                                            const char *name,
                                            const char *variable);
/* channels before or behind the other dimensions */
gboolean esp_keras_call_order (const EspKerasCall *call,
                               gboolean first,
                               EspArchitectureValue *value,
                               GError **error);
/* a Keras activation by name, behind what has @suffix */
gboolean esp_keras_call_activate (const EspKerasCall *call,
                                  const char *name,
                                  const char *suffix,
                                  EspArchitectureValue *value,
                                  GError **error);

/* what a class of layer does; a table of them is in esp-architecture-keras-layers.c */
typedef gboolean (*EspKerasLayerAdder) (const EspKerasCall *call,
                                        const EspArchitectureValue *inputs,
                                        guint n,
                                        EspArchitectureValue *value,
                                        GError **error);

/* esp-architecture-keras-conv.c */
gboolean esp_keras_add_conv (const EspKerasCall *call,
                             const EspArchitectureValue *inputs,
                             guint n,
                             EspArchitectureValue *value,
                             GError **error);
gboolean esp_keras_add_conv_transpose (const EspKerasCall *call,
                                       const EspArchitectureValue *inputs,
                                       guint n,
                                       EspArchitectureValue *value,
                                       GError **error);
gboolean esp_keras_add_pool (const EspKerasCall *call,
                             const EspArchitectureValue *inputs,
                             guint n,
                             EspArchitectureValue *value,
                             GError **error);
gboolean esp_keras_add_global_pool (const EspKerasCall *call,
                                    const EspArchitectureValue *inputs,
                                    guint n,
                                    EspArchitectureValue *value,
                                    GError **error);
gboolean esp_keras_add_border (const EspKerasCall *call,
                               const EspArchitectureValue *inputs,
                               guint n,
                               EspArchitectureValue *value,
                               GError **error);
/* esp-architecture-keras-recurrent.c */
gboolean esp_keras_add_recurrent (const EspKerasCall *call,
                                  const EspArchitectureValue *inputs,
                                  guint n,
                                  EspArchitectureValue *value,
                                  GError **error);

G_END_DECLS
