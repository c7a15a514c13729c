/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lines of Python for places of files and networks, word for word. */

#include "config.h"

#include "esp-code.h"
#include "esp-tree-builder.h"

#define KEYS(...) ((const char *const[]) { __VA_ARGS__, NULL })

static void
add (EspTreeBuilder *builder, const char *const *keys, EspDtype dtype, guint ndim)
{
  static const gint64 shape[] = { 2, 2, 2, 2 };
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (256), 256);

  storage = esp_storage_new_for_bytes (bytes, "0");
  tensor = esp_tensor_new (dtype, dtype == ESP_DTYPE_FLOAT32 ? "torch.float32" : "", shape, ndim,
                           NULL, 0, 0, storage, NULL);
  g_assert_true (esp_tree_builder_put_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                              ESP_REQUIRES_GRAD_UNKNOWN, tensor, NULL));
}

static EspCheckpoint *
finish (EspTreeBuilder *builder, const char *format, const char *path)
{
  g_autoptr (EspTree) tree = esp_tree_builder_finish (builder, NULL);
  EspCheckpoint *checkpoint = esp_checkpoint_new (format, tree);

  esp_checkpoint_set_path (checkpoint, path);
  return checkpoint;
}

static void
assert_code (EspCheckpoint *checkpoint, const char *name, EspDialect dialect, const char *wanted)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);
  g_autofree char *code = NULL;

  g_assert_nonnull (place);
  code = esp_code_for_place (checkpoint, NULL, place, dialect);
  g_assert_cmpstr (code, ==, wanted);
}

static void
test_quotes (void)
{
  static const char *const cases[][2] = {
    { "a.b", "\"a.b\"" },
    { "quote\"back\\slash", "\"quote\\\"back\\\\slash\"" },
    { "tab\tline\n", "\"tab\\tline\\n\"" },
    { "nul\xc0\x80x", "\"nul\\x00x\"" },
    { "日本.\xf0\x9f\x94\xa5", "\"日本.\xf0\x9f\x94\xa5\"" },
    { "bidi\u202e", "\"bidi\\u202e\"" },
    { "lone\xed\xa0\x80", "\"lone\\ud800\"" },
    { "stray\xff", "\"stray\\udcff\"" },
    { "", "\"\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *quoted = esp_code_quote (cases[i][0]);

      g_assert_cmpstr (quoted, ==, cases[i][1]);
    }
}

static void
test_safetensors (void)
{
  g_autoptr (EspTreeBuilder) other = esp_tree_builder_new (".");
  g_autoptr (EspCheckpoint) plain = NULL;
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  add (builder, KEYS ("a.0.weight"), ESP_DTYPE_FLOAT32, 2);
  add (builder, KEYS ("17"), ESP_DTYPE_BFLOAT16, 1);
  g_assert_true (esp_tree_builder_add_implied (builder, "b.weight", "a.0.weight", NULL));
  checkpoint = finish (builder, "safetensors", "/tmp/my \"model\".safetensors");
  add (other, KEYS ("a.0.weight"), ESP_DTYPE_FLOAT32, 2);
  plain = finish (other, "safetensors", "plain.safetensors");

  assert_code (checkpoint, "a.0.weight", ESP_DIALECT_PYTORCH,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "w = sd[\"a.0.weight\"]");
  /* NumPy has no bfloat16, and safetensors.numpy refuses a file with one */
  assert_code (checkpoint, "a.0.weight", ESP_DIALECT_NUMPY,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "w = sd[\"a.0.weight\"].numpy()");
  assert_code (plain, "a.0.weight", ESP_DIALECT_NUMPY,
               "from safetensors.numpy import load_file\n\n"
               "sd = load_file(\"plain.safetensors\")\n"
               "w = sd[\"a.0.weight\"]");
  assert_code (checkpoint, "a.0.weight", ESP_DIALECT_KERAS,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "w = sd[\"a.0.weight\"].numpy()\n\n"
               "# Keras takes NumPy arrays; its kernel is (in, out), this one (out, in)\n"
               "layer.kernel.assign(w.T)");
  /* all keys are texts here */
  assert_code (checkpoint, "17", ESP_DIALECT_NUMPY,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "w = sd[\"17\"].float().numpy()");
  assert_code (checkpoint, "b.weight", ESP_DIALECT_PYTORCH,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "# b.weight is not in the file: it is tied to this one\n"
               "w = sd[\"a.0.weight\"]");
  assert_code (checkpoint, "a", ESP_DIALECT_PYTORCH,
               "from safetensors.torch import load_file\n\n"
               "sd = load_file(\"my \\\"model\\\".safetensors\")\n"
               "for name, w in sd.items():\n"
               "    if name.startswith(\"a.\"):\n"
               "        print(name, tuple(w.shape))");
}

static void
test_gguf (void)
{
  const EspBlockType *type = esp_block_type_from_name ("q8_0");
  const gint64 shape[] = { 2, 32 };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (68), 68);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor) blocks = esp_tensor_new_blocks (type, shape, 2, 0, storage, NULL);
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_assert_nonnull (esp_tree_builder_add_tensor (builder, KEYS ("token_embd.weight"), NULL,
                                                 ESP_ROLE_PARAMETER, ESP_REQUIRES_GRAD_UNKNOWN,
                                                 blocks, NULL));
  add (builder, KEYS ("norm.weight"), ESP_DTYPE_FLOAT32, 1);
  g_assert_true (
      esp_tree_builder_add_implied (builder, "output.weight", "token_embd.weight", NULL));
  checkpoint = finish (builder, "gguf", "/tmp/m.gguf");

  assert_code (checkpoint, "token_embd.weight", ESP_DIALECT_NUMPY,
               "from gguf import GGUFReader\n"
               "from gguf.quants import dequantize\n\n"
               "sd = {t.name: t for t in GGUFReader(\"m.gguf\").tensors}\n"
               "w = dequantize(sd[\"token_embd.weight\"].data, "
               "sd[\"token_embd.weight\"].tensor_type)");
  assert_code (checkpoint, "norm.weight", ESP_DIALECT_PYTORCH,
               "from gguf import GGUFReader\n"
               "import torch\n\n"
               "sd = {t.name: t for t in GGUFReader(\"m.gguf\").tensors}\n"
               "w = torch.from_numpy(sd[\"norm.weight\"].data)");
  assert_code (checkpoint, "output.weight", ESP_DIALECT_NUMPY,
               "from gguf import GGUFReader\n"
               "from gguf.quants import dequantize\n\n"
               "sd = {t.name: t for t in GGUFReader(\"m.gguf\").tensors}\n"
               "# output.weight is not in the file: it is tied to this one\n"
               "w = dequantize(sd[\"token_embd.weight\"].data, "
               "sd[\"token_embd.weight\"].tensor_type)");
  assert_code (checkpoint, "norm", ESP_DIALECT_NUMPY,
               "from gguf import GGUFReader\n\n"
               "sd = {t.name: t for t in GGUFReader(\"m.gguf\").tensors}\n"
               "for name, w in sd.items():\n"
               "    if name.startswith(\"norm.\"):\n"
               "        print(name, tuple(w.shape))");
}

static void
test_numpy (void)
{
  g_autoptr (EspTreeBuilder) one = esp_tree_builder_new ("/");
  g_autoptr (EspTreeBuilder) many = esp_tree_builder_new ("/");
  g_autoptr (EspCheckpoint) npy = NULL, npz = NULL;

  add (one, KEYS ("x"), ESP_DTYPE_FLOAT32, 2);
  npy = finish (one, "npy", "x.npy");
  add (many, KEYS ("layer/kernel"), ESP_DTYPE_FLOAT32, 2);
  npz = finish (many, "npz", "y.npz");

  assert_code (npy, "x", ESP_DIALECT_NUMPY,
               "import numpy\n\nsd = {\"x\": numpy.load(\"x.npy\")}\nw = sd[\"x\"]");
  assert_code (npz, "layer/kernel", ESP_DIALECT_PYTORCH,
               "import numpy\nimport torch\n\nsd = numpy.load(\"y.npz\")\n"
               "w = torch.from_numpy(sd[\"layer/kernel\"])");
  assert_code (npz, "layer", ESP_DIALECT_NUMPY,
               "import numpy\n\nsd = numpy.load(\"y.npz\")\n"
               "for name, w in sd.items():\n"
               "    if name.startswith(\"layer/\"):\n"
               "        print(name, tuple(w.shape))");
}

static void
test_state_dicts (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  add (builder, KEYS ("model", "0.weight"), ESP_DTYPE_FLOAT32, 4);
  add (builder, KEYS ("optimizer", "state", "0", "exp_avg"), ESP_DTYPE_FLOAT32, 2);
  checkpoint = finish (builder, "pytorch-zip", "x.pt");
  esp_checkpoint_add_pickle_global (checkpoint, "torch._utils._rebuild_tensor_v2");
  esp_checkpoint_add_pickle_global (checkpoint, "torch.FloatStorage");
  esp_checkpoint_add_pickle_global (checkpoint, "collections.OrderedDict");

  assert_code (checkpoint, "model.0.weight", ESP_DIALECT_PYTORCH,
               "import torch\n\nsd = torch.load(\"x.pt\", weights_only=True)\n"
               "w = sd[\"model\"][\"0.weight\"]");
  assert_code (checkpoint, "model.0.weight", ESP_DIALECT_KERAS,
               "import torch\n\nsd = torch.load(\"x.pt\", weights_only=True)\n"
               "w = sd[\"model\"][\"0.weight\"].numpy()\n\n"
               "# Keras takes NumPy arrays; its kernel has its channels last\n"
               "layer.kernel.assign(w.transpose(2, 3, 1, 0))");
  assert_code (checkpoint, "optimizer.state.0.exp_avg", ESP_DIALECT_PYTORCH,
               "import torch\n\nsd = torch.load(\"x.pt\", weights_only=True)\n"
               "w = sd[\"optimizer\"][\"state\"][0][\"exp_avg\"]");
  assert_code (checkpoint, "model.0", ESP_DIALECT_PYTORCH,
               "import torch\n\nsd = torch.load(\"x.pt\", weights_only=True)\n"
               "for name, w in sd[\"model\"].items():\n"
               "    if name.startswith(\"0.\"):\n"
               "        print(name, tuple(w.shape))");
  assert_code (checkpoint, "model", ESP_DIALECT_PYTORCH,
               "import torch\n\nsd = torch.load(\"x.pt\", weights_only=True)\n"
               "for name, w in sd[\"model\"].items():\n"
               "    print(name, getattr(w, \"shape\", \"\"))");

  esp_checkpoint_add_pickle_global (checkpoint, "argparse.Namespace");
  assert_code (checkpoint, "model.0.weight", ESP_DIALECT_PYTORCH,
               "import torch\n\n"
               "# this runs code: only for files that you trust (it builds argparse.Namespace)\n"
               "sd = torch.load(\"x.pt\", weights_only=False)\n"
               "w = sd[\"model\"][\"0.weight\"]");
}

static void
test_pickled_module (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  const char *opening = "import torch\n\n"
                        "# this runs code: only for files that you trust (it builds my.Net)\n"
                        "net = torch.load(\"net.pt\", weights_only=False)\n";
  g_autofree char *weight = g_strconcat (opening, "w = net.blocks[0].weight", NULL);
  g_autofree char *array = g_strconcat (opening, "w = net.blocks[0].weight.detach().numpy()", NULL);
  g_autofree char *odd = g_strconcat (opening, "w = getattr(net, \"a b\")", NULL);
  g_autofree char *module = g_strconcat (opening,
                                         "for name, p in net.blocks.named_parameters():\n"
                                         "    print(name, tuple(p.shape))",
                                         NULL);

  esp_tree_builder_add_module (builder, KEYS (NULL), "my.Net", NULL);
  esp_tree_builder_add_module (builder, KEYS ("blocks"), "torch.nn.modules.container.Sequential",
                               NULL);
  esp_tree_builder_add_module (builder, KEYS ("blocks", "0"), "torch.nn.modules.linear.Linear",
                               NULL);
  add (builder, KEYS ("blocks", "0", "weight"), ESP_DTYPE_FLOAT32, 2);
  add (builder, KEYS ("a b"), ESP_DTYPE_FLOAT32, 1);
  checkpoint = finish (builder, "pytorch-zip", "net.pt");
  esp_checkpoint_add_pickle_global (checkpoint, "my.Net");

  assert_code (checkpoint, "blocks.0.weight", ESP_DIALECT_PYTORCH, weight);
  assert_code (checkpoint, "blocks.0.weight", ESP_DIALECT_NUMPY, array);
  assert_code (checkpoint, "a b", ESP_DIALECT_PYTORCH, odd);
  assert_code (checkpoint, "blocks", ESP_DIALECT_PYTORCH, module);
}

/* a module as one value of a training checkpoint */
static void
test_module_in_dict (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  esp_tree_builder_add_module (builder, KEYS ("ema"), "torch.nn.modules.linear.Linear", NULL);
  add (builder, KEYS ("ema", "weight"), ESP_DTYPE_FLOAT32, 2);
  checkpoint = finish (builder, "pytorch-zip", "x.pt");
  assert_code (checkpoint, "ema.weight", ESP_DIALECT_PYTORCH,
               "import torch\n\n"
               "# this runs code: only for files that you trust (it builds torch.nn.Module)\n"
               "sd = torch.load(\"x.pt\", weights_only=False)\n"
               "w = sd[\"ema\"].weight");
}

static void
test_network (void)
{
  static const char spec[] =
      "{\"espalier\": 1, \"name\": \"n\", \"modules\": ["
      "{\"class\": \"Linear\", \"in_features\": 2, \"out_features\": 3},"
      "{\"class\": \"Sequential\", \"name\": \"head\", \"modules\": ["
      "{\"class\": \"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 1}]}],"
      "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\", \"lr\": 0.1},"
      "\"data\": {\"name\": \"random\", \"inputs\": [2], \"targets\": [1], \"count\": 4}}";
  static const struct
  {
    const char *path;
    EspDialect dialect;
    const char *code;
  } cases[] = {
    { "0.weight", ESP_DIALECT_PYTORCH, "w = net[0].weight.data\ng = net[0].weight.grad" },
    { "head.1.bias", ESP_DIALECT_PYTORCH, "w = net.head[1].bias.data\ng = net.head[1].bias.grad" },
    { "0.weight", ESP_DIALECT_NUMPY,
      "w = net[0].weight.detach().numpy()\ng = net[0].weight.grad.numpy()" },
    { "0.weight", ESP_DIALECT_KERAS,
      "w = model.layers[0].kernel  # (in, out): the transpose of PyTorch's (out, in)" },
    { "head.1.bias", ESP_DIALECT_KERAS, "w = model.get_layer(\"head\").layers[1].bias" },
    { "head", ESP_DIALECT_PYTORCH,
      "for name, p in net.head.named_parameters():\n    print(name, tuple(p.shape))" },
    { "", ESP_DIALECT_PYTORCH,
      "for name, p in net.named_parameters():\n    print(name, tuple(p.shape))" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      EspPlace *place = esp_tree_find (esp_network_get_tree (network), cases[i].path, NULL);
      g_autofree char *code = esp_code_for_place (NULL, network, place, cases[i].dialect);

      g_assert_cmpstr (code, ==, cases[i].code);
    }
}

/* what has a library of its own: one of each; tests/peers/check-code.py runs them all */
static void
test_libraries (void)
{
  static const struct
  {
    const char *format, *file, *key, *code;
  } rows[] = {
    { "hdf5", "x.h5", "a/b", "import h5py\n\nf = h5py.File(\"x.h5\")\nw = f[\"a/b\"][()]" },
    { "keras-zip", "m.keras", "layers/dense/vars/0",
      "import io\nimport zipfile\nimport h5py\n\nwith zipfile.ZipFile(\"m.keras\") as z:\n"
      "    f = h5py.File(io.BytesIO(z.read(\"model.weights.h5\")))\n"
      "w = f[\"layers/dense/vars/0\"][()]" },
    { "tf-checkpoint", "m.ckpt-7.index", "dense/kernel",
      "import tensorflow as tf\n\nw = tf.train.load_variable(\"m.ckpt-7\", \"dense/kernel\")" },
    { "tf-checkpoint", "m.data-00000-of-00001", "v",
      "import tensorflow as tf\n\nw = tf.train.load_variable(\"m\", \"v\")" },
    { "tf-savedmodel", "folder", "v",
      "import tensorflow as tf\n\n"
      "w = tf.train.load_variable(\"folder/variables/variables\", \"v\")" },
    { "onnx", "m.onnx", "x",
      "import onnx\nfrom onnx.numpy_helper import to_array\n\n"
      "graph = onnx.load(\"m.onnx\").graph\nsd = {t.name: t for t in graph.initializer}\n"
      "w = to_array(sd[\"x\"])" },
    { "torchscript", "m.pt", "0.lin.weight",
      "import torch\n\n# this loads code that runs when the module is called\n"
      "net = torch.jit.load(\"m.pt\", map_location=\"cpu\")\n"
      "w = getattr(net, \"0\").lin.weight.detach().numpy()" },
    { "torch-export-pt2", "m.pt2", "lin.weight",
      "import torch\n\np = torch.export.load(\"m.pt2\")\n"
      "sd = {**p.state_dict, **p.constants}\nw = sd[\"lin.weight\"].detach().numpy()" },
    { "torch-dcp", "folder", "model.w",
      "import torch\nimport torch.distributed.checkpoint as dcp\n\n"
      "w = torch.empty([2, 2], dtype=torch.float32)\n"
      "dcp.load({\"model.w\": w}, checkpoint_id=\"folder\")\nw = w.numpy()" },
    { "safetensors-sharded", "model.safetensors.index.json", "w",
      "import json\nimport pathlib\nfrom safetensors.torch import load_file\n\n"
      "index = pathlib.Path(\"model.safetensors.index.json\")\n"
      "files = json.loads(index.read_text())[\"weight_map\"]\n"
      "w = load_file(index.parent / files[\"w\"])[\"w\"].detach().numpy()" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean torch = g_str_has_prefix (rows[i].format, "torch");
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (torch ? "." : "/");
      g_autoptr (EspCheckpoint) checkpoint = NULL;

      add (builder, KEYS (rows[i].key), ESP_DTYPE_FLOAT32, 2);
      checkpoint = finish (builder, rows[i].format, rows[i].file);
      assert_code (checkpoint, rows[i].key, ESP_DIALECT_NUMPY, rows[i].code);
    }
}

/* layers by their names, whatever the file calls them */
static void
test_keras (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats ((const float[]) { 1 }, NULL, 0);

  esp_tree_builder_add_module (builder, KEYS (NULL), "Sequential", NULL);
  esp_tree_builder_add_module (builder, KEYS ("both"), "Bidirectional", NULL);
  g_assert_nonnull (esp_tree_builder_add_tensor (builder, KEYS ("both", "forward_layer", "kernel"),
                                                 "layers/x/vars/0", ESP_ROLE_PARAMETER,
                                                 ESP_REQUIRES_GRAD_UNKNOWN, tensor, NULL));
  checkpoint = finish (builder, "keras-h5", "m.h5");
  assert_code (
      checkpoint, "layers/x/vars/0", ESP_DIALECT_PYTORCH,
      "import keras\nimport torch\n\nmodel = keras.models.load_model(\"m.h5\", compile=False)\n"
      "w = torch.from_numpy(model.get_layer(\"both\").forward_layer.kernel.numpy())");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/quotes", test_quotes);
  g_test_add_func ("/code/safetensors", test_safetensors);
  g_test_add_func ("/code/gguf", test_gguf);
  g_test_add_func ("/code/numpy", test_numpy);
  g_test_add_func ("/code/libraries", test_libraries);
  g_test_add_func ("/code/keras", test_keras);
  g_test_add_func ("/code/state-dicts", test_state_dicts);
  g_test_add_func ("/code/pickled-module", test_pickled_module);
  g_test_add_func ("/code/module-in-dict", test_module_in_dict);
  g_test_add_func ("/code/network", test_network);
  return g_test_run ();
}
