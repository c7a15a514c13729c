/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenBLAS, when a matrix is first large enough for it. It isn't linked: that would cost every
 * start of every command about 2 ms and a thread, and most runs never multiply a large matrix.
 * Without it own loops do the work. Products run on one thread, so that results don't depend on how
 * many cores there are. */

#include "config.h"
#include "esp-blas.h"

#include <dlfcn.h>

static gpointer
load (gpointer unused)
{
  static const char *const names[] = { "libopenblas.so.0", "libopenblas.so" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      void *library = dlopen (names[i], RTLD_NOW | RTLD_LOCAL);
      if (library == NULL)
        continue;
      void (*set_threads) (int) = NULL;
      *(void **) &set_threads = dlsym (library, "openblas_set_num_threads");
      gpointer sgemm = dlsym (library, "cblas_sgemm");
      if (set_threads != NULL && sgemm != NULL)
        {
          set_threads (1);
          return sgemm;
        }
      dlclose (library);
    }
  return NULL;
}

EspBlasSgemm
esp_blas_get_sgemm (void)
{
  static GOnce once = G_ONCE_INIT;
  EspBlasSgemm sgemm = NULL;
  *(void **) &sgemm = g_once (&once, load, NULL);
  return sgemm;
}
