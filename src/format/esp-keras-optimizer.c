/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an optimizer keeps, beside the parameter that it belongs to: optimizer/out/kernel/momentum.
 *
 * Keras 3 numbers its variables: counters first, then for each trained variable of the model what
 * the optimizer keeps for it, in the model's order. They are named only where the optimizer is
 * known and their number and all shapes agree with that; else they keep their numbers. Older files
 * have names with the variable's in them:
 *
 *   adam/out_kernel_momentum    Keras 3     (optimizer, path with "_", slot)
 *   Adam/m/out/kernel:0         tf_keras    (optimizer, slot, path)
 *   out/kernel/m:0              Keras 2     (path, slot)
 */

#include "config.h"

#include "esp-keras-tree.h"

#include "esp-keras-variables.h"

#include <glib/gi18n.h>
#include <string.h>

#define COUNTERS_MOST 2
#define SLOTS_MOST 8
#define LONGEST_NAME 1024 /* that is taken apart; real ones have some 60 characters */

static const EspKerasTrained *
get_trained (const EspKerasTree *self, guint index)
{
  return &g_array_index (self->trained, EspKerasTrained, index);
}

static guint
push_parts (EspKerasTree *self, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  guint n = 0;

  for (; parts[n] != NULL; n++)
    esp_keras_tree_push (self, parts[n]);
  return n;
}

/* what the optimizer keeps in @node is of this variable, or of none */
static void
tell_owner (EspKerasTree *self, const EspHdf5Node *node, const EspKerasTrained *of)
{
  const char *base[] = { node->parent != NULL ? node->parent->path : "", NULL };

  esp_tree_builder_add_state_order (self->builder, base, node->name,
                                    of != NULL ? of->stored : NULL);
}

/* @leaf below the path of a variable, or of nothing: then of its own, which may be NULL */
static gboolean
put (EspKerasTree *self,
     const EspKerasTrained *of,
     const char *path,
     const char *leaf,
     const EspHdf5Node *node,
     GError **error)
{
  guint n = of != NULL ? push_parts (self, of->path) : path != NULL ? push_parts (self, path) : 0;
  gboolean done = esp_keras_tree_add_variable (self, leaf, node->path, ESP_ROLE_OPTIMIZER,
                                               node->tensor, error);

  if (of != NULL)
    tell_owner (self, node, of);
  while (n-- > 0)
    esp_keras_tree_pop (self);
  return done;
}

/* {{{ by number */

/* slots that follow one another for each variable */
typedef struct
{
  char *names[SLOTS_MOST];
  guint n;
} Round;

typedef struct
{
  Round rounds[SLOTS_MOST];
  guint n;
} Plan;

static void
plan_clear (Plan *plan)
{
  for (guint i = 0; i < plan->n; i++)
    for (guint k = 0; k < plan->rounds[i].n; k++)
      g_free (plan->rounds[i].names[k]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static void
add_round (Plan *plan, const char *words, const EspKerasLayer *optimizer)
{
  g_auto (GStrv) parts = g_strsplit (words, " ", SLOTS_MOST);
  Round *round = &plan->rounds[plan->n];

  round->n = 0;
  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *condition = strchr (parts[i], '?');

      if (condition != NULL)
        *condition++ = '\0';
      if (condition == NULL || esp_keras_layer_is_set (optimizer, condition, FALSE))
        round->names[round->n++] = g_strdup (parts[i]);
    }
  if (round->n > 0)
    plan->n++;
}

static gboolean
make_plan (const EspKerasTree *self, Plan *plan)
{
  const EspKerasLayer *optimizer = self->config->optimizer;
  const char *slots = optimizer != NULL ? esp_keras_get_slots (optimizer->class_name, self->keras2)
                                        : NULL;
  g_auto (GStrv) rounds = NULL;

  if (slots == NULL)
    return FALSE;
  rounds = g_strsplit (slots, "|", SLOTS_MOST - 1);
  if (esp_keras_layer_is_set (optimizer, "use_ema", FALSE))
    add_round (plan, "average", optimizer);
  for (guint i = 0; rounds[i] != NULL; i++)
    add_round (plan, rounds[i], optimizer);
  return TRUE;
}

static gboolean
have_equal_shapes (EspTensor *a, EspTensor *b)
{
  guint n = esp_tensor_get_ndim (a);

  return n == esp_tensor_get_ndim (b) &&
         (n == 0 ||
          memcmp (esp_tensor_get_shape (a), esp_tensor_get_shape (b), n * sizeof (gint64)) == 0);
}

/* The variables that @m slots, each @step after the other, were made for: the trained ones in their
 * order, where any may be left out of which it isn't certain that they are trained. Gone through
 * forwards or backwards. */
static gboolean
match_slots (const EspKerasTree *self,
             const EspHdf5Node *const *nodes,
             guint m,
             guint step,
             gboolean with_frozen,
             gboolean backwards,
             guint *out)
{
  guint n = self->trained->len;
  guint found = 0;

  for (guint i = 0; i < n; i++)
    {
      guint index = backwards ? n - 1 - i : i;
      guint slot = backwards ? m - 1 - found : found;
      const EspKerasTrained *trained = get_trained (self, index);

      if (trained->is_frozen && !with_frozen)
        continue;
      if (found < m && have_equal_shapes (nodes[slot * step]->tensor, trained->tensor))
        {
          out[slot] = index;
          found++;
        }
      else if (!trained->is_uncertain)
        return FALSE;
    }
  return found == m;
}

/* how many counters stand before what the plan says, and which variables (@out, as many as there
 * are trained ones) each round goes through, if only one choice fits; -1 where none does */
static int
fit_plan (const EspKerasTree *self,
          const Plan *plan,
          const EspHdf5Node *const *nodes,
          guint n,
          gboolean with_frozen,
          guint *out,
          guint *n_out)
{
  g_autofree guint *other = g_new (guint, self->trained->len + 1);
  guint slots = 0;

  for (guint i = 0; i < plan->n; i++)
    slots += plan->rounds[i].n;
  for (guint counters = 0; counters <= MIN (COUNTERS_MOST, n); counters++)
    {
      guint m = slots > 0 ? (n - counters) / slots : 0;

      if (m * slots != n - counters || m > self->trained->len)
        continue;
      *n_out = m;
      if (slots == 0)
        return (int) counters;
      if (m > 0 &&
          match_slots (self, nodes + counters, m, plan->rounds[0].n, with_frozen, FALSE, out) &&
          match_slots (self, nodes + counters, m, plan->rounds[0].n, with_frozen, TRUE, other) &&
          memcmp (out, other, m * sizeof *out) == 0)
        return (int) counters;
    }
  return -1;
}

/* whether all slots have the shapes of their variables */
static gboolean
check_plan (const EspKerasTree *self,
            const Plan *plan,
            const EspHdf5Node *const *nodes,
            const guint *chosen,
            guint m)
{
  guint at = 0;

  for (guint i = 0; i < plan->n; i++)
    for (guint k = 0; k < m; k++)
      for (guint slot = 0; slot < plan->rounds[i].n; slot++)
        if (!have_equal_shapes (nodes[at++]->tensor, get_trained (self, chosen[k])->tensor))
          return FALSE;
  return TRUE;
}

static gboolean
put_plan (EspKerasTree *self,
          const Plan *plan,
          const EspHdf5Node *const *nodes,
          const guint *chosen,
          guint m,
          GError **error)
{
  guint at = 0;

  for (guint i = 0; i < plan->n; i++)
    for (guint k = 0; k < m; k++)
      for (guint slot = 0; slot < plan->rounds[i].n; slot++)
        if (!put (self, get_trained (self, chosen[k]), NULL, plan->rounds[i].names[slot],
                  nodes[at++], error))
          return FALSE;
  return TRUE;
}

/* the first two are scalars: how many steps were made, and in Keras 3 how large they are */
static const char *
name_counter (const EspHdf5Node *const *nodes, guint n, guint index)
{
  EspKind kind;

  if (index >= COUNTERS_MOST || index >= n || esp_tensor_get_ndim (nodes[index]->tensor) != 0)
    return NULL;
  kind = esp_dtype_get_info (esp_tensor_get_dtype (nodes[index]->tensor))->kind;
  if (index == 0)
    return kind == ESP_KIND_INT ? "iteration" : NULL;
  return kind == ESP_KIND_FLOAT ? "learning_rate" : NULL;
}

gboolean
esp_keras_tree_read_optimizer (EspKerasTree *self,
                               const char *name,
                               const EspHdf5Node *const *nodes,
                               guint n,
                               GError **error)
{
  g_auto (Plan) plan = { 0 };
  g_autofree guint *chosen = g_new (guint, self->trained->len + 1);
  const EspKerasLayer *optimizer = self->config->optimizer;
  int counters = -1;
  guint m = 0;

  if (self->config->model != NULL && !self->is_unordered && make_plan (self, &plan))
    for (guint with_frozen = 0; with_frozen < 2 && counters < 0; with_frozen++)
      {
        counters = fit_plan (self, &plan, nodes, n, with_frozen != 0, chosen, &m);
        if (counters >= 0 && !check_plan (self, &plan, nodes + counters, chosen, m))
          counters = -1;
      }
  if (esp_keras_tree_add_module (self, optimizer != NULL ? optimizer->class_name : "", name,
                                 optimizer, error) == NULL)
    return FALSE;
  for (guint i = 0; i < (counters >= 0 ? (guint) counters : n); i++)
    {
      const char *leaf = name_counter (nodes, n, i);

      if (counters >= 0)
        tell_owner (self, nodes[i], NULL);
      if (!put (self, NULL, NULL, leaf != NULL ? leaf : nodes[i]->name, nodes[i], error))
        return FALSE;
    }
  return counters < 0 || put_plan (self, &plan, nodes + counters, chosen, m, error);
}

/* }}} */
/* {{{ by name */

/* "m:0" -> "m" */
static char *
dup_plain (const char *text)
{
  const char *colon = strrchr (text, ':');
  gsize digits = colon != NULL ? strspn (colon + 1, "0123456789") : 0;

  return digits > 0 && colon[1 + digits] == '\0' ? g_strndup (text, (gsize) (colon - text))
                                                 : g_strdup (text);
}

/* What variables are called -> themselves: by path or alias, with "/" or "_". A name that two have
 * stands for neither. */
static void
add_name (GHashTable *index, char *name, const EspKerasTrained *trained)
{
  gpointer known = NULL;

  if (g_hash_table_lookup_extended (index, name, NULL, &known) && known != trained)
    trained = NULL;
  g_hash_table_replace (index, name, (gpointer) trained);
}

static GHashTable *
index_trained (const EspKerasTree *self)
{
  GHashTable *index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->trained->len; i++)
    {
      const EspKerasTrained *trained = get_trained (self, i);
      const char *names[] = { trained->path, trained->alias };

      for (guint k = 0; k < 2 && names[k] != NULL; k++)
        {
          add_name (index, g_strdup (names[k]), trained);
          add_name (index, g_strdelimit (g_strdup (names[k]), "/", '_'), trained);
        }
    }
  return index;
}

/* takes @name apart into a variable's path and what is kept for it; NULL where it isn't so made */
static const EspKerasTrained *
split_name (GHashTable *index, const char *name, char **slot)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", 64);
  guint n = g_strv_length (parts);

  if (strlen (name) > LONGEST_NAME)
    return NULL;
  /* optimizer/slot/path, also without the optimizer */
  for (guint i = 0; i + 1 < n && i < 2; i++)
    {
      g_autofree char *rest = g_strjoinv ("/", parts + i + 1);
      const EspKerasTrained *found = g_hash_table_lookup (index, rest);

      if (found != NULL)
        {
          *slot = g_strdup (parts[i]);
          return found;
        }
    }
  /* path/slot, path_slot; an optimizer may stand before it */
  for (guint i = 0; i < n && i < 3; i++)
    {
      g_autofree char *rest = g_strjoinv ("/", parts + i);

      for (gsize cut = strlen (rest); cut-- > 1;)
        if (rest[cut] == '/' || rest[cut] == '_')
          {
            g_autofree char *head = g_strndup (rest, cut);
            const EspKerasTrained *found = g_hash_table_lookup (index, head);

            if (found != NULL)
              {
                *slot = g_strdup (rest + cut + 1);
                return found;
              }
          }
    }
  return NULL;
}

static gboolean
put_named (EspKerasTree *self,
           GHashTable *index,
           const EspHdf5Node *group,
           const EspHdf5Node *node,
           GError **error)
{
  gsize skip = strlen (group->path);
  const char *inside = g_str_has_prefix (node->path, group->path) && skip > 0
                           ? node->path + skip + 1
                           : node->name;
  g_autofree char *name = dup_plain (inside);
  g_autofree char *slot = NULL, *around = NULL;
  const EspKerasTrained *of = split_name (index, name, &slot);
  const char *brief = strrchr (name, '/');

  brief = brief != NULL ? brief + 1 : name;
  if (of != NULL)
    return put (self, of, NULL, slot, node, error);
  if (brief == name || strcmp (brief, "iteration") == 0 || strcmp (brief, "learning_rate") == 0)
    return put (self, NULL, NULL, brief, node, error);
  around = g_strndup (name, (gsize) (brief - 1 - name));
  return put (self, NULL, around, brief, node, error);
}

/* the data sets below a group in the order of their links */
static gboolean
put_below (EspKerasTree *self,
           GHashTable *index,
           const EspHdf5Node *group,
           const EspHdf5Node *at,
           GHashTable *done,
           guint depth,
           GError **error)
{
  for (const EspHdf5Node *node = at->first_child; node != NULL && depth < 100; node = node->next)
    {
      if (node->kind == ESP_HDF5_GROUP &&
          !put_below (self, index, group, node, done, depth + 1, error))
        return FALSE;
      if (node->kind == ESP_HDF5_DATASET && g_hash_table_add (done, (gpointer) node) &&
          !put_named (self, index, group, node, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
esp_keras_tree_read_legacy_optimizer (EspKerasTree *self,
                                      EspHdf5File *file,
                                      const EspHdf5Node *group,
                                      GError **error)
{
  g_autoptr (GHashTable) index = index_trained (self);
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);
  g_auto (GStrv) names = esp_hdf5_node_dup_strings (group, "weight_names");
  const EspKerasLayer *optimizer = self->config->optimizer;
  gboolean good;

  esp_keras_tree_push (self, "optimizer");
  good = esp_keras_tree_add_module (self, optimizer != NULL ? optimizer->class_name : "", "",
                                    optimizer, error) != NULL;
  for (guint i = 0; good && names != NULL && names[i] != NULL; i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_find (file, group, names[i]);

      if (node != NULL && node->kind == ESP_HDF5_DATASET &&
          g_hash_table_add (done, (gpointer) node))
        good = put_named (self, index, group, node, error);
    }
  good = good && put_below (self, index, group, group, done, 0, error);
  esp_keras_tree_pop (self);
  return good;
}

/* }}} */
