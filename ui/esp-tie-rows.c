/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be tied is what has the same shape; the change makes a new network, in which the same
 * parameter is selected again. */

#include "config.h"

#include "esp-tie-rows.h"
#include "esp-network-editor.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_CHOICES 200

struct _EspTieRows
{
  AdwPreferencesGroup *group; /* borrowed */
  EspNetworkEditor *editor;   /* the group's */
  GtkWidget *tie;             /* owned, in the group or not */
  GtkWidget *untie;           /* likewise */
  GPtrArray *choices;         /* paths behind the first item, which is none */
  char *path;                 /* of the parameter */
  gboolean syncing, tie_there, untie_there;
};

static void
change (EspTieRows *self, EspNetworkChangeKind kind, const char *word)
{
  EspNetworkChange change = { kind, self->path, word, 0, NULL };

  esp_network_editor_change (self->editor, &change);
}

static void
on_tie (EspTieRows *self)
{
  guint index = adw_combo_row_get_selected (ADW_COMBO_ROW (self->tie));

  if (!self->syncing && self->path && index > 0 && index <= self->choices->len)
    change (self, ESP_NETWORK_CHANGE_TIE, g_ptr_array_index (self->choices, index - 1));
}

static void
on_untie (EspTieRows *self)
{
  if (self->path)
    change (self, ESP_NETWORK_CHANGE_UNTIE, NULL);
}

/* a change was refused: nothing is chosen */
static void
show_again (gpointer user_data)
{
  EspTieRows *self = user_data;

  self->syncing = TRUE;
  adw_combo_row_set_selected (ADW_COMBO_ROW (self->tie), 0);
  self->syncing = FALSE;
}

EspTieRows *
esp_tie_rows_new (AdwPreferencesGroup *group)
{
  EspTieRows *self = g_new0 (EspTieRows, 1);

  self->group = group;
  self->choices = g_ptr_array_new_with_free_func (g_free);
  self->editor = esp_network_editor_new (group, show_again, self);
  self->tie = g_object_ref_sink (adw_combo_row_new ());
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->tie), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->tie), _ ("Tie with"));
  g_signal_connect_swapped (self->tie, "notify::selected", G_CALLBACK (on_tie), self);
  self->untie = g_object_ref_sink (adw_action_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->untie), _ ("Untie"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->untie),
                               _ ("A copy of its own, with the same values"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self->untie), TRUE);
  g_signal_connect_swapped (self->untie, "activated", G_CALLBACK (on_untie), self);
  return self;
}

void
esp_tie_rows_free (EspTieRows *self)
{
  if (!self)
    return;
  g_signal_handlers_disconnect_by_data (self->tie, self);
  g_signal_handlers_disconnect_by_data (self->untie, self);
  g_object_unref (self->tie);
  g_object_unref (self->untie);
  g_ptr_array_unref (self->choices);
  g_free (self->path);
  g_free (self);
}

static void
put (EspTieRows *self, GtkWidget *row, gboolean *there, gboolean show)
{
  if (show && !*there)
    adw_preferences_group_add (self->group, row);
  else if (!show && *there)
    adw_preferences_group_remove (self->group, row);
  *there = show;
}

void
esp_tie_rows_hide (EspTieRows *self)
{
  put (self, self->tie, &self->tie_there, FALSE);
  put (self, self->untie, &self->untie_there, FALSE);
}

static gboolean
has_shape_of (EspTensor *a, EspTensor *b)
{
  guint n = esp_tensor_get_ndim (a);

  return n == esp_tensor_get_ndim (b) &&
         memcmp (esp_tensor_get_shape (a), esp_tensor_get_shape (b), n * sizeof (gint64)) == 0;
}

static void
find_choices (EspTieRows *self, EspTree *tree, EspParameter *parameter)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_ptr_array_set_size (self->choices, 0);
  /* Translators: nothing is chosen yet */
  gtk_string_list_append (names, _ ("Choose…"));
  g_hash_table_add (seen, parameter);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree) && self->choices->len < MAX_CHOICES; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *other = esp_place_get_parameter (place);

      if (!esp_parameter_get_rule (other) ||
          !has_shape_of (esp_parameter_get_data (other), esp_parameter_get_data (parameter)) ||
          !g_hash_table_add (seen, other))
        continue;
      g_ptr_array_add (self->choices, g_strdup (esp_place_get_path (place)));
      gtk_string_list_append (names, esp_place_get_path (place));
    }
  self->syncing = TRUE;
  adw_combo_row_set_model (ADW_COMBO_ROW (self->tie), G_LIST_MODEL (names));
  self->syncing = FALSE;
}

gboolean
esp_tie_rows_show (EspTieRows *self, EspSession *session)
{
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  EspParameter *parameter = place ? esp_place_get_parameter (place) : NULL;

  g_clear_pointer (&self->path, g_free);
  esp_network_editor_forget_trouble (self->editor);
  if (!document || !esp_document_get_trainer (document) || !parameter ||
      !esp_parameter_get_rule (parameter))
    return FALSE;
  esp_network_editor_set_session (self->editor, session);
  self->path = g_strdup (esp_place_get_path (place));
  find_choices (self, esp_document_get_tree (document), parameter);
  put (self, self->untie, &self->untie_there, esp_parameter_get_n_places (parameter) > 1);
  put (self, self->tie, &self->tie_there, self->choices->len > 0);
  return self->tie_there || self->untie_there;
}
