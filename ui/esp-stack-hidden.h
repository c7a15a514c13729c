/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Tells assistive technologies which pages of @stack can't be seen: GTK leaves every page in the
 * accessible tree as if it were on the screen. Follows the stack for as long as it lives. */
void esp_stack_hidden_follow (GtkStack *stack);

G_END_DECLS
