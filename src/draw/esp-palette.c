/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two palettes, after libadwaita's named colours; second-rank text is dark enough for a
 * contrast of 4.5:1. */
#include "config.h"

#include "esp-palette.h"

const EspPalette esp_palette_light = {
  .background = 0xfffafafa,
  .text = 0xdb000000,
  .dim = 0x9e000000,
  .line = 0x2e000000,
  .accent = 0xff3584e4,
  .danger = 0xffb5161f,
  .dark = FALSE,
};

const EspPalette esp_palette_dark = {
  .background = 0xff242424,
  .text = 0xffffffff,
  .dim = 0xa8ffffff,
  .line = 0x38ffffff,
  .accent = 0xff78aeed,
  .danger = 0xffff8f7d,
  .dark = TRUE,
};
