/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The module tree as text: a line a place, indented; what stands there on the left, facts in
 * columns on the right, marks of ties; below it the ties and both totals. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "esp-number.h"
#include "esp-path.h"

/* columns of the left part beyond which facts just follow */
#define WIDEST_LEFT 56

typedef struct
{
  gboolean measure; /* only finds the width of the left part */
  int left_width;
  int shape_width;
  int type_width;
} Printer;

/* "A", "B", ..., "Z", "AA" */
static char *
get_letter (guint index)
{
  GString *letter = g_string_new (NULL);

  for (index++; index > 0; index = (index - 1) / 26)
    g_string_prepend_c (letter, 'A' + (index - 1) % 26);
  return g_string_free (letter, FALSE);
}

/* @alone: nothing follows on the line */
static void
print_left (Printer *self, int depth, const char *text, gboolean alone)
{
  int width = 2 * depth + esp_cli_get_width (text);

  if (self->measure)
    {
      self->left_width = MAX (self->left_width, MIN (width, WIDEST_LEFT));
      return;
    }
  for (int i = 0; i < depth; i++)
    esp_cli_print_text ("  ");
  if (alone)
    esp_cli_print_text (text);
  else
    esp_cli_print_padded (text, self->left_width - 2 * depth);
}

/* --- modules --- */

static const char *
get_kind (EspModule *module, const char **mark)
{
  const char *name = esp_module_get_brief_class (module);

  *mark = "";
  if (name[0] != '\0')
    return name;
  name = esp_module_get_guess (module);
  if (name[0] != '\0')
    *mark = "?";
  return name;
}

static char *
describe_module (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);
  const char *mark, *kind = get_kind (module, &mark);
  g_autofree char *name = esp_cli_show_name (esp_place_get_name (place));
  g_autofree char *shown_kind = esp_cli_show_name (kind);
  g_autofree char *facts = esp_module_describe (module);
  g_autofree char *shown_facts = esp_cli_show_name (facts);
  GString *text = g_string_new (NULL);

  if (esp_place_get_parent (place) == NULL)
    g_string_append_printf (text, "%s%s", shown_kind[0] != '\0' ? shown_kind : ".", mark);
  else if (shown_kind[0] == '\0')
    g_string_append (text, name);
  else
    g_string_append_printf (text, "%s: %s%s", name, shown_kind, mark);
  if (facts[0] != '\0')
    g_string_append_printf (text, " %s", shown_facts);
  /* as frameworks print what has none and holds nothing */
  if (esp_place_get_totals (place)->tensors == 0 && esp_place_get_n_children (place) == 0)
    g_string_append_printf (text, " %s", _ ("(no params)"));
  return g_string_free (text, FALSE);
}

static void
print_module (Printer *self, EspPlace *place, int depth)
{
  const EspTotals *totals = esp_place_get_totals (place);
  EspPlace *first = esp_place_get_first (place);
  g_autofree char *left = describe_module (place);

  print_left (self, depth, left, totals->tensors == 0 && first == place);
  if (self->measure)
    return;
  if (totals->tensors > 0)
    esp_cli_print (ngettext ("  %" PRIu64 " element", "  %" PRIu64 " elements", totals->elements),
                   totals->elements);
  if (totals->unique_elements != totals->elements)
    esp_cli_print (_ (", %" PRIu64 " unique"), totals->unique_elements);
  if (first != place)
    {
      g_autofree char *path = esp_cli_show_name (esp_place_get_path (first));

      esp_cli_print (_ ("  the same module as %s"), path);
    }
  esp_cli_print_text ("\n");
}

/* --- tensors --- */

static void
print_role (EspParameter *parameter)
{
  EspRole role = esp_parameter_get_role (parameter);

  if (role != ESP_ROLE_PARAMETER && role != ESP_ROLE_OTHER)
    esp_cli_print ("  (%s)", esp_role_get_name (role));
  if (esp_parameter_get_requires_grad (parameter) == ESP_REQUIRES_GRAD_NO &&
      role == ESP_ROLE_PARAMETER)
    esp_cli_print_text (_ ("  (frozen)"));
}

static void
print_tensor (Printer *self, EspPlace *place, int depth)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor = esp_parameter_get_data (parameter);
  EspTie *tie = esp_place_get_tie (place);
  g_autofree char *name = esp_cli_show_name (esp_place_get_name (place));
  g_autofree char *shape = esp_tensor_dup_shape (tensor);
  const char *type = esp_tensor_get_dtype_name (tensor);

  print_left (self, depth, name, FALSE);
  if (self->measure)
    {
      self->shape_width = MAX (self->shape_width, MIN (esp_cli_get_width (shape), WIDEST_LEFT));
      self->type_width = MAX (self->type_width, (int) strlen (type));
      return;
    }
  esp_cli_print_text ("  ");
  esp_cli_print_padded (shape, self->shape_width);
  esp_cli_print_text ("  ");
  if (tie != NULL)
    {
      g_autofree char *letter = get_letter (esp_tie_get_index (tie));

      esp_cli_print_padded (type, self->type_width);
      esp_cli_print ("  [%s]", letter);
    }
  else
    esp_cli_print_text (type);
  print_role (parameter);
  if (!esp_place_is_stored (place))
    esp_cli_print_text (_ ("  not in the file"));
  if (esp_tensor_get_error (tensor) != NULL)
    esp_cli_print (_ ("  can’t be read: %s"), esp_tensor_get_error (tensor)->message);
  esp_cli_print_text ("\n");
}

static void
print_place (Printer *self, EspPlace *place, int depth)
{
  guint n = esp_place_get_n_children (place);

  if (esp_place_get_parameter (place) != NULL)
    {
      print_tensor (self, place, depth);
      return;
    }
  print_module (self, place, depth);
  /* at most ESP_LIMIT_MODULE_DEPTH deep */
  for (guint i = 0; i < n; i++)
    print_place (self, esp_place_get_child (place, i), depth + 1);
}

/* --- ties and totals --- */

static void
print_ties (EspTree *tree)
{
  guint n = esp_tree_get_n_ties (tree);

  for (guint i = 0; i < n; i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);
      g_autofree char *letter = get_letter (i);
      guint members = esp_tie_get_n_places (tie);

      esp_cli_print ("%s[%s] %s:", i == 0 ? "\n" : "", letter, esp_tie_get_kind_name (tie));
      for (guint k = 0; k < members; k++)
        {
          g_autofree char *path =
              esp_cli_show_name (esp_place_get_path (esp_tie_get_place (tie, k)));

          esp_cli_print ("%s %s", k > 0 ? "," : "", path);
        }
      esp_cli_print_text ("\n");
    }
  if (!esp_tree_get_ties_complete (tree))
    esp_cli_print_text (_ ("There are more ties than these.\n"));
}

static void
print_totals (EspTree *tree)
{
  const EspTotals *totals = esp_tree_get_totals (tree);

  esp_cli_print (_ ("\n%" PRIu64 " tensors in state_dict(), %" PRIu64 " in named_parameters()\n"),
                 totals->tensors, totals->parameters);
  esp_cli_print (_ ("%" PRIu64 " elements, %" PRIu64 " unique, "
                    "%" PRIu64 " bytes\n"),
                 totals->elements, totals->unique_elements, totals->bytes);
}

int
esp_verb_tree (int argc, char *argv[])
{
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspSession) session = NULL;
  Printer printer = { .measure = TRUE };
  EspTree *tree;

  if (!esp_cli_parse (argc, argv, NULL, "FILE",
                      _ ("Prints the module tree: class names, shapes, types, subtotals, tie marks "
                         "and both totals. A class that is guessed has a question mark."),
                      1, 1, &operands))
    return ESP_CLI_COULD_NOT;
  session = esp_cli_open (operands[0]);
  if (session == NULL)
    return ESP_CLI_COULD_NOT;
  esp_cli_show_warnings (session, operands[0]);
  tree = esp_document_get_tree (esp_session_get_document (session));
  print_place (&printer, esp_tree_get_root (tree), 0);
  printer.measure = FALSE;
  print_place (&printer, esp_tree_get_root (tree), 0);
  print_ties (tree);
  print_totals (tree);
  return esp_cli_finish ();
}
