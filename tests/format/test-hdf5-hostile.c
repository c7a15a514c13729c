/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files that no friendly program writes, or only a large one: made here with the HDF5 library
 * itself, which this test links with, since the fixtures would be large. */

#include "config.h"

#include "esp-error.h"
#include "esp-format.h"
#include "esp-hdf5-cache.h"
#include "esp-hdf5.h"
#include "esp-limits.h"

#include <glib/gstdio.h>
#include <hdf5.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT H5P_DEFAULT

static char *folder;

/* {{{ making and asking */

static char *
name_file (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static hid_t
make_file (const char *path)
{
  hid_t access = H5Pcreate (H5P_FILE_ACCESS), file;

  H5Pset_libver_bounds (access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  file = H5Fcreate (path, H5F_ACC_TRUNC, DEFAULT, access);
  g_assert_cmpint (file, >=, 0);
  H5Pclose (access);
  return file;
}

/* closes @list */
static hid_t
make_dataset (hid_t file, const char *name, hid_t type, int n, const hsize_t *shape, hid_t list)
{
  hid_t space = n > 0 ? H5Screate_simple (n, shape, NULL) : H5Screate (H5S_SCALAR);
  hid_t dataset = H5Dcreate2 (file, name, type, space, DEFAULT, list, DEFAULT);

  g_assert_cmpint (dataset, >=, 0);
  H5Sclose (space);
  if (list != DEFAULT)
    H5Pclose (list);
  return dataset;
}

static hid_t
make_chunks (int n, const hsize_t *chunk)
{
  hid_t list = H5Pcreate (H5P_DATASET_CREATE);

  g_assert_cmpint (H5Pset_chunk (list, n, chunk), >=, 0);
  return list;
}

static float
get_number (guint64 i)
{
  return (float) (37 * i % 113);
}

static void
write_numbers (hid_t dataset, gsize n)
{
  g_autofree float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = get_number (i);
  g_assert_cmpint (H5Dwrite (dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, DEFAULT, values), >=, 0);
}

static EspHdf5File *
open_hdf5 (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_source_new_for_file (path, &error);
  EspHdf5File *file = esp_hdf5_file_open (source, "", NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return file;
}

static EspTensor *
find (EspHdf5File *file, const char *name)
{
  const EspHdf5Node *node = esp_hdf5_file_find (file, NULL, name);

  g_assert_nonnull (node);
  g_assert_nonnull (node->tensor);
  return node->tensor;
}

static void
assert_refused (EspTensor *tensor, EspFormatError code, const char *message)
{
  const GError *error = esp_tensor_get_error (tensor);

  g_assert_error (error, ESP_FORMAT_ERROR, (int) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, message));
}

static void
assert_numbers (EspTensor *tensor, guint64 start, gsize n)
{
  g_autofree float *values = g_new (float, n);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_tensor_read_f32 (tensor, start, n, values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (values[i], ==, get_number (start + i));
}

/* }}} */
/* {{{ other files */

static void
test_other_files (void)
{
  const hsize_t shape[] = { 16 };
  g_autofree char *secret = name_file ("secret.bin"), *other = name_file ("other.h5");
  g_autofree char *path = name_file ("leads-out.h5");
  hid_t file, list, space;
  g_autoptr (EspHdf5File) opened = NULL;
  double value;

  g_assert_true (g_file_set_contents (secret, "secret secret secret secret secret", -1, NULL));
  file = make_file (other);
  list = make_dataset (file, "secret", H5T_NATIVE_FLOAT, 1, shape, DEFAULT);
  write_numbers (list, 16);
  H5Dclose (list);
  H5Fclose (file);

  file = make_file (path);
  list = H5Pcreate (H5P_DATASET_CREATE);
  H5Pset_external (list, secret, 0, 32);
  H5Dclose (make_dataset (file, "external", H5T_STD_I16LE, 1, shape, list));
  list = H5Pcreate (H5P_DATASET_CREATE);
  space = H5Screate_simple (1, shape, NULL);
  H5Pset_virtual (list, space, other, "/secret", space);
  H5Sclose (space);
  H5Dclose (make_dataset (file, "virtual", H5T_NATIVE_FLOAT, 1, shape, list));
  H5Lcreate_external (other, "/secret", file, "link", DEFAULT, DEFAULT);
  H5Lcreate_soft ("/link", file, "soft", DEFAULT, DEFAULT);
  H5Fclose (file);

  opened = open_hdf5 (path);
  assert_refused (find (opened, "external"), ESP_FORMAT_ERROR_UNSAFE, "in another file");
  assert_refused (find (opened, "virtual"), ESP_FORMAT_ERROR_UNSAFE, "virtual data set");
  g_assert_false (esp_tensor_read_f64 (find (opened, "virtual"), 0, 1, &value, NULL, NULL));
  g_assert_cmpint (esp_hdf5_file_find (opened, NULL, "link")->kind, ==, ESP_HDF5_OTHER);
  g_assert_cmpint (esp_hdf5_file_find (opened, NULL, "soft")->kind, ==, ESP_HDF5_OTHER);
}

static ssize_t
query_link (const char *name, const void *data, size_t size, void *buffer, size_t room)
{
  return (ssize_t) size;
}

static hid_t
follow_link (const char *name, hid_t group, const void *data, size_t size, hid_t access)
{
  return -1;
}

static void
test_user_links (void)
{
  static const H5L_class_t mine = { H5L_LINK_CLASS_T_VERS, (H5L_type_t) 187, "mine", NULL, NULL,
                                    NULL,
                                    /* newer versions give it one argument more */
                                    (H5L_traverse_func_t) (void (*) (void)) follow_link, NULL,
                                    query_link };
  g_autofree char *path = name_file ("user.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path);

  g_assert_cmpint (H5Lregister (&mine), >=, 0);
  g_assert_cmpint (H5Lcreate_ud (file, "mine", (H5L_type_t) 187, "x", 1, DEFAULT, DEFAULT), >=, 0);
  H5Fclose (file);
  opened = open_hdf5 (path);
  g_assert_nonnull (strstr (esp_hdf5_file_find (opened, NULL, "mine")->error, "plugin"));
}

/* }}} */
/* {{{ sizes */

static void
test_sizes (void)
{
  const hsize_t huge[] = { 1 << 20, 1 << 20 };
  const hsize_t wide[] = { (hsize_t) 1 << 40 }, small_chunk[] = { 1024 };
  g_autofree char *path = name_file ("sizes.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path), list;

  H5Dclose (make_dataset (file, "nothing stored", H5T_NATIVE_FLOAT, 2, huge, DEFAULT));
  list = make_chunks (1, small_chunk);
  H5Dclose (make_dataset (file, "empty chunks", H5T_NATIVE_FLOAT, 1, wide, list));
  H5Fclose (file);
  opened = open_hdf5 (path);
  assert_refused (find (opened, "nothing stored"), ESP_FORMAT_ERROR_LIMIT,
                  "of which the file stores");
  assert_refused (find (opened, "empty chunks"), ESP_FORMAT_ERROR_LIMIT,
                  "of which the file stores 0");
}

/* zeros pack a thousandfold, and what they unpack to isn't kept */
static void
test_bomb (void)
{
  const hsize_t shape[] = { 6 << 20 }, chunk[] = { 1 << 20 };
  g_autofree char *path = name_file ("bomb.h5");
  g_autofree float *zeros = g_new0 (float, shape[0]);
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path), list = make_chunks (1, chunk), dataset;
  g_autoptr (GError) error = NULL;
  GStatBuf st;

  H5Pset_deflate (list, 9);
  dataset = make_dataset (file, "zeros", H5T_NATIVE_FLOAT, 1, shape, list);
  H5Dwrite (dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, DEFAULT, zeros);
  H5Dclose (dataset);
  H5Fclose (file);
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  g_assert_cmpint (st.st_size, <, 64 * 1024);
  opened = open_hdf5 (path);
  memset (zeros, 1, shape[0] * sizeof *zeros);
  g_assert_true (esp_tensor_read_f32 (find (opened, "zeros"), 0, shape[0], zeros, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < shape[0]; i += 4099)
    g_assert_cmpfloat (zeros[i], ==, 0);
  g_assert_cmpuint (esp_hdf5_cache_get_total (), <=, ESP_HDF5_CACHE_BYTES);
}

/* chunks so tall that a row of them can't be kept: 32 MB in chunks of 64 rows */
static void
test_tall_chunks (void)
{
  const hsize_t shape[] = { 64, 131072 }, chunk[] = { 64, 4096 };
  g_autofree char *path = name_file ("tall.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path);
  hid_t dataset = make_dataset (file, "tall", H5T_NATIVE_FLOAT, 2, shape, make_chunks (2, chunk));

  write_numbers (dataset, shape[0] * shape[1]);
  H5Dclose (dataset);
  H5Fclose (file);
  opened = open_hdf5 (path);
  for (guint row = 0; row < 64; row += 7)
    assert_numbers (find (opened, "tall"), row * shape[1] + row, 70000);
  assert_numbers (find (opened, "tall"), 47 * shape[1] + 5, 2 * shape[1]);
  g_assert_cmpuint (esp_hdf5_cache_get_total (), <=, ESP_HDF5_CACHE_BYTES);
}

/* more chunks than are asked for at once */
static void
test_many_chunks (void)
{
  const hsize_t shape[] = { 70, 90 }, chunk[] = { 1, 2 };
  g_autofree char *path = name_file ("many.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path);
  hid_t dataset = make_dataset (file, "many", H5T_NATIVE_FLOAT, 2, shape, make_chunks (2, chunk));

  write_numbers (dataset, shape[0] * shape[1]);
  H5Dclose (dataset);
  H5Fclose (file);
  opened = open_hdf5 (path);
  assert_numbers (find (opened, "many"), 0, shape[0] * shape[1]);
  assert_numbers (find (opened, "many"), 4001, 77);
}

static void
test_many_axes (void)
{
  const hsize_t chunk[32] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 2 };
  hsize_t shape[32];
  g_autofree char *path = name_file ("axes.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path), dataset;

  for (guint i = 0; i < 32; i++)
    shape[i] = i < 24 ? 1 : 3;
  dataset = make_dataset (file, "axes", H5T_NATIVE_FLOAT, 32, shape, make_chunks (32, chunk));
  write_numbers (dataset, 6561);
  H5Dclose (dataset);
  H5Fclose (file);
  opened = open_hdf5 (path);
  g_assert_cmpuint (esp_tensor_get_ndim (find (opened, "axes")), ==, 32);
  assert_numbers (find (opened, "axes"), 0, 6561);
}

/* }}} */
/* {{{ filters that h5py has no words for */

static void
test_rare_filters (void)
{
  const hsize_t shape[] = { 23, 17 }, chunk[] = { 8, 5 };
  g_autofree char *path = name_file ("rare.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path), list = make_chunks (2, chunk), dataset, narrow;

  H5Pset_shuffle (list);
  H5Pset_deflate (list, 4);
  H5Pset_chunk_opts (list, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
  dataset = make_dataset (file, "edges", H5T_IEEE_F32LE, 2, shape, list);
  write_numbers (dataset, 23 * 17);
  H5Dclose (dataset);
  narrow = H5Tcopy (H5T_STD_I16LE);
  H5Tset_precision (narrow, 9);
  list = make_chunks (2, chunk);
  H5Pset_nbit (list);
  dataset = make_dataset (file, "nbit", narrow, 2, shape, list);
  write_numbers (dataset, 23 * 17);
  H5Dclose (dataset);
  H5Tclose (narrow);
  H5Fclose (file);
  opened = open_hdf5 (path);
  assert_numbers (find (opened, "edges"), 0, 23 * 17);
  assert_numbers (find (opened, "nbit"), 0, 23 * 17);
}

/* }}} */
/* {{{ names, nesting, attributes */

static void
test_deep (void)
{
  g_autofree char *path = name_file ("deep.h5");
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  hid_t file = make_file (path), group = H5Gopen2 (file, "/", DEFAULT);

  for (guint i = 0; i < ESP_LIMIT_MODULE_DEPTH + 200; i++)
    {
      hid_t inner = H5Gcreate2 (group, "g", DEFAULT, DEFAULT, DEFAULT);

      H5Gclose (group);
      group = inner;
    }
  H5Dclose (make_dataset (group, "bottom", H5T_NATIVE_FLOAT, 0, NULL, DEFAULT));
  H5Gclose (group);
  H5Dclose (make_dataset (file, "top", H5T_NATIVE_FLOAT, 0, NULL, DEFAULT));
  H5Fclose (file);
  checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 1);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, 0), "nested deeper"));
}

static void
test_many_attributes (void)
{
  g_autofree char *path = name_file ("attributes.h5");
  g_autoptr (EspHdf5File) opened = NULL;
  const EspHdf5Node *root;
  hid_t file = make_file (path), space = H5Screate (H5S_SCALAR);

  for (int i = 0; i < ESP_LIMIT_HDF5_ATTRIBUTES + 500; i++)
    {
      g_autofree char *name = g_strdup_printf ("a%d", i);
      hid_t attribute = H5Acreate2 (file, name, H5T_NATIVE_INT, space, DEFAULT, DEFAULT);

      g_assert_cmpint (attribute, >=, 0);
      H5Awrite (attribute, H5T_NATIVE_INT, &i);
      H5Aclose (attribute);
    }
  H5Sclose (space);
  H5Fclose (file);
  opened = open_hdf5 (path);
  root = esp_hdf5_file_get_node (opened, 0);
  g_assert_cmpuint (root->n_attributes, ==, ESP_LIMIT_HDF5_ATTRIBUTES);
  g_assert_nonnull (strstr (root->error, "more than can be read"));
}

/* the same text of 1 MB stands 2000 times in a list that has 32 KB */
static void
test_repeated_text (void)
{
  const hsize_t shape[] = { 2000 };
  g_autofree char *path = name_file ("texts.h5");
  g_autofree char *text = g_strnfill (1 << 20, 'x');
  g_autofree const char **texts = g_new (const char *, 2000);
  g_autoptr (EspHdf5File) opened = NULL;
  hid_t file = make_file (path), space = H5Screate_simple (1, shape, NULL), type, attribute;
  const EspHdf5Attribute *read;

  for (guint i = 0; i < 2000; i++)
    texts[i] = i < 80 ? text : "";
  type = H5Tcopy (H5T_C_S1);
  H5Tset_size (type, H5T_VARIABLE);
  attribute = H5Acreate2 (file, "texts", type, space, DEFAULT, DEFAULT);
  g_assert_cmpint (H5Awrite (attribute, type, texts), >=, 0);
  H5Aclose (attribute);
  H5Tclose (type);
  H5Sclose (space);
  H5Fclose (file);
  opened = open_hdf5 (path);
  read = esp_hdf5_node_get_attribute (esp_hdf5_file_get_node (opened, 0), "texts");
  g_assert_cmpint (read->type, ==, ESP_HDF5_VALUE_NONE); /* 80 MB are over the limit */
  g_assert_nonnull (strstr (read->error, "larger than can be read"));
}

static void
test_names (void)
{
  static const char *const names[] = {
    "..",     ".hidden", "with\nnewline",        "\xff\xfe not UTF-8",
    "a.b[0]", "%s%n",    "\xe2\x80\xaereversed", " ",
  };
  g_autofree char *path = name_file ("names.h5"), *long_name = g_strnfill (60000, 'n');
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  hid_t file = make_file (path);
  EspTree *tree;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    H5Dclose (make_dataset (file, names[i], H5T_NATIVE_FLOAT, 0, NULL, DEFAULT));
  H5Dclose (make_dataset (file, long_name, H5T_NATIVE_FLOAT, 0, NULL, DEFAULT));
  H5Fclose (file);
  checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  tree = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, G_N_ELEMENTS (names) + 1);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    g_assert_true (g_utf8_validate (esp_place_get_path (esp_tree_get_tensor (tree, i)), -1, NULL));
}

/* }}} */
/* {{{ what the process does */

/* All calls of the process after it took its rights away, as strace sees them: its socket, the one
 * descriptor, memory, and nothing else. */
static void
assert_calls (const char *log)
{
  static const char *const allowed[] = {
    "pread64(3,", "read(0,", "write(0,",   "poll([{fd=0,", "ppoll([{fd=0,",
    "brk(",       "mmap(",   "munmap(",    "mremap(",      "madvise(",
    "mprotect(",  "futex(",  "getrandom(", "exit_group(",
  };
  g_auto (GStrv) lines = g_strsplit (log, "\n", -1);
  g_autofree char *process = NULL;
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *call = strchr (lines[i], ' ');
      gboolean good = FALSE;

      if (process == NULL && strstr (lines[i], "PR_SET_SECCOMP") != NULL)
        process = g_strndup (lines[i], (gsize) (call - lines[i]) + 1);
      else if (process != NULL && g_str_has_prefix (lines[i], process))
        {
          call += strspn (call, " ");
          for (guint j = 0; j < G_N_ELEMENTS (allowed); j++)
            good = good || g_str_has_prefix (call, allowed[j]);
          good = good || *call == '+' || *call == '-' || *call == '<';
          if (!good)
            g_test_message ("%s", lines[i]);
          g_assert_true (good);
          n++;
        }
    }
  g_assert_nonnull (process);
  g_assert_cmpuint (n, >, 5);
}

static void
test_calls (void)
{
  g_autofree char *strace = g_find_program_in_path ("strace");
  g_autofree char *cli = g_build_filename (g_test_get_dir (G_TEST_BUILT), "..", "src", "cli",
                                           "espalier-cli", NULL);
  g_autofree char *path = name_file ("leads-out.h5"), *log = name_file ("calls"), *text = NULL;
  const char *argv[] = { strace, "-f", "-o", log, cli, "stats", path, NULL };
  int status;

  if (strace == NULL || !g_file_test (cli, G_FILE_TEST_IS_EXECUTABLE))
    {
      g_test_skip ("there is no strace here");
      return;
    }
  if (!g_spawn_sync (NULL, (char **) argv, NULL,
                     G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                     NULL, &status, NULL) ||
      !g_file_get_contents (log, &text, NULL, NULL) || strstr (text, "PR_SET_SECCOMP") == NULL)
    {
      g_test_skip ("strace can't look at this, or there is no filter of system calls");
      return;
    }
  assert_calls (text);
}

/* }}} */

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = name_file (name);
      g_unlink (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
  folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_test_add_func ("/hdf5-hostile/other-files", test_other_files);
  g_test_add_func ("/hdf5-hostile/calls", test_calls);
  g_test_add_func ("/hdf5-hostile/user-links", test_user_links);
  g_test_add_func ("/hdf5-hostile/sizes", test_sizes);
  g_test_add_func ("/hdf5-hostile/bomb", test_bomb);
  g_test_add_func ("/hdf5-hostile/tall-chunks", test_tall_chunks);
  g_test_add_func ("/hdf5-hostile/many-chunks", test_many_chunks);
  g_test_add_func ("/hdf5-hostile/many-axes", test_many_axes);
  g_test_add_func ("/hdf5-hostile/rare-filters", test_rare_filters);
  g_test_add_func ("/hdf5-hostile/deep", test_deep);
  g_test_add_func ("/hdf5-hostile/many-attributes", test_many_attributes);
  g_test_add_func ("/hdf5-hostile/repeated-text", test_repeated_text);
  g_test_add_func ("/hdf5-hostile/names", test_names);
  result = g_test_run ();
  remove_folder ();
  g_free (folder);
  return result;
}
