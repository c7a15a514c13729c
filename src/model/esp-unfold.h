/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to model/: the last steps from the builder's nodes to a tree. */

#include "esp-nodes.h"

G_BEGIN_DECLS

/* another place of a module, which has no children of its own yet */
typedef struct
{
  guint32 node;
  guint32 key_bits;
  gboolean unlisted; /* the file holds no rows for it */
} EspSharedPlace;

/* puts children together and in order, gives every shared place the subtree of its module, and
 * links the places of each object. @shared: (element-type EspSharedPlace). Fails with
 * %ESP_FORMAT_ERROR_CORRUPT for a module inside itself, %ESP_FORMAT_ERROR_LIMIT for a tree too
 * large or too deep. */
gboolean esp_unfold (EspNodes *nodes, GArray *shared, GError **error);

G_END_DECLS
