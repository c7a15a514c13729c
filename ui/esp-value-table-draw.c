/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paints the table of numbers: the cells in view, some hundreds, their lines, the selection, and
 * heads above and beside them. In: the table's layout and the texts of EspValueBlocks. */

#include "config.h"

#include "esp-value-table-private.h"

#include <math.h>
#include <string.h>

typedef struct
{
  GtkSnapshot *snapshot;
  PangoLayout *layout;
  GdkRGBA text, second, danger, line, selected, accent;
} Brush;

static GdkRGBA
get_color (GtkWidget *widget, const char *name, const char *fallback)
{
  GdkRGBA color;

  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), name, &color))
    gdk_rgba_parse (&color, fallback);
  return color;
}

static void
brush_init (Brush *brush, EspValueTable *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  PangoAttrList *attributes = pango_attr_list_new ();

  brush->snapshot = snapshot;
  brush->layout = gtk_widget_create_pango_layout (widget, NULL);
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum"));
  pango_layout_set_attributes (brush->layout, attributes);
  pango_attr_list_unref (attributes);
  brush->text = get_color (widget, "window_fg_color", "#000");
  brush->second = get_color (widget, "esp_second", "#444");
  brush->danger = get_color (widget, "esp_red", "#b5161f");
  brush->accent = get_color (widget, "esp_accent", "#2674d9");
  brush->line = brush->text;
  brush->line.alpha = 0.1f;
  brush->selected = brush->accent;
  brush->selected.alpha = 0.18f;
}

/* right-aligned in its box; what is too long is cut at the end */
static void
draw_text (Brush *brush, const char *text, const GdkRectangle *box, const GdkRGBA *color)
{
  int width, height;

  pango_layout_set_width (brush->layout, -1);
  pango_layout_set_text (brush->layout, text, -1);
  pango_layout_get_pixel_size (brush->layout, &width, &height);
  if (width > box->width - ESP_VALUE_TABLE_PADDING)
    {
      width = box->width - ESP_VALUE_TABLE_PADDING;
      pango_layout_set_width (brush->layout, width * PANGO_SCALE);
      pango_layout_set_ellipsize (brush->layout, PANGO_ELLIPSIZE_END);
    }
  gtk_snapshot_save (brush->snapshot);
  gtk_snapshot_translate (
      brush->snapshot,
      &GRAPHENE_POINT_INIT ((float) (box->x + box->width - ESP_VALUE_TABLE_PADDING - width + 2),
                            (float) (box->y + (box->height - height) / 2)));
  gtk_snapshot_append_layout (brush->snapshot, brush->layout, color);
  gtk_snapshot_restore (brush->snapshot);
}

static void
draw_rectangle (Brush *brush, double x, double y, double width, double height, const GdkRGBA *color)
{
  gtk_snapshot_append_color (
      brush->snapshot, color,
      &GRAPHENE_RECT_INIT ((float) x, (float) y, (float) width, (float) height));
}

static void
get_visible (EspValueTable *self, EspRegion *region)
{
  double left = _esp_value_table_get_scroll (self, GTK_ORIENTATION_HORIZONTAL);
  double top = _esp_value_table_get_scroll (self, GTK_ORIENTATION_VERTICAL);
  int width = gtk_widget_get_width (GTK_WIDGET (self)) - self->head_width;
  int height = gtk_widget_get_height (GTK_WIDGET (self)) - self->head_height;

  region->column = (gint64) (left / self->cell_width);
  region->row = (gint64) (top / self->cell_height);
  region->columns =
      MIN (self->columns - region->column,
           (gint64) ceil ((left + MAX (width, 0)) / self->cell_width) - region->column);
  region->rows = MIN (self->rows - region->row,
                      (gint64) ceil ((top + MAX (height, 0)) / self->cell_height) - region->row);
}

static void
draw_selection (EspValueTable *self, Brush *brush)
{
  EspRegion region;
  GdkRectangle first, last;

  if (!esp_value_table_get_selected (self, &region))
    return;

  _esp_value_table_get_box (self, region.row, region.column, &first);
  _esp_value_table_get_box (self, region.row + region.rows - 1, region.column + region.columns - 1,
                            &last);
  if (region.rows > 1 || region.columns > 1)
    draw_rectangle (brush, first.x, first.y, last.x + last.width - first.x,
                    last.y + last.height - first.y, &brush->selected);
  _esp_value_table_get_box (self, self->cursor_row, self->cursor_column, &first);
  gtk_snapshot_append_border (
      brush->snapshot,
      &GSK_ROUNDED_RECT_INIT ((float) first.x, (float) first.y, (float) first.width + 1,
                              (float) first.height + 1),
      (float[]) { 2, 2, 2, 2 },
      (GdkRGBA[]) { brush->accent, brush->accent, brush->accent, brush->accent });
}

static gboolean
is_finite_text (const char *text)
{
  return strstr (text, "NaN") == NULL && strstr (text, "Inf") == NULL;
}

static void
draw_cells (EspValueTable *self, Brush *brush, const EspRegion *region)
{
  GdkRectangle box;

  for (gint64 row = region->row; row < region->row + region->rows; row++)
    for (gint64 column = region->column; column < region->column + region->columns; column++)
      {
        const char *text = esp_value_blocks_get (self->blocks, row, column);

        _esp_value_table_get_box (self, row, column, &box);
        if (text == NULL)
          draw_text (brush, "…", &box, &brush->second);
        else
          draw_text (brush, text, &box, is_finite_text (text) ? &brush->text : &brush->danger);
      }
}

static void
draw_heads (EspValueTable *self, Brush *brush, const EspRegion *region)
{
  const EspPlane *plane = esp_view_get_plane (self->view);
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  int height = gtk_widget_get_height (GTK_WIDGET (self));
  GdkRectangle box;
  char text[24];

  gtk_snapshot_push_clip (brush->snapshot,
                          &GRAPHENE_RECT_INIT ((float) self->head_width, 0,
                                               (float) MAX (0, width - self->head_width),
                                               (float) self->head_height));
  for (gint64 column = region->column; column < region->column + region->columns; column++)
    {
      _esp_value_table_get_box (self, 0, column, &box);
      box.y = 0;
      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT,
                  esp_plane_get_label (plane, TRUE, column));
      draw_text (brush, text, &box, column == self->cursor_column ? &brush->text : &brush->second);
      draw_rectangle (brush, box.x + box.width, 4, 1, self->head_height - 8, &brush->line);
    }
  gtk_snapshot_pop (brush->snapshot);

  gtk_snapshot_push_clip (
      brush->snapshot, &GRAPHENE_RECT_INIT (0, (float) self->head_height, (float) self->head_width,
                                            (float) MAX (0, height - self->head_height)));
  for (gint64 row = region->row; row < region->row + region->rows; row++)
    {
      _esp_value_table_get_box (self, row, 0, &box);
      box.x = 0;
      box.width = self->head_width;
      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, esp_plane_get_label (plane, FALSE, row));
      draw_text (brush, text, &box, row == self->cursor_row ? &brush->text : &brush->second);
    }
  gtk_snapshot_pop (brush->snapshot);

  if (self->row_name != NULL && self->column_name != NULL)
    {
      g_autofree char *names = g_strdup_printf ("%s \\ %s", self->row_name, self->column_name);

      draw_text (brush, names, &(GdkRectangle) { 0, 0, self->head_width, self->head_height },
                 &brush->second);
    }
  draw_rectangle (brush, 0, self->head_height, width, 1, &brush->line);
  draw_rectangle (brush, self->head_width, 0, 1, height, &brush->line);
}

static void
draw_lines (EspValueTable *self, Brush *brush, const EspRegion *region)
{
  GdkRectangle box, last;

  _esp_value_table_get_box (self, region->row + region->rows - 1,
                            region->column + region->columns - 1, &last);
  for (gint64 row = region->row; row < region->row + region->rows; row++)
    {
      _esp_value_table_get_box (self, row, region->column, &box);
      draw_rectangle (brush, box.x, box.y + box.height, last.x + last.width - box.x, 1,
                      &brush->line);
    }
}

void
_esp_value_table_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  EspRegion region;
  Brush brush;

  if (_esp_value_table_get_matrix (self) == NULL || width <= self->head_width ||
      height <= self->head_height)
    return;

  brush_init (&brush, self, snapshot);
  get_visible (self, &region);
  gtk_snapshot_push_clip (snapshot,
                          &GRAPHENE_RECT_INIT ((float) self->head_width, (float) self->head_height,
                                               (float) (width - self->head_width),
                                               (float) (height - self->head_height)));
  draw_lines (self, &brush, &region);
  draw_cells (self, &brush, &region);
  draw_selection (self, &brush);
  gtk_snapshot_pop (snapshot);
  draw_heads (self, &brush, &region);
  g_object_unref (brush.layout);
  esp_value_blocks_fetch (self->blocks);

  if (self->editor != NULL)
    gtk_widget_snapshot_child (widget, self->editor, snapshot);
  if (self->menu != NULL)
    gtk_widget_snapshot_child (widget, self->menu, snapshot);
}
