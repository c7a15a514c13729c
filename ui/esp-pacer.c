/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slice of the model that grows on the frame clock. */

#include "config.h"

#include "esp-pacer.h"

/* frames in which the height of the last items may still come */
#define FRAMES_AFTER 3

struct _EspPacer
{
  GObject parent_instance;

  GtkWidget *widget; /* borrowed */
  GtkSliceListModel *slice;
  guint step, enough;
  guint tick_id;
  gboolean done;

  /* where to scroll to; the adjustment is owned, and NULL as soon as it is there */
  GtkAdjustment *adjustment;
  double value;
  guint frames;       /* of this model */
  guint frames_after; /* all of it was there */
};

enum
{
  DONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspPacer, esp_pacer, G_TYPE_OBJECT)

static void
scroll_back (EspPacer *self)
{
  double most = gtk_adjustment_get_upper (self->adjustment) -
                gtk_adjustment_get_page_size (self->adjustment);

  gtk_adjustment_set_value (self->adjustment, MIN (self->value, MAX (most, 0)));
  if (most >= self->value)
    g_clear_object (&self->adjustment);
}

static void
show_all (EspPacer *self)
{
  self->done = TRUE;
  self->frames_after = 0;
  gtk_slice_list_model_set_size (self->slice, G_MAXUINT);
  g_signal_emit (self, signals[DONE], 0);
}

/* what was added in one frame has its height in the next */
static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  EspPacer *self = user_data;
  guint size = gtk_slice_list_model_get_size (self->slice);
  guint n = g_list_model_get_n_items (gtk_slice_list_model_get_model (self->slice));

  if (self->adjustment && self->frames++ > 0) /* at first it tells of what was there before */
    scroll_back (self);
  if (self->done && (!self->adjustment || self->frames_after++ == FRAMES_AFTER))
    {
      g_clear_object (&self->adjustment);
      self->tick_id = 0;
      return G_SOURCE_REMOVE;
    }
  if (!self->done && (size + self->step >= self->enough || size + self->step >= n))
    show_all (self);
  else if (!self->done)
    gtk_slice_list_model_set_size (self->slice, size + self->step);
  return G_SOURCE_CONTINUE;
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
  self->done = TRUE;
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
  g_clear_object (&self->adjustment);
}

void
esp_pacer_finish (EspPacer *self)
{
  g_return_if_fail (ESP_IS_PACER (self));

  if (!self->done)
    show_all (self);
}

void
esp_pacer_keep_scroll (EspPacer *self, GtkAdjustment *adjustment)
{
  g_return_if_fail (ESP_IS_PACER (self));

  g_set_object (&self->adjustment, adjustment);
  self->value = gtk_adjustment_get_value (adjustment);
}

void
esp_pacer_set_model (EspPacer *self, GListModel *model)
{
  GtkAdjustment *adjustment = g_steal_pointer (&self->adjustment);

  g_return_if_fail (ESP_IS_PACER (self));

  esp_pacer_stop (self);
  self->done = !model || g_list_model_get_n_items (model) <= self->step;
  self->frames = self->frames_after = 0;
  /* first to a few, so that the list doesn't see all of the new model for a moment, and takes their
   * widgets for the new items */
  gtk_slice_list_model_set_size (self->slice, self->step);
  gtk_slice_list_model_set_model (self->slice, model);
  if (self->done)
    gtk_slice_list_model_set_size (self->slice, G_MAXUINT);
  self->adjustment = adjustment;
  if (!model)
    return;
  if (!self->done || self->adjustment)
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

  return self->done;
}
