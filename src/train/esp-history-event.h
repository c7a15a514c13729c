/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  ESP_HISTORY_EDIT,      /* @value into cell @index of @parameter */
  ESP_HISTORY_FILL,      /* all numbers of @parameter's channel @index: @numbers */
  ESP_HISTORY_RATE,      /* @value is the learning rate */
  ESP_HISTORY_ROWS,      /* the next step takes @index examples at most */
  ESP_HISTORY_FREEZE,    /* @parameter is trained no longer, or with 0 as @index it is again */
  ESP_HISTORY_OWN_RATE,  /* @value is the learning rate of @parameter alone; NaN: its group's */
  ESP_HISTORY_OWN_DECAY, /* likewise its weight decay */
} EspHistoryKind;

/* something done to a network between two steps */
typedef struct
{
  EspHistoryKind kind;
  guint64 step; /* after this one; the history's own */
  guint parameter;
  guint64 index;
  double value;
  GBytes *numbers; /* floats, or NULL; who keeps the event keeps a reference */
} EspHistoryEvent;

/* for arrays of them: lets go of the numbers */
static inline void
esp_history_event_clear (gpointer event)
{
  g_clear_pointer (&((EspHistoryEvent *) event)->numbers, g_bytes_unref);
}

G_END_DECLS
