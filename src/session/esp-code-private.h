/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the writers of Python lines share. */

#include "esp-code.h"

G_BEGIN_DECLS

typedef struct
{
  GString *expression; /* as far as whole keys lead */
  char *prefix;        /* of the next key, where @place lies inside it; or NULL */
  gboolean object;     /* the expression gives a module */
  gboolean any_object; /* or goes through one */
} EspReach;

/* goes to @place from a variable named @whole, along the keys of the first tensor below it;
 * @texts: all keys are texts there */
void esp_reach_init (EspReach *self,
                     EspTree *tree,
                     EspPlace *place,
                     const char *whole,
                     gboolean texts);
void esp_reach_clear (EspReach *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspReach, esp_reach_clear)

gboolean esp_code_has_format (EspCheckpoint *checkpoint, const char *name);
gboolean esp_code_is_identifier (const char *text);
/* a module: a loop over what is below it */
void esp_code_append_loop (GString *out, const EspReach *at);
void esp_code_append_not_stored (GString *out, EspPlace *place);
void esp_code_append_keras_assignment (GString *out, EspPlace *place);

/* the lines for what neither torch.load() nor safetensors reads; NULL for what they do read */
char *esp_code_for_file (EspCheckpoint *checkpoint, EspPlace *place, EspDialect dialect);

G_END_DECLS
