/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings about units -> marks for the heatmap. The document finds and keeps them; this asks for
 * one place at a time and drops what comes too late. */

#include "config.h"

#include "esp-unit-marks.h"

struct _EspUnitMarks
{
  GObject parent_instance;

  /* owned */
  EspPlace *place;
  GPtrArray *findings; /* NULL until they are known */
  GArray *marks;       /* of EspRowMark */
  GCancellable *search;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspUnitMarks, esp_unit_marks, G_TYPE_OBJECT)

static void
add_mark (EspUnitMarks *self, const EspFinding *finding)
{
  EspRowMark mark = { .row = finding->unit };

  if (finding->unit < 0)
    return;
  switch (finding->kind)
    {
    case ESP_FINDING_DEAD_UNIT:
    case ESP_FINDING_NEVER_FIRES:
      mark.kind = ESP_ROW_DEAD;
      break;
    case ESP_FINDING_SILENT_UNIT:
      mark.kind = ESP_ROW_SILENT;
      break;
    case ESP_FINDING_ZERO_UNIT:
      mark.kind = ESP_ROW_ZERO;
      break;
    case ESP_FINDING_NAN:
    case ESP_FINDING_ZERO:
    case ESP_FINDING_CONSTANT:
    default:
      return;
    }
  g_array_append_val (self->marks, mark);
}

static void
take_findings (EspUnitMarks *self, GPtrArray *findings)
{
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  self->findings = findings;
  g_array_set_size (self->marks, 0);
  for (guint i = 0; findings != NULL && i < findings->len; i++)
    add_mark (self, findings->pdata[i]);
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
  g_clear_object (&self->place);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_array_unref (self->marks);

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
      take_findings (self, NULL);
    }
  g_set_object (&self->place, place);
  if (place == NULL || self->search != NULL)
    return;

  if (esp_document_get_trainer (document) != NULL)
    {
      take_findings (self, esp_document_get_unit_findings (document, place));
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

const char *
esp_unit_marks_get_title (EspUnitMarks *self, gint64 unit)
{
  g_return_val_if_fail (ESP_IS_UNIT_MARKS (self), NULL);

  for (guint i = 0; self->findings != NULL && i < self->findings->len; i++)
    {
      const EspFinding *finding = self->findings->pdata[i];

      if (finding->unit == unit)
        return finding->title;
    }

  return NULL;
}
