/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the canvas: each has an action and a key. In: what a person asked for; out: calls
 * of the heatmap, the jumper, the exporter, and buttons that are pressed. */

#include "config.h"

#include "esp-canvas-private.h"

#include "esp-exporter.h"
#include "esp-look-bar.h"

static void
on_zoom (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspCanvas *self = ESP_CANVAS (widget);

  if (g_str_equal (name, "canvas.zoom-in"))
    esp_heatmap_zoom_in (self->heatmap);
  else if (g_str_equal (name, "canvas.zoom-out"))
    esp_heatmap_zoom_out (self->heatmap);
  else
    esp_heatmap_zoom_fit (self->heatmap);
}

static void
on_jump (GtkWidget *widget, const char *name, GVariant *parameter)
{
  static const char *const names[ESP_N_FINDS] = {
    [ESP_FIND_EXTREME] = "canvas.next-extreme",
    [ESP_FIND_NONFINITE] = "canvas.next-nonfinite",
    [ESP_FIND_ZERO_ROW] = "canvas.next-zero-row",
    [ESP_FIND_ZERO_COLUMN] = "canvas.next-zero-column",
  };
  EspCanvas *self = ESP_CANVAS (widget);

  for (guint i = 0; i < ESP_N_FINDS; i++)
    if (g_str_equal (name, names[i]))
      esp_jumper_go (self->jumper, (EspFindKind) i);
  if (g_str_equal (name, "canvas.jump-back"))
    esp_jumper_go_back (self->jumper);
}

static void
on_choice (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspCanvas *self = ESP_CANVAS (widget);

  if (g_str_equal (name, "canvas.lock"))
    esp_look_bar_toggle_lock (ESP_LOOK_BAR (self->choices));
  else if (!gtk_widget_get_sensitive (GTK_WIDGET (self->gradient_button)))
    gtk_widget_error_bell (widget);
  else if (g_str_equal (name, "canvas.beside"))
    gtk_toggle_button_set_active (self->beside_button,
                                  !gtk_toggle_button_get_active (self->beside_button));
  else
    gtk_toggle_button_set_active (gtk_toggle_button_get_active (self->gradient_button)
                                      ? self->data_button
                                      : self->gradient_button,
                                  TRUE);
}

static void
on_take (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspCanvas *self = ESP_CANVAS (widget);

  esp_exporter_take (widget, self->view, self->heatmap,
                     g_str_equal (name, "canvas.save-picture")  ? ESP_TAKE_PICTURE
                     : g_str_equal (name, "canvas.save-values") ? ESP_TAKE_VALUES
                                                                : ESP_TAKE_COPY);
}

void
_esp_canvas_add_commands (GtkWidgetClass *widget_class)
{
  static const struct
  {
    const char *name;
    GtkWidgetActionActivateFunc func;
    guint key;
    GdkModifierType state;
  } commands[] = {
    { "canvas.next-nonfinite", on_jump, GDK_KEY_n, 0 },
    { "canvas.jump-back", on_jump, GDK_KEY_n, GDK_SHIFT_MASK },
    { "canvas.next-extreme", on_jump, GDK_KEY_e, 0 },
    { "canvas.next-zero-row", on_jump, GDK_KEY_z, 0 },
    { "canvas.next-zero-column", on_jump, GDK_KEY_z, GDK_SHIFT_MASK },
    { "canvas.save-picture", on_take, GDK_KEY_e, GDK_CONTROL_MASK },
    { "canvas.save-values", on_take, GDK_KEY_e, GDK_CONTROL_MASK | GDK_SHIFT_MASK },
    { "canvas.copy-picture", on_take, GDK_KEY_c, GDK_CONTROL_MASK | GDK_SHIFT_MASK },
    { "canvas.lock", on_choice, GDK_KEY_l, 0 },
    { "canvas.gradient", on_choice, GDK_KEY_g, 0 },
    { "canvas.beside", on_choice, GDK_KEY_g, GDK_SHIFT_MASK },
  };

  gtk_widget_class_install_action (widget_class, "canvas.zoom-in", NULL, on_zoom);
  gtk_widget_class_install_action (widget_class, "canvas.zoom-out", NULL, on_zoom);
  gtk_widget_class_install_action (widget_class, "canvas.zoom-fit", NULL, on_zoom);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      gtk_widget_class_install_action (widget_class, commands[i].name, NULL, commands[i].func);
      gtk_widget_class_add_binding_action (widget_class, commands[i].key, commands[i].state,
                                           commands[i].name, NULL);
    }
}
