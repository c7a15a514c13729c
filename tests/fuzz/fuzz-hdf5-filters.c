/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a chunk behind up to three filters, which the first bytes choose. */

#include "esp-hdf5-filters.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const guint32 known[] = { ESP_HDF5_FILTER_DEFLATE, ESP_HDF5_FILTER_SHUFFLE,
                                   ESP_HDF5_FILTER_FLETCHER32, ESP_HDF5_FILTER_LZF };
  EspHdf5Filter filters[3] = { 0 };
  g_autofree guint8 *chunk = NULL;
  g_autoptr (GError) error = NULL;
  gsize wanted;

  if (size < 8)
    return 0;
  for (guint i = 0; i < 3; i++)
    {
      filters[i].id = known[data[i] % 4];
      filters[i].n_values = 1;
      filters[i].values[0] = data[3] % 17;
    }
  wanted = (gsize) (data[4] | data[5] << 8);
  chunk = esp_hdf5_filters_undo (filters, data[6] % 4, data[7], g_memdup2 (data + 8, size - 8),
                                 size - 8, wanted, &error);
  g_assert_true ((chunk == NULL) == (error != NULL) || wanted == 0);
  return 0;
}
