/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree.h"

G_BEGIN_DECLS

/**
 * EspPairing:
 *
 * Which parameter each tensor of an optimizer's state belongs to. By name where the file has names:
 * in the tensor's own path (Keras, TensorFlow's slots, Optax, FSDP), or where the optimizer lists
 * them (param_names of torch.optim). Else by order and shape, and then it is a guess unless no
 * other parameter has that shape. What fits nothing belongs to none.
 *
 * Tensors are counted as esp_tree_get_tensor() does. Made in one go, then only read; any thread.
 */
typedef struct _EspPairing EspPairing;

EspPairing *esp_pairing_new (EspTree *tree);
void esp_pairing_free (EspPairing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPairing, esp_pairing_free)

/* the parameter of a state tensor, -1 if it has none or is none; @guessed is optional */
gint64 esp_pairing_get_owner (EspPairing *self, guint tensor, gboolean *guessed);
/* the state of a parameter, in the file's order; tied names have it together. Borrowed, (n). */
const guint *esp_pairing_get_states (EspPairing *self, guint tensor, guint *n);

G_END_DECLS
