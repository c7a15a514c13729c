/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspLook:
 *
 * What a person chose of how values become colours: reduction, scale, range, colour map. All views
 * of a window share one. What is a matter of taste is kept in the settings; a typed range and its
 * lock last as long as the window. Main thread only.
 *
 * Signal "changed".
 */
#define ESP_TYPE_LOOK (esp_look_get_type ())
G_DECLARE_FINAL_TYPE (EspLook, esp_look, ESP, LOOK, GObject)

EspLook *esp_look_new (void);

EspReduction esp_look_get_reduction (EspLook *self);
void esp_look_set_reduction (EspLook *self, EspReduction reduction);
EspScale esp_look_get_scale (EspLook *self);
void esp_look_set_scale (EspLook *self, EspScale scale);
/* of symlog: up to this magnitude the scale is linear; 0: chosen by the range */
void esp_look_set_threshold (EspLook *self, double threshold);

/* %ESP_RANGE_PERCENTILES (few values are shown all) or %ESP_RANGE_MIN_MAX; %ESP_RANGE_TYPED while a
 * range is typed. Choosing one of the others takes the typed range away. */
EspRangeKind esp_look_get_range (EspLook *self);
void esp_look_set_range (EspLook *self, EspRangeKind kind);
/* in percent, 0 <= low < high <= 100 */
void esp_look_get_percentiles (EspLook *self, double *low, double *high);
void esp_look_set_percentiles (EspLook *self, double low, double high);
/* about 0 where there are values of both signs */
gboolean esp_look_get_symmetric (EspLook *self);
void esp_look_set_symmetric (EspLook *self, gboolean symmetric);
/* a range that was typed or dragged, lo < hi; FALSE if there is none. Unless it is locked it is for
 * one tensor. */
gboolean esp_look_get_typed (EspLook *self, double *lo, double *hi);
void esp_look_set_typed (EspLook *self, double lo, double hi);
void esp_look_clear_typed (EspLook *self);
/* a typed range holds for all tensors. Without one there is nothing to lock. */
gboolean esp_look_get_locked (EspLook *self);
void esp_look_set_locked (EspLook *self, gboolean locked);

/* the part of complex values that is shown; as long as the window lasts */
EspPart esp_look_get_part (EspLook *self);
void esp_look_set_part (EspLook *self, EspPart part);

/* chosen maps for values of one sign, of two, and for angles; NULL: the default of the style */
const EspColormap *esp_look_get_colormap (EspLook *self, EspColormapKind kind);
void esp_look_set_colormap (EspLook *self, EspColormapKind kind, const EspColormap *colormap);
gboolean esp_look_get_inverted (EspLook *self);
void esp_look_set_inverted (EspLook *self, gboolean inverted);
/* the chosen map or the default; never NULL */
const EspColormap *esp_look_choose_colormap (EspLook *self, EspColormapKind kind);

/* all of it for a tensor's statistics; @typed: with a typed range that isn't locked, too */
void esp_look_init_norm (EspLook *self, EspStats *stats, gboolean typed, EspNorm *norm);
/* the same where only a first range is known */
void esp_look_init_norm_for_range (EspLook *self,
                                   double lo,
                                   double hi,
                                   gboolean typed,
                                   EspNorm *norm);
/* of angles: the range is a full turn whatever was chosen */
void esp_look_init_norm_for_phase (EspLook *self, EspNorm *norm);

G_END_DECLS
