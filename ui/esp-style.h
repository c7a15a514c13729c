/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What own drawing needs to know of the style: light or dark, and a colour of the style sheet. */

/* colours round the data for the style of now; static */
const EspPalette *esp_style_get_palette (void);
/* the same with the font of @widget, which has to live as long as @palette is used */
void esp_style_init_palette (EspPalette *palette, GtkWidget *widget);
gboolean esp_style_is_dark (void);
/* draws @widget again whenever the style changes, for as long as it lives */
void esp_style_follow (GtkWidget *widget);
/* a colour of style.css ("esp_curve_train") as 0xAARRGGBB; @fallback if there is none */
guint32 esp_style_get_color (GtkWidget *widget, const char *name, guint32 fallback);

/* a surface of the size of @widget to draw on; NULL where there is no room. cairo_destroy() it. */
cairo_t *esp_style_append_cairo (GtkWidget *widget, GtkSnapshot *snapshot);

G_END_DECLS
