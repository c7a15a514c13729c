/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a network is inside: modules as specified, the chain of layer calls that follows from them,
 * parameters each once. All of it is immutable once esp_network_new_from_json() has returned, so
 * the trainer's thread reads it without a lock; only the tree's objects belong to the main thread.
 */

#include "esp-dataset.h"
#include "esp-layer.h"
#include "esp-loss.h"
#include "esp-network.h"
#include "esp-optimizer.h"
#include "esp-schedule.h"

G_BEGIN_DECLS

#define ESP_NETWORK_MAX_PLACES 10000 /* of modules; shared containers unfold without end */
#define ESP_NETWORK_MAX_DEPTH 64     /* Sequentials inside one another */
#define ESP_NETWORK_MAX_COUNT (G_GUINT64_CONSTANT (1) << 24) /* numbers in all parameters */
/* numbers that training may take in all: parameters, gradients, moments, activations; 512 MiB */
#define ESP_NETWORK_MAX_NUMBERS (G_GUINT64_CONSTANT (1) << 27)
/* examples that the units are looked at over, at most */
#define ESP_NETWORK_MAX_OBSERVED 4096

typedef struct _EspNetModule EspNetModule;

/* a module as specified; it may stand at several places */
struct _EspNetModule
{
  EspLayer *layer;      /* NULL: a Sequential */
  GPtrArray *children;  /* of a Sequential: EspNetChild */
  JsonObject *settings; /* class and what belongs to it, complete */
  char *id;             /* or NULL */
  JsonNode *init;       /* or NULL: the network's */
  JsonObject *tie;      /* or NULL: parameter's name -> path of another */
  gboolean requires_grad;
  JsonObject *grads; /* or NULL: parameter's name -> whether it begins so, instead */
  guint depth;       /* 1 for a layer */
  gboolean built;    /* has its parameters */
  guint n_parameters;
  guint parameters[ESP_LAYER_MAX_PARAMETERS]; /* indices of the network's */
  EspModule *object;                          /* in the tree; borrowed while the tree is built */
};

typedef struct
{
  char *name;
  EspNetModule *module;
  char **inputs; /* paths of the modules whose outputs it takes; NULL: of the one before it */
} EspNetChild;

/* a part of each example, as "inputs" of the specification cuts it */
typedef struct
{
  char *name; /* "input" when there is one */
  EspShape shape;
  gsize offset; /* in the example */
} EspNetInput;

typedef struct
{
  EspParameterInfo info;
  char *path; /* of its first place */
  guint64 count;
  gsize slots;            /* EspReals that it takes: @count, more for a counter */
  gboolean requires_grad; /* at the beginning */
  guint group;            /* of the optimiser's */
  guint n_uses;           /* layer calls that it takes part in */
  EspReal *initial;       /* (slots) */
  EspReal
      *initial_moments[ESP_OPTIMIZER_MAX_MOMENTS]; /* (count) or NULL: as the optimiser begins */
  EspOptimizerState initial_state;                 /* what the optimiser has counted before */
  EspParameter *object;                            /* owned */
} EspNetParameter;

/* One layer at one place. Values are what calls read and write: first the network's inputs, then
 * the output of each call in order, so call i writes value inputs->len + i. */
typedef struct
{
  EspNetModule *module;
  char *path;
  guint n_in;
  guint *from;  /* (n_in) values */
  EspShape *in; /* (n_in) of one example */
  EspShape out;
  guint uses[ESP_LAYER_MAX_PARAMETERS]; /* which use of each parameter this is: 0, 1, ... */
} EspNetCall;

struct _EspNetwork
{
  GObject parent_instance;

  /* owned */
  char *name;
  GPtrArray *modules;    /* EspNetModule, every one that was defined */
  EspNetModule *root;    /* borrowed from @modules */
  GArray *inputs;        /* EspNetInput */
  gboolean cut;          /* whether the specification has "inputs" */
  GPtrArray *calls;      /* EspNetCall, in forward order */
  guint output;          /* the value that the loss takes */
  guint n_places;        /* counted while it is built */
  GPtrArray *parameters; /* EspNetParameter, buffers too, in state_dict() order */
  GHashTable *paths;     /* path of a parameter at any place -> its index + 1 */
  EspDataset *data;
  EspLoss *loss;
  EspOptimizer *optimizer;
  EspSchedule *schedule;  /* or NULL: the rate stays */
  double clip_grad_norm;  /* of all gradients together; INFINITY: not clipped */
  double clip_grad_value; /* of each number, likewise */
  JsonNode *init;
  guint64 batch_size;
  guint64 seed;
  gboolean shuffle;
  gboolean trains; /* has a trainer, which reads initial values in its thread */
  EspTree *tree;
};

static inline EspNetParameter *
esp_network_peek_parameter (EspNetwork *self, guint index)
{
  return (EspNetParameter *) g_ptr_array_index (self->parameters, index);
}

static inline EspNetCall *
esp_network_peek_call (EspNetwork *self, guint index)
{
  return (EspNetCall *) g_ptr_array_index (self->calls, index);
}

static inline EspNetInput *
esp_network_peek_input (EspNetwork *self, guint index)
{
  return &g_array_index (self->inputs, EspNetInput, index);
}

/* shape of one example of a value */
static inline const EspShape *
esp_network_peek_shape (EspNetwork *self, guint value)
{
  return value < self->inputs->len ? &esp_network_peek_input (self, value)->shape
                                   : &esp_network_peek_call (self, value - self->inputs->len)->out;
}

static inline gboolean
esp_network_call_is_view (const EspNetCall *call)
{
  return (call->module->layer->klass->flags & ESP_LAYER_VIEW) != 0;
}

/* esp-network-parse.c: "modules" of the specification -> self->root */
gboolean esp_network_parse_modules (EspNetwork *self, JsonArray *modules, GError **error);
/* esp-network-build.c: shapes, the chain of calls, parameters with initial values */
gboolean esp_network_build (EspNetwork *self, GError **error);
/* other values of a parameter, drawn as its module's initialiser says, or as PyTorch's module does
 * where that isn't random; @draw tells several such draws apart. @values (slots). */
void esp_network_draw_again (EspNetwork *self, guint parameter, guint64 draw, EspReal *values);
/* the same for one parameter alone, not a counter, with other random numbers: as @word says, NULL:
 * as the specification does */
gboolean esp_network_fill_again (EspNetwork *self,
                                 guint parameter,
                                 JsonNode *word,
                                 guint64 seed,
                                 EspReal *values,
                                 GError **error);
/* esp-network-values.c: who takes whose output */
typedef struct _EspNetScope EspNetScope;
struct _EspNetScope
{
  const EspNetScope *outer; /* NULL: the network itself */
  const char *path;         /* of the container */
  guint input;              /* the value that it takes */
};
/* the value that @name stands for inside @scope; %ESP_NETWORK_ERROR_SPEC with @place when there is
 * none yet. @values: path -> value + 1 */
gboolean esp_network_find_value (EspNetwork *self,
                                 GHashTable *values,
                                 const EspNetScope *scope,
                                 const char *name,
                                 const char *place,
                                 guint *value,
                                 GError **error);
/* whether every value is taken by somebody, and whole numbers come where they are wanted */
gboolean esp_network_check_values (EspNetwork *self, GError **error);
/* numbers that an EspPlan of it will hold, at most */
guint64 esp_network_count_numbers (EspNetwork *self);
/* esp-network-tree.c: the EspTree that the views show */
gboolean esp_network_build_tree (EspNetwork *self, GError **error);

/* a tensor with a copy of a parameter's numbers: float32, or int64 of a counter */
EspTensor *esp_network_make_parameter_tensor (const EspNetParameter *parameter,
                                              const EspReal *values);
/* a float32 tensor with a copy of @values */
EspTensor *esp_network_make_tensor (const EspReal *values, const EspShape *shape);
/* has the reader of what stands around a step answer esp_spec_new_for_questions() */
void esp_network_ask_step (EspSpec *questions);
/* "module 2 (Linear)", for messages; new string */
char *esp_network_name_place (const char *path, const char *class_name);

G_END_DECLS
