/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the canvas shows of the selection: follows the session's selection, channel, cell and
 * document. In: the session; out: a tensor or a message. Its matrix is made in esp-view-slice.c,
 * statistics and norm in esp-view-stats.c. */

#include "config.h"

#include "esp-view-private.h"

#include <glib/gi18n.h>

/* elements up to which work is done on the spot: well under a millisecond */
#define QUICK_ELEMENTS 65536

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static guint signals[ESP_VIEW_N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspView, esp_view, G_TYPE_OBJECT)

void
_esp_view_emit (EspView *self, EspViewSignal signal)
{
  g_signal_emit (self, signals[signal], 0);
}

void
_esp_view_set_message (EspView *self, const char *title, const char *details)
{
  self->kind = ESP_VIEW_MESSAGE;
  g_free (self->title);
  g_free (self->details);
  self->title = g_strdup (title);
  self->details = g_strdup (details);
}

/* which channel is missing, and why */
static void
set_missing (EspView *self)
{
  EspParameter *parameter = esp_place_get_parameter (self->place);

  if (!esp_view_is_live (self))
    _esp_view_set_message (
        self, _ ("No gradient in this file"),
        _ ("Checkpoints hold values; gradients are there while a network trains."));
  else if (esp_parameter_get_role (parameter) == ESP_ROLE_BUFFER)
    _esp_view_set_message (self, _ ("No gradient"),
                           _ ("A buffer isn't trained, so it has no gradient."));
  else if (esp_view_get_channel (self) != ESP_CHANNEL_GRAD)
    _esp_view_set_message (self, _ ("Not there yet"), _ ("It is there after the first step."));
  else
    _esp_view_set_message (self, _ ("No gradient yet"),
                           _ ("It is there after the first backward pass: play or do one step."));
}

static EspTensor *
find_tensor (EspView *self)
{
  EspParameter *parameter = self->place != NULL ? esp_place_get_parameter (self->place) : NULL;

  if (parameter == NULL)
    return NULL;

  return esp_parameter_get_channel (parameter, esp_view_get_channel (self));
}

static void
forget (EspView *self)
{
  _esp_view_cancel_scan (self);
  g_clear_pointer (&self->plain, esp_tensor_unref);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_pointer (&self->cells, esp_tensor_unref);
  g_clear_pointer (&self->stats, esp_stats_unref);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->details, g_free);
  self->has_norm = FALSE;
  self->held = 0;
}

/* another selection or channel */
static void
restart (gpointer user_data)
{
  EspView *self = user_data;
  EspSession *session = esp_session_watch_get_session (self->watch);
  EspPlace *place = session != NULL ? esp_session_get_selection (session) : NULL;
  EspTensor *tensor;
  gboolean same_place = place == self->place;

  forget (self);
  if (!same_place)
    {
      esp_unit_marks_set_place (self->marks, NULL, NULL);
      if (self->channel < 0 &&
          !esp_look_get_locked (self->look)) /* a typed range is for one tensor */
        esp_look_clear_typed (self->look);
    }
  g_set_object (&self->place, place);
  tensor = find_tensor (self);
  _esp_view_set_tensor (self, NULL);

  if (place == NULL)
    self->kind = ESP_VIEW_NOTHING;
  else if (esp_place_get_module (place) != NULL)
    self->kind = ESP_VIEW_MODULE;
  else if (tensor == NULL)
    set_missing (self);
  else
    {
      _esp_view_set_tensor (self, tensor);
      if (!esp_plane_fits (&self->plane, tensor))
        esp_plane_set (&self->plane, place, tensor);
      else if (!same_place)
        {
          esp_plane_set_place (&self->plane, place);
          esp_plane_end_orders (&self->plane); /* those of another tensor */
          esp_plane_set_mosaic (&self->plane, place, self->plane.as_mosaic);
        }
      _esp_view_show_cell (self);
      if (_esp_view_take_matrix (self))
        {
          _esp_view_scan (self);
          esp_unit_marks_set_place (self->marks, esp_session_watch_get_document (self->watch),
                                    self->place);
        }
    }

  _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
}

/* a newer snapshot; nothing to do where the tensor is still the same */
static void
on_updated (gpointer user_data)
{
  EspView *self = user_data;
  EspTensor *tensor = find_tensor (self);

  if (tensor == self->tensor)
    return;
  if (tensor == NULL || self->tensor == NULL || self->matrix == NULL ||
      !esp_plane_fits (&self->plane, tensor))
    {
      restart (self);
      return;
    }

  _esp_view_set_tensor (self, tensor);
  if (!_esp_view_take_matrix (self))
    {
      _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
      return;
    }
  _esp_view_scan (self);
  esp_unit_marks_set_place (self->marks, esp_session_watch_get_document (self->watch), self->place);
  _esp_view_emit (self, ESP_VIEW_VALUES_CHANGED);
}

static void
on_cell (gpointer user_data)
{
  EspView *self = user_data;

  /* a selection that changes with it has this looked at later */
  if (self->matrix == NULL ||
      esp_session_get_selection (esp_session_watch_get_session (self->watch)) != self->place)
    return;
  if (_esp_view_show_cell (self))
    _esp_view_emit (self, _esp_view_take_matrix (self) ? ESP_VIEW_VALUES_CHANGED
                                                       : ESP_VIEW_TENSOR_CHANGED);
  _esp_view_emit (self, ESP_VIEW_CELL_CHANGED);
}

/* the same of a newer version: its values take the place of what is shown */
static void
on_document (gpointer user_data)
{
  EspView *self = user_data;
  EspSession *session = esp_session_watch_get_session (self->watch);
  EspPlace *place = esp_session_get_selection (session);

  if (!esp_session_is_newer (session) || place == NULL || self->place == NULL ||
      !g_str_equal (esp_place_get_path (place), esp_place_get_path (self->place)))
    {
      restart (self);
      return;
    }
  _esp_view_cancel_scan (self);
  esp_unit_marks_set_place (self->marks, NULL, NULL);
  g_set_object (&self->place, place);
  if (self->matrix != NULL)
    on_updated (self);
  else
    restart (self);
}

/* told after another document, too, whose root is shown by then */
static void
on_selection (gpointer user_data)
{
  EspView *self = user_data;

  if (esp_session_get_selection (esp_session_watch_get_session (self->watch)) != self->place)
    restart (self);
}

static void
on_marks (EspView *self)
{
  _esp_view_emit (self, ESP_VIEW_MARKS_CHANGED);
}

/* another part of the same values: other numbers at the same places */
static void
show_part (EspView *self)
{
  _esp_view_cancel_scan (self);
  g_clear_pointer (&self->stats, esp_stats_unref);
  self->has_norm = FALSE;
  self->held = 0;
  if (_esp_view_take_matrix (self))
    _esp_view_scan (self);
  _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
}

static void
on_look (EspView *self)
{
  if (esp_view_has_parts (self) && esp_look_get_part (self->look) != self->part)
    {
      show_part (self);
      return;
    }
  _esp_view_update_norm (self);
  _esp_view_emit (self, ESP_VIEW_LOOK_CHANGED);
}

static void
esp_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspView *self = ESP_VIEW (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, esp_session_watch_get_session (self->watch));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspView *self = ESP_VIEW (object);

  switch (id)
    {
    case PROP_SESSION:
      esp_view_set_session (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_view_dispose (GObject *object)
{
  EspView *self = ESP_VIEW (object);

  forget (self);
  esp_session_watch_set_session (self->watch, NULL);
  g_clear_object (&self->place);
  _esp_view_set_tensor (self, NULL);
  esp_plane_clear (&self->plane);

  G_OBJECT_CLASS (esp_view_parent_class)->dispose (object);
}

static void
add_signal (guint id, const char *name)
{
  signals[id] = g_signal_new (name, ESP_TYPE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                              G_TYPE_NONE, 0);
}

static void
esp_view_finalize (GObject *object)
{
  EspView *self = ESP_VIEW (object);

  esp_session_watch_free (self->watch);
  g_object_unref (self->marks);
  g_array_unref (self->placed);
  g_array_unref (self->placed_inputs);
  g_object_unref (self->look);

  G_OBJECT_CLASS (esp_view_parent_class)->finalize (object);
}

static void
esp_view_class_init (EspViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = esp_view_get_property;
  object_class->set_property = esp_view_set_property;
  object_class->dispose = esp_view_dispose;
  object_class->finalize = esp_view_finalize;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                      G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  add_signal (ESP_VIEW_TENSOR_CHANGED, "tensor-changed");
  add_signal (ESP_VIEW_VALUES_CHANGED, "values-changed");
  add_signal (ESP_VIEW_LOOK_CHANGED, "look-changed");
  add_signal (ESP_VIEW_MARKS_CHANGED, "marks-changed");
  add_signal (ESP_VIEW_CELL_CHANGED, "cell-changed");
}

static void
esp_view_init (EspView *self)
{
  static const EspSessionEvents events = {
    .document = on_document,
    .selection = on_selection,
    .channel = restart,
    .cell = on_cell,
    .updated = on_updated,
  };

  self->watch = esp_session_watch_new (&events, self);
  self->channel = -1;
  self->marks = esp_unit_marks_new ();
  self->placed = g_array_new (FALSE, FALSE, sizeof (EspRowMark));
  self->placed_inputs = g_array_new (FALSE, FALSE, sizeof (EspRowMark));
  g_signal_connect_object (self->marks, "changed", G_CALLBACK (on_marks), self, G_CONNECT_SWAPPED);
  self->look = esp_look_new ();
  g_signal_connect_object (self->look, "changed", G_CALLBACK (on_look), self, G_CONNECT_SWAPPED);
}

EspView *
esp_view_new (void)
{
  return g_object_new (ESP_TYPE_VIEW, NULL);
}

EspSession *
esp_view_get_session (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return esp_session_watch_get_session (self->watch);
}

void
esp_view_set_session (EspView *self, EspSession *session)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (!esp_session_watch_set_session (self->watch, session))
    return;
  restart (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SESSION]);
}

void
esp_view_set_channel (EspView *self, int channel)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (channel >= -1 && channel < ESP_N_CHANNELS);

  if (self->channel == channel)
    return;
  self->channel = channel;
  if (esp_session_watch_get_session (self->watch) != NULL)
    restart (self);
}

EspChannel
esp_view_get_channel (EspView *self)
{
  EspSession *session;

  g_return_val_if_fail (ESP_IS_VIEW (self), ESP_CHANNEL_DATA);

  session = esp_session_watch_get_session (self->watch);
  if (self->channel >= 0)
    return (EspChannel) self->channel;
  return session != NULL ? esp_session_get_channel (session) : ESP_CHANNEL_DATA;
}

EspViewKind
esp_view_get_kind (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), ESP_VIEW_NOTHING);

  return self->kind;
}

const char *
esp_view_get_title (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->title;
}

const char *
esp_view_get_details (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->details;
}

EspPlace *
esp_view_get_place (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->place;
}

EspTensor *
esp_view_get_tensor (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->tensor;
}

gboolean
esp_view_is_live (EspView *self)
{
  EspDocument *document;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  document = esp_session_watch_get_document (self->watch);
  return document != NULL && esp_document_get_trainer (document) != NULL;
}

gboolean
esp_view_is_direct (EspView *self)
{
  EspStorage *storage;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  storage = self->tensor != NULL ? esp_tensor_get_storage (self->tensor) : NULL;
  return storage != NULL &&
         (esp_storage_peek (storage) != NULL || esp_storage_get_file_offset (storage) >= 0);
}

gboolean
esp_view_is_quick (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  return esp_view_is_direct (self) && esp_tensor_get_count (self->tensor) <= QUICK_ELEMENTS;
}

EspLook *
esp_view_get_look (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->look;
}

void
esp_view_set_look (EspView *self, EspLook *look)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (ESP_IS_LOOK (look));

  if (self->look != NULL)
    g_signal_handlers_disconnect_by_data (self->look, self);
  g_set_object (&self->look, look);
  g_signal_connect_object (look, "changed", G_CALLBACK (on_look), self, G_CONNECT_SWAPPED);
  on_look (self);
}
