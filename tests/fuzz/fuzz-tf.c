/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any entries as the index of a TensorFlow checkpoint, any bytes as its graph of objects: their
 * checksums are put right, which no fuzzer would guess.
 *
 *   input  u16 bytes of the graph, these, then entries: u8 bytes of the key, u8 bytes of the value,
 *          key, value. A key's bit 7 set: one of the fixed names follows instead. */

#include "fuzz-checkpoint.h"

#include "../base/table-builder.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define GRAPH_KEY "_CHECKPOINTABLE_OBJECT_GRAPH"

static char *folder;

static void
remove_folder (void)
{
  static const char *const names[] = { "x.index", "x.data-00000-of-00001" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
}

static void
write_file (const char *name, const void *bytes, gsize size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert (
      g_file_set_contents_full (path, bytes, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* the text tensor of the graph, as it lies in the data file, and its entry */
static GByteArray *
make_graph (const uint8_t *bytes, gsize size, GByteArray *entry)
{
  GByteArray *out = g_byte_array_new ();
  guint32 number = GUINT32_TO_LE ((guint32) size), crc = esp_crc32c (0, &number, 4);
  guint32 sum = GUINT32_TO_LE (esp_crc32c_mask (crc));

  table_put_varint (out, size);
  g_byte_array_append (out, (const guint8 *) &sum, 4);
  g_byte_array_append (out, bytes, (guint) size);
  crc = esp_crc32c (esp_crc32c (crc, &sum, 4), bytes, size);
  g_byte_array_append (entry, (const guint8 *) "\x08\x07\x28", 3);
  table_put_varint (entry, out->len);
  g_byte_array_append (entry, (const guint8 *) "\x35", 1);
  table_put_u32 (entry, esp_crc32c_mask (crc));
  return out;
}

static gboolean
is_greater (const GByteArray *last, const guint8 *key, gsize size)
{
  int order = memcmp (key, last->data, MIN (size, last->len));

  return order > 0 || (order == 0 && size > last->len);
}

/* entries in order; those that aren't are left out */
static void
add_entries (TableBuilder *table, const uint8_t *data, size_t size)
{
  while (size >= 2)
    {
      gsize key = data[0], value = data[1];

      data += 2;
      size -= 2;
      if (key + value > size)
        return;
      if (key > 0 && is_greater (table->last_key, data, key))
        table_add (table, data, key, data + key, value);
      data += key + value;
      size -= key + value;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GByteArray) entry = g_byte_array_new ();
  g_autoptr (GByteArray) graph = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *path = NULL;
  TableBuilder table;
  gsize n = size >= 2 ? MIN ((gsize) (data[0] | data[1] << 8), size - 2) : 0;

  if (size < 2)
    return 0;
  if (folder == NULL)
    {
      folder = g_dir_make_tmp ("espalier-fuzz-XXXXXX", NULL);
      atexit (remove_folder);
    }
  graph = make_graph (data + 2, n, entry);
  table_init (&table);
  table_add (&table, "", 0, "\x08\x01", 2);
  table_add (&table, GRAPH_KEY, strlen (GRAPH_KEY), entry->data, entry->len);
  add_entries (&table, data + 2 + n, size - 2 - n);
  bytes = table_finish (&table);
  table_clear (&table);
  write_file ("x.data-00000-of-00001", graph->data, graph->len);
  path = g_build_filename (folder, "x.index", NULL);
  fuzz_open (bytes, path);
  return 0;
}
