/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The code of a TorchScript archive is text in the manner of Python, and is read as text: the class
 * __torch__.a.b.Net stands in code/__torch__/a/b.py as
 *
 *   class Net(Module):
 *     __parameters__ = ["weight", "bias", ]
 *     __buffers__ = ["mean", ]
 *     ...
 *
 * Everything else in it is passed over. */

#include "config.h"

#include "esp-torchscript-code.h"

#include "esp-hash.h"

#include <string.h>

/* one member, and all of them */
#define TEXT_MAX (16 * 1024 * 1024)
#define TOTAL_MAX (64 * 1024 * 1024)

typedef struct
{
  GHashTable *kinds; /* field -> EspPytorchEdgeKind */
} Class;

struct _EspTorchscriptCode
{
  EspPytorchArchive *archive;
  GHashTable *modules; /* "__torch__.a.b" that were read */
  GHashTable *classes; /* "__torch__.a.b.Net" -> Class */
  guint64 total;
};

static void
class_free (gpointer data)
{
  Class *self = data;

  g_hash_table_unref (self->kinds);
  g_free (self);
}

EspTorchscriptCode *
esp_torchscript_code_new (EspPytorchArchive *archive)
{
  EspTorchscriptCode *self = g_new0 (EspTorchscriptCode, 1);

  self->archive = archive;
  self->modules = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  self->classes = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, class_free);
  return self;
}

void
esp_torchscript_code_free (EspTorchscriptCode *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->modules);
  g_hash_table_unref (self->classes);
  g_free (self);
}

/* texts in double quotes, up to the end of the line */
static void
add_fields (Class *self, const char *at, const char *end, EspPytorchEdgeKind kind)
{
  const char *open;

  while ((open = memchr (at, '"', (gsize) (end - at))) != NULL)
    {
      GString *name = g_string_new (NULL);

      for (at = open + 1; at < end && *at != '"'; at++)
        {
          if (*at == '\\' && at + 1 < end)
            at++;
          g_string_append_c (name, *at);
        }
      at = MIN (at + 1, end);
      g_hash_table_insert (self->kinds, g_string_free (name, FALSE), GINT_TO_POINTER (kind));
    }
}

static Class *
add_class (EspTorchscriptCode *self, const char *module, const char *line, const char *end)
{
  const char *paren = memchr (line, '(', (gsize) (end - line));
  g_autofree char *name = NULL;
  Class *class;

  if (paren == NULL)
    return NULL;
  name = g_strndup (line, (gsize) (paren - line));
  class = g_new0 (Class, 1);
  class->kinds = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  g_hash_table_replace (self->classes, g_strconcat (module, ".", name, NULL), class);
  return class;
}

static void
read_text (EspTorchscriptCode *self, const char *module, const char *text, gsize size)
{
  static const char class_word[] = "class ";
  static const char parameters_word[] = "  __parameters__ = ";
  static const char buffers_word[] = "  __buffers__ = ";
  const char *stop = text + size;
  Class *class = NULL;

  for (const char *line = text; line < stop;)
    {
      const char *end = memchr (line, '\n', (gsize) (stop - line));
      gsize length;

      end = end != NULL ? end : stop;
      length = (gsize) (end - line);
      if (length > strlen (class_word) && memcmp (line, class_word, strlen (class_word)) == 0)
        class = add_class (self, module, line + strlen (class_word), end);
      else if (class != NULL && length > strlen (parameters_word) &&
               memcmp (line, parameters_word, strlen (parameters_word)) == 0)
        add_fields (class, line, end, ESP_EDGE_PARAMETER);
      else if (class != NULL && length > strlen (buffers_word) &&
               memcmp (line, buffers_word, strlen (buffers_word)) == 0)
        add_fields (class, line, end, ESP_EDGE_BUFFER);
      line = end + 1;
    }
}

static void
read_module (EspTorchscriptCode *self, const char *module)
{
  g_autofree char *path = g_strdelimit (g_strdup (module), ".", '/');
  g_autofree char *name = g_strconcat ("code/", path, ".py", NULL);
  g_autoptr (GBytes) bytes = NULL;
  gsize size;
  const char *text;

  if (self->total >= TOTAL_MAX)
    return;
  bytes = esp_pytorch_archive_read (self->archive, name, TEXT_MAX, NULL);
  if (bytes == NULL)
    return;
  text = g_bytes_get_data (bytes, &size);
  self->total += size;
  read_text (self, module, text, size);
}

EspPytorchEdgeKind
esp_torchscript_code_get_kind (EspTorchscriptCode *self, const char *class_name, const char *field)
{
  const char *dot = strrchr (class_name, '.');
  g_autofree char *module = dot != NULL ? g_strndup (class_name, (gsize) (dot - class_name)) : NULL;
  const Class *class;
  gpointer kind;

  if (module == NULL)
    return ESP_EDGE_ITEM;
  if (!g_hash_table_contains (self->modules, module))
    {
      read_module (self, module);
      g_hash_table_add (self->modules, g_steal_pointer (&module));
    }
  class = g_hash_table_lookup (self->classes, class_name);
  if (class == NULL)
    return ESP_EDGE_ITEM;
  return g_hash_table_lookup_extended (class->kinds, field, NULL, &kind) ? GPOINTER_TO_INT (kind)
                                                                         : ESP_EDGE_ATTRIBUTE;
}
