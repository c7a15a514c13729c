/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which file of a folder to open. In: a folder as people download or train it, with at most some
 * thousand entries. Out: one path. What the file really is, its bytes tell later. */

#include "config.h"

#include "esp-folder.h"

#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

#define ENTRIES_MAX 100000

typedef struct
{
  const char *text; /* the whole name, or its end after a * */
  gboolean is_main; /* of a model; the others lie beside one too (optimizer, arguments) */
} Pattern;

/* best first */
static const Pattern patterns[] = {
  { "*.safetensors.index.json", TRUE },
  { "*.safetensors", TRUE },
  { "*.bin.index.json", TRUE },
  { "pytorch_model.bin", TRUE },
  { ".metadata", TRUE },
  { "saved_model.pb", TRUE },
  { "checkpoint", TRUE },
  { "_METADATA", TRUE },
  { "flax_model.msgpack", TRUE },
  { "*.msgpack", TRUE },
  { "*.gguf", TRUE },
  { "*.onnx", TRUE },
  { "*.index", TRUE },
  { "tf_model.h5", TRUE },
  { "*.keras", TRUE },
  { "model.weights.h5", TRUE },
  { "*.weights.json", TRUE },
  { "*.pt2", FALSE },
  { "*.pth", FALSE },
  { "*.pt", FALSE },
  { "*.ckpt", FALSE },
  { "*.bin", FALSE },
  { "*.h5", FALSE },
  { "*.npz", FALSE },
};

static gboolean
matches (const Pattern *pattern, const char *name)
{
  return pattern->text[0] == '*' ? g_str_has_suffix (name, pattern->text + 1)
                                 : strcmp (name, pattern->text) == 0;
}

/* a position in the table, or its length */
static guint
rate (const char *name)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (patterns) && !matches (&patterns[i], name))
    i++;
  return i;
}

/* ...-00002-of-00007...: one of several files that an index names */
static gboolean
is_one_of_several (const char *name)
{
  const char *of = strstr (name, "-of-");

  return of != NULL && of - name >= 6 && of[-6] == '-' && g_ascii_isdigit (of[-1]) &&
         g_ascii_isdigit (of[-5]) && g_ascii_isdigit (of[4]) && g_ascii_isdigit (of[8]);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const char *name_a = *(char *const *) a;
  const char *name_b = *(char *const *) b;
  guint rate_a = rate (name_a);
  guint rate_b = rate (name_b);

  if (rate_a != rate_b)
    return rate_a < rate_b ? -1 : 1;
  /* of a training run's checkpoints the last is meant */
  return g_str_has_suffix (name_a, ".index") ? esp_path_compare (name_b, name_a)
                                             : esp_path_compare (name_a, name_b);
}

static GPtrArray *
list_candidates (const char *path)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  for (guint n = 0; dir != NULL && n < ENTRIES_MAX && (name = g_dir_read_name (dir)) != NULL; n++)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      /* a FIFO of a good name is none */
      if (rate (name) < G_N_ELEMENTS (patterns) && g_file_test (file, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add (names, g_strdup (name));
    }
  g_clear_pointer (&dir, g_dir_close);
  g_ptr_array_sort (names, compare);
  return names;
}

/* checkpoints that somebody could have meant instead of the first */
static guint
count_others (GPtrArray *names, const char **first_other)
{
  gboolean has_index = g_str_has_suffix (names->pdata[0], ".index.json");
  gboolean is_main = patterns[rate (names->pdata[0])].is_main;
  gboolean is_part = is_one_of_several (names->pdata[0]);
  gboolean is_state = strcmp (names->pdata[0], "checkpoint") == 0;
  guint n = 0;

  for (guint i = 1; i < names->len; i++)
    {
      const char *name = names->pdata[i];

      if ((is_main && !patterns[rate (name)].is_main) ||
          ((has_index || is_part) && is_one_of_several (name) &&
           !g_str_has_suffix (name, ".json")) ||
          (is_state && g_str_has_suffix (name, ".index"))) /* its reader tells of them */
        continue;
      if (n++ == 0)
        *first_other = name;
    }
  return n;
}

char *
esp_folder_choose (const char *path, char **warning)
{
  g_autoptr (GPtrArray) names = NULL;
  const char *other = NULL;
  guint n;

  g_return_val_if_fail (path != NULL && warning != NULL, NULL);

  *warning = NULL;
  names = list_candidates (path);
  if (names->len == 0)
    return NULL;
  n = count_others (names, &other);
  if (n > 0)
    {
      g_autofree char *shown = esp_path_escape (names->pdata[0]);
      g_autofree char *shown_other = esp_path_escape (other);

      *warning = g_strdup_printf (
          ngettext ("The folder holds %u more checkpoint: this is “%s”, the other is “%s”",
                    "The folder holds %u more checkpoints: this is “%s”, the next is “%s”", n),
          n, shown, shown_other);
    }
  return g_build_filename (path, names->pdata[0], NULL);
}
