/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formulas of a user: recursive descent with a bounded depth into a list of operations for a small
 * stack machine. The depth of the stack is known when the text is read, so evaluating checks
 * nothing. */

#include "config.h"
#include "esp-expression.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-error.h"

typedef enum
{
  OP_NUMBER,
  OP_LOAD,
  OP_STORE, /* takes the number off the stack */
  OP_NEGATE,
  OP_NOT,
  OP_ADD,
  OP_SUBTRACT,
  OP_MULTIPLY,
  OP_DIVIDE,
  OP_REMAINDER,
  OP_POWER,
  OP_LESS,
  OP_LESS_EQUAL,
  OP_GREATER,
  OP_GREATER_EQUAL,
  OP_EQUAL,
  OP_NOT_EQUAL,
  OP_AND,
  OP_OR,
  OP_CALL_1,
  OP_MIN,
  OP_MAX,
  OP_WHERE,
  OP_UNIFORM,
  OP_NORMAL,
} OpCode;

typedef struct
{
  OpCode code;
  guint name;
  double number;
  double (*function) (double);
} Op;

struct _EspExpression
{
  GArray *ops; /* Op */
  guint n_given;
};

typedef struct
{
  const char *text, *at;
  GArray *ops;
  const char *names[ESP_EXPRESSION_MAX_NAMES]; /* interned */
  guint n_names;
  guint depth, stack;
  GError *error;
} Parser;

static gboolean parse_value (Parser *self);

static double
sign (double x)
{
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

static const struct
{
  const char *name;
  OpCode code;
  guint n_arguments;
  double (*function) (double);
} functions[] = {
  { "abs", OP_CALL_1, 1, fabs },        { "cos", OP_CALL_1, 1, cos },
  { "exp", OP_CALL_1, 1, exp },         { "floor", OP_CALL_1, 1, floor },
  { "log", OP_CALL_1, 1, log },         { "max", OP_MAX, 2, NULL },
  { "min", OP_MIN, 2, NULL },           { "normal", OP_NORMAL, 2, NULL },
  { "round", OP_CALL_1, 1, nearbyint }, { "sign", OP_CALL_1, 1, sign },
  { "sin", OP_CALL_1, 1, sin },         { "sqrt", OP_CALL_1, 1, sqrt },
  { "tan", OP_CALL_1, 1, tan },         { "tanh", OP_CALL_1, 1, tanh },
  { "uniform", OP_UNIFORM, 2, NULL },   { "where", OP_WHERE, 3, NULL },
};

/* the first mistake stays */
static gboolean G_GNUC_PRINTF (2, 3) fail (Parser *self, const char *format, ...)
{
  if (self->error != NULL)
    return FALSE;
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (&self->error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               /* Translators: a place in a formula that the user typed, and what is wrong there */
               _ ("formula, character %d: %s"), (int) (self->at - self->text) + 1, what);
  return FALSE;
}

static void
skip_space (Parser *self)
{
  while (*self->at == ' ' || *self->at == '\t' || *self->at == '\n')
    self->at++;
}

static gboolean
accept (Parser *self, const char *token)
{
  skip_space (self);
  if (!g_str_has_prefix (self->at, token))
    return FALSE;
  self->at += strlen (token);
  return TRUE;
}

static gboolean
expect (Parser *self, const char *token)
{
  return accept (self, token) || fail (self, _ ("“%s” is missing"), token);
}

/* @change: of the stack's height */
static gboolean
emit (Parser *self, Op op, int change)
{
  g_array_append_val (self->ops, op);
  self->stack = (guint) ((int) self->stack + change);
  if (self->stack <= ESP_EXPRESSION_MAX_DEPTH)
    return TRUE;
  return fail (self, _ ("more than %d numbers at once"), ESP_EXPRESSION_MAX_DEPTH);
}

static int
find_name (Parser *self, const char *name)
{
  for (guint i = 0; i < self->n_names; i++)
    if (strcmp (self->names[i], name) == 0)
      return (int) i;
  return -1;
}

static char *
read_name (Parser *self)
{
  skip_space (self);
  const char *start = self->at;
  if (!g_ascii_isalpha (*start) && *start != '_')
    return NULL;
  while (g_ascii_isalnum (*self->at) || *self->at == '_')
    self->at++;
  return g_strndup (start, (gsize) (self->at - start));
}

static gboolean
parse_call (Parser *self, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      if (strcmp (functions[i].name, name) != 0)
        continue;
      for (guint n = 0; n < functions[i].n_arguments; n++)
        if ((n > 0 && !expect (self, ",")) || !parse_value (self))
          return FALSE;
      return expect (self, ")") &&
             emit (self, (Op) { .code = functions[i].code, .function = functions[i].function },
                   1 - (int) functions[i].n_arguments);
    }
  return fail (self, _ ("there is no function “%s”"), name);
}

static gboolean
parse_number (Parser *self)
{
  char *end = NULL;
  double number = g_ascii_strtod (self->at, &end);
  if (end == self->at)
    return fail (self, _ ("a number, a name or a bracket is missing"));
  self->at = end;
  return emit (self, (Op) { .code = OP_NUMBER, .number = number }, 1);
}

static gboolean
parse_primary (Parser *self)
{
  if (accept (self, "("))
    return parse_value (self) && expect (self, ")");
  skip_space (self);
  g_autofree char *name = read_name (self);
  if (name == NULL)
    return g_ascii_isdigit (*self->at) || *self->at == '.'
               ? parse_number (self)
               : fail (self, _ ("a number, a name or a bracket is missing"));
  if (accept (self, "("))
    return parse_call (self, name);
  int index = find_name (self, name);
  if (index >= 0)
    return emit (self, (Op) { .code = OP_LOAD, .name = (guint) index }, 1);
  if (strcmp (name, "pi") == 0)
    return emit (self, (Op) { .code = OP_NUMBER, .number = G_PI }, 1);
  return fail (self, _ ("there is no name “%s”"), name);
}

/* signs bind weaker than powers, as in mathematics: -2^2 is -4 */
static gboolean
parse_signed (Parser *self)
{
  if (++self->depth > ESP_EXPRESSION_MAX_DEPTH)
    return fail (self, _ ("it nests deeper than %d levels"), ESP_EXPRESSION_MAX_DEPTH);
  gboolean good;
  if (accept (self, "-"))
    good = parse_signed (self) && emit (self, (Op) { .code = OP_NEGATE }, 0);
  else if (accept (self, "!"))
    good = parse_signed (self) && emit (self, (Op) { .code = OP_NOT }, 0);
  else
    good = parse_primary (self) &&
           (!accept (self, "^") ||
            (parse_signed (self) && emit (self, (Op) { .code = OP_POWER }, -1)));
  self->depth--;
  return good;
}

/* from the weakest to the strongest; of one level the longer come first */
static const struct
{
  const char *token;
  OpCode code;
  guint level;
} operators[] = {
  { "||", OP_OR, 0 },        { "&&", OP_AND, 1 },        { "==", OP_EQUAL, 2 },
  { "!=", OP_NOT_EQUAL, 2 }, { "<=", OP_LESS_EQUAL, 2 }, { ">=", OP_GREATER_EQUAL, 2 },
  { "<", OP_LESS, 2 },       { ">", OP_GREATER, 2 },     { "+", OP_ADD, 3 },
  { "-", OP_SUBTRACT, 3 },   { "*", OP_MULTIPLY, 4 },    { "/", OP_DIVIDE, 4 },
  { "%", OP_REMAINDER, 4 },
};

static gboolean
parse_level (Parser *self, guint level)
{
  if (level > 4)
    return parse_signed (self);
  if (!parse_level (self, level + 1))
    return FALSE;
  for (;;)
    {
      gsize i = 0;
      while (i < G_N_ELEMENTS (operators) &&
             (operators[i].level != level || !accept (self, operators[i].token)))
        i++;
      if (i == G_N_ELEMENTS (operators))
        return TRUE;
      if (!parse_level (self, level + 1) || !emit (self, (Op) { .code = operators[i].code }, -1))
        return FALSE;
    }
}

static gboolean
parse_value (Parser *self)
{
  if (++self->depth > ESP_EXPRESSION_MAX_DEPTH)
    return fail (self, _ ("it nests deeper than %d levels"), ESP_EXPRESSION_MAX_DEPTH);
  gboolean good = parse_level (self, 0);
  self->depth--;
  return good;
}

/* "name =" before a value; otherwise nothing is read */
static char *
read_assignment (Parser *self)
{
  const char *start = self->at;
  g_autofree char *name = read_name (self);
  skip_space (self);
  if (name != NULL && *self->at == '=' && self->at[1] != '=')
    {
      self->at++;
      return g_steal_pointer (&name);
    }
  self->at = start;
  return NULL;
}

static gboolean
parse_assignment (Parser *self, const char *name)
{
  if (!parse_value (self))
    return FALSE;
  int index = find_name (self, name);
  if (index < 0)
    {
      if (self->n_names >= ESP_EXPRESSION_MAX_NAMES)
        return fail (self, _ ("more than %d names"), ESP_EXPRESSION_MAX_NAMES);
      index = (int) self->n_names;
      self->names[self->n_names++] = g_intern_string (name);
    }
  return emit (self, (Op) { .code = OP_STORE, .name = (guint) index }, -1) && expect (self, ";");
}

static gboolean
parse_statements (Parser *self)
{
  for (;;)
    {
      g_autofree char *name = read_assignment (self);
      if (name != NULL)
        {
          if (!parse_assignment (self, name))
            return FALSE;
          continue;
        }
      if (!parse_value (self))
        return FALSE;
      skip_space (self);
      return *self->at == '\0' || fail (self, _ ("“%s” isn't expected here"), self->at);
    }
}

EspExpression *
esp_expression_new (const char *text, const char *const *names, GError **error)
{
  Parser parser = { .text = text, .at = text };
  if (strlen (text) > ESP_EXPRESSION_MAX_LENGTH)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("the formula has %zu bytes; %d are allowed"), strlen (text),
                   ESP_EXPRESSION_MAX_LENGTH);
      return NULL;
    }
  for (; names[parser.n_names] != NULL; parser.n_names++)
    parser.names[parser.n_names] = names[parser.n_names];
  EspExpression *self = g_new0 (EspExpression, 1);
  self->n_given = parser.n_names;
  self->ops = parser.ops = g_array_new (FALSE, FALSE, sizeof (Op));
  if (parse_statements (&parser))
    return self;
  g_propagate_error (error, parser.error);
  esp_expression_free (self);
  return NULL;
}

void
esp_expression_free (EspExpression *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->ops);
  g_free (self);
}

/* a (operator) b */
static double
combine (OpCode code, double a, double b, EspRandom *random)
{
  switch ((int) code)
    {
    case OP_ADD:
      return a + b;
    case OP_SUBTRACT:
      return a - b;
    case OP_MULTIPLY:
      return a * b;
    case OP_DIVIDE:
      return a / b;
    case OP_REMAINDER:
      return fmod (a, b);
    case OP_POWER:
      return pow (a, b);
    case OP_LESS:
      return a < b;
    case OP_LESS_EQUAL:
      return a <= b;
    case OP_GREATER:
      return a > b;
    case OP_GREATER_EQUAL:
      return a >= b;
    case OP_EQUAL:
      return fabs (a - b) <= 0;
    case OP_NOT_EQUAL:
      return !(fabs (a - b) <= 0);
    case OP_AND:
      return fabs (a) > 0 && fabs (b) > 0;
    case OP_OR:
      return fabs (a) > 0 || fabs (b) > 0;
    case OP_MIN:
      return fmin (a, b);
    case OP_MAX:
      return fmax (a, b);
    case OP_UNIFORM:
      return a + (b - a) * esp_random_uniform (random);
    case OP_NORMAL:
      return a + b * esp_random_normal (random);
    default:
      g_assert_not_reached ();
    }
}

double
esp_expression_evaluate (const EspExpression *self, const double *values, EspRandom *random)
{
  double names[ESP_EXPRESSION_MAX_NAMES] = { 0 };
  double stack[ESP_EXPRESSION_MAX_DEPTH + 1];
  guint top = 0; /* numbers on the stack */
  for (guint i = 0; i < self->n_given; i++)
    names[i] = values[i];
  for (guint i = 0; i < self->ops->len; i++)
    {
      const Op *op = &g_array_index (self->ops, Op, i);
      switch ((int) op->code)
        {
        case OP_NUMBER:
          stack[top++] = op->number;
          break;
        case OP_LOAD:
          stack[top++] = names[op->name];
          break;
        case OP_STORE:
          names[op->name] = stack[--top];
          break;
        case OP_NEGATE:
          stack[top - 1] = -stack[top - 1];
          break;
        case OP_NOT:
          stack[top - 1] = !(fabs (stack[top - 1]) > 0);
          break;
        case OP_CALL_1:
          stack[top - 1] = op->function (stack[top - 1]);
          break;
        case OP_WHERE:
          top -= 2;
          stack[top - 1] = fabs (stack[top - 1]) > 0 ? stack[top] : stack[top + 1];
          break;
        default:
          top--;
          stack[top - 1] = combine (op->code, stack[top - 1], stack[top], random);
        }
    }
  return stack[0];
}
