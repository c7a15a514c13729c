/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The pickle machine: every opcode, what it makes of calls, every limit, and that nothing that is
 * cut or changed upsets it. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-pickle.h"

#include <string.h>

#define BYTES(text) text, sizeof (text) - 1

/* a function, since g_string_append_len() is a macro in newer GLib and BYTES() gives two arguments
 */
static void
append (GString *text, const char *bytes, gsize length)
{
  g_string_append_len (text, bytes, (gssize) length);
}

static EspPickle *
load (const void *data, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  return esp_pickle_new (bytes, 0, "data.pkl", NULL, error);
}

typedef struct
{
  const char *name;
  const char *data;
  gsize size;
  const char *text;    /* the root as text */
  const char *refused; /* the first refused call, or NULL if there must be none */
} Good;

static const Good good[] = {
  { "none", BYTES ("\x80\x02N."), "None", NULL },
  { "no-proto", BYTES ("N."), "None", NULL },
  { "trailing", BYTES ("N.garbage"), "None", NULL },
  { "bools", BYTES ("\x88\x89\x86."), "(True, False)", NULL },
  { "ints", BYTES ("(K\xffM\x34\x12J\xff\xff\xff\xfft."), "(255, 4660, -1)", NULL },
  { "long1", BYTES ("(\x8a\x00\x8a\x01\x80\x8a\x02\x00\x80t."), "(0, -128, -32768)", NULL },
  { "long1-8", BYTES ("\x8a\x08\0\0\0\0\0\0\0\x80."), "-9223372036854775808", NULL },
  { "long1-9", BYTES ("\x8a\x09\0\0\0\0\0\0\0\x80\0."), "9223372036854775808", NULL },
  { "long-2^80", BYTES ("\x8a\x0b\0\0\0\0\0\0\0\0\0\0\x01."), "1208925819614629174706176", NULL },
  { "long-neg", BYTES ("\x8a\x09\0\0\0\0\0\0\0\0\xc0."), "-1180591620717411303424", NULL },
  { "long4", BYTES ("\x8b\x03\0\0\0\1\2\3."), "197121", NULL },
  { "long-hex", BYTES ("\x8a\x11\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02."),
    "0x0200000000000000000000000000000001", NULL },
  { "long-hex-neg",
    BYTES ("\x8a\x11\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff."),
    "-0x0000000000000000000000000000000100", NULL },
  { "floats",
    BYTES ("(G\x3f\xb9\x99\x99\x99\x99\x99\x9aG\x3e\xe4\xf8\xb5\x88\xe3\x68\xf1"
           "G\x43\x41\xc3\x79\x37\xe0\x80\x00G\x7f\xf0\0\0\0\0\0\0G\x80\0\0\0\0\0\0\0t."),
    "(0.1, 1e-05, 1e+16, inf, -0.0)", NULL },
  { "int-text", BYTES ("(I12\nI00\nI01\nL-7L\nF2.5\nI99999999999999999999\nt."),
    "(12, False, True, -7, 2.5, 99999999999999999999)", NULL },
  { "string-text", BYTES ("(S'a\\n\\x41\\101\\'\\\\'\nS\"b'\"\nt."), "(\"a\\nAA'\\\\\", \"b'\")",
    NULL },
  { "unicode-text", BYTES ("V\\u00e9\xe9\\q\\U0001f525\n."), "'éé\\\\q🔥'", NULL },
  { "strings", BYTES ("(X\x02\0\0\0hi\x8c\x01x\x8d\x02\0\0\0\0\0\0\0yzU\x01sT\x01\0\0\0tt."),
    "('hi', 'x', 'yz', 's', 't')", NULL },
  { "lone-surrogate", BYTES ("X\x03\0\0\0\xed\xa0\x80."), "'\\ud800'", NULL },
  { "not-utf8",
    BYTES ("X\x03\0\0\0"
           "a\xff"
           "b."),
    "'a\\xffb'", NULL },
  { "controls", BYTES ("X\x06\0\0\0\x01\t\xe2\x80\xae\0."), "'\\x01\\t\\u202e\\x00'", NULL },
  { "bytes",
    BYTES ("(B\x02\0\0\0\0\xff"
           "C\x01'\x8e\x01\0\0\0\0\0\0\0a\x96\x01\0\0\0\0\0\0\0bt."),
    "(b'\\x00\\xff', b'\\'', b'a', b'b')", NULL },
  { "tuples", BYTES ("()N\x85NN\x86NNN\x87(NNNNtt."),
    "((), (None,), (None, None), (None, None, None), (None, None, None, None))", NULL },
  { "lists", BYTES ("(](K\1K\2e]K\3a(K\4lt."), "([1, 2], [3], [4])", NULL },
  { "dicts", BYTES ("(}K\1K\2s}(K\3K\4K\5K\6u(K\7K\10dt."), "({1: 2}, {3: 4, 5: 6}, {7: 8})",
    NULL },
  { "sets", BYTES ("(\x8f(K\1K\2\x90(K\3\x91\x8ft."), "({1, 2}, {3}, set())", NULL },
  { "pop",
    BYTES ("K\1K\2"
           "0."),
    "1", NULL },
  { "pop-mark-by-pop", BYTES ("K\1(0."), "1", NULL },
  { "pop-mark",
    BYTES ("K\1(K\2K\3"
           "1."),
    "1", NULL },
  { "dup",
    BYTES ("(K\1"
           "2t."),
    "(1, 1)", NULL },
  { "memo", BYTES ("(K\1q\5K\2r\6\0\0\0h\5j\6\0\0\0t."), "(1, 2, 1, 2)", NULL },
  { "memo-far", BYTES ("(K\1r\xff\xff\xff\xffj\xff\xff\xff\xfft."), "(1, 1)", NULL },
  { "memo-text", BYTES ("(K\1p7\ng7\nt."), "(1, 1)", NULL },
  { "memoize", BYTES ("\x80\x04\x95\x08\0\0\0\0\0\0\0(K\7\x94K\10\x94h\1h\0t."), "(7, 8, 8, 7)",
    NULL },
  { "global", BYTES ("ctorch\nfloat16\n."), "torch.float16", NULL },
  { "global-python2", BYTES ("(c__builtin__\nunicode\nccopy_reg\nxrange\nc__builtin__\nxrange\nt."),
    "(builtins.str, copyreg.xrange, builtins.range)", NULL },
  { "stack-global", BYTES ("\x8c\5torch\x8c\7float16\x93."), "torch.float16", NULL },
  { "ordered-dict", BYTES ("ccollections\nOrderedDict\n)RK\1K\2s."), "{1: 2}", NULL },
  { "ordered-dict-list", BYTES ("ccollections\nOrderedDict\n]](K\1K\2ea\x85R."), "{1: 2}", NULL },
  { "counter", BYTES ("ccollections\nCounter\n}K\1K\2s\x85R."), "{1: 2}", NULL },
  { "defaultdict", BYTES ("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RK\1K\2s."), "{1: 2}",
    NULL },
  { "deque", BYTES ("ccollections\ndeque\n)R(K\1K\2e."), "[1, 2]", NULL },
  { "set-call", BYTES ("c__builtin__\nset\n](K\1e\x85R."), "{1}", NULL },
  { "size", BYTES ("ctorch\nSize\nK\2K\3\x86\x85R."), "(2, 3)", NULL },
  { "encode", BYTES ("c_codecs\nencode\nX\3\0\0\0a\xc3\xbfX\6\0\0\0latin1\x86R."), "b'a\\xff'",
    NULL },
  { "bytes-call", BYTES ("c__builtin__\nbytes\n)R."), "b''", NULL },
  { "encode-not-latin1", BYTES ("c_codecs\nencode\nX\3\0\0\0\xe2\x82\xacX\6\0\0\0latin1\x86R."),
    "_codecs.encode('€', 'latin1')", NULL },
  { "newobj", BYTES ("cargparse\nNamespace\n)\x81}X\2\0\0\0lrG\x3f\xe0\0\0\0\0\0\0sb."),
    "argparse.Namespace(lr=0.5)", NULL },
  { "newobj-ex", BYTES ("cm\nC\nK\1\x85}X\1\0\0\0kK\2s\x92."), "m.C(1, k=2)", "m.C(1, k=2)" },
  { "obj", BYTES ("(cm\nC\nK\1o."), "m.C(1)", "m.C(1)" },
  { "inst", BYTES ("(K\1im\nC\n."), "m.C(1)", "m.C(1)" },
  { "reconstructor", BYTES ("ccopy_reg\n_reconstructor\ncm\nC\nc__builtin__\nobject\nN\x87R."),
    "m.C(m.C, builtins.object, None)", "m.C(m.C, builtins.object, None)" },
  { "list-subclass", BYTES ("cm\nL\n)\x81(K\1K\2eK\3a."), "m.L(1, 2, 3)", "m.L()" },
  { "dict-subclass", BYTES ("cm\nD\n)\x81K\1K\2s(K\3K\4u."), "m.D(1: 2, 3: 4)", "m.D()" },
  { "set-subclass", BYTES ("cm\nS\n)\x81(K\1\x90."), "m.S(1)", "m.S()" },
  { "layer", BYTES ("ctorch.nn.modules.linear\nLinear\n)\x81."), "torch.nn.modules.linear.Linear()",
    NULL },
  { "layer-called", BYTES ("ctorch.nn.modules.linear\nLinear\n)R."),
    "torch.nn.modules.linear.Linear()", "torch.nn.modules.linear.Linear()" },
  { "persistent", BYTES ("(X\1\0\0\0aQPb\nt."), "(<persistent 'a'>, <persistent 'b'>)", NULL },
  { "datetime", BYTES ("cdatetime\ndatetime\nC\x0a\x07\xe8\5\6\7\10\t\0\0\0\x85R."),
    "datetime.datetime(2024, 5, 6, 7, 8, 9)", NULL },
  { "system", BYTES ("cposix\nsystem\nX\5\0\0\0id>/x\x85R."), "posix.system('id>/x')",
    "posix.system('id>/x')" },
  { "system-popped", BYTES ("cposix\nsystem\nX\2\0\0\0id\x85R0N."), "None", "posix.system('id')" },
  { "eval", BYTES ("c__builtin__\neval\nX\1\0\0\0x\x85R."), "builtins.eval('x')",
    "builtins.eval('x')" },
  { "getattr-chain",
    BYTES ("c__builtin__\ngetattr\ncos\nenviron\nX\3\0\0\0get\x86RX\1\0\0\0H\x85R."),
    "builtins.getattr(os.environ, 'get')('H')", "builtins.getattr(os.environ, 'get')" },
  { "nested-build", BYTES ("cm\nC\n)\x81}X\1\0\0\0acm\nC\n)\x81}X\1\0\0\0bK\1sbsb."),
    "m.C(a=m.C(b=1))", "m.C()" },
  { "list-in-itself", BYTES ("]q\0h\0a."), "[[[[[[[[[[[[…]]]]]]]]]]]]", NULL },
  { "call-without-tuple", BYTES ("cm\nf\nNR."), "m.f(*None)", "m.f(*None)" },
  { "dict-odd-list", BYTES ("ccollections\nOrderedDict\n](K\1e\x85R."),
    "collections.OrderedDict([1])", NULL },
  { "empty-name", BYTES ("c\n\n."), ".", NULL },
};

static void
test_good (gconstpointer data)
{
  const Good *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = load (row->data, row->size, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = esp_pickle_value_to_text (esp_pickle_get_root (pickle), 1000);
  g_assert_cmpstr (text, ==, row->text);
  if (row->refused == NULL)
    g_assert_cmpuint (esp_pickle_get_n_refused (pickle), ==, 0);
  else
    g_assert_cmpstr (esp_pickle_get_refused (pickle, 0), ==, row->refused);
}

typedef struct
{
  const char *name;
  const char *data;
  gsize size;
  EspFormatError code;
  const char *message; /* part of it */
} Bad;

static const Bad bad[] = {
  { "empty", BYTES (""), ESP_FORMAT_ERROR_TRUNCATED, "data.pkl" },
  { "no-stop", BYTES ("N"), ESP_FORMAT_ERROR_TRUNCATED, "data.pkl" },
  { "stop-alone", BYTES ("."), ESP_FORMAT_ERROR_CORRUPT, "byte 0, STOP: it needs a value" },
  { "stop-below-mark", BYTES ("N(."), ESP_FORMAT_ERROR_CORRUPT, "byte 2, STOP" },
  { "protocol-6", BYTES ("\x80\x06N."), ESP_FORMAT_ERROR_UNSUPPORTED,
    "protocol 6 is newer than 5" },
  { "no-opcode", BYTES ("N\xff."), ESP_FORMAT_ERROR_CORRUPT, "byte 1, ?: 0xff is no opcode" },
  { "ext", BYTES ("\x82\x01."), ESP_FORMAT_ERROR_UNSUPPORTED, "EXT1" },
  { "buffer", BYTES ("\x97."), ESP_FORMAT_ERROR_UNSUPPORTED, "NEXT_BUFFER" },
  { "underflow", BYTES ("K\1\x86."), ESP_FORMAT_ERROR_CORRUPT, "TUPLE2: it needs a value" },
  { "pop-underflow", BYTES ("0."), ESP_FORMAT_ERROR_CORRUPT, "POP" },
  { "under-mark", BYTES ("]K\1(a."), ESP_FORMAT_ERROR_CORRUPT, "APPEND: it needs a value" },
  { "no-mark", BYTES ("]K\1e."), ESP_FORMAT_ERROR_CORRUPT, "APPENDS: it needs a mark" },
  { "odd-dict", BYTES ("(K\1d."), ESP_FORMAT_ERROR_CORRUPT, "DICT: a key has no value" },
  { "odd-setitems", BYTES ("}(K\1u."), ESP_FORMAT_ERROR_CORRUPT, "SETITEMS: a key has no value" },
  { "append-to-int", BYTES ("K\1K\2a."), ESP_FORMAT_ERROR_CORRUPT,
    "APPEND: it doesn’t work on a value of kind “int”" },
  { "setitem-on-list", BYTES ("]K\1K\2s."), ESP_FORMAT_ERROR_CORRUPT, "kind “list”" },
  { "additems-on-list", BYTES ("](K\1\x90."), ESP_FORMAT_ERROR_CORRUPT, "kind “list”" },
  { "build-list", BYTES ("]}b."), ESP_FORMAT_ERROR_CORRUPT,
    "BUILD: it doesn’t work on a value of kind “list”" },
  { "build-none", BYTES ("N}b."), ESP_FORMAT_ERROR_CORRUPT, "kind “None”" },
  { "memo-unknown", BYTES ("h\7."), ESP_FORMAT_ERROR_CORRUPT, "the memo has no entry 7" },
  { "memo-unknown-far", BYTES ("j\xff\xff\xff\xff."), ESP_FORMAT_ERROR_CORRUPT,
    "no entry 4294967295" },
  { "memo-put-empty", BYTES ("q\0."), ESP_FORMAT_ERROR_CORRUPT, "BINPUT" },
  { "memo-put-huge", BYTES ("Np99999999999\n."), ESP_FORMAT_ERROR_CORRUPT, "99999999999" },
  { "memo-put-text", BYTES ("Npx\n."), ESP_FORMAT_ERROR_CORRUPT, "PUT" },
  { "string-past-end", BYTES ("X\xff\xff\xff\x7fhi."), ESP_FORMAT_ERROR_TRUNCATED,
    "2147483647 bytes" },
  { "string8-past-end", BYTES ("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), ESP_FORMAT_ERROR_TRUNCATED,
    "18446744073709551615" },
  { "bytes-past-end", BYTES ("B\5\0\0\0ab."), ESP_FORMAT_ERROR_TRUNCATED, "data.pkl" },
  { "long4-huge", BYTES ("\x8b\xff\xff\xff\x7f."), ESP_FORMAT_ERROR_LIMIT,
    "an integer has 2147483647 bytes" },
  { "frame-cut", BYTES ("\x95\1\0."), ESP_FORMAT_ERROR_TRUNCATED, "data.pkl" },
  { "global-cut", BYTES ("cos\nsystem"), ESP_FORMAT_ERROR_TRUNCATED, "data.pkl" },
  { "stack-global-int", BYTES ("K\1\x8c\1x\x93."), ESP_FORMAT_ERROR_CORRUPT, "STACK_GLOBAL" },
  { "int-text", BYTES ("Ix\n."), ESP_FORMAT_ERROR_CORRUPT, "INT" },
  { "int-empty", BYTES ("I\n."), ESP_FORMAT_ERROR_CORRUPT, "INT" },
  { "float-text", BYTES ("F1.5x\n."), ESP_FORMAT_ERROR_CORRUPT, "FLOAT" },
  { "float-long", BYTES ("F1111111111111111111111111111111111111111111111111111111111111111111\n."),
    ESP_FORMAT_ERROR_CORRUPT, "FLOAT" },
  { "string-quotes", BYTES ("S'a\n."), ESP_FORMAT_ERROR_CORRUPT, "STRING" },
  { "string-escape", BYTES ("S'\\q'\n."), ESP_FORMAT_ERROR_CORRUPT, "STRING" },
  { "string-escape-cut", BYTES ("S'\\x4'\n."), ESP_FORMAT_ERROR_CORRUPT, "STRING" },
  { "unicode-escape", BYTES ("V\\u12\n."), ESP_FORMAT_ERROR_CORRUPT, "UNICODE" },
  { "unicode-beyond", BYTES ("V\\U00110000\n."), ESP_FORMAT_ERROR_CORRUPT, "UNICODE" },
  { "obj-without-class", BYTES ("(o."), ESP_FORMAT_ERROR_CORRUPT, "OBJ: there is no class" },
};

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = load (row->data, row->size, &error);

  g_assert_error (error, ESP_FORMAT_ERROR, (gint) row->code);
  g_assert_null (pickle);
  g_assert_nonnull (strstr (error->message, row->message));
}

/* one text @n times, then another */
static GString *
repeat (const char *text, gsize length, guint n, const char *end, gsize end_length)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_len (out, text, (gssize) length);
  g_string_append_len (out, end, (gssize) end_length);
  return out;
}

static void
assert_limit (GString *pickle, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) loaded = load (pickle->str, pickle->len, &error);

  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, message));
  g_string_free (pickle, TRUE);
}

static void
test_limits (void)
{
  g_autofree char *long_name = g_strnfill (2000, 'x');
  GString *text;

  assert_limit (repeat (BYTES ("("), ESP_LIMIT_PICKLE_MARKS + 1, BYTES ("N.")), "marks are open");
  text = g_string_new ("c");
  g_string_append_printf (text, "%s\nx\n.", long_name);
  assert_limit (text, "a name is longer than 1024 bytes");
  /* one dict, copied by a few bytes again and again */
  text = repeat (BYTES ("K\1N"), 10000,
                 BYTES ("uq\0"
                        "0ccollections\nOrderedDict\nq\1"
                        "0"));
  g_string_prepend (text, "}(");
  for (guint i = 0; i < 10000; i++)
    append (text, BYTES ("h\1h\0\x85R0"));
  g_string_append (text, "N.");
  assert_limit (text, "again and again");
  /* and one string */
  text = g_string_new ("(cx\ny\n");
  append (text, BYTES ("X\x40\x1f\0\0"));
  for (guint i = 0; i < 8000; i++)
    g_string_append_c (text, 'a');
  append (text, BYTES ("q\0X\6\0\0\0latin1q\1c_codecs\nencode\nq\2"));
  for (guint i = 0; i < 1000; i++)
    append (text, BYTES ("h\2h\0h\1\x86R0"));
  g_string_append (text, "N.");
  assert_limit (text, "again and again");
}

/* limits that only large pickles reach */
static void
test_large_limits (void)
{
  GString *text;

  if (!g_test_slow ())
    {
      g_test_skip ("needs 1 GB of memory: run with -m slow");
      return;
    }
  assert_limit (repeat (BYTES ("]"), ESP_LIMIT_PICKLE_VALUES + 1, BYTES (".")),
                "more than 20000000 values");
  text = repeat (BYTES ("N0"), ESP_LIMIT_PICKLE_OPCODES / 2 + 1, BYTES ("N."));
  assert_limit (text, "more than 50000000 opcodes");
  assert_limit (repeat (BYTES ("N"), ESP_LIMIT_PICKLE_VALUES + 1, BYTES (".")),
                "the stack holds more");
}

/* 40 lists, each holding the one before it twice: a trillion leaves in 250 bytes */
static void
test_endless (void)
{
  g_autoptr (GString) data = g_string_new ("]N");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = NULL;
  g_autofree char *text = NULL;

  g_string_append_c (data, 'a');
  for (guint i = 0; i < 40; i++)
    append (data, BYTES ("q\0"
                         "0](h\0h\0e"));
  g_string_append_c (data, '.');
  pickle = load (data->str, data->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_pickle_get_n_containers (pickle), ==, 41);
  text = esp_pickle_value_to_text (esp_pickle_get_root (pickle), 100000);
  g_assert_cmpuint (strlen (text), <=, 100003);
}

/* nothing nests on the C stack */
static void
test_deep (void)
{
  g_autoptr (GString) data = repeat (BYTES ("N\x85"), 0, BYTES ("N"));
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (data, '\x85');
  g_string_append_c (data, '.');
  pickle = load (data->str, data->len, &error);
  g_assert_no_error (error);
  text = esp_pickle_value_to_text (esp_pickle_get_root (pickle), 1000);
  g_assert_cmpstr (text, ==, "((((((((((((…,),),),),),),),),),),),)");
}

static void
test_report (void)
{
  g_autoptr (GString) data = g_string_new ("");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = NULL;

  for (guint i = 0; i < 100; i++)
    append (data, BYTES ("cm\nf\nK\1\x85R0"));
  for (guint i = 0; i < 3000; i++)
    g_string_append_printf (data, "cm\ng%u\n)R0", i);
  g_string_append (data, "cnever\nused\n0N.");
  pickle = load (data->str, data->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_pickle_get_n_names (pickle), ==, 3002);
  g_assert_cmpstr (esp_pickle_get_name (pickle, 3001)->full, ==, "never.used");
  g_assert_cmpuint (esp_pickle_get_n_refused (pickle), ==, 1000);
  g_assert_cmpstr (esp_pickle_get_refused (pickle, 3), ==, "m.f(1)");
  g_assert_cmpstr (esp_pickle_get_refused (pickle, 4), ==, "m.g0()");
  g_assert_cmpuint (esp_pickle_get_n_unlisted (pickle), ==, 100 + 3000 - 1000);
}

static void
test_names (void)
{
  g_autoptr (EspPickle) pickle = NULL;
  const EspPickleValue *root;
  static const char *const expected[] = { ("a\xc0\x80"
                                           "b"),
                                          "new\nline",
                                          "\xed\xa0\x80",
                                          "x\xff",
                                          "17",
                                          "(1, 2)",
                                          "None",
                                          "'a…" };

  pickle = load (BYTES ("(X\3\0\0\0a\0bX\x08\0\0\0new\nlineX\3\0\0\0\xed\xa0\x80X\2\0\0\0x\xff"
                        "K\x11K\1K\2\x86NX\6\0\0\0abcdeft."),
                 NULL);
  g_assert_nonnull (pickle);
  root = esp_pickle_get_root (pickle);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const EspPickleValue *item = esp_pickle_value_get_item (root, i);
      g_autofree char *name = esp_pickle_value_to_name (item, i == 7 ? 2 : 100);

      g_assert_cmpstr (name, ==, expected[i]);
    }
}

static void
test_find (void)
{
  g_autoptr (EspPickle) pickle = load (BYTES ("}(X\1\0\0\0aK\1X\1\0\0\0aK\2K\3K\4u."), NULL);
  const EspPickleValue *root = esp_pickle_get_root (pickle);
  gint64 value = 0;

  g_assert_true (esp_pickle_value_get_int (esp_pickle_value_find (root, "a"), &value));
  g_assert_cmpint (value, ==, 2); /* the last one, as in Python */
  g_assert_null (esp_pickle_value_find (root, "b"));
  g_assert_null (esp_pickle_value_find (NULL, "b"));
}

static void
test_position (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("K\1.K\2.rest", 10);
  g_autoptr (EspPickle) first = esp_pickle_new (bytes, 0, "x", NULL, NULL);
  g_autoptr (EspPickle)
      second = esp_pickle_new (bytes, esp_pickle_get_end (first), "x", NULL, NULL);

  g_assert_cmpint (esp_pickle_get_root (first)->integer, ==, 1);
  g_assert_cmpint (esp_pickle_get_root (second)->integer, ==, 2);
  g_assert_cmpuint (esp_pickle_get_end (second), ==, 6);
}

static void
test_cancel (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("N.", 2);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (esp_pickle_new (bytes, 0, "x", cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* reads whatever it is, and prints it if it is something */
static gboolean
survive (const guint8 *data, gsize size, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = load (data, size, &error);
  g_autofree char *text = NULL;

  if (pickle == NULL)
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (error->domain, ==, ESP_FORMAT_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return FALSE;
    }
  text = esp_pickle_value_to_text (esp_pickle_get_root (pickle), 10000);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  return TRUE;
}

/* every row above: each cut fails or ends early, each other value of each byte has an answer */
static void
test_damage (void)
{
  char every_flip[256];

  for (guint i = 0; i < 256; i++)
    every_flip[i] = (char) (i + 1); /* the last one ends it */
  for (gsize row = 0; row < G_N_ELEMENTS (good); row++)
    {
      const EspDamage damage = {
        .data = good[row].data,
        .size = good[row].size,
        .flips = every_flip,
        .open = survive,
      };

      esp_damage_all (&damage);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strconcat ("/pickle/good/", good[i].name, NULL);

      g_test_add_data_func (path, &good[i], test_good);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/pickle/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/pickle/limits", test_limits);
  g_test_add_func ("/pickle/large-limits", test_large_limits);
  g_test_add_func ("/pickle/endless", test_endless);
  g_test_add_func ("/pickle/deep", test_deep);
  g_test_add_func ("/pickle/report", test_report);
  g_test_add_func ("/pickle/names", test_names);
  g_test_add_func ("/pickle/find", test_find);
  g_test_add_func ("/pickle/position", test_position);
  g_test_add_func ("/pickle/cancel", test_cancel);
  g_test_add_func ("/pickle/damage", test_damage);
  return g_test_run ();
}
