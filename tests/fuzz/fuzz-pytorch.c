/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a file of PyTorch: as the whole file if they begin like an archive or like a file of
 * torch.save from before those, else as the pickle in a sound archive with five storages. Every
 * tensor is read or says why not, and the tree is no larger than it may be. */

#include "../format/pytorch-fixture.h"
#include "fuzz-checkpoint.h"

static GBytes *
wrap (const uint8_t *data, size_t size)
{
  static const guint8 integers[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                                     2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
  static const float floats[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
  ZipWriter zip;

  zip_init (&zip);
  zip_add (&zip, "f/data.pkl", data, size);
  zip_add (&zip, "f/byteorder", TEXT ("little"));
  for (guint i = 0; i < 5; i++)
    {
      char name[] = "f/data/0";

      name[7] = (char) ('0' + i);
      if (i < 3)
        zip_add (&zip, name, floats, sizeof floats);
      else
        zip_add (&zip, name, integers, sizeof integers);
    }
  zip_add (&zip, "f/version", TEXT ("3\n"));
  return zip_finish (&zip);
}

static gboolean
is_whole (const uint8_t *data, size_t size)
{
  static const uint8_t legacy[] = { 0x8a, 0x0a, 0x6c, 0xfc };

  if (size > 4 && data[0] == 'P' && data[1] == 'K')
    return TRUE;
  return size > 6 && data[0] == 0x80 && memcmp (data + 2, legacy, sizeof legacy) == 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = is_whole (data, size) ? g_bytes_new_static (data, size)
                                                   : wrap (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);

  g_assert ((checkpoint == NULL) == (error != NULL));
  if (checkpoint == NULL)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  /* a tensor takes more than ten bytes, and sixteen times as many may be shown */
  g_assert (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)) <= 10000 + 16 * size);
  esp_damage_look_at (checkpoint);
  return 0;
}
