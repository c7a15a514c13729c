/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-value.h"
#include "esp-pytorch-dtype.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspPytorchStorages:
 *
 * The storages that a pickle refers to, one object a key, so that tensors that share memory share
 * it here too. Where their bytes lie is the archive's matter.
 */
typedef struct _EspPytorchStorages EspPytorchStorages;

typedef struct
{
  EspStorage *storage;          /* NULL if it can't be had */
  const EspPytorchDtype *dtype; /* of the first reference, as in PyTorch; NULL if unknown */
  GError *error;                /* why it can't be had */
} EspPytorchStorage;

#define ESP_PYTORCH_KEY_MAX 64

/* the parts of a persistent id */
typedef struct
{
  char key[ESP_PYTORCH_KEY_MAX + 1];
  const char *class_name; /* borrowed from the pickle */
  guint64 numel;
  gint64 view_offset; /* of a view of the storage, in elements */
} EspPytorchStorageId;

gboolean esp_pytorch_storage_id_parse (const EspPickleValue *persistent,
                                       EspPytorchStorageId *out,
                                       GError **error);

/* opens the bytes of storage @key, which should be @size */
typedef EspStorage *(*EspPytorchOpenFunc) (const char *key,
                                           guint64 size,
                                           gpointer user_data,
                                           GError **error);
/* takes @warning */
typedef void (*EspPytorchWarnFunc) (char *warning, gpointer user_data);

/* @flags: of all tensors: whether the bytes are big endian */
EspPytorchStorages *esp_pytorch_storages_new (EspPytorchOpenFunc open,
                                              EspPytorchWarnFunc warn,
                                              gpointer user_data,
                                              EspTensorFlags flags);
void esp_pytorch_storages_free (EspPytorchStorages *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPytorchStorages, esp_pytorch_storages_free)

EspTensorFlags esp_pytorch_storages_get_flags (EspPytorchStorages *self);

void esp_pytorch_storages_take_warning (EspPytorchStorages *self, char *warning);

/* What a persistent id of a pickle names; borrowed. NULL with an error if it is no storage's id; a
 * storage that is named well but can't be had carries its error. @offset: receives the element at
 * which a view of the storage begins, 0 as a rule; or NULL */
const EspPytorchStorage *esp_pytorch_storages_get (EspPytorchStorages *self,
                                                   const EspPickleValue *persistent,
                                                   gint64 *offset,
                                                   GError **error);

G_END_DECLS
