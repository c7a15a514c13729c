/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What one window or one verb works on. Opening reads in a worker (esp-loader.c); the document is
 * replaced on the main thread only when the new one is complete. */

#include "config.h"

#include "esp-session.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-loader.h"
#include "esp-parameter.h"
#include "esp-undo.h"

#define PROGRESS_INTERVAL_MS 50

struct _EspSession
{
  GObject parent_instance;

  /* owned */
  EspDocument *document;
  EspPlace *selection;
  GCancellable *loading; /* of the load at hand */
  EspUndo *undo;

  /* state */
  EspChannel channel;
  gint64 cell;      /* C-order index, -1 none */
  const char *view; /* interned */
  gboolean newer;   /* the document came by esp_session_replace_document() */
  gboolean busy;
  double progress;
  guint progress_source;
};

enum
{
  PROP_0,
  PROP_DOCUMENT,
  PROP_SELECTION,
  PROP_CHANNEL,
  PROP_CELL,
  PROP_VIEW,
  PROP_BUSY,
  PROP_PROGRESS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (EspSession, esp_session, G_TYPE_OBJECT)

static void
esp_session_dispose (GObject *object)
{
  EspSession *self = ESP_SESSION (object);

  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_handle_id (&self->progress_source, g_source_remove);
  g_clear_object (&self->undo);
  g_clear_object (&self->selection);
  g_clear_object (&self->document);
  G_OBJECT_CLASS (esp_session_parent_class)->dispose (object);
}

static void
esp_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspSession *self = ESP_SESSION (object);

  switch (id)
    {
    case PROP_DOCUMENT:
      g_value_set_object (value, self->document);
      break;
    case PROP_SELECTION:
      g_value_set_object (value, self->selection);
      break;
    case PROP_CHANNEL:
      g_value_set_int (value, self->channel);
      break;
    case PROP_CELL:
      g_value_set_int64 (value, self->cell);
      break;
    case PROP_VIEW:
      g_value_set_string (value, self->view);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, self->busy);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_session_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspSession *self = ESP_SESSION (object);

  switch (id)
    {
    case PROP_DOCUMENT:
      esp_session_set_document (self, g_value_get_object (value));
      break;
    case PROP_SELECTION:
      esp_session_set_selection (self, g_value_get_object (value));
      break;
    case PROP_CHANNEL:
      esp_session_set_channel (self, g_value_get_int (value));
      break;
    case PROP_CELL:
      esp_session_set_cell (self, g_value_get_int64 (value));
      break;
    case PROP_VIEW:
      esp_session_set_view (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_session_class_init (EspSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags writable = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = esp_session_dispose;
  object_class->get_property = esp_session_get_property;
  object_class->set_property = esp_session_set_property;

  props[PROP_DOCUMENT] = g_param_spec_object ("document", NULL, NULL, ESP_TYPE_DOCUMENT, writable);
  props[PROP_SELECTION] = g_param_spec_object ("selection", NULL, NULL, ESP_TYPE_PLACE, writable);
  props[PROP_CHANNEL] = g_param_spec_int ("channel", NULL, NULL, 0, ESP_N_CHANNELS - 1,
                                          ESP_CHANNEL_DATA, writable);
  props[PROP_CELL] = g_param_spec_int64 ("cell", NULL, NULL, -1, G_MAXINT64, -1, writable);
  props[PROP_VIEW] = g_param_spec_string ("view", NULL, NULL, "weights", writable);
  props[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, readable);
  props[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0, 1, 0, readable);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
esp_session_init (EspSession *self)
{
  self->channel = ESP_CHANNEL_DATA;
  self->cell = -1;
  self->view = g_intern_static_string ("weights");
  self->undo = esp_undo_new (self);
}

EspUndo *
esp_session_get_undo (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), NULL);

  return self->undo;
}

EspSession *
esp_session_new (void)
{
  return g_object_new (ESP_TYPE_SESSION, NULL);
}

/* --- what is worked on --- */

EspDocument *
esp_session_get_document (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), NULL);

  return self->document;
}

/* what a cell is counted in; NULL for a module */
static EspTensor *
get_tensor (EspPlace *place)
{
  EspParameter *parameter = place != NULL ? esp_place_get_parameter (place) : NULL;

  return parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
}

static gboolean
have_equal_shape (EspTensor *a, EspTensor *b)
{
  guint ndim;

  if (a == NULL || b == NULL || esp_tensor_get_ndim (a) != esp_tensor_get_ndim (b))
    return FALSE;
  ndim = esp_tensor_get_ndim (a);
  return ndim == 0 ||
         memcmp (esp_tensor_get_shape (a), esp_tensor_get_shape (b), ndim * sizeof (gint64)) == 0;
}

/* @place is in the document's tree, or NULL */
static void
show_document (EspSession *self, EspDocument *document, EspPlace *place)
{
  g_autoptr (EspDocument) old = NULL;

  /* views let go of the old document's places before it goes */
  old = g_steal_pointer (&self->document);
  if (document != NULL)
    self->document = g_object_ref (document);
  g_set_object (&self->selection, place);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DOCUMENT]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTION]);
}

void
esp_session_set_document (EspSession *self, EspDocument *document)
{
  EspPlace *root;

  g_return_if_fail (ESP_IS_SESSION (self));
  g_return_if_fail (document == NULL || ESP_IS_DOCUMENT (document));

  if (self->document == document)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  self->newer = FALSE;
  root = document != NULL ? esp_tree_get_root (esp_document_get_tree (document)) : NULL;
  esp_session_set_channel (self, ESP_CHANNEL_DATA);
  esp_session_set_cell (self, -1);
  show_document (self, document, root);
  g_object_thaw_notify (G_OBJECT (self));
}

void
esp_session_replace_document (EspSession *self, EspDocument *document)
{
  g_autoptr (EspTensor) before = NULL;
  EspTensor *tensor;
  EspPlace *place;

  g_return_if_fail (ESP_IS_SESSION (self));
  g_return_if_fail (ESP_IS_DOCUMENT (document) && document != self->document);

  g_object_freeze_notify (G_OBJECT (self));
  self->newer = self->document != NULL;
  place = esp_document_find_again (document, self->selection);
  tensor = get_tensor (self->selection);
  before = tensor != NULL ? esp_tensor_ref (tensor) : NULL;
  show_document (self, document, place);
  if (!have_equal_shape (before, get_tensor (place)))
    esp_session_set_cell (self, -1);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
esp_session_is_newer (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), FALSE);

  return self->newer;
}

EspPlace *
esp_session_get_selection (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), NULL);

  return self->selection;
}

void
esp_session_set_selection (EspSession *self, EspPlace *place)
{
  g_return_if_fail (ESP_IS_SESSION (self));
  g_return_if_fail (place == NULL || ESP_IS_PLACE (place));

  if (place == self->selection)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  if (!have_equal_shape (get_tensor (self->selection), get_tensor (place)))
    esp_session_set_cell (self, -1);
  g_set_object (&self->selection, place);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTION]);
  g_object_thaw_notify (G_OBJECT (self));
}

gint64
esp_session_get_cell (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), -1);

  return self->cell;
}

void
esp_session_set_cell (EspSession *self, gint64 cell)
{
  EspTensor *tensor;

  g_return_if_fail (ESP_IS_SESSION (self));

  tensor = get_tensor (self->selection);
  if (cell < 0 || tensor == NULL || (guint64) cell >= esp_tensor_get_count (tensor))
    cell = -1;
  if (self->cell == cell)
    return;
  self->cell = cell;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CELL]);
}

const char *
esp_session_get_view (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), NULL);

  return self->view;
}

void
esp_session_set_view (EspSession *self, const char *view)
{
  g_return_if_fail (ESP_IS_SESSION (self) && view != NULL);

  view = g_intern_string (view);
  if (self->view == view)
    return;
  self->view = view;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIEW]);
}

EspChannel
esp_session_get_channel (EspSession *self)
{
  g_return_val_if_fail (ESP_IS_SESSION (self), ESP_CHANNEL_DATA);

  return self->channel;
}

void
esp_session_set_channel (EspSession *self, EspChannel channel)
{
  g_return_if_fail (ESP_IS_SESSION (self));
  g_return_if_fail ((guint) channel < ESP_N_CHANNELS);

  if (self->channel == channel)
    return;
  self->channel = channel;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CHANNEL]);
}

/* --- loading --- */

static EspDocument *
make_document (const EspLoaded *loaded)
{
  if (loaded->trainer != NULL)
    return esp_document_new_for_trainer (loaded->trainer);
  return loaded->network != NULL ? esp_document_new_for_network (loaded->network)
                                 : esp_document_new_for_checkpoint (loaded->checkpoint);
}

EspDocument *
esp_session_load (EspSession *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspDocument) document = NULL;
  g_autoptr (EspLoaded) loaded = NULL;

  g_return_val_if_fail (ESP_IS_SESSION (self) && path != NULL, NULL);

  loaded = esp_loader_load (path, NULL, NULL, cancellable, error);
  if (loaded == NULL)
    return NULL;
  document = make_document (loaded);
  esp_session_set_document (self, document);
  return self->document;
}

/* --- loading in a worker --- */

typedef struct
{
  char *path;
  gint per_mille; /* atomic: written by the worker */
} LoadWork;

static void
free_load_work (gpointer data)
{
  LoadWork *work = data;

  g_free (work->path);
  g_free (work);
}

/* the load that the caller sees: its own cancellable stops the inner one */
typedef struct
{
  GCancellable *inner;
  GCancellable *outer; /* or NULL */
  gulong handler;
} LoadLink;

static void
free_load_link (gpointer data)
{
  LoadLink *link = data;

  if (link->outer != NULL)
    g_cancellable_disconnect (link->outer, link->handler);
  g_clear_object (&link->outer);
  g_object_unref (link->inner);
  g_free (link);
}

static void
set_busy (EspSession *self, gboolean busy)
{
  if (self->busy == busy)
    return;
  self->busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}

static void
set_progress (EspSession *self, double progress)
{
  if (self->progress == progress)
    return;
  self->progress = progress;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROGRESS]);
}

static void
note_progress (double done, gpointer user_data)
{
  LoadWork *work = user_data;

  g_atomic_int_set (&work->per_mille, (gint) (CLAMP (done, 0, 1) * 1000));
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  LoadWork *work = data;
  GError *error = NULL;
  EspLoaded *loaded = esp_loader_load (work->path, note_progress, work, cancellable, &error);

  if (loaded != NULL)
    g_task_return_pointer (task, loaded, (GDestroyNotify) esp_loaded_free);
  else
    g_task_return_error (task, error);
}

typedef struct
{
  EspSession *session;
  GTask *inner;
} Watch;

static void
free_watch (gpointer data)
{
  Watch *watch = data;

  g_object_unref (watch->inner);
  g_free (watch);
}

static gboolean
show_progress (gpointer user_data)
{
  Watch *watch = user_data;
  LoadWork *work = g_task_get_task_data (watch->inner);

  set_progress (watch->session, g_atomic_int_get (&work->per_mille) / 1000.0);
  return G_SOURCE_CONTINUE;
}

static void
load_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) outer = user_data;
  EspSession *self = g_task_get_source_object (outer);
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));
  GError *error = NULL;
  g_autoptr (EspLoaded) loaded = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (EspDocument) document = NULL;

  if (self->loading == cancellable)
    {
      g_clear_object (&self->loading);
      g_clear_handle_id (&self->progress_source, g_source_remove);
      set_busy (self, FALSE);
    }
  if (loaded == NULL)
    {
      g_task_return_error (outer, error);
      return;
    }
  document = make_document (loaded);
  esp_session_set_document (self, document);
  g_task_return_boolean (outer, TRUE);
}

static void
cancel_inner (GCancellable *outer, gpointer inner)
{
  g_cancellable_cancel (inner);
}

void
esp_session_load_async (EspSession *self,
                        const char *path,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *outer;
  g_autoptr (GTask) inner = NULL;
  LoadLink *link = g_new0 (LoadLink, 1);
  LoadWork *work = g_new0 (LoadWork, 1);
  Watch *watch = g_new (Watch, 1);

  g_return_if_fail (ESP_IS_SESSION (self) && path != NULL);

  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_handle_id (&self->progress_source, g_source_remove);
  self->loading = g_cancellable_new ();

  outer = g_task_new (self, NULL, callback, user_data);
  link->inner = g_object_ref (self->loading);
  if (cancellable != NULL)
    {
      link->outer = g_object_ref (cancellable);
      link->handler = g_cancellable_connect (cancellable, G_CALLBACK (cancel_inner), link->inner,
                                             NULL);
    }
  g_task_set_task_data (outer, link, free_load_link);

  /* without a source, so that no worker can be the last to hold the session */
  inner = g_task_new (NULL, self->loading, load_done, outer);
  work->path = g_strdup (path);
  g_task_set_task_data (inner, work, free_load_work);
  watch->session = self;
  watch->inner = g_object_ref (inner);
  self->progress_source = g_timeout_add_full (G_PRIORITY_DEFAULT, PROGRESS_INTERVAL_MS,
                                              show_progress, watch, free_watch);
  set_progress (self, 0);
  set_busy (self, TRUE);
  g_task_run_in_thread (inner, load_in_thread);
}

gboolean
esp_session_load_finish (EspSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

EspNetwork *
esp_session_read_network (const char *path, const EspNetworkOptions *options, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return esp_loader_read_network (path, options, error);
}

/* --- what ships with the program --- */

static const EspTemplate templates[] = {
  { "d2l-mlp", N_ ("Perceptron"),
    N_ ("4-8-1: the network of Dive into Deep Learning’s chapter on "
        "parameters") },
  { "d2l-shared", N_ ("Shared layer"), N_ ("4-8-8-8-1: one layer used twice, one memory") },
  { "xor", N_ ("XOR"), N_ ("2-4-1: the smallest problem that needs a hidden layer") },
  { "spirals", N_ ("Spirals"), N_ ("2-16-16-2: tells two spirals apart") },
  { "digits", N_ ("Digits"), N_ ("64-32-10: reads 1,797 handwritten digits") },
  { "digits-conv", N_ ("Convolutions"), N_ ("Two convolutions read the same digits as images") },
  { "autoencoder", N_ ("Autoencoder"),
    N_ ("64-32-8-32-64: squeezes digits through eight numbers") },
  { "twins", N_ ("Twins"), N_ ("Two digits through one encoder: are they the same?") },
  { "characters", N_ ("Characters"),
    N_ ("Says the next letter; one matrix is embedding and output") },
};

const EspTemplate *
esp_session_get_templates (guint *n)
{
  g_return_val_if_fail (n != NULL, NULL);

  *n = G_N_ELEMENTS (templates);
  return templates;
}

gboolean
esp_session_new_network (EspSession *self, const char *name, GError **error)
{
  g_autofree char *relative = NULL, *path = NULL;

  g_return_val_if_fail (ESP_IS_SESSION (self) && name != NULL, FALSE);

  relative = g_strdup_printf ("networks/%s.json", name);
  path = strchr (name, '/') == NULL ? esp_session_find_data (relative) : NULL;
  if (path == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("There is no network “%s” among those that ship with the program"), name);
      return FALSE;
    }
  return esp_session_load (self, path, NULL, error) != NULL;
}

char *
esp_session_find_data (const char *relative)
{
  const char *folders[] = { g_getenv ("ESPALIER_DATADIR"), ESP_PKGDATADIR, ESP_SOURCE_DATADIR };

  g_return_val_if_fail (relative != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = NULL;

      if (folders[i] == NULL || folders[i][0] == '\0')
        continue;
      path = g_build_filename (folders[i], relative, NULL);
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
}
