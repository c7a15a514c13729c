/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each other member of each tie of the selected tensor; for a module that stands at
 * several places, its other places. Parameters of a live network can be tied and untied. */

#include "config.h"

#include "esp-ties-section.h"
#include "esp-chip.h"
#include "esp-tie-rows.h"

#include <glib/gi18n.h>

struct _EspTiesSection
{
  EspSection parent_instance;

  EspSession *session; /* the one that was shown last */
  EspPlace *place;     /* what the rows are about */
  GPtrArray *rows;     /* AdwActionRow, borrowed from the group */
  guint n_beyond;
  EspTieRows *edits;
};

G_DEFINE_FINAL_TYPE (EspTiesSection, esp_ties_section, ESP_TYPE_SECTION)

/* a new string: what being tied so means */
static char *
describe_tie (EspTie *tie, gboolean live)
{
  guint n = esp_tie_get_n_places (tie);

  switch (esp_tie_get_kind (tie))
    {
    case ESP_TIE_ALIAS:
      if (!live)
        return g_strdup (_ ("Alias: one storage under two names"));
      if (n == 2)
        return g_strdup (_ ("Alias: one storage, edits show in both"));
      return g_strdup_printf (ngettext ("Alias: one storage, edits show in all %u",
                                        "Alias: one storage, edits show in all %u", n),
                              n);
    case ESP_TIE_OVERLAP:
      return g_strdup (_ ("Overlap: both are views of the same bytes in part"));
    case ESP_TIE_TWIN:
      return g_strdup (_ ("Twin: equal bytes, stored twice"));
    case ESP_TIE_TRANSPOSED_TWIN:
      return g_strdup (_ ("Transposed twin: equal values, rows and columns exchanged"));
    case ESP_TIE_IMPLIED:
      return g_strdup (_ ("Implied: tied in the model, one of them is not in the file"));
    case ESP_TIE_MAYBE:
    default:
      return g_strdup (_ ("Maybe: views of one storage, too intricate to decide"));
    }
}

static void
on_activated (AdwActionRow *row, EspTiesSection *self)
{
  EspPlace *place = g_object_get_data (G_OBJECT (row), "place");

  esp_session_set_selection (self->session, place);
}

static void
add_row (EspTiesSection *self, EspPlace *place, EspTie *tie, const char *kind)
{
  GtkWidget *row;
  GtkWidget *chip;
  g_autofree char *title = NULL;

  if (self->rows->len >= ESP_SECTION_MAX_ROWS)
    {
      self->n_beyond++;
      return;
    }
  row = adw_action_row_new ();
  title = esp_path_escape (esp_place_get_path (place));
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), kind);
  if (tie)
    {
      chip = esp_chip_new ();
      esp_chip_set_tie (ESP_CHIP (chip), tie, place);
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), chip);
    }
  else
    adw_action_row_add_prefix (ADW_ACTION_ROW (row),
                               gtk_image_new_from_icon_name ("esp-tie-symbolic"));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "note");
  g_object_set_data_full (G_OBJECT (row), "place", g_object_ref (place), g_object_unref);
  g_signal_connect (row, "activated", G_CALLBACK (on_activated), self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, kind,
                                  -1);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static gboolean
has_member (EspTie *tie, EspPlace *place)
{
  for (guint i = 0; i < esp_tie_get_n_places (tie); i++)
    {
      if (esp_tie_get_place (tie, i) == place)
        return TRUE;
    }
  return FALSE;
}

static void
add_members (EspTiesSection *self, EspTie *tie, EspPlace *place, gboolean live)
{
  g_autofree char *kind = describe_tie (tie, live);

  for (guint i = 0; i < esp_tie_get_n_places (tie); i++)
    {
      EspPlace *member = esp_tie_get_place (tie, i);

      if (member != place)
        add_row (self, member, tie, kind);
    }
}

/* the strongest first, as the place names it; the others in the order of their letters */
static void
add_ties (EspTiesSection *self, EspTree *tree, EspPlace *place, gboolean live)
{
  EspTie *strongest = esp_place_get_tie (place);

  if (!strongest)
    return;
  add_members (self, strongest, place, live);
  for (guint i = 0; i < esp_tree_get_n_ties (tree); i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);

      if (tie != strongest && has_member (tie, place))
        add_members (self, tie, place, live);
    }
}

static void
add_places (EspTiesSection *self, EspModule *module, EspPlace *place)
{
  for (guint i = 0; i < esp_module_get_n_places (module); i++)
    {
      EspPlace *other = esp_module_get_place (module, i);

      if (other != place)
        add_row (self, other, NULL, _ ("The same module: everything in it is shared"));
    }
}

static void
clear_rows (EspTiesSection *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  self->n_beyond = 0;
}

static void
esp_ties_section_show (EspSection *section, EspSession *session)
{
  EspTiesSection *self = ESP_TIES_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  g_autofree char *beyond = NULL;

  g_set_object (&self->session, session);
  /* ties don't change, and a row that is being clicked should stay */
  if (place && place == self->place)
    return;
  g_set_object (&self->place, place);
  esp_tie_rows_hide (self->edits);
  clear_rows (self);
  if (document && place && esp_place_get_parameter (place))
    add_ties (self, esp_document_get_tree (document), place,
              esp_document_get_trainer (document) != NULL);
  else if (place && esp_place_get_module (place))
    add_places (self, esp_place_get_module (place), place);
  if (self->n_beyond > 0)
    beyond = g_strdup_printf (ngettext ("and %u more", "and %u more", self->n_beyond),
                              self->n_beyond);
  esp_section_set_caption (section, beyond);
  gtk_widget_set_visible (GTK_WIDGET (self),
                          esp_tie_rows_show (self->edits, session) || self->rows->len > 0);
}

static void
esp_ties_section_dispose (GObject *object)
{
  EspTiesSection *self = ESP_TIES_SECTION (object);

  g_clear_object (&self->session);
  g_clear_object (&self->place);
  G_OBJECT_CLASS (esp_ties_section_parent_class)->dispose (object);
}

static void
esp_ties_section_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_TIES_SECTION (object)->rows);
  esp_tie_rows_free (ESP_TIES_SECTION (object)->edits);
  G_OBJECT_CLASS (esp_ties_section_parent_class)->finalize (object);
}

static void
esp_ties_section_class_init (EspTiesSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_ties_section_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_ties_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_ties_section_show;
}

static void
esp_ties_section_init (EspTiesSection *self)
{
  self->rows = g_ptr_array_new ();
  self->edits = esp_tie_rows_new (ADW_PREFERENCES_GROUP (self));
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Ties"));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
