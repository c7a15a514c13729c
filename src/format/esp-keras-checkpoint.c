/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the parts of a Keras file to a checkpoint: which layout its HDF5 has, which Keras wrote it,
 * and what there is to warn of. */

#include "config.h"

#include "esp-keras-checkpoint.h"

#include "esp-error.h"
#include "esp-keras-tree.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

#define CODE_SHOWN 100 /* layers that are warned of one by one */

void
esp_keras_checkpoint_init (EspKerasCheckpoint *self, GCancellable *cancellable)
{
  memset (self, 0, sizeof *self);
  self->config = esp_keras_config_new ();
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_hdf5_file_unref);
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = cancellable;
}

void
esp_keras_checkpoint_clear (EspKerasCheckpoint *self)
{
  if (self->config == NULL)
    return;
  g_clear_pointer (&self->config, esp_keras_config_free);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->metadata);
  g_ptr_array_unref (self->warnings);
  g_free (self->version);
}

void
esp_keras_checkpoint_warn (EspKerasCheckpoint *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

void
esp_keras_checkpoint_add_metadata (EspKerasCheckpoint *self,
                                   const char *key,
                                   const char *value,
                                   gsize length)
{
  g_ptr_array_add (self->metadata, g_utf8_make_valid (key, -1));
  g_ptr_array_add (self->metadata,
                   g_utf8_make_valid (value, (gssize) MIN (length, ESP_LIMIT_METADATA_BYTES)));
}

void
esp_keras_checkpoint_read_config (EspKerasCheckpoint *self,
                                  const char *text,
                                  gsize length,
                                  const char *what)
{
  g_autoptr (GError) error = NULL;

  if (!esp_keras_config_read_model (self->config, text, length, what, &error))
    esp_keras_checkpoint_warn (
        self, _ ("%s; without it the classes of layers aren’t known, nor many of their names"),
        error->message);
}

gboolean
esp_keras_checkpoint_add_file (EspKerasCheckpoint *self,
                               EspSource *source,
                               const char *id,
                               EspProgressFunc progress,
                               gpointer user_data,
                               GError **error)
{
  EspHdf5File *file = esp_hdf5_file_open (source, id, progress, user_data, self->cancellable,
                                          error);
  const char *const *warnings;

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (self->files, file);
  warnings = esp_hdf5_file_get_warnings (file);
  for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++)
    esp_keras_checkpoint_warn (self, "%s", warnings[i]);
  return TRUE;
}

/* {{{ layouts */

static gboolean
is_group (const EspHdf5Node *node)
{
  return node != NULL && node->kind == ESP_HDF5_GROUP;
}

static gboolean
has_strings (const EspHdf5Node *node, const char *name)
{
  g_auto (GStrv) strings = esp_hdf5_node_dup_strings (node, name);

  return strings != NULL;
}

/* "vars" of the model itself, or of any layer below these two */
static gboolean
has_groups (EspHdf5File *file)
{
  static const char *const containers[] = { "layers", "_layer_checkpoint_dependencies" };

  if (is_group (esp_hdf5_file_find (file, NULL, "vars")))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (containers); i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_find (file, NULL, containers[i]);

      node = is_group (node) ? node->first_child : NULL;
      for (guint n = 0; node != NULL && n < 100; node = node->next, n++)
        if (is_group (node) && is_group (esp_hdf5_file_find (file, node, "vars")))
          return TRUE;
    }
  return FALSE;
}

/* models made of attributes alone: any group with numbered variables in "vars" */
static gboolean
has_any_vars (EspHdf5File *file)
{
  guint n = esp_hdf5_file_get_n_nodes (file);

  for (guint i = 0; i < n; i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_get_node (file, i);

      if (node->kind == ESP_HDF5_DATASET && strcmp (node->name, "0") == 0 && node->parent != NULL &&
          strcmp (node->parent->name, "vars") == 0)
        return TRUE;
    }
  return FALSE;
}

EspKerasLayout
esp_keras_get_layout (EspHdf5File *file)
{
  const EspHdf5Node *root = esp_hdf5_file_get_node (file, 0);

  if (esp_hdf5_node_get_string (root, "model_config") != NULL ||
      is_group (esp_hdf5_file_find (file, NULL, "model_weights")))
    return ESP_KERAS_MODEL;
  if (has_strings (root, "layer_names"))
    return ESP_KERAS_WEIGHTS;
  return has_groups (file) || has_any_vars (file) ? ESP_KERAS_GROUPS : ESP_KERAS_NONE;
}

/* }}} */
/* {{{ the tree */

/* Keras 2 doesn't write names into its groups; Keras 3 does since 3.6 */
static gboolean
is_older (const EspKerasCheckpoint *self, EspKerasLayout layout)
{
  if (self->version != NULL)
    return self->version[0] < '3';
  if (layout != ESP_KERAS_GROUPS)
    return TRUE;
  for (guint i = 0; i < self->files->len; i++)
    {
      EspHdf5File *file = self->files->pdata[i];
      guint n = esp_hdf5_file_get_n_nodes (file);

      for (guint k = 0; k < n; k++)
        {
          const EspHdf5Node *node = esp_hdf5_file_get_node (file, k);

          if (strcmp (node->name, "vars") == 0 && esp_hdf5_node_get_string (node, "name") != NULL)
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
fill_legacy (EspKerasTree *tree, EspHdf5File *file, GError **error)
{
  const EspHdf5Node *weights = esp_hdf5_file_find (file, NULL, "model_weights");
  const EspHdf5Node *optimizer = esp_hdf5_file_find (file, NULL, "optimizer_weights");

  if (!is_group (weights))
    weights = esp_hdf5_file_get_node (file, 0);
  return esp_keras_tree_read_legacy (tree, file, weights, error) &&
         (!is_group (optimizer) ||
          esp_keras_tree_read_legacy_optimizer (tree, file, optimizer, error));
}

static gboolean
fill_groups (EspKerasTree *tree, GPtrArray *files, GError **error)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();

  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (roots, (gpointer) esp_hdf5_file_get_node (files->pdata[i], 0));
  return esp_keras_tree_read_groups (tree, (const EspHdf5Node *const *) roots->pdata, roots->len,
                                     error);
}

/* takes over the warnings of the tree where it could be made */
static EspTree *
build (EspKerasCheckpoint *self, EspKerasLayout layout, gboolean no_repeats, GError **error)
{
  g_auto (EspKerasTree) tree = { 0 };
  EspTree *out = NULL;
  gboolean done;

  esp_keras_tree_init (&tree, self->config);
  tree.keras2 = is_older (self, layout);
  tree.unsure = self->version == NULL && layout == ESP_KERAS_GROUPS && tree.keras2;
  tree.no_repeats = no_repeats;
  if (layout == ESP_KERAS_MODEL || layout == ESP_KERAS_WEIGHTS)
    done = fill_legacy (&tree, self->files->pdata[0], error);
  else
    done = fill_groups (&tree, self->files, error);
  if (done)
    out = esp_tree_builder_finish (tree.builder, error);
  for (guint i = 0; out != NULL && i < tree.warnings->len; i++)
    esp_keras_checkpoint_warn (self, "%s", (const char *) tree.warnings->pdata[i]);
  return out;
}

/* a small config can say that a few layers are called without end */
static EspTree *
build_or_less (EspKerasCheckpoint *self, EspKerasLayout layout, GError **error)
{
  g_autoptr (GError) failure = NULL;
  EspTree *tree = build (self, layout, FALSE, &failure);

  if (tree == NULL && g_error_matches (failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT))
    {
      tree = build (self, layout, TRUE, error);
      if (tree != NULL)
        esp_keras_checkpoint_warn (
            self, _ ("%s; layers that are called several times are shown at one place only"),
            failure->message);
      return tree;
    }
  if (tree == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return tree;
}

/* }}} */

static void
warn_code (EspKerasCheckpoint *self)
{
  GPtrArray *code = self->config->code;

  for (guint i = 0; i < MIN (code->len, CODE_SHOWN); i++)
    {
      g_autofree char *shown = esp_path_escape (code->pdata[i]);

      esp_keras_checkpoint_warn (self, _ ("The layer “%s” holds Python code, which was not run"),
                                 shown);
    }
  if (code->len > CODE_SHOWN)
    esp_keras_checkpoint_warn (self,
                               ngettext ("%u more layer holds Python code",
                                         "%u more layers hold Python code", code->len - CODE_SHOWN),
                               code->len - CODE_SHOWN);
}

EspCheckpoint *
esp_keras_checkpoint_finish (EspKerasCheckpoint *self,
                             const EspFormat *format,
                             EspKerasLayout layout,
                             GError **error)
{
  g_autoptr (EspTree) tree = build_or_less (self, layout, error);
  EspCheckpoint *checkpoint;

  if (tree == NULL)
    return NULL;
  warn_code (self);
  checkpoint = esp_checkpoint_new (format->name, tree);
  if (self->version != NULL)
    {
      g_autofree char *producer = g_strdup_printf ("Keras %.100s", self->version);
      g_autofree char *shown = esp_path_escape (producer);

      esp_checkpoint_set_producer (checkpoint, shown);
    }
  else
    esp_checkpoint_set_producer (checkpoint, "Keras");
  esp_checkpoint_set_file_size (checkpoint, self->file_size);
  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    esp_checkpoint_add_metadata (checkpoint, self->metadata->pdata[i],
                                 self->metadata->pdata[i + 1]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  return checkpoint;
}
