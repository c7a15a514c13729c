/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The pieces of a distributed checkpoint. In: ranges of `.distcp` files, each an archive of
 * torch.save() of one tensor or value. Out: the tensor that they are parts of. An opened piece
 * costs some reads and then some hundred bytes for as long as the checkpoint is open. */

#include "config.h"

#include "esp-torch-dcp-piece.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-pytorch-archive.h"
#include "esp-pytorch-tensors.h"
#include "esp-tiles.h"
#include "esp-zip.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define PICKLE_MEMBER "data.pkl"

/* {{{ one piece */

static EspStorage *
open_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  return esp_pytorch_archive_open_storage (user_data, "data/", key, error);
}

static void
ignore_warning (char *warning, gpointer user_data)
{
  g_free (warning);
}

/* calls @use with what is in the archive */
typedef gboolean (*UseFunc) (EspPickle *pickle,
                             EspPytorchStorages *storages,
                             gpointer user_data,
                             GError **error);

static gboolean
with_archive (EspSource *piece,
              const char *shard,
              GCancellable *cancellable,
              UseFunc use,
              gpointer user_data,
              GError **error)
{
  g_autoptr (EspZip) zip = esp_zip_new (piece, cancellable, error);
  g_autoptr (EspPickle) pickle = NULL;
  g_autoptr (EspPytorchStorages) storages = NULL;
  EspPytorchArchive archive;
  EspTensorFlags flags;
  gboolean good = FALSE;

  if (zip == NULL)
    return FALSE;
  if (!esp_pytorch_archive_init (&archive, zip, PICKLE_MEMBER, cancellable))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the archive has no member “%s”"), PICKLE_MEMBER);
      return FALSE;
    }
  archive.shard = shard;
  pickle = esp_pytorch_archive_read_pickle (&archive, PICKLE_MEMBER, error);
  if (pickle != NULL && esp_pytorch_archive_read_byte_order (&archive, &flags, error))
    {
      storages = esp_pytorch_storages_new (open_storage, ignore_warning, &archive, flags);
      good = use (pickle, storages, user_data, error);
    }
  esp_pytorch_archive_clear (&archive);
  return good;
}

typedef struct
{
  EspPytorchResult *result; /* or NULL */
  GCancellable *cancellable;
  EspTensor *tensor;
} TensorUse;

static gboolean
use_tensor (EspPickle *pickle, EspPytorchStorages *storages, gpointer user_data, GError **error)
{
  TensorUse *self = user_data;
  const EspPickleValue *root = esp_pickle_get_root (pickle);
  g_autoptr (EspPytorchTensors) tensors = NULL;
  EspTensor *tensor;

  if (self->result != NULL)
    esp_pytorch_result_add_pickle_once (self->result, pickle);
  if (!esp_pytorch_value_is_tensor (root))
    {
      g_autofree char *text = esp_pickle_value_to_text (root, 200);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("a tensor should be here, but there is %s"), text);
      return FALSE;
    }
  tensors = esp_pytorch_tensors_new (pickle, storages, self->cancellable);
  tensor = esp_pytorch_tensors_get (tensors, root)->tensor;
  if (esp_tensor_get_error (tensor) != NULL)
    {
      g_propagate_error (error, g_error_copy (esp_tensor_get_error (tensor)));
      return FALSE;
    }
  self->tensor = esp_tensor_ref (tensor);
  return TRUE;
}

EspTensor *
esp_dcp_piece_read_tensor (EspSource *piece,
                           EspPytorchResult *result,
                           GCancellable *cancellable,
                           GError **error)
{
  TensorUse use = { result, cancellable, NULL };

  return with_archive (piece, esp_source_get_name (piece), cancellable, use_tensor, &use, error)
             ? use.tensor
             : NULL;
}

typedef struct
{
  EspPytorchResult *result;
  const char *const *above;
} WalkUse;

static gboolean
use_walk (EspPickle *pickle, EspPytorchStorages *storages, gpointer user_data, GError **error)
{
  WalkUse *self = user_data;

  return esp_pytorch_result_walk_below (self->result, pickle, self->above, storages, NULL, error);
}

gboolean
esp_dcp_piece_walk (EspSource *piece,
                    const char *const *above,
                    EspPytorchResult *result,
                    GError **error)
{
  WalkUse use = { result, above };

  return with_archive (piece, esp_source_get_name (piece), result->cancellable, use_walk, &use,
                       error);
}

/* }}} */
/* {{{ the bytes of a piece, opened when one is wanted */

typedef struct
{
  EspSource *source;
  EspDtype dtype;
  guint ndim;
  gint64 *shape; /* (ndim) */

  GMutex lock;       /* of the following */
  EspTensor *opened; /* or NULL */
} Piece;

/* "(2, 3)", as PyTorch writes it */
static char *
show_shape (const gint64 *shape, guint ndim)
{
  GString *out = g_string_new ("(");

  for (guint i = 0; i < ndim; i++)
    g_string_append_printf (out, i > 0 ? ", %" PRIi64 : "%" PRIi64, shape[i]);
  g_string_append_c (out, ')');
  return g_string_free (out, FALSE);
}

static gboolean
check_piece (const Piece *self, EspTensor *tensor, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);
  gboolean same = esp_tensor_get_ndim (tensor) == self->ndim &&
                  esp_tensor_get_dtype (tensor) == self->dtype &&
                  esp_tensor_get_affine (tensor) == NULL;
  g_autofree char *wanted = NULL;
  g_autofree char *found = NULL;

  for (guint i = 0; same && i < self->ndim; i++)
    same = shape[i] == self->shape[i];
  if (same)
    return TRUE;
  wanted = show_shape (self->shape, self->ndim);
  found = show_shape (shape, esp_tensor_get_ndim (tensor));
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("it should be %s of %s, but it is %s of %s"),
               esp_dtype_get_info (self->dtype)->name, wanted, esp_tensor_get_dtype_name (tensor),
               found);
  return FALSE;
}

/* a new reference */
static EspTensor *
piece_open (Piece *self, EspPytorchResult *result, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspTensor) tensor = NULL;

  g_mutex_lock (&self->lock);
  if (self->opened != NULL)
    tensor = esp_tensor_ref (self->opened);
  g_mutex_unlock (&self->lock);
  if (tensor != NULL)
    return g_steal_pointer (&tensor);
  tensor = esp_dcp_piece_read_tensor (self->source, result, cancellable, error);
  if (tensor == NULL || !check_piece (self, tensor, error))
    {
      g_prefix_error (error, "%s: ", esp_source_get_name (self->source));
      return NULL;
    }
  g_mutex_lock (&self->lock);
  if (self->opened == NULL)
    self->opened = esp_tensor_ref (tensor);
  g_mutex_unlock (&self->lock);
  return g_steal_pointer (&tensor);
}

/* whole elements: whoever puts pieces together asks for no others */
static gboolean
piece_read (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  Piece *self = data;
  guint64 element = esp_dtype_get_info (self->dtype)->bits / 8;
  g_autoptr (EspTensor) tensor = piece_open (self, NULL, cancellable, error);

  g_return_val_if_fail (offset % element == 0 && length % element == 0, FALSE);

  return tensor != NULL && esp_tensor_read_bytes (tensor, offset / element, length / element,
                                                  buffer, cancellable, error);
}

static void
piece_free (gpointer data)
{
  Piece *self = data;

  esp_source_unref (self->source);
  g_clear_pointer (&self->opened, esp_tensor_unref);
  g_mutex_clear (&self->lock);
  g_free (self->shape);
  g_free (self);
}

static const EspStorageFuncs piece_funcs = { piece_read, piece_free, NULL };

/* NULL where it has too many bytes to count. @out: receives the piece, which is the storage's. */
static EspStorage *
piece_new (EspSource *source, EspDtype dtype, const gint64 *shape, guint ndim, Piece **out)
{
  guint64 bytes = esp_dtype_get_info (dtype)->bits / 8;
  Piece *self;

  for (guint i = 0; i < ndim; i++)
    if (!esp_mul_u64 (bytes, (guint64) shape[i], &bytes) || bytes > G_MAXINT64)
      return NULL;
  *out = self = g_new0 (Piece, 1);
  self->source = esp_source_ref (source);
  self->dtype = dtype;
  self->ndim = ndim;
  self->shape = g_memdup2 (shape, ndim * sizeof *shape);
  g_mutex_init (&self->lock);
  return esp_storage_new (&piece_funcs, self, esp_source_get_name (source), bytes);
}

/* }}} */
/* {{{ a tensor of pieces */

static gboolean
is_whole (const EspDcpItem *item, const gint64 *sizes)
{
  for (guint i = 0; i < item->ndim; i++)
    if (sizes[i] != item->shape[i])
      return FALSE;
  return TRUE;
}

/* @whole: receives a new reference on the piece that is all of the tensor, so that it needn't be
 * put together */
static gboolean
add_piece (EspTiles *tiles,
           const EspDcpItem *item,
           guint index,
           EspSource *source,
           EspPytorchResult *result,
           EspTensor **whole,
           GError **error)
{
  const gint64 *start = item->boxes + (gsize) index * 2 * item->ndim;
  const gint64 *sizes = start + item->ndim;
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  Piece *piece;

  storage = piece_new (source, item->dtype->dtype, sizes, item->ndim, &piece);
  if (storage == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("piece %u has more bytes than 63 bits can count"), index);
      return FALSE;
    }
  if (!esp_tiles_add (tiles, start, sizes, storage, 0, error))
    return FALSE;
  if (result == NULL)
    return TRUE;
  tensor = piece_open (piece, result, result->cancellable, error);
  if (tensor != NULL && *whole == NULL && is_whole (item, sizes))
    *whole = esp_tensor_ref (tensor);
  return tensor != NULL;
}

EspTensor *
esp_dcp_tensor_new (const EspDcpItem *item,
                    EspSource *const *pieces,
                    EspPytorchResult *result,
                    GError **error)
{
  g_autofree char *id = esp_pickle_value_to_name (item->fqn, 200);
  g_autoptr (EspTiles) tiles = NULL;
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) whole = NULL;

  if (esp_dtype_get_info (item->dtype->dtype)->bits % 8 != 0)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("pieces of %s can’t be put together"), item->dtype->native);
      return NULL;
    }
  tiles = esp_tiles_new (item->dtype->dtype, item->shape, item->ndim, error);
  if (tiles == NULL)
    return NULL;
  for (guint i = 0; i < item->n_chunks; i++)
    if (pieces[i] != NULL && !add_piece (tiles, item, i, pieces[i], result, &whole, error))
      return NULL;
  storage = esp_tiles_finish (g_steal_pointer (&tiles), id, error);
  if (storage == NULL)
    return NULL;
  if (whole != NULL)
    return g_steal_pointer (&whole);
  return esp_tensor_new (item->dtype->dtype, item->dtype->native, item->shape, item->ndim, NULL, 0,
                         0, storage, error);
}

/* }}} */
