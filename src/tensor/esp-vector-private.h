/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the hot loops share: vectors of 32 bytes, which the compiler splits where the machine has
 * shorter ones, and the choice between two compilations of one loop while the program runs. */

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef float EspFloats4 __attribute__ ((vector_size (16)));
typedef float EspFloats8 __attribute__ ((vector_size (32)));
typedef double EspDoubles4 __attribute__ ((vector_size (32)));
typedef gint32 EspInts8 __attribute__ ((vector_size (32)));
typedef gint64 EspLongs4 __attribute__ ((vector_size (32)));

#define ESP_INLINE static inline __attribute__ ((always_inline))

#define ESP_LOAD(to, from) memcpy (&(to), (from), sizeof (to))
#define ESP_SELECT(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))
#define ESP_SELECT_FLOATS(mask, a, b)                                                              \
  ((EspFloats8) ESP_SELECT ((mask), (EspInts8) (a), (EspInts8) (b)))

/* whether a mask has a lane set; for the end of a loop */
ESP_INLINE gboolean
esp_vector_any (EspInts8 mask)
{
  gint32 any = 0;

  for (int i = 0; i < 8; i++)
    any |= mask[i];
  return any != 0;
}

/* ESP_DEFINE_WIDE (void, prefix_name, name, (int a), (a)): a function prefix_name that calls the
 * inline function name, compiled for AVX2 too and so called where the processor has it. Fused
 * multiply-add stays off, so that both round alike. */
#if defined(__x86_64__) && !defined(__AVX2__)
#define ESP_DEFINE_WIDE(result, public_name, name, parameters, arguments)                          \
  __attribute__ ((target ("avx2"))) static result name##_avx2 parameters                           \
  {                                                                                                \
    return name arguments;                                                                         \
  }                                                                                                \
  result public_name parameters                                                                    \
  {                                                                                                \
    if (__builtin_cpu_supports ("avx2") != 0)                                                      \
      return name##_avx2 arguments;                                                                \
    return name arguments;                                                                         \
  }
#else
#define ESP_DEFINE_WIDE(result, public_name, name, parameters, arguments)                          \
  result public_name parameters                                                                    \
  {                                                                                                \
    return name arguments;                                                                         \
  }
#endif

G_END_DECLS
