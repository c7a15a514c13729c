/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"
#include "esp-scan-plan-private.h"

G_BEGIN_DECLS

/* how an axis is cut into pixels: pixel i has the cells [edges[i], edges[i + 1]) of the region */
typedef struct
{
  guint n;
  guint64 *edges; /* (n + 1) owned */
} EspCuts;

/* as EspOverview documents it; @pixels <= @cells */
void esp_cuts_init (EspCuts *self, gint64 cells, guint pixels);
/* the same brought to the nearest multiples of 2^@level, which isn't above @cells / @pixels,
 * counted from the matrix's first cell; @start is where the region begins in it */
void esp_cuts_init_entries (EspCuts *self, gint64 start, gint64 cells, guint pixels, guint level);
/* pixels of 2^@level cells each, the last of what is left; @start is a multiple of 2^@level */
void esp_cuts_init_level (EspCuts *self, gint64 cells, guint level);
void esp_cuts_clear (EspCuts *self);

/* One who reads along: gets each number of the region once, as it is decoded. Only where the
 * overview is exact. */
typedef struct
{
  gboolean doubles; /* wants float64 */
  /* before the first; @plan is what indices refer to */
  void (*begin) (gpointer data, const EspScanPlan *plan, guint64 n_jobs);
  /* @count numbers from element @start of the plan's view on; one of the two is set; any thread */
  void (*take) (gpointer data,
                guint worker,
                guint64 job,
                guint64 start,
                gsize count,
                const float *floats,
                const double *doubles);
  /* a share of the whole is done; in the thread that called */
  void (*progress) (gpointer data, double done);
  gpointer data;
} EspOverviewReader;

/* numbers that a reader gets at once, at most */
#define ESP_OVERVIEW_CHUNK (64 * 1024)

/**
 * esp_overview_fill:
 * @every: 1, or look only at every k-th line of a pixel
 * @pixels: (rows->n, columns->n) gets the result
 * @reader: or NULL
 *
 * The pixels of @region, on all cores. The caller has checked that the region lies in the matrix.
 */
gboolean esp_overview_fill (EspTensor *matrix,
                            const EspRegion *region,
                            const EspCuts *rows,
                            const EspCuts *columns,
                            guint every,
                            EspPixel *pixels,
                            const EspOverviewReader *reader,
                            GCancellable *cancellable,
                            GError **error);
/* room for the pixels of such a region; they are the caller's to fill before others see it */
EspOverview *esp_overview_alloc (const EspRegion *region, guint width, guint height);
EspPixel *esp_overview_get_pixels (EspOverview *self);
void esp_overview_set_exact (EspOverview *self, gboolean exact);
/* whether the region lies in the matrix and the picture isn't too large */
gboolean esp_overview_check_request (EspTensor *matrix,
                                     const EspRegion *region,
                                     guint width,
                                     guint height,
                                     GError **error);

G_END_DECLS
