/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings need a scan, so they come from a worker a while after the selection; a live network's
 * are sought again when its values are newer, never two searches at a time. */

#include "config.h"

#include "esp-findings-section.h"
#include "esp-note-rows.h"

#include <glib/gi18n.h>

struct _EspFindingsSection
{
  EspSection parent_instance;

  EspNoteRows rows;
  EspPlace *place;           /* what the rows are about, or will be */
  GCancellable *cancellable; /* of the search that runs, else NULL */
};

G_DEFINE_FINAL_TYPE (EspFindingsSection, esp_findings_section, ESP_TYPE_SECTION)

static EspNoteTone
get_tone (EspSeverity severity)
{
  switch (severity)
    {
    case ESP_SEVERITY_ERROR:
      return ESP_NOTE_ERROR;
    case ESP_SEVERITY_WARNING:
      return ESP_NOTE_WARNING;
    case ESP_SEVERITY_NOTE:
    default:
      return ESP_NOTE_PLAIN;
    }
}

static const char *
get_icon (const EspFinding *finding)
{
  if (finding->kind == ESP_FINDING_NEVER_FIRES || finding->kind == ESP_FINDING_ZERO_UNIT)
    return "action-unavailable-symbolic";
  switch (finding->severity)
    {
    case ESP_SEVERITY_ERROR:
      return "dialog-error-symbolic";
    case ESP_SEVERITY_WARNING:
      return "dialog-warning-symbolic";
    case ESP_SEVERITY_NOTE:
    default:
      return "dialog-information-symbolic";
    }
}

/* observed units have a section of their own */
static gboolean
is_observed (const EspFinding *finding)
{
  return finding->kind == ESP_FINDING_DEAD_UNIT || finding->kind == ESP_FINDING_SILENT_UNIT ||
         finding->kind == ESP_FINDING_DORMANT_UNIT || finding->kind == ESP_FINDING_SATURATED_UNIT;
}

/* the telling element, or the first weight of the unit; of a module's findings none, since they
 * don't say which tensor they are about */
static gint64
get_cell (EspPlace *place, const EspFinding *finding)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspTensor *tensor = parameter ? esp_parameter_get_data (parameter) : NULL;

  if (!tensor || esp_tensor_get_ndim (tensor) == 0)
    return -1;
  if (finding->index >= 0 || finding->unit < 0 || esp_tensor_get_shape (tensor)[0] <= 0)
    return finding->index;
  return finding->unit *
         (gint64) (esp_tensor_get_count (tensor) / (guint64) esp_tensor_get_shape (tensor)[0]);
}

static void
show_findings (EspFindingsSection *self, GPtrArray *findings)
{
  esp_note_rows_begin (&self->rows);
  for (guint i = 0; i < findings->len; i++)
    {
      const EspFinding *finding = g_ptr_array_index (findings, i);

      if (is_observed (finding))
        continue;
      esp_note_rows_add (&self->rows, get_tone (finding->severity), get_icon (finding),
                         finding->title, finding->details);
      esp_note_rows_set_cell (&self->rows, get_cell (self->place, finding));
    }
  if (self->rows.n_used == 0 && esp_place_get_parameter (self->place))
    esp_note_rows_add (&self->rows, ESP_NOTE_OK, "emblem-ok-symbolic", _ ("Nothing found"),
                       _ ("No NaN, infinities, constants or dead units"));
  gtk_widget_set_visible (GTK_WIDGET (self), self->rows.n_used > 0);
  esp_note_rows_end (&self->rows);
}

static void
show_refusal (EspFindingsSection *self, const char *message)
{
  esp_note_rows_begin (&self->rows);
  esp_note_rows_add (&self->rows, ESP_NOTE_ERROR, "dialog-error-symbolic",
                     _ ("The values can’t be read"), message);
  esp_note_rows_end (&self->rows);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspFindingsSection) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = esp_document_find_finish (ESP_DOCUMENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  esp_section_set_caption (ESP_SECTION (self), NULL);
  if (findings)
    show_findings (self, findings);
  else
    show_refusal (self, error->message);
}

static void
cancel (EspFindingsSection *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
find (EspFindingsSection *self, EspDocument *document, EspPlace *place)
{
  self->cancellable = g_cancellable_new ();
  esp_document_find_async (document, place, self->cancellable, on_found, g_object_ref (self));
}

static void
esp_findings_section_show (EspSection *section, EspSession *session)
{
  EspFindingsSection *self = ESP_FINDINGS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  EspParameter *parameter = place ? esp_place_get_parameter (place) : NULL;
  const GError *unreadable = parameter ? esp_tensor_get_error (esp_parameter_get_data (parameter))
                                       : NULL;

  if (place && place == self->place)
    return;
  cancel (self);
  g_set_object (&self->place, place);
  esp_note_rows_begin (&self->rows);
  esp_note_rows_end (&self->rows);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  esp_section_set_caption (section, NULL);
  if (unreadable)
    show_refusal (self, unreadable->message);
  else if (document && place)
    find (self, document, place);
}

static void
esp_findings_section_update (EspSection *section, EspSession *session)
{
  EspFindingsSection *self = ESP_FINDINGS_SECTION (section);

  if (self->place && !self->cancellable)
    find (self, esp_session_get_document (session), self->place);
}

static void
esp_findings_section_dispose (GObject *object)
{
  EspFindingsSection *self = ESP_FINDINGS_SECTION (object);

  cancel (self);
  g_clear_object (&self->place);
  G_OBJECT_CLASS (esp_findings_section_parent_class)->dispose (object);
}

static void
esp_findings_section_finalize (GObject *object)
{
  esp_note_rows_clear (&ESP_FINDINGS_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_findings_section_parent_class)->finalize (object);
}

static void
esp_findings_section_class_init (EspFindingsSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_findings_section_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_findings_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_findings_section_show;
  ESP_SECTION_CLASS (klass)->update = esp_findings_section_update;
}

static void
esp_findings_section_init (EspFindingsSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Findings"));
  esp_note_rows_init (&self->rows, ADW_PREFERENCES_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
