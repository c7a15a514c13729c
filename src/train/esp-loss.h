/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"
#include "esp-kernels.h"

G_BEGIN_DECLS

typedef struct _EspLoss EspLoss;

/* One batch at the end of the network. */
typedef struct
{
  const EspKernels *kernels;
  gsize N;               /* examples */
  gsize count;           /* numbers of output per example */
  const EspReal *y;      /* (N, count) */
  const EspReal *target; /* (N, count) or NULL */
  const gint32 *labels;  /* (N) or NULL */
  EspReal *dy;           /* (N, count), added to; NULL when nobody wants it */
} EspLossCall;

/* A kind of loss: functions and a row of the table in esp-loss.c. */
typedef struct
{
  const char *name; /* PyTorch's */
  gboolean takes_labels;
  /* whether an output of this shape fits the data; %ESP_NETWORK_ERROR_SHAPE with both shapes */
  gboolean (*check) (const EspShape *output, const EspDataset *data, GError **error);
  double (*compute) (const EspLoss *self, const EspLossCall *call);
} EspLossClass;

struct _EspLoss
{
  const EspLossClass *klass;
  gboolean mean; /* over the batch; otherwise the sum */
  JsonObject *settings;
};

/* @object: {"class": ..., settings} */
EspLoss *esp_loss_new (JsonObject *object, GError **error);
void esp_loss_free (EspLoss *self);
gboolean esp_loss_check (const EspLoss *self,
                         const EspShape *output,
                         const EspDataset *data,
                         GError **error);

G_END_DECLS
