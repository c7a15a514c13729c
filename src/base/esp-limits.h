/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every limit that a file can run into, with its reason. A file over one gets
 * ESP_FORMAT_ERROR_LIMIT naming it; what is only shown in part (a long text of metadata) says so.
 * tests/lint checks that each has a reason and is in force. */

#define ESP_LIMIT_NAME_BYTES 65535 /* as zip has it; longest real names are under 300 bytes */
#define ESP_LIMIT_TENSORS 2000000  /* mixture-of-experts checkpoints have about 100,000 */
#define ESP_LIMIT_STATE_ORDER_BYTES                                                                \
  (64 * 1024 * 1024) /* what optimizers list; 100,000 parameters take some 10 MB */
#define ESP_LIMIT_PLACES                                                                           \
  4000000 /* rows of a tree; a small graph of shared modules can unfold without end */
#define ESP_LIMIT_DIMS 64 /* torch and NumPy both stop at 64 */
#define ESP_LIMIT_JSON_BYTES                                                                       \
  (100 * 1000 * 1000)           /* the reference implementation of safetensors has the same */
#define ESP_LIMIT_JSON_DEPTH 64 /* real headers nest 3 deep */
#define ESP_LIMIT_METADATA_BYTES (1024 * 1024)     /* per value that is kept to be shown */
#define ESP_LIMIT_METADATA_ENTRIES 100000          /* GGUF files have some 30 */
#define ESP_LIMIT_NUMPY_HEADER_BYTES (1024 * 1024) /* NumPy itself balks at 10,000 */
#define ESP_LIMIT_PICKLE_BYTES (512 * 1024 * 1024) /* the pickle itself; tensors lie outside it */
#define ESP_LIMIT_PICKLE_OPCODES 50000000 /* 2,000,000 tensors take about 25 opcodes each */
#define ESP_LIMIT_PICKLE_VALUES 20000000  /* live values, each about 50 bytes here */
#define ESP_LIMIT_PICKLE_MARKS                                                                     \
  1000 /* open marks; pickle.dump nests no deeper than Python's stack */
#define ESP_LIMIT_PICKLE_LONG_BYTES (1024 * 1024) /* one integer */
#define ESP_LIMIT_PICKLE_GLOBAL_BYTES 1024        /* module or class name */
#define ESP_LIMIT_ZIP_MEMBERS                                                                      \
  1000000 /* one a storage: the largest checkpoints have about 100,000 */
#define ESP_LIMIT_ZIP_DIRECTORY_BYTES                                                              \
  (256 * 1024 * 1024)                                /* so many members with names of 200 bytes */
#define ESP_LIMIT_ZIP_RATIO 1032                     /* deflate can't do better, so more is a lie */
#define ESP_LIMIT_KEPT_SPEC_BYTES (16 * 1024 * 1024) /* a specification with its initial values */
#define ESP_LIMIT_KEPT_BYTES                                                                       \
  (G_GUINT64_CONSTANT (1) << 29)       /* a history: 64 MB of key frames, changes, initial values */
#define ESP_LIMIT_MODULE_DEPTH 1000    /* nesting of containers and modules */
#define ESP_LIMIT_ATTRIBUTE_BYTES 4096 /* one attribute of a module, as text */
#define ESP_LIMIT_TABLE_BLOCK_BYTES                                                                \
  (16 * 1024 * 1024) /* of a table, held in memory; TensorFlow's have 256 KB */
#define ESP_LIMIT_TABLE_KEY_RATIO                                                                  \
  64 /* names of a table to its bytes: each is stored in full at every 16th entry at least */
#define ESP_LIMIT_TILE_BYTES                                                                       \
  (256 * 1024 * 1024)          /* tiles of all heatmaps; a full screen takes some 100 MB */
#define ESP_LIMIT_SHARDS 10000 /* files of one checkpoint; the largest have some hundred */
#define ESP_LIMIT_PIECES                                                                           \
  4000000 /* pieces of all tensors together: 1,000 tensors of 4,000 processes have as many */
#define ESP_LIMIT_HDF5_CHUNK_BYTES                                                                 \
  (256 * 1024 * 1024) /* one chunk unpacked; the library's own cache is meant for 1 MB ones */
#define ESP_LIMIT_HDF5_ATTRIBUTES 10000       /* of one object; a layer of Keras has 3 */
#define ESP_LIMIT_HDF5_ALL_ATTRIBUTES 1000000 /* of all objects; as many as tensors and more */
#define ESP_LIMIT_HDF5_ATTRIBUTE_BYTES                                                             \
  (64 * 1024 * 1024) /* one value; Keras puts a model's whole description into one */
#define ESP_LIMIT_HDF5_TEXT_BYTES                                                                  \
  (256 * 1024 * 1024) /* all names with the paths before them, and all attributes */
#define ESP_LIMIT_HDF5_PROCESS_BYTES                                                               \
  (1024ull * 1024 * 1024) /* address space of the process: four times the largest single thing */
#define ESP_LIMIT_HDF5_SECONDS 300 /* processor time; 20,000 data sets take half of one */
#define ESP_LIMIT_HDF5_SILENCE_SECONDS                                                             \
  30 /* without a word from the process; it speaks at every object */
#define ESP_LIMIT_HDF5_ANSWER_SECONDS 600 /* until an answer is complete, on a busy machine */
#define ESP_LIMIT_HDF5_COPY_BYTES                                                                  \
  (16ull * 1024 * 1024 * 1024) /* of a deflated member, which is inflated into a temporary file */
#define ESP_LIMIT_HDF5_RATIO_BYTES                                                                 \
  (256 * 1024 * 1024) /* values may be this large though the file stores nearly none of them */
#define ESP_LIMIT_TENSOR_PIECES                                                                    \
  4096 /* of one tensor: all pairs may be compared; a tensor has a piece a device */
#define ESP_LIMIT_TENSOR_NESTING                                                                   \
  16 /* a parameter of a subclass of a tensor on a device is four; a cycle has no end */
#define ESP_LIMIT_SPARSE_BYTES                                                                     \
  (256 * 1024 * 1024) /* of one sparse tensor in memory; real ones are matrices of some MB */
#define ESP_LIMIT_SPARSE_ELEMENTS                                                                  \
  ((guint64) 1 << 36) /* of its dense form; beyond that nobody waits for a scan */
#define ESP_LIMIT_VIEW_ELEMENTS                                                                    \
  (1 << 26) /* of a view that repeats its memory (stride 0), to be gone through; else: */
#define ESP_LIMIT_VIEW_REPEATS 64    /* so many to each one stored; an expanded bias has fewer */
#define ESP_LIMIT_GGUF_ARRAY_DEPTH 4 /* of arrays in arrays; ggml refuses any */
#define ESP_LIMIT_ONNX_FUNCTIONS 1000000                /* real models have some dozen */
#define ESP_LIMIT_KERAS_CONFIG_BYTES (32 * 1024 * 1024) /* large models have 5 MB of it */
#define ESP_LIMIT_KERAS_LAYERS 200000                   /* and connections; real ones some 1,000 */
#define ESP_LIMIT_KERAS_ATTRIBUTE_BYTES                                                            \
  (64 * 1024 * 1024) /* settings of all layers as text; what is over that isn't shown */
