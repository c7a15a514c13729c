/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code for Keras: what slides over planes. Everything here has its channels last. */

#include "config.h"

#include <string.h>

#include "esp-network-keras-private.h"

#define PAIR "(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")"

static gboolean
is_plain (const gint64 *sizes, guint n, gint64 value)
{
  for (guint i = 0; i < n; i++)
    if (sizes[i] != value)
      return FALSE;
  return TRUE;
}

/* ", strides=(2, 2)" */
static void
append_sizes (GString *out, const char *key, const gint64 *sizes, guint n)
{
  g_string_append_printf (out, ", %s=%s%" G_GINT64_FORMAT, key, n > 1 ? "(" : "", sizes[0]);
  if (n > 1)
    g_string_append_printf (out, ", %" G_GINT64_FORMAT ")", sizes[1]);
}

/* "[:, ::2, ::2]" */
static void
append_steps (GString *out, const gint64 *steps, guint n)
{
  g_string_append (out, "[:");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, ", ::%" G_GINT64_FORMAT, steps[i]);
  g_string_append_c (out, ']');
}

/* Strides and dilation together are more than Keras takes: then every second number of the output,
 * or so, is taken. */
static void
make_conv (EspKeras *self, const EspNetCall *call, guint number, guint rank, gboolean thinned)
{
  gint64 kernel[2], stride[2], dilation[2];
  const char *padding = esp_keras_get_text (call, "padding");
  g_autoptr (GString) out = g_string_new (NULL);
  esp_keras_get_sizes (call, "kernel_size", kernel, rank);
  esp_keras_get_sizes (call, "stride", stride, rank);
  esp_keras_get_sizes (call, "dilation", dilation, rank);
  g_string_append_printf (out, "m%u = layers.Conv%uD(%" G_GINT64_FORMAT, number, rank,
                          esp_keras_get_int (call, "out_channels"));
  append_sizes (out, "kernel_size", kernel, rank);
  if (!thinned && !is_plain (stride, rank, 1))
    append_sizes (out, "strides", stride, rank);
  if (!is_plain (dilation, rank, 1))
    append_sizes (out, "dilation_rate", dilation, rank);
  if (g_strcmp0 (padding, "same") == 0)
    g_string_append (out, ", padding=\"same\"");
  if (esp_keras_get_int (call, "groups") > 1)
    g_string_append_printf (out, ", groups=%" G_GINT64_FORMAT, esp_keras_get_int (call, "groups"));
  if (!esp_keras_get_bool (call, "bias"))
    g_string_append (out, ", use_bias=False");
  esp_keras_append_name (out, call->path, "");
  g_string_append_printf (self->layers, "%s)\n", out->str);
  esp_keras_append_weight (self, call, "kernel", "weight",
                           rank == 1 ? ".transpose(2, 1, 0)" : ".transpose(2, 3, 1, 0)");
  esp_keras_append_weight (self, call, "bias", "bias", "");
}

gboolean
esp_keras_conv (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint rank = strcmp (call->module->layer->klass->name, "Conv1d") == 0 ? 1 : 2, number = 0;
  gint64 padding[2] = { 0 }, stride[2], dilation[2];
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_CHANNELS_LAST);
  g_autoptr (GString) end = g_string_new (NULL);
  esp_keras_get_sizes (call, "stride", stride, rank);
  esp_keras_get_sizes (call, "dilation", dilation, rank);
  gboolean thinned = !is_plain (stride, rank, 1) && !is_plain (dilation, rank, 1);
  if (esp_keras_get_text (call, "padding") == NULL)
    esp_keras_get_sizes (call, "padding", padding, rank);
  if (thinned)
    append_steps (end, stride, rank);
  if (esp_keras_begin_layer (self, call, &number))
    make_conv (self, call, number, rank, thinned);
  if (is_plain (padding, rank, 0))
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "m%u(%s)%s", number, x, end->str);
  else if (rank == 1)
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST,
                    "m%u(layers.ZeroPadding1D(%" G_GINT64_FORMAT ")(%s))%s", number, padding[0], x,
                    end->str);
  else
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST,
                    "m%u(layers.ZeroPadding2D(" PAIR ")(%s))%s", number, padding[0], padding[1], x,
                    end->str);
  return TRUE;
}

gboolean
esp_keras_conv_transpose (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  gint64 kernel[2], stride[2], padding[2], dilation[2], extra[2];
  guint number = 0;
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_CHANNELS_LAST);
  esp_keras_get_sizes (call, "kernel_size", kernel, 2);
  esp_keras_get_sizes (call, "stride", stride, 2);
  esp_keras_get_sizes (call, "padding", padding, 2);
  esp_keras_get_sizes (call, "dilation", dilation, 2);
  esp_keras_get_sizes (call, "output_padding", extra, 2);
  if (esp_keras_get_int (call, "groups") > 1)
    return esp_keras_refuse (call, "groups", error);
  if (!is_plain (dilation, 2, 1))
    return esp_keras_refuse (call, "dilation", error);
  if (esp_keras_begin_layer (self, call, &number))
    {
      g_autoptr (GString) out = g_string_new (NULL);
      g_string_append_printf (out, "m%u = layers.Conv2DTranspose(%" G_GINT64_FORMAT, number,
                              esp_keras_get_int (call, "out_channels"));
      append_sizes (out, "kernel_size", kernel, 2);
      append_sizes (out, "strides", stride, 2);
      append_sizes (out, "output_padding", extra, 2);
      if (!esp_keras_get_bool (call, "bias"))
        g_string_append (out, ", use_bias=False");
      esp_keras_append_name (out, call->path, "");
      g_string_append_printf (self->layers, "%s)\n", out->str);
      esp_keras_append_weight (self, call, "kernel", "weight", ".transpose(2, 3, 1, 0)");
      esp_keras_append_weight (self, call, "bias", "bias", "");
    }
  if (is_plain (padding, 2, 0))
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "m%u(%s)", number, x);
  else
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "layers.Cropping2D(" PAIR ")(m%u(%s))",
                    padding[0], padding[1], number, x);
  return TRUE;
}

/* MaxPool2d and AvgPool2d: Keras's own where it has one, else out of the window's cells */
gboolean
esp_keras_pool (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  gboolean max = strcmp (call->module->layer->klass->name, "MaxPool2d") == 0;
  gint64 kernel[2], stride[2], padding[2], dilation[2] = { 1, 1 };
  gint64 divisor = max || esp_keras_is_null (call, "divisor_override")
                       ? 0
                       : esp_keras_get_int (call, "divisor_override");
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_CHANNELS_LAST);
  esp_keras_get_sizes (call, "kernel_size", kernel, 2);
  esp_keras_get_sizes (call, "stride", stride, 2);
  esp_keras_get_sizes (call, "padding", padding, 2);
  if (max)
    esp_keras_get_sizes (call, "dilation", dilation, 2);
  if (is_plain (padding, 2, 0) && is_plain (dilation, 2, 1) && divisor == 0 &&
      !esp_keras_get_bool (call, "ceil_mode"))
    {
      esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST,
                      "layers.%sPooling2D(" PAIR ", strides=" PAIR ")(%s)", max ? "Max" : "Average",
                      kernel[0], kernel[1], stride[0], stride[1], x);
      return TRUE;
    }
  g_autofree char *window = g_strdup_printf (PAIR ", " PAIR ", " PAIR, kernel[0], kernel[1],
                                             stride[0], stride[1], padding[0], padding[1]);
  g_autofree char *out = g_strdup_printf (PAIR, call->out.sizes[1], call->out.sizes[2]);
  self->needs |= ESP_KERAS_NEEDS_CELLS | (max ? ESP_KERAS_NEEDS_MAX : ESP_KERAS_NEEDS_AVERAGE);
  if (max)
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "max_pool(%s, %s, " PAIR ", %s)", x,
                    window, dilation[0], dilation[1], out);
  else
    esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST,
                    "average_pool(%s, %s, %s, count_padding=%s, divisor=%" G_GINT64_FORMAT ")", x,
                    window, out, esp_keras_get_bool (call, "count_include_pad") ? "True" : "False",
                    divisor);
  return TRUE;
}

gboolean
esp_keras_adaptive_pool (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_CHANNELS_LAST);
  const gint64 *out = call->out.sizes;
  if (out[1] == 1 && out[2] == 1)
    {
      esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST,
                      "layers.GlobalAveragePooling2D(keepdims=True)(%s)", x);
      return TRUE;
    }
  esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "adaptive_average(%s, " PAIR ")", x, out[1],
                  out[2]);
  self->needs |= ESP_KERAS_NEEDS_ADAPTIVE;
  return TRUE;
}

gboolean
esp_keras_zero_pad (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  gint64 border[4]; /* left, right, top, bottom */
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_CHANNELS_LAST);
  esp_keras_get_sizes (call, "padding", border, 4);
  for (guint cut = 0; cut < 2; cut++)
    {
      gint64 part[4];
      for (guint i = 0; i < 4; i++)
        part[i] = MAX (cut ? -border[i] : border[i], 0);
      if (is_plain (part, 4, 0))
        continue;
      char *inner = g_strdup_printf ("layers.%s2D((" PAIR ", " PAIR "))(%s)",
                                     cut ? "Cropping" : "ZeroPadding", part[2], part[3], part[0],
                                     part[1], x);
      g_free (x);
      x = inner;
    }
  esp_keras_give (self, value, ESP_KERAS_CHANNELS_LAST, "%s", x);
  return TRUE;
}
