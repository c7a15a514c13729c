/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tensors below a module as a flat list model: what the sheet shows. */

#include "config.h"

#include "esp-place-list.h"

struct _EspPlaceList
{
  GObject parent_instance;

  GPtrArray *places; /* (element-type EspPlace), owned */
};

static GType
get_item_type (GListModel *model)
{
  return ESP_TYPE_PLACE;
}

static guint
get_n_items (GListModel *model)
{
  return ESP_PLACE_LIST (model)->places->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  EspPlaceList *self = ESP_PLACE_LIST (model);

  return position < self->places->len ? g_object_ref (self->places->pdata[position]) : NULL;
}

static void
esp_place_list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (EspPlaceList,
                               esp_place_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, esp_place_list_model_init))

static void
esp_place_list_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_PLACE_LIST (object)->places);

  G_OBJECT_CLASS (esp_place_list_parent_class)->finalize (object);
}

static void
esp_place_list_class_init (EspPlaceListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_place_list_finalize;
}

static void
esp_place_list_init (EspPlaceList *self)
{
  self->places = g_ptr_array_new_with_free_func (g_object_unref);
}

/* depth is bounded by %ESP_LIMIT_MODULE_DEPTH */
static void
collect (EspPlaceList *self, EspPlace *place)
{
  if (esp_place_get_parameter (place) != NULL)
    {
      g_ptr_array_add (self->places, g_object_ref (place));
      return;
    }
  for (guint i = 0; i < esp_place_get_n_children (place); i++)
    collect (self, esp_place_get_child (place, i));
}

EspPlaceList *
esp_place_list_new (EspPlace *module)
{
  EspPlaceList *self = g_object_new (ESP_TYPE_PLACE_LIST, NULL);

  g_return_val_if_fail (ESP_IS_PLACE (module), self);

  collect (self, module);
  return self;
}
