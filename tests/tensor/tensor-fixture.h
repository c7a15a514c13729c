/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of tensor/ share: fixtures, storages of three kinds over the same bytes, a random
 * number that is the same everywhere. */

#include <glib/gstdio.h>
#include <unistd.h>

#include "esp-error.h"
#include "esp-source.h"
#include "esp-tensor.h"

static inline GKeyFile *
load_fixture (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tensor", name, NULL);
  g_autoptr (GError) error = NULL;
  GKeyFile *file = g_key_file_new ();

  g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &error);
  g_assert_no_error (error);
  return file;
}

typedef enum
{
  STORED_IN_MEMORY,
  STORED_IN_FILE,
  STORED_AS_STREAM, /* a codec of its own */
  N_STORED
} Stored;

static inline gboolean
read_stream (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  memcpy (buffer, (const guint8 *) g_bytes_get_data (data, NULL) + offset, length);
  return TRUE;
}

static inline EspStorage *
make_storage (Stored stored, GBytes *bytes)
{
  static const EspStorageFuncs stream = { read_stream, (void (*) (gpointer)) g_bytes_unref };
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd;

  if (stored == STORED_IN_MEMORY)
    return esp_storage_new_for_bytes (bytes, "m");
  if (stored == STORED_AS_STREAM)
    return esp_storage_new (&stream, g_bytes_ref (bytes), "s", g_bytes_get_size (bytes));

  fd = g_file_open_tmp ("espalier-XXXXXX", &path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (fd, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==,
                   (gssize) g_bytes_get_size (bytes));
  close (fd);
  source = esp_source_new_for_file (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return esp_storage_new_for_source (source, 0, g_bytes_get_size (bytes), "f");
}

static inline guint64
next_random (guint64 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* from @lo up to and with @hi */
static inline gint64
random_between (guint64 *state, gint64 lo, gint64 hi)
{
  return lo + (gint64) (next_random (state) % (guint64) (hi - lo + 1));
}

static inline GBytes *
random_bytes (guint64 *state, gsize size)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (next_random (state) >> 32);
  return g_bytes_new_take (bytes, size);
}
