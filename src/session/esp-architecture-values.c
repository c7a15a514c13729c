/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The numbers of a checkpoint's tensor in the order in which a parameter of the network has them.
 */

#include "config.h"

#include "esp-architecture-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

#define MOST_CARRIED (G_GUINT64_CONSTANT (1) << 24) /* numbers; a network has no more */

/* where number @index of the new order lies in the old one */
static guint64
find_source (const EspArchitectureCarry *carry,
             const gint64 *sizes,
             const guint64 *strides,
             guint64 index)
{
  guint64 offset = 0;

  for (guint i = carry->n_axes; i-- > 0;)
    {
      guint64 size = (guint64) sizes[carry->axes[i]], at = index % size;

      if (i == 0 && carry->n_blocks > 0)
        {
          guint64 block = size / carry->n_blocks;

          at = carry->blocks[at / block] * block + at % block;
        }
      offset += at * strides[carry->axes[i]];
      index /= size;
    }
  return offset;
}

/* the numbers of a parameter of @count out of the checkpoint; NULL with an error */
static float *
read_carried (const EspArchitectureCarry *carry,
              guint64 count,
              GCancellable *cancellable,
              GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (carry->tensor);
  guint ndim = esp_tensor_get_ndim (carry->tensor), skip = carry->row >= 0 ? 1 : 0;
  guint64 all = esp_tensor_get_count (carry->tensor), strides[ESP_SHAPE_MAX_DIMS], stride = 1;
  guint64 first = carry->row >= 0 && ndim > 0 && shape[0] > 0
                      ? all / (guint64) shape[0] * (guint64) carry->row
                      : 0;
  g_autofree float *values = NULL, *out = NULL;
  gboolean good = ndim <= ESP_SHAPE_MAX_DIMS && all <= MOST_CARRIED && ndim >= skip &&
                  carry->n_axes + skip == ndim && (skip == 0 || carry->row < shape[0]);

  for (guint i = ndim; good && i-- > skip; stride *= (guint64) shape[i])
    strides[i - skip] = stride;
  good = good && stride == count &&
         (carry->n_blocks == 0 || shape[skip + carry->axes[0]] % carry->n_blocks == 0);
  if (!good)
    {
      EspShape is = { .ndim = MIN (ndim, ESP_SHAPE_MAX_DIMS) };
      g_autofree char *found = NULL;

      memcpy (is.sizes, shape, is.ndim * sizeof *shape);
      found = esp_shape_to_string (&is);

      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   /* Translators: path of a parameter, a shape, a number */
                   _ ("%s: the file has shape %s, but %llu numbers are wanted"), carry->target,
                   found, (unsigned long long) count);
      return NULL;
    }
  values = g_new (float, MAX (count, 1));
  out = g_new (float, MAX (count, 1));
  if (!esp_tensor_read_f32 (carry->tensor, first, count, values, cancellable, error))
    {
      g_prefix_error (error, "%s: ", carry->target);
      return NULL;
    }
  for (guint64 i = 0; i < count; i++)
    out[i] = values[find_source (carry, shape + skip, strides, i)];
  return g_steal_pointer (&out);
}

gboolean
esp_architecture_carry_over (EspNetwork *network,
                             const EspArchitectureCarry *carry,
                             GCancellable *cancellable,
                             GError **error)
{
  EspPlace *place = esp_tree_find (esp_network_get_tree (network), carry->target, NULL);
  EspParameter *parameter = place != NULL ? esp_place_get_parameter (place) : NULL;
  g_autofree float *values = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  EspTensor *own;
  guint64 count;
  int index;

  /* the layer doesn't have it: a bias in the file of one that says it has none */
  if (parameter == NULL)
    return TRUE;
  own = esp_parameter_get_data (parameter);
  count = esp_tensor_get_count (own);
  if (carry->tensor != NULL)
    values = read_carried (carry, count, cancellable, error);
  else
    {
      values = g_new (float, MAX (count, 1));
      for (guint64 i = 0; i < count; i++)
        values[i] = carry->value;
    }
  if (values == NULL)
    return FALSE;
  tensor = esp_tensor_new_for_floats (values, esp_tensor_get_shape (own),
                                      esp_tensor_get_ndim (own));
  index = esp_network_find_parameter (network, parameter);
  return index >= 0 && esp_network_set_initial (network, (guint) index, tensor, error);
}
