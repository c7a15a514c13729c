/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choices about colours, side by side. They show what the look says, whoever changed it. */

#include "config.h"

#include "esp-look-bar.h"

#include "esp-colormap-button.h"
#include "esp-range-button.h"

struct _EspLookBar
{
  GtkBox parent_instance;

  /* template */
  GtkDropDown *reduction;
  EspRangeButton *range;
  EspColormapButton *colormap;
  GtkToggleButton *lock;

  /* owned */
  EspView *view;

  /* state */
  gboolean updating; /* the choices are being shown, not made */
};

G_DEFINE_FINAL_TYPE (EspLookBar, esp_look_bar, GTK_TYPE_BOX)

static void
on_reduction (EspLookBar *self)
{
  if (self->view != NULL && !self->updating)
    esp_look_set_reduction (esp_view_get_look (self->view),
                            (EspReduction) gtk_drop_down_get_selected (self->reduction));
}

static void
on_lock (EspLookBar *self)
{
  const EspNorm *norm = self->view != NULL ? esp_view_get_norm (self->view) : NULL;
  EspLook *look;

  if (self->view == NULL || self->updating)
    return;

  look = esp_view_get_look (self->view);
  if (!gtk_toggle_button_get_active (self->lock))
    {
      esp_look_clear_typed (look);
      return;
    }
  if (norm != NULL && norm->lo < norm->hi)
    esp_look_set_typed (look, norm->lo, norm->hi);
  esp_look_set_locked (look, TRUE);
}

void
esp_look_bar_toggle_lock (EspLookBar *self)
{
  g_return_if_fail (ESP_IS_LOOK_BAR (self));

  if (gtk_widget_get_sensitive (GTK_WIDGET (self->lock)))
    gtk_toggle_button_set_active (self->lock, !gtk_toggle_button_get_active (self->lock));
}

static void
update (EspLookBar *self)
{
  EspLook *look = esp_view_get_look (self->view);
  gboolean locked = esp_look_get_locked (look);
  const EspNorm *norm = esp_view_get_norm (self->view);

  self->updating = TRUE;
  gtk_drop_down_set_selected (self->reduction, esp_look_get_reduction (look));
  gtk_toggle_button_set_active (self->lock, locked);
  gtk_button_set_icon_name (GTK_BUTTON (self->lock),
                            locked ? "changes-prevent-symbolic" : "changes-allow-symbolic");
  gtk_widget_set_sensitive (GTK_WIDGET (self->lock),
                            locked || (norm != NULL && norm->kind != ESP_COLORMAP_CYCLIC));
  self->updating = FALSE;
}

static void
esp_look_bar_dispose (GObject *object)
{
  EspLookBar *self = ESP_LOOK_BAR (object);

  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_object (&self->view);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_LOOK_BAR);

  G_OBJECT_CLASS (esp_look_bar_parent_class)->dispose (object);
}

static void
esp_look_bar_class_init (EspLookBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_look_bar_dispose;

  g_type_ensure (ESP_TYPE_COLORMAP_BUTTON);
  g_type_ensure (ESP_TYPE_RANGE_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-look-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, EspLookBar, reduction);
  gtk_widget_class_bind_template_child (widget_class, EspLookBar, range);
  gtk_widget_class_bind_template_child (widget_class, EspLookBar, colormap);
  gtk_widget_class_bind_template_child (widget_class, EspLookBar, lock);
  gtk_widget_class_bind_template_callback (widget_class, on_reduction);
  gtk_widget_class_bind_template_callback (widget_class, on_lock);
}

static void
esp_look_bar_init (EspLookBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
esp_look_bar_new (void)
{
  return g_object_new (ESP_TYPE_LOOK_BAR, NULL);
}

void
esp_look_bar_set_view (EspLookBar *self, EspView *view)
{
  g_return_if_fail (ESP_IS_LOOK_BAR (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  esp_range_button_set_view (self->range, view);
  esp_colormap_button_set_view (self->colormap, view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}
