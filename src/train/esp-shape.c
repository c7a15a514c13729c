/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shapes inside the training core: of parameters and of single examples. At most 8 dimensions and
 * 2^26 numbers, so they are plain values and products can't overflow once checked. */

#include "config.h"
#include "esp-shape.h"

gboolean
esp_shape_is_valid (const EspShape *self)
{
  guint64 count = 1;
  if (self->ndim > ESP_SHAPE_MAX_DIMS)
    return FALSE;
  for (guint i = 0; i < self->ndim; i++)
    {
      if (self->sizes[i] < 1 || (guint64) self->sizes[i] > ESP_SHAPE_MAX_COUNT)
        return FALSE;
      count *= (guint64) self->sizes[i];
      if (count > ESP_SHAPE_MAX_COUNT)
        return FALSE;
    }
  return TRUE;
}

guint64
esp_shape_get_count (const EspShape *self)
{
  guint64 count = 1;
  for (guint i = 0; i < self->ndim; i++)
    count *= (guint64) self->sizes[i];
  return count;
}

gboolean
esp_shape_equal (const EspShape *a, const EspShape *b)
{
  if (a->ndim != b->ndim)
    return FALSE;
  for (guint i = 0; i < a->ndim; i++)
    if (a->sizes[i] != b->sizes[i])
      return FALSE;
  return TRUE;
}

int
esp_shape_find_dim (const EspShape *self, gint64 dim)
{
  gint64 found = dim < 0 ? dim + (gint64) self->ndim : dim - 1;
  return found >= 0 && found < (gint64) self->ndim ? (int) found : -1;
}

char *
esp_shape_to_string (const EspShape *self)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < self->ndim; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", self->sizes[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}
