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

typedef enum
{
  ESP_LOSS_TAKES_VALUES = 1 << 0, /* targets of the output's shape */
  ESP_LOSS_TAKES_LABELS = 1 << 1, /* an output per class */
  ESP_LOSS_TAKES_BITS = 1 << 2,   /* two classes and a single output */
} EspLossTakes;

/* A kind of loss: functions and a row of the table in esp-loss.c. */
typedef struct
{
  const char *name; /* PyTorch's */
  EspLossTakes takes;
  gboolean (*read) (EspLoss *self, EspSpec *spec, GError **error); /* NULL: nothing of its own */
  double (*compute) (const EspLoss *self, const EspLossCall *call);
} EspLossClass;

struct _EspLoss
{
  const EspLossClass *klass;
  gboolean mean;    /* over the batch; otherwise the sum */
  double width;     /* HuberLoss's delta, SmoothL1Loss's beta */
  double smoothing; /* CrossEntropyLoss's label_smoothing */
  JsonObject *settings;
};

/* @object: {"class": ..., settings} */
EspLoss *esp_loss_new (JsonObject *object, GError **error);
/* NULL-terminated, static */
const char *const *esp_loss_get_class_names (void);
/* has a class's reader answer esp_spec_new_for_questions(); FALSE when there is none of this name
 */
gboolean esp_loss_ask (const char *class_name, EspSpec *questions);
void esp_loss_free (EspLoss *self);
/* whether an output of this shape fits the data: %ESP_NETWORK_ERROR_DATA where they are of another
 * kind, %ESP_NETWORK_ERROR_SHAPE with both shapes */
gboolean esp_loss_check (const EspLoss *self,
                         const EspShape *output,
                         const EspDataset *data,
                         GError **error);

G_END_DECLS
