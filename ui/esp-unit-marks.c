/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings about units -> marks for the heatmap. The document finds and keeps them; this asks for
 * one place at a time and drops what comes too late. */

#include "config.h"

#include "esp-unit-marks.h"

#include <glib/gi18n.h>

struct _EspUnitMarks
{
  GObject parent_instance;

  /* owned */
  EspDocument *document;
  EspPlace *place;
  GPtrArray *findings; /* NULL until they are known, or asked for */
  GArray *marks;       /* of EspRowMark */
  GArray *inputs;      /* of EspUnitInput; NULL of a file */
  GArray *input_marks; /* of EspRowMark */
  char *input_title;   /* the last one that was asked for */
  GCancellable *search;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspUnitMarks, esp_unit_marks, G_TYPE_OBJECT)

static gboolean
find_mark (EspFindingKind kind, EspRowMarkKind *mark)
{
  static const struct
  {
    EspFindingKind kind;
    EspRowMarkKind mark;
  } rows[] = {
    { ESP_FINDING_DEAD_UNIT, ESP_ROW_DEAD },
    { ESP_FINDING_NEVER_FIRES, ESP_ROW_DEAD },
    { ESP_FINDING_SILENT_UNIT, ESP_ROW_SILENT },
    { ESP_FINDING_ZERO_UNIT, ESP_ROW_ZERO },
    { ESP_FINDING_DORMANT_UNIT, ESP_ROW_DORMANT },
    { ESP_FINDING_SATURATED_UNIT, ESP_ROW_SATURATED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].kind == kind)
      {
        *mark = rows[i].mark;
        return TRUE;
      }
  return FALSE;
}

static void
add_mark (EspUnitMarks *self, EspFindingKind kind, gint64 unit)
{
  EspRowMark mark = { .row = unit };

  if (unit >= 0 && find_mark (kind, &mark.kind))
    g_array_append_val (self->marks, mark);
}

static void
forget (EspUnitMarks *self)
{
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_pointer (&self->inputs, g_array_unref);
  g_array_set_size (self->marks, 0);
  g_array_set_size (self->input_marks, 0);
}

static void
take_findings (EspUnitMarks *self, GPtrArray *findings)
{
  forget (self);
  self->findings = findings;
  for (guint i = 0; i < findings->len; i++)
    {
      const EspFinding *finding = g_ptr_array_index (findings, i);

      add_mark (self, finding->kind, finding->unit);
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
add_input_marks (EspUnitMarks *self)
{
  static const EspRowMarkKind kinds[] = { [ESP_UNIT_DEAD] = ESP_ROW_DEAD,
                                          [ESP_UNIT_DORMANT] = ESP_ROW_DORMANT,
                                          [ESP_UNIT_SATURATED] = ESP_ROW_SATURATED };

  for (guint i = 0; i < self->inputs->len; i++)
    {
      const EspUnitInput *input = &g_array_index (self->inputs, EspUnitInput, i);
      EspRowMark mark = { .row = input->input, .kind = kinds[input->state] };

      g_array_append_val (self->input_marks, mark);
    }
}

/* with each snapshot, so without words; whoever wants these asks for them */
static void
take_observed (EspUnitMarks *self)
{
  g_autoptr (GArray) marks = esp_document_mark_units (self->document, self->place);

  forget (self);
  for (guint i = 0; i < marks->len; i++)
    {
      const EspUnitMark *mark = &g_array_index (marks, EspUnitMark, i);

      add_mark (self, mark->kind, mark->unit);
    }
  self->inputs = esp_document_get_unit_inputs (self->document, self->place);
  add_input_marks (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspUnitMarks) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *findings = esp_document_find_finish (ESP_DOCUMENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->search);
  if (findings != NULL) /* else the tensor can't be read; its picture says so */
    take_findings (self, findings);
}

static void
cancel (EspUnitMarks *self)
{
  if (self->search != NULL)
    g_cancellable_cancel (self->search);
  g_clear_object (&self->search);
}

static void
esp_unit_marks_finalize (GObject *object)
{
  EspUnitMarks *self = ESP_UNIT_MARKS (object);

  cancel (self);
  forget (self);
  g_clear_object (&self->document);
  g_clear_object (&self->place);
  g_array_unref (self->marks);
  g_array_unref (self->input_marks);
  g_free (self->input_title);

  G_OBJECT_CLASS (esp_unit_marks_parent_class)->finalize (object);
}

static void
esp_unit_marks_class_init (EspUnitMarksClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_unit_marks_finalize;

  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_UNIT_MARKS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
esp_unit_marks_init (EspUnitMarks *self)
{
  self->marks = g_array_new (FALSE, FALSE, sizeof (EspRowMark));
  self->input_marks = g_array_new (FALSE, FALSE, sizeof (EspRowMark));
}

EspUnitMarks *
esp_unit_marks_new (void)
{
  return g_object_new (ESP_TYPE_UNIT_MARKS, NULL);
}

void
esp_unit_marks_set_place (EspUnitMarks *self, EspDocument *document, EspPlace *place)
{
  g_return_if_fail (ESP_IS_UNIT_MARKS (self));
  g_return_if_fail (place == NULL || ESP_IS_DOCUMENT (document));

  if (place != self->place)
    {
      cancel (self);
      forget (self);
      g_signal_emit (self, signals[CHANGED], 0);
    }
  g_set_object (&self->document, document);
  g_set_object (&self->place, place);
  if (place == NULL || self->search != NULL)
    return;

  if (esp_document_get_trainer (document) != NULL)
    {
      take_observed (self);
      return;
    }
  self->search = g_cancellable_new ();
  esp_document_find_async (document, place, self->search, on_found, g_object_ref (self));
}

const EspRowMark *
esp_unit_marks_get (EspUnitMarks *self, guint *n)
{
  g_return_val_if_fail (ESP_IS_UNIT_MARKS (self), NULL);

  *n = self->marks->len;
  return (const EspRowMark *) (gpointer) self->marks->data;
}

const EspRowMark *
esp_unit_marks_get_inputs (EspUnitMarks *self, guint *n)
{
  g_return_val_if_fail (ESP_IS_UNIT_MARKS (self), NULL);

  *n = self->input_marks->len;
  return (const EspRowMark *) (gpointer) self->input_marks->data;
}

const char *
esp_unit_marks_get_title (EspUnitMarks *self, gint64 unit)
{
  g_return_val_if_fail (ESP_IS_UNIT_MARKS (self), NULL);

  if (self->findings == NULL && self->marks->len > 0)
    self->findings = esp_document_get_unit_findings (self->document, self->place);
  for (guint i = 0; self->findings != NULL && i < self->findings->len; i++)
    {
      const EspFinding *finding = self->findings->pdata[i];

      if (finding->unit == unit)
        return finding->title;
    }

  return NULL;
}

static char *
dup_input_title (const EspUnitInput *input)
{
  g_autofree char *path = esp_path_escape (input->unit_path);

  switch (input->state)
    {
    case ESP_UNIT_DEAD:
      /* TRANSLATORS: a column of a weight takes a unit: number of the column, number of the unit,
       * path of the layer that it is a unit of */
      return g_strdup_printf (_ ("Input %lld: unit %u of %s is dead"), (long long) input->input,
                              input->unit, path);
    case ESP_UNIT_DORMANT:
      return g_strdup_printf (_ ("Input %lld: unit %u of %s is dormant"), (long long) input->input,
                              input->unit, path);
    case ESP_UNIT_SATURATED:
      return g_strdup_printf (_ ("Input %lld: unit %u of %s is saturated"),
                              (long long) input->input, input->unit, path);
    case ESP_UNIT_FINE:
    default:
      return NULL;
    }
}

const char *
esp_unit_marks_get_input_title (EspUnitMarks *self, gint64 index)
{
  g_return_val_if_fail (ESP_IS_UNIT_MARKS (self), NULL);

  for (guint i = 0; self->inputs != NULL && i < self->inputs->len; i++)
    {
      const EspUnitInput *input = &g_array_index (self->inputs, EspUnitInput, i);

      if (input->input != index)
        continue;
      g_free (self->input_title);
      self->input_title = dup_input_title (input);
      return self->input_title;
    }

  return NULL;
}
