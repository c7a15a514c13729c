/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sources: a file that changes under us, what is no file, memory, ranges, inflated members. */

#include "esp-error.h"
#include "esp-source.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>
#include <zlib.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "file", NULL);
  g_assert_true (g_file_set_contents (self->path, "0123456789", 10, NULL));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_rmdir (self->folder);
  g_free (self->path);
  g_free (self->folder);
}

static EspSource *
open_file (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  EspSource *source = esp_source_new_for_file (self->path, &error);

  g_assert_no_error (error);
  return source;
}

static void
test_file (Fixture *self, gconstpointer data)
{
  g_autoptr (EspSource) source = open_file (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  EspIdentity identity;
  char buffer[10];

  g_assert_cmpstr (esp_source_get_name (source), ==, "file");
  g_assert_cmpuint (esp_source_get_size (source), ==, 10);
  g_assert_true (esp_source_get_identity (source, &identity));
  g_assert_cmpuint (identity.size, ==, 10);
  g_assert_cmpint (identity.modified_ns, >, 0);
  g_assert_cmpint (esp_source_get_file_offset (source, 3), ==, 3);
  g_assert_true (esp_source_read (source, 3, 4, buffer, NULL, &error));
  g_assert_cmpmem (buffer, 4, "3456", 4);
  g_assert_true (esp_source_read (source, 10, 0, NULL, NULL, &error));

  g_assert_false (esp_source_read (source, 8, 3, buffer, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED);
  g_assert_cmpstr (error->message, ==, "3 bytes wanted at offset 8, where the bytes end at 10");
  g_clear_error (&error);
  g_assert_false (esp_source_read (source, G_MAXUINT64, 2, buffer, NULL, NULL));

  g_cancellable_cancel (cancelled);
  g_assert_false (esp_source_read (source, 0, 1, buffer, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_read_bytes (Fixture *self, gconstpointer data)
{
  g_autoptr (EspSource) source = open_file (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) all = esp_source_read_bytes (source, 0, 10, 10, NULL, &error);
  g_autoptr (GBytes) none = esp_source_read_bytes (source, 10, 0, 0, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (all, NULL), 10, "0123456789", 10);
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
  g_assert_null (esp_source_read_bytes (source, 0, 10, 9, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_clear_error (&error);
  /* nothing of that size is allocated: it would fail, not be truncated */
  g_assert_null (esp_source_read_bytes (source, 0, (guint64) 1 << 60, G_MAXUINT64, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED);
}

/* the file is made shorter, longer, or rewritten while it is open */
static void
test_changed (Fixture *self, gconstpointer data)
{
  static const off_t sizes[] = { 5, 11, 10 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (EspSource) source = NULL;
      g_autoptr (GError) error = NULL;
      struct utimbuf past = { 1000, 1000 };
      char buffer[10];

      g_assert_true (g_file_set_contents (self->path, "0123456789", 10, NULL));
      source = open_file (self);
      g_assert_true (esp_source_read (source, 0, 10, buffer, NULL, &error));
      g_assert_cmpint (truncate (self->path, sizes[i]), ==, 0);
      if (sizes[i] == 10)
        g_assert_cmpint (utime (self->path, &past), ==, 0);
      g_assert_false (esp_source_read (source, 0, 10, buffer, NULL, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
    }
}

/* replaced by another file of the name: what was opened stays */
static void
test_replaced (Fixture *self, gconstpointer data)
{
  g_autoptr (EspSource) source = open_file (self);
  g_autoptr (GError) error = NULL;
  char buffer[10];

  g_assert_true (g_file_set_contents (self->path, "xx", 2, NULL));
  g_assert_true (esp_source_read (source, 0, 10, buffer, NULL, &error));
  g_assert_cmpmem (buffer, 10, "0123456789", 10);
}

static void
test_no_file (Fixture *self, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (self->folder, "fifo", NULL);
  g_autofree char *loop = g_build_filename (self->folder, "loop", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_source_new_for_file (self->folder, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);

  /* a FIFO without a writer must not hang */
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (esp_source_new_for_file (fifo, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_clear_error (&error);
  g_unlink (fifo);

  g_assert_null (esp_source_new_for_file ("/dev/null", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_clear_error (&error);

  g_assert_null (esp_source_new_for_file (fifo, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_cmpint (symlink ("loop", loop), ==, 0);
  g_assert_null (esp_source_new_for_file (loop, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS);
  g_unlink (loop);
}

static void
test_permission (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (geteuid () == 0)
    {
      g_test_skip ("root may read everything");
      return;
    }
  g_assert_cmpint (chmod (self->path, 0), ==, 0);
  g_assert_null (esp_source_new_for_file (self->path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static void
test_range (Fixture *self, gconstpointer data)
{
  g_autoptr (EspSource) file = open_file (self);
  g_autoptr (EspSource) outer = esp_source_new_range (file, 2, 6, "outer");
  g_autoptr (EspSource) inner = esp_source_new_range (outer, 1, 3, "inner");
  g_autoptr (GError) error = NULL;
  EspIdentity identity;
  char buffer[8];

  g_assert_cmpuint (esp_source_get_size (inner), ==, 3);
  g_assert_true (esp_source_read (inner, 0, 3, buffer, NULL, &error));
  g_assert_cmpmem (buffer, 3, "345", 3);
  g_assert_cmpint (esp_source_get_file_offset (inner, 2), ==, 5);
  g_assert_true (esp_source_get_identity (inner, &identity));
  g_assert_false (esp_source_read (inner, 1, 3, buffer, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED);
}

static void
test_bytes (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("abcdef", 6);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");
  g_autoptr (GBytes) part = esp_source_read_bytes (source, 1, 4, 4, NULL, NULL);
  EspIdentity identity;

  g_assert_cmpmem (g_bytes_get_data (part, NULL), 4, "bcde", 4);
  g_assert_false (esp_source_get_identity (source, &identity));
}

/* what another process reads of a range with the descriptor that it is given */
static void
test_descriptor (Fixture *self, gconstpointer data)
{
  g_autoptr (EspSource) file = open_file (self);
  g_autoptr (EspSource) outer = esp_source_new_range (file, 2, 6, "outer");
  g_autoptr (EspSource) inner = esp_source_new_range (outer, 1, 3, "inner");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("abcdef", 6);
  g_autoptr (EspSource) memory = esp_source_new_for_bytes (bytes, "memory");
  g_autoptr (GError) error = NULL;
  guint64 offset;
  char buffer[3];
  int fd = esp_source_dup_descriptor (inner, &offset, &error);

  g_assert_no_error (error);
  g_assert_cmpint (fd, >, 2);
  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, !=, 0);
  g_assert_cmpint (pread (fd, buffer, 3, (off_t) offset), ==, 3);
  g_assert_cmpmem (buffer, 3, "345", 3);
  close (fd);
  g_assert_true (esp_source_read (inner, 0, 3, buffer, NULL, NULL)); /* it has its own still */
  g_assert_cmpint (esp_source_dup_descriptor (memory, &offset, &error), ==, -1);
  g_assert_no_error (error);
}

/* inflated members */

#define SIZE 1000000

/* compresses a little */
static guint8 *
make_plain (void)
{
  guint8 *plain = g_malloc (SIZE);

  for (gsize i = 0; i < SIZE; i++)
    plain[i] = (guint8) ((i >> 4) ^ (i * 7 % 13));
  return plain;
}

static GBytes *
deflate_bytes (const guint8 *plain, gsize size)
{
  z_stream stream = { 0 };
  gsize bound;
  guint8 *out;

  g_assert_cmpint (deflateInit2 (&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                   Z_OK);
  bound = deflateBound (&stream, size);
  out = g_malloc (bound);
  stream.next_in = (guint8 *) plain;
  stream.avail_in = size;
  stream.next_out = out;
  stream.avail_out = bound;
  g_assert_cmpint (deflate (&stream, Z_FINISH), ==, Z_STREAM_END);
  bound = stream.total_out;
  deflateEnd (&stream);
  return g_bytes_new_take (out, bound);
}

/* @packed, with @declared bytes in it; @cut takes bytes off its end */
static EspSource *
make_inflated (GBytes *packed, guint64 declared, gsize cut)
{
  g_autoptr (EspSource) parent = esp_source_new_for_bytes (packed, "archive");

  return esp_source_new_inflated (parent, 0, g_bytes_get_size (packed) - cut, declared, "member");
}

static void
test_inflated (void)
{
  g_autofree guint8 *plain = make_plain ();
  g_autofree guint8 *buffer = g_malloc (SIZE);
  g_autoptr (GBytes) packed = deflate_bytes (plain, SIZE);
  g_autoptr (EspSource) source = make_inflated (packed, SIZE, 0);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (esp_source_get_file_offset (source, 0), ==, -1);
  g_assert_true (esp_source_read (source, 0, SIZE, buffer, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, SIZE, plain, SIZE);
  /* forwards, backwards, anywhere */
  for (guint i = 0; i < 100; i++)
    {
      gsize length = (gsize) g_test_rand_int_range (0, 50000);
      gsize offset = (gsize) g_test_rand_int_range (0, (gint32) (SIZE - length) + 1);

      g_assert_true (esp_source_read (source, offset, length, buffer, NULL, &error));
      g_assert_cmpmem (buffer, length, plain + offset, length);
    }
}

static void
test_inflated_lies (void)
{
  g_autofree guint8 *plain = make_plain ();
  g_autofree guint8 *buffer = g_malloc (SIZE + 1);
  g_autoptr (GBytes) packed = deflate_bytes (plain, SIZE);
  static const struct
  {
    guint64 declared;
    gsize cut;
    const char *message;
  } cases[] = {
    { SIZE + 1, 0, "member: the compressed bytes hold 1000000 bytes where 1000001 were declared" },
    { SIZE - 1, 0,
      "member: the compressed bytes don’t end after the 999999 bytes that were declared" },
    { SIZE, 1000, "member: the compressed bytes end after " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EspSource) source = make_inflated (packed, cases[i].declared, cases[i].cut);
      g_autoptr (GError) error = NULL;

      g_assert_false (esp_source_read (source, 0, cases[i].declared, buffer, NULL, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
      /* and what lies before the lie can be read */
      g_assert_true (esp_source_read (source, 0, 1000, buffer, NULL, NULL));
    }
}

static void
test_inflated_garbage (void)
{
  g_autofree guint8 *plain = make_plain ();
  guint8 buffer[100];

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GBytes) packed = deflate_bytes (plain, 100);
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (packed, NULL),
                                           g_bytes_get_size (packed));
      g_autoptr (GBytes) broken = NULL;
      g_autoptr (EspSource) source = NULL;
      g_autoptr (GError) error = NULL;
      gsize at = (gsize) g_test_rand_int_range (0, (gint32) g_bytes_get_size (packed));
      gboolean good;

      copy[at] ^= (guint8) (1 << g_test_rand_int_range (0, 8));
      broken = g_bytes_new (copy, g_bytes_get_size (packed));
      source = make_inflated (broken, 100, 0);
      good = esp_source_read (source, 0, 100, buffer, NULL, &error);
      g_assert_true (good == (error == NULL));
    }
}

typedef struct
{
  EspSource *source;
  const guint8 *plain;
  guint first;
  gboolean good;
} Reader;

static gpointer
read_every_fourth (gpointer data)
{
  Reader *reader = data;
  gsize step = 10000;
  g_autofree guint8 *buffer = g_malloc (step);

  reader->good = TRUE;
  for (gsize at = reader->first * step; at < SIZE; at += 4 * step)
    reader->good = reader->good && esp_source_read (reader->source, at, step, buffer, NULL, NULL) &&
                   memcmp (buffer, reader->plain + at, step) == 0;
  return NULL;
}

static void
test_inflated_threads (void)
{
  g_autofree guint8 *plain = make_plain ();
  g_autoptr (GBytes) packed = deflate_bytes (plain, SIZE);
  g_autoptr (EspSource) source = make_inflated (packed, SIZE, 0);
  Reader readers[4];
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    {
      readers[i] = (Reader) { source, plain, i, FALSE };
      threads[i] = g_thread_new ("reader", read_every_fourth, &readers[i]);
    }
  for (guint i = 0; i < 4; i++)
    {
      g_thread_join (threads[i]);
      g_assert_true (readers[i].good);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/source/file", test_file);
  ADD ("/source/read-bytes", test_read_bytes);
  ADD ("/source/changed", test_changed);
  ADD ("/source/replaced", test_replaced);
  ADD ("/source/no-file", test_no_file);
  ADD ("/source/permission", test_permission);
  ADD ("/source/range", test_range);
  ADD ("/source/descriptor", test_descriptor);
  g_test_add_func ("/source/bytes", test_bytes);
  g_test_add_func ("/source/inflated", test_inflated);
  g_test_add_func ("/source/inflated-lies", test_inflated_lies);
  g_test_add_func ("/source/inflated-garbage", test_inflated_garbage);
  g_test_add_func ("/source/inflated-threads", test_inflated_threads);
  return g_test_run ();
}
