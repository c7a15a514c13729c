/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tensors put together from boxes: random cuts of random shapes against the whole, ranges of bytes
 * of any length, and boxes that don't make a tensor. */

#include "esp-error.h"
#include "esp-tiles.h"

#include <string.h>

/* {{{ random boxes against a naive twin */

typedef struct
{
  gint64 start[4];
  gint64 size[4];
} Box;

/* cuts a box in two as long as the dice say so */
static void
cut (GRand *random, const Box *box, guint ndim, GArray *out)
{
  guint axis = ndim > 0 ? (guint) g_rand_int_range (random, 0, (gint32) ndim) : 0;
  Box a = *box, b = *box;

  if (ndim == 0 || box->size[axis] < 2 || g_rand_int_range (random, 0, 5) == 0)
    {
      g_array_append_val (out, *box);
      return;
    }
  a.size[axis] = g_rand_int_range (random, 1, (gint32) box->size[axis]);
  b.start[axis] += a.size[axis];
  b.size[axis] -= a.size[axis];
  cut (random, &a, ndim, out);
  cut (random, &b, ndim, out);
}

/* element by element */
static EspStorage *
copy_box (const Box *box, const gint64 *shape, guint ndim, const guint8 *whole, gsize element)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) taken = NULL;
  gint64 n = 1;

  for (guint i = 0; i < ndim; i++)
    n *= box->size[i];
  g_byte_array_append (bytes, (const guint8 *) "junk", 4);
  for (gint64 k = 0; k < n; k++)
    {
      gint64 rest = k, place = 0, stride = 1;

      for (guint i = ndim; i > 0; i--)
        {
          place += (box->start[i - 1] + rest % box->size[i - 1]) * stride;
          rest /= box->size[i - 1];
          stride *= shape[i - 1];
        }
      g_byte_array_append (bytes, whole + (gsize) place * element, (guint) element);
    }
  taken = g_bytes_new (bytes->data, bytes->len);
  return esp_storage_new_for_bytes (taken, "part");
}

static void
check_ranges (GRand *random, EspStorage *storage, const guint8 *whole, gsize size)
{
  g_autofree guint8 *got = g_malloc (size + 1);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (esp_storage_get_size (storage), ==, size);
  g_assert_true (esp_storage_read (storage, 0, size, got, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (got, size, whole, size);
  for (guint i = 0; i < 20 && size > 0; i++)
    {
      gsize from = (gsize) g_rand_int_range (random, 0, (gint32) size);
      gsize n = (gsize) g_rand_int_range (random, 0, (gint32) (size - from) + 1);

      memset (got, 0xee, size);
      g_assert_true (esp_storage_read (storage, from, n, got, NULL, NULL));
      g_assert_cmpmem (got, n, whole + from, n);
      g_assert_true (n == size || got[n] == 0xee);
    }
}

static void
test_random (void)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_UINT8, ESP_DTYPE_FLOAT16, ESP_DTYPE_FLOAT32,
                                     ESP_DTYPE_COMPLEX128 };
  g_autoptr (GRand) random = g_rand_new_with_seed (4);

  for (guint round = 0; round < 400; round++)
    {
      EspDtype dtype = dtypes[round % G_N_ELEMENTS (dtypes)];
      gsize element = esp_dtype_get_info (dtype)->bits / 8, n = 1;
      guint ndim = (guint) g_rand_int_range (random, 0, 5);
      gint64 shape[4];
      Box box = { 0 };
      g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (Box));
      g_autofree guint8 *whole = NULL;
      g_autoptr (EspStorage) storage = NULL;
      EspTiles *tiles;

      for (guint i = 0; i < ndim; i++)
        {
          box.size[i] = shape[i] = g_rand_int_range (random, round % 10 == 0 ? 0 : 1, 9);
          n *= (gsize) shape[i];
        }
      whole = g_malloc (n * element + 1);
      for (gsize i = 0; i < n * element; i++)
        whole[i] = (guint8) g_rand_int (random);
      cut (random, &box, ndim, boxes);
      tiles = esp_tiles_new (dtype, shape, ndim, NULL);
      for (guint i = boxes->len; i > 0; i--)
        {
          const Box *each = &g_array_index (boxes, Box, i - 1);
          g_autoptr (EspStorage) part = n > 0 ? copy_box (each, shape, ndim, whole, element) : NULL;

          g_assert_true (n == 0 || esp_tiles_add (tiles, each->start, each->size, part, 4, NULL));
        }
      storage = esp_tiles_finish (tiles, "whole", NULL);
      g_assert_nonnull (storage);
      check_ranges (random, storage, whole, n * element);
    }
}

/* pieces of more than the 64 KB that are read at once, side by side */
static void
test_wide (void)
{
  const gint64 shape[] = { 300, 500 }, size[] = { 300, 250 };
  const gint64 left[] = { 0, 0 }, right[] = { 0, 250 };
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  g_autofree guint32 *whole = g_new (guint32, 150000);
  Box box = { { 0, 0 }, { 300, 250 } };
  g_autoptr (EspStorage) a = NULL, b = NULL, storage = NULL;
  EspTiles *tiles = esp_tiles_new (ESP_DTYPE_UINT32, shape, 2, NULL);

  for (guint i = 0; i < 150000; i++)
    whole[i] = i;
  a = copy_box (&box, shape, 2, (const guint8 *) whole, 4);
  box.start[1] = 250;
  b = copy_box (&box, shape, 2, (const guint8 *) whole, 4);
  g_assert_true (esp_tiles_add (tiles, left, size, a, 4, NULL));
  g_assert_true (esp_tiles_add (tiles, right, size, b, 4, NULL));
  storage = esp_tiles_finish (tiles, "whole", NULL);
  check_ranges (random, storage, (const guint8 *) whole, 600000);
}

/* }}} */
/* {{{ no tensor */

static void
test_sizes (void)
{
  const gint64 negative[] = { -1, 4 }, huge[] = { G_MAXINT64, 4, 0 };
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_tiles_new (ESP_DTYPE_FLOAT32, negative, 2, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  g_assert_null (esp_tiles_new (ESP_DTYPE_FLOAT32, huge, 3, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
}

typedef struct
{
  const char *name;
  gint64 start, size;
  guint64 offset;
  const char *message; /* NULL: it is good */
} Second;

/* the second of two pieces of 10 bytes; the first is [0, 4), the storage has 8 bytes */
static const Second seconds[] = {
  { "good", 4, 6, 2, NULL },
  { "overlap", 3, 6, 0, "two of its pieces overlap" },
  { "hole", 5, 5, 0, "its pieces have 9 of its 10 elements" },
  { "beyond", 4, 7, 0, "reaches beyond it" },
  { "beyond-start", 11, 0, 0, "reaches beyond it" },
  { "negative", -1, 6, 0, "reaches beyond it" },
  { "negative-size", 4, -6, 0, "reaches beyond it" },
  { "overflow", G_MAXINT64, G_MAXINT64, 0, "reaches beyond it" },
  { "too-much", 0, 10, 0, "reaches beyond it or has too few bytes" },
  { "more-than-all", 3, 7, 0, "its pieces overlap" },
  { "few-bytes", 4, 6, 3, "too few bytes" },
  { "offset", 4, 6, G_MAXUINT64, "too few bytes" },
};

static void
test_second (gconstpointer data)
{
  const Second *row = data;
  const gint64 shape = 10, zero = 0, four = 4;
  g_autoptr (GBytes) bytes = g_bytes_new ("12345678", 8);
  g_autoptr (EspStorage) part = esp_storage_new_for_bytes (bytes, "part");
  EspTiles *tiles = esp_tiles_new (ESP_DTYPE_UINT8, &shape, 1, NULL);
  g_autoptr (EspStorage) whole = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_tiles_add (tiles, &zero, &four, part, 0, NULL));
  if (esp_tiles_add (tiles, &row->start, &row->size, part, row->offset, &error))
    whole = esp_tiles_finish (tiles, "whole", &error);
  else
    esp_tiles_free (tiles);
  g_assert_true ((whole != NULL) == (row->message == NULL));
  if (row->message == NULL)
    {
      char got[11] = { 0 };

      g_assert_true (esp_storage_read (whole, 0, 10, got, NULL, NULL));
      g_assert_cmpstr (got, ==, "1234345678");
    }
  else if (strstr (error->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", error->message, row->message);
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tiles/random", test_random);
  g_test_add_func ("/tiles/wide", test_wide);
  g_test_add_func ("/tiles/sizes", test_sizes);
  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tiles/second/%s", seconds[i].name);

      g_test_add_data_func (path, &seconds[i], test_second);
    }
  return g_test_run ();
}
