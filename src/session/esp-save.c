/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Saving what a document shows, in the format that the file's name asks for. A live network goes on
 * changing, so its tensors are gathered into a tree of their own first; they are immutable, and
 * nothing is copied. */

#include "config.h"

#include "esp-save.h"

#include "esp-format.h"
#include "esp-tree-builder.h"

#include <string.h>

typedef struct
{
  EspTree *tree;
  char *path;
  gboolean replace;
} SaveWork;

static void
free_save_work (gpointer data)
{
  SaveWork *work = data;

  g_object_unref (work->tree);
  g_free (work->path);
  g_free (work);
}

/* the tree with the tensors of this moment, which the trainer's next steps don't touch */
static EspTree *
freeze (EspTree *tree, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (esp_tree_get_separator (tree));
  g_autoptr (GHashTable) copies = g_hash_table_new (NULL, NULL);
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      EspParameter *copy = g_hash_table_lookup (copies, parameter);
      const char *const *keys = esp_place_get_keys (place);

      if (copy != NULL)
        {
          if (!esp_tree_builder_add_shared_parameter (builder, keys, copy, error))
            return NULL;
          continue;
        }
      copy = esp_tree_builder_add_tensor (builder, keys, NULL, esp_parameter_get_role (parameter),
                                          esp_parameter_get_requires_grad (parameter),
                                          esp_parameter_get_data (parameter), error);
      if (copy == NULL)
        return NULL;
      g_hash_table_insert (copies, parameter, copy);
    }
  return esp_tree_builder_finish (builder, error);
}

/* by the suffix of a format that can be written; safetensors if it has none of these */
static const EspFormat *
find_format (const char *path)
{
  const EspFormat *const *formats = esp_format_get_all ();

  for (guint i = 0; formats[i] != NULL; i++)
    for (guint k = 0; formats[i]->write != NULL && formats[i]->suffixes[k] != NULL; k++)
      {
        g_autofree char *suffix = g_strconcat (".", formats[i]->suffixes[k], NULL);
        gsize length = strlen (path), tail = strlen (suffix);

        if (length > tail && g_ascii_strcasecmp (path + length - tail, suffix) == 0)
          return formats[i];
      }
  return esp_format_from_name ("safetensors");
}

gboolean
esp_save_tree (EspTree *tree,
               const char *path,
               gboolean replace,
               GCancellable *cancellable,
               GError **error)
{
  const EspFormat *format = find_format (path);

  return format->write (tree, path, replace, NULL, NULL, cancellable, error);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SaveWork *work = data;
  GError *error = NULL;

  if (esp_save_tree (work->tree, work->path, work->replace, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
esp_save_tree_async (EspTree *tree,
                     gboolean live,
                     const char *path,
                     gboolean replace,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  GError *error = NULL;
  EspTree *frozen = live ? freeze (tree, &error) : g_object_ref (tree);
  SaveWork *work;

  if (frozen == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  work = g_new0 (SaveWork, 1);
  work->tree = frozen;
  work->path = g_strdup (path);
  work->replace = replace;
  g_task_set_task_data (task, work, free_save_work);
  g_task_run_in_thread (task, save_in_thread);
}

gboolean
esp_save_tree_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
