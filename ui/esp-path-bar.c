/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path bar of the canvas: a button for each part of the path but the last, which is bold. The
 * parts that fit are shown from the end; a leading "…" stands for the others. */

#include "config.h"

#include "esp-path-bar.h"

#include <glib/gi18n.h>

#define MAX_CHARS 28
/* deeper paths show their last parts only; more would never fit */
#define MAX_PARTS 24

struct _EspPathBar
{
  GtkWidget parent_instance;

  /* children, in order: the dots, then separator and part by turns */
  GtkWidget *dots;
  GPtrArray *parts; /* of GtkWidget; each part begins with its separator, but the first */

  EspSession *session; /* owned */
  EspPlace *place;
};

G_DEFINE_FINAL_TYPE (EspPathBar, esp_path_bar, GTK_TYPE_WIDGET)

static GtkWidget *
create_separator (void)
{
  GtkWidget *separator = gtk_label_new ("›");

  gtk_widget_add_css_class (separator, "second");
  gtk_accessible_update_state (GTK_ACCESSIBLE (separator), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  return separator;
}

static void
on_clicked (GtkButton *button, EspPathBar *self)
{
  EspPlace *place = g_object_get_data (G_OBJECT (button), "place");

  if (self->session != NULL)
    esp_session_set_selection (self->session, place);
}

static GtkWidget *
create_part (EspPathBar *self, EspPlace *place, const char *name, gboolean last)
{
  g_autofree char *shown = esp_path_escape (name);
  GtkWidget *label = gtk_label_new (shown), *button;

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), MAX_CHARS);
  gtk_widget_set_tooltip_text (label, shown);
  if (last)
    {
      gtk_widget_add_css_class (label, "heading");
      return label;
    }

  button = gtk_button_new ();
  gtk_button_set_child (GTK_BUTTON (button), label);
  gtk_button_set_has_frame (GTK_BUTTON (button), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, shown,
                                  -1);
  gtk_widget_add_css_class (button, "path-part");
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, shown,
                                  -1);
  g_object_set_data_full (G_OBJECT (button), "place", g_object_ref (place), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_clicked), self, 0);
  return button;
}

static void
add_part (EspPathBar *self, GtkWidget *part)
{
  gtk_widget_set_parent (part, GTK_WIDGET (self));
  g_ptr_array_add (self->parts, part);
}

static void
clear (EspPathBar *self)
{
  for (guint i = 0; i < self->parts->len; i++)
    gtk_widget_unparent (self->parts->pdata[i]);
  g_ptr_array_set_size (self->parts, 0);
}

static void
build (EspPathBar *self)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new ();
  guint first;

  clear (self);
  for (EspPlace *place = self->place; place != NULL; place = esp_place_get_parent (place))
    g_ptr_array_insert (places, 0, place);
  first = places->len > MAX_PARTS ? places->len - MAX_PARTS : 0;
  for (guint i = first; i < places->len; i++)
    {
      EspPlace *place = places->pdata[i];
      EspDocument *document = esp_session_get_document (self->session);
      const char *name = i == 0 && document != NULL ? esp_document_get_title (document)
                                                    : esp_place_get_name (place);

      if (i > first)
        add_part (self, create_separator ());
      add_part (self, create_part (self, place, name, i + 1 == places->len));
    }
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static int
get_width (GtkWidget *widget, gboolean natural)
{
  int least, best;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &least, &best, NULL, NULL);
  return natural ? best : least;
}

static void
esp_path_bar_measure (GtkWidget *widget,
                      GtkOrientation orientation,
                      int for_size,
                      int *minimum,
                      int *natural,
                      int *minimum_baseline,
                      int *natural_baseline)
{
  EspPathBar *self = ESP_PATH_BAR (widget);
  int least = 0, best = 0, child_least, child_best;

  gtk_widget_measure (self->dots, orientation, -1, minimum, natural, NULL, NULL);
  least = *minimum;
  for (guint i = 0; i < self->parts->len; i++)
    {
      gtk_widget_measure (self->parts->pdata[i], orientation, -1, &child_least, &child_best, NULL,
                          NULL);
      best = orientation == GTK_ORIENTATION_HORIZONTAL ? best + child_best : MAX (best, child_best);
      if (orientation == GTK_ORIENTATION_VERTICAL)
        least = MAX (least, child_least);
      else if (i + 1 == self->parts->len)
        least += child_least;
    }
  *minimum = least;
  *natural = MAX (least, best);
}

/* the first part that is shown so that it and all after it fit */
static guint
find_first (EspPathBar *self, int width)
{
  int taken = 0, all = 0;

  for (guint i = 0; i < self->parts->len; i++)
    all += get_width (self->parts->pdata[i], TRUE);
  if (all <= width)
    return 0;

  taken = get_width (self->dots, TRUE);
  for (guint i = self->parts->len; i > 0; i--)
    {
      taken += get_width (self->parts->pdata[i - 1], TRUE);
      if (taken > width)
        return MIN (i, self->parts->len - 1);
    }

  return 0;
}

static void
esp_path_bar_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspPathBar *self = ESP_PATH_BAR (widget);
  guint first = find_first (self, width);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int x = 0;

  gtk_widget_set_child_visible (self->dots, first > 0);
  if (first > 0)
    {
      int size = get_width (self->dots, TRUE);

      gtk_widget_size_allocate (self->dots,
                                &(GtkAllocation) { rtl ? width - size : 0, 0, size, height }, -1);
      x = size;
    }
  for (guint i = 0; i < self->parts->len; i++)
    {
      GtkWidget *part = self->parts->pdata[i];
      int size = MAX (get_width (part, FALSE), MIN (get_width (part, TRUE), width - x));

      gtk_widget_set_child_visible (part, i >= first);
      if (i < first)
        continue;
      gtk_widget_size_allocate (
          part, &(GtkAllocation) { rtl ? width - x - size : x, 0, size, height }, -1);
      x += size;
    }
}

static void
esp_path_bar_dispose (GObject *object)
{
  EspPathBar *self = ESP_PATH_BAR (object);

  clear (self);
  g_clear_pointer (&self->dots, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_object (&self->place);

  G_OBJECT_CLASS (esp_path_bar_parent_class)->dispose (object);
}

static void
esp_path_bar_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_PATH_BAR (object)->parts);

  G_OBJECT_CLASS (esp_path_bar_parent_class)->finalize (object);
}

static void
esp_path_bar_class_init (EspPathBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_path_bar_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_path_bar_finalize;
  widget_class->measure = esp_path_bar_measure;
  widget_class->size_allocate = esp_path_bar_size_allocate;
  gtk_widget_class_set_css_name (widget_class, "pathbar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
esp_path_bar_init (EspPathBar *self)
{
  self->parts = g_ptr_array_new ();
  self->dots = gtk_label_new ("… ");
  gtk_widget_add_css_class (self->dots, "second");
  gtk_widget_set_parent (self->dots, GTK_WIDGET (self));
  gtk_widget_set_child_visible (self->dots, FALSE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Path"),
                                  -1);
}

GtkWidget *
esp_path_bar_new (void)
{
  return g_object_new (ESP_TYPE_PATH_BAR, NULL);
}

void
esp_path_bar_set_place (EspPathBar *self, EspSession *session, EspPlace *place)
{
  g_return_if_fail (ESP_IS_PATH_BAR (self));
  g_return_if_fail (place == NULL || ESP_IS_SESSION (session));

  if (place == self->place && session == self->session)
    return;
  g_set_object (&self->session, session);
  g_set_object (&self->place, place);
  build (self);
}
