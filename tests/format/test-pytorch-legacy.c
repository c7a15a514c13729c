/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files of torch.save from before PyTorch 1.6 that are damaged or hostile: a table of what is said
 * about each, of the whole file or of its one tensor. */

#include "pytorch-fixture.h"

#define MAGIC "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."
#define VERSION "\x80\2M\xe9\3."
#define SYSTEM "\x80\2}."
#define HEAD MAGIC VERSION SYSTEM
#define STORAGE(class, numel, view)                                                                \
  "(X\7\0\0\0storagectorch\n" class "\nX\1\0\0\0"                                                  \
                                    "7X\3\0\0\0cpu" numel view "tQ"
#define TENSOR(storage, offset, size)                                                              \
  "\x80\2}X\1\0\0\0wctorch._utils\n_rebuild_tensor\n(" storage "K" offset "K" size "\x85K\1\x85tR" \
  "s."
#define KEYS                                                                                       \
  "\x80\2]X\1\0\0\0"                                                                               \
  "7a."
#define COUNT(n) n "\0\0\0\0\0\0\0"
#define FLOATS "\0\0\0\0\0\0\x80\x3f"
#define FLOAT_STORAGE STORAGE ("FloatStorage", "K\2", "N")

typedef struct
{
  const char *name;
  const char *bytes;
  gsize size;
  int code;            /* of the file; -1: it opens */
  const char *message; /* of the error, or a part of the tensor's error; NULL: all is well */
} Row;

static const Row rows[] = {
  { "good", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS COUNT ("\2") FLOATS), -1, NULL },
  { "view",
    TEXT (HEAD TENSOR (STORAGE ("FloatStorage", "K\2", "(X\1\0\0\0vK\1K\1t"), "\0", "\1")
              KEYS COUNT ("\2") FLOATS),
    -1, NULL },
  { "view-outside",
    TEXT (HEAD TENSOR (STORAGE ("FloatStorage", "K\2", "(X\1\0\0\0vK\1K\2t"), "\0", "\1")
              KEYS COUNT ("\2") FLOATS),
    -1, "is no part of another one" },
  { "view-odd",
    TEXT (HEAD TENSOR (STORAGE ("FloatStorage", "K\2", "K\1"), "\0", "\1") KEYS COUNT ("\2")
              FLOATS),
    -1, "is no part of another one" },
  { "offset-outside", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\1", "\2") KEYS COUNT ("\2") FLOATS), -1,
    "holds 2 elements" },
  { "other-count", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS COUNT ("\3") FLOATS), -1,
    "storage “7” should have 2 elements, but at byte" },
  { "cut-values", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS COUNT ("\2") "\0\0\0\0"), -1,
    "end beyond the file" },
  { "no-values", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS), -1, "" },
  { "not-listed", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") "\x80\2]." FLOATS), -1,
    "the file doesn’t list storage “7”" },
  { "listed-in-vain",
    TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2") "\x80\2](X\1\0\0\0"
                                                  "8X\1\0\0\0"
                                                  "7e." COUNT ("\2") FLOATS),
    -1, "storage '8' is listed, but nothing says what it holds" },
  { "unknown-class",
    TEXT (HEAD TENSOR (STORAGE ("OddStorage", "K\2", "N"), "\0", "\2") KEYS COUNT ("\2") FLOATS),
    -1, "of the unknown class OddStorage" },
  { "huge",
    TEXT (HEAD TENSOR (STORAGE ("FloatStorage", "\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f", "N"),
                       "\0",
                       "\2") KEYS "\xff\xff\xff\xff\xff\xff\xff\x7f" FLOATS),
    -1, "" },
  { "no-keys", TEXT (HEAD TENSOR (FLOAT_STORAGE, "\0", "\2")), ESP_FORMAT_ERROR_TRUNCATED,
    "f.pt: pickle 5" },
  { "keys-no-list", TEXT (HEAD "N.N."), ESP_FORMAT_ERROR_CORRUPT,
    "a list of storages should follow the object, but it is None" },
  { "version-1002", TEXT (MAGIC "M\xea\3." SYSTEM "N.]."), ESP_FORMAT_ERROR_UNSUPPORTED,
    "the version of the format should be 1001, but it is 1002" },
  { "version-text", TEXT (MAGIC "X\1\0\0\0x." SYSTEM "N.]."), ESP_FORMAT_ERROR_UNSUPPORTED,
    "but it is 'x'" },
  { "object-cut", TEXT (HEAD "\x80\2}("), ESP_FORMAT_ERROR_TRUNCATED, "pickle 4" },
  { "object-bad", TEXT (HEAD "\x80\2s."), ESP_FORMAT_ERROR_CORRUPT, "pickle 4" },
  { "inner-not-bytes",
    TEXT (HEAD TENSOR ("ctorch.storage\n_load_from_bytes\nK\1\x85R", "\0", "\2") "]."), -1,
    "the storage is missing" },
  { "inner-empty",
    TEXT (HEAD TENSOR ("ctorch.storage\n_load_from_bytes\nC\1x\x85R", "\0", "\2") "]."), -1,
    "pickle 1" },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GBytes) bytes = g_bytes_new_static (row->bytes, row->size);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);
  const GError *failure = error;

  if (row->code >= 0)
    g_assert_error (error, ESP_FORMAT_ERROR, row->code);
  else
    {
      g_assert_no_error (error);
      failure = esp_tensor_get_error (get_tensor (checkpoint, "w"));
    }
  if (row->message == NULL)
    g_assert_no_error (failure);
  else
    {
      g_assert_nonnull (failure);
      g_test_message ("%s", failure->message);
      if (strstr (failure->message, row->message) == NULL)
        g_error ("“%s” doesn’t have “%s”", failure->message, row->message);
    }
}

/* a pickle that is longer than the first piece of the file that is read */
static void
test_long (void)
{
  static const guint8 push_and_drop[] = { 'K', 1, '0' };
  GByteArray *file = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_byte_array_append (file, (const guint8 *) HEAD, sizeof (HEAD) - 1);
  for (guint i = 0; i < 400000; i++)
    g_byte_array_append (file, push_and_drop, sizeof push_and_drop);
  g_byte_array_append (file,
                       (const guint8 *) TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS COUNT ("\2") FLOATS,
                       sizeof (TENSOR (FLOAT_STORAGE, "\0", "\2") KEYS COUNT ("\2") FLOATS) - 1);
  bytes = g_byte_array_free_to_bytes (file);
  checkpoint = open_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_no_error (esp_tensor_get_error (get_tensor (checkpoint, "w")));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pytorch-legacy/row/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/pytorch-legacy/long", test_long);
  return g_test_run ();
}
