/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small pictures: where they stand, what is found there, and their pixels against the values. */
#include "config.h"

#include "esp-draw-pictures.h"

#include <math.h>

#define WIDTH 300

typedef struct
{
  float image[3 * 5 * 4];
  float vector[20];
  EspPictureGroup groups[2];
  EspPicturesScene scene;
} Fixture;

static void
set_up (Fixture *self)
{
  *self = (Fixture) { 0 };
  for (guint i = 0; i < G_N_ELEMENTS (self->image); i++)
    self->image[i] = (float) i / 30 - 1;
  for (guint i = 0; i < G_N_ELEMENTS (self->vector); i++)
    self->vector[i] = (float) i / 10 - 1;
  /* 3 pictures of 5 × 4 whose channels come last, as in Keras; 20 numbers of a vector */
  self->groups[0] = (EspPictureGroup) { .title = "image",
                                        .note = "3 channels",
                                        .values = self->image,
                                        .n = 3,
                                        .rows = 5,
                                        .columns = 4,
                                        .stride = 1,
                                        .row_stride = 12,
                                        .column_stride = 3,
                                        .size = 60 };
  self->groups[1] = (EspPictureGroup) { .title = "vector",
                                        .values = self->vector,
                                        .n = 20,
                                        .rows = 1,
                                        .columns = 1,
                                        .stride = 1,
                                        .size = 24 };
  for (guint i = 0; i < 2; i++)
    esp_norm_init_for_range (&self->groups[i].norm, -1, 1, FALSE);
  self->scene = (EspPicturesScene) { .groups = self->groups,
                                     .n_groups = 2,
                                     .selected = ESP_PICTURE_SPOT_NONE,
                                     .hover = ESP_PICTURE_SPOT_NONE,
                                     .palette = &esp_palette_light };
}

static cairo_surface_t *
paint (const Fixture *self)
{
  int height = esp_draw_pictures_get_height (&self->scene, WIDTH);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, height);
  cairo_t *cr = cairo_create (surface);

  esp_draw_pictures (cr, WIDTH, 0, height, &self->scene);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static guint32
pixel_at (cairo_surface_t *surface, double x, double y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);

  return ((const guint32 *) (gconstpointer) (data + (int) y * stride))[(int) x];
}

static void
check_color (const EspPictureGroup *group, guint32 pixel, float value)
{
  guint32 wanted = esp_norm_get_color (&group->norm, (double) value);

  for (int shift = 0; shift <= 16; shift += 8)
    g_assert_cmpint (ABS ((int) (pixel >> shift & 0xff) - (int) (wanted >> shift & 0xff)), <=, 4);
}

/* every cell of every picture is found where it is drawn, in the colour of its value */
static void
test_cells (void)
{
  Fixture self;
  cairo_surface_t *surface;

  set_up (&self);
  for (int upward = 0; upward < 2; upward++)
    {
      self.groups[0].upward = upward;
      surface = paint (&self);
      for (guint g = 0; g < 2; g++)
        for (guint p = 0; p < self.groups[g].n; p++)
          for (guint row = 0; row < self.groups[g].rows; row++)
            for (guint column = 0; column < self.groups[g].columns; column++)
              {
                const EspPictureGroup *group = &self.groups[g];
                EspPictureSpot spot;
                double left, top, width, height, x, y;
                guint line = upward && g == 0 ? group->rows - 1 - row : row;

                g_assert_true (esp_draw_pictures_get_box (&self.scene, WIDTH, g, p, &left, &top,
                                                          &width, &height));
                x = left + (column + 0.5) * width / group->columns;
                y = top + (line + 0.5) * height / group->rows;
                g_assert_true (esp_draw_pictures_find (&self.scene, WIDTH, x, y, &spot));
                g_assert_cmpint (spot.group, ==, g);
                g_assert_cmpint (spot.picture, ==, p);
                g_assert_cmpint (spot.row, ==, row);
                g_assert_cmpint (spot.column, ==, column);
                check_color (group, pixel_at (surface, x, y),
                             esp_picture_group_get_value (group, p, row, column));
              }
      cairo_surface_destroy (surface);
    }
  /* channels come last */
  g_assert_cmpfloat (esp_picture_group_get_value (&self.groups[0], 2, 1, 3), ==,
                     self.image[12 + 9 + 2]);
}

/* pictures neither overlap nor leave the width, however narrow */
static void
test_layout (void)
{
  Fixture self;

  set_up (&self);
  for (int width = 30; width < 700; width += 17)
    {
      double bottom = 0;

      for (guint g = 0; g < 2; g++)
        {
          double last_top = -1, last_right = 0;

          for (guint p = 0; p < self.groups[g].n; p++)
            {
              double left, top, w, h;

              g_assert_true (
                  esp_draw_pictures_get_box (&self.scene, width, g, p, &left, &top, &w, &h));
              g_assert_cmpfloat (left, >=, 0);
              g_assert_cmpfloat (left + w, <=, width);
              g_assert_true (top > last_top || left >= last_right);
              g_assert_cmpfloat (top, >=, bottom);
              last_top = top;
              last_right = left + w;
            }
          bottom = last_top;
        }
      g_assert_cmpint (esp_draw_pictures_get_height (&self.scene, width), >, bottom);
    }
  {
    EspPictureSpot spot;
    double box[4];

    g_assert_false (esp_draw_pictures_find (&self.scene, WIDTH, 1, 1, &spot));
    g_assert_false (esp_draw_pictures_find (&self.scene, WIDTH, 50, 1e6, &spot));
    g_assert_false (esp_draw_pictures_find (&self.scene, WIDTH, -5, -5, &spot));
    g_assert_false (
        esp_draw_pictures_get_box (&self.scene, WIDTH, 2, 0, &box[0], &box[1], &box[2], &box[3]));
  }
}

/* what is selected is framed, what is dead is marked, what isn't finite has its own colour */
static void
test_marks (void)
{
  static const guint8 dead[] = { 0, 1, 0 };
  Fixture self;
  cairo_surface_t *plain, *marked;
  double left, top, width, height;

  set_up (&self);
  self.groups[0].smooth = FALSE;
  self.vector[3] = NAN;
  self.vector[4] = INFINITY;
  plain = paint (&self);
  self.scene.selected = (EspPictureSpot) { 0, 0, -1, -1 };
  self.groups[0].dead = dead;
  marked = paint (&self);
  esp_draw_pictures_get_box (&self.scene, WIDTH, 0, 0, &left, &top, &width, &height);
  g_assert_cmphex (pixel_at (plain, left - 2, top + 9), !=, pixel_at (marked, left - 2, top + 9));
  esp_draw_pictures_get_box (&self.scene, WIDTH, 0, 1, &left, &top, &width, &height);
  g_assert_cmphex (pixel_at (plain, left + width / 2, top + height / 2), !=,
                   pixel_at (marked, left + width / 2, top + height / 2));
  esp_draw_pictures_get_box (&self.scene, WIDTH, 0, 2, &left, &top, &width, &height);
  g_assert_cmphex (pixel_at (plain, left + width / 2, top + height / 2), ==,
                   pixel_at (marked, left + width / 2, top + height / 2));
  esp_draw_pictures_get_box (&self.scene, WIDTH, 1, 3, &left, &top, &width, &height);
  g_assert_cmphex (pixel_at (plain, left + 5, top + 5), ==, ESP_COLOR_NAN);
  esp_draw_pictures_get_box (&self.scene, WIDTH, 1, 4, &left, &top, &width, &height);
  g_assert_cmphex (pixel_at (plain, left + 5, top + 5), ==, ESP_COLOR_INF);
  cairo_surface_destroy (plain);
  cairo_surface_destroy (marked);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw-pictures/cells", test_cells);
  g_test_add_func ("/draw-pictures/layout", test_layout);
  g_test_add_func ("/draw-pictures/marks", test_marks);
  return g_test_run ();
}
