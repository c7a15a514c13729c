/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From keys and graphs of objects to the tree. Every key is a path through the graph, the shortest
 * one to its variable. The objects on these paths are the modules. Where one of them holds a
 * variable or another module under a second name, that is a tie: a row without bytes of its own.
 * Other objects that hold variables are shown for their ties,
 * unless they are the lists of all variables that Keras and SavedModels keep. */

#include "config.h"

#include "esp-tf-tree.h"

#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-tf-names.h"
#include "esp-tree-builder.h"

#include <string.h>

#define NAMES_MAX 1000   /* of one module's variables, kept as attributes */
#define STEPS_MAX 200000 /* through the graph, to look what sharing a module leads to */
#define ROWS_MAX 500000  /* of a tree with shared modules; a small graph can unfold without end */

/* an object on the path of a key */
typedef struct
{
  guint32 object; /* in the tracked graph, or ESP_TF_NO_OBJECT */
  guint32 saved;  /* the same in the other one */
  char *path;
  EspModule *module; /* borrowed */
  gboolean is_optimizer;
  guint n_names;
  guint n_variables;
  guint64 rows;     /* of the tree that it unfolds to; 0 until it is known */
  GPtrArray *below; /* Holder: modules it holds, those that it shares among them */
} Holder;

/* a module that an object holds beside the one on whose path it is */
typedef struct
{
  Holder *holder;
  const char *name;
  Holder *shared;
} Share;

typedef struct
{
  EspTfBundle *bundle;
  const EspTfFacts *facts;
  EspTreeBuilder *builder;
  GHashTable *holders;   /* path -> Holder */
  GPtrArray *order;      /* Holder, as they came */
  GHashTable *by_object; /* number in the tracked graph + 1 -> Holder */
  GArray *shares;        /* Share */
  guint steps;
} Build;

static void
holder_free (gpointer data)
{
  Holder *self = data;

  g_free (self->path);
  g_ptr_array_unref (self->below);
  g_free (self);
}

static guint32
find_child (const EspTfObjects *objects, guint32 object, const char *name, gsize length)
{
  return objects != NULL && object != ESP_TF_NO_OBJECT
             ? esp_tf_objects_find (objects, object, name, length)
             : ESP_TF_NO_OBJECT;
}

static const EspTfObject *
look (const EspTfObjects *objects, guint32 object)
{
  return objects != NULL ? esp_tf_objects_get (objects, object) : NULL;
}

/* {{{ modules */

static void
describe (Build *self, Holder *holder)
{
  const EspTfObject *saved = look (self->facts->saved, holder->saved);
  g_autofree char *class_name = NULL;
  g_autofree char *name = NULL;

  if (saved == NULL || saved->metadata == NULL)
    return;
  esp_tf_name_read_config (saved->metadata, strlen (saved->metadata), &class_name, &name);
  if (class_name != NULL)
    {
      const char *keys[] = { holder->path, NULL };

      esp_tree_builder_add_module (self->builder, *holder->path != '\0' ? keys : keys + 1,
                                   class_name, NULL);
    }
  if (name != NULL)
    {
      esp_tree_builder_add_attribute (self->builder, holder->module, "name", name);
      holder->n_names = G_MAXUINT; /* it needs no guess */
    }
}

static Holder *
add_holder (Build *self, Holder *above, const char *path, gsize length, GError **error)
{
  const char *name = above != NULL && *above->path != '\0' ? path + strlen (above->path) + 1 : path;
  gsize n = length - (gsize) (name - path);
  Holder *holder = g_new0 (Holder, 1);
  const char *keys[] = { NULL, NULL };
  const EspTfObject *tracked, *saved;

  holder->path = g_strndup (path, length);
  holder->below = g_ptr_array_new ();
  g_hash_table_insert (self->holders, holder->path, holder);
  g_ptr_array_add (self->order, holder);
  holder->object = above != NULL ? find_child (self->facts->tracked, above->object, name, n) : 0;
  holder->saved = above != NULL ? find_child (self->facts->saved, above->saved, name, n) : 0;
  tracked = look (self->facts->tracked, holder->object);
  saved = look (self->facts->saved, holder->saved);
  /* an optimizer of Keras 3 lists what it trains, too: that is the model's */
  holder->is_optimizer = (above != NULL && above->is_optimizer &&
                          strcmp (holder->path + (name - path), "_trainable_variables") != 0) ||
                         (tracked != NULL && tracked->is_optimizer) ||
                         (saved != NULL && saved->is_optimizer);
  if (above != NULL)
    g_ptr_array_add (above->below, holder);
  if (tracked != NULL &&
      !g_hash_table_contains (self->by_object, GSIZE_TO_POINTER ((gsize) holder->object + 1)))
    g_hash_table_insert (self->by_object, GSIZE_TO_POINTER ((gsize) holder->object + 1), holder);
  keys[0] = *holder->path != '\0' ? holder->path : NULL;
  holder->module = esp_tree_builder_add_module (self->builder, keys, NULL, error);
  if (holder->module == NULL)
    return NULL;
  describe (self, holder);
  return holder;
}

/* the object that holds what is at @path, and all above it; *name is what it calls that */
static Holder *
find_holder (Build *self, const char *path, const char **name, GError **error)
{
  Holder *holder = self->order->pdata[0];
  const char *slash = path;

  *name = path;
  while (holder != NULL && (slash = strchr (slash, '/')) != NULL)
    {
      g_autofree char *part = g_strndup (path, (gsize) (slash - path));
      Holder *next = g_hash_table_lookup (self->holders, part);

      if (next == NULL)
        next = add_holder (self, holder, path, (gsize) (slash - path), error);
      holder = next;
      *name = ++slash;
    }
  return holder;
}

/* }}} */
/* {{{ variables */

static gboolean
has_name (gpointer user_data, const char *name)
{
  guint index;

  return esp_tf_bundle_find (user_data, name, &index);
}

EspRole
esp_tf_tree_find_role (const EspTfFacts *facts,
                       const char *name,
                       EspDtype dtype,
                       gboolean (*has) (gpointer user_data, const char *name),
                       gpointer user_data)
{
  EspRole role = esp_tf_name_guess_role (name, dtype, has, user_data);
  guint known = 0;

  if (facts->trainable != NULL)
    known = GPOINTER_TO_UINT (g_hash_table_lookup (facts->trainable, name));
  if (known == 2)
    return ESP_ROLE_PARAMETER;
  return known == 1 && role == ESP_ROLE_PARAMETER ? ESP_ROLE_BUFFER : role;
}

static EspRole
find_role (Build *self,
           const EspTfEntry *entry,
           const char *path,
           const Holder *holder,
           const char *name,
           EspDtype dtype)
{
  gsize n = strlen (name);
  const EspTfObject *tracked = look (self->facts->tracked,
                                     find_child (self->facts->tracked, holder->object, name, n));
  const EspTfObject *saved = look (self->facts->saved,
                                   find_child (self->facts->saved, holder->saved, name, n));
  EspRole role = esp_tf_tree_find_role (self->facts, path, dtype, has_name, self->bundle);

  if (dtype == ESP_DTYPE_RAW)
    return ESP_ROLE_OTHER;
  if (esp_tf_name_is_slot (entry->name) || holder->is_optimizer ||
      (tracked != NULL && tracked->is_slot))
    return ESP_ROLE_OPTIMIZER;
  if (role == ESP_ROLE_PARAMETER && tracked != NULL && tracked->full_name != NULL &&
      esp_tf_name_guess_role (tracked->full_name, dtype, has_name, self->bundle) == ESP_ROLE_BUFFER)
    return ESP_ROLE_BUFFER;
  if (saved != NULL && saved->is_variable && !saved->trainable && role == ESP_ROLE_PARAMETER)
    return ESP_ROLE_BUFFER;
  return role;
}

/* its own name, where that says more than where it is */
static void
note_full_name (Build *self, Holder *holder, const char *name)
{
  const EspTfObject *variable = look (
      self->facts->tracked, find_child (self->facts->tracked, holder->object, name, strlen (name)));
  const char *full = variable != NULL ? variable->full_name : NULL;
  const char *slash = full != NULL ? strrchr (full, '/') : NULL;
  g_autofree char *above = NULL;

  if (full == NULL || holder->n_names >= NAMES_MAX || strcmp (full, name) == 0 ||
      g_str_has_prefix (full, "Variable"))
    return;
  if (slash == NULL || strcmp (slash + 1, name) != 0)
    {
      esp_tree_builder_add_attribute (self->builder, holder->module, name, full);
      holder->n_names++;
      return;
    }
  above = g_strndup (full, (gsize) (slash - full));
  esp_tree_builder_add_attribute (self->builder, holder->module, "name", above);
  holder->n_names = G_MAXUINT;
}

static gboolean
add_variable (Build *self, guint index, GError **error)
{
  const EspTfEntry *entry = esp_tf_bundle_get_entry (self->bundle, index);
  g_autofree char *path = esp_tf_name_to_path (entry->name);
  g_autoptr (EspTensor) tensor = esp_tf_bundle_make_tensor (self->bundle, index, error);
  const char *keys[] = { path, NULL };
  const char *name;
  Holder *holder;

  if (tensor == NULL)
    return FALSE;
  holder = find_holder (self, path, &name, error);
  if (holder == NULL)
    return FALSE;
  holder->n_variables++;
  note_full_name (self, holder, name);
  return esp_tree_builder_put_tensor (
      self->builder, keys, strcmp (path, entry->name) != 0 ? entry->name : NULL,
      find_role (self, entry, path, holder, name, esp_tensor_get_dtype (tensor)),
      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

/* }}} */
/* {{{ ties */

static char *
join (const Holder *holder, const char *name)
{
  return *holder->path != '\0' ? g_strconcat (holder->path, "/", name, NULL) : g_strdup (name);
}

/* Keras numbers all layers and, once more, those that have weights */
static gboolean
is_number_of_layer (const char *name)
{
  const char *rest = g_str_has_prefix (name, "layer-")                ? name + 6
                     : g_str_has_prefix (name, "layer_with_weights-") ? name + 19
                                                                      : NULL;

  if (rest == NULL || *rest == '\0')
    return FALSE;
  while (g_ascii_isdigit (*rest))
    rest++;
  return *rest == '\0';
}

/* whether @from leads to @to; what can't be told in a bounded time does */
static gboolean
leads_to (Build *self, const Holder *from, const Holder *to, guint depth)
{
  if (from == to || depth == ESP_LIMIT_MODULE_DEPTH / 2 || self->steps++ >= STEPS_MAX)
    return TRUE;
  for (guint i = 0; i < from->below->len; i++)
    if (leads_to (self, from->below->pdata[i], to, depth + 1))
      return TRUE;
  return FALSE;
}

/* rows below, saturated; there are no rings */
static guint64
count_rows (Holder *self, guint depth)
{
  if (self->rows > 0)
    return self->rows;
  if (depth == ESP_LIMIT_MODULE_DEPTH / 2)
    return ROWS_MAX + 1;
  self->rows = 1 + self->n_variables;
  for (guint i = 0; i < self->below->len && self->rows <= ROWS_MAX; i++)
    self->rows += count_rows (self->below->pdata[i], depth + 1);
  return self->rows;
}

static void
note_share (Build *self, Holder *holder, const char *name, Holder *shared)
{
  g_autofree char *path = join (holder, name);
  const Share share = { holder, name, shared };

  if (g_hash_table_contains (self->holders, path) || shared->is_optimizer)
    return;
  if (is_number_of_layer (name))
    esp_tree_builder_add_attribute (self->builder, shared->module, "layer", name);
  else if (!leads_to (self, shared, holder, 0))
    {
      g_ptr_array_add (holder->below, shared);
      g_array_append_val (self->shares, share);
    }
}

static gboolean
add_shares (Build *self, GError **error)
{
  if (count_rows (self->order->pdata[0], 0) > ROWS_MAX)
    return TRUE;
  for (guint i = 0; i < self->shares->len; i++)
    {
      const Share *share = &g_array_index (self->shares, Share, i);
      g_autofree char *path = join (share->holder, share->name);
      const char *keys[] = { path, NULL };

      if (!esp_tree_builder_add_unlisted_module (self->builder, keys, share->shared->module, error))
        return FALSE;
    }
  return TRUE;
}

/* what Keras and SavedModels keep beside the attributes of a model */
static const char *const lists[] = {
  "keras_api",
  "layers",
  "losses",
  "metrics",
  "layer_metrics",
  "layer_regularization_losses",
  "non_trainable_variables",
  "non_trainable_weights",
  "regularization_losses",
  "signatures",
  "trainable_variables",
  "trainable_weights",
  "variables",
  "weights",
};

static gboolean
is_list (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (strcmp (name, lists[i]) == 0)
      return TRUE;
  return *name == '_';
}

static gboolean
has_variable (Build *self, const EspTfObject *object)
{
  for (guint32 k = object->first_edge; k < object->first_edge + object->n_edges; k++)
    {
      const EspTfEdge *edge = esp_tf_objects_get_edge (self->facts->tracked, k);
      const EspTfObject *held = look (self->facts->tracked, edge->object);
      guint index;

      if (held != NULL && held->key != NULL && esp_tf_bundle_find (self->bundle, held->key, &index))
        return TRUE;
    }
  return FALSE;
}

/* an object all of whose variables others hold, too: a head that is tied to an embedding. It joins
 * those whose edges are gone through. */
static gboolean
adopt (Build *self, Holder *holder, const EspTfEdge *edge, GError **error)
{
  const EspTfObject *object = look (self->facts->tracked, edge->object);
  g_autofree char *path = join (holder, edge->name);

  if (object->is_optimizer || is_list (edge->name) || strchr (edge->name, '/') != NULL ||
      g_hash_table_contains (self->holders, path) || !has_variable (self, object))
    return TRUE;
  return add_holder (self, holder, path, strlen (path), error) != NULL;
}

static gboolean
share_edge (Build *self, Holder *holder, const EspTfEdge *edge, GError **error)
{
  const EspTfObject *object = look (self->facts->tracked, edge->object);
  Holder *shared = g_hash_table_lookup (self->by_object,
                                        GSIZE_TO_POINTER ((gsize) edge->object + 1));
  g_autofree char *path = NULL;
  g_autofree char *kept = NULL;
  guint index;

  if (object == NULL || edge->object == 0)
    return TRUE;
  if (object->key == NULL && shared == NULL)
    return adopt (self, holder, edge, error);
  if (object->key == NULL)
    {
      note_share (self, holder, edge->name, shared);
      return TRUE;
    }
  path = join (holder, edge->name);
  kept = esp_tf_name_to_path (object->key);
  if (strcmp (path, kept) == 0 || !esp_tf_bundle_find (self->bundle, object->key, &index))
    return TRUE;
  return esp_tree_builder_add_implied (self->builder, path, object->key, error);
}

/* an optimizer keeps its state in lists by kind and once more in one list: that is no tie */
static gboolean
share (Build *self, GError **error)
{
  for (guint i = 0; i < self->order->len; i++)
    {
      Holder *holder = self->order->pdata[i];
      const EspTfObject *object = look (self->facts->tracked, holder->object);

      if (object == NULL || holder->is_optimizer)
        continue;
      for (guint32 k = object->first_edge; k < object->first_edge + object->n_edges; k++)
        if (!share_edge (self, holder, esp_tf_objects_get_edge (self->facts->tracked, k), error))
          return FALSE;
    }
  return add_shares (self, error);
}

/* }}} */

static EspTree *
build (Build *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  guint n = esp_tf_bundle_get_n_entries (self->bundle);

  if (add_holder (self, NULL, "", 0, error) == NULL)
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      if (!add_variable (self, i, error))
        return NULL;
      if (progress != NULL && i % 4096 == 0)
        progress ((double) i / n, user_data);
    }
  if (self->facts->tracked != NULL && !share (self, error))
    return NULL;
  return esp_tree_builder_finish (self->builder, error);
}

EspTree *
esp_tf_tree_build (EspTfBundle *bundle,
                   const EspTfFacts *facts,
                   EspProgressFunc progress,
                   gpointer user_data,
                   GError **error)
{
  Build self = { .bundle = bundle, .facts = facts };
  EspTree *tree;

  self.builder = esp_tree_builder_new ("/");
  self.holders = g_hash_table_new (esp_hash_string, g_str_equal);
  self.order = g_ptr_array_new_with_free_func (holder_free);
  self.by_object = g_hash_table_new (NULL, NULL);
  self.shares = g_array_new (FALSE, FALSE, sizeof (Share));
  tree = build (&self, progress, user_data, error);
  esp_tree_builder_free (self.builder);
  g_hash_table_unref (self.holders);
  g_hash_table_unref (self.by_object);
  g_ptr_array_unref (self.order);
  g_array_unref (self.shares);
  return tree;
}
