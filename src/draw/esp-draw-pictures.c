/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of small pictures below one another, each wrapped to the width: one layout says where a
 * picture stands, for the painter, the pointer and the height alike. Some hundred pictures of up to
 * 64 × 64 cells are painted within 3 ms, so they are made anew for each snapshot.
 */
#include "config.h"

#include "esp-draw-pictures.h"

#include <math.h>

#include "esp-draw-private.h"
#include "esp-number.h"

#define TITLE 30        /* height of a group's title */
#define GAP 6           /* between pictures */
#define AFTER 12        /* between groups */
#define LABEL 16        /* height of labels below pictures */
#define NUMBERS_FROM 34 /* width of a single cell that has room for its number */

/* how the pictures of one group stand */
typedef struct
{
  double width, height; /* of a picture */
  double cell;          /* a picture's cell */
  guint per_row;
  double step_x, step_y;
  double total; /* height with title */
} Layout;

static void
lay_out (const EspPictureGroup *group, int width, Layout *layout)
{
  double room = fmax (width - 2 * ESP_PICTURES_MARGIN, 8);
  double cell = (double) group->size / MAX (MAX (group->rows, group->columns), 1);
  double gap = group->size < 16 ? 2 : GAP;
  guint lines;

  /* whole pixels, as long as a cell has one */
  cell = cell >= 1 && !group->smooth ? floor (cell) : cell;
  cell = fmin (cell, room / MAX (group->columns, 1));
  layout->cell = cell;
  layout->width = fmax (group->columns * cell, 1);
  layout->height = fmax (group->rows * cell, 1);
  layout->step_x = layout->width + gap;
  layout->step_y = layout->height + gap + (group->labels != NULL ? LABEL : 0);
  layout->per_row = (guint) fmax (floor ((room + gap) / layout->step_x), 1);
  if (group->block > 1 && layout->per_row > group->block)
    layout->per_row -= layout->per_row % group->block;
  lines = (group->n + layout->per_row - 1) / layout->per_row;
  layout->total = TITLE + lines * layout->step_y + AFTER;
}

int
esp_draw_pictures_get_height (const EspPicturesScene *scene, int width)
{
  double height = 0;

  for (guint i = 0; i < scene->n_groups; i++)
    {
      Layout layout;

      lay_out (&scene->groups[i], width, &layout);
      height += layout.total;
    }
  return (int) ceil (height);
}

static double
place_x (const Layout *layout, guint picture)
{
  return ESP_PICTURES_MARGIN + picture % layout->per_row * layout->step_x;
}

static double
place_y (const Layout *layout, guint picture)
{
  return TITLE + floor ((double) (picture / layout->per_row)) * layout->step_y;
}

gboolean
esp_draw_pictures_get_box (const EspPicturesScene *scene,
                           int width,
                           guint group,
                           guint picture,
                           double *left,
                           double *top,
                           double *box_width,
                           double *box_height)
{
  double at = 0;
  Layout layout;

  if (group >= scene->n_groups || picture >= scene->groups[group].n)
    return FALSE;
  for (guint i = 0; i <= group; i++)
    {
      lay_out (&scene->groups[i], width, &layout);
      at += i < group ? layout.total : 0;
    }
  *left = place_x (&layout, picture);
  *top = at + place_y (&layout, picture);
  *box_width = layout.width;
  *box_height = layout.height;
  return TRUE;
}

static gboolean
find_in_group (const EspPictureGroup *group,
               const Layout *layout,
               double x,
               double y,
               EspPictureSpot *spot)
{
  double column = floor ((x - ESP_PICTURES_MARGIN) / layout->step_x);
  double line = floor ((y - TITLE) / layout->step_y);
  guint picture;

  if (column < 0 || column >= layout->per_row || line < 0)
    return FALSE;
  picture = (guint) line * layout->per_row + (guint) column;
  if (picture >= group->n)
    return FALSE;
  x -= place_x (layout, picture);
  y -= place_y (layout, picture);
  if (x >= layout->width || y >= layout->height)
    return FALSE;
  spot->picture = (int) picture;
  spot->column = (int) MIN (x / layout->cell, group->columns - 1);
  spot->row = (int) MIN (y / layout->cell, group->rows - 1);
  if (group->upward)
    spot->row = (int) group->rows - 1 - spot->row;
  return TRUE;
}

gboolean
esp_draw_pictures_find (const EspPicturesScene *scene,
                        int width,
                        double x,
                        double y,
                        EspPictureSpot *spot)
{
  double at = 0;

  for (guint i = 0; i < scene->n_groups; i++)
    {
      Layout layout;

      lay_out (&scene->groups[i], width, &layout);
      spot->group = (int) i;
      if (y < at + layout.total)
        return find_in_group (&scene->groups[i], &layout, x, y - at, spot);
      at += layout.total;
    }
  return FALSE;
}

float
esp_picture_group_get_value (const EspPictureGroup *self, guint picture, guint row, guint column)
{
  return self
      ->values[picture * self->stride + row * self->row_stride + column * self->column_stride];
}

/* --- one picture --- */

/* the norm as a table: linear ones alone are looked up, others are asked for each value */
typedef struct
{
  const EspNorm *norm;
  guint32 colors[256];
  double factor;
} Colors;

static void
init_colors (Colors *colors, const EspNorm *norm)
{
  colors->norm = norm;
  colors->factor = 256 / (norm->hi - norm->lo);
  for (guint i = 0; i < 256; i++)
    colors->colors[i] = esp_norm_get_step (norm, i);
}

static inline guint32
get_color (const Colors *colors, float value)
{
  if (!isfinite (value) || colors->norm->scale != ESP_SCALE_LINEAR)
    return esp_norm_get_color (colors->norm, (double) value);
  return colors->colors[(int) CLAMP (((double) value - colors->norm->lo) * colors->factor, 0, 255)];
}

static cairo_surface_t *
paint_picture (const EspPictureGroup *group, guint picture, const Colors *colors)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) group->columns,
                                                         (int) group->rows);
  int stride = cairo_image_surface_get_stride (surface);
  guint8 *data = cairo_image_surface_get_data (surface);

  if (data == NULL)
    return surface;
  cairo_surface_flush (surface);
  for (guint row = 0; row < group->rows; row++)
    {
      guint y = group->upward ? group->rows - 1 - row : row;
      guint32 *line = (guint32 *) (gpointer) (data + (gsize) y * (gsize) stride);
      const float *values = group->values + picture * group->stride + row * group->row_stride;

      for (guint column = 0; column < group->columns; column++)
        line[column] = get_color (colors, values[column * group->column_stride]);
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
draw_cells (cairo_t *cr,
            const EspPictureGroup *group,
            guint picture,
            const Layout *layout,
            const Colors *colors)
{
  cairo_surface_t *surface;

  if (group->rows == 1 && group->columns == 1)
    {
      esp_draw_set_color (cr, get_color (colors, group->values[picture * group->stride]));
      cairo_rectangle (cr, 0, 0, layout->width, layout->height);
      cairo_fill (cr);
      return;
    }
  surface = paint_picture (group, picture, colors);
  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, layout->width, layout->height);
  cairo_clip (cr);
  cairo_scale (cr, layout->cell, layout->cell);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), group->smooth || layout->cell < 1
                                                       ? CAIRO_FILTER_BILINEAR
                                                       : CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
}

/* the sign of a unit that never fires: a circle with a bar */
static void
draw_dead (cairo_t *cr, const Layout *layout, const EspPalette *palette)
{
  double r = fmin (fmin (layout->width, layout->height) * 0.22, 7);
  double x = layout->width / 2, y = layout->height / 2;

  esp_draw_set_color (cr, palette->danger);
  cairo_set_line_width (cr, 2);
  cairo_rectangle (cr, 0, 0, layout->width, layout->height);
  cairo_stroke (cr);
  cairo_arc (cr, x, y, r + 2.5, 0, 2 * G_PI);
  esp_draw_set_color (cr, palette->background);
  cairo_fill (cr);
  esp_draw_set_color (cr, palette->danger);
  cairo_arc (cr, x, y, r, 0, 2 * G_PI);
  cairo_move_to (cr, x - r * 0.7, y - r * 0.7);
  cairo_line_to (cr, x + r * 0.7, y + r * 0.7);
  cairo_stroke (cr);
}

static void
draw_number (cairo_t *cr,
             const EspPictureGroup *group,
             guint picture,
             const Layout *layout,
             const EspPalette *palette,
             const Colors *colors)
{
  float value = group->values[picture * group->stride];
  g_autofree char *text = esp_number_format_value ((double) value, 2);

  if (!isfinite (value))
    return;
  esp_draw_set_font (cr, palette, 10.5, FALSE);
  if (esp_draw_get_text_width (cr, text) > layout->width - 4)
    {
      g_free (text);
      text = esp_number_format_value ((double) value, 1);
    }
  if (esp_draw_get_text_width (cr, text) > layout->width - 2)
    return;
  esp_draw_set_color (cr, esp_draw_get_luminance (get_color (colors, value)) > 0.18 ? 0xff000000
                                                                                    : 0xffffffff);
  esp_draw_text (cr, text, layout->width / 2, layout->height / 2, ESP_ALIGN_MIDDLE);
}

static void
draw_frame (cairo_t *cr, const Layout *layout, const EspPalette *palette, gboolean selected)
{
  cairo_rectangle (cr, -1.5, -1.5, layout->width + 3, layout->height + 3);
  cairo_set_line_width (cr, selected ? 3 : 1.5);
  esp_draw_set_color (cr, selected ? palette->accent : palette->text);
  cairo_stroke (cr);
}

/* --- groups --- */

static gboolean
is_meant (const EspPictureSpot *spot, guint group, guint picture)
{
  return spot->group == (int) group && spot->picture == (int) picture;
}

static void
draw_picture (cairo_t *cr,
              const EspPicturesScene *scene,
              guint index,
              guint picture,
              const Layout *layout,
              const Colors *colors)
{
  const EspPictureGroup *group = &scene->groups[index];

  draw_cells (cr, group, picture, layout, colors);
  if (group->rows == 1 && group->columns == 1 && layout->cell >= NUMBERS_FROM)
    draw_number (cr, group, picture, layout, scene->palette, colors);
  if (group->dead != NULL && group->dead[picture] != 0 && layout->width >= 12)
    draw_dead (cr, layout, scene->palette);
  if (is_meant (&scene->selected, index, picture))
    draw_frame (cr, layout, scene->palette, TRUE);
  else if (is_meant (&scene->hover, index, picture))
    draw_frame (cr, layout, scene->palette, FALSE);
  if (group->labels == NULL || group->labels[picture] == NULL)
    return;
  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, FALSE);
  esp_draw_set_color (cr, scene->palette->dim);
  esp_draw_text (cr, group->labels[picture], layout->width / 2, layout->height + 10,
                 ESP_ALIGN_MIDDLE);
}

static void
draw_title (cairo_t *cr, const EspPictureGroup *group, const EspPalette *palette, int width)
{
  double x = ESP_PICTURES_MARGIN;

  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, width - ESP_PICTURES_MARGIN, TITLE);
  cairo_clip (cr);
  esp_draw_set_font (cr, palette, 13, TRUE);
  esp_draw_set_color (cr, palette->text);
  esp_draw_text (cr, group->title, x, 15, ESP_ALIGN_START);
  x += esp_draw_get_text_width (cr, group->title) + 8;
  if (group->note != NULL)
    {
      esp_draw_set_font (cr, palette, 12, FALSE);
      esp_draw_set_color (cr, palette->dim);
      esp_draw_text (cr, group->note, x, 15, ESP_ALIGN_START);
    }
  cairo_restore (cr);
}

static void
draw_group (cairo_t *cr,
            int width,
            double top,
            double bottom,
            const EspPicturesScene *scene,
            guint index,
            const Layout *layout)
{
  const EspPictureGroup *group = &scene->groups[index];
  Colors colors;

  draw_title (cr, group, scene->palette, width);
  if (group->values == NULL)
    return;
  init_colors (&colors, &group->norm);
  for (guint picture = 0; picture < group->n; picture++)
    {
      double y = place_y (layout, picture);

      if (y + layout->step_y < top || y - GAP > bottom)
        continue;
      cairo_save (cr);
      cairo_translate (cr, place_x (layout, picture), y);
      draw_picture (cr, scene, index, picture, layout, &colors);
      cairo_restore (cr);
    }
}

void
esp_draw_pictures (cairo_t *cr, int width, double top, double bottom, const EspPicturesScene *scene)
{
  double at = 0;

  g_return_if_fail (scene != NULL && scene->palette != NULL);

  for (guint i = 0; i < scene->n_groups; i++)
    {
      Layout layout;

      lay_out (&scene->groups[i], width, &layout);
      if (at + layout.total >= top && at <= bottom)
        {
          cairo_save (cr);
          cairo_translate (cr, 0, at);
          draw_group (cr, width, top - at, bottom - at, scene, i, &layout);
          cairo_restore (cr);
        }
      at += layout.total;
    }
}
