/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-keras-config.h"
#include "esp-parameter.h"

G_BEGIN_DECLS

/**
 * EspKerasNaming:
 *
 * What a layer calls the variables that a file only numbers.
 */
typedef struct
{
  const char *names[16]; /* static; NULL where it isn't known */
  gboolean is_buffer[16];
} EspKerasNaming;

#define ESP_KERAS_MOST_NAMED 16

/**
 * esp_keras_name_variables:
 * @class_name: of the layer
 * @layer: its settings, or NULL
 * @tensors: (n) its own variables in their order
 * @keras2: whether Keras 2 wrote them, where the two differ
 *
 * Settings that say how many variables there are decide; where they don't fit or aren't there, what
 * all choices with so many variables agree on.
 *
 * Returns: FALSE if nothing is known of such a layer; then @out is cleared
 */
gboolean esp_keras_name_variables (const char *class_name,
                                   const EspKerasLayer *layer,
                                   EspTensor *const *tensors,
                                   guint n,
                                   gboolean keras2,
                                   EspKerasNaming *out);
/* whether a variable of this name is one that no gradient step changes */
gboolean esp_keras_is_buffer_name (const char *name);

/* how Keras names groups of HDF5 after classes: "Conv2D" -> "conv2d", "PReLU" -> "p_re_lu". New. */
char *esp_keras_to_snake_case (const char *class_name);
/* the class whose variables are known and that a group of this name ("dense_1") stands for; "" */
const char *esp_keras_class_from_group (const char *group);

/* layers that a layer makes for itself, so that no config tells of them */
typedef struct
{
  const char *class_name; /* of the one around it */
  const char *group;      /* "cell", "query_dense" */
  const char *inner;      /* class */
} EspKerasPart;

/* those of a class, in the order in which it makes them; NULL if there are none or no more */
const EspKerasPart *esp_keras_next_part (const char *class_name, const EspKerasPart *last);

/* what an optimizer keeps beside its counters, a word a trained variable: "momentum velocity";
 * behind a "|" stand those that come after them for all variables once more. A word with "?" only
 * if the setting behind it is set. Capitals don't count: "adam" is how an optimizer is asked for.
 * NULL if the class isn't known. */
const char *esp_keras_get_slots (const char *class_name, gboolean keras2);

G_END_DECLS
