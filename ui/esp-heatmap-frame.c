/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grid of the heatmap and its profiles: the column profile above, the row profile at the right,
 * the choice of what they show in the corner between. */

#include "config.h"

#include "esp-heatmap-frame.h"

#include "esp-minimap.h"
#include "esp-profile-strip.h"
#include "esp-settings.h"

#include <glib/gi18n.h>

struct _EspHeatmapFrame
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *grid;
  EspHeatmap *heatmap;
  EspMinimap *minimap;
  EspProfileStrip *columns, *rows;
  GtkWidget *corner;

  /* state */
  gboolean profiles, small;
  EspProfileKind kind;
};

enum
{
  PROP_0,
  PROP_PROFILES,
  PROP_PROFILE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspHeatmapFrame, esp_heatmap_frame, GTK_TYPE_WIDGET)

static void
update_visible (EspHeatmapFrame *self)
{
  gboolean visible = self->profiles && !self->small;

  gtk_widget_set_visible (GTK_WIDGET (self->columns), visible);
  gtk_widget_set_visible (GTK_WIDGET (self->rows), visible);
  gtk_widget_set_visible (self->corner, visible);
}

static void
set_profiles (EspHeatmapFrame *self, gboolean profiles)
{
  if (self->profiles == profiles)
    return;
  self->profiles = profiles;
  esp_settings_set_boolean ("show-profiles", profiles);
  update_visible (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROFILES]);
}

static void
set_profile (EspHeatmapFrame *self, const char *name)
{
  gboolean found;
  EspProfileKind kind = esp_profile_kind_from_name (name, &found);

  if (!found || kind == self->kind)
    return;
  self->kind = kind;
  esp_profile_strip_set_kind (self->columns, kind);
  esp_profile_strip_set_kind (self->rows, kind);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROFILE]);
}

static void
esp_heatmap_frame_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspHeatmapFrame *self = ESP_HEATMAP_FRAME (object);

  switch (id)
    {
    case PROP_PROFILES:
      g_value_set_boolean (value, self->profiles);
      break;
    case PROP_PROFILE:
      g_value_set_string (value, esp_profile_kind_get_name (self->kind));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_heatmap_frame_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspHeatmapFrame *self = ESP_HEATMAP_FRAME (object);

  switch (id)
    {
    case PROP_PROFILES:
      set_profiles (self, g_value_get_boolean (value));
      break;
    case PROP_PROFILE:
      set_profile (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_heatmap_frame_dispose (GObject *object)
{
  g_clear_pointer (&ESP_HEATMAP_FRAME (object)->grid, gtk_widget_unparent);

  G_OBJECT_CLASS (esp_heatmap_frame_parent_class)->dispose (object);
}

static void
esp_heatmap_frame_class_init (EspHeatmapFrameClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = esp_heatmap_frame_get_property;
  object_class->set_property = esp_heatmap_frame_set_property;
  object_class->dispose = esp_heatmap_frame_dispose;
  properties[PROP_PROFILES] = g_param_spec_boolean ("profiles", NULL, NULL, TRUE, flags);
  properties[PROP_PROFILE] = g_param_spec_string ("profile", NULL, NULL, "norm", flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_install_property_action (widget_class, "frame.profiles", "profiles");
  gtk_widget_class_install_property_action (widget_class, "frame.profile", "profile");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_p, 0, "frame.profiles", NULL);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
create_corner (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, _ ("Norm"), "frame.profile::norm");
  g_menu_append (menu, _ ("Mean"), "frame.profile::mean");
  g_menu_append (menu, _ ("Largest"), "frame.profile::max");
  g_menu_append (menu, _ ("Smallest"), "frame.profile::min");
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "view-more-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_has_frame (GTK_MENU_BUTTON (button), FALSE);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, _ ("What the profiles along the edges show (P hides them)"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Profiles"), -1);
  return button;
}

static void
esp_heatmap_frame_init (EspHeatmapFrame *self)
{
  GtkWidget *overlay = gtk_overlay_new ();

  self->grid = gtk_grid_new ();
  self->heatmap = ESP_HEATMAP (esp_heatmap_new ());
  self->minimap = ESP_MINIMAP (esp_minimap_new ());
  self->columns = ESP_PROFILE_STRIP (esp_profile_strip_new (GTK_ORIENTATION_HORIZONTAL));
  self->rows = ESP_PROFILE_STRIP (esp_profile_strip_new (GTK_ORIENTATION_VERTICAL));
  self->corner = create_corner ();
  esp_minimap_set_heatmap (self->minimap, self->heatmap);
  gtk_widget_set_halign (GTK_WIDGET (self->minimap), GTK_ALIGN_END);
  gtk_widget_set_valign (GTK_WIDGET (self->minimap), GTK_ALIGN_END);
  gtk_widget_set_margin_end (GTK_WIDGET (self->minimap), 24);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->minimap), 24);
  gtk_overlay_set_child (GTK_OVERLAY (overlay), GTK_WIDGET (self->heatmap));
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), GTK_WIDGET (self->minimap));
  gtk_widget_set_hexpand (overlay, TRUE);
  gtk_widget_set_vexpand (overlay, TRUE);
  gtk_grid_attach (GTK_GRID (self->grid), GTK_WIDGET (self->columns), 0, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), self->corner, 1, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), overlay, 0, 1, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), GTK_WIDGET (self->rows), 1, 1, 1, 1);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
  self->profiles = esp_settings_get_boolean ("show-profiles", TRUE);
  update_visible (self);
}

GtkWidget *
esp_heatmap_frame_new (void)
{
  return g_object_new (ESP_TYPE_HEATMAP_FRAME, NULL);
}

void
esp_heatmap_frame_set_view (EspHeatmapFrame *self, EspView *view)
{
  g_return_if_fail (ESP_IS_HEATMAP_FRAME (self));

  esp_heatmap_set_view (self->heatmap, view);
  esp_profile_strip_set_heatmap (self->columns, self->heatmap, view);
  esp_profile_strip_set_heatmap (self->rows, self->heatmap, view);
}

EspHeatmap *
esp_heatmap_frame_get_heatmap (EspHeatmapFrame *self)
{
  g_return_val_if_fail (ESP_IS_HEATMAP_FRAME (self), NULL);

  return self->heatmap;
}

void
esp_heatmap_frame_set_small (EspHeatmapFrame *self, gboolean small)
{
  g_return_if_fail (ESP_IS_HEATMAP_FRAME (self));

  self->small = small;
  update_visible (self);
}
