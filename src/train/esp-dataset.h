/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-random.h"
#include "esp-real.h"
#include "esp-shape.h"
#include "esp-spec.h"

G_BEGIN_DECLS

/**
 * EspDataset:
 *
 * Examples in memory: inputs, and either target values or labels. Made from the "data" of a
 * specification, immutable afterwards, any thread. A new set is a function and a row of the table
 * in esp-dataset.c.
 */
typedef struct
{
  char *name;
  guint64 n;            /* examples, at least 1 */
  EspShape input;       /* of one example */
  EspShape target;      /* of one example; ndim 0 with labels */
  gint32 n_classes;     /* 0 with target values */
  EspReal *inputs;      /* (n, input) */
  EspReal *targets;     /* (n, target) or NULL */
  gint32 *labels;       /* (n) or NULL, each in [0, n_classes) */
  JsonObject *settings; /* complete */
} EspDataset;

/* @object: {"name": ..., settings}; @fallback_seed where it has none */
EspDataset *esp_dataset_new (JsonObject *object, guint64 fallback_seed, GError **error);
void esp_dataset_free (EspDataset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDataset, esp_dataset_free)

/* for the functions that make sets: arrays for what n, input, target and n_classes say;
 * %ESP_NETWORK_ERROR_DATA when that is too much */
gboolean esp_dataset_allocate (EspDataset *self, EspSpec *spec, GError **error);

G_END_DECLS
