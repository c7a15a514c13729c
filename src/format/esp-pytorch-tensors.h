/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-parameter.h"
#include "esp-pickle.h"
#include "esp-pytorch-inner.h"
#include "esp-pytorch-storage.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspPytorchTensors:
 *
 * The tensors that a pickle describes: by a table of PyTorch's rebuild functions, each of which is
 * read here and never called.
 */
typedef struct _EspPytorchTensors EspPytorchTensors;

typedef struct
{
  EspTensor *tensor; /* unreadable where something is wrong with it */
  gboolean is_parameter;
  gboolean is_buffer;
  EspRequiresGrad requires_grad;
  const char *layout; /* "torch.sparse_coo"; NULL if dense. Static. */
  guint64 n_stored;   /* sparse: values that the file holds */
} EspPytorchTensor;

/* @storages is borrowed and must outlive it */
EspPytorchTensors *esp_pytorch_tensors_new (EspPickle *pickle,
                                            EspPytorchStorages *storages,
                                            GCancellable *cancellable);
void esp_pytorch_tensors_free (EspPytorchTensors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPytorchTensors, esp_pytorch_tensors_free)

/* whether @value describes a tensor (or an array of NumPy) */
gboolean esp_pytorch_value_is_tensor (const EspPickleValue *value);
/* the tensor that @value describes, the same at each call; borrowed, never NULL */
const EspPytorchTensor *esp_pytorch_tensors_get (EspPytorchTensors *self,
                                                 const EspPickleValue *value);
/* the files inside the pickle that were opened so far; borrowed */
EspPytorchInner *esp_pytorch_tensors_get_inner (EspPytorchTensors *self);

G_END_DECLS
