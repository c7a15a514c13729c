/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-spec-edit.h"
#include "esp-spec-graph.h"

struct _EspSpecEdit
{
  EspNetwork *network;  /* as it was */
  GPtrArray *values;    /* EspTensor of each of its parameters, as they are now */
  GPtrArray *moments;   /* likewise ESP_OPTIMIZER_MAX_MOMENTS of each, or NULL */
  EspUpdateRule *rules; /* of each of them */
  EspSpecGraph *graph;
  gboolean data_changed;
  gboolean anew; /* nothing is carried over: other random numbers */
};

/* FALSE with a sentence of %ESP_NETWORK_ERROR_SPEC */
gboolean esp_spec_edit_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
