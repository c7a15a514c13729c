/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Code for Keras while it is written: what a row of the table of layers works with.
 *
 * Values are the network's, numbered as in EspNetwork: v3 is value 3 with its axes as they are
 * here, c3 the same with the channels last, as Keras's convolutions take images. Each is made the
 * first time that somebody asks for it. */

#include "esp-network-private.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_KERAS_OURS,          /* (N, C, H, W) */
  ESP_KERAS_CHANNELS_LAST, /* (N, H, W, C) */
  ESP_KERAS_N_ORDERS,
} EspKerasOrder;

typedef enum
{
  ESP_KERAS_NEEDS_NORM = 1 << 0,      /* BatchNormalization with the unbiased variance */
  ESP_KERAS_NEEDS_TIED = 1 << 1,      /* a Dense layer on another one's variable */
  ESP_KERAS_NEEDS_EMBEDDING = 1 << 2, /* with a row that isn't trained */
  ESP_KERAS_NEEDS_CELLS = 1 << 3,     /* windows as arrays */
  ESP_KERAS_NEEDS_MAX = 1 << 4,
  ESP_KERAS_NEEDS_AVERAGE = 1 << 5,
  ESP_KERAS_NEEDS_ADAPTIVE = 1 << 6,
  ESP_KERAS_NEEDS_GATES = 1 << 7,
} EspKerasNeeds;

typedef struct
{
  EspNetwork *network;
  GString *layers;  /* lines that make layers */
  GString *calls;   /* lines that call them */
  GString *weights; /* lines that give them values out of `w` */
  GString *frozen;  /* lines after the model */
  GHashTable *made; /* EspNetModule -> number + 1 */
  EspKerasNeeds needs;
  guint8 *has; /* of each value: bits of the orders that it is there in */
} EspKeras;

/* a row of the table */
typedef gboolean (*EspKerasFunc) (EspKeras *self,
                                  const EspNetCall *call,
                                  guint value,
                                  GError **error);

/* esp-network-keras-rows.c: the table; NULL when there is no code for a class */
EspKerasFunc esp_keras_find (const char *class_name);

/* esp-network-keras.c */
/* the name of a value in an order, which is made if it isn't there; new string */
char *esp_keras_take (EspKeras *self, guint value, EspKerasOrder order);
/* the order in which a value is there already, the rest being equal ours */
EspKerasOrder esp_keras_get_order (const EspKeras *self, guint value);
/* "v3 = " and the rest of the line */
void esp_keras_give (EspKeras *self, guint value, EspKerasOrder order, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* Whether the layer of this call is to be made now; @number: m<number> in both cases. */
gboolean esp_keras_begin_layer (EspKeras *self, const EspNetCall *call, guint *number);
/* , name="..." if Keras takes that name; @suffix may be "" */
void esp_keras_append_name (GString *out, const char *path, const char *suffix);
/* "    m3.kernel.assign(w["0.weight"].T)\n"; nothing where the parameter is another's */
void esp_keras_append_weight (EspKeras *self,
                              const EspNetCall *call,
                              const char *variable,
                              const char *parameter,
                              const char *turn);
/* w["0.weight"]; new string */
char *esp_keras_name_weight (EspKeras *self, const EspNetCall *call, const char *parameter);
/* "module 2 (Conv2d): Keras has nothing like it with this “groups”" */
gboolean esp_keras_refuse (const EspNetCall *call, const char *setting, GError **error);

/* settings of a call's layer */
gint64 esp_keras_get_int (const EspNetCall *call, const char *key);
gboolean esp_keras_get_bool (const EspNetCall *call, const char *key);
double esp_keras_get_double (const EspNetCall *call, const char *key);
gboolean esp_keras_is_null (const EspNetCall *call, const char *key);
const char *esp_keras_get_text (const EspNetCall *call, const char *key); /* NULL: no text */
/* one number for both, or a list of @n */
void esp_keras_get_sizes (const EspNetCall *call, const char *key, gint64 *sizes, guint n);

/* esp-network-keras-train.c: loss, optimizer, schedule, train() */
void esp_keras_append_training (GString *out, EspNetwork *network);
/* esp-network-keras-conv.c */
gboolean esp_keras_conv (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_conv_transpose (EspKeras *self,
                                   const EspNetCall *call,
                                   guint value,
                                   GError **error);
gboolean esp_keras_pool (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_adaptive_pool (EspKeras *self,
                                  const EspNetCall *call,
                                  guint value,
                                  GError **error);
gboolean esp_keras_zero_pad (EspKeras *self, const EspNetCall *call, guint value, GError **error);
/* esp-network-keras-sequence.c */
gboolean esp_keras_recurrent (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_attention (EspKeras *self, const EspNetCall *call, guint value, GError **error);
/* esp-network-keras-layers.c */
gboolean esp_keras_linear (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_embedding (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_batch_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error);
gboolean esp_keras_group_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error);

G_END_DECLS
