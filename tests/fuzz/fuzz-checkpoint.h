/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What every reader's target does with the checkpoint that the bytes gave: all texts are UTF-8,
 * each tensor is read or says why not. */

#include "esp-format.h"
#include "esp-source.h"
#include "fuzz.h"

#define FUZZ_PIECE 1024
#define FUZZ_MOST_ELEMENTS (16 * FUZZ_PIECE) /* of each tensor: a few bytes can stand for many */
#define FUZZ_MOST_TENSORS 500

static inline void
fuzz_read_tensor (EspTensor *tensor)
{
  guint64 count = MIN (esp_tensor_get_count (tensor), FUZZ_MOST_ELEMENTS);
  double values[2 * FUZZ_PIECE]; /* complex ones are pairs */
  const GError *reason = esp_tensor_get_error (tensor);

  g_assert (esp_tensor_get_native_dtype (tensor) != NULL);
  g_assert (esp_tensor_get_dtype_name (tensor) != NULL);
  g_assert (reason == NULL || g_utf8_validate (reason->message, -1, NULL));
  for (guint64 start = 0; start < count; start += FUZZ_PIECE)
    {
      g_autoptr (GError) error = NULL;
      gboolean read = esp_tensor_read_f64 (tensor, start, MIN (FUZZ_PIECE, count - start), values,
                                           NULL, &error);

      g_assert (read == (error == NULL));
      if (!read)
        return;
    }
}

static inline void
fuzz_look_at_checkpoint (EspCheckpoint *checkpoint)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    g_assert (g_utf8_validate (esp_checkpoint_get_metadata_value (checkpoint, i), -1, NULL));
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    g_assert (g_utf8_validate (esp_checkpoint_get_warning (checkpoint, i), -1, NULL));
  for (guint i = 0; i < MIN (esp_tree_get_n_tensors (tree), FUZZ_MOST_TENSORS); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert (esp_place_get_path (place) != NULL);
      fuzz_read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
}

/* opens @bytes as the file @path and looks at all of it */
static inline void
fuzz_open (GBytes *bytes, const char *path)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint)
      checkpoint = esp_format_open_source (source, path, NULL, NULL, NULL, &error);

  g_assert ((checkpoint == NULL) == (error != NULL));
  if (checkpoint != NULL)
    fuzz_look_at_checkpoint (checkpoint);
  else
    g_assert (g_utf8_validate (error->message, -1, NULL));
}
