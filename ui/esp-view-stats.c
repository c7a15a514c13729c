/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statistics of what a view shows, and the norm that they and the person's choices make. Those
 * of a small tensor in reach are made at once, others by a scan in a worker; they are of the whole
 * tensor, so that the colours of one slice mean the same as those of another. */

#include "config.h"

#include "esp-view-private.h"

#include "esp-overview-loader.h"

#include <glib/gi18n.h>

/* how long the scan of a matrix waits for the heatmap to say how large its picture is, in ms */
#define CLAIM 300

static gboolean
is_phase (EspView *self)
{
  return esp_view_has_parts (self) && self->part == ESP_PART_PHASE;
}

void
_esp_view_update_norm (EspView *self)
{
  double lo, hi;

  if (self->stats == NULL)
    {
      if (self->has_norm && is_phase (self))
        esp_look_init_norm_for_phase (self->look, &self->norm);
      else if (self->has_norm)
        esp_look_init_norm_for_range (self->look, self->offered[0], self->offered[1],
                                      self->channel < 0, &self->norm);
      return;
    }

  esp_look_init_norm (self->look, self->stats, self->channel < 0, &self->norm);
  if (is_phase (self))
    esp_look_init_norm_for_phase (self->look, &self->norm);
  if (esp_view_is_live (self) &&
      !(self->channel < 0 && esp_look_get_typed (self->look, &lo, &hi)) &&
      !esp_look_get_locked (self->look) && esp_look_get_symmetric (self->look) &&
      self->norm.scale != ESP_SCALE_RANK)
    esp_norm_hold (&self->norm, &self->held);
  self->has_norm = TRUE;
}

static void start_scan (EspView *self); /* a scan that ends may start the next */

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspView) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->scan);
  if (stats == NULL)
    {
      _esp_view_set_message (self, _ ("This tensor can't be read"), error->message);
      g_clear_pointer (&self->matrix, esp_tensor_unref);
      _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
      return;
    }

  g_clear_pointer (&self->stats, esp_stats_unref);
  self->stats = g_steal_pointer (&stats);
  _esp_view_update_norm (self);
  _esp_view_emit (self, ESP_VIEW_LOOK_CHANGED);
  if (self->scanned != self->shown) /* values of a live network have changed meanwhile */
    start_scan (self);
}

static void
start_scan (EspView *self)
{
  g_clear_pointer (&self->scanned, esp_tensor_unref);
  self->scanned = esp_tensor_ref (self->shown);
  self->scan = g_cancellable_new ();
  esp_scan_stats_async (self->shown, self->scan, on_scanned, g_object_ref (self));
}

static void
end_claim (EspView *self)
{
  g_clear_handle_id (&self->claim, g_source_remove);
  if (self->claimed != NULL)
    esp_scan_unclaim (self->claimed);
  g_clear_pointer (&self->claimed, esp_tensor_unref);
}

static gboolean
on_claim_over (gpointer user_data)
{
  EspView *self = user_data;

  self->claim = 0;
  end_claim (self);
  return G_SOURCE_REMOVE;
}

void
_esp_view_cancel_scan (EspView *self)
{
  end_claim (self);
  if (self->scan != NULL)
    g_cancellable_cancel (self->scan);
  g_clear_object (&self->scan);
  g_clear_pointer (&self->scanned, esp_tensor_unref);
}

/* statistics of the whole tensor, so that the colours of one slice mean the same as those of
 * another
 */
void
_esp_view_scan (EspView *self)
{
  g_autoptr (GError) error = NULL;

  if (esp_view_is_quick (self))
    {
      g_autoptr (EspStats) stats = esp_scan_stats (self->shown, NULL, NULL, NULL, &error);

      g_clear_pointer (&self->stats, esp_stats_unref);
      self->stats = g_steal_pointer (&stats);
      if (self->stats != NULL)
        _esp_view_update_norm (self);
      else
        _esp_view_set_message (self, _ ("This tensor can't be read"), error->message);
      return;
    }
  if (self->scan != NULL) /* when it is done, it looks whether there are newer values */
    return;

  if (self->matrix == self->shown && esp_tensor_get_count (self->shown) > ESP_LOAD_LARGE)
    {
      end_claim (self);
      esp_scan_claim (self->shown);
      self->claimed = esp_tensor_ref (self->shown);
      self->claim = g_timeout_add (CLAIM, on_claim_over, self);
    }
  start_scan (self);
}

EspStats *
esp_view_get_stats (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->stats;
}

const EspNorm *
esp_view_get_norm (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->has_norm ? &self->norm : NULL;
}

gboolean
esp_view_get_outlier (EspView *self, gint64 *row, gint64 *column)
{
  gint64 flat;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  return self->stats != NULL && self->has_norm && self->matrix != NULL &&
         esp_norm_find_outlier (&self->norm, self->stats, &flat) &&
         esp_plane_locate (&self->plane, (guint64) flat, FALSE, row, column);
}

void
esp_view_offer_range (EspView *self, double lo, double hi)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->has_norm)
    return;

  self->offered[0] = lo;
  self->offered[1] = hi;
  self->has_norm = TRUE;
  _esp_view_update_norm (self);
  _esp_view_emit (self, ESP_VIEW_LOOK_CHANGED);
}
