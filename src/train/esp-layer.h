/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-kernels.h"
#include "esp-random.h"
#include "esp-real.h"
#include "esp-shape.h"
#include "esp-spec.h"

G_BEGIN_DECLS

#define ESP_LAYER_MAX_PARAMETERS 8

typedef struct _EspLayer EspLayer;
typedef struct _EspLayerClass EspLayerClass;

typedef enum
{
  ESP_PARAMETER_WEIGHT,
  ESP_PARAMETER_BIAS,
} EspParameterKind;

/* what a layer says of each of its parameters; initialisers go by it */
typedef struct
{
  const char *name; /* "weight" */
  EspShape shape;
  EspParameterKind kind;
  guint64 fan_in; /* of the layer's weight, for its bias too, as PyTorch draws it */
  guint64 fan_out;
} EspParameterInfo;

/* One call of forward or backward at one place. Shapes are of one example; (N, ...) in memory. */
typedef struct
{
  const EspKernels *kernels;
  const EspLayer *layer;
  gsize N;                   /* examples in this batch */
  gsize in_count, out_count; /* numbers per example */
  const EspShape *in, *out;  /* shapes per example */
  const EspReal *x;          /* (N, in) */
  EspReal *y;                /* (N, out) */
  EspReal *dx;               /* (N, in), added to; NULL when nobody wants it */
  const EspReal *dy;         /* (N, out) */
  EspReal **parameters;      /* as get_parameters() lists them */
  EspReal **grads;           /* the same, added to; an entry is NULL where none is wanted */
} EspLayerCall;

typedef enum
{
  ESP_LAYER_VIEW = 1 << 0,     /* the output is the input's memory: there are no kernels */
  ESP_LAYER_OBSERVED = 1 << 1, /* an activation whose units are counted */
  ESP_LAYER_CAN_DIE = 1 << 2,  /* a unit that never fires has no gradient */
} EspLayerFlags;

/**
 * EspLayerClass:
 *
 * A kind of layer: one pair of files and one row of the table in esp-layer.c. A layer's settings
 * are read once; its shapes may be completed at the first use (lazy in_features).
 */
struct _EspLayerClass
{
  const char *name; /* PyTorch's */
  gsize size;       /* of the structure that begins with EspLayer */
  EspLayerFlags flags;
  /* settings out of @spec into @self (zeroed); NULL when there are none */
  gboolean (*read) (EspLayer *self, EspSpec *spec, GError **error);
  /* the shape of the output for examples of shape @in; completes what was left out, also in
   * self->settings. Called at each place, in order; what doesn't fit is
   * esp_layer_set_shape_error(). NULL: the same shape. */
  gboolean (
      *infer) (EspLayer *self, const EspShape *in, EspShape *out, const char *path, GError **error);
  /* fills @infos, returns how many; after infer(). NULL: none. */
  guint (*get_parameters) (const EspLayer *self, EspParameterInfo *infos);
  void (*forward) (const EspLayerCall *call);
  void (*backward) (const EspLayerCall *call);
};

struct _EspLayer
{
  const EspLayerClass *klass;
  JsonObject *settings; /* complete, as the specification has them */
};

/* NULL when there is none of this name */
const EspLayerClass *esp_layer_find_class (const char *name);
/* names of all classes, for a message: "Flatten, Linear, ReLU"; new string */
char *esp_layer_list_classes (void);
/* @spec is the module's; its class is known and read already */
EspLayer *esp_layer_new (const EspLayerClass *klass, EspSpec *spec, GError **error);
void esp_layer_free (EspLayer *self);
gboolean esp_layer_infer (EspLayer *self,
                          const EspShape *in,
                          EspShape *out,
                          const char *path,
                          GError **error);
guint esp_layer_get_parameters (const EspLayer *self, EspParameterInfo *infos);
/* "module 2 (Linear): ..."; @wanted and @found describe shapes */
void esp_layer_set_shape_error (const EspLayer *self,
                                const char *path,
                                const char *wanted,
                                const EspShape *found,
                                GError **error);

G_END_DECLS
