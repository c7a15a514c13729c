/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fill, prune and re-initialise. All kinds work out the whole parameter and then keep what lies
 * outside the chosen cells. A parameter may have 16 million numbers, so all that goes through them
 * runs in a worker; it reads tensors and the network's description, which don't change. */

#include "config.h"

#include "esp-edit.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "esp-document-private.h"
#include "esp-error.h"
#include "esp-expression.h"

#define MAX_SINGLE_CELLS 4096 /* that are put one by one; more: all numbers at once */

#define CHECK_CELLS 65536 /* between two looks whether it was cancelled */

/* one parameter */
typedef struct
{
  EspEdit edit;      /* owned place and text */
  EspTensor *tensor; /* owned: the values to begin with */
  EspNetwork *network;
  GCancellable *cancellable; /* borrowed while it runs */
  guint parameter;
  guint64 count;        /* of the parameter */
  guint64 inner, width; /* cells of one index of the first axis, and of the second */
  float *before, *after;
  guint64 n_cells, n_changed;
  GBytes *floats; /* what comes of it */
  GArray *events; /* EspHistoryEvent: the same cell by cell, or NULL */
} Work;

struct _EspEditPlan
{
  EspDocument *document;
  GArray *works;
  char *label; /* what can be undone */
};

static gboolean
is_chosen (const Work *work, guint64 cell)
{
  guint64 i = cell / work->inner, j = work->width > 0 ? cell % work->inner / work->width : 0;

  return work->edit.axis < 0 || work->edit.index == (work->edit.axis == 0 ? i : j);
}

static gboolean
fail (GError **error, const char *format, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);
  g_autofree char *message = g_strjoinv (text, parts);

  g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC, message);
  return FALSE;
}

static const char *
skip_spaces (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return text;
}

/* @end: (out): what comes behind it */
static gboolean
parse_number (const char *text, double *value, const char **end)
{
  char *stop;

  errno = 0;
  *value = g_ascii_strtod (text, &stop);
  *end = skip_spaces (stop);
  return stop != text && errno == 0;
}

static gboolean
fill_value (Work *work, GError **error)
{
  const char *end;
  double value;

  if (!parse_number (work->edit.text, &value, &end) || *end != '\0')
    return fail (error, _ ("“%s” is not a number."), work->edit.text);
  for (guint64 cell = 0; cell < work->count; cell++)
    work->after[cell] = (float) value;
  return TRUE;
}

static gboolean
fill_formula (Work *work, GError **error)
{
  static const char *const names[] = { "w", "i", "j", NULL };
  g_autoptr (EspExpression) formula = esp_expression_new (work->edit.text, names, error);
  EspRandom random;

  if (formula == NULL)
    return FALSE;
  esp_random_init (&random, work->edit.seed, ESP_STREAM_INIT, work->parameter);
  for (guint64 cell = 0; cell < work->count; cell++)
    {
      if (cell % CHECK_CELLS == 0 && g_cancellable_is_cancelled (work->cancellable))
        return FALSE; /* esp_edit_plan_run() says why */
      const double values[] = { (double) work->before[cell], (double) (cell / work->inner),
                                work->width > 0 ? (double) (cell % work->inner / work->width) : 0 };

      if (is_chosen (work, cell))
        work->after[cell] = (float) esp_expression_evaluate (formula, values, &random);
    }
  return TRUE;
}

static int
compare_floats (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;

  return x < y ? -1 : x > y;
}

/* magnitude below which the smallest @share of the chosen cells lie; equal ones stay */
static float
find_threshold (Work *work, double share)
{
  g_autofree float *sizes = g_new (float, work->count);
  guint64 n = 0, at;

  for (guint64 cell = 0; cell < work->count; cell++)
    if (is_chosen (work, cell) && !isnan (work->before[cell]))
      sizes[n++] = fabsf (work->before[cell]);
  if (n == 0)
    return 0;
  qsort (sizes, n, sizeof *sizes, compare_floats);
  at = (guint64) floor (share * (double) n);
  return at >= n ? INFINITY : sizes[at];
}

static gboolean
prune (Work *work, GError **error)
{
  const char *end;
  double limit;

  if (!parse_number (work->edit.text, &limit, &end) || limit < 0)
    return fail (error, _ ("“%s” is neither a number nor a percentage."), work->edit.text);
  if (*end == '%' && limit <= 100 && *skip_spaces (end + 1) == '\0')
    limit = (double) find_threshold (work, limit / 100);
  else if (*end != '\0')
    return fail (error, _ ("“%s” is neither a number nor a percentage."), work->edit.text);
  for (guint64 cell = 0; cell < work->count; cell++)
    if (fabsf (work->before[cell]) < (float) limit)
      work->after[cell] = 0;
  return TRUE;
}

static gboolean
run (Work *work, GError **error)
{
  switch (work->edit.kind)
    {
    case ESP_EDIT_VALUE:
      return fill_value (work, error);
    case ESP_EDIT_FORMULA:
      return fill_formula (work, error);
    case ESP_EDIT_INITIALIZER:
      return esp_network_initialize (work->network, work->parameter,
                                     *work->edit.text != '\0' ? work->edit.text : NULL,
                                     work->edit.seed, work->after, error);
    case ESP_EDIT_PRUNE:
    default:
      return prune (work, error);
    }
}

/* puts back what wasn't chosen, and counts */
static void
count_cells (Work *work)
{
  for (guint64 cell = 0; cell < work->count; cell++)
    {
      if (!is_chosen (work, cell))
        {
          work->after[cell] = work->before[cell];
          continue;
        }
      work->n_cells++;
      work->n_changed += memcmp (&work->before[cell], &work->after[cell], sizeof (float)) != 0;
    }
}

/* the cells that change, one by one: others go on meanwhile */
static void
list_cells (Work *work)
{
  work->events = g_array_new (FALSE, FALSE, sizeof (EspHistoryEvent));
  for (guint64 cell = 0; cell < work->count && work->events->len < work->n_changed; cell++)
    {
      const EspHistoryEvent event = { .kind = ESP_HISTORY_EDIT,
                                      .parameter = work->parameter,
                                      .index = cell,
                                      .value = (double) work->after[cell] };

      if (memcmp (&work->before[cell], &work->after[cell], sizeof (float)) != 0)
        g_array_append_val (work->events, event);
    }
}

static gboolean
work_run (Work *work, gboolean alone, GError **error)
{
  work->before = g_new (float, work->count);
  work->after = g_new0 (float, work->count);
  if (!esp_tensor_read_f32 (work->tensor, 0, work->count, work->before, NULL, error))
    return FALSE;
  if (work->edit.kind == ESP_EDIT_PRUNE || work->edit.kind == ESP_EDIT_FORMULA)
    memcpy (work->after, work->before, work->count * sizeof (float));
  if (!run (work, error))
    return FALSE;
  count_cells (work);
  if (alone && work->n_changed <= MAX_SINGLE_CELLS)
    list_cells (work);
  else
    work->floats = g_bytes_new_take (g_steal_pointer (&work->after), work->count * sizeof (float));
  g_clear_pointer (&work->before, g_free);
  g_clear_pointer (&work->after, g_free);
  return TRUE;
}

static void
work_clear (gpointer data)
{
  Work *work = data;

  g_clear_object (&work->edit.place);
  g_free ((char *) work->edit.text);
  g_clear_pointer (&work->tensor, esp_tensor_unref);
  g_free (work->before);
  g_free (work->after);
  g_clear_pointer (&work->floats, g_bytes_unref);
  g_clear_pointer (&work->events, g_array_unref);
}

/* --- planning --- */

static gboolean
prepare (Work *work, EspDocument *document, const EspEdit *edit, GError **error)
{
  EspParameter *parameter = esp_place_get_parameter (edit->place);
  EspTensor *tensor = parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
  int id = document->network != NULL && parameter != NULL
               ? esp_network_find_parameter (document->network, parameter)
               : -1;
  const gint64 *shape = tensor != NULL ? esp_tensor_get_shape (tensor) : NULL;
  guint ndim = tensor != NULL ? esp_tensor_get_ndim (tensor) : 0;

  if (id < 0 || esp_tensor_get_dtype (tensor) != ESP_DTYPE_FLOAT32)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("Only the parameters of a live network can be edited"));
      return FALSE;
    }
  if (edit->axis >= (int) ndim || (edit->axis >= 0 && edit->index >= (guint64) shape[edit->axis]))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS, _ ("%s has no such cells"),
                   esp_place_get_path (edit->place));
      return FALSE;
    }
  *work = (Work) { .edit = *edit, .network = document->network, .parameter = (guint) id };
  work->edit.place = g_object_ref (edit->place);
  work->edit.text = g_strdup (edit->text);
  work->tensor = esp_tensor_ref (tensor);
  work->count = esp_tensor_get_count (tensor);
  work->inner = ndim > 0 ? MAX (work->count / (guint64) MAX (shape[0], 1), 1) : 1;
  work->width = ndim > 1 ? MAX (work->inner / (guint64) MAX (shape[1], 1), 1) : 0;
  return TRUE;
}

static char *
make_label (const EspEdit *edit)
{
  const char *path = esp_place_get_path (edit->place);

  if (edit->kind == ESP_EDIT_PRUNE)
    /* Translators: what can be undone, as the next two; %s is the path of a parameter */
    return g_strdup_printf (_ ("Prune %s"), path);
  if (edit->kind == ESP_EDIT_INITIALIZER)
    return g_strdup_printf (_ ("Initialize %s"), path);
  return g_strdup_printf (_ ("Fill %s"), path);
}

static EspEditPlan *
plan_new (EspDocument *document)
{
  EspEditPlan *self = g_new0 (EspEditPlan, 1);

  self->document = g_object_ref (document);
  self->works = g_array_new (FALSE, TRUE, sizeof (Work));
  g_array_set_clear_func (self->works, work_clear);
  return self;
}

static gboolean
add_work (EspEditPlan *self, const EspEdit *edit, GError **error)
{
  Work work;

  if (!prepare (&work, self->document, edit, error))
    return FALSE;
  g_array_append_val (self->works, work);
  return TRUE;
}

EspEditPlan *
esp_edit_plan_new (EspDocument *document, const EspEdit *edit, GError **error)
{
  g_autoptr (EspEditPlan) self = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document) && edit != NULL && edit->text != NULL, NULL);

  self = plan_new (document);
  if (!add_work (self, edit, error))
    return NULL;
  self->label = make_label (edit);
  return g_steal_pointer (&self);
}

/* whether the parameter at @place stands at or below @module */
static gboolean
is_below (EspPlace *place, EspPlace *module)
{
  for (; place != NULL; place = esp_place_get_parent (place))
    if (place == module)
      return TRUE;
  return FALSE;
}

EspEditPlan *
esp_edit_plan_new_initialize (EspDocument *document, EspPlace *place, guint64 seed, GError **error)
{
  g_autoptr (EspEditPlan) self = NULL;
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  EspTree *tree;
  const char *path;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document) && ESP_IS_PLACE (place), NULL);

  self = plan_new (document);
  tree = esp_document_get_tree (document);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *below = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (below);
      EspEdit edit = { .place = below, .axis = -1, .kind = ESP_EDIT_INITIALIZER, .text = "" };

      edit.seed = seed;
      if (!is_below (below, place) || !g_hash_table_add (known, parameter) ||
          esp_tensor_get_dtype (esp_parameter_get_data (parameter)) != ESP_DTYPE_FLOAT32)
        continue;
      if (!add_work (self, &edit, error))
        return NULL;
    }
  path = esp_place_get_path (place);
  if (self->works->len == 0)
    {
      fail (error, _ ("%s has no parameters"), path);
      return NULL;
    }
  self->label = g_strdup_printf (_ ("Initialize %s"),
                                 *path != '\0' ? path : esp_document_get_title (document));
  return g_steal_pointer (&self);
}

void
esp_edit_plan_free (EspEditPlan *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->works);
  g_object_unref (self->document);
  g_free (self->label);
  g_free (self);
}

/* --- working it out --- */

gboolean
esp_edit_plan_run (EspEditPlan *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  for (guint i = 0; i < self->works->len; i++)
    {
      Work *work = &g_array_index (self->works, Work, i);
      gboolean good;

      work->cancellable = cancellable;
      good = work_run (work, self->works->len == 1, error);
      work->cancellable = NULL;
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_clear_error (error);
          return !g_cancellable_set_error_if_cancelled (cancellable, error);
        }
      if (!good)
        return FALSE;
    }
  return TRUE;
}

static void
run_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (esp_edit_plan_run (data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
esp_edit_plan_run_async (EspEditPlan *take_self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (take_self != NULL);

  /* the task is held by this thread, too, until it has told what came of it */
  task = g_task_new (take_self->document, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, take_self, NULL);
  g_task_run_in_thread (task, run_in_worker);
}

EspEditPlan *
esp_edit_plan_run_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (EspEditPlan) self = g_task_get_task_data (G_TASK (result));

  return g_task_propagate_boolean (G_TASK (result), error) ? g_steal_pointer (&self) : NULL;
}

/* --- doing it --- */

guint64
esp_edit_plan_get_n_cells (EspEditPlan *self)
{
  guint64 n = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < self->works->len; i++)
    n += g_array_index (self->works, Work, i).n_cells;
  return n;
}

guint64
esp_edit_plan_get_n_changed (EspEditPlan *self)
{
  guint64 n = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < self->works->len; i++)
    n += g_array_index (self->works, Work, i).n_changed;
  return n;
}

gboolean
esp_edit_plan_apply (EspEditPlan *self, GError **error)
{
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (EspDocumentChange));
  const Work *first;

  g_return_val_if_fail (self != NULL, FALSE);

  first = &g_array_index (self->works, Work, 0);
  if (esp_edit_plan_get_n_changed (self) == 0)
    return TRUE;
  if (first->events != NULL)
    {
      esp_document_put_events (self->document,
                               (const EspHistoryEvent *) (gpointer) first->events->data,
                               first->events->len, self->label);
      return TRUE;
    }
  for (guint i = 0; i < self->works->len; i++)
    {
      const Work *work = &g_array_index (self->works, Work, i);
      const EspDocumentChange change = { work->edit.place, ESP_CHANNEL_DATA, work->floats };

      g_array_append_val (changes, change);
    }
  return esp_document_change_many (self->document,
                                   (const EspDocumentChange *) (gpointer) changes->data,
                                   changes->len, self->label, error);
}
