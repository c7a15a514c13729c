/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspPanes:
 *
 * Tree, canvas and inspector side by side with handles; as the width gives way the inspector takes
 * the tree's place (below 1200 px), then there is one pane at a time (below 860 px).
 *
 * Properties: "tree", "canvas", "inspector" (GtkWidget); "tree-shown", "inspector-shown" (gboolean,
 * notify): what is on screen now, and the wish for it; "tree-width", "inspector-width" (int);
 * "narrow" (gboolean, read only, notify): one pane at a time; "stack" (AdwViewStack, read only):
 * which pane that is, for a switcher.
 */
#define ESP_TYPE_PANES (esp_panes_get_type ())
G_DECLARE_FINAL_TYPE (EspPanes, esp_panes, ESP, PANES, GtkWidget)

typedef enum
{
  ESP_PANE_TREE,
  ESP_PANE_CANVAS,
  ESP_PANE_INSPECTOR,
  ESP_N_PANES
} EspPane;

EspPanes *esp_panes_new (void);
gboolean esp_panes_get_narrow (EspPanes *self);
/* makes @pane visible, and the only one where there is room for one */
void esp_panes_show (EspPanes *self, EspPane pane);
gboolean esp_panes_is_shown (EspPanes *self, EspPane pane);
/* whether @pane is wanted where there is room for all */
gboolean esp_panes_get_wish (EspPanes *self, EspPane pane);
/* moves the keyboard focus to the next (or previous) pane that is shown; FALSE past the last */
gboolean esp_panes_focus_next (EspPanes *self, gboolean backward);

G_END_DECLS
