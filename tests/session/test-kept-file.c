/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A network with its history in one file: saved, opened again, trained on; files that aren't what
 * they say; any byte cut or changed. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "esp-error.h"
#include "esp-kept-file.h"
#include "esp-session.h"

typedef struct
{
  char *folder, *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "net.espalier", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

/* 90 steps, the learning rate changed on the way */
static EspDocument *
make_document (void)
{
  static const char spec[] =
      "{\"espalier\": 1, \"name\": \"kept\", \"modules\": [{\"class\": \"Linear\", "
      "\"out_features\": 4}, {\"class\": \"Tanh\"}, {\"class\": \"Linear\", \"out_features\": 2}],"
      " \"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": \"Adam\"},"
      " \"data\": {\"name\": \"moons\", \"count\": 40}}";
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, NULL);
  EspDocument *document = esp_document_new_for_network (network);

  esp_trainer_run (esp_document_get_trainer (document), 50);
  esp_trainer_set_learning_rate (esp_document_get_trainer (document), 0.1);
  esp_trainer_run (esp_document_get_trainer (document), 40);
  esp_document_update (document);
  return document;
}

static float
read_first (EspDocument *document, const char *name)
{
  EspPlace *place = esp_tree_find (esp_document_get_tree (document), name, NULL);
  float value;

  g_assert_nonnull (place);
  g_assert_true (esp_tensor_read_f32 (esp_parameter_get_data (esp_place_get_parameter (place)), 0,
                                      1, &value, NULL, NULL));
  return value;
}

static void
save (EspDocument *document, const char *path)
{
  g_autoptr (GError) error = NULL;

  esp_document_save (document, path, TRUE, &error);
  g_assert_no_error (error);
}

static void
test_again (Fixture *self, gconstpointer data)
{
  g_autoptr (EspDocument) before = make_document ();
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;
  EspDocument *after;
  EspTimeline timeline;

  save (before, self->path);
  g_assert_true (esp_kept_file_probe (self->path));
  after = esp_session_load (session, self->path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_document_get_title (after), ==, "kept");
  g_assert_false (esp_document_get_modified (after));
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (after)), ==, 90);
  g_assert_cmpfloat (read_first (after, "2.weight"), ==, read_first (before, "2.weight"));
  for (guint step = 20; step <= 80; step += 30)
    {
      EspDocument *both[] = { before, after };

      for (guint i = 0; i < 2; i++)
        {
          esp_trainer_seek (esp_document_get_trainer (both[i]), 0, step);
          esp_trainer_wait (esp_document_get_trainer (both[i]));
          esp_document_update (both[i]);
        }
      g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (after)), ==, step);
      g_assert_cmpfloat (read_first (after, "0.weight"), ==, read_first (before, "0.weight"));
    }
  esp_trainer_get_timeline (esp_document_get_trainer (after), &timeline);
  g_assert_cmpuint (timeline.head, ==, 90);
}

/* other kernels' file opens, with its key frames */
static void
expect_path (EspNetwork *network, const char *beside, const char *wanted)
{
  g_autofree char *text = esp_kept_file_describe (network, beside);
  g_autofree char *member = g_strdup_printf ("\"path\": \"%s\"", wanted);

  g_assert_nonnull (strstr (text, member));
}

/* own data: kept beside it, below it, and elsewhere; what lies beside is found again, also when
 * both were moved, and data that are gone are named */
static void
test_own_data (Fixture *self, gconstpointer unused)
{
  static const char spec[] =
      "{\"espalier\": 1, \"modules\": [{\"class\": \"Linear\", \"out_features\": 2}],"
      " \"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": \"SGD\"},"
      " \"data\": {\"name\": \"file\", \"path\": \"x.csv\"}}";
  g_autofree char *inner = g_build_filename (self->folder, "moved", NULL);
  g_autofree char *data = g_build_filename (inner, "x.csv", NULL);
  g_autofree char *net = g_build_filename (inner, "net.json", NULL);
  g_autofree char *kept = g_build_filename (inner, "net.espalier", NULL);
  g_autofree char *elsewhere = g_build_filename (self->folder, "other", "net.espalier", NULL);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  g_assert_cmpint (g_mkdir (inner, 0700), ==, 0);
  g_assert_true (g_file_set_contents (data, "1,2,a\n3,4,b\n5,6,a\n", -1, NULL));
  g_assert_true (g_file_set_contents (net, spec, -1, NULL));
  esp_session_load (session, net, NULL, &error);
  g_assert_no_error (error);
  network = esp_trainer_get_network (esp_document_get_trainer (esp_session_get_document (session)));
  expect_path (network, kept, "x.csv");
  expect_path (network, self->path, "moved/x.csv");
  expect_path (network, elsewhere, data);

  save (esp_session_get_document (session), self->path);
  save (esp_session_get_document (session), kept);
  esp_session_load (session, self->path, NULL, &error);
  g_assert_no_error (error);
  esp_session_load (session, kept, NULL, &error);
  g_assert_no_error (error);
  network = esp_trainer_get_network (esp_document_get_trainer (esp_session_get_document (session)));
  g_assert_cmpuint (esp_network_get_n_examples (network), ==, 3);

  g_unlink (data);
  g_assert_null (esp_session_load (session, kept, NULL, &error));
  g_assert_nonnull (strstr (error->message, "x.csv"));
  g_unlink (net);
  g_unlink (kept);
  g_assert_cmpint (g_rmdir (inner), ==, 0);
}

static void
test_foreign (Fixture *self, gconstpointer data)
{
  g_autoptr (EspDocument) before = make_document ();
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (EspTrainer) trainer = NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  EspTimeline timeline;
  gsize size;
  char *at;

  save (before, self->path);
  g_assert_true (g_file_get_contents (self->path, &bytes, &size, NULL));
  at = memchr (bytes, '{', MIN (size, 200));
  g_assert_nonnull (at);
  /* the name's last letter; our own reader of stored members doesn't need the checksum */
  at = strchr (strstr (at, "kernels") + strlen ("kernels\": \""), '"') - 1;
  *at = *at == 'q' ? 'p' : 'q';
  g_assert_true (g_file_set_contents (self->path, bytes, (gssize) size, NULL));
  trainer = esp_kept_file_read (self->path, NULL, &error);
  g_assert_no_error (error);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.n_foreign, ==, 1);
  g_assert_cmpuint (timeline.step, ==, 90);
}

static void
try_file (const char *path, const char *bytes, gsize size)
{
  g_autoptr (EspTrainer) trainer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  trainer = esp_kept_file_read (path, NULL, &error);
  g_assert_true ((trainer == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (g_str_has_prefix (error->message, "net.espalier: "));
}

static void
test_damage (Fixture *self, gconstpointer data)
{
  g_autoptr (EspDocument) before = make_document ();
  g_autofree char *bytes = NULL;
  gsize size;

  save (before, self->path);
  g_assert_true (g_file_get_contents (self->path, &bytes, &size, NULL));
  for (guint i = 0; i < 60; i++)
    try_file (self->path, bytes, (gsize) g_test_rand_int_range (0, (gint32) size));
  for (guint i = 0; i < 200; i++)
    {
      /* the beginning and the end have most of what can break */
      gsize part = i % 2 == 0 ? MIN (size, 2000) : size;
      gsize at = (gsize) g_test_rand_int_range (0, (gint32) part);
      char old = bytes[at];

      bytes[at] = (char) g_test_rand_int_range (0, 256);
      try_file (self->path, bytes, size);
      bytes[at] = old;
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/kept-file/again", Fixture, NULL, set_up, test_again, tear_down);
  g_test_add ("/kept-file/own-data", Fixture, NULL, set_up, test_own_data, tear_down);
  g_test_add ("/kept-file/foreign", Fixture, NULL, set_up, test_foreign, tear_down);
  g_test_add ("/kept-file/damage", Fixture, NULL, set_up, test_damage, tear_down);
  return g_test_run ();
}
