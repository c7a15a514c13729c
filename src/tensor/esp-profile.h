/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"

G_BEGIN_DECLS

/**
 * EspProfile:
 *
 * A number for each row or each column of a matrix: norm, mean, largest, smallest of its finite
 * values. Shows dead rows and hot columns. Immutable, refcounted.
 */
typedef struct _EspProfile EspProfile;

typedef enum
{
  ESP_PROFILE_NORM, /* root of the sum of squares */
  ESP_PROFILE_MEAN,
  ESP_PROFILE_MAX,
  ESP_PROFILE_MIN,
  ESP_N_PROFILES
} EspProfileKind;

/* "norm", "mean", "max", "min" */
EspProfileKind esp_profile_kind_from_name (const char *name, gboolean *found);
const char *esp_profile_kind_get_name (EspProfileKind kind);

/* @columns: one number a column, else one a row. Blocking, on all cores, one pass. */
EspProfile *esp_profile_new (EspTensor *matrix,
                             gboolean columns,
                             GCancellable *cancellable,
                             GError **error);
void esp_profile_new_async (EspTensor *matrix,
                            gboolean columns,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
EspProfile *esp_profile_new_finish (GAsyncResult *result, GError **error);
void esp_profile_unref (EspProfile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspProfile, esp_profile_unref)

gint64 esp_profile_get_length (EspProfile *self);
/* NaN where nothing is finite */
double esp_profile_get (EspProfile *self, gint64 index, EspProfileKind kind);
/* whether something in it isn't finite */
guint8 esp_profile_get_flags (EspProfile *self, gint64 index); /* EspPixelFlags */
/* the least and the greatest number; FALSE if there is none */
gboolean esp_profile_get_range (EspProfile *self, EspProfileKind kind, double *lo, double *hi);
/* indices from the greatest number down (or up); equal ones by index, NaN last. New array of the
 * profile's length. */
gint64 *esp_profile_sort (EspProfile *self, EspProfileKind kind, gboolean ascending);

G_END_DECLS
