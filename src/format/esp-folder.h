/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * esp_folder_choose:
 * @warning: (out): which others there are, or NULL
 *
 * The file in a folder that stands for the whole: the index of a checkpoint in several files before
 * single ones, safetensors before others. Goes by names only.
 *
 * Returns: (transfer full): its path, or NULL if the folder has none
 */
char *esp_folder_choose (const char *path, char **warning);

G_END_DECLS
