/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Place -> Python, for files that have a library of their own: one row a format says what to
 * import, how to open the file and how to reach a tensor. Checked against those libraries by
 * tests/peers/check-code.py. */

#include "config.h"

#include "esp-code-private.h"

#include <inttypes.h>
#include <string.h>

typedef struct
{
  const char *format;
  /* the lines before "w = ..."; they end with a newline */
  void (*open) (GString *out, const EspCodeContext *context);
  /* the expression after it */
  void (*reach) (GString *out, const EspCodeContext *context);
  gboolean torch; /* what it gives is a tensor of PyTorch, not an array */
  /* of a module: the lines that print what is below; NULL: they loop over the dictionary sd */
  void (*loop) (GString *out, const EspCodeContext *context);
} FileCode;

EspTensor *
esp_code_context_get_tensor (const EspCodeContext *context)
{
  EspParameter *parameter = esp_place_get_parameter (context->stored);

  return parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
}

static void
reach_by_name (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "sd[%s]", context->name);
}

/* --- GGUF --- */

/* gguf's reader gives such values as bytes */
static gboolean
needs_dequantising (const EspCodeContext *context)
{
  EspTensor *tensor = esp_code_context_get_tensor (context);

  return tensor != NULL && (esp_tensor_get_block_type (tensor) != NULL ||
                            esp_tensor_get_dtype (tensor) == ESP_DTYPE_BFLOAT16);
}

/* "tiny-00002-of-00003.gguf" -> "tiny-*-of-00003.gguf"; NULL where the model is in one file */
static char *
get_pattern (const EspCodeContext *context)
{
  const char *of = strstr (context->base, "-of-");
  guint n = esp_checkpoint_get_n_metadata (context->checkpoint);
  g_autofree char *stem = NULL;

  for (guint i = 0; i < n; i++)
    if (strcmp (esp_checkpoint_get_metadata_key (context->checkpoint, i), "split.count") == 0 &&
        strcmp (esp_checkpoint_get_metadata_value (context->checkpoint, i), "1") != 0 &&
        of != NULL && of - context->base > 6)
      {
        stem = g_strndup (context->base, (gsize) (of - context->base) - 5);
        return g_strconcat (stem, "*", of, NULL);
      }
  return NULL;
}

static void
open_gguf (GString *out, const EspCodeContext *context)
{
  g_autofree char *pattern = get_pattern (context);
  g_autofree char *quoted = pattern != NULL ? esp_code_quote (pattern) : NULL;

  if (quoted != NULL)
    g_string_prepend (out, "from glob import glob\n");
  g_string_append (out, "from gguf import GGUFReader\n");
  if (needs_dequantising (context))
    g_string_append (out, "from gguf.quants import dequantize\n");
  if (quoted != NULL)
    g_string_append_printf (
        out, "\nsd = {t.name: t for part in sorted(glob(%s)) for t in GGUFReader(part).tensors}\n",
        quoted);
  else
    g_string_append_printf (out, "\nsd = {t.name: t for t in GGUFReader(%s).tensors}\n",
                            context->file);
}

static void
reach_gguf (GString *out, const EspCodeContext *context)
{
  if (needs_dequantising (context))
    g_string_append_printf (out, "dequantize(sd[%s].data, sd[%s].tensor_type)", context->name,
                            context->name);
  else
    g_string_append_printf (out, "sd[%s].data", context->name);
}

/* --- NumPy --- */

/* an .npy is its one array, whatever was asked for */
static void
open_npy (GString *out, const EspCodeContext *context)
{
  EspTree *tree = esp_checkpoint_get_tree (context->checkpoint);
  EspPlace *only = esp_tree_get_n_tensors (tree) > 0 ? esp_tree_get_tensor (tree, 0)
                                                     : context->stored;
  g_autofree char *name = esp_code_quote (esp_place_get_path (only));

  g_string_append_printf (out, "import numpy\n\nsd = {%s: numpy.load(%s)}\n", name, context->file);
}

static void
open_npz (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "import numpy\n\nsd = numpy.load(%s)\n", context->file);
}

/* --- ONNX --- */

static void
open_onnx (GString *out, const EspCodeContext *context)
{
  EspParameter *parameter = esp_place_get_parameter (context->stored);

  g_string_append_printf (out,
                          "import onnx\nfrom onnx.numpy_helper import to_array\n\n"
                          "graph = onnx.load(%s).graph\n"
                          "sd = {t.name: t for t in graph.initializer}\n",
                          context->file);
  if (parameter != NULL && esp_parameter_get_role (parameter) == ESP_ROLE_CONSTANT)
    g_string_append (out, "sd |= {n.output[0]: n.attribute[0].t for n in graph.node if n.op_type "
                          "== \"Constant\"}\n");
}

static void
reach_onnx (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "to_array(sd[%s])", context->name);
}

static void
loop_onnx (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "for name, t in sd.items():\n    print(name, tuple(t.dims))");
}

/* --- PyTorch's other forms --- */

static void
open_export (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out,
                          "import torch\n\np = torch.export.load(%s)\n"
                          "sd = {**p.state_dict, **p.constants}\n",
                          context->file);
}

static void
open_script (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out,
                          "import torch\n\n"
                          "# this loads code that runs when the module is called\n"
                          "net = torch.jit.load(%s, map_location=\"cpu\")\n",
                          context->file);
}

static void
reach_script (GString *out, const EspCodeContext *context)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GString) path = g_string_new ("net");

  for (EspPlace *at = context->stored; esp_place_get_parent (at) != NULL;
       at = esp_place_get_parent (at))
    g_ptr_array_insert (names, 0, (gpointer) esp_place_get_name (at));
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *quoted = NULL;

      if (esp_code_is_identifier (names->pdata[i]))
        {
          g_string_append_printf (path, ".%s", (const char *) names->pdata[i]);
          continue;
        }
      quoted = esp_code_quote (names->pdata[i]);
      g_string_prepend (path, "getattr(");
      g_string_append_printf (path, ", %s)", quoted);
    }
  g_string_append (out, path->str);
}

static void
loop_script (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "for name, w in net.state_dict().items():\n"
                        "    print(name, tuple(w.shape))");
}

static void
open_dcp (GString *out, const EspCodeContext *context)
{
  EspTensor *tensor = esp_code_context_get_tensor (context);

  g_string_append (out, "import torch\nimport torch.distributed.checkpoint as dcp\n\n");
  if (tensor == NULL)
    return;
  g_string_append (out, "w = torch.empty([");
  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (out, i > 0 ? ", %" PRIi64 : "%" PRIi64,
                            esp_tensor_get_shape (tensor)[i]);
  g_string_append_printf (out, "], dtype=%s)\n", esp_tensor_get_native_dtype (tensor));
}

/* the folder, for which any of its files may stand */
static char *
quote_dcp_folder (const EspCodeContext *context)
{
  if (g_str_has_suffix (context->base, ".metadata") || g_str_has_suffix (context->base, ".distcp"))
    return g_strdup ("\".\"");
  return g_strdup (context->file);
}

static void
load_dcp (GString *out, const EspCodeContext *context)
{
  g_autofree char *folder = quote_dcp_folder (context);

  g_string_append_printf (out, "dcp.load({%s: w}, checkpoint_id=%s)", context->name, folder);
}

static void
loop_dcp (GString *out, const EspCodeContext *context)
{
  g_autofree char *folder = quote_dcp_folder (context);

  g_string_append_printf (out,
                          "table = dcp.FileSystemReader(%s).read_metadata()\n"
                          "for name, t in table.state_dict_metadata.items():\n"
                          "    print(name, getattr(t, \"size\", \"\"))",
                          folder);
}

/* --- several files --- */

static void
open_sharded (GString *out, const EspCodeContext *context)
{
  gboolean torch = esp_code_has_format (context->checkpoint, "pytorch-sharded");
  gboolean is_index = g_str_has_suffix (context->base, ".json");
  const char *usual = torch ? "pytorch_model.bin.index.json" : "model.safetensors.index.json";
  g_autofree char *index = is_index ? g_strdup (context->base)
                                    : g_build_filename (context->base, usual, NULL);
  g_autofree char *quoted = esp_code_quote (index);

  g_string_append_printf (out,
                          "import json\nimport pathlib\n%s\n\nindex = pathlib.Path(%s)\n"
                          "files = json.loads(index.read_text())[\"weight_map\"]\n",
                          torch ? "import torch" : "from safetensors.torch import load_file",
                          quoted);
}

static void
reach_sharded (GString *out, const EspCodeContext *context)
{
  if (esp_code_has_format (context->checkpoint, "pytorch-sharded"))
    g_string_append_printf (out, "torch.load(index.parent / files[%s], weights_only=True)[%s]",
                            context->name, context->name);
  else
    g_string_append_printf (out, "load_file(index.parent / files[%s])[%s]", context->name,
                            context->name);
}

static void
loop_sharded (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "for name, file in files.items():\n    print(name, file)");
}

/* --- Flax --- */

static void
open_flax (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out,
                          "from flax.serialization import msgpack_restore\n\n"
                          "with open(%s, \"rb\") as f:\n"
                          "    sd = msgpack_restore(f.read())\n",
                          context->file);
}

static void
reach_keys (GString *out, const EspCodeContext *context)
{
  g_auto (EspReach) at = { 0 };

  esp_reach_init (&at, esp_checkpoint_get_tree (context->checkpoint), context->stored, "sd", TRUE);
  g_string_append (out, at.expression->str);
}

/* --- the table --- */

static const FileCode formats[] = {
  { "gguf", open_gguf, reach_gguf, FALSE, NULL },
  { "npy", open_npy, reach_by_name, FALSE, NULL },
  { "npz", open_npz, reach_by_name, FALSE, NULL },
  { "onnx", open_onnx, reach_onnx, FALSE, loop_onnx },
  { "hdf5", esp_code_open_hdf5, esp_code_reach_hdf5, FALSE, esp_code_loop_hdf5 },
  { "keras-weights-h5", esp_code_open_hdf5, esp_code_reach_hdf5, FALSE, esp_code_loop_hdf5 },
  { "keras-h5-weights", esp_code_open_hdf5, esp_code_reach_hdf5, FALSE, esp_code_loop_hdf5 },
  { "keras-h5", esp_code_open_keras, esp_code_reach_keras, FALSE, esp_code_loop_hdf5 },
  { "keras-sharded", esp_code_open_keras_sharded, esp_code_reach_keras_sharded, FALSE,
    esp_code_loop_keras_sharded },
  { "keras-zip", esp_code_open_keras, esp_code_reach_keras, FALSE, esp_code_loop_hdf5 },
  { "tf-checkpoint", esp_code_open_tf, esp_code_reach_tf, FALSE, esp_code_loop_tf },
  { "tf-savedmodel", esp_code_open_tf, esp_code_reach_tf, FALSE, esp_code_loop_tf },
  { "tf-checkpoint-v1", esp_code_open_tf, esp_code_reach_tf_v1, FALSE, esp_code_loop_tf },
  { "tf-graphdef", esp_code_open_graph, esp_code_reach_graph, FALSE, esp_code_loop_graph },
  { "flax-msgpack", open_flax, reach_keys, FALSE, NULL },
  { "torch-export-pt2", open_export, reach_by_name, TRUE, NULL },
  { "torchscript", open_script, reach_script, TRUE, loop_script },
  { "torch-dcp", open_dcp, NULL, TRUE, loop_dcp },
  { "safetensors-sharded", open_sharded, reach_sharded, TRUE, loop_sharded },
  { "pytorch-sharded", open_sharded, reach_sharded, TRUE, loop_sharded },
};

static const FileCode *
find_format (EspCheckpoint *checkpoint)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (esp_code_has_format (checkpoint, formats[i].format))
      return &formats[i];
  return NULL;
}

/* NumPy has no such type, so it goes by float32 */
static gboolean
needs_float (EspTensor *tensor)
{
  const EspDtypeInfo *info = esp_dtype_get_info (esp_tensor_get_dtype (tensor));

  return info->kind == ESP_KIND_FLOAT && (info->bits < 16 || strcmp (info->name, "bfloat16") == 0);
}

/* an array as a tensor, or the other way round */
static void
append_value (GString *out, const FileCode *code, const EspCodeContext *context, EspDialect dialect)
{
  gboolean torch = dialect == ESP_DIALECT_PYTORCH;
  g_autoptr (GString) value = g_string_new (NULL);

  if (code->reach == NULL) /* opening has made it */
    {
      load_dcp (out, context);
      if (!torch)
        g_string_append_printf (out, "\nw = w%s.numpy()",
                                needs_float (esp_code_context_get_tensor (context)) ? ".float()"
                                                                                    : "");
      return;
    }
  code->reach (value, context);
  if (code->torch == torch)
    g_string_append_printf (out, "w = %s", value->str);
  else if (torch)
    g_string_append_printf (out, "w = torch.from_numpy(%s)", value->str);
  else
    g_string_append_printf (out, "w = %s.detach()%s.numpy()", value->str,
                            needs_float (esp_code_context_get_tensor (context)) ? ".float()" : "");
}

/* imports go together, at the top */
static void
append_opening (GString *out, const FileCode *code, const EspCodeContext *context, gboolean torch)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  const char *blank;

  code->open (lines, context);
  blank = strstr (lines->str, "\n\n");
  if (!torch || blank == NULL)
    {
      g_string_append (out, lines->str);
      return;
    }
  g_string_append_len (out, lines->str, blank + 1 - lines->str);
  g_string_append_printf (out, "import torch\n%s", blank + 1);
}

static char *
write_lines (const FileCode *code, const EspCodeContext *context, EspDialect dialect)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean parameter = esp_place_get_parameter (context->place) != NULL;
  g_auto (EspReach) at = { 0 };

  append_opening (out, code, context, parameter && dialect == ESP_DIALECT_PYTORCH && !code->torch);
  if (parameter)
    {
      esp_code_append_not_stored (out, context->place);
      append_value (out, code, context, dialect);
      if (dialect == ESP_DIALECT_KERAS)
        esp_code_append_keras_assignment (out, context->place);
    }
  else if (code->loop != NULL)
    code->loop (out, context);
  else
    {
      esp_reach_init (&at, esp_checkpoint_get_tree (context->checkpoint), context->stored, "sd",
                      TRUE);
      esp_code_append_loop (out, &at);
    }
  return g_strdup (out->str);
}

char *
esp_code_for_file (EspCheckpoint *checkpoint, EspPlace *place, EspDialect dialect)
{
  const FileCode *code = find_format (checkpoint);
  EspCodeContext context = { checkpoint, place };
  char *lines;

  if (code == NULL)
    return NULL;
  context.stored = esp_place_is_stored (place) ? place : esp_place_get_first (place);
  context.base = g_path_get_basename (esp_checkpoint_get_path (checkpoint));
  context.file = esp_code_quote (context.base);
  context.name = esp_code_quote (esp_place_get_path (context.stored));
  lines = write_lines (code, &context, dialect);
  g_free (context.base);
  g_free (context.file);
  g_free (context.name);
  return lines;
}
