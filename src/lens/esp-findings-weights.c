/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units that their weights alone prove dead. A unit is a row of the weight of a Linear or of a
 * convolution, (out, in, ...); z = w x + b. Two cases are exact, and only those are told:
 *
 *   all w = 0                                           the unit gives b whatever comes in
 *   x >= 0 (it comes from a ReLU), w <= 0, b <= 0       z <= 0, so the ReLU behind is never on
 *
 * For a layer that stands at several places the second must hold at each. One pass over the
 * weight in chunks; a few bytes a row.
 */

#include "config.h"

#include "esp-finding.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-module.h"
#include "esp-neighbours.h"
#include "esp-number.h"
#include "esp-place.h"

#define CHUNK (32 * 1024)
/* rows of one kind that are told one by one */
#define MOST_UNITS 1000
/* of a shared layer; with more, nothing is said of what stands around it */
#define MOST_PLACES 64

/* layers whose weight is (out, in, ...) and whose units are a weighted sum and a bias */
static const char *const layers[] = {
  "Linear",     "LazyLinear", "NonDynamicallyQuantizableLinear",
  "Conv1d",     "Conv2d",     "Conv3d",
  "LazyConv1d", "LazyConv2d", "LazyConv3d",
  NULL,
};

typedef struct
{
  EspTensor *weight;
  guint64 n_rows;
  guint64 row_length;
  double *biases;         /* (n_rows), or NULL where they are unknown */
  gboolean rectified;     /* a ReLU follows at every place */
  const char *comes_from; /* class that its input comes from and that gives nothing negative */

  /* result, by row */
  guint8 *rows; /* RowFlags */
} Layer;

typedef enum
{
  ROW_NOT_ZERO = 1 << 0, /* some weight isn't 0 */
  ROW_POSITIVE = 1 << 1, /* some weight is above 0, or NaN */
} RowFlags;

/* {{{ what the tree says */

static gboolean
is_layer (EspPlace *place)
{
  EspModule *module = place != NULL ? esp_place_get_module (place) : NULL;
  const char *class_name;

  if (module == NULL)
    return FALSE;
  class_name = esp_module_get_brief_class (module);
  if (*class_name == '\0')
    class_name = esp_module_get_guess (module);
  return g_strv_contains (layers, class_name);
}

static gboolean
is_weight (EspTensor *tensor)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;

  return esp_tensor_get_ndim (tensor) >= 2 && esp_tensor_get_count (tensor) > 0 &&
         (kind == ESP_KIND_FLOAT || esp_tensor_get_affine (tensor) != NULL);
}

/* Reads the biases. A layer without any has zeros; one whose bias can't be read has none that are
 * known. */
static gboolean
load_biases (Layer *layer, EspPlace *place, GCancellable *cancellable, GError **error)
{
  EspPlace *bias_place = esp_place_find_child (place, "bias");
  EspParameter *parameter = bias_place != NULL ? esp_place_get_parameter (bias_place) : NULL;
  EspTensor *bias = parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
  g_autofree double *biases = NULL;

  if (bias_place != NULL &&
      (bias == NULL || esp_tensor_get_storage (bias) == NULL || esp_tensor_get_ndim (bias) != 1 ||
       esp_tensor_get_count (bias) != layer->n_rows ||
       esp_dtype_get_info (esp_tensor_get_dtype (bias))->kind == ESP_KIND_COMPLEX))
    return TRUE;
  biases = g_new0 (double, layer->n_rows);
  if (bias != NULL &&
      !esp_tensor_read_f64 (bias, 0, (gsize) layer->n_rows, biases, cancellable, error))
    return FALSE;
  layer->biases = g_steal_pointer (&biases);
  return TRUE;
}

/* what stands around the layer, at every place of it */
static void
look_around (Layer *layer, EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);
  guint n = esp_module_get_n_places (module);
  gboolean positive = TRUE;

  layer->rectified = n <= MOST_PLACES;
  for (guint i = 0; i < n && n <= MOST_PLACES; i++)
    {
      EspPlace *there = esp_module_get_place (module, i);
      const char *before = esp_neighbours_get_before (there);

      positive = positive && esp_neighbours_is_positive (before);
      layer->rectified = layer->rectified &&
                         esp_neighbours_is_rectifier (esp_neighbours_get_after (there));
      if (there == place)
        layer->comes_from = before;
    }
  if (!positive)
    layer->comes_from = NULL;
}

/* }}} */
/* {{{ rows */

static void
look_at_values (Layer *layer, guint64 start, const double *values, gsize count)
{
  guint64 row = start / layer->row_length;
  guint64 left = layer->row_length - start % layer->row_length;

  while (count > 0)
    {
      gsize n = (gsize) MIN (left, count);
      gboolean not_zero = FALSE;
      gboolean is_positive = FALSE;

      for (gsize i = 0; i < n; i++)
        {
          not_zero |= values[i] != 0; /* NaN too */
          is_positive |= !(values[i] <= 0);
        }
      layer->rows[row] |= (not_zero ? ROW_NOT_ZERO : 0) | (is_positive ? ROW_POSITIVE : 0);
      values += n;
      count -= n;
      left = layer->row_length;
      row++;
    }
}

static gboolean
look_at_rows (Layer *layer, GCancellable *cancellable, GError **error)
{
  guint64 count = esp_tensor_get_count (layer->weight);
  g_autofree double *values = g_new (double, MIN (count, CHUNK));

  layer->rows = g_new0 (guint8, layer->n_rows);
  for (guint64 start = 0; start < count; start += CHUNK)
    {
      gsize n = (gsize) MIN (CHUNK, count - start);

      if (!esp_tensor_read_f64 (layer->weight, start, n, values, cancellable, error))
        return FALSE;
      look_at_values (layer, start, values, n);
    }
  return TRUE;
}

static gboolean
is_zero_row (const Layer *layer, guint64 row)
{
  return (layer->rows[row] & ROW_NOT_ZERO) == 0;
}

static gboolean
never_fires (const Layer *layer, guint64 row)
{
  return layer->comes_from != NULL && layer->rectified && layer->biases != NULL &&
         (layer->rows[row] & ROW_POSITIVE) == 0 && layer->biases[row] <= 0;
}

/* }}} */
/* {{{ words */

static char *
describe_zero_row (const Layer *layer, guint64 row)
{
  g_autofree char *count = esp_number_format_count (layer->row_length);
  g_autofree char *bias = NULL;

  if (layer->biases == NULL)
    return g_strdup_printf (ngettext ("Its %s incoming weight is 0",
                                      "All of its %s incoming weights are 0", layer->row_length),
                            count);
  bias = esp_number_format_value (layer->biases[row], 4);
  if (layer->rectified && layer->biases[row] <= 0)
    return g_strdup_printf (
        ngettext ("Its %s incoming weight is 0 and its bias is %s, so the ReLU is never on",
                  "All of its %s incoming weights are 0 and its bias is %s, so the ReLU is never "
                  "on",
                  layer->row_length),
        count, bias);
  return g_strdup_printf (
      ngettext ("Its %s incoming weight is 0, so it always gives its bias, %s",
                "All of its %s incoming weights are 0, so it always gives its bias, %s",
                layer->row_length),
      count, bias);
}

static char *
describe_silence (const Layer *layer)
{
  g_autofree char *count = esp_number_format_count (layer->row_length);

  /* Translators: %1$s is a number, %2$s a class of layers such as ReLU */
  return g_strdup_printf (
      ngettext ("Its %1$s weight and its bias are at most 0, and nothing negative comes in from "
                "%2$s",
                "Its %1$s weights and its bias are at most 0, and nothing negative comes in from "
                "%2$s",
                layer->row_length),
      count, layer->comes_from);
}

static EspFinding *
make_finding (const Layer *layer, EspFindingKind kind, guint64 row)
{
  gint64 unit = (gint64) row;
  char *title = kind == ESP_FINDING_ZERO_UNIT
                    ? g_strdup_printf (_ ("Unit %lld: weights are all 0"), (long long) unit)
                    : g_strdup_printf (_ ("Unit %lld: never fires"), (long long) unit);

  return esp_finding_new (
      kind, ESP_SEVERITY_WARNING, unit, (gint64) (row * layer->row_length), title,
      kind == ESP_FINDING_ZERO_UNIT ? describe_zero_row (layer, row) : describe_silence (layer));
}

static EspFinding *
make_rest (EspFindingKind kind, guint64 n)
{
  g_autofree char *count = esp_number_format_count (n);

  return esp_finding_new (
      kind, ESP_SEVERITY_WARNING, -1, -1,
      g_strdup_printf (
          kind == ESP_FINDING_ZERO_UNIT
              ? ngettext ("%s more unit whose weights are all 0",
                          "%s more units whose weights are all 0", n)
              : ngettext ("%s more unit that never fires", "%s more units that never fire", n),
          count),
      g_strdup (_ ("Only the first ones are listed")));
}

static void
add_findings (const Layer *layer, EspFindingKind kind, GPtrArray *findings)
{
  guint64 n = 0;

  for (guint64 row = 0; row < layer->n_rows; row++)
    {
      gboolean zero = is_zero_row (layer, row);

      if (kind == ESP_FINDING_ZERO_UNIT ? !zero : zero || !never_fires (layer, row))
        continue;
      if (n++ < MOST_UNITS)
        g_ptr_array_add (findings, make_finding (layer, kind, row));
    }
  if (n > MOST_UNITS)
    g_ptr_array_add (findings, make_rest (kind, n - MOST_UNITS));
}

/* where not one weight of the whole layer is set, the statistics say so at once */
static gboolean
is_all_zero (const Layer *layer)
{
  for (guint64 row = 0; row < layer->n_rows; row++)
    if (!is_zero_row (layer, row))
      return FALSE;
  return TRUE;
}

/* }}} */

static void
layer_clear (Layer *layer)
{
  g_clear_pointer (&layer->weight, esp_tensor_unref);
  g_free (layer->biases);
  g_free (layer->rows);
}

GPtrArray *
esp_findings_from_weights (EspPlace *place, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray)
      findings = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_finding_free);
  EspParameter *parameter;
  EspPlace *parent;
  EspTensor *weight;
  Layer layer = { 0 };
  gboolean done;

  g_return_val_if_fail (ESP_IS_PLACE (place), NULL);

  parameter = esp_place_get_parameter (place);
  parent = esp_place_get_parent (place);
  if (parameter == NULL || !is_layer (parent) ||
      !g_str_equal (esp_place_get_name (place), "weight"))
    return g_steal_pointer (&findings);
  weight = esp_parameter_get_data (parameter);
  if (!is_weight (weight))
    return g_steal_pointer (&findings);
  if (!esp_tensor_check_walkable (weight, error))
    return NULL;

  layer.weight = esp_tensor_ref (weight);
  layer.n_rows = (guint64) esp_tensor_get_shape (weight)[0];
  layer.row_length = esp_tensor_get_count (weight) / layer.n_rows;
  look_around (&layer, parent);
  done = load_biases (&layer, parent, cancellable, error) &&
         look_at_rows (&layer, cancellable, error);
  if (done && !is_all_zero (&layer))
    {
      add_findings (&layer, ESP_FINDING_ZERO_UNIT, findings);
      add_findings (&layer, ESP_FINDING_NEVER_FIRES, findings);
    }
  layer_clear (&layer);
  return done ? g_steal_pointer (&findings) : NULL;
}
