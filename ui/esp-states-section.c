/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An optimizer numbers its state; here it stands beside the parameter. What was paired by order and
 * shape alone is called guessed. */

#include "config.h"

#include "esp-states-section.h"

#include <glib/gi18n.h>

struct _EspStatesSection
{
  EspSection parent_instance;

  GPtrArray *rows; /* AdwActionRow, borrowed from the group */
  EspSession *session;
  EspPlace *place; /* whose rows these are */
};

G_DEFINE_FINAL_TYPE (EspStatesSection, esp_states_section, ESP_TYPE_SECTION)

static void
on_activated (AdwActionRow *row, EspStatesSection *self)
{
  esp_session_set_selection (self->session, g_object_get_data (G_OBJECT (row), "place"));
}

static void
add_row (EspStatesSection *self,
         EspPlace *place,
         const char *icon_name,
         const char *title,
         const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name (icon_name));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "note");
  g_object_set_data_full (G_OBJECT (row), "place", g_object_ref (place), g_object_unref);
  g_signal_connect (row, "activated", G_CALLBACK (on_activated), self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  subtitle, -1);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static char *
describe (EspPlace *place, gboolean guessed)
{
  EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
  g_autofree char *shape = esp_tensor_dup_shape (tensor);
  const char *type = esp_tensor_get_dtype_name (tensor);

  if (esp_tensor_get_ndim (tensor) == 0)
    return guessed ? g_strdup_printf (_ ("%s, guessed by order and shape"), type) : g_strdup (type);
  /* Translators: a shape and a type: "8 × 8 float32" */
  return guessed ? g_strdup_printf (_ ("%s %s, guessed by order and shape"), shape, type)
                 : g_strdup_printf (_ ("%s %s"), shape, type);
}

static void
add_states (EspStatesSection *self, EspTree *tree, EspPairing *pairing, guint index)
{
  guint n;
  const guint *states = esp_pairing_get_states (pairing, index, &n);

  for (guint i = 0; i < MIN (n, ESP_SECTION_MAX_ROWS); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, states[i]);
      g_autofree char *name = esp_path_escape (esp_place_get_name (place));
      g_autofree char *text = NULL;
      gboolean guessed;

      esp_pairing_get_owner (pairing, states[i], &guessed);
      text = describe (place, guessed);
      add_row (self, place, "emblem-system-symbolic", name, text);
    }
}

static void
add_owner (EspStatesSection *self, EspTree *tree, EspPairing *pairing, guint index)
{
  gboolean guessed;
  gint64 owner = esp_pairing_get_owner (pairing, index, &guessed);
  g_autofree char *path = NULL;
  EspPlace *place;

  if (owner < 0)
    return;
  place = esp_tree_get_tensor (tree, (guint) owner);
  path = esp_path_escape (esp_place_get_path (place));
  add_row (self, place, "view-grid-symbolic", path,
           guessed ? _ ("The parameter it belongs to, guessed by order and shape")
                   : _ ("The parameter it belongs to"));
}

static void
esp_states_section_show (EspSection *section, EspSession *session)
{
  EspStatesSection *self = ESP_STATES_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  EspParameter *parameter = place ? esp_place_get_parameter (place) : NULL;

  g_set_object (&self->session, session);
  /* pairs don't change, and a row that is being clicked should stay */
  if (place && place == self->place)
    return;
  g_set_object (&self->place, place);
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  if (document && parameter && esp_place_get_index (place) >= 0)
    {
      EspTree *tree = esp_document_get_tree (document);
      EspPairing *pairing = esp_document_get_pairing (document);
      guint index = (guint) esp_place_get_index (place);

      add_states (self, tree, pairing, index);
      add_owner (self, tree, pairing, index);
    }
  gtk_widget_set_visible (GTK_WIDGET (self), self->rows->len > 0);
}

static void
esp_states_section_dispose (GObject *object)
{
  EspStatesSection *self = ESP_STATES_SECTION (object);

  g_clear_object (&self->session);
  g_clear_object (&self->place);
  G_OBJECT_CLASS (esp_states_section_parent_class)->dispose (object);
}

static void
esp_states_section_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_STATES_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_states_section_parent_class)->finalize (object);
}

static void
esp_states_section_class_init (EspStatesSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_states_section_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_states_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_states_section_show;
}

static void
esp_states_section_init (EspStatesSection *self)
{
  self->rows = g_ptr_array_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Optimizer state"));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
