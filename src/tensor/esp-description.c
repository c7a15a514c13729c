/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Descriptions of tensors, each distinct one once: a table by content, under a lock, from which a
 * description goes with its last reference. Looked up once per tensor of a listing.
 */

#include "config.h"

#include "esp-description.h"

#include <string.h>

#include "esp-hash.h"

static GMutex lock;
static GHashTable *table; /* EspDescription as its own key */

static guint
hash_description (gconstpointer key)
{
  return ((const EspDescription *) key)->hash;
}

static gboolean
descriptions_are_equal (gconstpointer a, gconstpointer b)
{
  const EspDescription *x = a, *y = b;
  gsize n = x->ndim * sizeof *x->shape;

  return x->hash == y->hash && x->dtype == y->dtype && x->flags == y->flags && x->ndim == y->ndim &&
         x->block == y->block && strcmp (x->native_dtype, y->native_dtype) == 0 &&
         (n == 0 ||
          (memcmp (x->shape, y->shape, n) == 0 && memcmp (x->strides, y->strides, n) == 0));
}

static EspDescription *
copy_description (const EspDescription *wanted)
{
  gsize n = wanted->ndim * sizeof *wanted->shape;
  EspDescription *self = g_malloc (sizeof *self + 2 * n);
  gint64 *sizes = (gint64 *) (self + 1);

  *self = *wanted;
  self->refs = 0;
  self->native_dtype = g_ref_string_new_intern (wanted->native_dtype);
  self->shape = sizes;
  self->strides = sizes + wanted->ndim;
  if (n > 0)
    {
      memcpy (sizes, wanted->shape, n);
      memcpy (sizes + wanted->ndim, wanted->strides, n);
    }
  return self;
}

const EspDescription *
esp_description_intern (const EspDescription *wanted)
{
  EspDescription key = *wanted, *self;
  guint64 sizes[2] = { 0 };

  if (wanted->ndim > 0)
    {
      sizes[0] = esp_hash_bytes (wanted->shape, wanted->ndim * sizeof *wanted->shape);
      sizes[1] = esp_hash_bytes (wanted->strides, wanted->ndim * sizeof *wanted->strides);
    }
  key.hash = (guint) (sizes[0] + 31 * sizes[1]) ^ (wanted->dtype << 8 | wanted->flags);

  g_mutex_lock (&lock);
  if (table == NULL)
    table = g_hash_table_new (hash_description, descriptions_are_equal);
  self = g_hash_table_lookup (table, &key);
  if (self == NULL)
    {
      self = copy_description (&key);
      g_hash_table_add (table, self);
    }
  self->refs++;
  g_mutex_unlock (&lock);
  return self;
}

void
esp_description_unref (const EspDescription *self)
{
  EspDescription *last = NULL;

  g_mutex_lock (&lock);
  if (--((EspDescription *) self)->refs == 0)
    {
      last = (EspDescription *) self;
      g_hash_table_remove (table, last);
      /* so that nothing is left at the end of a program that let go of all */
      if (g_hash_table_size (table) == 0)
        g_clear_pointer (&table, g_hash_table_unref);
    }
  g_mutex_unlock (&lock);
  if (last != NULL)
    {
      g_ref_string_release ((char *) last->native_dtype);
      g_free (last);
    }
}
