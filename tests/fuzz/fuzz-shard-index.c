/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the index of a checkpoint in several files, and each name in it as a path. No file
 * is touched. */

#include "esp-beside.h"
#include "esp-shard-index.h"
#include "fuzz.h"

#include <string.h>

/* a path that was let through stays below its folder */
static void
check_path (const char *path)
{
  g_autoptr (GError) error = NULL;

  if (!esp_beside_check_path (path, -1, &error))
    {
      g_assert (error != NULL && g_utf8_validate (error->message, -1, NULL));
      return;
    }
  g_assert (path[0] != '\0' && path[0] != '/' && strchr (path, '\\') == NULL);
  g_assert (strcmp (path, "..") != 0 && strncmp (path, "../", 3) != 0);
  g_assert (strstr (path, "/../") == NULL && !g_str_has_suffix (path, "/.."));
}

static void
check_index (EspShardIndex *index)
{
  guint n = index->shards->len;

  g_assert (index->starts[0] == 0 && index->starts[n] == index->entries->len);
  for (guint i = 0; i < n; i++)
    {
      check_path (index->shards->pdata[i]);
      g_assert (index->starts[i] < index->starts[i + 1]);
      for (guint k = index->starts[i]; k < index->starts[i + 1]; k++)
        {
          EspShardEntry *entry = &g_array_index (index->entries, EspShardEntry, k);

          g_assert (entry->shard == i);
          g_assert (esp_shard_index_find (index, entry->name) == entry);
        }
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspShardIndex) index = NULL;

  esp_shard_index_is_one ((const char *) data, size);
  index = esp_shard_index_new ((const char *) data, size, NULL, &error);
  g_assert ((index == NULL) == (error != NULL));
  if (index != NULL)
    check_index (index);
  return 0;
}
