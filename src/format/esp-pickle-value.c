/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking at the values of a pickle: the few questions that readers ask. Values are made by the
 * machine (esp-pickle-machine.c) and printed by esp-pickle-text.c. */

#include "config.h"

#include "esp-pickle-value.h"

#include <string.h>

const char *
esp_pickle_kind_get_name (EspPickleKind kind)
{
  static const char *const names[] = {
    [ESP_PICKLE_NONE] = "None",
    [ESP_PICKLE_BOOL] = "bool",
    [ESP_PICKLE_INT] = "int",
    [ESP_PICKLE_LONG] = "long int",
    [ESP_PICKLE_FLOAT] = "float",
    [ESP_PICKLE_STRING] = "str",
    [ESP_PICKLE_BYTES] = "bytes",
    [ESP_PICKLE_LIST] = "list",
    [ESP_PICKLE_TUPLE] = "tuple",
    [ESP_PICKLE_SET] = "set",
    [ESP_PICKLE_DICT] = "dict",
    [ESP_PICKLE_GLOBAL] = "global",
    [ESP_PICKLE_OBJECT] = "object",
    [ESP_PICKLE_CALL] = "call",
    [ESP_PICKLE_PERSISTENT] = "persistent id",
  };

  return (gsize) kind < G_N_ELEMENTS (names) ? names[kind] : "?";
}

gboolean
esp_pickle_value_is_container (const EspPickleValue *self)
{
  switch ((EspPickleKind) self->kind)
    {
    case ESP_PICKLE_LIST:
    case ESP_PICKLE_TUPLE:
    case ESP_PICKLE_SET:
    case ESP_PICKLE_DICT:
    case ESP_PICKLE_OBJECT:
    case ESP_PICKLE_CALL:
      return TRUE;
    case ESP_PICKLE_NONE:
    case ESP_PICKLE_BOOL:
    case ESP_PICKLE_INT:
    case ESP_PICKLE_LONG:
    case ESP_PICKLE_FLOAT:
    case ESP_PICKLE_STRING:
    case ESP_PICKLE_BYTES:
    case ESP_PICKLE_GLOBAL:
    case ESP_PICKLE_PERSISTENT:
    default:
      return FALSE;
    }
}

gboolean
esp_pickle_value_is_string (const EspPickleValue *self, const char *text)
{
  gsize length = strlen (text);

  return self != NULL && self->kind == ESP_PICKLE_STRING && self->text.length == length &&
         memcmp (self->text.bytes, text, length) == 0;
}

gboolean
esp_pickle_value_get_int (const EspPickleValue *self, gint64 *out)
{
  if (self == NULL)
    return FALSE;
  if (self->kind == ESP_PICKLE_INT)
    *out = self->integer;
  else if (self->kind == ESP_PICKLE_BOOL)
    *out = self->boolean;
  else
    return FALSE;
  return TRUE;
}

gboolean
esp_pickle_value_get_double (const EspPickleValue *self, double *out)
{
  gint64 integer;

  if (self != NULL && self->kind == ESP_PICKLE_FLOAT)
    {
      *out = self->real;
      return TRUE;
    }
  if (!esp_pickle_value_get_int (self, &integer))
    return FALSE;
  *out = (double) integer;
  return TRUE;
}

EspPickleMeaning
esp_pickle_value_get_meaning (const EspPickleValue *self)
{
  if (self == NULL || self->kind != ESP_PICKLE_GLOBAL)
    return ESP_MEANING_UNKNOWN;
  return self->name->meaning;
}

EspPickleMeaning
esp_pickle_value_get_callee_meaning (const EspPickleValue *self)
{
  if (self == NULL || (self->kind != ESP_PICKLE_OBJECT && self->kind != ESP_PICKLE_CALL))
    return ESP_MEANING_UNKNOWN;
  return esp_pickle_value_get_meaning (self->record->callee);
}

const EspPickleValue *
esp_pickle_value_find (const EspPickleValue *self, const char *key)
{
  if (self == NULL || self->kind != ESP_PICKLE_DICT)
    return NULL;
  for (guint i = self->items.n; i >= 2; i -= 2)
    if (esp_pickle_value_is_string (self->items.items[i - 2], key))
      return self->items.items[i - 1];
  return NULL;
}

guint
esp_pickle_value_get_n_items (const EspPickleValue *self)
{
  if (self == NULL || (self->kind != ESP_PICKLE_TUPLE && self->kind != ESP_PICKLE_LIST))
    return 0;
  return self->items.n;
}

const EspPickleValue *
esp_pickle_value_get_item (const EspPickleValue *self, guint index)
{
  return index < esp_pickle_value_get_n_items (self) ? self->items.items[index] : NULL;
}
