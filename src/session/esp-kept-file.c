/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A network with its history in one file: a zip of three members, none of them compressed.
 *
 *   espalier.json   {"espalier-history": 1, "kernels": "avx512"}; first, so that it tells what it
 * is network.json    the specification, as Save network writes it history.bin     initial values,
 * key frames, changes, curves (esp-kept.c)
 *
 * Steps between key frames are done again when they are gone to, which gives the same numbers on
 * the same kernels only; elsewhere the key frames alone are offered. The file may come from
 * anywhere: the zip, the JSON and every number are checked. */

#include "config.h"

#include "esp-kept-file.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "esp-error.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-loader.h"
#include "esp-path.h"
#include "esp-source.h"
#include "esp-spec.h"
#include "esp-zip-writer.h"
#include "esp-zip.h"

#define HEAD "espalier.json"
#define SPEC "network.json"
#define HISTORY "history.bin"

gboolean
esp_kept_file_has_suffix (const char *path)
{
  gsize length = strlen (path), tail = strlen (ESP_KEPT_SUFFIX);

  return length > tail && g_ascii_strcasecmp (path + length - tail, ESP_KEPT_SUFFIX) == 0;
}

/* --- writing --- */

/* a path below @folder is written from there, so that both can be moved together */
static void
make_relative (JsonObject *data, const char *key, const char *folder)
{
  const char *path = json_object_get_string_member_with_default (data, key, NULL);
  g_autoptr (GFile) file = path != NULL ? g_file_new_for_path (path) : NULL;
  g_autoptr (GFile) above = g_file_new_for_path (folder);
  g_autofree char *relative = file != NULL ? g_file_get_relative_path (above, file) : NULL;

  if (relative != NULL)
    json_object_set_string_member (data, key, relative);
}

char *
esp_kept_file_describe (EspNetwork *network, const char *path)
{
  g_autofree char *text = esp_network_to_json (network);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *object = node != NULL ? json_node_get_object (node) : NULL;
  JsonObject *data = object != NULL ? json_object_get_object_member (object, "data") : NULL;

  if (data == NULL || !json_object_has_member (data, "path"))
    return g_steal_pointer (&text);
  make_relative (data, "path", folder);
  make_relative (data, "targets_path", folder);
  return esp_spec_to_text (object);
}

static gboolean
write_file (const char *spec, GBytes *history, const char *path, gboolean replace, GError **error)
{
  g_autoptr (EspAtomicFile) file = esp_atomic_file_new (path, replace, error);
  g_autoptr (EspZipWriter) zip = NULL;
  g_autofree char *head = NULL;

  if (file == NULL)
    return FALSE;
  zip = esp_zip_writer_new (file);
  head = g_strdup_printf ("{\"espalier-history\": 1, \"kernels\": \"%s\"}\n",
                          esp_trainer_get_kernels ());
  return esp_zip_writer_add (zip, HEAD, head, strlen (head), 1, error) &&
         esp_zip_writer_add (zip, SPEC, spec, strlen (spec), 1, error) &&
         esp_zip_writer_add (zip, HISTORY, g_bytes_get_data (history, NULL),
                             g_bytes_get_size (history), 64, error) &&
         esp_zip_writer_finish (zip, error) && esp_atomic_file_commit (file, error);
}

typedef struct
{
  EspTrainer *trainer;
  char *spec, *path;
  gboolean replace;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_object_unref (work->trainer);
  g_free (work->spec);
  g_free (work->path);
  g_free (work);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *work = data;
  g_autoptr (GBytes) history = esp_trainer_wait_kept (work->trainer);
  GError *error = NULL;

  if (write_file (work->spec, history, work->path, work->replace, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
esp_kept_file_save_async (EspTrainer *trainer,
                          const char *path,
                          gboolean replace,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (trainer, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->trainer = g_object_ref (trainer);
  work->spec = esp_kept_file_describe (esp_trainer_get_network (trainer), path);
  work->path = g_strdup (path);
  work->replace = replace;
  g_task_set_task_data (task, work, work_free);
  esp_trainer_keep (trainer);
  g_task_run_in_thread (task, save_in_thread);
}

gboolean
esp_kept_file_save (EspTrainer *trainer, const char *path, gboolean replace, GError **error)
{
  g_autofree char *spec = esp_kept_file_describe (esp_trainer_get_network (trainer), path);
  g_autoptr (GBytes) history = NULL;

  esp_trainer_keep (trainer);
  history = esp_trainer_wait_kept (trainer);
  return write_file (spec, history, path, replace, error);
}

/* --- reading --- */

gboolean
esp_kept_file_probe (const char *path)
{
  g_autoptr (EspSource) source = esp_source_new_for_file (path, NULL);
  guint8 head[30 + sizeof HEAD - 1];

  /* the name of the first member stands behind its header */
  return source != NULL && esp_source_get_size (source) > sizeof head &&
         esp_source_read (source, 0, sizeof head, head, NULL, NULL) &&
         memcmp (head, "PK\3\4", 4) == 0 && head[26] == sizeof HEAD - 1 && head[27] == 0 &&
         memcmp (head + 30, HEAD, sizeof HEAD - 1) == 0;
}

static GBytes *
read_member (EspZip *zip, const char *name, guint64 most, GCancellable *cancellable, GError **error)
{
  const EspZipMember *member = esp_zip_find (zip, name);
  g_autoptr (EspSource) source = NULL;

  if (member == NULL || member->size > most)
    {
      g_set_error (error, ESP_FORMAT_ERROR,
                   member == NULL ? ESP_FORMAT_ERROR_CORRUPT : ESP_FORMAT_ERROR_LIMIT,
                   member == NULL ? _ ("The member %s isn’t there")
                                  : _ ("The member %s is too large"),
                   name);
      return NULL;
    }
  source = esp_zip_open_member (zip, member, cancellable, error);
  return source != NULL ? esp_source_read_bytes (source, 0, esp_source_get_size (source), most,
                                                 cancellable, error)
                        : NULL;
}

/* which kernels made it; new string */
static char *
read_head (GBytes *bytes, GError **error)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, size, HEAD);
  g_autofree char *kernels = NULL;
  guint64 version = 0;

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return NULL;
  for (;;)
    {
      EspJsonToken token = esp_json_reader_next (json, error);
      gboolean is_version;

      if (token == ESP_JSON_OBJECT_END)
        break;
      if (token != ESP_JSON_KEY)
        return NULL;
      is_version = esp_json_reader_is_text (json, "espalier-history");
      if (!is_version && !esp_json_reader_is_text (json, "kernels"))
        {
          if (!esp_json_reader_skip (json, error))
            return NULL;
          continue;
        }
      if (!esp_json_reader_expect (json, is_version ? ESP_JSON_NUMBER : ESP_JSON_STRING, error) ||
          (is_version && !esp_json_reader_get_u64 (json, &version, error)))
        return NULL;
      if (!is_version)
        {
          g_free (kernels);
          kernels = g_strdup (esp_json_reader_get_text (json, NULL));
        }
    }
  if (version == 1 && kernels != NULL)
    return g_steal_pointer (&kernels);
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
               _ ("This is version %llu of a network with its history; this program knows 1"),
               (unsigned long long) version);
  return NULL;
}

static EspTrainer *
read_file (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_file (path, error);
  g_autoptr (EspZip) zip = source != NULL ? esp_zip_new (source, cancellable, error) : NULL;
  g_autoptr (GBytes) head = NULL, spec = NULL, history = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *kernels = NULL;
  gsize length;
  const char *text;

  if (zip == NULL ||
      !(head = read_member (zip, HEAD, ESP_LIMIT_ATTRIBUTE_BYTES, cancellable, error)) ||
      !(kernels = read_head (head, error)) ||
      !(spec = read_member (zip, SPEC, ESP_LIMIT_KEPT_SPEC_BYTES, cancellable, error)) ||
      !(history = read_member (zip, HISTORY, ESP_LIMIT_KEPT_BYTES, cancellable, error)))
    return NULL;
  text = g_bytes_get_data (spec, &length);
  network = esp_loader_make_network (path, text, length, error);
  if (network == NULL || !esp_trainer_read_initial (network, history, error))
    return NULL;
  return esp_trainer_new_kept (network, history, kernels, error);
}

EspTrainer *
esp_kept_file_read (const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *base = g_path_get_basename (path), *name = esp_path_escape (base);
  EspTrainer *trainer = read_file (path, cancellable, error);

  if (trainer == NULL)
    g_prefix_error (error, "%s: ", name);
  return trainer;
}
