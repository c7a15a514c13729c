/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-pickle-arena.h"
#include "esp-pickle.h"

G_BEGIN_DECLS

struct _EspPickle
{
  gatomicrefcount refs;
  GBytes *bytes; /* owned */
  EspPickleArena arena;
  const EspPickleValue *root;
  gsize end;
  guint n_containers;
  guint n_values;
  GPtrArray *names;          /* EspPickleValue of kind GLOBAL, borrowed from the arena */
  GPtrArray *persistents;    /* EspPickleValue of kind PERSISTENT, borrowed from the arena */
  GPtrArray *refused;        /* owned texts */
  GHashTable *refused_count; /* callable's text -> how many of it are listed */
  guint64 n_unlisted;
};

/* what a pickle is being read with */
typedef struct _EspPickleMachine EspPickleMachine;

typedef struct
{
  const char *name; /* NULL: no such opcode */
  gboolean (*run) (EspPickleMachine *self, GError **error);
} EspPickleOpcode;

struct _EspPickleMachine
{
  EspPickle *pickle; /* borrowed */
  EspCursor cursor;
  const EspPickleOpcode *opcode; /* the running one */
  gsize opcode_position;
  gboolean stopped;

  EspPickleValue **stack; /* owned */
  gsize n_stack;
  gsize stack_capacity;
  gsize marks[ESP_LIMIT_PICKLE_MARKS];
  guint n_marks;

  EspPickleValue **memo; /* owned; what is numbered in order, as all picklers do */
  gsize memo_capacity;
  GHashTable *memo_far; /* the rest; NULL until needed */
  guint n_memo;

  EspPickleValue *small_ints[4097]; /* by value; NULL until needed */
  EspPickleValue *empty_tuple;

  GHashTable *names; /* EspPickleName -> GLOBAL value */
  guint64 budget;    /* how much more may be copied out of the pickle, in bytes and items */
};

/* the table of opcodes (esp-pickle-opcodes.c) */
extern const EspPickleOpcode esp_pickle_opcodes[256];

/* Sets an error that begins with the place; @format is a whole sentence, its end. FALSE. */
gboolean esp_pickle_machine_fail (EspPickleMachine *self,
                                  GError **error,
                                  EspFormatError code,
                                  const char *format,
                                  ...) G_GNUC_PRINTF (4, 5);
/* NULL with an error when there are too many values */
EspPickleValue *esp_pickle_machine_new_value (EspPickleMachine *self,
                                              EspPickleKind kind,
                                              GError **error);
gboolean esp_pickle_machine_push (EspPickleMachine *self, EspPickleValue *value, GError **error);
/* makes and pushes */
EspPickleValue *esp_pickle_machine_push_new (EspPickleMachine *self,
                                             EspPickleKind kind,
                                             GError **error);
/* NULL with an error when there is none above the mark */
EspPickleValue *esp_pickle_machine_pop (EspPickleMachine *self, GError **error);
EspPickleValue *esp_pickle_machine_peek (EspPickleMachine *self, GError **error);
/* takes the last mark away: the values above it, borrowed until the next push, which are then off
 * the stack */
gboolean esp_pickle_machine_pop_mark (EspPickleMachine *self,
                                      EspPickleValue *const **items,
                                      guint *n,
                                      GError **error);
gboolean esp_pickle_machine_put (EspPickleMachine *self, guint64 index, GError **error);
gboolean esp_pickle_machine_get (EspPickleMachine *self, guint64 index, GError **error);
/* takes from the budget of what may be copied */
gboolean esp_pickle_machine_spend (EspPickleMachine *self, gsize amount, GError **error);
void esp_pickle_items_append (EspPickle *pickle,
                              EspPickleItems *self,
                              const EspPickleValue *const *values,
                              guint n);

/* pushes the value of a name; names are copied */
gboolean esp_pickle_machine_push_name (EspPickleMachine *self,
                                       const char *module,
                                       gsize module_length,
                                       const char *name,
                                       gsize name_length,
                                       GError **error);
/* Pushes what a call of @callee with @args gives: a value of ours where the name is one that the
 * machine understands, else a record of the call, which then is reported. @class_call: __new__ of a
 * class. */
gboolean esp_pickle_machine_push_call (EspPickleMachine *self,
                                       EspPickleValue *callee,
                                       EspPickleValue *args,
                                       EspPickleValue *kwargs,
                                       gboolean class_call,
                                       GError **error);

G_END_DECLS
