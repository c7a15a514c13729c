/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of PyTorch's distributed checkpoints. In: a folder, of which `.metadata` is read
 * whole and the rest in places; tensors by the thousand, pieces by the million.
 *
 *   .metadata      a pickle: names, shapes, pieces, where each piece lies (esp-torch-dcp-table.h)
 *   __R_I.distcp   pieces that process R wrote, one after another, each an archive of torch.save()
 *
 * Out: one tensor a name, whatever pieces it was saved in. Where the pieces are few, all are opened
 * at once, so that what is wrong with one is said at the beginning. */

#include "config.h"

#include "esp-torch-dcp.h"

#include "esp-beside.h"
#include "esp-check.h"
#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-pytorch-result.h"
#include "esp-pytorch-roles.h"
#include "esp-torch-dcp-piece.h"
#include "esp-torch-dcp-table.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define METADATA ".metadata"
#define EAGER_PIECES 10000 /* opening one takes a tenth of a millisecond */
#define VALUES_MAX 4000    /* that are no tensors */

typedef struct
{
  EspPytorchResult result;
  EspDcpTable *table;
  EspBeside *beside;
  GHashTable *files; /* path -> File */
  guint64 file_size;
  gboolean eager;
  guint n_values;
  guint n_values_left_out;
} Reader;

typedef struct
{
  EspSource *source; /* or NULL */
  GError *error;
  guint n_missed; /* tensors with a piece in it, when it can't be opened */
} File;

static void G_GNUC_PRINTF (2, 3) warn (Reader *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  esp_pytorch_result_take_warning (g_strdup_vprintf (format, args), &self->result);
  va_end (args);
}

/* {{{ files */

static void
file_free (gpointer data)
{
  File *self = data;

  g_clear_pointer (&self->source, esp_source_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static File *
get_file (Reader *self, const char *path, GError **error)
{
  File *file = g_hash_table_lookup (self->files, path);

  if (file != NULL)
    return file;
  if (g_hash_table_size (self->files) >= ESP_LIMIT_SHARDS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("pieces lie in more than %d files"), ESP_LIMIT_SHARDS);
      return NULL;
    }
  file = g_new0 (File, 1);
  file->source = esp_beside_open (self->beside, path, ESP_BESIDE_LINKS, &file->error);
  if (file->source != NULL)
    self->file_size += esp_source_get_size (file->source);
  g_hash_table_insert (self->files, g_strdup (path), file);
  return file;
}

/* The bytes of a piece. @missing: receives the file that can't be opened, where that is why there
 * are none */
static EspSource *
open_piece (Reader *self, const EspDcpPlace *place, File **missing, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *shown = NULL;
  File *file;

  if (place->path == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("storage_data doesn’t say where a piece of it lies"));
      return NULL;
    }
  shown = esp_path_escape (place->path);
  if (place->transformed)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("%s: it was transformed when it was saved (compressed, for instance); save "
                      "the checkpoint without extensions"),
                   shown);
      return NULL;
    }
  file = get_file (self, place->path, error);
  if (file == NULL)
    return NULL;
  if (file->source == NULL)
    {
      *missing = file;
      g_propagate_error (error, g_error_copy (file->error));
      return NULL;
    }
  if (!esp_range_fits (place->offset, place->length, esp_source_get_size (file->source)))
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
          _ ("%s: %" PRIu64 " bytes at offset %" PRIu64 " end beyond the file (%" PRIu64 " bytes)"),
          shown, place->length, place->offset, esp_source_get_size (file->source));
      return NULL;
    }
  name = g_strdup_printf ("%s:%" PRIu64, shown, place->offset);
  return esp_source_new_range (file->source, place->offset, place->length, name);
}

/* }}} */
/* {{{ tensors */

static void
free_pieces (EspSource **pieces, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&pieces[i], esp_source_unref);
  g_free (pieces);
}

static gboolean
has_elements (const EspDcpItem *item, guint chunk)
{
  const gint64 *sizes = item->boxes + ((gsize) chunk * 2 + 1) * item->ndim;

  for (guint i = 0; i < item->ndim; i++)
    if (sizes[i] == 0)
      return FALSE;
  return TRUE;
}

static EspTensor *
make_tensor (Reader *self, const EspDcpItem *item, File **missing, GError **error)
{
  EspSource **pieces;
  EspTensor *tensor = NULL;
  gboolean good = TRUE;

  if (item->broken != NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, item->broken);
      return NULL;
    }
  if (item->dtype == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("unknown data type %s"), item->dtype_name);
      return NULL;
    }
  pieces = g_new0 (EspSource *, item->n_chunks);
  for (guint i = 0; i < item->n_chunks && good; i++)
    if (has_elements (item, i))
      {
        pieces[i] = open_piece (self, &item->places[i], missing, error);
        good = pieces[i] != NULL;
      }
  if (good)
    tensor = esp_dcp_tensor_new (item, pieces, self->eager ? &self->result : NULL, error);
  free_pieces (pieces, item->n_chunks);
  return tensor;
}

/* takes @reason */
static EspTensor *
make_unreadable (const EspDcpItem *item, GError *reason)
{
  return esp_tensor_new_unreadable (item->dtype != NULL ? item->dtype->dtype : ESP_DTYPE_RAW,
                                    item->dtype != NULL ? item->dtype->native : item->dtype_name,
                                    item->shape, item->ndim, reason);
}

/* the keys that lead to it, as it was nested when it was saved; else its name is all there is */
static GStrv
make_keys (const EspDcpItem *item)
{
  GPtrArray *keys = g_ptr_array_new ();

  for (guint i = 0; item->path != NULL && i < item->path->items.n; i++)
    g_ptr_array_add (keys,
                     esp_pickle_value_to_name (item->path->items.items[i], ESP_LIMIT_NAME_BYTES));
  if (keys->len == 0)
    g_ptr_array_add (keys, esp_pickle_value_to_name (item->fqn, ESP_LIMIT_NAME_BYTES));
  g_ptr_array_add (keys, NULL);
  return (GStrv) g_ptr_array_free (keys, FALSE);
}

/* as in a file of torch.save() with the same keys */
static EspRole
get_role (const EspDcpItem *item, const char *const *keys, EspTensor *data)
{
  EspPytorchTensor tensor = { .tensor = data };
  EspPytorchContext context = ESP_CONTEXT_MODEL;
  EspPytorchEdge edge = { .kind = ESP_EDGE_ITEM, .value = item->fqn };
  guint n = g_strv_length ((GStrv) keys);

  for (guint i = 0; i < n; i++)
    {
      edge.key = item->path != NULL ? item->path->items.items[i] : item->fqn;
      context = esp_pytorch_context_below (context, &edge);
    }
  return esp_pytorch_get_role (&edge, context, &tensor, keys[n - 1]);
}

static gboolean
add_tensor (Reader *self, const EspDcpItem *item, GError **error)
{
  g_auto (GStrv) owned = make_keys (item);
  const char *const *keys = (const char *const *) owned;
  g_autoptr (EspTensor) tensor = NULL;
  GError *reason = NULL;
  File *missing = NULL;
  EspRole role;

  tensor = make_tensor (self, item, &missing, &reason);
  if (g_cancellable_set_error_if_cancelled (self->result.cancellable, error))
    {
      g_clear_error (&reason);
      return FALSE;
    }
  if (missing != NULL)
    missing->n_missed++;
  else if (tensor == NULL)
    {
      g_autofree char *path = esp_path_join (keys, ".");
      g_autofree char *shown = esp_path_escape (path);

      warn (self, _ ("“%s” can’t be read: %s"), shown, reason->message);
    }
  if (tensor == NULL)
    tensor = make_unreadable (item, reason);
  role = get_role (item, keys, tensor);
  if (missing != NULL)
    return esp_tree_builder_put_absent (self->result.builder, keys, role, tensor, error);
  return esp_tree_builder_put_tensor (
      self->result.builder, keys, NULL, role,
      item->requires_grad ? ESP_REQUIRES_GRAD_YES : ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

/* }}} */
/* {{{ values that are no tensors */

static gboolean
add_value (Reader *self, const EspDcpItem *item, GError **error)
{
  g_auto (GStrv) keys = make_keys (item);
  g_autoptr (EspSource) piece = NULL;
  g_autoptr (GError) reason = NULL;
  File *missing = NULL;

  if (self->n_values++ >= VALUES_MAX)
    {
      self->n_values_left_out++;
      return TRUE;
    }
  piece = open_piece (self, &item->places[0], &missing, &reason);
  if (piece != NULL &&
      esp_dcp_piece_walk (piece, (const char *const *) keys, &self->result, &reason))
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (self->result.cancellable, error))
    return FALSE;
  /* the tree is full: that is no fault of this value */
  if (g_error_matches (reason, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  {
    g_autofree char *path = esp_path_join ((const char *const *) keys, ".");
    g_autofree char *shown = esp_path_escape (path);

    warn (self, _ ("“%s” can’t be read: %s"), shown, reason->message);
  }
  return TRUE;
}

/* }}} */
/* {{{ the whole */

static void
warn_of_files (Reader *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const File *file = value;

      if (file->n_missed > 0)
        warn (self,
              ngettext ("%s; %u tensor with a piece in it can’t be shown",
                        "%s; %u tensors with pieces in it can’t be shown", file->n_missed),
              file->error->message, file->n_missed);
    }
  if (self->n_values_left_out > 0)
    warn (self,
          ngettext ("%u more value that is no tensor isn’t listed",
                    "%u more values that are no tensors aren’t listed", self->n_values_left_out),
          self->n_values_left_out);
  if (!self->eager)
    warn (self, _ ("The tensors are in so many pieces that the pickle of each is only read when "
                   "its values are; what these pickles ask for isn’t listed"));
}

static gboolean
read_items (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  GArray *items = self->table->items;
  guint64 n_pieces = 0;

  for (guint i = 0; i < items->len; i++)
    n_pieces += g_array_index (items, EspDcpItem, i).n_chunks;
  self->eager = n_pieces <= EAGER_PIECES;
  for (guint i = 0; i < items->len; i++)
    {
      const EspDcpItem *item = &g_array_index (items, EspDcpItem, i);

      if (!(item->is_tensor ? add_tensor (self, item, error) : add_value (self, item, error)))
        return FALSE;
      if (progress != NULL && i % 64 == 0)
        progress ((i + 1.0) / items->len, user_data);
    }
  warn_of_files (self);
  return TRUE;
}

static EspCheckpoint *
read_table (Reader *self,
            EspSource *source,
            EspProgressFunc progress,
            gpointer user_data,
            GError **error)
{
  GCancellable *cancellable = self->result.cancellable;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspPickle) pickle = NULL;
  EspCheckpoint *checkpoint = NULL;

  bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), ESP_LIMIT_PICKLE_BYTES,
                                 cancellable, error);
  if (bytes != NULL)
    pickle = esp_pickle_new (bytes, 0, METADATA, cancellable, error);
  if (pickle == NULL)
    return NULL;
  esp_pytorch_result_add_pickle (&self->result, pickle);
  self->table = esp_dcp_table_new (pickle, cancellable, error);
  if (self->table != NULL && read_items (self, progress, user_data, error))
    checkpoint = esp_pytorch_result_finish (&self->result, esp_format_torch_dcp.name, error);
  if (checkpoint != NULL)
    esp_checkpoint_set_file_size (checkpoint, self->file_size + esp_source_get_size (source));
  g_clear_pointer (&self->table, esp_dcp_table_free);
  return checkpoint;
}

static EspCheckpoint *
dcp_read (const EspProbe *probe,
          EspProgressFunc progress,
          gpointer user_data,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (EspSource) source = NULL;
  EspCheckpoint *checkpoint = NULL;
  Reader self = { 0 };

  self.beside = esp_beside_new_for_file (probe->path, error);
  if (self.beside == NULL)
    return NULL;
  if (esp_dcp_table_is_one (probe->head, probe->head_size))
    source = esp_source_ref (probe->source);
  else
    source = esp_beside_open (self.beside, METADATA, ESP_BESIDE_LINKS, error);
  if (source != NULL)
    {
      esp_pytorch_result_init (&self.result, cancellable);
      self.files = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, file_free);
      checkpoint = read_table (&self, source, progress, user_data, error);
      g_hash_table_unref (self.files);
      esp_pytorch_result_clear (&self.result);
    }
  esp_beside_unref (self.beside);
  return checkpoint;
}

/* its table; or a file of pieces, which says little without that */
static gboolean
dcp_probe (const EspProbe *probe)
{
  g_autofree char *folder = NULL;
  g_autofree char *table = NULL;

  if (probe->is_shard)
    return FALSE;
  if (esp_dcp_table_is_one (probe->head, probe->head_size))
    return TRUE;
  if (!g_str_has_suffix (probe->path, ".distcp"))
    return FALSE;
  folder = g_path_get_dirname (probe->path);
  table = g_build_filename (folder, METADATA, NULL);
  return g_file_test (table, G_FILE_TEST_IS_REGULAR);
}

static const char *const suffixes[] = { "metadata", "distcp", NULL };

const EspFormat esp_format_torch_dcp = {
  .name = "torch-dcp",
  .title = "PyTorch",
  .suffixes = suffixes,
  .probe = dcp_probe,
  .read = dcp_read,
};

/* }}} */
