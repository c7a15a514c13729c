/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspNetworkPicture:
 *
 * A small picture of a network that ships with the program: its units and initial weights as lines
 * between them, or what its data look like. Drawn from the network itself, which is made when the
 * picture is first shown.
 */
#define ESP_TYPE_NETWORK_PICTURE (esp_network_picture_get_type ())
G_DECLARE_FINAL_TYPE (EspNetworkPicture, esp_network_picture, ESP, NETWORK_PICTURE, GtkWidget)

/* @name as in EspTemplate */
GtkWidget *esp_network_picture_new (const char *name);

G_END_DECLS
