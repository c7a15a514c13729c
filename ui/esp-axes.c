/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of the layouts that PyTorch and Keras give their layers' tensors. */

#include "config.h"

#include "esp-axes.h"

#include <string.h>

#define MAX_AXES 5

typedef struct
{
  const char *class_name; /* the last part */
  const char *tensor;
  const char *axes[MAX_AXES + 1]; /* NULL-terminated; their number has to be the tensor's */
} EspAxesRow;

static const EspAxesRow rows[] = {
  { "Linear", "weight", { "out", "in" } },
  { "Linear", "bias", { "out" } },
  { "Bilinear", "weight", { "out", "in1", "in2" } },
  { "Bilinear", "bias", { "out" } },
  { "Embedding", "weight", { "entry", "dim" } },
  { "EmbeddingBag", "weight", { "entry", "dim" } },
  { "Conv1d", "weight", { "out", "in", "k" } },
  { "Conv1d", "bias", { "out" } },
  { "Conv2d", "weight", { "out", "in", "kH", "kW" } },
  { "Conv2d", "bias", { "out" } },
  { "Conv3d", "weight", { "out", "in", "kD", "kH", "kW" } },
  { "Conv3d", "bias", { "out" } },
  { "MultiheadAttention", "in_proj_weight", { "out", "in" } },
  { "MultiheadAttention", "in_proj_bias", { "out" } },
  { "MultiheadAttention", "q_proj_weight", { "out", "in" } },
  { "MultiheadAttention", "k_proj_weight", { "out", "in" } },
  { "MultiheadAttention", "v_proj_weight", { "out", "in" } },
  { "NonDynamicallyQuantizableLinear", "weight", { "out", "in" } },
  { "NonDynamicallyQuantizableLinear", "bias", { "out" } },
  { "ConvTranspose1d", "weight", { "in", "out", "k" } },
  { "ConvTranspose2d", "weight", { "in", "out", "kH", "kW" } },
  { "ConvTranspose3d", "weight", { "in", "out", "kD", "kH", "kW" } },
  { "Dense", "kernel", { "in", "out" } },
  { "Dense", "bias", { "out" } },
  { "Conv1D", "kernel", { "k", "in", "out" } },
  { "Conv2D", "kernel", { "kH", "kW", "in", "out" } },
  { "Conv3D", "kernel", { "kD", "kH", "kW", "in", "out" } },
  { "Conv1DTranspose", "kernel", { "k", "out", "in" } },
  { "Conv2DTranspose", "kernel", { "kH", "kW", "out", "in" } },
  { "Conv3DTranspose", "kernel", { "kD", "kH", "kW", "out", "in" } },
  { "DepthwiseConv1D", "kernel", { "k", "in", "multiplier" } },
  { "DepthwiseConv2D", "kernel", { "kH", "kW", "in", "multiplier" } },
  { "Embedding", "embeddings", { "entry", "dim" } },
  /* GPT-2's, which is a Dense */
  { "Conv1D", "weight", { "in", "out" } },
  { "Conv1D", "bias", { "out" } },
};

/* The projections of Keras' attention: (in, heads, head size), and back. Einsum layers inside,
 * which say nothing of their axes by themselves. */
static const EspAxesRow projections[] = {
  { "in", "kernel", { "in", "heads", "head size" } },
  { "in", "bias", { "heads", "head size" } },
  { "out", "kernel", { "heads", "head size", "out" } },
  { "out", "bias", { "out" } },
};

/* @module may be NULL */
static const char *
get_class (EspPlace *module)
{
  EspModule *is = module ? esp_place_get_module (module) : NULL;
  const char *name = is ? esp_module_get_brief_class (is) : "";

  return !is || *name ? name : esp_module_get_guess (is);
}

static const char *const *
find_row (const EspAxesRow *table, guint n, const char *class_name, const char *tensor, guint ndim)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (table[i].class_name, class_name) && g_str_equal (table[i].tensor, tensor) &&
        g_strv_length ((char **) table[i].axes) == ndim)
      return table[i].axes;
  return NULL;
}

const char *const *
esp_axes_get (EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspPlace *layer = esp_place_get_parent (place);
  const char *class_name, *outer, *name = esp_place_get_name (place);
  guint ndim;

  if (!parameter || !layer)
    return NULL;
  ndim = esp_tensor_get_ndim (esp_parameter_get_data (parameter));
  class_name = get_class (layer);
  outer = get_class (esp_place_get_parent (layer));
  if (g_str_equal (class_name, "EinsumDense") &&
      (g_str_equal (outer, "MultiHeadAttention") || g_str_equal (outer, "GroupedQueryAttention")))
    return find_row (projections, G_N_ELEMENTS (projections),
                     strstr (esp_place_get_name (layer), "output") ? "out" : "in", name, ndim);
  return find_row (rows, G_N_ELEMENTS (rows), class_name, name, ndim);
}

char *
esp_axes_describe (EspPlace *place)
{
  const char *const *axes = esp_axes_get (place);
  g_autofree char *joined = axes ? g_strjoinv (", ", (char **) axes) : NULL;

  return joined ? g_strdup_printf ("(%s)", joined) : NULL;
}
