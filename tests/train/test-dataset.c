/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets: sizes, ranges, geometry, and that seed and noise do what they say. */

#include "esp-dataset.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static EspDataset *
make (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  EspDataset *data = esp_dataset_new (json_node_get_object (json_parser_get_root (parser)), 9, NULL,
                                      &error);
  g_assert_no_error (error);
  return data;
}

static void
test_random (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"random\", \"inputs\": [2, 3], \"targets\": [2], \"count\": 1000}");
  g_assert_cmpuint (data->n, ==, 1000);
  g_assert_cmpuint (data->input.ndim, ==, 2);
  g_assert_cmpint (data->n_classes, ==, 0);
  double sum = 0;
  for (guint i = 0; i < 6000; i++)
    {
      g_assert_true (data->inputs[i] >= 0 && data->inputs[i] < 1);
      sum += (double) data->inputs[i];
    }
  for (guint i = 0; i < 2000; i++)
    g_assert_true (data->targets[i] >= 0 && data->targets[i] < 1);
  g_assert_cmpfloat_with_epsilon (sum / 6000, 0.5, 0.02);
}

static void
test_classes (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"random\", \"inputs\": [2], \"classes\": 3, \"count\": 900}");
  guint counts[3] = { 0 };
  for (guint i = 0; i < 900; i++)
    {
      g_assert_true (data->labels[i] >= 0 && data->labels[i] < 3);
      counts[data->labels[i]]++;
    }
  for (guint i = 0; i < 3; i++)
    g_assert_true (counts[i] > 220 && counts[i] < 380);
}

static void
test_seed (void)
{
  g_autoptr (EspDataset)
      a = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 1}");
  g_autoptr (EspDataset)
      b = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 1}");
  g_autoptr (EspDataset)
      c = make ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"seed\": 2}");
  gsize bytes = 64 * 4 * sizeof (EspReal);
  g_assert_cmpmem (a->inputs, bytes, b->inputs, bytes);
  g_assert_cmpint (memcmp (a->inputs, c->inputs, bytes), !=, 0);
}

/* without noise each point lies on the Playground's curve */
static void
test_spirals (void)
{
  g_autoptr (EspDataset) data = make ("{\"name\": \"spirals\", \"count\": 301}");
  g_assert_cmpuint (data->n, ==, 301);
  g_assert_cmpint (data->n_classes, ==, 2);
  for (guint i = 0; i < 301; i++)
    {
      gint32 label = data->labels[i];
      double place = label == 0 ? i / 150.0 : (i - 150) / 151.0;
      double x = (double) data->inputs[2 * i], y = (double) data->inputs[2 * i + 1];
      g_assert_cmpint (label, ==, i >= 150);
      g_assert_cmpfloat_with_epsilon (hypot (x, y), 5 * place, 1e-5);
      /* a turn and three quarters, clockwise from above; the other spiral half a turn on */
      double angle = 3.5 * G_PI * place + label * G_PI;
      g_assert_cmpfloat_with_epsilon (x, 5 * place * sin (angle), 1e-5);
      g_assert_cmpfloat_with_epsilon (y, 5 * place * cos (angle), 1e-5);
    }
}

static void
test_noise (void)
{
  g_autoptr (EspDataset) plain = make ("{\"name\": \"spirals\", \"count\": 400}");
  g_autoptr (EspDataset) noisy = make ("{\"name\": \"spirals\", \"count\": 400, \"noise\": 0.5}");
  double largest = 0, sum = 0;
  for (guint i = 0; i < 800; i++)
    {
      double off = (double) noisy->inputs[i] - (double) plain->inputs[i];
      largest = fmax (largest, fabs (off));
      sum += off;
    }
  g_assert_cmpfloat (largest, <=, 0.5 + 1e-6);
  g_assert_cmpfloat (largest, >, 0.48);
  g_assert_cmpfloat (fabs (sum / 800), <, 0.06);
}

static void
test_values (void)
{
  g_autoptr (EspDataset)
      data = make ("{\"name\": \"values\", \"inputs\": [[[1, 2]], [[3, 4]]], \"labels\": [1, 0]}");
  static const EspReal wanted[] = { 1, 2, 3, 4 };
  g_assert_cmpuint (data->n, ==, 2);
  g_assert_cmpuint (data->input.ndim, ==, 2);
  g_assert_cmpmem (data->inputs, sizeof wanted, wanted, sizeof wanted);
  g_assert_cmpint (data->labels[0], ==, 1);
  g_assert_cmpint (data->labels[1], ==, 0);
}

/* every point lies where its label says, and both labels come often */
static void
check_plane (const char *text, gboolean (*fits) (double x, double y, gint32 label))
{
  g_autoptr (EspDataset) data = make (text);
  guint ones = 0;
  g_assert_cmpint (data->n_classes, ==, 2);
  for (guint64 i = 0; i < data->n; i++)
    {
      g_assert_true (
          fits ((double) data->inputs[2 * i], (double) data->inputs[2 * i + 1], data->labels[i]));
      ones += data->labels[i] == 1;
    }
  g_assert_true (ones > data->n / 3 && ones < data->n * 2 / 3);
}

static gboolean
fits_circle (double x, double y, gint32 label)
{
  double radius = hypot (x, y);
  return label == 1 ? radius <= 2.5 : radius >= 3.49 && radius <= 5.01;
}

static gboolean
fits_xor (double x, double y, gint32 label)
{
  return fabs (x) >= 0.29 && fabs (x) <= 5.31 && fabs (y) >= 0.29 && (x * y > 0) == (label == 1);
}

static gboolean
fits_gauss (double x, double y, gint32 label)
{
  /* five deviations from the one and three from the other */
  return label == 1 ? x + y > -1 : x + y < 1;
}

static gboolean
fits_moons (double x, double y, gint32 label)
{
  double radius = label == 0 ? hypot (x, y) : hypot (x - 1, y - 0.5);
  return fabs (radius - 1) < 1e-6 && (label == 0 ? y >= -1e-6 : y <= 0.5 + 1e-6);
}

static void
test_plane (void)
{
  check_plane ("{\"name\": \"circle\"}", fits_circle);
  check_plane ("{\"name\": \"xor\", \"count\": 400}", fits_xor);
  check_plane ("{\"name\": \"gauss\"}", fits_gauss);
  check_plane ("{\"name\": \"moons\", \"count\": 101}", fits_moons);
  g_autoptr (EspDataset) plane = make ("{\"name\": \"plane\"}");
  for (guint64 i = 0; i < plane->n; i++)
    g_assert_cmpfloat_with_epsilon (plane->targets[i],
                                    (plane->inputs[2 * i] + plane->inputs[2 * i + 1]) / 10, 1e-6);
  g_autoptr (EspDataset) cones = make ("{\"name\": \"multi-gauss\"}");
  double low = 0, high = 0;
  for (guint64 i = 0; i < cones->n; i++)
    {
      low = fmin (low, (double) cones->targets[i]);
      high = fmax (high, (double) cones->targets[i]);
    }
  g_assert_true (low < -0.9 && low >= -1 && high > 0.9 && high <= 1);
}

static void
test_small (void)
{
  g_autoptr (EspDataset) xor = make ("{\"name\": \"parity\"}");
  const gint32 labels[] = { 0, 1, 1, 0 };
  g_assert_cmpmem (xor->labels, sizeof labels, labels, sizeof labels);
  g_assert_true (xor->inputs[2] == 0 && xor->inputs[3] == 1);
  g_autoptr (EspDataset) sine = make ("{\"name\": \"sine\", \"count\": 3}");
  g_assert_cmpfloat_with_epsilon (sine->inputs[0], -G_PI, 1e-6);
  g_assert_cmpfloat_with_epsilon (sine->targets[1], 0, 1e-6);
}

/* sums that scikit-learn says */
static void
test_shipped (void)
{
  static const guint counts[] = { 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 };
  g_autoptr (EspDataset) digits = make ("{\"name\": \"digits\", \"images\": true}");
  guint found[10] = { 0 };
  double sum = 0;
  g_assert_cmpuint (digits->n, ==, 1797);
  g_assert_cmpuint (digits->input.ndim, ==, 3);
  for (guint64 i = 0; i < 1797 * 64; i++)
    sum += (double) digits->inputs[i] * 16;
  for (guint64 i = 0; i < 1797; i++)
    found[digits->labels[i]]++;
  g_assert_cmpfloat (sum, ==, 561718);
  g_assert_cmpmem (found, sizeof found, counts, sizeof counts);
  g_assert_cmpfloat (digits->inputs[3], ==, 13.0 / 16);
  g_autoptr (EspDataset) iris = make ("{\"name\": \"iris\"}");
  sum = 0;
  for (guint64 i = 0; i < 150; i++)
    sum += (double) iris->inputs[4 * i + 3];
  g_assert_cmpfloat_with_epsilon (sum, 179.9, 1e-4);
}

/* the same examples, some behind; normalised by those in front alone */
static void
test_split (void)
{
  g_autoptr (EspDataset) all = make ("{\"name\": \"iris\"}");
  g_autoptr (EspDataset)
      split = make ("{\"name\": \"iris\", \"test\": 0.2, \"normalize\": \"standard\"}");
  double whole = 0, parts = 0, sum = 0, squares = 0;
  g_assert_cmpuint (split->n, ==, 120);
  g_assert_cmpuint (split->n_test, ==, 30);
  guint moved = 0;
  for (guint64 i = 0; i < 150; i++)
    {
      whole += (double) all->inputs[4 * i + 2] * (all->labels[i] + 1);
      parts += ((double) split->inputs[4 * i + 2] * split->scales[2] + split->offsets[2]) *
               (split->labels[i] + 1);
      moved += split->labels[i] != all->labels[i];
    }
  g_assert_cmpfloat_with_epsilon (whole, parts, 1e-3);
  g_assert_cmpuint (moved, >, 10);
  for (guint64 i = 0; i < 120; i++)
    {
      sum += (double) split->inputs[4 * i + 1];
      squares += (double) split->inputs[4 * i + 1] * (double) split->inputs[4 * i + 1];
    }
  g_assert_cmpfloat_with_epsilon (sum / 120, 0, 1e-6);
  g_assert_cmpfloat_with_epsilon (squares / 120, 1, 1e-5);
  g_autoptr (EspDataset)
      again = make ("{\"name\": \"iris\", \"test\": 0.2, \"normalize\": \"standard\"}");
  g_assert_cmpmem (again->inputs, 600 * sizeof (EspReal), split->inputs, 600 * sizeof (EspReal));
  g_autoptr (EspDataset) signs = make ("{\"name\": \"circle\", \"signs\": true}");
  g_assert_cmpint (signs->n_classes, ==, 0);
  for (guint64 i = 0; i < signs->n; i++)
    g_assert_true (signs->targets[i] == 1 || signs->targets[i] == -1);
}

typedef struct
{
  char *folder;
  char *path;
} File;

static void
file_write (File *self, const char *name, const void *data, gssize length)
{
  g_autoptr (GError) error = NULL;
  if (self->folder == NULL)
    self->folder = g_dir_make_tmp ("espalier-XXXXXX", &error);
  g_free (self->path);
  self->path = g_build_filename (self->folder, name, NULL);
  g_file_set_contents (self->path, data, length, &error);
  g_assert_no_error (error);
}

static void
file_clear (File *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
}

static EspDataset *
open_file (File *self, const char *text, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  EspDatasetAccess access = { .folder = self->folder };
  return esp_dataset_new (json_node_get_object (node), 9, &access, error);
}

static void
test_table (void)
{
  static const char table[] = "# of flowers\n"
                              "length; \"kind\"; width\r\n"
                              "1,5; 1; 2.5\n2; 1; 3\n"; /* a decimal comma */
  static const char good[] =
      "length,\"the \"\"kind\"\"\",width\r\n1.5,rose,2\r\n\r\n-2e1,\"a, b\",0\n3,rose,1";
  g_autoptr (GError) error = NULL;
  File file = { 0 };
  file_write (&file, "t.csv", good, -1);
  g_autoptr (EspDataset) data = open_file (
      &file, "{\"name\": \"file\", \"path\": \"t.csv\", \"target\": \"the \\\"kind\\\"\"}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (data->n, ==, 3);
  g_assert_cmpint (data->n_classes, ==, 2);
  g_assert_cmpstr (data->classes[0], ==, "a, b");
  g_assert_cmpstr (data->classes[1], ==, "rose");
  const gint32 labels[] = { 1, 0, 1 };
  g_assert_cmpmem (data->labels, sizeof labels, labels, sizeof labels);
  g_assert_true (data->inputs[0] == (EspReal) 1.5 && data->inputs[1] == 2 &&
                 data->inputs[2] == -20);

  file_write (&file, "v.csv", "1\t2\t0.5\n3\t4\t0.25\n", -1);
  g_autoptr (EspDataset)
      values = open_file (&file, "{\"name\": \"file\", \"path\": \"v.csv\"}", &error);
  g_assert_no_error (error);
  g_assert_cmpint (values->n_classes, ==, 0);
  g_assert_true (values->targets[1] == (EspReal) 0.25 && values->inputs[2] == 3);
  g_autoptr (EspDataset) whole = open_file (
      &file, "{\"name\": \"file\", \"path\": \"v.csv\", \"target\": 0, \"classify\": true}",
      &error);
  g_assert_no_error (error);
  g_assert_cmpint (whole->n_classes, ==, 2);

  file_write (&file, "bad.csv", table, -1);
  g_autoptr (EspDataset)
      bad = open_file (&file, "{\"name\": \"file\", \"path\": \"bad.csv\"}", &error);
  g_assert_null (bad);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "length"));
  file_clear (&file);
}

static void
test_bad_files (void)
{
  static const struct
  {
    const char *text;
    gsize length;
    const char *spec, *wanted;
  } cases[] = {
    { "", 0, "", "two columns" },
    { "1\n2\n", 4, "", "two columns" },
    { "a,b\n", 4, "", "one row" },
    { "1,2\n1,2,3\n", 10, "", "row 2" },
    { "a,b\n1,x\nq,y\n", 12, "", "row 2" },
    { "1,2\n3,2\n", 8, "", "same label" },
    { "1,2\n3,4\n", 8, ", \"target\": \"z\"", "target" },
    { "1,2\n3,4\n", 8, ", \"target\": 2", "target" },
    { "1,2\n3,4\n", 8, ", \"target\": -1", "target" },
    { "a\0b,c", 5, "", "no table" },
    { "\0\0\x08\x01\0\0\0\x05xx", 10, "", "IDX" },
    { "\0\0\x08\x09\0\0\0\x05xx", 10, "", "IDX" },
    { "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, "", "IDX" },
    { "PK\x03\x04", 4, "", "can't be read here" },
  };
  File file = { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *spec = g_strdup_printf ("{\"name\": \"file\", \"path\": \"f\"%s}",
                                               cases[i].spec);
      file_write (&file, "f", cases[i].text, (gssize) cases[i].length);
      g_autoptr (EspDataset) data = open_file (&file, spec, &error);
      g_test_message ("%u: %s", (guint) i, error != NULL ? error->message : "");
      g_assert_null (data);
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, cases[i].wanted));
    }
  static const char *const paths[] = { "../f", "/etc/passwd", "nothing" };
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *spec = g_strdup_printf ("{\"name\": \"file\", \"path\": \"%s\"}", paths[i]);
      g_autoptr (EspDataset) data = open_file (&file, spec, &error);
      g_assert_null (data);
      g_assert_nonnull (error);
    }
  file_clear (&file);
}

/* MNIST's form: images and labels in two files */
static void
test_idx (void)
{
  static const char images[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03\x00\xff\x33\x01\x02\x03";
  static const char labels[] = "\0\0\x08\x01\0\0\0\x02\x07\x02";
  g_autoptr (GError) error = NULL;
  File file = { 0 };
  file_write (&file, "images", images, sizeof images - 1);
  file_write (&file, "labels", labels, sizeof labels - 1);
  g_autoptr (EspDataset) data = open_file (
      &file, "{\"name\": \"file\", \"path\": \"images\", \"targets_path\": \"labels\"}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (data->n, ==, 2);
  g_assert_cmpint (data->n_classes, ==, 8);
  g_assert_cmpuint (data->input.ndim, ==, 2);
  g_assert_true (data->labels[0] == 7 && data->labels[1] == 2);
  g_assert_true (data->inputs[1] == 1 && data->inputs[0] == 0);
  g_assert_cmpfloat_with_epsilon (data->inputs[2], 0.2, 1e-6);
  file_clear (&file);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/dataset/random", test_random);
  g_test_add_func ("/train/dataset/classes", test_classes);
  g_test_add_func ("/train/dataset/seed", test_seed);
  g_test_add_func ("/train/dataset/spirals", test_spirals);
  g_test_add_func ("/train/dataset/noise", test_noise);
  g_test_add_func ("/train/dataset/values", test_values);
  g_test_add_func ("/train/dataset/plane", test_plane);
  g_test_add_func ("/train/dataset/small", test_small);
  g_test_add_func ("/train/dataset/shipped", test_shipped);
  g_test_add_func ("/train/dataset/split", test_split);
  g_test_add_func ("/train/dataset/table", test_table);
  g_test_add_func ("/train/dataset/bad-files", test_bad_files);
  g_test_add_func ("/train/dataset/idx", test_idx);
  return g_test_run ();
}
