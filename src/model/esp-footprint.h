/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to model/: which part of a storage a tensor reaches. */

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspFootprint:
 *
 * The set of bits { base + sum (k_i * stride_i) + [0, run) }, 0 <= k_i < size_i, in its shortest
 * form: strides positive and growing, runs and progressions that touch or overlap joined. A view
 * that reaches one interval has no dimension left. A plain value.
 */
typedef struct
{
  guint64 base;
  guint64 run;
  guint64 unit; /* bits of one element */
  guint n;
  guint64 size[64];
  guint64 stride[64];
  guint64 extent[65];  /* bits from first to last of the inner i dimensions */
  guint64 divisor[65]; /* common divisor of the inner i strides, 0 for none */
  gboolean apart;      /* no two k reach the same bit: the count is a product */
} EspFootprint;

typedef enum
{
  ESP_MEET_NO,
  ESP_MEET_YES,
  ESP_MEET_UNDECIDED,
} EspMeet;

/* FALSE for a tensor without elements or without a storage */
gboolean esp_footprint_init (EspFootprint *self, EspTensor *tensor);
#define esp_footprint_end(self) ((self)->base + (self)->extent[(self)->n])
/* whether both (of one storage) have a bit in common; @budget is taken from, one a step */
EspMeet esp_footprint_meet (const EspFootprint *a, const EspFootprint *b, guint64 *budget);
/* elements that a tensor reaches, each once; an upper bound when they can't be counted within a
 * bound of time and memory */
guint64 esp_footprint_count (EspTensor *tensor);
/* elements that @n tensors of one storage reach together, each once; the same bound. Where their
 * types differ, elements of the largest. */
guint64 esp_footprint_count_union (EspTensor *const *all, guint n);

G_END_DECLS
