/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ties: tensors of one storage are sorted by where they begin, so that equal views stand together
 * (alias groups) and a sweep meets only those whose intervals cross (overlaps, each decided by
 * their footprints). Most files have none and are told so by one pass that allocates nothing. Work
 * is bounded: at most MAX_TIES are kept, PAIRS are compared, STEPS taken; a pair beyond is a
 * "maybe", and a storage whose pairs could not all be looked at makes the list incomplete. */

#include "config.h"

#include "esp-ties.h"

#define MAX_TIES 10000
#define PAIRS 1000000
#define STEPS_PER_PAIR 1000000
#define STEPS 20000000

typedef struct
{
  EspStorage *storage;
  guint64 base, end; /* bits */
  guint32 leaf;
} Span;

/* equal views */
typedef struct
{
  guint first; /* among the spans */
  guint n;
} Group;

typedef struct
{
  EspNodes *nodes;
  GArray *spans;  /* Span, sorted */
  GArray *groups; /* Group, of the storage at hand */
  GArray *active; /* guint: groups that a later one may cross */
  guint64 pairs;  /* left */
  guint64 steps;  /* left */
} Finder;

/* the bits from first to last; FALSE for a tensor that can't tie */
static gboolean
get_interval (EspTensor *tensor, guint64 *base, guint64 *end)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);
  guint64 bits = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->bits;
  EspFootprint view;

  if (storage == NULL || esp_tensor_get_count (tensor) == 0)
    return FALSE;
  if (esp_tensor_is_contiguous (tensor) && esp_storage_get_size (storage) <= G_MAXINT64 / 8)
    {
      *base = esp_tensor_get_offset (tensor) * bits;
      *end = *base + esp_tensor_get_count (tensor) * bits;
      return TRUE;
    }
  if (!esp_footprint_init (&view, tensor))
    return FALSE;
  *base = view.base;
  *end = esp_footprint_end (&view);
  return TRUE;
}

guint64
esp_ties_count_elements (EspTensor *tensor)
{
  if (esp_tensor_get_storage (tensor) == NULL || esp_tensor_is_contiguous (tensor))
    return esp_tensor_get_count (tensor);
  return esp_footprint_count (tensor);
}

/* --- sorting --- */

static int
compare_integers (gint64 a, gint64 b)
{
  return a < b ? -1 : a > b;
}

/* 0 exactly for aliases, given the same storage */
static int
compare_views (EspTensor *a, EspTensor *b)
{
  guint ndim = esp_tensor_get_ndim (a);
  const gint64 *shape[] = { esp_tensor_get_shape (a), esp_tensor_get_shape (b) };
  const gint64 *strides[] = { esp_tensor_get_strides (a), esp_tensor_get_strides (b) };
  int order = compare_integers (esp_tensor_get_dtype (a), esp_tensor_get_dtype (b));

  if (order == 0)
    order = compare_integers (esp_tensor_get_flags (a), esp_tensor_get_flags (b));
  if (order == 0)
    order = compare_integers (esp_tensor_get_offset (a), esp_tensor_get_offset (b));
  if (order == 0)
    order = compare_integers (ndim, esp_tensor_get_ndim (b));
  for (guint i = 0; order == 0 && i < ndim; i++)
    {
      order = compare_integers (shape[0][i], shape[1][i]);
      if (order == 0)
        order = compare_integers (strides[0][i], strides[1][i]);
    }
  return order;
}

static int
compare_spans (gconstpointer a, gconstpointer b, gpointer user_data)
{
  EspNodes *nodes = user_data;
  const Span *x = a, *y = b;
  int order;

  if (x->storage != y->storage)
    return (guintptr) x->storage < (guintptr) y->storage ? -1 : 1;
  if (x->base != y->base)
    return x->base < y->base ? -1 : 1;
  if (x->end != y->end)
    return x->end > y->end ? -1 : 1;
  order = compare_views (esp_nodes_leaf_at (nodes, x->leaf)->tensor,
                         esp_nodes_leaf_at (nodes, y->leaf)->tensor);
  return order != 0 ? order : compare_integers (x->leaf, y->leaf);
}

/* TRUE when no leaf holds a memory that anybody else holds, as in files without sharing: nothing is
 * tied, and nothing has to be sorted to see it */
static gboolean
are_all_sole (EspNodes *nodes)
{
  for (guint i = 0; i < nodes->leaves->len; i++)
    if (!esp_tensor_is_sole (esp_nodes_leaf_at (nodes, i)->tensor))
      return FALSE;
  return TRUE;
}

/* TRUE when the leaves stand in ascending order without touching, so that nothing is tied */
static gboolean
is_ascending (EspNodes *nodes)
{
  EspStorage *storage = NULL;
  guint64 base, end, last = 0;

  for (guint i = 0; i < nodes->leaves->len; i++)
    {
      EspTensor *tensor = esp_nodes_leaf_at (nodes, i)->tensor;

      if (!get_interval (tensor, &base, &end))
        continue;
      if ((guintptr) esp_tensor_get_storage (tensor) < (guintptr) storage ||
          (esp_tensor_get_storage (tensor) == storage && base < last))
        return FALSE;
      storage = esp_tensor_get_storage (tensor);
      last = end;
    }
  return TRUE;
}

static GArray *
list_spans (EspNodes *nodes)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (Span));

  for (guint i = 0; i < nodes->leaves->len; i++)
    {
      EspTensor *tensor = esp_nodes_leaf_at (nodes, i)->tensor;
      Span span = { .storage = esp_tensor_get_storage (tensor), .leaf = i };

      if (get_interval (tensor, &span.base, &span.end))
        g_array_append_val (spans, span);
    }
  g_array_sort_with_data (spans, compare_spans, nodes);
  return spans;
}

/* --- ties --- */

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer user_data)
{
  EspNodes *nodes = user_data;

  return compare_integers (esp_nodes_at (nodes, *(const guint32 *) a)->first,
                           esp_nodes_at (nodes, *(const guint32 *) b)->first);
}

/* @places: (element-type guint32), at least two; takes the content */
static void
add_tie (EspNodes *nodes, EspTieKind kind, GArray *places)
{
  EspTie *tie;

  if (nodes->ties->len >= MAX_TIES)
    {
      nodes->ties_complete = FALSE;
      return;
    }
  g_array_sort_with_data (places, compare_rows, nodes);
  tie = g_new0 (EspTie, 1);
  tie->nodes = nodes;
  tie->kind = kind;
  tie->n = places->len;
  tie->places = g_new (guint32, places->len);
  for (guint i = 0; i < places->len; i++)
    tie->places[i] = g_array_index (places, guint32, i);
  g_ptr_array_add (nodes->ties, tie);
}

/* the rows of a leaf that the file holds, or those it doesn't */
static void
append_places (EspNodes *nodes, guint32 leaf, gboolean implied, GArray *places)
{
  guint32 node = esp_nodes_leaf_at (nodes, leaf)->node;

  for (; node != ESP_NO_NODE; node = esp_nodes_next_place (nodes, node))
    if (esp_node_is_implied (esp_nodes_at (nodes, node)) == implied)
      g_array_append_val (places, node);
}

/* @leaves are one memory */
static void
add_alias_ties (EspNodes *nodes, const guint32 *leaves, guint n)
{
  g_autoptr (GArray) stored = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) implied = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; i < n; i++)
    {
      append_places (nodes, leaves[i], FALSE, stored);
      append_places (nodes, leaves[i], TRUE, implied);
    }
  if (stored->len + implied->len < 2)
    return;
  for (guint i = 0; i < n; i++)
    {
      esp_nodes_leaf_at (nodes, leaves[i])->flags |= ESP_LEAF_TIED;
      if (i > 0)
        g_hash_table_insert (nodes->alias_of, GUINT_TO_POINTER (leaves[i]),
                             GUINT_TO_POINTER (leaves[0]));
    }
  if (stored->len > 1)
    add_tie (nodes, ESP_TIE_ALIAS, stored);
  if (implied->len > 0)
    {
      /* the kept row comes first by its index, which is before all implied ones */
      if (stored->len > 0)
        g_array_append_val (implied, g_array_index (stored, guint32, 0));
      if (implied->len > 1)
        add_tie (nodes, ESP_TIE_IMPLIED, implied);
    }
}

static void
add_group_tie (Finder *self, const Group *group)
{
  g_autofree guint32 *leaves = g_new (guint32, group->n);

  for (guint i = 0; i < group->n; i++)
    leaves[i] = g_array_index (self->spans, Span, group->first + i).leaf;
  add_alias_ties (self->nodes, leaves, group->n);
}

static guint32
get_first_row (Finder *self, const Group *group)
{
  guint32 first = ESP_NO_NODE;

  for (guint i = 0; i < group->n; i++)
    {
      guint32 leaf = g_array_index (self->spans, Span, group->first + i).leaf;
      guint32 node = esp_nodes_leaf_at (self->nodes, leaf)->node;

      if (first == ESP_NO_NODE || compare_rows (&node, &first, self->nodes) < 0)
        first = node;
    }
  return first;
}

static void
mark_tied (Finder *self, const Group *group)
{
  for (guint i = 0; i < group->n; i++)
    {
      guint32 leaf = g_array_index (self->spans, Span, group->first + i).leaf;

      esp_nodes_leaf_at (self->nodes, leaf)->flags |= ESP_LEAF_TIED;
    }
}

/* whether two groups have an element in common; their intervals cross */
static EspMeet
groups_meet (Finder *self, const Group *a, const Group *b)
{
  guint32 leaf_a = g_array_index (self->spans, Span, a->first).leaf;
  guint32 leaf_b = g_array_index (self->spans, Span, b->first).leaf;
  EspFootprint view_a, view_b;
  guint64 budget = MIN (self->steps, STEPS_PER_PAIR), left = budget;
  EspMeet meet;

  if (!esp_footprint_init (&view_a, esp_nodes_leaf_at (self->nodes, leaf_a)->tensor) ||
      !esp_footprint_init (&view_b, esp_nodes_leaf_at (self->nodes, leaf_b)->tensor))
    return ESP_MEET_NO;
  meet = esp_footprint_meet (&view_a, &view_b, &left);
  self->steps -= budget - left;
  return meet;
}

static void
add_overlap (Finder *self, const Group *a, const Group *b, EspMeet meet)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 rows[] = { get_first_row (self, a), get_first_row (self, b) };

  g_array_append_vals (places, rows, 2);
  add_tie (self->nodes, meet == ESP_MEET_YES ? ESP_TIE_OVERLAP : ESP_TIE_MAYBE, places);
  mark_tied (self, a);
  mark_tied (self, b);
}

/* @group against those active; FALSE when the bound is reached */
static gboolean
sweep_one (Finder *self, guint index)
{
  const Group *group = &g_array_index (self->groups, Group, index);
  guint64 base = g_array_index (self->spans, Span, group->first).base;
  guint kept = 0;

  for (guint i = 0; i < self->active->len; i++)
    {
      guint id = g_array_index (self->active, guint, i);
      const Group *other = &g_array_index (self->groups, Group, id);
      EspMeet meet;

      if (g_array_index (self->spans, Span, other->first).end <= base)
        continue;
      g_array_index (self->active, guint, kept++) = id;
      if (self->pairs == 0 || self->nodes->ties->len >= MAX_TIES)
        return FALSE;
      self->pairs--;
      meet = groups_meet (self, other, group);
      if (meet != ESP_MEET_NO)
        add_overlap (self, other, group, meet);
    }
  g_array_set_size (self->active, kept);
  g_array_append_val (self->active, index);
  return TRUE;
}

/* the spans [first, end) of one storage */
static void
find_in_storage (Finder *self, guint first, guint end)
{
  g_array_set_size (self->groups, 0);
  g_array_set_size (self->active, 0);
  for (guint i = first; i < end;)
    {
      Group group = { i, 1 };
      EspTensor *tensor =
          esp_nodes_leaf_at (self->nodes, g_array_index (self->spans, Span, i).leaf)->tensor;

      while (i + group.n < end &&
             compare_views (tensor,
                            esp_nodes_leaf_at (self->nodes,
                                               g_array_index (self->spans, Span, i + group.n).leaf)
                                ->tensor) == 0)
        group.n++;
      if (group.n > 1 || self->nodes->next_place != NULL)
        add_group_tie (self, &group);
      g_array_append_val (self->groups, group);
      i += group.n;
    }
  for (guint i = 0; i < self->groups->len; i++)
    if (!sweep_one (self, i))
      {
        self->nodes->ties_complete = FALSE;
        for (guint k = 0; k < self->groups->len; k++)
          mark_tied (self, &g_array_index (self->groups, Group, k));
        return;
      }
}

static void
find_in_storages (EspNodes *nodes)
{
  Finder self = { .nodes = nodes, .pairs = PAIRS, .steps = STEPS };
  guint first = 0;

  self.spans = list_spans (nodes);
  self.groups = g_array_new (FALSE, FALSE, sizeof (Group));
  self.active = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 1; i <= self.spans->len; i++)
    if (i == self.spans->len || g_array_index (self.spans, Span, i).storage !=
                                    g_array_index (self.spans, Span, first).storage)
      {
        if (i - first > 1)
          find_in_storage (&self, first, i);
        first = i;
      }
  g_array_unref (self.spans);
  g_array_unref (self.groups);
  g_array_unref (self.active);
}

/* parameters that stand at several places and were not found by their storage */
static void
find_shared (EspNodes *nodes)
{
  for (guint32 i = 0; i < nodes->leaves->len; i++)
    {
      EspLeaf *leaf = esp_nodes_leaf_at (nodes, i);

      if (!(leaf->flags & ESP_LEAF_TIED) && leaf->node != ESP_NO_NODE &&
          esp_nodes_next_place (nodes, leaf->node) != ESP_NO_NODE)
        add_alias_ties (nodes, &i, 1);
    }
}

static gboolean
is_second_rank (EspTieKind kind)
{
  return kind == ESP_TIE_OVERLAP || kind == ESP_TIE_MAYBE;
}

static int
compare_ties (gconstpointer a, gconstpointer b)
{
  const EspTie *x = *(EspTie *const *) a, *y = *(EspTie *const *) b;
  int order = compare_integers (is_second_rank (x->kind), is_second_rank (y->kind));

  if (order == 0)
    order = compare_rows (&x->places[0], &y->places[0], x->nodes);
  if (order == 0)
    order = compare_rows (&x->places[1], &y->places[1], x->nodes);
  return order != 0 ? order : compare_integers (x->kind, y->kind);
}

static void
index_ties (EspNodes *nodes)
{
  nodes->tie_of = g_hash_table_new (NULL, NULL);
  g_ptr_array_sort (nodes->ties, compare_ties);
  for (guint i = 0; i < nodes->ties->len; i++)
    {
      EspTie *tie = nodes->ties->pdata[i];

      tie->index = i;
      for (guint k = 0; k < tie->n; k++)
        if (!g_hash_table_contains (nodes->tie_of, GUINT_TO_POINTER (tie->places[k])))
          g_hash_table_insert (nodes->tie_of, GUINT_TO_POINTER (tie->places[k]), tie);
    }
}

void
esp_ties_find (EspNodes *nodes)
{
  nodes->ties = g_ptr_array_new ();
  nodes->alias_of = g_hash_table_new (NULL, NULL);
  if (!are_all_sole (nodes) && !is_ascending (nodes))
    find_in_storages (nodes);
  if (nodes->next_place != NULL)
    find_shared (nodes);
  if (nodes->ties->len > 0)
    index_ties (nodes);
}

/* --- sums --- */

static int
compare_leaves (gconstpointer a, gconstpointer b)
{
  return compare_integers (*(const guint32 *) a, *(const guint32 *) b);
}

static int
compare_storages (gconstpointer a, gconstpointer b)
{
  guintptr x = (guintptr) esp_tensor_get_storage (*(EspTensor *const *) a);
  guintptr y = (guintptr) esp_tensor_get_storage (*(EspTensor *const *) b);

  return x < y ? -1 : x > y;
}

static guint64
add_saturated (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

/* elements of @tensors, sorted by storage, each once */
static guint64
count_elements (EspTensor **tensors, guint n)
{
  guint64 sum = 0;
  guint first = 0;

  for (guint i = 1; i <= n; i++)
    {
      EspStorage *storage = esp_tensor_get_storage (tensors[first]);

      if (i < n && storage != NULL && esp_tensor_get_storage (tensors[i]) == storage)
        continue;
      if (i - first == 1)
        sum = add_saturated (sum, esp_ties_count_elements (tensors[first]));
      else
        sum = add_saturated (sum, esp_footprint_count_union (tensors + first, i - first));
      first = i;
    }
  return sum;
}

void
esp_ties_sum (EspNodes *nodes, GArray *leaves, EspTotals *totals)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autofree EspTensor **tensors = g_new (EspTensor *, leaves->len);
  guint n = 0;

  g_array_sort (leaves, compare_leaves);
  for (guint i = 0; i < leaves->len; i++)
    {
      gpointer id = GUINT_TO_POINTER (g_array_index (leaves, guint32, i));
      gpointer first = NULL;

      if (g_hash_table_lookup_extended (nodes->alias_of, id, NULL, &first))
        id = first;
      if (!g_hash_table_add (seen, id))
        continue;
      tensors[n++] = esp_nodes_leaf_at (nodes, GPOINTER_TO_UINT (id))->tensor;
      if (esp_nodes_leaf_at (nodes, GPOINTER_TO_UINT (id))->role == ESP_ROLE_PARAMETER)
        totals->parameters++;
    }
  qsort (tensors, n, sizeof *tensors, compare_storages);
  totals->unique_elements = add_saturated (totals->unique_elements, count_elements (tensors, n));
}
