/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/* where `espalier-cli train` has its network from: what was given on its line; owned strings */
typedef struct
{
  char *data, *seed_text, *guess, *loss, *optimizer;
  double rate; /* NAN unless given */
  gint64 batch_size;
} EspTrainSource;

/* a specification's path, the name of a shipped one, a checkpoint, or a network with its history,
 * which goes on from where it was; NULL after a message */
EspDocument *esp_train_source_read (const EspTrainSource *self, const char *name);
void esp_train_source_clear (EspTrainSource *self);

G_END_DECLS
