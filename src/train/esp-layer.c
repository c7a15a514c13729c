/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of layers, and what all of them share. A new layer is a pair of files with an
 * EspLayerClass, and its row here. */

#include "config.h"
#include "esp-layer.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-layer-activation.h"
#include "esp-layer-flatten.h"
#include "esp-layer-linear.h"

static const EspLayerClass *const classes[] = {
  &esp_layer_flatten, &esp_layer_linear, &esp_layer_relu, &esp_layer_sigmoid, &esp_layer_tanh,
};

const EspLayerClass *
esp_layer_find_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i]->name, name) == 0)
      return classes[i];
  return NULL;
}

char *
esp_layer_list_classes (void)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", classes[i]->name);
  return g_string_free (text, FALSE);
}

EspLayer *
esp_layer_new (const EspLayerClass *klass, EspSpec *spec, GError **error)
{
  g_assert (klass->size >= sizeof (EspLayer));
  EspLayer *self = g_malloc0 (klass->size);
  self->klass = klass;
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  if (klass->read == NULL || klass->read (self, spec, error))
    return self;
  esp_layer_free (self);
  return NULL;
}

void
esp_layer_free (EspLayer *self)
{
  if (self == NULL)
    return;
  json_object_unref (self->settings);
  g_free (self);
}

gboolean
esp_layer_infer (EspLayer *self,
                 const EspShape *in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  if (self->klass->infer != NULL)
    return self->klass->infer (self, in, out, path, error);
  *out = *in;
  return TRUE;
}

guint
esp_layer_get_parameters (const EspLayer *self, EspParameterInfo *infos)
{
  guint n = self->klass->get_parameters != NULL ? self->klass->get_parameters (self, infos) : 0;
  g_assert (n <= ESP_LAYER_MAX_PARAMETERS);
  return n;
}

void
esp_layer_set_shape_error (const EspLayer *self,
                           const char *path,
                           const char *wanted,
                           const EspShape *found,
                           GError **error)
{
  g_autofree char *shape = esp_shape_to_string (found);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: path and class of a module, the shape of one example, the shape found
                */
               _ ("module %s (%s): wants examples of shape %s, but gets %s"), path,
               self->klass->name, wanted, shape);
}
