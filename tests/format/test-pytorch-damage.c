/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Archives that are damaged or not quite PyTorch's: a table of what is said about each, and every
 * fixture with each byte cut off or changed, all tensors read. */

#include "esp-damage.h"
#include "pytorch-fixture.h"

#include "esp-limits.h"

#define GOOD_PICKLE                                                                                \
  "}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(("                                               \
  "X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"                                                \
  "0X\3\0\0\0cpuK\4tQK\0K\4\x85K\1\x85\x89Nt"                                                      \
  "Rs."

typedef struct
{
  const char *name;
  const char *members[12]; /* name, content, ... */
  int code;                /* -1: it opens */
  const char *message;     /* of the error, or of a warning */
} Archive;

static const Archive archives[] = {
  { "minimal", { "f/data.pkl", "N.", "f/version", "3\n" }, -1, NULL },
  { "no-version", { "f/data.pkl", "N." }, -1, "no member “version”" },
  { "version-0", { "f/data.pkl", "N.", "f/version", "0" }, -1, "“0” is no version" },
  { "version-11", { "f/data.pkl", "N.", "f/version", "11" }, -1, "“11” is no version" },
  { "version-text", { "f/data.pkl", "N.", "f/version", "new" }, -1, "“new” is no version" },
  { "byteorder-odd",
    { "f/data.pkl", "N.", "f/byteorder", "middle", "f/version", "3" },
    ESP_FORMAT_ERROR_CORRUPT,
    "f.pt: byteorder should be “little” or “big”, but it is “middle”" },
  { "byteorder-long",
    { "f/data.pkl", "N.", "f/byteorder",
      "1234567890123456789012345678901234567890123456789012345678901234567890", "f/version", "3" },
    ESP_FORMAT_ERROR_LIMIT,
    "byteorder: " },
  { "pickle-empty",
    { "f/data.pkl", "", "f/version", "3" },
    ESP_FORMAT_ERROR_TRUNCATED,
    "f.pt: data.pkl" },
  { "pickle-cut",
    { "f/data.pkl", "}(", "f/version", "3" },
    ESP_FORMAT_ERROR_TRUNCATED,
    "data.pkl" },
  { "pickle-text",
    { "f/data.pkl", "hello", "f/version", "3" },
    ESP_FORMAT_ERROR_CORRUPT,
    "data.pkl, byte 0" },
  { "two-deep",
    { "x/y/data.pkl", "N.", "x/y/version", "3" },
    ESP_FORMAT_ERROR_UNSUPPORTED,
    "f.pt: " },
  { "at-the-root", { "data.pkl", "N.", "version", "3" }, ESP_FORMAT_ERROR_UNSUPPORTED, "f.pt: " },
  { "export",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    NULL },
  { "export-no-bytes",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}" },
    -1,
    "no member “f/data/weights/w0”" },
  { "export-short",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "12" },
    -1,
    "“w” can’t be read" },
  { "export-dtype",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":99,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    "number 99 is no data type" },
  { "export-layout",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":1}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    "its layout can’t be read" },
  { "export-strides",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[],\"storage_offset\":{\"as_"
      "int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    "1 sizes and 0 strides" },
  { "export-symbol",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_sym\":\"s0\"}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    "its sizes are no numbers" },
  { "export-pickled",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":true,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    -1,
    "a pickle of their own" },
  { "export-negative",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle\":false,\"tensor_"
      "meta\":{\"dtype\":7,\"sizes\":[{\"as_int\":-1}],\"strides\":[{\"as_int\":1}],\"storage_"
      "offset\":{\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    ESP_FORMAT_ERROR_CORRUPT,
    "data/weights/model_weights_config.json" },
  { "export-kind",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":3,\"is_param\":true,\"use_pickle\":false,\"tensor_meta\":{"
      "\"dtype\":7,\"sizes\":[{\"as_int\":1}],\"strides\":[{\"as_int\":1}],\"storage_offset\":{"
      "\"as_int\":0},\"layout\":7}}}}",
      "f/data/weights/w0", "1234" },
    ESP_FORMAT_ERROR_CORRUPT,
    "“path_name” isn’t of the kind" },
  { "export-cut",
    { "f/archive_format", "pt2", "f/data/weights/model_weights_config.json",
      "{\"config\":{\"w\":{\"path_name\":\"w0\",\"is_param\":true,\"use_pickle",
      "f/data/weights/w0", "1234" },
    ESP_FORMAT_ERROR_CORRUPT,
    "f.pt: " },
  { "export-program-cut",
    { "f/archive_format", "pt2", "f/models/model.json", "{\"nn_module_stack\":" },
    ESP_FORMAT_ERROR_CORRUPT,
    "models/model.json" },
  { "export-old",
    { "version", "8.1", "serialized_exported_program.json", "{}" },
    ESP_FORMAT_ERROR_UNSUPPORTED,
    "torch.export" },
  { "torchscript", { "f/data.pkl", "N.", "f/constants.pkl", ").", "f/version", "3" }, -1, NULL },
  { "torchscript-cut",
    { "f/data.pkl", "}(", "f/constants.pkl", ").", "f/version", "3" },
    ESP_FORMAT_ERROR_TRUNCATED,
    "data.pkl" },
  { "torchscript-constants",
    { "f/data.pkl", "N.", "f/constants.pkl", "s.", "f/version", "3" },
    ESP_FORMAT_ERROR_CORRUPT,
    "constants.pkl" },
  { "torchscript-odd-code",
    { "f/data.pkl",
      "c__torch__\nNet\n)\x81}\x8c\x01"
      "wctorch._utils\n_rebuild_tensor_v2\n)Rsb.",
      "f/constants.pkl", ").", "f/code/__torch__.py",
      "class Net(Module):\n  __parameters__ = [\"w\nclass\n  __buffers__ = \"\\" },
    -1,
    "“w” can’t be read" },
};

static void
test_archive (gconstpointer data)
{
  const Archive *row = data;
  ZipWriter zip;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  zip_init (&zip);
  for (guint i = 0; row->members[i] != NULL; i += 2)
    zip_add (&zip, row->members[i], row->members[i + 1], strlen (row->members[i + 1]));
  bytes = zip_finish (&zip);
  checkpoint = open_bytes (bytes, &error);
  if (row->code < 0)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, row->message != NULL);
      if (row->message != NULL)
        g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, 0), row->message));
      return;
    }
  g_assert_error (error, ESP_FORMAT_ERROR, row->code);
  if (strstr (error->message, row->message) == NULL)
    g_error ("“%s” doesn’t have “%s”", error->message, row->message);
}

/* a storage that is longer than it should be is read, and said */
static void
test_long_storage (void)
{
  static const float values[] = { 0, 1, 2, 3, 4 };
  ZipWriter zip;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  zip_init (&zip);
  zip_add (&zip, "f/data.pkl", TEXT (GOOD_PICKLE));
  zip_add (&zip, "f/data/0", values, sizeof values);
  zip_add (&zip, "f/version", TEXT ("3"));
  bytes = zip_finish (&zip);
  checkpoint = open_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_no_error (esp_tensor_get_error (get_tensor (checkpoint, "w")));
  g_assert_nonnull (
      strstr (esp_checkpoint_get_warning (checkpoint, 0), "has 20 bytes, more than the 16"));
}

/* where @text first stands */
static guint8 *
find (guint8 *data, gsize size, const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i + length <= size; i++)
    if (memcmp (data + i, text, length) == 0)
      return data + i;
  g_assert_not_reached ();
}

/* the local header of a storage disagrees with the directory: that tensor can't be read */
static void
test_bad_local_header (void)
{
  g_autoptr (GBytes) bytes = make_archive (TEXT (GOOD_PICKLE));
  g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  guint8 *name = find (copy, g_bytes_get_size (bytes), "f/data/0");
  g_autoptr (GBytes) damaged = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  name[0] = 'g';
  damaged = g_bytes_new (copy, g_bytes_get_size (bytes));
  checkpoint = open_bytes (damaged, &error);
  g_assert_no_error (error);
  g_assert_error (esp_tensor_get_error (get_tensor (checkpoint, "w")), ESP_FORMAT_ERROR,
                  ESP_FORMAT_ERROR_CORRUPT);
}

static void
test_cancel (void)
{
  g_autoptr (GBytes) bytes = make_archive (TEXT (GOOD_PICKLE));
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "f.pt");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (esp_format_open_source (source, "f.pt", NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* any cut and any changed byte gives values or an error */
static void
test_fixture (gconstpointer path)
{
  esp_damage_fixture (path, (EspDamage) { .flips = g_test_slow () ? "\xff\x01\x80" : "\xff",
                                          .user_data = (gpointer) "f.pt" });
}

int
main (int argc, char **argv)
{
  static const char *const fixtures[] = {
    "pytorch/state-dict.pt",
    "pytorch/training.pt",
    "pytorch/module.pt",
    "pytorch/quantised.pt",
    "pytorch/sparse.pt",
    "pytorch/dtypes.pt",
    "pytorch/big-endian.pt",
    "pytorch/deflated.pt",
    "pytorch/protocol5.pt",
    "pytorch/single.pt",
    "pytorch/hostile.pt",
    "pytorch/parameters.pt",
    "pytorch-forms/script.pt",
    "pytorch-forms/export.pt2",
    "pytorch-forms/frozen.pt",
    "pytorch-forms/legacy-protocol2.pth",
    "pytorch-forms/legacy-protocol4.pth",
    "pytorch-forms/legacy-dtypes.pth",
    "pytorch-forms/legacy-views.pth",
    "pytorch-forms/legacy-source.pth",
    "pytorch-forms/legacy-inner.pth",
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (archives); i++)
    {
      g_autofree char *path = g_strconcat ("/pytorch-damage/archive/", archives[i].name, NULL);

      g_test_add_data_func (path, &archives[i], test_archive);
    }
  g_test_add_func ("/pytorch-damage/long-storage", test_long_storage);
  g_test_add_func ("/pytorch-damage/bad-local-header", test_bad_local_header);
  g_test_add_func ("/pytorch-damage/cancel", test_cancel);
  for (gsize i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      g_autofree char *path = g_strconcat ("/pytorch-damage/fixture/", fixtures[i], NULL);

      g_test_add_data_func (path, fixtures[i], test_fixture);
    }
  return g_test_run ();
}
