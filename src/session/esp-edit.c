/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fill, prune and re-initialise. All kinds work out the whole parameter and then keep what lies
 * outside the chosen cells. */

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

/* one edit on its way */
typedef struct
{
  const EspEdit *edit;
  EspNetwork *network;
  guint parameter;
  guint64 count;        /* of the parameter */
  guint64 inner, width; /* cells of one index of the first axis, and of the second */
  float *before, *after;
} Work;

static gboolean
is_chosen (const Work *work, guint64 cell)
{
  guint64 i = cell / work->inner, j = work->width > 0 ? cell % work->inner / work->width : 0;

  return work->edit->axis < 0 || work->edit->index == (work->edit->axis == 0 ? i : j);
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

  if (!parse_number (work->edit->text, &value, &end) || *end != '\0')
    return fail (error, _ ("“%s” is not a number."), work->edit->text);
  for (guint64 cell = 0; cell < work->count; cell++)
    work->after[cell] = (float) value;
  return TRUE;
}

static gboolean
fill_formula (Work *work, GError **error)
{
  static const char *const names[] = { "w", "i", "j", NULL };
  g_autoptr (EspExpression) formula = esp_expression_new (work->edit->text, names, error);
  EspRandom random;

  if (formula == NULL)
    return FALSE;
  esp_random_init (&random, work->edit->seed, ESP_STREAM_INIT, work->parameter);
  for (guint64 cell = 0; cell < work->count; cell++)
    {
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

  if (!parse_number (work->edit->text, &limit, &end) || limit < 0)
    return fail (error, _ ("“%s” is neither a number nor a percentage."), work->edit->text);
  if (*end == '%' && limit <= 100 && *skip_spaces (end + 1) == '\0')
    limit = (double) find_threshold (work, limit / 100);
  else if (*end != '\0')
    return fail (error, _ ("“%s” is neither a number nor a percentage."), work->edit->text);
  for (guint64 cell = 0; cell < work->count; cell++)
    if (fabsf (work->before[cell]) < (float) limit)
      work->after[cell] = 0;
  return TRUE;
}

static gboolean
run (Work *work, GError **error)
{
  switch (work->edit->kind)
    {
    case ESP_EDIT_VALUE:
      return fill_value (work, error);
    case ESP_EDIT_FORMULA:
      return fill_formula (work, error);
    case ESP_EDIT_INITIALIZER:
      return esp_network_initialize (work->network, work->parameter,
                                     *work->edit->text != '\0' ? work->edit->text : NULL,
                                     work->edit->seed, work->after, error);
    case ESP_EDIT_PRUNE:
    default:
      return prune (work, error);
    }
}

/* puts back what wasn't chosen, and counts */
static void
finish (Work *work, guint64 *n_cells, guint64 *n_changed)
{
  *n_cells = *n_changed = 0;
  for (guint64 cell = 0; cell < work->count; cell++)
    {
      if (!is_chosen (work, cell))
        {
          work->after[cell] = work->before[cell];
          continue;
        }
      (*n_cells)++;
      *n_changed += memcmp (&work->before[cell], &work->after[cell], sizeof (float)) != 0;
    }
}

static gboolean
prepare (Work *work, EspDocument *document, GError **error)
{
  EspParameter *parameter = esp_place_get_parameter (work->edit->place);
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
  if (work->edit->axis >= (int) ndim ||
      (work->edit->axis >= 0 && work->edit->index >= (guint64) shape[work->edit->axis]))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS, _ ("%s has no such cells"),
                   esp_place_get_path (work->edit->place));
      return FALSE;
    }
  work->network = document->network;
  work->parameter = (guint) id;
  work->count = esp_tensor_get_count (tensor);
  work->inner = ndim > 0 ? MAX (work->count / (guint64) MAX (shape[0], 1), 1) : 1;
  work->width = ndim > 1 ? MAX (work->inner / (guint64) MAX (shape[1], 1), 1) : 0;
  work->before = g_new (float, work->count);
  work->after = g_new0 (float, work->count);
  return esp_tensor_read_f32 (tensor, 0, work->count, work->before, NULL, error);
}

static gboolean
compute (Work *work, EspDocument *document, guint64 *n_cells, guint64 *n_changed, GError **error)
{
  if (!prepare (work, document, error))
    return FALSE;
  if (work->edit->kind == ESP_EDIT_PRUNE || work->edit->kind == ESP_EDIT_FORMULA)
    memcpy (work->after, work->before, work->count * sizeof (float));
  if (!run (work, error))
    return FALSE;
  finish (work, n_cells, n_changed);
  return TRUE;
}

GBytes *
esp_edit_compute (EspDocument *document,
                  const EspEdit *edit,
                  guint64 *n_cells,
                  guint64 *n_changed,
                  GError **error)
{
  Work work = { .edit = edit };
  GBytes *bytes = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document) && edit != NULL && edit->text != NULL, NULL);

  if (compute (&work, document, n_cells, n_changed, error))
    bytes = g_bytes_new_take (g_steal_pointer (&work.after), work.count * sizeof (float));
  g_free (work.before);
  g_free (work.after);
  return bytes;
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

/* the cells that change, one by one: others go on meanwhile */
static void
put_cells (Work *work, EspDocument *document, guint64 n_changed, const char *label)
{
  g_autofree EspHistoryEvent *events = g_new0 (EspHistoryEvent, n_changed);
  guint n = 0;

  for (guint64 cell = 0; cell < work->count && n < n_changed; cell++)
    if (memcmp (&work->before[cell], &work->after[cell], sizeof (float)) != 0)
      events[n++] = (EspHistoryEvent) { .kind = ESP_HISTORY_EDIT,
                                        .parameter = work->parameter,
                                        .index = cell,
                                        .value = (double) work->after[cell] };
  esp_document_put_events (document, events, n, label);
}

gboolean
esp_edit_apply (EspDocument *document, const EspEdit *edit, GError **error)
{
  Work work = { .edit = edit };
  guint64 n_cells, n_changed;
  g_autofree char *label = NULL;
  gboolean good;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document) && edit != NULL && edit->text != NULL, FALSE);

  label = make_label (edit);
  good = compute (&work, document, &n_cells, &n_changed, error);
  if (good && n_changed > 0 && n_changed <= MAX_SINGLE_CELLS)
    put_cells (&work, document, n_changed, label);
  else if (good && n_changed > 0)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (work.after, work.count * sizeof (float));

      good = esp_document_change (document, edit->place, ESP_CHANNEL_DATA, bytes, label, error);
    }
  g_free (work.before);
  g_free (work.after);
  return good;
}

/* --- a module --- */

/* whether the parameter at @place stands at or below @module */
static gboolean
is_below (EspPlace *place, EspPlace *module)
{
  for (; place != NULL; place = esp_place_get_parent (place))
    if (place == module)
      return TRUE;
  return FALSE;
}

static gboolean
is_new (GArray *changes, EspPlace *place)
{
  for (guint i = 0; i < changes->len; i++)
    if (esp_place_get_parameter (g_array_index (changes, EspDocumentChange, i).place) ==
        esp_place_get_parameter (place))
      return FALSE;
  return TRUE;
}

static void
clear_change (gpointer data)
{
  g_bytes_unref (((EspDocumentChange *) data)->floats);
}

gboolean
esp_edit_initialize (EspDocument *document, EspPlace *place, guint64 seed, GError **error)
{
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (EspDocumentChange));
  EspTree *tree;
  g_autofree char *label = NULL;
  const char *path;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document) && ESP_IS_PLACE (place), FALSE);

  g_array_set_clear_func (changes, clear_change);
  tree = esp_document_get_tree (document);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *below = esp_tree_get_tensor (tree, i);
      EspEdit edit = { .place = below, .axis = -1, .kind = ESP_EDIT_INITIALIZER, .text = "" };
      EspDocumentChange change = { .place = below, .channel = ESP_CHANNEL_DATA };
      guint64 n_cells, n_changed;

      edit.seed = seed;
      if (!is_below (below, place) || !is_new (changes, below) ||
          esp_tensor_get_dtype (esp_parameter_get_data (esp_place_get_parameter (below))) !=
              ESP_DTYPE_FLOAT32)
        continue;
      change.floats = esp_edit_compute (document, &edit, &n_cells, &n_changed, error);
      if (change.floats == NULL)
        return FALSE;
      g_array_append_val (changes, change);
    }
  if (changes->len == 0)
    return fail (error, _ ("%s has no parameters"), esp_place_get_path (place));
  path = esp_place_get_path (place);
  label = g_strdup_printf (_ ("Initialize %s"),
                           *path != '\0' ? path : esp_document_get_title (document));
  return esp_document_change_many (document, (const EspDocumentChange *) (gpointer) changes->data,
                                   changes->len, label, error);
}
