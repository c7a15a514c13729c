/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the statistics of a tensor show without a look at its values: NaN and infinities, all zero,
 * all the same. A tensor of at most one dimension that is constant is usually as its initialiser
 * made it (biases, scales of norms), so that is only a note. */

#include "config.h"

#include "esp-finding.h"

#include <glib/gi18n.h>

#include "esp-number.h"

/* where an element is, as a person reads the heatmap */
static char *
describe_index (EspTensor *tensor, gint64 index)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  g_autoptr (GString) text = NULL;
  g_autofree gint64 *at = g_new (gint64, ndim + 1);

  for (guint i = ndim; i-- > 0;)
    {
      at[i] = index % shape[i];
      index /= shape[i];
    }
  if (ndim == 0)
    return g_strdup (_ ("It is the only value"));
  if (ndim == 1)
    return g_strdup_printf (_ ("First at index %lld"), (long long) at[0]);
  if (ndim == 2)
    return g_strdup_printf (_ ("First at row %lld, column %lld"), (long long) at[0],
                            (long long) at[1]);

  text = g_string_new (NULL);
  for (guint i = 0; i < ndim; i++)
    g_string_append_printf (text, i == 0 ? "%" G_GINT64_FORMAT : ", %" G_GINT64_FORMAT, at[i]);
  /* Translators: a list of indices, as in [0, 3, 12] */
  return g_strdup_printf (_ ("First at [%s]"), text->str);
}

static EspFinding *
find_nonfinite (EspTensor *tensor, const EspStatsValues *values)
{
  g_autofree char *nans = esp_number_format_count (values->nans);
  g_autofree char *infs = esp_number_format_count (values->infs);
  char *title;

  if (values->infs == 0)
    title = g_strdup_printf (ngettext ("%s value is NaN", "%s values are NaN", values->nans), nans);
  else if (values->nans == 0)
    title = g_strdup_printf (
        ngettext ("%s value is infinite", "%s values are infinite", values->infs), infs);
  else
    title = g_strdup_printf (_ ("%s NaN, %s infinite"), nans, infs);
  return esp_finding_new (ESP_FINDING_NAN, ESP_SEVERITY_ERROR, -1, values->first_nonfinite, title,
                          values->finite == 0 ? g_strdup (_ ("Not one value is finite"))
                                              : describe_index (tensor, values->first_nonfinite));
}

static EspFinding *
find_constant (EspTensor *tensor, const EspStatsValues *values)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;
  gboolean is_weight = esp_tensor_get_ndim (tensor) >= 2 &&
                       (kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX ||
                        esp_tensor_get_affine (tensor) != NULL);
  g_autofree char *count = esp_number_format_count (values->count);
  g_autofree char *value = esp_number_format_value (values->min, 6);
  gboolean is_zero = values->min == 0;
  char *title = is_zero ? g_strdup (_ ("Every value is 0"))
                        : g_strdup_printf (_ ("Every value is %s"), value);

  return esp_finding_new (
      is_zero ? ESP_FINDING_ZERO : ESP_FINDING_CONSTANT,
      is_weight ? ESP_SEVERITY_WARNING : ESP_SEVERITY_NOTE, -1, -1, title,
      g_strdup_printf (ngettext ("%s value", "%s values", values->count), count));
}

GPtrArray *
esp_findings_from_stats (EspTensor *tensor, EspStats *stats)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_finding_free);
  const EspStatsValues *values;

  g_return_val_if_fail (tensor != NULL, findings);
  g_return_val_if_fail (stats != NULL, findings);

  values = esp_stats_get_values (stats);
  if (values->nans + values->infs > 0)
    g_ptr_array_add (findings, find_nonfinite (tensor, values));
  else if (values->count > 1 && values->min == values->max) /* one value always is the same */
    g_ptr_array_add (findings, find_constant (tensor, values));
  return findings;
}
