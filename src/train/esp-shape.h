/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_SHAPE_MAX_DIMS 8
/* numbers in one parameter, one example or one data set; keeps every product far from overflow */
#define ESP_SHAPE_MAX_COUNT (G_GUINT64_CONSTANT (1) << 26)

/**
 * EspShape:
 *
 * Sizes of a parameter, or of one example without its batch dimension. A plain value. Its product
 * is at most %ESP_SHAPE_MAX_COUNT, which whoever makes one checks.
 */
typedef struct
{
  guint ndim;
  gint64 sizes[ESP_SHAPE_MAX_DIMS];
} EspShape;

/* FALSE when there are more than %ESP_SHAPE_MAX_COUNT numbers or a size is below 1 */
gboolean esp_shape_is_valid (const EspShape *self);
guint64 esp_shape_get_count (const EspShape *self);
gboolean esp_shape_equal (const EspShape *a, const EspShape *b);
/* the dimension of an example that @dim means when it is counted with the batch before it; negative
 * from the end. -1 when there is none, or it is the batch. */
int esp_shape_find_dim (const EspShape *self, gint64 dim);
/* as PyTorch prints it: "[16, 2]"; new string */
char *esp_shape_to_string (const EspShape *self);

G_END_DECLS
