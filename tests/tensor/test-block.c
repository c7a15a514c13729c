/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tensors stored as quantised blocks: whatever the type, wherever the bytes lie, each read gives
 * what decoding the blocks one after another does. The decoders themselves are held against
 * gguf-py's values in tests/format/test-gguf.c. */

#include "esp-block-storage.h"
#include "esp-decode.h"
#include "esp-error.h"
#include "esp-scan.h"
#include "esp-slice.h"
#include "esp-tensor-private.h"
#include "tensor-fixture.h"

#define N_TYPES 43
#define ROWS 5

static GBytes *
make_blocks (const EspBlockType *type, gsize n)
{
  guint8 *bytes = g_malloc (n * type->bytes);

  for (gsize i = 0; i < n * type->bytes; i++)
    bytes[i] = (guint8) g_test_rand_int_range (0, 256);
  return g_bytes_new_take (bytes, n * type->bytes);
}

/* (n * elements) */
static float *
decode_all (const EspBlockType *type, GBytes *blocks)
{
  gsize n = g_bytes_get_size (blocks) / type->bytes;
  const guint8 *bytes = g_bytes_get_data (blocks, NULL);
  float *out = g_new (float, n * type->elements);

  for (gsize i = 0; i < n; i++)
    type->decode (bytes + i * type->bytes, out + i * type->elements);
  return out;
}

static void
assert_same_bits (const float *a, const float *b, gsize n)
{
  g_assert_cmpmem (a, n * sizeof *a, b, n * sizeof *b);
}

static EspTensor *
make_tensor (const EspBlockType *type, Stored stored, GBytes *bytes)
{
  gint64 shape[] = { ROWS,
                     (gint64) (g_bytes_get_size (bytes) / type->bytes / ROWS) * type->elements };
  g_autoptr (EspStorage) storage = make_storage (stored, bytes);
  g_autoptr (GError) error = NULL;
  EspTensor *tensor = esp_tensor_new_blocks (type, shape, 2, 0, storage, &error);

  g_assert_no_error (error);
  return tensor;
}

static void
check_reads (EspTensor *tensor, const float *wanted)
{
  guint64 count = esp_tensor_get_count (tensor);
  g_autofree float *out = g_new (float, count);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 50; i++)
    {
      guint64 start = (guint64) g_test_rand_int_range (0, (int) count);
      gsize n = (gsize) g_test_rand_int_range (0, (int) (count - start) + 1);

      g_assert_true (esp_tensor_read_f32 (tensor, start, n, out, NULL, &error));
      g_assert_no_error (error);
      assert_same_bits (out, wanted + start, n);
    }
}

/* bytes, at offsets that are no float's and into a buffer that is at none */
static void
check_bytes (EspTensor *tensor, const float *wanted)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);
  guint64 size = esp_storage_get_size (storage);
  g_autofree guint8 *out = g_malloc (size + 1);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (size, ==, esp_tensor_get_count (tensor) * sizeof (float));
  for (guint i = 0; i < 20; i++)
    {
      guint64 start = (guint64) g_test_rand_int_range (0, (int) size);
      gsize n = (gsize) g_test_rand_int_range (0, (int) (size - start) + 1);

      g_assert_true (esp_storage_read (storage, start, n, out + 1, NULL, &error));
      g_assert_cmpmem (out + 1, n, (const guint8 *) wanted + start, n);
    }
}

/* every second row from the last on, columns from within a block to within another */
static void
check_slice (EspTensor *tensor, const float *wanted)
{
  gint64 columns = esp_tensor_get_shape (tensor)[1], first = 3, width = columns - 10;
  const gint64 shape[] = { 3, width }, strides[] = { -2 * columns, 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor)
      view = esp_tensor_new_view (tensor, shape, 2, strides, 4 * columns + first, &error);
  g_autofree float *out = g_new (float, 3 * (gsize) width);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_tensor_get_dtype_name (view), ==, esp_tensor_get_dtype_name (tensor));
  g_assert_true (esp_tensor_get_storage (view) == esp_tensor_get_storage (tensor));
  g_assert_cmpuint (esp_tensor_get_bytes (view), <=, esp_tensor_get_bytes (tensor));
  g_assert_true (esp_tensor_read_f32 (view, 0, 3 * (gsize) width, out, NULL, &error));
  for (int i = 0; i < 3; i++)
    assert_same_bits (out + i * width, wanted + (4 - 2 * i) * columns + first, (gsize) width);
}

static void
test_reads (void)
{
  for (guint32 id = 0; id < N_TYPES; id++)
    for (Stored stored = 0; stored < N_STORED; stored++)
      {
        const EspBlockType *type = esp_block_type_from_ggml (id);
        g_autoptr (EspTensor) tensor = NULL;
        g_autoptr (GBytes) bytes = NULL;
        g_autofree float *wanted = NULL;

        if (type == NULL)
          continue;
        g_assert_true (esp_block_type_from_name (type->name) == type);
        g_assert_cmpuint (type->elements, <=, ESP_BLOCK_MAX_ELEMENTS);
        g_assert_cmpuint (type->bytes, <=, ESP_BLOCK_MAX_BYTES);
        /* more than one piece of what a read takes at once */
        bytes = make_blocks (type, ROWS * (20000 / type->bytes / ROWS + 1));
        wanted = decode_all (type, bytes);
        tensor = make_tensor (type, stored, bytes);
        check_reads (tensor, wanted);
        check_bytes (tensor, wanted);
        check_slice (tensor, wanted);
      }
}

static void
test_facts (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q4_k");
  g_autoptr (GBytes) bytes = make_blocks (type, 2 * ROWS);
  g_autoptr (EspTensor) tensor = make_tensor (type, STORED_IN_FILE, bytes);
  g_autoptr (EspTensor) memory = make_tensor (type, STORED_IN_MEMORY, bytes);
  g_autoptr (EspTensor) stream = make_tensor (type, STORED_AS_STREAM, bytes);
  g_autoptr (EspTensor) row = NULL, part = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (esp_tensor_get_dtype_name (tensor), ==, "q4_k");
  g_assert_cmpstr (esp_tensor_get_dtype_brief (tensor), ==, "Q4_K");
  g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, "Q4_K");
  g_assert_true (esp_tensor_get_block_type (tensor) == type);
  g_assert_cmpint (esp_tensor_get_dtype (tensor), ==, ESP_DTYPE_FLOAT32);
  g_assert_cmpuint (esp_tensor_get_bytes (tensor), ==, 2 * ROWS * 144);
  g_assert_cmpuint (esp_storage_get_size (esp_storage_get_stored (esp_tensor_get_storage (tensor))),
                    ==, 2 * ROWS * 144);
  g_assert_cmpstr (esp_storage_get_id (esp_tensor_get_storage (tensor)), ==, "f");

  /* several threads may read where no stream is behind it */
  g_assert_false (esp_tensor_is_stream (tensor));
  g_assert_false (esp_tensor_is_stream (memory));
  g_assert_true (esp_tensor_is_stream (stream));
  g_assert_cmpint (esp_tensor_get_file_offset (tensor), ==, 0);
  g_assert_cmpint (esp_tensor_get_file_offset (memory), ==, -1);

  row = esp_tensor_new_view (tensor, (const gint64[]) { 512 }, 1, NULL, 3 * 512, &error);
  g_assert_cmpuint (esp_tensor_get_bytes (row), ==, 2 * 144);
  g_assert_cmpint (esp_tensor_get_file_offset (row), ==, 3 * 2 * 144);
  part = esp_tensor_new_view (tensor, (const gint64[]) { 100 }, 1, NULL, 300, &error);
  g_assert_cmpuint (esp_tensor_get_bytes (part), ==, 57); /* 100 / 256 * 144, rounded up */
  g_assert_cmpint (esp_tensor_get_file_offset (part), ==, 144);
}

/* plain float32 tensors of the same shape keep their own facts */
static void
test_not_mixed_up (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q8_0");
  g_autoptr (GBytes) bytes = make_blocks (type, ROWS);
  g_autoptr (EspTensor) blocks = make_tensor (type, STORED_IN_MEMORY, bytes);
  g_autofree float *zeros = g_new0 (float, 32 * ROWS);
  g_autoptr (EspTensor) plain = esp_tensor_new_for_floats (zeros, (const gint64[]) { ROWS, 32 }, 2);

  g_assert_cmpstr (esp_tensor_get_dtype_name (plain), ==, "float32");
  g_assert_null (esp_tensor_get_block_type (plain));
  g_assert_cmpuint (esp_tensor_get_bytes (plain), ==, ROWS * 32 * 4);
  g_assert_cmpuint (esp_tensor_get_bytes (blocks), ==, ROWS * 34);
}

static void
test_ties (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q8_0");
  g_autoptr (GBytes) bytes = make_blocks (type, ROWS);
  g_autoptr (EspTensor) one = make_tensor (type, STORED_IN_MEMORY, bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) two = esp_tensor_new_blocks (type, esp_tensor_get_shape (one), 2, 0,
                                                     esp_tensor_get_storage (one), &error);
  g_autoptr (EspTensor) other = make_tensor (type, STORED_IN_MEMORY, bytes);

  g_assert_no_error (error);
  g_assert_true (esp_tensor_is_alias (one, two));
  g_assert_false (esp_tensor_is_alias (one, other));
}

static void
assert_refused (const EspBlockType *type,
                const gint64 *shape,
                guint ndim,
                EspTensorFlags flags,
                gsize n_bytes,
                const char *message)
{
  g_autofree guint8 *zeros = g_malloc0 (MAX (n_bytes, 1));
  g_autoptr (GBytes) bytes = g_bytes_new (zeros, n_bytes);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "7");
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_tensor_new_blocks (type, shape, ndim, flags, storage, &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_refused (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q6_k");
  const gint64 odd[] = { 2, 255 }, large[] = { 3, 256 };
  gint64 many[65] = { 0 };

  assert_refused (type, odd, 2, 0, 1000,
                  "Rows of 255 elements don't divide into the blocks of 256 that Q6_K has");
  assert_refused (type, NULL, 0, 0, 1000,
                  "Rows of 1 elements don't divide into the blocks of 256 that Q6_K has");
  assert_refused (type, many, 65, 0, 1000,
                  "Rows of 1 elements don't divide into the blocks of 256 that Q6_K has");
  /* the last block lacks a byte */
  assert_refused (type, large, 2, 0, 3 * 210 - 1,
                  "Shape, strides and offset reach from element 0 to 767, but the storage “7” "
                  "holds 512 elements");
  assert_refused (esp_block_type_from_name ("iq2_xxs"), large, 2, ESP_TENSOR_BIG_ENDIAN, 1000,
                  "Values of type IQ2_XXS have no defined order of bytes in a big-endian file");
}

/* a big-endian file's blocks are those of a little-endian one with their fields turned round */
static void
test_big_endian (void)
{
  for (guint32 id = 0; id < N_TYPES; id++)
    {
      const EspBlockType *type = esp_block_type_from_ggml (id);
      g_autoptr (EspStorage) storage = NULL;
      g_autoptr (EspTensor) tensor = NULL;
      g_autoptr (GBytes) little = NULL, big = NULL;
      g_autofree float *wanted = NULL, *out = NULL;
      g_autoptr (GError) error = NULL;
      guint8 *turned;
      gint64 shape;

      if (type == NULL || (type->flags & ESP_BLOCK_LITTLE_ONLY) != 0)
        continue;
      little = make_blocks (type, 7);
      turned = g_memdup2 (g_bytes_get_data (little, NULL), 7 * type->bytes);
      esp_block_type_swap (type, turned, 7);
      big = g_bytes_new_take (turned, 7 * type->bytes);
      storage = esp_storage_new_for_bytes (big, NULL);
      shape = 7 * type->elements;
      tensor = esp_tensor_new_blocks (type, &shape, 1, ESP_TENSOR_BIG_ENDIAN, storage, &error);
      g_assert_no_error (error);
      wanted = decode_all (type, little);
      out = g_new (float, (gsize) shape);
      g_assert_true (esp_tensor_read_f32 (tensor, 0, (gsize) shape, out, NULL, &error));
      assert_same_bits (out, wanted, (gsize) shape);
    }
}

static void
test_swap (void)
{
  guint8 q5_1[24], q8_k[292] = { 1, 2, 3, 4, 5 };

  for (guint8 i = 0; i < 24; i++)
    q5_1[i] = i;
  esp_block_type_swap (esp_block_type_from_name ("q5_1"), q5_1, 1);
  g_assert_cmpmem (q5_1, 10, ((const guint8[]) { 1, 0, 3, 2, 7, 6, 5, 4, 8, 9 }), 10);

  q8_k[290] = 8;
  q8_k[291] = 9;
  esp_block_type_swap (esp_block_type_from_name ("q8_k"), q8_k, 1);
  g_assert_cmpmem (q8_k, 5, ((const guint8[]) { 4, 3, 2, 1, 5 }), 5);
  g_assert_cmpuint (q8_k[290], ==, 9);
  g_assert_cmpuint (q8_k[291], ==, 8);
}

static char *
hash (EspTensor *tensor)
{
  g_autoptr (GError) error = NULL;
  char *text = esp_scan_hash (tensor, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return text;
}

/* types that only we decode are hashed as they are stored, even so in whole rows */
static void
test_hash (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q1_0");
  g_autoptr (GBytes) bytes = make_blocks (type, 3 * ROWS);
  g_autoptr (EspTensor) tensor = make_tensor (type, STORED_IN_FILE, bytes);
  g_autoptr (EspTensor) row = NULL, part = NULL, known = NULL;
  g_autofree char *wanted = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *found = hash (tensor), *wanted_row = NULL, *found_row = NULL;
  g_autoptr (GBytes) row_bytes = g_bytes_new_from_bytes (bytes, 6 * 18, 3 * 18);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (esp_scan_get_hash_kind (tensor), ==, "raw");
  g_assert_cmpstr (found, ==, wanted);

  row = esp_tensor_new_view (tensor, (const gint64[]) { 384 }, 1, NULL, 2 * 384, &error);
  wanted_row = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, row_bytes);
  found_row = hash (row);
  g_assert_cmpstr (esp_scan_get_hash_kind (row), ==, "raw");
  g_assert_cmpstr (found_row, ==, wanted_row);

  part = esp_tensor_new_view (tensor, (const gint64[]) { 100 }, 1, NULL, 5, &error);
  g_assert_cmpstr (esp_scan_get_hash_kind (part), ==, "f32le");
  known = make_tensor (esp_block_type_from_name ("q4_0"), STORED_IN_MEMORY, bytes);
  g_assert_cmpstr (esp_scan_get_hash_kind (known), ==, "f32le");
}

/* large enough to be gone through in parallel; the figures are those of the decoded values */
static void
test_scan (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q4_k");
  const gsize n = 4000 * ROWS;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspTensor) tensor = NULL, plain = NULL;
  g_autoptr (EspStats) stats = NULL, wanted = NULL;
  g_autofree float *values = NULL;
  g_autoptr (GError) error = NULL;
  guint8 *blocks = g_malloc (n * type->bytes);

  for (gsize i = 0; i < n * type->bytes; i++)
    blocks[i] = (guint8) (i * 2654435761u >> 13);
  for (gsize i = 0; i < n; i++) /* finite scales */
    blocks[i * type->bytes + 1] &= 0x3f, blocks[i * type->bytes + 3] &= 0x3f;
  bytes = g_bytes_new_take (blocks, n * type->bytes);
  values = decode_all (type, bytes);
  tensor = make_tensor (type, STORED_IN_FILE, bytes);
  plain = esp_tensor_new_for_floats (values, esp_tensor_get_shape (tensor), 2);
  stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  wanted = esp_scan_stats (plain, NULL, NULL, NULL, &error);
  g_assert_cmpuint (esp_stats_get_values (stats)->finite, ==, n * 256);
  g_assert_cmpfloat (esp_stats_get_values (stats)->mean, ==, esp_stats_get_values (wanted)->mean);
  g_assert_cmpfloat (esp_stats_get_values (stats)->std, ==, esp_stats_get_values (wanted)->std);
  g_assert_cmpfloat (esp_stats_get_values (stats)->max, ==, esp_stats_get_values (wanted)->max);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/block/reads", test_reads);
  g_test_add_func ("/block/facts", test_facts);
  g_test_add_func ("/block/not-mixed-up", test_not_mixed_up);
  g_test_add_func ("/block/ties", test_ties);
  g_test_add_func ("/block/refused", test_refused);
  g_test_add_func ("/block/big-endian", test_big_endian);
  g_test_add_func ("/block/swap", test_swap);
  g_test_add_func ("/block/hash", test_hash);
  g_test_add_func ("/block/scan", test_scan);

  return g_test_run ();
}
