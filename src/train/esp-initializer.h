/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

G_BEGIN_DECLS

/* How a network's parameters begin. A new one is a function and a row of the table in
 * esp-initializer.c. */
typedef struct
{
  const char *name; /* "pytorch" */
  void (*fill) (const EspParameterInfo *info, EspRandom *random, EspReal *values);
} EspInitializer;

/* NULL when there is none of this name */
const EspInitializer *esp_initializer_find (const char *name);

/**
 * esp_initializer_fill_from_json:
 * @node: what a specification says of one parameter: the name of an initialiser, a number for all
 * cells, or all values as (nested) lists in C order
 * @place: for messages
 *
 * %ESP_NETWORK_ERROR_SPEC when it is something else or there are too few or too many values.
 */
gboolean esp_initializer_fill_from_json (JsonNode *node,
                                         const EspParameterInfo *info,
                                         EspRandom *random,
                                         EspReal *values,
                                         const char *place,
                                         GError **error);

G_END_DECLS
