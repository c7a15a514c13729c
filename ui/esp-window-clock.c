/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the newest snapshot of a live network once per frame. While it is paused something can come
 * only after a command, and commands come from a person: so for a moment after each event every
 * frame looks, else a timer does a few times a second, and the frame clock may rest. */

#include "config.h"

#include "esp-window-private.h"

#define AWAKE (2 * G_USEC_PER_SEC)
#define POLL_INTERVAL 200 /* milliseconds */

static gboolean
is_live (EspWindow *self)
{
  return self->document && esp_document_get_trainer (self->document);
}

static gboolean
is_awake (EspWindow *self)
{
  return esp_trainer_is_playing (esp_document_get_trainer (self->document)) ||
         g_get_monotonic_time () < self->awake_until;
}

/* the newest snapshot; and a word when training paused by itself */
static void
update (EspWindow *self)
{
  g_autofree char *trouble = NULL;

  esp_document_update (self->document);
  trouble = esp_document_take_trouble (self->document);
  if (trouble)
    esp_window_tell (self, trouble);
}

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  EspWindow *self = ESP_WINDOW (widget);

  if (!is_live (self) || !is_awake (self))
    {
      self->tick_id = 0;
      return G_SOURCE_REMOVE;
    }
  update (self);
  return G_SOURCE_CONTINUE;
}

static void
start_ticking (EspWindow *self)
{
  if (self->tick_id == 0 && is_live (self) && gtk_widget_get_mapped (GTK_WIDGET (self)) &&
      is_awake (self))
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_tick, NULL, NULL);
}

static gboolean
on_poll (gpointer user_data)
{
  EspWindow *self = user_data;

  if (is_live (self) && self->tick_id == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      update (self);
      start_ticking (self);
    }
  return G_SOURCE_CONTINUE;
}

void
esp_window_clock_wake (EspWindow *self)
{
  if (!is_live (self))
    {
      g_clear_handle_id (&self->poll_id, g_source_remove);
      return;
    }
  self->awake_until = g_get_monotonic_time () + AWAKE;
  if (self->poll_id == 0)
    self->poll_id = g_timeout_add (POLL_INTERVAL, on_poll, self);
  start_ticking (self);
}

static gboolean
on_event (EspWindow *self, GdkEvent *event)
{
  switch (gdk_event_get_event_type (event))
    {
    case GDK_BUTTON_PRESS:
    case GDK_BUTTON_RELEASE:
    case GDK_KEY_PRESS:
    case GDK_KEY_RELEASE:
    case GDK_TOUCH_BEGIN:
    case GDK_TOUCH_END:
      esp_window_clock_wake (self);
      break;
    case GDK_MOTION_NOTIFY: /* a drag of the time line may last for long */
      if (gdk_event_get_modifier_state (event) & GDK_BUTTON1_MASK)
        esp_window_clock_wake (self);
      break;
    default:
      break;
    }
  return GDK_EVENT_PROPAGATE;
}

void
esp_window_clock_init (EspWindow *self)
{
  GtkEventController *controller = gtk_event_controller_legacy_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (controller, "event", G_CALLBACK (on_event), self);
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
  g_signal_connect (self, "map", G_CALLBACK (esp_window_clock_wake), NULL);
}

void
esp_window_clock_dispose (EspWindow *self)
{
  g_clear_handle_id (&self->poll_id, g_source_remove);
  if (self->tick_id)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick_id);
  self->tick_id = 0;
}
