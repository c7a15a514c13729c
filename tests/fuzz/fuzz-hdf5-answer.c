/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as what the HDF5 process answers to a request for the listing: frames of a byte that is
 * the kind and two that are the length. What comes of them is looked at as a format would. */

#include "esp-hdf5-listing.h"
#include "fuzz.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define FILE_BYTES 65536

static EspHdf5Process *
get_process (void)
{
  static EspHdf5Process *process;

  if (process == NULL)
    {
      g_autofree char *path = NULL, *zeros = g_malloc0 (FILE_BYTES);
      int fd = g_file_open_tmp ("espalier-XXXXXX", &path, NULL);
      g_autoptr (EspSource) source = NULL;

      g_assert_true (fd >= 0 && g_file_set_contents (path, zeros, FILE_BYTES, NULL));
      source = esp_source_new_for_file (path, NULL);
      process = esp_hdf5_process_new (source, NULL, NULL);
      g_assert_nonnull (process);
      close (fd);
      g_unlink (path);
    }
  return process;
}

static void
look_at (const EspHdf5Node *node)
{
  g_assert_true (g_utf8_validate (node->path, -1, NULL));
  g_assert_true (node->error == NULL || g_utf8_validate (node->error, -1, NULL));
  g_assert_true (node->kind != ESP_HDF5_DATASET || node->tensor != NULL);
  for (guint i = 0; i < node->n_attributes; i++)
    {
      g_autofree char *text = esp_hdf5_attribute_to_text (&node->attributes[i], 1000);

      g_assert_true (g_utf8_validate (text, -1, NULL));
    }
  /* values that lie in one piece; others would start the process */
  if (node->tensor != NULL && esp_tensor_get_error (node->tensor) == NULL &&
      esp_tensor_get_count (node->tensor) > 0 &&
      esp_storage_get_file_offset (esp_tensor_get_storage (node->tensor)) >= 0)
    {
      double values[2];

      esp_tensor_read_f64 (node->tensor, esp_tensor_get_count (node->tensor) - 1, 1, values, NULL,
                           NULL);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (EspHdf5Listing) listing = esp_hdf5_listing_new (get_process (), "");
  g_autoptr (GError) error = NULL;

  while (size >= 3)
    {
      gsize length = MIN ((gsize) (data[1] | data[2] << 8), size - 3);
      g_autofree guint8 *payload = g_memdup2 (data + 3, length);
      EspCursor cursor;

      esp_cursor_init (&cursor, payload, length, "answer");
      if (!esp_hdf5_listing_add (data[0], &cursor, listing, &error))
        break;
      data += 3 + length;
      size -= 3 + length;
    }
  if (error == NULL && esp_hdf5_listing_finish (listing, &error))
    for (guint i = 0; i < esp_hdf5_listing_get_n_nodes (listing); i++)
      look_at (esp_hdf5_listing_get_node (listing, i));
  g_assert_true (error == NULL || g_utf8_validate (error->message, -1, NULL));
  return 0;
}
