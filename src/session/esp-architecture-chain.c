/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A guessed chain with its choices -> a forward pass. "automatic" padding and pooling are the first
 * way in which an image of the data's size becomes as many numbers as the first Linear behind the
 * convolutions takes. */

#include "config.h"

#include "esp-architecture-guess.h"

#include <string.h>

/* what automatic choices are taken for */
typedef struct
{
  gboolean same;
  guint pool;      /* for automatic esp_guess_pools ... */
  gboolean spared; /* ... but the last */
} Auto;

static guint
resolve_padding (const EspGuessLine *line, const Auto *automatic)
{
  return line->chosen != ESP_GUESS_PADDING_AUTO ? line->chosen
         : automatic->same                      ? ESP_GUESS_PADDING_SAME
                                                : ESP_GUESS_PADDING_NONE;
}

static guint
resolve_pool (const EspGuessLine *line, const Auto *automatic, gboolean last)
{
  return line->chosen != ESP_GUESS_POOL_AUTO ? line->chosen
         : automatic->spared && last         ? ESP_GUESS_POOL_NONE
                                             : automatic->pool;
}

static gboolean
is_last_pool (EspArchitecture *self, guint index)
{
  for (guint i = index + 1; i < self->lines->len; i++)
    if (g_array_index (self->lines, EspGuessLine, i).kind == ESP_GUESS_LINE_POOL)
      return FALSE;
  return TRUE;
}

/* Features that the first Linear behind the convolutions gets; 0 when an image becomes too small.
 * *wanted: those it takes, 0 when there is none. */
static gint64
measure (EspArchitecture *self, const EspShape *image, const Auto *automatic, gint64 *wanted)
{
  gint64 size[2] = { image->sizes[1], image->sizes[2] }, channels = image->sizes[0];

  *wanted = 0;
  for (guint i = 0; i < self->lines->len; i++)
    {
      const EspGuessLine *line = &g_array_index (self->lines, EspGuessLine, i);
      const EspGuessLine *next = i + 1 < self->lines->len ? line + 1 : NULL;
      guint pool = line->kind == ESP_GUESS_LINE_POOL
                       ? resolve_pool (line, automatic, is_last_pool (self, i))
                       : ESP_GUESS_POOL_NONE;

      if (line->kind == ESP_GUESS_LINE_UNIT && line->unit.kind == ESP_GUESS_UNIT_LINEAR)
        {
          *wanted = line->unit.in;
          break;
        }
      if (line->kind == ESP_GUESS_LINE_UNIT && line->unit.kind == ESP_GUESS_UNIT_CONV2D)
        {
          gboolean padded = next == NULL || next->kind != ESP_GUESS_LINE_PADDING ||
                            resolve_padding (next, automatic) == ESP_GUESS_PADDING_SAME;

          channels = line->unit.out;
          for (guint k = 0; k < 2 && !padded; k++)
            size[k] -= line->unit.kernel[k] - 1;
        }
      for (guint k = 0; k < 2 && pool != ESP_GUESS_POOL_NONE; k++)
        size[k] = pool == ESP_GUESS_POOL_ALL ? 1 : size[k] / 2;
      if (size[0] < 1 || size[1] < 1)
        return 0;
    }
  return channels * size[0] * size[1];
}

/* the first way in which an image of the data's size fits */
static Auto
find_auto (EspArchitecture *self, const EspShape *image)
{
  static const Auto tried[] = {
    { TRUE, ESP_GUESS_POOL_MAX, FALSE },  { FALSE, ESP_GUESS_POOL_MAX, FALSE },
    { TRUE, ESP_GUESS_POOL_MAX, TRUE },   { FALSE, ESP_GUESS_POOL_MAX, TRUE },
    { TRUE, ESP_GUESS_POOL_NONE, FALSE }, { FALSE, ESP_GUESS_POOL_NONE, FALSE },
    { TRUE, ESP_GUESS_POOL_ALL, FALSE },
  };

  for (guint i = 0; image->ndim == 3 && image->sizes[1] > 0 && i < G_N_ELEMENTS (tried); i++)
    {
      gint64 wanted, found = measure (self, image, &tried[i], &wanted);

      if (found > 0 && (wanted == 0 || found == wanted))
        return tried[i];
    }
  return tried[0];
}

/* the next number in the same container if nothing has it, else a name of its own */
static char *
make_path (EspArchitecture *self, const char *after, const char *word)
{
  const char *dot = strrchr (after, '.'), *last = dot != NULL ? dot + 1 : after;
  char *end, *path;
  guint64 number = g_ascii_strtoull (last, &end, 10);
  gboolean taken = end == last || *end != '\0';

  path = taken
             ? NULL
             : g_strdup_printf ("%.*s%" G_GUINT64_FORMAT, (int) (last - after), after, number + 1);
  for (guint i = 0; !taken && i < self->lines->len; i++)
    {
      const EspGuessLine *line = &g_array_index (self->lines, EspGuessLine, i);

      taken = line->kind == ESP_GUESS_LINE_UNIT &&
              (strcmp (line->unit.path, path) == 0 ||
               (g_str_has_prefix (line->unit.path, path) && line->unit.path[strlen (path)] == '.'));
    }
  if (!taken && !esp_architecture_has (self, path))
    return path;
  g_free (path);
  path = g_strdup_printf ("%.*s%s_%s", (int) (last - after), after, last, word);
  for (guint i = 2; esp_architecture_has (self, path); i++)
    {
      g_free (path);
      path = g_strdup_printf ("%.*s%s_%s_%u", (int) (last - after), after, last, word, i);
    }
  return path;
}

typedef struct
{
  EspArchitecture *architecture;
  EspArchitectureValue value;
  Auto automatic;
  char *path; /* of the last module */
  const EspGuessUnit *shown;
} Chain;

static JsonObject *
add_plain (Chain *chain, const char *class_name, const char *word, GError **error)
{
  g_autofree char *path = make_path (chain->architecture, chain->path != NULL ? chain->path : "in",
                                     word);
  EspArchitectureValue in = chain->value;
  JsonObject *settings = esp_architecture_add (chain->architecture, path, class_name, &in, 1,
                                               &chain->value, error);

  g_free (chain->path);
  chain->path = g_steal_pointer (&path);
  return settings;
}

static gboolean
add_slot (Chain *chain, const EspGuessLine *line, gboolean last_pool, GError **error)
{
  g_auto (GStrv) words = NULL;
  JsonObject *settings;
  guint chosen = line->chosen;

  if (line->kind == ESP_GUESS_LINE_PADDING)
    return TRUE;
  if (line->kind == ESP_GUESS_LINE_POOL)
    chosen = resolve_pool (line, &chain->automatic, last_pool);
  if (line->kind == ESP_GUESS_LINE_POOL ? chosen == ESP_GUESS_POOL_NONE : chosen == 0)
    return TRUE;
  words = g_strsplit (line->kind == ESP_GUESS_LINE_POOL ? esp_guess_pools[chosen]
                                                        : esp_guess_activations[chosen],
                      " ", 2);
  settings = add_plain (chain, words[0], line->kind == ESP_GUESS_LINE_POOL ? "pool" : "activation",
                        error);
  if (settings != NULL && words[1] != NULL)
    json_object_set_int_member (settings,
                                chosen == ESP_GUESS_POOL_ALL ? "output_size" : "kernel_size",
                                chosen == ESP_GUESS_POOL_ALL ? 1 : 2);
  return settings != NULL;
}

static const char *
get_class (const EspGuessUnit *unit, const EspGuessUnit *shown)
{
  switch (unit->kind)
    {
    case ESP_GUESS_UNIT_LINEAR:
      return "Linear";
    case ESP_GUESS_UNIT_CONV1D:
      return "Conv1d";
    case ESP_GUESS_UNIT_CONV2D:
      return "Conv2d";
    case ESP_GUESS_UNIT_EMBEDDING:
      return "Embedding";
    case ESP_GUESS_UNIT_BATCH_NORM:
      return shown != NULL && shown->kind == ESP_GUESS_UNIT_CONV2D ? "BatchNorm2d" : "BatchNorm1d";
    case ESP_GUESS_UNIT_LAYER_NORM:
    default:
      return "LayerNorm";
    }
}

static void
set_settings (const EspGuessUnit *unit, JsonObject *settings, guint padding)
{
  if (esp_guess_unit_is_conv (unit))
    {
      json_object_set_int_member (settings, "in_channels", unit->in);
      json_object_set_int_member (settings, "out_channels", unit->out);
      esp_architecture_set_sizes (settings, "kernel_size", unit->kernel,
                                  unit->kind == ESP_GUESS_UNIT_CONV2D ? 2 : 1);
      if (padding == ESP_GUESS_PADDING_SAME)
        json_object_set_string_member (settings, "padding", "same");
    }
  else if (unit->kind == ESP_GUESS_UNIT_LINEAR)
    {
      json_object_set_int_member (settings, "in_features", unit->in);
      json_object_set_int_member (settings, "out_features", unit->out);
    }
  else if (unit->kind == ESP_GUESS_UNIT_EMBEDDING)
    {
      json_object_set_int_member (settings, "num_embeddings", unit->in);
      json_object_set_int_member (settings, "embedding_dim", unit->out);
    }
  else if (unit->kind == ESP_GUESS_UNIT_BATCH_NORM)
    json_object_set_int_member (settings, "num_features", unit->in);
  else
    esp_architecture_set_sizes (settings, "normalized_shape", &unit->in, 1);
  if (!unit->bias && (unit->kind == ESP_GUESS_UNIT_LINEAR || esp_guess_unit_is_conv (unit) ||
                      unit->kind == ESP_GUESS_UNIT_LAYER_NORM))
    json_object_set_boolean_member (settings, "bias", FALSE);
}

static gboolean
add_unit (Chain *chain, const EspGuessLine *line, const EspGuessLine *next, GError **error)
{
  EspArchitecture *self = chain->architecture;
  const EspGuessUnit *unit = &line->unit;
  EspArchitectureValue in;
  GError *inner = NULL;
  JsonObject *settings;

  /* an image, or a sequence, becomes a row of numbers */
  if (unit->kind == ESP_GUESS_UNIT_LINEAR && chain->shown != NULL &&
      (esp_guess_unit_is_conv (chain->shown) ||
       (chain->shown->kind == ESP_GUESS_UNIT_EMBEDDING && unit->in != chain->shown->out)) &&
      add_plain (chain, "Flatten", "flatten", error) == NULL)
    return FALSE;
  in = chain->value;
  self->owner = esp_place_get_module (unit->place);
  settings = esp_architecture_add (self, unit->path, get_class (unit, chain->shown), &in, 1,
                                   &chain->value, error);
  if (settings == NULL)
    return FALSE;
  if (g_strcmp0 (esp_architecture_find_class (unit->place), get_class (unit, chain->shown)) != 0 ||
      !esp_architecture_read_settings (unit->place, settings, &inner))
    set_settings (unit, settings,
                  next != NULL && next->kind == ESP_GUESS_LINE_PADDING
                      ? resolve_padding (next, &chain->automatic)
                      : ESP_GUESS_PADDING_NONE);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  esp_architecture_carry_all (self, unit->place, unit->path);
  g_free (chain->path);
  chain->path = g_strdup (unit->path);
  if (!esp_guess_unit_is_norm (unit))
    chain->shown = unit;
  if (unit->kind == ESP_GUESS_UNIT_LINEAR)
    chain->value.shape = (EspShape) { 1, { unit->out } };
  return TRUE;
}

gboolean
esp_guess_convert (EspArchitecture *self, EspArchitectureValue *out, GError **error)
{
  Chain chain = { .architecture = self, .value = esp_architecture_get_input (self, 0) };
  gboolean good = TRUE;

  chain.automatic = find_auto (self, &chain.value.shape);
  for (guint i = 0; i < self->lines->len && good; i++)
    {
      const EspGuessLine *line = &g_array_index (self->lines, EspGuessLine, i);
      const EspGuessLine *next = i + 1 < self->lines->len ? line + 1 : NULL;

      good = line->kind == ESP_GUESS_LINE_UNIT
                 ? add_unit (&chain, line, next, error)
                 : add_slot (&chain, line, is_last_pool (self, i), error);
    }
  g_free (chain.path);
  *out = chain.value;
  return good;
}
