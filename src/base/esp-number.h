/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one place where numbers become text that a person reads. U+2212 for minus, × between the
 * sizes of a shape, thousands grouped as the locale has it. All return new strings. */

#include <glib.h>

G_BEGIN_DECLS

char *esp_number_format_count (guint64 count); /* 4,194,304 */
char *esp_number_format_bytes (guint64 bytes); /* 8.4 MB, powers of 1000 as the file manager does */
char *esp_number_format_value (double value,
                               int significant); /* −0.0493; 1.2e−07; NaN; +Inf; −Inf */
char *esp_number_format_exact (
    double value,
    gboolean single); /* shortest text that reads back the same float (single) or double: plain
                         ASCII for copying; nan, inf, -inf */
/* the same for eyes: U+2212, the locale's decimal point, NaN, +Inf, −Inf */
char *esp_number_format_all (double value, gboolean single);
char *esp_number_format_shape (const gint64 *shape,
                               guint ndim);     /* 2048 × 2048; "scalar" when ndim is 0 */
char *esp_number_format_percent (double share); /* 96.3 % */

G_END_DECLS
