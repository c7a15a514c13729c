/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files of 20 GB with a thousand tensors, nearly all of them holes: opening reads their tables
 * alone, and any value is reached, in memory that has nothing to do with the file's size. Skipped
 * where the file system has no holes. */

#include "config.h"

#include "esp-format.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TENSORS 1000
#define ROW G_GINT64_CONSTANT (5000000)       /* floats of a tensor */
#define FILE_BYTES (TENSORS * ROW * 4)        /* 20 GB */
#define MEMORY_MAX (48 * 1024 * 1024)         /* that a thousand descriptions may take, and more */
#define HOLES_MAX ((gint64) 64 * 1024 * 1024) /* that such a file may take on the disk */

static void
append_u64 (GByteArray *out, guint64 value)
{
  guint64 little = GUINT64_TO_LE (value);

  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

static void
append_u32 (GByteArray *out, guint32 value)
{
  guint32 little = GUINT32_TO_LE (value);

  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

static GByteArray *
make_safetensors (void)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GString) header = g_string_new ("{");

  for (guint i = 0; i < TENSORS; i++)
    g_string_append_printf (header,
                            "%s\"layers.%u.weight\":{\"dtype\":\"F32\",\"shape\":[5000,1000],"
                            "\"data_offsets\":[%" PRIi64 ",%" PRIi64 "]}",
                            i > 0 ? "," : "", i, i * ROW * 4, (i + 1) * ROW * 4);
  g_string_append_c (header, '}');
  append_u64 (out, header->len);
  g_byte_array_append (out, (const guint8 *) header->str, (guint) header->len);
  return out;
}

static GByteArray *
make_gguf (void)
{
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, (const guint8 *) "GGUF", 4);
  append_u32 (out, 3);
  append_u64 (out, TENSORS);
  append_u64 (out, 0);
  for (guint i = 0; i < TENSORS; i++)
    {
      g_autofree char *name = g_strdup_printf ("layers.%u.weight", i);

      append_u64 (out, strlen (name));
      g_byte_array_append (out, (const guint8 *) name, (guint) strlen (name));
      append_u32 (out, 2);
      append_u64 (out, 1000);
      append_u64 (out, 5000);
      append_u32 (out, 0); /* F32 */
      append_u64 (out, (guint64) i * ROW * 4);
    }
  while (out->len % 32 != 0)
    g_byte_array_append (out, (const guint8 *) "", 1);
  return out;
}

/* pages that are in memory now */
static gint64
get_resident_bytes (void)
{
  g_autofree char *text = NULL;
  long long total, resident;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) ||
      sscanf (text, "%lld %lld", &total, &resident) != 2)
    return -1;
  return resident * sysconf (_SC_PAGESIZE);
}

/* @table, and then data that are a hole up to their last value, which is 7; FALSE where holes take
 * room */
static gboolean
write_large (const char *path, const GByteArray *table)
{
  const float seven = 7;
  guint32 bits;
  struct stat info;
  int fd = g_open (path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  gint64 end = table->len + FILE_BYTES;
  gboolean good;

  memcpy (&bits, &seven, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, table->data, table->len), ==, (gssize) table->len);
  good = ftruncate (fd, end) == 0 &&
         pwrite (fd, &bits, sizeof bits, end - 4) == (gssize) sizeof bits &&
         fstat (fd, &info) == 0 && (gint64) info.st_blocks * 512 < HOLES_MAX;
  close (fd);
  return good;
}

static void
check (const char *path)
{
  gint64 before = get_resident_bytes ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  EspTree *tree;
  EspTensor *last;
  float value;

  g_assert_no_error (error);
  tree = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, TENSORS);
  g_assert_cmpuint (esp_tree_get_totals (tree)->bytes, ==, FILE_BYTES);
  last = esp_parameter_get_data (esp_place_get_parameter (esp_tree_get_tensor (tree, TENSORS - 1)));
  g_assert_true (esp_tensor_read_f32 (last, ROW - 1, 1, &value, NULL, &error));
  g_assert_cmpfloat (value, ==, 7);
  g_assert_true (esp_tensor_read_f32 (last, ROW - 2, 1, &value, NULL, &error));
  g_assert_cmpfloat (value, ==, 0);
  if (before >= 0)
    {
      gint64 more = get_resident_bytes () - before;

      g_test_message ("%.1f MB more", (double) more / 1e6);
      g_assert_cmpint (more, <, MEMORY_MAX);
    }
}

static void
test_large (gconstpointer make)
{
  g_autoptr (GByteArray) table = ((GByteArray * (*) (void) ) make) ();
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "large", NULL);

  if (write_large (path, table))
    check (path);
  else
    g_test_skip ("the file system has no sparse files");
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/large-files/safetensors", make_safetensors, test_large);
  g_test_add_data_func ("/large-files/gguf", make_gguf, test_large);
  return g_test_run ();
}
