/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Statistics, histogram and fingerprint: against NumPy's and PyTorch's figures of the same bytes,
 * from memory, a file and a stream. */

#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "esp-scan-kernel-private.h"
#include "esp-scan.h"
#include "tensor-fixture.h"

/* {{{ golden figures */

static gint64 *
load_integers (GKeyFile *file, const char *group, const char *key, guint *n)
{
  g_auto (GStrv) texts = NULL;
  gsize count = 0;
  gint64 *out;

  texts = g_key_file_get_string_list (file, group, key, &count, NULL);
  out = g_new0 (gint64, count + 1);
  for (gsize i = 0; i < count; i++)
    out[i] = g_ascii_strtoll (texts[i], NULL, 10);
  *n = (guint) count;
  return out;
}

static double *
load_doubles (GKeyFile *file, const char *group, const char *key, guint *n)
{
  gsize count = 0;
  g_auto (GStrv) texts = g_key_file_get_string_list (file, group, key, &count, NULL);
  double *out = g_new0 (double, count + 1);

  for (gsize i = 0; i < count; i++)
    out[i] = g_ascii_strtod (texts[i], NULL);
  *n = (guint) count;
  return out;
}

static gint64
load_integer (GKeyFile *file, const char *group, const char *key)
{
  guint n;
  g_autofree gint64 *values = load_integers (file, group, key, &n);

  g_assert_cmpuint (n, ==, 1);
  return values[0];
}

/* the same numbers as generated() in make-tensor.py; volatile, so that nothing is fused */
static GBytes *
make_generated (gsize n, double offset, double scale)
{
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    {
      double unit = (double) (guint32) (i * G_GUINT64_CONSTANT (2654435761)) / 4294967296.0 - 0.5;
      volatile double scaled = scale * unit;

      values[i] = (float) (offset + scaled);
    }
  return g_bytes_new_take (values, n * sizeof *values);
}

static EspTensorFlags
parse_flags (const char *text)
{
  EspTensorFlags flags = 0;

  flags |= strstr (text, "be") != NULL ? ESP_TENSOR_BIG_ENDIAN : 0;
  flags |= strstr (text, "conj") != NULL ? ESP_TENSOR_CONJUGATE : 0;
  flags |= strstr (text, "neg") != NULL ? ESP_TENSOR_NEGATE : 0;
  return flags;
}

static EspTensor *
add_affine (GKeyFile *file, const char *name, EspTensor *take_tensor)
{
  g_autoptr (EspTensor) tensor = take_tensor;
  g_autoptr (GError) error = NULL;
  guint n;
  g_autofree double *scales = load_doubles (file, name, "scales", &n);
  g_autofree double *zero_points = load_doubles (file, name, "zero_points", &n);
  EspAffine affine = { (int) load_integer (file, name, "axis"), n, scales, zero_points };
  EspTensor *quantised = esp_tensor_with_affine (tensor, &affine, &error);

  g_assert_no_error (error);
  return quantised;
}

static EspTensor *
load_tensor (GKeyFile *file, const char *name, GBytes *blob, Stored stored)
{
  g_autofree char *dtype = g_key_file_get_string (file, name, "dtype", NULL);
  g_autofree char *native = g_key_file_get_string (file, name, "native", NULL);
  g_autofree char *flags = g_key_file_get_string (file, name, "flags", NULL);
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint ndim, n;
  g_autofree gint64 *shape = load_integers (file, name, "shape", &ndim);
  g_autofree gint64 *strides = NULL;
  gint64 offset = 0;
  EspTensor *tensor;

  if (g_key_file_has_key (file, name, "generate", NULL))
    {
      g_autofree double *how = load_doubles (file, name, "generate", &n);

      bytes = make_generated ((gsize) how[0], how[1], how[2]);
    }
  else
    {
      strides = load_integers (file, name, "strides", &n);
      g_assert_cmpuint (n, ==, ndim);
      offset = load_integer (file, name, "offset");
      bytes = g_bytes_new_from_bytes (blob, (gsize) load_integer (file, name, "start"),
                                      (gsize) load_integer (file, name, "size"));
    }
  storage = make_storage (stored, bytes);
  tensor = esp_tensor_new (esp_dtype_from_name (dtype), native, shape, ndim, strides, offset,
                           parse_flags (flags != NULL ? flags : ""), storage, &error);
  g_assert_no_error (error);
  if (g_key_file_has_key (file, name, "axis", NULL))
    tensor = add_affine (file, name, tensor);
  return tensor;
}

static void
assert_close (GKeyFile *file, const char *name, const char *key, double got, double scale)
{
  g_autofree char *text = g_key_file_get_string (file, name, key, NULL);

  if (text == NULL) /* nothing is finite */
    g_assert_true (isnan (got));
  else
    {
      double wanted = g_ascii_strtod (text, NULL);

      /* sums in another order: some 1e-16 a number, and far fewer in chunks */
      if (wanted != got && !(fabs (got - wanted) <= scale * MAX (fabs (wanted), DBL_MIN)))
        g_error ("%s: %s is %.17g, not %.17g", name, key, got, wanted);
    }
}

static void
check_stats (GKeyFile *file, const char *name, EspTensor *tensor)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);
  const EspStatsValues *values;
  gboolean any;

  g_assert_no_error (error);
  values = esp_stats_get_values (stats);
  any = values->finite > 0;
  g_assert_cmpint (values->count, ==, load_integer (file, name, "count"));
  g_assert_cmpint (values->finite, ==, load_integer (file, name, "finite"));
  g_assert_cmpint (values->zeros, ==, load_integer (file, name, "zeros"));
  g_assert_cmpint (values->nans, ==, load_integer (file, name, "nans"));
  g_assert_cmpint (values->infs, ==, load_integer (file, name, "infs"));
  g_assert_cmpint (values->positive_infs, ==, load_integer (file, name, "positive_infs"));
  g_assert_cmpint (values->first_nonfinite, ==, load_integer (file, name, "first_nonfinite"));
  g_assert_cmpint (values->first_min, ==, any ? load_integer (file, name, "first_min") : -1);
  g_assert_cmpint (values->first_max, ==, any ? load_integer (file, name, "first_max") : -1);
  assert_close (file, name, "min", values->min, 0);
  assert_close (file, name, "max", values->max, 0);
  /* a mean that cancels is as exact as its terms */
  if (any && fabs (values->mean) < 1e-3 * values->std)
    {
      double wanted = g_key_file_get_double (file, name, "mean", NULL);

      g_assert_cmpfloat (fabs (values->mean - wanted), <=, 1e-12 * values->std);
    }
  else
    assert_close (file, name, "mean", values->mean, 1e-12);
  assert_close (file, name, "std", values->std, 1e-12);
  if (any)
    assert_close (file, name, "l2", values->l2, 1e-12);
}

static void
test_golden (void)
{
  g_autoptr (GKeyFile) file = load_fixture ("scans.ini");
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tensor", "scans.bin",
                                                 NULL);
  g_auto (GStrv) names = g_key_file_get_groups (file, NULL);
  g_autoptr (GBytes) blob = NULL;
  char *contents;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  blob = g_bytes_new_take (contents, length);
  g_assert_cmpuint (g_strv_length (names), ==, 96);
  for (guint i = 0; names[i] != NULL; i++)
    for (Stored stored = 0; stored < N_STORED; stored++)
      {
        g_autoptr (EspTensor) tensor = load_tensor (file, names[i], blob, stored);
        g_autofree char *kind = g_key_file_get_string (file, names[i], "hash_kind", NULL);
        g_autofree char *wanted = g_key_file_get_string (file, names[i], "sha256", NULL);
        g_autofree char *hash = esp_scan_hash (tensor, NULL, NULL, NULL, NULL);

        g_test_message ("%s %d", names[i], (int) stored);
        g_assert_cmpstr (esp_scan_get_hash_kind (tensor), ==, kind);
        g_assert_cmpstr (hash, ==, wanted);
        check_stats (file, names[i], tensor);
      }
}

/* }}} */
/* {{{ several cores */

/* the same figures whatever order the cores come in, and whatever order the storage has */
static void
test_same_every_time (void)
{
  g_autoptr (GBytes) bytes = make_generated (5 * 1000 * 1000, 3, 1);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_FILE, bytes);
  g_autoptr (EspTensor) tensor = esp_tensor_new (
      ESP_DTYPE_FLOAT32, "", (const gint64[]) { 2500, 2000 }, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspTensor) turned = esp_tensor_new_view (tensor, (const gint64[]) { 2000, 2500 }, 2,
                                                      (const gint64[]) { 1, 2000 }, 0, NULL);
  g_autoptr (EspStats) first = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  const EspStatsValues *wanted = esp_stats_get_values (first);

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
      g_autoptr (EspStats) turned_stats = esp_scan_stats (turned, NULL, NULL, NULL, NULL);

      g_assert_cmpmem (esp_stats_get_values (stats), sizeof *wanted, wanted, sizeof *wanted);
      g_assert_cmpfloat (esp_stats_get_values (turned_stats)->mean, ==, wanted->mean);
      g_assert_cmpfloat (esp_stats_get_values (turned_stats)->std, ==, wanted->std);
      g_assert_cmpint (esp_stats_get_values (turned_stats)->first_min, ==,
                       wanted->first_min % 2000 * 2500 + wanted->first_min / 2000);
    }
}

typedef struct
{
  GMainLoop *loop;
  guint left;
  double mean;
} Waiting;

static void
on_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiting *waiting = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats_finish (result, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (esp_stats_get_values (stats)->mean, ==, waiting->mean);
  if (--waiting->left == 0)
    g_main_loop_quit (waiting->loop);
}

/* many at once, more than there are threads */
static void
test_async (void)
{
  g_autoptr (GBytes) bytes = make_generated (300000, 1, 1);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);
  EspTensor *tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 300000 }, 1, NULL,
                                      0, 0, storage, NULL);
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  Waiting waiting = { g_main_loop_new (NULL, FALSE), 40, esp_stats_get_values (stats)->mean };

  for (guint i = 0; i < 40; i++)
    esp_scan_stats_async (tensor, NULL, on_stats, &waiting);
  esp_tensor_unref (tensor); /* kept alive by the scans */
  g_main_loop_run (waiting.loop);
  g_main_loop_unref (waiting.loop);
}

typedef struct
{
  double last;
  guint n;
  GThread *thread;
} Progress;

static void
on_progress (double done, gpointer user_data)
{
  Progress *progress = user_data;

  g_assert_true (g_thread_self () == progress->thread);
  g_assert_cmpfloat (done, >, progress->last);
  g_assert_cmpfloat (done, <=, 1);
  progress->last = done;
  progress->n++;
}

static void
test_progress (void)
{
  g_autoptr (GBytes) bytes = make_generated (1000 * 1000, 1, 1);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_FILE, bytes);
  g_autoptr (EspTensor) tensor = esp_tensor_new (
      ESP_DTYPE_FLOAT32, "", (const gint64[]) { 1000 * 1000 }, 1, NULL, 0, 0, storage, NULL);
  Progress progress = { 0, 0, g_thread_self () };
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, on_progress, &progress, NULL, NULL);
  g_autofree char *hash = NULL;

  g_assert_nonnull (stats);
  g_assert_cmpfloat (progress.last, ==, 1);
  progress.last = 0;
  hash = esp_scan_hash (tensor, on_progress, &progress, NULL, NULL);
  g_assert_nonnull (hash);
  g_assert_cmpfloat (progress.last, ==, 1);
}

/* endless zeros, as slow as a network */
static gboolean
read_slowly (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  g_usleep (2000);
  memset (buffer, 0, length);
  return TRUE;
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (50000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled (void)
{
  static const EspStorageFuncs funcs = { read_slowly, NULL };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, NULL, (guint64) 1 << 40);
  g_autoptr (EspTensor) tensor = esp_tensor_new (
      ESP_DTYPE_FLOAT32, "", (const gint64[]) { (gint64) 1 << 38 }, 1, NULL, 0, 0, storage, NULL);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
      gint64 begin = g_get_monotonic_time ();

      if (i == 0)
        g_assert_null (esp_scan_stats (tensor, NULL, NULL, cancellable, &error));
      else
        g_assert_null (esp_scan_hash (tensor, NULL, NULL, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      /* 100 ms are promised; a machine that does much else gets more */
      g_assert_cmpint (g_get_monotonic_time () - begin, <, 1000 * 1000);
      g_thread_join (thread);
    }
}

/* }}} */
/* {{{ what is refused */

static void
test_repeated_giant (void)
{
  static const gint64 strides[][2] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (strides); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (1 << 23), 1 << 23);
      g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);
      g_autoptr (EspTensor)
          tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 1 << 20, 1 << 20 }, 2,
                                   strides[i], 0, 0, storage, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (tensor);
      g_assert_null (esp_scan_stats (tensor, NULL, NULL, NULL, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
      g_clear_error (&error);
      g_assert_null (esp_scan_hash (tensor, NULL, NULL, NULL, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
    }
}

static void
test_unreadable (void)
{
  g_autoptr (EspTensor) tensor = esp_tensor_new_unreadable (
      ESP_DTYPE_FLOAT32, "F32", (const gint64[]) { 2, 2 }, 2,
      g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "on the meta device"));
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_scan_stats (tensor, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_clear_error (&error);
  g_assert_null (esp_scan_hash (tensor, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
}

static gboolean
fail_late (gpointer data,
           guint64 offset,
           gsize length,
           void *buffer,
           GCancellable *cancellable,
           GError **error)
{
  memset (buffer, 0, length);
  if (offset < 3000000)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the disk is gone");
  return FALSE;
}

static void
test_failing_storage (void)
{
  static const EspStorageFuncs funcs = { fail_late, NULL };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, NULL, 1 << 23);
  g_autoptr (EspTensor) tensor = esp_tensor_new (
      ESP_DTYPE_FLOAT32, "", (const gint64[]) { 1 << 21 }, 1, NULL, 0, 0, storage, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_scan_stats (tensor, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

/* a complex zero has two parts that are zero; a real number among them is none */
static void
test_complex_zeros (void)
{
  static const float values[] = { 0, 0, 1, 0, 0, -2, -0.0f, 0, NAN, 0 };
  const gint64 shape[] = { 5 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (values, sizeof values);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor)
      tensor = esp_tensor_new (ESP_DTYPE_COMPLEX64, "C64", shape, 1, NULL, 0, 0, storage, &error);
  g_autoptr (EspStats) stats = NULL;

  g_assert_no_error (error);
  stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_stats_get_values (stats)->zeros, ==, 2);
  g_assert_cmpuint (esp_stats_get_values (stats)->count, ==, 5);
}

/* packed floats that the library behind the format can't decode keep their bytes */
static void
test_hash_kind (void)
{
  static const struct
  {
    EspDtype dtype;
    const char *native, *kind;
  } rows[] = {
    { ESP_DTYPE_FLOAT4_E2M1, "F4", "raw" },
    { ESP_DTYPE_FLOAT4_E2M1, "torch.float4_e2m1fn_x2", "raw" },
    { ESP_DTYPE_FLOAT4_E2M1, "FLOAT4E2M1", "f32le" },
    { ESP_DTYPE_FLOAT6_E3M2, "F6_E3M2", "raw" },
    { ESP_DTYPE_FLOAT8_E4M3FN, "torch.float8_e4m3fn", "f32le" },
    { ESP_DTYPE_UINT4, "UINT4", "i64le" },
    { ESP_DTYPE_RAW, "Q1_0", "raw" },
    { ESP_DTYPE_COMPLEX32, "torch.complex32", "c64le" },
  };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\x10\x32\x54\x76\x98\xba", 6);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_FILE, bytes);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 count = rows[i].dtype == ESP_DTYPE_COMPLEX32 ? 1 : 6;
      g_autoptr (EspTensor) tensor = esp_tensor_new (rows[i].dtype, rows[i].native, &count, 1, NULL,
                                                     0, 0, storage, NULL);
      g_autofree char *hash = esp_scan_hash (tensor, NULL, NULL, NULL, NULL);
      guint bits = esp_dtype_get_info (rows[i].dtype)->bits;
      g_autofree char *raw = NULL;

      g_assert_cmpstr (esp_scan_get_hash_kind (tensor), ==, rows[i].kind);
      g_assert_nonnull (hash);
      raw =
          g_compute_checksum_for_data (G_CHECKSUM_SHA256, g_bytes_get_data (bytes, NULL),
                                       (gsize) ((guint64) count * bits / 8 + (bits == 6 ? 1 : 0)));
      if (g_str_equal (rows[i].kind, "raw") && bits != 6)
        g_assert_cmpstr (hash, ==, raw);
    }
}

/* }}} */
/* {{{ histogram */

static EspStats *
scan_floats (const float *values, gsize n)
{
  gint64 shape = (gint64) n;
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, &shape, 1);
  EspStats *stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);

  g_assert_nonnull (stats);
  return stats;
}

/* values that stand alone in their codes go where they belong */
static void
test_bins_exact (void)
{
  static const float values[] = { -2, -1, -1, 0, 0, -0.0f, 0.25f, 1, 1, 1, 3, NAN, INFINITY };
  g_autoptr (EspStats) stats = scan_floats (values, G_N_ELEMENTS (values));
  static const double wanted[] = { 1, 2, 4, 3, 0, 1 };
  double bins[6];

  esp_stats_get_bins (stats, -2.5, 3.5, 6, bins);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat_with_epsilon (bins[i], wanted[i], 1e-12);
  /* the ends of the range belong to it */
  esp_stats_get_bins (stats, -2, 3, 1, bins);
  g_assert_cmpfloat_with_epsilon (bins[0], 11, 1e-12);

  esp_stats_get_bins (stats, 0.5, 2, 1, bins);
  g_assert_cmpfloat_with_epsilon (bins[0], 3, 1e-12);
  esp_stats_get_bins (stats, 5, 9, 2, bins);
  g_assert_cmpfloat (bins[0] + bins[1], ==, 0);
  esp_stats_get_bins (stats, 3, 3, 2, bins);
  g_assert_cmpfloat (bins[0], ==, 1);
  esp_stats_get_bins (stats, 2, 1, 2, bins);
  g_assert_cmpfloat (bins[0] + bins[1], ==, 0);
  esp_stats_get_bins (stats, NAN, 1, 2, bins);
  g_assert_cmpfloat (bins[0] + bins[1], ==, 0);
}

static void
test_bins_naive (void)
{
  for (gsize n = 100; n <= 1000 * 1000; n *= 100)
    {
      g_autoptr (GBytes) bytes = make_generated (n, 0.3, 2); /* -0.7 to 1.3, evenly */
      const float *values = g_bytes_get_data (bytes, NULL);
      g_autoptr (EspStats) stats = scan_floats (values, n);
      double bins[50], sum = 0;
      guint naive[50] = { 0 };

      esp_stats_get_bins (stats, -0.7, 1.3, 50, bins);
      for (gsize i = 0; i < n; i++)
        naive[MIN ((guint) ((values[i] + 0.7) / 2 * 50), 49)]++;
      for (guint i = 0; i < 50; i++)
        {
          sum += bins[i];
          /* a code is at most 1/128 of the value wide: 1.3 / 128 on each side of a bin of 0.04 */
          g_assert_cmpfloat (fabs (bins[i] - naive[i]), <=, 2 + 0.5 * (double) n / 50);
        }
      g_assert_cmpfloat_with_epsilon (sum, (double) n, 1e-6 * (double) n);
    }
}

static void
test_bins_far (void)
{
  static const double values[] = { -1.7e308, -1e-320, 0, 1e-320, 1e300, 1.7e308 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (values, sizeof values);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, NULL);
  g_autoptr (EspTensor) tensor = esp_tensor_new (ESP_DTYPE_FLOAT64, "", (const gint64[]) { 6 }, 1,
                                                 NULL, 0, 0, storage, NULL);
  g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  double bins[4], sum = 0;

  esp_stats_get_bins (stats, -1.7e308, 1.7e308, 4, bins);
  for (guint i = 0; i < 4; i++)
    sum += bins[i];
  g_assert_cmpfloat_with_epsilon (sum, 6, 1e-9);
  g_assert_cmpfloat (esp_stats_get_quantile (stats, 0), ==, -1.7e308);
  g_assert_cmpfloat (esp_stats_get_quantile (stats, 1), ==, 1.7e308);
}

static void
test_quantile (void)
{
  static const float constant[] = { 3.3f, 3.3f, 3.3f };
  g_autoptr (GBytes) bytes = make_generated (200 * 1000, 0.3, 2);
  g_autoptr (EspStats) stats = scan_floats (g_bytes_get_data (bytes, NULL), 200 * 1000);
  g_autoptr (EspStats) same = scan_floats (constant, 3);
  g_autoptr (EspStats) nothing = scan_floats ((const float[]) { NAN }, 1);

  for (double share = 0; share <= 1; share += 0.125)
    {
      double wanted = -0.7 + 2 * share;

      g_assert_cmpfloat (fabs (esp_stats_get_quantile (stats, share) - wanted), <=,
                         fabs (wanted) / 128 + 1e-3);
      g_assert_cmpfloat (esp_stats_get_quantile (same, share), ==, (double) 3.3f);
      g_assert_true (isnan (esp_stats_get_quantile (nothing, share)));
    }
}

/* }}} */
/* {{{ kernels */

/* every length, so that the rest of a round is met too, and all numbers at every place */
static void
test_kernels (void)
{
  guint64 random = 99;
  float floats[70];
  double doubles[70];

  for (gsize n = 1; n <= G_N_ELEMENTS (floats); n++)
    {
      double min = INFINITY, max = -INFINITY, sum = 0, squares = 0;
      guint zeros = 0, nonfinite = 0;
      EspSums sums;

      for (gsize i = 0; i < n; i++)
        {
          floats[i] = (float) random_between (&random, -1000, 1000) / 8;
          if (random_between (&random, 0, 5) == 0)
            floats[i] = i % 2 ? -0.0f : 0.0f;
          doubles[i] = (double) floats[i];
          min = MIN (min, doubles[i]);
          max = MAX (max, doubles[i]);
          sum += doubles[i];
          squares += (doubles[i] - 2) * (doubles[i] - 2);
          zeros += doubles[i] == 0;
        }
      g_assert_cmpuint (esp_scan_kernel_find_f32 (floats, n, (float) max), <, n);
      g_assert_cmpfloat (floats[esp_scan_kernel_find_f32 (floats, n, (float) max)], ==, max);
      g_assert_cmpuint (esp_scan_kernel_find_f32 (floats, n, 1e30f), ==, n);
      esp_scan_kernel_sums_f32 (floats, n, &sums);
      g_assert_cmpfloat (sums.min, ==, min);
      g_assert_cmpfloat (sums.max, ==, max);
      g_assert_cmpfloat (sums.sum, ==, sum); /* eighths are exact */
      g_assert_cmpuint (sums.zeros, ==, zeros);
      g_assert_cmpuint (sums.nonfinite, ==, 0);
      g_assert_cmpfloat (esp_scan_kernel_deviations_f32 (floats, n, 2), ==, squares);
      esp_scan_kernel_sums_f64 (doubles, n, &sums);
      g_assert_cmpfloat (sums.min, ==, min);
      g_assert_cmpfloat (sums.max, ==, max);
      g_assert_cmpfloat (sums.sum, ==, sum);
      g_assert_cmpuint (sums.zeros, ==, zeros);
      g_assert_cmpfloat (esp_scan_kernel_deviations_f64 (doubles, n, 2), ==, squares);

      for (gsize i = 0; i < n; i += (gsize) random_between (&random, 1, 5), nonfinite++)
        {
          static const float odd[] = { NAN, INFINITY, -INFINITY };

          floats[i] = odd[i % 3];
          doubles[i] = (double) odd[i % 3];
        }
      esp_scan_kernel_sums_f32 (floats, n, &sums);
      g_assert_cmpuint (sums.nonfinite > 0, ==, nonfinite > 0);
      esp_scan_kernel_sums_f64 (doubles, n, &sums);
      g_assert_cmpuint (sums.nonfinite, ==, nonfinite);
    }
}

static void
on_partial (double done, EspOverview *overview, gpointer user_data)
{
  int *n_pictures = user_data;

  if (overview != NULL)
    {
      g_assert_cmpfloat (done, ==, 0);
      g_assert_false (esp_overview_is_exact (overview));
      ++*n_pictures;
    }
}

/* statistics, histogram and overview of one pass are those of passes of their own */
static void
test_matrix (void)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_FLOAT32, ESP_DTYPE_FLOAT16, ESP_DTYPE_FLOAT64,
                                     ESP_DTYPE_COMPLEX64, ESP_DTYPE_INT32 };
  guint64 random = 0xfeed;

  for (int i = 0; i < 40; i++)
    {
      EspDtype dtype = dtypes[i % G_N_ELEMENTS (dtypes)];
      gint64 most = i % 8 == 0 ? 900 : 300;
      gint64 shape[2] = { random_between (&random, 1, most), random_between (&random, 1, most) };
      gint64 turned[2] = { 1, shape[0] };
      g_autoptr (GBytes) bytes = random_bytes (&random, (gsize) (shape[0] * shape[1] * 8));
      g_autoptr (EspStorage) storage = make_storage (i % N_STORED, bytes);
      g_autoptr (EspTensor) matrix =
          esp_tensor_new (dtype, "", shape, 2, i % 3 == 0 ? turned : NULL, 0, 0, storage, NULL);
      g_autoptr (EspTensor)
          twin = esp_tensor_new_view (matrix, shape, 2, esp_tensor_get_strides (matrix), 0, NULL);
      guint width = (guint) random_between (&random, 1, 200);
      guint height = (guint) random_between (&random, 1, 200);
      EspRegion region = { 0, 0, shape[0], shape[1] };
      g_autoptr (EspStats) stats = NULL;
      g_autoptr (EspStats) plain = esp_scan_stats (twin, NULL, NULL, NULL, NULL);
      g_autoptr (EspOverview)
          wanted = esp_overview_new (twin, &region, width, height, 1, NULL, NULL);
      g_autoptr (EspOverview) overview = NULL;
      g_autoptr (GError) error = NULL;
      const EspStatsValues *a, *b;
      double bins[2][64];

      overview = esp_scan_matrix (matrix, width, height, NULL, NULL, &stats, NULL, &error);
      g_assert_no_error (error);
      a = esp_stats_get_values (stats);
      b = esp_stats_get_values (plain);
      g_assert_cmpuint (a->count, ==, b->count);
      g_assert_cmpuint (a->finite, ==, b->finite);
      g_assert_cmpuint (a->zeros, ==, b->zeros);
      g_assert_cmpuint (a->nans, ==, b->nans);
      g_assert_cmpuint (a->infs, ==, b->infs);
      g_assert_cmpint (a->first_min, ==, b->first_min);
      g_assert_cmpint (a->first_max, ==, b->first_max);
      g_assert_cmpint (a->first_nonfinite, ==, b->first_nonfinite);
      g_assert_cmpfloat (a->min, ==, b->min);
      g_assert_cmpfloat (a->max, ==, b->max);
      /* squares of random doubles overflow */
      if (fmax (fabs (a->min), fabs (a->max)) < 1e150)
        {
          g_assert_cmpfloat (fabs (a->mean - b->mean), <=,
                             1e-12 * fmax (fabs (a->min), fabs (a->max)));
          g_assert_cmpfloat (fabs (a->std - b->std), <=, 1e-10 * b->std);
        }
      esp_stats_get_bins (stats, a->min, a->max, 64, bins[0]);
      esp_stats_get_bins (plain, a->min, a->max, 64, bins[1]);
      g_assert_cmpmem (bins[0], sizeof bins[0], bins[1], sizeof bins[1]);
      for (guint y = 0; y < esp_overview_get_height (wanted); y++)
        for (guint x = 0; x < esp_overview_get_width (wanted); x++)
          {
            const EspPixel *got = &esp_overview_get_row (overview, y)[x];
            const EspPixel *pixel = &esp_overview_get_row (wanted, y)[x];

            g_assert_cmphex (got->flags, ==, pixel->flags);
            g_assert_cmpuint (got->finite, ==, pixel->finite);
            g_assert_true (isnan (got->min) ? isnan (pixel->min) : got->min == pixel->min);
            g_assert_true (isnan (got->max) ? isnan (pixel->max) : got->max == pixel->max);
          }
    }
}

static void
test_matrix_partial (void)
{
  gint64 shape[2] = { 4096, 4096 };
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (64 << 20), 64 << 20);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor)
      matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspOverview) overview = NULL;
  g_autoptr (EspStats) stats = NULL;
  g_autoptr (EspStats) none = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int n_pictures = 0;

  overview = esp_scan_matrix (matrix, 256, 256, on_partial, &n_pictures, &stats, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_overview_is_exact (overview));
  g_assert_cmpint (n_pictures, ==, 1);
  g_assert_cmpuint (esp_stats_get_values (stats)->zeros, ==, 4096 * 4096);
  g_cancellable_cancel (cancellable);
  g_assert_null (esp_scan_matrix (matrix, 256, 256, NULL, NULL, &none, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (none);
}

/* a mean far from 0: the squares of deviations must not drown */
static void
test_far_mean (void)
{
  enum
  {
    N = 300 * 1000
  };
  g_autofree float *values = g_new (float, N);
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspStats) stats = NULL;

  for (gsize i = 0; i < N; i++)
    values[i] = 1e6f + (float) (i % 4) - 1.5f; /* quarters are exact at 10^6 */
  tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 500, 600 }, 2);
  stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  g_assert_cmpfloat (fabs (esp_stats_get_values (stats)->mean - 1e6), <, 1e-6);
  g_assert_cmpfloat (fabs (esp_stats_get_values (stats)->std - sqrt (1.25)), <, 1e-12);
}

/* what lies beyond a range of percentiles is counted one by one */
static void
test_beyond (void)
{
  guint64 random = 0xabc;

  for (int round = 0; round < 50; round++)
    {
      enum
      {
        N = 5000
      };
      float values[N];
      g_autoptr (EspTensor) tensor = NULL;
      g_autoptr (EspStats) stats = NULL;
      double low = (double) random_between (&random, 0, 300) / 1000;
      double high = (double) random_between (&random, 700, 1000) / 1000;
      guint64 below, above, n_below = 0, n_above = 0, n_at_most = 0;
      double lo, hi;

      for (int i = 0; i < N; i++)
        {
          double value = (double) random_between (&random, -1000000, 1000000) / 1e6;

          values[i] = (float) (round % 2 ? value : value * value * value);
        }
      tensor = esp_tensor_new_for_floats (values, (const gint64[]) { N }, 1);
      stats = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
      esp_stats_get_percentile_range (stats, low, high, &lo, &hi);
      for (int i = 0; i < N; i++)
        {
          n_below += (double) values[i] < lo;
          n_above += (double) values[i] > hi;
          n_at_most += (double) values[i] <= hi;
        }
      g_assert_true (esp_stats_count_beyond (stats, lo, hi, &below, &above));
      g_assert_cmpuint (below, ==, n_below);
      g_assert_cmpuint (above, ==, n_above);
      /* no more than the shares lie beyond */
      g_assert_cmpfloat ((double) n_below, <=, low * N);
      g_assert_cmpfloat ((double) n_at_most, >=, high * N - 1e-6);
      /* and some within a code can't be told apart, but are known to be there */
      lo = esp_stats_get_values (stats)->min * 0.9999999;
      esp_stats_count_beyond (stats, lo, 2, &below, &above);
      g_assert_cmpuint (below, >=, 1);
      g_assert_cmpuint (above, ==, 0);
    }
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan/golden", test_golden);
  g_test_add_func ("/scan/same-every-time", test_same_every_time);
  g_test_add_func ("/scan/async", test_async);
  g_test_add_func ("/scan/matrix", test_matrix);
  g_test_add_func ("/scan/matrix-partial", test_matrix_partial);
  g_test_add_func ("/scan/far-mean", test_far_mean);
  g_test_add_func ("/scan/beyond", test_beyond);
  g_test_add_func ("/scan/progress", test_progress);
  g_test_add_func ("/scan/cancelled", test_cancelled);
  g_test_add_func ("/scan/repeated-giant", test_repeated_giant);
  g_test_add_func ("/scan/unreadable", test_unreadable);
  g_test_add_func ("/scan/failing-storage", test_failing_storage);
  g_test_add_func ("/scan/complex-zeros", test_complex_zeros);
  g_test_add_func ("/scan/hash-kind", test_hash_kind);
  g_test_add_func ("/scan/bins-exact", test_bins_exact);
  g_test_add_func ("/scan/bins-naive", test_bins_naive);
  g_test_add_func ("/scan/bins-far", test_bins_far);
  g_test_add_func ("/scan/quantile", test_quantile);
  g_test_add_func ("/scan/kernels", test_kernels);
  return g_test_run ();
}
