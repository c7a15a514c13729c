/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The run of a trainer as bytes:
 *
 *   magic | sizes of parameters, their initial values and what the optimiser begins with |
 *   history | curves | seconds
 *
 * Files with it may come from anywhere: every number is checked before it is used. 10,000 steps of
 * a network of 10,000 parameters are some 60 MB, nearly all of it key frames. */

#include "config.h"
#include "esp-kept.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-history-file.h"
#include "esp-network-private.h"

static void
write_curve (GByteArray *out, const EspLossCurve *curve)
{
  guint n = curve != NULL ? curve->n : 0;
  esp_kept_put_u64 (out, curve != NULL ? curve->width : 1);
  esp_kept_put_u32 (out, n);
  for (guint i = 0; i < n; i++)
    {
      esp_kept_put_u64 (out, curve->points[i].steps);
      esp_kept_put_u64 (out, curve->points[i].count);
      esp_kept_put_f64 (out, curve->points[i].sum);
    }
}

/* which moments don't begin as the optimiser begins, as bits; these; what it has counted */
static void
write_moments (GByteArray *out, const EspNetParameter *parameter)
{
  guint32 which = 0;
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    which |= parameter->initial_moments[m] != NULL ? 1u << m : 0;
  esp_kept_put_u32 (out, which);
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    if (parameter->initial_moments[m] != NULL)
      esp_kept_put_floats (out, parameter->initial_moments[m], parameter->count);
  esp_kept_put_u64 (out, parameter->initial_state.step);
  esp_kept_put_f64 (out, parameter->initial_state.powers[0]);
  esp_kept_put_f64 (out, parameter->initial_state.powers[1]);
}

GBytes *
esp_kept_write (EspNetwork *network, const EspKept *kept)
{
  GByteArray *out = g_byte_array_new ();
  g_byte_array_append (out, (const guint8 *) ESP_KEPT_MAGIC, strlen (ESP_KEPT_MAGIC));
  esp_kept_put_u32 (out, network->parameters->len);
  for (guint i = 0; i < network->parameters->len; i++)
    {
      const EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      esp_kept_put_u64 (out, parameter->slots);
      esp_kept_put_floats (out, parameter->initial, parameter->slots);
      write_moments (out, parameter);
    }
  esp_history_write (kept->history, kept->plan, out);
  guint n = esp_history_get_n_branches (kept->history);
  for (guint i = 0; i < n; i++)
    {
      write_curve (out, kept->curves[i]);
      write_curve (out, kept->tests[i]);
      esp_kept_put_u64 (out, kept->tested[i]);
    }
  esp_kept_put_f64 (out, kept->seconds);
  return g_byte_array_free_to_bytes (out);
}

static void
init_cursor (EspCursor *cursor, GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);
  esp_cursor_init (cursor, data, size, "history.bin");
}

static gboolean
read_moments (EspNetwork *network,
              EspNetParameter *parameter,
              EspCursor *cursor,
              gboolean take,
              GError **error)
{
  guint32 which;
  guint n = esp_parameter_kind_is_buffer (parameter->info.kind) ? 0 : network->optimizer->n_moments;
  if (!esp_kept_read_count (cursor, (1u << n) - 1, 0, &which, error))
    return FALSE;
  for (guint m = 0; m < n; m++)
    {
      EspReal *values = NULL;
      if ((which & 1u << m) != 0)
        values = esp_kept_read_floats (cursor, parameter->count, error);
      if ((which & 1u << m) != 0 && values == NULL)
        return FALSE;
      if (!take)
        {
          g_free (values);
          continue;
        }
      g_free (parameter->initial_moments[m]);
      parameter->initial_moments[m] = values;
    }
  EspOptimizerState state;
  if (!esp_cursor_read_u64 (cursor, &state.step, error) ||
      !esp_kept_read_f64 (cursor, &state.powers[0], error) ||
      !esp_kept_read_f64 (cursor, &state.powers[1], error))
    return FALSE;
  if (take)
    parameter->initial_state = state;
  if (isfinite (state.powers[0]) && isfinite (state.powers[1]))
    return TRUE;
  esp_kept_set_error (cursor, error, _ ("a parameter can’t be trained so"));
  return FALSE;
}

/* @take: into the network; otherwise they are passed over */
static gboolean
read_initial (EspNetwork *network, EspCursor *cursor, gboolean take, GError **error)
{
  const guint8 *magic;
  guint32 n;
  if (!esp_cursor_read_bytes (cursor, strlen (ESP_KEPT_MAGIC), &magic, error) ||
      !esp_cursor_read_u32 (cursor, &n, error))
    return FALSE;
  if (memcmp (magic, ESP_KEPT_MAGIC, strlen (ESP_KEPT_MAGIC)) != 0 || n != network->parameters->len)
    {
      esp_kept_set_error (cursor, error, _ ("this isn’t the history of this network"));
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      guint64 slots;
      if (!esp_kept_read_u64 (cursor, parameter->slots, parameter->slots, &slots, error))
        return FALSE;
      g_autofree EspReal *values = esp_kept_read_floats (cursor, slots, error);
      if (values == NULL || !read_moments (network, parameter, cursor, take, error))
        return FALSE;
      if (!take)
        continue;
      memcpy (parameter->initial, values, slots * sizeof *values);
      g_autoptr (EspTensor)
          tensor = esp_network_make_parameter_tensor (parameter, parameter->initial);
      esp_parameter_set_channel (parameter->object, ESP_CHANNEL_DATA, tensor);
    }
  return TRUE;
}

gboolean
esp_kept_read_initial (EspNetwork *network, GBytes *bytes, GError **error)
{
  EspCursor cursor;
  init_cursor (&cursor, bytes);
  return read_initial (network, &cursor, TRUE, error);
}

static gboolean
read_curve (EspCursor *cursor, EspLossCurve **out, GError **error)
{
  guint64 width;
  guint32 n;
  if (!esp_kept_read_u64 (cursor, 1, G_GUINT64_CONSTANT (1) << 62, &width, error) ||
      !esp_kept_read_count (cursor, ESP_LOSS_CURVE_POINTS, 24, &n, error))
    return FALSE;
  g_autofree EspLossCurve *curve = g_new0 (EspLossCurve, 1);
  curve->width = width;
  curve->n = n;
  for (guint i = 0; i < n; i++)
    if (!esp_cursor_read_u64 (cursor, &curve->points[i].steps, error) ||
        !esp_kept_read_u64 (cursor, 1, G_MAXUINT64, &curve->points[i].count, error) ||
        !esp_kept_read_f64 (cursor, &curve->points[i].sum, error))
      return FALSE;
  *out = g_steal_pointer (&curve);
  return TRUE;
}

gboolean
esp_kept_read (EspNetwork *network,
               EspKept *kept,
               GBytes *bytes,
               gboolean foreign,
               guint *branch,
               guint64 *step,
               GError **error)
{
  EspCursor cursor;
  init_cursor (&cursor, bytes);
  if (!read_initial (network, &cursor, FALSE, error) ||
      !esp_history_read (kept->history, kept->plan, foreign, &cursor, step, error))
    return FALSE;
  *branch = esp_history_get_branch (kept->history);
  for (guint i = 0; i < esp_history_get_n_branches (kept->history); i++)
    {
      if (!read_curve (&cursor, &kept->curves[i], error) ||
          !read_curve (&cursor, &kept->tests[i], error) ||
          !esp_cursor_read_u64 (&cursor, &kept->tested[i], error))
        return FALSE;
      if (kept->tests[i]->n == 0)
        g_clear_pointer (&kept->tests[i], g_free);
    }
  if (!esp_kept_read_f64 (&cursor, &kept->seconds, error))
    return FALSE;
  if (!isfinite (kept->seconds) || kept->seconds < 0)
    kept->seconds = 0;
  if (esp_cursor_get_remaining (&cursor) == 0)
    return TRUE;
  esp_kept_set_error (&cursor, error, _ ("there is more than belongs here"));
  return FALSE;
}
