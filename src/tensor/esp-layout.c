/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gathers the elements of a strided view. A range of C-order indices is cut into boxes (at most
 * two a dimension); a box is read from the storage in windows and copied element by element:
 *
 *   range -> box: shape, strides in the storage, strides in the packed output
 *     box -> windows: the dimensions of smallest stride whose gaps are cheaper to read than to skip
 *  window -> output, along the row of the box that is longest or lies together
 *
 * So a transposed matrix in a file costs one read a stored row, not one an element. Hot for every
 * view that isn't contiguous; contiguous ones take the short way at the top of esp_layout_fetch().
 */

#include "esp-layout-private.h"

#include <string.h>

#include "esp-decode-private.h"

#define WINDOW_BYTES (1024 * 1024)
/* a read of its own costs about as much as copying so many bytes */
#define GAP_BYTES 2048
/* a row at least so long is copied as it lies */
#define LONG_ROW 8

typedef struct
{
  guint ndim;
  gint64 origin; /* element of the storage (or window) where the box begins */
  gint64 shape[ESP_LIMIT_DIMS];
  gint64 from[ESP_LIMIT_DIMS]; /* strides there */
  gint64 to[ESP_LIMIT_DIMS];   /* strides in the output */
} Box;

void
esp_layout_init (EspLayout *self, EspTensor *tensor)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);
  const gint64 *strides = esp_tensor_get_strides (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  guint n = 0;

  self->storage = esp_tensor_get_storage (tensor);
  self->dtype = esp_tensor_get_dtype (tensor);
  self->bits = esp_dtype_get_info (self->dtype)->bits;
  self->offset = esp_tensor_get_offset (tensor);
  for (guint i = 0; i < ndim; i++)
    {
      if (shape[i] == 1)
        continue;
      /* compared by dividing: the product may not fit */
      if (n > 0 && strides[i] != 0 && self->strides[n - 1] % strides[i] == 0 &&
          self->strides[n - 1] / strides[i] == shape[i])
        {
          self->shape[n - 1] *= shape[i];
          self->strides[n - 1] = strides[i];
          continue;
        }
      self->shape[n] = shape[i];
      self->strides[n] = strides[i];
      n++;
    }
  self->ndim = n;
}

gboolean
esp_layout_is_run (const EspLayout *self)
{
  return self->ndim == 0 || (self->ndim == 1 && self->strides[0] == 1);
}

static void
ensure_window (EspScratch *scratch, gsize size)
{
  if (scratch->window_size >= size)
    return;
  g_free (scratch->window);
  scratch->window = g_malloc (size);
  scratch->window_size = size;
}

/* {{{ memory -> output */

#define COPY_ROW(type)                                                                             \
  for (gint64 i = 0; i < count; i++)                                                               \
  memcpy (out + i * to * (gint64) sizeof (type), in + i * from * (gint64) sizeof (type),           \
          sizeof (type))

/* @in and @out point at the first element; strides in elements */
static void
copy_row (guint size, const guint8 *in, gint64 from, guint8 *out, gint64 to, gint64 count)
{
  if (from == 1 && to == 1)
    {
      memcpy (out, in, (gsize) count * size);
      return;
    }
  switch (size)
    {
    case 1:
      COPY_ROW (guint8);
      break;
    case 2:
      COPY_ROW (guint16);
      break;
    case 4:
      COPY_ROW (guint32);
      break;
    case 8:
      COPY_ROW (guint64);
      break;
    default:
      g_assert (size == 16);
      COPY_ROW (guint64[2]);
    }
}

/* the dimension that the inner loop runs along */
static guint
choose_row (const EspLayout *self, const Box *box)
{
  guint best = box->ndim - 1;

  if (self->bits < 8 || box->shape[best] >= LONG_ROW)
    return best;
  for (guint i = 0; i < box->ndim; i++)
    if (box->shape[i] > box->shape[best])
      best = i;
  return best;
}

/* steps all dimensions but @row; FALSE when all were seen */
static gboolean
advance (const Box *box, guint row, gint64 *index, gint64 *from, gint64 *to)
{
  for (guint i = box->ndim; i-- > 0;)
    {
      if (i == row)
        continue;
      *from += box->from[i];
      *to += box->to[i];
      if (++index[i] < box->shape[i])
        return TRUE;
      *from -= box->shape[i] * box->from[i];
      *to -= box->shape[i] * box->to[i];
      index[i] = 0;
    }
  return FALSE;
}

/* @memory holds the elements that @box's origin counts from */
static void
copy_box (const EspLayout *self, const Box *box, const guint8 *memory, guint8 *out)
{
  gint64 index[ESP_LIMIT_DIMS] = { 0 };
  gint64 from = box->origin;
  gint64 to = 0;
  guint size = self->bits / 8;
  guint row = box->ndim > 0 ? choose_row (self, box) : 0;
  gint64 count = box->ndim > 0 ? box->shape[row] : 1;
  gint64 from_step = box->ndim > 0 ? box->from[row] : 1;
  gint64 to_step = box->ndim > 0 ? box->to[row] : 1;

  do
    {
      if (self->bits < 8)
        esp_decode_unpack (self->dtype, memory, (guint64) from, (gsize) count, (gsize) from_step,
                           out + to);
      else
        copy_row (size, memory + from * (gint64) size, from_step, out + to * (gint64) size, to_step,
                  count);
    }
  while (advance (box, row, index, &from, &to));
}

/* }}} */
/* {{{ storage -> windows */

/* dimensions of a box by stride, smallest first */
static void
sort_dimensions (const Box *box, guint *order)
{
  for (guint i = 0; i < box->ndim; i++)
    {
      guint at = i;

      for (; at > 0 && ABS (box->from[order[at - 1]]) > ABS (box->from[i]); at--)
        order[at] = order[at - 1];
      order[at] = i;
    }
}

/* Cuts @box into a window, whose dimensions are those of smallest stride (the last of them cut to
 * a piece), and the rest, which says where the windows lie. Both have all dimensions, 1 where they
 * have none of it. */
static void
choose_window (const EspLayout *self, const Box *box, Box *window)
{
  guint order[ESP_LIMIT_DIMS];
  gint64 most = WINDOW_BYTES * 8 / self->bits;
  gint64 gap = GAP_BYTES * 8 / self->bits;
  gint64 span = 1;
  guint k = 0;

  *window = *box;
  sort_dimensions (box, order);
  for (; k < box->ndim; k++)
    {
      gint64 step = ABS (box->from[order[k]]);
      gint64 *length = &window->shape[order[k]];

      if (step - span > gap || span > most)
        break;
      if (step > 0 && *length - 1 > (most - span) / step)
        {
          *length = (most - span) / step + 1;
          k++;
          break;
        }
      span += (*length - 1) * step;
    }
  for (; k < box->ndim; k++)
    window->shape[order[k]] = 1;
}

/* reads what the window spans and copies it */
static gboolean
fetch_window (const EspLayout *self,
              const Box *window,
              EspScratch *scratch,
              guint8 *out,
              GCancellable *cancellable,
              GError **error)
{
  Box local = *window;
  gint64 lowest = window->origin;
  gint64 span = 1;
  guint64 first_byte, end_byte;

  for (guint i = 0; i < window->ndim; i++)
    {
      gint64 reach = (window->shape[i] - 1) * window->from[i];

      lowest += MIN (reach, 0);
      span += ABS (reach);
    }
  /* whole groups: four elements of 6 bits in three bytes, and a byte of the others */
  if (self->bits < 8)
    {
      gint64 group = self->bits == 6 ? 4 : 8 / self->bits;

      span += lowest % group;
      lowest -= lowest % group;
    }
  first_byte = (guint64) lowest * self->bits / 8;
  end_byte = first_byte + ((guint64) span * self->bits + 7) / 8;
  ensure_window (scratch, end_byte - first_byte);
  if (!esp_storage_read (self->storage, first_byte, end_byte - first_byte, scratch->window,
                         cancellable, error))
    return FALSE;
  local.origin -= lowest;
  copy_box (self, &local, scratch->window, out);
  return TRUE;
}

static gboolean
fetch_box (const EspLayout *self,
           const Box *box,
           EspScratch *scratch,
           guint8 *out,
           GCancellable *cancellable,
           GError **error)
{
  const guint8 *memory = esp_storage_peek (self->storage);
  guint out_size = self->bits < 8 ? 1 : self->bits / 8;
  gint64 at[ESP_LIMIT_DIMS] = { 0 };
  Box piece;
  guint i;

  if (memory != NULL)
    {
      copy_box (self, box, memory, out);
      return TRUE;
    }

  choose_window (self, box, &piece);
  do
    {
      Box window = piece;
      gint64 to = 0;

      for (i = 0; i < box->ndim; i++)
        {
          window.origin += at[i] * box->from[i];
          window.shape[i] = MIN (piece.shape[i], box->shape[i] - at[i]);
          to += at[i] * box->to[i];
        }
      if (!fetch_window (self, &window, scratch, out + to * (gint64) out_size, cancellable, error))
        return FALSE;
      for (i = box->ndim; i-- > 0;)
        {
          at[i] += piece.shape[i];
          if (at[i] < box->shape[i])
            break;
          at[i] = 0;
        }
    }
  while (i < box->ndim); /* wraps to G_MAXUINT when all were seen */
  return TRUE;
}

/* }}} */
/* {{{ range -> boxes */

/* the largest box at the head of @count elements from @index on; steps @index behind it and returns
 * its elements */
static guint64
take_box (const EspLayout *self, gint64 *index, guint64 count, Box *box)
{
  guint64 inner = 1;
  guint axis = self->ndim - 1;
  gint64 stride = 1;

  /* outwards as long as what is inside is whole */
  while (axis > 0 && index[axis] == 0 && count / inner >= (guint64) self->shape[axis])
    inner *= (guint64) self->shape[axis--];

  box->ndim = self->ndim - axis;
  box->origin = self->offset;
  for (guint i = 0; i < self->ndim; i++)
    box->origin += index[i] * self->strides[i];
  for (guint i = self->ndim; i-- > axis;)
    {
      gint64 length = i > axis
                          ? self->shape[i]
                          : (gint64) MIN (count / inner, (guint64) (self->shape[i] - index[i]));

      box->shape[i - axis] = length;
      box->from[i - axis] = self->strides[i];
      box->to[i - axis] = stride;
      stride *= length;
    }
  index[axis] += box->shape[0];
  while (axis > 0 && index[axis] == self->shape[axis])
    {
      index[axis--] = 0;
      index[axis]++;
    }
  return (guint64) stride;
}

static gboolean
fetch_run (const EspLayout *self,
           EspScratch *scratch,
           guint64 start,
           gsize count,
           guint8 *out,
           GCancellable *cancellable,
           GError **error)
{
  Box box = { 0 };

  if (self->bits >= 8)
    return esp_storage_read (self->storage, ((guint64) self->offset + start) * (self->bits / 8),
                             count * (self->bits / 8), out, cancellable, error);
  box.ndim = 1;
  box.origin = self->offset + (gint64) start;
  box.shape[0] = (gint64) count;
  box.from[0] = box.to[0] = 1;
  return fetch_box (self, &box, scratch, out, cancellable, error);
}

gboolean
esp_layout_fetch (const EspLayout *self,
                  EspScratch *scratch,
                  guint64 start,
                  gsize count,
                  guint8 *out,
                  GCancellable *cancellable,
                  GError **error)
{
  gint64 index[ESP_LIMIT_DIMS];
  gsize out_size = self->bits < 8 ? 1 : self->bits / 8;
  guint64 rest = start;

  if (count == 0)
    return TRUE;
  if (esp_layout_is_run (self))
    return fetch_run (self, scratch, start, count, out, cancellable, error);

  for (guint i = self->ndim; i-- > 0;)
    {
      index[i] = (gint64) (rest % (guint64) self->shape[i]);
      rest /= (guint64) self->shape[i];
    }
  while (count > 0)
    {
      Box box = { 0 };
      guint64 n = take_box (self, index, count, &box);

      if (!fetch_box (self, &box, scratch, out, cancellable, error))
        return FALSE;
      out += n * out_size;
      count -= n;
    }
  return TRUE;
}

/* }}} */
