/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-plan.h"

G_BEGIN_DECLS

/* Private to train/: the bytes of a kept history, all little-endian. Readers take nothing that
 * isn't there, and check every number that later steps would use. */

#define ESP_KEPT_MAGIC "ESPKEPT2"

void esp_kept_put_u32 (GByteArray *out, guint32 value);
void esp_kept_put_u64 (GByteArray *out, guint64 value);
void esp_kept_put_f64 (GByteArray *out, double value);
void esp_kept_put_floats (GByteArray *out, const EspReal *values, gsize count);
/* a count of things that take at least @least bytes each, all of which must be there */
gboolean esp_kept_read_count (EspCursor *cursor,
                              guint64 most,
                              gsize least,
                              guint32 *count,
                              GError **error);
/* a number from @low to @high */
gboolean esp_kept_read_u64 (EspCursor *cursor,
                            guint64 low,
                            guint64 high,
                            guint64 *value,
                            GError **error);
gboolean esp_kept_read_f64 (EspCursor *cursor, double *value, GError **error);
/* new array of @count */
EspReal *esp_kept_read_floats (EspCursor *cursor, gsize count, GError **error);
/* %ESP_FORMAT_ERROR_CORRUPT at the cursor */
void esp_kept_set_error (EspCursor *cursor, GError **error, const char *what);

/* what esp_plan_save_state() gives */
void esp_kept_put_state (GByteArray *out, EspPlan *plan, const guint8 *state);
/* new; of step @step, as the plan can load it */
guint8 *esp_kept_read_state (EspCursor *cursor, EspPlan *plan, guint64 step, GError **error);

/* whether an event of @n numbers can be done to the plan */
gboolean esp_kept_check_event (EspPlan *plan,
                               guint kind,
                               guint parameter,
                               guint64 index,
                               double value,
                               guint64 n);

/* what names the numbers' kernels: "avx512"; a history of others offers its key frames alone */
const char *esp_kept_get_kernels (void);

G_END_DECLS
