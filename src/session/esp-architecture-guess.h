/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to esp-architecture-guess.c, which guesses a chain, and esp-architecture-chain.c, which
 * makes a forward pass of it. */

#include "esp-architecture-private.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_GUESS_UNIT_LINEAR,
  ESP_GUESS_UNIT_CONV1D,
  ESP_GUESS_UNIT_CONV2D,
  ESP_GUESS_UNIT_EMBEDDING,
  ESP_GUESS_UNIT_BATCH_NORM,
  ESP_GUESS_UNIT_LAYER_NORM,
} EspGuessUnitKind;

/* a module with weights */
typedef struct
{
  EspGuessUnitKind kind;
  EspPlace *place;
  char *path;
  gint64 in, out; /* features or channels */
  gint64 kernel[2];
  gboolean bias;
  guint position; /* in the file */
} EspGuessUnit;

typedef enum
{
  ESP_GUESS_LINE_UNIT,
  ESP_GUESS_LINE_ACTIVATION,
  ESP_GUESS_LINE_POOL,
  ESP_GUESS_LINE_PADDING,
} EspGuessLineKind;

typedef struct
{
  EspGuessLineKind kind;
  EspGuessUnit unit; /* of this line, or the one before the slot; owned by the unit's own line */
  char *title;
  guint chosen;
} EspGuessLine;

enum
{
  ESP_GUESS_POOL_AUTO,
  ESP_GUESS_POOL_NONE,
  ESP_GUESS_POOL_MAX,
  ESP_GUESS_POOL_AVG,
  ESP_GUESS_POOL_ALL,
};

enum
{
  ESP_GUESS_PADDING_AUTO,
  ESP_GUESS_PADDING_NONE,
  ESP_GUESS_PADDING_SAME,
};

/* what can be chosen, NULL-terminated */
extern const char *const esp_guess_activations[];
extern const char *const esp_guess_pools[];
extern const char *const esp_guess_paddings[];

static inline gboolean
esp_guess_unit_is_conv (const EspGuessUnit *unit)
{
  return unit->kind == ESP_GUESS_UNIT_CONV1D || unit->kind == ESP_GUESS_UNIT_CONV2D;
}

static inline gboolean
esp_guess_unit_is_norm (const EspGuessUnit *unit)
{
  return unit->kind == ESP_GUESS_UNIT_BATCH_NORM || unit->kind == ESP_GUESS_UNIT_LAYER_NORM;
}

/* the convert() of a guess */
gboolean esp_guess_convert (EspArchitecture *self, EspArchitectureValue *out, GError **error);

G_END_DECLS
