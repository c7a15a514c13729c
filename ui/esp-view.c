/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the canvas shows of the selection. In: the session; out: a matrix, its statistics, a norm,
 * or a message. Statistics of a file's tensor come from a scan in a worker, kept for the tensor
 * that is shown; those of a small live tensor are made anew for each snapshot. */

#include "config.h"

#include "esp-view.h"

#include "esp-overview-loader.h"
#include "esp-session-watch.h"
#include "esp-style.h"
#include "esp-unit-marks.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* elements up to which work is done on the spot: well under a millisecond */
#define QUICK_ELEMENTS 65536
/* how long the scan of a matrix waits for the heatmap to say how large its picture is, in ms */
#define CLAIM 300

struct _EspView
{
  GObject parent_instance;

  /* owned */
  EspSessionWatch *watch;
  EspPlace *place;
  EspTensor *tensor;
  EspTensor *plain;  /* the matrix as it is stored */
  EspTensor *matrix; /* as it is shown */
  EspStats *stats;
  GCancellable *scan;
  EspTensor *scanned; /* what the scan that runs reads, or the last one read */
  EspTensor *claimed; /* see esp_scan_claim() */
  char *title, *details;
  EspPlane plane;
  EspUnitMarks *marks;
  GArray *placed; /* the marks in the order of the matrix */
  EspLook *look;

  /* state */
  EspViewKind kind;
  int channel; /* -1: the session's */
  gboolean has_norm;
  EspNorm norm;
  double held;       /* the range of a live tensor, see esp_norm_hold() */
  double offered[2]; /* a range to draw with until there are statistics */
  guint claim;       /* source that ends it */
};

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

enum
{
  TENSOR_CHANGED,
  VALUES_CHANGED,
  LOOK_CHANGED,
  MARKS_CHANGED,
  CELL_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspView, esp_view, G_TYPE_OBJECT)

static void
set_message (EspView *self, const char *title, const char *details)
{
  self->kind = ESP_VIEW_MESSAGE;
  g_free (self->title);
  g_free (self->details);
  self->title = g_strdup (title);
  self->details = g_strdup (details);
}

static void
update_norm (EspView *self)
{
  double lo, hi;

  if (self->stats == NULL)
    {
      if (self->has_norm)
        esp_look_init_norm_for_range (self->look, self->offered[0], self->offered[1],
                                      self->channel < 0, &self->norm);
      return;
    }

  esp_look_init_norm (self->look, self->stats, self->channel < 0, &self->norm);
  if (esp_view_is_live (self) &&
      !(self->channel < 0 && esp_look_get_typed (self->look, &lo, &hi)) &&
      !esp_look_get_locked (self->look) && esp_look_get_symmetric (self->look) &&
      self->norm.scale != ESP_SCALE_RANK)
    esp_norm_hold (&self->norm, &self->held);
  self->has_norm = TRUE;
}

static void start_scan (EspView *self); /* a scan that ends may start the next */

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspView) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->scan);
  if (stats == NULL)
    {
      set_message (self, _ ("This tensor can't be read"), error->message);
      g_clear_pointer (&self->matrix, esp_tensor_unref);
      g_signal_emit (self, signals[TENSOR_CHANGED], 0);
      return;
    }

  g_clear_pointer (&self->stats, esp_stats_unref);
  self->stats = g_steal_pointer (&stats);
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
  if (self->scanned != self->tensor) /* values of a live network have changed meanwhile */
    start_scan (self);
}

static void
start_scan (EspView *self)
{
  g_clear_pointer (&self->scanned, esp_tensor_unref);
  self->scanned = esp_tensor_ref (self->tensor);
  self->scan = g_cancellable_new ();
  esp_scan_stats_async (self->tensor, self->scan, on_scanned, g_object_ref (self));
}

static void
end_claim (EspView *self)
{
  g_clear_handle_id (&self->claim, g_source_remove);
  if (self->claimed != NULL)
    esp_scan_unclaim (self->claimed);
  g_clear_pointer (&self->claimed, esp_tensor_unref);
}

static gboolean
on_claim_over (gpointer user_data)
{
  EspView *self = user_data;

  self->claim = 0;
  end_claim (self);
  return G_SOURCE_REMOVE;
}

static void
cancel_scan (EspView *self)
{
  end_claim (self);
  if (self->scan != NULL)
    g_cancellable_cancel (self->scan);
  g_clear_object (&self->scan);
  g_clear_pointer (&self->scanned, esp_tensor_unref);
}

/* statistics of the whole tensor, so that the colours of one slice mean the same as those of
 * another
 */
static void
scan (EspView *self)
{
  g_autoptr (GError) error = NULL;

  if (esp_view_is_quick (self))
    {
      g_autoptr (EspStats) stats = esp_scan_stats (self->tensor, NULL, NULL, NULL, &error);

      g_clear_pointer (&self->stats, esp_stats_unref);
      self->stats = g_steal_pointer (&stats);
      if (self->stats != NULL)
        update_norm (self);
      else
        set_message (self, _ ("This tensor can't be read"), error->message);
      return;
    }
  if (self->scan != NULL) /* when it is done, it looks whether there are newer values */
    return;

  if (self->matrix == self->tensor && esp_tensor_get_count (self->tensor) > ESP_LOAD_LARGE)
    {
      end_claim (self);
      esp_scan_claim (self->tensor);
      self->claimed = esp_tensor_ref (self->tensor);
      self->claim = g_timeout_add (CLAIM, on_claim_over, self);
    }
  start_scan (self);
}

/* which channel is missing, and why */
static void
set_missing (EspView *self)
{
  EspParameter *parameter = esp_place_get_parameter (self->place);

  if (!esp_view_is_live (self))
    set_message (self, _ ("No gradient in this file"),
                 _ ("Checkpoints hold values; gradients are there while a network trains."));
  else if (esp_parameter_get_role (parameter) == ESP_ROLE_BUFFER)
    set_message (self, _ ("No gradient"), _ ("A buffer isn't trained, so it has no gradient."));
  else if (esp_view_get_channel (self) != ESP_CHANNEL_GRAD)
    set_message (self, _ ("Not there yet"), _ ("It is there after the first step."));
  else
    set_message (self, _ ("No gradient yet"),
                 _ ("It is there after the first backward pass: play or do one step."));
}

/* the matrix of the tensor, or a message; FALSE if there is nothing to scan */
static gboolean
take_matrix (EspView *self)
{
  const GError *reason = esp_tensor_get_error (self->tensor);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->matrix, esp_tensor_unref);
  if (reason != NULL)
    {
      set_message (self, _ ("This tensor can't be read"), reason->message);
      return FALSE;
    }
  if (esp_tensor_get_count (self->tensor) == 0)
    {
      g_autofree char *shape = esp_number_format_shape (esp_tensor_get_shape (self->tensor),
                                                        esp_tensor_get_ndim (self->tensor));
      g_autofree char *details = g_strdup_printf (_ ("Its shape is %s."), shape);

      set_message (self, _ ("This tensor has no elements"), details);
      return FALSE;
    }

  g_clear_pointer (&self->plain, esp_tensor_unref);
  self->plain = esp_plane_apply (&self->plane, self->tensor, &error);
  if (self->plain != NULL)
    self->matrix = esp_plane_arrange (&self->plane, self->plain, &error);
  if (self->matrix == NULL)
    {
      set_message (self, _ ("This slice can't be drawn"), error->message);
      return FALSE;
    }

  self->kind = self->plane.ndim == 0 ? ESP_VIEW_SCALAR : ESP_VIEW_MATRIX;
  return TRUE;
}

/* makes the plane one that the session's cell lies in; TRUE if it was another */
static gboolean
show_cell (EspView *self)
{
  gint64 cell = esp_session_get_cell (esp_session_watch_get_session (self->watch)), row, column;

  return cell >= 0 && !esp_plane_locate (&self->plane, (guint64) cell, TRUE, &row, &column);
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
  cancel_scan (self);
  g_clear_pointer (&self->plain, esp_tensor_unref);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
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
  g_clear_pointer (&self->tensor, esp_tensor_unref);

  if (place == NULL)
    self->kind = ESP_VIEW_NOTHING;
  else if (esp_place_get_module (place) != NULL)
    self->kind = ESP_VIEW_MODULE;
  else if (tensor == NULL)
    set_missing (self);
  else
    {
      self->tensor = esp_tensor_ref (tensor);
      if (!esp_plane_fits (&self->plane, tensor))
        esp_plane_set (&self->plane, place, tensor);
      else if (!same_place)
        {
          esp_plane_set_place (&self->plane, place);
          esp_plane_end_orders (&self->plane); /* those of another tensor */
          esp_plane_set_mosaic (&self->plane, place, self->plane.as_mosaic);
        }
      show_cell (self);
      if (take_matrix (self))
        {
          scan (self);
          esp_unit_marks_set_place (self->marks, esp_session_watch_get_document (self->watch),
                                    self->place);
        }
    }

  g_signal_emit (self, signals[TENSOR_CHANGED], 0);
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

  esp_tensor_unref (self->tensor);
  self->tensor = esp_tensor_ref (tensor);
  if (!take_matrix (self))
    {
      g_signal_emit (self, signals[TENSOR_CHANGED], 0);
      return;
    }
  scan (self);
  esp_unit_marks_set_place (self->marks, esp_session_watch_get_document (self->watch), self->place);
  g_signal_emit (self, signals[VALUES_CHANGED], 0);
}

static void
on_cell (gpointer user_data)
{
  EspView *self = user_data;

  /* a selection that changes with it has this looked at later */
  if (self->matrix == NULL ||
      esp_session_get_selection (esp_session_watch_get_session (self->watch)) != self->place)
    return;
  if (show_cell (self))
    g_signal_emit (self, signals[take_matrix (self) ? VALUES_CHANGED : TENSOR_CHANGED], 0);
  g_signal_emit (self, signals[CELL_CHANGED], 0);
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
  cancel_scan (self);
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
  g_signal_emit (self, signals[MARKS_CHANGED], 0);
}

static void
on_look (EspView *self)
{
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
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
  g_clear_pointer (&self->tensor, esp_tensor_unref);
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

  add_signal (TENSOR_CHANGED, "tensor-changed");
  add_signal (VALUES_CHANGED, "values-changed");
  add_signal (LOOK_CHANGED, "look-changed");
  add_signal (MARKS_CHANGED, "marks-changed");
  add_signal (CELL_CHANGED, "cell-changed");
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

EspTensor *
esp_view_get_matrix (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->matrix;
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

const EspPlane *
esp_view_get_plane (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return &self->plane;
}

void
esp_view_set_index (EspView *self, guint axis, gint64 index)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL && axis < self->plane.ndim);

  index = CLAMP (index, 0, self->plane.shape[axis] - 1);
  if (index == self->plane.index[axis])
    return;

  esp_plane_set_index (&self->plane, axis, index);
  g_signal_emit (self, signals[take_matrix (self) ? VALUES_CHANGED : TENSOR_CHANGED], 0);
}

void
esp_view_set_axes (EspView *self, int row_axis, int column_axis)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL);

  if (row_axis == self->plane.row_axis && column_axis == self->plane.column_axis)
    return;

  esp_plane_set_axes (&self->plane, row_axis, column_axis);
  take_matrix (self);
  g_signal_emit (self, signals[TENSOR_CHANGED], 0);
}

void
esp_view_set_mosaic (EspView *self, gboolean as_mosaic)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL);

  if (self->plane.as_mosaic == as_mosaic)
    return;
  esp_plane_set_mosaic (&self->plane, self->place, as_mosaic);
  take_matrix (self);
  g_signal_emit (self, signals[TENSOR_CHANGED], 0);
}

void
esp_view_set_order (EspView *self, gboolean columns, EspProfileKind kind, const gint64 *order)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->matrix != NULL && self->plane.ndim >= 2);

  esp_plane_set_order (&self->plane, columns, kind, order);
  take_matrix (self);
  g_signal_emit (self, signals[TENSOR_CHANGED], 0);
}

EspTensor *
esp_view_get_plain (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->plain;
}

char *
esp_view_dup_order_note (EspView *self)
{
  g_autofree char *note = NULL;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  if (self->matrix == NULL)
    return NULL;
  note = esp_plane_dup_order_note (&self->plane);
  /* it stays while the values change */
  if (note != NULL && esp_view_is_live (self))
    return g_strdup_printf (_ ("%s when they were sorted"), note);
  return g_steal_pointer (&note);
}

void
esp_view_copy_plane (EspView *self, EspView *from)
{
  gboolean axes, indices, orders;

  g_return_if_fail (ESP_IS_VIEW (self) && ESP_IS_VIEW (from));

  if (self->matrix == NULL || from->tensor == NULL ||
      !esp_plane_fits (&self->plane, from->tensor) || self->plane.ndim < 2)
    return;
  axes = self->plane.row_axis != from->plane.row_axis ||
         self->plane.column_axis != from->plane.column_axis;
  indices = memcmp (self->plane.index, from->plane.index,
                    self->plane.ndim * sizeof *self->plane.index) != 0;
  orders = axes || !esp_plane_has_orders_of (&self->plane, &from->plane);
  if (self->plane.as_mosaic != from->plane.as_mosaic)
    {
      esp_view_set_mosaic (self, from->plane.as_mosaic);
      return;
    }
  if (!axes && !indices && !orders)
    return;
  memcpy (self->plane.index, from->plane.index, self->plane.ndim * sizeof *self->plane.index);
  esp_plane_set_axes (&self->plane, from->plane.row_axis, from->plane.column_axis);
  esp_plane_copy_orders (&self->plane, &from->plane);
  g_signal_emit (self, signals[take_matrix (self) && !orders ? VALUES_CHANGED : TENSOR_CHANGED], 0);
}

gboolean
esp_view_get_cell (EspView *self, gint64 *row, gint64 *column)
{
  EspSession *session;
  gint64 cell;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  session = esp_session_watch_get_session (self->watch);
  cell = session != NULL && self->matrix != NULL &&
                 esp_session_get_selection (session) == self->place
             ? esp_session_get_cell (session)
             : -1;
  *row = *column = -1;
  return cell >= 0 && esp_plane_locate (&self->plane, (guint64) cell, FALSE, row, column);
}

void
esp_view_set_cell (EspView *self, gint64 row, gint64 column)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->matrix == NULL)
    return;
  esp_session_set_cell (
      esp_session_watch_get_session (self->watch),
      row < 0 || column < 0 ? -1 : (gint64) esp_plane_get_flat_index (&self->plane, row, column));
}

static int
compare_marks (gconstpointer a, gconstpointer b)
{
  gint64 left = ((const EspRowMark *) a)->row, right = ((const EspRowMark *) b)->row;

  return (left > right) - (left < right);
}

/* marks know units; these stand where the order puts them */
static const EspRowMark *
place_marks (EspView *self, const EspRowMark *marks, guint n, gboolean on_columns)
{
  const gint64 *places = self->plane.orders[on_columns ? 1 : 0].places;

  if (places == NULL || n == 0)
    return marks;
  g_array_set_size (self->placed, 0);
  g_array_append_vals (self->placed, marks, n);
  for (guint i = 0; i < n; i++)
    {
      EspRowMark *mark = &g_array_index (self->placed, EspRowMark, i);

      mark->row = places[mark->row];
    }
  g_array_sort (self->placed, compare_marks);
  return (const EspRowMark *) (gpointer) self->placed->data;
}

const EspRowMark *
esp_view_get_marks (EspView *self, guint *n, gboolean *on_columns)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  *n = 0;
  *on_columns = self->plane.unit_axis == self->plane.column_axis;
  if (esp_plane_get_unit (&self->plane, 0, 0) < 0)
    return NULL;

  return place_marks (self, esp_unit_marks_get (self->marks, n), *n, *on_columns);
}

const char *
esp_view_get_unit_title (EspView *self, gint64 row, gint64 column)
{
  gint64 unit;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  unit = esp_plane_get_unit (&self->plane, row, column);
  return unit >= 0 ? esp_unit_marks_get_title (self->marks, unit) : NULL;
}

EspStats *
esp_view_get_stats (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->stats;
}

const EspNorm *
esp_view_get_norm (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->has_norm ? &self->norm : NULL;
}

gboolean
esp_view_get_outlier (EspView *self, gint64 *row, gint64 *column)
{
  gint64 flat;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  return self->stats != NULL && self->has_norm && self->matrix != NULL &&
         esp_norm_find_outlier (&self->norm, self->stats, &flat) &&
         esp_plane_locate (&self->plane, (guint64) flat, FALSE, row, column);
}

void
esp_view_offer_range (EspView *self, double lo, double hi)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->has_norm)
    return;

  self->offered[0] = lo;
  self->offered[1] = hi;
  self->has_norm = TRUE;
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
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
