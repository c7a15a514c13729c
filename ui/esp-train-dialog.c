/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks how a checkpoint is to be trained. The network is made in a worker; while it is, nothing can
 * be chosen. */

#include "config.h"

#include "esp-train-dialog.h"
#include "esp-dialogs.h"

#include <glib/gi18n.h>
#include <math.h>

struct _EspTrainDialog
{
  AdwWindow parent_instance;

  GtkWidget *train_button;
  GtkSpinner *spinner;
  GtkLabel *problem;
  AdwComboRow *data;
  AdwActionRow *file_row;
  AdwComboRow *loss;
  AdwComboRow *optimizer;
  GtkEditable *rate;
  GtkEditable *batch_size;
  AdwPreferencesGroup *layers;

  EspArchitecture *architecture; /* owned */
  GPtrArray *sets;               /* names in the order of the rows; "" random, NULL a file */
  GFile *file;                   /* or NULL */
  GCancellable *making;          /* or NULL */

  EspTrainDialogFunc callback;
  gpointer user_data;
  GDestroyNotify destroy;
};

G_DEFINE_FINAL_TYPE (EspTrainDialog, esp_train_dialog, ADW_TYPE_WINDOW)

static const char *const losses[] = {
  N_ ("What fits the data"), "MSELoss", "L1Loss",           "HuberLoss", "SmoothL1Loss",
  "CrossEntropyLoss",        "NLLLoss", "BCEWithLogitsLoss"
};

static const struct
{
  const char *name, *rate;
} optimizers[] = { { "Adam", "0.001" },
                   { "AdamW", "0.001" },
                   { "SGD", "0.01" },
                   { "RMSprop", "0.01" },
                   { "Adagrad", "0.01" } };

/* -- making ---------------------------------------------------------------------------------- */

static void
show_problem (EspTrainDialog *self, const char *text)
{
  gtk_label_set_text (self->problem, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), text != NULL);
}

static void
set_busy (EspTrainDialog *self, gboolean busy)
{
  GtkWidget *rows[] = {
    GTK_WIDGET (self->data), GTK_WIDGET (self->loss),       GTK_WIDGET (self->optimizer),
    GTK_WIDGET (self->rate), GTK_WIDGET (self->batch_size), GTK_WIDGET (self->layers),
    self->train_button
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    gtk_widget_set_sensitive (rows[i], !busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspTrainDialog) self = user_data;
  g_autoptr (GPtrArray) notes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_architecture_make_network_finish (result, &notes, &error);
  gboolean cancelled = g_cancellable_is_cancelled (self->making);

  g_clear_object (&self->making);
  if (cancelled)
    return;
  set_busy (self, FALSE);
  if (!network)
    {
      show_problem (self, error->message);
      return;
    }
  self->callback (network, notes, self->user_data);
  gtk_window_destroy (GTK_WINDOW (self));
}

/* a number above 0, whole if @whole; FALSE where something else was typed */
static gboolean
read_number (GtkEditable *row, gboolean whole, double *value)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (row)));
  char *end = NULL;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value) && *value > 0 && *value <= 1e6 &&
         (!whole || *value == floor (*value));
}

static void
on_changed (EspTrainDialog *self)
{
  double rate, batch;
  gboolean rate_good = read_number (self->rate, FALSE, &rate);
  gboolean batch_good = read_number (self->batch_size, TRUE, &batch);
  struct
  {
    GtkEditable *row;
    gboolean good;
  } rows[] = { { self->rate, rate_good }, { self->batch_size, batch_good } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].good)
      gtk_widget_remove_css_class (GTK_WIDGET (rows[i].row), "error");
    else
      gtk_widget_add_css_class (GTK_WIDGET (rows[i].row), "error");
  gtk_widget_set_sensitive (self->train_button, rate_good && batch_good);
}

static void
on_train (EspTrainDialog *self)
{
  guint loss = adw_combo_row_get_selected (self->loss);
  guint row = adw_combo_row_get_selected (self->data);
  const char *set = row < self->sets->len ? self->sets->pdata[row] : NULL;
  EspTrainingChoice choice = {
    .loss = loss > 0 ? losses[loss] : NULL,
    .optimizer = optimizers[adw_combo_row_get_selected (self->optimizer)].name,
  };
  double batch;

  if (!read_number (self->rate, FALSE, &choice.rate) ||
      !read_number (self->batch_size, TRUE, &batch) || self->making)
    return;
  choice.batch_size = (guint64) batch;
  if (!set && !self->file)
    {
      show_problem (self, _ ("Choose the data to train with"));
      return;
    }
  choice.data = set == NULL ? g_file_peek_path (self->file) : *set != '\0' ? set : NULL;
  show_problem (self, NULL);
  set_busy (self, TRUE);
  self->making = g_cancellable_new ();
  esp_architecture_make_network_async (self->architecture, &choice, self->making, on_made,
                                       g_object_ref (self));
}

/* -- data ------------------------------------------------------------------------------------ */

static void
on_file_chosen (GFile *file, gpointer user_data)
{
  EspTrainDialog *self = user_data;
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *shown = esp_path_escape (name);

  if (!g_file_peek_path (file))
    {
      show_problem (self, _ ("Only files that this computer has a path for can be opened."));
      return;
    }
  g_set_object (&self->file, file);
  adw_action_row_set_subtitle (self->file_row, shown);
  show_problem (self, NULL);
}

static void
on_data (EspTrainDialog *self)
{
  guint row = adw_combo_row_get_selected (self->data);

  if (self->sets && row < self->sets->len)
    gtk_widget_set_visible (GTK_WIDGET (self->file_row), self->sets->pdata[row] == NULL);
}

static void
on_choose (EspTrainDialog *self)
{
  esp_dialogs_open_data (GTK_WINDOW (self), on_file_chosen, g_object_ref (self), g_object_unref);
}

static void
fill_data (EspTrainDialog *self)
{
  g_auto (GStrv) sets = esp_architecture_list_data (self->architecture);
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  self->sets = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; sets[i]; i++)
    {
      g_ptr_array_add (self->sets, g_strdup (sets[i]));
      gtk_string_list_append (titles, sets[i]);
    }
  if (!esp_architecture_wants_data (self->architecture))
    {
      g_ptr_array_add (self->sets, g_strdup (""));
      gtk_string_list_append (titles, _ ("Random numbers"));
    }
  g_ptr_array_add (self->sets, NULL);
  gtk_string_list_append (titles, _ ("A file"));
  adw_combo_row_set_model (self->data, G_LIST_MODEL (titles));
  on_data (self);
}

static void
on_optimizer (EspTrainDialog *self)
{
  guint row = adw_combo_row_get_selected (self->optimizer);

  if (row < G_N_ELEMENTS (optimizers))
    gtk_editable_set_text (self->rate, optimizers[row].rate);
}

/* -- layers ---------------------------------------------------------------------------------- */

static void
on_slot (AdwComboRow *row, GParamSpec *pspec, gpointer user_data)
{
  EspTrainDialog *self = user_data;
  guint line = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (row), "line"));

  if (!self->making)
    esp_architecture_choose (self->architecture, line, adw_combo_row_get_selected (row));
}

static GtkWidget *
make_slot (EspTrainDialog *self, guint index, const EspArchitectureLine *line)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  for (guint i = 0; line->choices[i]; i++)
    gtk_string_list_append (titles, _ (line->choices[i]));
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (titles));
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), line->chosen);
  g_object_set_data (G_OBJECT (row), "line", GUINT_TO_POINTER (index));
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (on_slot), self, 0);
  return row;
}

static void
fill_layers (EspTrainDialog *self, const char *about)
{
  guint n = esp_architecture_get_n_lines (self->architecture);

  gtk_widget_set_visible (GTK_WIDGET (self->layers), n > 0);
  adw_preferences_group_set_description (self->layers, about);
  for (guint i = 0; i < n; i++)
    {
      EspArchitectureLine line;
      g_autofree char *path = NULL;
      GtkWidget *row;

      esp_architecture_get_line (self->architecture, i, &line);
      path = esp_path_escape (line.path);
      row = line.choices ? make_slot (self, i, &line) : adw_action_row_new ();
      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), line.title);
      if (!line.choices)
        {
          g_autofree char *markup = g_markup_escape_text (path, -1);

          adw_action_row_set_subtitle (ADW_ACTION_ROW (row), markup);
        }
      adw_preferences_group_add (self->layers, row);
    }
}

/* -- object ---------------------------------------------------------------------------------- */

static void
esp_train_dialog_dispose (GObject *object)
{
  EspTrainDialog *self = ESP_TRAIN_DIALOG (object);

  if (self->making)
    g_cancellable_cancel (self->making);
  if (self->destroy)
    g_steal_pointer (&self->destroy) (self->user_data);
  g_clear_object (&self->file);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_TRAIN_DIALOG);
  G_OBJECT_CLASS (esp_train_dialog_parent_class)->dispose (object);
}

static void
esp_train_dialog_finalize (GObject *object)
{
  EspTrainDialog *self = ESP_TRAIN_DIALOG (object);

  g_clear_object (&self->making);
  g_clear_pointer (&self->sets, g_ptr_array_unref);
  g_clear_pointer (&self->architecture, esp_architecture_unref);
  G_OBJECT_CLASS (esp_train_dialog_parent_class)->finalize (object);
}

static void
esp_train_dialog_class_init (EspTrainDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_train_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_train_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-train-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, train_button);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, problem);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, data);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, file_row);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, loss);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, optimizer);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, rate);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, batch_size);
  gtk_widget_class_bind_template_child (widget_class, EspTrainDialog, layers);
  gtk_widget_class_bind_template_callback (widget_class, on_train);
  gtk_widget_class_bind_template_callback (widget_class, on_data);
  gtk_widget_class_bind_template_callback (widget_class, on_choose);
  gtk_widget_class_bind_template_callback (widget_class, on_optimizer);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
esp_train_dialog_init (EspTrainDialog *self)
{
  g_autoptr (GtkStringList) loss_titles = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) optimizer_titles = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    gtk_string_list_append (loss_titles, _ (losses[i]));
  for (guint i = 0; i < G_N_ELEMENTS (optimizers); i++)
    gtk_string_list_append (optimizer_titles, optimizers[i].name);
  adw_combo_row_set_model (self->loss, G_LIST_MODEL (loss_titles));
  adw_combo_row_set_model (self->optimizer, G_LIST_MODEL (optimizer_titles));
  on_optimizer (self);
}

void
esp_train_dialog_present (GtkWindow *parent,
                          EspArchitecture *architecture,
                          const char *about,
                          EspTrainDialogFunc callback,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  EspTrainDialog *self;

  g_return_if_fail (architecture != NULL && callback != NULL);

  self = g_object_new (ESP_TYPE_TRAIN_DIALOG, "transient-for", parent, NULL);
  self->architecture = esp_architecture_ref (architecture);
  self->callback = callback;
  self->user_data = user_data;
  self->destroy = destroy;
  fill_layers (self, about);
  fill_data (self);
  gtk_window_present (GTK_WINDOW (self));
}
