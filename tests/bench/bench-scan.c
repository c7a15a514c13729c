/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Times a scan: bench-scan FILE ROWS COLUMNS DTYPE[:OFFSET] WIDTH HEIGHT TIMES. The file has the
 * values of the matrix and nothing else behind the offset. Prints the least seconds of statistics,
 * histogram and overview together, then those of statistics and histogram alone, then those until
 * the first partial picture. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp-block.h"
#include "esp-scan.h"
#include "esp-source.h"

static gint64 begun, first;

static void
on_partial (double done, EspOverview *overview, gpointer user_data)
{
  if (overview != NULL)
    first = g_get_monotonic_time () - begun;
}

static EspTensor *
open_matrix (char **argv, GError **error)
{
  gint64 shape[2] = { g_ascii_strtoll (argv[2], NULL, 10), g_ascii_strtoll (argv[3], NULL, 10) };
  g_auto (GStrv) words = g_strsplit (argv[4], ":", 2);
  guint64 offset = words[1] != NULL ? g_ascii_strtoull (words[1], NULL, 10) : 0;
  g_autoptr (EspSource) source = esp_source_new_for_file (argv[1], error);
  const EspBlockType *type = esp_block_type_from_name (words[0]);
  g_autoptr (EspStorage) storage = NULL;

  if (source == NULL)
    return NULL;
  storage = esp_storage_new_for_source (source, offset, esp_source_get_size (source) - offset, "0");
  if (type != NULL)
    return esp_tensor_new_blocks (type, shape, 2, 0, storage, error);
  return esp_tensor_new (esp_dtype_from_name (words[0]), "", shape, 2, NULL, 0, 0, storage, error);
}

int
main (int argc, char **argv)
{
  double all = G_MAXDOUBLE, alone = G_MAXDOUBLE, partial = G_MAXDOUBLE;
  GError *error = NULL;
  guint width, height;
  int times;

  if (argc != 8)
    return 2;
  width = (guint) g_ascii_strtoull (argv[5], NULL, 10);
  height = (guint) g_ascii_strtoull (argv[6], NULL, 10);
  times = atoi (argv[7]);
  for (int i = 0; i < times && error == NULL; i++)
    {
      /* a new tensor each time: statistics are kept as long as their tensor lives */
      g_autoptr (EspTensor) both = open_matrix (argv, &error);
      g_autoptr (EspTensor) stats_alone = error == NULL ? open_matrix (argv, &error) : NULL;
      g_autoptr (EspOverview) overview = NULL;
      g_autoptr (EspStats) stats = NULL;
      g_autoptr (EspStats) others = NULL;

      if (error != NULL)
        break;
      begun = g_get_monotonic_time ();
      first = 0;
      overview = esp_scan_matrix (both, width, height, on_partial, NULL, &stats, NULL, &error);
      all = MIN (all, (double) (g_get_monotonic_time () - begun) / 1e6);
      partial = MIN (partial, (double) first / 1e6);
      begun = g_get_monotonic_time ();
      others = error == NULL ? esp_scan_stats (stats_alone, NULL, NULL, NULL, &error) : NULL;
      alone = MIN (alone, (double) (g_get_monotonic_time () - begun) / 1e6);
    }
  if (error != NULL)
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  printf ("%.6f %.6f %.6f\n", all, alone, partial);
  return 0;
}
