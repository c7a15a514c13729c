/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Index labels left of and above a heatmap: round indices, every index where cells are large, the
 * cell under the pointer or the cursor's in dark pills, a sign instead of the index where a row is
 * marked. The labels stand at the edge of what is visible of the matrix. */
#include "config.h"

#include "esp-draw-private.h"
#include "esp-draw-plot.h"

#include <math.h>

/* one axis: where it lies and how its cells follow one another */
typedef struct
{
  gint64 n;            /* indices of the matrix */
  double start, size;  /* stage position of index 0, size of a cell */
  double from, extent; /* what is in view of it */
  double edge;         /* the matrix's edge that labels stand at */
  gboolean vertical;
  double taken_from, taken_to; /* where the axis's name stands */
  gint64 pill;                 /* index in the pill, -1 for none */
  const gint64 *labels;        /* of each place, or NULL */
} Axis;

static void
axis_init (Axis *axis, const EspHeatmapGeometry *geometry, gboolean vertical, gint64 pill)
{
  double x, y, width, height, cell_x, cell_y, cell_width, cell_height;

  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  esp_heatmap_geometry_cell_box (geometry, 0, 0, &cell_x, &cell_y, &cell_width, &cell_height);
  axis->vertical = vertical;
  axis->pill = pill;
  axis->n = vertical ? geometry->rows : geometry->columns;
  axis->start = vertical ? cell_y : cell_x;
  axis->size = vertical ? cell_height : cell_width;
  axis->from = vertical ? y : x;
  axis->extent = vertical ? height : width;
  axis->edge = vertical ? floor (x) - 6 : floor (y) - 12;
  axis->taken_from = axis->taken_to = -1;
}

static gint64
get_label (const Axis *axis, gint64 place)
{
  return axis->labels != NULL ? axis->labels[place] : place;
}

/* cells between labels that lie @room pixels apart at least: 1, 2, 5, 10, ...; powers of two where
 * the matrix is a multiple of 64 wide, as most layers are */
static gint64
get_step (const Axis *axis, double room)
{
  double least = room / axis->size, step = 1;

  if (axis->n % 64 == 0)
    {
      while (step < least)
        step *= 2;
      return (gint64) step;
    }

  for (guint i = 0; step < least; i++)
    step *= i % 3 == 1 ? 2.5 : 2; /* 1 2 5 10 20 50 */

  return (gint64) step;
}

static void
draw_label (cairo_t *cr, const Axis *axis, const char *text, double position)
{
  if (axis->vertical)
    esp_draw_text (cr, text, axis->edge, position, ESP_ALIGN_END);
  else
    esp_draw_text (cr, text, position, axis->edge, ESP_ALIGN_MIDDLE);
}

/* the marks on what an axis counts; @n: (out) */
static const EspRowMark *
get_marks (const EspHeatmapScene *scene, const Axis *axis, guint *n)
{
  gboolean own = axis->vertical != scene->marks_on_columns;

  *n = own ? scene->n_marks : scene->n_input_marks;
  return own ? scene->marks : scene->input_marks;
}

/* middle of what a mark is about */
static double
get_middle (const Axis *axis, const EspRowMark *mark)
{
  return axis->start + ((double) mark->row + (double) MAX (mark->span, 1) / 2) * axis->size;
}

static gboolean
is_marked (const EspHeatmapScene *scene, const Axis *axis, double position)
{
  guint n;
  const EspRowMark *marks = get_marks (scene, axis, &n);

  for (guint i = 0; i < n; i++)
    if (marks[i].kind != ESP_ROW_SILENT && marks[i].kind != ESP_ROW_ZERO &&
        fabs (get_middle (axis, &marks[i]) - position) < 12)
      return TRUE;

  return FALSE;
}

static void
draw_labels (cairo_t *cr, const EspHeatmapScene *scene, const Axis *axis)
{
  char text[32];
  double widest, room;
  gint64 step, first, last;

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, axis->n - 1);
  widest = esp_draw_get_text_width (cr, text);
  /* sparser where the labels only give a scale */
  room = axis->size < 14 ? (axis->vertical ? 30 : widest + 26) : (axis->vertical ? 18 : widest + 8);
  step = get_step (axis, room);
  first = (gint64) fmax (0, floor ((axis->from - axis->start) / axis->size / (double) step)) * step;
  last = (gint64) fmin ((double) axis->n - 1,
                        ceil ((axis->from + axis->extent - axis->start) / axis->size));
  for (gint64 i = first; i <= last; i += step)
    {
      double middle = axis->start + ((double) i + 0.5) * axis->size;
      double reach = axis->vertical ? 6 : widest / 2;

      if (middle < axis->from || middle > axis->from + axis->extent ||
          is_marked (scene, axis, middle))
        continue;
      if (axis->pill >= 0 &&
          fabs ((double) (i - axis->pill)) * axis->size < (axis->vertical ? 15 : widest + 7))
        continue; /* the pill stands there */
      if (axis->size < 14)
        {
          esp_draw_set_color (cr, scene->palette->line);
          if (axis->vertical)
            cairo_rectangle (cr, axis->edge + 2, floor (middle), 3, 1);
          else
            cairo_rectangle (cr, floor (middle), axis->edge + 8, 1, 3);
          cairo_fill (cr);
        }
      if (middle + reach > axis->taken_from && middle - reach < axis->taken_to)
        continue;
      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, get_label (axis, i));
      esp_draw_set_color (cr, scene->palette->dim);
      draw_label (cr, axis, text, middle);
    }
}

/* "in" at the right end above, "out" at the lower end left: beyond the matrix where there is room,
 * else instead of the labels there */
static void
draw_name (cairo_t *cr, const EspHeatmapScene *scene, Axis *axis, const char *name)
{
  double end = axis->from + axis->extent, size, room;

  if (name == NULL || name[0] == '\0' || axis->extent < 40)
    return;

  size = axis->vertical ? 12 : esp_draw_get_text_width (cr, name);
  room = (axis->vertical ? scene->geometry.height : scene->geometry.width) - end;
  if (room >= size + 8)
    end += size + 6;
  esp_draw_set_color (cr, scene->palette->dim);
  if (axis->vertical)
    esp_draw_text (cr, name, axis->edge, end - 6, ESP_ALIGN_END);
  else
    esp_draw_text (cr, name, end, axis->edge, ESP_ALIGN_END);
  axis->taken_from = end - size - 4;
  axis->taken_to = end + 4;
}

static void
draw_index_pill (cairo_t *cr, const Axis *axis)
{
  double middle = axis->start + ((double) axis->pill + 0.5) * axis->size;
  char text[32];

  if (axis->pill < 0 || middle < axis->from || middle > axis->from + axis->extent)
    return;
  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, get_label (axis, axis->pill));
  if (axis->vertical)
    esp_draw_pill (cr, text, axis->edge + 2, middle, ESP_ALIGN_END);
  else
    esp_draw_pill (cr, text, middle, axis->edge, ESP_ALIGN_MIDDLE);
}

/* a barred circle */
static void
draw_dead (cairo_t *cr, double x, double y)
{
  cairo_new_sub_path (cr);
  cairo_arc (cr, x, y, 5, 0, 2 * G_PI);
  cairo_move_to (cr, x - 3.5, y - 3.5);
  cairo_line_to (cr, x + 3.5, y + 3.5);
  cairo_stroke (cr);
}

/* a crescent */
static void
draw_dormant (cairo_t *cr, double x, double y)
{
  cairo_new_sub_path (cr);
  cairo_arc (cr, x, y, 5.5, -G_PI / 3, G_PI * 5 / 6);
  cairo_arc_negative (cr, x - 1, y - 2, 4.4, G_PI * 0.84, -G_PI * 0.32);
  cairo_close_path (cr);
  cairo_fill (cr);
}

/* an arrow that is stopped */
static void
draw_saturated (cairo_t *cr, double x, double y)
{
  cairo_move_to (cr, x - 5, y - 5);
  cairo_line_to (cr, x + 5, y - 5);
  cairo_move_to (cr, x, y + 5.5);
  cairo_line_to (cr, x, y - 2.5);
  cairo_move_to (cr, x - 3.5, y + 1);
  cairo_line_to (cr, x, y - 2.5);
  cairo_line_to (cr, x + 3.5, y + 1);
  cairo_stroke (cr);
}

static void
draw_sign (cairo_t *cr, const EspPalette *palette, EspRowMarkKind kind, double x, double y)
{
  cairo_set_line_width (cr, 1.5);
  esp_draw_set_color (cr, kind == ESP_ROW_DEAD ? palette->danger : esp_palette_get_amber (palette));
  switch (kind)
    {
    case ESP_ROW_DEAD:
      draw_dead (cr, x, y);
      break;
    case ESP_ROW_DORMANT:
      draw_dormant (cr, x, y);
      break;
    case ESP_ROW_SATURATED:
      draw_saturated (cr, x, y);
      break;
    case ESP_ROW_SILENT:
    case ESP_ROW_ZERO:
    default:
      break;
    }
}

/* in the place of the index of what is marked */
static void
draw_signs (cairo_t *cr, const EspHeatmapScene *scene, const Axis *axis)
{
  double last = -G_MAXDOUBLE;
  guint n;
  const EspRowMark *marks = get_marks (scene, axis, &n);

  for (guint i = 0; i < n; i++)
    {
      double middle = get_middle (axis, &marks[i]);
      double x = axis->vertical ? axis->edge - 5 : middle;
      double y = axis->vertical ? middle : axis->edge;

      if (marks[i].kind == ESP_ROW_SILENT || marks[i].kind == ESP_ROW_ZERO || middle < axis->from ||
          middle > axis->from + axis->extent || fabs (middle - last) < 12)
        continue;
      last = middle;
      draw_sign (cr, scene->palette, marks[i].kind, floor (x) + 0.5, floor (y) + 0.5);
    }
}

/* "×10⁻³" in the corner: the unit of the numbers in cells */
static void
draw_factor (cairo_t *cr,
             const EspHeatmapScene *scene,
             const Axis *rows,
             const Axis *columns,
             int factor)
{
  static const char *const superscript[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  g_autofree char *power = g_strdup_printf ("%d", ABS (factor));
  g_autoptr (GString) text = g_string_new (factor < 0 ? "×10⁻" : "×10");

  if (factor == 0)
    return;
  for (const char *c = power; *c != '\0'; c++)
    g_string_append (text, superscript[*c - '0']);
  esp_draw_set_color (cr, scene->palette->text);
  esp_draw_text (cr, text->str, rows->edge, columns->edge, ESP_ALIGN_END);
}

void
esp_draw_axes (cairo_t *cr, const EspHeatmapScene *scene, int factor)
{
  Axis rows, columns;
  gboolean hover = scene->hover_row >= 0;

  axis_init (&rows, &scene->geometry, TRUE, hover ? scene->hover_row : scene->cursor_row);
  axis_init (&columns, &scene->geometry, FALSE, hover ? scene->hover_column : scene->cursor_column);
  if (rows.extent <= 0 || columns.extent <= 0)
    return;
  rows.labels = scene->row_labels;
  columns.labels = scene->column_labels;

  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, FALSE);
  draw_factor (cr, scene, &rows, &columns, factor);
  draw_name (cr, scene, &columns, scene->column_axis);
  draw_name (cr, scene, &rows, scene->row_axis);
  draw_labels (cr, scene, &columns);
  if (scene->geometry.rows > 1)
    draw_labels (cr, scene, &rows);
  draw_signs (cr, scene, &rows);
  draw_signs (cr, scene, &columns);
  draw_index_pill (cr, &columns);
  if (scene->geometry.rows > 1)
    draw_index_pill (cr, &rows);
}
