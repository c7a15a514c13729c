/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of the layouts that PyTorch and Keras give their layers' tensors. */

#include "config.h"

#include "esp-axes.h"

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
  { "ConvTranspose1d", "weight", { "in", "out", "k" } },
  { "ConvTranspose2d", "weight", { "in", "out", "kH", "kW" } },
  { "ConvTranspose3d", "weight", { "in", "out", "kD", "kH", "kW" } },
  { "Dense", "kernel", { "in", "out" } },
  { "Dense", "bias", { "out" } },
  { "Conv1D", "kernel", { "k", "in", "out" } },
  { "Conv2D", "kernel", { "kH", "kW", "in", "out" } },
  { "Conv3D", "kernel", { "kD", "kH", "kW", "in", "out" } },
};

static const char *
get_class (EspPlace *place)
{
  EspPlace *parent = esp_place_get_parent (place);
  EspModule *module = parent ? esp_place_get_module (parent) : NULL;
  const char *name;

  if (!module)
    return "";
  name = esp_module_get_brief_class (module);
  return *name ? name : esp_module_get_guess (module);
}

const char *const *
esp_axes_get (EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  const char *class_name;

  if (!parameter)
    return NULL;
  class_name = get_class (place);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (!g_str_equal (rows[i].class_name, class_name) ||
          !g_str_equal (rows[i].tensor, esp_place_get_name (place)))
        continue;
      if (g_strv_length ((char **) rows[i].axes) ==
          esp_tensor_get_ndim (esp_parameter_get_data (parameter)))
        return rows[i].axes;
    }
  return NULL;
}

char *
esp_axes_describe (EspPlace *place)
{
  const char *const *axes = esp_axes_get (place);
  g_autofree char *joined = axes ? g_strjoinv (", ", (char **) axes) : NULL;

  return joined ? g_strdup_printf ("(%s)", joined) : NULL;
}
