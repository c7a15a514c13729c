/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A chain guessed from a state dict: layers with weights follow from names and shapes, and their
 * order from which of them takes what another gives. What leaves no trace (activations, pooling,
 * padding) is a slot with a choice each; "automatic" is what makes the data's image fit the first
 * Linear behind the convolutions. A person confirms it. Some hundred layers at most. */

#include "config.h"

#include "esp-architecture-guess.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "esp-error.h"

#define MOST_UNITS 500
#define MOST_TENSORS 20000

const char *const esp_guess_activations[] = { N_ ("none"), "ReLU",    "Tanh", "Sigmoid",
                                              "GELU",      "SiLU",    "ELU",  "LeakyReLU",
                                              "Softplus",  "Softmax", NULL };
const char *const esp_guess_pools[] = { N_ ("automatic"), N_ ("none"),           "MaxPool2d 2",
                                        "AvgPool2d 2",    "AdaptiveAvgPool2d 1", NULL };
const char *const esp_guess_paddings[] = { N_ ("automatic"), N_ ("none"), N_ ("same size"), NULL };

/* --- units --- */

static void
clear_line (gpointer data)
{
  EspGuessLine *line = data;

  if (line->kind == ESP_GUESS_LINE_UNIT)
    g_free (line->unit.path);
  g_free (line->title);
}

static const gint64 *
get_shape (EspPlace *place, guint *ndim)
{
  EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));

  *ndim = esp_tensor_get_ndim (tensor);
  return esp_tensor_get_shape (tensor);
}

static EspPlace *
find_tensor (EspPlace *module, const char *name)
{
  EspPlace *place = esp_place_find_child (module, name);

  return place != NULL && esp_place_get_parameter (place) != NULL ? place : NULL;
}

static gboolean
is_weight (EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspRole role = parameter != NULL ? esp_parameter_get_role (parameter) : ESP_ROLE_OTHER;

  return role == ESP_ROLE_PARAMETER || role == ESP_ROLE_BUFFER;
}

static gboolean
set_unknown (EspPlace *module, const char *name, GError **error)
{
  esp_architecture_set_error (error,
                              _ ("The module “%s” isn’t known: no layer of a chain has “%s” "
                                 "as it is"),
                              esp_place_get_path (module), name);
  return FALSE;
}

static gboolean
check_names (EspPlace *module, GError **error)
{
  static const char *const known[] = {
    "weight", "bias", "running_mean", "running_var", "num_batches_tracked", NULL
  };
  guint n = esp_place_get_n_children (module);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *child = esp_place_get_child (module, i);

      if (is_weight (child) && !g_strv_contains (known, esp_place_get_name (child)))
        return set_unknown (module, esp_place_get_name (child), error);
    }
  if (find_tensor (module, "weight") != NULL)
    return TRUE;
  return set_unknown (module, "bias", error);
}

static gboolean
looks_like_embedding (const EspGuessUnit *unit)
{
  g_autofree char *lower = g_ascii_strdown (unit->path, -1);

  return !unit->bias && (strstr (lower, "emb") != NULL || strstr (lower, "wte") != NULL);
}

static gboolean
read_unit (EspGuessUnit *unit, GError **error)
{
  guint ndim, n_bias = 0;
  EspPlace *bias = find_tensor (unit->place, "bias");
  const gint64 *shape;

  if (!check_names (unit->place, error))
    return FALSE;
  shape = get_shape (find_tensor (unit->place, "weight"), &ndim);
  unit->bias = bias != NULL;
  if (ndim < 1 || ndim > 4)
    return set_unknown (unit->place, "weight", error);
  unit->out = shape[0];
  unit->in = shape[ndim > 1 ? 1 : 0];
  unit->kernel[0] = ndim > 2 ? shape[2] : 1;
  unit->kernel[1] = ndim > 3 ? shape[3] : 1;
  unit->kind = ndim == 2   ? ESP_GUESS_UNIT_LINEAR
               : ndim == 3 ? ESP_GUESS_UNIT_CONV1D
                           : ESP_GUESS_UNIT_CONV2D;
  if (ndim == 1)
    unit->kind = find_tensor (unit->place, "running_mean") != NULL ? ESP_GUESS_UNIT_BATCH_NORM
                                                                   : ESP_GUESS_UNIT_LAYER_NORM;
  else if (ndim == 2 && looks_like_embedding (unit))
    {
      unit->kind = ESP_GUESS_UNIT_EMBEDDING;
      unit->in = shape[0];
      unit->out = shape[1];
    }
  if (bias != NULL && (get_shape (bias, &n_bias)[0] != unit->out || n_bias != 1))
    return set_unknown (unit->place, "bias", error);
  return unit->in > 0 && unit->out > 0 ? TRUE : set_unknown (unit->place, "weight", error);
}

/* "module.0" of "model.module.0" */
static char *
dup_path_below (EspPlace *base, EspPlace *place)
{
  gsize length = strlen (esp_place_get_path (base));

  return g_strdup (esp_place_get_path (place) + length + (length > 0 ? 1 : 0));
}

static void
clear_unit (gpointer data)
{
  g_free (((EspGuessUnit *) data)->path);
}

/* the modules below @base that have weights, in the file's order */
static GArray *
list_units (EspTree *tree, EspPlace *base, GError **error)
{
  g_autoptr (GArray) units = g_array_new (FALSE, TRUE, sizeof (EspGuessUnit));
  guint n = esp_tree_get_n_tensors (tree);

  g_array_set_clear_func (units, clear_unit);
  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i), *module = esp_place_get_parent (place), *at;
      EspGuessUnit unit = { .place = module, .position = units->len };

      for (at = module; at != NULL && at != base; at = esp_place_get_parent (at))
        ;
      if (!is_weight (place) || at == NULL ||
          (units->len > 0 && g_array_index (units, EspGuessUnit, units->len - 1).place == module))
        continue;
      if (module == base || units->len >= MOST_UNITS)
        {
          esp_architecture_set_error (error,
                                      module == base ? _ ("“%s” belongs to no layer")
                                                     : _ ("There are too many layers: “%s”"),
                                      esp_place_get_path (place));
          return NULL;
        }
      for (guint k = 0; k < units->len && module != NULL; k++)
        if (g_array_index (units, EspGuessUnit, k).place == module)
          module = NULL; /* its names don't lie together */
      if (module == NULL)
        continue;
      unit.path = dup_path_below (base, module);
      if (!read_unit (&unit, error))
        {
          g_free (unit.path);
          return NULL;
        }
      g_array_append_val (units, unit);
    }
  return g_steal_pointer (&units);
}

/* --- order --- */

/* "2" before "10" */
static int
compare_natural (gconstpointer a, gconstpointer b)
{
  const char *left = ((const EspGuessUnit *) a)->path, *right = ((const EspGuessUnit *) b)->path;

  while (*left != '\0' && *right != '\0')
    {
      if (g_ascii_isdigit (*left) && g_ascii_isdigit (*right))
        {
          char *left_end, *right_end;
          guint64 x = g_ascii_strtoull (left, &left_end, 10);
          guint64 y = g_ascii_strtoull (right, &right_end, 10);

          if (x != y)
            return x < y ? -1 : 1;
          left = left_end;
          right = right_end;
        }
      else if (*left != *right)
        return *left < *right ? -1 : 1;
      else
        {
          left++;
          right++;
        }
    }
  return *left == *right ? 0 : *left == '\0' ? -1 : 1;
}

/* whether @unit takes what @shown (the last that isn't a norm) gives */
static gboolean
follows (const EspGuessUnit *shown, const EspGuessUnit *unit)
{
  if (esp_guess_unit_is_norm (unit))
    return unit->in == shown->out;
  if (unit->kind == ESP_GUESS_UNIT_EMBEDDING)
    return FALSE;
  if (esp_guess_unit_is_conv (unit))
    return unit->in == shown->out &&
           (esp_guess_unit_is_conv (shown) || shown->kind == ESP_GUESS_UNIT_EMBEDDING);
  if (esp_guess_unit_is_conv (shown) || shown->kind == ESP_GUESS_UNIT_EMBEDDING)
    return unit->in % shown->out == 0;
  return unit->in == shown->out;
}

/* a chain of all that begins with @first; NULL when there is none */
static GArray *
chain_from (GArray *units, guint first)
{
  g_autoptr (GArray) chain = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree gboolean *used = g_new0 (gboolean, units->len);
  guint last = first;

  if (esp_guess_unit_is_norm (&g_array_index (units, EspGuessUnit, first)))
    return NULL;
  g_array_append_val (chain, first);
  used[first] = TRUE;
  while (chain->len < units->len)
    {
      guint next = units->len;

      for (guint i = 0; i < units->len && next == units->len; i++)
        if (!used[i] && follows (&g_array_index (units, EspGuessUnit, last),
                                 &g_array_index (units, EspGuessUnit, i)))
          next = i;
      if (next == units->len)
        return NULL;
      g_array_append_val (chain, next);
      used[next] = TRUE;
      if (!esp_guess_unit_is_norm (&g_array_index (units, EspGuessUnit, next)))
        last = next;
    }
  return g_steal_pointer (&chain);
}

/* in the file's order if that is one, else in that of the names, else whatever fits */
static GArray *
find_chain (GArray *units)
{
  GArray *chain = chain_from (units, 0);

  if (chain == NULL)
    g_array_sort (units, compare_natural);
  for (guint i = 0; chain == NULL && i < units->len; i++)
    chain = chain_from (units, i);
  return chain;
}

/* --- lines --- */

static void
add_line (EspArchitecture *self,
          EspGuessLineKind kind,
          const EspGuessUnit *unit,
          const char *title,
          guint chosen)
{
  EspGuessLine line = { .kind = kind, .unit = *unit, .title = g_strdup (title), .chosen = chosen };

  if (kind == ESP_GUESS_LINE_UNIT)
    line.unit.path = g_strdup (unit->path);
  else
    for (guint i = self->lines->len; i-- > 0;)
      if (g_array_index (self->lines, EspGuessLine, i).kind == ESP_GUESS_LINE_UNIT)
        {
          line.unit.path = g_array_index (self->lines, EspGuessLine, i).unit.path;
          break;
        }
  g_array_append_val (self->lines, line);
}

static char *
describe_unit (const EspGuessUnit *unit)
{
  static const char *const names[] = { "Linear",    "Conv1d",    "Conv2d",
                                       "Embedding", "BatchNorm", "LayerNorm" };

  if (esp_guess_unit_is_norm (unit))
    return g_strdup_printf ("%s %" G_GINT64_FORMAT, names[unit->kind], unit->in);
  if (unit->kind == ESP_GUESS_UNIT_CONV2D)
    return g_strdup_printf (
        "%s %" G_GINT64_FORMAT " → %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT,
        names[unit->kind], unit->in, unit->out, unit->kernel[0], unit->kernel[1]);
  return g_strdup_printf ("%s %" G_GINT64_FORMAT " → %" G_GINT64_FORMAT, names[unit->kind],
                          unit->in, unit->out);
}

/* numbered neighbours ("0", "1") have nothing between them */
static gboolean
are_neighbours (const EspGuessUnit *a, const EspGuessUnit *b)
{
  const char *left = strrchr (a->path, '.'), *right = strrchr (b->path, '.');
  char *end_left, *end_right;
  guint64 x, y;

  left = left != NULL ? left + 1 : a->path;
  right = right != NULL ? right + 1 : b->path;
  x = g_ascii_strtoull (left, &end_left, 10);
  y = g_ascii_strtoull (right, &end_right, 10);
  return end_left != left && end_right != right && *end_left == '\0' && *end_right == '\0' &&
         left - a->path == right - b->path &&
         strncmp (a->path, b->path, (gsize) (left - a->path)) == 0 && y == x + 1;
}

static void
add_slots (EspArchitecture *self,
           const EspGuessUnit *shown,
           const EspGuessUnit *before,
           const EspGuessUnit *next)
{
  gboolean hidden = next != NULL && shown->kind != ESP_GUESS_UNIT_EMBEDDING &&
                    !are_neighbours (before, next);

  if (shown->kind != ESP_GUESS_UNIT_EMBEDDING)
    add_line (self, ESP_GUESS_LINE_ACTIVATION, shown, _ ("Activation"), hidden ? 1 : 0);
  if (shown->kind == ESP_GUESS_UNIT_CONV2D)
    add_line (self, ESP_GUESS_LINE_POOL, shown, _ ("Pooling"), ESP_GUESS_POOL_AUTO);
}

static void
add_lines (EspArchitecture *self, GArray *units, GArray *chain)
{
  const EspGuessUnit *shown = NULL, *before = NULL;

  self->lines = g_array_new (FALSE, TRUE, sizeof (EspGuessLine));
  g_array_set_clear_func (self->lines, clear_line);
  for (guint i = 0; i < chain->len; i++)
    {
      const EspGuessUnit *unit = &g_array_index (units, EspGuessUnit,
                                                 g_array_index (chain, guint, i));
      g_autofree char *title = describe_unit (unit);

      if (!esp_guess_unit_is_norm (unit) && shown != NULL)
        add_slots (self, shown, before, unit);
      add_line (self, ESP_GUESS_LINE_UNIT, unit, title, 0);
      if (unit->kind == ESP_GUESS_UNIT_CONV2D && (unit->kernel[0] > 1 || unit->kernel[1] > 1) &&
          esp_architecture_find_class (unit->place) == NULL)
        add_line (self, ESP_GUESS_LINE_PADDING, unit, _ ("Padding"), ESP_GUESS_PADDING_AUTO);
      before = unit;
      if (!esp_guess_unit_is_norm (unit))
        shown = unit;
    }
  add_slots (self, shown, before, NULL);
}

/* --- where it begins --- */

static gboolean
has_weights (EspPlace *place)
{
  guint n = esp_place_get_n_children (place);

  if (is_weight (place))
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (has_weights (esp_place_get_child (place, i)))
      return TRUE;
  return FALSE;
}

/* past dictionaries and wrappers: as long as all weights lie below one module */
static EspPlace *
find_base (EspPlace *root)
{
  for (EspPlace *at = root;;)
    {
      EspPlace *only = NULL;
      guint n = esp_place_get_n_children (at), found = 0, modules = 0;

      for (guint i = 0; i < n; i++)
        {
          EspPlace *child = esp_place_get_child (at, i);

          if (!has_weights (child))
            continue;
          found++;
          only = child;
          modules += esp_place_get_module (child) != NULL;
        }
      if (found != 1 || modules != 1)
        return at;
      /* the layer itself is no container */
      for (guint i = 0; i < esp_place_get_n_children (only); i++)
        if (is_weight (esp_place_get_child (only, i)))
          return at;
      at = only;
    }
}

static EspShape
find_shape (const EspGuessUnit *first)
{
  switch (first->kind)
    {
    case ESP_GUESS_UNIT_LINEAR:
      return (EspShape) { 1, { first->in } };
    case ESP_GUESS_UNIT_CONV1D:
      return (EspShape) { 2, { first->in, -1 } };
    case ESP_GUESS_UNIT_CONV2D:
      return (EspShape) { 3, { first->in, -1, -1 } };
    case ESP_GUESS_UNIT_EMBEDDING:
    case ESP_GUESS_UNIT_BATCH_NORM:
    case ESP_GUESS_UNIT_LAYER_NORM:
    default:
      return (EspShape) { 0 };
    }
}

EspArchitecture *
esp_architecture_guess (EspCheckpoint *checkpoint, GError **error)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  g_autoptr (GArray) units = NULL, chain = NULL;
  EspArchitecture *self;
  EspShape shape;

  g_return_val_if_fail (ESP_IS_CHECKPOINT (checkpoint), NULL);

  if (esp_tree_get_n_tensors (tree) > MOST_TENSORS ||
      strcmp (esp_tree_get_separator (tree), ".") != 0)
    {
      esp_architecture_set_error (error, _ ("This isn’t a state dict of a small network"));
      return NULL;
    }
  units = list_units (tree, find_base (esp_tree_get_root (tree)), error);
  if (units == NULL)
    return NULL;
  chain = units->len > 0 ? find_chain (units) : NULL;
  if (chain == NULL)
    {
      esp_architecture_set_error (error, _ ("No chain of layers follows from the shapes: what one "
                                            "gives, the next must take"));
      return NULL;
    }
  self = esp_architecture_new (checkpoint, esp_guess_convert);
  add_lines (self, units, chain);
  shape = find_shape (&g_array_index (self->lines, EspGuessLine, 0).unit);
  esp_architecture_add_input (self, "input", &shape);
  return self;
}

/* --- choosing --- */

gboolean
esp_architecture_is_guess (EspArchitecture *self)
{
  return self->lines != NULL;
}

guint
esp_architecture_get_n_lines (EspArchitecture *self)
{
  return self->lines != NULL ? self->lines->len : 0;
}

static const char *const *
get_choices (const EspGuessLine *line)
{
  switch (line->kind)
    {
    case ESP_GUESS_LINE_ACTIVATION:
      return esp_guess_activations;
    case ESP_GUESS_LINE_POOL:
      return esp_guess_pools;
    case ESP_GUESS_LINE_PADDING:
      return esp_guess_paddings;
    case ESP_GUESS_LINE_UNIT:
    default:
      return NULL;
    }
}

void
esp_architecture_get_line (EspArchitecture *self, guint index, EspArchitectureLine *out)
{
  const EspGuessLine *line;

  g_return_if_fail (index < esp_architecture_get_n_lines (self));

  line = &g_array_index (self->lines, EspGuessLine, index);
  *out = (EspArchitectureLine) { .path = line->unit.path,
                                 .title = line->title,
                                 .choices = get_choices (line),
                                 .chosen = line->chosen };
}

void
esp_architecture_choose (EspArchitecture *self, guint line, guint choice)
{
  EspGuessLine *own;

  g_return_if_fail (line < esp_architecture_get_n_lines (self));

  own = &g_array_index (self->lines, EspGuessLine, line);
  g_return_if_fail (own->kind != ESP_GUESS_LINE_UNIT &&
                    choice < g_strv_length ((GStrv) get_choices (own)));
  own->chosen = choice;
}

gboolean
esp_architecture_choose_activation (EspArchitecture *self, const char *name)
{
  guint choice = 0, last = 0;

  while (esp_guess_activations[choice] != NULL &&
         g_ascii_strcasecmp (esp_guess_activations[choice], name) != 0)
    choice++;
  if (esp_guess_activations[choice] == NULL)
    return FALSE;
  for (guint i = 0; i < esp_architecture_get_n_lines (self); i++)
    if (g_array_index (self->lines, EspGuessLine, i).kind == ESP_GUESS_LINE_ACTIVATION)
      last = i;
  for (guint i = 0; i < last; i++)
    {
      EspGuessLine *line = &g_array_index (self->lines, EspGuessLine, i);

      if (line->kind == ESP_GUESS_LINE_ACTIVATION && (line->chosen != 0 || choice == 0))
        line->chosen = choice;
    }
  return TRUE;
}
