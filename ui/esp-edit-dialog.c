/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many cells at once. In: the session's selection; out: esp_edit_plan_apply(). What it would do is
 * worked out with each key, so that its button promises nothing that it can't keep: in a worker,
 * one plan at a time, and what comes of text that has changed since is dropped. */

#include "config.h"

#include "esp-edit-dialog.h"

#include <glib/gi18n.h>

#define PATIENCE 200 /* milliseconds until it says that it takes longer */

struct _EspEditDialog
{
  AdwWindow parent_instance;

  AdwWindowTitle *heading;
  GtkWidget *apply_button;
  AdwComboRow *cells;
  AdwComboRow *kind;
  GtkEditable *entry;
  GtkLabel *outcome;
  GtkLabel *hint;

  /* owned */
  EspDocument *document;
  EspPlace *place;

  guint64 indices[2]; /* of the selected cell */
  guint64 seed;       /* the same for what is shown and what is done */

  /* what it would do */
  EspEditPlan *plan;         /* of what is chosen now; NULL while it is worked out, or senseless */
  GCancellable *cancellable; /* of the one under way, or NULL */
  gboolean again;            /* that one is of something else */
  gboolean applying;         /* as soon as it is known */
  guint patience;            /* source */
};

G_DEFINE_FINAL_TYPE (EspEditDialog, esp_edit_dialog, ADW_TYPE_WINDOW)

static const struct
{
  EspEditKind kind;
  const char *title;
  const char *entry;
  const char *text; /* to begin with */
  const char *hint;
} kinds[] = {
  { ESP_EDIT_VALUE, N_ ("To one number"), N_ ("Number"), "0", "" },
  { ESP_EDIT_FORMULA, N_ ("By a formula"), N_ ("Formula"), "w * 0.5",
    N_ ("w is the number there, i and j its first two indices. There are uniform(low, high), "
        "normal(mean, std), abs, sqrt, exp, where(condition, a, b) and others.") },
  { ESP_EDIT_INITIALIZER, N_ ("By an initializer"), N_ ("Initializer"), "",
    N_ ("Empty: as it began, with other random numbers. Else a name, such as xavier_uniform_, "
        "orthogonal_ or zeros_.") },
  { ESP_EDIT_PRUNE, N_ ("Prune small ones"), N_ ("Smaller than"), "10%",
    N_ ("Sets to 0 what is smaller in magnitude than a number, or the smallest so many percent.") },
};

static EspEdit
get_edit (EspEditDialog *self)
{
  guint row = adw_combo_row_get_selected (self->kind);
  guint cells = adw_combo_row_get_selected (self->cells);
  EspEdit edit = { .place = self->place, .axis = -1, .seed = self->seed };

  edit.kind = kinds[MIN (row, G_N_ELEMENTS (kinds) - 1)].kind;
  edit.text = gtk_editable_get_text (self->entry);
  if (cells == 1 || cells == 2)
    {
      edit.axis = (int) cells - 1;
      edit.index = self->indices[edit.axis];
    }
  return edit;
}

static void
set_outcome (EspEditDialog *self, const char *text, gboolean trouble)
{
  gtk_label_set_text (self->outcome, text);
  if (trouble)
    gtk_widget_add_css_class (GTK_WIDGET (self->outcome), "danger-text");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->outcome), "danger-text");
}

static gboolean
on_patience (gpointer user_data)
{
  EspEditDialog *self = user_data;

  self->patience = 0;
  set_outcome (self, _ ("Working it out…"), FALSE);
  gtk_widget_set_sensitive (self->apply_button, FALSE);
  return G_SOURCE_REMOVE;
}

/* @error: why there is no plan */
static void
show_outcome (EspEditDialog *self, const GError *error)
{
  g_autofree char *cells = NULL, *changed = NULL, *text = NULL;

  g_clear_handle_id (&self->patience, g_source_remove);
  gtk_widget_set_sensitive (self->apply_button,
                            self->plan && esp_edit_plan_get_n_changed (self->plan) > 0);
  if (!self->plan)
    {
      set_outcome (self, error->message, TRUE);
      return;
    }
  cells = esp_number_format_count (esp_edit_plan_get_n_cells (self->plan));
  changed = esp_number_format_count (esp_edit_plan_get_n_changed (self->plan));
  /* Translators: two numbers */
  text = g_strdup_printf (_ ("Changes %s of %s cells"), changed, cells);
  set_outcome (self, text, FALSE);
}

static void
apply (EspEditDialog *self)
{
  g_autoptr (GError) error = NULL;

  self->applying = FALSE;
  if (!self->plan || esp_edit_plan_get_n_changed (self->plan) == 0)
    return;
  if (esp_edit_plan_apply (self->plan, &error))
    gtk_window_destroy (GTK_WINDOW (self));
  else
    set_outcome (self, error->message, TRUE);
}

static void update (EspEditDialog *self);

static void
on_planned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspEditDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEditPlan) plan = esp_edit_plan_run_finish (result, &error);

  g_clear_object (&self->cancellable);
  if (!self->document) /* closed */
    return;
  if (self->again)
    {
      update (self);
      return;
    }
  self->plan = g_steal_pointer (&plan);
  show_outcome (self, error);
  if (self->applying)
    apply (self);
}

static void
update (EspEditDialog *self)
{
  EspEdit edit = get_edit (self);
  g_autoptr (GError) error = NULL;
  EspEditPlan *plan;

  if (!self->document)
    return;
  g_clear_pointer (&self->plan, esp_edit_plan_free);
  self->again = self->cancellable != NULL;
  if (self->patience == 0)
    self->patience = g_timeout_add (PATIENCE, on_patience, self);
  if (self->again)
    {
      g_cancellable_cancel (self->cancellable);
      return; /* on_planned() comes back */
    }
  plan = esp_edit_plan_new (self->document, &edit, &error);
  if (!plan)
    {
      show_outcome (self, error);
      return;
    }
  self->cancellable = g_cancellable_new ();
  esp_edit_plan_run_async (plan, self->cancellable, on_planned, g_object_ref (self));
}

static void
on_kind (EspEditDialog *self)
{
  guint row = adw_combo_row_get_selected (self->kind);

  if (row >= G_N_ELEMENTS (kinds))
    return;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->entry), _ (kinds[row].entry));
  gtk_editable_set_text (self->entry, kinds[row].text);
  gtk_label_set_text (self->hint, *kinds[row].hint ? _ (kinds[row].hint) : "");
  gtk_widget_set_visible (GTK_WIDGET (self->hint), *kinds[row].hint);
  update (self);
}

/* Enter may come before it is known what the last key did */
static void
on_apply (EspEditDialog *self)
{
  self->applying = self->cancellable != NULL;
  if (!self->applying)
    apply (self);
}

static void
esp_edit_dialog_dispose (GObject *object)
{
  EspEditDialog *self = ESP_EDIT_DIALOG (object);

  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->patience, g_source_remove);
  g_clear_pointer (&self->plan, esp_edit_plan_free);
  g_clear_object (&self->document);
  g_clear_object (&self->place);
  G_OBJECT_CLASS (esp_edit_dialog_parent_class)->dispose (object);
}

static void
esp_edit_dialog_class_init (EspEditDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_edit_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-edit-dialog.ui");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, heading);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, apply_button);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, cells);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, kind);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, entry);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, outcome);
  gtk_widget_class_bind_template_child (widget_class, EspEditDialog, hint);
  gtk_widget_class_bind_template_callback (widget_class, update);
  gtk_widget_class_bind_template_callback (widget_class, on_kind);
  gtk_widget_class_bind_template_callback (widget_class, on_apply);
}

static void
esp_edit_dialog_init (EspEditDialog *self)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->seed = g_random_int ();
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    gtk_string_list_append (titles, _ (kinds[i].title));
  adw_combo_row_set_model (self->kind, G_LIST_MODEL (titles));
  on_kind (self);
}

/* all, and the row and the column of the selected cell */
static void
set_cells (EspEditDialog *self, EspTensor *tensor, gint64 cell)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
  const gint64 *shape = esp_tensor_get_shape (tensor);
  g_autofree char *row = NULL, *column = NULL;
  guint64 inner, width;

  gtk_string_list_append (titles, _ ("All"));
  if (cell >= 0 && esp_tensor_get_ndim (tensor) >= 2)
    {
      inner = esp_tensor_get_count (tensor) / (guint64) shape[0];
      width = inner / (guint64) shape[1];
      self->indices[0] = (guint64) cell / inner;
      self->indices[1] = (guint64) cell % inner / width;
      row = esp_number_format_count (self->indices[0]);
      column = esp_number_format_count (self->indices[1]);
      /* Translators: %s is its number */
      gtk_string_list_take (titles, g_strdup_printf (_ ("Row %s"), row));
      gtk_string_list_take (titles, g_strdup_printf (_ ("Column %s"), column));
    }
  adw_combo_row_set_model (self->cells, G_LIST_MODEL (titles));
}

void
esp_edit_dialog_present (GtkWindow *parent, EspSession *session)
{
  EspEditDialog *self;
  EspPlace *place;
  EspTensor *tensor;

  g_return_if_fail (ESP_IS_SESSION (session));

  place = esp_session_get_selection (session);
  if (!place || !esp_place_get_parameter (place))
    return;
  tensor = esp_parameter_get_data (esp_place_get_parameter (place));
  self = g_object_new (ESP_TYPE_EDIT_DIALOG, "transient-for", parent, NULL);
  self->document = g_object_ref (esp_session_get_document (session));
  self->place = g_object_ref (place);
  adw_window_title_set_subtitle (self->heading, esp_place_get_path (place));
  set_cells (self, tensor, esp_session_get_cell (session));
  update (self);
  gtk_window_present (GTK_WINDOW (self));
}
