/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all groups of the inspector have in common: heading, caption, and when they are filled. */

#include "config.h"

#include "esp-section.h"

typedef struct
{
  GtkWidget *caption; /* owned by the group once it is there */
} EspSectionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EspSection, esp_section, ADW_TYPE_PREFERENCES_GROUP)

static void
esp_section_class_init (EspSectionClass *klass)
{
}

static void
esp_section_init (EspSection *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "section");
}

void
esp_section_show (EspSection *self, EspSession *session)
{
  g_return_if_fail (ESP_IS_SECTION (self));
  g_return_if_fail (ESP_IS_SESSION (session));

  ESP_SECTION_GET_CLASS (self)->show (self, session);
}

void
esp_section_update (EspSection *self, EspSession *session)
{
  EspSectionClass *klass;

  g_return_if_fail (ESP_IS_SECTION (self));
  g_return_if_fail (ESP_IS_SESSION (session));

  klass = ESP_SECTION_GET_CLASS (self);
  if (klass->update)
    klass->update (self, session);
}

void
esp_section_set_caption (EspSection *self, const char *caption)
{
  EspSectionPrivate *priv = esp_section_get_instance_private (self);

  g_return_if_fail (ESP_IS_SECTION (self));

  if (!priv->caption)
    {
      priv->caption = gtk_label_new (NULL);
      gtk_widget_add_css_class (priv->caption, "second");
      gtk_widget_add_css_class (priv->caption, "caption");
      gtk_widget_add_css_class (priv->caption, "numeric");
      gtk_widget_set_valign (priv->caption, GTK_ALIGN_CENTER);
      adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (self), priv->caption);
    }
  gtk_label_set_text (GTK_LABEL (priv->caption), caption ? caption : "");
}

EspTensor *
esp_section_get_tensor (EspSession *session)
{
  EspPlace *place = esp_session_get_selection (session);
  EspParameter *parameter = place ? esp_place_get_parameter (place) : NULL;

  return parameter ? esp_parameter_get_channel (parameter, esp_session_get_channel (session))
                   : NULL;
}

gboolean
esp_section_is_root (EspSession *session)
{
  EspPlace *place = esp_session_get_selection (session);

  return place && !esp_place_get_parent (place);
}
