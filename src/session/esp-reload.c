/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A watch for each document, and a session of its own that reads the newer version, so that the one
 * that is shown changes only when all of it is there. */

#include "config.h"

#include "esp-reload.h"

/* pauses between tries of a version that can't be read, ms: it may be written on */
static const guint pauses[] = { 500, 1000, 2000, 4000 };

struct _EspReload
{
  GObject parent_instance;

  /* owned */
  EspSession *session;
  EspDocument *document; /* that is watched */
  EspWatch *watch;       /* NULL without a checkpoint */
  EspSession *loader;    /* reads; NULL while nothing is read */
  GCancellable *loading;
  GError *error;

  /* state */
  EspReloadState state;
  gboolean automatic;
  gboolean stopped; /* a person doesn't want to hear of this version */
  guint tries;      /* that failed, of this version */
  guint retry_id;
};

enum
{
  PROP_0,
  PROP_STATE,
  PROP_AUTOMATIC,
  N_PROPS
};

enum
{
  LOADED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspReload, esp_reload, G_TYPE_OBJECT)

static EspReloadState
find_state (EspReload *self)
{
  static const EspReloadState states[] = {
    [ESP_WATCH_SAME] = ESP_RELOAD_NONE,         [ESP_WATCH_WRITING] = ESP_RELOAD_WRITING,
    [ESP_WATCH_REPLACED] = ESP_RELOAD_REPLACED, [ESP_WATCH_REWRITTEN] = ESP_RELOAD_REWRITTEN,
    [ESP_WATCH_GONE] = ESP_RELOAD_GONE,
  };
  EspReloadState state = self->watch != NULL ? states[esp_watch_get_state (self->watch)]
                                             : ESP_RELOAD_NONE;

  if (self->loader != NULL)
    return ESP_RELOAD_LOADING;
  if (state == ESP_RELOAD_NONE || self->stopped)
    return self->error != NULL ? ESP_RELOAD_FAILED : ESP_RELOAD_NONE;
  if (self->error != NULL && state != ESP_RELOAD_GONE && state != ESP_RELOAD_WRITING)
    return ESP_RELOAD_FAILED;
  return state;
}

static void
update_state (EspReload *self)
{
  EspReloadState state = find_state (self);

  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
stop_loading (EspReload *self)
{
  g_clear_handle_id (&self->retry_id, g_source_remove);
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->loader);
}

static void load (EspReload *self); /* a try that failed asks for the next */

static gboolean
on_retry (gpointer user_data)
{
  EspReload *self = user_data;

  self->retry_id = 0;
  load (self);
  return G_SOURCE_REMOVE;
}

/* by itself it waits and tries again, and only then tells of it */
static void
take_failure (EspReload *self, GError *take_error)
{
  if (self->automatic && self->tries < G_N_ELEMENTS (pauses))
    {
      g_error_free (take_error);
      self->retry_id = g_timeout_add (pauses[self->tries++], on_retry, self);
    }
  else
    {
      g_clear_error (&self->error);
      self->error = take_error;
    }
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspReload) self = user_data;
  EspSession *loader = ESP_SESSION (source);
  GError *error = NULL;
  gboolean good = esp_session_load_finish (loader, result, &error), taken = FALSE;

  if (loader != self->loader) /* superseded */
    {
      g_clear_error (&error);
      return;
    }
  g_object_ref (loader);
  g_clear_object (&self->loader);
  g_clear_object (&self->loading);
  if (good)
    {
      g_autoptr (EspDocument) document = g_object_ref (esp_session_get_document (loader));

      g_clear_error (&self->error);
      self->stopped = TRUE; /* until the watch of the next one tells otherwise */
      update_state (self);
      g_signal_emit (self, signals[LOADED], 0, document, &taken);
      if (!taken)
        esp_session_replace_document (self->session, document);
    }
  else
    {
      take_failure (self, error);
      update_state (self);
    }
  g_object_unref (loader);
}

static void
load (EspReload *self)
{
  EspCheckpoint *checkpoint = esp_document_get_checkpoint (self->document);

  stop_loading (self);
  self->loading = g_cancellable_new ();
  self->loader = esp_session_new ();
  esp_session_load_async (self->loader, esp_checkpoint_get_path (checkpoint), self->loading,
                          on_loaded, g_object_ref (self));
  update_state (self);
}

static void
on_settled (EspReload *self)
{
  g_clear_error (&self->error);
  self->stopped = FALSE;
  self->tries = 0;
  if (self->automatic && esp_watch_get_state (self->watch) != ESP_WATCH_GONE)
    load (self);
  else
    update_state (self);
}

static void
forget_watch (EspReload *self)
{
  stop_loading (self);
  g_clear_error (&self->error);
  self->stopped = FALSE;
  self->tries = 0;
  if (self->watch != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->watch, self);
      g_object_run_dispose (G_OBJECT (self->watch));
    }
  g_clear_object (&self->watch);
}

static void
on_document (EspReload *self)
{
  EspDocument *document = esp_session_get_document (self->session);
  EspCheckpoint *checkpoint = document != NULL ? esp_document_get_checkpoint (document) : NULL;

  if (document == self->document)
    return;
  forget_watch (self);
  g_set_object (&self->document, document);
  if (checkpoint != NULL)
    {
      self->watch = esp_watch_new (checkpoint);
      g_signal_connect_swapped (self->watch, "settled", G_CALLBACK (on_settled), self);
      g_signal_connect_swapped (self->watch, "notify::state", G_CALLBACK (update_state), self);
    }
  update_state (self);
}

static void
esp_reload_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspReload *self = ESP_RELOAD (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;
    case PROP_AUTOMATIC:
      g_value_set_boolean (value, self->automatic);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_reload_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_AUTOMATIC:
      esp_reload_set_automatic (ESP_RELOAD (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_reload_dispose (GObject *object)
{
  EspReload *self = ESP_RELOAD (object);

  forget_watch (self);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
  g_clear_object (&self->document);
  G_OBJECT_CLASS (esp_reload_parent_class)->dispose (object);
}

static void
esp_reload_class_init (EspReloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_reload_get_property;
  object_class->set_property = esp_reload_set_property;
  object_class->dispose = esp_reload_dispose;

  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, ESP_RELOAD_NONE, ESP_RELOAD_FAILED,
                                        ESP_RELOAD_NONE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_AUTOMATIC] = g_param_spec_boolean ("automatic", NULL, NULL, FALSE,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                    G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[LOADED] = g_signal_new ("loaded", ESP_TYPE_RELOAD, G_SIGNAL_RUN_LAST, 0,
                                  g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 1,
                                  ESP_TYPE_DOCUMENT);
}

static void
esp_reload_init (EspReload *self)
{
}

EspReload *
esp_reload_new (EspSession *session)
{
  EspReload *self;

  g_return_val_if_fail (ESP_IS_SESSION (session), NULL);

  self = g_object_new (ESP_TYPE_RELOAD, NULL);
  self->session = g_object_ref (session);
  g_signal_connect_swapped (session, "notify::document", G_CALLBACK (on_document), self);
  on_document (self);
  return self;
}

EspReloadState
esp_reload_get_state (EspReload *self)
{
  g_return_val_if_fail (ESP_IS_RELOAD (self), ESP_RELOAD_NONE);

  return self->state;
}

const GError *
esp_reload_get_error (EspReload *self)
{
  g_return_val_if_fail (ESP_IS_RELOAD (self), NULL);

  return self->error;
}

void
esp_reload_set_automatic (EspReload *self, gboolean automatic)
{
  g_return_if_fail (ESP_IS_RELOAD (self));

  automatic = !!automatic;
  if (self->automatic == automatic)
    return;
  self->automatic = automatic;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_AUTOMATIC]);
  /* what was told of already */
  if (automatic && (self->state == ESP_RELOAD_REPLACED || self->state == ESP_RELOAD_REWRITTEN))
    load (self);
}

void
esp_reload_now (EspReload *self)
{
  g_return_if_fail (ESP_IS_RELOAD (self));

  if (self->watch == NULL)
    return;
  self->tries = G_N_ELEMENTS (pauses); /* who asks wants to hear */
  g_clear_error (&self->error);
  load (self);
}

void
esp_reload_stop (EspReload *self)
{
  g_return_if_fail (ESP_IS_RELOAD (self));

  stop_loading (self);
  g_clear_error (&self->error);
  self->stopped = TRUE;
  update_state (self);
}
