/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the PyTorch reader share: small archives made member by member, and opening
 * them from memory. */

#include "esp-error.h"
#include "esp-format.h"
#include "esp-source.h"
#include "zip-fixture.h"

#include <string.h>

/* an archive of a pickle and storages "0" to "3" of 16 bytes each: 0, 1, 2, 3 as float32 */
static inline GBytes *
make_archive (const void *pickle, gsize size)
{
  static const float values[] = { 0, 1, 2, 3 };
  ZipWriter zip;

  zip_init (&zip);
  zip_add (&zip, "f/data.pkl", pickle, size);
  zip_add (&zip, "f/byteorder", TEXT ("little"));
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("f/data/%u", i);

      zip_add (&zip, name, values, sizeof values);
    }
  zip_add (&zip, "f/version", TEXT ("3\n"));
  return zip_finish (&zip);
}

static inline EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "f.pt");

  return esp_format_open_source (source, "f.pt", NULL, NULL, NULL, error);
}

static inline EspCheckpoint *
open_pickle (const void *pickle, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = make_archive (pickle, size);

  return open_bytes (bytes, error);
}

static inline EspTensor *
get_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);
  EspParameter *parameter = place != NULL ? esp_place_get_parameter (place) : NULL;

  return parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
}

/* names of all tensors, one a line */
static inline char *
list_names (EspCheckpoint *checkpoint)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      esp_tree_append_row_path (tree, i, out);
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}
