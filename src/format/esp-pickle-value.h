/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-names.h"

G_BEGIN_DECLS

/**
 * EspPickleValue:
 *
 * What a pickle describes, inert: nothing here was looked up, imported or called. Values form a
 * graph with sharing and cycles and live as long as their #EspPickle. Read-only to everybody but
 * the machine.
 */
typedef enum
{
  ESP_PICKLE_NONE,
  ESP_PICKLE_BOOL,
  ESP_PICKLE_INT,
  ESP_PICKLE_LONG, /* an integer beyond 64 bits */
  ESP_PICKLE_FLOAT,
  ESP_PICKLE_STRING, /* UTF-8 as a rule, but unchecked: lone surrogates, Python 2 bytes */
  ESP_PICKLE_BYTES,
  ESP_PICKLE_LIST,
  ESP_PICKLE_TUPLE,
  ESP_PICKLE_SET,
  ESP_PICKLE_DICT,       /* ordered; may hold one key twice, then the last counts */
  ESP_PICKLE_GLOBAL,     /* a class or function that is named, no more */
  ESP_PICKLE_OBJECT,     /* an instance: class, arguments, state */
  ESP_PICKLE_CALL,       /* a call that was asked for and not made */
  ESP_PICKLE_PERSISTENT, /* a reference to something outside, by its id */
} EspPickleKind;

typedef struct _EspPickleValue EspPickleValue;

typedef struct
{
  const EspPickleValue **items;
  guint n;
  guint capacity;
} EspPickleItems;

/* of an object or a call */
typedef struct
{
  const EspPickleValue *callee; /* class or callable: a GLOBAL, or whatever the file put there */
  const EspPickleValue *args;   /* as a rule a TUPLE */
  const EspPickleValue *kwargs; /* or NULL */
  EspPickleItems items;         /* appended to it */
  EspPickleItems pairs;         /* set in it: key, value, key, value, ... */
} EspPickleRecord;

struct _EspPickleValue
{
  guint8 kind;
  guint decimal : 1;    /* LONG: its text is decimal digits, not two's complement */
  guint class_call : 1; /* OBJECT: made by __new__, not by calling the class */
  guint index; /* containers (LIST ... DICT, OBJECT, CALL): dense number below n_containers */
  union
  {
    gboolean boolean;
    gint64 integer;
    double real;
    struct
    {
      const guint8 *bytes; /* LONG: two's complement, little endian */
      gsize length;
    } text;                      /* STRING, BYTES, LONG; borrowed from the pickle or its arena */
    EspPickleItems items;        /* LIST, TUPLE, SET; DICT: key, value, key, value, ... */
    const EspPickleName *name;   /* GLOBAL */
    EspPickleRecord *record;     /* OBJECT, CALL */
    const EspPickleValue *inner; /* PERSISTENT: the id */
  };
  const EspPickleValue *state; /* DICT, OBJECT, CALL: what BUILD gave it; or NULL */
};

/* "list", "dict": the word for messages */
const char *esp_pickle_kind_get_name (EspPickleKind kind);
gboolean esp_pickle_value_is_container (const EspPickleValue *self);
/* NULL is never a string */
gboolean esp_pickle_value_is_string (const EspPickleValue *self, const char *text);
/* an INT (or BOOL) */
gboolean esp_pickle_value_get_int (const EspPickleValue *self, gint64 *out);
/* a FLOAT or an INT */
gboolean esp_pickle_value_get_double (const EspPickleValue *self, double *out);
/* what a GLOBAL means to us; %ESP_MEANING_UNKNOWN for any other kind and for NULL */
EspPickleMeaning esp_pickle_value_get_meaning (const EspPickleValue *self);
/* the meaning of the class of an OBJECT or of what a CALL calls */
EspPickleMeaning esp_pickle_value_get_callee_meaning (const EspPickleValue *self);
/* entry of a DICT by a string key, the last one; NULL if absent or if @self is NULL or no DICT */
const EspPickleValue *esp_pickle_value_find (const EspPickleValue *self, const char *key);
/* item of a TUPLE or LIST, NULL beyond its end */
const EspPickleValue *esp_pickle_value_get_item (const EspPickleValue *self, guint index);
guint esp_pickle_value_get_n_items (const EspPickleValue *self);

/* As Python would print it (repr), at most @limit bytes and then an ellipsis; what is nested deeper
 * than that shows is left out. Always valid UTF-8 and one line. New string. */
char *esp_pickle_value_to_text (const EspPickleValue *self, gsize limit);
/* As Python would convert it to a str: a STRING of at most @limit bytes is itself, in the form of
 * esp_path_from_text(); all else is as above. */
char *esp_pickle_value_to_name (const EspPickleValue *self, gsize limit);

G_END_DECLS
