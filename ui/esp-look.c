/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choices about colours, and how they make an EspNorm of a tensor's statistics. */

#include "config.h"

#include "esp-look.h"

#include "esp-settings.h"
#include "esp-style.h"

#include <math.h>

/* fewer values than this are all shown: each has its own pixels, so none makes the others alike */
#define FEW_VALUES 4096

struct _EspLook
{
  GObject parent_instance;

  EspReduction reduction;
  EspScale scale;
  double threshold;  /* 0: chosen by the range */
  EspRangeKind kind; /* unless a range is typed */
  EspRange range;    /* percentiles, symmetry, the typed ends */
  gboolean has_typed, locked;
  const EspColormap *colormaps[3]; /* by EspColormapKind; NULL: the default */
  EspPart part;
  gboolean inverted;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *const range_names[ESP_N_RANGES] = {
  [ESP_RANGE_MIN_MAX] = "all",
  [ESP_RANGE_PERCENTILES] = "percentiles",
};
static const char *const colormap_keys[] = {
  [ESP_COLORMAP_SEQUENTIAL] = "sequential-colormap",
  [ESP_COLORMAP_DIVERGING] = "diverging-colormap",
  [ESP_COLORMAP_CYCLIC] = "cyclic-colormap",
};

G_DEFINE_FINAL_TYPE (EspLook, esp_look, G_TYPE_OBJECT)

static void
tell (EspLook *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* other windows choose, too */
static void
read_colormaps (EspLook *self)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (colormap_keys); i++)
    {
      g_autofree char *name = esp_settings_dup_string (colormap_keys[i]);
      const EspColormap *map = name != NULL ? esp_colormap_from_name (name) : NULL;

      changed |= map != self->colormaps[i];
      self->colormaps[i] = map;
    }
  if (changed)
    tell (self);
}

static void
read_settings (EspLook *self)
{
  g_autofree char *reduction = esp_settings_dup_string ("reduction");
  g_autofree char *scale = esp_settings_dup_string ("scale");
  g_autofree char *range = esp_settings_dup_string ("range");
  double low = esp_settings_get_double ("percentile-low", 0.1);
  double high = esp_settings_get_double ("percentile-high", 99.9);

  if (reduction != NULL)
    self->reduction = esp_reduction_from_name (reduction, NULL);
  if (scale != NULL)
    self->scale = esp_scale_from_name (scale, NULL);
  if (g_strcmp0 (range, range_names[ESP_RANGE_MIN_MAX]) == 0)
    self->kind = ESP_RANGE_MIN_MAX;
  if (low >= 0 && low < high && high <= 100)
    {
      self->range.low = low / 100;
      self->range.high = high / 100;
    }
  self->range.symmetric = esp_settings_get_boolean ("range-symmetric", TRUE);
  self->inverted = esp_settings_get_boolean ("colormap-inverted", FALSE);
}

static void
esp_look_class_init (EspLookClass *klass)
{
  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_LOOK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
esp_look_init (EspLook *self)
{
  self->kind = ESP_RANGE_PERCENTILES;
  self->range.low = ESP_RANGE_LOW;
  self->range.high = ESP_RANGE_HIGH;
  read_settings (self);
  read_colormaps (self);
  if (esp_settings_get_default () != NULL)
    g_signal_connect_object (esp_settings_get_default (), "changed", G_CALLBACK (read_colormaps),
                             self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (tell),
                           self, G_CONNECT_SWAPPED);
}

EspLook *
esp_look_new (void)
{
  return g_object_new (ESP_TYPE_LOOK, NULL);
}

/* --- choices --- */

EspReduction
esp_look_get_reduction (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), ESP_REDUCTION_LARGEST);

  return self->reduction;
}

void
esp_look_set_reduction (EspLook *self, EspReduction reduction)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  if (self->reduction == reduction)
    return;
  self->reduction = reduction;
  esp_settings_set_string ("reduction", esp_reduction_get_name (reduction));
  tell (self);
}

EspScale
esp_look_get_scale (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), ESP_SCALE_LINEAR);

  return self->scale;
}

void
esp_look_set_scale (EspLook *self, EspScale scale)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  if (self->scale == scale)
    return;
  self->scale = scale;
  esp_settings_set_string ("scale", esp_scale_get_name (scale));
  tell (self);
}

void
esp_look_set_threshold (EspLook *self, double threshold)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (threshold >= 0);

  if (self->threshold == threshold)
    return;
  self->threshold = threshold;
  tell (self);
}

EspRangeKind
esp_look_get_range (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), ESP_RANGE_PERCENTILES);

  return self->has_typed ? ESP_RANGE_TYPED : self->kind;
}

void
esp_look_set_range (EspLook *self, EspRangeKind kind)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (kind == ESP_RANGE_PERCENTILES || kind == ESP_RANGE_MIN_MAX);

  if (self->kind == kind && !self->has_typed)
    return;
  self->kind = kind;
  self->has_typed = self->locked = FALSE;
  esp_settings_set_string ("range", range_names[kind]);
  tell (self);
}

void
esp_look_get_percentiles (EspLook *self, double *low, double *high)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  *low = self->range.low * 100;
  *high = self->range.high * 100;
}

void
esp_look_set_percentiles (EspLook *self, double low, double high)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (low >= 0 && low < high && high <= 100);

  if (self->range.low == low / 100 && self->range.high == high / 100)
    return;
  self->range.low = low / 100;
  self->range.high = high / 100;
  esp_settings_set_double ("percentile-low", low);
  esp_settings_set_double ("percentile-high", high);
  tell (self);
}

gboolean
esp_look_get_symmetric (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), FALSE);

  return self->range.symmetric;
}

void
esp_look_set_symmetric (EspLook *self, gboolean symmetric)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  if (self->range.symmetric == !!symmetric)
    return;
  self->range.symmetric = !!symmetric;
  esp_settings_set_boolean ("range-symmetric", self->range.symmetric);
  tell (self);
}

gboolean
esp_look_get_typed (EspLook *self, double *lo, double *hi)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), FALSE);

  *lo = self->range.lo;
  *hi = self->range.hi;
  return self->has_typed;
}

void
esp_look_set_typed (EspLook *self, double lo, double hi)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (lo < hi);

  if (self->has_typed && self->range.lo == lo && self->range.hi == hi)
    return;
  self->has_typed = TRUE;
  self->range.lo = lo;
  self->range.hi = hi;
  tell (self);
}

void
esp_look_clear_typed (EspLook *self)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  if (!self->has_typed)
    return;
  self->has_typed = self->locked = FALSE;
  tell (self);
}

gboolean
esp_look_get_locked (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), FALSE);

  return self->locked;
}

void
esp_look_set_locked (EspLook *self, gboolean locked)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  locked = locked && self->has_typed;
  if (self->locked == locked)
    return;
  self->locked = locked;
  tell (self);
}

EspPart
esp_look_get_part (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), ESP_PART_MAGNITUDE);

  return self->part;
}

void
esp_look_set_part (EspLook *self, EspPart part)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (part < ESP_N_PARTS);

  if (self->part == part)
    return;
  self->part = part;
  if (!self->locked) /* a typed range is for one part */
    self->has_typed = FALSE;
  tell (self);
}

const EspColormap *
esp_look_get_colormap (EspLook *self, EspColormapKind kind)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), NULL);
  g_return_val_if_fail (kind < G_N_ELEMENTS (colormap_keys), NULL);

  return self->colormaps[kind];
}

void
esp_look_set_colormap (EspLook *self, EspColormapKind kind, const EspColormap *colormap)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (kind < G_N_ELEMENTS (colormap_keys));

  if (self->colormaps[kind] == colormap)
    return;
  self->colormaps[kind] = colormap;
  esp_settings_set_string (colormap_keys[kind], colormap != NULL ? colormap->name : "");
  tell (self);
}

gboolean
esp_look_get_inverted (EspLook *self)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), FALSE);

  return self->inverted;
}

void
esp_look_set_inverted (EspLook *self, gboolean inverted)
{
  g_return_if_fail (ESP_IS_LOOK (self));

  if (self->inverted == !!inverted)
    return;
  self->inverted = !!inverted;
  esp_settings_set_boolean ("colormap-inverted", self->inverted);
  tell (self);
}

/* --- what follows from them --- */

const EspColormap *
esp_look_choose_colormap (EspLook *self, EspColormapKind kind)
{
  g_return_val_if_fail (ESP_IS_LOOK (self), NULL);
  g_return_val_if_fail (kind < G_N_ELEMENTS (colormap_keys), NULL);

  if (self->colormaps[kind] != NULL)
    return self->colormaps[kind];
  return esp_colormap_get_default (kind, esp_style_is_dark ());
}

/* what a person chose, on top of a range */
static void
finish_norm (EspLook *self, EspStats *stats, gboolean typed, EspNorm *norm)
{
  if (self->has_typed && (typed || self->locked))
    {
      EspRange range = self->range;

      range.kind = ESP_RANGE_TYPED;
      esp_norm_set_range (norm, &range, stats);
    }
  norm->scale = self->scale;
  if (self->scale == ESP_SCALE_RANK && stats != NULL)
    esp_norm_set_ranks (norm, stats);
  if (self->threshold > 0)
    norm->threshold = self->threshold;
  norm->colormap = esp_look_choose_colormap (self, norm->kind);
  norm->inverted = self->inverted;
}

void
esp_look_init_norm (EspLook *self, EspStats *stats, gboolean typed, EspNorm *norm)
{
  const EspStatsValues *values;
  EspRange range = self->range;

  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (stats != NULL && norm != NULL);

  values = esp_stats_get_values (stats);
  range.kind = values->finite < FEW_VALUES ? ESP_RANGE_MIN_MAX : self->kind;
  range.symmetric = range.symmetric && values->min < 0;
  esp_norm_init_for_stats (norm, stats, esp_style_is_dark ());
  esp_norm_set_range (norm, &range, stats);
  finish_norm (self, stats, typed, norm);
}

void
esp_look_init_norm_for_range (EspLook *self, double lo, double hi, gboolean typed, EspNorm *norm)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (norm != NULL);

  if (self->range.symmetric && lo < 0)
    {
      hi = fmax (-lo, hi);
      lo = -hi;
    }
  esp_norm_init_for_range (norm, lo, hi, esp_style_is_dark ());
  finish_norm (self, NULL, typed, norm);
}

void
esp_look_init_norm_for_phase (EspLook *self, EspNorm *norm)
{
  g_return_if_fail (ESP_IS_LOOK (self));
  g_return_if_fail (norm != NULL);

  esp_norm_init_for_phase (norm);
  norm->colormap = esp_look_choose_colormap (self, norm->kind);
  norm->inverted = self->inverted;
}
