/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The opcodes of lists, tuples, sets and dicts. What an object or a call has appended or set in it
 * is kept with its record. */

#include "config.h"

#include "esp-pickle-opcodes.h"

#include <glib/gi18n.h>

static const EspPickleValue *const *
as_const (EspPickleValue *const *items)
{
  return (const EspPickleValue *const *) items;
}

gboolean
esp_pickle_fail_kind (EspPickleMachine *self, const EspPickleValue *value, GError **error)
{
  return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                  _ ("it doesn’t work on a value of kind “%s”"),
                                  esp_pickle_kind_get_name (value->kind));
}

gboolean
esp_pickle_run_empty_list (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push_new (self, ESP_PICKLE_LIST, error) != NULL;
}

gboolean
esp_pickle_run_empty_tuple (EspPickleMachine *self, GError **error)
{
  if (self->empty_tuple == NULL)
    self->empty_tuple = esp_pickle_machine_new_value (self, ESP_PICKLE_TUPLE, error);
  return self->empty_tuple != NULL && esp_pickle_machine_push (self, self->empty_tuple, error);
}

gboolean
esp_pickle_run_empty_dict (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push_new (self, ESP_PICKLE_DICT, error) != NULL;
}

gboolean
esp_pickle_run_empty_set (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_push_new (self, ESP_PICKLE_SET, error) != NULL;
}

EspPickleValue *
esp_pickle_new_tuple (EspPickleMachine *self, EspPickleValue *const *items, guint n, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_new_value (self, ESP_PICKLE_TUPLE, error);

  if (value != NULL)
    esp_pickle_items_append (self->pickle, &value->items, as_const (items), n);
  return value;
}

static gboolean
push_filled (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  EspPickleValue *const *items;
  EspPickleValue *value;
  guint n;

  if (!esp_pickle_machine_pop_mark (self, &items, &n, error))
    return FALSE;
  if (kind == ESP_PICKLE_DICT && n % 2 != 0)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("a key has no value"));
  value = esp_pickle_machine_new_value (self, kind, error);
  if (value == NULL)
    return FALSE;
  esp_pickle_items_append (self->pickle, &value->items, as_const (items), n);
  return esp_pickle_machine_push (self, value, error);
}

gboolean
esp_pickle_run_list (EspPickleMachine *self, GError **error)
{
  return push_filled (self, ESP_PICKLE_LIST, error);
}

gboolean
esp_pickle_run_tuple (EspPickleMachine *self, GError **error)
{
  return push_filled (self, ESP_PICKLE_TUPLE, error);
}

gboolean
esp_pickle_run_dict (EspPickleMachine *self, GError **error)
{
  return push_filled (self, ESP_PICKLE_DICT, error);
}

gboolean
esp_pickle_run_frozenset (EspPickleMachine *self, GError **error)
{
  return push_filled (self, ESP_PICKLE_SET, error);
}

static gboolean
push_tuple (EspPickleMachine *self, guint n, GError **error)
{
  EspPickleValue *items[3];
  EspPickleValue *value;

  for (guint i = n; i > 0; i--)
    {
      items[i - 1] = esp_pickle_machine_pop (self, error);
      if (items[i - 1] == NULL)
        return FALSE;
    }
  value = esp_pickle_new_tuple (self, items, n, error);
  return value != NULL && esp_pickle_machine_push (self, value, error);
}

gboolean
esp_pickle_run_tuple1 (EspPickleMachine *self, GError **error)
{
  return push_tuple (self, 1, error);
}

gboolean
esp_pickle_run_tuple2 (EspPickleMachine *self, GError **error)
{
  return push_tuple (self, 2, error);
}

gboolean
esp_pickle_run_tuple3 (EspPickleMachine *self, GError **error)
{
  return push_tuple (self, 3, error);
}

/* where a value takes what is appended to it, or NULL */
static EspPickleItems *
get_items (EspPickleValue *value, EspPickleKind own)
{
  if (value->kind == own)
    return &value->items;
  if (value->kind == ESP_PICKLE_OBJECT || value->kind == ESP_PICKLE_CALL)
    return own == ESP_PICKLE_DICT ? &value->record->pairs : &value->record->items;
  return NULL;
}

static gboolean
add_one (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  EspPickleValue *items[2];
  EspPickleValue *target;
  EspPickleItems *list;
  guint n = kind == ESP_PICKLE_DICT ? 2 : 1;

  for (guint i = n; i > 0; i--)
    {
      items[i - 1] = esp_pickle_machine_pop (self, error);
      if (items[i - 1] == NULL)
        return FALSE;
    }
  target = esp_pickle_machine_peek (self, error);
  if (target == NULL)
    return FALSE;
  list = get_items (target, kind);
  if (list == NULL)
    return esp_pickle_fail_kind (self, target, error);
  esp_pickle_items_append (self->pickle, list, as_const (items), n);
  return TRUE;
}

static gboolean
add_marked (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  EspPickleValue *const *items;
  EspPickleValue *target;
  EspPickleItems *list;
  guint n;

  if (!esp_pickle_machine_pop_mark (self, &items, &n, error))
    return FALSE;
  target = esp_pickle_machine_peek (self, error);
  if (target == NULL)
    return FALSE;
  list = get_items (target, kind);
  if (list == NULL)
    return esp_pickle_fail_kind (self, target, error);
  if (kind == ESP_PICKLE_DICT && n % 2 != 0)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("a key has no value"));
  esp_pickle_items_append (self->pickle, list, as_const (items), n);
  return TRUE;
}

gboolean
esp_pickle_run_append (EspPickleMachine *self, GError **error)
{
  return add_one (self, ESP_PICKLE_LIST, error);
}

gboolean
esp_pickle_run_appends (EspPickleMachine *self, GError **error)
{
  return add_marked (self, ESP_PICKLE_LIST, error);
}

gboolean
esp_pickle_run_setitem (EspPickleMachine *self, GError **error)
{
  return add_one (self, ESP_PICKLE_DICT, error);
}

gboolean
esp_pickle_run_setitems (EspPickleMachine *self, GError **error)
{
  return add_marked (self, ESP_PICKLE_DICT, error);
}

gboolean
esp_pickle_run_additems (EspPickleMachine *self, GError **error)
{
  return add_marked (self, ESP_PICKLE_SET, error);
}
