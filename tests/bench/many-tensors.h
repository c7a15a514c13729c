/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A checkpoint that is large in its number of tensors only. */

#include <glib.h>
#include <unistd.h>

G_BEGIN_DECLS

/* @n small tensors, four a module, in a file of which only the header is written; its path */
static inline char *
many_tensors_write (guint n)
{
  char *path = NULL;
  int fd = g_file_open_tmp ("espalier-bench-XXXXXX.safetensors", &path, NULL);
  g_autoptr (GString) header = g_string_new ("{");
  guint64 length;

  g_assert_cmpint (fd, >=, 0);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (header,
                            "%s\"layers.%u.%c\":{\"dtype\":\"F32\",\"shape\":[4,4],"
                            "\"data_offsets\":[%u,%u]}",
                            i ? "," : "", i / 4, "abcd"[i % 4], i * 64, (i + 1) * 64);
  g_string_append_c (header, '}');
  length = GUINT64_TO_LE (header->len);
  g_assert_cmpint (write (fd, &length, 8), ==, 8);
  g_assert_cmpint (write (fd, header->str, header->len), ==, (gssize) header->len);
  g_assert_cmpint (ftruncate (fd, (off_t) (8 + header->len + (gsize) n * 64)), ==, 0);
  close (fd);
  return path;
}

G_END_DECLS
