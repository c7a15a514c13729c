/* SPDX-License-Identifier: GPL-3.0-or-later */

/* FlatBuffers (google/flatbuffers, "Internals"). In: a file of KB to some GB, of which the tables
 * are looked at. All numbers are little endian:
 *
 *   file     u32 offset of the root table
 *   table    i32 back to its vtable, then fields
 *   vtable   u16 its own bytes, u16 the table's, then per slot u16 offset in the table, 0: absent
 *   vector   u32 number of elements, then these; a text is a vector of bytes
 *
 * A field that is a table or a vector holds its distance from the field. */

#include "config.h"

#include "esp-flat.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define PAGE_BYTES 4096
#define PAGES 64

typedef struct
{
  guint64 number; /* of the page, from 1 on; 0: empty */
  guint8 bytes[PAGE_BYTES];
} Page;

struct _EspFlat
{
  EspSource *source;
  const char *what;
  GCancellable *cancellable;
  guint64 size;
  guint64 text_left; /* bytes */
  GError *failure;
  Page pages[PAGES];
};

EspFlat *
esp_flat_new (EspSource *source, const char *what, GCancellable *cancellable)
{
  EspFlat *self;

  g_return_val_if_fail (source != NULL && what != NULL, NULL);

  self = g_new0 (EspFlat, 1);
  self->source = esp_source_ref (source);
  self->what = what;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->size = self->text_left = esp_source_get_size (source);
  return self;
}

void
esp_flat_free (EspFlat *self)
{
  if (self == NULL)
    return;
  esp_source_unref (self->source);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->failure);
  g_free (self);
}

gboolean
esp_flat_check (const EspFlat *self, GError **error)
{
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->failure));
  return FALSE;
}

static void
fail (EspFlat *self, guint64 offset)
{
  if (self->failure == NULL)
    g_set_error (
        &self->failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
        _ ("%s: what stands at offset %" PRIu64 " reaches beyond the end of the file at %" PRIu64),
        self->what, offset, self->size);
}

/* {{{ bytes */

static const Page *
load_page (EspFlat *self, guint64 number)
{
  Page *page = &self->pages[number % PAGES];
  guint64 offset = number * PAGE_BYTES;

  if (page->number == number + 1)
    return page;
  page->number = 0;
  if (!esp_source_read (self->source, offset, (gsize) MIN (PAGE_BYTES, self->size - offset),
                        page->bytes, self->cancellable, &self->failure))
    return NULL;
  page->number = number + 1;
  return page;
}

static gboolean
copy_bytes (EspFlat *self, guint64 offset, gsize length, guint8 *out)
{
  if (self->failure != NULL)
    return FALSE;
  if (!esp_range_fits (offset, length, self->size))
    {
      fail (self, offset);
      return FALSE;
    }
  while (length > 0)
    {
      const Page *page = load_page (self, offset / PAGE_BYTES);
      gsize n = (gsize) MIN (length, PAGE_BYTES - offset % PAGE_BYTES);

      if (page == NULL)
        return FALSE;
      memcpy (out, page->bytes + offset % PAGE_BYTES, n);
      out += n;
      offset += n;
      length -= n;
    }
  return TRUE;
}

static guint64
read_uint (EspFlat *self, guint64 offset, guint bytes)
{
  guint8 raw[8];
  guint64 value = 0;

  if (!copy_bytes (self, offset, bytes, raw))
    return 0;
  for (guint i = 0; i < bytes; i++)
    value |= (guint64) raw[i] << (8 * i);
  return value;
}

/* }}} */

/* the table that the field at @field is the distance to */
static EspFlatTable
follow_table (EspFlat *self, guint64 field)
{
  EspFlatTable table = { 0 };
  guint64 position = field + read_uint (self, field, 4);
  gint64 vtable = (gint64) position - (gint32) (guint32) read_uint (self, position, 4);
  guint n;

  if (self->failure != NULL)
    return table;
  if (vtable < 0 || !esp_range_fits ((guint64) vtable, 4, self->size))
    {
      fail (self, position);
      return table;
    }
  n = (guint) read_uint (self, (guint64) vtable, 2);
  table.size = (guint) read_uint (self, (guint64) vtable + 2, 2);
  if (n < 4 || !esp_range_fits ((guint64) vtable, n, self->size) ||
      !esp_range_fits (position, table.size, self->size))
    {
      fail (self, position);
      return table;
    }
  table.slots = (guint64) vtable + 4;
  table.n_slots = (n - 4) / 2;
  table.position = position;
  return table;
}

/* where the field is, 0 if it is absent */
static guint64
find_field (EspFlat *self, const EspFlatTable *table, guint slot, guint bytes)
{
  guint at;

  if (table->position == 0 || slot >= table->n_slots || self->failure != NULL)
    return 0;
  at = (guint) read_uint (self, table->slots + 2 * slot, 2);
  if (at == 0)
    return 0;
  if (!esp_range_fits (at, bytes, table->size))
    {
      fail (self, table->position + at);
      return 0;
    }
  return table->position + at;
}

EspFlatTable
esp_flat_get_root (EspFlat *self)
{
  return follow_table (self, 0);
}

guint64
esp_flat_get_uint (EspFlat *self,
                   const EspFlatTable *table,
                   guint slot,
                   guint bytes,
                   guint64 otherwise)
{
  guint64 field = find_field (self, table, slot, bytes);

  return field != 0 ? read_uint (self, field, bytes) : otherwise;
}

EspFlatTable
esp_flat_get_table (EspFlat *self, const EspFlatTable *table, guint slot)
{
  guint64 field = find_field (self, table, slot, 4);

  return field != 0 ? follow_table (self, field) : (EspFlatTable) { 0 };
}

EspFlatVector
esp_flat_get_vector (EspFlat *self, const EspFlatTable *table, guint slot, guint element)
{
  EspFlatVector vector = { 0 };
  guint64 field = find_field (self, table, slot, 4);
  guint64 n;

  if (field == 0)
    return vector;
  field += read_uint (self, field, 4);
  n = read_uint (self, field, 4);
  if (self->failure != NULL)
    return vector;
  if (!esp_range_fits (field + 4, n * element, self->size))
    {
      fail (self, field);
      return vector;
    }
  vector.position = field + 4;
  vector.n = (guint32) n;
  return vector;
}

EspFlatTable
esp_flat_get_element (EspFlat *self, const EspFlatVector *vector, guint32 index)
{
  if (index >= vector->n || self->failure != NULL)
    return (EspFlatTable) { 0 };
  return follow_table (self, vector->position + (guint64) index * 4);
}

guint64
esp_flat_get_number (EspFlat *self, const EspFlatVector *vector, guint32 index, guint bytes)
{
  if (index >= vector->n)
    return 0;
  return read_uint (self, vector->position + (guint64) index * bytes, bytes);
}

char *
esp_flat_dup_text (EspFlat *self, const EspFlatTable *table, guint slot)
{
  EspFlatVector vector = esp_flat_get_vector (self, table, slot, 1);
  g_autofree char *bytes = NULL;

  if (vector.n > ESP_LIMIT_NAME_BYTES || vector.n > self->text_left)
    {
      if (self->failure == NULL)
        g_set_error (&self->failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                     _ ("%s: the text at offset %" PRIu64 " is longer than %d bytes, or all texts "
                        "together are longer than the file"),
                     self->what, vector.position, ESP_LIMIT_NAME_BYTES);
      return g_strdup ("");
    }
  self->text_left -= vector.n;
  bytes = g_malloc (vector.n + 1);
  if (!copy_bytes (self, vector.position, vector.n, (guint8 *) bytes))
    return g_strdup ("");
  return esp_path_from_text (bytes, vector.n);
}
