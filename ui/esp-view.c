/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the canvas shows of the selection. In: the session; out: a matrix, its statistics, a norm,
 * or a message. Statistics of a file's tensor come from a scan in a worker, kept for the tensor
 * that is shown; those of a small live tensor are made anew for each snapshot. */

#include "config.h"

#include "esp-view.h"

#include "esp-axes.h"
#include "esp-style.h"
#include "esp-unit-marks.h"

#include <glib/gi18n.h>
#include <math.h>

/* elements up to which work is done on the spot: well under a millisecond */
#define QUICK_ELEMENTS 65536

struct _EspView
{
  GObject parent_instance;

  /* owned */
  EspSession *session;
  EspDocument *document; /* whose updates are followed */
  EspPlace *place;
  EspTensor *tensor;
  EspTensor *matrix;
  EspStats *stats;
  GCancellable *scan;
  char *title, *details;
  gint64 *index; /* (ndim) */
  EspUnitMarks *marks;

  /* state */
  EspViewKind kind;
  guint ndim;
  int row_axis, column_axis;
  int unit_axis; /* which axis counts the layer's units: "out" */
  gboolean has_norm;
  EspNorm norm;
  double held; /* the range of a live tensor, see esp_norm_hold() */
  EspReduction reduction;
  EspScale scale;
  const EspColormap *colormaps[2]; /* for data of one sign, for signed data; NULL: the default */
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

/* what the person chose, on top of what the data ask for */
static void
apply_choices (EspView *self)
{
  gboolean has_sign = self->norm.lo < 0;

  self->norm.scale = self->scale;
  self->norm.colormap = esp_view_choose_colormap (self, has_sign);
}

static void
update_norm (EspView *self)
{
  if (self->stats == NULL)
    {
      if (self->has_norm)
        apply_choices (self);
      return;
    }

  esp_norm_init_for_stats (&self->norm, self->stats, esp_style_is_dark ());
  if (esp_view_is_live (self))
    esp_norm_hold (&self->norm, &self->held);
  apply_choices (self);
  self->has_norm = TRUE;
}

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

  self->stats = g_steal_pointer (&stats);
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
}

static void
cancel_scan (EspView *self)
{
  if (self->scan != NULL)
    g_cancellable_cancel (self->scan);
  g_clear_object (&self->scan);
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
  if (self->scan != NULL) /* a live one: the next snapshot comes soon */
    return;

  self->scan = g_cancellable_new ();
  esp_scan_stats_async (self->tensor, self->scan, on_scanned, g_object_ref (self));
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
  else
    set_message (self, _ ("No gradient yet"),
                 _ ("It is there after the first backward pass: play or do one step."));
}

static gboolean
same_shape (EspTensor *a, EspTensor *b)
{
  guint ndim = esp_tensor_get_ndim (a);

  if (ndim != esp_tensor_get_ndim (b))
    return FALSE;
  for (guint i = 0; i < ndim; i++)
    if (esp_tensor_get_shape (a)[i] != esp_tensor_get_shape (b)[i])
      return FALSE;

  return TRUE;
}

static void
reset_slice (EspView *self)
{
  const char *const *axes = esp_axes_get (self->place);

  self->ndim = esp_tensor_get_ndim (self->tensor);
  g_free (self->index);
  self->index = g_new0 (gint64, MAX (self->ndim, 1));
  self->column_axis = (int) self->ndim - 1;
  self->row_axis = (int) self->ndim - 2;
  if (self->row_axis < 0)
    self->row_axis = -1;
  self->unit_axis = 0;
  for (guint axis = 0; axes != NULL && axis < self->ndim; axis++)
    if (g_str_equal (axes[axis], "out"))
      self->unit_axis = (int) axis;
}

static EspSlice *
create_slice (EspView *self)
{
  return self->ndim < 2
             ? esp_slice_new_default (self->ndim)
             : esp_slice_new_matrix (self->ndim, self->row_axis, self->column_axis, self->index);
}

/* the matrix of the tensor, or a message; FALSE if there is nothing to scan */
static gboolean
take_matrix (EspView *self)
{
  const GError *reason = esp_tensor_get_error (self->tensor);
  g_autoptr (EspSlice) slice = NULL;
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

  slice = create_slice (self);
  self->matrix = esp_slice_apply_matrix (slice, self->tensor, &error);
  if (self->matrix == NULL)
    {
      set_message (self, _ ("This slice can't be drawn"), error->message);
      return FALSE;
    }

  self->kind = self->ndim == 0 ? ESP_VIEW_SCALAR : ESP_VIEW_MATRIX;
  return TRUE;
}

static EspTensor *
find_tensor (EspView *self)
{
  EspParameter *parameter = self->place != NULL ? esp_place_get_parameter (self->place) : NULL;

  if (parameter == NULL)
    return NULL;

  return esp_parameter_get_channel (parameter, esp_session_get_channel (self->session));
}

static void
forget (EspView *self)
{
  cancel_scan (self);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_pointer (&self->stats, esp_stats_unref);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->details, g_free);
  self->has_norm = FALSE;
  self->held = 0;
}

/* another selection or channel */
static void
restart (EspView *self)
{
  EspPlace *place = self->session != NULL ? esp_session_get_selection (self->session) : NULL;
  EspTensor *tensor;
  gboolean keep_slice;

  keep_slice = place == self->place && self->tensor != NULL;
  forget (self);
  if (place != self->place)
    esp_unit_marks_set_place (self->marks, NULL, NULL);
  g_set_object (&self->place, place);
  tensor = find_tensor (self);
  keep_slice = keep_slice && tensor != NULL && same_shape (tensor, self->tensor);
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
      if (!keep_slice)
        reset_slice (self);
      if (take_matrix (self))
        {
          scan (self);
          esp_unit_marks_set_place (self->marks, self->document, self->place);
        }
    }

  g_signal_emit (self, signals[TENSOR_CHANGED], 0);
}

/* a newer snapshot; nothing to do where the tensor is still the same */
static void
on_updated (EspView *self)
{
  EspTensor *tensor = find_tensor (self);

  if (tensor == self->tensor)
    return;
  if (tensor == NULL || self->tensor == NULL || self->matrix == NULL ||
      !same_shape (tensor, self->tensor))
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
  esp_unit_marks_set_place (self->marks, self->document, self->place);
  g_signal_emit (self, signals[VALUES_CHANGED], 0);
}

static void
on_document (EspView *self)
{
  EspDocument *document = self->session != NULL ? esp_session_get_document (self->session) : NULL;

  if (document == self->document)
    return;
  if (self->document != NULL)
    g_signal_handlers_disconnect_by_func (self->document, on_updated, self);
  g_set_object (&self->document, document);
  if (document != NULL)
    g_signal_connect_object (document, "updated", G_CALLBACK (on_updated), self, G_CONNECT_SWAPPED);
  restart (self);
}

static void
on_marks (EspView *self)
{
  g_signal_emit (self, signals[MARKS_CHANGED], 0);
}

static void
on_dark (EspView *self)
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
      g_value_set_object (value, self->session);
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
  if (self->document != NULL)
    g_signal_handlers_disconnect_by_data (self->document, self);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->document);
  g_clear_object (&self->session);
  g_clear_object (&self->place);
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  g_clear_pointer (&self->index, g_free);

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

  g_object_unref (self->marks);

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
}

static void
esp_view_init (EspView *self)
{
  self->marks = esp_unit_marks_new ();
  g_signal_connect_object (self->marks, "changed", G_CALLBACK (on_marks), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (on_dark),
                           self, G_CONNECT_SWAPPED);
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

  return self->session;
}

void
esp_view_set_session (EspView *self, EspSession *session)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (session == self->session)
    return;

  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_set_object (&self->session, session);
  if (session != NULL)
    {
      g_signal_connect_object (session, "notify::document", G_CALLBACK (on_document), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (session, "notify::selection", G_CALLBACK (restart), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (session, "notify::channel", G_CALLBACK (restart), self,
                               G_CONNECT_SWAPPED);
    }
  on_document (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SESSION]);
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
  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  return self->document != NULL && esp_document_get_trainer (self->document) != NULL;
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

guint
esp_view_get_ndim (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), 0);

  return self->tensor != NULL ? self->ndim : 0;
}

int
esp_view_get_row_axis (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), -1);

  return self->row_axis;
}

int
esp_view_get_column_axis (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), -1);

  return self->column_axis;
}

gint64
esp_view_get_index (EspView *self, guint axis)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), 0);
  g_return_val_if_fail (axis < esp_view_get_ndim (self), 0);

  return self->index[axis];
}

void
esp_view_set_index (EspView *self, guint axis, gint64 index)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (axis < esp_view_get_ndim (self));

  index = CLAMP (index, 0, esp_tensor_get_shape (self->tensor)[axis] - 1);
  if (index == self->index[axis])
    return;

  self->index[axis] = index;
  g_signal_emit (self, signals[take_matrix (self) ? VALUES_CHANGED : TENSOR_CHANGED], 0);
}

guint64
esp_view_get_flat_index (EspView *self, gint64 row, gint64 column)
{
  guint64 flat = 0;

  g_return_val_if_fail (ESP_IS_VIEW (self) && self->tensor != NULL, 0);

  for (guint axis = 0; axis < self->ndim; axis++)
    {
      gint64 at = (int) axis == self->column_axis ? column
                  : (int) axis == self->row_axis  ? row
                                                  : self->index[axis];

      flat = flat * (guint64) esp_tensor_get_shape (self->tensor)[axis] + (guint64) at;
    }

  return flat;
}

/* short words of the field; where they aren't known, the number where it isn't plain which it is */
static char *
dup_axis_name (EspView *self, int axis)
{
  const char *const *axes;

  if (self->tensor == NULL || self->ndim < 2 || axis < 0)
    return NULL;

  axes = esp_axes_get (self->place);
  if (axes != NULL)
    return g_strdup (axes[axis]);
  if (self->ndim == 2)
    return NULL;

  return g_strdup_printf (C_ ("axis", "dim %d"), axis);
}

char *
esp_view_dup_row_name (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return dup_axis_name (self, self->row_axis);
}

char *
esp_view_dup_column_name (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return dup_axis_name (self, self->column_axis);
}

const EspRowMark *
esp_view_get_marks (EspView *self, guint *n, gboolean *on_columns)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  *on_columns = self->unit_axis == self->column_axis;
  if (self->unit_axis != self->row_axis && self->unit_axis != self->column_axis)
    {
      *n = 0;
      return NULL;
    }
  return esp_unit_marks_get (self->marks, n);
}

const char *
esp_view_get_unit_title (EspView *self, gint64 row, gint64 column)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  if (self->unit_axis == self->row_axis && row >= 0)
    return esp_unit_marks_get_title (self->marks, row);
  if (self->unit_axis == self->column_axis)
    return esp_unit_marks_get_title (self->marks, column);

  return NULL;
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

void
esp_view_offer_range (EspView *self, double lo, double hi)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->has_norm)
    return;

  if (lo < 0)
    {
      hi = fmax (-lo, hi);
      lo = -hi;
    }
  esp_norm_init_for_range (&self->norm, lo, hi, esp_style_is_dark ());
  self->has_norm = TRUE;
  apply_choices (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
}

EspReduction
esp_view_get_reduction (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), ESP_REDUCTION_LARGEST);

  return self->reduction;
}

void
esp_view_set_reduction (EspView *self, EspReduction reduction)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  self->reduction = reduction;
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
}

EspScale
esp_view_get_scale (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), ESP_SCALE_LINEAR);

  return self->scale;
}

void
esp_view_set_scale (EspView *self, EspScale scale)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  self->scale = scale;
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
}

const EspColormap *
esp_view_get_colormap (EspView *self, gboolean signed_data)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->colormaps[signed_data ? 1 : 0];
}

void
esp_view_set_colormap (EspView *self, gboolean signed_data, const EspColormap *colormap)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->colormaps[signed_data ? 1 : 0] == colormap)
    return;
  self->colormaps[signed_data ? 1 : 0] = colormap;
  update_norm (self);
  g_signal_emit (self, signals[LOOK_CHANGED], 0);
}

const EspColormap *
esp_view_choose_colormap (EspView *self, gboolean signed_data)
{
  const EspColormap *chosen;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  chosen = self->colormaps[signed_data ? 1 : 0];
  return chosen != NULL ? chosen : esp_colormap_get_default (signed_data, esp_style_is_dark ());
}

char *
esp_view_describe_cell (EspView *self, gint64 row, gint64 column)
{
  g_autoptr (GString) indices = NULL;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  if (self->ndim == 0)
    return g_strdup (_ ("The only value"));
  if (self->ndim == 1)
    return g_strdup_printf (_ ("Element %lld"), (long long) column);
  if (self->ndim == 2)
    return g_strdup_printf (_ ("Row %lld, column %lld"), (long long) row, (long long) column);

  indices = g_string_new ("[");
  for (guint axis = 0; axis < self->ndim; axis++)
    {
      gint64 at = (int) axis == self->column_axis ? column
                  : (int) axis == self->row_axis  ? row
                                                  : self->index[axis];

      g_string_append_printf (indices, axis > 0 ? ", %" G_GINT64_FORMAT : "%" G_GINT64_FORMAT, at);
    }
  g_string_append_c (indices, ']');
  return g_strdup_printf (_ ("Element %s"), indices->str);
}

char *
esp_view_read_value (EspView *self, gint64 row, gint64 column, GError **error)
{
  EspDtype dtype;
  const EspDtypeInfo *info;
  guint64 index;
  double values[2];
  gint64 whole;

  g_return_val_if_fail (ESP_IS_VIEW (self) && self->matrix != NULL, NULL);

  dtype = esp_tensor_get_dtype (self->matrix);
  info = esp_dtype_get_info (dtype);
  index = (guint64) row * (guint64) esp_tensor_get_shape (self->matrix)[1] + (guint64) column;
  if ((info->kind == ESP_KIND_INT || info->kind == ESP_KIND_UINT) &&
      esp_tensor_get_affine (self->matrix) == NULL)
    {
      if (!esp_tensor_read_i64 (self->matrix, index, 1, &whole, NULL, error))
        return NULL;
      if (whole < 0 && info->kind == ESP_KIND_INT)
        return g_strdup_printf ("\xe2\x88\x92%" G_GUINT64_FORMAT, -(guint64) whole);
      return g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64) whole);
    }
  if (!esp_tensor_read_f64 (self->matrix, index, 1, values, NULL, error))
    return NULL;
  if (info->kind == ESP_KIND_COMPLEX)
    {
      gboolean single = dtype != ESP_DTYPE_COMPLEX128;
      g_autofree char *re = esp_number_format_all (values[0], single);
      g_autofree char *im = esp_number_format_all (values[1], single);

      return g_strdup_printf (C_ ("complex number", "%s, %s i"), re, im);
    }

  return esp_number_format_all (values[0], dtype != ESP_DTYPE_FLOAT64);
}
