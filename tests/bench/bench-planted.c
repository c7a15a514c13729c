/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plants one NaN and one 1e6 at random places of a large matrix and looks whether they are found:
 * bench-planted FILE ROWS COLUMNS WIDTH HEIGHT ROUNDS. FILE gets ROWS × COLUMNS float32 of small
 * magnitude, all of which are written; each round changes 8 bytes of it, scans all of it anew, asks
 * the overview, the statistics and the searches, and puts the bytes back. Every second pair of
 * places lies beside an edge between tiles or between pixels. Prints in how many rounds both were
 * marked in their pixels and both jumps landed on their cells, and the seconds. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp-find.h"
#include "esp-scan.h"

typedef struct
{
  gint64 rows, columns;
  guint width, height;
  GMappedFile *mapped;
  float *values; /* (rows, columns), of the file */
  GRand *rand;
} Planted;

static gboolean
write_file (const char *path, gint64 rows, gint64 columns)
{
  FILE *file = fopen (path, "wb");
  g_autofree float *row = g_new (float, columns);
  guint32 state = 1;
  gboolean done = file != NULL;

  for (gint64 i = 0; done && i < rows; i++)
    {
      for (gint64 j = 0; j < columns; j++)
        {
          state = state * 1664525u + 1013904223u;
          row[j] = ((float) (state >> 8) / 8388608.0f - 1.0f) * 0.05f;
        }
      done = fwrite (row, sizeof *row, (gsize) columns, file) == (gsize) columns;
    }
  return (file == NULL || fclose (file) == 0) && done;
}

/* beside an edge of a tile or a pixel, or anywhere */
static gint64
pick (Planted *self, gint64 n, guint pixels, gboolean edge)
{
  gint64 at = (gint64) (g_rand_double (self->rand) * (double) n);

  if (edge && g_rand_boolean (self->rand))
    at = at / ESP_PYRAMID_TILE * ESP_PYRAMID_TILE - g_rand_int_range (self->rand, 0, 2);
  else if (edge)
    at = at * pixels / n * n / pixels + g_rand_int_range (self->rand, -1, 2);
  return CLAMP (at, 0, n - 1);
}

static EspCell
pick_cell (Planted *self, gboolean edge)
{
  EspCell cell;

  cell.row = pick (self, self->rows, self->height, edge);
  cell.column = pick (self, self->columns, self->width, edge);
  return cell;
}

/* the pixel of a row or column: pixel i begins at the cell i * n / pixels */
static guint
get_pixel (gint64 cell, gint64 n, guint pixels)
{
  guint i = (guint) (cell * pixels / n);

  return (gint64) (i + 1) * n / pixels <= cell ? i + 1 : i;
}

/* its pixel says so, and it alone */
static gboolean
is_marked (Planted *self, EspOverview *overview, const EspCell *cell, gboolean nan)
{
  guint y = get_pixel (cell->row, self->rows, self->height);
  guint x = get_pixel (cell->column, self->columns, self->width);
  guint n = 0;

  for (guint i = 0; i < self->height; i++)
    for (guint j = 0; j < self->width; j++)
      {
        const EspPixel *pixel = &esp_overview_get_row (overview, i)[j];
        gboolean is = nan ? (pixel->flags & ESP_PIXEL_NAN) != 0 : pixel->max == 1e6f;

        if (is && (i != y || j != x))
          return FALSE;
        n += is;
      }
  return n == 1;
}

static gboolean
lands (EspPyramid *pyramid, EspFindKind kind, const EspCell *wanted)
{
  EspCell found = { -1, -1 };

  return esp_find_cell (pyramid, kind, NULL, &found, NULL, NULL) && found.row == wanted->row &&
         found.column == wanted->column;
}

static EspTensor *
make_matrix (Planted *self)
{
  const gint64 shape[2] = { self->rows, self->columns };
  g_autoptr (GBytes) bytes = g_mapped_file_get_bytes (self->mapped);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");

  return esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
}

static gboolean
look (Planted *self, const EspCell *nan, const EspCell *large)
{
  g_autoptr (EspTensor) matrix = make_matrix (self);
  g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);
  g_autoptr (EspStats) stats = NULL;
  g_autoptr (EspOverview) overview = esp_scan_matrix (matrix, self->width, self->height, NULL, NULL,
                                                      &stats, NULL, NULL);
  const EspStatsValues *values = overview != NULL ? esp_stats_get_values (stats) : NULL;

  return values != NULL && values->nans == 1 && values->max == 1e6 &&
         values->first_nonfinite == nan->row * self->columns + nan->column &&
         values->first_max == large->row * self->columns + large->column &&
         is_marked (self, overview, nan, TRUE) && is_marked (self, overview, large, FALSE) &&
         lands (pyramid, ESP_FIND_NONFINITE, nan) && lands (pyramid, ESP_FIND_EXTREME, large);
}

static gboolean
run_round (Planted *self, gboolean edge)
{
  EspCell nan = pick_cell (self, edge), large;
  float *at[2], before[2];
  gboolean found;

  do
    large = pick_cell (self, edge);
  while (large.row == nan.row && large.column == nan.column);
  at[0] = &self->values[nan.row * self->columns + nan.column];
  at[1] = &self->values[large.row * self->columns + large.column];
  for (guint i = 0; i < 2; i++)
    before[i] = *at[i];
  *at[0] = NAN;
  *at[1] = 1e6f;
  found = look (self, &nan, &large);
  if (!found)
    printf ("missed: NaN at %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "; 1e6 at %" G_GINT64_FORMAT
            ", %" G_GINT64_FORMAT "\n",
            nan.row, nan.column, large.row, large.column);
  for (guint i = 0; i < 2; i++)
    *at[i] = before[i];
  return found;
}

int
main (int argc, char **argv)
{
  Planted self = { 0 };
  gint64 begun;
  int rounds, found = 0;

  if (argc != 7)
    return 2;
  self.rows = g_ascii_strtoll (argv[2], NULL, 10);
  self.columns = g_ascii_strtoll (argv[3], NULL, 10);
  self.width = (guint) atoi (argv[4]);
  self.height = (guint) atoi (argv[5]);
  rounds = atoi (argv[6]);
  if (!write_file (argv[1], self.rows, self.columns))
    return 1;
  self.mapped = g_mapped_file_new (argv[1], TRUE, NULL); /* private: the file itself stays */
  if (self.mapped == NULL)
    return 1;
  self.values = (float *) (gpointer) g_mapped_file_get_contents (self.mapped);
  self.rand = g_rand_new_with_seed (7);
  begun = g_get_monotonic_time ();
  for (int i = 0; i < rounds; i++)
    {
      found += run_round (&self, i % 2 == 1);
      if (i % 100 == 99)
        {
          printf ("%d of %d\n", found, i + 1);
          fflush (stdout);
        }
    }
  printf ("both marked and both jumps exact: %d of %d, %.1f s\n", found, rounds,
          (double) (g_get_monotonic_time () - begun) / 1e6);
  g_rand_free (self.rand);
  g_mapped_file_unref (self.mapped);
  return found == rounds ? 0 : 1;
}
