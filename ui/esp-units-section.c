/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units in trouble come out of the newest snapshot at once; nothing is scanned. Their number first,
 * with the way to the list of all units, then each with its evidence. */

#include "config.h"

#include "esp-units-section.h"
#include "esp-note-rows.h"

#include <glib/gi18n.h>

struct _EspUnitsSection
{
  EspSection parent_instance;

  EspNoteRows rows;
};

G_DEFINE_FINAL_TYPE (EspUnitsSection, esp_units_section, ESP_TYPE_SECTION)

/* whether @path is @below or stands under it */
static gboolean
covers (const char *path, const char *below)
{
  gsize length = strlen (path);

  return length == 0 || (g_str_has_prefix (below, path) && strchr ("./", below[length]));
}

/* units observed at @place (of the layer itself, of its parameter, or below the module), and the
 * examples looked at */
static guint
count_observed (EspSnapshot *snapshot, EspPlace *place, guint64 *examples)
{
  EspPlace *owner = esp_place_get_parameter (place) ? esp_place_get_parent (place) : place;
  guint n_units = 0;

  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      if (!(covers (esp_place_get_path (owner), counts->source_path) ||
            covers (esp_place_get_path (owner), counts->path)))
        continue;
      n_units += counts->n_units;
      *examples = MAX (*examples, counts->examples);
    }
  return n_units;
}

static void
set_caption (EspUnitsSection *self, guint64 examples, guint64 step)
{
  g_autofree char *n_examples = esp_number_format_count (examples);
  g_autofree char *n_step = esp_number_format_count (step);
  /* TRANSLATORS: "64 examples, step 1,240": what units were observed on */
  g_autofree char *text =
      g_strdup_printf (ngettext ("%s example, step %s", "%s examples, step %s", (gulong) examples),
                       n_examples, n_step);

  esp_section_set_caption (ESP_SECTION (self), text);
}

/* what is in trouble in the layers below a container, dead units of shared layers once, with the
 * layer's path in front */
static void
collect_below (EspDocument *document, EspPlace *place, GPtrArray *findings)
{
  for (guint i = 0; i < esp_place_get_n_children (place); i++)
    {
      EspPlace *child = esp_place_get_child (place, i);
      g_autoptr (GPtrArray) own = NULL;
      g_autofree char *path = NULL;

      if (!esp_place_get_module (child) || esp_place_get_totals (child)->tensors == 0)
        continue;
      own = esp_document_get_unit_findings (document, child);
      path = esp_path_escape (esp_place_get_path (child));
      for (guint k = 0; k < own->len; k++)
        {
          const EspFinding *finding = g_ptr_array_index (own, k);

          if (finding->kind == ESP_FINDING_DEAD_UNIT && esp_place_get_first (child) != child)
            continue;
          /* TRANSLATORS: path of a layer, then what was found there: "2: Unit 5: dead" */
          g_ptr_array_add (findings,
                           esp_finding_new (finding->kind, finding->severity, finding->unit,
                                            finding->index,
                                            g_strdup_printf (_ ("%s: %s"), path, finding->title),
                                            g_strdup (finding->details)));
        }
      collect_below (document, child, findings);
    }
}

static void
add_part (GString *text, const char *format, guint n)
{
  g_autoptr (GString) number = g_string_new (NULL);

  if (n == 0)
    return;
  g_string_printf (number, "%u", n);
  if (text->len > 0)
    g_string_append (text, " · ");
  g_string_append (text, format);
  g_string_replace (text, "%u", number->str, 0);
}

static void
add_summary (EspUnitsSection *self, GPtrArray *findings, guint n_units)
{
  guint dead = 0, silent = 0, dormant = 0, saturated = 0;
  g_autoptr (GString) title = g_string_new (NULL);
  g_autofree char *details = NULL;

  for (guint i = 0; i < findings->len; i++)
    {
      EspFindingKind kind = ((const EspFinding *) g_ptr_array_index (findings, i))->kind;

      dead += kind == ESP_FINDING_DEAD_UNIT;
      silent += kind == ESP_FINDING_SILENT_UNIT;
      dormant += kind == ESP_FINDING_DORMANT_UNIT;
      saturated += kind == ESP_FINDING_SATURATED_UNIT;
    }
  add_part (title, ngettext ("%u dead", "%u dead", dead), dead);
  add_part (title, ngettext ("%u silent", "%u silent", silent), silent);
  add_part (title, ngettext ("%u dormant", "%u dormant", dormant), dormant);
  add_part (title, ngettext ("%u saturated", "%u saturated", saturated), saturated);
  /* TRANSLATORS: stands below "2 dead · 1 dormant" */
  details = g_strdup_printf (ngettext ("Of %u unit", "Of %u units", n_units), n_units);
  esp_note_rows_add (&self->rows, dead ? ESP_NOTE_ERROR : ESP_NOTE_WARNING, "view-list-symbolic",
                     title->str, details);
  esp_note_rows_set_view (&self->rows, "units");
}

static const char *
get_icon (EspFindingKind kind)
{
  switch (kind)
    {
    case ESP_FINDING_DEAD_UNIT:
      return "action-unavailable-symbolic";
    case ESP_FINDING_SILENT_UNIT:
      return "audio-volume-muted-symbolic";
    case ESP_FINDING_SATURATED_UNIT:
      return "go-top-symbolic";
    case ESP_FINDING_DORMANT_UNIT:
      return "weather-clear-night-symbolic";
    case ESP_FINDING_NAN:
    case ESP_FINDING_ZERO:
    case ESP_FINDING_CONSTANT:
    case ESP_FINDING_ZERO_UNIT:
    case ESP_FINDING_NEVER_FIRES:
    default:
      return "dialog-information-symbolic";
    }
}

static void
fill (EspUnitsSection *self, GPtrArray *findings, guint n_units)
{
  esp_note_rows_begin (&self->rows);
  if (findings->len > 0)
    add_summary (self, findings, n_units);
  for (guint i = 0; i < findings->len; i++)
    {
      const EspFinding *finding = g_ptr_array_index (findings, i);

      esp_note_rows_add (&self->rows,
                         finding->kind == ESP_FINDING_DEAD_UNIT ? ESP_NOTE_ERROR : ESP_NOTE_WARNING,
                         get_icon (finding->kind), finding->title, finding->details);
    }
  if (findings->len == 0)
    {
      g_autofree char *text = g_strdup_printf (
          ngettext ("The unit is at work", "All %u units are at work", n_units), n_units);

      esp_note_rows_add (&self->rows, ESP_NOTE_OK, "emblem-ok-symbolic", text,
                         _ ("None is dead, dormant or saturated"));
      esp_note_rows_set_view (&self->rows, "units");
    }
  esp_note_rows_end (&self->rows);
}

static void
esp_units_section_show (EspSection *section, EspSession *session)
{
  EspUnitsSection *self = ESP_UNITS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  EspSnapshot *snapshot = document ? esp_document_get_snapshot (document) : NULL;
  g_autoptr (GPtrArray) findings = NULL;
  guint64 examples = 0;
  guint n_units = snapshot && place ? count_observed (snapshot, place, &examples) : 0;

  gtk_widget_set_visible (GTK_WIDGET (self), n_units > 0 && examples > 0);
  if (n_units == 0 || examples == 0)
    return;
  findings = esp_document_get_unit_findings (document, place);
  collect_below (document, place, findings);
  set_caption (self, examples, esp_snapshot_get_step (snapshot));
  fill (self, findings, n_units);
}

static void
esp_units_section_finalize (GObject *object)
{
  esp_note_rows_clear (&ESP_UNITS_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_units_section_parent_class)->finalize (object);
}

static void
esp_units_section_class_init (EspUnitsSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_units_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_units_section_show;
  ESP_SECTION_CLASS (klass)->update = esp_units_section_show;
}

static void
esp_units_section_init (EspUnitsSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Units"));
  esp_note_rows_init (&self->rows, ADW_PREFERENCES_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
