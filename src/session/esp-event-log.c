/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events of a live network, in order. Neighbouring steps merge into one entry, so the log grows
 * with what a person does and not with how long the network trains. */

#include "config.h"

#include "esp-event-log.h"

struct _EspEventLog
{
  GObject parent_instance;

  GArray *events; /* EspEvent */
};

G_DEFINE_FINAL_TYPE (EspEventLog, esp_event_log, G_TYPE_OBJECT)

static void
esp_event_log_finalize (GObject *object)
{
  EspEventLog *self = ESP_EVENT_LOG (object);

  g_array_unref (self->events);
  G_OBJECT_CLASS (esp_event_log_parent_class)->finalize (object);
}

static void
esp_event_log_class_init (EspEventLogClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_event_log_finalize;
}

static void
esp_event_log_init (EspEventLog *self)
{
  self->events = g_array_new (FALSE, FALSE, sizeof (EspEvent));
}

EspEventLog *
esp_event_log_new (void)
{
  return g_object_new (ESP_TYPE_EVENT_LOG, NULL);
}

void
esp_event_log_add (EspEventLog *self, const EspEvent *event)
{
  g_return_if_fail (ESP_IS_EVENT_LOG (self) && event != NULL);

  if (event->kind == ESP_EVENT_STEPS && self->events->len > 0)
    {
      EspEvent *last = &g_array_index (self->events, EspEvent, self->events->len - 1);

      if (last->kind == ESP_EVENT_STEPS)
        {
          *last = *event;
          return;
        }
    }
  g_array_append_val (self->events, *event);
}

guint
esp_event_log_get_length (EspEventLog *self)
{
  g_return_val_if_fail (ESP_IS_EVENT_LOG (self), 0);

  return self->events->len;
}

const EspEvent *
esp_event_log_get (EspEventLog *self, guint index)
{
  g_return_val_if_fail (ESP_IS_EVENT_LOG (self), NULL);
  g_return_val_if_fail (index < self->events->len, NULL);

  return &g_array_index (self->events, EspEvent, index);
}
