/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The files of Keras:
 *
 *   X.keras          a zip: metadata.json, config.json, model.weights.h5, assets/...
 *   X.h5             HDF5: attributes model_config and training_config, groups of weights
 *   X.weights.h5     HDF5: the layout of the one in a .keras
 *   X.h5 or others   HDF5: weights alone, in the layout of .h5
 *   X.weights.json   the index of several of the third kind
 *
 * The config and the weights are read each for itself: one that is missing or broken leaves a
 * warning, and what is there opens. */

#include "config.h"

#include "esp-keras.h"

#include "esp-beside.h"
#include "esp-error.h"
#include "esp-hdf5-plain.h"
#include "esp-json.h"
#include "esp-keras-checkpoint.h"
#include "esp-keras-shards.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASSETS_SHOWN 100

/* {{{ .keras */

/* a member at the root, or in the one folder that a hand-made zip may have around it all */
static const EspZipMember *
find_member (EspZip *zip, const char *name)
{
  const EspZipMember *member = esp_zip_find (zip, name);

  for (guint i = 0; member == NULL && i < MIN (esp_zip_get_n_members (zip), 1000); i++)
    {
      const EspZipMember *each = esp_zip_get_member (zip, i);
      const char *slash = strchr (each->name, '/');

      if (slash != NULL && strcmp (slash + 1, name) == 0)
        member = each;
    }
  return member;
}

static gboolean
keras_zip_probe (const EspProbe *probe)
{
  EspZip *zip = probe->zip;

  return zip != NULL &&
         (find_member (zip, "model.weights.h5") != NULL ||
          find_member (zip, "model.weights.json") != NULL ||
          find_member (zip, "model.weights.npz") != NULL ||
          (find_member (zip, "config.json") != NULL && find_member (zip, "metadata.json") != NULL));
}

/* the text of a member; NULL, with an error that begins with its name unless there is none */
static GBytes *
read_member (EspKerasCheckpoint *self, EspZip *zip, const char *name, GError **error)
{
  const EspZipMember *member = find_member (zip, name);
  g_autoptr (EspSource) source = NULL;
  GBytes *bytes = NULL;

  if (member == NULL)
    return NULL;
  source = esp_zip_open_member (zip, member, self->cancellable, error);
  if (source != NULL)
    bytes = esp_source_read_bytes (source, 0, member->size, ESP_LIMIT_KERAS_CONFIG_BYTES,
                                   self->cancellable, error);
  if (bytes == NULL)
    g_prefix_error (error, "%s: ", name);
  return bytes;
}

/* the texts in an object: keras_version, date_saved */
static gboolean
read_facts (EspKerasCheckpoint *self, EspJsonReader *json, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    {
      gsize length;
      const char *text = esp_json_reader_get_text (json, &length);
      g_autofree char *key = esp_path_from_text (text, length);

      token = esp_json_reader_next (json, error);
      if (token != ESP_JSON_STRING)
        return FALSE;
      text = esp_json_reader_get_text (json, &length);
      if (self->metadata->len < 200)
        esp_keras_checkpoint_add_metadata (self, key, text, length);
      if (strcmp (key, "keras_version") == 0 && self->version == NULL)
        self->version = esp_path_from_text (text, length);
    }
  return token == ESP_JSON_OBJECT_END;
}

static void
read_zip_facts (EspKerasCheckpoint *self, EspZip *zip)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = read_member (self, zip, "metadata.json", &error);
  g_autoptr (EspJsonReader) json = NULL;

  if (text != NULL)
    {
      json = esp_json_reader_new (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                                  "metadata.json");
      read_facts (self, json, &error);
    }
  if (error != NULL)
    esp_keras_checkpoint_warn (self, "%s", error->message);
}

static void
read_zip_config (EspKerasCheckpoint *self, EspZip *zip)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = read_member (self, zip, "config.json", &error);

  if (text != NULL)
    {
      gsize length;
      const char *bytes = g_bytes_get_data (text, &length);

      esp_keras_checkpoint_add_metadata (self, "config", bytes, length);
      esp_keras_checkpoint_read_config (self, bytes, length, "config.json");
    }
  else if (error != NULL)
    esp_keras_checkpoint_warn (self, "%s", error->message);
  else
    esp_keras_checkpoint_warn (self, _ ("config.json is missing; without it the classes of layers "
                                        "aren’t known, nor many of their names"));
}

/* vocabularies and the like: what there is beside the model */
static void
list_assets (EspKerasCheckpoint *self, EspZip *zip)
{
  g_autoptr (GString) list = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < esp_zip_get_n_members (zip) && n < ASSETS_SHOWN; i++)
    {
      const char *name = esp_zip_get_member (zip, i)->name;

      if (!g_str_has_prefix (name, "assets/") || g_str_has_suffix (name, "/"))
        continue;
      g_string_append_printf (list, "%s%s", n++ > 0 ? "\n" : "", name);
    }
  if (n > 0)
    esp_keras_checkpoint_add_metadata (self, "assets", list->str, list->len);
}

static gboolean
add_member (EspKerasCheckpoint *self,
            EspZip *zip,
            const char *name,
            const char *id,
            EspProgressFunc progress,
            gpointer user_data,
            GError **error)
{
  const EspZipMember *member = find_member (zip, name);
  g_autoptr (EspSource) source = NULL;

  if (member == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: the file isn’t in the archive"), name);
      return FALSE;
    }
  source = esp_zip_open_member (zip, member, self->cancellable, error);
  if (source == NULL ||
      !esp_keras_checkpoint_add_file (self, source, id, progress, user_data, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  return TRUE;
}

/* weights in several members; one that can't be read is a warning while another can be */
static gboolean
add_members (EspKerasCheckpoint *self, EspZip *zip, GError **error)
{
  g_autoptr (GBytes) text = read_member (self, zip, "model.weights.json", error);
  g_autoptr (GPtrArray) names = NULL;

  if (text == NULL)
    return FALSE;
  names = esp_keras_shards_read (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                                 "model.weights.json", error);
  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      g_autofree char *id = g_strconcat (name, "/", NULL);
      g_autoptr (GError) why = NULL;

      if (!add_member (self, zip, name, id, NULL, NULL, &why))
        esp_keras_checkpoint_warn (self, "%s", why->message);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_weights (EspKerasCheckpoint *self,
             EspZip *zip,
             EspProgressFunc progress,
             gpointer user_data,
             GError **error)
{
  if (find_member (zip, "model.weights.h5") != NULL)
    return add_member (self, zip, "model.weights.h5", "", progress, user_data, error);
  if (find_member (zip, "model.weights.json") != NULL)
    return add_members (self, zip, error);
  if (find_member (zip, "model.weights.npz") != NULL)
    g_set_error_literal (
        error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
        _ ("model.weights.npz holds pickled Python objects, which can’t be opened; "
           "load the model in Keras and save it again"));
  else
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                         _ ("model.weights.h5 is missing"));
  return FALSE;
}

static EspCheckpoint *
keras_zip_read (const EspProbe *probe,
                EspProgressFunc progress,
                gpointer user_data,
                GCancellable *cancellable,
                GError **error)
{
  g_auto (EspKerasCheckpoint) self = { 0 };
  g_autoptr (GError) why = NULL;

  esp_keras_checkpoint_init (&self, cancellable);
  read_zip_facts (&self, probe->zip);
  read_zip_config (&self, probe->zip);
  list_assets (&self, probe->zip);
  if (!add_weights (&self, probe->zip, progress, user_data, &why))
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (self.config->model == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return NULL;
        }
      esp_keras_checkpoint_warn (&self, _ ("%s; only the layers are shown"), why->message);
    }
  return esp_keras_checkpoint_finish (&self, &esp_format_keras_zip, ESP_KERAS_GROUPS, error);
}

/* }}} */
/* {{{ HDF5 */

static gboolean
keras_h5_probe (const EspProbe *probe)
{
  return esp_hdf5_probe (probe->source);
}

/* the attributes of the root, and of the group of weights, which has the version as well */
static void
read_attributes (EspKerasCheckpoint *self, const EspHdf5Node *node)
{
  for (guint i = 0; node != NULL && i < node->n_attributes && self->metadata->len < 200; i++)
    {
      const EspHdf5Attribute *attribute = &node->attributes[i];
      g_autofree char *text = NULL;
      gboolean known = g_str_has_prefix (attribute->name, "layer_names");

      for (guint k = 0; k < self->metadata->len && !known; k += 2)
        known = strcmp (self->metadata->pdata[k], attribute->name) == 0;
      if (known)
        continue;
      text = esp_hdf5_attribute_to_text (attribute, ESP_LIMIT_METADATA_BYTES);
      esp_keras_checkpoint_add_metadata (self, attribute->name, text, strlen (text));
    }
}

static void
read_h5_config (EspKerasCheckpoint *self, EspHdf5File *file)
{
  const EspHdf5Node *root = esp_hdf5_file_get_node (file, 0);
  const EspHdf5Node *weights = esp_hdf5_file_find (file, NULL, "model_weights");
  const char *model = esp_hdf5_node_get_string (root, "model_config");
  const char *training = esp_hdf5_node_get_string (root, "training_config");
  const char *version = esp_hdf5_node_get_string (root, "keras_version");

  if (version == NULL && weights != NULL)
    version = esp_hdf5_node_get_string (weights, "keras_version");
  self->version = g_strdup (version);
  read_attributes (self, root);
  read_attributes (self, weights);
  if (model != NULL)
    esp_keras_checkpoint_read_config (self, model, strlen (model), "model_config");
  if (training != NULL)
    {
      g_autoptr (GError) error = NULL;

      if (!esp_keras_config_read_training (self->config, training, strlen (training),
                                           "training_config", &error))
        esp_keras_checkpoint_warn (self, "%s", error->message);
    }
}

/* A model that was unpacked, as repositories have it: its weights go by this name, and the config
 * lies beside them. What is wrong with it says nothing of the weights. */
static void
read_config_beside (EspKerasCheckpoint *self, const char *path, const char *weights)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (EspBeside) beside = NULL;
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GBytes) text = NULL;

  if (strcmp (name, weights) != 0)
    return;
  beside = esp_beside_new_for_file (path, NULL);
  if (beside != NULL)
    source = esp_beside_open (beside, "config.json", ESP_BESIDE_LINKS, NULL);
  if (source != NULL)
    text = esp_source_read_bytes (source, 0, esp_source_get_size (source),
                                  ESP_LIMIT_KERAS_CONFIG_BYTES, self->cancellable, NULL);
  if (text == NULL)
    return;
  esp_keras_checkpoint_add_metadata (self, "config", g_bytes_get_data (text, NULL),
                                     g_bytes_get_size (text));
  esp_keras_checkpoint_read_config (self, g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                                    "config.json");
}

static EspCheckpoint *
keras_h5_read (const EspProbe *probe,
               EspProgressFunc progress,
               gpointer user_data,
               GCancellable *cancellable,
               GError **error)
{
  static const EspFormat *const words[] = {
    [ESP_KERAS_GROUPS] = &esp_format_keras_weights_h5,
    [ESP_KERAS_MODEL] = &esp_format_keras_h5,
    [ESP_KERAS_WEIGHTS] = &esp_format_keras_h5_weights,
  };
  g_auto (EspKerasCheckpoint) self = { 0 };
  g_autofree char *id = probe->is_shard
                            ? g_strconcat (esp_source_get_name (probe->source), "/", NULL)
                            : g_strdup ("");
  EspKerasLayout layout;

  esp_keras_checkpoint_init (&self, cancellable);
  if (!esp_keras_checkpoint_add_file (&self, probe->source, id, progress, user_data, error))
    return NULL;
  layout = esp_keras_get_layout (self.files->pdata[0]);
  if (layout == ESP_KERAS_NONE)
    return esp_hdf5_plain_read (self.files->pdata[0], cancellable, error);
  read_h5_config (&self, self.files->pdata[0]);
  if (layout == ESP_KERAS_GROUPS)
    read_config_beside (&self, probe->path, "model.weights.h5");
  return esp_keras_checkpoint_finish (&self, words[layout], layout, error);
}

/* }}} */
/* {{{ shards */

static gboolean
keras_sharded_probe (const EspProbe *probe)
{
  return !probe->is_shard && esp_keras_shards_is_one ((const char *) probe->head, probe->head_size);
}

static gboolean
add_shard (EspKerasCheckpoint *self, EspBeside *beside, const char *name, GError **error)
{
  g_autofree char *id = g_strconcat (name, "/", NULL);
  g_autoptr (EspSource) source = esp_beside_open (beside, name, ESP_BESIDE_LINKS, error);

  if (source == NULL)
    return FALSE;
  if (!esp_keras_checkpoint_add_file (self, source, id, NULL, NULL, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  self->file_size += esp_source_get_size (source);
  return TRUE;
}

static gboolean
add_shards (EspKerasCheckpoint *self,
            const char *path,
            GPtrArray *names,
            EspProgressFunc progress,
            gpointer user_data,
            GError **error)
{
  g_autoptr (EspBeside) beside = esp_beside_new_for_file (path, error);

  for (guint i = 0; beside != NULL && i < names->len; i++)
    {
      g_autoptr (GError) why = NULL;

      if (!add_shard (self, beside, names->pdata[i], &why))
        esp_keras_checkpoint_warn (self, _ ("%s; the variables in it can’t be shown"),
                                   why->message);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (progress != NULL)
        progress ((i + 1.0) / names->len, user_data);
    }
  if (beside == NULL)
    return FALSE;
  if (self->files->len > 0)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
               _ ("none of the files that this index names can be read: %s"),
               (const char *) self->warnings->pdata[0]);
  return FALSE;
}

static EspCheckpoint *
keras_sharded_read (const EspProbe *probe,
                    EspProgressFunc progress,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  g_auto (EspKerasCheckpoint) self = { 0 };
  guint64 size = esp_source_get_size (probe->source);
  g_autoptr (GBytes) text = esp_source_read_bytes (probe->source, 0, size, ESP_LIMIT_JSON_BYTES,
                                                   cancellable, error);
  g_autoptr (GPtrArray) names = NULL;

  if (text == NULL)
    return NULL;
  names = esp_keras_shards_read (g_bytes_get_data (text, NULL), g_bytes_get_size (text), "index",
                                 error);
  if (names == NULL)
    return NULL;
  esp_keras_checkpoint_init (&self, cancellable);
  self.file_size = size;
  if (!add_shards (&self, probe->path, names, progress, user_data, error))
    return NULL;
  read_config_beside (&self, probe->path, "model.weights.json");
  return esp_keras_checkpoint_finish (&self, &esp_format_keras_sharded, ESP_KERAS_GROUPS, error);
}

/* }}} */

static const char *const keras_suffixes[] = { "keras", NULL };
static const char *const h5_suffixes[] = { "h5", "hdf5", NULL };
static const char *const json_suffixes[] = { "weights.json", NULL };

const EspFormat esp_format_keras_zip = {
  .name = "keras-zip",
  .title = "Keras",
  .suffixes = keras_suffixes,
  .probe = keras_zip_probe,
  .read = keras_zip_read,
};

const EspFormat esp_format_keras_h5 = {
  .name = "keras-h5",
  .title = "Keras HDF5",
  .suffixes = h5_suffixes,
  .probe = keras_h5_probe,
  .read = keras_h5_read,
};

const EspFormat esp_format_keras_weights_h5 = {
  .name = "keras-weights-h5",
  .title = "Keras HDF5",
  .suffixes = h5_suffixes,
  .probe = keras_h5_probe,
  .read = keras_h5_read,
};

const EspFormat esp_format_keras_h5_weights = {
  .name = "keras-h5-weights",
  .title = "Keras HDF5",
  .suffixes = h5_suffixes,
  .probe = keras_h5_probe,
  .read = keras_h5_read,
};

const EspFormat esp_format_keras_sharded = {
  .name = "keras-sharded",
  .title = "Keras",
  .suffixes = json_suffixes,
  .probe = keras_sharded_probe,
  .read = keras_sharded_read,
};
