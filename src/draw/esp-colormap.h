/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  ESP_COLORMAP_SEQUENTIAL,
  ESP_COLORMAP_DIVERGING,
  ESP_COLORMAP_CYCLIC, /* both ends alike: for angles */
} EspColormapKind;

typedef struct
{
  const char *name; /* "vik" */
  EspColormapKind kind;
  gboolean dark;            /* a diverging map with a dark middle, for the dark style */
  const guint8 (*table)[3]; /* (256) sRGB */
} EspColormap;

const EspColormap *const *esp_colormap_get_all (void);        /* NULL-terminated; by kind */
const EspColormap *esp_colormap_from_name (const char *name); /* NULL if there is none */
/* batlow for what has one sign, vik or berlin for what has two, romaO for angles */
const EspColormap *esp_colormap_get_default (EspColormapKind kind, gboolean dark);

G_END_DECLS
