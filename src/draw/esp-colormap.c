/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of colour maps and which of them is the default. The tables are written by
 * make-colormaps.py into esp-colormap-tables.c, where sources and licences stand. */
#include "config.h"

#include "esp-colormap.h"
#include "esp-colormap-private.h"

static const EspColormap maps[] = {
  { "vik", ESP_COLORMAP_DIVERGING, FALSE, esp_colormap_vik },
  { "broc", ESP_COLORMAP_DIVERGING, FALSE, esp_colormap_broc },
  { "cork", ESP_COLORMAP_DIVERGING, FALSE, esp_colormap_cork },
  { "roma", ESP_COLORMAP_DIVERGING, FALSE, esp_colormap_roma },
  { "berlin", ESP_COLORMAP_DIVERGING, TRUE, esp_colormap_berlin },
  { "lisbon", ESP_COLORMAP_DIVERGING, TRUE, esp_colormap_lisbon },
  { "batlow", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_batlow },
  { "lipari", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_lipari },
  { "oslo", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_oslo },
  { "viridis", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_viridis },
  { "cividis", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_cividis },
  { "magma", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_magma },
  { "gray", ESP_COLORMAP_SEQUENTIAL, FALSE, esp_colormap_gray },
  { "vikO", ESP_COLORMAP_CYCLIC, FALSE, esp_colormap_viko },
  { "romaO", ESP_COLORMAP_CYCLIC, FALSE, esp_colormap_romao },
  { "twilight", ESP_COLORMAP_CYCLIC, FALSE, esp_colormap_twilight },
};

static const EspColormap *const colormaps[] = {
  &maps[0], &maps[1],  &maps[2],  &maps[3],  &maps[4],  &maps[5],  &maps[6],  &maps[7], &maps[8],
  &maps[9], &maps[10], &maps[11], &maps[12], &maps[13], &maps[14], &maps[15], NULL
};

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
esp_colormap_get_default (EspColormapKind kind, gboolean dark)
{
  switch (kind)
    {
    case ESP_COLORMAP_DIVERGING:
      return esp_colormap_from_name (dark ? "berlin" : "vik");
    case ESP_COLORMAP_CYCLIC:
      return esp_colormap_from_name ("romaO");
    case ESP_COLORMAP_SEQUENTIAL:
    default:
      return esp_colormap_from_name ("batlow");
    }
}
