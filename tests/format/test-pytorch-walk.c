/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Pickles made by hand, one for each way in which a graph of values or one tensor in it can be odd:
 * cycles, sharing without end, parts that don't fit. A bad tensor has an error of its own; the file
 * opens. */

#include "pytorch-fixture.h"

/* a tensor of the four floats of storage KEY */
#define STORAGE(key) "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" key "X\3\0\0\0cpuK\4tQ"
#define TAIL                                                                                       \
  "\x89"                                                                                           \
  "ccollections\nOrderedDict\n)RtR"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define TENSOR(key) REBUILD "(" STORAGE (key) "K\0K\4\x85K\1\x85" TAIL
#define STR1(text) "X\1\0\0\0" text
#define STR(length, text) "X" length "\0\0\0" text
/* a module of @class with state keys already on the stack after a MARK */
#define MODULE_CLASS "ctorch.nn.modules.module\nModule\n)\x81"
#define PARAMETERS "X\13\0\0\0_parameters"
#define MODULES "X\10\0\0\0_modules"

static EspCheckpoint *
open_good (const void *pickle, gsize size)
{
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = open_pickle (pickle, size, &error);

  g_assert_no_error (error);
  return checkpoint;
}

static void
assert_warning (EspCheckpoint *checkpoint, const char *part)
{
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    if (strstr (esp_checkpoint_get_warning (checkpoint, i), part) != NULL)
      return;
  g_error ("no warning has “%s”", part);
}

/* tensors that can't be read, alone in a dict beside a good one */

typedef struct
{
  const char *name;
  const char *value; /* opcodes that push it */
  gsize size;
  const char *message; /* part of it */
} Bad;

#define V2(storage, offset, size, stride) REBUILD "(" storage offset size stride TAIL

static const Bad bad[] = {
  { "too-long", TEXT (V2 (STORAGE ("0"), "K\0", "K\5\x85", "K\1\x85")),
    "reach from element 0 to 4" },
  { "offset-beyond", TEXT (V2 (STORAGE ("0"), "K\4", "K\1\x85", "K\1\x85")),
    "from element 4 to 4" },
  { "stride-beyond", TEXT (V2 (STORAGE ("0"), "K\0", "K\2\x85", "K\4\x85")),
    "from element 0 to 4" },
  { "negative-size", TEXT (V2 (STORAGE ("0"), "K\0", "J\xff\xff\xff\xff\x85", "K\1\x85")),
    "(-1,) are no sizes" },
  { "negative-stride", TEXT (V2 (STORAGE ("0"), "K\0", "K\1\x85", "J\xff\xff\xff\xff\x85")),
    "are no sizes" },
  { "negative-offset", TEXT (V2 (STORAGE ("0"), "J\xff\xff\xff\xff", "K\1\x85", "K\1\x85")),
    "Negative offset" },
  { "text-size", TEXT (V2 (STORAGE ("0"), "K\0", STR1 ("x") "\x85", "K\1\x85")),
    "('x',) are no sizes" },
  { "none-size", TEXT (V2 (STORAGE ("0"), "K\0", "N", "K\1\x85")), "a tuple of sizes is missing" },
  { "strides-missing", TEXT (V2 (STORAGE ("0"), "K\0", "K\4\x85", ")")), "1 sizes and 0 strides" },
  { "offset-text", TEXT (V2 (STORAGE ("0"), STR1 ("x"), "K\4\x85", "K\1\x85")),
    "the offset is no number" },
  { "shape-overflow",
    TEXT (V2 (STORAGE ("0"),
              "K\0",
              "\x8a\x08\0\0\0\0\0\0\0\x40\x8a\x08\0\0\0\0\0\0\0\x40\x86",
              "K\0K\0\x86")),
    "more elements than 64 bits" },
  { "no-member", TEXT (TENSOR ("9")), "no member “f/data/9”" },
  { "key-with-path",
    TEXT (V2 ("(X\7\0\0\0storagectorch\nFloatStorage\nX\11\0\0\0../../etcX\3\0\0\0cpuK\4tQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "no member “f/data/../../etc”" },
  { "storage-short",
    TEXT (V2 ("(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
              "1X\3\0\0\0cpuK\5tQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "storage “1” has 16 bytes, but its 5 elements of torch.float32 take 20" },
  { "storage-huge",
    TEXT (V2 ("(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
              "1X\3\0\0\0cpu\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ftQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "more bytes than 64 bits" },
  { "storage-class",
    TEXT (V2 ("(X\7\0\0\0storagectorch\nOddStorage\nX\1\0\0\0"
              "1X\3\0\0\0cpuK\4tQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "unknown class OddStorage" },
  { "storage-not-named", TEXT (V2 ("K\7Q", "K\0", "K\4\x85", "K\1\x85")),
    "its storage should be named by" },
  { "storage-other-tuple",
    TEXT (V2 ("(X\7\0\0\0storagecos\nsystem\nX\1\0\0\0"
              "1X\3\0\0\0cpuK\4tQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "os.system" },
  { "storage-negative",
    TEXT (V2 ("(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
              "1X\3\0\0\0cpuJ\xff\xff\xff\xfftQ",
              "K\0",
              "K\4\x85",
              "K\1\x85")),
    "should be named by" },
  { "storage-none", TEXT (V2 ("N", "K\0", "K\4\x85", "K\1\x85")), "should be named by" },
  { "from-bytes",
    TEXT (V2 ("ctorch.storage\n_load_from_bytes\nC\1x\x85R", "K\0", "K\4\x85", "K\1\x85")),
    "pickle 1, byte 0" },
  { "no-arguments", TEXT (REBUILD ")R"), "a tuple of sizes is missing" },
  { "arguments-none", TEXT (REBUILD "NR"), "its arguments are missing" },
  { "parameter-of-nothing", TEXT ("ctorch._utils\n_rebuild_parameter\nK\1\x88N\x87R"),
    "a tensor that it is made of is missing" },
  { "v3-dtype",
    TEXT ("ctorch._utils\n_rebuild_tensor_v3\n(" STORAGE (
        "0") "K\0K\4\x85K\1\x85\x89Nctorch\nint3\ntR"),
    "torch.int3 is no data type" },
  { "from-type-unknown",
    TEXT ("ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\nctorch\nTensor\n)NtR"),
    "a function that isn’t known here" },
  { "quantiser-unknown",
    TEXT ("ctorch._utils\n_rebuild_qtensor\n((X\7\0\0\0storagectorch\nQInt8Storage\nX\1\0\0\0"
          "3X\3\0\0\0cpuK\20tQK\0K\4\x85K\1\x85"
          "cm\nscheme\n\x85\x89NtR"),
    "quantised in a way" },
  { "quantised-axis",
    TEXT ("ctorch._utils\n_rebuild_qtensor\n((X\7\0\0\0storagectorch\nQInt8Storage\nX\1\0\0\0"
          "3X\3\0\0\0cpuK\20tQK\0K\4\x85K\1\x85"
          "(ctorch\nper_channel_affine\n" TENSOR ("0") TENSOR ("0") "K\1t\x89NtR"),
    "isn’t one of its 1 dimensions" },
  { "quantised-scales",
    TEXT ("ctorch._utils\n_rebuild_qtensor\n((X\7\0\0\0storagectorch\nQInt8Storage\nX\1\0\0\0"
          "3X\3\0\0\0cpuK\20tQK\0K\5\x85K\1\x85"
          "(ctorch\nper_channel_affine\n" TENSOR ("0") TENSOR ("0") "K\0t\x89NtR"),
    "4 scales or zero points instead of 5" },
  { "quantised-float",
    TEXT ("ctorch._utils\n_rebuild_qtensor\n(" STORAGE (
        "0") "K\0K\4\x85K\1\x85"
             "ctorch\nper_tensor_affine\nG?\xf0\0\0\0\0\0\0K\0\x87\x89NtR"),
    "can't be quantised ones" },
  { "sparse-layout", TEXT ("ctorch._utils\n_rebuild_sparse_tensor\nX\1\0\0\0xN\x86R"),
    "its sparse layout can’t be read" },
  { "sparse-indices",
    TEXT ("ctorch._utils\n_rebuild_sparse_tensor\nX\20\0\0\0torch.sparse_coo(" TENSOR ("0")
              TENSOR ("1") "K\4\x85t\x86R"),
    "don’t fit its shape" },
  { "meta",
    TEXT ("ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nfloat32\nK\2\x85K\1\x85\x89tR"),
    "device “meta”" },
  { "array-short",
    TEXT ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
          "C\1b\x87R(K\1K\3\x85"
          "cnumpy\ndtype\nX\2\0\0\0f4\x89\x88\x87R(K\3X\1\0\0\0<"
          "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
          "C\4abcdtb"),
    "reach from element 0 to 2" },
  { "array-size",
    TEXT ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
          "C\1b\x87R(K\1N\x85"
          "cnumpy\ndtype\nX\2\0\0\0f4\x89\x88\x87R(K\3X\1\0\0\0<"
          "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
          "C\4abcdtb"),
    "isn’t a tuple of at most 64 sizes" },
  { "array-long",
    TEXT ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
          "C\1b\x87R(K\1)"
          "cnumpy\ndtype\nX\2\0\0\0f4\x89\x88\x87R(K\3X\1\0\0\0<"
          "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
          "C\10abcdefghtb"),
    "takes 4 bytes, but the pickle holds 8" },
};

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTensor *tensor;
  float values[4];

  g_byte_array_append (pickle, (const guint8 *) TEXT ("\x80\2}(X\3\0\0\0bad"));
  g_byte_array_append (pickle, (const guint8 *) row->value, (guint) row->size);
  g_byte_array_append (pickle, (const guint8 *) TEXT ("X\4\0\0\0good" TENSOR ("2") "u."));
  checkpoint = open_good (pickle->data, pickle->len);
  tensor = get_tensor (checkpoint, "bad");
  g_assert_nonnull (tensor);
  g_assert_nonnull (esp_tensor_get_error (tensor));
  if (strstr (esp_tensor_get_error (tensor)->message, row->message) == NULL)
    g_error ("“%s” doesn’t have “%s”", esp_tensor_get_error (tensor)->message, row->message);
  assert_warning (checkpoint, "“bad” can’t be read");
  tensor = get_tensor (checkpoint, "good");
  g_assert_no_error (esp_tensor_get_error (tensor));
  g_assert_true (esp_tensor_read_f32 (tensor, 0, 4, values, NULL, NULL));
  g_assert_cmpfloat (values[3], ==, 3);
}

/* an index outside is seen when the values are read, and takes nothing else along */
static void
test_sparse_outside (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  EspTensor *tensor;
  float values[4];

  /* the 16 bytes of storage 0 are two int64 that are no small indices */
  checkpoint = open_good (
      TEXT ("}X\1\0\0\0sctorch._utils\n_rebuild_sparse_tensor\nX\20\0\0\0torch.sparse_coo("
            "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nLongStorage\nX\1\0\0\0"
            "0X\3\0\0\0cpuK\2tQK\0K\1K\2\x86K\2K\1\x86" TAIL REBUILD
            "(" STORAGE ("1") "K\0K\2\x85K\1\x85" TAIL "K\4\x85t\x86Rs."));
  tensor = get_tensor (checkpoint, "s");
  g_assert_no_error (esp_tensor_get_error (tensor));
  g_assert_false (esp_tensor_read_f32 (tensor, 0, 4, values, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "lies outside its dimension of size 4"));
}

/* a large one gives its memory back when it was gone through, and is read again; indices stand in
 * reverse order and every second element is zero */
static void
test_sparse_again (void)
{
  gsize n = 100000;
  g_autofree gint64 *indices = g_new (gint64, n);
  g_autofree float *values = g_new (float, n);
  g_autofree float *got = g_new (float, 2 * n);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  ZipWriter zip;

  for (gsize i = 0; i < n; i++)
    {
      indices[i] = (gint64) (2 * (n - 1 - i));
      values[i] = (float) (n - 1 - i);
    }
  zip_init (&zip);
  zip_add (
      &zip, "f/data.pkl",
      TEXT ("}X\1\0\0\0sctorch._utils\n_rebuild_sparse_tensor\nX\20\0\0\0torch.sparse_coo("
            "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nLongStorage\nX\1\0\0\0"
            "0X\3\0\0\0cpuJ\xa0\x86\1\0tQK\0K\1J\xa0\x86\1\0\x86J\xa0\x86\1\0K\1\x86" TAIL REBUILD
            "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
            "1X\3\0\0\0cpuJ\xa0\x86\1\0tQK\0J\xa0\x86\1\0\x85K\1\x85" TAIL
            "J\x40\x0d\3\0\x85t\x86Rs."));
  zip_add (&zip, "f/data/0", indices, n * sizeof *indices);
  zip_add (&zip, "f/data/1", values, n * sizeof *values);
  zip_add (&zip, "f/version", TEXT ("3"));
  bytes = zip_finish (&zip);
  checkpoint = open_bytes (bytes, &error);
  g_assert_no_error (error);
  for (guint round = 0; round < 2; round++)
    {
      memset (got, 0xff, 2 * n * sizeof *got);
      esp_tensor_read_f32 (get_tensor (checkpoint, "s"), 0, 2 * n, got, NULL, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < 2 * n; i++)
        g_assert_cmpfloat (got[i], ==, i % 2 == 0 ? (float) (i / 2) : 0);
    }
}

/* graphs */

static void
assert_names (const void *pickle, gsize size, const char *names)
{
  g_autoptr (EspCheckpoint) checkpoint = open_good (pickle, size);
  g_autofree char *got = list_names (checkpoint);

  g_assert_cmpstr (got, ==, names);
}

static void
test_containers (void)
{
  assert_names (TEXT ("N."), "");
  assert_names (TEXT (TENSOR ("0") "."), "\n");
  assert_names (TEXT ("](" TENSOR ("0") "]" TENSOR ("1") "a" TENSOR ("2") "\x85"
                                                                          "e."),
                "0\n1.0\n2.0\n");
  assert_names (TEXT ("}(K\7" TENSOR ("0") "K\1K\2\x86" TENSOR ("1") "N" TENSOR (
                    "2") "G?\xf8\0\0\0\0\0\0" TENSOR ("3") "u."),
                "7\n(1, 2)\nNone\n1.5\n");
  assert_names (TEXT ("cm\nPair\n" TENSOR ("0") TENSOR ("1") "\x86\x81."), "0\n1\n");
  assert_names (TEXT ("cm\nBox\n)\x81}" STR1 ("a") TENSOR ("0") "sb."), "a\n");
  assert_names (TEXT ("cm\nSlots\n)\x81N}" STR1 ("a") TENSOR ("0") "s\x86"
                                                                   "b."),
                "a\n");
  assert_names (TEXT ("cm\nmake\n" TENSOR ("0") "\x85R."), "0\n");
  assert_names (TEXT ("ccollections\ndeque\n](" TENSOR ("0") "e\x85R."), "0\n");
  assert_names (TEXT ("cm\nList\n)\x81(" TENSOR ("0") TENSOR ("1") "e."), "0\n1\n");
  assert_names (TEXT ("cm\nDict\n)\x81" STR1 ("k") TENSOR ("0") "s."), "k\n");
  /* the last of two equal keys counts, as in Python */
  assert_names (
      TEXT ("}(" STR1 ("k") TENSOR ("0") STR1 ("j") TENSOR ("1") STR1 ("k") TENSOR ("2") "u."),
      "j\nk\n");
}

static void
test_cycles (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autofree char *names = NULL;

  /* no tensor on the cycle */
  assert_names (TEXT ("}(" STR1 ("w") TENSOR ("0") STR1 ("l") "]q\xff"
                                                              "h\xff"
                                                              "au."),
                "w\n");
  /* a dict inside itself */
  checkpoint = open_good (TEXT ("}q\xff(" STR1 ("w") TENSOR ("0") STR ("\2", "me") "h\xffu."));
  names = list_names (checkpoint);
  g_assert_cmpstr (names, ==, "w\n");
  assert_warning (checkpoint, "contains itself");
}

/* a sparse tensor whose indices and values are itself */
static void
test_tensor_cycle (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTensor *tensor;

  checkpoint = open_good (
      TEXT ("]q\1"
            "0}" STR1 ("s") "ctorch._utils\n_rebuild_sparse_tensor\nX\20\0\0\0torch.sparse_coo"
                            "h\1\x86Rq\2sh\1(h\2h\2K\4\x85"
                            "e0."));
  tensor = get_tensor (checkpoint, "s");
  g_assert_nonnull (tensor);
  g_assert_nonnull (strstr (esp_tensor_get_error (tensor)->message, "made of itself"));
}

/* 40 lists, each holding the one before it twice, and one tensor below all: a trillion places */
static void
test_endless (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_byte_array_append (pickle, (const guint8 *) TEXT ("]" TENSOR ("0") "a"));
  for (guint i = 0; i < 40; i++)
    g_byte_array_append (pickle, (const guint8 *) TEXT ("q\xff"
                                                        "0](h\xffh\xff"
                                                        "e"));
  g_byte_array_append (pickle, (const guint8 *) ".", 1);
  checkpoint = open_good (pickle->data, pickle->len);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 1);
  assert_warning (checkpoint, "at too many places");
}

/* ten of them are reasonable: 1024 places of one tensor */
static void
test_shared_lists (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTree *tree;

  g_byte_array_append (pickle, (const guint8 *) TEXT ("]" TENSOR ("0") "a"));
  for (guint i = 0; i < 10; i++)
    g_byte_array_append (pickle, (const guint8 *) TEXT ("q\xff"
                                                        "0](h\xffh\xff"
                                                        "e"));
  g_byte_array_append (pickle, (const guint8 *) ".", 1);
  checkpoint = open_good (pickle->data, pickle->len);
  tree = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 1024);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 4);
}

/* few rows, but each place means going through a large dict again */
static void
test_shared_large (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_byte_array_append (pickle, (const guint8 *) TEXT ("}q\xff("));
  for (guint i = 0; i < 50000; i++)
    {
      const guint8 pair[] = { 'M', (guint8) i, (guint8) (i >> 8), 'N' };

      g_byte_array_append (pickle, pair, sizeof pair);
    }
  g_byte_array_append (pickle, (const guint8 *) TEXT (STR1 ("w") TENSOR ("0") "u0]("));
  for (guint i = 0; i < 9000; i++)
    g_byte_array_append (pickle, (const guint8 *) TEXT ("h\xff"));
  g_byte_array_append (pickle, (const guint8 *) TEXT ("e."));
  checkpoint = open_good (pickle->data, pickle->len);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 1);
  assert_warning (checkpoint, "at too many places");
}

/* every list holds every other: paths without repetition are a factorial */
static void
test_complete_graph (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  guint n = 30;

  g_byte_array_append (pickle, (const guint8 *) TEXT ("]("));
  for (guint i = 0; i < n; i++)
    {
      const guint8 make[] = { ']', 'q', (guint8) i };

      g_byte_array_append (pickle, make, sizeof make);
    }
  g_byte_array_append (pickle, (const guint8 *) TEXT ("e"));
  for (guint i = 0; i < n; i++)
    {
      const guint8 get[] = { 'h', (guint8) i, '(' };

      g_byte_array_append (pickle, get, sizeof get);
      for (guint j = 0; j < n; j++)
        g_byte_array_append (pickle, (const guint8[]) { 'h', (guint8) j }, 2);
      g_byte_array_append (pickle, (const guint8 *) TEXT (TENSOR ("0") "e0"));
    }
  g_byte_array_append (pickle, (const guint8 *) ".", 1);
  checkpoint = open_good (pickle->data, pickle->len);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), <=, 20000);
  assert_warning (checkpoint, "contains itself");
}

static void
test_deep (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_byte_array_append (pickle, (const guint8 *) TEXT (TENSOR ("0")));
  for (guint i = 0; i < 100000; i++)
    g_byte_array_append (pickle, (const guint8 *) "\x85", 1);
  g_byte_array_append (pickle, (const guint8 *) ".", 1);
  checkpoint = open_good (pickle->data, pickle->len);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 0);
  assert_warning (checkpoint, "nested deeper than 1000");
}

/* modules */

static void
test_module_cycle (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autofree char *names = NULL;

  /* a module that is its own child, with a parameter */
  checkpoint = open_good (TEXT (MODULE_CLASS "q\xff}(" PARAMETERS "}" STR1 ("w")
                                    TENSOR ("0") "s" MODULES "}" STR1 ("m") "h\xffsub."));
  names = list_names (checkpoint);
  g_assert_cmpstr (names, ==, "w\n");
  assert_warning (checkpoint, "contains itself");
}

/* 40 modules, each with the one before it as two children */
static void
test_module_endless (void)
{
  g_autoptr (GByteArray) pickle = g_byte_array_new ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  g_byte_array_append (pickle, (const guint8 *) TEXT (MODULE_CLASS "}(" PARAMETERS "}" STR1 ("w")
                                                          TENSOR ("0") "s" MODULES "}ub"));
  for (guint i = 0; i < 40; i++)
    g_byte_array_append (pickle,
                         (const guint8 *) TEXT ("q\xff"
                                                "0" MODULE_CLASS "}(" PARAMETERS "}" MODULES
                                                "}(" STR1 ("a") "h\xff" STR1 ("b") "h\xffuub"));
  g_byte_array_append (pickle, (const guint8 *) ".", 1);
  checkpoint = open_good (pickle->data, pickle->len);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 1);
  assert_warning (checkpoint, "at too many places");
}

/* a tensor that is an attribute of one module and a parameter of a later one is a parameter */
static void
test_attribute_first (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspPlace *place;
  g_autofree char *names = NULL;

  checkpoint = open_good (TEXT (MODULE_CLASS "}(" PARAMETERS "}" MODULES "}(" STR1 ("a")
                                    MODULE_CLASS "}(" PARAMETERS "}" MODULES "}" STR1 ("t")
                                        TENSOR ("0") "q\xffub" STR1 ("b") MODULE_CLASS
                                "}(" PARAMETERS "}" STR1 ("w") "h\xffs" MODULES "}ub"
                                                               "uub."));
  names = list_names (checkpoint);
  g_assert_cmpstr (names, ==, "b.w\n");
  place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), "b.w", NULL);
  g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (place)), ==,
                   ESP_ROLE_PARAMETER);
}

/* a parent that is kept in an attribute leads nowhere new */
static void
test_attribute_parent (void)
{
  assert_names (TEXT (MODULE_CLASS "q\xff}(" PARAMETERS "}" STR1 ("w")
                          TENSOR ("0") "s" MODULES "}" STR1 ("a") MODULE_CLASS
                      "}(" PARAMETERS "}" MODULES "}" STR1 ("p") "h\xff\x85ubsub."),
                "w\n");
}

/* what a state dict knows of modules without parameters */
static void
test_state_dict_metadata (void)
{
  g_autoptr (EspCheckpoint) checkpoint =
      open_good (TEXT ("ccollections\nOrderedDict\n)R" STR ("\3", "0.w") TENSOR ("0") "s}" STR (
          "\11", "_metadata") "}(" STR ("\0", "") "}" STR1 ("0") "}" STR1 ("1") "}usb."));
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  g_assert_nonnull (esp_tree_find (tree, "0", NULL));
  g_assert_nonnull (esp_tree_find (tree, "1", NULL));
  g_assert_cmpuint (esp_place_get_n_children (esp_tree_get_root (tree)), ==, 2);
}

static void
test_two_types (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  checkpoint = open_good (TEXT ("}(" STR1 ("a") TENSOR ("0") STR1 ("b") REBUILD
                                "((X\7\0\0\0storagectorch\nIntStorage\nX\1\0\0\0"
                                "0X\3\0\0\0cpuK\4tQK\0K\4\x85K\1\x85" TAIL "u."));
  /* as PyTorch does it */
  g_assert_cmpstr (esp_tensor_get_native_dtype (get_tensor (checkpoint, "b")), ==, "torch.float32");
  assert_warning (checkpoint, "referred to with two data types");
}

static void
test_metadata_limit (void)
{
  g_autoptr (GString) pickle = g_string_new ("}(");
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (pickle, "I%u\nN", i);
  g_string_append (pickle, "u.");
  checkpoint = open_good (pickle->str, pickle->len);
  g_assert_cmpuint (esp_checkpoint_get_n_metadata (checkpoint), ==, 2000);
  assert_warning (checkpoint, "Only the first 2000");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/pytorch-walk/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/pytorch-walk/sparse-outside", test_sparse_outside);
  g_test_add_func ("/pytorch-walk/containers", test_containers);
  g_test_add_func ("/pytorch-walk/cycles", test_cycles);
  g_test_add_func ("/pytorch-walk/tensor-cycle", test_tensor_cycle);
  g_test_add_func ("/pytorch-walk/endless", test_endless);
  g_test_add_func ("/pytorch-walk/shared-lists", test_shared_lists);
  g_test_add_func ("/pytorch-walk/shared-large", test_shared_large);
  g_test_add_func ("/pytorch-walk/sparse-again", test_sparse_again);
  g_test_add_func ("/pytorch-walk/complete-graph", test_complete_graph);
  g_test_add_func ("/pytorch-walk/deep", test_deep);
  g_test_add_func ("/pytorch-walk/module-cycle", test_module_cycle);
  g_test_add_func ("/pytorch-walk/module-endless", test_module_endless);
  g_test_add_func ("/pytorch-walk/attribute-first", test_attribute_first);
  g_test_add_func ("/pytorch-walk/attribute-parent", test_attribute_parent);
  g_test_add_func ("/pytorch-walk/state-dict-metadata", test_state_dict_metadata);
  g_test_add_func ("/pytorch-walk/two-types", test_two_types);
  g_test_add_func ("/pytorch-walk/metadata-limit", test_metadata_limit);
  return g_test_run ();
}
