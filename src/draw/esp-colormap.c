/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of colour maps and which of them is the default. The tables are written by
 * make-colormaps.py into esp-colormap-tables.c, where sources and licences stand. */
#include "config.h"

#include "esp-colormap.h"
#include "esp-colormap-private.h"

static const EspColormap vik = { "vik", ESP_COLORMAP_DIVERGING, FALSE, esp_colormap_vik };
static const EspColormap berlin = { "berlin", ESP_COLORMAP_DIVERGING, TRUE, esp_colormap_berlin };
static const EspColormap batlow = { "batlow", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_batlow };
static const EspColormap viridis = { "viridis", ESP_COLORMAP_SEQUENTIAL, FALSE,
                                     esp_colormap_viridis };
static const EspColormap cividis = { "cividis", ESP_COLORMAP_SEQUENTIAL, FALSE,
                                     esp_colormap_cividis };
static const EspColormap magma = { "magma", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_magma };
static const EspColormap gray = { "gray", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_gray };

static const EspColormap *const colormaps[] = { &vik,     &berlin, &batlow, &viridis,
                                                &cividis, &magma,  &gray,   NULL };

const EspColormap *const *
esp_colormap_get_all (void)
{
  return colormaps;
}

const EspColormap *
esp_colormap_from_name (const char *name)
{
  if (name == NULL)
    return NULL;

  for (guint i = 0; colormaps[i] != NULL; i++)
    if (g_str_equal (colormaps[i]->name, name))
      return colormaps[i];

  return NULL;
}

const EspColormap *
esp_colormap_get_default (gboolean signed_data, gboolean dark)
{
  if (!signed_data)
    return &batlow;

  return dark ? &berlin : &vik;
}
