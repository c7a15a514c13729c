/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as an ONNX model, its first byte right: every tensor is read or says why not, and all
 * metadata is text. */

#include "esp-format.h"
#include "esp-source.h"
#include "fuzz.h"

#include <string.h>

#define PIECE 1024
/* of each tensor: a byte of a file can stand for four elements */
#define MOST_ELEMENTS (4 * PIECE)

static void
read_tensor (EspTensor *tensor)
{
  guint64 count = MIN (esp_tensor_get_count (tensor), MOST_ELEMENTS);
  double values[2 * PIECE]; /* complex ones are pairs */
  const GError *reason = esp_tensor_get_error (tensor);

  g_assert (esp_tensor_get_native_dtype (tensor) != NULL);
  g_assert (reason == NULL || g_utf8_validate (reason->message, -1, NULL));
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
  g_autofree uint8_t *copy = g_memdup2 (data, size);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTree *tree;

  if (size < 4)
    return 0;
  memcpy (copy, "\x08\x0a", 2);
  bytes = g_bytes_new_static (copy, size);
  source = esp_source_new_for_bytes (bytes, "fuzz");
  checkpoint = esp_format_open_source (source, "fuzz.onnx", NULL, NULL, NULL, &error);
  g_assert ((checkpoint == NULL) == (error != NULL));
  if (checkpoint == NULL)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    g_assert (g_utf8_validate (esp_checkpoint_get_metadata_value (checkpoint, i), -1, NULL));
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    g_assert (g_utf8_validate (esp_checkpoint_get_warning (checkpoint, i), -1, NULL));
  tree = esp_checkpoint_get_tree (checkpoint);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert (esp_place_get_path (place) != NULL);
      read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
  return 0;
}
