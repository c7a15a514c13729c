/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Stamps of files, taken again and again in a worker, and compared with those of the checkpoint. A
 * version is told of when two looks half a second apart saw the same. Monitors of the folders only
 * make a look come sooner. */

#include "config.h"

#include "esp-watch.h"

#define LOOK_EVERY_MS 2000
#define LOOK_AFTER_EVENT_MS 50
#define SETTLE_US (G_USEC_PER_SEC / 2)
#define SETTLE_MS (SETTLE_US / 1000 + 20)
#define LONG_US (2 * G_USEC_PER_SEC) /* of writing, until that is worth telling */
#define MOST_MONITORS 8              /* each is a watch of the system's */

struct _EspWatch
{
  GObject parent_instance;

  /* owned */
  GPtrArray *before; /* EspFileStamp, as they were opened */
  GPtrArray *last;   /* as of the last look, where something differed; NULL */
  GPtrArray *told;   /* the version that "settled" told of; NULL */
  GPtrArray *monitors;
  GCancellable *cancellable;

  /* state */
  EspWatchState state;
  gint64 changed_at; /* when @last was seen first, µs */
  gint64 began_at;   /* when something differed first */
  guint monitor_id;  /* source that is going to monitor the folders */
  guint look_id;     /* source */
  gint64 look_at;    /* when it is due, µs */
  gboolean looking;  /* a worker is at it */
  gboolean again;    /* something happened meanwhile */
};

enum
{
  PROP_0,
  PROP_STATE,
  N_PROPS
};

enum
{
  SETTLED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspWatch, esp_watch, G_TYPE_OBJECT)

static gboolean
are_equal (GPtrArray *a, GPtrArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!esp_file_stamp_equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

/* what became of the files; the worst of it */
static EspWatchState
compare (GPtrArray *before, GPtrArray *now)
{
  EspWatchState state = ESP_WATCH_SAME;

  for (guint i = 0; i < before->len; i++)
    {
      const EspFileStamp *old = before->pdata[i], *new = now->pdata[i];

      if (esp_file_stamp_equal (old, new))
        continue;
      if (old->found && !new->found)
        return ESP_WATCH_GONE;
      if (old->found && old->identity.inode == new->identity.inode &&
          old->identity.device == new->identity.device)
        state = ESP_WATCH_REWRITTEN;
      else if (state == ESP_WATCH_SAME)
        state = ESP_WATCH_REPLACED;
    }
  return state;
}

static void
set_state (EspWatch *self, EspWatchState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void look_in (EspWatch *self, guint ms); /* each look asks for the next */

static void
take_look (EspWatch *self, GPtrArray *now)
{
  EspWatchState state = compare (self->before, now);
  gint64 time = g_get_monotonic_time ();

  if (state == ESP_WATCH_SAME)
    {
      g_clear_pointer (&self->last, g_ptr_array_unref);
      g_clear_pointer (&self->told, g_ptr_array_unref);
      set_state (self, state);
      look_in (self, LOOK_EVERY_MS);
      return;
    }
  if (self->last == NULL)
    self->began_at = time;
  if (!are_equal (self->last, now))
    {
      g_clear_pointer (&self->last, g_ptr_array_unref);
      self->last = g_ptr_array_ref (now);
      self->changed_at = time;
    }
  if (time - self->changed_at < SETTLE_US)
    {
      if (time - self->began_at > LONG_US)
        set_state (self, ESP_WATCH_WRITING);
      look_in (self, SETTLE_MS);
      return;
    }
  self->began_at = time;
  look_in (self, LOOK_EVERY_MS);
  set_state (self, state);
  if (are_equal (self->told, now))
    return;
  g_clear_pointer (&self->told, g_ptr_array_unref);
  self->told = g_ptr_array_ref (now);
  g_signal_emit (self, signals[SETTLED], 0);
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *before = data;
  g_autoptr (GPtrArray) now = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_file_stamp_free);

  for (guint i = 0; i < before->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const EspFileStamp *stamp = before->pdata[i];

      g_ptr_array_add (now, esp_file_stamp_new (stamp->path));
    }
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, g_steal_pointer (&now), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspWatch) self = user_data;
  g_autoptr (GPtrArray) now = g_task_propagate_pointer (G_TASK (result), NULL);

  self->looking = FALSE;
  if (now == NULL)
    return;
  take_look (self, now);
  if (self->again)
    esp_watch_look (self);
  self->again = FALSE;
}

static gboolean
on_look (gpointer user_data)
{
  EspWatch *self = user_data;
  g_autoptr (GTask) task = NULL;

  self->look_id = 0;
  self->looking = TRUE;
  task = g_task_new (NULL, self->cancellable, on_looked, g_object_ref (self));
  g_task_set_task_data (task, g_ptr_array_ref (self->before), (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, look_in_thread);
  return G_SOURCE_REMOVE;
}

/* unless one comes before that anyway; a look that goes on asks for the next itself */
static void
look_in (EspWatch *self, guint ms)
{
  gint64 at = g_get_monotonic_time () + ms * (gint64) 1000;

  if (self->looking || (self->look_id != 0 && self->look_at <= at))
    return;
  g_clear_handle_id (&self->look_id, g_source_remove);
  self->look_at = at;
  self->look_id = g_timeout_add (ms, on_look, self);
}

void
esp_watch_look (EspWatch *self)
{
  g_return_if_fail (ESP_IS_WATCH (self));

  self->again = self->looking;
  look_in (self, LOOK_AFTER_EVENT_MS);
}

/* In a turn of its own: where a folder has many files, the kernel takes its time. What happened
 * before is looked for then. */
static gboolean
monitor_folders (gpointer user_data)
{
  EspWatch *self = user_data;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->before->len && self->monitors->len < MOST_MONITORS; i++)
    {
      const EspFileStamp *stamp = self->before->pdata[i];
      char *folder = g_path_get_dirname (stamp->path);
      g_autoptr (GFile) file = g_file_new_for_path (folder);
      GFileMonitor *monitor;

      if (!g_hash_table_add (seen, folder))
        continue;
      monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, self->cancellable,
                                          NULL);
      if (monitor == NULL) /* looking every now and then has to do */
        continue;
      g_signal_connect_swapped (monitor, "changed", G_CALLBACK (esp_watch_look), self);
      g_ptr_array_add (self->monitors, monitor);
    }
  self->monitor_id = 0;
  esp_watch_look (self);
  return G_SOURCE_REMOVE;
}

static void
esp_watch_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_STATE:
      g_value_set_int (value, ESP_WATCH (object)->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_watch_dispose (GObject *object)
{
  EspWatch *self = ESP_WATCH (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->monitor_id, g_source_remove);
  g_clear_handle_id (&self->look_id, g_source_remove);
  for (guint i = 0; i < self->monitors->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->monitors->pdata[i], self);
      g_file_monitor_cancel (self->monitors->pdata[i]);
    }
  g_ptr_array_set_size (self->monitors, 0);
  G_OBJECT_CLASS (esp_watch_parent_class)->dispose (object);
}

static void
esp_watch_finalize (GObject *object)
{
  EspWatch *self = ESP_WATCH (object);

  g_clear_pointer (&self->before, g_ptr_array_unref);
  g_clear_pointer (&self->last, g_ptr_array_unref);
  g_clear_pointer (&self->told, g_ptr_array_unref);
  g_ptr_array_unref (self->monitors);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (esp_watch_parent_class)->finalize (object);
}

static void
esp_watch_class_init (EspWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_watch_get_property;
  object_class->dispose = esp_watch_dispose;
  object_class->finalize = esp_watch_finalize;

  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, ESP_WATCH_SAME, ESP_WATCH_GONE,
                                        ESP_WATCH_SAME, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[SETTLED] = g_signal_new ("settled", ESP_TYPE_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
esp_watch_init (EspWatch *self)
{
  self->cancellable = g_cancellable_new ();
  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
}

EspWatch *
esp_watch_new (EspCheckpoint *checkpoint)
{
  EspWatch *self;

  g_return_val_if_fail (ESP_IS_CHECKPOINT (checkpoint), NULL);

  self = g_object_new (ESP_TYPE_WATCH, NULL);
  self->before = g_ptr_array_ref (esp_checkpoint_get_files (checkpoint));
  if (self->before->len > 0)
    {
      self->monitor_id = g_idle_add (monitor_folders, self);
      look_in (self, LOOK_EVERY_MS);
    }
  return self;
}

EspWatchState
esp_watch_get_state (EspWatch *self)
{
  g_return_val_if_fail (ESP_IS_WATCH (self), ESP_WATCH_SAME);

  return self->state;
}
