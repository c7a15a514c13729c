/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of a state dict's tensors are trained: the file has names and shapes only. Called once per
 * tensor of a listing of 20,000. */

#include "config.h"

#include "esp-role-guess.h"

#include <string.h>

/* buffers of torch.nn: batch and instance normalisation; those of other layers aren't saved or
 * hold integers */
static const char *const buffers[] = { "running_mean", "running_var", "num_batches_tracked" };

EspRole
esp_role_guess (const char *name, EspDtype dtype)
{
  EspKind kind = esp_dtype_get_info (dtype)->kind;
  const char *last;

  g_return_val_if_fail (name != NULL, ESP_ROLE_OTHER);

  if (kind != ESP_KIND_FLOAT && kind != ESP_KIND_COMPLEX)
    return ESP_ROLE_BUFFER;
  last = strrchr (name, '.');
  last = last != NULL ? last + 1 : name;
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    if (strcmp (last, buffers[i]) == 0)
      return ESP_ROLE_BUFFER;
  return ESP_ROLE_PARAMETER;
}
