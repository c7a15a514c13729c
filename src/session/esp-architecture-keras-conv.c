/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Convolutions, pooling and borders of Keras. Its "same" puts what is odd of the padding behind the
 * image; PyTorch pads both sides alike, so there a ZeroPad2d stands before the convolution, or cuts
 * off behind a transposed one. Formulas of sizes: keras.src.ops.operation_utils and TensorFlow's
 * guide on padding. */

#include "config.h"

#include "esp-architecture-keras.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

/* a window that moves over rows and columns; with one dimension [0] alone */
typedef struct
{
  guint rank;
  gint64 kernel[2], stride[2], dilation[2];
  gint64 before[2], after[2]; /* padding; of a transposed one what is cut off */
  gint64 out[2];              /* sizes; -1 unknown */
  gboolean same;
} Window;

static guint
get_rank (const EspKerasCall *call)
{
  return strstr (call->class_name, "1D") != NULL ? 1 : 2;
}

static gboolean
read_window (const EspKerasCall *call, const char *size_key, Window *window, GError **error)
{
  const char *padding = esp_keras_call_get_text (call, "padding");
  const char *format = esp_keras_call_get_text (call, "data_format");
  gboolean good;

  window->rank = get_rank (call);
  good = esp_keras_call_get_sizes (call, size_key, window->kernel, window->rank);
  if (!esp_keras_call_get_sizes (call, "strides", window->stride, window->rank))
    memcpy (window->stride, window->kernel, sizeof window->stride);
  if (!esp_keras_call_get_sizes (call, "dilation_rate", window->dilation, window->rank))
    window->dilation[0] = window->dilation[1] = 1;
  for (guint i = 0; i < window->rank; i++)
    good = good && window->kernel[i] > 0 && window->stride[i] > 0 && window->dilation[i] > 0;
  window->same = g_strcmp0 (padding, "same") == 0;
  if (!good || (!window->same && g_strcmp0 (padding, "valid") != 0))
    return esp_keras_call_fail (call, error, _ ("its window isn’t known"));
  if (format != NULL && strcmp (format, "channels_last") != 0)
    return esp_keras_call_fail (call, error, _ ("its channels don’t come last"));
  return TRUE;
}

/* what "same" pads, and the sizes of the output, from the input's (channels first) */
static gboolean
measure_window (const EspKerasCall *call, Window *window, const EspShape *in, GError **error)
{
  if (in->ndim != window->rank + 1)
    return esp_keras_call_fail (call, error, _ ("its input has %u dimensions"), in->ndim);
  for (guint i = 0; i < window->rank; i++)
    {
      gint64 size = in->sizes[i + 1], stride = window->stride[i], total = 0;
      gint64 reach = (window->kernel[i] - 1) * window->dilation[i] + 1;

      window->out[i] = -1;
      if (size < 1 && window->same && stride > 1)
        return esp_keras_call_fail (call, error, _ ("the size of its input isn’t known"));
      if (size < 1)
        continue;
      if (window->same)
        total = MAX (((size + stride - 1) / stride - 1) * stride + reach - size, 0);
      window->before[i] = total / 2;
      window->after[i] = total - total / 2;
      window->out[i] = size + total >= reach ? (size + total - reach) / stride + 1 : -1;
    }
  return TRUE;
}

static void
set_out (const Window *window, gint64 channels, EspArchitectureValue *value)
{
  value->shape.ndim = window->rank + 1;
  value->shape.sizes[0] = channels;
  for (guint i = 0; i < window->rank; i++)
    value->shape.sizes[i + 1] = window->out[i];
}

/* --- convolutions --- */

/* "same" as a setting where that means the same, else a border before it */
static gboolean
pad_before (const EspKerasCall *call,
            Window *window,
            EspArchitectureValue *value,
            gboolean *word,
            GError **error)
{
  gint64 border[4] = { 0 };
  JsonObject *settings;

  *word = window->same && window->stride[0] == 1 && (window->rank == 1 || window->stride[1] == 1);
  if (*word || !window->same ||
      (window->before[0] == window->after[0] && window->before[1] == window->after[1]))
    return TRUE;
  if (window->rank == 1)
    return esp_keras_call_fail (call, error,
                                _ ("its padding is uneven, which isn’t known for one "
                                   "dimension"));
  settings = esp_keras_call_add (call, "/same", "ZeroPad2d", value, error);
  if (settings == NULL)
    return FALSE;
  border[0] = window->before[1];
  border[1] = window->after[1];
  border[2] = window->before[0];
  border[3] = window->after[0];
  esp_architecture_set_sizes (settings, "padding", border, 4);
  window->before[0] = window->before[1] = 0;
  return TRUE;
}

/* takes the kernel: its two last axes to the front; of a depthwise one both are the outputs */
static gboolean
carry_kernel (const EspKerasCall *call, gboolean depthwise, GError **error)
{
  EspArchitectureCarry *carry = esp_keras_call_carry (call, "", "weight", "kernel");
  guint rank = get_rank (call);

  if (carry == NULL)
    carry = esp_keras_call_carry (call, "", "weight", "depthwise_kernel");
  if (carry == NULL)
    return esp_keras_call_fail (call, error, _ ("its weights aren’t in the file"));
  for (guint i = 0; i < rank; i++)
    carry->axes[i + 2] = (guint8) i;
  carry->axes[0] = (guint8) (depthwise ? rank : rank + 1);
  carry->axes[1] = (guint8) (depthwise ? rank + 1 : rank);
  esp_keras_call_carry (call, "", "bias", "bias");
  return TRUE;
}

gboolean
esp_keras_add_conv (const EspKerasCall *call,
                    const EspArchitectureValue *inputs,
                    guint n,
                    EspArchitectureValue *value,
                    GError **error)
{
  gboolean depthwise = strcmp (call->class_name, "DepthwiseConv2D") == 0, word;
  Window window = { 0 };
  gint64 filters = 0, groups = 1, multiplier = 1;
  JsonObject *settings;

  if (!read_window (call, "kernel_size", &window, error) ||
      !esp_keras_call_order (call, TRUE, value, error) ||
      !measure_window (call, &window, &value->shape, error))
    return FALSE;
  esp_keras_call_get_sizes (call, "groups", &groups, 1);
  if (depthwise)
    {
      esp_keras_call_get_sizes (call, "depth_multiplier", &multiplier, 1);
      groups = value->shape.sizes[0];
      filters = groups > 0 && multiplier > 0 ? groups * multiplier : 0;
    }
  else
    esp_keras_call_get_sizes (call, "filters", &filters, 1);
  if (filters < 1 || groups < 1)
    return esp_keras_call_fail (call, error, _ ("it doesn’t say how many units it has"));
  if (!pad_before (call, &window, value, &word, error) ||
      (settings = esp_keras_call_add (call, "", window.rank == 1 ? "Conv1d" : "Conv2d", value,
                                      error)) == NULL)
    return FALSE;
  json_object_set_int_member (settings, "out_channels", filters);
  esp_architecture_set_sizes (settings, "kernel_size", window.kernel, window.rank);
  esp_architecture_set_sizes (settings, "stride", window.stride, window.rank);
  esp_architecture_set_sizes (settings, "dilation", window.dilation, window.rank);
  json_object_set_int_member (settings, "groups", groups);
  json_object_set_boolean_member (settings, "bias", esp_keras_call_is_set (call, "use_bias", TRUE));
  if (word)
    json_object_set_string_member (settings, "padding", "same");
  else
    esp_architecture_set_sizes (settings, "padding", window.before, window.rank);
  set_out (&window, filters, value);
  return carry_kernel (call, depthwise, error) &&
         esp_keras_call_activate (call, esp_keras_call_get_text (call, "activation"), "/", value,
                                  error);
}

/* what is cut off and what is added at the end */
static void
measure_transposed (Window *window, const EspShape *in, gint64 extra[2], gint64 cut[2])
{
  for (guint i = 0; i < 2; i++)
    {
      gint64 over = window->kernel[i] - window->stride[i], size = in->sizes[i + 1];

      extra[i] = MAX (-over, 0);
      window->before[i] = window->same ? MAX (over, 0) / 2 : 0;
      cut[i] = window->same ? MAX (over, 0) % 2 : 0;
      window->out[i] = size < 1 ? -1
                                : size * window->stride[i] + (window->same ? 0 : MAX (over, 0));
    }
}

gboolean
esp_keras_add_conv_transpose (const EspKerasCall *call,
                              const EspArchitectureValue *inputs,
                              guint n,
                              EspArchitectureValue *value,
                              GError **error)
{
  Window window = { 0 };
  gint64 filters = 0, extra[2], cut[2];
  JsonObject *settings;

  if (!read_window (call, "kernel_size", &window, error) ||
      !esp_keras_call_order (call, TRUE, value, error))
    return FALSE;
  if (!esp_keras_call_get_sizes (call, "filters", &filters, 1) || value->shape.ndim != 3 ||
      window.dilation[0] != 1 || window.dilation[1] != 1 ||
      esp_keras_call_is_set (call, "output_padding", FALSE))
    return esp_keras_call_fail (call, error, _ ("its window isn’t known"));
  measure_transposed (&window, &value->shape, extra, cut);
  settings = esp_keras_call_add (call, "", "ConvTranspose2d", value, error);
  if (settings == NULL)
    return FALSE;
  json_object_set_int_member (settings, "out_channels", filters);
  esp_architecture_set_sizes (settings, "kernel_size", window.kernel, 2);
  esp_architecture_set_sizes (settings, "stride", window.stride, 2);
  esp_architecture_set_sizes (settings, "padding", window.before, 2);
  esp_architecture_set_sizes (settings, "output_padding", extra, 2);
  json_object_set_boolean_member (settings, "bias", esp_keras_call_is_set (call, "use_bias", TRUE));
  set_out (&window, filters, value);
  if (!carry_kernel (call, FALSE, error))
    return FALSE;
  if (cut[0] != 0 || cut[1] != 0)
    {
      gint64 border[4] = { 0, -cut[1], 0, -cut[0] };

      settings = esp_keras_call_add (call, "/same", "ZeroPad2d", value, error);
      if (settings == NULL)
        return FALSE;
      esp_architecture_set_sizes (settings, "padding", border, 4);
    }
  return esp_keras_call_activate (call, esp_keras_call_get_text (call, "activation"), "/", value,
                                  error);
}

/* --- pooling --- */

/* (C, L) -> (C, 1, L), which two dimensions do the same to */
static gboolean
add_row (const EspKerasCall *call, EspArchitectureValue *value, GError **error)
{
  JsonObject *settings;
  JsonArray *sizes;

  if (value->shape.ndim != 2 || value->shape.sizes[0] < 1)
    return esp_keras_call_fail (call, error, _ ("the size of its input isn’t known"));
  settings = esp_keras_call_add (call, "/rows", "Unflatten", value, error);
  if (settings == NULL)
    return FALSE;
  sizes = json_array_new ();
  json_array_add_int_element (sizes, value->shape.sizes[0]);
  json_array_add_int_element (sizes, 1);
  json_object_set_array_member (settings, "unflattened_size", sizes);
  return TRUE;
}

static gboolean
remove_row (const EspKerasCall *call, EspArchitectureValue *value, GError **error)
{
  JsonObject *settings = esp_keras_call_add (call, "/flat", "Flatten", value, error);

  if (settings != NULL)
    json_object_set_int_member (settings, "end_dim", 2);
  return settings != NULL;
}

/* sizes of the window with a row of one where there is one dimension */
static void
set_window (JsonObject *settings, const char *key, const gint64 *values, guint rank, gint64 one)
{
  gint64 both[2] = { rank == 1 ? one : values[0], rank == 1 ? values[0] : values[1] };

  esp_architecture_set_sizes (settings, key, both, 2);
}

gboolean
esp_keras_add_pool (const EspKerasCall *call,
                    const EspArchitectureValue *inputs,
                    guint n,
                    EspArchitectureValue *value,
                    GError **error)
{
  gboolean average = g_str_has_prefix (call->class_name, "Average"), ceil_mode = FALSE;
  Window window = { 0 };
  JsonObject *settings;

  if (!read_window (call, "pool_size", &window, error) ||
      !esp_keras_call_order (call, TRUE, value, error) ||
      !measure_window (call, &window, &value->shape, error))
    return FALSE;
  for (guint i = 0; i < window.rank; i++)
    {
      gint64 inner = value->shape.sizes[i + 1] + 2 * window.before[i] - window.kernel[i];

      ceil_mode = ceil_mode || window.before[i] != window.after[i];
      if (window.before[i] != window.after[i] &&
          (inner + window.stride[i] - 1) / window.stride[i] + 1 != window.out[i])
        return esp_keras_call_fail (call, error, _ ("its padding is uneven, which isn’t known"));
    }
  if (window.rank == 1 && !add_row (call, value, error))
    return FALSE;
  settings = esp_keras_call_add (call, "", average ? "AvgPool2d" : "MaxPool2d", value, error);
  if (settings == NULL)
    return FALSE;
  set_window (settings, "kernel_size", window.kernel, window.rank, 1);
  set_window (settings, "stride", window.stride, window.rank, 1);
  set_window (settings, "padding", window.before, window.rank, 0);
  json_object_set_boolean_member (settings, "ceil_mode", ceil_mode);
  if (average)
    json_object_set_boolean_member (settings, "count_include_pad", FALSE);
  if (window.rank == 1 && !remove_row (call, value, error))
    return FALSE;
  set_out (&window, value->shape.sizes[0], value);
  return TRUE;
}

gboolean
esp_keras_add_global_pool (const EspKerasCall *call,
                           const EspArchitectureValue *inputs,
                           guint n,
                           EspArchitectureValue *value,
                           GError **error)
{
  gboolean average = strstr (call->class_name, "Average") != NULL;
  guint rank = get_rank (call);
  JsonObject *settings;

  if (!esp_keras_call_order (call, TRUE, value, error))
    return FALSE;
  if (value->shape.ndim != rank + 1 || !esp_shape_is_valid (&value->shape))
    return esp_keras_call_fail (call, error, _ ("the size of its input isn’t known"));
  if (rank == 1 && !add_row (call, value, error))
    return FALSE;
  settings = esp_keras_call_add (call, "", average ? "AdaptiveAvgPool2d" : "MaxPool2d", value,
                                 error);
  if (settings == NULL)
    return FALSE;
  if (average)
    json_object_set_int_member (settings, "output_size", 1);
  else
    set_window (settings, "kernel_size", &value->shape.sizes[1], rank, 1);
  for (guint i = 1; i < value->shape.ndim; i++)
    value->shape.sizes[i] = 1;
  if (esp_keras_call_is_set (call, "keepdims", FALSE))
    return rank == 2 || remove_row (call, value, error);
  if (esp_keras_call_add (call, "/flat", "Flatten", value, error) == NULL)
    return FALSE;
  value->shape.ndim = 1;
  value->first = FALSE;
  return TRUE;
}

/* --- borders --- */

gboolean
esp_keras_add_border (const EspKerasCall *call,
                      const EspArchitectureValue *inputs,
                      guint n,
                      EspArchitectureValue *value,
                      GError **error)
{
  gboolean crop = strcmp (call->class_name, "Cropping2D") == 0;
  const char *text = esp_keras_call_get_text (call, crop ? "cropping" : "padding");
  gint64 sizes[4] = { 0 }, border[4];
  int found = esp_architecture_parse_sizes (text, sizes, 4);
  JsonObject *settings;

  /* ((top, bottom), (left, right)) */
  if (found != 4 || !esp_keras_call_order (call, TRUE, value, error) || value->shape.ndim != 3)
    return esp_keras_call_fail (call, error, _ ("its window isn’t known"));
  for (guint i = 0; i < 4; i++)
    border[i] = CLAMP (sizes[(i + 2) % 4], -G_MAXINT16, G_MAXINT16) * (crop ? -1 : 1);
  settings = esp_keras_call_add (call, "", "ZeroPad2d", value, error);
  if (settings == NULL)
    return FALSE;
  esp_architecture_set_sizes (settings, "padding", border, 4);
  if (value->shape.sizes[1] > 0)
    value->shape.sizes[1] += border[2] + border[3];
  if (value->shape.sizes[2] > 0)
    value->shape.sizes[2] += border[0] + border[1];
  return TRUE;
}
