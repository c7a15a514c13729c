/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colour maps measured: equal steps of value look like equal steps of colour (CIEDE2000), lightness
 * tells the order, and people with protanopia or deuteranopia can tell values apart as well. The
 * old rainbow, made here, has to fail each of these. */
#include "config.h"

#include "esp-colormap.h"

#include <math.h>

typedef struct
{
  double l, a, b;
} Lab;

typedef struct
{
  double linear[3]; /* sRGB without its gamma */
} Light;

/* {{{ colour spaces */

static double
to_linear (guint8 value)
{
  double v = value / 255.0;

  return v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4);
}

static Light
get_light (const guint8 entry[3])
{
  return (Light) { { to_linear (entry[0]), to_linear (entry[1]), to_linear (entry[2]) } };
}

static double
bend (double t)
{
  return t > 216.0 / 24389 ? cbrt (t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIELAB for D65 */
static Lab
to_lab (Light light)
{
  const double *v = light.linear;
  double x = bend ((0.4124564 * v[0] + 0.3575761 * v[1] + 0.1804375 * v[2]) / 0.95047);
  double y = bend (0.2126729 * v[0] + 0.7151522 * v[1] + 0.0721750 * v[2]);
  double z = bend ((0.0193339 * v[0] + 0.1191920 * v[1] + 0.9503041 * v[2]) / 1.08883);

  return (Lab) { 116 * y - 16, 500 * (x - y), 200 * (y - z) };
}

static double
get_hue (double b, double a)
{
  double hue = a == 0 && b == 0 ? 0 : atan2 (b, a) * 180 / G_PI;

  return hue < 0 ? hue + 360 : hue;
}

static double
cosine (double degrees)
{
  return cos (degrees * G_PI / 180);
}

/* Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, 2005 */
static double
get_difference (Lab one, Lab two)
{
  double mean_c = (hypot (one.a, one.b) + hypot (two.a, two.b)) / 2;
  double g = 0.5 * (1 - sqrt (pow (mean_c, 7) / (pow (mean_c, 7) + pow (25, 7))));
  double a1 = one.a * (1 + g), a2 = two.a * (1 + g);
  double c1 = hypot (a1, one.b), c2 = hypot (a2, two.b);
  double h1 = get_hue (one.b, a1), h2 = get_hue (two.b, a2);
  double dh = c1 * c2 == 0 ? 0 : h2 - h1;
  double h = h1 + h2, l = (one.l + two.l) / 2, c = (c1 + c2) / 2, t, sl, sc, sh, rt, big;

  if (dh > 180)
    dh -= 360;
  else if (dh < -180)
    dh += 360;
  if (c1 * c2 != 0)
    h = fabs (h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
  big = 2 * sqrt (c1 * c2) * sin (dh / 2 * G_PI / 180);
  t = 1 - 0.17 * cosine (h - 30) + 0.24 * cosine (2 * h) + 0.32 * cosine (3 * h + 6) -
      0.2 * cosine (4 * h - 63);
  sl = 1 + 0.015 * pow (l - 50, 2) / sqrt (20 + pow (l - 50, 2));
  sc = 1 + 0.045 * c;
  sh = 1 + 0.015 * c * t;
  rt = -2 * sqrt (pow (c, 7) / (pow (c, 7) + pow (25, 7))) *
       sin (60 * exp (-pow ((h - 275) / 25, 2)) * G_PI / 180);
  return sqrt (pow ((two.l - one.l) / sl, 2) + pow ((c2 - c1) / sc, 2) + pow (big / sh, 2) +
               rt * (c2 - c1) / sc * big / sh);
}

/* Machado, Oliveira, Fernandes 2009, severity 1 */
static const double protanopia[3][3] = { { 0.152286, 1.052583, -0.204868 },
                                         { 0.114503, 0.786281, 0.099216 },
                                         { -0.003882, -0.048116, 1.051998 } };
static const double deuteranopia[3][3] = { { 0.367322, 0.860646, -0.227968 },
                                           { 0.280085, 0.672501, 0.047413 },
                                           { -0.011820, 0.042940, 0.968881 } };

static Light
simulate (Light light, const double (*matrix)[3])
{
  Light seen = light;

  for (int i = 0; matrix != NULL && i < 3; i++)
    seen.linear[i] = CLAMP (matrix[i][0] * light.linear[0] + matrix[i][1] * light.linear[1] +
                                matrix[i][2] * light.linear[2],
                            0, 1);
  return seen;
}

/* }}} */
/* {{{ measures */

#define STEPS 16

/* a map as someone sees it, at STEPS + 1 places */
static void
see (const guint8 (*table)[3], const double (*matrix)[3], Lab *places)
{
  for (int i = 0; i <= STEPS; i++)
    places[i] = to_lab (simulate (get_light (table[i * 255 / STEPS]), matrix));
}

/* the least and the largest step against their mean */
static void
get_evenness (const guint8 (*table)[3], double *least, double *largest)
{
  Lab places[STEPS + 1];
  double sum = 0, low = G_MAXDOUBLE, high = 0;

  see (table, NULL, places);
  for (int i = 0; i < STEPS; i++)
    {
      double step = get_difference (places[i], places[i + 1]);

      sum += step;
      low = fmin (low, step);
      high = fmax (high, step);
    }
  *least = low / (sum / STEPS);
  *largest = high / (sum / STEPS);
}

/* whether lightness only grows or only falls from @from to @to */
static gboolean
is_monotone (const Lab *places, int from, int to, double tolerance)
{
  double sign = places[to].l > places[from].l ? 1 : -1;

  for (int i = from; i < to; i++)
    if (sign * (places[i + 1].l - places[i].l) < -tolerance)
      return FALSE;
  return TRUE;
}

/* the least difference between two places that are at least @apart steps from one another; on a
 * cyclic map the way round counts */
static double
get_least_difference (const EspColormap *map,
                      const guint8 (*table)[3],
                      const double (*matrix)[3],
                      int apart)
{
  gboolean cyclic = map != NULL && map->kind == ESP_COLORMAP_CYCLIC;
  double least = G_MAXDOUBLE;
  Lab places[STEPS + 1];

  see (table, matrix, places);
  for (int i = 0; i <= STEPS; i++)
    for (int j = i + apart; j <= STEPS; j++)
      if (!cyclic || STEPS - (j - i) >= apart)
        least = fmin (least, get_difference (places[i], places[j]));
  return least;
}

/* }}} */

/* pairs from the paper's table of test data */
static void
test_formula (void)
{
  g_assert_cmpfloat (
      fabs (get_difference ((Lab) { 50, 2.6772, -79.7751 }, (Lab) { 50, 0, -82.7485 }) - 2.0425), <,
      1e-4);
  g_assert_cmpfloat (fabs (get_difference ((Lab) { 50, 2.5, 0 }, (Lab) { 73, 25, -18 }) - 27.1492),
                     <, 1e-4);
  g_assert_cmpfloat (fabs (get_difference ((Lab) { 90.8027, -2.0831, 1.4410 },
                                           (Lab) { 91.1528, -1.6435, 0.0447 }) -
                           1.4441),
                     <, 1e-4);
  g_assert_cmpfloat (
      fabs (get_difference ((Lab) { 2.0776, 0.0795, -1.1350 }, (Lab) { 0.9033, -0.0636, -0.5514 }) -
            0.9082),
      <, 1e-4);
}

/* what shows one map to be even has to show another to be not */
#define LEAST_STEP 0.5
#define LARGEST_STEP 1.45
#define LEAST_APART 10

static void
make_rainbow (guint8 (*table)[3])
{
  for (int i = 0; i < 256; i++)
    {
      double t = i / 255.0 * 4;

      table[i][0] = (guint8) (CLAMP (fmin (t - 1.5, 4.5 - t), 0, 1) * 255);
      table[i][1] = (guint8) (CLAMP (fmin (t - 0.5, 3.5 - t), 0, 1) * 255);
      table[i][2] = (guint8) (CLAMP (fmin (t + 0.5, 2.5 - t), 0, 1) * 255);
    }
}

static void
test_even (void)
{
  const EspColormap *const *all = esp_colormap_get_all ();
  guint8 rainbow[256][3];
  double least, largest;

  for (guint i = 0; all[i] != NULL; i++)
    {
      get_evenness (all[i]->table, &least, &largest);
      g_test_message ("%s: least step %.2f, largest %.2f of the mean", all[i]->name, least,
                      largest);
      g_assert_cmpfloat (least, >=, LEAST_STEP);
      g_assert_cmpfloat (largest, <=, LARGEST_STEP);
    }
  make_rainbow (rainbow);
  get_evenness (rainbow, &least, &largest);
  g_test_message ("rainbow: least step %.2f, largest %.2f of the mean", least, largest);
  g_assert_true (least < LEAST_STEP || largest > LARGEST_STEP);
}

static void
test_lightness (void)
{
  const EspColormap *const *all = esp_colormap_get_all ();
  guint8 rainbow[256][3];
  Lab places[STEPS + 1];

  for (guint i = 0; all[i] != NULL; i++)
    {
      see (all[i]->table, NULL, places);
      if (all[i]->kind == ESP_COLORMAP_SEQUENTIAL)
        g_assert_true (is_monotone (places, 0, STEPS, 0.01));
      else if (all[i]->kind == ESP_COLORMAP_DIVERGING)
        {
          g_assert_true (is_monotone (places, 0, STEPS / 2, 1));
          g_assert_true (is_monotone (places, STEPS / 2, STEPS, 1));
          /* the middle is the lightest, or in a dark map the darkest */
          g_assert_true ((places[STEPS / 2].l > places[0].l) == !all[i]->dark);
          g_assert_true ((places[STEPS / 2].l > places[STEPS].l) == !all[i]->dark);
        }
      else /* both ends are one colour */
        g_assert_cmpfloat (get_difference (places[0], places[STEPS]), <, 3);
    }
  make_rainbow (rainbow);
  see (rainbow, NULL, places);
  g_assert_false (is_monotone (places, 0, STEPS, 1));
}

/* values a quarter of the map apart, and for diverging maps so both signs, look different to all */
static void
test_colour_blind (void)
{
  static const double (*const eyes[])[3] = { NULL, protanopia, deuteranopia };
  const EspColormap *const *all = esp_colormap_get_all ();

  for (guint i = 0; all[i] != NULL; i++)
    for (guint j = 0; j < G_N_ELEMENTS (eyes); j++)
      {
        double least = get_least_difference (all[i], all[i]->table, eyes[j], STEPS / 4);

        g_test_message ("%s, eyes %u: %.1f", all[i]->name, j, least);
        g_assert_cmpfloat (least, >=, LEAST_APART);
      }
}

/* the traffic light's colours, of which one in twelve men sees two alike */
static void
test_colour_blind_fails (void)
{
  static const double ends[3][3] = { { 215, 48, 39 }, { 255, 255, 191 }, { 26, 152, 80 } };
  guint8 table[256][3];

  for (int i = 0; i < 256; i++)
    for (int c = 0; c < 3; c++)
      {
        double t = i / 127.5;

        table[i][c] = (guint8) (t <= 1 ? ends[0][c] * (1 - t) + ends[1][c] * t
                                       : ends[1][c] * (2 - t) + ends[2][c] * (t - 1));
      }
  g_assert_cmpfloat (get_least_difference (NULL, table, NULL, STEPS / 4), >=, LEAST_APART);
  g_test_message ("%.1f", get_least_difference (NULL, table, deuteranopia, STEPS / 4));
  g_assert_cmpfloat (get_least_difference (NULL, table, deuteranopia, STEPS / 4), <, LEAST_APART);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/colormap/formula", test_formula);
  g_test_add_func ("/colormap/even", test_even);
  g_test_add_func ("/colormap/lightness", test_lightness);
  g_test_add_func ("/colormap/colour-blind", test_colour_blind);
  g_test_add_func ("/colormap/colour-blind-fails", test_colour_blind_fails);
  return g_test_run ();
}
