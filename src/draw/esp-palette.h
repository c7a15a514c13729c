/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspPalette:
 *
 * Colours (0xAARRGGBB) and font of what is drawn round the data; the ui fills it from the style,
 * `render` and tests use the two constants.
 */
typedef struct
{
  guint32 background, text, dim, line, accent, danger;
  gboolean dark;
  const char *font; /* family; NULL is the system's sans */
} EspPalette;

extern const EspPalette esp_palette_light;
extern const EspPalette esp_palette_dark;

G_END_DECLS
