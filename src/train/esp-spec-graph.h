/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to train/: the modules of a specification as things that point to one another. */

#include "esp-network.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _EspSpecModule EspSpecModule;
typedef struct _EspSpecPlace EspSpecPlace;

/* what "inputs" and "tie" name: from a container down a row of places; or a word that means
 * something there ("input", a part of the data) */
typedef struct
{
  EspSpecModule *scope; /* borrowed */
  GPtrArray *route;     /* EspSpecPlace, borrowed; empty with a word */
  char *word;           /* or NULL; of a tie: what follows the route, the parameter's name */
} EspSpecWire;

/* a module, which may stand at several places */
struct _EspSpecModule
{
  JsonObject *settings; /* class and what belongs to it; no sizes that only follow */
  GPtrArray *children;  /* of a Sequential: EspSpecPlace, owned; else NULL */
  GHashTable *ties;     /* parameter's name -> EspSpecWire; or NULL */
  char *id;             /* or NULL: made when it is needed */
  char *origin;         /* path in the network that this came from; NULL: it is new */
  char *path;           /* of its first place, known while it is written */
  gboolean open;        /* its children are being read or written now */
};

struct _EspSpecPlace
{
  EspSpecModule *parent; /* borrowed */
  char *name;            /* NULL: its index */
  EspSpecModule *module; /* borrowed from the graph */
  GPtrArray *inputs;     /* EspSpecWire; NULL: what comes before it */
};

typedef struct
{
  GPtrArray *modules; /* EspSpecModule, all that ever were; owned */
  GPtrArray *places;  /* EspSpecPlace that were taken away; owned */
  EspSpecModule *root;
  JsonObject *rest;  /* the outermost object without "modules" and "optimizer.groups" */
  GPtrArray *groups; /* EspSpecGroup */
  char **words;      /* parts of the data, or just "input" */
} EspSpecGraph;

/* one pattern of a group: the places that its beginning names, and what follows */
typedef struct
{
  GPtrArray *route; /* EspSpecPlace, borrowed */
  char *rest;       /* "*", "weight", ... */
} EspSpecPattern;

typedef struct
{
  JsonObject *settings; /* without "params" */
  GPtrArray *patterns;  /* EspSpecPattern */
  char **fixed;         /* patterns as they are, instead of these; or NULL */
  gboolean dropped;
} EspSpecGroup;

/* out of a network's own, complete JSON, so that nothing can be wrong with it */
EspSpecGraph *esp_spec_graph_new (const char *json, GError **error);
void esp_spec_graph_free (EspSpecGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSpecGraph, esp_spec_graph_free)

/* the specification again. @with_groups: with the optimiser's. Every module's path is known
 * afterwards. Fails when a module can't be named from where it is wanted. */
char *esp_spec_graph_write (EspSpecGraph *self, gboolean with_groups, GError **error);

/* the place at @path, NULL when there is none; @container and @index say where it stands */
EspSpecPlace *esp_spec_graph_find (EspSpecGraph *self, const char *path, guint *index);
/* the container at @path: "" is the network */
EspSpecModule *esp_spec_graph_find_container (EspSpecGraph *self, const char *path);
/* its name, or its index; new string */
char *esp_spec_place_dup_name (EspSpecPlace *place);
guint esp_spec_place_get_index (EspSpecPlace *place);
/* places that stand in the network now, of @module or of all when NULL; each once. New. */
GPtrArray *esp_spec_graph_list_places (EspSpecGraph *self, EspSpecModule *module);

/* @name of @module is the parameter at @target from now on */
void esp_spec_graph_tie (EspSpecGraph *self,
                         EspSpecModule *module,
                         const char *name,
                         const char *target);

EspSpecModule *esp_spec_graph_add_module (EspSpecGraph *self, JsonObject *settings);
/* the same once more, with all below, none of it shared with the first */
EspSpecModule *esp_spec_graph_copy_module (EspSpecGraph *self, EspSpecModule *module);
EspSpecPlace *esp_spec_place_new (EspSpecModule *parent, EspSpecModule *module);
EspSpecWire *esp_spec_wire_new (EspSpecModule *scope, EspSpecPlace *to);
EspSpecWire *esp_spec_wire_copy (const EspSpecWire *self);
void esp_spec_wire_free (EspSpecWire *self);

/* containers from the one at hand outwards */
typedef struct _EspSpecLevel EspSpecLevel;
struct _EspSpecLevel
{
  const EspSpecLevel *outer;
  EspSpecModule *module;
};
/* what @name stands for at @level, where only what comes before is there: no open container, and no
 * place of the set @after, which may be NULL. NULL: nothing. New. */
EspSpecWire *esp_spec_graph_resolve (EspSpecGraph *self,
                                     const EspSpecLevel *level,
                                     GHashTable *after,
                                     const char *name);

/* takes out of @settings what would follow from the input anyway */
void esp_spec_forget_sizes (JsonObject *settings);

G_END_DECLS
