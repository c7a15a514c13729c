/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspStats:
 *
 * Exact figures of a whole tensor, over its finite values, in double. Immutable, refcounted.
 * Complex: over interleaved re and im, but a zero is an element whose parts are both zero.
 */
typedef struct
{
  guint64 count;  /* elements (a complex one counts once) */
  guint64 finite; /* numbers that are finite */
  double min;     /* NaN when nothing is finite, the same for max, mean, std */
  double max;
  double mean;
  double std; /* population */
  double l2;
  guint64 zeros;
  guint64 nans;
  guint64 infs; /* both signs */
  guint64 positive_infs;
  gint64 first_nonfinite; /* C-order index, -1 if there is none */
  gint64 first_min;       /* C-order index of the first smallest and largest value, -1 */
  gint64 first_max;
} EspStatsValues;

#define ESP_HISTOGRAM_CODES 65536

EspStats *esp_stats_ref (EspStats *self);
void esp_stats_unref (EspStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspStats, esp_stats_unref)
const EspStatsValues *esp_stats_get_values (EspStats *self);
/* finite values in @n equal bins over [lo, hi]; those outside go into no bin. Follows from exact
 * counts by the top 16 bits of the float32, whose mass is spread evenly over each code's interval,
 * so bins sum to the values inside to rounding. */
void esp_stats_get_bins (EspStats *self, double lo, double hi, guint n, double *bins);
/* the value below which @share (0 to 1) of the finite values lie, to the resolution of the codes */
double esp_stats_get_quantile (EspStats *self, double share);

/* A range between the codes that holds the values from the @low to the @high quantile, and at most
 * the rest of their codes: what lies beyond is counted exactly. NaN where nothing is finite. */
void esp_stats_get_percentile_range (EspStats *self,
                                     double low,
                                     double high,
                                     double *lo,
                                     double *hi);
/* finite values below @lo and above @hi; FALSE where an end lies within a code, so that the count
 * of that code is split by its width */
gboolean esp_stats_count_beyond (EspStats *self,
                                 double lo,
                                 double hi,
                                 guint64 *below,
                                 guint64 *above);

/* one streaming pass on all cores; memory doesn't grow with the tensor; cancelled within 100 ms */
EspStats *esp_scan_stats (EspTensor *tensor,
                          EspProgressFunc progress,
                          gpointer user_data,
                          GCancellable *cancellable,
                          GError **error);
/* the same in a worker, for the main thread; @tensor is kept alive */
void esp_scan_stats_async (EspTensor *tensor,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
EspStats *esp_scan_stats_finish (GAsyncResult *result, GError **error);

/**
 * EspScanPartialFunc:
 * @done: share of the work that is done
 * @overview: a first, coarse picture, told once; later NULL
 *
 * Told in the thread that called, first within some 10 ms.
 */
typedef void (*EspScanPartialFunc) (double done, EspOverview *overview, gpointer user_data);

/**
 * esp_scan_matrix:
 * @matrix: a tensor of two dimensions
 * @width, @height: of the overview of all of it
 * @stats: (out): where statistics and histogram go
 *
 * Statistics, histogram and overview in one pass: each number is read and decoded once. Blocking,
 * on all cores; memory doesn't grow with the matrix; cancelled within 100 ms.
 *
 * Returns: what esp_overview_new() makes of the whole matrix, or NULL
 */
EspOverview *esp_scan_matrix (EspTensor *matrix,
                              guint width,
                              guint height,
                              EspScanPartialFunc partial,
                              gpointer user_data,
                              EspStats **stats,
                              GCancellable *cancellable,
                              GError **error);

/**
 * esp_scan_matrix_try_async:
 *
 * The same in a worker, where nobody has scanned @matrix or does: from now on all who ask
 * esp_scan_stats() for its statistics wait for this pass, so that an overview of a large matrix
 * comes with them. FALSE, and nothing is begun, where the statistics are there or on their way, or
 * the matrix is small: esp_overview_new() is what is left to do.
 */
gboolean esp_scan_matrix_try_async (EspTensor *matrix,
                                    guint width,
                                    guint height,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
EspOverview *esp_scan_matrix_finish (GAsyncResult *result, GError **error);
/* A picture of @tensor is about to be asked for, once its size is known: until
 * esp_scan_matrix_try_async() or esp_scan_unclaim() is called, whoever wants its statistics waits.
 * Claimed by one at a time, who has to unclaim it soon whatever comes; without effect where it is
 * scanned already. */
void esp_scan_claim (EspTensor *tensor);
void esp_scan_unclaim (EspTensor *tensor);

/* "f32le", "i64le", "c64le" or "raw": which values esp_scan_hash() takes */
const char *esp_scan_get_hash_kind (EspTensor *tensor);
/* SHA-256 (hex) of the decoded values, the same whatever the file format: each value cast to
 * float32 (integers and bools to int64, complex to pairs of float32), C order, little endian, all
 * NaNs as 0x7fc00000 */
char *esp_scan_hash (EspTensor *tensor,
                     EspProgressFunc progress,
                     gpointer user_data,
                     GCancellable *cancellable,
                     GError **error);

G_END_DECLS
