/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-expression.h"
#include "esp-layer.h"

G_BEGIN_DECLS

#define ESP_INITIALIZER_MAX_SETTINGS 4

typedef struct _EspInitializer EspInitializer;
typedef struct _EspInitializerClass EspInitializerClass;

typedef enum
{
  ESP_FAN_IN,
  ESP_FAN_OUT,
  ESP_FAN_AVG,
} EspFan;

typedef enum
{
  ESP_INITIALIZER_MATRIX = 1 << 0, /* of a weight with two axes or more */
  ESP_INITIALIZER_FAN = 1 << 1,    /* has "mode" */
  ESP_INITIALIZER_GAIN = 1 << 2,   /* has "nonlinearity" */
  ESP_INITIALIZER_SHAPE = 1 << 3,  /* has "distribution" */
  ESP_INITIALIZER_FORMULA = 1 << 4 /* has "value", a formula */
} EspInitializerFlags;

/* How a network's parameters may begin: a function and a row of the table in esp-initializer.c.
 * Those with an underscore are torch.nn.init's, the others Keras's. */
struct _EspInitializerClass
{
  const char *name;
  void (*fill) (const EspInitializer *self,
                const EspParameterInfo *info,
                EspRandom *random,
                EspReal *values);
  struct
  {
    const char *name;
    double value;                           /* default */
  } settings[ESP_INITIALIZER_MAX_SETTINGS]; /* numbers, in any range */
  EspInitializerFlags flags;
  guint min_dims, max_dims; /* 0 and 0: any */
};

/* one of them with its settings; immutable */
struct _EspInitializer
{
  const EspInitializerClass *klass;
  double settings[ESP_INITIALIZER_MAX_SETTINGS];
  EspFan fan;
  double gain;            /* of the nonlinearity */
  const char *shape;      /* "uniform", "truncated_normal", "untruncated_normal" */
  EspExpression *formula; /* or NULL */
};

/**
 * esp_initializer_fill_from_json:
 * @node: what a specification says of a parameter: the name of an initialiser, an object with its
 * "class" and settings, a number for all cells, or all values as (nested) lists in C order
 * @whole: @node stands for all parameters of a module or network. An initialiser for matrices
 * leaves biases at 0 then, and nothing but PyTorch's own beginning is for normalisations.
 * @place: for messages
 *
 * %ESP_NETWORK_ERROR_SPEC when it is something else, %ESP_NETWORK_ERROR_SHAPE when it doesn't fit
 * the shape.
 */
gboolean esp_initializer_fill_from_json (JsonNode *node,
                                         gboolean whole,
                                         const EspParameterInfo *info,
                                         EspRandom *random,
                                         EspReal *values,
                                         const char *place,
                                         GError **error);
/* as the layer says: what PyTorch's module of this class does */
void esp_initializer_fill_natural (const EspParameterInfo *info,
                                   EspRandom *random,
                                   EspReal *values);

/* esp-initializer-matrix.c */
void esp_initializer_fill_eye (const EspInitializer *self,
                               const EspParameterInfo *info,
                               EspRandom *random,
                               EspReal *values);
void esp_initializer_fill_dirac (const EspInitializer *self,
                                 const EspParameterInfo *info,
                                 EspRandom *random,
                                 EspReal *values);
void esp_initializer_fill_orthogonal (const EspInitializer *self,
                                      const EspParameterInfo *info,
                                      EspRandom *random,
                                      EspReal *values);
void esp_initializer_fill_sparse (const EspInitializer *self,
                                  const EspParameterInfo *info,
                                  EspRandom *random,
                                  EspReal *values);

G_END_DECLS
