/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Checked arithmetic for numbers that come from files. All return FALSE on overflow and then leave
 * *out undefined. */

#include <glib.h>

static inline gboolean G_GNUC_WARN_UNUSED_RESULT
esp_add_u64 (guint64 a, guint64 b, guint64 *out)
{
  return !__builtin_add_overflow (a, b, out);
}

static inline gboolean G_GNUC_WARN_UNUSED_RESULT
esp_mul_u64 (guint64 a, guint64 b, guint64 *out)
{
  return !__builtin_mul_overflow (a, b, out);
}

static inline gboolean G_GNUC_WARN_UNUSED_RESULT
esp_add_i64 (gint64 a, gint64 b, gint64 *out)
{
  return !__builtin_add_overflow (a, b, out);
}

static inline gboolean G_GNUC_WARN_UNUSED_RESULT
esp_mul_i64 (gint64 a, gint64 b, gint64 *out)
{
  return !__builtin_mul_overflow (a, b, out);
}

/* whether [offset, offset + length) lies within [0, size) */
static inline gboolean
esp_range_fits (guint64 offset, guint64 length, guint64 size)
{
  return offset <= size && length <= size - offset;
}
