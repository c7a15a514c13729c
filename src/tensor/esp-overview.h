/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspOverview:
 *
 * A region of a matrix reduced to at most width × height pixels. Each pixel knows min, max, mean
 * and RMS of the finite cells under it and whether something under it is NaN, +Inf or -Inf. Where
 * the region is no larger than the pixels, a pixel is a cell. A complex cell is shown as its
 * modulus. Immutable, refcounted.
 */
typedef struct
{
  float min; /* NaN when no cell is finite */
  float max;
  float mean;
  float rms;      /* root of the mean of squares */
  guint32 finite; /* cells that are (at most G_MAXUINT32) */
  guint8 flags;   /* EspPixelFlags */
} EspPixel;

typedef enum
{
  ESP_PIXEL_NAN = 1 << 0,
  ESP_PIXEL_POSITIVE_INF = 1 << 1,
  ESP_PIXEL_NEGATIVE_INF = 1 << 2,
} EspPixelFlags;

/* which number of a pixel is shown */
typedef enum
{
  ESP_REDUCTION_LARGEST, /* the value of largest magnitude: nothing can hide */
  ESP_REDUCTION_MEAN,
  ESP_REDUCTION_MIN,
  ESP_REDUCTION_MAX,
  ESP_REDUCTION_RMS,
  ESP_N_REDUCTIONS
} EspReduction;

/* "largest", "mean", "min", "max", "rms" */
EspReduction esp_reduction_from_name (const char *name, gboolean *found);
const char *esp_reduction_get_name (EspReduction reduction);

typedef struct
{
  gint64 row, column, rows, columns; /* cells of the matrix, within it */
} EspRegion;

/**
 * esp_overview_new:
 * @matrix: a tensor of two dimensions
 * @region: the cells wanted, at least one
 * @every: 1 for exact; k looks only at every k-th row of each pixel's rows for a quick first
 * picture
 *
 * Blocking; for a worker, or for small tensors.
 */
EspOverview *esp_overview_new (EspTensor *matrix,
                               const EspRegion *region,
                               guint width,
                               guint height,
                               guint every,
                               GCancellable *cancellable,
                               GError **error);
void esp_overview_new_async (EspTensor *matrix,
                             const EspRegion *region,
                             guint width,
                             guint height,
                             guint every,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
EspOverview *esp_overview_new_finish (GAsyncResult *result, GError **error);
EspOverview *esp_overview_ref (EspOverview *self);
void esp_overview_unref (EspOverview *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOverview, esp_overview_unref)

guint esp_overview_get_width (EspOverview *self); /* pixels */
guint esp_overview_get_height (EspOverview *self);
const EspRegion *esp_overview_get_region (EspOverview *self);
gboolean esp_overview_is_exact (EspOverview *self);
const EspPixel *esp_overview_get_row (EspOverview *self, guint y); /* width pixels */
float esp_pixel_reduce (const EspPixel *pixel, EspReduction reduction);

G_END_DECLS
