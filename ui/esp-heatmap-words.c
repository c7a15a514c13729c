/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the heatmap says of a cell: in the status line, in the tooltip beside the pointer, to a
 * screen reader. Values are exact where reading one takes no worker, else what the picture knows.
 */

#include "config.h"

#include "esp-heatmap-private.h"

#include <glib/gi18n.h>
#include <math.h>

/* the pixel of the picture that shows a cell; NULL if it isn't in the picture */
static const EspPixel *
find_pixel (EspHeatmap *self, gint64 row, gint64 column, gint64 *rows, gint64 *columns)
{
  EspOverview *overview = esp_overview_loader_get_overview (self->loader);
  const EspRegion *region;
  guint width, height;
  gint64 x, y;

  if (overview == NULL)
    return NULL;
  region = esp_overview_get_region (overview);
  row -= region->row;
  column -= region->column;
  if (row < 0 || column < 0 || row >= region->rows || column >= region->columns)
    return NULL;

  width = esp_overview_get_width (overview);
  height = esp_overview_get_height (overview);
  x = (gint64) ((double) column * width / (double) region->columns);
  y = (gint64) ((double) row * height / (double) region->rows);
  *rows = (gint64) round ((double) region->rows / height);
  *columns = (gint64) round ((double) region->columns / width);
  return &esp_overview_get_row (overview, (guint) MIN (y, height - 1))[MIN (x, width - 1)];
}

/* of a complex value the part that is shown, too */
static char *
read_cell (EspView *view, gint64 row, gint64 column)
{
  g_autofree char *value = esp_plane_read_cell (esp_view_get_cells (view), row, column, NULL);
  g_autofree char *part = NULL;

  if (value == NULL || !esp_view_has_parts (view))
    return g_steal_pointer (&value);
  part = esp_plane_read_cell (esp_view_get_matrix (view), row, column, NULL);
  if (part == NULL)
    return g_steal_pointer (&value);
  /* TRANSLATORS: a complex number, a part of it by name, that part */
  return g_strdup_printf (_ ("%s; %s %s"), value,
                          esp_draw_describe_part (esp_look_get_part (esp_view_get_look (view))),
                          part);
}

/* the exact value; where reading takes a worker, what the picture knows of it. NULL if nothing. */
static char *
read_value (EspHeatmap *self, gint64 row, gint64 column)
{
  gint64 rows, columns;
  const EspPixel *pixel;

  if (esp_view_is_direct (self->view))
    return read_cell (self->view, row, column);

  pixel = find_pixel (self, row, column, &rows, &columns);
  if (pixel == NULL || rows > 1 || columns > 1)
    return NULL;
  if (pixel->flags & ESP_PIXEL_NAN)
    return esp_number_format_all (NAN, TRUE);
  if (pixel->flags != 0)
    return esp_number_format_all (pixel->flags & ESP_PIXEL_POSITIVE_INF ? INFINITY : -INFINITY,
                                  TRUE);

  return esp_number_format_all (pixel->max, TRUE);
}

/* "Farthest from 0 of 2 × 2 cells: −3.906"; NULL where a pixel is a cell */
static char *
describe_pixel (EspHeatmap *self, gint64 row, gint64 column)
{
  gint64 rows, columns;
  const EspPixel *pixel = find_pixel (self, row, column, &rows, &columns);
  EspReduction reduction = esp_look_get_reduction (esp_view_get_look (self->view));
  g_autofree char *value = NULL;

  if (pixel == NULL || (rows <= 1 && columns <= 1))
    return NULL;
  if (pixel->flags & ESP_PIXEL_NAN)
    return g_strdup_printf (_ ("NaN among %lld × %lld cells"), (long long) rows,
                            (long long) columns);
  if (pixel->flags != 0)
    return g_strdup_printf (_ ("Infinity among %lld × %lld cells"), (long long) rows,
                            (long long) columns);

  value = esp_number_format_value (esp_pixel_reduce (pixel, reduction), 4);
  switch (reduction)
    {
    case ESP_REDUCTION_MEAN:
      return g_strdup_printf (_ ("Mean of %lld × %lld cells: %s"), (long long) rows,
                              (long long) columns, value);
    case ESP_REDUCTION_MIN:
      return g_strdup_printf (_ ("Smallest of %lld × %lld cells: %s"), (long long) rows,
                              (long long) columns, value);
    case ESP_REDUCTION_MAX:
      return g_strdup_printf (_ ("Largest of %lld × %lld cells: %s"), (long long) rows,
                              (long long) columns, value);
    case ESP_REDUCTION_RMS:
      return g_strdup_printf (_ ("RMS of %lld × %lld cells: %s"), (long long) rows,
                              (long long) columns, value);
    case ESP_REDUCTION_LARGEST:
    case ESP_N_REDUCTIONS:
    default:
      return g_strdup_printf (_ ("Farthest from 0 of %lld × %lld cells: %s"), (long long) rows,
                              (long long) columns, value);
    }
}

/* " · Unit 5: dead", in one line; new string */
static char *
dup_note (EspHeatmap *self, gint64 row, gint64 column)
{
  g_autofree char *note = esp_view_dup_unit_note (self->view, row, column);
  g_auto (GStrv) lines = note != NULL ? g_strsplit (note, "\n", -1) : NULL;
  g_autofree char *joined = lines != NULL ? g_strjoinv (" · ", lines) : NULL;

  return joined != NULL ? g_strdup_printf (" · %s", joined) : g_strdup ("");
}

char *
_esp_heatmap_dup_status (EspHeatmap *self, gint64 row, gint64 column)
{
  g_autofree char *where = esp_plane_describe_cell (esp_view_get_plane (self->view), row, column);
  g_autofree char *value = read_value (self, row, column);
  g_autofree char *note = dup_note (self, row, column);

  return value != NULL ? g_markup_printf_escaped ("%s: <b>%s</b>%s", where, value, note)
                       : g_markup_printf_escaped ("%s%s", where, note);
}

/* what a screen reader says: which tensor, which cell */
void
_esp_heatmap_update_accessible (EspHeatmap *self)
{
  EspTensor *tensor = self->view != NULL ? esp_view_get_tensor (self->view) : NULL;
  g_autofree char *shape = NULL, *name = NULL, *where = NULL, *value = NULL, *cell = NULL;
  g_autofree char *note = NULL;

  if (tensor == NULL || !esp_heatmap_is_shown (self))
    return;

  shape = esp_number_format_shape (esp_tensor_get_shape (tensor), esp_tensor_get_ndim (tensor));
  name = g_strdup_printf (_ ("Heatmap of %s, %s"),
                          esp_place_get_path (esp_view_get_place (self->view)), shape);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (self->cursor_row < 0)
    {
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      _ ("Arrow keys choose a cell"), -1);
      return;
    }

  where = esp_plane_describe_cell (esp_view_get_plane (self->view), self->cursor_row,
                                   self->cursor_column);
  value = read_value (self, self->cursor_row, self->cursor_column);
  note = dup_note (self, self->cursor_row, self->cursor_column);
  cell = g_strdup_printf ("%s%s%s%s", where, value != NULL ? ": " : "", value != NULL ? value : "",
                          note);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, cell,
                                  -1);
}

static char *
create_tooltip_markup (EspHeatmap *self)
{
  g_autofree char *value = read_value (self, self->hover_row, self->hover_column);
  g_autofree char *where = esp_plane_describe_cell (esp_view_get_plane (self->view),
                                                    self->hover_row, self->hover_column);
  g_autofree char *pixel = describe_pixel (self, self->hover_row, self->hover_column);
  g_autofree char *unit = esp_view_dup_unit_note (self->view, self->hover_row, self->hover_column);
  g_autofree char *escaped = g_markup_escape_text (where, -1);
  GString *markup = g_string_new (NULL);

  if (value != NULL)
    {
      g_autofree char *bold = g_markup_printf_escaped ("<b>%s</b>\n", value);

      g_string_append (markup, bold);
    }
  g_string_append_printf (markup, "<span size='9pt' alpha='85%%'>%s", escaped);
  if (unit != NULL)
    {
      g_autofree char *text = g_markup_escape_text (unit, -1);

      g_string_append_printf (markup, "\n%s", text);
    }
  if (pixel != NULL)
    {
      g_autofree char *text = g_markup_escape_text (pixel, -1);

      g_string_append_printf (markup, "\n%s", text);
    }
  g_string_append (markup, "</span>");
  return g_string_free (markup, FALSE);
}

/* a dark box beside the pointer, inside the widget */
void
_esp_heatmap_snapshot_tooltip (EspHeatmap *self, GtkSnapshot *snapshot)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), NULL);
  g_autofree char *markup = create_tooltip_markup (self);
  const GdkRGBA white = { 1, 1, 1, 1 }, dark = { 0.1f, 0.1f, 0.1f, 0.94f };
  const GdkRGBA rim = { 1, 1, 1, 0.2f };
  int width, height;
  float x, y;
  GskRoundedRect box;
  graphene_rect_t rect;

  pango_layout_set_markup (layout, markup, -1);
  pango_layout_get_pixel_size (layout, &width, &height);
  width += 18;
  height += 12;
  x = (float) round (self->pointer_x) + 20;
  y = (float) round (self->pointer_y) + 18;
  if (x + (float) width > (float) self->geometry.width)
    x = (float) round (self->pointer_x) - 20 - (float) width;
  if (y + (float) height > (float) self->geometry.height)
    y = (float) round (self->pointer_y) - 18 - (float) height;
  x = MAX (x, 0);
  y = MAX (y, 0);

  graphene_rect_init (&rect, x, y, (float) width, (float) height);
  gsk_rounded_rect_init_from_rect (&box, &rect, 8);
  gtk_snapshot_push_rounded_clip (snapshot, &box);
  gtk_snapshot_append_color (snapshot, &dark, &rect);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_append_border (snapshot, &box, (float[]) { 1, 1, 1, 1 },
                              (GdkRGBA[]) { rim, rim, rim, rim });
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x + 9, y + 6));
  gtk_snapshot_append_layout (snapshot, layout, &white);
  gtk_snapshot_restore (snapshot);
}
