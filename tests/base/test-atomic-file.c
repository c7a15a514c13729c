/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The atomic file: nothing under the name before the commit, nothing left behind without one. */

#include "esp-atomic-file.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "model.safetensors", NULL);
}

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0); /* no temporary file is left */
  g_free (self->path);
  g_free (self->folder);
}

static void
assert_contents (const char *path, const char *wanted)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, wanted);
}

static void
test_new (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspAtomicFile) file = esp_atomic_file_new (self->path, FALSE, &error);
  mode_t mask = umask (022);
  struct stat st;

  g_assert_no_error (error);
  g_assert_true (esp_atomic_file_write (file, "abc", 3, &error));
  g_assert_true (esp_atomic_file_write (file, NULL, 0, &error));
  g_assert_true (esp_atomic_file_write (file, "def", 3, &error));
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  g_assert_true (esp_atomic_file_commit (file, &error));
  assert_contents (self->path, "abcdef");
  g_assert_cmpuint (count_files (self->folder), ==, 1);
  g_assert_cmpint (stat (self->path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 0777, ==, 0666 & ~mask);
  umask (mask);
}

static void
test_given_up (Fixture *self, gconstpointer data)
{
  EspAtomicFile *file = esp_atomic_file_new (self->path, FALSE, NULL);

  g_assert_true (esp_atomic_file_write (file, "abc", 3, NULL));
  g_assert_cmpuint (count_files (self->folder), ==, 1);
  esp_atomic_file_free (file);
  g_assert_cmpuint (count_files (self->folder), ==, 0);
}

static void
test_exists (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (self->path, "old", 3, NULL));
  g_assert_null (esp_atomic_file_new (self->path, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpuint (count_files (self->folder), ==, 1);
}

/* somebody else takes the name in between */
static void
test_race (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspAtomicFile) file = esp_atomic_file_new (self->path, FALSE, &error);

  g_assert_true (esp_atomic_file_write (file, "mine", 4, &error));
  g_assert_true (g_file_set_contents (self->path, "theirs", 6, NULL));
  g_assert_false (esp_atomic_file_commit (file, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_contents (self->path, "theirs");
}

static void
test_replace (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspAtomicFile) file = NULL;
  struct stat st;

  g_assert_true (g_file_set_contents (self->path, "old", 3, NULL));
  g_assert_cmpint (chmod (self->path, 0640), ==, 0);
  file = esp_atomic_file_new (self->path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (esp_atomic_file_write (file, "new", 3, &error));
  assert_contents (self->path, "old");
  g_assert_true (esp_atomic_file_commit (file, &error));
  assert_contents (self->path, "new");
  g_assert_cmpint (stat (self->path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 0777, ==, 0640);
}

/* a link stays one; what it points to is replaced */
static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *target = g_build_filename (self->folder, "target", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspAtomicFile) file = NULL;

  g_assert_true (g_file_set_contents (target, "old", 3, NULL));
  g_assert_cmpint (symlink ("target", self->path), ==, 0);
  file = esp_atomic_file_new (self->path, TRUE, &error);
  g_assert_true (esp_atomic_file_write (file, "new", 3, &error));
  g_assert_true (esp_atomic_file_commit (file, &error));
  assert_contents (target, "new");
  g_assert_true (g_file_test (self->path, G_FILE_TEST_IS_SYMLINK));
  g_unlink (target);
}

static void
test_bad_places (Fixture *self, gconstpointer data)
{
  g_autofree char *nowhere = g_build_filename (self->folder, "no", "such", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_atomic_file_new (self->folder, TRUE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);
  g_assert_null (esp_atomic_file_new ("/dev/null", TRUE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_clear_error (&error);
  g_assert_null (esp_atomic_file_new (nowhere, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/atomic-file/new", test_new);
  ADD ("/atomic-file/given-up", test_given_up);
  ADD ("/atomic-file/exists", test_exists);
  ADD ("/atomic-file/race", test_race);
  ADD ("/atomic-file/replace", test_replace);
  ADD ("/atomic-file/link", test_link);
  ADD ("/atomic-file/bad-places", test_bad_places);
  return g_test_run ();
}
