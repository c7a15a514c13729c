/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bound and unbound as the list scrolls, so everything in here is cheap: chips are made when a row
 * first needs them and stay with the cell. */

#include "config.h"

#include "esp-tree-name.h"
#include "esp-chip.h"

#include <glib/gi18n.h>

#define N_CHIPS (ESP_TREE_MARKS_MAX_TIES + 1)
#define MAX_FROZEN_PLACES 4096 /* that are asked before a row is drawn */
#define N_BADGES 4

struct _EspTreeName
{
  GtkWidget parent_instance;

  GtkWidget *expander;
  GtkWidget *box;
  GtkWidget *icon;
  GtkWidget *label;
  GtkWidget *chips[N_CHIPS];   /* ties, then how many more; NULL until needed */
  GtkWidget *badges[N_BADGES]; /* what is worst first; NULL until needed */

  GtkTreeListRow *row;
  EspPlace *place; /* borrowed from row */
  EspTreeMarks *marks;
  const char *tint;
  gboolean frozen; /* all that is here: shown so */
};

G_DEFINE_FINAL_TYPE (EspTreeName, esp_tree_name, GTK_TYPE_WIDGET)

static EspChip *
need_chip (EspTreeName *self, GtkWidget **chip)
{
  if (!*chip)
    {
      *chip = esp_chip_new ();
      gtk_box_append (GTK_BOX (self->box), *chip);
    }
  return ESP_CHIP (*chip);
}

static void
hide_chip (GtkWidget *chip)
{
  if (chip)
    gtk_widget_set_visible (chip, FALSE);
}

/* what stands at a closed row speaks for all that is below it */
static gboolean
is_closed (EspTreeName *self)
{
  return gtk_tree_list_row_is_expandable (self->row) && !gtk_tree_list_row_get_expanded (self->row);
}

static void
update_ties (EspTreeName *self)
{
  EspTreeTies ties;

  esp_tree_marks_get_ties (self->marks, self->place, is_closed (self), &ties);
  for (guint i = 0; i < ESP_TREE_MARKS_MAX_TIES; i++)
    if (ties.ties[i])
      esp_chip_set_tie (need_chip (self, &self->chips[i]), ties.ties[i], self->place);
    else
      hide_chip (self->chips[i]);
  if (ties.n_ties > ESP_TREE_MARKS_MAX_TIES)
    {
      g_autofree char *more = g_strdup_printf ("+%u", ties.n_ties - ESP_TREE_MARKS_MAX_TIES);

      esp_chip_set_note (need_chip (self, &self->chips[N_CHIPS - 1]), ESP_SEVERITY_NOTE, NULL,
                         more);
    }
  else
    {
      hide_chip (self->chips[N_CHIPS - 1]);
    }
}

/* what a badge is for; the words are told where there is room for a number only */
typedef struct
{
  guint number;
  EspSeverity severity;
  const char *icon;
  char *words; /* owned, NULL: a number says it */
} Badge;

static void
clear_badge (gpointer data)
{
  g_free (((Badge *) data)->words);
}

static void
add_badge (GArray *badges, guint number, EspSeverity severity, const char *icon, char *take_words)
{
  Badge badge = { number, severity, icon, take_words };

  if (number > 0)
    g_array_append_val (badges, badge);
  else
    g_free (take_words);
}

/* the worst first: of a file what was found, of a network its units */
static GArray *
list_badges (EspTreeName *self)
{
  GArray *badges = g_array_new (FALSE, FALSE, sizeof (Badge));
  EspTreeCounts counts;

  g_array_set_clear_func (badges, clear_badge);
  esp_tree_marks_get_counts (self->marks, self->place, is_closed (self), &counts);
  if (counts.errors)
    add_badge (badges, counts.errors + counts.warnings, ESP_SEVERITY_ERROR, "dialog-error-symbolic",
               NULL);
  else
    add_badge (badges, counts.warnings, ESP_SEVERITY_WARNING, "dialog-warning-symbolic", NULL);
  /* Translators: units of a layer that never fire, on a small badge */
  add_badge (badges, counts.dead, ESP_SEVERITY_ERROR, "action-unavailable-symbolic",
             g_strdup_printf (ngettext ("%u dead", "%u dead", counts.dead), counts.dead));
  /* Translators: units that never fire at one of several places, on a small badge */
  add_badge (badges, counts.silent, ESP_SEVERITY_WARNING, "audio-volume-muted-symbolic",
             g_strdup_printf (ngettext ("%u silent", "%u silent", counts.silent), counts.silent));
  /* Translators: units that hardly say anything beside the others of their layer, on a badge */
  add_badge (
      badges, counts.dormant, ESP_SEVERITY_WARNING, "weather-clear-night-symbolic",
      g_strdup_printf (ngettext ("%u dormant", "%u dormant", counts.dormant), counts.dormant));
  /* Translators: units that hardly react any more, on a small badge */
  add_badge (badges, counts.saturated, ESP_SEVERITY_WARNING, "go-top-symbolic",
             g_strdup_printf (ngettext ("%u saturated", "%u saturated", counts.saturated),
                              counts.saturated));
  return badges;
}

/* a single one says its word; more of them would leave no room for the name */
static void
update_badges (EspTreeName *self)
{
  g_autoptr (GArray) badges = list_badges (self);

  for (guint i = 0; i < N_BADGES; i++)
    {
      const Badge *badge = &g_array_index (badges, Badge, i);
      g_autofree char *number = NULL;

      if (i >= badges->len)
        {
          hide_chip (self->badges[i]);
          continue;
        }
      number = g_strdup_printf ("%u", badge->number);
      if (badges->len == 1 || !badge->words)
        esp_chip_set_note (need_chip (self, &self->badges[i]), badge->severity, badge->icon,
                           badge->words ? badge->words : number);
      else
        esp_chip_set_number (need_chip (self, &self->badges[i]), badge->severity, badge->icon,
                             badge->number, badge->words);
    }
}

static void
append_chip (GString *text, GtkWidget *chip)
{
  g_autofree char *said = NULL;

  if (!chip || !gtk_widget_get_visible (chip))
    return;
  said = esp_chip_dup_text (ESP_CHIP (chip));
  g_string_append_printf (text, ", %s", said);
}

/* the whole row in words: "2.weight, 8 × 8, float32, Tie A, 1 dead". GTK has no name for the rows
 * of a column view, so a screen reader would say the class of the widget. */
static void
update_spoken (EspTreeName *self)
{
  GtkWidget *row = esp_tree_name_get_row_widget (self);
  EspParameter *parameter = esp_place_get_parameter (self->place);
  EspModule *module = esp_place_get_module (self->place);
  const char *path = esp_place_get_path (self->place);
  g_autofree char *name = *path ? esp_path_escape (path)
                                : g_strdup (gtk_label_get_text (GTK_LABEL (self->label)));
  g_autoptr (GString) text = g_string_new (name);

  if (!row)
    return;
  if (parameter)
    {
      EspTensor *tensor = esp_parameter_get_data (parameter);
      g_autofree char *shape = esp_tensor_dup_shape (tensor);

      g_string_append_printf (text, ", %s, %s", shape, esp_tensor_get_dtype_name (tensor));
    }
  else if (*esp_module_get_brief_class (module))
    {
      g_autofree char *class_name = esp_path_escape (esp_module_get_brief_class (module));

      g_string_append_printf (text, ", %s", class_name);
    }
  else if (esp_wrapper_get_title (self->place))
    g_string_append_printf (text, ", %s", esp_wrapper_get_title (self->place));
  for (guint i = 0; i < ESP_TREE_MARKS_MAX_TIES; i++)
    append_chip (text, self->chips[i]);
  for (guint i = 0; i < N_BADGES; i++)
    append_chip (text, self->badges[i]);
  if (self->frozen)
    g_string_append_printf (text, ", %s", _ ("Frozen"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str,
                                  -1);
}

static const char *
get_icon_name (EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);

  if (!parameter)
    return NULL;
  switch (esp_parameter_get_role (parameter))
    {
    case ESP_ROLE_PARAMETER:
      return "view-grid-symbolic";
    case ESP_ROLE_OPTIMIZER:
      return "emblem-system-symbolic";
    default:
      return "view-app-grid-symbolic";
    }
}

static void
set_css_class (GtkWidget *widget, const char *css_class, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, css_class);
  else
    gtk_widget_remove_css_class (widget, css_class);
}

typedef enum
{
  FROZEN_NOTHING, /* there is nothing that could be trained */
  FROZEN_NO,
  FROZEN_ALL
} Frozen;

/* of a live network, which is small; any other has no rules, so that the first leaf ends it */
static Frozen
find_frozen (EspPlace *place, guint *left)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  Frozen found = FROZEN_NOTHING;

  if (*left == 0)
    return FROZEN_NO;
  --*left;
  if (parameter)
    {
      const EspUpdateRule *rule = esp_parameter_get_rule (parameter);

      if (!rule)
        return esp_parameter_get_role (parameter) == ESP_ROLE_BUFFER ? FROZEN_NOTHING : FROZEN_NO;
      return rule->frozen ? FROZEN_ALL : FROZEN_NO;
    }
  for (guint i = 0; found != FROZEN_NO && i < esp_place_get_n_children (place); i++)
    {
      Frozen below = find_frozen (esp_place_get_child (place, i), left);

      if (below != FROZEN_NOTHING)
        found = below;
    }
  return found;
}

/* a lock in place of the icon, and the name of second rank */
static gboolean
show_frozen (EspTreeName *self)
{
  guint left = MAX_FROZEN_PLACES;
  gboolean frozen = find_frozen (self->place, &left) == FROZEN_ALL;
  const char *icon = frozen ? "changes-prevent-symbolic" : get_icon_name (self->place);

  if (frozen == self->frozen)
    return FALSE;
  self->frozen = frozen;
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), icon);
  gtk_widget_set_visible (self->icon, icon != NULL);
  set_css_class (self->label, "frozen", frozen);
  return TRUE;
}

void
esp_tree_name_update_frozen (EspTreeName *self)
{
  g_return_if_fail (ESP_IS_TREE_NAME (self));

  if (self->place && self->marks && show_frozen (self))
    update_spoken (self);
}

void
esp_tree_name_update_marks (EspTreeName *self)
{
  g_return_if_fail (ESP_IS_TREE_NAME (self));

  if (!self->place || !self->marks)
    return;
  update_ties (self);
  update_badges (self);
  show_frozen (self);
  update_spoken (self);
  for (guint i = 0; i < N_BADGES; i++)
    if (self->badges[i] && gtk_widget_get_visible (self->badges[i]))
      gtk_box_reorder_child_after (GTK_BOX (self->box), self->badges[i],
                                   gtk_widget_get_last_child (self->box));
}

static const char *
get_role_title (EspPlace *place)
{
  switch (esp_parameter_get_role (esp_place_get_parameter (place)))
    {
    case ESP_ROLE_PARAMETER:
      return _ ("Parameter");
    case ESP_ROLE_BUFFER:
      return _ ("Buffer");
    case ESP_ROLE_GRADIENT:
      return _ ("Gradient");
    case ESP_ROLE_OPTIMIZER:
      return _ ("Optimizer state");
    case ESP_ROLE_CONSTANT:
      return _ ("Constant");
    default:
      return _ ("Tensor");
    }
}

static void
show_place (EspTreeName *self, const char *title)
{
  const char *icon = get_icon_name (self->place);
  g_autofree char *name = esp_path_escape (
      esp_place_get_parent (self->place) ? esp_place_get_name (self->place) : title);

  gtk_label_set_text (GTK_LABEL (self->label), name);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), icon);
  gtk_widget_set_visible (self->icon, icon != NULL);
  set_css_class (self->label, "implied", !esp_place_is_stored (self->place));
  set_css_class (self->label, "frozen", FALSE);
  self->frozen = FALSE;
}

/* the badges in words, below what a tooltip says otherwise; takes @text */
static char *
add_badges (EspTreeName *self, char *take_text)
{
  GString *text = g_string_new (take_text);
  const char *separator = "\n";

  g_free (take_text);
  for (guint i = 0; i < N_BADGES; i++)
    {
      g_autofree char *said = NULL;

      if (!self->badges[i] || !gtk_widget_get_visible (self->badges[i]))
        continue;
      said = esp_chip_dup_text (ESP_CHIP (self->badges[i]));
      g_string_append_printf (text, "%s%s", separator, said);
      separator = ", ";
    }
  if (self->frozen)
    g_string_append_printf (text, "%s%s", separator, _ ("Frozen"));
  return g_string_free (text, FALSE);
}

static char *
dup_description (EspTreeName *self)
{
  const char *path = esp_place_get_path (self->place);
  g_autofree char *shown = *path ? esp_path_escape (path)
                                 : g_strdup (gtk_label_get_text (GTK_LABEL (self->label)));

  if (esp_place_get_parameter (self->place))
    return g_strdup_printf ("%s\n%s", shown, get_role_title (self->place));
  if (*esp_module_get_class (esp_place_get_module (self->place)))
    {
      g_autofree char *class_name =
          esp_path_escape (esp_module_get_class (esp_place_get_module (self->place)));

      return g_strdup_printf ("%s\n%s", shown, class_name);
    }
  return g_steal_pointer (&shown);
}

char *
esp_tree_name_dup_tooltip (EspTreeName *self)
{
  g_return_val_if_fail (ESP_IS_TREE_NAME (self), NULL);

  return self->place ? add_badges (self, dup_description (self)) : NULL;
}

void
esp_tree_name_set_row (EspTreeName *self,
                       GtkTreeListRow *row,
                       EspTreeMarks *marks,
                       const char *title)
{
  g_return_if_fail (ESP_IS_TREE_NAME (self));

  if (self->row)
    g_signal_handlers_disconnect_by_data (self->row, self);
  gtk_tree_expander_set_list_row (GTK_TREE_EXPANDER (self->expander), row);
  g_set_object (&self->row, row);
  self->marks = marks;
  self->place = NULL;
  if (row)
    {
      g_autoptr (EspPlace) place = gtk_tree_list_row_get_item (row);

      self->place = place;
      g_signal_connect_swapped (row, "notify::expanded", G_CALLBACK (esp_tree_name_update_marks),
                                self);
      show_place (self, title);
      esp_tree_name_update_marks (self);
    }
}

static void
esp_tree_name_dispose (GObject *object)
{
  EspTreeName *self = ESP_TREE_NAME (object);

  if (self->row)
    g_signal_handlers_disconnect_by_data (self->row, self);
  g_clear_object (&self->row);
  self->place = NULL;
  g_clear_pointer (&self->expander, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_tree_name_parent_class)->dispose (object);
}

static void
esp_tree_name_class_init (EspTreeNameClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_tree_name_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "treename");
}

static void
esp_tree_name_init (EspTreeName *self)
{
  self->expander = gtk_tree_expander_new ();
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_margin_start (self->box, 6);
  self->icon = gtk_image_new ();
  self->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (self->label), 0);
  gtk_box_append (GTK_BOX (self->box), self->icon);
  gtk_box_append (GTK_BOX (self->box), self->label);
  gtk_tree_expander_set_child (GTK_TREE_EXPANDER (self->expander), self->box);
  gtk_widget_set_parent (self->expander, GTK_WIDGET (self));
}

GtkWidget *
esp_tree_name_new (void)
{
  return g_object_new (ESP_TYPE_TREE_NAME, NULL);
}

GtkTreeListRow *
esp_tree_name_get_row (EspTreeName *self)
{
  g_return_val_if_fail (ESP_IS_TREE_NAME (self), NULL);

  return self->row;
}

EspPlace *
esp_tree_name_get_place (EspTreeName *self)
{
  g_return_val_if_fail (ESP_IS_TREE_NAME (self), NULL);

  return self->place;
}

GtkWidget *
esp_tree_name_get_row_widget (EspTreeName *self)
{
  GtkWidget *cell = gtk_widget_get_parent (GTK_WIDGET (self));

  return cell ? gtk_widget_get_parent (cell) : NULL;
}

void
esp_tree_name_set_tint (EspTreeName *self, const char *tint)
{
  GtkWidget *row = esp_tree_name_get_row_widget (self);

  g_return_if_fail (ESP_IS_TREE_NAME (self));

  if (!row || self->tint == tint)
    return;
  if (self->tint)
    gtk_widget_remove_css_class (row, self->tint);
  if (tint)
    gtk_widget_add_css_class (row, tint);
  self->tint = tint;
}

void
esp_tree_name_set_pulse (EspTreeName *self, gboolean pulse)
{
  GtkWidget *row = esp_tree_name_get_row_widget (self);

  g_return_if_fail (ESP_IS_TREE_NAME (self));

  if (row)
    set_css_class (row, "pulse", pulse);
}
