/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Place -> Python. What stands in a file is reached by its keys (`sd["model"]["0.weight"]`), what
 * stands in a module object by attributes (`net.encoder[2].weight`); a pickled file may have both.
 * The lines are Python and so not translated; neither are their comments. */

#include "config.h"

#include "esp-code-private.h"

#include <string.h>

#include "esp-path.h"

/* --- Python --- */

/* a character that a literal may show as it is */
static gboolean
is_plain (gunichar c)
{
  return c >= 0x20 && c != 0x7f && g_unichar_isprint (c);
}

static void
append_escape (GString *out, gunichar c)
{
  if (c == '\n' || c == '\r' || c == '\t')
    g_string_append_printf (out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
  else if (c < 0x100)
    g_string_append_printf (out, "\\x%02x", c);
  else if (c < 0x10000)
    g_string_append_printf (out, "\\u%04x", c);
  else
    g_string_append_printf (out, "\\U%08x", c);
}

/* what is no UTF-8: a NUL as C0 80, a lone surrogate in three bytes, or a stray byte */
static gsize
append_odd (GString *out, const guchar *at)
{
  if (at[0] == 0xc0 && at[1] == 0x80)
    {
      append_escape (out, 0);
      return 2;
    }
  if (at[0] == 0xed && (at[1] & 0xe0) == 0xa0 && (at[2] & 0xc0) == 0x80)
    {
      append_escape (out, 0xd000 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3f));
      return 3;
    }
  append_escape (out, 0xdc00 | at[0]);
  return 1;
}

char *
esp_code_quote (const char *text)
{
  GString *out = g_string_new ("\"");

  while (*text != '\0')
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          text += append_odd (out, (const guchar *) text);
          continue;
        }
      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", (char) c);
      else if (is_plain (c))
        g_string_append_unichar (out, c);
      else
        append_escape (out, c);
      text = g_utf8_next_char (text);
    }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

static gboolean
is_number (const char *text)
{
  gsize n = strspn (text, "0123456789");

  return n > 0 && text[n] == '\0' && (n == 1 || text[0] != '0');
}

gboolean
esp_code_is_identifier (const char *text)
{
  static const char *const keywords[] = {
    "False",    "None",    "True",     "and",    "as",     "assert", "async",  "await", "break",
    "class",    "def",     "continue", "del",    "elif",   "else",   "except", "for",   "from",
    "if",       "finally", "global",   "import", "in",     "is",     "lambda", "not",   "or",
    "nonlocal", "pass",    "raise",    "try",    "return", "while",  "with",   "yield", NULL
  };
  gsize i = 0;

  while (g_ascii_isalnum (text[i]) || text[i] == '_')
    i++;
  return i > 0 && text[i] == '\0' && !g_ascii_isdigit (text[0]) &&
         !g_strv_contains (keywords, text);
}

/* @texts: all keys are texts there; else one of digits alone is a number, as in an optimiser's
 * state and in lists */
static void
append_key (GString *out, const char *key, gboolean texts)
{
  g_autofree char *quoted = is_number (key) && !texts ? g_strdup (key) : esp_code_quote (key);

  g_string_append_printf (out, "[%s]", quoted);
}

/* @name of a module object of class @class_name */
static void
append_attribute (GString *out, const char *class_name, const char *name)
{
  static const char *const indexed[] = { "Sequential", "ModuleList", "ParameterList", "BufferList",
                                         NULL };
  static const char *const keyed[] = { "ModuleDict", "ParameterDict", "BufferDict", NULL };

  if (is_number (name) && g_strv_contains (indexed, class_name))
    g_string_append_printf (out, "[%s]", name);
  else if (esp_code_is_identifier (name) && !g_strv_contains (keyed, class_name))
    g_string_append_printf (out, ".%s", name);
  else
    {
      g_autofree char *quoted = esp_code_quote (name);

      if (g_strv_contains (keyed, class_name))
        g_string_append_printf (out, "[%s]", quoted);
      else
        {
          g_string_prepend (out, "getattr(");
          g_string_append_printf (out, ", %s)", quoted);
        }
    }
}

/* --- where things stand --- */

/* the places from below the root down to @place */
static GPtrArray *
list_chain (EspPlace *place)
{
  GPtrArray *chain = g_ptr_array_new ();

  for (; place != NULL && esp_place_get_parent (place) != NULL;
       place = esp_place_get_parent (place))
    g_ptr_array_insert (chain, 0, place);
  return chain;
}

static const char *
get_class (EspPlace *place)
{
  EspModule *module = place != NULL ? esp_place_get_module (place) : NULL;

  return module != NULL ? esp_module_get_brief_class (module) : "";
}

/* whether it is an object with attributes, and not a dictionary or a list of the file */
static gboolean
is_object (EspPlace *place)
{
  static const char *const plain[] = { "",        "dict", "OrderedDict", "defaultdict",
                                       "Counter", "list", "tuple",       NULL };

  return !g_strv_contains (plain, get_class (place));
}

static EspPlace *
get_first_tensor (EspPlace *place)
{
  while (esp_place_get_parameter (place) == NULL)
    {
      EspPlace *found = NULL;
      guint n = esp_place_get_n_children (place);

      for (guint i = 0; i < n && found == NULL; i++)
        if (esp_place_get_totals (esp_place_get_child (place, i))->tensors > 0)
          found = esp_place_get_child (place, i);
      if (found == NULL)
        return NULL;
      place = found;
    }
  return place;
}

void
esp_reach_clear (EspReach *self)
{
  if (self->expression != NULL)
    g_string_free (self->expression, TRUE);
  g_free (self->prefix);
}

/* how many levels of the tree a key takes */
static guint
count_levels (const char *key, const char *separator)
{
  guint n = 1;

  if (separator[0] == '\0')
    return 1;
  for (const char *at = key; (at = strstr (at, separator)) != NULL; at += strlen (separator))
    n++;
  return n;
}

/* the first @levels names of a key, and a separator */
static char *
cut_key (const char *key, const char *separator, guint levels)
{
  const char *at = key;

  for (guint i = 0; i < levels; i++)
    at = strstr (at, separator) + strlen (separator);
  return g_strndup (key, at - key);
}

/* goes to @place from a variable named @whole, along the keys of the first tensor below it */
void
esp_reach_init (EspReach *self, EspTree *tree, EspPlace *place, const char *whole, gboolean texts)
{
  const char *separator = esp_tree_get_separator (tree);
  g_autoptr (GPtrArray) chain = list_chain (place);
  EspPlace *tensor = get_first_tensor (place), *at = esp_tree_get_root (tree);
  const char *const *keys = tensor != NULL ? esp_place_get_keys (tensor) : NULL;
  guint level = 0;

  *self = (EspReach) { .expression = g_string_new (whole) };
  for (guint i = 0; level < chain->len; i++)
    {
      const char *key = keys != NULL && keys[i] != NULL ? keys[i]
                                                        : esp_place_get_name (chain->pdata[level]);
      guint levels = keys != NULL && keys[i] != NULL ? count_levels (key, separator) : 1;

      if (is_object (at))
        {
          self->any_object = TRUE;
          for (guint k = 0; k < levels && level < chain->len; k++)
            {
              at = chain->pdata[level++];
              append_attribute (self->expression, get_class (esp_place_get_parent (at)),
                                esp_place_get_name (at));
            }
          continue;
        }
      if (level + levels > chain->len)
        {
          self->prefix = cut_key (key, separator, chain->len - level);
          break;
        }
      level += levels;
      at = chain->pdata[level - 1];
      append_key (self->expression, key, texts);
    }
  self->object = self->prefix == NULL && is_object (place);
  self->any_object = self->any_object || self->object;
}

/* --- tensors and modules by dialect --- */

static guint
get_ndim (EspPlace *place)
{
  return esp_tensor_get_ndim (esp_parameter_get_data (esp_place_get_parameter (place)));
}

/* NumPy has no such type, so it goes by float32 */
static gboolean
needs_float (EspTensor *tensor)
{
  const EspDtypeInfo *info = esp_dtype_get_info (esp_tensor_get_dtype (tensor));

  return info->kind == ESP_KIND_FLOAT && (info->bits < 16 || strcmp (info->name, "bfloat16") == 0);
}

/* Keras keeps kernels the other way round */
static const char *
get_transposed (EspPlace *place)
{
  gboolean weight = strcmp (esp_place_get_name (place), "weight") == 0;

  if (!weight)
    return "w";
  switch (get_ndim (place))
    {
    case 2:
      return "w.T";
    case 3:
      return "w.transpose(2, 1, 0)";
    case 4:
      return "w.transpose(2, 3, 1, 0)";
    default:
      return "w";
    }
}

void
esp_code_append_keras_assignment (GString *out, EspPlace *place)
{
  const char *name = esp_place_get_name (place), *value = get_transposed (place);

  g_string_append (out, "\n\n# Keras takes NumPy arrays");
  if (strcmp (value, "w.T") == 0)
    g_string_append (out, "; its kernel is (in, out), this one (out, in)");
  else if (strcmp (value, "w") != 0)
    g_string_append (out, "; its kernel has its channels last");
  g_string_append_printf (out, "\nlayer.%s.assign(%s)",
                          strcmp (name, "weight") == 0    ? "kernel"
                          : esp_code_is_identifier (name) ? name
                                                          : "variable",
                          value);
}

/* what the classes that a pickle names are to `weights_only` */
static const char *
find_unsafe_global (EspCheckpoint *checkpoint)
{
  static const char *const safe[] = { "torch._utils.",
                                      "torch._tensor.",
                                      "torch.storage.",
                                      "torch.serialization.",
                                      "collections.OrderedDict",
                                      "collections.Counter",
                                      "collections.defaultdict",
                                      "_codecs.encode",
                                      "torch.nn.parameter.",
                                      "torch.Size",
                                      "torch.device",
                                      "torch.Tensor",
                                      "__builtin__.set",
                                      "builtins.set",
                                      "__builtin__.bytearray",
                                      "builtins.bytearray" };
  const char *const *globals = esp_checkpoint_get_pickle_globals (checkpoint);

  for (guint i = 0; globals[i] != NULL; i++)
    {
      const char *name = globals[i];
      gboolean known = g_str_has_prefix (name, "torch.") && strchr (name + 6, '.') == NULL;

      for (guint k = 0; k < G_N_ELEMENTS (safe) && !known; k++)
        known = g_str_has_prefix (name, safe[k]);
      if (!known)
        return name;
    }
  return NULL;
}

gboolean
esp_code_has_format (EspCheckpoint *checkpoint, const char *name)
{
  return strcmp (esp_checkpoint_get_format (checkpoint), name) == 0;
}

static gboolean
is_safetensors (EspCheckpoint *checkpoint)
{
  return esp_code_has_format (checkpoint, "safetensors");
}

/* the lines that open the file as @variable */
static void
append_opening (GString *out,
                EspCheckpoint *checkpoint,
                const char *variable,
                gboolean whole_module,
                gboolean numpy)
{
  g_autofree char *base = g_path_get_basename (esp_checkpoint_get_path (checkpoint));
  g_autofree char *file = esp_code_quote (base);
  const char *unsafe;

  if (is_safetensors (checkpoint))
    {
      g_string_append_printf (out, "from safetensors.%s import load_file\n\n%s = load_file(%s)\n",
                              numpy ? "numpy" : "torch", variable, file);
      return;
    }
  unsafe = find_unsafe_global (checkpoint);
  g_string_append (out, "import torch\n\n");
  if (unsafe != NULL || whole_module)
    {
      g_autofree char *shown = esp_path_escape (unsafe != NULL ? unsafe : "torch.nn.Module");

      g_string_append_printf (out,
                              "# this runs code: only for files that you trust (it builds %s)\n"
                              "%s = torch.load(%s, weights_only=False)\n",
                              shown, variable, file);
    }
  else
    g_string_append_printf (out, "%s = torch.load(%s, weights_only=True)\n", variable, file);
}

/* a module: a loop over what is below it */
void
esp_code_append_loop (GString *out, const EspReach *at)
{
  if (at->object)
    {
      g_string_append_printf (out,
                              "for name, p in %s.named_parameters():\n"
                              "    print(name, tuple(p.shape))",
                              at->expression->str);
      return;
    }
  g_string_append_printf (out, "for name, w in %s.items():\n", at->expression->str);
  if (at->prefix != NULL)
    {
      g_autofree char *prefix = esp_code_quote (at->prefix);

      g_string_append_printf (out,
                              "    if name.startswith(%s):\n"
                              "        print(name, tuple(w.shape))",
                              prefix);
    }
  else
    g_string_append (out, "    print(name, getattr(w, \"shape\", \"\"))");
}

void
esp_code_append_not_stored (GString *out, EspPlace *place)
{
  g_autofree char *name = esp_path_escape (esp_place_get_path (place));

  if (!esp_place_is_stored (place))
    g_string_append_printf (out, "# %s is not in the file: it is tied to this one\n", name);
}

/* safetensors.numpy reads all or nothing */
static gboolean
has_types_of_numpy (EspTree *tree)
{
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 0; i < n; i++)
    {
      EspTreeRow row;

      esp_tree_read_row (tree, i, &row);
      if (esp_dtype_get_info (esp_tensor_get_dtype (row.tensor))->bits < 8 ||
          needs_float (row.tensor))
        return FALSE;
    }
  return TRUE;
}

/* a pickle may hold arrays of NumPy beside tensors; their types have NumPy's names */
static gboolean
is_array (EspTensor *tensor)
{
  return g_str_has_prefix (esp_tensor_get_native_dtype (tensor), "numpy.");
}

static char *
write_checkpoint_code (EspCheckpoint *checkpoint, EspPlace *place, EspDialect dialect)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  gboolean whole_module = is_object (esp_tree_get_root (tree));
  const char *variable = whole_module ? "net" : "sd";
  EspParameter *parameter = esp_place_get_parameter (place);
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean numpy = parameter != NULL && dialect != ESP_DIALECT_PYTORCH;
  gboolean numpy_file = numpy && is_safetensors (checkpoint) && has_types_of_numpy (tree);
  EspTensor *tensor = parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
  g_auto (EspReach) at = { 0 };

  /* a name that isn't in the file is reached by the one that is */
  esp_reach_init (&at, tree, esp_place_is_stored (place) ? place : esp_place_get_first (place),
                  variable, is_safetensors (checkpoint));
  append_opening (out, checkpoint, variable, at.any_object, numpy_file);
  if (parameter == NULL)
    {
      esp_code_append_loop (out, &at);
      return g_strdup (out->str);
    }
  esp_code_append_not_stored (out, place);
  if (!numpy && !is_safetensors (checkpoint) && is_array (tensor))
    g_string_append_printf (out, "w = torch.from_numpy(%s)", at.expression->str);
  else
    g_string_append_printf (out, "w = %s", at.expression->str);
  if (numpy && !numpy_file && (is_safetensors (checkpoint) || !is_array (tensor)))
    g_string_append_printf (out, "%s%s.numpy()", at.any_object ? ".detach()" : "",
                            needs_float (tensor) ? ".float()" : "");
  if (dialect == ESP_DIALECT_KERAS)
    esp_code_append_keras_assignment (out, place);
  return g_strdup (out->str);
}

/* --- networks --- */

/* the module or parameter of a network: all its modules are objects */
static char *
write_network_path (EspPlace *place)
{
  g_autoptr (GPtrArray) chain = list_chain (place);
  g_autoptr (GString) out = g_string_new ("net");

  for (guint i = 0; i < chain->len; i++)
    {
      EspPlace *at = chain->pdata[i];
      const char *class_name = get_class (esp_place_get_parent (at));

      append_attribute (out, class_name[0] != '\0' ? class_name : "Sequential",
                        esp_place_get_name (at));
    }
  return g_strdup (out->str);
}

static char *
write_keras_path (EspPlace *place)
{
  g_autoptr (GPtrArray) chain = list_chain (place);
  g_autoptr (GString) out = g_string_new ("model");

  for (guint i = 0; i < chain->len; i++)
    {
      const char *name = esp_place_get_name (chain->pdata[i]);

      if (esp_place_get_parameter (chain->pdata[i]) != NULL)
        g_string_append_printf (out, ".%s", strcmp (name, "weight") == 0 ? "kernel" : name);
      else if (is_number (name))
        g_string_append_printf (out, ".layers[%s]", name);
      else
        {
          g_autofree char *quoted = esp_code_quote (name);

          g_string_append_printf (out, ".get_layer(%s)", quoted);
        }
    }
  return g_strdup (out->str);
}

static char *
write_network_code (EspPlace *place, EspDialect dialect)
{
  g_autofree char *path = write_network_path (place), *keras = write_keras_path (place);
  gboolean weight = strcmp (esp_place_get_name (place), "weight") == 0;

  if (esp_place_get_parameter (place) == NULL)
    {
      if (dialect == ESP_DIALECT_KERAS)
        return g_strdup_printf ("for w in %s.weights:\n    print(w.path, w.shape)", keras);
      if (dialect == ESP_DIALECT_NUMPY)
        return g_strdup_printf ("arrays = {name: p.detach().numpy() for name, p in "
                                "%s.named_parameters()}",
                                path);
      return g_strdup_printf ("for name, p in %s.named_parameters():\n"
                              "    print(name, tuple(p.shape))",
                              path);
    }
  if (dialect == ESP_DIALECT_KERAS)
    return g_strdup_printf ("w = %s%s", keras,
                            weight && get_ndim (place) == 2
                                ? "  # (in, out): the transpose of PyTorch's (out, in)"
                                : "");
  if (dialect == ESP_DIALECT_NUMPY)
    return g_strdup_printf ("w = %s.detach().numpy()\ng = %s.grad.numpy()", path, path);
  return g_strdup_printf ("w = %s.data\ng = %s.grad", path, path);
}

char *
esp_code_for_place (EspCheckpoint *checkpoint,
                    EspNetwork *network,
                    EspPlace *place,
                    EspDialect dialect)
{
  char *lines;

  if (network != NULL)
    return write_network_code (place, dialect);
  lines = esp_code_for_file (checkpoint, place, dialect);
  return lines != NULL ? lines : write_checkpoint_code (checkpoint, place, dialect);
}
