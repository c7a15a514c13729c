/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspEventLog:
 *
 * Everything that changed a live network, in order: edits, settings, steps, resets. With the
 * specification and the seed it determines every value, so that undo and replay can be built on it.
 * Main thread only.
 */
#define ESP_TYPE_EVENT_LOG (esp_event_log_get_type ())
G_DECLARE_FINAL_TYPE (EspEventLog, esp_event_log, ESP, EVENT_LOG, GObject)

typedef enum
{
  ESP_EVENT_STEPS,         /* @step is the step reached; neighbours merge */
  ESP_EVENT_EDIT,          /* @parameter, @index, @before, @after */
  ESP_EVENT_LEARNING_RATE, /* @before, @after */
  ESP_EVENT_CHANGE,        /* all numbers of @parameter, and what belongs to it */
  ESP_EVENT_UNDO,          /* @step is where it led to */
  ESP_EVENT_REDO,
  ESP_EVENT_RESET,
} EspEventKind;

typedef struct
{
  EspEventKind kind;
  guint64 step; /* at which it took place */
  guint parameter;
  guint64 index;
  double before, after;
} EspEvent;

EspEventLog *esp_event_log_new (void);
void esp_event_log_add (EspEventLog *self, const EspEvent *event);
guint esp_event_log_get_length (EspEventLog *self);
const EspEvent *esp_event_log_get (EspEventLog *self, guint index);

G_END_DECLS
