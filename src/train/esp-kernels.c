/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chooses among the kernel sets by what the processor can do. A network in training keeps the set
 * that it began with. */

#include "config.h"
#include "esp-kernels.h"

extern const EspKernels esp_kernels_baseline;
#if defined(__x86_64__) && !defined(ESP_REAL_DOUBLE)
extern const EspKernels esp_kernels_avx2;
extern const EspKernels esp_kernels_avx512;
#endif

static const EspKernels *chosen; /* atomic; NULL: the best */

const EspKernels *
esp_kernels_list (guint index)
{
  const EspKernels *sets[3] = { &esp_kernels_baseline };
  guint n = 1;
#if defined(__x86_64__) && !defined(ESP_REAL_DOUBLE)
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    {
      sets[n++] = &esp_kernels_avx2;
      if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl") &&
          __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw"))
        sets[n++] = &esp_kernels_avx512;
    }
#endif
  return index < n ? sets[index] : NULL;
}

const EspKernels *
esp_kernels_get (void)
{
  const EspKernels *best = g_atomic_pointer_get (&chosen);
  for (guint i = 0; best == NULL && i < 3; i++)
    if (esp_kernels_list (i + 1) == NULL)
      best = esp_kernels_list (i);
  return best;
}

void
esp_kernels_use (const EspKernels *kernels)
{
  g_atomic_pointer_set (&chosen, (gpointer) kernels);
}
