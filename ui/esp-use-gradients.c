/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each shared parameter is one group: a picture for each use, named by its place, and the sum last.
 * The figures below are 2-norms. */

#include "config.h"

#include "esp-use-gradients.h"

#include "esp-picture-view.h"

#include <glib/gi18n.h>
#include <math.h>

#define SIZE 248             /* pixels of a picture: names go below */
#define MOST_ELEMENTS 262144 /* of one parameter, with all its uses */

struct _EspUseGradients
{
  EspLiveView parent_instance;

  EspPictureView pictures;
};

G_DEFINE_FINAL_TYPE (EspUseGradients, esp_use_gradients, ESP_TYPE_LIVE_VIEW)

gboolean
esp_use_gradients_fit (EspNetwork *network)
{
  for (guint i = 0; i < esp_network_get_n_parameters (network); i++)
    if (esp_network_get_n_uses (network, i) > 1)
      return TRUE;
  return FALSE;
}

/* "2.weight · 0.031" */
static char *
make_label (const char *name, const float *values, gsize count)
{
  g_autofree char *norm = NULL;
  double sum = 0;

  for (gsize i = 0; i < count; i++)
    sum += (double) values[i] * (double) values[i];
  norm = esp_number_format_value (sqrt (sum), 3);
  return g_strdup_printf ("%s · %s", name, norm);
}

/* gradients of all uses, and their sum, one behind the other; NULL while there are none */
static float *
read_gradients (EspSnapshot *snapshot, guint index, guint n_uses, gsize count)
{
  g_autofree float *values = g_new (float, (n_uses + 1) * count);

  for (guint use = 0; use <= n_uses; use++)
    {
      EspTensor *tensor = use < n_uses
                              ? esp_snapshot_get_grad_at (snapshot, index, use)
                              : esp_snapshot_get_channel (snapshot, index, ESP_CHANNEL_GRAD);

      if (tensor == NULL ||
          !esp_tensor_read_f32 (tensor, 0, count, values + use * count, NULL, NULL))
        return NULL;
    }
  return g_steal_pointer (&values);
}

/* TRUE if it has gradients already */
static gboolean
add_parameter (EspUseGradients *self, EspNetwork *network, EspSnapshot *snapshot, guint index)
{
  EspTensor *data = esp_snapshot_get_channel (snapshot, index, ESP_CHANNEL_DATA);
  guint n_uses = esp_network_get_n_uses (network, index), ndim = esp_tensor_get_ndim (data);
  const gint64 *own = esp_tensor_get_shape (data);
  gsize count = esp_tensor_get_count (data);
  g_autofree float *values = NULL;
  g_autofree char *note = NULL;
  g_auto (GStrv) labels = g_new0 (char *, n_uses + 2);
  g_autofree char *first = esp_network_dup_use_path (network, index, 0);
  gint64 shape[3] = { n_uses + 1, ndim > 1 ? own[0] : 1, (gint64) count };

  if (ndim > 1)
    shape[2] /= own[0];
  if ((n_uses + 1) * count > MOST_ELEMENTS)
    return FALSE;
  values = read_gradients (snapshot, index, n_uses, count);
  if (values == NULL)
    return FALSE;
  for (guint use = 0; use < n_uses; use++)
    {
      g_autofree char *path = esp_network_dup_use_path (network, index, use);

      labels[use] = make_label (path, values + use * count, count);
    }
  labels[n_uses] = make_label (_ ("Sum"), values + n_uses * count, count);
  note = esp_number_format_shape (own, ndim);
  esp_layer_pictures_add (self->pictures.pictures, first, first, note, values, shape, 3)->size =
      SIZE;
  esp_layer_pictures_label (self->pictures.pictures, (const char *const *) labels);
  return TRUE;
}

static void
esp_use_gradients_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspUseGradients *self = ESP_USE_GRADIENTS (view);
  EspNetwork *network = esp_trainer_get_network (esp_document_get_trainer (document));
  guint n = 0, n_shown = 0;

  esp_picture_view_begin (&self->pictures);
  for (guint i = 0; i < esp_network_get_n_parameters (network); i++)
    if (esp_network_get_n_uses (network, i) > 1)
      {
        n++;
        n_shown += add_parameter (self, network, snapshot, i);
      }
  esp_picture_view_end (&self->pictures);
  if (n_shown == 0 && esp_snapshot_get_step (snapshot) == 0)
    esp_live_view_say (view, _ ("No gradient yet: play or do one step"));
  else
    {
      /* TRANSLATORS: "3 shared parameters: the gradient from each place, and their sum. Figures
       * are 2-norms." */
      g_autofree char *text =
          g_strdup_printf (ngettext ("%u shared parameter: the gradient from each of its places, "
                                     "and their sum; figures are 2-norms",
                                     "%u shared parameters: the gradient from each of their "
                                     "places, and their sum; figures are 2-norms",
                                     n),
                           n);

      esp_live_view_say (view, text);
    }
}

static void
esp_use_gradients_begin (EspLiveView *view, EspDocument *document)
{
}

static void
esp_use_gradients_end (EspLiveView *view, EspDocument *document)
{
  if (ESP_USE_GRADIENTS (view)->pictures.pictures != NULL)
    esp_picture_view_empty (&ESP_USE_GRADIENTS (view)->pictures);
}

static gboolean
esp_use_gradients_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  return esp_picture_view_init_drawing (&ESP_USE_GRADIENTS (view)->pictures, drawing);
}

static char *
esp_use_gradients_dup_csv (EspLiveView *view)
{
  return esp_layer_pictures_dup_csv (ESP_USE_GRADIENTS (view)->pictures.pictures);
}

static void
esp_use_gradients_finalize (GObject *object)
{
  esp_picture_view_clear (&ESP_USE_GRADIENTS (object)->pictures);
  G_OBJECT_CLASS (esp_use_gradients_parent_class)->finalize (object);
}

static void
esp_use_gradients_class_init (EspUseGradientsClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_use_gradients_finalize;
  view_class->begin = esp_use_gradients_begin;
  view_class->end = esp_use_gradients_end;
  view_class->update = esp_use_gradients_update;
  view_class->init_drawing = esp_use_gradients_init_drawing;
  view_class->dup_csv = esp_use_gradients_dup_csv;
}

static void
esp_use_gradients_init (EspUseGradients *self)
{
  esp_picture_view_init (&self->pictures, ESP_LIVE_VIEW (self), _ ("Gradients from each place"));
  esp_live_view_set_content (ESP_LIVE_VIEW (self), self->pictures.scroller);
}
