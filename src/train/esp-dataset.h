/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-random.h"
#include "esp-real.h"
#include "esp-shape.h"
#include "esp-spec.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspDatasetAccess:
 *
 * How a data set out of files comes to them: who reads a specification knows where it lies and what
 * its user has chosen. NULL or zeroed: not at all.
 */
typedef struct
{
  const char *folder; /* files in here may be named by the specification, and nothing outside */
  const char *chosen; /* a file that the user named; "path" may be it */
  /* one array out of a file of a format that isn't a data set's own (NumPy's); @member is one of
   * several, or NULL for the only one */
  EspTensor *(*read_array) (EspSource *source, const char *member, GError **error);
} EspDatasetAccess;

/**
 * EspDataset:
 *
 * Examples in memory: inputs, and either target values or labels; those to train with first, then
 * those that are only tested with. Made from the "data" of a specification, immutable afterwards,
 * any thread. A new set is a function and a row of the table in esp-dataset.c.
 */
typedef struct
{
  char *name;
  guint64 n;                      /* examples to train with, at least 1 */
  guint64 n_test;                 /* examples behind them */
  EspShape input;                 /* of one example */
  EspShape target;                /* of one example; ndim 0 with labels */
  gint32 n_classes;               /* 0 with target values */
  EspReal *inputs;                /* (n + n_test, input) */
  EspReal *targets;               /* (n + n_test, target) or NULL */
  gint32 *labels;                 /* (n + n_test) or NULL, each in [0, n_classes) */
  char **classes;                 /* (n_classes) names of the labels, or NULL */
  double *offsets;                /* (input) what normalising took off, or NULL ... */
  double *scales;                 /* (input) ... and then divided by */
  JsonObject *settings;           /* complete */
  const EspDatasetAccess *access; /* while it is made; borrowed */
  gatomicrefcount ref_count;
} EspDataset;

/* @object: {"name": ..., settings}; @fallback_seed where it has none; @access may be NULL */
EspDataset *esp_dataset_new (JsonObject *object,
                             guint64 fallback_seed,
                             const EspDatasetAccess *access,
                             GError **error);
EspDataset *esp_dataset_ref (EspDataset *self);
void esp_dataset_unref (EspDataset *self); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDataset, esp_dataset_unref)
/* whether @object says just what this set is, so that it need not be made again */
gboolean esp_dataset_is_made_of (EspDataset *self, JsonObject *object);

/* for the functions that make sets: arrays for what n, input, target and n_classes say;
 * %ESP_NETWORK_ERROR_DATA when that is too much */
gboolean esp_dataset_allocate (EspDataset *self, EspSpec *spec, GError **error);

G_END_DECLS
