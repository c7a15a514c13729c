/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jumps of the cell cursor. The search shares the heatmap's pyramid, so what was looked at before
 * isn't read again. */

#include "config.h"

#include "esp-jumper.h"

#include <glib/gi18n.h>

#define MAX_TRAIL 256

struct _EspJumper
{
  GObject parent_instance;

  /* owned */
  EspView *view;
  EspHeatmap *heatmap;
  GCancellable *cancellable;
  GArray *trail; /* gint64: session cells that were jumped from */
  char *status;

  /* state */
  EspFindKind kind; /* of the search that runs, or ran last */
  EspCell last;     /* what it found; row -1: nothing */
};

enum
{
  PROP_0,
  PROP_STATUS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspJumper, esp_jumper, G_TYPE_OBJECT)

static void
set_status (EspJumper *self, const char *status)
{
  if (g_strcmp0 (self->status, status) == 0)
    return;
  g_free (self->status);
  self->status = g_strdup (status);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

static void
cancel (EspJumper *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
forget (EspJumper *self)
{
  cancel (self);
  self->last.row = -1;
  g_array_set_size (self->trail, 0);
  set_status (self, NULL);
}

static const char *
get_nothing (EspFindKind kind)
{
  switch (kind)
    {
    case ESP_FIND_NONFINITE:
      return _ ("No NaN and no infinities in this matrix");
    case ESP_FIND_ZERO_ROW:
      return _ ("No row of this matrix is all 0");
    case ESP_FIND_ZERO_COLUMN:
      return _ ("No column of this matrix is all 0");
    case ESP_FIND_EXTREME:
    case ESP_N_FINDS:
    default:
      return _ ("No finite values in this matrix");
    }
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspJumper) self = user_data;
  g_autoptr (GError) error = NULL;
  EspCell found;
  gint64 from;

  if (esp_find_cell_finish (result, &found, &error))
    {
      g_clear_object (&self->cancellable);
      set_status (self, NULL);
      from = esp_session_get_cell (esp_view_get_session (self->view));
      if (self->trail->len < MAX_TRAIL)
        g_array_append_val (self->trail, from);
      self->last = found;
      esp_view_set_cell (self->view, found.row, found.column);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  set_status (self, error != NULL ? error->message : get_nothing (self->kind));
}

void
esp_jumper_go (EspJumper *self, EspFindKind kind)
{
  g_autoptr (EspPyramid) pyramid = NULL;
  gboolean has_cell;
  EspCell after;

  g_return_if_fail (ESP_IS_JUMPER (self));

  pyramid = esp_heatmap_dup_pyramid (self->heatmap);
  if (pyramid == NULL)
    return;

  cancel (self);
  has_cell = esp_view_get_cell (self->view, &after.row, &after.column);
  /* extremes go down from the largest, not from any cell */
  if (kind == ESP_FIND_EXTREME &&
      !(self->kind == kind && self->last.row == after.row && self->last.column == after.column))
    has_cell = FALSE;
  self->kind = kind;
  self->cancellable = g_cancellable_new ();
  set_status (self, _ ("Searching…"));
  esp_find_cell_async (pyramid, kind, has_cell ? &after : NULL, self->cancellable, on_found,
                       g_object_ref (self));
}

void
esp_jumper_go_back (EspJumper *self)
{
  g_return_if_fail (ESP_IS_JUMPER (self));

  cancel (self);
  set_status (self, NULL);
  if (self->trail->len == 0)
    return;
  esp_session_set_cell (esp_view_get_session (self->view),
                        g_array_index (self->trail, gint64, self->trail->len - 1));
  g_array_set_size (self->trail, self->trail->len - 1);
}

const char *
esp_jumper_get_status (EspJumper *self)
{
  g_return_val_if_fail (ESP_IS_JUMPER (self), NULL);

  return self->status;
}

static void
on_cell_changed (EspJumper *self)
{
  if (self->cancellable == NULL)
    set_status (self, NULL);
}

static void
esp_jumper_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_STATUS:
      g_value_set_string (value, ESP_JUMPER (object)->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_jumper_dispose (GObject *object)
{
  EspJumper *self = ESP_JUMPER (object);

  cancel (self);
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_object (&self->view);
  g_clear_object (&self->heatmap);

  G_OBJECT_CLASS (esp_jumper_parent_class)->dispose (object);
}

static void
esp_jumper_finalize (GObject *object)
{
  EspJumper *self = ESP_JUMPER (object);

  g_array_unref (self->trail);
  g_free (self->status);

  G_OBJECT_CLASS (esp_jumper_parent_class)->finalize (object);
}

static void
esp_jumper_class_init (EspJumperClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_jumper_get_property;
  object_class->dispose = esp_jumper_dispose;
  object_class->finalize = esp_jumper_finalize;
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL,
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_jumper_init (EspJumper *self)
{
  self->trail = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->last.row = -1;
}

EspJumper *
esp_jumper_new (EspView *view, EspHeatmap *heatmap)
{
  EspJumper *self = g_object_new (ESP_TYPE_JUMPER, NULL);

  self->view = g_object_ref (view);
  self->heatmap = g_object_ref (heatmap);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (forget), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "cell-changed", G_CALLBACK (on_cell_changed), self,
                           G_CONNECT_SWAPPED);
  return self;
}
