/* SPDX-License-Identifier: GPL-3.0-or-later */

/* LevelDB tables: keys with common beginnings over several blocks, plain and compressed; a table of
 * malformed ones; cuts and changed bytes. */

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-source.h"
#include "esp-table.h"
#include "table-builder.h"

/* {{{ asking */

static gboolean
note (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  GString *seen = user_data;
  g_autofree char *value = g_malloc0 ((gsize) entry->length + 1);

  if (!esp_source_read (entry->source, entry->offset, (gsize) entry->length, value, NULL, error))
    return FALSE;
  g_string_append_len (seen, (const char *) entry->key, (gssize) entry->key_length);
  g_string_append_printf (seen, "=%s ", value);
  return TRUE;
}

/* all entries as a text, or NULL */
static char *
read_table (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");
  g_autoptr (GString) seen = g_string_new (NULL);

  if (!esp_table_foreach (source, note, seen, NULL, error))
    return NULL;
  return g_string_free (g_steal_pointer (&seen), FALSE);
}

static void
add_text (TableBuilder *table, const char *key, const char *value)
{
  table_add (table, key, strlen (key), value, strlen (value));
}

/* }}} */

static void
test_entries (void)
{
  TableBuilder table;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *seen = NULL;

  table_init (&table);
  add_text (&table, "", "header");
  add_text (&table, "dense/bias", "1");
  add_text (&table, "dense/kernel", "22");
  table_end_block (&table);
  add_text (&table, "dense/kernel2", "");
  add_text (&table, "z", "4");
  bytes = table_finish (&table);
  seen = read_table (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (seen, ==, "=header dense/bias=1 dense/kernel=22 dense/kernel2= z=4 ");
  table_clear (&table);
}

/* more than one restart, more than one window of the stream */
static void
test_many (void)
{
  TableBuilder table;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) wanted = g_string_new (NULL);
  g_autofree char *seen = NULL;

  table_init (&table);
  for (guint i = 0; i < 20000; i++)
    {
      char key[64], value[64];

      g_snprintf (key, sizeof key, "layers/%05u/kernel", i);
      g_snprintf (value, sizeof value, "%u", i * i);
      add_text (&table, key, value);
      g_string_append_printf (wanted, "%s=%s ", key, value);
      if (i % 7000 == 6999)
        table_end_block (&table);
    }
  bytes = table_finish (&table);
  seen = read_table (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (seen, ==, wanted->str);
  table_clear (&table);
}

static void
test_empty (void)
{
  TableBuilder table;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *seen = NULL;

  table_init (&table);
  bytes = table_finish (&table);
  seen = read_table (bytes, NULL);
  g_assert_cmpstr (seen, ==, "");
  table_clear (&table);
}

/* "a" = "1", "b" = "2" as literals of Snappy */
static void
test_snappy (void)
{
  TableBuilder table;
  g_autoptr (GByteArray) squeezed = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *seen = NULL;

  table_init (&table);
  add_text (&table, "a", "1");
  add_text (&table, "b", "2");
  table_put_u32 (table.block, 0);
  table_put_u32 (table.block, 1);
  table_put_varint (squeezed, table.block->len);
  g_byte_array_append (squeezed,
                       (const guint8 *) &(guint8) { (guint8) ((table.block->len - 1) << 2) }, 1);
  g_byte_array_append (squeezed, table.block->data, table.block->len);
  table_end_block_as (&table, squeezed, 1);
  bytes = table_finish (&table);
  seen = read_table (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (seen, ==, "a=1 b=2 ");
  table_clear (&table);
}

/* a block over the limit is gone through where it lies, and its checksum isn't looked at */
static void
test_large (void)
{
  TableBuilder table;
  gsize size = ESP_LIMIT_TABLE_BLOCK_BYTES + 10;
  g_autofree char *value = g_malloc (size + 1);
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);

  memset (value, 'x', size);
  value[size] = '\0';
  table_init (&table);
  add_text (&table, "a", value);
  add_text (&table, "b", "2");
  bytes = table_finish (&table);
  source = esp_source_new_for_bytes (bytes, "memory");
  g_assert_true (esp_table_foreach (source, note, seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen->len, ==, 2 + size + 1 + 4);
  g_assert_true (g_str_has_suffix (seen->str, "xx b=2 "));
  table_clear (&table);
}

/* {{{ malformed ones */

typedef enum
{
  CUT_SHORT,
  NO_MAGIC,
  INDEX_OUTSIDE,
  BAD_SUM,
  KIND_UNKNOWN,
  SHARED_TOO_MUCH,
  VALUE_TOO_LONG,
  VARINT_UNENDED,
  RESTARTS,
  NO_ROOM,
  ORDER,
  TWICE,
  BLOCK_TWICE,
  LONG_NAMES,
  SNAPPY,
  N_BAD
} Bad;

static const char *const bad_messages[N_BAD] = {
  [CUT_SHORT] = "no room for its footer of 48",
  [NO_MAGIC] = "its index lies outside the file",
  [INDEX_OUTSIDE] = "its index lies outside the file",
  [BAD_SUM] = "the table’s block at offset 0: its checksum is",
  [KIND_UNKNOWN] = "compressed in a way that isn’t known",
  [SHARED_TOO_MUCH] = "an entry reaches beyond its end",
  [VALUE_TOO_LONG] = "an entry reaches beyond its end",
  [VARINT_UNENDED] = "an entry reaches beyond its end",
  [RESTARTS] = "room for fewer restarts than it says",
  [NO_ROOM] = "it is too short for one",
  [ORDER] = "its names aren’t in order",
  [TWICE] = "its names aren’t in order",
  [BLOCK_TWICE] = "outside the file or overlaps another",
  [LONG_NAMES] = "its names take more than 131070 bytes or 64 times the file",
  [SNAPPY] = "its Snappy compression is broken",
};

/* ends the block with its restarts and, before them, @extra */
static void
end_with (TableBuilder *table, const char *extra, gsize length, guint32 restarts)
{
  g_byte_array_append (table->block, (const guint8 *) extra, (guint) length);
  table_put_u32 (table->block, 0);
  table_put_u32 (table->block, restarts);
  table_end_block_as (table, table->block, 0);
}

static void
put_long_names (TableBuilder *table)
{
  g_autofree char *name = g_malloc (60000);

  memset (name, 'n', 60000);
  table_add (table, name, 60000, "", 0);
  for (guint i = 0; i < 300; i++)
    {
      table_put_varint (table->block, 60000 + i);
      table_put_varint (table->block, 1);
      table_put_varint (table->block, 0);
      g_byte_array_append (table->block, (const guint8 *) "n", 1);
    }
  table->n_in_block++;
}

static void
put_bad (TableBuilder *table, Bad bad)
{
  add_text (table, "b", "1");
  if (bad == SHARED_TOO_MUCH)
    end_with (table, "\2\1\0x", 4, 1);
  else if (bad == VALUE_TOO_LONG)
    end_with (table, "\1\1\xff\1x", 5, 1);
  else if (bad == VARINT_UNENDED)
    end_with (table, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 12, 1);
  else if (bad == RESTARTS)
    end_with (table, "", 0, 1000);
  else if (bad == ORDER)
    add_text (table, "a", "2");
  else if (bad == TWICE)
    add_text (table, "b", "2");
  else if (bad == LONG_NAMES)
    put_long_names (table);
  else if (bad == KIND_UNKNOWN || bad == SNAPPY)
    table_end_block_as (table, table->block, bad == SNAPPY ? 1 : 2);
  else if (bad == NO_ROOM)
    {
      g_byte_array_set_size (table->block, 3);
      table_end_block_as (table, table->block, 0);
    }
  if (bad == BLOCK_TWICE)
    {
      table_end_block (table);
      g_byte_array_append (table->index, (const guint8 *) "\0\1\2c\0\x0d", 6);
    }
}

static GBytes *
make_bad (Bad bad)
{
  TableBuilder table;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *copy = NULL;
  gsize size;

  table_init (&table);
  put_bad (&table, bad);
  bytes = table_finish (&table);
  table_clear (&table);
  size = g_bytes_get_size (bytes);
  copy = g_memdup2 (g_bytes_get_data (bytes, NULL), size);
  if (bad == CUT_SHORT)
    return g_bytes_new (copy + size - 47, 47);
  if (bad == NO_MAGIC)
    copy[size - 1]++;
  if (bad == INDEX_OUTSIDE)
    copy[size - 46] = 0x7f;
  if (bad == BAD_SUM)
    copy[3]++;
  return g_bytes_new (copy, size);
}

static void
test_bad (gconstpointer data)
{
  Bad bad = GPOINTER_TO_UINT (data);
  g_autoptr (GBytes) bytes = make_bad (bad);
  g_autoptr (GError) error = NULL;

  g_assert_null (read_table (bytes, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, bad_messages[bad]) == NULL)
    g_error ("“%s” lacks “%s”", error->message, bad_messages[bad]);
}

/* a file cut at any byte or with any byte changed gives all entries or an error */
static void
test_damage (void)
{
  TableBuilder table;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *copy = NULL;
  gsize size;

  table_init (&table);
  add_text (&table, "dense/bias", "1");
  add_text (&table, "dense/kernel", "22");
  table_end_block (&table);
  add_text (&table, "z", "4");
  bytes = table_finish (&table);
  table_clear (&table);
  size = g_bytes_get_size (bytes);
  for (gsize n = 0; n < size; n++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (bytes, 0, n);

      g_assert_null (read_table (cut, NULL));
    }
  copy = g_memdup2 (g_bytes_get_data (bytes, NULL), size);
  for (gsize at = 0; at < size; at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        g_autoptr (GBytes) changed = NULL;
        g_autofree char *seen = NULL;

        copy[at] ^= (guint8) (1 << bit);
        changed = g_bytes_new (copy, size);
        seen = read_table (changed, NULL);
        /* what the checksums don't cover is of no use: padding, the first handle */
        g_assert_true (seen == NULL || strcmp (seen, "dense/bias=1 dense/kernel=22 z=4 ") == 0);
        copy[at] ^= (guint8) (1 << bit);
      }
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/table/entries", test_entries);
  g_test_add_func ("/table/many", test_many);
  g_test_add_func ("/table/empty", test_empty);
  g_test_add_func ("/table/snappy", test_snappy);
  g_test_add_func ("/table/large", test_large);
  for (guint i = 0; i < N_BAD; i++)
    {
      g_autofree char *path = g_strdup_printf ("/table/bad/%u", i);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_bad);
    }
  g_test_add_func ("/table/damage", test_damage);
  return g_test_run ();
}
