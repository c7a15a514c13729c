/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a heatmap paints: asks its loader for a picture of what is in view, keeps the pixels of the
 * pictures that are there, and fills the scene that src/draw paints. A frame costs what the stage
 * costs; colours are made again only when the picture or the look changed. */

#include "config.h"

#include "esp-heatmap-private.h"
#include "esp-style.h"

#include <math.h>

void
_esp_heatmap_offer_range (EspHeatmap *self, EspOverview *overview)
{
  double lo = INFINITY, hi = -INFINITY;

  if (overview == NULL || esp_view_get_norm (self->view) != NULL)
    return;

  for (guint y = 0; y < esp_overview_get_height (overview); y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = 0; x < esp_overview_get_width (overview); x++)
        {
          lo = fmin (lo, row[x].min); /* fmin and fmax pass over NaN */
          hi = fmax (hi, row[x].max);
        }
    }
  if (lo <= hi)
    esp_view_offer_range (self->view, lo, hi);
  else
    esp_view_offer_range (self->view, 0, 1);
}

void
_esp_heatmap_forget_pixels (EspHeatmap *self)
{
  g_clear_pointer (&self->pixels, cairo_surface_destroy);
  g_clear_pointer (&self->ground_pixels, cairo_surface_destroy);
  g_clear_pointer (&self->pixels_of, esp_overview_unref);
  g_clear_pointer (&self->ground_of, esp_overview_unref);
}

/* the surface of an overview, made again only when the overview or the look changed */
static cairo_surface_t *
keep_pixels (EspHeatmap *self, EspOverview *overview, EspOverview **of, cairo_surface_t **pixels)
{
  const EspNorm *norm = esp_view_get_norm (self->view);

  if (overview == NULL || norm == NULL)
    return NULL;
  if (*of == overview && *pixels != NULL)
    return *pixels;

  g_clear_pointer (pixels, cairo_surface_destroy);
  g_clear_pointer (of, esp_overview_unref);
  *of = esp_overview_ref (overview);
  *pixels = esp_draw_overview_surface (overview, norm,
                                       esp_look_get_reduction (esp_view_get_look (self->view)));
  return *pixels;
}

static void
fill_scene (EspHeatmap *self, EspHeatmapScene *scene, EspPalette *palette)
{
  EspOverview *overview = esp_overview_loader_get_overview (self->loader);
  EspOverview *ground = overview == NULL ? esp_overview_loader_get_ground (self->loader) : NULL;

  esp_style_init_palette (palette, GTK_WIDGET (self));
  scene->geometry = self->geometry;
  scene->palette = palette;
  scene->reduction = esp_look_get_reduction (esp_view_get_look (self->view));
  if (esp_view_get_norm (self->view) != NULL)
    {
      scene->norm = *esp_view_get_norm (self->view);
      scene->overview = overview;
      scene->pixels = keep_pixels (self, overview, &self->pixels_of, &self->pixels);
      if (overview == NULL)
        scene->tiles = esp_overview_loader_get_tiles (self->loader);
      scene->tiles_scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
      scene->ground = overview == NULL ? ground : NULL;
      scene->ground_pixels = keep_pixels (self, scene->ground, &self->ground_of,
                                          &self->ground_pixels);
    }
  scene->marks = esp_view_get_marks (self->view, &scene->n_marks, &scene->marks_on_columns);
  scene->input_marks = esp_view_get_input_marks (self->view, &scene->n_input_marks);
  scene->cursor_row = self->cursor_row;
  scene->cursor_column = self->cursor_column;
  scene->hover_row = self->hover_row >= 0 ? self->hover_row : self->linked_row;
  scene->hover_column = self->hover_row >= 0 ? self->hover_column : self->linked_column;
  if (esp_view_get_plane (self->view)->as_mosaic)
    {
      scene->block_rows = esp_view_get_plane (self->view)->block_rows;
      scene->block_columns = esp_view_get_plane (self->view)->block_columns;
    }
  scene->has_outlier = esp_view_get_outlier (self->view, &scene->outlier_row,
                                             &scene->outlier_column);
  scene->row_labels = esp_view_get_plane (self->view)->orders[0].order;
  scene->column_labels = esp_view_get_plane (self->view)->orders[1].order;
  scene->row_axis = self->row_name;
  scene->column_axis = self->column_name;
  scene->single = TRUE;
}

/* what is in view, and the pixels for it */
static void
get_visible (EspHeatmap *self, EspRegion *region, guint *width, guint *height)
{
  guint scale = (guint) gtk_widget_get_scale_factor (GTK_WIDGET (self));

  esp_heatmap_geometry_visible (&self->geometry, region, width, height);
  *width = (guint) MIN ((gint64) *width * scale, region->columns);
  *height = (guint) MIN ((gint64) *height * scale, region->rows);
}

static void
request_overview (EspHeatmap *self)
{
  EspRegion region;
  guint width, height;

  get_visible (self, &region, &width, &height);
  esp_overview_loader_request (self->loader, &region, width, height);
}

void
_esp_heatmap_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspHeatmap *self = ESP_HEATMAP (widget);
  EspHeatmapScene scene = { .hover_row = -1 };
  EspPalette palette;
  cairo_t *cr;

  if (_esp_heatmap_get_matrix (self) == NULL || self->geometry.width <= 0 ||
      self->geometry.height <= 0)
    return;

  request_overview (self);
  fill_scene (self, &scene, &palette);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) self->geometry.width,
                                                                 (float) self->geometry.height));
  esp_draw_heatmap (cr, &scene);
  cairo_destroy (cr);
  if (self->hover_row >= 0 && (self->editor == NULL || !gtk_widget_get_visible (self->editor)))
    _esp_heatmap_snapshot_tooltip (self, snapshot);
  if (self->editor != NULL)
    gtk_widget_snapshot_child (widget, self->editor, snapshot);
}

cairo_surface_t *
esp_heatmap_get_ground (EspHeatmap *self, EspOverview **ground)
{
  g_return_val_if_fail (ESP_IS_HEATMAP (self), NULL);

  if (_esp_heatmap_get_matrix (self) == NULL)
    return NULL;
  *ground = esp_overview_loader_get_ground (self->loader);
  return keep_pixels (self, *ground, &self->ground_of, &self->ground_pixels);
}

EspPyramid *
esp_heatmap_dup_pyramid (EspHeatmap *self)
{
  EspTilePixels *tiles;

  g_return_val_if_fail (ESP_IS_HEATMAP (self), NULL);

  if (_esp_heatmap_get_matrix (self) == NULL)
    return NULL;
  tiles = esp_overview_loader_get_tiles (self->loader);
  return tiles != NULL ? esp_pyramid_ref (esp_tile_pixels_get_pyramid (tiles))
                       : esp_pyramid_new (_esp_heatmap_get_matrix (self));
}

gboolean
esp_heatmap_reduces (EspHeatmap *self)
{
  EspRegion region;
  guint width, height;

  g_return_val_if_fail (ESP_IS_HEATMAP (self), FALSE);

  if (_esp_heatmap_get_matrix (self) == NULL || self->geometry.width <= 0)
    return FALSE;
  get_visible (self, &region, &width, &height);
  return region.rows > height || region.columns > width;
}

gboolean
esp_heatmap_has_picture (EspHeatmap *self)
{
  g_return_val_if_fail (ESP_IS_HEATMAP (self), FALSE);

  return _esp_heatmap_get_matrix (self) != NULL &&
         esp_overview_loader_get_overview (self->loader) != NULL;
}
