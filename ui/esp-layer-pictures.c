/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the output of a layer, or its weights, stands as pictures. Some 20 groups of up to 1024
 * pictures, filled anew for each snapshot in well under a millisecond. */

#include "config.h"

#include "esp-layer-pictures.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MOST_CELLS 1024 /* of a vector */
#define MOST_PICTURES 256
#define MOST_SIDE 256 /* cells of a picture along a side */
#define LARGEST_PICTURE 128
#define USUAL_PICTURE 56

typedef struct
{
  char *key, *title, *note;
  float *values;
  char **labels;
  gsize left_out; /* pictures for which there is no room */
} Group;

struct _EspLayerPictures
{
  GPtrArray *own;   /* Group */
  GArray *groups;   /* EspPictureGroup */
  GHashTable *held; /* key -> double */
  gboolean dark;
};

static void
free_group (gpointer data)
{
  Group *group = data;

  g_free (group->key);
  g_free (group->title);
  g_free (group->note);
  g_free (group->values);
  g_strfreev (group->labels);
  g_free (group);
}

EspLayerPictures *
esp_layer_pictures_new (void)
{
  EspLayerPictures *self = g_new0 (EspLayerPictures, 1);

  self->own = g_ptr_array_new_with_free_func (free_group);
  self->groups = g_array_new (FALSE, FALSE, sizeof (EspPictureGroup));
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
esp_layer_pictures_free (EspLayerPictures *self)
{
  g_ptr_array_unref (self->own);
  g_array_unref (self->groups);
  g_hash_table_unref (self->held);
  g_free (self);
}

void
esp_layer_pictures_begin (EspLayerPictures *self, gboolean dark)
{
  self->dark = dark;
  g_array_set_size (self->groups, 0);
  g_ptr_array_set_size (self->own, 0);
}

void
esp_layer_pictures_clear (EspLayerPictures *self)
{
  esp_layer_pictures_begin (self, self->dark);
  g_hash_table_remove_all (self->held);
}

/* the size of the cells of a vector: few have room for their numbers */
static guint
choose_cell (guint n)
{
  return n <= 20 ? 46 : n <= 128 ? 18 : 9;
}

static void
set_shape (EspPictureGroup *group, const gint64 *shape, guint ndim)
{
  gsize count = 1;

  for (guint i = 0; i < ndim; i++)
    count *= (gsize) shape[i];
  if (ndim <= 1)
    {
      group->rows = group->columns = 1;
      group->n = (guint) MIN (count, MOST_CELLS);
      group->stride = 1;
      group->size = choose_cell (group->n);
      return;
    }
  group->rows = (guint) MIN (shape[ndim - 2], MOST_SIDE);
  group->columns = (guint) MIN (shape[ndim - 1], MOST_SIDE);
  group->row_stride = (gsize) shape[ndim - 1];
  group->column_stride = 1;
  group->stride = (gsize) shape[ndim - 2] * (gsize) shape[ndim - 1];
  group->n = group->stride > 0 ? (guint) MIN (count / group->stride, MOST_PICTURES) : 0;
  group->size = USUAL_PICTURE;
  if (group->n == 1 || MAX (group->rows, group->columns) > USUAL_PICTURE)
    group->size = CLAMP (MAX (group->rows, group->columns) * 8, USUAL_PICTURE, LARGEST_PICTURE);
  if (group->n == 1 && group->columns > LARGEST_PICTURE / 2)
    group->size = MIN (group->columns * 4, 640);
}

static void
set_norm (EspLayerPictures *self, EspPictureGroup *group, const char *key, gsize count)
{
  double largest = 0;
  double *held = g_hash_table_lookup (self->held, key);

  for (gsize i = 0; i < count; i++)
    if (isfinite (group->values[i]))
      largest = fmax (largest, fabs ((double) group->values[i]));
  if (held == NULL)
    {
      held = g_new0 (double, 1);
      g_hash_table_insert (self->held, g_strdup (key), held);
    }
  largest = largest > 0 ? largest : 1;
  esp_norm_init_for_range (&group->norm, -largest, largest, self->dark);
  esp_norm_hold (&group->norm, held);
}

EspPictureGroup *
esp_layer_pictures_add (EspLayerPictures *self,
                        const char *key,
                        const char *title,
                        const char *note,
                        const float *values,
                        const gint64 *shape,
                        guint ndim)
{
  Group *own = g_new0 (Group, 1);
  EspPictureGroup group = { 0 };
  gsize count = 1, all;

  for (guint i = 0; i < ndim; i++)
    count *= (gsize) shape[i];
  set_shape (&group, shape, ndim);
  all = group.stride > 0 ? count / group.stride : 0;
  own->key = g_strdup (key);
  own->title = g_strdup (title);
  own->left_out = all - MIN (all, group.n);
  own->note = own->left_out > 0 ? g_strdup_printf (_ ("%s, the first %u"), note, group.n)
                                : g_strdup (note);
  own->values = g_memdup2 (values, count * sizeof *values);
  group.title = own->title;
  group.note = own->note;
  group.values = own->values;
  set_norm (self, &group, key, count);
  g_ptr_array_add (self->own, own);
  g_array_append_val (self->groups, group);
  return &g_array_index (self->groups, EspPictureGroup, self->groups->len - 1);
}

void
esp_layer_pictures_label (EspLayerPictures *self, const char *const *labels)
{
  Group *own = self->own->pdata[self->own->len - 1];
  EspPictureGroup *group = &g_array_index (self->groups, EspPictureGroup, self->groups->len - 1);

  g_strfreev (own->labels);
  own->labels = g_new0 (char *, group->n + 1);
  for (guint i = 0; i < group->n; i++)
    own->labels[i] = g_strdup (labels[i]);
  group->labels = (const char *const *) own->labels;
}

const EspPictureGroup *
esp_layer_pictures_get (EspLayerPictures *self, guint *n)
{
  *n = self->groups->len;
  return (const EspPictureGroup *) (gpointer) self->groups->data;
}

char *
esp_layer_pictures_describe (EspLayerPictures *self, const EspPictureSpot *spot)
{
  const EspPictureGroup *group;
  g_autofree char *value = NULL;

  if (spot->group < 0 || spot->group >= (int) self->groups->len)
    return NULL;
  group = &g_array_index (self->groups, EspPictureGroup, spot->group);
  if (spot->picture < 0 || spot->picture >= (int) group->n || spot->row >= (int) group->rows ||
      spot->column >= (int) group->columns)
    return NULL;
  value = esp_number_format_value (
      (double) esp_picture_group_get_value (
          group, (guint) spot->picture, (guint) MAX (spot->row, 0), (guint) MAX (spot->column, 0)),
      5);
  if (group->rows == 1 && group->columns == 1)
    return g_strdup_printf (_ ("%s, unit %d: %s"), group->title, spot->picture, value);
  if (group->n == 1)
    return g_strdup_printf (_ ("%s, row %d, column %d: %s"), group->title, spot->row, spot->column,
                            value);
  return g_strdup_printf (_ ("%s, picture %d, row %d, column %d: %s"), group->title, spot->picture,
                          spot->row, spot->column, value);
}

char *
esp_layer_pictures_dup_csv (EspLayerPictures *self)
{
  GString *text = g_string_new ("layer,picture,row,column,value\n");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint g = 0; g < self->groups->len; g++)
    {
      const EspPictureGroup *group = &g_array_index (self->groups, EspPictureGroup, g);
      const Group *own = self->own->pdata[g];

      for (guint p = 0; p < group->n; p++)
        for (guint row = 0; row < group->rows; row++)
          for (guint column = 0; column < group->columns; column++)
            g_string_append_printf (
                text, "%s,%u,%u,%u,%s\n", own->key, p, row, column,
                g_ascii_formatd (number, sizeof number, "%.9g",
                                 (double) esp_picture_group_get_value (group, p, row, column)));
    }
  return g_string_free (text, FALSE);
}
