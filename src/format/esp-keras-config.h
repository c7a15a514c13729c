/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspKerasConfig:
 *
 * What Keras says of a model beside its weights: `config.json` of a .keras, the attributes
 * `model_config` and `training_config` of an .h5. Any version: layers of Keras 1 (a list alone),
 * Keras 2 and Keras 3. Only read; nothing that is named in it is looked up, made or run.
 */

/* a place where a layer takes the output of another: its name, and which of its calls made it; and
 * which of this layer's calls takes it */
typedef struct
{
  char *name;
  guint64 call;
  guint node;
} EspKerasInput;

typedef struct _EspKerasLayer EspKerasLayer;

struct _EspKerasLayer
{
  char *class_name;      /* "Dense"; of a registered one without its package; "" if there is none */
  char *name;            /* its own; "" if there is none */
  char *key;             /* under which the config around it has it: "layers", "layer", "cell" */
  gboolean is_operation; /* a function of a graph (keras.ops), no layer */
  gboolean is_frozen;    /* trainable is false */
  GPtrArray *attributes; /* key, value, key, value, ... as text for people */
  GPtrArray *layers;     /* EspKerasLayer, in the config's order; may be empty */
  guint n_calls;         /* in the graph around it; 0 where there is no graph */
  GArray *inputs;        /* EspKerasInput, of all its calls */
};

typedef struct
{
  EspKerasLayer *model;     /* or NULL */
  EspKerasLayer *optimizer; /* its class and settings; or NULL */
  GPtrArray *code;          /* names of layers that hold Python code, which nothing here runs */
} EspKerasConfig;

EspKerasConfig *esp_keras_config_new (void);
void esp_keras_config_free (EspKerasConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspKerasConfig, esp_keras_config_free)

/* @what: of the text, for messages. After an error @self has no model. */
gboolean esp_keras_config_read_model (EspKerasConfig *self,
                                      const char *text,
                                      gsize length,
                                      const char *what,
                                      GError **error);
/* the attribute training_config of an .h5: its optimizer */
gboolean esp_keras_config_read_training (EspKerasConfig *self,
                                         const char *text,
                                         gsize length,
                                         const char *what,
                                         GError **error);

/* NULL if there is no such attribute */
const char *esp_keras_layer_find_attribute (const EspKerasLayer *self, const char *key);
/* what an attribute says: FALSE if it is False, None or 0, else TRUE; @otherwise if it isn't there
 */
gboolean esp_keras_layer_is_set (const EspKerasLayer *self, const char *key, gboolean otherwise);

G_END_DECLS
