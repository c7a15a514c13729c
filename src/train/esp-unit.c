/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units of calls. A call's own class says it, or that of what comes before: an activation or a
 * pool has the units of its input. */

#include "config.h"
#include "esp-unit.h"

/* of what comes before and keeps units and shape apart: the call whose units @call has too */
static guint
find_origin (EspNetwork *network, guint call)
{
  for (;;)
    {
      EspNetCall *own = esp_network_peek_call (network, call);
      guint from = own->from[0];
      gboolean same = (own->module->layer->klass->flags & ESP_LAYER_UNITWISE) != 0 ||
                      (esp_network_call_is_view (own) && esp_shape_equal (&own->in[0], &own->out));
      if (!same || from < network->inputs->len)
        return call;
      call = from - network->inputs->len;
    }
}

guint
esp_unit_find_axis (EspNetwork *network, guint call)
{
  EspNetCall *origin = esp_network_peek_call (network, find_origin (network, call));
  EspLayerFlags flags = origin->module->layer->klass->flags;
  guint ndim = origin->out.ndim;
  if (flags & ESP_LAYER_ROWS_FIRST)
    return 0;
  if (flags & ESP_LAYER_ROWS_LAST || ndim <= 2)
    return ndim > 0 ? ndim - 1 : 0;
  return 0;
}

int
esp_unit_find_source (EspNetwork *network, guint call)
{
  guint origin = find_origin (network, call);
  EspLayerFlags flags = esp_network_peek_call (network, origin)->module->layer->klass->flags;
  return flags & (ESP_LAYER_ROWS_FIRST | ESP_LAYER_ROWS_LAST) ? (int) origin : -1;
}

void
esp_unit_split (const EspShape *shape, guint axis, gsize *rows, gsize *units, gsize *positions)
{
  *rows = *positions = *units = 1;
  for (guint d = 0; d < shape->ndim; d++)
    *(d < axis ? rows : d == axis ? units : positions) *= (gsize) shape->sizes[d];
}
