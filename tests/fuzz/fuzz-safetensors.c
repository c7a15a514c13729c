/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a checkpoint, without the zip archives: all of its tensors can be read. */

#include "esp-format.h"
#include "esp-source.h"
#include "fuzz.h"

#define PIECE 1024

static void
read_tensor (EspTensor *tensor)
{
  guint64 count = esp_tensor_get_count (tensor);
  double values[2 * PIECE]; /* complex ones are pairs */

  for (guint64 start = 0; start < count; start += PIECE)
    {
      g_autoptr (GError) error = NULL;
      gboolean read = esp_tensor_read_f64 (tensor, start, MIN (PIECE, count - start), values, NULL,
                                           &error);

      g_assert (read == (error == NULL));
      if (!read)
        return;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTree *tree;

  if (size > 4 && data[0] == 'P' && data[1] == 'K')
    return 0;
  checkpoint = esp_format_open_source (source, "fuzz.bin", NULL, NULL, NULL, &error);
  g_assert ((checkpoint == NULL) == (error != NULL));
  if (checkpoint == NULL)
    return 0;
  tree = esp_checkpoint_get_tree (checkpoint);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert (esp_place_get_path (place) != NULL);
      read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
  return 0;
}
