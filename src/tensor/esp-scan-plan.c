/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A scan may go through a tensor in any order, and that of the storage is by far the cheapest: the
 * axes are sorted by stride, so that a transposed or column-major tensor is read from its beginning
 * to its end. Only the indices of extremes need the tensor's own order; a walk keeps it beside.
 */

#include "esp-scan-plan-private.h"

static void
sort_axes (const gint64 *strides, guint ndim, guint *order)
{
  for (guint i = 0; i < ndim; i++)
    {
      guint at = i;

      for (; at > 0 && ABS (strides[order[at - 1]]) < ABS (strides[i]); at--)
        order[at] = order[at - 1];
      order[at] = i;
    }
}

gboolean
esp_scan_plan_init (EspScanPlan *self, EspTensor *tensor, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);
  const gint64 *strides = esp_tensor_get_strides (tensor);
  const EspAffine *affine = esp_tensor_get_affine (tensor);
  EspAffine moved = { .axis = -1 };
  gint64 steps[ESP_LIMIT_DIMS];
  gint64 view_strides[ESP_LIMIT_DIMS];
  guint order[ESP_LIMIT_DIMS];
  gint64 step = 1;

  self->ndim = esp_tensor_get_ndim (tensor);
  self->in_order = TRUE;
  for (guint i = self->ndim; i-- > 0;)
    {
      steps[i] = step;
      step *= MAX (shape[i], 1);
    }
  sort_axes (strides, self->ndim, order);
  if (affine != NULL)
    moved = *affine;
  for (guint i = 0; i < self->ndim; i++)
    {
      self->in_order = self->in_order && order[i] == i;
      self->shape[i] = shape[order[i]];
      self->steps[i] = steps[order[i]];
      view_strides[i] = strides[order[i]];
      if (affine != NULL && affine->axis == (int) order[i])
        moved.axis = (int) i;
    }
  self->view = esp_tensor_new_view_with_affine (tensor, self->shape, self->ndim, view_strides,
                                                esp_tensor_get_offset (tensor),
                                                affine != NULL ? &moved : NULL, error);
  return self->view != NULL;
}

void
esp_scan_plan_clear (EspScanPlan *self)
{
  g_clear_pointer (&self->view, esp_tensor_unref);
}

void
esp_scan_walk_init (EspScanWalk *self, const EspScanPlan *plan, guint64 start)
{
  self->plan = plan;
  self->at = plan->in_order ? start : 0;
  for (guint i = plan->ndim; !plan->in_order && i-- > 0;)
    {
      self->index[i] = (gint64) (start % (guint64) plan->shape[i]);
      start /= (guint64) plan->shape[i];
      self->at += (guint64) (self->index[i] * plan->steps[i]);
    }
}

void
esp_scan_walk_next (EspScanWalk *self)
{
  const EspScanPlan *plan = self->plan;

  if (plan->in_order)
    {
      self->at++;
      return;
    }
  for (guint i = plan->ndim; i-- > 0;)
    {
      self->at += (guint64) plan->steps[i];
      if (++self->index[i] < plan->shape[i])
        return;
      self->at -= (guint64) (plan->steps[i] * plan->shape[i]);
      self->index[i] = 0;
    }
}
