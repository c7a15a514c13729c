/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keys that repeat within one object. The entries of a safetensors header have 3 keys each, the
 * header itself 20,000 and more. Hashes are keyed, so a hostile header can't make this slow. */

#include "config.h"

#include "esp-json-private.h"

#include "esp-hash.h"
#include "esp-limits.h"

#include <string.h>

/* up to here all pairs of keys are compared */
#define SMALL_OBJECT 16

typedef struct
{
  guint first_key; /* in keys, while the object is small */
  EspJsonSpan
      *slots;      /* afterwards: open addressing, a free slot starts at 0 as no key can; or NULL */
  guint32 n_slots; /* a power of two */
  guint32 n_used;
} Object;

struct _EspJsonKeys
{
  const char *text; /* borrowed */
  GArray *keys;     /* EspJsonSpan, of the open objects that are small */
  Object objects[ESP_LIMIT_JSON_DEPTH];
  guint depth;
  GString *decoded[2];
};

EspJsonKeys *
_esp_json_keys_new (const char *text)
{
  EspJsonKeys *self = g_new0 (EspJsonKeys, 1);

  self->text = text;
  self->keys = g_array_new (FALSE, FALSE, sizeof (EspJsonSpan));
  self->decoded[0] = g_string_new (NULL);
  self->decoded[1] = g_string_new (NULL);
  return self;
}

void
_esp_json_keys_free (EspJsonKeys *self)
{
  while (self->depth > 0)
    _esp_json_keys_end_object (self);
  g_array_unref (self->keys);
  g_string_free (self->decoded[0], TRUE);
  g_string_free (self->decoded[1], TRUE);
  g_free (self);
}

void
_esp_json_keys_begin_object (EspJsonKeys *self)
{
  g_assert (self->depth < G_N_ELEMENTS (self->objects));

  self->objects[self->depth++] = (Object) { .first_key = self->keys->len };
}

void
_esp_json_keys_end_object (EspJsonKeys *self)
{
  Object *object = &self->objects[--self->depth];

  g_array_set_size (self->keys, object->first_key);
  g_clear_pointer (&object->slots, g_free);
}

static gboolean
spans_are_equal (EspJsonKeys *self, EspJsonSpan a, EspJsonSpan b)
{
  if (!a.escaped && !b.escaped)
    return a.length == b.length &&
           memcmp (self->text + a.start, self->text + b.start, a.length) == 0;
  _esp_json_decode (self->text, a, self->decoded[0]);
  _esp_json_decode (self->text, b, self->decoded[1]);
  return g_string_equal (self->decoded[0], self->decoded[1]);
}

static guint32
hash_span (EspJsonKeys *self, EspJsonSpan span)
{
  if (!span.escaped)
    return (guint32) esp_hash_bytes (self->text + span.start, span.length);
  _esp_json_decode (self->text, span, self->decoded[0]);
  return (guint32) esp_hash_bytes (self->decoded[0]->str, self->decoded[0]->len);
}

/* FALSE if an equal key is there */
static gboolean
object_insert (EspJsonKeys *self, Object *object, EspJsonSpan key)
{
  guint32 mask = object->n_slots - 1;
  guint32 i = hash_span (self, key) & mask;

  for (; object->slots[i].start != 0; i = (i + 1) & mask)
    if (spans_are_equal (self, object->slots[i], key))
      return FALSE;
  object->slots[i] = key;
  object->n_used++;
  return TRUE;
}

/* twice the room, or a first table for the keys of what was small */
static void
object_grow (EspJsonKeys *self, Object *object)
{
  g_autofree EspJsonSpan *old = object->slots;
  guint32 n_old = object->n_slots;

  object->n_slots = n_old == 0 ? 4 * SMALL_OBJECT : 2 * n_old;
  object->slots = g_new0 (EspJsonSpan, object->n_slots);
  object->n_used = 0;
  for (guint32 i = 0; i < n_old; i++)
    if (old[i].start != 0)
      object_insert (self, object, old[i]);
  if (old == NULL)
    {
      for (guint i = object->first_key; i < self->keys->len; i++)
        object_insert (self, object, g_array_index (self->keys, EspJsonSpan, i));
      g_array_set_size (self->keys, object->first_key);
    }
}

gboolean
_esp_json_keys_add (EspJsonKeys *self, EspJsonSpan key)
{
  Object *object = &self->objects[self->depth - 1];

  if (object->slots == NULL)
    {
      for (guint i = object->first_key; i < self->keys->len; i++)
        if (spans_are_equal (self, g_array_index (self->keys, EspJsonSpan, i), key))
          return FALSE;
      if (self->keys->len - object->first_key < SMALL_OBJECT)
        {
          g_array_append_val (self->keys, key);
          return TRUE;
        }
      object_grow (self, object);
    }
  else if ((guint64) object->n_used * 5 >= (guint64) object->n_slots * 4)
    object_grow (self, object);
  return object_insert (self, object, key);
}
