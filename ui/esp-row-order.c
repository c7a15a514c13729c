/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows and columns in the order of a profile. In: a view's matrix, of which a worker makes the
 * profile (a pass over it); out: an order for the view. */

#include "config.h"

#include "esp-row-order.h"

typedef struct
{
  EspView *view;    /* owned */
  EspPlace *place;  /* owned; what the view showed */
  EspTensor *plain; /* owned */
  gboolean columns;
  EspProfileKind kind;
} Wish;

static void
wish_free (Wish *wish)
{
  g_object_unref (wish->view);
  g_object_unref (wish->place);
  esp_tensor_unref (wish->plain);
  g_free (wish);
}

static void
sort (EspView *view, gboolean columns, EspProfileKind kind, EspProfile *profile)
{
  g_autofree gint64 *order = esp_profile_sort (profile, kind, kind == ESP_PROFILE_MIN);

  esp_view_set_order (view, columns, kind, order);
}

static gboolean
has_same_shape (EspTensor *one, EspTensor *two)
{
  return esp_tensor_get_shape (one)[0] == esp_tensor_get_shape (two)[0] &&
         esp_tensor_get_shape (one)[1] == esp_tensor_get_shape (two)[1];
}

static void
on_profile (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wish *wish = user_data;
  g_autoptr (EspProfile) profile = esp_profile_new_finish (result, NULL);
  EspTensor *now = esp_view_get_plain (wish->view);

  /* the values of a live network go on meanwhile; a refusal is told by the heatmap */
  if (profile != NULL && esp_row_order_is_possible (wish->view) &&
      esp_view_get_place (wish->view) == wish->place &&
      (now == wish->plain || (esp_view_is_live (wish->view) && has_same_shape (now, wish->plain))))
    sort (wish->view, wish->columns, wish->kind, profile);
  wish_free (wish);
}

void
esp_row_order_apply (EspView *view, gboolean columns, int kind)
{
  EspTensor *plain;
  Wish *wish;

  g_return_if_fail (ESP_IS_VIEW (view));
  g_return_if_fail (kind >= -1 && kind < ESP_N_PROFILES);

  if (!esp_row_order_is_possible (view))
    return;
  plain = esp_view_get_plain (view);
  if (kind < 0)
    {
      if (esp_row_order_get (view, columns) >= 0)
        esp_view_set_order (view, columns, ESP_PROFILE_NORM, NULL);
      return;
    }
  if (esp_view_is_quick (view))
    {
      g_autoptr (EspProfile) profile = esp_profile_new (plain, columns, NULL, NULL);

      if (profile != NULL)
        sort (view, columns, (EspProfileKind) kind, profile);
      return;
    }
  wish = g_new0 (Wish, 1);
  wish->view = g_object_ref (view);
  wish->place = g_object_ref (esp_view_get_place (view));
  wish->plain = esp_tensor_ref (plain);
  wish->columns = columns;
  wish->kind = (EspProfileKind) kind;
  esp_profile_new_async (plain, columns, NULL, on_profile, wish);
}

int
esp_row_order_get (EspView *view, gboolean columns)
{
  const EspPlaneOrder *order;

  g_return_val_if_fail (ESP_IS_VIEW (view), -1);

  order = &esp_view_get_plane (view)->orders[columns ? 1 : 0];
  return order->order != NULL ? (int) order->kind : -1;
}

gboolean
esp_row_order_is_possible (EspView *view)
{
  g_return_val_if_fail (ESP_IS_VIEW (view), FALSE);

  return esp_view_get_kind (view) == ESP_VIEW_MATRIX && esp_view_get_plane (view)->ndim >= 2 &&
         !esp_view_get_plane (view)->as_mosaic;
}
