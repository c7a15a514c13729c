/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a pickle: it is read or says why not, its values print within their limit, and what
 * it takes grows with what there is. */

#include "esp-pickle.h"
#include "fuzz.h"

#include <string.h>

#define TEXT_MAX 10000
/* a value of 32 bytes and a place in its container, doubled; tables that grow by half */
#define MEMORY_PER_BYTE 200
#define MEMORY_MORE (1024 * 1024)

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = esp_pickle_new (bytes, 0, "fuzz", NULL, &error);
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;

  g_assert ((pickle == NULL) == (error != NULL));
  if (pickle == NULL)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert (esp_pickle_get_end (pickle) <= size);
  g_assert (esp_pickle_get_memory (pickle) <= MEMORY_PER_BYTE * size + MEMORY_MORE);
  text = esp_pickle_value_to_text (esp_pickle_get_root (pickle), TEXT_MAX);
  g_assert (strlen (text) <= TEXT_MAX + strlen ("…"));
  g_assert (g_utf8_validate (text, -1, NULL));
  name = esp_pickle_value_to_name (esp_pickle_get_root (pickle), TEXT_MAX);
  for (guint i = 0; i < esp_pickle_get_n_names (pickle); i++)
    g_assert (g_utf8_validate (esp_pickle_get_name (pickle, i)->full, -1, NULL));
  for (guint i = 0; i < esp_pickle_get_n_refused (pickle); i++)
    g_assert (g_utf8_validate (esp_pickle_get_refused (pickle, i), -1, NULL));
  return 0;
}
