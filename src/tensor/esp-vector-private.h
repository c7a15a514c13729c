/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the hot loops share: vectors of 32 bytes, which the compiler splits where the machine has
 * shorter ones, and of 64 bytes where it has those; and the choice between compilations of one loop
 * while the program runs. All keep sums in the same lanes and so give the same to the last bit. */

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef float EspFloats4 __attribute__ ((vector_size (16)));
typedef float EspFloats8 __attribute__ ((vector_size (32)));
typedef float EspFloats16 __attribute__ ((vector_size (64)));
typedef double EspDoubles4 __attribute__ ((vector_size (32)));
typedef double EspDoubles8 __attribute__ ((vector_size (64)));
typedef gint32 EspInts8 __attribute__ ((vector_size (32)));
typedef gint32 EspInts16 __attribute__ ((vector_size (64)));
typedef gint64 EspLongs4 __attribute__ ((vector_size (32)));

#define ESP_INLINE static inline __attribute__ ((always_inline))

#define ESP_LOAD(to, from) memcpy (&(to), (from), sizeof (to))
#define ESP_SELECT(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))
/* of floats, by a mask of the integers @ints */
#define ESP_SELECT_FLOATS(ints, mask, a, b)                                                        \
  ((__typeof__ (a)) ESP_SELECT ((mask), (ints) (a), (ints) (b)))

/* sums are kept in this many lanes */
#define ESP_LANES 16

/* a fixed order, whatever the width */
ESP_INLINE double
esp_vector_add_lanes (const double *lanes)
{
  double sum[4];

  for (int i = 0; i < 4; i++)
    sum[i] = (lanes[i] + lanes[4 + i]) + (lanes[8 + i] + lanes[12 + i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* ESP_DEFINE_WIDE (void, prefix_name, name, (int a), (a)): a function prefix_name that calls the
 * inline function name, compiled for AVX2 too and so called where the processor has it. Fused
 * multiply-add stays off, so that both round alike. ESP_DEFINE_WIDE_STATIC makes it static. */
#if defined(__x86_64__) && !defined(__AVX2__)
#define ESP_WIDE_FUNCTION(linkage, result, public_name, name, parameters, arguments)               \
  __attribute__ ((target ("avx2"))) static result name##_avx2 parameters                           \
  {                                                                                                \
    return name arguments;                                                                         \
  }                                                                                                \
  linkage result public_name parameters                                                            \
  {                                                                                                \
    if (__builtin_cpu_supports ("avx2") != 0)                                                      \
      return name##_avx2 arguments;                                                                \
    return name arguments;                                                                         \
  }
#else
#define ESP_WIDE_FUNCTION(linkage, result, public_name, name, parameters, arguments)               \
  linkage result public_name parameters                                                            \
  {                                                                                                \
    return name arguments;                                                                         \
  }
#endif
#define ESP_DEFINE_WIDE(result, public_name, name, parameters, arguments)                          \
  ESP_WIDE_FUNCTION (, result, public_name, name, parameters, arguments)
#define ESP_DEFINE_WIDE_STATIC(result, static_name, name, parameters, arguments)                   \
  ESP_WIDE_FUNCTION (static, result, static_name, name, parameters, arguments)

/* the same of two inline functions, the second with vectors of 64 bytes for AVX-512 */
#if defined(__x86_64__) && !defined(__AVX2__)
#define ESP_AVX512 "avx512f,avx512dq,avx512bw,avx512vl"
#define ESP_DEFINE_WIDEST(result, public_name, name, name_64, parameters, arguments)               \
  __attribute__ ((target ("avx2"))) static result name##_avx2 parameters                           \
  {                                                                                                \
    return name arguments;                                                                         \
  }                                                                                                \
  __attribute__ ((target (ESP_AVX512))) static result name##_avx512 parameters                     \
  {                                                                                                \
    return name_64 arguments;                                                                      \
  }                                                                                                \
  result public_name parameters                                                                    \
  {                                                                                                \
    if (__builtin_cpu_supports ("avx512f") != 0 && __builtin_cpu_supports ("avx512dq") != 0 &&     \
        __builtin_cpu_supports ("avx512bw") != 0 && __builtin_cpu_supports ("avx512vl") != 0)      \
      return name##_avx512 arguments;                                                              \
    if (__builtin_cpu_supports ("avx2") != 0)                                                      \
      return name##_avx2 arguments;                                                                \
    return name arguments;                                                                         \
  }
#else
#define ESP_DEFINE_WIDEST(result, public_name, name, name_64, parameters, arguments)               \
  result public_name parameters                                                                    \
  {                                                                                                \
    return name arguments;                                                                         \
  }
#endif

G_END_DECLS
