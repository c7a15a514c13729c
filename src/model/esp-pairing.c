/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the paths and shapes of a listing to pairs. In: up to some 100,000 tensors, three of four of
 * them state; each is looked at a few times, by hash tables alone. A *unit* is what an optimizer
 * keeps under one number: of torch.optim all of state[3], of Keras one variable. Units without a
 * name are paired in the order of the parameters, each with one of equal shape. */

#include "config.h"

#include "esp-pairing.h"

#include <string.h>

#include "esp-hash.h"

#define NONE (-1)
#define SEVERAL (-2)  /* parameters have this name */
#define MOST_CUT 3    /* parts of a parameter's path that a state's may lack: "model", "module" */
#define MOST_PARTS 64 /* of a path that is looked at */
#define TENSORFLOW_SLOT ".OPTIMIZER_SLOT"

struct _EspPairing
{
  guint n;
  gint64 *owners;   /* (n) */
  guint8 *guessed;  /* (n) */
  guint *first;     /* (n + 1) where a parameter's states begin in the next */
  guint *states;    /* all states that have an owner, by owner */
  guint *canonical; /* (n) the first of tied tensors */
};

typedef struct
{
  char *base; /* owned: the path above its number */
  guint64 number;
  gint64 shaped; /* its tensor with the most elements; NONE if all are scalars */
  GArray *rows;  /* guint */
} Unit;

typedef struct
{
  EspPairing *pairing;
  EspTree *tree;
  const char *separator;
  char **paths;        /* (n) owned */
  GHashTable *by_name; /* path or its end -> index + 1 of the parameter, or SEVERAL */
  GArray *parameters;  /* guint: each tie once, in the file's order */
  GHashTable *listed;  /* prefix of a state's path -> EspStateOrder, borrowed */
  GHashTable *units;   /* "base\nnumber" -> Unit, owned */
  GPtrArray *ordered;  /* Unit, borrowed, as they came */
} Work;

static void
unit_free (gpointer data)
{
  Unit *unit = data;

  g_free (unit->base);
  g_array_unref (unit->rows);
  g_free (unit);
}

/* facts of rows */

static EspTensor *
get_tensor (Work *self, guint index, EspRole *role)
{
  EspTreeRow row;

  esp_tree_read_row (self->tree, index, &row);
  *role = row.role;
  return row.tensor;
}

static gboolean
have_equal_shape (Work *self, guint a, guint b)
{
  EspRole role;
  EspTensor *x = get_tensor (self, a, &role), *y = get_tensor (self, b, &role);
  guint ndim = esp_tensor_get_ndim (x);

  return ndim == esp_tensor_get_ndim (y) &&
         (ndim == 0 ||
          memcmp (esp_tensor_get_shape (x), esp_tensor_get_shape (y), ndim * sizeof (gint64)) == 0);
}

static char *
make_shape_key (Work *self, guint index)
{
  EspRole role;
  EspTensor *tensor = get_tensor (self, index, &role);
  GString *key = g_string_new (NULL);

  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (key, "%" G_GINT64_FORMAT ",", esp_tensor_get_shape (tensor)[i]);
  return g_string_free (key, FALSE);
}

static void
pair (Work *self, guint state, gint64 parameter, gboolean guessed)
{
  self->pairing->owners[state] = parameter;
  self->pairing->guessed[state] = guessed;
}

/* parameters by name */

static void
note_name (Work *self, const char *name, guint index)
{
  gint64 known = GPOINTER_TO_SIZE (g_hash_table_lookup (self->by_name, name));

  if (known == 0)
    g_hash_table_insert (self->by_name, (char *) name, GSIZE_TO_POINTER ((gsize) index + 1));
  else if (known != (gint64) index + 1)
    g_hash_table_insert (self->by_name, (char *) name, GSIZE_TO_POINTER ((gsize) SEVERAL));
}

/* without the parts that training programs put before it; @whole: names that are none of these */
static void
note_ends (Work *self, guint index, GHashTable *whole)
{
  const char *at = self->paths[index];

  for (guint cut = 0; at != NULL && cut <= MOST_CUT; cut++)
    {
      if (cut > 0 && !g_hash_table_contains (whole, at))
        note_name (self, at, index);
      at = strstr (at, self->separator);
      at = at != NULL ? at + strlen (self->separator) : NULL;
    }
}

/* a name that is all of one parameter's is not the end of another's */
static void
note_parameters (Work *self)
{
  g_autoptr (GHashTable) whole = g_hash_table_new (esp_hash_string, g_str_equal);
  EspRole role;

  for (guint i = 0; i < self->pairing->n; i++)
    {
      get_tensor (self, i, &role);
      if (role != ESP_ROLE_PARAMETER)
        continue;
      note_name (self, self->paths[i], self->pairing->canonical[i]);
      g_hash_table_add (whole, self->paths[i]);
    }
  for (guint i = 0; i < self->pairing->n; i++)
    {
      get_tensor (self, i, &role);
      if (role == ESP_ROLE_PARAMETER && self->pairing->canonical[i] == i)
        note_ends (self, i, whole);
    }
}

static gint64
find_parameter (Work *self, const char *name)
{
  gint64 found = GPOINTER_TO_SIZE (g_hash_table_lookup (self->by_name, name));

  return found > 0 ? found - 1 : NONE;
}

static void
note_ties (Work *self)
{
  EspPairing *pairing = self->pairing;

  for (guint i = 0; i < esp_tree_get_n_ties (self->tree); i++)
    {
      EspTie *tie = esp_tree_get_tie (self->tree, i);
      gint64 first = esp_place_get_index (esp_tie_get_place (tie, 0));

      if (esp_tie_get_kind (tie) != ESP_TIE_ALIAS && esp_tie_get_kind (tie) != ESP_TIE_IMPLIED)
        continue;
      for (guint k = 1; k < esp_tie_get_n_places (tie); k++)
        {
          gint64 index = esp_place_get_index (esp_tie_get_place (tie, k));

          if (first >= 0 && index > first)
            pairing->canonical[index] = (guint) first;
        }
    }
}

static gboolean
read_rows (Work *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->pairing->n; i++)
    {
      GString *path = g_string_new (NULL);
      EspRole role;

      get_tensor (self, i, &role);
      esp_tree_append_row_path (self->tree, i, path);
      self->paths[i] = g_string_free (path, FALSE);
      any = any || role == ESP_ROLE_OPTIMIZER;
      if (role == ESP_ROLE_PARAMETER && self->pairing->canonical[i] == i)
        g_array_append_val (self->parameters, i);
    }
  note_parameters (self);
  return any && self->parameters->len > 0;
}

/* state by name */

/* beginnings of the parts of @path; their number */
static guint
split (Work *self, const char *path, const char *parts[MOST_PARTS])
{
  guint n = 0;

  for (const char *at = path; at != NULL && n < MOST_PARTS;)
    {
      parts[n++] = at;
      at = strstr (at, self->separator);
      at = at != NULL ? at + strlen (self->separator) : NULL;
    }
  return n;
}

/* the parameter whose path, or its end, stands in @parts from somewhere up to @end; the longest. A
 * single part would be too little, unless it is all of the parameter's path. */
static gint64
find_in_path (Work *self, const char *const *parts, guint n, guint end)
{
  for (guint begin = 0; begin < end; begin++)
    {
      gsize length = end < n ? (gsize) (parts[end] - parts[begin]) - strlen (self->separator)
                             : strlen (parts[begin]);
      g_autofree char *name = g_strndup (parts[begin], length);
      gint64 found = find_parameter (self, name);

      if (found != NONE && (begin + 1 < end || strcmp (self->paths[found], name) == 0))
        return found;
    }
  return NONE;
}

static gint64
find_by_path (Work *self, guint state)
{
  const char *parts[MOST_PARTS];
  guint n = split (self, self->paths[state], parts);
  gint64 found = NONE;

  for (guint i = 1; i < n && found == NONE; i++)
    if (g_str_has_prefix (parts[i], TENSORFLOW_SLOT))
      found = find_in_path (self, parts, n, i);
  /* with the slot's name behind it, or before it */
  if (found == NONE && n > 1)
    found = find_in_path (self, parts, n, n - 1);
  if (found == NONE)
    found = find_in_path (self, parts, n, n);
  return found;
}

/* what the optimizer itself lists */

static char *
make_prefix (Work *self, const char *base, const char *key)
{
  return g_strconcat (base, self->separator, key, self->separator, NULL);
}

static void
note_listed (Work *self)
{
  GPtrArray *order = esp_tree_get_state_order (self->tree);

  for (guint i = 0; i < order->len; i++)
    {
      EspStateOrder *entry = order->pdata[i];

      g_hash_table_insert (self->listed, make_prefix (self, entry->base, entry->key), entry);
    }
}

/* the number of a state: "optimizer.state.3.exp_avg" has 3, "optimizer/vars/3" too. Where it ends
 * is given back; NULL if there is none. */
static const char *
find_number (Work *self, const char *path, guint64 *number)
{
  const char *parts[MOST_PARTS];
  guint n = split (self, path, parts);

  for (guint i = n; i-- > 1;)
    {
      char *end;

      if (!g_ascii_isdigit (*parts[i]))
        continue;
      *number = g_ascii_strtoull (parts[i], &end, 10);
      if (*end == '\0' || g_str_has_prefix (end, self->separator))
        return parts[i];
    }
  return NULL;
}

static void
add_to_unit (Work *self, guint state, const char *base, gsize length, guint64 number)
{
  g_autofree char *key = g_strdup_printf ("%.*s\n%" G_GUINT64_FORMAT, (int) length, base, number);
  Unit *unit = g_hash_table_lookup (self->units, key);
  EspRole role;
  EspTensor *tensor = get_tensor (self, state, &role);

  if (unit == NULL)
    {
      unit = g_new0 (Unit, 1);
      unit->base = g_strndup (base, length);
      unit->number = number;
      unit->shaped = NONE;
      unit->rows = g_array_new (FALSE, FALSE, sizeof (guint));
      g_hash_table_insert (self->units, g_steal_pointer (&key), unit);
      g_ptr_array_add (self->ordered, unit);
    }
  g_array_append_val (unit->rows, state);
  if (esp_tensor_get_ndim (tensor) > 0 &&
      (unit->shaped == NONE ||
       esp_tensor_get_count (tensor) >
           esp_tensor_get_count (get_tensor (self, (guint) unit->shaped, &role))))
    unit->shaped = state;
}

/* by name, or into a unit for later */
static void
take_state (Work *self, guint state)
{
  const char *path = self->paths[state];
  guint64 number;
  const char *at = find_number (self, path, &number);
  /* of Keras, whose variables each have an entry of their own */
  g_autofree char *whole = g_strconcat (path, self->separator, NULL);
  EspStateOrder *own = g_hash_table_lookup (self->listed, whole);
  gint64 found = own != NULL && own->name != NULL ? find_parameter (self, own->name) : NONE;

  if (found == NONE && at != NULL)
    {
      const char *end = strstr (at, self->separator);
      g_autofree char *prefix =
          end != NULL ? g_strndup (path, (gsize) (end - path) + strlen (self->separator)) : NULL;
      EspStateOrder *entry = prefix != NULL ? g_hash_table_lookup (self->listed, prefix) : NULL;

      if (entry != NULL && entry->name != NULL)
        found = find_parameter (self, entry->name);
    }
  if (found == NONE)
    found = find_by_path (self, state);
  if (found != NONE)
    pair (self, state, self->pairing->canonical[found], FALSE);
  else if (at != NULL && at - path > (gssize) strlen (self->separator))
    add_to_unit (self, state, path, (gsize) (at - path) - strlen (self->separator), number);
}

/* by order and shape */

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const Unit *x = *(Unit *const *) a, *y = *(Unit *const *) b;
  int order = strcmp (x->base, y->base);

  if (order != 0)
    return order;
  return (x->number > y->number) - (x->number < y->number);
}

static void
pair_unit (Work *self, const Unit *unit, guint parameter, gboolean guessed)
{
  for (guint i = 0; i < unit->rows->len; i++)
    pair (self, g_array_index (unit->rows, guint, i), parameter, guessed);
}

/* how many parameters the optimizer lists at @base, and where each number stands among them */
static guint
count_listed (Work *self, const char *base, GHashTable *positions)
{
  GPtrArray *order = esp_tree_get_state_order (self->tree);
  guint n = 0;

  for (guint i = 0; i < order->len; i++)
    {
      EspStateOrder *entry = order->pdata[i];

      if (strcmp (entry->base, base) == 0)
        g_hash_table_insert (positions, entry->key, GUINT_TO_POINTER (++n));
    }
  return n;
}

/* the n-th number is the n-th parameter, if all shapes agree */
static gboolean
pair_in_order (Work *self, Unit *const *units, guint n_units, GHashTable *shapes)
{
  g_autoptr (GHashTable) positions = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = count_listed (self, units[0]->base, positions);
  g_autofree guint *at = g_new (guint, n_units);

  if (n == 0)
    n = (guint) MIN (units[n_units - 1]->number + 1, G_MAXUINT);
  if (n != self->parameters->len)
    return FALSE;
  for (guint i = 0; i < n_units; i++)
    {
      g_autofree char *key = g_strdup_printf ("%" G_GUINT64_FORMAT, units[i]->number);
      guint position = GPOINTER_TO_UINT (g_hash_table_lookup (positions, key));

      at[i] = position > 0 ? position - 1 : (guint) units[i]->number;
      if (at[i] >= n)
        return FALSE;
      at[i] = g_array_index (self->parameters, guint, at[i]);
      if (units[i]->shaped != NONE && !have_equal_shape (self, (guint) units[i]->shaped, at[i]))
        return FALSE;
    }
  for (guint i = 0; i < n_units; i++)
    {
      g_autofree char *shape = make_shape_key (self, at[i]);
      GArray *alike = g_hash_table_lookup (shapes, shape);

      pair_unit (self, units[i], at[i], alike->len > 1 || units[i]->shaped == NONE);
    }
  return TRUE;
}

/* of each shape as many units as parameters, or twice as many: those of one parameter together */
static void
pair_by_shape (Work *self, Unit *const *units, guint n_units, GHashTable *shapes)
{
  g_autoptr (GHashTable) by_shape = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                           (GDestroyNotify) g_ptr_array_unref);
  GHashTableIter iter;
  gpointer shape, value;

  for (guint i = 0; i < n_units; i++)
    {
      g_autofree char *key = units[i]->shaped != NONE
                                 ? make_shape_key (self, (guint) units[i]->shaped)
                                 : NULL;
      GPtrArray *alike = key != NULL ? g_hash_table_lookup (by_shape, key) : NULL;

      if (key == NULL)
        continue;
      if (alike == NULL)
        {
          alike = g_ptr_array_new ();
          g_hash_table_insert (by_shape, g_steal_pointer (&key), alike);
        }
      g_ptr_array_add (alike, units[i]);
    }
  g_hash_table_iter_init (&iter, by_shape);
  while (g_hash_table_iter_next (&iter, &shape, &value))
    {
      GPtrArray *alike = value;
      GArray *parameters = g_hash_table_lookup (shapes, shape);

      if (parameters == NULL || alike->len % parameters->len != 0)
        continue;
      for (guint i = 0; i < alike->len; i++)
        pair_unit (self, alike->pdata[i],
                   g_array_index (parameters, guint, i / (alike->len / parameters->len)),
                   parameters->len > 1);
    }
}

static GHashTable *
sort_by_shape (Work *self)
{
  GHashTable *shapes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                              (GDestroyNotify) g_array_unref);

  for (guint i = 0; i < self->parameters->len; i++)
    {
      guint index = g_array_index (self->parameters, guint, i);
      char *shape = make_shape_key (self, index);
      GArray *alike = g_hash_table_lookup (shapes, shape);

      if (alike == NULL)
        {
          alike = g_array_new (FALSE, FALSE, sizeof (guint));
          g_hash_table_insert (shapes, shape, alike);
        }
      else
        g_free (shape);
      g_array_append_val (alike, index);
    }
  return shapes;
}

static void
pair_units (Work *self)
{
  g_autoptr (GHashTable) shapes = sort_by_shape (self);
  Unit **units = (Unit **) self->ordered->pdata;
  guint n = self->ordered->len;

  g_ptr_array_sort (self->ordered, compare_units);
  for (guint begin = 0, end; begin < n; begin = end)
    {
      for (end = begin + 1; end < n && strcmp (units[begin]->base, units[end]->base) == 0; end++)
        ;
      if (!pair_in_order (self, units + begin, end - begin, shapes))
        pair_by_shape (self, units + begin, end - begin, shapes);
    }
}

/* the other way */

static void
list_states (EspPairing *self)
{
  g_autofree guint *filled = g_new0 (guint, self->n);
  guint n = 0;

  for (guint i = 0; i < self->n; i++)
    if (self->owners[i] >= 0)
      self->first[self->owners[i] + 1]++;
  for (guint i = 0; i < self->n; i++)
    self->first[i + 1] += self->first[i];
  n = self->first[self->n];
  self->states = g_new (guint, MAX (n, 1));
  for (guint i = 0; i < self->n; i++)
    if (self->owners[i] >= 0)
      {
        guint owner = (guint) self->owners[i];

        self->states[self->first[owner] + filled[owner]++] = i;
      }
}

static void
work_init (Work *self, EspPairing *pairing, EspTree *tree)
{
  self->pairing = pairing;
  self->tree = tree;
  self->separator = esp_tree_get_separator (tree);
  self->paths = g_new0 (char *, pairing->n + 1);
  self->by_name = g_hash_table_new (esp_hash_string, g_str_equal);
  self->parameters = g_array_new (FALSE, FALSE, sizeof (guint));
  self->listed = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  self->units = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, unit_free);
  self->ordered = g_ptr_array_new ();
}

static void
work_clear (Work *self)
{
  g_strfreev (self->paths);
  g_hash_table_unref (self->by_name);
  g_array_unref (self->parameters);
  g_hash_table_unref (self->listed);
  g_ptr_array_unref (self->ordered);
  g_hash_table_unref (self->units);
}

EspPairing *
esp_pairing_new (EspTree *tree)
{
  EspPairing *self = g_new0 (EspPairing, 1);
  Work work;

  g_return_val_if_fail (ESP_IS_TREE (tree), self);

  self->n = esp_tree_get_n_tensors (tree);
  self->owners = g_new (gint64, MAX (self->n, 1));
  self->guessed = g_new0 (guint8, MAX (self->n, 1));
  self->first = g_new0 (guint, (gsize) self->n + 1);
  self->canonical = g_new (guint, MAX (self->n, 1));
  for (guint i = 0; i < self->n; i++)
    {
      self->owners[i] = NONE;
      self->canonical[i] = i;
    }
  work_init (&work, self, tree);
  note_ties (&work);
  /* without a separator there are no parts to go by */
  if (*work.separator != '\0' && read_rows (&work))
    {
      note_listed (&work);
      for (guint i = 0; i < self->n; i++)
        {
          EspRole role;

          get_tensor (&work, i, &role);
          if (role == ESP_ROLE_OPTIMIZER)
            take_state (&work, i);
        }
      pair_units (&work);
    }
  work_clear (&work);
  list_states (self);
  return self;
}

void
esp_pairing_free (EspPairing *self)
{
  g_free (self->owners);
  g_free (self->guessed);
  g_free (self->first);
  g_free (self->states);
  g_free (self->canonical);
  g_free (self);
}

gint64
esp_pairing_get_owner (EspPairing *self, guint tensor, gboolean *guessed)
{
  g_return_val_if_fail (self != NULL && tensor < self->n, NONE);

  if (guessed != NULL)
    *guessed = self->guessed[tensor] != 0;
  return self->owners[tensor];
}

const guint *
esp_pairing_get_states (EspPairing *self, guint tensor, guint *n)
{
  guint canonical;

  g_return_val_if_fail (self != NULL && tensor < self->n && n != NULL, NULL);

  canonical = self->canonical[tensor];
  *n = self->first[canonical + 1] - self->first[canonical];
  return self->states + self->first[canonical];
}
