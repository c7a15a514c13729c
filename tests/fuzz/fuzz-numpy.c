/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as NumPy's: as an archive if they begin like one, else as what follows the magic of an
 * array. Every tensor is read or says why not. */

#include "esp-format.h"
#include "esp-source.h"
#include "fuzz.h"

#include <string.h>

#define PIECE 1024
#define MOST_ELEMENTS (16 * PIECE) /* of each tensor */

static void
read_tensor (EspTensor *tensor)
{
  guint64 count = MIN (esp_tensor_get_count (tensor), MOST_ELEMENTS);
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

static GBytes *
wrap (const uint8_t *data, size_t size)
{
  static const char magic[] = "\x93NUMPY";
  uint8_t *bytes = g_malloc (size + 6);

  if (size > 4 && memcmp (data, "PK", 2) == 0)
    {
      memcpy (bytes, data, size);
      return g_bytes_new_take (bytes, size);
    }
  memcpy (bytes, magic, 6);
  if (size > 0)
    memcpy (bytes + 6, data, size);
  return g_bytes_new_take (bytes, size + 6);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = wrap (data, size);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTree *tree;

  checkpoint = esp_format_open_source (source, "fuzz.npy", NULL, NULL, NULL, &error);
  g_assert ((checkpoint == NULL) == (error != NULL));
  if (checkpoint == NULL)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  tree = esp_checkpoint_get_tree (checkpoint);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert (esp_place_get_path (place) != NULL);
      read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
  return 0;
}
