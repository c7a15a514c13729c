/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pill of icon and short text. Ties take their letter and one of four colours from their index;
 * notes take the colour of their severity. Cheap enough for the rows of the tree, which rebind it
 * while they scroll.
 */

#include "config.h"

#include "esp-chip.h"

#include <glib/gi18n.h>

struct _EspChip
{
  GtkWidget parent_instance;

  GtkWidget *image;
  GtkWidget *label;
  char *said;        /* the accessible name */
  const char *style; /* the CSS class that is on now, or NULL */
};

G_DEFINE_FINAL_TYPE (EspChip, esp_chip, GTK_TYPE_WIDGET)

static void
set_style (EspChip *self, const char *style)
{
  if (self->style == style)
    return;
  if (self->style)
    gtk_widget_remove_css_class (GTK_WIDGET (self), self->style);
  if (style)
    gtk_widget_add_css_class (GTK_WIDGET (self), style);
  self->style = style;
}

static void
set_outlined (EspChip *self, gboolean outlined)
{
  if (outlined)
    gtk_widget_add_css_class (GTK_WIDGET (self), "outlined");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "outlined");
}

static void
set_content (EspChip *self, const char *icon_name, const char *text)
{
  gtk_image_set_from_icon_name (GTK_IMAGE (self->image), icon_name);
  gtk_widget_set_visible (self->image, icon_name != NULL);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

static void
set_accessible_name (EspChip *self, const char *name)
{
  g_free (self->said);
  self->said = g_strdup (name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
esp_chip_dispose (GObject *object)
{
  EspChip *self = ESP_CHIP (object);

  g_clear_pointer (&self->image, gtk_widget_unparent);
  g_clear_pointer (&self->label, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_chip_parent_class)->dispose (object);
}

static void
esp_chip_finalize (GObject *object)
{
  g_free (ESP_CHIP (object)->said);
  G_OBJECT_CLASS (esp_chip_parent_class)->finalize (object);
}

static void
esp_chip_class_init (EspChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_chip_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_chip_finalize;
  gtk_widget_class_set_css_name (widget_class, "chip");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
esp_chip_init (EspChip *self)
{
  self->image = gtk_image_new ();
  gtk_widget_set_parent (self->image, GTK_WIDGET (self));
  self->label = gtk_label_new (NULL);
  gtk_widget_set_parent (self->label, GTK_WIDGET (self));
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
esp_chip_new (void)
{
  return g_object_new (ESP_TYPE_CHIP, NULL);
}

void
esp_chip_set_tie (EspChip *self, EspTie *tie, EspPlace *place)
{
  g_autofree char *letter = NULL;
  g_autofree char *name = NULL;

  g_return_if_fail (ESP_IS_CHIP (self));

  if (!tie)
    {
      gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
      return;
    }
  letter = esp_chip_dup_letter (esp_tie_get_index (tie));
  /* TRANSLATORS: %s is the letter that marks all members of one tie */
  name = g_strdup_printf (_ ("Tie %s"), letter);
  set_style (self, esp_chip_get_tie_class (esp_tie_get_index (tie)));
  set_outlined (self, place && !esp_place_is_stored (place));
  set_content (self, "esp-tie-symbolic", letter);
  set_accessible_name (self, name);
}

void
esp_chip_set_note (EspChip *self, EspSeverity severity, const char *icon_name, const char *text)
{
  static const char *const styles[] = {
    [ESP_SEVERITY_NOTE] = NULL,
    [ESP_SEVERITY_WARNING] = "warning",
    [ESP_SEVERITY_ERROR] = "error",
  };

  g_return_if_fail (ESP_IS_CHIP (self));
  g_return_if_fail (severity < G_N_ELEMENTS (styles));

  if (!text)
    {
      gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
      return;
    }
  set_style (self, styles[severity]);
  set_outlined (self, FALSE);
  set_content (self, icon_name, text);
  set_accessible_name (self, text);
}

void
esp_chip_set_number (EspChip *self,
                     EspSeverity severity,
                     const char *icon_name,
                     guint number,
                     const char *said)
{
  g_autofree char *text = g_strdup_printf ("%u", number);

  g_return_if_fail (ESP_IS_CHIP (self) && said != NULL);

  esp_chip_set_note (self, severity, icon_name, text);
  set_accessible_name (self, said);
}

char *
esp_chip_dup_text (EspChip *self)
{
  g_return_val_if_fail (ESP_IS_CHIP (self), NULL);

  return g_strdup (self->said ? self->said : "");
}

char *
esp_chip_dup_letter (guint index)
{
  g_autoptr (GString) letters = g_string_new (NULL);

  for (guint64 rest = (guint64) index + 1; rest > 0; rest = (rest - 1) / 26)
    g_string_prepend_c (letters, (char) ('A' + (rest - 1) % 26));
  return g_string_free (g_steal_pointer (&letters), FALSE);
}

const char *
esp_chip_get_tie_class (guint index)
{
  static const char *const classes[] = { "tie-a", "tie-b", "tie-c", "tie-d" };

  return classes[index % G_N_ELEMENTS (classes)];
}
