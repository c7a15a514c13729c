/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both texts beside each other if they fit whole, else below each other: measured, not guessed, as
 * their lengths depend on language and font. */

#include "config.h"

#include "esp-tree-foot.h"

#include <glib/gi18n.h>

#define GAP 12

struct _EspTreeFoot
{
  GtkWidget parent_instance;

  GtkWidget *elements;
  GtkWidget *tensors;
};

G_DEFINE_FINAL_TYPE (EspTreeFoot, esp_tree_foot, GTK_TYPE_WIDGET)

/* parameters and buffers alone: what a module's state_dict() gives */
static gboolean
is_state_dict (EspTree *tree)
{
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspRole role =
          esp_parameter_get_role (esp_place_get_parameter (esp_tree_get_tensor (tree, i)));

      if (role != ESP_ROLE_PARAMETER && role != ESP_ROLE_BUFFER)
        return FALSE;
    }
  return TRUE;
}

char *
esp_tree_foot_dup_tensors (EspTree *tree)
{
  const EspTotals *totals = esp_tree_get_totals (tree);
  g_autofree char *n_tensors = esp_number_format_count (totals->tensors);
  g_autofree char *n_parameters = esp_number_format_count (totals->parameters);
  gulong n = MIN (totals->tensors, G_MAXINT);
  g_autofree char *tensors = NULL;
  g_autofree char *parameters = NULL;

  if (is_state_dict (tree))
    tensors = g_strdup_printf (ngettext ("%s tensor in state_dict", "%s tensors in state_dict", n),
                               n_tensors);
  else
    tensors = g_strdup_printf (ngettext ("%s tensor", "%s tensors", n), n_tensors);
  parameters = g_strdup_printf (
      ngettext ("%s parameter", "%s parameters", MIN (totals->parameters, G_MAXINT)), n_parameters);
  /* Translators: two counts: "8 tensors in state_dict, 6 parameters" */
  return g_strdup_printf (_ ("%s, %s"), tensors, parameters);
}

char *
esp_tree_foot_dup_elements (EspTree *tree)
{
  const EspTotals *totals = esp_tree_get_totals (tree);
  g_autofree char *elements = esp_number_format_count (totals->elements);
  g_autofree char *unique = esp_number_format_count (totals->unique_elements);
  gulong n = MIN (totals->elements, G_MAXINT);

  if (totals->unique_elements == totals->elements)
    return g_strdup_printf (ngettext ("%s element", "%s elements", n), elements);
  /* Translators: the second number counts shared elements once */
  return g_strdup_printf (ngettext ("%s element, %s unique", "%s elements, %s unique", n), elements,
                          unique);
}

static int
natural_width (GtkWidget *widget)
{
  int natural;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  return natural;
}

static gboolean
is_one_line (EspTreeFoot *self, int width)
{
  return natural_width (self->elements) + GAP + natural_width (self->tensors) <= width;
}

static void
esp_tree_foot_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  EspTreeFoot *self = ESP_TREE_FOOT (widget);
  int first_minimum, first_natural;

  gtk_widget_measure (self->elements, orientation, -1, &first_minimum, &first_natural, NULL, NULL);
  gtk_widget_measure (self->tensors, orientation, -1, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MAX (*minimum, first_minimum);
      *natural += first_natural + GAP;
      return;
    }
  if (for_size >= 0 && !is_one_line (self, for_size))
    *natural += first_natural;
  else
    *natural = MAX (*natural, first_natural);
  *minimum = *natural;
}

static void
esp_tree_foot_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspTreeFoot *self = ESP_TREE_FOOT (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int first = natural_width (self->elements);
  int second = natural_width (self->tensors);
  GtkAllocation area = { 0, 0, width, height };

  if (!is_one_line (self, width))
    {
      area.height = height / 2;
      gtk_widget_size_allocate (self->elements, &area, -1);
      area.y = area.height;
      gtk_widget_size_allocate (self->tensors, &area, -1);
      return;
    }
  area.width = first;
  area.x = mirrored ? width - first : 0;
  gtk_widget_size_allocate (self->elements, &area, -1);
  area.width = second;
  area.x = mirrored ? 0 : width - second;
  gtk_widget_size_allocate (self->tensors, &area, -1);
}

static GtkSizeRequestMode
esp_tree_foot_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
esp_tree_foot_dispose (GObject *object)
{
  EspTreeFoot *self = ESP_TREE_FOOT (object);

  g_clear_pointer (&self->elements, gtk_widget_unparent);
  g_clear_pointer (&self->tensors, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_tree_foot_parent_class)->dispose (object);
}

static void
esp_tree_foot_class_init (EspTreeFootClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_tree_foot_dispose;
  widget_class->measure = esp_tree_foot_measure;
  widget_class->size_allocate = esp_tree_foot_size_allocate;
  widget_class->get_request_mode = esp_tree_foot_get_request_mode;
  gtk_widget_class_set_css_name (widget_class, "treefoot");
}

static GtkWidget *
add_label (EspTreeFoot *self)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_parent (label, GTK_WIDGET (self));
  return label;
}

static void
esp_tree_foot_init (EspTreeFoot *self)
{
  self->elements = add_label (self);
  self->tensors = add_label (self);
}

GtkWidget *
esp_tree_foot_new (void)
{
  return g_object_new (ESP_TYPE_TREE_FOOT, NULL);
}

static void
set_text (GtkWidget *label, const char *text)
{
  gtk_label_set_text (GTK_LABEL (label), text);
  gtk_widget_set_tooltip_text (label, text);
}

void
esp_tree_foot_set_document (EspTreeFoot *self, EspDocument *document)
{
  EspTree *tree = esp_document_get_tree (document);
  g_autofree char *elements = esp_tree_foot_dup_elements (tree);
  g_autofree char *tensors = esp_tree_foot_dup_tensors (tree);

  g_return_if_fail (ESP_IS_TREE_FOOT (self));

  set_text (self->elements, elements);
  set_text (self->tensors, tensors);
}
