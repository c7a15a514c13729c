/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's basic indexing as a value: a list of items, each an index, a range, "..." or None, and
 * optionally ".T" behind the bracket, which turns the axes of the result round (that is how the
 * text of a matrix tells which axis is shown as its rows). Applying it only computes sizes, strides
 * and an offset; nothing is read.
 */

#include "config.h"

#include "esp-slice.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-tensor-private.h"

typedef enum
{
  ITEM_INDEX,
  ITEM_RANGE,
  ITEM_ELLIPSIS,
  ITEM_NEW_AXIS,
} ItemKind;

typedef struct
{
  ItemKind kind;
  gboolean has_start, has_stop;
  gint64 start, stop, step; /* an index is in start */
} Item;

struct _EspSlice
{
  gatomicrefcount ref_count;
  GArray *items; /* (element-type Item) */
  gboolean transposed;
};

#define MAX_ITEMS (2 * ESP_LIMIT_DIMS)

static EspSlice *
slice_new (void)
{
  EspSlice *self = g_new0 (EspSlice, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->items = g_array_new (FALSE, TRUE, sizeof (Item));
  return self;
}

static void
add_item (EspSlice *self, ItemKind kind, gint64 start)
{
  Item item = { .kind = kind, .start = start, .step = 1 };

  g_array_append_val (self->items, item);
}

EspSlice *
esp_slice_ref (EspSlice *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_slice_unref (EspSlice *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_array_unref (self->items);
  g_free (self);
}

/* {{{ text */

/* an optionally signed decimal number that fills @text; FALSE on anything else or overflow */
static gboolean
parse_number (const char *text, gint64 *out)
{
  const char *digits = text + (*text == '-' || *text == '+');
  char *end;

  if (!g_ascii_isdigit (*digits))
    return FALSE;
  errno = 0;
  *out = g_ascii_strtoll (text, &end, 10);
  return errno == 0 && *end == '\0';
}

/* "a:b:c" with every part optional */
static gboolean
parse_range (const char *text, Item *item)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 4);
  guint n = g_strv_length (parts);

  if (n > 3)
    return FALSE;
  for (guint i = 0; i < n; i++)
    g_strstrip (parts[i]);
  item->kind = ITEM_RANGE;
  item->step = 1;
  item->has_start = *parts[0] != '\0';
  item->has_stop = *parts[1] != '\0';
  if (item->has_start && !parse_number (parts[0], &item->start))
    return FALSE;
  if (item->has_stop && !parse_number (parts[1], &item->stop))
    return FALSE;
  if (n == 3 && *parts[2] != '\0' && !parse_number (parts[2], &item->step))
    return FALSE;
  return item->step != 0 && item->step != G_MININT64;
}

static gboolean
parse_item (const char *text, Item *item)
{
  memset (item, 0, sizeof *item);
  if (g_str_equal (text, "..."))
    item->kind = ITEM_ELLIPSIS;
  else if (g_str_equal (text, "None") || g_str_equal (text, "newaxis"))
    item->kind = ITEM_NEW_AXIS;
  else if (strchr (text, ':') != NULL)
    return parse_range (text, item);
  else
    return parse_number (text, &item->start);
  return TRUE;
}

static gboolean
parse_items (EspSlice *self, const char *inside, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (inside, ",", MAX_ITEMS + 2);
  guint n = g_strv_length (parts);
  gboolean ellipsis = FALSE;

  if (n > 1 && *g_strstrip (parts[n - 1]) == '\0')
    n--; /* a comma at the end is Python too */
  if (n == 0)
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                           _ ("The slice is empty; “...” is all of a tensor"));
      return FALSE;
    }
  if (n > MAX_ITEMS)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                   _ ("The slice has more than %d parts"), MAX_ITEMS);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      Item item;

      if (!parse_item (g_strstrip (parts[i]), &item))
        {
          g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                       _ ("“%s” is no index, range (like 2:10 or ::-1), “...” or None"), parts[i]);
          return FALSE;
        }
      if (item.kind == ITEM_ELLIPSIS && ellipsis)
        {
          g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                               _ ("A slice can have only one “...”"));
          return FALSE;
        }
      ellipsis = ellipsis || item.kind == ITEM_ELLIPSIS;
      g_array_append_val (self->items, item);
    }
  return TRUE;
}

EspSlice *
esp_slice_parse (const char *text, GError **error)
{
  g_autoptr (EspSlice) self = slice_new ();
  g_autofree char *inside = NULL;
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  inside = g_strstrip (g_strdup (text));
  length = strlen (inside);
  if (g_str_has_suffix (inside, ".T"))
    {
      self->transposed = TRUE;
      inside[length -= 2] = '\0';
    }
  /* the brackets may be left out, but not one of them */
  if (length >= 2 && inside[0] == '[' && inside[length - 1] == ']')
    {
      inside[0] = ' ';
      inside[length - 1] = '\0';
    }
  g_strstrip (inside);
  if (!g_utf8_validate (inside, -1, NULL))
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                           _ ("The slice isn't valid text"));
      return NULL;
    }
  return parse_items (self, inside, error) ? g_steal_pointer (&self) : NULL;
}

static void
print_item (GString *out, const Item *item)
{
  switch (item->kind)
    {
    case ITEM_INDEX:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, item->start);
      break;
    case ITEM_ELLIPSIS:
      g_string_append (out, "...");
      break;
    case ITEM_NEW_AXIS:
      g_string_append (out, "None");
      break;
    case ITEM_RANGE:
      if (item->has_start)
        g_string_append_printf (out, "%" G_GINT64_FORMAT, item->start);
      g_string_append_c (out, ':');
      if (item->has_stop)
        g_string_append_printf (out, "%" G_GINT64_FORMAT, item->stop);
      if (item->step != 1)
        g_string_append_printf (out, ":%" G_GINT64_FORMAT, item->step);
      break;
    default:
      g_assert_not_reached ();
    }
}

char *
esp_slice_to_string (EspSlice *self)
{
  GString *out = g_string_new ("[");

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->items->len; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      print_item (out, &g_array_index (self->items, Item, i));
    }
  g_string_append (out, self->transposed ? "].T" : "]");
  return g_string_free (out, FALSE);
}

/* }}} */
/* {{{ matrices */

EspSlice *
esp_slice_new_matrix (guint ndim, int row_axis, int column_axis, const gint64 *index)
{
  EspSlice *self;

  g_return_val_if_fail (ndim <= ESP_LIMIT_DIMS, NULL);
  g_return_val_if_fail (row_axis >= -1 && row_axis < (int) ndim, NULL);
  g_return_val_if_fail (column_axis >= -1 && column_axis < (int) ndim, NULL);
  g_return_val_if_fail (row_axis != column_axis || row_axis == -1, NULL);

  self = slice_new ();
  for (int i = 0; i < (int) ndim; i++)
    if (i == row_axis || i == column_axis)
      add_item (self, ITEM_RANGE, 0);
    else
      add_item (self, ITEM_INDEX, index != NULL ? index[i] : 0);
  if (ndim == 0)
    add_item (self, ITEM_ELLIPSIS, 0);
  if (row_axis >= 0 && column_axis < 0)
    add_item (self, ITEM_NEW_AXIS, 0); /* a strip that stands */
  self->transposed = column_axis >= 0 && row_axis > column_axis;
  return self;
}

EspSlice *
esp_slice_new_default (guint ndim)
{
  return esp_slice_new_matrix (ndim, ndim >= 2 ? (int) ndim - 2 : -1, (int) ndim - 1, NULL);
}

/* }}} */
/* {{{ applying */

typedef struct
{
  guint ndim;
  gint64 shape[MAX_ITEMS + ESP_LIMIT_DIMS];
  gint64 strides[MAX_ITEMS + ESP_LIMIT_DIMS];
  gint64 offset;

  /* which entries of the quantisation are left, and along which axis of the result */
  int affine_axis;
  gint64 affine_start, affine_step;
} View;

static void
add_axis (View *view, gint64 size, gint64 stride)
{
  view->shape[view->ndim] = size;
  view->strides[view->ndim] = stride;
  view->ndim++;
}

/* checked, since an empty tensor may have any strides */
static gboolean
move_offset (View *view, gint64 index, gint64 stride, guint axis, GError **error)
{
  gint64 distance;

  if (esp_mul_i64 (index, stride, &distance) && esp_add_i64 (view->offset, distance, &view->offset))
    return TRUE;
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
               _ ("Stride %lld is too long for axis %u"), (long long) stride, axis);
  return FALSE;
}

static gboolean
apply_index (View *view, const Item *item, guint axis, gint64 size, gint64 stride, GError **error)
{
  gint64 index = item->start < 0 ? item->start + size : item->start;

  if (index < 0 || index >= size)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                   _ ("Index %lld lies outside axis %u of size %lld"), (long long) item->start,
                   axis, (long long) size);
      return FALSE;
    }
  if (!move_offset (view, index, stride, axis, error))
    return FALSE;
  if (view->affine_axis == -2 - (int) axis)
    {
      view->affine_axis = -1;
      view->affine_start = index;
    }
  return TRUE;
}

/* where a bound of a range lands: counted from the end if negative, then clipped */
static gint64
clip (gint64 bound, gint64 size, gint64 lowest, gint64 highest)
{
  if (bound < 0)
    bound += size;
  return CLAMP (bound, lowest, highest);
}

static gboolean
apply_range (View *view, const Item *item, guint axis, gint64 size, gint64 stride, GError **error)
{
  gint64 step = item->step;
  gint64 lowest = step > 0 ? 0 : -1;
  gint64 highest = step > 0 ? size : size - 1;
  gint64 start = step > 0 ? lowest : highest;
  gint64 stop = step > 0 ? highest : lowest;
  gint64 length, new_stride;

  if (item->has_start)
    start = clip (item->start, size, lowest, highest);
  if (item->has_stop)
    stop = clip (item->stop, size, lowest, highest);
  length = step > 0 ? stop - start : start - stop;
  length = length > 0 ? (length - 1) / ABS (step) + 1 : 0;

  if (view->affine_axis == -2 - (int) axis)
    {
      view->affine_axis = (int) view->ndim;
      view->affine_start = start;
      view->affine_step = step;
    }
  if (length <= 1)
    new_stride = stride; /* never stepped, so it may not overflow */
  else if (!esp_mul_i64 (stride, step, &new_stride))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                   _ ("Step %lld is too long for axis %u"), (long long) step, axis);
      return FALSE;
    }
  if (length > 0 && !move_offset (view, start, stride, axis, error))
    return FALSE;
  add_axis (view, length, new_stride);
  return TRUE;
}

static gboolean
apply_items (EspSlice *self, EspTensor *tensor, View *view, GError **error)
{
  static const Item all = { .kind = ITEM_RANGE, .step = 1 };
  const gint64 *shape = esp_tensor_get_shape (tensor);
  const gint64 *strides = esp_tensor_get_strides (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  gboolean open = TRUE; /* what isn't named follows at the end */
  guint named = 0;
  guint axis = 0;

  for (guint i = 0; i < self->items->len; i++)
    {
      ItemKind kind = g_array_index (self->items, Item, i).kind;

      named += kind == ITEM_INDEX || kind == ITEM_RANGE;
    }
  if (named > ndim)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE,
                   g_dngettext (NULL, "%u indices for a tensor of %u dimension",
                                "%u indices for a tensor of %u dimensions", ndim),
                   named, ndim);
      return FALSE;
    }

  for (guint i = 0; i <= self->items->len; i++)
    {
      const Item *item = i < self->items->len ? &g_array_index (self->items, Item, i) : NULL;

      if (item == NULL || item->kind == ITEM_ELLIPSIS)
        {
          for (guint rest = open ? ndim - named : 0; rest > 0; rest--, axis++)
            if (!apply_range (view, &all, axis, shape[axis], strides[axis], error))
              return FALSE;
          open = FALSE;
        }
      else if (item->kind == ITEM_NEW_AXIS)
        add_axis (view, 1, 0);
      else
        {
          gboolean done = item->kind == ITEM_INDEX
                              ? apply_index (view, item, axis, shape[axis], strides[axis], error)
                              : apply_range (view, item, axis, shape[axis], strides[axis], error);

          if (!done)
            return FALSE;
          axis++;
        }
    }
  return TRUE;
}

static void
transpose (View *view)
{
  for (guint i = 0, j = view->ndim; i + 1 < j; i++)
    {
      gint64 size = view->shape[i];
      gint64 stride = view->strides[i];

      j--;
      view->shape[i] = view->shape[j];
      view->strides[i] = view->strides[j];
      view->shape[j] = size;
      view->strides[j] = stride;
    }
  if (view->affine_axis >= 0)
    view->affine_axis = (int) view->ndim - 1 - view->affine_axis;
}

/* the entries of a quantisation that @view keeps */
static EspTensor *
make_view (EspTensor *tensor, const View *view, GError **error)
{
  const EspAffine *affine = esp_tensor_get_affine (tensor);
  g_autofree double *scales = NULL;
  g_autofree double *zero_points = NULL;
  EspAffine kept;

  if (affine == NULL || affine->axis < 0)
    return esp_tensor_new_view_with_affine (tensor, view->shape, view->ndim, view->strides,
                                            view->offset, affine, error);
  kept.axis = view->affine_axis;
  kept.n = kept.axis < 0 ? 1 : (guint) view->shape[kept.axis];
  kept.scales = scales = g_new (double, kept.n);
  kept.zero_points = zero_points = g_new (double, kept.n);
  for (guint i = 0; i < kept.n; i++)
    {
      gint64 from = view->affine_start + (gint64) i * view->affine_step;

      kept.scales[i] = affine->scales[from];
      kept.zero_points[i] = affine->zero_points[from];
    }
  return esp_tensor_new_view_with_affine (tensor, view->shape, view->ndim, view->strides,
                                          view->offset, &kept, error);
}

EspTensor *
esp_slice_apply (EspSlice *self, EspTensor *tensor, GError **error)
{
  const EspAffine *affine;
  View view = { 0 };

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (tensor != NULL, NULL);

  if (!esp_tensor_check_readable (tensor, error))
    return NULL;
  affine = esp_tensor_get_affine (tensor);
  view.offset = esp_tensor_get_offset (tensor);
  /* -2 - axis until that axis of the tensor is met */
  view.affine_axis = affine != NULL && affine->axis >= 0 ? -2 - affine->axis : -1;
  if (!apply_items (self, tensor, &view, error))
    return NULL;
  if (self->transposed)
    transpose (&view);
  return make_view (tensor, &view, error);
}

EspTensor *
esp_slice_apply_matrix (EspSlice *self, EspTensor *tensor, GError **error)
{
  g_autoptr (EspTensor) sliced = NULL;
  g_autoptr (EspSlice) rest = NULL;
  guint ndim;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (tensor != NULL, NULL);

  sliced = esp_slice_apply (self, tensor, error);
  if (sliced == NULL)
    return NULL;
  ndim = esp_tensor_get_ndim (sliced);
  if (ndim == 2)
    return g_steal_pointer (&sliced);
  if (ndim > 2)
    rest = esp_slice_new_default (ndim);
  else
    {
      rest = slice_new ();
      for (guint i = ndim; i < 2; i++)
        add_item (rest, ITEM_NEW_AXIS, 0);
      add_item (rest, ITEM_ELLIPSIS, 0);
    }
  return esp_slice_apply (rest, sliced, error);
}

/* }}} */
