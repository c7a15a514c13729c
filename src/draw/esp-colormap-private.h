/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* esp-colormap-tables.c, written by make-colormaps.py */
extern const guint8 esp_colormap_vik[256][3];
extern const guint8 esp_colormap_broc[256][3];
extern const guint8 esp_colormap_cork[256][3];
extern const guint8 esp_colormap_roma[256][3];
extern const guint8 esp_colormap_berlin[256][3];
extern const guint8 esp_colormap_lisbon[256][3];
extern const guint8 esp_colormap_batlow[256][3];
extern const guint8 esp_colormap_lipari[256][3];
extern const guint8 esp_colormap_oslo[256][3];
extern const guint8 esp_colormap_viridis[256][3];
extern const guint8 esp_colormap_cividis[256][3];
extern const guint8 esp_colormap_magma[256][3];
extern const guint8 esp_colormap_gray[256][3];
extern const guint8 esp_colormap_viko[256][3];
extern const guint8 esp_colormap_romao[256][3];
extern const guint8 esp_colormap_twilight[256][3];
