/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A path -> a checkpoint or a network. The first bytes say which: JSON with a member "espalier" is
 * a specification, anything else goes to the formats. Specifications are small; the strict reader
 * looks at them before json-glib does, which has no limit on nesting. */

#include "config.h"

#include "esp-loader.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "esp-error.h"
#include "esp-format.h"
#include "esp-json.h"
#include "esp-kept-file.h"
#include "esp-path.h"
#include "esp-source.h"

/* a specification is some kilobytes of text */
#define MOST_SPEC_BYTES (4 * 1024 * 1024)
#define HEAD_BYTES 4096

void
esp_loaded_free (EspLoaded *self)
{
  g_clear_object (&self->checkpoint);
  g_clear_object (&self->network);
  g_clear_object (&self->trainer);
  g_free (self);
}

/* the beginning of a regular file; nothing where it can't be had, whose reasons the formats tell */
static gsize
read_head (const char *path, char *head, gsize size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;
  gssize n = 0;

  if (fd < 0)
    return 0;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
    n = pread (fd, head, size, 0);
  close (fd);
  return n > 0 ? n : 0;
}

/* text whose first character is a brace: a checkpoint's first bytes are a length or a magic number,
 * and a length has zeros in it */
static gboolean
looks_like_json (const char *path)
{
  char head[HEAD_BYTES];
  gsize n = read_head (path, head, sizeof head), i = 0;

  if (n >= 3 && memcmp (head, "\xef\xbb\xbf", 3) == 0)
    i = 3;
  while (i < n && strchr (" \t\r\n", head[i]) != NULL && head[i] != '\0')
    i++;
  return i < n && head[i] == '{' && memchr (head, '\0', n) == NULL;
}

/* whether the object has a member "espalier"; an error if the text is no JSON */
static gboolean
has_member (const char *text, gsize length, const char *what, gboolean *has, GError **error)
{
  g_autoptr (EspJsonReader) reader = esp_json_reader_new (text, length, what);

  *has = FALSE;
  if (!esp_json_reader_expect (reader, ESP_JSON_OBJECT, error))
    return FALSE;
  for (;;)
    {
      EspJsonToken token = esp_json_reader_next (reader, error);

      if (token == ESP_JSON_OBJECT_END)
        return esp_json_reader_expect (reader, ESP_JSON_END, error);
      if (token != ESP_JSON_KEY)
        return FALSE;
      *has = *has || strcmp (esp_json_reader_get_text (reader, NULL), "espalier") == 0;
      if (!esp_json_reader_skip (reader, error))
        return FALSE;
    }
}

/* the text of a regular file of at most MOST_SPEC_BYTES, without a byte order mark */
static gboolean
read_text (const char *path, char **text, gsize *length, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_file (path, error);
  g_autoptr (GBytes) bytes = NULL;
  const char *data;

  if (source == NULL)
    return FALSE;
  bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), MOST_SPEC_BYTES, NULL,
                                 error);
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, length);
  if (*length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0)
    {
      data += 3;
      *length -= 3;
    }
  *text = g_strndup (data, *length);
  return TRUE;
}

/* an array of a NumPy file or of anything else that opens: the only one, or the one of a name */
EspTensor *
esp_loader_read_array (EspSource *source, const char *member, GError **error)
{
  const char *name = esp_source_get_name (source);
  g_autoptr (EspCheckpoint)
      checkpoint = esp_format_open_source (source, name, NULL, NULL, NULL, error);
  EspParameter *parameter;
  EspPlace *place = NULL;
  EspTree *tree;

  if (checkpoint == NULL)
    return NULL;
  tree = esp_checkpoint_get_tree (checkpoint);
  if (member != NULL)
    place = esp_tree_find (tree, member, NULL);
  else if (esp_tree_get_n_tensors (tree) == 1)
    place = esp_tree_get_tensor (tree, 0);
  parameter = place != NULL ? esp_place_get_parameter (place) : NULL;
  if (parameter != NULL)
    return esp_tensor_ref (esp_parameter_get_data (parameter));
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
               _ ("%s: there is no array “%s” in it"), name, member != NULL ? member : "");
  return NULL;
}

static EspNetwork *
make_network (const char *path,
              const char *text,
              gsize length,
              const EspNetworkOptions *given,
              GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  EspNetworkOptions options = { 0 };

  if (given != NULL)
    options = *given;
  options.access.folder = folder;
  options.access.read_array = esp_loader_read_array;
  return esp_network_new_from_json_with_options (text, (gssize) length, &options, error);
}

EspNetwork *
esp_loader_make_network (const char *path, const char *text, gsize length, GError **error)
{
  gboolean has;

  if (!has_member (text, length, "JSON", &has, error))
    return NULL;
  return make_network (path, text, length, NULL, error);
}

static gboolean
read_spec (const char *path, char **text, gsize *length, GError **error)
{
  g_autofree char *read = NULL;
  gboolean has;

  if (!read_text (path, &read, length, error) || !has_member (read, *length, "JSON", &has, error))
    return FALSE;
  if (!has)
    {
      g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                           _ ("This is no network specification: it has no member “espalier”"));
      return FALSE;
    }
  *text = g_steal_pointer (&read);
  return TRUE;
}

EspNetwork *
esp_loader_read_network (const char *path, const EspNetworkOptions *options, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (!read_spec (path, &text, &length, error))
    return NULL;
  return make_network (path, text, length, options, error);
}

/* TRUE with *network set for a specification, with NULL where the file is something else */
static gboolean
try_network (const char *path, EspNetwork **network, GError **error)
{
  g_autofree char *text = NULL, *base = NULL, *name = NULL;
  g_autoptr (GError) why = NULL;
  gsize length;
  gboolean has;

  *network = NULL;
  if (!looks_like_json (path) || !read_text (path, &text, &length, NULL))
    return TRUE;
  if (!has_member (text, length, "JSON", &has, &why))
    has = strstr (text, "\"espalier\"") != NULL;
  if (!has)
    return TRUE;
  if (why == NULL)
    *network = make_network (path, text, length, NULL, &why);
  if (*network != NULL)
    return TRUE;
  base = g_path_get_basename (path);
  name = esp_path_escape (base);
  g_propagate_prefixed_error (error, g_steal_pointer (&why), "%s: ", name);
  return FALSE;
}

EspLoaded *
esp_loader_load (const char *path,
                 EspProgressFunc progress,
                 gpointer user_data,
                 GCancellable *cancellable,
                 GError **error)
{
  EspCheckpoint *checkpoint = NULL;
  g_autoptr (EspTrainer) trainer = NULL;
  EspNetwork *network;
  EspLoaded *loaded;

  if (esp_kept_file_probe (path))
    {
      trainer = esp_kept_file_read (path, cancellable, error);
      if (trainer == NULL)
        return NULL;
      loaded = g_new0 (EspLoaded, 1);
      loaded->network = g_object_ref (esp_trainer_get_network (trainer));
      loaded->trainer = g_steal_pointer (&trainer);
      return loaded;
    }
  if (!try_network (path, &network, error))
    return NULL;
  if (network == NULL)
    {
      checkpoint = esp_format_open (path, progress, user_data, cancellable, error);
      if (checkpoint == NULL)
        return NULL;
    }
  loaded = g_new0 (EspLoaded, 1);
  loaded->checkpoint = checkpoint;
  loaded->network = network;
  return loaded;
}
