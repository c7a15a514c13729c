/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a first layer's matrix are folded to the shape of the image that they are multiplied
 * with; kernels (out, in, height, width) are pictures as they are. */

#include "config.h"

#include "esp-filters.h"

#include "esp-picture-view.h"

#include <glib/gi18n.h>

#define IMAGE 72 /* pixels of a picture the size of an input */
#define KERNEL 40

struct _EspFilters
{
  EspLiveView parent_instance;

  EspPictureView pictures;
};

G_DEFINE_FINAL_TYPE (EspFilters, esp_filters, ESP_TYPE_LIVE_VIEW)

/* the pictures that a parameter is, (pictures, rows, columns); FALSE: it is none. A matrix is, when
 * as many numbers as an image has go into it: (out, in), or (in, out) in a Keras layer. */
static gboolean
get_pictures (EspNetwork *network, EspTensor *tensor, gboolean first, gint64 shape[3], guint *axis)
{
  const gint64 *own = esp_tensor_get_shape (tensor);
  gsize image[3];

  *axis = 0;
  if (esp_tensor_get_ndim (tensor) == 4 && own[2] * own[3] > 1)
    {
      shape[0] = own[0] * own[1];
      shape[1] = own[2];
      shape[2] = own[3];
      return TRUE;
    }
  if (!first || esp_tensor_get_ndim (tensor) != 2 || !esp_network_get_image_shape (network, image))
    return FALSE;
  if (own[1] != (gint64) (image[0] * image[1] * image[2]))
    *axis = 1;
  if (own[1 - *axis] != (gint64) (image[0] * image[1] * image[2]))
    return FALSE;
  shape[0] = own[*axis] * (gint64) image[0];
  shape[1] = (gint64) image[1];
  shape[2] = (gint64) image[2];
  return TRUE;
}

/* whether the first weights are these: no others with two dimensions or more stand before them */
static gboolean
is_first (EspNetwork *network, guint index)
{
  for (guint i = 0; i < index; i++)
    if (esp_tensor_get_ndim (esp_parameter_get_data (esp_network_get_parameter (network, i))) > 1)
      return FALSE;
  return TRUE;
}

gboolean
esp_filters_fit (EspNetwork *network)
{
  gint64 shape[3];
  guint axis;

  for (guint i = 0; i < esp_network_get_n_parameters (network); i++)
    if (get_pictures (network, esp_parameter_get_data (esp_network_get_parameter (network, i)),
                      is_first (network, i), shape, &axis))
      return TRUE;
  return FALSE;
}

/* (in, out) -> (out, in) */
static void
transpose (float **values, gsize rows, gsize columns)
{
  float *turned = g_new (float, rows *columns);

  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      turned[c * rows + r] = (*values)[r * columns + c];
  g_free (*values);
  *values = turned;
}

static void
add_parameter (EspFilters *self, EspNetwork *network, guint index, EspTensor *tensor)
{
  EspParameter *parameter = esp_network_get_parameter (network, index);
  EspPlace *place = esp_parameter_get_place (parameter, 0);
  gsize count = esp_tensor_get_count (tensor);
  g_autofree float *values = NULL;
  g_autofree char *note = NULL;
  const gint64 *own = esp_tensor_get_shape (tensor);
  gboolean kernels = esp_tensor_get_ndim (tensor) == 4;
  EspPictureGroup *group;
  gint64 shape[3];
  guint axis;

  if (!get_pictures (network, tensor, is_first (network, index), shape, &axis))
    return;
  values = g_new (float, count);
  if (!esp_tensor_read_f32 (tensor, 0, count, values, NULL, NULL))
    return;
  if (axis == 1)
    transpose (&values, (gsize) own[0], (gsize) own[1]);
  note = esp_number_format_shape (own, esp_tensor_get_ndim (tensor));
  group = esp_layer_pictures_add (self->pictures.pictures, esp_place_get_path (place),
                                  esp_place_get_path (place), note, values, shape, 3);
  group->size = kernels ? KERNEL : IMAGE;
  /* what belongs to one unit stays together */
  group->block = kernels ? (guint) own[1] : (guint) (shape[0] / own[axis]);
}

static void
esp_filters_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspFilters *self = ESP_FILTERS (view);
  EspNetwork *network = esp_trainer_get_network (esp_document_get_trainer (document));

  esp_picture_view_begin (&self->pictures);
  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    {
      EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_DATA);

      if (tensor != NULL)
        add_parameter (self, network, i, tensor);
    }
  esp_picture_view_end (&self->pictures);
}

static void
esp_filters_begin (EspLiveView *view, EspDocument *document)
{
}

static void
esp_filters_end (EspLiveView *view, EspDocument *document)
{
  if (ESP_FILTERS (view)->pictures.pictures != NULL)
    esp_picture_view_empty (&ESP_FILTERS (view)->pictures);
}

static gboolean
esp_filters_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  return esp_picture_view_init_drawing (&ESP_FILTERS (view)->pictures, drawing);
}

static char *
esp_filters_dup_csv (EspLiveView *view)
{
  return esp_layer_pictures_dup_csv (ESP_FILTERS (view)->pictures.pictures);
}

static void
esp_filters_finalize (GObject *object)
{
  esp_picture_view_clear (&ESP_FILTERS (object)->pictures);
  G_OBJECT_CLASS (esp_filters_parent_class)->finalize (object);
}

static void
esp_filters_class_init (EspFiltersClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_filters_finalize;
  view_class->begin = esp_filters_begin;
  view_class->end = esp_filters_end;
  view_class->update = esp_filters_update;
  view_class->init_drawing = esp_filters_init_drawing;
  view_class->dup_csv = esp_filters_dup_csv;
}

static void
esp_filters_init (EspFilters *self)
{
  esp_picture_view_init (&self->pictures, ESP_LIVE_VIEW (self), _ ("Weights as pictures"));
  esp_live_view_set_content (ESP_LIVE_VIEW (self), self->pictures.scroller);
}
