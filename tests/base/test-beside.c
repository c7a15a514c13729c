/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names out of a file that are opened as files: every hostile one is refused, a good one gives the
 * file's bytes, and many files need few descriptors. */

#include "config.h"

#include "esp-beside.h"
#include "esp-error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *top;    /* holds outside.bin and the folder */
  char *folder; /* what the user picked */
  EspBeside *beside;
} Fixture;

static char *
put (const char *folder, const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sub = NULL;
  g_autofree char *outside = NULL;
  g_autofree char *inside = NULL;
  g_autofree char *deeper = NULL;

  fixture->top = g_dir_make_tmp ("esp-beside-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->folder = g_build_filename (fixture->top, "model", NULL);
  sub = g_build_filename (fixture->folder, "sub", NULL);
  g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);
  outside = put (fixture->top, "outside.bin", "outside");
  inside = put (fixture->folder, "inside.bin", "inside");
  deeper = put (sub, "deeper.bin", "deeper");
  fixture->beside = esp_beside_new (fixture->folder, &error);
  g_assert_no_error (error);
}

static void
remove_all (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  esp_beside_unref (fixture->beside);
  remove_all (fixture->top);
  g_free (fixture->folder);
  g_free (fixture->top);
}

static void
make_link (Fixture *fixture, const char *target, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
assert_text (EspSource *source, const char *text)
{
  g_autoptr (GError) error = NULL;
  char buffer[64] = { 0 };

  g_assert_cmpuint (esp_source_get_size (source), ==, strlen (text));
  esp_source_read (source, 0, strlen (text), buffer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, text);
}

static void
assert_opens (Fixture *fixture, const char *path, EspBesideLinks links, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_beside_open (fixture->beside, path, links, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_source_get_name (source), ==, path);
  assert_text (source, text);
}

static void
assert_refused (Fixture *fixture, const char *path, EspBesideLinks links, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_beside_open (fixture->beside, path, links, &error);

  g_assert_null (source);
  g_assert_error (error, domain, code);
}

static void
test_good (Fixture *fixture, gconstpointer data)
{
  EspIdentity identity;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "inside.bin", NULL);
  g_autoptr (EspBeside) beside = esp_beside_new_for_file (path, &error);
  g_autoptr (EspSource) source = NULL;
  guint64 offset;
  char buffer[6];
  int fd;

  g_assert_no_error (error);
  assert_opens (fixture, "inside.bin", ESP_BESIDE_NO_LINKS, "inside");
  assert_opens (fixture, "sub/deeper.bin", ESP_BESIDE_NO_LINKS, "deeper");
  assert_opens (fixture, "sub/deeper.bin", ESP_BESIDE_LINKS, "deeper");
  source = esp_beside_open (beside, "inside.bin", ESP_BESIDE_NO_LINKS, &error);
  g_assert_no_error (error);
  g_assert_true (esp_source_get_identity (source, &identity));
  g_assert_cmpuint (identity.size, ==, 6);
  fd = esp_source_dup_descriptor (source, &offset, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pread (fd, buffer, 6, (off_t) offset), ==, 6);
  g_assert_cmpmem (buffer, 6, "inside", 6);
  close (fd);
}

static void
test_bad_texts (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
    "",
    ".",
    "..",
    "/",
    "//",
    "../outside.bin",
    "sub/../../outside.bin",
    "sub/../inside.bin",
    "./inside.bin",
    "sub/./deeper.bin",
    "sub//deeper.bin",
    "sub/",
    "sub/deeper.bin/",
    "/etc/passwd",
    "C:inside.bin",
    "C:\\inside.bin",
    "sub\\deeper.bin",
    "..\\outside.bin",
    "\\\\host\\share",
    "file:///etc/passwd",
    "inside.bin:stream",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (esp_beside_check_path (bad[i], -1, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
      assert_refused (fixture, bad[i], ESP_BESIDE_LINKS, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
    }
}

static void
test_text_with_length (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_beside_check_path ("a/b", 3, &error));
  g_assert_true (esp_beside_check_path ("a/../b", 1, &error));
  g_assert_true (esp_beside_check_path ("...", -1, &error));
  g_assert_true (esp_beside_check_path ("..a/.b", -1, &error));
  g_assert_no_error (error);
  g_assert_false (esp_beside_check_path ("a\0b", 3, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_clear_error (&error);
  g_assert_false (esp_beside_check_path ("\xff\n/..", -1, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_absent (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strnfill (5000, 'a');
  g_autoptr (GError) error = NULL;

  assert_refused (fixture, "none.bin", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_refused (fixture, "none/none.bin", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_refused (fixture, "inside.bin/x", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  assert_refused (fixture, name, ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_null (esp_beside_new ("/nowhere/at/all", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* none of these may hang */
static void
test_no_regular_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (fixture->folder, "fifo", NULL);

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  make_link (fixture, "/dev/zero", "zero");
  make_link (fixture, "fifo", "to-fifo");
  make_link (fixture, "sub", "to-folder");
  assert_refused (fixture, "fifo", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  assert_refused (fixture, "to-fifo", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  assert_refused (fixture, "zero", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  assert_refused (fixture, "sub", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  assert_refused (fixture, "to-folder", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
}

static void
test_links (Fixture *fixture, gconstpointer data)
{
  make_link (fixture, "../outside.bin", "blob");
  make_link (fixture, "nowhere", "dangling");
  make_link (fixture, "loop", "loop");
  make_link (fixture, "..", "up");
  make_link (fixture, "../../outside.bin", "sub/blob");
  /* as a download cache has them */
  assert_opens (fixture, "blob", ESP_BESIDE_LINKS, "outside");
  assert_refused (fixture, "blob", ESP_BESIDE_NO_LINKS, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
  assert_refused (fixture, "dangling", ESP_BESIDE_LINKS, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_refused (fixture, "loop", ESP_BESIDE_LINKS, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
  /* a folder on the way is never one */
  assert_refused (fixture, "up/outside.bin", ESP_BESIDE_LINKS, ESP_FORMAT_ERROR,
                  ESP_FORMAT_ERROR_UNSAFE);
  assert_refused (fixture, "sub/blob", ESP_BESIDE_LINKS, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE);
}

static guint
count_descriptors (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  if (dir == NULL)
    return 0;
  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

#define N_MANY 300

static GPtrArray *
open_many (Fixture *fixture)
{
  GPtrArray *sources = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_source_unref);

  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *name = g_strdup_printf ("shard-%u", i);
      g_autofree char *path = put (fixture->folder, name, name);
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (sources,
                       esp_beside_open (fixture->beside, name, ESP_BESIDE_NO_LINKS, &error));
      g_assert_no_error (error);
    }
  return sources;
}

static void
test_few_descriptors (Fixture *fixture, gconstpointer data)
{
  guint before = count_descriptors ();
  g_autoptr (GPtrArray) sources = open_many (fixture);

  g_assert_cmpuint (count_descriptors (), <=, before + 64);
  for (guint i = 0; i < 2 * N_MANY; i++)
    {
      g_autofree char *name = g_strdup_printf ("shard-%u", i * 7 % N_MANY);
      assert_text (sources->pdata[i * 7 % N_MANY], name);
    }
  g_assert_cmpuint (count_descriptors (), <=, before + 64);
  g_clear_pointer (&sources, g_ptr_array_unref);
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static void
assert_read_fails (EspSource *source, GQuark domain, int code)
{
  char buffer[7];
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_source_read (source, 0, sizeof buffer, buffer, NULL, &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_str_has_prefix (error->message, esp_source_get_name (source)));
}

/* the first ones were closed: what has their name now must be the same file */
static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) sources = open_many (fixture);
  g_autofree char *kept = g_build_filename (fixture->folder, "kept", NULL);
  g_autofree char *first = g_build_filename (fixture->folder, "shard-0", NULL);
  g_autofree char *second = g_build_filename (fixture->folder, "shard-1", NULL);
  g_autofree char *third = NULL;
  FILE *file;

  g_assert_cmpint (g_rename (first, kept), ==, 0); /* so that its inode isn't used again */
  g_free (put (fixture->folder, "shard-0", "shard-x"));
  assert_read_fails (sources->pdata[0], ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_assert_cmpint (g_remove (second), ==, 0);
  assert_read_fails (sources->pdata[1], G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  third = g_build_filename (fixture->folder, "shard-2", NULL);
  file = g_fopen (third, "a");
  g_assert_nonnull (file);
  fputs ("more", file);
  fclose (file);
  assert_read_fails (sources->pdata[2], ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  assert_text (sources->pdata[3], "shard-3");
}

static gpointer
read_many (gpointer data)
{
  GPtrArray *sources = data;

  for (guint i = 0; i < 4 * N_MANY; i++)
    {
      guint index = i * 13 % N_MANY;
      g_autofree char *name = g_strdup_printf ("shard-%u", index);
      assert_text (sources->pdata[index], name);
    }
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) sources = open_many (fixture);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("reader", read_many, sources);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

#define ADD(name, func) g_test_add ("/beside/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/beside/text-with-length", test_text_with_length);
  ADD ("good", test_good);
  ADD ("bad-texts", test_bad_texts);
  ADD ("absent", test_absent);
  ADD ("no-regular-file", test_no_regular_file);
  ADD ("links", test_links);
  ADD ("few-descriptors", test_few_descriptors);
  ADD ("replaced", test_replaced);
  ADD ("threads", test_threads);
  return g_test_run ();
}
