/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dragging asks for more steps than can be shown, so each seek overtakes the one before. The handle
 * stays under the pointer for a while after it was moved by hand; otherwise it follows the run. */

#include "config.h"

#include "esp-time-line.h"

#include <glib/gi18n.h>
#include <math.h>

#define HOLD (G_USEC_PER_SEC / 2) /* after a move by hand */

struct _EspTimeLine
{
  GtkBox parent_instance;

  GtkWidget *scale;
  GtkWidget *where;
  GtkWidget *runs; /* list of branches */
  GtkStringList *names;
  GtkWidget *foreign; /* says that steps are missing */
  GtkWidget *why;

  EspDocument *document; /* owned */
  guint branch;
  guint n_branches;
  gint64 moved; /* µs, when it was moved by hand */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspTimeLine, esp_time_line, GTK_TYPE_BOX)

static void
show_where (EspTimeLine *self, guint64 step, guint64 head)
{
  g_autofree char *at = esp_number_format_count (step);
  g_autofree char *of = esp_number_format_count (head);
  /* TRANSLATORS: a step and the last one of the run */
  g_autofree char *text = g_strdup_printf (_ ("%s of %s"), at, of);

  gtk_label_set_text (GTK_LABEL (self->where), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text, -1);
}

static gboolean
on_change_value (GtkRange *range, GtkScrollType scroll, double value, EspTimeLine *self)
{
  EspTimeline timeline;
  guint64 step;

  if (!self->document)
    return TRUE;
  esp_trainer_get_timeline (esp_document_get_trainer (self->document), &timeline);
  step = (guint64) CLAMP (round (value), 0, (double) timeline.head);
  self->moved = g_get_monotonic_time ();
  show_where (self, step, timeline.head);
  esp_document_seek (self->document, timeline.branch, step);
  return FALSE;
}

static void
on_run (EspTimeLine *self)
{
  guint branch = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->runs));
  EspBranchInfo info;

  if (self->syncing || !self->document || branch == GTK_INVALID_LIST_POSITION ||
      !esp_trainer_get_branch (esp_document_get_trainer (self->document), branch, &info))
    return;
  esp_document_seek (self->document, branch, info.head);
}

static char *
name_run (EspTrainer *trainer, guint branch)
{
  g_autofree char *fork = NULL;
  EspBranchInfo info;

  if (branch == 0 || !esp_trainer_get_branch (trainer, branch, &info))
    return g_strdup_printf (_ ("Run %u"), branch + 1);
  fork = esp_number_format_count (info.fork);
  /* TRANSLATORS: one run among several; the step at which it left the one before */
  return g_strdup_printf (_ ("Run %u, from step %s"), branch + 1, fork);
}

/* list and marks of the branches, when there are others than before */
static void
show_runs (EspTimeLine *self, EspTrainer *trainer, const EspTimeline *timeline)
{
  if (self->n_branches == timeline->n_branches && self->branch == timeline->branch)
    return;
  self->syncing = TRUE;
  if (self->n_branches != timeline->n_branches)
    gtk_string_list_splice (self->names, 0, g_list_model_get_n_items (G_LIST_MODEL (self->names)),
                            NULL);
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->names)); i < timeline->n_branches;
       i++)
    gtk_string_list_take (self->names, name_run (trainer, i));
  gtk_scale_clear_marks (GTK_SCALE (self->scale));
  for (guint i = 1; i < timeline->n_branches; i++)
    {
      EspBranchInfo info;

      if (esp_trainer_get_branch (trainer, i, &info) &&
          (info.parent == timeline->branch || i == timeline->branch))
        gtk_scale_add_mark (GTK_SCALE (self->scale), (double) info.fork, GTK_POS_BOTTOM, NULL);
    }
  gtk_drop_down_set_selected (GTK_DROP_DOWN (self->runs), timeline->branch);
  gtk_widget_set_visible (self->runs, timeline->n_branches > 1);
  self->branch = timeline->branch;
  self->n_branches = timeline->n_branches;
  self->syncing = FALSE;
}

/* whether all steps can be gone to, and if not, why */
static void
show_foreign (EspTimeLine *self, EspTrainer *trainer, const EspTimeline *timeline)
{
  g_autofree char *note = NULL;

  if (gtk_widget_get_visible (self->foreign) == (timeline->n_foreign > 0))
    return;
  note = esp_trainer_dup_foreign_note (trainer);
  gtk_widget_set_visible (self->foreign, note != NULL);
  if (note)
    gtk_label_set_text (GTK_LABEL (self->why), note);
}

void
esp_time_line_show (EspTimeLine *self, EspDocument *document)
{
  EspTrainer *trainer = document ? esp_document_get_trainer (document) : NULL;
  EspDocument *live = trainer ? document : NULL;
  EspTimeline timeline;

  g_return_if_fail (ESP_IS_TIME_LINE (self));

  if (g_set_object (&self->document, live))
    {
      self->moved = self->n_branches = 0;
      gtk_widget_set_visible (self->foreign, FALSE);
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self), trainer != NULL);
  if (!trainer)
    return;
  esp_trainer_get_timeline (trainer, &timeline);
  show_runs (self, trainer, &timeline);
  show_foreign (self, trainer, &timeline);
  gtk_widget_set_sensitive (self->scale, timeline.head > 0);
  gtk_range_set_range (GTK_RANGE (self->scale), 0, (double) MAX (timeline.head, 1));
  if (timeline.seeking || g_get_monotonic_time () - self->moved < HOLD)
    return;
  gtk_range_set_value (GTK_RANGE (self->scale), (double) timeline.step);
  show_where (self, timeline.step, timeline.head);
}

static void
esp_time_line_dispose (GObject *object)
{
  g_clear_object (&ESP_TIME_LINE (object)->document);
  G_OBJECT_CLASS (esp_time_line_parent_class)->dispose (object);
}

static void
esp_time_line_class_init (EspTimeLineClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_time_line_dispose;
}

/* a button with a few words, and a popover that explains them */
static void
make_foreign (EspTimeLine *self)
{
  GtkWidget *popover = gtk_popover_new ();
  /* TRANSLATORS: the only moments of a run that can be gone back to; leads to an explanation */
  GtkWidget *words = gtk_label_new (_ ("Key frames only"));

  self->why = gtk_label_new ("");
  gtk_label_set_wrap (GTK_LABEL (self->why), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (self->why), 44);
  gtk_label_set_xalign (GTK_LABEL (self->why), 0);
  gtk_widget_set_margin_start (self->why, 6);
  gtk_widget_set_margin_end (self->why, 6);
  gtk_widget_set_margin_top (self->why, 6);
  gtk_widget_set_margin_bottom (self->why, 6);
  gtk_popover_set_child (GTK_POPOVER (popover), self->why);
  self->foreign = gtk_menu_button_new ();
  gtk_label_set_ellipsize (GTK_LABEL (words), PANGO_ELLIPSIZE_END);
  gtk_menu_button_set_child (GTK_MENU_BUTTON (self->foreign), words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->foreign), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Key frames only"), -1);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->foreign), popover);
  gtk_widget_set_valign (self->foreign, GTK_ALIGN_CENTER);
  gtk_widget_set_visible (self->foreign, FALSE);
  gtk_widget_add_css_class (self->foreign, "flat");
  gtk_widget_add_css_class (self->foreign, "caption");
  gtk_widget_set_tooltip_text (self->foreign, _ ("Why not every step can be gone back to"));
}

static void
esp_time_line_init (EspTimeLine *self)
{
  GtkWidget *title = gtk_label_new (_ ("Time"));

  gtk_box_set_spacing (GTK_BOX (self), 6);
  gtk_widget_add_css_class (GTK_WIDGET (self), "time-line");
  gtk_widget_add_css_class (title, "caption");
  gtk_widget_add_css_class (title, "second");
  self->scale = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0, 1, 1);
  gtk_scale_set_draw_value (GTK_SCALE (self->scale), FALSE);
  gtk_range_set_increments (GTK_RANGE (self->scale), 1, 100);
  gtk_widget_set_hexpand (self->scale, TRUE);
  gtk_widget_set_tooltip_text (self->scale, _ ("Any step of the run; it goes on from there"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Time line"), -1);
  g_signal_connect (self->scale, "change-value", G_CALLBACK (on_change_value), self);
  self->where = gtk_label_new ("");
  gtk_label_set_width_chars (GTK_LABEL (self->where), 14);
  gtk_label_set_xalign (GTK_LABEL (self->where), 1);
  gtk_widget_add_css_class (self->where, "caption");
  gtk_widget_add_css_class (self->where, "second");
  gtk_widget_add_css_class (self->where, "numeric");
  self->names = gtk_string_list_new (NULL);
  self->runs = gtk_drop_down_new (G_LIST_MODEL (self->names), NULL);
  gtk_widget_set_visible (self->runs, FALSE);
  gtk_widget_set_valign (self->runs, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (self->runs, "flat");
  gtk_widget_set_tooltip_text (self->runs, _ ("A change in the past begins a new run and keeps the "
                                              "old one"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->runs), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Run"), -1);
  g_signal_connect_swapped (self->runs, "notify::selected", G_CALLBACK (on_run), self);
  gtk_box_append (GTK_BOX (self), title);
  gtk_box_append (GTK_BOX (self), self->scale);
  make_foreign (self);
  gtk_box_append (GTK_BOX (self), self->where);
  gtk_box_append (GTK_BOX (self), self->foreign);
  gtk_box_append (GTK_BOX (self), self->runs);
}
