/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspRandom:
 *
 * xoshiro256++ (Blackman and Vigna), its state filled by SplitMix64. Lives on the stack. A seed has
 * many independent streams, so that drawing more for one purpose changes nothing elsewhere:
 * stream (%ESP_STREAM_INIT, 3) gives the initial values of the fourth parameter whatever the other
 * parameters draw. Documented for users in data/networks/README.md: the numbers never change.
 */
typedef struct
{
  guint64 state[4];
} EspRandom;

typedef enum
{
  ESP_STREAM_INIT = 1, /* index: the parameter */
  ESP_STREAM_DATA = 2,
  ESP_STREAM_ORDER = 3,  /* index: the epoch */
  ESP_STREAM_LAYER = 4,  /* index: the call; see esp_random_key() */
  ESP_STREAM_REVIVE = 5, /* index: the parameter, and which draw */
} EspStream;

void esp_random_init (EspRandom *self, guint64 seed, EspStream stream, guint64 index);
#define ESP_RANDOM_STEP G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) /* of SplitMix64 */
/* the numbers of one call at one step: number i is SplitMix64's mix (key + (i + 1) step), so
 * that any of them can be had without those before it */
guint64 esp_random_key (guint64 seed, EspStream stream, guint64 index, guint64 step);
guint64 esp_random_next (EspRandom *self);
double esp_random_uniform (EspRandom *self); /* multiples of 2^-24 in [0, 1) */
/* mean 0, standard deviation 1; takes one number of the stream */
double esp_random_normal (EspRandom *self);
/* the same, conditional on lying in [@low, @high], for any bounds */
double esp_random_truncated_normal (EspRandom *self, double low, double high);
guint64 esp_random_below (EspRandom *self, guint64 limit); /* 0 .. limit - 1, without bias */
void esp_random_shuffle (EspRandom *self, guint32 *order, gsize n); /* Fisher-Yates */

G_END_DECLS
