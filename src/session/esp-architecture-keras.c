/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The graph of a Keras model, as its config says it: a Sequential is its layers in their order; a
 * Functional model's layers say what each of their calls takes ("inbound_nodes"), and the way goes
 * back from the model's output. Models within models are laid flat, "inner/dense". Layers are
 * esp-architecture-keras-layers.c's business. */

#include "config.h"

#include "esp-architecture-keras.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-json.h"

#define MOST_DEPTH 2000 /* calls one behind the other; they are followed by recursion */
#define MOST_CALL_INPUTS 64

typedef struct _Graph Graph;

/* a model, the outer one or one within */
struct _Graph
{
  EspArchitecture *architecture;
  EspPlace *place;
  const char *prefix; /* of paths: "" or "inner/" */
  const EspArchitectureValue *inputs;
  guint n_inputs;
  GHashTable *values; /* "layer[call]" -> EspArchitectureValue */
  GHashTable *under_way;
  guint depth;
  guint nesting; /* models around it */
};

/* one output of a call */
typedef struct
{
  char *layer;
  guint64 call;
} Source;

static gboolean add_model (Graph *graph, EspArchitectureValue *out, GError **error);

static void
clear_source (gpointer data)
{
  g_free (((Source *) data)->layer);
}

static GArray *
new_sources (void)
{
  GArray *sources = g_array_new (FALSE, TRUE, sizeof (Source));

  g_array_set_clear_func (sources, clear_source);
  return sources;
}

/* [["a", 0, 0], ["b", 1, 0]] or one of them alone; FALSE when it is something else */
static gboolean
read_sources (const char *text, guint64 skip, GArray *sources)
{
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, strlen (text), "nodes");
  guint depth = 0;
  guint64 lists = 0; /* of the second level from outside, ended */
  EspJsonToken token;

  while ((token = esp_json_reader_next (json, NULL)) != ESP_JSON_END)
    {
      if (token == ESP_JSON_ARRAY)
        depth++;
      else if (token == ESP_JSON_ARRAY_END)
        {
          depth--;
          lists += skip != G_MAXUINT64 && depth == 1 ? 1 : 0;
        }
      else if (token == ESP_JSON_STRING && (skip == G_MAXUINT64 || lists == skip))
        {
          gsize length;
          const char *name = esp_json_reader_get_text (json, &length);
          Source source = { .layer = g_strndup (name, length) };

          if (esp_json_reader_next (json, NULL) != ESP_JSON_NUMBER ||
              !esp_json_reader_get_u64 (json, &source.call, NULL) ||
              sources->len >= MOST_CALL_INPUTS)
            {
              g_free (source.layer);
              return FALSE;
            }
          g_array_append_val (sources, source);
        }
      else if (token != ESP_JSON_NUMBER && token != ESP_JSON_STRING)
        return FALSE;
    }
  return sources->len > 0;
}

static char *
join_path (const char *prefix, const char *name)
{
  char *path = g_strconcat (prefix, name, NULL);

  /* a dot would be a level */
  return g_strdelimit (path, ".", '_');
}

static const char *
get_class (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module != NULL ? esp_module_get_brief_class (module) : "";
}

static gboolean
is_model (const char *class_name)
{
  static const char *const classes[] = { "Sequential", "Functional", "Model", NULL };

  return g_strv_contains (classes, class_name);
}

/* a layer, or a whole model, on these inputs */
static gboolean
add_layer (Graph *graph,
           EspPlace *place,
           const EspArchitectureValue *inputs,
           guint n,
           EspArchitectureValue *out,
           GError **error)
{
  g_autofree char *path = join_path (graph->prefix,
                                     esp_place_get_name (esp_place_get_first (place)));
  EspKerasCall call = { .architecture = graph->architecture,
                        .place = place,
                        .module = esp_place_get_module (place),
                        .class_name = get_class (place),
                        .path = path };

  graph->architecture->owner = call.module;
  if (is_model (call.class_name))
    {
      g_autofree char *prefix = g_strconcat (path, "/", NULL);
      Graph inner = { .architecture = graph->architecture,
                      .place = place,
                      .prefix = prefix,
                      .inputs = inputs,
                      .n_inputs = n,
                      .nesting = graph->nesting + 1 };

      return add_model (&inner, out, error);
    }
  call.frozen = !esp_keras_call_is_set (&call, "trainable", TRUE);
  return esp_architecture_add_keras_layer (&call, inputs, n, out, error);
}

/* --- Sequential --- */

static gboolean
is_passed_over (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module == NULL || strcmp (get_class (place), "InputLayer") == 0 ||
         strcmp (esp_place_get_name (place), "optimizer") == 0 ||
         esp_module_get_class (module)[0] == '\0';
}

static gboolean
add_sequential (Graph *graph, EspArchitectureValue *out, GError **error)
{
  guint n = esp_place_get_n_children (graph->place);

  if (graph->n_inputs != 1)
    {
      esp_architecture_set_error (error, _ ("The Sequential “%s” takes %u inputs"),
                                  esp_place_get_path (graph->place), graph->n_inputs);
      return FALSE;
    }
  *out = graph->inputs[0];
  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_place_get_child (graph->place, i);
      EspArchitectureValue in = *out;

      if (!is_passed_over (place) && !add_layer (graph, place, &in, 1, out, error))
        return FALSE;
    }
  return TRUE;
}

/* --- Functional --- */

static gboolean find_value (Graph *graph,
                            const Source *source,
                            EspArchitectureValue *out,
                            GError **error);

static const char *
get_nodes (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module != NULL ? esp_module_find_attribute (module, "inbound_nodes") : NULL;
}

/* Keras 2 counts the call in which a Sequential within a model was made as its first: then somebody
 * takes what a call gives that the file doesn't list */
static gboolean
is_counted_from_one (Graph *graph, EspPlace *place, const char *name)
{
  guint n = esp_place_get_n_children (graph->place);
  guint64 listed = 0, last = 0;

  if (!is_model (get_class (place)))
    return FALSE;
  for (;; listed++)
    {
      g_autoptr (GArray) own = new_sources ();

      if (listed > MOST_DEPTH || !read_sources (get_nodes (place), listed, own))
        break;
    }
  for (guint i = 0; i <= n; i++)
    {
      g_autoptr (GArray) sources = new_sources ();
      const char *text = i < n ? get_nodes (esp_place_get_child (graph->place, i))
                               : esp_module_find_attribute (esp_place_get_module (graph->place),
                                                            "output_layers");

      if (text == NULL || !read_sources (text, G_MAXUINT64, sources))
        continue;
      for (guint k = 0; k < sources->len; k++)
        if (strcmp (g_array_index (sources, Source, k).layer, name) == 0)
          last = MAX (last, g_array_index (sources, Source, k).call);
    }
  return last == listed;
}

/* what a call takes */
static GArray *
list_call_inputs (Graph *graph, EspPlace *place, const Source *source, GError **error)
{
  const char *nodes = get_nodes (place);
  g_autoptr (GArray) sources = new_sources ();
  guint64 call = source->call;

  if (nodes != NULL && call > 0 && is_counted_from_one (graph, place, source->layer))
    call--;
  if (nodes != NULL && read_sources (nodes, call, sources))
    return g_steal_pointer (&sources);
  esp_architecture_set_error (error, _ ("The file doesn’t say what the layer “%s” takes"),
                              source->layer);
  return NULL;
}

static gboolean
add_call (Graph *graph,
          EspPlace *place,
          const Source *source,
          EspArchitectureValue *out,
          GError **error)
{
  g_autoptr (GArray) sources = list_call_inputs (graph, place, source, error);
  g_autofree EspArchitectureValue *inputs = NULL;

  inputs = sources != NULL ? g_new (EspArchitectureValue, sources->len) : NULL;
  for (guint i = 0; sources != NULL && i < sources->len; i++)
    if (!find_value (graph, &g_array_index (sources, Source, i), &inputs[i], error))
      return FALSE;
  return sources != NULL && add_layer (graph, place, inputs, sources->len, out, error);
}

static gboolean
find_value (Graph *graph, const Source *source, EspArchitectureValue *out, GError **error)
{
  g_autofree char *key = g_strdup_printf ("%s[%" G_GUINT64_FORMAT "]", source->layer, source->call);
  EspArchitectureValue *known = g_hash_table_lookup (graph->values, key);
  EspPlace *place = esp_place_find_child (graph->place, source->layer);
  gboolean good;

  if (known != NULL)
    {
      *out = *known;
      return TRUE;
    }
  if (place == NULL || esp_place_get_module (place) == NULL)
    {
      esp_architecture_set_error (error,
                                  _ ("The layer “%s” isn’t known: it is a function in the "
                                     "graph, or it is missing"),
                                  source->layer);
      return FALSE;
    }
  if (graph->depth >= MOST_DEPTH || g_hash_table_contains (graph->under_way, key))
    {
      esp_architecture_set_error (error, _ ("The layer “%s” takes what it gives itself"),
                                  source->layer);
      return FALSE;
    }
  g_hash_table_add (graph->under_way, key);
  graph->depth++;
  good = add_call (graph, place, source, out, error);
  graph->depth--;
  g_hash_table_remove (graph->under_way, key);
  if (good)
    g_hash_table_insert (graph->values, g_steal_pointer (&key), g_memdup2 (out, sizeof *out));
  return good;
}

static gboolean
read_ends (EspPlace *place, const char *key, GArray *sources, GError **error)
{
  const char *text = esp_module_find_attribute (esp_place_get_module (place), key);

  if (text != NULL && read_sources (text, G_MAXUINT64, sources))
    return TRUE;
  esp_architecture_set_error (error, _ ("The file doesn’t say which layers are the %s of “%s”"),
                              key, esp_place_get_path (place));
  return FALSE;
}

static gboolean
add_functional (Graph *graph, EspArchitectureValue *out, GError **error)
{
  g_autoptr (GArray) ins = new_sources (), outs = new_sources ();

  if (!read_ends (graph->place, "input_layers", ins, error) ||
      !read_ends (graph->place, "output_layers", outs, error))
    return FALSE;
  if (outs->len != 1 || ins->len != graph->n_inputs)
    {
      esp_architecture_set_error (
          error, _ ("The model has %u inputs and %u outputs; one output can be trained"), ins->len,
          outs->len);
      return FALSE;
    }
  graph->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  graph->under_way = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < ins->len; i++)
    {
      const Source *source = &g_array_index (ins, Source, i);

      g_hash_table_insert (
          graph->values, g_strdup_printf ("%s[%" G_GUINT64_FORMAT "]", source->layer, source->call),
          g_memdup2 (&graph->inputs[i], sizeof graph->inputs[i]));
    }
  gboolean good = find_value (graph, &g_array_index (outs, Source, 0), out, error);

  g_hash_table_unref (graph->values);
  g_hash_table_unref (graph->under_way);
  return good;
}

static gboolean
add_model (Graph *graph, EspArchitectureValue *out, GError **error)
{
  if (graph->nesting > 16)
    {
      esp_architecture_set_error (error, _ ("Models nest deeper than %d levels"), 16);
      return FALSE;
    }
  return strcmp (get_class (graph->place), "Sequential") == 0 ? add_sequential (graph, out, error)
                                                              : add_functional (graph, out, error);
}

/* --- what goes in --- */

/* "[null, 8, 8, 3]": without the batch; sizes that are open are -1 */
static gboolean
parse_batch_shape (const char *text, EspShape *shape)
{
  gint64 sizes[ESP_SHAPE_MAX_DIMS + 1];
  int n = text != NULL ? esp_architecture_parse_sizes (text, sizes, G_N_ELEMENTS (sizes)) : -1;

  if (n < 2)
    return FALSE;
  shape->ndim = (guint) n - 1;
  memcpy (shape->sizes, sizes + 1, shape->ndim * sizeof *sizes);
  return TRUE;
}

static gboolean
find_shape (EspPlace *place, EspShape *shape)
{
  static const char *const keys[] = { "batch_shape", "batch_input_shape", "build_input_shape",
                                      "input_shape" };
  EspModule *module = esp_place_get_module (place);

  for (guint i = 0; module != NULL && i < G_N_ELEMENTS (keys); i++)
    if (parse_batch_shape (esp_module_find_attribute (module, keys[i]), shape))
      return TRUE;
  return FALSE;
}

/* a Sequential of old says it in its first layer, or in its input layer, or of itself */
static gboolean
find_sequential_shape (EspPlace *root, EspShape *shape)
{
  guint n = esp_place_get_n_children (root);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_place_get_child (root, i);
      EspModule *module = esp_place_get_module (place);
      gint64 units;

      if (module == NULL)
        continue;
      if (find_shape (place, shape) ||
          (is_model (get_class (place)) && find_sequential_shape (place, shape)))
        return TRUE;
      if (strcmp (get_class (place), "Dense") == 0 &&
          esp_architecture_parse_sizes (esp_module_find_attribute (module, "input_dim"), &units,
                                        1) == 1)
        {
          *shape = (EspShape) { 1, { units } };
          return TRUE;
        }
      break;
    }
  return find_shape (root, shape);
}

static gboolean
add_inputs (EspArchitecture *self, EspPlace *root, GError **error)
{
  g_autoptr (GArray) ins = new_sources ();
  EspShape shape = { 0 };

  if (strcmp (get_class (root), "Sequential") == 0)
    {
      find_sequential_shape (root, &shape);
      esp_architecture_add_input (self, "input", &shape);
      return TRUE;
    }
  if (!read_ends (root, "input_layers", ins, error))
    return FALSE;
  for (guint i = 0; i < ins->len; i++)
    {
      const Source *source = &g_array_index (ins, Source, i);
      EspPlace *place = esp_place_find_child (root, source->layer);
      g_autofree char *name = g_strdelimit (g_strdup (source->layer), ".", '_');

      shape.ndim = 0;
      if (place != NULL)
        find_shape (place, &shape);
      esp_architecture_add_input (self, name, &shape);
    }
  return TRUE;
}

static gboolean
convert (EspArchitecture *self, EspArchitectureValue *out, GError **error)
{
  g_autofree EspArchitectureValue *inputs = g_new (EspArchitectureValue, self->inputs->len);
  Graph graph = { .architecture = self,
                  .place = esp_tree_get_root (esp_checkpoint_get_tree (self->checkpoint)),
                  .prefix = "",
                  .inputs = inputs,
                  .n_inputs = self->inputs->len };

  EspKerasCall end = { .architecture = self, .class_name = "", .path = (char *) "output" };

  for (guint i = 0; i < self->inputs->len; i++)
    inputs[i] = esp_architecture_get_input (self, i);
  if (!add_model (&graph, out, error))
    return FALSE;
  /* what comes out is compared with the data, which has its channels where the input has them */
  self->owner = NULL;
  return self->data_first || esp_keras_call_order (&end, FALSE, out, error);
}

EspArchitecture *
esp_architecture_read_keras (EspCheckpoint *checkpoint, GError **error)
{
  EspPlace *root = esp_tree_get_root (esp_checkpoint_get_tree (checkpoint));
  EspArchitecture *self;

  if (!g_str_has_prefix (esp_checkpoint_get_format (checkpoint), "keras"))
    return NULL;
  if (!is_model (get_class (root)))
    {
      if (get_class (root)[0] == '\0')
        esp_architecture_set_error (error, _ ("The file has weights alone: it doesn’t say which "
                                              "layers they belong to"));
      else
        esp_architecture_set_error (
            error, _ ("The model is a %s, a class of its own; what it does isn’t in the file"),
            get_class (root));
      return NULL;
    }
  self = esp_architecture_new (checkpoint, convert);
  if (add_inputs (self, root, error))
    return self;
  esp_architecture_unref (self);
  return NULL;
}
