/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that move numbers without computing: Permute, torch.permute, which puts dimensions into
 * another order (channels behind an image's rows and columns, as Keras has them, before them, as
 * convolutions take them); and ZeroPad2d, which adds a border of zeros or, where it is negative,
 * cuts one off. */

#include "config.h"
#include "esp-layer-permute.h"

#include <string.h>
#include <glib/gi18n.h>

#define MOST_BORDER 65536

typedef struct
{
  EspLayer base;
  guint n;
  gint64 dims[ESP_SHAPE_MAX_DIMS + 1]; /* dims[0] is the batch's own, 0 */
} EspPermute;

typedef struct
{
  EspLayer base;
  gint64 border[4]; /* left, right, top, bottom */
} EspZeroPad;

/* whole numbers of a list; FALSE when it is something else */
static gboolean
read_list (EspSpec *spec, const char *key, gint64 *values, guint most, guint *n, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, key, &inner);
  gboolean good = array != NULL && json_array_get_length (array) <= most;
  *n = good ? json_array_get_length (array) : 0;
  for (guint i = 0; good && i < *n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      good = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64;
      values[i] = good ? json_node_get_int (node) : 0;
    }
  if (inner != NULL)
    g_propagate_error (error, inner);
  else if (!good)
    esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                        _ ("“%s” must be a list of at most %u whole numbers"), key, most);
  if (good)
    esp_spec_read_node (spec, key);
  return good;
}

static gboolean
permute_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspPermute *self = (EspPermute *) layer;
  guint seen = 0;
  if (!read_list (spec, "dims", self->dims, G_N_ELEMENTS (self->dims), &self->n, error))
    return FALSE;
  gboolean good = self->n > 0 && self->dims[0] == 0;
  for (guint i = 0; good && i < self->n; i++)
    {
      good = self->dims[i] >= 0 && self->dims[i] < self->n && (seen & 1u << self->dims[i]) == 0;
      seen |= good ? 1u << self->dims[i] : 0;
    }
  if (!good)
    esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                        _ ("“dims” must have each dimension once, and the batch, 0, first"));
  return good;
}

static gboolean
permute_infer (EspLayer *layer,
               const EspShape *in,
               guint n_in,
               EspShape *out,
               const char *path,
               GError **error)
{
  EspPermute *self = (EspPermute *) layer;
  if (in->ndim + 1 != self->n)
    {
      g_autofree char *wanted =
          g_strdup_printf (ngettext ("%u dimension", "%u dimensions", self->n - 1), self->n - 1);
      esp_layer_set_shape_error (layer, path, wanted, in, error);
      return FALSE;
    }
  out->ndim = in->ndim;
  for (guint i = 0; i < in->ndim; i++)
    out->sizes[i] = in->sizes[self->dims[i + 1] - 1];
  return TRUE;
}

/* Walks the output in order and gives where in the input each run of its last dimension begins. */
typedef struct
{
  guint ndim;
  gint64 sizes[ESP_SHAPE_MAX_DIMS], strides[ESP_SHAPE_MAX_DIMS], at[ESP_SHAPE_MAX_DIMS];
  gsize offset;
} Walk;

static void
walk_init (Walk *walk, const EspLayerCall *call)
{
  const EspPermute *self = (const EspPermute *) call->layer;
  gint64 strides[ESP_SHAPE_MAX_DIMS], stride = 1;
  memset (walk, 0, sizeof *walk);
  walk->ndim = call->in->ndim;
  for (guint i = walk->ndim; i-- > 0; stride *= call->in->sizes[i])
    strides[i] = stride;
  for (guint i = 0; i < walk->ndim; i++)
    {
      walk->sizes[i] = call->out->sizes[i];
      walk->strides[i] = strides[self->dims[i + 1] - 1];
    }
}

/* to the next run */
static void
walk_on (Walk *walk)
{
  for (guint i = walk->ndim - 1; i-- > 0;)
    {
      walk->offset += (gsize) walk->strides[i];
      if (++walk->at[i] < walk->sizes[i])
        return;
      walk->offset -= (gsize) (walk->strides[i] * walk->sizes[i]);
      walk->at[i] = 0;
    }
}

static void
permute_forward (const EspLayerCall *call)
{
  Walk walk;
  walk_init (&walk, call);
  gsize run = (gsize) walk.sizes[walk.ndim - 1], stride = (gsize) walk.strides[walk.ndim - 1];
  for (gsize row = 0; row < call->N; row++)
    for (gsize i = 0; i < call->out_count; i += run, walk_on (&walk))
      {
        const EspReal *from = call->x + row * call->in_count + walk.offset;
        EspReal *to = call->y + row * call->out_count + i;
        for (gsize k = 0; k < run; k++)
          to[k] = from[k * stride];
      }
}

static void
permute_backward (const EspLayerCall *call)
{
  Walk walk;
  if (call->dx == NULL)
    return;
  walk_init (&walk, call);
  gsize run = (gsize) walk.sizes[walk.ndim - 1], stride = (gsize) walk.strides[walk.ndim - 1];
  for (gsize row = 0; row < call->N; row++)
    for (gsize i = 0; i < call->out_count; i += run, walk_on (&walk))
      {
        EspReal *to = call->dx + row * call->in_count + walk.offset;
        const EspReal *from = call->dy + row * call->out_count + i;
        for (gsize k = 0; k < run; k++)
          to[k * stride] += from[k];
      }
}

static gboolean
pad_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspZeroPad *self = (EspZeroPad *) layer;
  guint n = 4;
  if (esp_spec_is_list (spec, "padding"))
    {
      if (!read_list (spec, "padding", self->border, 4, &n, error))
        return FALSE;
    }
  else
    {
      if (!esp_spec_require (spec, "padding", error) ||
          !esp_spec_read_int (spec, "padding", -MOST_BORDER, MOST_BORDER, &self->border[0], error))
        return FALSE;
      self->border[1] = self->border[2] = self->border[3] = self->border[0];
    }
  for (guint i = 0; n == 4 && i < 4; i++)
    n = ABS (self->border[i]) <= MOST_BORDER ? n : 0;
  if (n != 4)
    esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                        _ ("“padding” must be a whole number, or four of them: left, right, top "
                           "and bottom"));
  return n == 4;
}

static gboolean
pad_infer (EspLayer *layer,
           const EspShape *in,
           guint n_in,
           EspShape *out,
           const char *path,
           GError **error)
{
  EspZeroPad *self = (EspZeroPad *) layer;
  *out = *in;
  if (in->ndim == 3)
    {
      out->sizes[1] += self->border[2] + self->border[3];
      out->sizes[2] += self->border[0] + self->border[1];
    }
  if (in->ndim == 3 && out->sizes[1] > 0 && out->sizes[2] > 0)
    return TRUE;
  esp_layer_set_shape_error (
      layer, path, _ ("channels, rows and columns, and more than what is cut off"), in, error);
  return FALSE;
}

/* What input and output have in common of one row of an image: @first of the output, and how many
 * numbers; *from is the first of the input. 0 where the row is border alone. */
static gsize
find_common (const EspLayerCall *call, gsize row, gsize *first, gsize *from)
{
  const gint64 *border = ((const EspZeroPad *) call->layer)->border;
  gint64 rows = call->in->sizes[1], columns = call->in->sizes[2], width = call->out->sizes[2];
  gint64 height = call->out->sizes[1];
  gint64 y = (gint64) row % height - border[2], plane = (gint64) row / height;
  gint64 begin = MAX (border[0], 0), end = MIN (border[0] + columns, width);
  if (y < 0 || y >= rows || end <= begin)
    return 0;
  *first = (gsize) begin;
  *from = (gsize) ((plane * rows + y) * columns + begin - border[0]);
  return (gsize) (end - begin);
}

static void
pad_forward (const EspLayerCall *call)
{
  gsize width = (gsize) call->out->sizes[2], n = call->N * call->out_count / width;
  memset (call->y, 0, call->N * call->out_count * sizeof (EspReal));
  for (gsize row = 0; row < n; row++)
    {
      gsize first, from, count = find_common (call, row, &first, &from);
      if (count > 0)
        memcpy (call->y + row * width + first, call->x + from, count * sizeof (EspReal));
    }
}

static void
pad_backward (const EspLayerCall *call)
{
  gsize width = (gsize) call->out->sizes[2], n = call->N * call->out_count / width;
  for (gsize row = 0; call->dx != NULL && row < n; row++)
    {
      gsize first, from, count = find_common (call, row, &first, &from);
      if (count > 0)
        call->kernels->add (call->dy + row * width + first, call->dx + from, count);
    }
}

const EspLayerClass esp_layer_permute = {
  .name = "Permute",
  .size = sizeof (EspPermute),
  .read = permute_read,
  .infer = permute_infer,
  .forward = permute_forward,
  .backward = permute_backward,
};

const EspLayerClass esp_layer_zero_pad2d = {
  .name = "ZeroPad2d",
  .size = sizeof (EspZeroPad),
  .read = pad_read,
  .infer = pad_infer,
  .forward = pad_forward,
  .backward = pad_backward,
};
