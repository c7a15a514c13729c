/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-pickle.h"
#include "esp-pytorch-storage.h"
#include "esp-torchscript-code.h"
#include "esp-tree-builder.h"

G_BEGIN_DECLS

/**
 * EspPytorchResult:
 *
 * What a reader of one of PyTorch's forms gathers until it is a checkpoint. Lives on the stack.
 */
typedef struct
{
  EspTreeBuilder *builder;
  GPtrArray *metadata; /* key, value, key, value, ... */
  GPtrArray *warnings;
  GPtrArray *pickles; /* EspPickle, for the report */
  GHashTable *names;  /* that pickles of many alike mention; borrowed from them */
  GCancellable *cancellable;
} EspPytorchResult;

void esp_pytorch_result_init (EspPytorchResult *self, GCancellable *cancellable);
void esp_pytorch_result_clear (EspPytorchResult *self);
/* takes @warning; an #EspPytorchWarnFunc */
void esp_pytorch_result_take_warning (char *warning, gpointer self);
/* takes both */
void esp_pytorch_result_take_metadata (EspPytorchResult *self, char *key, char *value);
void esp_pytorch_result_add_pickle (EspPytorchResult *self, EspPickle *pickle);
/* one of many alike: it is kept only if it says something that none before it did */
void esp_pytorch_result_add_pickle_once (EspPytorchResult *self, EspPickle *pickle);
/* walks @pickle into the tree, and reports it; @code: of TorchScript, or NULL */
gboolean esp_pytorch_result_walk (EspPytorchResult *self,
                                  EspPickle *pickle,
                                  EspPytorchStorages *storages,
                                  EspTorchscriptCode *code,
                                  GError **error);
/* the same of a pickle whose root stands at the path @above */
gboolean esp_pytorch_result_walk_below (EspPytorchResult *self,
                                        EspPickle *pickle,
                                        const char *const *above,
                                        EspPytorchStorages *storages,
                                        EspTorchscriptCode *code,
                                        GError **error);
EspCheckpoint *esp_pytorch_result_finish (EspPytorchResult *self,
                                          const char *format,
                                          GError **error);

G_END_DECLS
