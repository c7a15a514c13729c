/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of the HDF5 process is an error and no more: it is missing, dies, is silent, speaks
 * nonsense or never ends. A program of our own plays it (fake-hdf5.c); a folder named after what it
 * does leads to it. */

#include "config.h"

#include "esp-error.h"
#include "esp-hdf5-process.h"
#include "esp-hdf5.h"
#include "esp-limits.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder; /* of the folders */

/* {{{ asking */

static void
play (const char *way)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "format", "fake-hdf5", NULL);
  g_autofree char *place = g_build_filename (folder, way, NULL);
  g_autofree char *link = g_build_filename (place, "espalier-hdf5", NULL);

  g_assert_true (g_file_test (program, G_FILE_TEST_IS_EXECUTABLE));
  g_mkdir (place, 0700);
  if (!g_file_test (link, G_FILE_TEST_EXISTS))
    g_assert_cmpint (symlink (program, link), ==, 0);
  g_setenv ("ESPALIER_LIBEXECDIR", place, TRUE);
}

static EspHdf5File *
open_file (GCancellable *cancellable, GError **error)
{
  static const guint8 nothing[64];
  g_autoptr (GBytes) bytes = g_bytes_new_static (nothing, sizeof nothing);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  return esp_hdf5_file_open (source, "", NULL, NULL, cancellable, error);
}

/* whether any child of this process is left, a zombie too, after some time for it to go */
static gboolean
has_children (void)
{
  siginfo_t info;

  for (guint i = 0; i < 200; i++)
    {
      if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return FALSE;
      g_usleep (10000);
    }
  return TRUE;
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (150000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* }}} */

static void
test_bad_listings (void)
{
  static const struct
  {
    const char *way;
    EspFormatError code;
    const char *message;
  } rows[] = {
    { "status", ESP_FORMAT_ERROR_CORRUPT, "gave up on it (status 7)" },
    { "memory", ESP_FORMAT_ERROR_LIMIT, "more memory" },
    { "signal", ESP_FORMAT_ERROR_CORRUPT, "crashed on it (signal 11)" },
    { "forbidden", ESP_FORMAT_ERROR_UNSAFE, "other files or programs" },
    { "noise", ESP_FORMAT_ERROR_CORRUPT, "makes no sense" },
    { "huge", ESP_FORMAT_ERROR_CORRUPT, "a frame of 4294967295 bytes" },
    { "nothing", ESP_FORMAT_ERROR_CORRUPT, "makes no sense: nothing" },
    { "half", ESP_FORMAT_ERROR_CORRUPT, "gave up on it (status 0)" },
    { "silent", ESP_FORMAT_ERROR_LIMIT, "gave no answer" },
    { "drip", ESP_FORMAT_ERROR_CORRUPT, "makes no sense" },
    { "flood", ESP_FORMAT_ERROR_LIMIT, "2000000 objects" },
  };

  esp_hdf5_process_set_silence (300);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      play (rows[i].way);
      g_assert_null (open_file (NULL, &error));
      g_test_message ("%s: %s", rows[i].way, error->message);
      g_assert_error (error, ESP_FORMAT_ERROR, (int) rows[i].code);
      g_assert_nonnull (strstr (error->message, rows[i].message));
    }
  esp_hdf5_process_set_silence (1000 * ESP_LIMIT_HDF5_SILENCE_SECONDS);
  g_assert_false (has_children ());
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("ESPALIER_LIBEXECDIR", "/no/such/folder", TRUE);
  g_assert_null (open_file (NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "can’t be started"));
}

/* cancelling doesn't wait for a process that hangs, and takes it along */
static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  GThread *thread;

  play ("silent");
  thread = g_thread_new (NULL, cancel_soon, cancellable);
  g_assert_null (open_file (cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
  g_thread_join (thread);
  g_assert_false (has_children ());
}

static EspTensor *
get_tensor (EspHdf5File *file, const char *name)
{
  const EspHdf5Node *node = esp_hdf5_file_find (file, NULL, name);

  g_assert_nonnull (node);
  g_assert_no_error (esp_tensor_get_error (node->tensor));
  return node->tensor;
}

static void
test_good (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHdf5File) file = NULL;
  guint8 bytes[32];

  play ("good");
  file = open_file (NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_tensor_read_bytes (get_tensor (file, "compact"), 0, 8, bytes, NULL, &error));
  for (guint i = 0; i < sizeof bytes; i++)
    g_assert_cmpuint (bytes[i], ==, i);
  g_assert_true (esp_tensor_read_bytes (get_tensor (file, "chunked"), 0, 8, bytes, NULL, &error));
  for (guint i = 0; i < sizeof bytes; i++)
    g_assert_cmpuint (bytes[i], ==, 0);
}

static void
test_bad_values (void)
{
  static const struct
  {
    const char *way, *name;
    EspFormatError code;
    const char *message;
  } rows[] = {
    { "value-signal", "compact", ESP_FORMAT_ERROR_CORRUPT, "crashed on it (signal 11)" },
    { "value-signal", "chunked", ESP_FORMAT_ERROR_CORRUPT, "makes no sense" },
    { "value-silent", "compact", ESP_FORMAT_ERROR_LIMIT, "gave no answer" },
    { "value-silent", "chunked", ESP_FORMAT_ERROR_LIMIT, "gave no answer" },
    { "value-short", "compact", ESP_FORMAT_ERROR_CORRUPT, "makes no sense: values" },
    { "value-long", "compact", ESP_FORMAT_ERROR_CORRUPT, "makes no sense: values" },
    { "value-short", "chunked", ESP_FORMAT_ERROR_CORRUPT, "makes no sense: chunks" },
    { "value-long", "chunked", ESP_FORMAT_ERROR_CORRUPT, "makes no sense: chunks" },
    { "value-outside", "chunked", ESP_FORMAT_ERROR_TRUNCATED, "ends beyond the file" },
    { "value-large", "chunked", ESP_FORMAT_ERROR_TRUNCATED, "ends beyond the file" },
  };

  esp_hdf5_process_set_silence (300);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspHdf5File) file = NULL;
      guint8 bytes[32];

      play (rows[i].way);
      file = open_file (NULL, &error);
      g_assert_no_error (error);
      g_assert_false (
          esp_tensor_read_bytes (get_tensor (file, rows[i].name), 0, 8, bytes, NULL, &error));
      g_test_message ("%s, %s: %s", rows[i].way, rows[i].name, error->message);
      g_assert_error (error, ESP_FORMAT_ERROR, (int) rows[i].code);
      g_assert_nonnull (strstr (error->message, rows[i].message));
    }
  esp_hdf5_process_set_silence (1000 * ESP_LIMIT_HDF5_SILENCE_SECONDS);
  g_assert_false (has_children ());
}

/* an object of which the library dies is passed over, and the others are there */
static void
test_fragile (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHdf5File) file = NULL;
  const GError *reason;

  play ("fragile");
  file = open_file (NULL, &error);
  g_assert_no_error (error);
  get_tensor (file, "good");
  reason = esp_tensor_get_error (esp_hdf5_file_find (file, NULL, "bad")->tensor);
  g_assert_error (reason, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_assert_nonnull (strstr (reason->message, "crashes on it"));
}

/* one that ended while nobody asked is started again */
static void
test_restart (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHdf5File) file = NULL;
  guint8 bytes[32];

  play ("once");
  file = open_file (NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_tensor_read_bytes (get_tensor (file, "compact"), 0, 8, bytes, NULL, &error));
  g_usleep (100000);
  g_assert_true (esp_tensor_read_bytes (get_tensor (file, "chunked"), 0, 8, bytes, NULL, &error));
  g_assert_no_error (error);
}

/* the real one, killed between two questions and while it is asked */
static gboolean
ignore_frame (guint32 kind, EspCursor *payload, gpointer data, GError **error)
{
  return TRUE;
}

static void
test_real_one_killed (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "hdf5", "layouts.h5",
                                                 NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_source_new_for_file (path, &error);
  g_autoptr (EspHdf5Process) process = esp_hdf5_process_new (source, NULL, &error);

  g_unsetenv ("ESPALIER_LIBEXECDIR");
  if (!ESP_HAVE_HDF5)
    {
      g_test_skip ("this build has no HDF5");
      return;
    }
  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (
          esp_hdf5_process_ask (process, ESP_HDF5_LIST, NULL, ignore_frame, NULL, NULL, &error));
      g_assert_no_error (error);
      esp_hdf5_process_kill (process);
    }
  g_clear_pointer (&process, esp_hdf5_process_unref);
  g_assert_false (has_children ());
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_assert_nonnull (folder);
  if (ESP_HAVE_HDF5)
    {
      g_test_add_func ("/hdf5-process/bad-listings", test_bad_listings);
      g_test_add_func ("/hdf5-process/missing", test_missing);
      g_test_add_func ("/hdf5-process/cancel", test_cancel);
      g_test_add_func ("/hdf5-process/good", test_good);
      g_test_add_func ("/hdf5-process/bad-values", test_bad_values);
      g_test_add_func ("/hdf5-process/fragile", test_fragile);
      g_test_add_func ("/hdf5-process/restart", test_restart);
    }
  g_test_add_func ("/hdf5-process/real-one-killed", test_real_one_killed);
  result = g_test_run ();
  {
    g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  }
  g_free (folder);
  return result;
}
