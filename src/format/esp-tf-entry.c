/* SPDX-License-Identifier: GPL-3.0-or-later */

/* BundleEntryProto, some 30 bytes a name and some dozen more per slice:
 *
 *   1 type, 2 shape, 3 data file, 4 offset, 5 size, 6 masked CRC-32C, 7 slices */

#include "config.h"

#include "esp-tf-entry.h"

#include "esp-limits.h"

void
esp_tf_entry_free (gpointer data)
{
  EspTfEntry *self = data;

  for (guint i = 0; i < self->n_slices; i++)
    esp_tf_slice_clear (&self->slices[i]);
  g_free (self->slices);
  g_free (self->shape);
  g_free (self->name);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
read_shape (EspTfEntry *self, EspWire *wire, const EspWireField *field, GError **error)
{
  gint64 shape[ESP_LIMIT_DIMS];

  if (!esp_tf_shape_read (shape, &self->ndim, wire, field, error))
    {
      self->ndim = 0;
      return FALSE;
    }
  g_free (self->shape);
  self->shape = g_memdup2 (shape, self->ndim * sizeof *shape);
  return TRUE;
}

typedef struct
{
  EspTfEntry *entry;
  GArray *slices; /* EspTfSlice */
} Reading;

static gboolean
read_slice (GArray *slices, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfSlice slice = { 0 };

  if (!esp_tf_slice_read (&slice, wire, field, error))
    return FALSE;
  g_array_append_val (slices, slice);
  return TRUE;
}

static gboolean
read_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Reading *reading = data;
  EspTfEntry *self = reading->entry;

  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    return read_shape (self, wire, field, error);
  if (field->kind == ESP_WIRE_BYTES && field->number == 7)
    return read_slice (reading->slices, wire, field, error);
  if (field->kind == ESP_WIRE_FIXED32 && field->number == 6)
    {
      self->crc = (guint32) field->value;
      self->has_crc = TRUE;
    }
  if (field->kind != ESP_WIRE_VARINT)
    return TRUE;
  if (field->number == 1)
    self->type = esp_wire_to_i32 (field->value);
  else if (field->number == 3)
    self->shard = (guint32) field->value;
  else if (field->number == 4)
    self->offset = field->value;
  else if (field->number == 5)
    self->size = field->value;
  return TRUE;
}

gboolean
esp_tf_entry_read (EspTfEntry *self, EspWire *wire, GError **error)
{
  Reading reading = { self, g_array_new (FALSE, FALSE, sizeof (EspTfSlice)) };
  gboolean good = esp_wire_foreach (wire, NULL, read_field, &reading, error);

  self->n_slices = reading.slices->len;
  self->slices = (EspTfSlice *) (gpointer) g_array_free (reading.slices, self->n_slices == 0);
  return good;
}
