/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The static table of the names that this program understands in a pickle. A name that is not here
 * is no error: it is recorded and reported. Looked up once per name that a pickle introduces (some
 * dozens), never per tensor. */

#include "config.h"

#include "esp-pickle-names.h"

#include <string.h>

typedef struct
{
  const char *module;
  const char *name;
  EspPickleMeaning meaning;
} Row;

static const Row rows[] = {
  { "builtins", "dict", ESP_MEANING_DICT },
  { "collections", "OrderedDict", ESP_MEANING_DICT },
  { "collections", "Counter", ESP_MEANING_DICT },
  { "collections", "defaultdict", ESP_MEANING_DEFAULTDICT },
  { "builtins", "list", ESP_MEANING_LIST },
  { "collections", "deque", ESP_MEANING_LIST },
  { "builtins", "tuple", ESP_MEANING_TUPLE },
  { "torch", "Size", ESP_MEANING_TUPLE },
  { "builtins", "set", ESP_MEANING_SET },
  { "builtins", "frozenset", ESP_MEANING_SET },
  { "builtins", "bytes", ESP_MEANING_BYTES },
  { "builtins", "bytearray", ESP_MEANING_BYTES },
  { "_codecs", "encode", ESP_MEANING_ENCODE },
  { "copyreg", "_reconstructor", ESP_MEANING_RECONSTRUCT },
  { "copyreg", "__newobj__", ESP_MEANING_RECONSTRUCT },

  { "builtins", "complex", ESP_MEANING_PLAIN },
  { "builtins", "slice", ESP_MEANING_PLAIN },
  { "builtins", "range", ESP_MEANING_PLAIN },
  { "builtins", "object", ESP_MEANING_PLAIN },
  { "argparse", "Namespace", ESP_MEANING_PLAIN },
  { "types", "SimpleNamespace", ESP_MEANING_PLAIN },
  { "datetime", "datetime", ESP_MEANING_PLAIN },
  { "datetime", "date", ESP_MEANING_PLAIN },
  { "datetime", "time", ESP_MEANING_PLAIN },
  { "datetime", "timedelta", ESP_MEANING_PLAIN },
  { "datetime", "timezone", ESP_MEANING_PLAIN },
  { "decimal", "Decimal", ESP_MEANING_PLAIN },
  { "fractions", "Fraction", ESP_MEANING_PLAIN },
  { "uuid", "UUID", ESP_MEANING_PLAIN },
  { "pathlib", "PosixPath", ESP_MEANING_PLAIN },
  { "pathlib", "PurePosixPath", ESP_MEANING_PLAIN },
  { "pathlib", "WindowsPath", ESP_MEANING_PLAIN },
  { "pathlib", "PureWindowsPath", ESP_MEANING_PLAIN },
  { "pathlib._local", "PosixPath", ESP_MEANING_PLAIN },
  { "pathlib._local", "WindowsPath", ESP_MEANING_PLAIN },
  { "torch", "device", ESP_MEANING_PLAIN },

  { "torch", "Tensor", ESP_MEANING_TENSOR_CLASS },
  { "torch.nn.parameter", "Parameter", ESP_MEANING_PARAMETER_CLASS },
  { "torch.nn.parameter", "Buffer", ESP_MEANING_TENSOR_CLASS },
  { "torch.nn.parameter", "UninitializedParameter", ESP_MEANING_UNINITIALIZED_PARAMETER },
  { "torch.nn.parameter", "UninitializedBuffer", ESP_MEANING_UNINITIALIZED },
  { "torch", "per_tensor_affine", ESP_MEANING_QSCHEME_TENSOR },
  { "torch", "per_tensor_symmetric", ESP_MEANING_QSCHEME_TENSOR },
  { "torch", "per_channel_affine", ESP_MEANING_QSCHEME_CHANNEL },
  { "torch", "per_channel_symmetric", ESP_MEANING_QSCHEME_CHANNEL },
  { "torch", "per_channel_affine_float_qparams", ESP_MEANING_QSCHEME_CHANNEL },
  { "torch.serialization", "_get_layout", ESP_MEANING_LAYOUT },
  { "torch._utils", "_rebuild_tensor", ESP_MEANING_REBUILD_TENSOR },
  { "torch._utils", "_rebuild_tensor_v2", ESP_MEANING_REBUILD_TENSOR },
  { "torch._utils", "_rebuild_tensor_v3", ESP_MEANING_REBUILD_TENSOR_V3 },
  { "torch._utils", "_rebuild_parameter", ESP_MEANING_REBUILD_PARAMETER },
  { "torch._utils", "_rebuild_parameter_with_state", ESP_MEANING_REBUILD_PARAMETER_STATE },
  { "torch._tensor", "_rebuild_from_type", ESP_MEANING_REBUILD_FROM_TYPE },
  { "torch._tensor", "_rebuild_from_type_v2", ESP_MEANING_REBUILD_FROM_TYPE },
  { "torch._utils", "_rebuild_qtensor", ESP_MEANING_REBUILD_QTENSOR },
  { "torch._utils", "_rebuild_sparse_tensor", ESP_MEANING_REBUILD_SPARSE },
  { "torch._utils", "_rebuild_meta_tensor_no_storage", ESP_MEANING_REBUILD_META },
  { "torch._utils", "_rebuild_device_tensor_from_numpy", ESP_MEANING_REBUILD_NUMPY },
  { "torch._utils", "_rebuild_xla_tensor", ESP_MEANING_REBUILD_NUMPY },
  { "torch._utils", "_rebuild_device_tensor_from_cpu_tensor", ESP_MEANING_REBUILD_CPU },
  { "torch._utils", "_rebuild_nested_tensor", ESP_MEANING_REBUILD_NESTED },
  { "torch.nested._internal.nested_tensor", "_rebuild_njt", ESP_MEANING_REBUILD_JAGGED },
  { "torch._utils", "_rebuild_wrapper_subclass", ESP_MEANING_REBUILD_WRAPPER },
  { "torch.storage", "_load_from_bytes", ESP_MEANING_LOAD_FROM_BYTES },

  { "torch.distributed.checkpoint.metadata", "Metadata", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "TensorStorageMetadata", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "BytesStorageMetadata", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "ChunkStorageMetadata", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "TensorProperties", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "MetadataIndex", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "StorageMeta", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.metadata", "_MEM_FORMAT_ENCODING", ESP_MEANING_PLAIN },
  { "torch.distributed.checkpoint.filesystem", "_StorageInfo", ESP_MEANING_PLAIN },
  /* before torch 2.3 */
  { "torch.distributed._shard.sharded_tensor.metadata", "TensorProperties", ESP_MEANING_PLAIN },
  { "torch.distributed._shard.sharded_tensor.metadata", "MEM_FORMAT_ENCODING", ESP_MEANING_PLAIN },

  { "torch.jit._pickle", "build_intlist", ESP_MEANING_SCRIPT_VALUE },
  { "torch.jit._pickle", "build_doublelist", ESP_MEANING_SCRIPT_VALUE },
  { "torch.jit._pickle", "build_boollist", ESP_MEANING_SCRIPT_VALUE },
  { "torch.jit._pickle", "build_tensorlist", ESP_MEANING_SCRIPT_VALUE },
  { "torch.jit._pickle", "restore_type_tag", ESP_MEANING_SCRIPT_VALUE },

  { "numpy", "ndarray", ESP_MEANING_NDARRAY_CLASS },
  { "numpy", "dtype", ESP_MEANING_NUMPY_DTYPE },
  { "numpy.core.multiarray", "_reconstruct", ESP_MEANING_NDARRAY },
  { "numpy._core.multiarray", "_reconstruct", ESP_MEANING_NDARRAY },
  { "numpy.core.multiarray", "scalar", ESP_MEANING_NUMPY_SCALAR },
  { "numpy._core.multiarray", "scalar", ESP_MEANING_NUMPY_SCALAR },
  { "numpy.core.numeric", "_frombuffer", ESP_MEANING_FROM_BUFFER },
  { "numpy._core.numeric", "_frombuffer", ESP_MEANING_FROM_BUFFER },
};

static const char *const torch_dtypes[] = {
  "float16",
  "float32",
  "float64",
  "half",
  "float",
  "double",
  "bfloat16",
  "complex32",
  "complex64",
  "complex128",
  "chalf",
  "cfloat",
  "cdouble",
  "uint8",
  "int8",
  "int16",
  "int32",
  "int64",
  "short",
  "int",
  "long",
  "uint16",
  "uint32",
  "uint64",
  "bool",
  "qint8",
  "quint8",
  "qint32",
  "quint4x2",
  "quint2x4",
  "float8_e4m3fn",
  "float8_e4m3fnuz",
  "float8_e5m2",
  "float8_e5m2fnuz",
  "float8_e8m0fnu",
  "bits8",
  "bits16",
  "bits1x8",
  "bits2x4",
  "bits4x2",
  "int1",
  "int2",
  "int3",
  "int4",
  "int5",
  "int6",
  "int7",
  "uint1",
  "uint2",
  "uint3",
  "uint4",
  "uint5",
  "uint6",
  "uint7",
  "float4_e2m1fn_x2",
};

/* modules whose classes are torch's own layers */
static const char *const layer_prefixes[] = {
  "torch.nn.modules.",   "torch.nn.parallel.", "torch.nn.quantized.",    "torch.nn.qat.",
  "torch.nn.intrinsic.", "torch.ao.nn.",       "torch.ao.quantization.",
};

static guint
row_hash (gconstpointer data)
{
  const Row *row = data;

  return g_str_hash (row->module) * 31 + g_str_hash (row->name);
}

static gboolean
row_equal (gconstpointer a, gconstpointer b)
{
  const Row *x = a;
  const Row *y = b;

  return strcmp (x->name, y->name) == 0 && strcmp (x->module, y->module) == 0;
}

static gpointer
make_table (gpointer unused)
{
  GHashTable *table = g_hash_table_new (row_hash, row_equal);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_hash_table_add (table, (gpointer) &rows[i]);
  return table;
}

static EspPickleMeaning
find_torch_meaning (const char *module, const char *name)
{
  if (strcmp (module, "torch") == 0)
    for (gsize i = 0; i < G_N_ELEMENTS (torch_dtypes); i++)
      if (strcmp (name, torch_dtypes[i]) == 0)
        return ESP_MEANING_DTYPE;
  if (strcmp (module, "torch") == 0 || strcmp (module, "torch.cuda") == 0 ||
      strcmp (module, "torch.storage") == 0 || strcmp (module, "torch.sparse") == 0 ||
      strcmp (module, "torch.cuda.sparse") == 0)
    {
      if (g_str_has_suffix (name, "Storage"))
        return ESP_MEANING_STORAGE;
      if (g_str_has_suffix (name, "Tensor"))
        return ESP_MEANING_TENSOR_CLASS;
    }
  if (strcmp (module, "__torch__") == 0 || g_str_has_prefix (module, "__torch__."))
    return ESP_MEANING_SCRIPT_CLASS;
  for (gsize i = 0; i < G_N_ELEMENTS (layer_prefixes); i++)
    if (g_str_has_prefix (module, layer_prefixes[i]))
      return ESP_MEANING_MODULE;
  return ESP_MEANING_UNKNOWN;
}

EspPickleMeaning
esp_pickle_name_find_meaning (const char *module, const char *name)
{
  static GOnce once = G_ONCE_INIT;
  Row wanted = { module, name, ESP_MEANING_UNKNOWN };
  const Row *row;

  g_return_val_if_fail (module != NULL && name != NULL, ESP_MEANING_UNKNOWN);

  g_once (&once, make_table, NULL);
  row = g_hash_table_lookup (once.retval, &wanted);
  return row != NULL ? row->meaning : find_torch_meaning (module, name);
}

void
esp_pickle_name_map (const char **module, const char **name)
{
  static const char *const modules[][2] = {
    { "__builtin__", "builtins" },
    { "copy_reg", "copyreg" },
    { "cPickle", "pickle" },
  };
  static const char *const names[][2] = {
    { "unicode", "str" },
    { "long", "int" },
    { "xrange", "range" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (modules); i++)
    if (strcmp (*module, modules[i][0]) == 0)
      {
        *module = modules[i][1];
        break;
      }
  if (strcmp (*module, "builtins") != 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (*name, names[i][0]) == 0)
      {
        *name = names[i][1];
        break;
      }
}

gboolean
esp_pickle_meaning_is_understood (EspPickleMeaning meaning)
{
  /* a layer is made with __new__ and BUILD; a call of its class would run its __init__ */
  return meaning != ESP_MEANING_UNKNOWN && meaning != ESP_MEANING_MODULE &&
         meaning != ESP_MEANING_SCRIPT_CLASS;
}
