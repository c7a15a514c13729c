/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of a tree's places. Large models repeat a few hundred ("weight", "0", "q_proj"), flat lists
 * have one for every tensor; both take the bytes of each text once and 4 to 8 bytes a text to find
 * it while the tree is built. Hot: esp_names_intern(). */

#include "config.h"

#include "esp-names.h"

#include <string.h>

#include "esp-hash.h"

#define FIRST_SLOTS 64
#define FIRST_BYTES 1024

struct _EspNames
{
  char *text; /* name, NUL, name, NUL, ... */
  gsize length;
  gsize size;
  guint32 *slots; /* open addressing; 0 is free, as the empty name is never looked for */
  guint n_slots;
  guint n_used;
};

EspNames *
esp_names_new (void)
{
  EspNames *self = g_new0 (EspNames, 1);

  self->size = FIRST_BYTES;
  self->text = g_malloc (self->size);
  self->text[0] = '\0';
  self->length = 1;
  self->n_slots = FIRST_SLOTS;
  self->slots = g_new0 (guint32, self->n_slots);
  return self;
}

void
esp_names_free (EspNames *self)
{
  g_free (self->text);
  g_free (self->slots);
  g_free (self);
}

const char *
esp_names_get (const EspNames *self, guint32 name)
{
  return self->text + name;
}

static guint
find_slot (const EspNames *self, const char *text, gsize length)
{
  guint i = esp_hash_bytes (text, length) & (self->n_slots - 1);

  for (; self->slots[i] != 0; i = (i + 1) & (self->n_slots - 1))
    {
      const char *known = self->text + self->slots[i];

      if (strncmp (known, text, length) == 0 && known[length] == '\0')
        break;
    }
  return i;
}

static void
grow_slots (EspNames *self)
{
  g_autofree guint32 *old = g_steal_pointer (&self->slots);
  guint n_old = self->n_slots;

  self->n_slots *= 2;
  self->slots = g_new0 (guint32, self->n_slots);
  for (guint i = 0; i < n_old; i++)
    if (old[i] != 0)
      {
        const char *name = self->text + old[i];

        self->slots[find_slot (self, name, strlen (name))] = old[i];
      }
}

gboolean
esp_names_intern (EspNames *self, const char *text, gsize length, guint32 *out)
{
  guint slot;

  *out = 0;
  if (length == 0)
    return TRUE;
  slot = find_slot (self, text, length);
  *out = self->slots[slot];
  if (*out != 0)
    return TRUE;
  if (length >= G_MAXUINT32 - self->length)
    return FALSE;
  while (self->length + length + 1 > self->size)
    {
      self->size *= 2;
      self->text = g_realloc (self->text, self->size);
    }
  *out = self->slots[slot] = self->length;
  memcpy (self->text + self->length, text, length);
  self->text[self->length + length] = '\0';
  self->length += length + 1;
  if (++self->n_used * 2 > self->n_slots)
    grow_slots (self);
  return TRUE;
}

void
esp_names_seal (EspNames *self)
{
  g_clear_pointer (&self->slots, g_free);
}
