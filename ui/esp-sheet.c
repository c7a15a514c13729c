/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sheet of a module: a grid of tiles over the list of tensors below it. GtkGridView binds about
 * as many tiles as are in view; each has its overview made when it is bound. */

#include "config.h"

#include "esp-pacer.h"
#include "esp-place-list.h"
#include "esp-session-watch.h"
#include "esp-sheet-order.h"
#include "esp-sheet.h"
#include "esp-stack-hidden.h"
#include "esp-tile.h"

#include <glib/gi18n.h>

#define TILES_PER_FRAME 10
#define ENOUGH_TILES 760 /* GtkGridView makes 30 rows of as many columns as there may be */

struct _EspSheet
{
  GtkWidget parent_instance;

  /* template */
  GtkWidget *stack;
  GtkGridView *grid;
  GtkDropDown *sort;
  GtkWidget *scanning;
  GtkProgressBar *progress;

  /* owned */
  EspView *view;
  EspThumbnails *thumbnails;
  EspPacer *pacer; /* of the tiles */
  EspSessionWatch *watch;
  EspPlace *module;
  EspPlaceList *places; /* the tensors below it */
  EspSheetOrder *order;
  EspChannel channel; /* whose figures sort */
  GHashTable *tiles;  /* those bound, borrowed */
  char *status;
};

enum
{
  PROP_0,
  PROP_STATUS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspSheet, esp_sheet, GTK_TYPE_WIDGET)

static void
on_setup (EspSheet *self, GtkListItem *item)
{
  gtk_list_item_set_child (item, esp_tile_new ());
}

static void
set_figure (EspSheet *self, EspTile *tile)
{
  g_autofree char *figure = esp_sheet_order_format (self->order, esp_tile_get_place (tile));

  esp_tile_set_figure (tile, figure);
}

static void
on_bind (EspSheet *self, GtkListItem *item)
{
  EspTile *tile = ESP_TILE (gtk_list_item_get_child (item));

  esp_tile_bind (tile, self->view, self->thumbnails, self->module, gtk_list_item_get_item (item));
  set_figure (self, tile);
  g_hash_table_add (self->tiles, tile);
}

static void
on_unbind (EspSheet *self, GtkListItem *item)
{
  EspTile *tile = ESP_TILE (gtk_list_item_get_child (item));

  g_hash_table_remove (self->tiles, tile);
  esp_tile_unbind (tile);
}

static void
on_activate (EspSheet *self, guint position)
{
  GListModel *model = G_LIST_MODEL (gtk_grid_view_get_model (self->grid));
  g_autoptr (EspPlace) place = g_list_model_get_item (model, position);

  if (place != NULL)
    esp_session_set_selection (esp_view_get_session (self->view), place);
}

static void
update_tiles (EspSheet *self, gboolean look)
{
  GHashTableIter iter;
  gpointer tile;

  g_hash_table_iter_init (&iter, self->tiles);
  while (g_hash_table_iter_next (&iter, &tile, NULL))
    esp_tile_update (tile, look);
}

static void
on_updated (gpointer user_data)
{
  EspSheet *self = user_data;

  if (self->module == NULL)
    return;
  update_tiles (self, FALSE);
  esp_sheet_order_renew (self->order);
}

static void
on_order_changed (EspSheet *self)
{
  GHashTableIter iter;
  gpointer tile;
  guint done, all;
  gboolean busy = esp_sheet_order_get_progress (self->order, &done, &all);

  g_hash_table_iter_init (&iter, self->tiles);
  while (g_hash_table_iter_next (&iter, &tile, NULL))
    set_figure (self, tile);
  gtk_widget_set_visible (self->scanning, busy);
  if (busy && all > 0)
    {
      g_autofree char *text = g_strdup_printf (_ ("%u of %u scanned"), done, all);

      gtk_progress_bar_set_fraction (self->progress, (double) done / all);
      gtk_progress_bar_set_text (self->progress, text);
    }
}

static void
on_sort (EspSheet *self)
{
  guint key = gtk_drop_down_get_selected (self->sort);

  if (self->order != NULL && key < ESP_N_SHEET_KEYS)
    esp_sheet_order_set_key (self->order, (EspSheetKey) key);
}

static void
on_stop (EspSheet *self)
{
  esp_sheet_order_stop (self->order);
}

/* what sorts: the tensors of the channel that is shown */
static void
give_places (EspSheet *self)
{
  EspSession *session = esp_session_watch_get_session (self->watch);

  self->channel = session != NULL ? esp_session_get_channel (session) : ESP_CHANNEL_DATA;
  esp_sheet_order_set_places (self->order, G_LIST_MODEL (self->places), self->channel);
}

static void
on_look_changed (EspSheet *self)
{
  if (self->module != NULL)
    update_tiles (self, TRUE);
}

static void
update_status (EspSheet *self)
{
  guint n = self->places != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->places)) : 0;
  g_autofree char *count = esp_number_format_count (n);
  g_autofree char *text = g_strdup_printf (ngettext ("%s tensor", "%s tensors", n), count);
  g_autofree char *status = NULL;

  if (esp_thumbnails_is_busy (self->thumbnails))
    status = g_strdup_printf (_ ("%s, drawing"), text);
  else
    status = g_steal_pointer (&text);
  if (g_strcmp0 (status, self->status) == 0)
    return;

  g_free (self->status);
  self->status = g_steal_pointer (&status);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

/* the same module in a newer version of the file */
static gboolean
is_newer (EspSheet *self, EspPlace *module)
{
  EspSession *session = esp_session_watch_get_session (self->watch);

  return module != NULL && self->module != NULL && esp_session_is_newer (session) &&
         g_str_equal (esp_place_get_path (module), esp_place_get_path (self->module));
}

static void
show_module (EspSheet *self, EspPlace *module)
{
  if (is_newer (self, module))
    esp_pacer_keep_scroll (self->pacer,
                           gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->grid)));
  g_set_object (&self->module, module);
  g_clear_object (&self->places);
  if (module != NULL)
    self->places = esp_place_list_new (module);
  /* the grid would see all of the new module at once where it looks at all of the old one */
  esp_pacer_set_model (self->pacer, NULL);
  give_places (self);
  esp_pacer_set_model (self->pacer,
                       module != NULL ? esp_sheet_order_get_model (self->order) : NULL);
  if (module == NULL)
    return;

  gtk_stack_set_visible_child_name (
      GTK_STACK (self->stack),
      g_list_model_get_n_items (G_LIST_MODEL (self->places)) > 0 ? "grid" : "empty");
}

static void
on_tensor_changed (EspSheet *self)
{
  EspPlace *module = esp_view_get_kind (self->view) == ESP_VIEW_MODULE
                         ? esp_view_get_place (self->view)
                         : NULL;

  esp_session_watch_set_session (self->watch, esp_view_get_session (self->view));
  if (module != self->module)
    show_module (self, module);
  else if (module != NULL) /* another channel */
    {
      update_tiles (self, FALSE);
      if (esp_session_get_channel (esp_view_get_session (self->view)) != self->channel)
        give_places (self);
    }
  update_status (self);
}

static void
esp_sheet_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspSheet *self = ESP_SHEET (object);

  switch (id)
    {
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_sheet_dispose (GObject *object)
{
  EspSheet *self = ESP_SHEET (object);

  esp_session_watch_set_session (self->watch, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_SHEET);
  g_clear_object (&self->view);
  g_clear_object (&self->thumbnails);
  if (self->order != NULL)
    esp_sheet_order_set_places (self->order, NULL, ESP_CHANNEL_DATA);
  g_clear_object (&self->order);
  g_clear_object (&self->module);
  if (self->pacer != NULL)
    esp_pacer_stop (self->pacer);
  g_clear_object (&self->pacer);
  g_clear_object (&self->places);
  g_clear_pointer (&self->status, g_free);

  G_OBJECT_CLASS (esp_sheet_parent_class)->dispose (object);
}

static void
esp_sheet_finalize (GObject *object)
{
  EspSheet *self = ESP_SHEET (object);

  esp_session_watch_free (self->watch);
  g_hash_table_unref (self->tiles);

  G_OBJECT_CLASS (esp_sheet_parent_class)->finalize (object);
}

static void
esp_sheet_class_init (EspSheetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_sheet_get_property;
  object_class->dispose = esp_sheet_dispose;
  object_class->finalize = esp_sheet_finalize;

  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL,
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/espalier/Espalier/esp-sheet.ui");
  gtk_widget_class_bind_template_child (widget_class, EspSheet, stack);
  gtk_widget_class_bind_template_child (widget_class, EspSheet, grid);
  gtk_widget_class_bind_template_child (widget_class, EspSheet, sort);
  gtk_widget_class_bind_template_child (widget_class, EspSheet, scanning);
  gtk_widget_class_bind_template_child (widget_class, EspSheet, progress);
  gtk_widget_class_bind_template_callback (widget_class, on_sort);
  gtk_widget_class_bind_template_callback (widget_class, on_stop);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "sheet");
}

static void
esp_sheet_init (EspSheet *self)
{
  static const EspSessionEvents events = { .updated = on_updated };
  g_autoptr (GtkSelectionModel) tiles = NULL;

  self->watch = esp_session_watch_new (&events, self);
  self->tiles = g_hash_table_new (NULL, NULL);
  self->thumbnails = esp_thumbnails_new ();
  self->order = esp_sheet_order_new ();
  g_signal_connect_object (self->order, "changed", G_CALLBACK (on_order_changed), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->pacer = esp_pacer_new (GTK_WIDGET (self), TILES_PER_FRAME, ENOUGH_TILES);
  tiles =
      GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (esp_pacer_get_shown (self->pacer))));
  gtk_grid_view_set_model (self->grid, tiles);
  esp_stack_hidden_follow (GTK_STACK (self->stack));
  g_signal_connect_object (self->thumbnails, "ready", G_CALLBACK (update_status), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
}

GtkWidget *
esp_sheet_new (void)
{
  return g_object_new (ESP_TYPE_SHEET, NULL);
}

void
esp_sheet_set_view (EspSheet *self, EspView *view)
{
  g_return_if_fail (ESP_IS_SHEET (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (on_tensor_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (on_look_changed), self,
                           G_CONNECT_SWAPPED);
  on_tensor_changed (self);
}
