/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a file of PyTorch: as the whole file if they begin like an archive or like a file of
 * torch.save from before those, else as the pickle in a sound archive with five storages. Every
 * tensor is read or says why not, and the tree is no larger than it may be. */

#include "../format/pytorch-fixture.h"
#include "fuzz.h"

#define PIECE 1024
/* of each tensor: a few bytes can stand for many elements */
#define MOST_ELEMENTS (16 * PIECE)
#define MOST_TENSORS 500

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

static void
check (EspCheckpoint *checkpoint, gsize size)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  guint n = esp_tree_get_n_tensors (tree);

  /* a tensor takes more than ten bytes, and sixteen times as many may be shown */
  g_assert (n <= 10000 + 16 * size);
  for (guint i = 0; i < MIN (n, MOST_TENSORS); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert (esp_place_get_path (place) != NULL);
      read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    g_assert (g_utf8_validate (esp_checkpoint_get_warning (checkpoint, i), -1, NULL));
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
  if (checkpoint != NULL)
    check (checkpoint, size);
  else
    g_assert (g_utf8_validate (error->message, -1, NULL));
  return 0;
}
