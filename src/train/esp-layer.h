/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-kernels.h"
#include "esp-random.h"
#include "esp-real.h"
#include "esp-shape.h"
#include "esp-spec.h"

G_BEGIN_DECLS

#define ESP_LAYER_MAX_PARAMETERS 64 /* of one layer: an LSTM of 8 layers in both directions */
#define ESP_LAYER_MAX_INPUTS 256    /* of one call */

typedef struct _EspLayer EspLayer;
typedef struct _EspLayerClass EspLayerClass;

typedef enum
{
  ESP_PARAMETER_WEIGHT,
  ESP_PARAMETER_BIAS,
  ESP_PARAMETER_SCALE,   /* of a normalisation: its "weight" */
  ESP_PARAMETER_SHIFT,   /* of a normalisation: its "bias" */
  ESP_PARAMETER_BUFFER,  /* forward changes it in training, the optimiser never */
  ESP_PARAMETER_COUNTER, /* a buffer that is one whole number: a gint64 in memory */
} EspParameterKind;

/* how PyTorch's module of this class begins */
typedef enum
{
  ESP_BEGIN_UNIFORM,  /* in +-begin_value */
  ESP_BEGIN_NORMAL,   /* mean 0, standard deviation begin_value */
  ESP_BEGIN_CONSTANT, /* begin_value in every cell */
} EspBegin;

/* what a layer says of each of its parameters and buffers, in state_dict() order; initialisers go
 * by it */
typedef struct
{
  const char *name; /* "weight"; static or interned; a dot makes a module of its own in the tree */
  EspShape shape;
  EspParameterKind kind;
  EspBegin begin;
  double begin_value;
  guint64 fan_in; /* of the layer's weight, for its bias too, as PyTorch draws it */
  guint64 fan_out;
  guint64 idle_row; /* this row less 1 begins at 0 and isn't trained (padding_idx); 0: none */
} EspParameterInfo;

static inline gboolean
esp_parameter_kind_is_buffer (EspParameterKind kind)
{
  return kind == ESP_PARAMETER_BUFFER || kind == ESP_PARAMETER_COUNTER;
}

/* What all calls of one pass share. */
typedef struct
{
  gboolean training; /* statistics of the batch, Dropout drops; otherwise as model.eval() */
  gboolean track;    /* buffers follow; FALSE where the pass only repeats one */
  guint64 seed;
  guint64 step; /* updates before this pass */
} EspLayerRun;

/* One call of forward or backward at one place. Shapes are of one example; (N, ...) in memory. Most
 * layers have one input: x is xs[0], in is its shape, in_count its numbers. */
typedef struct
{
  const EspKernels *kernels;
  const EspLayer *layer;
  const EspLayerRun *run;
  gsize N;                   /* examples in this batch */
  gsize in_count, out_count; /* numbers per example */
  const EspShape *in, *out;  /* shapes per example; (n_in), 1 */
  const EspReal *x;          /* (N, in) */
  EspReal *y;                /* (N, out) */
  EspReal *dx;               /* (N, in), added to; NULL when nobody wants it */
  const EspReal *dy;         /* (N, out) */
  EspReal **parameters;      /* as get_parameters() lists them; forward may change buffers */
  EspReal **grads;           /* the same, added to; an entry is NULL where none is wanted */
  EspReal *kept;             /* what forward leaves for backward, as measure() asked */
  EspReal *scratch;          /* nobody else's during a call, and never kept */
  guint64 place;             /* number of the call in the network: a stream of random numbers */
  guint n_in;
  const EspReal **xs; /* (n_in); several may be the same memory */
  EspReal **dxs;      /* (n_in) */
} EspLayerCall;

/* Numbers of memory that a call wants beside its output, for all examples and for each; and what it
 * costs. Sums and products by esp_layer_add() and esp_layer_multiply(). */
typedef struct
{
  guint64 kept, kept_per_example;
  guint64 scratch, scratch_per_example;
  guint64 work; /* multiplications for each example, about; 0: as many as parameters and output */
} EspLayerNeeds;

/* what each number of an example lies between; infinite where that isn't known */
typedef struct
{
  double *low, *high;
} EspBounds;

typedef enum
{
  ESP_LAYER_VIEW = 1 << 0,     /* the output is the input's memory: there are no kernels */
  ESP_LAYER_OBSERVED = 1 << 1, /* an activation whose units are counted */
  ESP_LAYER_CAN_DIE = 1 << 2,  /* a unit that never fires has no gradient */
  ESP_LAYER_UNITWISE = 1 << 3, /* a channel or feature of the output comes from the same one of the
                                * input alone */
  /* row u of "weight" and number u of "bias" make unit u of the output, the first or the last axis
   * of which counts the units; columns of "weight" are the input's units along the same axis */
  ESP_LAYER_ROWS_FIRST = 1 << 4,
  ESP_LAYER_ROWS_LAST = 1 << 5,
} EspLayerFlags;

/**
 * EspLayerClass:
 *
 * A kind of layer: one pair of files and one row of the table in esp-layer.c. A layer's settings
 * are read once; its shapes may be completed at the first use (lazy in_features). It may stand at
 * several places, with inputs of different sizes: what depends on them is the call's.
 */
struct _EspLayerClass
{
  const char *name; /* PyTorch's */
  gsize size;       /* of the structure that begins with EspLayer */
  EspLayerFlags flags;
  guint min_inputs, max_inputs; /* 0 and 0: exactly one */
  /* settings out of @spec into @self (zeroed); NULL when there are none */
  gboolean (*read) (EspLayer *self, EspSpec *spec, GError **error);
  /* the shape of the output for examples of shapes @in (n_in); completes what was left out, also in
   * self->settings. Called at each place, in order; what doesn't fit is
   * esp_layer_set_shape_error(). NULL: the same shape. */
  gboolean (*infer) (EspLayer *self,
                     const EspShape *in,
                     guint n_in,
                     EspShape *out,
                     const char *path,
                     GError **error);
  /* fills @infos, returns how many; after infer(). NULL: none. */
  guint (*get_parameters) (const EspLayer *self, EspParameterInfo *infos);
  /* whole numbers from 0 up to below this are all that it takes, so that its input must be the
   * network's; NULL: it takes any numbers */
  guint64 (*get_index_limit) (const EspLayer *self);
  /* fills @needs (zeroed) for one call. NULL: nothing. */
  void (*measure) (const EspLayer *self,
                   const EspShape *in,
                   guint n_in,
                   const EspShape *out,
                   EspLayerNeeds *needs);
  /* what the output of one example can be when its inputs are within @in (n_in). NULL: anything,
   * unless the layer is a view */
  void (*bound) (const EspLayerCall *call, const EspBounds *in, const EspBounds *out);
  /* of a squashing activation: outputs at or beyond these are saturated; 0 and 0: never */
  double saturation[2];
  void (*forward) (const EspLayerCall *call);
  /* adds to dxs and grads. x, y, kept and parameters are as forward left them. */
  void (*backward) (const EspLayerCall *call);
};

struct _EspLayer
{
  const EspLayerClass *klass;
  JsonObject *settings; /* complete, as the specification has them */
};

/* NULL when there is none of this name */
const EspLayerClass *esp_layer_find_class (const char *name);
/* NULL-terminated, static */
const char *const *esp_layer_get_class_names (void);
/* names of all classes, for a message: "Flatten, Linear, ReLU"; new string */
char *esp_layer_list_classes (void);
/* @spec is the module's; its class is known and read already */
EspLayer *esp_layer_new (const EspLayerClass *klass, EspSpec *spec, GError **error);
void esp_layer_free (EspLayer *self);
gboolean esp_layer_infer (EspLayer *self,
                          const EspShape *in,
                          guint n_in,
                          EspShape *out,
                          const char *path,
                          GError **error);
guint esp_layer_get_parameters (const EspLayer *self, EspParameterInfo *infos);
void esp_layer_measure (const EspLayer *self,
                        const EspShape *in,
                        guint n_in,
                        const EspShape *out,
                        EspLayerNeeds *needs);
/* PyTorch's setting of layers that take sequences: examples always come first here, so it is true
 * and may be left out */
gboolean esp_layer_read_batch_first (EspSpec *spec, gboolean *value, GError **error);
/* what Dropout multiplies by in this call: 0 with probability @p, else 1 / (1 - p); @part tells
 * several such fields of one call apart */
void esp_layer_fill_mask (const EspLayerCall *call,
                          double p,
                          guint part,
                          EspReal *mask,
                          gsize count);
/* the same from number @first of the field on */
void esp_layer_fill_mask_from (const EspLayerCall *call,
                               double p,
                               guint part,
                               guint64 first,
                               EspReal *mask,
                               gsize count);
/* "module 2 (Linear): ..."; @wanted and @found describe shapes */
void esp_layer_set_shape_error (const EspLayer *self,
                                const char *path,
                                const char *wanted,
                                const EspShape *found,
                                GError **error);

/* a b and a + b, G_MAXUINT64 when that is too much: for sizes that are compared before anything is
 * allocated */
static inline guint64
esp_layer_multiply (guint64 a, guint64 b)
{
  guint64 product;
  return __builtin_mul_overflow (a, b, &product) ? G_MAXUINT64 : product;
}

static inline guint64
esp_layer_add (guint64 a, guint64 b)
{
  guint64 sum;
  return __builtin_add_overflow (a, b, &sum) ? G_MAXUINT64 : sum;
}

G_END_DECLS
