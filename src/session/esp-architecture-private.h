/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to session/: how the readers of esp-architecture-*.c put a forward pass together. */

#include <json-glib/json-glib.h>

#include "esp-architecture.h"
#include "esp-shape.h"

G_BEGIN_DECLS

#define ESP_ARCHITECTURE_MAX_MODULES 10000

/* one module at one place of the specification to be */
typedef struct
{
  char *path;           /* levels joined by dots */
  JsonObject *settings; /* class and what belongs to it; NULL for a further place */
  JsonObject *tie;      /* or NULL */
  GStrv inputs;         /* paths; NULL: what comes before it */
  char *use;            /* path of the module that stands here, too; or NULL */
  gboolean used;        /* others stand for it */
  gconstpointer owner;  /* what it was made for */
} EspArchitectureModule;

/* what goes through the network between two modules */
typedef struct
{
  int from;       /* index of the module that gives it; -1 the first input, -2 the second ... */
  EspShape shape; /* of one example, as it is here; ndim 0: not known */
  gboolean first; /* channels come first, where the producer has them last */
} EspArchitectureValue;

typedef struct
{
  char *name;
  EspShape shape; /* as the producer has it; ndim 0: not known */
} EspArchitectureInput;

void esp_architecture_clear_input (gpointer input); /* frees what it owns */

/* How the numbers of one parameter come out of the checkpoint's tensor: @row of its first axis
 * (-1: all), its axes in another order, then blocks of the first axis in another order. */
typedef struct
{
  char *target;         /* path of the network's parameter */
  EspTensor *tensor;    /* NULL: @value in all cells */
  EspParameter *source; /* whose tensor it is, borrowed from the checkpoint; or NULL */
  float value;
  int row;
  guint n_axes;
  guint8 axes[ESP_SHAPE_MAX_DIMS];
  guint n_blocks;
  guint8 blocks[4];
} EspArchitectureCarry;

struct _EspArchitecture
{
  gatomicrefcount refs;

  /* owned */
  EspCheckpoint *checkpoint;
  char *name;
  GArray *inputs; /* EspArchitectureInput; known after reading */

  /* what convert() fills anew for each network */
  GPtrArray *modules;  /* EspArchitectureModule */
  GPtrArray *carries;  /* EspArchitectureCarry */
  GPtrArray *notes;    /* sentences */
  GHashTable *paths;   /* path -> index + 1, borrowed */
  gconstpointer owner; /* what modules are being made for: at a path once, else it is the same */
  const char *again;   /* the path of the same module's further place; NULL: "path[1]" */
  EspShape data;       /* shape of the data's examples; ndim 0 while nobody asked */
  gboolean data_first; /* images among the data have their channels first */

  /* of a guess */
  GArray *lines; /* EspGuessLine, see esp-architecture-guess.h; NULL otherwise */

  /* fills modules, carries and notes; @out: what the network gives */
  gboolean (*convert) (EspArchitecture *self, EspArchitectureValue *out, GError **error);
};

EspArchitecture *esp_architecture_new (EspCheckpoint *checkpoint,
                                       gboolean (*convert) (EspArchitecture *self,
                                                            EspArchitectureValue *out,
                                                            GError **error));
void esp_architecture_add_input (EspArchitecture *self, const char *name, const EspShape *shape);
void esp_architecture_add_note (EspArchitecture *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* what input @index gives */
EspArchitectureValue esp_architecture_get_input (EspArchitecture *self, guint index);
/* forgets what convert() filled, and fills it again */
gboolean esp_architecture_convert (EspArchitecture *self,
                                   EspArchitectureValue *out,
                                   GError **error);

/* One more module, of @class_name, that takes @inputs (n). If something stands at @path already, it
 * is that module once more (the settings aren't used then), under a path that is free. Returns its
 * settings, borrowed, to be filled; sets value->from. NULL: too many. */
JsonObject *esp_architecture_add (EspArchitecture *self,
                                  const char *path,
                                  const char *class_name,
                                  const EspArchitectureValue *inputs,
                                  guint n,
                                  EspArchitectureValue *value,
                                  GError **error);
/* whether something stands at @path */
gboolean esp_architecture_has (EspArchitecture *self, const char *path);
/* parameter @name of the module at @path has the numbers of @place's tensor; axes in order. The
 * same numbers under another name are a tie. Borrowed. */
EspArchitectureCarry *esp_architecture_carry (EspArchitecture *self,
                                              const char *path,
                                              const char *name,
                                              EspPlace *place);
void esp_architecture_carry_constant (EspArchitecture *self,
                                      const char *path,
                                      const char *name,
                                      float value);

void esp_architecture_set_sizes (JsonObject *settings,
                                 const char *key,
                                 const gint64 *values,
                                 guint n);

/* attributes of modules as text, in Python's or in JSON's spelling */
/* whole numbers of a number or a list, flat; None and null are -1. How many, -1 when it is
 * something else or more than @most */
int esp_architecture_parse_sizes (const char *text, gint64 *values, guint most);

/* esp-architecture-values.c: into the initial values of @network, if it has such a parameter */
gboolean esp_architecture_carry_over (EspNetwork *network,
                                      const EspArchitectureCarry *carry,
                                      GCancellable *cancellable,
                                      GError **error);
/* esp-architecture-keras.c, esp-architecture-torch.c; NULL without an error: not theirs */
EspArchitecture *esp_architecture_read_keras (EspCheckpoint *checkpoint, GError **error);
EspArchitecture *esp_architecture_read_torch (EspCheckpoint *checkpoint, GError **error);

/* esp-architecture-torch.c: settings of one of PyTorch's own classes from its attributes, into the
 * module at @path. FALSE without an error: it isn't one, or hasn't all it needs. */
gboolean esp_architecture_read_settings (EspPlace *place, JsonObject *settings, GError **error);
/* the class of ours for it, or NULL */
const char *esp_architecture_find_class (EspPlace *place);
/* the numbers of all its parameters, for the module at @path */
void esp_architecture_carry_all (EspArchitecture *self, EspPlace *place, const char *path);

#define esp_architecture_set_error(error, ...)                                                     \
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC, __VA_ARGS__)

G_END_DECLS
