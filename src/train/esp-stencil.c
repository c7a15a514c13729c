/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows that slide over planes: settings, sizes of the output, and planes unrolled into columns
 * so that a convolution becomes a matrix product. Output size as in PyTorch:
 * (size + padding - dilation (kernel - 1) - 1) / stride + 1. */

#include "config.h"
#include "esp-stencil.h"

#include <string.h>
#include <glib/gi18n.h>

/* "same", "valid", or sizes */
static gboolean
read_padding (EspStencil *self, EspSpec *spec, guint flags, GError **error)
{
  static const char *const words[] = { "same", "valid", NULL };
  guint first = 2 - self->rank;
  if ((flags & ESP_STENCIL_SAME) == 0 || !esp_spec_is_text (spec, "padding", words))
    return esp_spec_read_sizes (spec, "padding", 0, ESP_STENCIL_MAX_PADDING, self->padding + first,
                                self->rank, error);
  g_autofree char *text = esp_spec_read_string (spec, "padding", NULL, error);
  if (text == NULL)
    return FALSE;
  self->same = strcmp (text, "same") == 0;
  if (!self->same && strcmp (text, "valid") != 0)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“padding” must be sizes, “same” or “valid”, but it is “%s”"), text);
      return FALSE;
    }
  if (!self->same || (self->stride[0] == 1 && self->stride[1] == 1))
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“padding” can be “same” only with a stride of 1"));
  return FALSE;
}

gboolean
esp_stencil_read (EspStencil *self, EspSpec *spec, guint rank, guint flags, GError **error)
{
  guint first = 2 - rank;
  *self = (EspStencil) { rank, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, FALSE, FALSE };
  if (!esp_spec_require (spec, "kernel_size", error))
    return FALSE;
  if (!esp_spec_read_sizes (spec, "kernel_size", 1, ESP_SHAPE_MAX_COUNT, self->kernel + first, rank,
                            error))
    return FALSE;
  if (flags & ESP_STENCIL_STRIDE_IS_KERNEL)
    memcpy (self->stride, self->kernel, sizeof self->stride);
  if (!esp_spec_read_sizes (spec, "stride", 1, ESP_SHAPE_MAX_COUNT, self->stride + first, rank,
                            error) ||
      !read_padding (self, spec, flags, error))
    return FALSE;
  if ((flags & ESP_STENCIL_DILATION) != 0 &&
      !esp_spec_read_sizes (spec, "dilation", 1, ESP_SHAPE_MAX_COUNT, self->dilation + first, rank,
                            error))
    return FALSE;
  return (flags & ESP_STENCIL_CEIL) == 0 ||
         esp_spec_read_bool (spec, "ceil_mode", &self->ceil, error);
}

/* places of the window along one axis; 0 when it doesn't fit */
static guint64
count_places (const EspStencil *self, guint axis, guint64 size, guint64 *before)
{
  guint64 reach = esp_layer_add (esp_layer_multiply (self->dilation[axis], self->kernel[axis] - 1),
                                 1);
  guint64 padding = 2 * self->padding[axis], stride = self->stride[axis];
  *before = self->padding[axis];
  if (self->same)
    {
      *before = (reach - 1) / 2;
      return size;
    }
  if (size + padding < reach)
    return 0;
  guint64 rest = size + padding - reach, places = rest / stride + 1;
  /* a window that hangs over must begin inside the input or the padding before it */
  if (self->ceil && rest % stride != 0 && places * stride < size + self->padding[axis])
    places++;
  return places;
}

void
esp_stencil_get_geometry (const EspStencil *self, const EspShape *in, EspStencilGeometry *geometry)
{
  guint64 before[2];
  geometry->channels = (gsize) in->sizes[0];
  geometry->height = self->rank == 2 ? (gsize) in->sizes[1] : 1;
  geometry->width = (gsize) in->sizes[self->rank];
  geometry->out_height = count_places (self, 0, geometry->height, &before[0]);
  geometry->out_width = count_places (self, 1, geometry->width, &before[1]);
  for (guint i = 0; i < 2; i++)
    {
      geometry->kernel[i] = self->kernel[i];
      geometry->stride[i] = self->stride[i];
      geometry->dilation[i] = self->dilation[i];
      geometry->before[i] = before[i];
    }
}

gboolean
esp_stencil_infer (const EspStencil *self,
                   const EspLayer *layer,
                   const EspShape *in,
                   guint64 channels,
                   EspStencilGeometry *geometry,
                   const char *path,
                   GError **error)
{
  gboolean good = in->ndim == self->rank + 1 &&
                  (channels == 0 || (guint64) in->sizes[0] == channels);
  if (good)
    esp_stencil_get_geometry (self, in, geometry);
  if (good && geometry->out_height > 0 && geometry->out_width > 0)
    return TRUE;
  g_autoptr (GString) wanted = g_string_new ("[");
  if (channels > 0)
    g_string_append_printf (wanted, "%" G_GUINT64_FORMAT, channels);
  else
    g_string_append (wanted, "C");
  for (guint i = 2 - self->rank; i < 2; i++)
    {
      guint64 reach = esp_layer_multiply (self->dilation[i], self->kernel[i] - 1);
      guint64 padding = self->same ? reach : 2 * self->padding[i];
      g_string_append_printf (wanted, ", ≥ %" G_GUINT64_FORMAT,
                              reach > padding ? reach - padding + 1 : 1);
    }
  g_string_append_c (wanted, ']');
  esp_layer_set_shape_error (layer, path, wanted->str, in, error);
  return FALSE;
}

void
esp_stencil_get_shape (const EspStencil *self,
                       gsize channels,
                       gsize height,
                       gsize width,
                       EspShape *shape)
{
  *shape = (EspShape) { .ndim = self->rank + 1, .sizes = { (gint64) channels } };
  if (self->rank == 2)
    shape->sizes[1] = (gint64) height;
  shape->sizes[self->rank] = (gint64) width;
}

/* the places [*first, *end) along an axis at which cell @cell of the window is inside the input */
static void
find_inside (const EspStencilGeometry *geometry, guint axis, gsize cell, gsize *first, gsize *end)
{
  gsize size = axis == 0 ? geometry->height : geometry->width;
  gsize places = axis == 0 ? geometry->out_height : geometry->out_width;
  gsize stride = geometry->stride[axis], before = geometry->before[axis];
  gsize shift = cell * geometry->dilation[axis];
  *first = shift < before ? (before - shift + stride - 1) / stride : 0;
  *end = size + before > shift ? (size + before - shift - 1) / stride + 1 : 0;
  *end = MIN (*end, places);
  *first = MIN (*first, *end);
}

void
esp_stencil_unroll (const EspStencilGeometry *geometry,
                    const EspReal *planes,
                    EspReal *columns,
                    gsize channels,
                    gsize pitch)
{
  const EspStencilGeometry *g = geometry;
  memset (columns, 0, channels * g->kernel[0] * g->kernel[1] * pitch * sizeof *columns);
  for (gsize c = 0; c < channels; c++)
    for (gsize i = 0; i < g->kernel[0]; i++)
      for (gsize j = 0; j < g->kernel[1]; j++, columns += pitch)
        {
          gsize y0, y1, x0, x1;
          find_inside (g, 0, i, &y0, &y1);
          find_inside (g, 1, j, &x0, &x1);
          for (gsize y = y0; y < y1; y++)
            {
              const EspReal *row =
                  planes +
                  (c * g->height + y * g->stride[0] + i * g->dilation[0] - g->before[0]) * g->width;
              EspReal *to = columns + y * g->out_width;
              for (gsize x = x0; x < x1; x++)
                to[x] = row[x * g->stride[1] + j * g->dilation[1] - g->before[1]];
            }
        }
}

void
esp_stencil_roll (const EspStencilGeometry *geometry,
                  const EspReal *columns,
                  EspReal *planes,
                  gsize channels,
                  gsize pitch)
{
  const EspStencilGeometry *g = geometry;
  for (gsize c = 0; c < channels; c++)
    for (gsize i = 0; i < g->kernel[0]; i++)
      for (gsize j = 0; j < g->kernel[1]; j++, columns += pitch)
        {
          gsize y0, y1, x0, x1;
          find_inside (g, 0, i, &y0, &y1);
          find_inside (g, 1, j, &x0, &x1);
          for (gsize y = y0; y < y1; y++)
            {
              EspReal *row =
                  planes +
                  (c * g->height + y * g->stride[0] + i * g->dilation[0] - g->before[0]) * g->width;
              const EspReal *from = columns + y * g->out_width;
              for (gsize x = x0; x < x1; x++)
                row[x * g->stride[1] + j * g->dilation[1] - g->before[1]] += from[x];
            }
        }
}
