/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of the names and calls of a pickle. A call of a plain container of Python becomes
 * that container; any other is recorded as it stands, and reported unless the table of
 * esp-pickle-names.c knows it. Nothing is ever called. */

#include "config.h"

#include "esp-pickle-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define REFUSED_MAX 1000       /* texts that are kept */
#define REFUSED_PER_CALLABLE 4 /* of one callable */
#define REFUSED_BYTES 256      /* of one text */

/* a copy that is valid UTF-8 and holds no NUL */
static const char *
copy_name (EspPickle *pickle, const char *text, gsize length)
{
  g_autofree char *valid = NULL;
  char *copy;

  if (memchr (text, 0, length) != NULL || !g_utf8_validate (text, (gssize) length, NULL))
    {
      valid = g_utf8_make_valid (text, (gssize) length);
      text = valid;
      length = strlen (valid);
    }
  copy = esp_pickle_arena_alloc (&pickle->arena, length + 1);
  memcpy (copy, text, length);
  copy[length] = '\0';
  return copy;
}

static EspPickleName *
make_name (EspPickle *pickle, const char *module, const char *name)
{
  EspPickleName *self = esp_pickle_arena_alloc0 (&pickle->arena, sizeof *self);
  char *full;

  self->module = module;
  self->name = name;
  full = esp_pickle_arena_alloc (&pickle->arena, strlen (module) + strlen (name) + 2);
  strcpy (full, module);
  strcat (full, ".");
  strcat (full, name);
  self->full = full;
  self->meaning = esp_pickle_name_find_meaning (module, name);
  return self;
}

gboolean
esp_pickle_machine_push_name (EspPickleMachine *self,
                              const char *module,
                              gsize module_length,
                              const char *name,
                              gsize name_length,
                              GError **error)
{
  EspPickle *pickle = self->pickle;
  EspPickleName wanted = { 0 };
  EspPickleValue *value;

  if (module_length > ESP_LIMIT_PICKLE_GLOBAL_BYTES || name_length > ESP_LIMIT_PICKLE_GLOBAL_BYTES)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                    _ ("a name is longer than %d bytes"),
                                    ESP_LIMIT_PICKLE_GLOBAL_BYTES);
  if (!esp_pickle_machine_spend (self, module_length + name_length, error))
    return FALSE;
  wanted.module = copy_name (pickle, module, module_length);
  wanted.name = copy_name (pickle, name, name_length);
  esp_pickle_name_map (&wanted.module, &wanted.name);
  value = g_hash_table_lookup (self->names, &wanted);
  if (value != NULL)
    return esp_pickle_machine_push (self, value, error);
  value = esp_pickle_machine_push_new (self, ESP_PICKLE_GLOBAL, error);
  if (value == NULL)
    return FALSE;
  value->name = make_name (pickle, wanted.module, wanted.name);
  g_hash_table_insert (self->names, (gpointer) value->name, value);
  g_ptr_array_add (pickle->names, value);
  return TRUE;
}

static void
report (EspPickleMachine *self, const EspPickleValue *call)
{
  EspPickle *pickle = self->pickle;
  const EspPickleValue *callee = call->record->callee;
  /* all callables that are no names are counted as one */
  gpointer key = callee->kind == ESP_PICKLE_GLOBAL ? (gpointer) callee : NULL;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (pickle->refused_count, key));

  if (n >= REFUSED_PER_CALLABLE || pickle->refused->len >= REFUSED_MAX)
    {
      pickle->n_unlisted++;
      return;
    }
  g_hash_table_insert (pickle->refused_count, key, GUINT_TO_POINTER (n + 1));
  g_ptr_array_add (pickle->refused, esp_pickle_value_to_text (call, REFUSED_BYTES));
}

/* copies the items of one container into a new one */
static EspPickleValue *
copy_items (EspPickleMachine *self, EspPickleKind kind, const EspPickleItems *from, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_new_value (self, kind, error);

  if (value == NULL || !esp_pickle_machine_spend (self, from->n, error))
    return NULL;
  esp_pickle_items_append (self->pickle, &value->items, from->items, from->n);
  return value;
}

/* [[key, value], ...] -> dict; NULL without an error if it isn't such */
static EspPickleValue *
dict_from_list (EspPickleMachine *self, const EspPickleValue *list, GError **error)
{
  EspPickleValue *value;

  for (guint i = 0; i < list->items.n; i++)
    if (esp_pickle_value_get_n_items (list->items.items[i]) != 2)
      return NULL;
  value = esp_pickle_machine_new_value (self, ESP_PICKLE_DICT, error);
  if (value == NULL || !esp_pickle_machine_spend (self, 2 * (gsize) list->items.n, error))
    return NULL;
  for (guint i = 0; i < list->items.n; i++)
    esp_pickle_items_append (self->pickle, &value->items, list->items.items[i]->items.items, 2);
  return value;
}

static EspPickleValue *
make_dict (EspPickleMachine *self, const EspPickleValue *args, guint first, GError **error)
{
  const EspPickleValue *from = esp_pickle_value_get_item (args, first);

  if (args->items.n <= first)
    return esp_pickle_machine_new_value (self, ESP_PICKLE_DICT, error);
  if (args->items.n > first + 1)
    return NULL;
  if (from->kind == ESP_PICKLE_DICT)
    return copy_items (self, ESP_PICKLE_DICT, &from->items, error);
  if (from->kind == ESP_PICKLE_LIST || from->kind == ESP_PICKLE_TUPLE)
    return dict_from_list (self, from, error);
  return NULL;
}

static EspPickleValue *
make_sequence (EspPickleMachine *self,
               EspPickleKind kind,
               const EspPickleValue *args,
               GError **error)
{
  const EspPickleValue *from = esp_pickle_value_get_item (args, 0);

  if (from == NULL)
    return esp_pickle_machine_new_value (self, kind, error);
  if (from->kind != ESP_PICKLE_LIST && from->kind != ESP_PICKLE_TUPLE &&
      from->kind != ESP_PICKLE_SET)
    return NULL;
  return copy_items (self, kind, &from->items, error);
}

static EspPickleValue *
make_bytes (EspPickleMachine *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *from = esp_pickle_value_get_item (args, 0);
  EspPickleValue *value;

  if (from != NULL && from->kind != ESP_PICKLE_BYTES)
    return NULL;
  value = esp_pickle_machine_new_value (self, ESP_PICKLE_BYTES, error);
  if (value == NULL)
    return NULL;
  value->text.bytes = from != NULL ? from->text.bytes : (const guint8 *) "";
  value->text.length = from != NULL ? from->text.length : 0;
  return value;
}

/* _codecs.encode (text, 'latin1'): each character U+0000 to U+00FF of the text is one byte */
static EspPickleValue *
make_encoded (EspPickleMachine *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *from = esp_pickle_value_get_item (args, 0);
  const EspPickleValue *codec = esp_pickle_value_get_item (args, 1);
  EspPickleValue *value;
  guint8 *out;
  gsize n = 0;

  if (from == NULL || from->kind != ESP_PICKLE_STRING ||
      !(esp_pickle_value_is_string (codec, "latin1") ||
        esp_pickle_value_is_string (codec, "latin-1")))
    return NULL;
  for (gsize i = 0; i < from->text.length; i++)
    {
      guint8 c = from->text.bytes[i];

      if (c >= 0x80 && ((c != 0xc2 && c != 0xc3) || i + 1 == from->text.length ||
                        (from->text.bytes[++i] & 0xc0) != 0x80))
        return NULL;
    }
  value = esp_pickle_machine_new_value (self, ESP_PICKLE_BYTES, error);
  if (value == NULL || !esp_pickle_machine_spend (self, from->text.length, error))
    return NULL;
  out = esp_pickle_arena_alloc (&self->pickle->arena, from->text.length);
  for (gsize i = 0; i < from->text.length; i++)
    {
      guint8 c = from->text.bytes[i];

      if (c >= 0x80)
        c = (guint8) ((c & 3) << 6 | (from->text.bytes[++i] & 0x3f));
      out[n++] = c;
    }
  value->text.bytes = out;
  value->text.length = n;
  return value;
}

/* a value of ours; NULL without an error if the arguments are other than Python writes */
static EspPickleValue *
make_known (EspPickleMachine *self,
            EspPickleMeaning meaning,
            const EspPickleValue *args,
            GError **error)
{
  if (args->kind != ESP_PICKLE_TUPLE)
    return NULL;
  switch (meaning)
    {
    case ESP_MEANING_DICT:
      return make_dict (self, args, 0, error);
    case ESP_MEANING_DEFAULTDICT:
      return make_dict (self, args, 1, error);
    case ESP_MEANING_LIST:
      return make_sequence (self, ESP_PICKLE_LIST, args, error);
    case ESP_MEANING_TUPLE:
      return make_sequence (self, ESP_PICKLE_TUPLE, args, error);
    case ESP_MEANING_SET:
      return make_sequence (self, ESP_PICKLE_SET, args, error);
    case ESP_MEANING_BYTES:
      return make_bytes (self, args, error);
    case ESP_MEANING_SCRIPT_VALUE:
      return (EspPickleValue *) esp_pickle_value_get_item (args, 0);
    case ESP_MEANING_ENCODE:
      return make_encoded (self, args, error);
    default:
      return NULL;
    }
}

static EspPickleValue *
make_record (EspPickleMachine *self,
             EspPickleKind kind,
             EspPickleValue *callee,
             EspPickleValue *args,
             EspPickleValue *kwargs,
             GError **error)
{
  EspPickleValue *value = esp_pickle_machine_new_value (self, kind, error);

  if (value == NULL)
    return NULL;
  value->record = esp_pickle_arena_alloc0 (&self->pickle->arena, sizeof *value->record);
  value->record->callee = callee;
  value->record->args = args;
  value->record->kwargs = kwargs;
  return value;
}

/* copyreg's way to say __new__: the class is the first argument */
static EspPickleValue *
get_reconstructed_class (const EspPickleValue *callee, const EspPickleValue *args)
{
  const EspPickleValue *class = esp_pickle_value_get_item (args, 0);

  if (esp_pickle_value_get_meaning (callee) != ESP_MEANING_RECONSTRUCT || class == NULL)
    return NULL;
  return class->kind == ESP_PICKLE_GLOBAL ? (EspPickleValue *) class : NULL;
}

static gboolean
is_understood (const EspPickleValue *callee, gboolean class_call)
{
  EspPickleMeaning meaning = esp_pickle_value_get_meaning (callee);

  return esp_pickle_meaning_is_understood (meaning) ||
         (class_call && (meaning == ESP_MEANING_MODULE || meaning == ESP_MEANING_SCRIPT_CLASS));
}

gboolean
esp_pickle_machine_push_call (EspPickleMachine *self,
                              EspPickleValue *callee,
                              EspPickleValue *args,
                              EspPickleValue *kwargs,
                              gboolean class_call,
                              GError **error)
{
  GError *failure = NULL;
  EspPickleValue *class = get_reconstructed_class (callee, args);
  EspPickleValue *value;

  if (class != NULL)
    {
      callee = class;
      class_call = TRUE;
    }
  value = make_known (self, esp_pickle_value_get_meaning (callee), args, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  if (value == NULL)
    {
      value = make_record (self, class_call ? ESP_PICKLE_OBJECT : ESP_PICKLE_CALL, callee, args,
                           kwargs, error);
      if (value == NULL)
        return FALSE;
      if (!is_understood (callee, class_call))
        report (self, value);
    }
  return esp_pickle_machine_push (self, value, error);
}
