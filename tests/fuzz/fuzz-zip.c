/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a zip archive: its members can be opened and read, or say why not. */

#include "esp-source.h"
#include "esp-zip.h"
#include "fuzz.h"

/* of each member, so that one that inflates well doesn't take all the time */
#define MOST_BYTES (1024 * 1024)

static void
read_member (EspZip *zip, const EspZipMember *member)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_zip_open_member (zip, member, NULL, &error);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) end = NULL;
  guint64 size;

  g_assert ((source == NULL) == (error != NULL));
  if (source == NULL)
    return;
  size = esp_source_get_size (source);
  g_assert (size == member->size);
  bytes = esp_source_read_bytes (source, 0, MIN (size, MOST_BYTES), MOST_BYTES, NULL, &error);
  g_assert ((bytes == NULL) == (error != NULL));
  if (size <= MOST_BYTES)
    end = esp_source_read_bytes (source, size / 2, size - size / 2, MOST_BYTES, NULL, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspZip) zip = esp_zip_new (source, NULL, &error);

  g_assert ((zip == NULL) == (error != NULL));
  for (guint i = 0; zip != NULL && i < esp_zip_get_n_members (zip) && i < 64; i++)
    {
      const EspZipMember *member = esp_zip_get_member (zip, i);

      g_assert (esp_zip_find (zip, member->name) == member);
      read_member (zip, member);
    }
  return 0;
}
