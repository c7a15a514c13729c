/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A live network's structure changes: a new network is made in a worker, becomes a document and
 * takes the place of the one before. */

#include "config.h"

#include "esp-network-change.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-loader.h"
#include "esp-module.h"
#include "esp-optimizer.h"
#include "esp-parameter.h"
#include "esp-spec-edit.h"
#include "esp-spec.h"
#include "esp-undo.h"

typedef struct
{
  EspSpecEdit *edit;
  EspDocument *before;
  char *label;
  char *select; /* path in the new network; NULL: where the selected module is now */
  char *chosen; /* a data file; or NULL */
} Work;

static void
work_free (Work *work)
{
  esp_spec_edit_free (work->edit);
  g_clear_object (&work->before);
  g_free (work->label);
  g_free (work->select);
  g_free (work->chosen);
  g_free (work);
}

static char *
join (const char *container, const char *name)
{
  return *container != '\0' ? g_strconcat (container, ".", name, NULL) : g_strdup (name);
}

/* --- what a change is --- */

static gboolean
is_file (const char *name)
{
  return g_path_is_absolute (name);
}

static void
set_data (Work *work, const char *name)
{
  g_autoptr (JsonObject) data = json_object_new ();

  json_object_set_string_member (data, "name", is_file (name) ? "file" : name);
  if (is_file (name))
    {
      json_object_set_string_member (data, "path", name);
      work->chosen = g_strdup (name);
    }
  /* what was kept back to test with stays about that */
  json_object_set_double_member (data, "test", 0.2);
  esp_spec_edit_set_data (work->edit, data);
}

static gboolean
apply (Work *work, const EspNetworkChange *change, GError **error)
{
  EspSpecEdit *edit = work->edit;

  switch (change->kind)
    {
    case ESP_NETWORK_CHANGE_ADD:
      return esp_spec_edit_add (edit, change->path, change->index, change->word, error);
    case ESP_NETWORK_CHANGE_REMOVE:
      return esp_spec_edit_remove (edit, change->path, error);
    case ESP_NETWORK_CHANGE_MOVE:
      return esp_spec_edit_move (edit, change->path, change->index, error);
    case ESP_NETWORK_CHANGE_DUPLICATE:
      return esp_spec_edit_duplicate (edit, change->path, error);
    case ESP_NETWORK_CHANGE_SHARE:
      return esp_spec_edit_share (edit, change->path, change->word, error);
    case ESP_NETWORK_CHANGE_UNSHARE:
      return esp_spec_edit_unshare (edit, change->path, error);
    case ESP_NETWORK_CHANGE_RENAME:
      return esp_spec_edit_rename (edit, change->path, change->word, error);
    case ESP_NETWORK_CHANGE_CLASS:
      return esp_spec_edit_set_class (edit, change->path, change->word, error);
    case ESP_NETWORK_CHANGE_SETTING:
      return esp_spec_edit_set (edit, change->path, change->word, change->value, error);
    case ESP_NETWORK_CHANGE_MEMBER:
      esp_spec_edit_set_member (edit, change->word, change->value);
      return TRUE;
    case ESP_NETWORK_CHANGE_PART:
      esp_spec_edit_set_part (edit, change->path, change->word, change->value);
      return TRUE;
    case ESP_NETWORK_CHANGE_TIE:
      return esp_spec_edit_tie (edit, change->path, change->word, error);
    case ESP_NETWORK_CHANGE_UNTIE:
      return esp_spec_edit_untie (edit, change->path, error);
    case ESP_NETWORK_CHANGE_SEED:
      esp_spec_edit_set_seed (edit, g_ascii_strtoull (change->word, NULL, 10) & G_MAXINT64);
      return TRUE;
    case ESP_NETWORK_CHANGE_DATA:
    default:
      set_data (work, change->word);
      return TRUE;
    }
}

/* what undo calls it */
static char *
name_change (const EspNetworkChange *change)
{
  switch (change->kind)
    {
    case ESP_NETWORK_CHANGE_ADD:
      return g_strdup_printf (_ ("Add %s"), change->word);
    case ESP_NETWORK_CHANGE_REMOVE:
      return g_strdup_printf (_ ("Remove Layer %s"), change->path);
    case ESP_NETWORK_CHANGE_MOVE:
      return g_strdup_printf (_ ("Move Layer %s"), change->path);
    case ESP_NETWORK_CHANGE_DUPLICATE:
      return g_strdup_printf (_ ("Duplicate Layer %s"), change->path);
    case ESP_NETWORK_CHANGE_SHARE:
      /* Translators: paths of two layers that become one */
      return g_strdup_printf (_ ("Share Layer %s with %s"), change->path, change->word);
    case ESP_NETWORK_CHANGE_UNSHARE:
      return g_strdup_printf (_ ("Stop Sharing Layer %s"), change->path);
    case ESP_NETWORK_CHANGE_RENAME:
      return g_strdup_printf (_ ("Rename Layer %s"), change->path);
    case ESP_NETWORK_CHANGE_CLASS:
      /* Translators: path of a layer, the class that it becomes */
      return g_strdup_printf (_ ("Make Layer %s %s"), change->path, change->word);
    case ESP_NETWORK_CHANGE_SETTING:
      /* Translators: a setting, path of a layer */
      return g_strdup_printf (_ ("Set %s of Layer %s"), change->word, change->path);
    case ESP_NETWORK_CHANGE_MEMBER:
      return g_strdup_printf (_ ("Set %s"), change->word);
    case ESP_NETWORK_CHANGE_PART:
      /* Translators: a setting, what it belongs to ("optimizer") */
      return g_strdup_printf (_ ("Set %s of %s"), change->word, change->path);
    case ESP_NETWORK_CHANGE_TIE:
      /* Translators: paths of two parameters that become one */
      return g_strdup_printf (_ ("Tie %s with %s"), change->path, change->word);
    case ESP_NETWORK_CHANGE_UNTIE:
      return g_strdup_printf (_ ("Untie %s"), change->path);
    case ESP_NETWORK_CHANGE_SEED:
      return g_strdup_printf (_ ("Begin with Seed %s"), change->word);
    case ESP_NETWORK_CHANGE_DATA:
    default:
      {
        g_autofree char *name = g_path_get_basename (change->word);

        return g_strdup_printf (_ ("Use Data %s"), name);
      }
    }
}

/* --- in the worker, and back --- */

static void
make_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *work = data;
  EspDatasetAccess access = { .chosen = work->chosen, .read_array = esp_loader_read_array };
  GError *error = NULL;
  EspNetwork *network = esp_spec_edit_finish (work->edit, &access, &error);

  if (network != NULL)
    g_task_return_pointer (task, network, g_object_unref);
  else
    g_task_return_error (task, error);
}

/* where in the new network stands what is selected now; new, or NULL */
static char *
follow_selection (EspSession *self, Work *work)
{
  EspPlace *place = esp_session_get_selection (self);
  EspPlace *owner = place;
  g_autofree char *path = NULL;
  const char *old;

  while (owner != NULL && esp_place_get_module (owner) == NULL)
    owner = esp_place_get_parent (owner);
  if (owner == NULL || esp_place_get_parent (owner) == NULL)
    return NULL;
  old = esp_place_get_path (owner);
  path = esp_spec_edit_find (work->edit, old);
  return path != NULL ? g_strconcat (path, esp_place_get_path (place) + strlen (old), NULL) : NULL;
}

static void
show (EspSession *self, Work *work, EspNetwork *network)
{
  EspTrainer *trainer = esp_document_get_trainer (work->before);
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);
  g_autofree char *path = work->select != NULL ? g_steal_pointer (&work->select)
                                               : follow_selection (self, work);
  gboolean playing = esp_trainer_is_playing (trainer);
  EspPlace *place;

  if (playing)
    esp_document_pause (work->before);
  esp_document_set_speed (document, esp_trainer_get_speed (trainer));
  esp_undo_change_document (esp_session_get_undo (self), document, work->label);
  place = path != NULL ? esp_tree_find (esp_document_get_tree (document), path, NULL) : NULL;
  if (place != NULL)
    esp_session_set_selection (self, place);
  if (playing)
    esp_document_play (document);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) outer = user_data;
  EspSession *self = g_task_get_source_object (outer);
  Work *work = g_task_get_task_data (outer);
  GError *error = NULL;
  g_autoptr (EspNetwork) network = g_task_propagate_pointer (G_TASK (result), &error);

  g_object_set_data (G_OBJECT (self), "esp-network-change", NULL);
  if (network == NULL)
    {
      g_task_return_error (outer, error);
      return;
    }
  if (esp_session_get_document (self) != work->before)
    {
      g_task_return_new_error (outer, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                               _ ("Another network was opened meanwhile."));
      return;
    }
  show (self, work, network);
  g_task_return_boolean (outer, TRUE);
}

static gboolean
is_rate (const EspNetworkChange *change)
{
  return change->kind == ESP_NETWORK_CHANGE_PART && strcmp (change->path, "optimizer") == 0 &&
         strcmp (change->word, "lr") == 0 && change->value != NULL &&
         JSON_NODE_HOLDS_VALUE (change->value) &&
         json_node_get_value_type (change->value) != G_TYPE_STRING;
}

/* the rate changes within the run, which goes on as it was; what can't be is left to the reader of
 * the description to tell */
static gboolean
set_rate (EspDocument *document, const EspNetworkChange *change)
{
  double rate = is_rate (change) ? json_node_get_double (change->value) : -1;

  if (!(rate >= 0 && rate <= ESP_OPTIMIZER_MAX_RATE))
    return FALSE;
  esp_document_set_learning_rate (document, rate);
  return TRUE;
}

void
esp_session_change_network_async (EspSession *self,
                                  const EspNetworkChange *change,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  EspDocument *document;
  EspTrainer *trainer;
  GTask *outer;
  g_autoptr (GTask) inner = NULL;
  Work *work;
  GError *error = NULL;

  g_return_if_fail (ESP_IS_SESSION (self) && change != NULL);

  outer = g_task_new (self, NULL, callback, user_data);
  document = esp_session_get_document (self);
  trainer = document != NULL ? esp_document_get_trainer (document) : NULL;
  if (trainer == NULL || g_object_get_data (G_OBJECT (self), "esp-network-change") != NULL)
    {
      g_task_return_new_error (outer, G_IO_ERROR, G_IO_ERROR_BUSY,
                               _ ("The network can't be changed now."));
      g_object_unref (outer);
      return;
    }
  esp_document_update (document);
  if (set_rate (document, change))
    {
      g_task_return_boolean (outer, TRUE);
      g_object_unref (outer);
      return;
    }
  work = g_new0 (Work, 1);
  work->before = g_object_ref (document);
  work->label = name_change (change);
  if (change->kind == ESP_NETWORK_CHANGE_ADD)
    {
      g_autofree char *name = g_strdup_printf ("%u", change->index);

      work->select = join (change->path, name);
    }
  work->edit = esp_spec_edit_new (esp_trainer_get_network (trainer), &error);
  g_task_set_task_data (outer, work, (GDestroyNotify) work_free);
  if (work->edit == NULL || !apply (work, change, &error))
    {
      g_task_return_error (outer, error);
      g_object_unref (outer);
      return;
    }
  g_object_set_data (G_OBJECT (self), "esp-network-change", work);
  /* the outer one keeps what is worked on, and ends here, so that no worker is the last to hold it
   */
  inner = g_task_new (NULL, NULL, on_made, outer);
  g_task_set_task_data (inner, work, NULL);
  g_task_run_in_thread (inner, make_in_thread);
}

gboolean
esp_session_change_network_finish (EspSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- what there is to change --- */

void
esp_network_module_free (EspNetworkModule *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->class_name);
  g_free (self->container);
  g_free (self->shared);
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}

static JsonObject *
read_description (EspSession *self)
{
  EspDocument *document = esp_session_get_document (self);
  EspTrainer *trainer = document != NULL ? esp_document_get_trainer (document) : NULL;
  g_autofree char *json = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (trainer == NULL)
    return NULL;
  json = esp_network_to_json_now (esp_trainer_get_network (trainer));
  if (!json_parser_load_from_data (parser, json, -1, NULL))
    return NULL;
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

typedef struct
{
  GPtrArray *modules;
  GHashTable *ids; /* id -> EspNetworkModule */
} Listing;

static void
list_modules (Listing *listing, JsonArray *array, const char *container, guint depth)
{
  guint n = json_array_get_length (array);

  for (guint i = 0; i < n; i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      EspNetworkModule *module = g_new0 (EspNetworkModule, 1);
      g_autofree char *number = g_strdup_printf ("%u", i);
      const char *id = json_object_get_string_member_with_default (object, "id", NULL);
      const char *use = json_object_get_string_member_with_default (object, "use", NULL);
      EspNetworkModule *first = use != NULL ? g_hash_table_lookup (listing->ids, use) : NULL;

      module->container = g_strdup (container);
      module->path = join (container,
                           json_object_get_string_member_with_default (object, "name", number));
      module->depth = depth;
      module->index = i;
      module->n_beside = n;
      module->settings = json_object_ref (first != NULL ? first->settings : object);
      module->class_name = g_strdup (json_object_get_string_member (module->settings, "class"));
      module->ties = first != NULL || json_object_has_member (object, "tie");
      if (first != NULL)
        {
          module->shared = g_strdup (first->path);
          first->ties = TRUE;
        }
      if (id != NULL)
        g_hash_table_insert (listing->ids, (gpointer) id, module);
      g_ptr_array_add (listing->modules, module);
      if (use == NULL && json_object_has_member (object, "modules"))
        list_modules (listing, json_object_get_array_member (object, "modules"), module->path,
                      depth + 1);
    }
}

GPtrArray *
esp_session_list_modules (EspSession *self)
{
  GPtrArray *modules = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_network_module_free);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (JsonObject) description = NULL;
  Listing listing = { modules, ids };

  g_return_val_if_fail (ESP_IS_SESSION (self), modules);

  description = read_description (self);
  if (description != NULL)
    list_modules (&listing, json_object_get_array_member (description, "modules"), "", 0);
  return modules;
}

JsonObject *
esp_session_describe_network (EspSession *self)
{
  JsonObject *description;

  g_return_val_if_fail (ESP_IS_SESSION (self), NULL);

  description = read_description (self);
  if (description == NULL)
    return NULL;
  json_object_remove_member (description, "modules");
  json_object_set_double_member (
      json_object_get_object_member (description, "optimizer"), "lr",
      esp_trainer_get_learning_rate (esp_document_get_trainer (esp_session_get_document (self))));
  return description;
}

const char *const *
esp_session_get_data_sets (void)
{
  static const char *const names[] = { "spirals",     "circle", "xor",  "gauss",  "moons", "plane",
                                       "multi-gauss", "parity", "sine", "digits", "iris",  NULL };

  return names;
}
