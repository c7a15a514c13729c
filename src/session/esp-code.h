/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/* Private to session/: lines of Python that reach what stands at @place of a checkpoint or of a
 * network (one of the two is NULL). New string, without a newline at its end. */
char *esp_code_for_place (EspCheckpoint *checkpoint,
                          EspNetwork *network,
                          EspPlace *place,
                          EspDialect dialect);
/* @text as a Python string literal: names as a file has them, whatever is in them */
char *esp_code_quote (const char *text);

G_END_DECLS
