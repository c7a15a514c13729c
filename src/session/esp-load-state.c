/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names and numbers of a file for a live network. What the network wants is copied first, in the
 * main thread; a worker then opens the file and reads no more of it than what fits. The change is
 * one of the document's own, so that history, undo and replay have it as any other. */

#include "config.h"

#include "esp-load-state.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-document-private.h"
#include "esp-error.h"
#include "esp-loader.h"
#include "esp-path.h"
#include "esp-shape.h"

#define MOST_UNEXPECTED 1000 /* names that are kept: a file may have 2,000,000 */
#define MOST_DEPTH 4         /* of what wraps weights: {"model": {"module": ...}} has 2 */

/* one name of the network */
typedef struct
{
  char *path;
  EspShape shape;
  guint64 count;
  guint parameter;
  gboolean counter;
} Wanted;

struct _EspLoadState
{
  EspDocument *document; /* owned */
  char separator[8];     /* of the network's names */
  GArray *wanted;        /* Wanted, in the network's order */
  guint n_parameters;
  char *label;

  /* what came of it */
  EspHistoryEvent *events; /* one of each parameter; without it, of kind -1 */
  gboolean *loaded;        /* each parameter */
  GPtrArray *missing, *unexpected, *mismatches;
  guint n_unexpected;
};

/* what is read from */
typedef struct
{
  EspTree *tree;         /* borrowed */
  EspNetwork *network;   /* borrowed; NULL for a checkpoint */
  EspSnapshot *snapshot; /* where its training was kept, or NULL: as it begins */
} Origin;

static void
wanted_clear (gpointer data)
{
  g_free (((Wanted *) data)->path);
}

EspLoadState *
esp_load_state_new (EspDocument *document)
{
  EspLoadState *self;
  EspTree *tree;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document), NULL);

  if (document->network == NULL)
    return NULL;
  self = g_new0 (EspLoadState, 1);
  self->document = g_object_ref (document);
  self->wanted = g_array_new (FALSE, TRUE, sizeof (Wanted));
  g_array_set_clear_func (self->wanted, wanted_clear);
  self->n_parameters = esp_network_get_n_parameters (document->network);
  self->events = g_new0 (EspHistoryEvent, MAX (self->n_parameters, 1));
  self->loaded = g_new0 (gboolean, MAX (self->n_parameters, 1));
  self->missing = g_ptr_array_new_with_free_func (g_free);
  self->unexpected = g_ptr_array_new_with_free_func (g_free);
  self->mismatches = g_ptr_array_new_with_free_func (g_free);
  tree = esp_document_get_tree (document);
  g_strlcpy (self->separator, esp_tree_get_separator (tree), sizeof self->separator);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      EspTensor *tensor = esp_parameter_get_data (parameter);
      int id = esp_network_find_parameter (document->network, parameter);
      Wanted wanted = { .path = esp_place_dup_path (place), .parameter = (guint) MAX (id, 0) };

      wanted.shape.ndim = MIN (esp_tensor_get_ndim (tensor), ESP_SHAPE_MAX_DIMS);
      memcpy (wanted.shape.sizes, esp_tensor_get_shape (tensor),
              wanted.shape.ndim * sizeof (gint64));
      wanted.count = esp_tensor_get_count (tensor);
      wanted.counter = esp_tensor_get_dtype (tensor) != ESP_DTYPE_FLOAT32;
      g_array_append_val (self->wanted, wanted);
    }
  return self;
}

void
esp_load_state_free (EspLoadState *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_parameters; i++)
    esp_history_event_clear (&self->events[i]);
  g_free (self->events);
  g_free (self->loaded);
  g_array_unref (self->wanted);
  g_ptr_array_unref (self->missing);
  g_ptr_array_unref (self->unexpected);
  g_ptr_array_unref (self->mismatches);
  g_object_unref (self->document);
  g_free (self->label);
  g_free (self);
}

/* --- names --- */

/* what the file calls @wanted below @base; new string */
static char *
make_name (EspLoadState *self, EspTree *tree, EspPlace *base, const Wanted *wanted)
{
  const char *separator = esp_tree_get_separator (tree);
  g_auto (GStrv) parts = NULL;
  g_autofree char *name = NULL, *above = esp_place_dup_path (base);

  if (*separator == '\0')
    separator = self->separator;
  parts = g_strsplit (wanted->path, *self->separator != '\0' ? self->separator : ".", -1);
  name = g_strjoinv (separator, parts);
  return *above != '\0' ? g_strconcat (above, separator, name, NULL) : g_steal_pointer (&name);
}

/* Which row of the file has each of the network's names below @base, in one walk through all of
 * them; -1: none. *n: how many are there. New, (wanted->len). */
static gint64 *
find_rows (EspLoadState *self, EspTree *tree, EspPlace *base, guint *n)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) path = g_string_new (NULL);
  gint64 *rows = g_new (gint64, MAX (self->wanted->len, 1));

  for (guint i = 0; i < self->wanted->len; i++)
    {
      rows[i] = -1;
      g_hash_table_insert (names,
                           make_name (self, tree, base, &g_array_index (self->wanted, Wanted, i)),
                           GUINT_TO_POINTER (i));
    }
  *n = 0;
  for (guint row = 0; row < esp_tree_get_n_tensors (tree); row++)
    {
      gpointer index;

      g_string_truncate (path, 0);
      esp_tree_append_row_path (tree, row, path);
      if (!g_hash_table_lookup_extended (names, path->str, NULL, &index) ||
          rows[GPOINTER_TO_UINT (index)] >= 0)
        continue;
      rows[GPOINTER_TO_UINT (index)] = row;
      *n += 1;
    }
  return rows;
}

/* the best of the modules that were looked at */
typedef struct
{
  EspPlace *base;
  gint64 *rows;
  guint n;
} Best;

/* The module below which most names are, the outermost of those: @at, or what it may wrap weights
 * in under their own names. */
static void
find_base (EspLoadState *self, EspTree *tree, EspPlace *at, guint depth, Best *best)
{
  static const char *const keys[] = { "state_dict", "model_state_dict", "model_state",
                                      "model",      "module",           "net",
                                      "network",    "weights",          "params" };
  guint n;
  g_autofree gint64 *rows = find_rows (self, tree, at, &n);

  if (best->base == NULL || n > best->n)
    {
      g_free (best->rows);
      *best = (Best) { at, g_steal_pointer (&rows), n };
    }
  if (depth >= MOST_DEPTH || best->n == self->wanted->len)
    return;
  if (esp_place_get_n_children (at) == 1)
    {
      EspPlace *child = esp_place_get_child (at, 0);

      if (esp_place_get_module (child) != NULL)
        find_base (self, tree, child, depth + 1, best);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      EspPlace *child = esp_place_find_child (at, keys[i]);

      if (child != NULL && esp_place_get_module (child) != NULL)
        find_base (self, tree, child, depth + 1, best);
    }
}

/* --- numbers --- */

static EspTensor *
get_tensor (Origin *origin, EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor = NULL;
  int id = origin->snapshot != NULL ? esp_network_find_parameter (origin->network, parameter) : -1;

  if (id >= 0)
    tensor = esp_snapshot_get_channel (origin->snapshot, (guint) id, ESP_CHANNEL_DATA);
  return tensor != NULL ? tensor : esp_parameter_get_data (parameter);
}

/* a number that stands alone may have been saved as a row of one, as by old versions of PyTorch */
static gboolean
has_shape (const Wanted *wanted, EspTensor *tensor)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  const gint64 *shape = esp_tensor_get_shape (tensor);

  if (wanted->shape.ndim == 0 && ndim == 1)
    return shape[0] == 1;
  return ndim == wanted->shape.ndim &&
         (ndim == 0 || memcmp (shape, wanted->shape.sizes, ndim * sizeof *shape) == 0);
}

static void
add_mismatch (EspLoadState *self, const Wanted *wanted, EspTensor *tensor)
{
  EspShape shape = { .ndim = MIN (esp_tensor_get_ndim (tensor), ESP_SHAPE_MAX_DIMS) };
  g_autofree char *has = esp_shape_to_string (&wanted->shape), *got = NULL;

  memcpy (shape.sizes, esp_tensor_get_shape (tensor), shape.ndim * sizeof (gint64));
  got = esp_shape_to_string (&shape);
  g_ptr_array_add (self->mismatches,
                   /* Translators: as PyTorch says it; a name and two shapes */
                   g_strdup_printf (_ ("size mismatch for %s: copying a param with shape %s from "
                                       "checkpoint, the shape in current model is %s"),
                                    wanted->path, got, has));
}

static gboolean
read_counter (EspTensor *tensor, double *count, GCancellable *cancellable, GError **error)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;
  gint64 whole;

  if (kind == ESP_KIND_FLOAT)
    {
      if (!esp_tensor_read_f64 (tensor, 0, 1, count, cancellable, error))
        return FALSE;
      *count = isfinite (*count) ? trunc (*count) : 0;
      return TRUE;
    }
  if (!esp_tensor_read_i64 (tensor, 0, 1, &whole, cancellable, error))
    return FALSE;
  *count = (double) whole;
  return TRUE;
}

static gboolean
read_numbers (EspLoadState *self,
              const Wanted *wanted,
              EspTensor *tensor,
              GCancellable *cancellable,
              GError **error)
{
  EspHistoryEvent event = { .kind = wanted->counter ? ESP_HISTORY_EDIT : ESP_HISTORY_FILL,
                            .parameter = wanted->parameter };
  g_autofree float *values = NULL;
  gboolean good = esp_tensor_check_walkable (tensor, error);

  if (good && esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                   _ ("%s: is made of floating point numbers, but the values are %s"), wanted->path,
                   esp_tensor_get_dtype_name (tensor));
      return FALSE;
    }
  if (good && wanted->counter)
    good = read_counter (tensor, &event.value, cancellable, error);
  else if (good)
    {
      values = g_new (float, MAX (wanted->count, 1));
      good = esp_tensor_read_f32 (tensor, 0, wanted->count, values, cancellable, error);
    }
  if (!good)
    {
      g_prefix_error (error, "%s: ", wanted->path);
      return FALSE;
    }
  if (values != NULL)
    event.numbers = g_bytes_new_take (g_steal_pointer (&values), wanted->count * sizeof (float));
  esp_history_event_clear (&self->events[wanted->parameter]);
  self->events[wanted->parameter] = event;
  self->loaded[wanted->parameter] = TRUE;
  return TRUE;
}

/* --- comparing --- */

static gboolean
read_wanted (EspLoadState *self,
             Origin *origin,
             const gint64 *rows,
             GCancellable *cancellable,
             GError **error)
{
  g_autofree gboolean *there = g_new0 (gboolean, MAX (self->n_parameters, 1));

  for (guint i = 0; i < self->wanted->len; i++)
    {
      const Wanted *wanted = &g_array_index (self->wanted, Wanted, i);
      EspTensor *tensor;

      if (rows[i] < 0)
        continue;
      tensor = get_tensor (origin, esp_tree_get_tensor (origin->tree, (guint) rows[i]));
      if (tensor == NULL)
        continue;
      there[wanted->parameter] = TRUE;
      if (!has_shape (wanted, tensor))
        add_mismatch (self, wanted, tensor);
      else if (!read_numbers (self, wanted, tensor, cancellable, error))
        return FALSE;
    }
  for (guint i = 0; i < self->wanted->len; i++)
    {
      const Wanted *wanted = &g_array_index (self->wanted, Wanted, i);

      if (!there[wanted->parameter])
        g_ptr_array_add (self->missing, g_strdup (wanted->path));
    }
  return TRUE;
}

/* all else below the base, but what an optimiser keeps and gradients */
static void
list_unexpected (EspLoadState *self, EspTree *tree, const Best *best)
{
  g_autofree char *above = esp_place_dup_path (best->base);
  g_autoptr (GString) path = g_string_new (NULL);
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  const char *separator = esp_tree_get_separator (tree);
  gsize skip = strlen (above);

  for (guint i = 0; i < self->wanted->len; i++)
    if (best->rows[i] >= 0)
      g_hash_table_add (known, GUINT_TO_POINTER ((guint) best->rows[i]));
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspTreeRow row;

      esp_tree_read_row (tree, i, &row);
      if (row.role == ESP_ROLE_OPTIMIZER || row.role == ESP_ROLE_GRADIENT ||
          g_hash_table_contains (known, GUINT_TO_POINTER (i)))
        continue;
      g_string_truncate (path, 0);
      esp_tree_append_row_path (tree, i, path);
      if (!g_str_has_prefix (path->str, above) ||
          (skip > 0 && !g_str_has_prefix (path->str + skip, separator)))
        continue;
      if (self->n_unexpected++ < MOST_UNEXPECTED)
        g_ptr_array_add (self->unexpected,
                         esp_path_escape (path->str + (skip > 0 ? skip + strlen (separator) : 0)));
    }
}

static gboolean
compare (EspLoadState *self, Origin *origin, GCancellable *cancellable, GError **error)
{
  Best best = { 0 };
  gboolean good;

  find_base (self, origin->tree, esp_tree_get_root (origin->tree), 0, &best);
  good = read_wanted (self, origin, best.rows, cancellable, error);
  if (good)
    list_unexpected (self, origin->tree, &best);
  g_free (best.rows);
  return good;
}

gboolean
esp_load_state_read (EspLoadState *self,
                     const char *path,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (EspLoaded) loaded = NULL;
  g_autofree char *base = NULL, *shown = NULL;
  Origin origin = { 0 };
  gboolean good;

  g_return_val_if_fail (self != NULL && path != NULL && self->label == NULL, FALSE);

  base = g_path_get_basename (path);
  shown = esp_path_escape (base);
  /* Translators: what can be undone; %s is the name of a file */
  self->label = g_strdup_printf (_ ("Load weights of %s"), shown);
  loaded = esp_loader_load (path, NULL, NULL, cancellable, error);
  if (loaded == NULL)
    return FALSE;
  origin.network = loaded->network;
  origin.tree = loaded->network != NULL ? esp_network_get_tree (loaded->network)
                                        : esp_checkpoint_get_tree (loaded->checkpoint);
  if (loaded->trainer != NULL)
    {
      esp_trainer_wait (loaded->trainer);
      origin.snapshot = esp_trainer_take_snapshot (loaded->trainer);
    }
  good = compare (self, &origin, cancellable, error);
  g_clear_pointer (&origin.snapshot, esp_snapshot_unref);
  if (!good)
    g_prefix_error (error, "%s: ", shown);
  return good;
}

static void
read_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const char *path = g_object_get_data (G_OBJECT (task), "path");
  GError *error = NULL;

  if (esp_load_state_read (data, path, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
esp_load_state_read_async (EspLoadState *take_self,
                           const char *path,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (take_self != NULL && path != NULL);

  /* the task is held by this thread, too, until it has told what came of it */
  task = g_task_new (take_self->document, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, take_self, NULL);
  g_object_set_data_full (G_OBJECT (task), "path", g_strdup (path), g_free);
  g_task_run_in_thread (task, read_in_worker);
}

EspLoadState *
esp_load_state_read_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (EspLoadState) self = g_task_get_task_data (G_TASK (result));

  return g_task_propagate_boolean (G_TASK (result), error) ? g_steal_pointer (&self) : NULL;
}

/* --- what came of it --- */

GPtrArray *
esp_load_state_get_missing (EspLoadState *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->missing;
}

GPtrArray *
esp_load_state_get_unexpected (EspLoadState *self, guint *n)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (n != NULL)
    *n = self->n_unexpected;
  return self->unexpected;
}

GPtrArray *
esp_load_state_get_mismatches (EspLoadState *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->mismatches;
}

guint
esp_load_state_get_n_fitting (EspLoadState *self)
{
  guint n = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < self->n_parameters; i++)
    n += self->loaded[i];
  return n;
}

gboolean
esp_load_state_is_complete (EspLoadState *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->missing->len == 0 && self->n_unexpected == 0 && self->mismatches->len == 0;
}

static void
describe_list (GString *text, const char *title, GPtrArray *names, guint n, guint most)
{
  guint shown = most > 0 ? MIN (names->len, most) : names->len;

  if (n == 0)
    return;
  g_string_append_printf (text, "%s%s", text->len > 0 ? "\n\n" : "", title);
  for (guint i = 0; i < shown; i++)
    g_string_append_printf (text, "\n%s", (const char *) g_ptr_array_index (names, i));
  if (n > shown)
    {
      g_string_append_c (text, '\n');
      g_string_append_printf (text, ngettext ("and %u more", "and %u more", n - shown), n - shown);
    }
}

char *
esp_load_state_describe (EspLoadState *self, guint most)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  describe_list (text, _ ("Missing in the file:"), self->missing, self->missing->len, most);
  describe_list (text, _ ("Not in the network:"), self->unexpected, self->n_unexpected, most);
  describe_list (text, _ ("Of another shape:"), self->mismatches, self->mismatches->len, most);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
esp_load_state_apply (EspLoadState *self)
{
  g_autofree EspHistoryEvent *events = NULL;
  guint n = 0;

  g_return_val_if_fail (self != NULL && self->label != NULL, FALSE);

  events = g_new (EspHistoryEvent, MAX (self->n_parameters, 1));
  for (guint i = 0; i < self->n_parameters; i++)
    if (self->loaded[i])
      events[n++] = self->events[i];
  if (n > 0)
    esp_document_put_events (self->document, events, n, self->label);
  return n > 0;
}
