/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The command line's contract, held by running the real program on files that are written here byte
 * by byte: exit status, messages, JSON, bytes that come out. */

#include "config.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *program;
static char *folder;

/* --- running --- */

static char *
dup_text (GBytes *bytes)
{
  GString *text = g_string_new (NULL);

  if (g_bytes_get_size (bytes) > 0)
    g_string_append_len (text, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return g_string_free (text, FALSE);
}

typedef struct
{
  int status; /* exit status; 1000 + signal */
  GBytes *out;
  char *err;
} Run;

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->out, g_bytes_unref);
  g_clear_pointer (&self->err, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static Run G_GNUC_NULL_TERMINATED
run (const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) err = NULL;
  g_autoptr (GError) error = NULL;
  Run result = { 0 };
  va_list args;

  g_ptr_array_add (argv, program);
  va_start (args, first);
  for (const char *arg = first; arg != NULL; arg = va_arg (args, const char *))
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_newv ((const char *const *) argv->pdata,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate (process, NULL, NULL, &result.out, &err, &error);
  g_assert_no_error (error);
  result.err = dup_text (err);
  result.status = g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process)
                                                       : 1000 + g_subprocess_get_term_sig (process);
  return result;
}

static char *
get_text (const Run *self)
{
  return dup_text (self->out);
}

/* ends well and says nothing on stderr */
static void
assert_done (const Run *self)
{
  g_assert_cmpstr (self->err, ==, "");
  g_assert_cmpint (self->status, ==, 0);
}

/* refuses with one line that names the file (or what was typed) and has @part in it */
static void
assert_refused (const Run *self, const char *file, const char *part)
{
  g_autofree char *prefix = g_strdup_printf ("espalier-cli: %s", file != NULL ? file : "");

  g_test_message ("%s", self->err);
  g_assert_cmpint (self->status, ==, 2);
  g_assert_true (g_str_has_prefix (self->err, prefix));
  g_assert_nonnull (strstr (self->err, part));
  g_assert_true (strchr (self->err, '\n') == self->err + strlen (self->err) - 1);
  g_assert_cmpuint (g_bytes_get_size (self->out), ==, 0);
}

static JsonObject *
parse (const Run *self, JsonParser **parser)
{
  g_autoptr (GError) error = NULL;

  *parser = json_parser_new ();
  json_parser_load_from_data (*parser, g_bytes_get_data (self->out, NULL),
                              g_bytes_get_size (self->out), &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (*parser));
}

static JsonObject *
get_row (JsonObject *object, const char *member, guint index)
{
  return json_array_get_object_element (json_object_get_array_member (object, member), index);
}

static char *
join_array (JsonObject *object, const char *member)
{
  JsonArray *array = json_object_get_array_member (object, member);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        g_string_append_printf (text, "%s|", json_node_get_string (node));
      else
        g_string_append_printf (text, "%" G_GINT64_FORMAT "|", json_node_get_int (node));
    }
  return g_string_free (text, FALSE);
}

static char *
join_keys (JsonObject *object)
{
  g_autoptr (GList) members = json_object_get_members (object);
  GString *text = g_string_new (NULL);

  for (GList *at = members; at != NULL; at = at->next)
    g_string_append_printf (text, "%s|", (char *) at->data);
  return g_string_free (text, FALSE);
}

/* --- files --- */

static char *
write_file (const char *name, const void *data, gsize length)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, length, &error);
  g_assert_no_error (error);
  return path;
}

static char *
write_safetensors (const char *name, const char *header, const void *data, gsize length)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GString) padded = g_string_new (header);
  guint64 size;

  while (padded->len % 8 != 0)
    g_string_append_c (padded, ' ');
  size = GUINT64_TO_LE ((guint64) padded->len);
  g_byte_array_append (all, (const guint8 *) &size, 8);
  g_byte_array_append (all, (const guint8 *) padded->str, padded->len);
  g_byte_array_append (all, data, length);
  return write_file (name, all->data, all->len);
}

static const float plain_values[] = { 1, -2, 0.5f, 0, 3e-7f, 16777216, 7, 8, NAN, INFINITY };

/* a matrix, a vector with odd values, a scalar, nothing; a NUL in a name */
static char *
write_plain (void)
{
  guint8 data[48] = { 0 };

  memcpy (data, plain_values, sizeof plain_values);
  data[40] = 42;
  return write_safetensors (
      "plain.safetensors",
      "{\"__metadata__\":{\"format\":\"pt\",\"note\":\"é\"},"
      "\"net.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
      "\"net.0.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[24,40]},"
      "\"n\\u0000ul\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[40,48]},"
      "\"none\":{\"dtype\":\"BF16\",\"shape\":[0,3],\"data_offsets\":[48,48]}}",
      data, sizeof data);
}

static char *
write_implied (void)
{
  static const float values[6] = { 1, 2, 3, 4, 5, 6 };

  return write_safetensors (
      "implied.safetensors",
      "{\"__metadata__\":{\"4.weight\":\"2.weight\"},"
      "\"2.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
      "\"6.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]}}",
      values, sizeof values);
}

/* --- the program itself --- */

static void
test_usage (void)
{
  static const char *const verbs[] = { "tree", "list", "stats", "dump", "render", "train" };
  static const char *const later[] = { "ties", "check", "diff", "convert" };
  g_auto (Run) none = run (NULL, NULL), unknown = run ("frobnicate", NULL);
  g_auto (Run) help = run ("--help", NULL), version = run ("--version", NULL);
  g_auto (Run) option = run ("list", "--frobnicate", "x", NULL);
  g_auto (Run) few = run ("list", NULL), many = run ("list", "a", "b", NULL);
  g_autofree char *text = get_text (&help), *version_text = get_text (&version);

  assert_refused (&none, NULL, "--help");
  assert_refused (&unknown, NULL, "frobnicate");
  assert_refused (&option, "list", "frobnicate");
  assert_refused (&few, "list", "FILE");
  assert_refused (&many, "list", "FILE");
  assert_done (&help);
  assert_done (&version);
  g_assert_cmpstr (version_text, ==, "espalier-cli " ESP_VERSION "\n");
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_auto (Run) verb = run (verbs[i], "--help", NULL);
      g_autofree char *verb_text = get_text (&verb);

      assert_done (&verb);
      g_assert_nonnull (strstr (text, verbs[i]));
      g_assert_nonnull (strstr (verb_text, "espalier-cli"));
      g_assert_nonnull (strstr (verb_text, verbs[i]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (later); i++)
    {
      g_auto (Run) verb = run (later[i], "x", NULL);

      assert_refused (&verb, later[i], "later");
    }
}

static void
test_bad_files (void)
{
  static const char *const verbs[] = { "tree", "list", "stats" };
  g_autofree char *missing = g_build_filename (folder, "missing.pt", NULL);
  g_autofree char *text = write_file ("text.txt", "no checkpoint\n", 14);
  g_autofree char *empty = write_file ("empty.pt", "", 0);
  g_autofree char *inner = g_build_filename (folder, "inner", NULL);
  g_autofree char *cut = write_safetensors (
      "cut.safetensors", "{\"a\":{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,36]}}", "",
      0);

  g_assert_cmpint (g_mkdir (inner, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_auto (Run) on_missing = run (verbs[i], missing, NULL);
      g_auto (Run) on_text = run (verbs[i], text, NULL);
      g_auto (Run) on_empty = run (verbs[i], empty, NULL);
      g_auto (Run) on_cut = run (verbs[i], cut, NULL);
      g_auto (Run) on_folder = run (verbs[i], inner, NULL);

      assert_refused (&on_missing, missing, "");
      assert_refused (&on_text, text, "");
      assert_refused (&on_empty, empty, "empty");
      assert_refused (&on_cut, cut, "");
      assert_refused (&on_folder, inner, "folder");
    }
  g_rmdir (inner);
}

/* a reader that goes away is no failure; a full disk is */
static void
test_output_ends (void)
{
  g_autofree char *path = write_plain ();
  const char *const verbs[][4] = { { "list", "--json", path, NULL },
                                   { "list", path, NULL },
                                   { "tree", path, NULL },
                                   { "stats", path, NULL },
                                   { "stats", "--json", path, NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (verbs) * 2; i++)
    {
      const char *const *verb = verbs[i / 2];
      g_autoptr (GSubprocessLauncher)
          launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_PIPE);
      g_autoptr (GSubprocess) process = NULL;
      g_autofree char *err = NULL;
      const char *argv[] = { program, verb[0], verb[1], verb[1] != NULL ? verb[2] : NULL, NULL };
      int ends[2];

      if (i % 2 == 0)
        {
          g_assert_cmpint (pipe (ends), ==, 0);
          close (ends[0]);
        }
      else
        ends[1] = open ("/dev/full", O_WRONLY | O_CLOEXEC);
      g_subprocess_launcher_take_stdout_fd (launcher, ends[1]);
      process = g_subprocess_launcher_spawnv (launcher, argv, NULL);
      g_assert_nonnull (process);
      g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &err, NULL));
      g_assert_true (g_subprocess_get_if_exited (process));
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, i % 2 == 0 ? 0 : 2);
      g_assert_cmpint (err[0] == '\0', ==, i % 2 == 0);
    }
}

/* --- list and tree --- */

static void
test_list_json (void)
{
  g_autofree char *path = write_plain ();
  g_auto (Run) listed = run ("list", path, "--json", NULL);
  g_autoptr (JsonParser) parser = NULL;
  g_autofree char *keys = NULL, *row_keys = NULL, *path_text = NULL, *shape = NULL, *stride = NULL;
  g_autofree char *module_keys = NULL;
  JsonObject *root, *row, *totals, *storage;
  gsize length;

  assert_done (&listed);
  root = parse (&listed, &parser);
  keys = join_keys (root);
  g_assert_cmpstr (keys, ==,
                   "file|format|producer|modules|tensors|ties|totals|metadata|pickle|warnings|");
  g_assert_cmpstr (json_object_get_string_member (root, "file"), ==, path);
  g_assert_cmpstr (json_object_get_string_member (root, "format"), ==, "safetensors");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "tensors")), ==, 4);

  row = get_row (root, "tensors", 0);
  row_keys = join_keys (row);
  g_assert_cmpstr (row_keys, ==,
                   "name|path|role|shape|dtype|native_dtype|count|bytes|storage|error|");
  g_assert_cmpstr (json_object_get_string_member (row, "name"), ==, "net.0.weight");
  path_text = join_array (row, "path");
  g_assert_cmpstr (path_text, ==, "net.0.weight|");
  shape = join_array (row, "shape");
  g_assert_cmpstr (shape, ==, "2|3|");
  g_assert_cmpstr (json_object_get_string_member (row, "role"), ==, "parameter");
  g_assert_cmpstr (json_object_get_string_member (row, "dtype"), ==, "float32");
  g_assert_cmpstr (json_object_get_string_member (row, "native_dtype"), ==, "F32");
  g_assert_cmpint (json_object_get_int_member (row, "count"), ==, 6);
  g_assert_cmpint (json_object_get_int_member (row, "bytes"), ==, 24);
  g_assert_true (json_object_get_null_member (row, "error"));
  storage = json_object_get_object_member (row, "storage");
  stride = join_array (storage, "stride");
  g_assert_cmpstr (stride, ==, "3|1|");
  g_assert_true (json_object_has_member (storage, "id"));
  g_assert_true (json_object_has_member (storage, "offset"));
  g_assert_true (json_object_has_member (storage, "bytes"));

  /* json-glib ends its text at a NUL, the bytes show it */
  g_assert_nonnull (
      g_strstr_len (g_bytes_get_data (listed.out, &length), length, "\"name\":\"n\\u0000ul\""));

  row = get_row (root, "modules", 2);
  module_keys = join_keys (row);
  g_assert_cmpstr (module_keys, ==, "path|class|attributes|shared_with|");
  g_assert_cmpstr (json_object_get_string_member (row, "path"), ==, "net.0");
  /* a guess is for windows */
  g_assert_cmpstr (json_object_get_string_member (row, "class"), ==, "");

  totals = json_object_get_object_member (root, "totals");
  g_assert_cmpint (json_object_get_int_member (totals, "tensors"), ==, 4);
  g_assert_cmpint (json_object_get_int_member (totals, "elements"), ==, 11);
  g_assert_cmpint (json_object_get_int_member (totals, "unique_elements"), ==, 11);
  g_assert_cmpint (json_object_get_int_member (totals, "bytes"), ==, 48);
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (root, "metadata"), "note"), ==,
      "é");
}

static void
test_list_implied (void)
{
  g_autofree char *path = write_implied ();
  g_auto (Run) listed = run ("list", "--json", path, NULL);
  g_autoptr (JsonParser) parser = NULL;
  g_autofree char *names = NULL;
  JsonObject *root, *totals;

  assert_done (&listed);
  root = parse (&listed, &parser);
  /* the file holds two; the third name is only in the tie */
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "tensors")), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (get_row (root, "ties", 0), "kind"), ==,
                   "implied");
  names = join_array (get_row (root, "ties", 0), "names");
  g_assert_cmpstr (names, ==, "2.weight|4.weight|");
  totals = json_object_get_object_member (root, "totals");
  g_assert_cmpint (json_object_get_int_member (totals, "tensors"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (totals, "elements"), ==, 6);
  g_assert_cmpint (json_object_get_int_member (totals, "unique_elements"), ==, 6);
}

/* the example that ships: a pickled module with a layer at two places */
static void
test_list_pickle (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "examples", "digits.pt",
                                                 NULL);
  g_auto (Run) listed = run ("list", "--json", path, NULL);
  g_autoptr (JsonParser) parser = NULL;
  g_autofree char *names = NULL;
  guint n_shared = 0, n_unnamed = 0;
  JsonObject *root, *totals;
  JsonArray *modules;

  assert_done (&listed);
  root = parse (&listed, &parser);
  g_assert_cmpstr (json_object_get_string_member (root, "format"), ==, "pytorch-zip");
  modules = json_object_get_array_member (root, "modules");
  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *module = json_array_get_object_element (modules, i);

      n_unnamed += !g_str_has_prefix (json_object_get_string_member (module, "class"), "torch.nn.");
      if (json_object_get_null_member (module, "shared_with"))
        continue;
      n_shared++;
      g_assert_cmpstr (json_object_get_string_member (module, "path"), ==, "again");
      g_assert_cmpstr (json_object_get_string_member (module, "shared_with"), ==, "shared");
    }
  g_assert_cmpuint (n_shared, ==, 1);
  g_assert_cmpuint (n_unnamed, ==, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "ties")), ==, 2);
  names = join_array (get_row (root, "ties", 0), "names");
  g_assert_cmpstr (names, ==, "shared.weight|again.weight|");
  totals = json_object_get_object_member (root, "totals");
  g_assert_cmpint (json_object_get_int_member (totals, "elements") -
                       json_object_get_int_member (totals, "unique_elements"),
                   ==, 32 * 32 + 32);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                        json_object_get_object_member (root, "pickle"), "globals")),
                    >, 3);
}

static void
test_list_text (void)
{
  g_autofree char *path = write_plain ();
  g_auto (Run) listed = run ("list", path, NULL);
  g_autofree char *text = get_text (&listed);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  assert_done (&listed);
  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  g_assert_true (g_str_has_prefix (lines[0], "net.0.weight"));
  g_assert_nonnull (strstr (lines[0], "2 × 3"));
  /* what would end a line or a text is shown escaped */
  g_assert_true (g_str_has_prefix (lines[2], "n\\u0000ul"));
}

static void
test_tree (void)
{
  g_autofree char *path = write_implied ();
  g_auto (Run) printed = run ("tree", path, NULL);
  g_autofree char *text = get_text (&printed);

  assert_done (&printed);
  g_assert_nonnull (strstr (text, "2: Linear?"));
  g_assert_nonnull (strstr (text, "[A] implied: 2.weight, 4.weight"));
  g_assert_nonnull (strstr (text, "not in the file"));
  g_assert_nonnull (strstr (text, "3 tensors in state_dict(), 2 in named_parameters()"));
  g_assert_nonnull (strstr (text, "10 elements, 6 unique"));
}

/* --- stats --- */

static void
test_stats (void)
{
  g_autofree char *path = write_plain ();
  g_auto (Run) told = run ("stats", path, "--json", "--hash", NULL);
  g_autoptr (JsonParser) parser = NULL;
  g_autofree char *sha = NULL;
  JsonObject *root, *row;
  guint32 bias[4];

  assert_done (&told);
  root = parse (&told, &parser);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "tensors")), ==, 4);
  row = get_row (root, "tensors", 0);
  g_assert_cmpfloat (json_object_get_double_member (row, "min"), ==, -2);
  g_assert_cmpfloat (json_object_get_double_member (row, "max"), ==, 16777216);
  g_assert_cmpint (json_object_get_int_member (row, "zeros"), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (row, "hash_kind"), ==, "f32le");
  sha = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) plain_values, 24);
  g_assert_cmpstr (json_object_get_string_member (row, "sha256"), ==, sha);

  /* over the finite values; one NaN for all in the fingerprint */
  row = get_row (root, "tensors", 1);
  g_assert_cmpint (json_object_get_int_member (row, "count"), ==, 4);
  g_assert_cmpint (json_object_get_int_member (row, "nans"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (row, "infs"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (row, "mean"), ==, 7.5);
  g_assert_cmpfloat (json_object_get_double_member (row, "std"), ==, 0.5);
  memcpy (bias, plain_values + 6, sizeof bias);
  bias[2] = 0x7fc00000;
  g_free (sha);
  sha = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bias, sizeof bias);
  g_assert_cmpstr (json_object_get_string_member (row, "sha256"), ==, sha);

  g_assert_cmpstr (json_object_get_string_member (get_row (root, "tensors", 2), "hash_kind"), ==,
                   "i64le");
  row = get_row (root, "tensors", 3);
  g_assert_cmpint (json_object_get_int_member (row, "count"), ==, 0);
  g_assert_true (json_object_get_null_member (row, "min"));
}

static void
test_stats_names (void)
{
  g_autofree char *path = write_plain ();
  g_auto (Run) typed = run ("stats", path, "net[0].bias", "--json", NULL);
  g_auto (Run) module = run ("stats", path, "net.0", "--json", NULL);
  g_auto (Run) shown = run ("stats", path, "n\\u0000ul", "--json", NULL);
  g_auto (Run) unknown = run ("stats", path, "net.9", "--json", NULL);
  g_auto (Run) text = run ("stats", path, "net.0.weight", NULL);
  g_autoptr (JsonParser) first = NULL;
  g_autoptr (JsonParser) second = NULL;
  g_autoptr (JsonParser) third = NULL;
  g_autofree char *out = get_text (&text);
  JsonObject *root;

  assert_done (&typed);
  root = parse (&typed, &first);
  g_assert_cmpstr (json_object_get_string_member (get_row (root, "tensors", 0), "name"), ==,
                   "net.0.bias");
  assert_done (&module);
  root = parse (&module, &second);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "tensors")), ==, 2);
  assert_done (&shown);
  root = parse (&shown, &third);
  g_assert_cmpfloat (json_object_get_double_member (get_row (root, "tensors", 0), "max"), ==, 42);
  assert_refused (&unknown, path, "net.9");
  assert_done (&text);
  g_assert_nonnull (strstr (out, "1.67772e+07"));
}

/* --- dump --- */

static void
assert_bytes (const Run *self, const void *data, gsize length)
{
  assert_done (self);
  g_assert_cmpmem (g_bytes_get_data (self->out, NULL), g_bytes_get_size (self->out), data, length);
}

static void
test_dump (void)
{
  g_autofree char *path = write_plain ();
  g_auto (Run) native = run ("dump", path, "net.0.weight", NULL);
  g_auto (Run) f32 = run ("dump", path, "n\\u0000ul", "--as", "f32", NULL);
  g_auto (Run) csv = run ("dump", path, "net.0.weight", "--as", "csv", NULL);
  g_auto (Run) vector = run ("dump", path, "net.0.bias", "--as", "csv", NULL);
  g_auto (Run)
      sliced = run ("dump", path, "net.0.weight", "--slice", "[1,::-1]", "--as", "csv", NULL);
  g_auto (Run) scalar = run ("dump", path, "n\\u0000ul", "--as", "csv", NULL);
  g_auto (Run) form = run ("dump", path, "net.0.bias", "--as", "xml", NULL);
  g_auto (Run) slice = run ("dump", path, "net.0.bias", "--slice", "[9]", NULL);
  g_auto (Run) module = run ("dump", path, "net.0", NULL);
  float answer = 42;

  assert_bytes (&native, plain_values, 24);
  assert_bytes (&f32, &answer, 4);
  assert_bytes (&csv, "1,-2,0.5\n0,3e-07,16777216\n", 26);
  assert_bytes (&vector, "7\n8\nnan\ninf\n", 12);
  assert_bytes (&sliced, "16777216\n3e-07\n0\n", 17);
  assert_bytes (&scalar, "42\n", 3);
  assert_refused (&form, "--as", "xml");
  assert_refused (&slice, path, "9");
  assert_refused (&module, path, "module");
}

static void
test_dump_npy (void)
{
  g_autofree char *path = write_plain ();
  g_autofree char *out = g_build_filename (folder, "matrix.npy", NULL);
  g_auto (Run) matrix = run ("dump", path, "net.0.weight", "-o", out, NULL);
  g_auto (Run) scalar = run ("dump", path, "n\\u0000ul", "--as", "npy", NULL);
  g_autofree char *data = NULL;
  const guint8 *bytes;
  gint64 answer = GINT64_TO_LE (42);
  gsize length;

  assert_done (&matrix);
  g_assert_true (g_file_get_contents (out, &data, &length, NULL));
  g_assert_cmpuint (length, ==, 128 + 24);
  g_assert_cmpmem (data, 8, "\x93NUMPY\x01\x00", 8);
  g_assert_cmpuint ((guint8) data[8] + 256 * (guint8) data[9], ==, 118);
  g_assert_true (
      g_str_has_prefix (data + 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  g_assert_cmpint (data[127], ==, '\n');
  g_assert_cmpmem (data + 128, 24, plain_values, 24);

  assert_done (&scalar);
  bytes = g_bytes_get_data (scalar.out, &length);
  g_assert_nonnull (g_strstr_len ((const char *) bytes + 10, 100, "'<i8'"));
  g_assert_nonnull (g_strstr_len ((const char *) bytes + 10, 100, "'shape': ()"));
  g_assert_cmpmem (bytes + length - 8, 8, &answer, 8);
}

/* -o names the file on purpose, so it is replaced; a failure leaves it */
static void
test_dump_replaces (void)
{
  g_autofree char *path = write_plain (), *text = NULL;
  g_autofree char *out = write_file ("old.csv", "old", 3);
  g_auto (Run) failed = run ("dump", path, "net.0.bias", "--slice", "[9]", "-o", out, NULL);
  gsize length;

  g_assert_cmpint (failed.status, ==, 2);
  g_assert_true (g_file_get_contents (out, &text, &length, NULL));
  g_assert_cmpmem (text, length, "old", 3);
  {
    g_auto (Run) done = run ("dump", path, "net.0.bias", "--slice", "[:2]", "-o", out, NULL);

    assert_done (&done);
  }
  g_free (text);
  g_assert_true (g_file_get_contents (out, &text, &length, NULL));
  g_assert_cmpmem (text, length, "7\n8\n", 4);
}

/* --- render --- */

static void
test_render (void)
{
  g_autofree char *path = write_plain ();
  g_autofree char *png = g_build_filename (folder, "out.png", NULL);
  g_autofree char *svg = g_build_filename (folder, "out.svg", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no", "out.png", NULL);
  g_autofree char *other = g_build_filename (folder, "other.png", NULL);
  g_auto (Run) as_png = run ("render", path, "net.0.weight", "-o", png, "--size", "300x200",
                             "--scale", "rank", "--colormap", "vik", "--range", "-1:1", NULL);
  g_auto (Run) as_svg = run ("render", path, "net.0.bias", "-o", svg, NULL);
  g_auto (Run) shares = run ("render", path, "net.0.weight", "-o", other, "--range", "1:99%",
                             "--symmetric", "--invert", "--reduce", "rms", NULL);
  g_auto (Run) minmax = run ("render", path, "net.0.weight", "-o", other, "--range", "minmax",
                             "--scale", "symlog:0.01", NULL);
  g_auto (Run) reduce = run ("render", path, "net.0.bias", "-o", other, "--reduce", "x", NULL);
  g_auto (Run)
      linear = run ("render", path, "net.0.bias", "-o", other, "--scale", "linear:1", NULL);
  g_auto (Run)
      shares_over = run ("render", path, "net.0.bias", "-o", other, "--range", "1:101%", NULL);
  g_auto (Run) no_out = run ("render", path, "net.0.bias", NULL);
  g_auto (Run) suffix = run ("render", path, "net.0.bias", "-o", "x.gif", NULL);
  g_auto (Run) size = run ("render", path, "net.0.bias", "-o", png, "--size", "9", NULL);
  g_auto (Run) map = run ("render", path, "net.0.bias", "-o", png, "--colormap", "x", NULL);
  g_auto (Run) scale = run ("render", path, "net.0.bias", "-o", png, "--scale", "x", NULL);
  g_auto (Run) range = run ("render", path, "net.0.bias", "-o", png, "--range", "1:0", NULL);
  g_auto (Run) nothing = run ("render", path, "none", "-o", png, NULL);
  g_auto (Run) folder_missing = run ("render", path, "net.0.bias", "-o", nowhere, NULL);
  g_autofree char *data = NULL;
  gsize length;

  assert_done (&as_png);
  g_assert_true (g_file_get_contents (png, &data, &length, NULL));
  g_assert_cmpmem (data, 8, "\x89PNG\r\n\x1a\n", 8);
  g_assert_cmpmem (data + 16, 8, "\x00\x00\x01\x2c\x00\x00\x00\xc8", 8);
  g_free (data);
  assert_done (&shares);
  assert_done (&minmax);
  assert_done (&as_svg);
  g_assert_true (g_file_get_contents (svg, &data, &length, NULL));
  g_assert_nonnull (g_strstr_len (data, length, "<svg"));
  g_assert_nonnull (g_strstr_len (data, length, "</svg>"));
  assert_refused (&no_out, "render", "-o");
  assert_refused (&suffix, "-o", "x.gif");
  assert_refused (&size, "--size", "9");
  assert_refused (&map, "--colormap", "vik");
  assert_refused (&scale, "--scale", "symlog");
  assert_refused (&range, "--range", "1:0");
  assert_refused (&reduce, "--reduce", "rms");
  assert_refused (&linear, "--scale", "linear:1");
  assert_refused (&shares_over, "--range", "1:101%");
  assert_refused (&nothing, path, "no elements");
  assert_refused (&folder_missing, nowhere, "");
}

/* phases in a full turn; of what isn't complex there are no parts */
static void
test_parts (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "numpy", "types.npz",
                                                 NULL);
  g_autofree char *png = g_build_filename (folder, "part.png", NULL);
  g_auto (Run) phase = run ("render", path, "<c8", "-o", png, "--part", "phase", NULL);
  g_auto (Run)
      ranged = run ("render", path, "<c8", "-o", png, "--part", "phase", "--range", "0:1", NULL);
  g_auto (Run) plain = run ("render", path, "<f4", "-o", png, "--part", "real", NULL);
  g_auto (Run) wrong = run ("render", path, "<c8", "-o", png, "--part", "x", NULL);
  g_auto (Run) stats = run ("stats", path, "<c8", "<f4", "--json", "--part", "magnitude", NULL);
  g_auto (Run) no_stats = run ("stats", path, "<c8", "--part", "x", NULL);

  assert_done (&phase);
  assert_refused (&ranged, "--part phase", "--range");
  assert_refused (&plain, path, "float32");
  assert_refused (&wrong, "--part", "magnitude");
  assert_refused (&no_stats, "--part", "magnitude");
  assert_done (&stats);
  /* x - xi of 0 1 2 3 4 6: the largest magnitude is that of 6 - 6i */
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (stats.out, NULL),
                                  (gssize) g_bytes_get_size (stats.out),
                                  "\"part\":\"magnitude\",\"count\":6,\"min\":0.0,"
                                  "\"max\":8.48528"));
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (stats.out, NULL),
                                  (gssize) g_bytes_get_size (stats.out),
                                  "\"name\":\"<f4\",\"count\":6,"));
}

/* --- train --- */

static void
check_line (const char *line, guint64 step, double *loss)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *keys = NULL;
  JsonObject *row;

  g_assert_true (json_parser_load_from_data (parser, line, -1, NULL));
  row = json_node_get_object (json_parser_get_root (parser));
  keys = join_keys (row);
  g_assert_cmpstr (keys, ==, "step|epoch|loss|accuracy|seconds|");
  g_assert_cmpint (json_object_get_int_member (row, "step"), ==, step);
  *loss = json_object_get_double_member (row, "loss");
  g_assert_true (isfinite (*loss) && *loss >= 0);
}

static void
test_train (void)
{
  g_autofree char *saved = g_build_filename (folder, "trained.safetensors", NULL);
  g_auto (Run) first = run ("train", "d2l-shared", "--steps", "200", "--every", "100", "--json",
                            "--save", saved, NULL);
  g_auto (Run)
      again = run ("train", "d2l-shared", "--steps", "200", "--every", "200", "--json", NULL);
  g_auto (Run) other = run ("train", "d2l-shared", "--steps", "200", "--every", "200", "--json",
                            "--seed", "7", NULL);
  g_autofree char *first_text = get_text (&first), *again_text = get_text (&again);
  g_autofree char *other_text = get_text (&other);
  g_auto (GStrv) lines = g_strsplit (first_text, "\n", -1);
  double early, late, same, different;

  assert_done (&first);
  assert_done (&again);
  assert_done (&other);
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  check_line (lines[0], 100, &early);
  check_line (lines[1], 200, &late);
  check_line (again_text, 200, &same);
  check_line (other_text, 200, &different);
  g_assert_cmpfloat (late, ==, same);
  g_assert_cmpfloat (late, !=, different);
  {
    g_auto (Run) tree = run ("tree", saved, NULL);
    g_autofree char *text = get_text (&tree);

    assert_done (&tree);
    g_assert_nonnull (strstr (text, "193 elements, 121 unique"));
  }
}

/* weights of a file to begin with */
static void
test_train_load (void)
{
  g_autofree char *saved = g_build_filename (folder, "weights.safetensors", NULL);
  g_auto (Run) first = run ("train", "d2l-mlp", "--steps", "0", "--save", saved, NULL);
  g_auto (Run) whole = run ("train", "d2l-mlp", "--steps", "5", "--every", "5", "--json", "--load",
                            saved, "--strict", "--seed", "9", NULL);
  g_auto (Run) part = run ("train", "xor", "--steps", "1", "--load", saved, NULL);
  g_auto (Run) strict = run ("train", "xor", "--steps", "1", "--load", saved, "--strict", NULL);
  g_autofree char *whole_text = get_text (&whole);
  double loss;

  assert_done (&first);
  assert_done (&whole);
  check_line (whole_text, 5, &loss);
  g_assert_cmpint (strict.status, ==, 2);
  g_assert_nonnull (strstr (strict.err,
                            "size mismatch for 0.weight: copying a param with shape "
                            "[8, 4] from checkpoint, the shape in current model is [4, 2]"));
  g_assert_cmpint (part.status, ==, 0);
  g_assert_nonnull (strstr (part.err, "size mismatch for 0.bias"));
  g_assert_null (strstr (part.err, "2.bias"));
}

static void
test_train_specs (void)
{
  g_autofree char *broken = write_file ("broken.json", "{\"espalier\": 1, ", 16);
  g_autofree char *other = write_file ("other.json", "{\"a\": 1}", 8);
  g_autofree char *deep = g_build_filename (folder, "deep.json", NULL);
  g_autoptr (GString) nested = g_string_new ("{\"espalier\": ");
  g_auto (Run) on_broken = run ("train", broken, NULL), on_other = run ("train", other, NULL);
  g_auto (Run) unknown = run ("train", "no-such-network", NULL);
  g_auto (Run) seed = run ("train", "d2l-mlp", "--seed", "x", NULL);

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (nested, '[');
  g_assert_true (g_file_set_contents (deep, nested->str, nested->len, NULL));
  {
    g_auto (Run) on_deep = run ("train", deep, NULL), listed = run ("list", deep, NULL);

    assert_refused (&on_deep, deep, "");
    assert_refused (&listed, deep, "");
  }
  assert_refused (&on_broken, broken, "");
  assert_refused (&on_other, other, "espalier");
  assert_refused (&unknown, "no-such-network", "");
  assert_refused (&seed, "--seed", "");
}

/* a specification is a file like others: its tree is the network's */
static void
test_tree_of_network (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "networks",
                                                 "d2l-shared.json", NULL);
  g_auto (Run) printed = run ("tree", path, NULL);
  g_autofree char *text = get_text (&printed);

  assert_done (&printed);
  g_assert_nonnull (strstr (text, "1: ReLU (no params)"));
  g_assert_nonnull (strstr (text, "2: Linear"));
  g_assert_nonnull (strstr (text, "the same module as 2"));
  g_assert_nonnull (strstr (text, "[B] alias: 2.bias, 4.bias"));
  g_assert_nonnull (strstr (text, "193 elements, 121 unique"));
}

static void
remove_folder (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  program = g_test_build_filename (G_TEST_BUILT, "..", "src", "cli", "espalier-cli", NULL);
  folder = g_dir_make_tmp ("espalier-cli-XXXXXX", NULL);
  g_test_add_func ("/cli/usage", test_usage);
  g_test_add_func ("/cli/bad-files", test_bad_files);
  g_test_add_func ("/cli/output-ends", test_output_ends);
  g_test_add_func ("/cli/list-json", test_list_json);
  g_test_add_func ("/cli/list-implied", test_list_implied);
  g_test_add_func ("/cli/list-pickle", test_list_pickle);
  g_test_add_func ("/cli/list-text", test_list_text);
  g_test_add_func ("/cli/tree", test_tree);
  g_test_add_func ("/cli/stats", test_stats);
  g_test_add_func ("/cli/stats-names", test_stats_names);
  g_test_add_func ("/cli/dump", test_dump);
  g_test_add_func ("/cli/dump-npy", test_dump_npy);
  g_test_add_func ("/cli/dump-replaces", test_dump_replaces);
  g_test_add_func ("/cli/render", test_render);
  g_test_add_func ("/cli/parts", test_parts);
  g_test_add_func ("/cli/train", test_train);
  g_test_add_func ("/cli/train-load", test_train_load);
  g_test_add_func ("/cli/train-specs", test_train_specs);
  g_test_add_func ("/cli/tree-of-network", test_tree_of_network);
  status = g_test_run ();
  remove_folder ();
  g_free (folder);
  g_free (program);
  return status;
}
