/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-onnx-tensor.h"
#include "esp-parameter.h"

G_BEGIN_DECLS

/**
 * EspOnnxGraphs:
 *
 * The tensors of all graphs of a model, and the modules that its nodes tell of. Graphs are gone
 * through twice: once for the tensors, and once more for the nodes that use them.
 */
typedef struct _EspOnnxGraphs EspOnnxGraphs;

typedef struct
{
  char *name;  /* as the file has it */
  char *scope; /* path of the module, or NULL: none is known */
  char *leaf;
  EspTensor *tensor;
  EspRole role;
  gboolean role_known;
  gboolean is_constant; /* of a Constant node */
  guint n_uses;
  GString *uses; /* "mm1[1], mm2[1]", the first few; or NULL */
} EspOnnxEntry;

typedef struct
{
  char *scope;
  char *class_name; /* or NULL */
} EspOnnxModule;

typedef enum
{
  ESP_ONNX_MAIN,
  ESP_ONNX_FUNCTION,
  ESP_ONNX_TRAINING,
} EspOnnxGraphKind;

/* borrows @store */
EspOnnxGraphs *_esp_onnx_graphs_new (EspOnnxStore *store);
void _esp_onnx_graphs_free (EspOnnxGraphs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOnnxGraphs, _esp_onnx_graphs_free)

/* Goes through the GraphProto or FunctionProto @message, and through those inside it. First all
 * graphs of the model with @second FALSE, then all of them in the same order with TRUE. */
gboolean _esp_onnx_graphs_read (EspOnnxGraphs *self,
                                EspWire *wire,
                                const EspWireField *message,
                                EspOnnxGraphKind kind,
                                gboolean second,
                                GError **error);

GPtrArray *_esp_onnx_graphs_get_entries (EspOnnxGraphs *self);  /* EspOnnxEntry, in file order */
GPtrArray *_esp_onnx_graphs_get_modules (EspOnnxGraphs *self);  /* EspOnnxModule */
GPtrArray *_esp_onnx_graphs_get_warnings (EspOnnxGraphs *self); /* texts */

G_END_DECLS
