/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A switch and two numbers. An empty number is that of the parameter's group, which the row names;
 * while somebody types, newer figures don't come into the row. */

#include "config.h"

#include "esp-rule-section.h"
#include "esp-network-editor.h"

#include <glib/gi18n.h>
#include <math.h>

struct _EspRuleSection
{
  EspSection parent_instance;

  GtkWidget *frozen_row;
  GtkWidget *frozen;
  GtkWidget *rate;
  GtkWidget *decay;
  GtkWidget *seed;
  EspNetworkEditor *editor;
  EspSession *session;
  EspPlace *place;
  char *seed_text;
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspRuleSection, esp_rule_section, ESP_TYPE_SECTION)

/* -- what is ----------------------------------------------------------------------------------- */

static char *
describe_frozen (const EspDocumentRule *rule)
{
  if (rule->n_parameters == 1)
    return g_strdup (rule->n_frozen ? _ ("No gradient, no update, no weight decay")
                                    : _ ("Trained"));
  if (rule->n_frozen == 0)
    /* Translators: parameters of a layer; there are several */
    return g_strdup_printf (_ ("All %u parameters are trained"), rule->n_parameters);
  return g_strdup_printf (_ ("%u of %u parameters are frozen"), rule->n_frozen, rule->n_parameters);
}

/* the title says what holds without a number of its own */
static void
show_number (EspRuleSection *self,
             GtkWidget *row,
             const char *name,
             double group,
             double own,
             gboolean same)
{
  g_autofree char *held = esp_number_format_value (group, 6);
  g_autofree char *text = isnan (own) || !same ? g_strdup ("") : esp_number_format_value (own, 8);
  /* Translators: a setting ("Learning rate"), the number that holds where there is none */
  g_autofree char *title = same ? g_strdup_printf (_ ("%s, else %s"), name, held)
                                : g_strdup_printf (_ ("%s, several"), name);
  GtkWidget *focus = GTK_WIDGET (gtk_widget_get_root (row))
                         ? gtk_root_get_focus (gtk_widget_get_root (row))
                         : NULL;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (focus && gtk_widget_is_ancestor (focus, row))
    return;
  if (!g_str_equal (gtk_editable_get_text (GTK_EDITABLE (row)), text))
    gtk_editable_set_text (GTK_EDITABLE (row), text);
}

static void
show_seed (EspRuleSection *self, gboolean root)
{
  g_autoptr (JsonObject) description = NULL;

  gtk_widget_set_visible (self->seed, root);
  if (!root)
    return;
  description = esp_session_describe_network (self->session);
  if (!description)
    return;
  g_free (self->seed_text);
  self->seed_text = g_strdup_printf ("%" G_GINT64_FORMAT,
                                     json_object_get_int_member (description, "seed"));
  gtk_editable_set_text (GTK_EDITABLE (self->seed), self->seed_text);
}

static void
show_rule (EspRuleSection *self, const EspDocumentRule *rule)
{
  g_autofree char *frozen = describe_frozen (rule);
  g_autofree char *group = NULL;
  gboolean own = !isnan (rule->first.own_rate) || !isnan (rule->first.own_decay);

  self->syncing = TRUE;
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->frozen_row), frozen);
  gtk_switch_set_active (GTK_SWITCH (self->frozen), rule->n_frozen == rule->n_parameters);
  show_number (self, self->rate, _ ("Learning rate"), rule->first.group_rate, rule->first.own_rate,
               rule->same_rate);
  show_number (self, self->decay, _ ("Weight decay"), rule->first.group_decay,
               rule->first.own_decay, rule->same_decay);
  self->syncing = FALSE;
  if (!rule->same_rate || !rule->same_decay)
    group = g_strdup (_ ("several groups"));
  else if (own)
    group = g_strdup (_ ("own group"));
  else
    /* Translators: one of the optimizer's groups of parameters, by its number */
    group = g_strdup_printf (_ ("group %u"), rule->first.group);
  esp_section_set_caption (ESP_SECTION (self), group);
}

static void
esp_rule_section_update (EspSection *section, EspSession *session)
{
  EspRuleSection *self = ESP_RULE_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspDocumentRule rule;

  if (gtk_widget_get_visible (GTK_WIDGET (self)) && document && self->place != NULL &&
      esp_document_get_rule (document, self->place, &rule))
    show_rule (self, &rule);
}

static void
esp_rule_section_show (EspSection *section, EspSession *session)
{
  EspRuleSection *self = ESP_RULE_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  EspDocumentRule rule;
  gboolean live = document && esp_document_get_trainer (document) && place &&
                  esp_document_get_rule (document, place, &rule);

  gtk_widget_set_visible (GTK_WIDGET (self), live);
  g_set_object (&self->session, session);
  if (place != self->place)
    esp_network_editor_forget_trouble (self->editor);
  g_set_object (&self->place, place);
  if (!live)
    return;
  esp_network_editor_set_session (self->editor, session);
  show_seed (self, esp_section_is_root (session));
  show_rule (self, &rule);
}

static void
show_again (gpointer user_data)
{
  EspRuleSection *self = user_data;

  if (self->session)
    esp_rule_section_show (ESP_SECTION (self), self->session);
}

/* -- what people do ---------------------------------------------------------------------------- */

static EspDocument *
get_document (EspRuleSection *self)
{
  return self->session && self->place ? esp_session_get_document (self->session) : NULL;
}

static void
on_frozen (EspRuleSection *self)
{
  EspDocument *document = get_document (self);

  if (document && !self->syncing)
    esp_document_set_frozen (document, self->place,
                             gtk_switch_get_active (GTK_SWITCH (self->frozen)));
}

/* NAN for an empty text; FALSE when it is no number that can be */
static gboolean
read_number (GtkWidget *row, double *value)
{
  g_auto (GStrv) parts = g_strsplit (gtk_editable_get_text (GTK_EDITABLE (row)), "\u2212", -1);
  g_autofree char *text = g_strstrip (g_strjoinv ("-", parts));
  char *end;

  *value = NAN;
  if (!*text)
    return TRUE;
  *value = g_ascii_strtod (text, &end);
  if (*end)
    *value = strtod (text, &end);
  return !*end && isfinite (*value) && *value >= 0;
}

static void
on_number (EspRuleSection *self, GtkWidget *row)
{
  EspDocument *document = get_document (self);
  double value;
  gboolean good = read_number (row, &value);

  if (good)
    gtk_widget_remove_css_class (row, "error");
  else
    gtk_widget_add_css_class (row, "error");
  if (!document || self->syncing || !good)
    return;
  if (row == self->rate)
    esp_document_set_own_rate (document, self->place, value);
  else
    esp_document_set_own_decay (document, self->place, value);
}

static void
on_seed (EspRuleSection *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->seed))));
  guint64 seed;
  gboolean good = g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &seed, NULL);
  EspNetworkChange change = { ESP_NETWORK_CHANGE_SEED, NULL, text, 0, NULL };

  if (good)
    gtk_widget_remove_css_class (self->seed, "error");
  else
    gtk_widget_add_css_class (self->seed, "error");
  if (good && g_strcmp0 (text, self->seed_text) != 0)
    esp_network_editor_change (self->editor, &change);
}

/* -- the object -------------------------------------------------------------------------------- */

static void
esp_rule_section_dispose (GObject *object)
{
  EspRuleSection *self = ESP_RULE_SECTION (object);

  g_clear_object (&self->session);
  g_clear_object (&self->place);
  g_clear_pointer (&self->seed_text, g_free);
  G_OBJECT_CLASS (esp_rule_section_parent_class)->dispose (object);
}

static void
esp_rule_section_class_init (EspRuleSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_rule_section_dispose;
  ESP_SECTION_CLASS (klass)->show = esp_rule_section_show;
  ESP_SECTION_CLASS (klass)->update = esp_rule_section_update;
}

static GtkWidget *
add_entry (EspRuleSection *self, const char *title, GCallback func)
{
  GtkWidget *row = adw_entry_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_entry_row_set_show_apply_button (ADW_ENTRY_ROW (row), TRUE);
  /* undo is the network's */
  gtk_editable_set_enable_undo (GTK_EDITABLE (row), FALSE);
  g_signal_connect_swapped (row, "apply", func, self);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  return row;
}

static void
on_rate_applied (EspRuleSection *self)
{
  on_number (self, self->rate);
}

static void
on_decay_applied (EspRuleSection *self)
{
  on_number (self, self->decay);
}

static void
esp_rule_section_init (EspRuleSection *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (self);

  adw_preferences_group_set_title (group, _ ("Update"));
  self->frozen_row = adw_action_row_new ();
  self->frozen = gtk_switch_new ();
  gtk_widget_set_valign (self->frozen, GTK_ALIGN_CENTER);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->frozen_row), _ ("Frozen"));
  adw_action_row_add_suffix (ADW_ACTION_ROW (self->frozen_row), self->frozen);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self->frozen_row), self->frozen);
  g_signal_connect_swapped (self->frozen, "notify::active", G_CALLBACK (on_frozen), self);
  adw_preferences_group_add (group, self->frozen_row);
  self->rate = add_entry (self, _ ("Learning rate"), G_CALLBACK (on_rate_applied));
  self->decay = add_entry (self, _ ("Weight decay"), G_CALLBACK (on_decay_applied));
  self->seed = add_entry (self, _ ("Seed"), G_CALLBACK (on_seed));
  self->editor = esp_network_editor_new (group, show_again, self);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
