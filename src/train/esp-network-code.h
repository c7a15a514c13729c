/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network.h"

G_BEGIN_DECLS

/* Python that builds the network in PyTorch as `net`, with the parameters' names that Save network
 * gives, lets them begin as the specification says, and trains: `criterion`, `optimizer`,
 * `scheduler`, and train(), which gives the loss of every step. New string. */
char *esp_network_to_pytorch (EspNetwork *self, GError **error);
/* The same for Keras 3: a functional model `net` that takes and gives the same arrays,
 * load_weights(), which reads what Save network writes as safetensors, and train(). How parameters
 * begin isn't in it; a comment says which other part of the training isn't. %ESP_NETWORK_ERROR_SPEC
 * names the module that Keras has nothing like. */
char *esp_network_to_keras (EspNetwork *self, GError **error);

G_END_DECLS
