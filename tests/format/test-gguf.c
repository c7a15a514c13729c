/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The GGUF reader: files of gguf-py with its own values (made by make-gguf.py), a table of
 * malformed ones built byte by byte, cuts and changed bytes. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-source.h"

#include <glib/gstdio.h>
#include <string.h>

#define U32 4
#define STRING 8
#define ARRAY 9

/* {{{ building files */

/* a file on the way; numbers in the version's size and order of bytes */
typedef struct
{
  GByteArray *bytes;
  guint32 version;
  gboolean big_endian;
} File;

static void
put (File *self, guint64 number, guint size)
{
  for (guint i = 0; i < size; i++)
    {
      guint8 byte = (guint8) (number >> 8 * (self->big_endian ? size - 1 - i : i));

      g_byte_array_append (self->bytes, &byte, 1);
    }
}

static void
put_size (File *self, guint64 size)
{
  put (self, size, self->version == 1 ? 4 : 8);
}

static void
put_bytes (File *self, const void *bytes, gsize size)
{
  put_size (self, size);
  g_byte_array_append (self->bytes, bytes, (guint) size);
}

static void
put_string (File *self, const char *text)
{
  put_bytes (self, text, strlen (text));
}

static void
begin (File *self, guint32 version, guint64 n_tensors, guint64 n_pairs)
{
  self->bytes = g_byte_array_new ();
  self->version = version;
  g_byte_array_append (self->bytes, (const guint8 *) "GGUF", 4);
  put (self, version, 4);
  put_size (self, n_tensors);
  put_size (self, n_pairs);
}

static void
put_u32_pair (File *self, const char *key, guint32 value)
{
  put_string (self, key);
  put (self, U32, 4);
  put (self, value, 4);
}

static void
put_tensor (File *self, const char *name, guint64 ne0, guint64 ne1, guint32 type, guint64 offset)
{
  put_string (self, name);
  put (self, 2, 4);
  put_size (self, ne0);
  put_size (self, ne1);
  put (self, type, 4);
  put (self, offset, 8);
}

static void
put_zeros (File *self, gsize n, gsize alignment)
{
  const guint8 zero = 0;

  while (self->bytes->len % alignment != 0)
    g_byte_array_append (self->bytes, &zero, 1);
  for (gsize i = 0; i < n; i++)
    g_byte_array_append (self->bytes, &zero, 1);
}

static EspCheckpoint *
open_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  return esp_format_open_source (source, name, NULL, NULL, NULL, error);
}

/* takes the bytes */
static EspCheckpoint *
open_file (File *self, GError **error)
{
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (self->bytes);

  return open_bytes (bytes, "x.gguf", error);
}

/* }}} */
/* {{{ asking */

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "gguf", name, NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "gguf");
  return checkpoint;
}

static char *
read_fixture (const char *name, gsize *size)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "gguf", name, NULL);
  char *contents;

  g_assert_true (g_file_get_contents (path, &contents, size, NULL));
  return contents;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

static const char *
find_metadata (EspCheckpoint *checkpoint, const char *key)
{
  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    if (strcmp (esp_checkpoint_get_metadata_key (checkpoint, i), key) == 0)
      return esp_checkpoint_get_metadata_value (checkpoint, i);
  return NULL;
}

/* the only warning has this part */
static void
assert_warning (EspCheckpoint *checkpoint, const char *wanted)
{
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  if (strstr (esp_checkpoint_get_warning (checkpoint, 0), wanted) == NULL)
    g_error ("“%s” lacks “%s”", esp_checkpoint_get_warning (checkpoint, 0), wanted);
}

/* }}} */
/* {{{ good files */

static void
check_values (EspTensor *tensor, const guint32 *wanted, gsize n)
{
  g_autofree float *values = g_new (float, n);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, n);
  g_assert_true (esp_tensor_read_f32 (tensor, 0, n, values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      if ((bits & 0x7fffffff) > 0x7f800000)
        bits = 0x7fc00000;
      if (bits != wanted[i])
        g_error ("value %zu: 0x%08x, not 0x%08x", i, bits, wanted[i]);
    }
}

/* every type, to the bit */
static void
test_types (gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture (data);
  gboolean big_endian = strcmp (data, "types-big.gguf") == 0;
  gsize size, n_text, done = 0;
  g_autofree char *golden = read_fixture ("types.golden", &size);
  g_autofree char *text = read_fixture ("types.txt", &n_text);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  guint n_blocks = 0;

  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==,
                    g_strv_length (lines));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      EspTensor *tensor = find_tensor (checkpoint, words[0]);
      gsize n = (gsize) g_ascii_strtoull (words[1], NULL, 10);

      g_test_message ("%s", words[0]);
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, words[0]);
      if (big_endian && strcmp (words[0], "IQ2_XXS") == 0)
        g_assert_nonnull (esp_tensor_get_error (tensor));
      else
        check_values (tensor, (const guint32 *) (const void *) golden + done, n);
      if (esp_tensor_get_block_type (tensor) != NULL)
        {
          g_autofree char *word = g_ascii_strdown (words[0], -1);

          g_assert_cmpstr (esp_tensor_get_dtype_name (tensor), ==, word);
          n_blocks++;
        }
      done += n;
    }
  g_assert_cmpuint (done * 4, ==, size);
  g_assert_cmpuint (n_blocks, ==, 25);
  if (big_endian)
    assert_warning (checkpoint, "IQ2_XXS: Values of type IQ2_XXS have no defined order of bytes");
  else
    g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
}

/* types that gguf-py doesn't know */
static void
test_newest (void)
{
  File file = { 0 };
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  float values[64];
  EspTensor *tensor;

  begin (&file, 3, 2, 0);
  put_tensor (&file, "q2", 64, 1, 42, 0);
  put_tensor (&file, "q8", 32, 1, 9, 32);
  put_zeros (&file, 0, 32);
  put (&file, 0x4000, 2); /* 2 as float16 */
  put (&file, 0xe4, 1);   /* 0, 1, 2, 3 */
  put_zeros (&file, 0, 32);
  put (&file, 0x3800, 2); /* 0.5 */
  put (&file, 0, 2);
  put (&file, 0x80, 1);
  put_zeros (&file, 31, 1);
  checkpoint = open_file (&file, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  tensor = find_tensor (checkpoint, "q2");
  g_assert_cmpstr (esp_tensor_get_dtype_name (tensor), ==, "q2_0");
  g_assert_true (esp_tensor_read_f32 (tensor, 0, 64, values, NULL, &error));
  g_assert_cmpfloat (values[0], ==, -2);
  g_assert_cmpfloat (values[1], ==, 0);
  g_assert_cmpfloat (values[2], ==, 2);
  g_assert_cmpfloat (values[3], ==, 4);
  g_assert_cmpfloat (values[4], ==, -2);
  tensor = find_tensor (checkpoint, "q8");
  g_assert_cmpuint (esp_tensor_get_bytes (tensor), ==, 36);
  g_assert_true (esp_tensor_read_f32 (tensor, 0, 32, values, NULL, &error));
  g_assert_cmpfloat (values[0], ==, -64);
  g_assert_cmpfloat (values[1], ==, 0);
}

static void
test_llama (void)
{
  static const char *const wanted[][2] = {
    { "general.architecture", "llama" },
    { "general.alignment", "64" },
    { "test.u8", "200" },
    { "test.i8", "-100" },
    { "test.u16", "60000" },
    { "test.i16", "-30000" },
    { "test.u32", "4000000000" },
    { "test.i32", "-2000000000" },
    { "test.u64", "18446744073709551615" },
    { "test.i64", "-9223372036854775808" },
    { "test.f32", "0.1" },
    { "test.f64", "0.1" },
    { "test.bool", "true" },
    { "test.string", "重み\n\"quoted\"" },
    { "test.few", "[1, 2, 3]" },
    { "test.nested", "[[1, 2], [3, 4]]" },
    { "tokenizer.ggml.tokens",
      "[token 0, token 1, token 2, token 3, token 4, token 5, token 6, token 7, …] (300)" },
    { "tokenizer.ggml.scores", "[0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, …] (1000)" },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("llama.gguf");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  EspTensor *tensor = find_tensor (checkpoint, "blk.10.attn_q.weight");
  EspPlace *output = esp_tree_find (tree, "output.weight", NULL);
  g_autoptr (GError) error = NULL;
  float value;

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpstr (find_metadata (checkpoint, wanted[i][0]), ==, wanted[i][1]);
  g_assert_cmpuint (esp_checkpoint_get_n_metadata (checkpoint), ==, G_N_ELEMENTS (wanted) + 1);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);

  g_assert_cmpint (esp_tensor_get_shape (tensor)[0], ==, 2);
  g_assert_cmpint (esp_tensor_get_shape (tensor)[1], ==, 8);
  g_assert_cmpint (esp_tensor_get_file_offset (tensor) % 64, ==, 0);
  g_assert_true (esp_tensor_read_f32 (tensor, 15, 1, &value, NULL, &error));
  g_assert_cmpfloat (value, ==, 15);

  g_assert_nonnull (output);
  g_assert_false (esp_place_is_stored (output));
  g_assert_cmpint (esp_tie_get_kind (esp_place_get_tie (output)), ==, ESP_TIE_IMPLIED);
  g_assert_true (esp_place_get_tie (output) ==
                 esp_place_get_tie (esp_tree_find (tree, "token_embd.weight", NULL)));
}

/* without output_norm (it only embeds), with an output of its own, or no model at all */
static void
test_no_tie (void)
{
  static const char *const others[] = { "pooler.weight", "output.weight" };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      File file = { 0 };
      g_autoptr (EspCheckpoint) checkpoint = NULL;
      g_autoptr (GError) error = NULL;

      begin (&file, 3, 2, 1);
      put_string (&file, "general.architecture");
      put (&file, STRING, 4);
      put_string (&file, "bert");
      put_tensor (&file, "token_embd.weight", 4, 2, 0, 0);
      put_tensor (&file, others[i], 4, 2, 0, 32);
      put_zeros (&file, 64, 32);
      checkpoint = open_file (&file, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (esp_tree_get_n_ties (esp_checkpoint_get_tree (checkpoint)), ==, 0);
    }
}

/* the same two tensors in each version and order of bytes */
static void
test_versions (void)
{
  for (guint32 version = 1; version <= 3; version++)
    for (int big_endian = 0; big_endian < 2; big_endian++)
      {
        File file = { .big_endian = big_endian != 0 };
        g_autoptr (EspCheckpoint) checkpoint = NULL;
        g_autoptr (GError) error = NULL;
        float values[4];

        begin (&file, version, 2, 2);
        put_u32_pair (&file, "general.alignment", 8);
        put_string (&file, "a");
        put (&file, ARRAY, 4);
        put (&file, STRING, 4);
        put_size (&file, 2);
        put_string (&file, "x");
        put_string (&file, "yz");
        put_tensor (&file, "one", 2, 2, 0, 0);
        put_tensor (&file, "two", 1, 2, 25, 16);
        put_zeros (&file, 0, 8);
        for (guint i = 0; i < 4; i++)
          put (&file, 0x3f800000 + (i << 23), 4); /* 1, 2, 4, 8 */
        put (&file, 258, 2);
        put (&file, 0xffff, 2);
        checkpoint = open_file (&file, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
        g_assert_cmpstr (find_metadata (checkpoint, "a"), ==, "[x, yz]");
        g_assert_true (
            esp_tensor_read_f32 (find_tensor (checkpoint, "one"), 0, 4, values, NULL, &error));
        g_assert_cmpfloat (values[3], ==, 8);
        g_assert_true (
            esp_tensor_read_f32 (find_tensor (checkpoint, "two"), 0, 2, values, NULL, &error));
        g_assert_cmpfloat (values[0], ==, 258);
        g_assert_cmpfloat (values[1], ==, -1);
      }
}

/* a long text is cut at a whole character */
static void
test_long_text (void)
{
  g_autoptr (GString) text = g_string_new ("x");
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  File file = { 0 };
  const char *shown;

  while (text->len < 2 * 1024 * 1024)
    g_string_append (text, "é");
  begin (&file, 3, 0, 2);
  put_string (&file, "a");
  put (&file, STRING, 4);
  put_string (&file, text->str);
  put_u32_pair (&file, "b", 7);
  checkpoint = open_file (&file, &error);
  g_assert_no_error (error);
  shown = find_metadata (checkpoint, "a");
  g_assert_cmpuint (strlen (shown), ==, 1024 * 1024 - 1 + strlen ("…"));
  g_assert_true (g_str_has_suffix (shown, "é…"));
  g_assert_cmpstr (find_metadata (checkpoint, "b"), ==, "7");
}

static void
test_parts (void)
{
  File file = { 0 };
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  begin (&file, 3, 0, 2);
  put_string (&file, "split.no");
  put (&file, 2, 4);
  put (&file, 1, 2);
  put_string (&file, "split.count");
  put (&file, 2, 4);
  put (&file, 3, 2);
  bytes = g_byte_array_free_to_bytes (file.bytes);
  checkpoint = open_bytes (bytes, "renamed.gguf", &error);
  g_assert_no_error (error);
  assert_warning (checkpoint,
                  "This is part 2 of 3 of a model; the others can’t be found by its name");
}

/* a copy of the parts in a folder of its own */
typedef struct
{
  char *folder;
} Parts;

static char *
get_part_path (const Parts *self, guint number)
{
  g_autofree char *name = g_strdup_printf ("tiny-%05u-of-00003.gguf", number);

  return g_build_filename (self->folder, name, NULL);
}

static void
put_part (const Parts *self, guint number, const char *contents, gsize size)
{
  g_autofree char *path = get_part_path (self, number);

  esp_damage_write (path, contents, size);
}

static void
copy_part (const Parts *self, guint from, guint to)
{
  g_autofree char *name = g_strdup_printf ("split/tiny-%05u-of-00003.gguf", from);
  gsize size;
  g_autofree char *contents = read_fixture (name, &size);

  put_part (self, to, contents, size);
}

static void
parts_init (Parts *self)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  for (guint i = 1; i <= 3; i++)
    copy_part (self, i, i);
}

static void
remove_part (const Parts *self, guint number)
{
  g_autofree char *path = get_part_path (self, number);

  g_unlink (path);
}

static void
parts_clear (Parts *self)
{
  for (guint i = 1; i <= 3; i++)
    remove_part (self, i);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
}

/* whichever part is opened, all are there */
static void
test_split (void)
{
  static const char *const names[] = { "token_embd.weight", "blk.0.attn_q.weight",
                                       "blk.0.attn_k.weight", "blk.1.attn_q.weight",
                                       "output_norm.weight" };
  Parts parts;

  parts_init (&parts);
  for (guint number = 0; number <= 3; number++)
    {
      g_autofree char *path = number > 0 ? get_part_path (&parts, number) : g_strdup (parts.folder);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
      EspTree *tree;

      g_assert_no_error (error);
      tree = esp_checkpoint_get_tree (checkpoint);
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
      g_assert_cmpuint (esp_checkpoint_get_file_size (checkpoint), ==, 384 + 288 + 224);
      g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, G_N_ELEMENTS (names) + 1); /* the tie */
      g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        {
          EspTensor *tensor = find_tensor (checkpoint, names[i]);
          double values[8];

          g_assert_true (esp_tensor_read_f64 (tensor, 0, 8, values, NULL, &error));
          for (guint k = 0; k < 8; k++)
            g_assert_cmpfloat (values[k], ==, 100 * i + k);
        }
    }
  parts_clear (&parts);
}

static void
assert_two_parts (const Parts *parts, guint opened, const char *warning)
{
  g_autofree char *path = get_part_path (parts, opened);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 3);
  g_assert_cmpuint (esp_tree_get_n_ties (esp_checkpoint_get_tree (checkpoint)), ==, 0);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 2);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 0), ==, warning);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 1), ==,
                   "2 tensors of the model are in missing parts");
}

/* a part that isn't there, is another one, or is no part: the others open */
static void
test_bad_part (void)
{
  Parts parts;

  parts_init (&parts);
  remove_part (&parts, 2);
  assert_two_parts (&parts, 1, "tiny-00002-of-00003.gguf: there is no file of this name");
  assert_two_parts (&parts, 3, "tiny-00002-of-00003.gguf: there is no file of this name");
  copy_part (&parts, 1, 2);
  assert_two_parts (&parts, 1,
                    "tiny-00002-of-00003.gguf: it should be part 2 of 3, but it says that it is "
                    "part 1 of 3");
  put_part (&parts, 2, "GGU", 3);
  assert_two_parts (&parts, 1, "tiny-00002-of-00003.gguf: this is no GGUF file");
  put_part (&parts, 2, "GGUF\3\0\0\0", 8);
  assert_two_parts (&parts, 1,
                    "tiny-00002-of-00003.gguf: 8 bytes wanted at offset 8, but the file ends at 8");
  parts_clear (&parts);
}

static gboolean
open_damaged_part (const guint8 *data, gsize size, gpointer user_data)
{
  const Parts *parts = user_data;
  g_autofree char *path = get_part_path (parts, 1);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint;

  put_part (parts, 2, (const char *) data, size);
  checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return esp_damage_judge (checkpoint, error);
}

static void
test_damaged_part (void)
{
  Parts parts;

  parts_init (&parts);
  esp_damage_fixture (
      "gguf/split/tiny-00002-of-00003.gguf",
      (EspDamage) { .flips = "\xff\x01", .open = open_damaged_part, .user_data = &parts });
  parts_clear (&parts);
}

/* }}} */
/* {{{ tensors that can't be read */

/* a good tensor of 64 bytes at 0, then the one at hand; 128 bytes of data */
static void
test_bad_tensors (void)
{
  static const struct
  {
    guint64 ne0, ne1;
    guint32 type;
    guint64 offset;
    const char *native, *message;
  } cases[] = {
    { 4, 4, 0, 65, "F32", "its offset 65 is no multiple of the alignment 32" },
    { 4, 4, 0, 32, "F32", "64 bytes at offset 32 of the data begin inside of another tensor" },
    { 4, 4, 0, 0, "F32", "64 bytes at offset 0 of the data begin inside of another tensor" },
    { 4, 5, 0, 64, "F32", "80 bytes at offset 64 of the data end beyond the file (" },
    { 4, 4, 0, 1 << 20, "F32", "64 bytes at offset 1048576 of the data end beyond the file (" },
    { 4, 4, 0, ~(guint64) 31, "F32",
      "64 bytes at offset 18446744073709551584 of the data end beyond the file (" },
    { 1 << 30, G_GUINT64_CONSTANT (1) << 40, 0, 64, "F32",
      "18446744073709551615 bytes at offset 64 of the data end beyond the file (" },
    { 31, 1, 2, 64, "Q4_0",
      "Rows of 31 elements don't divide into the blocks of 32 that Q4_0 has" },
    { 4, 4, 4, 64, "Q4_2",
      "the type Q4_2 was removed from ggml; convert the model again from its source" },
    { 4, 4, 38, 64, "IQ4_NL_8_8",
      "the type IQ4_NL_8_8 was removed from ggml; convert the model again from its source" },
    { 4, 4, 43, 64, "43", "unknown type 43" },
    { 4, 4, 0xffffffff, 64, "4294967295", "unknown type 4294967295" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      File file = { 0 };
      g_autoptr (EspCheckpoint) checkpoint = NULL;
      g_autoptr (GError) error = NULL, reason = NULL;
      g_autofree char *wanted = g_strconcat ("bad: ", cases[i].message, NULL);
      EspTensor *tensor;
      float value = 1;

      begin (&file, 3, 2, 0);
      put_tensor (&file, "good", 4, 4, 0, 0);
      put_tensor (&file, "bad", cases[i].ne0, cases[i].ne1, cases[i].type, cases[i].offset);
      put_zeros (&file, 0, 32);
      put_zeros (&file, 128, 1);
      checkpoint = open_file (&file, &error);
      g_assert_no_error (error);
      assert_warning (checkpoint, wanted);
      tensor = find_tensor (checkpoint, "bad");
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, cases[i].native);
      g_assert_false (esp_tensor_read_f32 (tensor, 0, 0, &value, NULL, &reason));
      g_assert_true (g_str_has_prefix (reason->message, cases[i].message));
      tensor = find_tensor (checkpoint, "good");
      g_assert_true (esp_tensor_read_f32 (tensor, 15, 1, &value, NULL, &error));
      g_assert_cmpfloat (value, ==, 0);
    }
}

/* in another order than their names, with a gap, and empty ones anywhere */
static void
test_odd_places (void)
{
  File file = { 0 };
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;

  begin (&file, 3, 3, 0);
  put_tensor (&file, "a", 4, 4, 0, 128);
  put_tensor (&file, "b", 4, 4, 0, 0);
  put_tensor (&file, "empty", 4, 0, 0, 32);
  put_zeros (&file, 0, 32);
  put_zeros (&file, 192, 1);
  checkpoint = open_file (&file, &error);
  g_assert_no_error (error);
  assert_warning (checkpoint, "llama.cpp refuses this file");
  g_assert_null (esp_tensor_get_error (find_tensor (checkpoint, "a")));
  g_assert_null (esp_tensor_get_error (find_tensor (checkpoint, "b")));
  g_assert_cmpuint (esp_tensor_get_count (find_tensor (checkpoint, "empty")), ==, 0);
}

/* many bad ones are counted, not listed; 20,000 tensors on one place take no noticeable time */
static void
test_many (void)
{
  File file = { 0 };
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  const guint n = 20000;

  begin (&file, 3, n, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%u.w", i);

      put_tensor (&file, name, 4, 4, 0, 0);
    }
  put_zeros (&file, 0, 32);
  put_zeros (&file, 64, 1);
  checkpoint = open_file (&file, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, n);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 101);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 100), ==,
                   "19899 more tensors can’t be read");
}

/* }}} */
/* {{{ files that can't be read */

typedef void (*Build) (File *file);

static void
build_version_0 (File *file)
{
  begin (file, 0, 0, 0);
}

static void
build_version_4 (File *file)
{
  begin (file, 4, 0, 0);
}

static void
build_many_tensors (File *file)
{
  begin (file, 3, G_MAXUINT64, 0);
}

static void
build_many_pairs (File *file)
{
  begin (file, 3, 0, G_MAXUINT64);
}

static void
build_no_pairs (File *file)
{
  begin (file, 3, 0, 3);
}

static void
build_no_tensors (File *file)
{
  begin (file, 3, 3, 0);
}

static void
build_empty_key (File *file)
{
  begin (file, 3, 0, 1);
  put_u32_pair (file, "", 1);
}

static void
build_twice_key (File *file)
{
  begin (file, 3, 0, 2);
  put_u32_pair (file, "a", 1);
  put_u32_pair (file, "a", 1);
}

static void
build_twice_tensor (File *file)
{
  begin (file, 3, 2, 0);
  put_tensor (file, "a", 4, 4, 0, 0);
  put_tensor (file, "a", 4, 4, 0, 64);
}

static void
build_type (File *file)
{
  begin (file, 3, 0, 1);
  put_string (file, "a");
  put (file, 13, 4);
}

static void
build_alignment_0 (File *file)
{
  begin (file, 3, 0, 1);
  put_u32_pair (file, "general.alignment", 0);
}

static void
build_alignment_24 (File *file)
{
  begin (file, 3, 0, 1);
  put_u32_pair (file, "general.alignment", 24);
}

static void
build_alignment_type (File *file)
{
  begin (file, 3, 0, 1);
  put_string (file, "general.alignment");
  put (file, 10, 4);
  put (file, 32, 8);
}

static void
build_long_string (File *file)
{
  begin (file, 3, 0, 1);
  put_string (file, "a");
  put (file, STRING, 4);
  put (file, G_MAXUINT64, 8);
}

static void
build_long_name (File *file)
{
  g_autofree char *name = g_strnfill (70000, 'n');

  begin (file, 3, 0, 1);
  put_u32_pair (file, name, 1);
}

static void
build_array (File *file, guint32 type, guint64 count)
{
  begin (file, 3, 0, 1);
  put_string (file, "a");
  put (file, ARRAY, 4);
  put (file, type, 4);
  put (file, count, 8);
}

static void
build_long_array (File *file)
{
  build_array (file, 0, G_MAXUINT64);
}

static void
build_array_type (File *file)
{
  build_array (file, 99, 1);
}

/* fewer entries than bytes that are left, but more bytes */
static void
build_wide_array (File *file)
{
  build_array (file, 12, 10);
  put_zeros (file, 20, 1);
}

static void
build_deep_array (File *file)
{
  build_array (file, ARRAY, 1);
  for (guint i = 0; i < 100; i++)
    {
      put (file, ARRAY, 4);
      put (file, 1, 8);
    }
}

static void
build_dimensions (File *file)
{
  begin (file, 3, 1, 0);
  put_string (file, "a");
  put (file, 5, 4);
}

static void
build_size (File *file)
{
  begin (file, 3, 1, 0);
  put_tensor (file, "a", (guint64) G_MAXINT64 + 1, 1, 0, 0);
}

static void
test_bad (void)
{
  static const struct
  {
    Build build;
    EspFormatError code;
    const char *message;
  } cases[] = {
    { build_version_0, ESP_FORMAT_ERROR_UNSUPPORTED,
      "GGUF of version 0; versions 1 to 3 can be read" },
    { build_version_4, ESP_FORMAT_ERROR_UNSUPPORTED,
      "GGUF of version 4; versions 1 to 3 can be read" },
    { build_many_tensors, ESP_FORMAT_ERROR_LIMIT,
      "18446744073709551615 tensors; at most 2000000 can be read" },
    { build_many_pairs, ESP_FORMAT_ERROR_LIMIT,
      "18446744073709551615 entries of metadata; at most 100000 can be read" },
    { build_no_pairs, ESP_FORMAT_ERROR_TRUNCATED,
      "8 bytes wanted at offset 24, but the file ends at 24" },
    { build_no_tensors, ESP_FORMAT_ERROR_TRUNCATED,
      "8 bytes wanted at offset 24, but the file ends at 24" },
    { build_empty_key, ESP_FORMAT_ERROR_CORRUPT, "the key at offset 24 is empty" },
    { build_twice_key, ESP_FORMAT_ERROR_CORRUPT, "the key a stands twice" },
    { build_twice_tensor, ESP_FORMAT_ERROR_CORRUPT, "the tensor a stands twice" },
    { build_type, ESP_FORMAT_ERROR_CORRUPT, "a: a value of the unknown type 13 before offset 37" },
    { build_alignment_0, ESP_FORMAT_ERROR_CORRUPT, "general.alignment is 0 of type 4" },
    { build_alignment_24, ESP_FORMAT_ERROR_CORRUPT, "general.alignment is 24 of type 4" },
    { build_alignment_type, ESP_FORMAT_ERROR_CORRUPT, "general.alignment is 32 of type 10" },
    { build_long_string, ESP_FORMAT_ERROR_TRUNCATED,
      "a: a string of 18446744073709551615 bytes at offset 37 ends beyond the file (45 bytes)" },
    { build_long_name, ESP_FORMAT_ERROR_LIMIT,
      "a name of 70000 bytes before offset 32; at most 65535 can be read" },
    { build_long_array, ESP_FORMAT_ERROR_TRUNCATED,
      "a: an array of 18446744073709551615 entries before offset 49 ends beyond the file" },
    { build_array_type, ESP_FORMAT_ERROR_CORRUPT,
      "a: an array with entries of the unknown type 99 before offset 49" },
    { build_wide_array, ESP_FORMAT_ERROR_TRUNCATED, "a: 8 bytes wanted at offset 65" },
    { build_deep_array, ESP_FORMAT_ERROR_LIMIT, "a: arrays inside of arrays more than 4 deep" },
    { build_dimensions, ESP_FORMAT_ERROR_CORRUPT, "a: 5 dimensions; GGUF has at most 4" },
    { build_size, ESP_FORMAT_ERROR_CORRUPT, "a: dimension 0 has the size 9223372036854775808" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      File file = { 0 };
      g_autoptr (EspCheckpoint) checkpoint = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *wanted = g_strconcat ("x.gguf: ", cases[i].message, NULL);

      cases[i].build (&file);
      checkpoint = open_file (&file, &error);
      g_assert_null (checkpoint);
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
      if (!g_str_has_prefix (error->message, wanted))
        g_error ("“%s”, not “%s”", error->message, wanted);
    }
}

/* }}} */
/* {{{ any file */

/* any cut and any changed byte gives values or an error */
static void
test_mutations (gconstpointer path)
{
  const gsize header = 2000; /* what follows are values, and any will do */
  EspDamageCount count = esp_damage_fixture (
      path, (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT, .values = "\xff", .header = header });

  g_assert_cmpuint (count.opened + count.cut_opened, >, header);
}

static void
test_cancelled (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "gguf", "llama.gguf",
                                                 NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  g_assert_null (esp_format_open (path, NULL, NULL, cancelled, &error));
  g_assert_true (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/gguf/types/little-endian", "types.gguf", test_types);
  g_test_add_data_func ("/gguf/types/big-endian", "types-big.gguf", test_types);
  g_test_add_func ("/gguf/newest", test_newest);
  g_test_add_func ("/gguf/llama", test_llama);
  g_test_add_func ("/gguf/no-tie", test_no_tie);
  g_test_add_func ("/gguf/versions", test_versions);
  g_test_add_func ("/gguf/long-text", test_long_text);
  g_test_add_func ("/gguf/parts", test_parts);
  g_test_add_func ("/gguf/split", test_split);
  g_test_add_func ("/gguf/bad-part", test_bad_part);
  g_test_add_func ("/gguf/damaged-part", test_damaged_part);
  g_test_add_func ("/gguf/bad-tensors", test_bad_tensors);
  g_test_add_func ("/gguf/odd-places", test_odd_places);
  g_test_add_func ("/gguf/many", test_many);
  g_test_add_func ("/gguf/bad", test_bad);
  g_test_add_data_func ("/gguf/mutations/types", "gguf/types.gguf", test_mutations);
  g_test_add_data_func ("/gguf/mutations/llama", "gguf/llama.gguf", test_mutations);
  g_test_add_func ("/gguf/cancelled", test_cancelled);

  return g_test_run ();
}
