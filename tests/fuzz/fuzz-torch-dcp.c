/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the table of a distributed checkpoint, beside two files of pieces: a tensor of
 * one by four numbers and a text. */

#include "../format/pytorch-fixture.h"
#include "fuzz-checkpoint.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* a tensor of (1, 4), and a text */
static const char tensor_pickle[] =
    "\x80\2ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
    "X\1\0\0\0000X\3\0\0\0cpuK\4tQK\0K\1K\4\206K\4K\1\206\211"
    "ccollections\nOrderedDict\n)RtR.";
static const char value_pickle[] = "\x80\2X\2\0\0\0hi.";

static const char *const names[] = { "__0_0.distcp", "__1_0.distcp" };
static char *folder;

static void
remove_folder (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) bytes = i == 0 ? make_archive (TEXT (tensor_pickle))
                                        : make_archive (TEXT (value_pickle));
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                     (gssize) g_bytes_get_size (bytes), NULL));
    }
  atexit (remove_folder);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autofree char *path = NULL;

  if (folder == NULL)
    make_folder ();
  path = g_build_filename (folder, ".metadata", NULL);
  fuzz_open (bytes, path);
  return 0;
}
