/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The command line on what is no checkpoint at all (folders, pipes, devices, files without bytes,
 * names of any length), and on pickles that ask for harm: traced by strace, one of those makes no
 * call to the system that a clean one doesn't make. */

#include "config.h"

#include "../format/pytorch-fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *program;
static char *folder;

/* the exit status; @err: receives the error output */
static int
run (const char *const *argv, char **err)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;

  process = g_subprocess_newv (
      argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, err, &error);
  g_assert_no_error (error);
  return g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process)
                                              : 1000 + g_subprocess_get_term_sig (process);
}

/* {{{ odd files */

static void
assert_refused (const char *path, const char *reason)
{
  static const char *const verbs[] = { "list", "tree", "stats" };

  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      const char *argv[] = { program, verbs[i], path, NULL };
      g_autofree char *err = NULL;
      int status = run (argv, &err);

      g_test_message ("%.200s", err);
      g_assert_cmpint (status, ==, 2);
      g_assert_true (g_str_has_prefix (err, "espalier-cli: "));
      g_assert_nonnull (strstr (err, reason));
    }
}

static void
test_folder (void)
{
  g_autofree char *path = g_build_filename (folder, "inner", NULL);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused (path, "this is a folder without a checkpoint that can be opened");
  g_rmdir (path);
}

/* opening one would wait for a writer; a folder with one of a good name passes it over */
static void
test_fifo (void)
{
  g_autofree char *inner = g_build_filename (folder, "pipes", NULL);
  g_autofree char *path = g_build_filename (inner, "model.safetensors", NULL);

  g_assert_cmpint (g_mkdir (inner, 0700), ==, 0);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_refused (path, "this is a device, a pipe or a socket, not a file");
  assert_refused (inner, "this is a folder without a checkpoint that can be opened");
  g_unlink (path);
  g_rmdir (inner);
}

static void
test_device (void)
{
  assert_refused ("/dev/zero", "this is a device, a pipe or a socket, not a file");
  assert_refused ("/dev/null", "this is a device, a pipe or a socket, not a file");
}

static void
test_empty (void)
{
  g_autofree char *path = g_build_filename (folder, "empty.pt", NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  assert_refused (path, "the file is empty");
  g_unlink (path);
}

static void
test_names (void)
{
  g_autofree char *component = g_strnfill (300, 'n');
  g_autofree char *whole = g_strnfill (100000, 'n');
  g_autofree char *too_long = g_build_filename (folder, component, NULL);
  g_autofree char *odd = g_build_filename (folder, "\xff\n\x1b[31m", NULL);

  assert_refused (too_long, "File name too long");
  assert_refused (whole, "File name too long");
  assert_refused (odd, "there is no file of this name");
  assert_refused ("", "");
}

/* }}} */
/* {{{ hostile pickles */

#define MODEL                                                                                      \
  "X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"          \
  "X\1\0\0\0000X\3\0\0\0cpuK\4tQK\0K\4\205K\1\205\211ccollections\nOrderedDict\n)RtR"

/* {'w': a tensor, 'x': what is called} */
static const struct
{
  const char *name;
  const char *pickle;
  gsize size;
} pickles[] = {
  { "clean", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xK\1u.") },
  { "system", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xcos\nsystem\nX\6\0\0\0id>/p1\205Ru.") },
  { "open", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xcbuiltins\nopen\nX\13\0\0\0/etc/passwd\205Ru.") },
  { "eval", TEXT ("\x80\2}(" MODEL
                  "X\1\0\0\0xcbuiltins\neval\nX\35\0\0\0__import__('os').abort() #pad\205Ru.") },
  { "connect",
    TEXT ("\x80\2}(" MODEL
          "X\1\0\0\0xcsocket\ncreate_connection\nX\11\0\0\000127.0.0.1K\120\206\205Ru.") },
  { "popen", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xcsubprocess\nPopen\nX\4\0\0\0true\205Ru.") },
  { "instance", TEXT ("\x80\2}(" MODEL "X\1\0\0\0x(X\2\0\0\0idiposix\nsystem\nu.") },
  { "object", TEXT ("\x80\2}(" MODEL "X\1\0\0\0x(cposix\nsystem\nX\2\0\0\0idou.") },
  { "new", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xcsubprocess\nPopen\nX\2\0\0\0id\205\x81u.") },
  { "import", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xcno_such_module_p2\nthing\nu.") },
  { "persistent", TEXT ("\x80\2}(" MODEL "X\1\0\0\0xX\13\0\0\0/etc/passwdQu.") },
};

/* Calls to the system by what they touch: without numbers that differ from run to run. NULL where
 * programs can't be traced. */
static GHashTable *
trace (const char *verb, const char *path, int *status)
{
  g_autofree char *log = g_build_filename (folder, "trace", NULL);
  const char *argv[] = { "strace", "-f", "-qq", "-e", "trace=%file,%process,%network", "-o", log,
                         /* the leak check can't run in a program that is traced */
                         "-E", "ASAN_OPTIONS=detect_leaks=0", program, verb, path, NULL };
  g_autoptr (GRegex)
      numbers = g_regex_new ("0x[0-9a-f]+|\\b[0-9]+\\b|\\[pid +[0-9]+\\]", 0, 0, NULL);
  g_autofree char *text = NULL;
  g_autofree char *err = NULL;
  g_auto (GStrv) lines = NULL;
  GHashTable *calls;

  *status = run (argv, &err);
  if (!g_file_get_contents (log, &text, NULL, NULL))
    return NULL;
  g_unlink (log);
  calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *call = strchr (lines[i], ' ');
      const char *name;

      while (call != NULL && *call == ' ')
        call++;
      /* halves of calls that threads interrupt, and how they end */
      name = call;
      if (name == NULL || *name == '<' || *name == '+' || *name == '-' ||
          strstr (name, "<unfinished") != NULL)
        continue;
      g_hash_table_add (calls, g_regex_replace_literal (numbers, call, -1, 0, "N", 0, NULL));
    }
  if (g_hash_table_size (calls) == 0)
    g_clear_pointer (&calls, g_hash_table_unref);
  return calls;
}

static GHashTable *
trace_pickle (guint row, const char *verb, int *status)
{
  g_autoptr (GBytes) bytes = make_archive (pickles[row].pickle, pickles[row].size);
  g_autofree char *path = g_build_filename (folder, "model.pt", NULL);
  GHashTable *calls;

  g_unlink (path);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
  calls = trace (verb, path, status);
  g_unlink (path);
  return calls;
}

/* the calls of some runs of the clean one: threads make them differ a little */
static GHashTable *
trace_clean (const char *verb)
{
  GHashTable *all = NULL;

  for (guint i = 0; i < 3; i++)
    {
      int status;
      GHashTable *calls = trace_pickle (0, verb, &status);
      GHashTableIter iter;
      gpointer key;

      if (calls == NULL || all == NULL)
        {
          if (calls == NULL)
            return NULL;
          g_assert_cmpint (status, ==, 0);
          all = calls;
          continue;
        }
      g_hash_table_iter_init (&iter, calls);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        g_hash_table_add (all, g_strdup (key));
      g_hash_table_unref (calls);
    }
  return all;
}

static void
test_hostile (gconstpointer verb)
{
  g_autofree char *strace = g_find_program_in_path ("strace");
  g_autoptr (GHashTable) clean = strace != NULL ? trace_clean (verb) : NULL;

  if (clean == NULL)
    {
      g_test_skip (strace != NULL ? "programs can’t be traced here" : "strace isn’t installed");
      return;
    }
  for (guint row = 1; row < G_N_ELEMENTS (pickles); row++)
    {
      int status;
      g_autoptr (GHashTable) calls = trace_pickle (row, verb, &status);
      GHashTableIter iter;
      gpointer key;

      g_test_message ("%s", pickles[row].name);
      g_assert_nonnull (calls);
      g_assert_cmpint (status, ==, 0);
      g_hash_table_iter_init (&iter, calls);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        if (!g_hash_table_contains (clean, key))
          g_error ("%s makes a call that the clean one doesn’t: %s", pickles[row].name,
                   (const char *) key);
    }
}

/* that a trace would tell: the same program on another file differs */
static void
test_trace_tells (void)
{
  g_autofree char *strace = g_find_program_in_path ("strace");
  g_autoptr (GHashTable) clean = strace != NULL ? trace_clean ("list") : NULL;
  g_autofree char *path = g_build_filename (folder, "other.pt", NULL);
  g_autoptr (GHashTable) other = NULL;
  gboolean differs = FALSE;
  GHashTableIter iter;
  gpointer key;
  int status;

  if (clean == NULL)
    {
      g_test_skip (strace != NULL ? "programs can’t be traced here" : "strace isn’t installed");
      return;
    }
  other = trace ("list", path, &status);
  g_assert_nonnull (other);
  g_hash_table_iter_init (&iter, other);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    differs = differs || (!g_hash_table_contains (clean, key) && strstr (key, "other.pt") != NULL);
  g_assert_true (differs);
}

/* }}} */

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  program = g_test_build_filename (G_TEST_BUILT, "..", "src", "cli", "espalier-cli", NULL);
  folder = g_dir_make_tmp ("espalier-odd-XXXXXX", NULL);
  g_test_add_func ("/odd-files/folder", test_folder);
  g_test_add_func ("/odd-files/fifo", test_fifo);
  g_test_add_func ("/odd-files/device", test_device);
  g_test_add_func ("/odd-files/empty", test_empty);
  g_test_add_func ("/odd-files/names", test_names);
  g_test_add_data_func ("/odd-files/hostile/list", "list", test_hostile);
  g_test_add_data_func ("/odd-files/hostile/stats", "stats", test_hostile);
  g_test_add_func ("/odd-files/trace-tells", test_trace_tells);
  status = g_test_run ();
  g_rmdir (folder);
  g_free (folder);
  g_free (program);
  return status;
}
