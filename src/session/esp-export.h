/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-draw-heatmap.h"

G_BEGIN_DECLS

/* What a person takes away: the picture of a matrix as PNG or SVG, its values as NumPy, CSV or
 * bytes. The window and espalier-cli write through the same functions, so their pictures are the
 * same pixel for pixel. Blocking functions may run in any thread; those with a path write beside it
 * and rename. */

/* where bytes go; FALSE with an error stops the export */
typedef gboolean (*EspExportFunc) (const void *bytes, gsize length, gpointer data, GError **error);

/* --- values --- */

typedef enum
{
  ESP_EXPORT_NATIVE, /* stored bytes, C order, little endian */
  ESP_EXPORT_F32,    /* little-endian float32; complex as pairs */
  ESP_EXPORT_CSV,
  ESP_EXPORT_NPY,
} EspExportForm;

/* memory doesn't grow with the tensor, but for packed types as native bytes */
gboolean esp_export_values (EspTensor *tensor,
                            EspExportForm form,
                            EspExportFunc func,
                            gpointer data,
                            GCancellable *cancellable,
                            GError **error);
void esp_export_values_async (EspTensor *tensor,
                              EspExportForm form,
                              const char *path,
                              gboolean replace,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* --- pictures --- */

/**
 * EspPicture:
 *
 * What a picture shows and how. Begin with esp_picture_init() and set what should be otherwise. All
 * pointers are borrowed; esp_export_picture_async() keeps copies.
 */
typedef struct
{
  EspTensor *matrix;     /* two dimensions */
  int width, height;     /* pixels; 0: as large as the matrix fills, within 1200 × 1200 */
  gboolean has_viewport; /* show what is in view, else all of the matrix */
  EspRegion region;      /* that: these cells */
  EspReduction reduction;
  EspScale scale;
  double threshold; /* of symlog; 0: a thousandth of the range */
  EspRange range;
  gboolean phase;              /* angles: esp_norm_init_for_phase(), whatever scale and range say */
  const EspColormap *colormap; /* NULL: the usual one for such values */
  gboolean inverted;
  const char *title; /* NULL: none */
  const char *row_axis, *column_axis;
  gint64 block_rows, block_columns; /* as in EspHeatmapScene, and these: */
  const gint64 *row_labels, *column_labels;
  const char *note;
  const EspPalette *palette;
} EspPicture;

#define ESP_PICTURE_LEAST_SIZE 64
#define ESP_PICTURE_MOST_SIZE 16384

void esp_picture_init (EspPicture *self, EspTensor *matrix);
/* the norm that these choices give for values with @stats: what the window shows too */
void esp_picture_make_norm (const EspPicture *self, EspStats *stats, EspNorm *norm);

/* one pass over the matrix for statistics and picture together; @progress may be NULL */
gboolean esp_export_picture (const EspPicture *picture,
                             gboolean svg,
                             EspExportFunc func,
                             gpointer data,
                             EspProgressFunc progress,
                             gpointer user_data,
                             GCancellable *cancellable,
                             GError **error);
/* the suffix of @path tells whether .svg or .png */
void esp_export_picture_async (const EspPicture *picture,
                               const char *path,
                               gboolean replace,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);

/* --- anything that is painted --- */

/* what a painter of src/draw paints, over the palette's ground */
typedef struct
{
  int width, height;
  void (*draw) (cairo_t *cr, int width, int height, gpointer data);
  gpointer data;
  const EspPalette *palette;
} EspDrawing;

/* a PNG or SVG in memory: for pictures of a moment, painted before a file is chosen */
GBytes *esp_export_drawing (const EspDrawing *drawing, gboolean svg, GError **error);
void esp_export_bytes_async (GBytes *bytes,
                             const char *path,
                             gboolean replace,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/* of all kinds */
gboolean esp_export_finish (GAsyncResult *result, GError **error);

G_END_DECLS
