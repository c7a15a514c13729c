/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Numbers as text: grouped, rounded, exact. A table of 20,000 rows asks for each once. */

#include "config.h"

#include "esp-number-private.h"

#include <float.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#define MINUS "\xe2\x88\x92" /* U+2212 */
#define TIMES " \xc3\x97 "   /* U+00D7 */
#define NO_BREAK "\xc2\xa0"  /* U+00A0 */

char *
esp_number_format_count (guint64 count)
{
  return g_strdup_printf ("%'" PRIu64, count);
}

char *
esp_number_format_bytes (guint64 bytes)
{
  return g_format_size (bytes);
}

/* for people: the locale's decimal point, a real minus */
static char *
beautify (const char *text)
{
  GString *out = g_string_sized_new (strlen (text) + 8);

  for (; *text != '\0'; text++)
    if (*text == '-')
      g_string_append (out, MINUS);
    else
      g_string_append_c (out, *text);
  return g_string_free (out, FALSE);
}

char *
esp_number_format_value (double value, int significant)
{
  char buffer[64];

  if (isnan (value))
    return g_strdup ("NaN");
  if (isinf (value))
    return g_strdup (value > 0 ? "+Inf" : MINUS "Inf");
  g_snprintf (buffer, sizeof buffer, "%.*g", CLAMP (significant, 1, 17), value);
  return beautify (buffer);
}

static gboolean
reads_back (const char *text, double value, gboolean single)
{
  /* rounding twice, decimal to double to float, is not always rounding once */
  return single ? strtof (text, NULL) == (float) value : strtod (text, NULL) == value;
}

gsize
_esp_number_print_exact (double value, gboolean single, char buffer[ESP_NUMBER_BUFFER])
{
  /* any decimal of @safe digits survives the way into the type and back, so when the text with
   * that many reads back, it is the shortest once %g has cut its zeros. Not so below the normal
   * numbers, which have fewer bits. */
  int safe = single ? FLT_DIG : DBL_DIG;
  int most = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
  double smallest = single ? FLT_MIN : DBL_MIN;
  char *point;

  if (isnan (value))
    return g_strlcpy (buffer, "nan", ESP_NUMBER_BUFFER);
  if (isinf (value))
    return g_strlcpy (buffer, value > 0 ? "inf" : "-inf", ESP_NUMBER_BUFFER);

  for (int digits = fabs (value) < smallest ? 1 : safe; digits <= most; digits++)
    {
      g_snprintf (buffer, ESP_NUMBER_BUFFER, "%.*g", digits, value);
      if (reads_back (buffer, value, single))
        break;
    }
  /* the locale's decimal point is a comma in half of the world */
  point = buffer + strspn (buffer, "-0123456789");
  if (*point != '\0' && *point != 'e' && *point != '.')
    {
      gsize n = strcspn (point, "0123456789");
      *point = '.';
      memmove (point + 1, point + n, strlen (point + n) + 1);
    }
  return strlen (buffer);
}

char *
esp_number_format_exact (double value, gboolean single)
{
  char buffer[ESP_NUMBER_BUFFER];

  _esp_number_print_exact (value, single, buffer);
  return g_strdup (buffer);
}

char *
esp_number_format_all (double value, gboolean single)
{
  char buffer[ESP_NUMBER_BUFFER];
  g_autofree char *local = NULL;
  char *point;

  if (!isfinite (value))
    return esp_number_format_value (value, 1);

  _esp_number_print_exact (value, single, buffer);
  point = strchr (buffer, '.');
  if (point == NULL)
    return beautify (buffer);

  *point = '\0';
  local = g_strconcat (buffer, localeconv ()->decimal_point, point + 1, NULL);
  return beautify (local);
}

char *
esp_number_format_shape (const gint64 *shape, guint ndim)
{
  GString *out;

  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);

  if (ndim == 0)
    return g_strdup (_ ("scalar"));
  out = g_string_new (NULL);
  for (guint i = 0; i < ndim; i++)
    g_string_append_printf (out, "%s%" G_GINT64_FORMAT, i > 0 ? TIMES : "", shape[i]);
  return g_string_free (out, FALSE);
}

char *
esp_number_format_percent (double share)
{
  double percent = 100 * share;
  const char *sign = "";
  g_autofree char *number = NULL;
  g_autofree char *shown = NULL;

  if (!isfinite (share))
    return esp_number_format_value (share, 3);
  /* a few of many are not none, and nearly all are not all */
  if (percent > 0 && percent < 0.05)
    {
      sign = "< ";
      percent = 0.1;
    }
  else if (percent >= 99.95 && percent < 100)
    {
      sign = "> ";
      percent = 99.9;
    }
  if (percent == 0 || percent == 100)
    number = g_strdup_printf ("%.0f", percent);
  else
    number = g_strdup_printf ("%.1f", percent);
  shown = beautify (number);
  return g_strconcat (sign, shown, NO_BREAK "%", NULL);
}
