/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initialisers that look at a weight as a matrix (first axis, the others), after torch.nn.init. */

#include "config.h"
#include "esp-initializer.h"

#include <string.h>

static void
split_shape (const EspParameterInfo *info, gsize *rows, gsize *columns)
{
  *rows = (gsize) info->shape.sizes[0];
  *columns = (gsize) esp_shape_get_count (&info->shape) / *rows;
}

/* settings[0]: gain */
void
esp_initializer_fill_eye (const EspInitializer *self,
                          const EspParameterInfo *info,
                          EspRandom *random,
                          EspReal *values)
{
  gsize rows, columns;
  split_shape (info, &rows, &columns);
  memset (values, 0, rows * columns * sizeof *values);
  for (gsize i = 0; i < MIN (rows, columns); i++)
    values[i * columns + i] = (EspReal) self->settings[0];
}

/* a convolution (out, in, k...) that hands its channels through */
void
esp_initializer_fill_dirac (const EspInitializer *self,
                            const EspParameterInfo *info,
                            EspRandom *random,
                            EspReal *values)
{
  gsize rows, columns;
  split_shape (info, &rows, &columns);
  gsize channels = (gsize) info->shape.sizes[1], kernel = columns / channels, middle = 0;
  for (guint d = 2; d < info->shape.ndim; d++)
    middle = middle * (gsize) info->shape.sizes[d] + (gsize) info->shape.sizes[d] / 2;
  memset (values, 0, rows * columns * sizeof *values);
  for (gsize i = 0; i < MIN (rows, channels); i++)
    values[i * columns + i * kernel + middle] = 1;
}

/* Gram and Schmidt, each vector twice against those before it, which leaves orthogonality at
 * rounding (Giraud, Langou, Rozloznik 2005). Q of the QR decomposition with a positive diagonal of
 * R is uniform over the orthogonal matrices, as torch's sign correction has it. */
static void
orthonormalize (double *vectors, gsize n, gsize length)
{
  for (gsize i = 0; i < n; i++)
    {
      double *v = vectors + i * length, norm = 0;
      for (gsize pass = 0; pass < 2; pass++)
        for (gsize j = 0; j < i; j++)
          {
            const double *u = vectors + j * length;
            double dot = 0;
            for (gsize k = 0; k < length; k++)
              dot += u[k] * v[k];
            for (gsize k = 0; k < length; k++)
              v[k] -= dot * u[k];
          }
      for (gsize k = 0; k < length; k++)
        norm += v[k] * v[k];
      norm = norm > 0 ? 1 / sqrt (norm) : 0;
      for (gsize k = 0; k < length; k++)
        v[k] *= norm;
    }
}

/* settings[0]: gain. Rows are orthonormal where there are fewer of them, else columns. */
void
esp_initializer_fill_orthogonal (const EspInitializer *self,
                                 const EspParameterInfo *info,
                                 EspRandom *random,
                                 EspReal *values)
{
  gsize rows, columns;
  split_shape (info, &rows, &columns);
  gsize n = MIN (rows, columns), length = MAX (rows, columns);
  g_autofree double *vectors = g_new (double, n *length);
  for (gsize i = 0; i < n * length; i++)
    vectors[i] = esp_random_normal (random);
  orthonormalize (vectors, n, length);
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      values[r * columns + c] =
          (EspReal) (self->settings[0] *
                     (rows <= columns ? vectors[r * length + c] : vectors[c * length + r]));
}

/* settings: share of zeros in each column, std of the rest */
void
esp_initializer_fill_sparse (const EspInitializer *self,
                             const EspParameterInfo *info,
                             EspRandom *random,
                             EspReal *values)
{
  gsize rows, columns;
  split_shape (info, &rows, &columns);
  gsize zeros = (gsize) ceil (CLAMP (self->settings[0], 0, 1) * (double) rows);
  g_autofree guint32 *order = g_new (guint32, rows);
  for (gsize i = 0; i < rows * columns; i++)
    values[i] = (EspReal) (self->settings[1] * esp_random_normal (random));
  for (gsize c = 0; c < columns; c++)
    {
      for (gsize r = 0; r < rows; r++)
        order[r] = (guint32) r;
      esp_random_shuffle (random, order, rows);
      for (gsize i = 0; i < zeros; i++)
        values[order[i] * columns + c] = 0;
    }
}
