/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"
#include "esp-wire.h"

G_BEGIN_DECLS

/**
 * EspOnnxStore:
 *
 * Where the tensors of one model get their bytes: the model's file and files beside it, each of
 * which is opened once. Tensors that name the same bytes there share a storage.
 */
typedef struct
{
  EspSource *source;         /* borrowed: the model */
  const char *path;          /* borrowed */
  GCancellable *cancellable; /* borrowed */
  struct _EspBeside *beside; /* owned; NULL until a file is wanted */
  GHashTable *files;         /* location -> EspSource */
  GHashTable *storages;      /* "offset length location" -> EspStorage */
  guint n_tensors;
} EspOnnxStore;

void _esp_onnx_store_init (EspOnnxStore *self,
                           EspSource *source,
                           const char *path,
                           GCancellable *cancellable);
void _esp_onnx_store_clear (EspOnnxStore *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspOnnxStore, _esp_onnx_store_clear)

/* a text of the file as it may be shown: itself if it is UTF-8, else escaped; (transfer full) */
char *_esp_onnx_dup_shown (const char *text, gsize limit);

/* The tensor of a TensorProto, whose name goes to *@name. One that can't be read has its reason in
 * it; NULL only when the user changed their mind. */
EspTensor *_esp_onnx_tensor_read (EspOnnxStore *store,
                                  EspWire *wire,
                                  const EspWireField *message,
                                  char **name,
                                  GError **error);
/* the values of a scalar field, one (@list FALSE) or all, of the AttributeProto @message: of type
 * FLOAT, INT64 or STRING (which can't be read as numbers) */
EspTensor *_esp_onnx_tensor_read_attribute (EspOnnxStore *store,
                                            EspWire *wire,
                                            const EspWireField *message,
                                            guint32 number,
                                            gboolean list,
                                            GError **error);
/* "FLOAT", or NULL */
const char *_esp_onnx_type_get_name (gint32 type);

G_END_DECLS
