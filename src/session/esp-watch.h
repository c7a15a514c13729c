/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"

G_BEGIN_DECLS

/**
 * EspWatch:
 *
 * Whether the files that a checkpoint stands on are still those that were opened: any shard, index
 * or file beside it. Looks at them in a worker every two seconds, since a file on a network may
 * change without a word, and at once when the system tells of a change. Main thread only.
 *
 * Property (notify): "state" (EspWatchState).
 * Signal "settled": there is a newer version, and nothing was written to it for half a second; once
 * for each version.
 */
#define ESP_TYPE_WATCH (esp_watch_get_type ())
G_DECLARE_FINAL_TYPE (EspWatch, esp_watch, ESP, WATCH, GObject)

typedef enum
{
  ESP_WATCH_SAME,
  ESP_WATCH_WRITING,   /* for some seconds already */
  ESP_WATCH_REPLACED,  /* another file has the name; what is open can still be read */
  ESP_WATCH_REWRITTEN, /* written to in place, or cut: what is open can't be read any more */
  ESP_WATCH_GONE,      /* no file has the name; what is open can still be read */
} EspWatchState;

EspWatch *esp_watch_new (EspCheckpoint *checkpoint);
EspWatchState esp_watch_get_state (EspWatch *self);
/* looks soon, whatever the system tells */
void esp_watch_look (EspWatch *self);

G_END_DECLS
