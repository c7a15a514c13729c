/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The other channel beside the one that is chosen. It has a view of its own, which follows the same
 * session and shares the look. */

#include "config.h"

#include "esp-second-heatmap.h"

#include "esp-heatmap-frame.h"
#include "esp-levels.h"

#include <glib/gi18n.h>

struct _EspSecondHeatmap
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *box;
  GtkLabel *title;
  GtkStack *stack;
  EspHeatmapFrame *frame;
  EspLevels *levels;
  GtkLabel *message;

  /* owned */
  EspView *view;
  EspView *first;
};

G_DEFINE_FINAL_TYPE (EspSecondHeatmap, esp_second_heatmap, GTK_TYPE_WIDGET)

static void
update_page (EspSecondHeatmap *self)
{
  gboolean shown = esp_view_get_kind (self->view) == ESP_VIEW_MATRIX;

  if (esp_view_get_kind (self->view) == ESP_VIEW_MESSAGE)
    gtk_label_set_label (self->message, esp_view_get_title (self->view));
  gtk_stack_set_visible_child_name (self->stack, shown ? "heatmap" : "message");
}

/* the channel that the first one doesn't show; nothing is computed while this isn't shown */
static void
update (EspSecondHeatmap *self)
{
  EspSession *session = self->first != NULL ? esp_view_get_session (self->first) : NULL;
  EspChannel other;

  if (session == NULL || !gtk_widget_get_visible (GTK_WIDGET (self)))
    {
      esp_view_set_session (self->view, NULL);
      return;
    }

  other = esp_session_get_channel (session) == ESP_CHANNEL_GRAD ? ESP_CHANNEL_DATA
                                                                : ESP_CHANNEL_GRAD;
  gtk_label_set_label (self->title, other == ESP_CHANNEL_GRAD ? _ ("Gradient") : _ ("Data"));
  esp_view_set_channel (self->view, other);
  esp_view_set_session (self->view, session);
  esp_view_copy_plane (self->view, self->first);
  update_page (self);
}

static void
esp_second_heatmap_dispose (GObject *object)
{
  EspSecondHeatmap *self = ESP_SECOND_HEATMAP (object);

  if (self->first != NULL)
    g_signal_handlers_disconnect_by_data (self->first, self);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->view);
  g_clear_object (&self->first);

  G_OBJECT_CLASS (esp_second_heatmap_parent_class)->dispose (object);
}

static void
esp_second_heatmap_class_init (EspSecondHeatmapClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_second_heatmap_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
esp_second_heatmap_init (EspSecondHeatmap *self)
{
  GtkWidget *plot = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->view = esp_view_new ();
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  self->title = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->title), "heading");
  gtk_widget_set_margin_top (GTK_WIDGET (self->title), 6);
  self->stack = GTK_STACK (gtk_stack_new ());
  self->frame = ESP_HEATMAP_FRAME (esp_heatmap_frame_new ());
  esp_heatmap_frame_set_small (self->frame, TRUE);
  gtk_widget_set_vexpand (GTK_WIDGET (self->frame), TRUE);
  self->levels = ESP_LEVELS (esp_levels_new ());
  gtk_widget_set_margin_top (GTK_WIDGET (self->levels), 6);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->levels), 6);
  gtk_box_append (GTK_BOX (plot), GTK_WIDGET (self->frame));
  gtk_box_append (GTK_BOX (plot), GTK_WIDGET (self->levels));
  self->message = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->message, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->message), "second");
  gtk_stack_add_named (self->stack, plot, "heatmap");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->message), "message");
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->stack));
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));

  esp_heatmap_frame_set_view (self->frame, self->view);
  esp_levels_set_heatmap (self->levels, esp_heatmap_frame_get_heatmap (self->frame), self->view);
  g_signal_connect_object (self->view, "tensor-changed", G_CALLBACK (update_page), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "notify::visible", G_CALLBACK (update), NULL);
}

GtkWidget *
esp_second_heatmap_new (void)
{
  return g_object_new (ESP_TYPE_SECOND_HEATMAP, NULL);
}

void
esp_second_heatmap_set_heatmap (EspSecondHeatmap *self, EspHeatmap *heatmap, EspView *view)
{
  g_return_if_fail (ESP_IS_SECOND_HEATMAP (self));
  g_return_if_fail (ESP_IS_HEATMAP (heatmap) && ESP_IS_VIEW (view) && self->first == NULL);

  self->first = g_object_ref (view);
  esp_view_set_look (self->view, esp_view_get_look (view));
  esp_heatmap_link (heatmap, esp_heatmap_frame_get_heatmap (self->frame));
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "values-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}
