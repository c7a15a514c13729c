/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspPacer:
 *
 * Hands a list model to a list widget some items a frame. GTK's lists make about two hundred rows
 * at once, in view or not, which takes longer than a frame may; here the first are there at once,
 * more with each frame, and all of the model after some frames.
 *
 * Signal "done": all of the model is there.
 */
#define ESP_TYPE_PACER (esp_pacer_get_type ())
G_DECLARE_FINAL_TYPE (EspPacer, esp_pacer, ESP, PACER, GObject)

/* @widget (borrowed) gives the frames, and has to outlive the pacer or call esp_pacer_stop().
 * @enough items are more than the list makes widgets for: the rest costs nothing. */
EspPacer *esp_pacer_new (GtkWidget *widget, guint items_per_frame, guint enough);
/* all of the model now, where somebody wants to go to its end */
void esp_pacer_finish (EspPacer *self);
void esp_pacer_stop (EspPacer *self);
/* another one, from its first items on; NULL for none */
void esp_pacer_set_model (EspPacer *self, GListModel *model);
/* goes back to where @adjustment is now, as soon as enough of the model that comes next is there */
void esp_pacer_keep_scroll (EspPacer *self, GtkAdjustment *adjustment);
/* what the list widget is to show: as many items as are to be there by now; borrowed */
GListModel *esp_pacer_get_shown (EspPacer *self);
gboolean esp_pacer_is_done (EspPacer *self);

G_END_DECLS
