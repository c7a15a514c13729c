/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slice of the model that grows on the frame clock. */

#include "config.h"

#include "esp-pacer.h"

struct _EspPacer
{
  GObject parent_instance;

  GtkWidget *widget; /* borrowed */
  GtkSliceListModel *slice;
  guint step, enough;
  guint tick_id;
};

enum
{
  DONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspPacer, esp_pacer, G_TYPE_OBJECT)

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  EspPacer *self = user_data;
  GListModel *model = gtk_slice_list_model_get_model (self->slice);
  guint size = gtk_slice_list_model_get_size (self->slice) + self->step;
  gboolean done = size >= self->enough || size >= g_list_model_get_n_items (model);

  gtk_slice_list_model_set_size (self->slice, done ? G_MAXUINT : size);
  if (!done)
    return G_SOURCE_CONTINUE;
  self->tick_id = 0;
  g_signal_emit (self, signals[DONE], 0);
  return G_SOURCE_REMOVE;
}

static void
esp_pacer_finalize (GObject *object)
{
  EspPacer *self = ESP_PACER (object);

  esp_pacer_stop (self);
  g_object_unref (self->slice);
  G_OBJECT_CLASS (esp_pacer_parent_class)->finalize (object);
}

static void
esp_pacer_class_init (EspPacerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_pacer_finalize;
  signals[DONE] = g_signal_new ("done", ESP_TYPE_PACER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
esp_pacer_init (EspPacer *self)
{
  self->slice = gtk_slice_list_model_new (NULL, 0, G_MAXUINT);
}

EspPacer *
esp_pacer_new (GtkWidget *widget, guint items_per_frame, guint enough)
{
  EspPacer *self;

  g_return_val_if_fail (GTK_IS_WIDGET (widget) && items_per_frame > 0, NULL);

  self = g_object_new (ESP_TYPE_PACER, NULL);
  self->widget = widget;
  self->step = items_per_frame;
  self->enough = enough;
  return self;
}

void
esp_pacer_stop (EspPacer *self)
{
  g_return_if_fail (ESP_IS_PACER (self));

  if (self->tick_id)
    gtk_widget_remove_tick_callback (self->widget, self->tick_id);
  self->tick_id = 0;
}

void
esp_pacer_finish (EspPacer *self)
{
  g_return_if_fail (ESP_IS_PACER (self));

  if (self->tick_id == 0)
    return;
  esp_pacer_stop (self);
  gtk_slice_list_model_set_size (self->slice, G_MAXUINT);
  g_signal_emit (self, signals[DONE], 0);
}

void
esp_pacer_set_model (EspPacer *self, GListModel *model)
{
  gboolean more = model && g_list_model_get_n_items (model) > self->step;

  g_return_if_fail (ESP_IS_PACER (self));

  esp_pacer_stop (self);
  /* first to nothing, so that the list doesn't see all of the new model for a moment */
  gtk_slice_list_model_set_model (self->slice, NULL);
  gtk_slice_list_model_set_size (self->slice, more ? self->step : G_MAXUINT);
  gtk_slice_list_model_set_model (self->slice, model);
  if (more)
    self->tick_id = gtk_widget_add_tick_callback (self->widget, on_tick, self, NULL);
}

GListModel *
esp_pacer_get_shown (EspPacer *self)
{
  g_return_val_if_fail (ESP_IS_PACER (self), NULL);

  return G_LIST_MODEL (self->slice);
}

gboolean
esp_pacer_is_done (EspPacer *self)
{
  g_return_val_if_fail (ESP_IS_PACER (self), FALSE);

  return self->tick_id == 0;
}
