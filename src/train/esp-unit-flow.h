/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network-private.h"
#include "esp-unit-reader.h"

G_BEGIN_DECLS

/* Where the units of a value go: through the network, past what handles them one by one, up to the
 * weights that take them. */

/* units as they lie along an axis of a value: index i is unit owner[i], or %ESP_NO_UNIT */
typedef struct
{
  guint value;
  guint axis;
  const guint32 *owner;
} EspUnitFlow;

/* what they come to; each function may be NULL */
typedef struct
{
  /* Weights (out, n, cells) of @call, whose rows come in @groups with n columns each; the flow has
   * groups · n indices. */
  void (*weights) (const EspUnitFlow *flow,
                   EspNetCall *call,
                   guint parameter,
                   guint groups,
                   gpointer user_data);
  /* a normalisation with parameters for each of them */
  void (*norm) (const EspUnitFlow *flow, EspNetCall *call, gpointer user_data);
  /* the module at @path, which has no weights for them alone, or gives the network's answer */
  void (*open) (const EspUnitFlow *flow, const char *path, gpointer user_data);
} EspUnitSink;

/* from the output of a call on; its own units */
void esp_unit_follow (EspNetwork *network, guint call, const EspUnitSink *sink, gpointer user_data);

G_END_DECLS
