/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Bytes of a kept history: numbers, and states of a plan. A state is a run of 64-bit numbers (where
 * it is, the optimiser's counts) and then of floats, so that it is turned in two pieces where
 * processors are big-endian. */

#include "config.h"
#include "esp-history-file.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-error.h"
#include "esp-history.h"
#include "esp-kernels.h"
#include "esp-plan-private.h"

void
esp_kept_put_u32 (GByteArray *out, guint32 value)
{
  guint32 little = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

void
esp_kept_put_u64 (GByteArray *out, guint64 value)
{
  guint64 little = GUINT64_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

void
esp_kept_put_f64 (GByteArray *out, double value)
{
  guint64 bits;
  memcpy (&bits, &value, sizeof bits);
  esp_kept_put_u64 (out, bits);
}

/* units of 4 or 8 bytes, to or from little-endian */
static void
turn (guint8 *bytes, gsize size, gsize unit)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i + unit <= size; i += unit)
    for (gsize k = 0; k < unit / 2; k++)
      {
        guint8 byte = bytes[i + k];
        bytes[i + k] = bytes[i + unit - 1 - k];
        bytes[i + unit - 1 - k] = byte;
      }
#endif
}

void
esp_kept_put_floats (GByteArray *out, const EspReal *values, gsize count)
{
  guint at = out->len;
  g_byte_array_append (out, (const guint8 *) values, (guint) (count * sizeof *values));
  turn (out->data + at, count * sizeof *values, sizeof *values);
}

void
esp_kept_set_error (EspCursor *cursor, GError **error, const char *what)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               /* Translators: name of a part of a file, number of a byte, what is wrong there */
               _ ("%s, byte %zu: %s"), cursor->what, cursor->position, what);
}

gboolean
esp_kept_read_u64 (EspCursor *cursor, guint64 low, guint64 high, guint64 *value, GError **error)
{
  if (!esp_cursor_read_u64 (cursor, value, error))
    return FALSE;
  if (*value >= low && *value <= high)
    return TRUE;
  g_autofree char *text = g_strdup_printf (_ ("there should be a number from %llu to %llu"),
                                           (unsigned long long) low, (unsigned long long) high);
  esp_kept_set_error (cursor, error, text);
  return FALSE;
}

gboolean
esp_kept_read_count (EspCursor *cursor, guint64 most, gsize least, guint32 *count, GError **error)
{
  if (!esp_cursor_read_u32 (cursor, count, error))
    return FALSE;
  if (*count <= most && (guint64) *count * least <= esp_cursor_get_remaining (cursor))
    return TRUE;
  esp_kept_set_error (cursor, error, _ ("there can’t be so many things here"));
  return FALSE;
}

gboolean
esp_kept_read_f64 (EspCursor *cursor, double *value, GError **error)
{
  guint64 bits;
  if (!esp_cursor_read_u64 (cursor, &bits, error))
    return FALSE;
  memcpy (value, &bits, sizeof bits);
  return TRUE;
}

EspReal *
esp_kept_read_floats (EspCursor *cursor, gsize count, GError **error)
{
  const guint8 *bytes;
  if (!esp_cursor_read_bytes (cursor, (guint64) count * sizeof (EspReal), &bytes, error))
    return NULL;
  EspReal *values = g_memdup2 (bytes, MAX (count, 1) * sizeof (EspReal));
  turn ((guint8 *) values, count * sizeof (EspReal), sizeof (EspReal));
  return values;
}

static void
turn_state (EspPlan *plan, guint8 *state)
{
  gsize head = esp_plan_get_state_head (plan), size = esp_plan_get_state_size (plan);
  turn (state, head, sizeof (guint64));
  turn (state + head, size - head, sizeof (EspReal));
}

void
esp_kept_put_state (GByteArray *out, EspPlan *plan, const guint8 *state)
{
  guint at = out->len;
  g_byte_array_append (out, state, (guint) esp_plan_get_state_size (plan));
  turn_state (plan, out->data + at);
}

guint8 *
esp_kept_read_state (EspCursor *cursor, EspPlan *plan, guint64 step, GError **error)
{
  gsize size = esp_plan_get_state_size (plan);
  const guint8 *bytes;
  if (!esp_cursor_read_bytes (cursor, size, &bytes, error))
    return NULL;
  guint8 *state = g_memdup2 (bytes, size);
  turn_state (plan, state);
  if (esp_plan_check_state (plan, state, step))
    return state;
  g_free (state);
  esp_kept_set_error (cursor, error, _ ("this isn’t a moment of this network’s training"));
  return NULL;
}

const char *
esp_kept_get_kernels (void)
{
  return esp_kernels_get ()->name;
}

gboolean
esp_kept_check_event (EspPlan *plan,
                      guint kind,
                      guint parameter,
                      guint64 index,
                      double value,
                      guint64 n)
{
  EspNetwork *network = plan->network;
  const EspNetParameter *own = parameter < network->parameters->len
                                   ? esp_network_peek_parameter (network, parameter)
                                   : NULL;
  gboolean numbers = own != NULL && own->info.kind != ESP_PARAMETER_COUNTER;
  gboolean trains = own != NULL && !esp_parameter_kind_is_buffer (own->info.kind);
  switch (kind)
    {
    case ESP_HISTORY_EDIT:
      return own != NULL && index < own->count && n == 0;
    case ESP_HISTORY_FILL:
      return numbers && n == own->count && index <= network->optimizer->n_moments &&
             (index == 0 || trains);
    case ESP_HISTORY_FREEZE:
      return trains && index <= 1 && n == 0;
    case ESP_HISTORY_OWN_RATE:
    case ESP_HISTORY_OWN_DECAY:
      return trains && (isnan (value) || (isfinite (value) && value >= 0)) && n == 0;
    case ESP_HISTORY_RATE:
      return isfinite (value) && value >= 0 && n == 0;
    case ESP_HISTORY_ROWS:
      return index > 0 && n == 0;
    default:
      return FALSE;
    }
}
