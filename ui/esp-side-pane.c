/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two widgets, a line between them, and two scrolled windows of which one scrolls at a time. */

#include "config.h"

#include "esp-side-pane.h"

#include "esp-size-watch.h"

#define SIDE_BY_SIDE 560 /* pixels that are wide enough for both */

struct _EspSidePane
{
  AdwBin parent_instance;

  GtkWidget *outer, *scroller;
  GtkBox *box;
  GtkWidget *main, *line;
  int main_height, side_width;
  gboolean before;
};

G_DEFINE_FINAL_TYPE (EspSidePane, esp_side_pane, ADW_TYPE_BIN)

static void
set_scrolling (GtkWidget *scroller, gboolean scrolls)
{
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  scrolls ? GTK_POLICY_AUTOMATIC : GTK_POLICY_NEVER);
}

static void
arrange (EspSidePane *self, gboolean beside)
{
  gboolean side_first = beside && self->before;

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->box),
                                  beside ? GTK_ORIENTATION_HORIZONTAL : GTK_ORIENTATION_VERTICAL);
  gtk_box_reorder_child_after (self->box, self->line, side_first ? self->scroller : self->main);
  gtk_box_reorder_child_after (self->box, self->scroller, side_first ? NULL : self->line);
  gtk_widget_set_size_request (self->scroller, beside ? self->side_width : -1, -1);
  gtk_widget_set_size_request (self->main, -1, beside ? -1 : self->main_height);
  set_scrolling (self->scroller, beside);
  set_scrolling (self->outer, !beside);
}

static void
on_width (EspSidePane *self, GParamSpec *pspec, EspSizeWatch *watch)
{
  arrange (self, esp_size_watch_get_width (watch) >= SIDE_BY_SIDE);
}

static void
esp_side_pane_class_init (EspSidePaneClass *klass)
{
}

static void
esp_side_pane_init (EspSidePane *self)
{
  GtkWidget *watch = esp_size_watch_new ();

  self->box = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 0));
  self->line = gtk_separator_new (GTK_ORIENTATION_VERTICAL);
  self->outer = gtk_scrolled_window_new ();
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->outer), GTK_WIDGET (self->box));
  g_object_set (watch, "child", self->outer, "shrinks", TRUE, NULL);
  g_signal_connect_object (watch, "notify::width", G_CALLBACK (on_width), self, G_CONNECT_SWAPPED);
  adw_bin_set_child (ADW_BIN (self), watch);
}

GtkWidget *
esp_side_pane_new (GtkWidget *main,
                   int main_height,
                   GtkWidget *side,
                   int side_width,
                   gboolean before)
{
  EspSidePane *self = g_object_new (ESP_TYPE_SIDE_PANE, NULL);

  self->main = main;
  self->main_height = main_height;
  self->side_width = side_width;
  self->before = before;
  gtk_widget_set_hexpand (main, TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), side);
  gtk_box_append (self->box, main);
  gtk_box_append (self->box, self->line);
  gtk_box_append (self->box, self->scroller);
  arrange (self, FALSE);
  return GTK_WIDGET (self);
}
