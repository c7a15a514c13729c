/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Tables for tests: entries are added in order, blocks are ended when asked for. What is wrong in a
 * malformed one is changed in the bytes before their checksum is taken. */

#include "esp-crc32c.h"

#include <string.h>

typedef struct
{
  GByteArray *file;
  GByteArray *block;
  GByteArray *index;
  GByteArray *last_key;
  guint n_in_block;
} TableBuilder;

static inline void
table_put_varint (GByteArray *out, guint64 value)
{
  do
    {
      guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

      g_byte_array_append (out, &byte, 1);
      value >>= 7;
    }
  while (value != 0);
}

static inline void
table_put_u32 (GByteArray *out, guint32 value)
{
  guint32 bytes = GUINT32_TO_LE (value);

  g_byte_array_append (out, (const guint8 *) &bytes, sizeof bytes);
}

static inline void
table_init (TableBuilder *self)
{
  self->file = g_byte_array_new ();
  self->block = g_byte_array_new ();
  self->index = g_byte_array_new ();
  self->last_key = g_byte_array_new ();
  self->n_in_block = 0;
}

static inline void
table_clear (TableBuilder *self)
{
  g_byte_array_unref (self->file);
  g_byte_array_unref (self->block);
  g_byte_array_unref (self->index);
  g_byte_array_unref (self->last_key);
}

/* prefix compression as every writer has it */
static inline void
table_add (TableBuilder *self, const void *key, gsize key_length, const void *value, gsize length)
{
  const guint8 *bytes = key;
  guint shared = 0;

  while (self->n_in_block % 16 != 0 && shared < self->last_key->len && shared < key_length &&
         self->last_key->data[shared] == bytes[shared])
    shared++;
  table_put_varint (self->block, shared);
  table_put_varint (self->block, key_length - shared);
  table_put_varint (self->block, length);
  g_byte_array_append (self->block, bytes + shared, (guint) key_length - shared);
  g_byte_array_append (self->block, value, (guint) length);
  g_byte_array_set_size (self->last_key, 0);
  g_byte_array_append (self->last_key, bytes, (guint) key_length);
  self->n_in_block++;
}

/* a block of these bytes, which have their restarts; its handle goes to @handle */
static inline void
table_write_block (TableBuilder *self, GByteArray *bytes, guint8 kind, GByteArray *handle)
{
  guint32 crc;

  table_put_varint (handle, self->file->len);
  table_put_varint (handle, bytes->len);
  g_byte_array_append (self->file, bytes->data, bytes->len);
  g_byte_array_append (self->file, &kind, 1);
  crc = esp_crc32c (esp_crc32c (0, bytes->data, bytes->len), &kind, 1);
  table_put_u32 (self->file, esp_crc32c_mask (crc));
}

/* @bytes is the block with its restarts */
static inline void
table_end_block_as (TableBuilder *self, GByteArray *bytes, guint8 kind)
{
  g_autoptr (GByteArray) handle = g_byte_array_new ();

  table_write_block (self, bytes, kind, handle);
  table_put_varint (self->index, 0);
  table_put_varint (self->index, self->last_key->len);
  table_put_varint (self->index, handle->len);
  g_byte_array_append (self->index, self->last_key->data, self->last_key->len);
  g_byte_array_append (self->index, handle->data, handle->len);
  g_byte_array_set_size (self->block, 0);
  self->n_in_block = 0;
}

static inline void
table_end_block (TableBuilder *self)
{
  table_put_u32 (self->block, 0);
  table_put_u32 (self->block, 1);
  table_end_block_as (self, self->block, 0);
}

static inline void
table_put_footer (TableBuilder *self, const GByteArray *handle)
{
  g_autoptr (GByteArray) footer = g_byte_array_new ();

  table_put_varint (footer, 0);
  table_put_varint (footer, 0);
  g_byte_array_append (footer, handle->data, handle->len);
  while (footer->len < 40)
    g_byte_array_append (footer, (const guint8 *) "", 1);
  g_byte_array_append (footer, (const guint8 *) "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
  g_byte_array_append (self->file, footer->data, footer->len);
}

/* ends the last block where there is one, then the file */
static inline GBytes *
table_finish (TableBuilder *self)
{
  g_autoptr (GByteArray) handle = g_byte_array_new ();

  if (self->n_in_block > 0)
    table_end_block (self);
  table_put_u32 (self->index, 0);
  table_put_u32 (self->index, 1);
  table_write_block (self, self->index, 0, handle);
  table_put_footer (self, handle);
  return g_bytes_new (self->file->data, self->file->len);
}
