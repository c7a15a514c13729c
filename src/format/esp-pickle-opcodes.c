/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The opcodes of pickle protocols 0 to 5: their table, and those of the file itself, the stack, the
 * memo, names and calls.
 * Operands are little endian, save BINFLOAT; texts of protocol 0 end with a newline. The text
 * opcodes of protocol 0 and those of values and containers have files of their own. */

#include "config.h"

#include "esp-pickle-opcodes.h"

#include <glib/gi18n.h>
#include <string.h>

/* the file itself */

static gboolean
run_proto (EspPickleMachine *self, GError **error)
{
  guint8 version;

  if (!esp_cursor_read_u8 (&self->cursor, &version, error))
    return FALSE;
  if (version > 5)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_UNSUPPORTED,
                                    _ ("protocol %d is newer than 5"), version);
  return TRUE;
}

static gboolean
run_frame (EspPickleMachine *self, GError **error)
{
  return esp_cursor_skip (&self->cursor, 8, error);
}

static gboolean
run_stop (EspPickleMachine *self, GError **error)
{
  self->pickle->root = esp_pickle_machine_pop (self, error);
  self->stopped = TRUE;
  return self->pickle->root != NULL;
}

/* the stack */

static gboolean
run_mark (EspPickleMachine *self, GError **error)
{
  if (self->n_marks == G_N_ELEMENTS (self->marks))
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                    _ ("more than %d marks are open"), ESP_LIMIT_PICKLE_MARKS);
  self->marks[self->n_marks++] = self->n_stack;
  return TRUE;
}

static gboolean
run_pop (EspPickleMachine *self, GError **error)
{
  if (self->n_marks > 0 && self->marks[self->n_marks - 1] == self->n_stack)
    {
      self->n_marks--;
      return TRUE;
    }
  return esp_pickle_machine_pop (self, error) != NULL;
}

static gboolean
run_pop_mark (EspPickleMachine *self, GError **error)
{
  EspPickleValue *const *items;
  guint n;

  return esp_pickle_machine_pop_mark (self, &items, &n, error);
}

static gboolean
run_dup (EspPickleMachine *self, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_peek (self, error);

  return value != NULL && esp_pickle_machine_push (self, value, error);
}

/* the memo */

static gboolean
run_binput (EspPickleMachine *self, GError **error)
{
  guint8 index;

  return esp_cursor_read_u8 (&self->cursor, &index, error) &&
         esp_pickle_machine_put (self, index, error);
}

static gboolean
run_long_binput (EspPickleMachine *self, GError **error)
{
  guint32 index;

  return esp_cursor_read_u32 (&self->cursor, &index, error) &&
         esp_pickle_machine_put (self, index, error);
}

static gboolean
run_memoize (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_put (self, self->n_memo, error);
}

static gboolean
run_binget (EspPickleMachine *self, GError **error)
{
  guint8 index;

  return esp_cursor_read_u8 (&self->cursor, &index, error) &&
         esp_pickle_machine_get (self, index, error);
}

static gboolean
run_long_binget (EspPickleMachine *self, GError **error)
{
  guint32 index;

  return esp_cursor_read_u32 (&self->cursor, &index, error) &&
         esp_pickle_machine_get (self, index, error);
}

/* names, calls, objects */

static gboolean
run_global (EspPickleMachine *self, GError **error)
{
  const char *module;
  const char *name;
  gsize module_length;
  gsize name_length;

  return esp_cursor_read_line (&self->cursor, &module, &module_length, error) &&
         esp_cursor_read_line (&self->cursor, &name, &name_length, error) &&
         esp_pickle_machine_push_name (self, module, module_length, name, name_length, error);
}

static gboolean
run_stack_global (EspPickleMachine *self, GError **error)
{
  const EspPickleValue *name = esp_pickle_machine_pop (self, error);
  const EspPickleValue *module = name != NULL ? esp_pickle_machine_pop (self, error) : NULL;

  if (module == NULL)
    return FALSE;
  if (name->kind != ESP_PICKLE_STRING || module->kind != ESP_PICKLE_STRING)
    return esp_pickle_fail_kind (self, name->kind != ESP_PICKLE_STRING ? name : module, error);
  return esp_pickle_machine_push_name (self, (const char *) module->text.bytes, module->text.length,
                                       (const char *) name->text.bytes, name->text.length, error);
}

static gboolean
pop_call (EspPickleMachine *self, gboolean has_kwargs, gboolean class_call, GError **error)
{
  EspPickleValue *kwargs = NULL;
  EspPickleValue *args;
  EspPickleValue *callee;

  if (has_kwargs && (kwargs = esp_pickle_machine_pop (self, error)) == NULL)
    return FALSE;
  args = esp_pickle_machine_pop (self, error);
  callee = args != NULL ? esp_pickle_machine_pop (self, error) : NULL;
  if (callee == NULL)
    return FALSE;
  return esp_pickle_machine_push_call (self, callee, args, kwargs, class_call, error);
}

static gboolean
run_reduce (EspPickleMachine *self, GError **error)
{
  return pop_call (self, FALSE, FALSE, error);
}

static gboolean
run_newobj (EspPickleMachine *self, GError **error)
{
  return pop_call (self, FALSE, TRUE, error);
}

static gboolean
run_newobj_ex (EspPickleMachine *self, GError **error)
{
  return pop_call (self, TRUE, TRUE, error);
}

static gboolean
run_obj (EspPickleMachine *self, GError **error)
{
  EspPickleValue *const *items;
  EspPickleValue *callee;
  EspPickleValue *args;
  guint n;

  if (!esp_pickle_machine_pop_mark (self, &items, &n, error))
    return FALSE;
  if (n == 0)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("there is no class above the mark"));
  callee = items[0];
  args = esp_pickle_new_tuple (self, items + 1, n - 1, error);
  /* old-style instances: without arguments it is __new__, else a call of the class */
  return args != NULL && esp_pickle_machine_push_call (self, callee, args, NULL, n == 1, error);
}

static gboolean
run_build (EspPickleMachine *self, GError **error)
{
  const EspPickleValue *state = esp_pickle_machine_pop (self, error);
  EspPickleValue *target = state != NULL ? esp_pickle_machine_peek (self, error) : NULL;

  if (target == NULL)
    return FALSE;
  if (target->kind != ESP_PICKLE_OBJECT && target->kind != ESP_PICKLE_CALL &&
      target->kind != ESP_PICKLE_DICT)
    return esp_pickle_fail_kind (self, target, error);
  target->state = state;
  return TRUE;
}

gboolean
esp_pickle_push_persistent (EspPickleMachine *self, const EspPickleValue *id, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_new_value (self, ESP_PICKLE_PERSISTENT, error);
  const EspPickleValue *class = esp_pickle_value_get_item (id, 1);

  if (value == NULL)
    return FALSE;
  value->inner = id;
  g_ptr_array_add (self->pickle->persistents, value);
  /* before it wrote archives, PyTorch put a class of its user's as ('module', class, file, source)
   */
  if (class != NULL && class->kind == ESP_PICKLE_GLOBAL &&
      esp_pickle_value_is_string (esp_pickle_value_get_item (id, 0), "module"))
    value = (EspPickleValue *) class;
  return esp_pickle_machine_push (self, value, error);
}

static gboolean
run_binpersid (EspPickleMachine *self, GError **error)
{
  const EspPickleValue *id = esp_pickle_machine_pop (self, error);

  return id != NULL && esp_pickle_push_persistent (self, id, error);
}

const EspPickleOpcode esp_pickle_opcodes[256] = {
  [0x80] = { "PROTO", run_proto },
  [0x95] = { "FRAME", run_frame },
  ['.'] = { "STOP", run_stop },
  ['('] = { "MARK", run_mark },
  ['0'] = { "POP", run_pop },
  ['1'] = { "POP_MARK", run_pop_mark },
  ['2'] = { "DUP", run_dup },
  ['q'] = { "BINPUT", run_binput },
  ['r'] = { "LONG_BINPUT", run_long_binput },
  [0x94] = { "MEMOIZE", run_memoize },
  ['h'] = { "BINGET", run_binget },
  ['j'] = { "LONG_BINGET", run_long_binget },
  ['N'] = { "NONE", esp_pickle_run_none },
  [0x88] = { "NEWTRUE", esp_pickle_run_newtrue },
  [0x89] = { "NEWFALSE", esp_pickle_run_newfalse },
  ['J'] = { "BININT", esp_pickle_run_binint },
  ['K'] = { "BININT1", esp_pickle_run_binint1 },
  ['M'] = { "BININT2", esp_pickle_run_binint2 },
  [0x8a] = { "LONG1", esp_pickle_run_long1 },
  [0x8b] = { "LONG4", esp_pickle_run_long4 },
  ['G'] = { "BINFLOAT", esp_pickle_run_binfloat },
  ['X'] = { "BINUNICODE", esp_pickle_run_text },
  [0x8c] = { "SHORT_BINUNICODE", esp_pickle_run_short_text },
  [0x8d] = { "BINUNICODE8", esp_pickle_run_text8 },
  ['T'] = { "BINSTRING", esp_pickle_run_text },
  ['U'] = { "SHORT_BINSTRING", esp_pickle_run_short_text },
  ['B'] = { "BINBYTES", esp_pickle_run_bytes },
  ['C'] = { "SHORT_BINBYTES", esp_pickle_run_short_bytes },
  [0x8e] = { "BINBYTES8", esp_pickle_run_bytes8 },
  [0x96] = { "BYTEARRAY8", esp_pickle_run_bytes8 },
  [']'] = { "EMPTY_LIST", esp_pickle_run_empty_list },
  ['a'] = { "APPEND", esp_pickle_run_append },
  ['e'] = { "APPENDS", esp_pickle_run_appends },
  ['l'] = { "LIST", esp_pickle_run_list },
  [')'] = { "EMPTY_TUPLE", esp_pickle_run_empty_tuple },
  ['t'] = { "TUPLE", esp_pickle_run_tuple },
  [0x85] = { "TUPLE1", esp_pickle_run_tuple1 },
  [0x86] = { "TUPLE2", esp_pickle_run_tuple2 },
  [0x87] = { "TUPLE3", esp_pickle_run_tuple3 },
  ['}'] = { "EMPTY_DICT", esp_pickle_run_empty_dict },
  ['s'] = { "SETITEM", esp_pickle_run_setitem },
  ['u'] = { "SETITEMS", esp_pickle_run_setitems },
  ['d'] = { "DICT", esp_pickle_run_dict },
  [0x8f] = { "EMPTY_SET", esp_pickle_run_empty_set },
  [0x90] = { "ADDITEMS", esp_pickle_run_additems },
  [0x91] = { "FROZENSET", esp_pickle_run_frozenset },
  ['c'] = { "GLOBAL", run_global },
  [0x93] = { "STACK_GLOBAL", run_stack_global },
  ['R'] = { "REDUCE", run_reduce },
  ['b'] = { "BUILD", run_build },
  [0x81] = { "NEWOBJ", run_newobj },
  [0x92] = { "NEWOBJ_EX", run_newobj_ex },
  ['o'] = { "OBJ", run_obj },
  ['i'] = { "INST", esp_pickle_run_inst },
  ['Q'] = { "BINPERSID", run_binpersid },
  ['P'] = { "PERSID", esp_pickle_run_persid },
  ['I'] = { "INT", esp_pickle_run_int },
  ['L'] = { "LONG", esp_pickle_run_long },
  ['F'] = { "FLOAT", esp_pickle_run_float },
  ['S'] = { "STRING", esp_pickle_run_string },
  ['V'] = { "UNICODE", esp_pickle_run_unicode },
  ['g'] = { "GET", esp_pickle_run_get },
  ['p'] = { "PUT", esp_pickle_run_put },
  /* known and refused: a registry of classes, and buffers from outside the pickle */
  [0x82] = { "EXT1", NULL },
  [0x83] = { "EXT2", NULL },
  [0x84] = { "EXT4", NULL },
  [0x97] = { "NEXT_BUFFER", NULL },
  [0x98] = { "READONLY_BUFFER", NULL },
};
