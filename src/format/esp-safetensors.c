/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of safetensors. In: a file of any size, whose header has some kilobytes to 100 MB.
 * Out: a checkpoint whose tensors are ranges of the file. Every rule of the reference
 * implementation holds, and names may not repeat (esp-safetensors-header.c).
 *
 *   [N: u64][JSON header: N bytes][buffer to the end of the file]
 */

#include "config.h"

#include "esp-safetensors-header.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-role-guess.h"
#include "esp-storage.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* a number as text that ends at @end */
static const char *
print_id (guint number, char *end)
{
  *--end = '\0';
  do
    *--end = (char) ('0' + number % 10);
  while ((number /= 10) > 0);
  return end;
}

static gboolean
add_tensor (EspTreeBuilder *builder,
            EspSource *source,
            guint64 offset,
            const EspSafetensorsEntry *entry,
            guint index,
            const char *shard,
            GError **error)
{
  const char *keys[] = { entry->name, NULL };
  char number[12];
  const char *last = print_id (index, number + sizeof number);
  g_autofree char *id = shard != NULL ? g_strconcat (shard, ":", last, NULL) : NULL;
  g_autoptr (EspStorage) storage = esp_storage_new_for_source (
      source, offset + entry->begin, entry->end - entry->begin, id != NULL ? id : last);
  g_autoptr (EspTensor)
      tensor = esp_tensor_new (entry->dtype->dtype, entry->dtype->name, entry->shape, entry->ndim,
                               NULL, 0, 0, storage, error);

  return tensor != NULL &&
         esp_tree_builder_put_tensor (builder, keys, NULL,
                                      esp_role_guess (entry->name, entry->dtype->dtype),
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

static gboolean
is_misaligned (const EspSafetensorsEntry *entry, guint64 offset)
{
  guint bits = esp_dtype_get_info (entry->dtype->dtype)->bits;

  return bits > 8 && entry->end > entry->begin && (offset + entry->begin) % (bits / 8) != 0;
}

/* Writers that drop a tied tensor name it in the metadata: "dropped": "kept". The tree's builder
 * knows which of them are tensors. "format" never is one, and then most files have none. */
static gboolean
add_implied (EspTreeBuilder *builder, const GPtrArray *metadata, GError **error)
{
  for (guint i = 0; i + 1 < metadata->len; i += 2)
    if (strcmp (metadata->pdata[i], "format") != 0 &&
        !esp_tree_builder_add_implied (builder, metadata->pdata[i], metadata->pdata[i + 1], error))
      return FALSE;
  return TRUE;
}

/* the framework whose tensors these were, as the metadata's "format" says */
static const char *
get_producer (const char *format)
{
  static const char *const producers[][2] = {
    { "pt", "torch" },  { "np", "numpy" }, { "tf", "tensorflow" },
    { "flax", "flax" }, { "mlx", "mlx" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (producers); i++)
    if (strcmp (producers[i][0], format) == 0)
      return producers[i][1];
  return "";
}

static EspCheckpoint *
make_checkpoint (const EspSafetensorsHeader *header, EspTree *tree, guint n_misaligned)
{
  EspCheckpoint *checkpoint = esp_checkpoint_new (esp_format_safetensors.name, tree);
  const GPtrArray *metadata = _esp_safetensors_header_get_metadata (header);
  guint n_cut = _esp_safetensors_header_get_n_cut (header);

  for (guint i = 0; i + 1 < metadata->len; i += 2)
    {
      const char *key = metadata->pdata[i];
      const char *value = metadata->pdata[i + 1];

      esp_checkpoint_add_metadata (checkpoint, key, value);
      if (strcmp (key, "format") == 0)
        esp_checkpoint_set_producer (checkpoint, get_producer (value));
    }
  if (n_cut > 0)
    esp_checkpoint_add_warning (checkpoint,
                                ngettext ("%u value of the metadata is too long and was cut",
                                          "%u values of the metadata are too long and were cut",
                                          n_cut),
                                n_cut);
  if (n_misaligned > 0)
    esp_checkpoint_add_warning (
        checkpoint,
        ngettext ("%u tensor doesn’t lie at a multiple of its element size; programs that map the "
                  "file may refuse it",
                  "%u tensors don’t lie at multiples of their element sizes; programs that map the "
                  "file may refuse them",
                  n_misaligned),
        n_misaligned);
  return checkpoint;
}

/* the header's text, after checking its length */
static GBytes *
read_text (EspSource *source, GCancellable *cancellable, GError **error)
{
  guint64 file_size = esp_source_get_size (source);
  guint64 size;

  if (!esp_source_read (source, 0, sizeof size, &size, cancellable, error))
    return NULL;
  size = GUINT64_FROM_LE (size);
  if (size > ESP_LIMIT_JSON_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the header should have %" PRIu64 " bytes, more than the limit of %d"), size,
                   ESP_LIMIT_JSON_BYTES);
      return NULL;
    }
  if (!esp_range_fits (ESP_SAFETENSORS_PREFIX, size, file_size))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("the file was cut off: its header should end at %" PRIu64
                      ", but it has only %" PRIu64 " bytes"),
                   ESP_SAFETENSORS_PREFIX + size, file_size);
      return NULL;
    }
  return esp_source_read_bytes (source, ESP_SAFETENSORS_PREFIX, size, ESP_LIMIT_JSON_BYTES,
                                cancellable, error);
}

/* the file's header, whose text is gone when this returns; *offset is where the buffer begins */
static EspSafetensorsHeader *
read_header (EspSource *source, guint64 *offset, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) text = read_text (source, cancellable, error);
  gsize size;
  const char *data;

  if (text == NULL)
    return NULL;
  data = g_bytes_get_data (text, &size);
  *offset = ESP_SAFETENSORS_PREFIX + size;
  return _esp_safetensors_header_new (data, size, esp_source_get_size (source) - *offset,
                                      cancellable, error);
}

/* the flat list of tensors; *n_misaligned counts those that lie at odd places */
static EspTreeBuilder *
build (EspSource *source,
       const EspSafetensorsHeader *header,
       guint64 offset,
       const char *shard,
       guint *n_misaligned,
       GCancellable *cancellable,
       GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  EspSafetensorsIter iter;
  const EspSafetensorsEntry *entry;

  *n_misaligned = 0;
  _esp_safetensors_iter_init (&iter, header);
  for (guint i = 0; (entry = _esp_safetensors_iter_next (&iter)) != NULL; i++)
    {
      if (!add_tensor (builder, source, offset, entry, i, shard, error) ||
          (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error)))
        return NULL;
      *n_misaligned += is_misaligned (entry, offset);
    }
  if (!add_implied (builder, _esp_safetensors_header_get_metadata (header), error))
    return NULL;
  return g_steal_pointer (&builder);
}

static EspCheckpoint *
safetensors_read (const EspProbe *probe,
                  EspProgressFunc progress,
                  gpointer user_data,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (EspSafetensorsHeader) header = NULL;
  g_autoptr (EspTreeBuilder) builder = NULL;
  g_autoptr (EspTree) tree = NULL;
  guint64 offset;
  guint n_misaligned;

  header = read_header (probe->source, &offset, cancellable, error);
  if (header == NULL)
    return NULL;
  builder = build (probe->source, header, offset, probe->is_shard ? probe->path : NULL,
                   &n_misaligned, cancellable, error);
  if (builder == NULL)
    return NULL;
  _esp_safetensors_header_drop_entries (header);
  tree = esp_tree_builder_finish (builder, error);
  return tree != NULL ? make_checkpoint (header, tree, n_misaligned) : NULL;
}

static gsize
skip_space (const EspProbe *probe, gsize at)
{
  while (at < probe->head_size && probe->head[at] != '\0' &&
         strchr (" \t\r\n", probe->head[at]) != NULL)
    at++;
  return at;
}

/* A length that a header can have, and what is like the begin of one. Files that were cut off are
 * recognised too, and say so when they are read. */
static gboolean
safetensors_probe (const EspProbe *probe)
{
  const guint8 *head = probe->head;
  gsize at = ESP_SAFETENSORS_PREFIX;
  guint64 size;

  if (probe->head_size <= ESP_SAFETENSORS_PREFIX)
    return FALSE;
  memcpy (&size, head, sizeof size);
  size = GUINT64_FROM_LE (size);
  /* a text that begins with 8 letters gives a number beyond all sense */
  if (size < 2 || size >= (guint64) 1 << 40)
    return FALSE;
  at = skip_space (probe, at);
  if (at == probe->head_size || head[at] != '{')
    return FALSE;
  at = skip_space (probe, at + 1);
  return at == probe->head_size || head[at] == '"' || head[at] == '}';
}

static const char *const suffixes[] = { "safetensors", NULL };

const EspFormat esp_format_safetensors = {
  .name = "safetensors",
  .title = "Safetensors",
  .suffixes = suffixes,
  .probe = safetensors_probe,
  .read = safetensors_read,
  .write = _esp_safetensors_write,
};
