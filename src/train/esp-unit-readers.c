/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who reads which units: from each observed activation on to the weights that take its output. */

#include "config.h"
#include "esp-network.h"

#include <string.h>

#include "esp-unit-flow.h"

typedef struct
{
  GPtrArray *readers; /* EspUnitReader */
  const char *unit_path;
} Search;

/* Columns of grouped weights stand for another input in each group; these have no one unit. */
static void
add_reader (const EspUnitFlow *flow,
            EspNetCall *call,
            guint parameter,
            guint groups,
            gpointer user_data)
{
  Search *search = user_data;
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  EspUnitReader *reader;
  guint index = 0;
  if (groups != 1)
    return;
  esp_layer_get_parameters (call->module->layer, infos);
  while (call->module->parameters[index] != parameter)
    index++;
  reader = g_new0 (EspUnitReader, 1);
  reader->path = g_strjoin (".", call->path, infos[index].name, NULL);
  reader->unit_path = g_strdup (search->unit_path);
  reader->n = (guint) call->in[0].sizes[flow->axis];
  reader->units = g_memdup2 (flow->owner, reader->n * sizeof *reader->units);
  g_ptr_array_add (search->readers, reader);
}

GPtrArray *
esp_network_find_readers (EspNetwork *self)
{
  static const EspUnitSink sink = { add_reader, NULL, NULL };
  Search search = { g_ptr_array_new_with_free_func ((GDestroyNotify) esp_unit_reader_free), NULL };
  g_return_val_if_fail (ESP_IS_NETWORK (self), search.readers);
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      if ((call->module->layer->klass->flags & ESP_LAYER_OBSERVED) == 0)
        continue;
      search.unit_path = call->path;
      esp_unit_follow (self, i, &sink, &search);
    }
  return search.readers;
}
