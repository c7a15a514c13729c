/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the training core share. */

#include "esp-network.h"
#include "esp-parameter.h"
#include "esp-snapshot.h"

/* a network of data/networks */
static inline EspNetwork *
train_load_template (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "networks", file, NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  EspNetwork *network = esp_network_new_from_json (text, (gssize) length, &error);
  g_assert_no_error (error);
  return network;
}

/* all values, new array */
static inline float *
train_read_tensor (EspTensor *tensor, gsize *count)
{
  g_autoptr (GError) error = NULL;
  *count = esp_tensor_get_count (tensor);
  float *values = g_new (float, *count);
  esp_tensor_read_f32 (tensor, 0, *count, values, NULL, &error);
  g_assert_no_error (error);
  return values;
}
