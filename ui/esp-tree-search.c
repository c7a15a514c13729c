/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depth first with a stack of its own: a tree may be 1000 levels deep. Only places that are kept
 * enter the table. */

#include "config.h"

#include "esp-tree-search.h"

#define PLACES_PER_LOOK_AT_THE_CLOCK 32

enum
{
  MATCHES = 1 << 0, /* itself */
  LEADS = 1 << 1,   /* something below it does */
};

typedef struct
{
  EspPlace *place; /* borrowed from the tree, which the root keeps */
  guint next;
  guint flags;
} Frame;

struct _EspTreeSearch
{
  GObject parent_instance;

  EspPlace *root;
  EspTreeQuery *query;
  GArray *stack;    /* Frame */
  GHashTable *kept; /* EspPlace -> flags */
  EspPlace *first;  /* borrowed */
  guint n_matches;
};

G_DEFINE_FINAL_TYPE (EspTreeSearch, esp_tree_search, G_TYPE_OBJECT)

static void
enter (EspTreeSearch *self, EspPlace *place)
{
  Frame frame = { place, 0, 0 };

  if (place != self->root && esp_tree_query_matches (self->query, place))
    {
      frame.flags = MATCHES;
      self->n_matches++;
      if (!self->first)
        self->first = place;
    }
  g_array_append_val (self->stack, frame);
}

static void
leave (EspTreeSearch *self)
{
  Frame frame = g_array_index (self->stack, Frame, self->stack->len - 1);

  g_array_set_size (self->stack, self->stack->len - 1);
  if (!frame.flags)
    return;
  g_hash_table_insert (self->kept, frame.place, GUINT_TO_POINTER (frame.flags));
  if (self->stack->len)
    g_array_index (self->stack, Frame, self->stack->len - 1).flags |= LEADS;
}

static void
esp_tree_search_finalize (GObject *object)
{
  EspTreeSearch *self = ESP_TREE_SEARCH (object);

  g_clear_pointer (&self->query, esp_tree_query_free);
  g_clear_pointer (&self->stack, g_array_unref);
  g_clear_pointer (&self->kept, g_hash_table_unref);
  g_clear_object (&self->root);
  G_OBJECT_CLASS (esp_tree_search_parent_class)->finalize (object);
}

static void
esp_tree_search_class_init (EspTreeSearchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_tree_search_finalize;
}

static void
esp_tree_search_init (EspTreeSearch *self)
{
  self->stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  self->kept = g_hash_table_new (NULL, NULL);
}

EspTreeSearch *
esp_tree_search_new (EspPlace *root, const char *text)
{
  EspTreeSearch *self;

  g_return_val_if_fail (ESP_IS_PLACE (root), NULL);

  self = g_object_new (ESP_TYPE_TREE_SEARCH, NULL);
  self->root = g_object_ref (root);
  self->query = esp_tree_query_new (text);
  enter (self, root);
  return self;
}

gboolean
esp_tree_search_run (EspTreeSearch *self, gint64 microseconds)
{
  gint64 end = g_get_monotonic_time () + microseconds;
  guint n = 0;

  g_return_val_if_fail (ESP_IS_TREE_SEARCH (self), TRUE);

  while (self->stack->len)
    {
      Frame *frame = &g_array_index (self->stack, Frame, self->stack->len - 1);

      if (frame->next < esp_place_get_n_children (frame->place))
        enter (self, esp_place_get_child (frame->place, frame->next++));
      else
        leave (self);
      if (++n % PLACES_PER_LOOK_AT_THE_CLOCK == 0 && g_get_monotonic_time () > end)
        return self->stack->len == 0;
    }
  return TRUE;
}

guint
esp_tree_search_get_n_matches (EspTreeSearch *self)
{
  g_return_val_if_fail (ESP_IS_TREE_SEARCH (self), 0);

  return self->n_matches;
}

EspPlace *
esp_tree_search_get_first_match (EspTreeSearch *self)
{
  g_return_val_if_fail (ESP_IS_TREE_SEARCH (self), NULL);

  return self->first;
}

static guint
get_flags (EspTreeSearch *self, EspPlace *place)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->kept, place));
}

/* below a module that matches, all is shown */
static gboolean
is_below_match (EspTreeSearch *self, EspPlace *place)
{
  for (; place && place != self->root; place = esp_place_get_parent (place))
    if (get_flags (self, place) & MATCHES)
      return TRUE;
  return FALSE;
}

GListModel *
esp_tree_search_get_children (EspTreeSearch *self, EspPlace *place)
{
  g_autoptr (GListStore) store = NULL;
  guint n = esp_place_get_n_children (place);

  g_return_val_if_fail (ESP_IS_TREE_SEARCH (self), NULL);

  if (n == 0)
    return NULL;
  if (is_below_match (self, place))
    return g_object_ref (G_LIST_MODEL (place));
  store = g_list_store_new (ESP_TYPE_PLACE);
  for (guint i = 0; i < n; i++)
    {
      EspPlace *child = esp_place_get_child (place, i);

      if (get_flags (self, child))
        g_list_store_append (store, child);
    }
  return G_LIST_MODEL (g_steal_pointer (&store));
}

gboolean
esp_tree_search_has_match_below (EspTreeSearch *self, EspPlace *place)
{
  g_return_val_if_fail (ESP_IS_TREE_SEARCH (self), FALSE);

  return (get_flags (self, place) & LEADS) != 0;
}
