/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspPickleMeaning:
 *
 * What a name out of a pickle means to this program. Everything that is not in the table of
 * esp-pickle-names.c is unknown: it is recorded, reported and never acted on.
 */
typedef enum
{
  ESP_MEANING_UNKNOWN,
  /* the machine itself makes a value of ours of a call of these */
  ESP_MEANING_DICT, /* dict, OrderedDict, Counter */
  ESP_MEANING_DEFAULTDICT,
  ESP_MEANING_LIST, /* list, deque */
  ESP_MEANING_TUPLE,
  ESP_MEANING_SET,
  ESP_MEANING_BYTES,       /* bytes, bytearray */
  ESP_MEANING_ENCODE,      /* _codecs.encode: bytes in protocol 2 */
  ESP_MEANING_RECONSTRUCT, /* copyreg: an object of a class */
  /* values without effect that we only show: complex, datetime, torch.device */
  ESP_MEANING_PLAIN,
  ESP_MEANING_MODULE,       /* a class of torch.nn.modules */
  ESP_MEANING_SCRIPT_CLASS, /* a class in the code of a TorchScript archive */
  ESP_MEANING_SCRIPT_VALUE, /* torch.jit._pickle: its first argument, with a type */
  /* torch */
  ESP_MEANING_STORAGE,
  ESP_MEANING_TENSOR_CLASS,
  ESP_MEANING_PARAMETER_CLASS,
  ESP_MEANING_UNINITIALIZED_PARAMETER, /* of a lazy module */
  ESP_MEANING_UNINITIALIZED,           /* a buffer of one */
  ESP_MEANING_DTYPE,
  ESP_MEANING_QSCHEME_TENSOR,
  ESP_MEANING_QSCHEME_CHANNEL,
  ESP_MEANING_LAYOUT, /* _get_layout */
  ESP_MEANING_REBUILD_TENSOR,
  ESP_MEANING_REBUILD_TENSOR_V3,
  ESP_MEANING_REBUILD_PARAMETER,
  ESP_MEANING_REBUILD_PARAMETER_STATE,
  ESP_MEANING_REBUILD_FROM_TYPE,
  ESP_MEANING_REBUILD_QTENSOR,
  ESP_MEANING_REBUILD_SPARSE,
  ESP_MEANING_REBUILD_META,
  ESP_MEANING_REBUILD_NUMPY,  /* _rebuild_device_tensor_from_numpy, _rebuild_xla_tensor */
  ESP_MEANING_REBUILD_CPU,    /* _rebuild_device_tensor_from_cpu_tensor */
  ESP_MEANING_REBUILD_NESTED, /* _rebuild_nested_tensor */
  ESP_MEANING_REBUILD_JAGGED, /* _rebuild_njt */
  ESP_MEANING_REBUILD_WRAPPER,
  ESP_MEANING_LOAD_FROM_BYTES,
  /* NumPy */
  ESP_MEANING_NDARRAY_CLASS,
  ESP_MEANING_NDARRAY, /* _reconstruct */
  ESP_MEANING_FROM_BUFFER,
  ESP_MEANING_NUMPY_SCALAR,
  ESP_MEANING_NUMPY_DTYPE,
  ESP_N_MEANINGS
} EspPickleMeaning;

/* a class or function as a pickle names it, Python 2 names mapped to those of Python 3 */
typedef struct
{
  const char *module;
  const char *name;
  const char *full; /* "module.name" */
  EspPickleMeaning meaning;
} EspPickleName;

EspPickleMeaning esp_pickle_name_find_meaning (const char *module, const char *name);
/* what Python 3 calls what Python 2 called @module and @name; both are replaced in place by
 * constant texts or left */
void esp_pickle_name_map (const char **module, const char **name);
/* whether a call with that meaning is one that this program understands */
gboolean esp_pickle_meaning_is_understood (EspPickleMeaning meaning);

G_END_DECLS
