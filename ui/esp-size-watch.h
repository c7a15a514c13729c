/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspSizeWatch:
 *
 * A bin that tells the width it got, so that what is in it can give way. Between frames, when it is
 * safe to show and hide children.
 *
 * Properties: "child" (GtkWidget); "shrinks" (gboolean): may become narrower than the child, which
 * then has to give way; "width" (int, read only, notify).
 */
#define ESP_TYPE_SIZE_WATCH (esp_size_watch_get_type ())
G_DECLARE_FINAL_TYPE (EspSizeWatch, esp_size_watch, ESP, SIZE_WATCH, GtkWidget)

GtkWidget *esp_size_watch_new (void);
int esp_size_watch_get_width (EspSizeWatch *self);

G_END_DECLS
