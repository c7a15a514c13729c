/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Value -> colour: ends and middles by hand, monotony and round trips for every scale. */
#include "config.h"

#include "esp-norm.h"

#include <float.h>
#include <math.h>

static void
test_colormaps (void)
{
  const EspColormap *const *all = esp_colormap_get_all ();
  guint n = 0;

  for (; all[n] != NULL; n++)
    {
      g_assert_true (esp_colormap_from_name (all[n]->name) == all[n]);
      g_assert_nonnull (all[n]->table);
    }
  g_assert_cmpuint (n, >=, 12);
  g_assert_null (esp_colormap_from_name ("jet"));
  g_assert_null (esp_colormap_from_name (NULL));
  g_assert_cmpstr (esp_colormap_get_default (ESP_COLORMAP_DIVERGING, FALSE)->name, ==, "vik");
  g_assert_cmpstr (esp_colormap_get_default (ESP_COLORMAP_DIVERGING, TRUE)->name, ==, "berlin");
  g_assert_cmpstr (esp_colormap_get_default (ESP_COLORMAP_SEQUENTIAL, TRUE)->name, ==, "batlow");
  g_assert_cmpint (esp_colormap_get_default (ESP_COLORMAP_CYCLIC, TRUE)->kind, ==,
                   ESP_COLORMAP_CYCLIC);
}

/* published ends of the maps */
static void
test_tables (void)
{
  static const struct
  {
    const char *name;
    guint8 first[3], last[3];
  } known[] = {
    { "vik", { 0, 18, 97 }, { 89, 0, 8 } },      { "viridis", { 68, 1, 84 }, { 253, 231, 37 } },
    { "magma", { 0, 0, 4 }, { 252, 253, 191 } }, { "cividis", { 0, 34, 78 }, { 254, 232, 56 } },
    { "gray", { 0, 0, 0 }, { 255, 255, 255 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      const EspColormap *map = esp_colormap_from_name (known[i].name);

      for (guint c = 0; c < 3; c++)
        {
          g_assert_cmpint (map->table[0][c], ==, known[i].first[c]);
          g_assert_cmpint (map->table[255][c], ==, known[i].last[c]);
        }
    }
}

static void
test_linear (void)
{
  EspNorm norm;

  esp_norm_init_for_range (&norm, -2, 2, FALSE);
  g_assert_cmpstr (norm.colormap->name, ==, "vik");
  g_assert_cmpfloat (esp_norm_map (&norm, -2), ==, 0);
  g_assert_cmpfloat (esp_norm_map (&norm, 0), ==, 0.5);
  g_assert_cmpfloat (esp_norm_map (&norm, 1), ==, 0.75);
  g_assert_cmpfloat (esp_norm_map (&norm, 99), ==, 1);
  g_assert_cmpfloat (esp_norm_map (&norm, -INFINITY), ==, 0);
  g_assert_true (isnan (esp_norm_map (&norm, NAN)));
  g_assert_cmphex (esp_norm_get_color (&norm, -2), ==, 0xff001261);
  g_assert_cmphex (esp_norm_get_color (&norm, NAN), ==, ESP_COLOR_NAN);
  g_assert_cmphex (esp_norm_get_color (&norm, INFINITY), ==, ESP_COLOR_INF);

  esp_norm_init_for_range (&norm, 0, 5, TRUE);
  g_assert_cmpstr (norm.colormap->name, ==, "batlow");
}

/* ranges that can't be divided by as they are */
static void
test_odd_ranges (void)
{
  const double ranges[][2] = { { 0, 0 },           { 3, 3 },         { -3, -3 },
                               { NAN, 1 },         { -INFINITY, 2 }, { -DBL_MAX, DBL_MAX },
                               { 0, DBL_TRUE_MIN } };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    for (int scale = 0; scale < ESP_N_SCALES; scale++)
      {
        EspNorm norm;
        double share;

        esp_norm_init_for_range (&norm, ranges[i][0], ranges[i][1], FALSE);
        norm.scale = (EspScale) scale;
        g_assert_cmpfloat (norm.hi, >, norm.lo);
        g_assert_cmpfloat (norm.threshold, >=, 0);
        share = esp_norm_map (&norm, norm.lo / 2 + norm.hi / 2);
        g_assert_cmpfloat (share, >=, 0);
        g_assert_cmpfloat (share, <=, 1);
      }
}

static void
test_scales (void)
{
  for (int scale = 0; scale < ESP_N_SCALES; scale++)
    {
      const double lo = scale == ESP_SCALE_LOG ? 1e-4 : -3;
      gboolean found = FALSE;
      double last = -1;
      EspNorm norm;

      g_assert_cmpint (esp_scale_from_name (esp_scale_get_name ((EspScale) scale), &found), ==,
                       scale);
      g_assert_true (found);
      esp_norm_init_for_range (&norm, lo, 7, FALSE);
      norm.scale = (EspScale) scale;
      g_assert_cmpfloat (esp_norm_map (&norm, lo), ==, 0);
      g_assert_cmpfloat (esp_norm_map (&norm, 7), ==, 1);
      for (int i = 0; i <= 1000; i++)
        {
          double value = lo + (7 - lo) * i / 1000, share = esp_norm_map (&norm, value);

          g_assert_cmpfloat (share, >, last); /* strictly growing */
          /* 1e-9 of the range: rounding of logarithms */
          g_assert_cmpfloat_with_epsilon (esp_norm_unmap (&norm, share), value, 1e-8);
          last = share;
        }
    }
}

static void
test_unknown_scale (void)
{
  gboolean found = TRUE;

  g_assert_cmpint (esp_scale_from_name ("cubic", &found), ==, ESP_SCALE_LINEAR);
  g_assert_false (found);
}

/* small values show on a symmetric logarithmic scale, values below 0 at the low end of a plain one
 */
static void
test_log (void)
{
  EspNorm norm;

  esp_norm_init_for_range (&norm, -1, 1, FALSE);
  norm.scale = ESP_SCALE_SYMLOG;
  g_assert_cmpfloat_with_epsilon (esp_norm_map (&norm, 0), 0.5, 1e-12);
  g_assert_cmpfloat (esp_norm_map (&norm, 0.01), >, 0.7);
  g_assert_cmpfloat_with_epsilon (esp_norm_map (&norm, 0.01) + esp_norm_map (&norm, -0.01), 1,
                                  1e-12);
  norm.scale = ESP_SCALE_LOG;
  g_assert_cmpfloat (esp_norm_map (&norm, -0.5), ==, 0);
  g_assert_cmpfloat (esp_norm_map (&norm, 0.1), >, 0.5);
}

static EspStats *
scan (const float *values, gint64 n)
{
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, &n, 1);
  g_autoptr (GError) error = NULL;
  EspStats *stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return stats;
}

static void
assert_range (const float *values, gint64 n, double lo, double hi, const char *map)
{
  g_autoptr (EspStats) stats = scan (values, n);
  EspNorm norm;

  esp_norm_init_for_stats (&norm, stats, FALSE);
  g_assert_cmpfloat (norm.lo, ==, lo);
  g_assert_cmpfloat (norm.hi, ==, hi);
  g_assert_cmpstr (norm.colormap->name, ==, map);
}

static void
test_stats (void)
{
  assert_range ((const float[]) { -1, 0.5f, 3 }, 3, -3, 3, "vik");
  assert_range ((const float[]) { -4, NAN, INFINITY }, 3, -4, 4, "vik");
  assert_range ((const float[]) { 2, 8, 4 }, 3, 2, 8, "batlow");
  assert_range ((const float[]) { 1, 1, 1 }, 3, 0, 1, "batlow");
  assert_range ((const float[]) { 0, 0 }, 2, 0, 1, "batlow");
  assert_range ((const float[]) { NAN, INFINITY }, 2, 0, 1, "batlow");
}

/* one value far out among many doesn't make all others look alike; among few it does */
static void
test_outlier (void)
{
  float values[10000];
  EspNorm norm;

  for (int i = 0; i < 10000; i++)
    values[i] = (float) (i % 100 - 50) / 50; /* -1 to 0.98 */
  values[1234] = 500;
  {
    g_autoptr (EspStats) many = scan (values, 10000);
    g_autoptr (EspStats) few = scan (values + 1200, 100);

    esp_norm_init_for_stats (&norm, many, FALSE);
    /* quantiles have the resolution of the codes: a hundredth of the value */
    g_assert_cmpfloat_with_epsilon (norm.hi, 1, 0.02);
    g_assert_cmpfloat (norm.lo, ==, -norm.hi);
    esp_norm_init_for_stats (&norm, few, FALSE);
    g_assert_cmpfloat (norm.hi, ==, 500);
  }
}

/* a range that follows values without flickering */
static void
test_hold (void)
{
  double held = 0, last = 0;
  EspNorm norm;
  guint changes = 0;

  for (int i = 0; i < 1000; i++)
    {
      double most = 0.9 + 0.09 * sin (i) + i * 1e-5;

      esp_norm_init_for_range (&norm, -most, most / 2, FALSE);
      esp_norm_hold (&norm, &held);
      g_assert_cmpfloat (norm.hi, >=, most);
      g_assert_cmpfloat (norm.hi, <, most * 1.5);
      g_assert_cmpfloat (norm.lo, ==, -norm.hi);
      changes += norm.hi != last;
      last = norm.hi;
    }
  g_assert_cmpuint (changes, <=, 2);

  esp_norm_init_for_range (&norm, 0, 0.001, FALSE);
  esp_norm_hold (&norm, &held);
  g_assert_cmpfloat_with_epsilon (norm.hi, 0.001, 1e-9);
  g_assert_cmpfloat (norm.lo, ==, 0);
}

/* each step of colour holds as many values as the next, and 0 stays in the middle */
static void
test_ranks (void)
{
  float values[4000];
  g_autoptr (EspStats) stats = NULL;
  guint low = 0, middle = 0, zero_side = 0;
  EspNorm norm;

  for (int i = 0; i < 4000; i++)
    values[i] = i < 1000 ? -powf (10, (i - 500) / 100.0f) : i < 1500 ? 0 : (i - 1499) * 0.01f;
  stats = scan (values, 4000);
  esp_norm_init_for_stats (&norm, stats, FALSE);
  esp_norm_set_ranks (&norm, stats);
  g_assert_cmpfloat (norm.lo, ==, values[999]);
  g_assert_cmpfloat (norm.hi, ==, values[3999]);
  g_assert_cmpfloat (esp_norm_map (&norm, 0), ==, 0.5);
  g_assert_cmpfloat (esp_norm_map (&norm, norm.lo), ==, 0);
  g_assert_cmpfloat (esp_norm_map (&norm, norm.hi), ==, 1);
  for (int i = 0; i < 4000; i++)
    {
      double share = esp_norm_map (&norm, values[i]);

      low += values[i] < 0 && share < 0.25;
      middle += values[i] > 0 && share > 0.75;
      zero_side += values[i] < 0 ? share > 0.5 : values[i] > 0 ? share < 0.5 : 0;
      /* codes of the histogram are 1/128 of a value wide */
      g_assert_cmpfloat_with_epsilon (esp_norm_unmap (&norm, share), values[i],
                                      fabs (values[i]) / 64 + 1e-3);
    }
  g_assert_cmpuint (zero_side, ==, 0);
  /* half of each side, to the resolution of the histogram */
  g_assert_cmpuint (low, >, 480);
  g_assert_cmpuint (low, <, 520);
  g_assert_cmpuint (middle, >, 1200);
  g_assert_cmpuint (middle, <, 1300);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/draw/norm/colormaps", test_colormaps);
  g_test_add_func ("/draw/norm/tables", test_tables);
  g_test_add_func ("/draw/norm/linear", test_linear);
  g_test_add_func ("/draw/norm/odd-ranges", test_odd_ranges);
  g_test_add_func ("/draw/norm/scales", test_scales);
  g_test_add_func ("/draw/norm/unknown-scale", test_unknown_scale);
  g_test_add_func ("/draw/norm/log", test_log);
  g_test_add_func ("/draw/norm/stats", test_stats);
  g_test_add_func ("/draw/norm/outlier", test_outlier);
  g_test_add_func ("/draw/norm/hold", test_hold);

  g_test_add_func ("/draw/norm/ranks", test_ranks);
  return g_test_run ();
}
