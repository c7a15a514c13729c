/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A training job that writes the file which is open: what is told, what can still be read, what
 * stays where it was. */

#include "config.h"

#include "esp-error.h"
#include "esp-reload.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

typedef struct
{
  char *folder;
  char *path; /* last.safetensors in it */
  EspSession *session;
  EspReload *reload;
} Fixture;

/* tensors NAME (2, 2) of @value each; a name may be NULL to end */
static GString *
make_checkpoint (const char *const *names, float value)
{
  g_autoptr (GString) header = g_string_new ("{");
  GString *all = g_string_new (NULL);
  guint64 length;
  gsize n = 0;

  for (; names[n] != NULL; n++)
    g_string_append_printf (
        header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[%zu,%zu]}",
        n > 0 ? "," : "", names[n], n * 16, (n + 1) * 16);
  g_string_append_c (header, '}');
  length = GUINT64_TO_LE ((guint64) header->len);
  g_string_append_len (all, (const char *) &length, 8);
  g_string_append (all, header->str);
  for (gsize i = 0; i < n * 4; i++)
    g_string_append_len (all, (const char *) &value, sizeof value);
  return all;
}

static const char *const two_layers[] = { "0.weight", "0.bias", "1.weight", NULL };
static const char *const one_layer[] = { "0.weight", NULL };

/* in place, into the file that is there */
static void
write_over (const char *path, const GString *bytes, gsize length)
{
  FILE *file = g_fopen (path, "r+b");

  if (file == NULL)
    file = g_fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpint (ftruncate (fileno (file), 0), ==, 0);
  g_assert_cmpuint (fwrite (bytes->str, 1, length, file), ==, length);
  fclose (file);
}

/* as careful programs do: to another name, then over this one */
static void
replace (const char *path, const char *const *names, float value)
{
  g_autofree char *other = g_strconcat (path, ".tmp", NULL);
  GString *bytes = make_checkpoint (names, value);

  write_over (other, bytes, bytes->len);
  g_assert_cmpint (g_rename (other, path), ==, 0);
  g_string_free (bytes, TRUE);
}

static void
rewrite (const char *path, const char *const *names, float value)
{
  GString *bytes = make_checkpoint (names, value);

  write_over (path, bytes, bytes->len);
  g_string_free (bytes, TRUE);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  GError *error = NULL;

  fixture->folder = g_dir_make_tmp ("espalier-reload-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "last.safetensors", NULL);
  rewrite (fixture->path, two_layers, 1);
  fixture->session = esp_session_new ();
  fixture->reload = esp_reload_new (fixture->session);
  g_assert_nonnull (esp_session_load (fixture->session, fixture->path, NULL, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_run_dispose (G_OBJECT (fixture->reload));
  g_object_unref (fixture->reload);
  g_object_unref (fixture->session);
  g_unlink (fixture->path);
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
wait_for_state (Fixture *fixture, EspReloadState state)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (esp_reload_get_state (fixture->reload) != state && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (esp_reload_get_state (fixture->reload), ==, state);
}

static void
wait_for_another_document (Fixture *fixture, EspDocument *document)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (esp_session_get_document (fixture->session) == document && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (esp_session_get_document (fixture->session) != document);
}

static void
run_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

static EspPlace *
find (Fixture *fixture, const char *name)
{
  EspDocument *document = esp_session_get_document (fixture->session);

  return esp_tree_find (esp_document_get_tree (document), name, NULL);
}

/* the first element, or why it can't be read */
static gboolean
read_first (Fixture *fixture, const char *name, float *value, GError **error)
{
  EspParameter *parameter = esp_place_get_parameter (find (fixture, name));

  return esp_tensor_read_f32 (esp_parameter_get_data (parameter), 0, 1, value, NULL, error);
}

static void
check_first (Fixture *fixture, const char *name, float expected)
{
  GError *error = NULL;
  float value = 0;

  g_assert_true (read_first (fixture, name, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (value, ==, expected);
}

static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);

  g_assert_cmpint (esp_reload_get_state (fixture->reload), ==, ESP_RELOAD_NONE);
  replace (fixture->path, two_layers, 2);
  wait_for_state (fixture, ESP_RELOAD_REPLACED);
  g_assert_true (esp_session_get_document (fixture->session) == before);
  check_first (fixture, "0.weight", 1); /* its own descriptor still leads to the old one */

  esp_reload_now (fixture->reload);
  g_assert_cmpint (esp_reload_get_state (fixture->reload), ==, ESP_RELOAD_LOADING);
  wait_for_another_document (fixture, before);
  check_first (fixture, "0.weight", 2);
  wait_for_state (fixture, ESP_RELOAD_NONE);
}

static void
test_rewritten (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);
  g_autoptr (GError) error = NULL;
  float value;

  rewrite (fixture->path, two_layers, 3);
  wait_for_state (fixture, ESP_RELOAD_REWRITTEN);
  g_assert_false (read_first (fixture, "0.weight", &value, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  esp_reload_now (fixture->reload);
  wait_for_another_document (fixture, before);
  check_first (fixture, "1.weight", 3);
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);

  esp_reload_set_automatic (fixture->reload, TRUE);
  g_unlink (fixture->path);
  wait_for_state (fixture, ESP_RELOAD_GONE);
  check_first (fixture, "0.bias", 1);
  /* and comes again */
  rewrite (fixture->path, two_layers, 4);
  wait_for_another_document (fixture, before);
  check_first (fixture, "0.bias", 4);
}

/* by itself, and not before the file is whole */
static void
test_automatic (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);
  GString *bytes = make_checkpoint (two_layers, 5);

  esp_reload_set_automatic (fixture->reload, TRUE);
  write_over (fixture->path, bytes, bytes->len / 2);
  run_for (1500); /* it settles, can't be read, and that is nothing to tell */
  g_assert_true (esp_session_get_document (fixture->session) == before);
  g_assert_cmpint (esp_reload_get_state (fixture->reload), !=, ESP_RELOAD_FAILED);
  write_over (fixture->path, bytes, bytes->len);
  wait_for_another_document (fixture, before);
  check_first (fixture, "1.weight", 5);
  g_string_free (bytes, TRUE);
}

/* one that stays broken is told of in the end, and leaves what is open */
static void
test_broken (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);
  GString *bytes = make_checkpoint (two_layers, 6);

  write_over (fixture->path, bytes, bytes->len / 2);
  wait_for_state (fixture, ESP_RELOAD_REWRITTEN);
  esp_reload_now (fixture->reload);
  wait_for_state (fixture, ESP_RELOAD_FAILED);
  g_assert_error (esp_reload_get_error (fixture->reload), ESP_FORMAT_ERROR,
                  ESP_FORMAT_ERROR_TRUNCATED);
  g_assert_true (esp_session_get_document (fixture->session) == before);
  /* who doesn't want to hear of it hears again of the next version only */
  esp_reload_stop (fixture->reload);
  g_assert_cmpint (esp_reload_get_state (fixture->reload), ==, ESP_RELOAD_NONE);
  run_for (2500);
  g_assert_cmpint (esp_reload_get_state (fixture->reload), ==, ESP_RELOAD_NONE);
  write_over (fixture->path, bytes, bytes->len);
  wait_for_state (fixture, ESP_RELOAD_REWRITTEN);
  g_string_free (bytes, TRUE);
}

/* selection, channel and cell stay where their names do */
static void
test_keep (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);

  g_assert_false (esp_session_is_newer (fixture->session));
  esp_session_set_selection (fixture->session, find (fixture, "1.weight"));
  esp_session_set_channel (fixture->session, ESP_CHANNEL_GRAD);
  esp_session_set_cell (fixture->session, 3);
  rewrite (fixture->path, two_layers, 7);
  esp_reload_now (fixture->reload);
  wait_for_another_document (fixture, before);
  g_assert_true (esp_session_is_newer (fixture->session));
  g_assert_true (esp_session_get_selection (fixture->session) == find (fixture, "1.weight"));
  g_assert_cmpint (esp_session_get_channel (fixture->session), ==, ESP_CHANNEL_GRAD);
  g_assert_cmpint (esp_session_get_cell (fixture->session), ==, 3);

  /* the layer is gone: what stands above is selected */
  before = esp_session_get_document (fixture->session);
  rewrite (fixture->path, one_layer, 8);
  esp_reload_now (fixture->reload);
  wait_for_another_document (fixture, before);
  g_assert_cmpstr (esp_place_get_path (esp_session_get_selection (fixture->session)), ==, "");
  g_assert_cmpint (esp_session_get_cell (fixture->session), ==, -1);
  /* any other document is none of its versions */
  g_assert_nonnull (esp_session_load (fixture->session, fixture->path, NULL, NULL));
  g_assert_false (esp_session_is_newer (fixture->session));
}

static gboolean
take_all (EspReload *reload, EspDocument *document, gpointer user_data)
{
  g_set_object ((EspDocument **) user_data, document);
  return TRUE;
}

/* a window may look at it first */
static void
test_taken (Fixture *fixture, gconstpointer data)
{
  EspDocument *before = esp_session_get_document (fixture->session);
  g_autoptr (EspDocument) taken = NULL;
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  g_signal_connect (fixture->reload, "loaded", G_CALLBACK (take_all), &taken);
  esp_reload_now (fixture->reload);
  while (taken == NULL && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_nonnull (taken);
  g_assert_true (esp_session_get_document (fixture->session) == before);
}

/* any file of several, and one that was missing and comes */
static void
test_shards (Fixture *fixture, gconstpointer data)
{
  g_autofree char *index = g_build_filename (fixture->folder, "model.safetensors.index.json", NULL);
  g_autofree char *second = g_build_filename (fixture->folder, "second.safetensors", NULL);
  static const char *const names[] = { "2.weight", NULL };
  static const char text[] = "{\"weight_map\":{\"0.weight\":\"last.safetensors\","
                             "\"0.bias\":\"last.safetensors\",\"1.weight\":\"last.safetensors\","
                             "\"2.weight\":\"second.safetensors\"}}";
  EspDocument *before;
  GPtrArray *files;
  GError *error = NULL;

  g_assert_true (g_file_set_contents (index, text, -1, &error));
  before = esp_session_load (fixture->session, index, NULL, &error);
  g_assert_no_error (error);
  files = esp_checkpoint_get_files (esp_document_get_checkpoint (before));
  g_assert_cmpuint (files->len, ==, 3);

  esp_reload_set_automatic (fixture->reload, TRUE);
  replace (second, names, 9);
  wait_for_another_document (fixture, before);
  check_first (fixture, "2.weight", 9);
  before = esp_session_get_document (fixture->session);
  replace (fixture->path, two_layers, 10);
  wait_for_another_document (fixture, before);
  check_first (fixture, "0.weight", 10);
  g_unlink (index);
  g_unlink (second);
}

/* the file that stands for a folder */
static void
test_folder (Fixture *fixture, gconstpointer data)
{
  EspDocument *before;
  GError *error = NULL;

  before = esp_session_load (fixture->session, fixture->folder, NULL, &error);
  g_assert_no_error (error);
  esp_reload_set_automatic (fixture->reload, TRUE);
  replace (fixture->path, two_layers, 11);
  wait_for_another_document (fixture, before);
  check_first (fixture, "0.weight", 11);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/reload/replaced", test_replaced);
  ADD ("/reload/rewritten", test_rewritten);
  ADD ("/reload/gone", test_gone);
  ADD ("/reload/automatic", test_automatic);
  ADD ("/reload/broken", test_broken);
  ADD ("/reload/keep", test_keep);
  ADD ("/reload/taken", test_taken);
  ADD ("/reload/shards", test_shards);
  ADD ("/reload/folder", test_folder);
#undef ADD
  return g_test_run ();
}
