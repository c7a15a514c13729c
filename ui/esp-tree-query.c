/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hot call is esp_tree_query_matches(): once for each place of a tree, of which there may be
 * millions, so that a term is compiled once and a place is asked for what it has already. */

#include "config.h"

#include "esp-tree-query.h"

#include <string.h>

typedef struct _Term Term;
typedef gboolean (*TermFunc) (const Term *term, EspPlace *place);

struct _Term
{
  TermFunc matches;
  char *text;            /* folded */
  GPatternSpec *pattern; /* or NULL */
};

struct _EspTreeQuery
{
  GArray *terms; /* Term */
};

/* ASCII without a copy: names of parameters hardly ever hold anything else, and a byte-wise
 * comparison of UTF-8 finds whatever is typed as it is written */
static gboolean
contains_folded (const char *text, const char *needle)
{
  gsize n = strlen (needle);

  for (; *text; text++)
    if (g_ascii_strncasecmp (text, needle, n) == 0)
      return TRUE;
  return n == 0;
}

static gboolean
starts_folded (const char *text, const char *start)
{
  return g_ascii_strncasecmp (text, start, strlen (start)) == 0;
}

/* the names that the tree shows on the way down to a place, where a file calls what stands there
 * otherwise (Keras: layers/dense/vars/0 for shared/kernel); else NULL */
static char *
dup_shown_path (EspPlace *place)
{
  GString *out;

  if (!esp_place_get_parameter (place) ||
      g_str_has_suffix (esp_place_get_path (place), esp_place_get_name (place)))
    return NULL;
  out = g_string_new (esp_place_get_name (place));
  for (EspPlace *at = esp_place_get_parent (place); at && esp_place_get_parent (at);
       at = esp_place_get_parent (at))
    {
      g_string_prepend_c (out, '/');
      g_string_prepend (out, esp_place_get_name (at));
    }
  return g_string_free (out, FALSE);
}

static gboolean
matches_text (const Term *term, const char *path)
{
  g_autofree char *folded = NULL;

  if (!term->pattern)
    return contains_folded (path, term->text);
  folded = g_ascii_strdown (path, -1);
  return g_pattern_spec_match_string (term->pattern, folded);
}

static gboolean
matches_path (const Term *term, EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);
  g_autofree char *shown = NULL;

  if (matches_text (term, esp_place_get_path (place)))
    return TRUE;
  if (!module)
    {
      shown = dup_shown_path (place);
      if (!shown)
        return FALSE;
      /* either way of joining */
      return matches_text (term, shown) || matches_text (term, g_strdelimit (shown, "/", '.'));
    }
  return !term->pattern && (contains_folded (esp_module_get_brief_class (module), term->text) ||
                            contains_folded (esp_module_get_guess (module), term->text));
}

static gboolean
matches_dtype (const Term *term, EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor;

  if (!parameter)
    return FALSE;
  tensor = esp_parameter_get_data (parameter);
  return starts_folded (esp_tensor_get_dtype_name (tensor), term->text) ||
         starts_folded (esp_tensor_get_dtype_brief (tensor), term->text) ||
         starts_folded (esp_tensor_get_native_dtype (tensor), term->text);
}

static gboolean
matches_role (const Term *term, EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);

  return parameter &&
         starts_folded (esp_role_get_name (esp_parameter_get_role (parameter)), term->text);
}

static gboolean
matches_class (const Term *term, EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module && (starts_folded (esp_module_get_brief_class (module), term->text) ||
                    starts_folded (esp_module_get_class (module), term->text) ||
                    starts_folded (esp_module_get_guess (module), term->text));
}

static gboolean
matches_name (const Term *term, EspPlace *place)
{
  return starts_folded (esp_place_get_name (place), term->text);
}

static gboolean
matches_shape (const Term *term, EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  g_autoptr (GString) shape = g_string_new (NULL);
  EspTensor *tensor;

  if (!parameter)
    return FALSE;
  tensor = esp_parameter_get_data (parameter);
  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (shape, "%s%" G_GINT64_FORMAT, i ? "x" : "",
                            esp_tensor_get_shape (tensor)[i]);
  return term->pattern ? g_pattern_spec_match_string (term->pattern, shape->str)
                       : strcmp (shape->str, term->text) == 0;
}

static gboolean
matches_is (const Term *term, EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  if (strcmp (term->text, "tied") == 0)
    return esp_place_get_tie (place) != NULL;
  if (strcmp (term->text, "shared") == 0)
    return module && esp_module_get_n_places (module) > 1;
  return FALSE;
}

static const struct
{
  const char *key;
  TermFunc matches;
} keys[] = {
  { "dtype:", matches_dtype }, { "type:", matches_dtype }, { "role:", matches_role },
  { "class:", matches_class }, { "name:", matches_name },  { "shape:", matches_shape },
  { "is:", matches_is },
};

/* whole path, or its end from a separator on: `*.bias` and `0.bias` patterns alike */
static GPatternSpec *
compile_path_pattern (const char *text)
{
  g_autofree char *pattern = g_strconcat (*text == '*' ? "" : "*", text, NULL);

  return g_pattern_spec_new (pattern);
}

/* 8×4, 8,4 and [8,4] are 8x4 */
static char *
normalise_shape (const char *text)
{
  GString *shape = g_string_new (text);

  g_string_replace (shape, "×", "x", 0);
  g_string_replace (shape, ",", "x", 0);
  g_string_replace (shape, "[", "", 0);
  g_string_replace (shape, "]", "", 0);
  return g_string_free (shape, FALSE);
}

static void
add_term (EspTreeQuery *self, const char *word)
{
  Term term = { matches_path, g_ascii_strdown (word, -1), NULL };
  gboolean wild;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_has_prefix (term.text, keys[i].key))
      {
        char *rest = g_strdup (term.text + strlen (keys[i].key));

        g_free (term.text);
        term.text = rest;
        term.matches = keys[i].matches;
        break;
      }
  wild = strpbrk (term.text, "*?") != NULL;
  if (term.matches == matches_shape)
    {
      char *shape = normalise_shape (term.text);

      g_free (term.text);
      term.text = shape;
      term.pattern = wild ? g_pattern_spec_new (shape) : NULL;
    }
  else if (term.matches == matches_path && wild)
    {
      term.pattern = compile_path_pattern (term.text);
    }
  g_array_append_val (self->terms, term);
}

static void
clear_term (gpointer data)
{
  Term *term = data;

  g_free (term->text);
  g_clear_pointer (&term->pattern, g_pattern_spec_free);
}

EspTreeQuery *
esp_tree_query_new (const char *text)
{
  EspTreeQuery *self = g_new0 (EspTreeQuery, 1);
  g_auto (GStrv) words = g_strsplit_set (text, " \t\n", -1);

  self->terms = g_array_new (FALSE, FALSE, sizeof (Term));
  g_array_set_clear_func (self->terms, clear_term);
  for (guint i = 0; words[i]; i++)
    if (*words[i])
      add_term (self, words[i]);
  return self;
}

void
esp_tree_query_free (EspTreeQuery *self)
{
  if (!self)
    return;
  g_array_unref (self->terms);
  g_free (self);
}

gboolean
esp_tree_query_matches (EspTreeQuery *self, EspPlace *place)
{
  for (guint i = 0; i < self->terms->len; i++)
    {
      const Term *term = &g_array_index (self->terms, Term, i);

      if (!term->matches (term, place))
        return FALSE;
    }
  return TRUE;
}
