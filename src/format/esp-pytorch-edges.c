/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What lies below a value of a pickle. A module is an object whose state has _parameters and
 * _modules:
 *
 *   {'training', '_parameters': {name: tensor or None}, '_buffers': {...},
 *    '_non_persistent_buffers_set', hooks, '_modules': {name: module or None}, attributes...}
 *
 * One of TorchScript is an object of a class out of the archive's code, and all its parts are plain
 * fields of its state. */

#include "config.h"

#include "esp-pytorch-edges.h"

#include "esp-hash.h"
#include "esp-pytorch-tensors.h"

#include <string.h>

/* fields of an object that are looked through; modules have about 30 and their attributes */
#define FIELDS_MAX 4096
/* and beside the entries of a state dict: _metadata */
#define ATTRIBUTES_MAX 64

static gboolean
is_module_state (const EspPickleValue *state)
{
  const EspPickleValue *modules;
  const EspPickleValue *parameters;

  if (state == NULL || state->kind != ESP_PICKLE_DICT || state->items.n > 2 * FIELDS_MAX)
    return FALSE;
  modules = esp_pickle_value_find (state, "_modules");
  parameters = esp_pickle_value_find (state, "_parameters");
  return modules != NULL && modules->kind == ESP_PICKLE_DICT && parameters != NULL &&
         parameters->kind == ESP_PICKLE_DICT;
}

static gboolean
is_script_module (const EspPickleValue *value)
{
  return value->kind == ESP_PICKLE_OBJECT && value->state != NULL &&
         value->state->kind == ESP_PICKLE_DICT &&
         esp_pickle_value_get_callee_meaning (value) == ESP_MEANING_SCRIPT_CLASS;
}

const EspPickleValue *
esp_pytorch_get_module (const EspPickleValue *value)
{
  const EspPickleValue *first;

  if (value->kind != ESP_PICKLE_OBJECT && value->kind != ESP_PICKLE_CALL)
    return NULL;
  if (is_module_state (value->state) || is_script_module (value))
    return value->state;
  /* modules that are made by a function get their fields as its first argument (torch.fx) */
  first = esp_pickle_value_get_item (value->record->args, 0);
  return value->kind == ESP_PICKLE_CALL && is_module_state (first) ? first : NULL;
}

const char *
esp_pytorch_get_class (const EspPickleValue *value)
{
  if (value->kind != ESP_PICKLE_OBJECT && value->kind != ESP_PICKLE_CALL)
    return NULL;
  if (value->record->callee->kind != ESP_PICKLE_GLOBAL)
    return NULL;
  /* where TorchScript puts its classes is of its own making */
  return is_script_module (value) ? value->record->callee->name->name
                                  : value->record->callee->name->full;
}

const EspPickleValue *
esp_pytorch_get_versions (const EspPickleValue *value)
{
  const EspPickleValue *state = value->state;
  const EspPickleValue *versions;

  if (value->kind != ESP_PICKLE_DICT || state == NULL || state->kind != ESP_PICKLE_DICT ||
      state->items.n > 2 * ATTRIBUTES_MAX)
    return NULL;
  versions = esp_pickle_value_find (state, "_metadata");
  return versions != NULL && versions->kind == ESP_PICKLE_DICT ? versions : NULL;
}

guint
esp_pytorch_count_versions (const EspPickleValue *value)
{
  const EspPickleValue *versions = esp_pytorch_get_versions (value);

  return versions != NULL ? versions->items.n / 2 : 0;
}

static void
add_list (EspPytorchEdges *self,
          const EspPickleItems *items,
          EspPytorchEdgeKind kind,
          gboolean is_pairs)
{
  if (items->n == 0)
    return;
  self->lists[self->n_lists].items = items;
  self->lists[self->n_lists].kind = kind;
  self->lists[self->n_lists].is_pairs = is_pairs;
  self->n_lists++;
}

static void
add_dict (EspPytorchEdges *self, const EspPickleValue *dict, EspPytorchEdgeKind kind)
{
  if (dict != NULL && dict->kind == ESP_PICKLE_DICT)
    add_list (self, &dict->items, kind, TRUE);
}

static void
add_record (EspPytorchEdges *self, const EspPickleValue *owner)
{
  const EspPickleRecord *record = owner->record;
  const EspPickleValue *state = owner->state;

  if (record->args->kind == ESP_PICKLE_TUPLE)
    add_list (self, &record->args->items, ESP_EDGE_ITEM, FALSE);
  add_list (self, &record->items, ESP_EDGE_ITEM, FALSE);
  add_list (self, &record->pairs, ESP_EDGE_ITEM, TRUE);
  /* an object with __slots__ has (dict or None, slots) */
  if (state != NULL && state->kind == ESP_PICKLE_TUPLE && state->items.n == 2 &&
      state->items.items[1]->kind == ESP_PICKLE_DICT)
    state = state->items.items[1];
  /* what an object of C++ (packed weights of quantised modules) or a __getstate__ gives */
  if (state != NULL && (state->kind == ESP_PICKLE_TUPLE || state->kind == ESP_PICKLE_LIST))
    {
      add_list (self, &state->items, ESP_EDGE_ITEM, FALSE);
      return;
    }
  add_dict (self, state, ESP_EDGE_ITEM);
}

void
esp_pytorch_edges_init (EspPytorchEdges *self, const EspPickleValue *owner)
{
  const EspPickleValue *module;

  memset (self, 0, sizeof *self);
  switch ((EspPickleKind) owner->kind)
    {
    case ESP_PICKLE_DICT:
      add_list (self, &owner->items, ESP_EDGE_ITEM, TRUE);
      break;
    case ESP_PICKLE_LIST:
    case ESP_PICKLE_TUPLE:
    case ESP_PICKLE_SET:
      add_list (self, &owner->items, ESP_EDGE_ITEM, FALSE);
      break;
    case ESP_PICKLE_OBJECT:
    case ESP_PICKLE_CALL:
      module = esp_pytorch_get_module (owner);
      if (module == NULL)
        {
          add_record (self, owner);
          break;
        }
      if (is_script_module (owner))
        {
          add_dict (self, module, ESP_EDGE_FIELD);
          break;
        }
      add_dict (self, esp_pickle_value_find (module, "_parameters"), ESP_EDGE_PARAMETER);
      add_dict (self, esp_pickle_value_find (module, "_buffers"), ESP_EDGE_BUFFER);
      add_dict (self, esp_pickle_value_find (module, "_modules"), ESP_EDGE_MODULE);
      break;
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
      break;
    }
}

void
esp_pytorch_edges_init_attributes (EspPytorchEdges *self, const EspPickleValue *module)
{
  memset (self, 0, sizeof *self);
  add_dict (self, esp_pytorch_get_module (module), ESP_EDGE_ATTRIBUTE);
}

static gboolean
is_member (const EspPickleValue *key)
{
  return esp_pickle_value_is_string (key, "_parameters") ||
         esp_pickle_value_is_string (key, "_buffers") ||
         esp_pickle_value_is_string (key, "_modules");
}

/* FALSE: it is an attribute */
static gboolean
classify_field (EspPytorchEdge *edge)
{
  if (!esp_pickle_value_is_container (edge->value))
    return FALSE;
  if (esp_pytorch_value_is_tensor (edge->value))
    return TRUE;
  edge->kind = ESP_EDGE_MODULE;
  return is_script_module (edge->value);
}

gboolean
esp_pytorch_edges_next (EspPytorchEdges *self, EspPytorchEdge *out)
{
  while (self->list < self->n_lists)
    {
      const EspPickleItems *items = self->lists[self->list].items;
      guint step = self->lists[self->list].is_pairs ? 2 : 1;

      if (self->at + step > items->n)
        {
          self->list++;
          self->at = 0;
          continue;
        }
      out->kind = self->lists[self->list].kind;
      out->position = self->at;
      out->key = step == 2 ? items->items[self->at] : NULL;
      out->value = items->items[self->at + step - 1];
      out->number = step == 1 ? self->number++ : 0;
      self->at += step;
      if (out->kind == ESP_EDGE_FIELD && !classify_field (out))
        continue;
      if (out->kind != ESP_EDGE_ATTRIBUTE || !is_member (out->key))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_same_key (const EspPickleValue *a, const EspPickleValue *b)
{
  if (a->kind != b->kind)
    return FALSE;
  if (a->kind == ESP_PICKLE_INT)
    return a->integer == b->integer;
  return a->text.length == b->text.length &&
         memcmp (a->text.bytes, b->text.bytes, a->text.length) == 0;
}

guint8 *
esp_pytorch_find_shadowed (const EspPickleValue *dict)
{
  const EspPickleItems *items = &dict->items;
  g_autofree guint32 *slots = NULL;
  guint8 *shadowed = NULL;
  guint n_slots = 4;

  if (dict->kind != ESP_PICKLE_DICT || items->n < 4)
    return NULL;
  while (n_slots < items->n)
    n_slots *= 2;
  slots = g_new0 (guint32, n_slots); /* 1 + position of a key; at most half are taken */
  for (guint i = items->n - items->n % 2; i >= 2; i -= 2)
    {
      const EspPickleValue *key = items->items[i - 2];
      guint64 hash;

      if (key->kind == ESP_PICKLE_STRING)
        hash = esp_hash_bytes (key->text.bytes, key->text.length);
      else if (key->kind == ESP_PICKLE_INT)
        hash = esp_hash_bytes (&key->integer, sizeof key->integer);
      else
        continue;
      for (hash &= n_slots - 1; slots[hash] != 0; hash = (hash + 1) & (n_slots - 1))
        if (is_same_key (items->items[slots[hash] - 1], key))
          break;
      if (slots[hash] == 0)
        slots[hash] = i - 1;
      else
        {
          if (shadowed == NULL)
            shadowed = g_new0 (guint8, items->n);
          shadowed[i - 2] = 1;
        }
    }
  return shadowed;
}
