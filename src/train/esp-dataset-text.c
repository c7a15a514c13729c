/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small text that ships with the program, as examples of a language model of characters: so many
 * characters as whole numbers, and as label the one that comes next. Characters are counted in the
 * order of their codes; only those that occur. */

#include "config.h"
#include "esp-dataset-text.h"

#include <gio/gio.h>

#include "esp-datasets.h"

#define CONTEXT 8
#define MOST_CONTEXT 256

/* what each code is counted as; returns how many there are */
static gint32
count_codes (const guint8 *text, gsize size, gint32 codes[256])
{
  gint32 n = 0;
  gboolean found[256] = { FALSE };
  for (gsize i = 0; i < size; i++)
    found[text[i]] = TRUE;
  for (guint code = 0; code < 256; code++)
    codes[code] = found[code] ? n++ : -1;
  return n;
}

/* the end of a line as the sign for it, so that a label has a name that can be seen */
static char **
name_codes (const gint32 codes[256], gint32 n)
{
  char **names = g_new0 (char *, (gsize) n + 1);
  for (guint code = 0; code < 256; code++)
    if (codes[code] >= 0)
      names[codes[code]] = code == '\n'  ? g_strdup ("↵")
                           : code == ' ' ? g_strdup ("␣")
                                         : g_strdup_printf ("%c", (char) code);
  return names;
}

gboolean
esp_dataset_make_text (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  guint64 context = CONTEXT;
  gint32 codes[256];
  gsize size = 0;
  g_autoptr (GBytes) bytes = g_resource_lookup_data (esp_datasets_get_resource (),
                                                     "/org/espalier/datasets/text.txt",
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (bytes == NULL || !esp_spec_read_size (spec, "context", 1, MOST_CONTEXT, &context, error))
    return FALSE;
  const guint8 *text = g_bytes_get_data (bytes, &size);
  g_return_val_if_fail (size > MOST_CONTEXT, FALSE);
  self->n = size - context;
  self->input = (EspShape) { 1, { (gint64) context } };
  self->n_classes = count_codes (text, size, codes);
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      for (guint64 j = 0; j < context; j++)
        self->inputs[i * context + j] = (EspReal) codes[text[i + j]];
      self->labels[i] = codes[text[i + context]];
    }
  self->classes = name_codes (codes, self->n_classes);
  return TRUE;
}
