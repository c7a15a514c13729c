/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files that people try to open and no reader takes: checkpoints of other kinds, archives, texts,
 * pictures, downloads that went wrong. In: the first 4096 bytes, the zip directory, the last 8
 * bytes. Out: one sentence that says what it is and what to do. A kind that gets a reader loses
 * its row here. */

#include "config.h"

#include "esp-foreign.h"

#include "esp-error.h"
#include "esp-path.h"
#include "esp-table.h"

#include <glib/gi18n.h>
#include <string.h>

/* kinds that a fixed run of bytes tells */

typedef struct
{
  gsize offset;
  gsize length;
  const char *bytes;
  const char *sentence;
} Signature;

static const Signature signatures[] = {
  { 0, 4, "tjgg",
    N_ ("this is an old ggml file, from before GGUF; convert it to safetensors with the tool that "
        "made it") },
  { 0, 4, "fmgg",
    N_ ("this is an old ggml file, from before GGUF; convert it to safetensors with the tool that "
        "made it") },
  { 0, 4, "lmgg",
    N_ ("this is an old ggml file, from before GGUF; convert it to safetensors with the tool that "
        "made it") },
  { 0, 4, "\x0c\xdb\x3a\x2a",
    N_ ("this is the manifest of an Orbax checkpoint, which can’t be opened; load it in JAX and "
        "save its arrays with safetensors.flax.save_file()") },
  { 257, 5, "ustar", N_ ("this is a tar archive; unpack it and open a checkpoint in it") },
  { 0, 4, "\x28\xb5\x2f\xfd",
    N_ ("this file is compressed with Zstandard; uncompress it with zstd -d first") },
  { 0, 2, "\x1f\x8b", N_ ("this file is compressed with gzip; uncompress it with gunzip first") },
  { 0, 6,
    "\xfd"
    "7zXZ\0",
    N_ ("this file is compressed with xz; uncompress it with unxz first") },
  { 0, 4, "\x04\x22\x4d\x18", N_ ("this file is compressed with LZ4; uncompress it first") },
  { 0, 3, "BZh", N_ ("this file is compressed with bzip2; uncompress it with bunzip2 first") },
  { 0, 6, "7z\xbc\xaf\x27\x1c",
    N_ ("this is a 7-Zip archive; unpack it and open a checkpoint in it") },
  { 0, 4, "Rar!", N_ ("this is a RAR archive; unpack it and open a checkpoint in it") },
  { 0, 8, "\x89PNG\r\n\x1a\n", N_ ("this is a picture, not a checkpoint") },
  { 0, 3, "\xff\xd8\xff", N_ ("this is a picture, not a checkpoint") },
  { 0, 5, "%PDF-", N_ ("this is a PDF document, not a checkpoint") },
  { 0, 4,
    "\x7f"
    "ELF",
    N_ ("this is a program, not a checkpoint") },
};

/* zip archives, by what is in them */

typedef struct
{
  const char *member; /* below the top folder or at the root */
  const char *sentence;
} Archive;

static const Archive archives[] = {
  { "serialized_exported_program.json",
    N_ ("this is a program of torch.export, which can’t be opened yet; save its weights in Python: "
        "torch.save (torch.export.load (FILE).state_dict, OUT)") },
  { "Manifest.json",
    N_ ("this is a Core ML package, which can’t be opened; open the model that it was made from") },
  { "model.json",
    N_ ("this is a TorchScript archive of PyTorch 1.0, which can’t be opened; load it in PyTorch "
        "and save its state_dict() with torch.save()") },
};

static gboolean
has_member (EspZip *zip, const char *wanted)
{
  for (guint i = 0; i < esp_zip_get_n_members (zip); i++)
    {
      const char *name = esp_zip_get_member (zip, i)->name;
      const char *slash = strchr (name, '/');

      if (strcmp (name, wanted) == 0 || (slash != NULL && strcmp (slash + 1, wanted) == 0))
        return TRUE;
    }
  return FALSE;
}

static const char *
recognise_zip (EspZip *zip)
{
  if (esp_zip_get_n_members (zip) == 0)
    return N_ ("this is an empty zip archive");
  for (guint i = 0; i < G_N_ELEMENTS (archives); i++)
    if (has_member (zip, archives[i].member))
      return archives[i].sentence;
  return N_ ("this is a zip archive, but not one that PyTorch wrote; unpack it and open a "
             "checkpoint in it");
}

/* kinds that need a look at their structure */

static const char *
recognise_pickle (const EspProbe *probe)
{
  if (probe->head_size < 3 || probe->head[0] != 0x80 || probe->head[1] < 2 || probe->head[1] > 5)
    return NULL;
  return N_ (
      "this is a bare Python pickle, not a checkpoint of torch.save(); load it in Python and "
      "save its tensors with torch.save()");
}

/* files of TensorFlow's checkpoints that are of no use alone have no mark of their own, only names:
 * here the index that goes with them is missing */
static const char *
recognise_name (const EspProbe *probe)
{
  g_autofree char *name = g_path_get_basename (probe->path);
  const char *data = g_strrstr (name, ".data-");

  if (data != NULL && strstr (data, "-of-") != NULL)
    return N_ ("this is a data file of a TensorFlow checkpoint; its index, which tells what is in "
               "it, isn’t beside it");
  if (g_str_has_suffix (name, ".meta") && probe->head[0] == 0x0a)
    return N_ ("this is the graph of a TensorFlow checkpoint; the checkpoint itself isn’t beside "
               "it");
  return NULL;
}

/* texts */

static gboolean
is_text (const EspProbe *probe)
{
  const char *end;

  if (memchr (probe->head, '\0', probe->head_size) != NULL)
    return FALSE;
  for (gsize i = 0; i < probe->head_size; i++)
    if (probe->head[i] < 0x20 && strchr ("\t\n\r\f\x1b", probe->head[i]) == NULL)
      return FALSE;
  if (g_utf8_validate_len ((const char *) probe->head, probe->head_size, &end))
    return TRUE;
  /* the head may end within a character */
  return probe->head_size == 4096 && (const guint8 *) end + 4 > probe->head + probe->head_size;
}

static gboolean
head_begins (const EspProbe *probe, const char *text)
{
  gsize n = strlen (text);

  return probe->head_size >= n && g_ascii_strncasecmp ((const char *) probe->head, text, n) == 0;
}

static const char *
recognise_text (const EspProbe *probe)
{
  g_autofree char *text = g_strndup ((const char *) probe->head, probe->head_size);

  if (head_begins (probe, "version https://git-lfs"))
    return N_ ("this is not the checkpoint but a pointer of Git LFS to it; fetch the file itself "
               "with git lfs pull");
  if (head_begins (probe, "<!doctype html") || head_begins (probe, "<html"))
    return N_ ("this is a web page, perhaps saved in place of the checkpoint; download the file "
               "itself");
  if (*text == '{' && strstr (text, "\"tree_metadata\"") != NULL)
    return N_ ("this is an Orbax checkpoint, which can’t be opened; load it in JAX and save its "
               "arrays with safetensors.flax.save_file()");
  if (*text == '{' || *text == '[')
    return N_ ("this is a JSON text, not a checkpoint");
  return N_ ("this is a text, not a checkpoint");
}

static const char *
recognise (const EspProbe *probe, GCancellable *cancellable)
{
  const char *pickle, *name;

  if (probe->zip != NULL)
    return recognise_zip (probe->zip);
  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++)
    {
      const Signature *each = &signatures[i];
      if (probe->head_size >= each->offset + each->length &&
          memcmp (probe->head + each->offset, each->bytes, each->length) == 0)
        return each->sentence;
    }
  pickle = recognise_pickle (probe);
  if (pickle != NULL)
    return pickle;
  name = recognise_name (probe);
  if (name != NULL)
    return name;
  if (esp_table_is_one (probe->source, cancellable))
    return N_ ("this is a table of LevelDB, but not one of a TensorFlow checkpoint");
  if (is_text (probe))
    return recognise_text (probe);
  return NULL;
}

void
esp_foreign_explain (const EspProbe *probe, GCancellable *cancellable, GError **error)
{
  const char *sentence = recognise (probe, cancellable);
  g_autoptr (GString) bytes = NULL;
  gboolean only_zeros = TRUE;

  if (sentence != NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, _ (sentence));
      return;
    }
  for (gsize i = 0; i < probe->head_size && only_zeros; i++)
    only_zeros = probe->head[i] == 0;
  if (only_zeros)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNKNOWN,
                           _ ("the file begins with nothing but zeros, as after a download that "
                              "was broken off"));
      return;
    }
  bytes = g_string_new (NULL);
  for (gsize i = 0; i < MIN (probe->head_size, 8); i++)
    g_string_append_printf (bytes, i > 0 ? " %02x" : "%02x", probe->head[i]);
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNKNOWN,
               _ ("no kind of checkpoint that is known begins with these bytes: %s"), bytes->str);
}

/* folders */

typedef struct
{
  const char *file;
  const char *sentence;
} Folder;

static const Folder folders[] = {
  { "_METADATA", N_ ("this is an Orbax checkpoint, which can’t be opened; load it in JAX and save "
                     "its arrays with "
                     "safetensors.flax.save_file()") },
};

gboolean
esp_foreign_explain_folder (const char *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    if (strcmp (folders[i].file, name) == 0)
      {
        g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                             _ (folders[i].sentence));
        return TRUE;
      }
  return FALSE;
}
