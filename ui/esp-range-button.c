/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scale and range of a look. The entries always say the range of now, so that one end can be typed
 * and the other left; what is no number is told below them. */

#include "config.h"

#include "esp-range-button.h"

#include "esp-cell-editor.h"

#include <glib/gi18n.h>
#include <math.h>

/* items of the drop-down */
static const EspRangeKind kinds[] = { ESP_RANGE_PERCENTILES, ESP_RANGE_MIN_MAX, ESP_RANGE_TYPED };

struct _EspRangeButton
{
  AdwBin parent_instance;

  /* template */
  GtkMenuButton *button;
  GtkWidget *popover;
  GtkDropDown *scale, *range;
  GtkWidget *threshold_label, *low_label, *high_label;
  GtkEntry *threshold, *lo, *hi;
  GtkSpinButton *low, *high;
  GtkCheckButton *symmetric;
  GtkLabel *problem;

  /* owned */
  EspView *view;

  /* state */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (EspRangeButton, esp_range_button, ADW_TYPE_BIN)

static const char *const scale_titles[ESP_N_SCALES] = { N_ ("Linear"), N_ ("Symlog"), N_ ("Log"),
                                                        N_ ("Sqrt"), N_ ("Rank") };

static EspLook *
get_look (EspRangeButton *self)
{
  return self->view != NULL ? esp_view_get_look (self->view) : NULL;
}

static void
show_problem (EspRangeButton *self, const char *problem, gboolean wrong)
{
  gtk_label_set_label (self->problem, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), problem != NULL);
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self->problem), "danger-text");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->problem), "danger-text");
}

static void
set_number (GtkEntry *entry, double value)
{
  g_autofree char *text = esp_number_format_all (value, TRUE);

  /* not under the hands of somebody who types */
  if (!gtk_widget_has_focus (GTK_WIDGET (gtk_editable_get_delegate (GTK_EDITABLE (entry)))))
    gtk_editable_set_text (GTK_EDITABLE (entry), text);
}

static void
update_fields (EspRangeButton *self)
{
  EspLook *look = get_look (self);
  const EspNorm *norm = esp_view_get_norm (self->view);
  EspScale scale = esp_look_get_scale (look);
  double lo, hi, low, high;
  gboolean typed = esp_look_get_typed (look, &lo, &hi);
  gboolean percentiles = !typed && esp_look_get_range (look) == ESP_RANGE_PERCENTILES;

  gtk_drop_down_set_selected (self->scale, scale);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i] == esp_look_get_range (look))
      gtk_drop_down_set_selected (self->range, i);
  esp_look_get_percentiles (look, &low, &high);
  gtk_spin_button_set_value (self->low, low);
  gtk_spin_button_set_value (self->high, high);
  gtk_check_button_set_active (self->symmetric, esp_look_get_symmetric (look));
  gtk_widget_set_sensitive (GTK_WIDGET (self->symmetric), !typed);
  gtk_widget_set_sensitive (GTK_WIDGET (self->range), scale != ESP_SCALE_RANK);
  gtk_widget_set_visible (self->threshold_label, scale == ESP_SCALE_SYMLOG);
  gtk_widget_set_visible (GTK_WIDGET (self->threshold), scale == ESP_SCALE_SYMLOG);
  gtk_widget_set_visible (self->low_label, percentiles);
  gtk_widget_set_visible (GTK_WIDGET (self->low), percentiles);
  gtk_widget_set_visible (self->high_label, percentiles);
  gtk_widget_set_visible (GTK_WIDGET (self->high), percentiles);
  if (norm == NULL)
    return;
  set_number (self->lo, norm->lo);
  set_number (self->hi, norm->hi);
  set_number (self->threshold, norm->threshold);
  show_problem (self,
                scale == ESP_SCALE_LOG && norm->lo <= 0
                    ? _ ("Values of 0 and below have no logarithm: they get the lowest colour.")
                    : NULL,
                FALSE);
}

static void
update (EspRangeButton *self)
{
  const EspNorm *norm = esp_view_get_norm (self->view);
  EspScale scale = esp_look_get_scale (get_look (self));
  gboolean fixed = norm != NULL && norm->kind == ESP_COLORMAP_CYCLIC;

  gtk_menu_button_set_label (self->button, fixed ? _ ("−π to π") : _ (scale_titles[scale]));
  gtk_widget_set_sensitive (GTK_WIDGET (self->button), !fixed);
  if (!gtk_widget_get_visible (self->popover))
    return;
  self->updating = TRUE;
  update_fields (self);
  self->updating = FALSE;
}

static void
on_scale (EspRangeButton *self)
{
  if (!self->updating && get_look (self) != NULL)
    esp_look_set_scale (get_look (self), (EspScale) gtk_drop_down_get_selected (self->scale));
}

static void
on_range (EspRangeButton *self)
{
  guint item = gtk_drop_down_get_selected (self->range);
  const EspNorm *norm;

  if (self->updating || self->view == NULL)
    return;

  norm = esp_view_get_norm (self->view);
  if (item < G_N_ELEMENTS (kinds) && kinds[item] != ESP_RANGE_TYPED)
    esp_look_set_range (get_look (self), kinds[item]);
  else if (norm != NULL && norm->lo < norm->hi)
    esp_look_set_typed (get_look (self), norm->lo, norm->hi);
}

static void
on_percentiles (EspRangeButton *self)
{
  if (!self->updating && get_look (self) != NULL)
    esp_look_set_percentiles (get_look (self), gtk_spin_button_get_value (self->low),
                              gtk_spin_button_get_value (self->high));
}

static void
on_symmetric (EspRangeButton *self)
{
  if (!self->updating && get_look (self) != NULL)
    esp_look_set_symmetric (get_look (self), gtk_check_button_get_active (self->symmetric));
}

/* FALSE, and said, if it is none */
static gboolean
read_number (EspRangeButton *self, GtkEntry *entry, double *value)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (entry));
  g_autofree char *problem = NULL;

  if (esp_cell_editor_parse (text, value) && isfinite (*value))
    {
      gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
      return TRUE;
    }
  gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
  problem = g_strdup_printf (_ ("“%s” is not a number."), text);
  show_problem (self, problem, TRUE);
  return FALSE;
}

static void
on_typed (EspRangeButton *self)
{
  double lo, hi;

  if (get_look (self) == NULL || !read_number (self, self->lo, &lo) ||
      !read_number (self, self->hi, &hi))
    return;
  if (lo == hi)
    {
      show_problem (self, _ ("The two ends have to differ."), TRUE);
      return;
    }
  show_problem (self, NULL, FALSE);
  esp_look_set_typed (get_look (self), fmin (lo, hi), fmax (lo, hi));
}

static void
on_threshold (EspRangeButton *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->threshold));
  double threshold = 0;

  if (get_look (self) == NULL ||
      (*text != '\0' && !read_number (self, self->threshold, &threshold)))
    return;
  if (threshold < 0)
    {
      show_problem (self, _ ("A distance from 0 can’t be negative."), TRUE);
      return;
    }
  show_problem (self, NULL, FALSE);
  esp_look_set_threshold (get_look (self), threshold);
}

static void
esp_range_button_dispose (GObject *object)
{
  EspRangeButton *self = ESP_RANGE_BUTTON (object);

  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  adw_bin_set_child (ADW_BIN (self), NULL); /* which the bin would let go a second time */
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_RANGE_BUTTON);
  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_range_button_parent_class)->dispose (object);
}

static void
esp_range_button_class_init (EspRangeButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_range_button_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-range-button.ui");
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, button);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, popover);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, scale);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, threshold_label);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, threshold);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, range);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, low_label);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, low);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, high_label);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, high);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, lo);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, hi);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, symmetric);
  gtk_widget_class_bind_template_child (widget_class, EspRangeButton, problem);
  gtk_widget_class_bind_template_callback (widget_class, on_scale);
  gtk_widget_class_bind_template_callback (widget_class, on_range);
  gtk_widget_class_bind_template_callback (widget_class, on_percentiles);
  gtk_widget_class_bind_template_callback (widget_class, on_symmetric);
  gtk_widget_class_bind_template_callback (widget_class, on_typed);
  gtk_widget_class_bind_template_callback (widget_class, on_threshold);
}

static void
esp_range_button_init (EspRangeButton *self)
{
  self->updating = TRUE; /* the template sets things */
  gtk_widget_init_template (GTK_WIDGET (self));
  self->updating = FALSE;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Scale and range"), -1);
}

GtkWidget *
esp_range_button_new (void)
{
  return g_object_new (ESP_TYPE_RANGE_BUTTON, NULL);
}

void
esp_range_button_set_view (EspRangeButton *self, EspView *view)
{
  g_return_if_fail (ESP_IS_RANGE_BUTTON (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->popover, "notify::visible", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
}
