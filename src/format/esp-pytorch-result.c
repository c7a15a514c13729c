/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The end that all of PyTorch's forms have in common: pickles are walked, then tree, metadata,
 * warnings and the report of the pickles make a checkpoint. */

#include "config.h"

#include "esp-pytorch-result.h"

#include "esp-hash.h"
#include "esp-pytorch-tensors.h"
#include "esp-pytorch-walk.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define WARNINGS_MAX 1000
#define PICKLES_MAX 1000 /* that are kept for what they ask for alone */

void
esp_pytorch_result_init (EspPytorchResult *self, GCancellable *cancellable)
{
  self->builder = esp_tree_builder_new (".");
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->pickles = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_pickle_unref);
  self->names = g_hash_table_new (esp_hash_string, g_str_equal);
  self->cancellable = cancellable;
}

void
esp_pytorch_result_clear (EspPytorchResult *self)
{
  g_clear_pointer (&self->builder, esp_tree_builder_free);
  g_clear_pointer (&self->metadata, g_ptr_array_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_clear_pointer (&self->names, g_hash_table_unref);
  g_clear_pointer (&self->pickles, g_ptr_array_unref);
}

void
esp_pytorch_result_take_warning (char *warning, gpointer self)
{
  EspPytorchResult *result = self;

  if (result->warnings->len < WARNINGS_MAX)
    g_ptr_array_add (result->warnings, warning);
  else
    g_free (warning);
}

void
esp_pytorch_result_take_metadata (EspPytorchResult *self, char *key, char *value)
{
  g_ptr_array_add (self->metadata, key);
  g_ptr_array_add (self->metadata, value);
}

void
esp_pytorch_result_add_pickle (EspPytorchResult *self, EspPickle *pickle)
{
  g_ptr_array_add (self->pickles, esp_pickle_ref (pickle));
}

void
esp_pytorch_result_add_pickle_once (EspPytorchResult *self, EspPickle *pickle)
{
  gboolean keep = esp_pickle_get_n_refused (pickle) > 0 && self->pickles->len < PICKLES_MAX;

  for (guint i = 0; i < esp_pickle_get_n_names (pickle) && !keep; i++)
    keep = !g_hash_table_contains (self->names, esp_pickle_get_name (pickle, i)->full);
  if (!keep)
    return;
  esp_pytorch_result_add_pickle (self, pickle);
  for (guint i = 0; i < esp_pickle_get_n_names (pickle); i++)
    g_hash_table_add (self->names, (gpointer) esp_pickle_get_name (pickle, i)->full);
}

gboolean
esp_pytorch_result_walk (EspPytorchResult *self,
                         EspPickle *pickle,
                         EspPytorchStorages *storages,
                         EspTorchscriptCode *code,
                         GError **error)
{
  const char *const root[] = { NULL };

  return esp_pytorch_result_walk_below (self, pickle, root, storages, code, error);
}

gboolean
esp_pytorch_result_walk_below (EspPytorchResult *self,
                               EspPickle *pickle,
                               const char *const *above,
                               EspPytorchStorages *storages,
                               EspTorchscriptCode *code,
                               GError **error)
{
  g_autoptr (EspPytorchTensors) tensors = NULL;
  EspPytorchInner *inner;

  esp_pytorch_result_add_pickle (self, pickle);
  tensors = esp_pytorch_tensors_new (pickle, storages, self->cancellable);
  if (!esp_pytorch_walk (pickle, above, tensors, self->builder, code, self->metadata,
                         self->warnings, self->cancellable, error))
    return FALSE;
  inner = esp_pytorch_tensors_get_inner (tensors);
  for (guint i = 0; i < esp_pytorch_inner_get_n_pickles (inner); i++)
    esp_pytorch_result_add_pickle (self, esp_pytorch_inner_get_pickle (inner, i));
  /* storages that couldn't be opened because of that are no broken ones */
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

static guint64
add_report (EspCheckpoint *checkpoint, EspPickle *pickle)
{
  guint n_names = esp_pickle_get_n_names (pickle);
  guint n_refused = esp_pickle_get_n_refused (pickle);

  for (guint i = 0; i < n_names; i++)
    esp_checkpoint_add_pickle_global (checkpoint, esp_pickle_get_name (pickle, i)->full);
  for (guint i = 0; i < n_refused; i++)
    esp_checkpoint_add_pickle_refused (checkpoint, esp_pickle_get_refused (pickle, i));
  return esp_pickle_get_n_unlisted (pickle);
}

EspCheckpoint *
esp_pytorch_result_finish (EspPytorchResult *self, const char *format, GError **error)
{
  g_autoptr (EspTree) tree = esp_tree_builder_finish (self->builder, error);
  EspCheckpoint *checkpoint;
  guint64 n_unlisted = 0;

  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (format, tree);
  esp_checkpoint_set_producer (checkpoint, "torch");
  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    esp_checkpoint_add_metadata (checkpoint, self->metadata->pdata[i],
                                 self->metadata->pdata[i + 1]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  for (guint i = 0; i < self->pickles->len; i++)
    n_unlisted += add_report (checkpoint, self->pickles->pdata[i]);
  if (n_unlisted > 0)
    esp_checkpoint_add_warning (checkpoint,
                                ngettext ("%" PRIu64 " more call that was not made isn’t listed",
                                          "%" PRIu64 " more calls that were not made aren’t listed",
                                          n_unlisted),
                                n_unlisted);
  return checkpoint;
}
