/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Up to 2048 points from the trainer, shown anew some twenty times a second. A batch of two is
 * noise, so the trend is drawn over it. */

#include "config.h"

#include "esp-loss-panel.h"
#include "esp-plot.h"
#include "esp-style.h"
#include "esp-view-taker.h"

#include <glib/gi18n.h>
#include <math.h>

/* the running mean covers an epoch, or this part of all steps if that is more */
/* of a picture that is taken away, at least */
#define PICTURE_WIDTH 640
#define PICTURE_HEIGHT 320
#define SPANS 100

struct _EspLossPanel
{
  GtkBox parent_instance;

  GtkWidget *plot;
  GtkWidget *take;
  GtkWidget *figures;
  GtkWidget *loss_name;
  GtkWidget *loss_label;
  GtkWidget *mean_label;
  GtkWidget *accuracy_title;
  GtkWidget *accuracy_label;
  GtkWidget *test_swatch;
  GtkWidget *test_title;
  GtkWidget *test_label;
};

G_DEFINE_FINAL_TYPE (EspLossPanel, esp_loss_panel, GTK_TYPE_BOX)

static const char *
brief_loss (const char *name)
{
  if (g_str_equal (name, "MSELoss"))
    return _ ("Mean squared error");
  if (g_str_equal (name, "CrossEntropyLoss"))
    return _ ("Cross-entropy");
  return name;
}

guint64
esp_loss_panel_count_batches (EspNetwork *network)
{
  guint64 batch = MAX (esp_network_get_batch_size (network), 1);

  return MAX ((esp_network_get_n_examples (network) + batch - 1) / batch, 1);
}

/* loss and accuracy over the examples that it isn't trained with */
static void
show_test (EspLossPanel *self, EspNetwork *network, EspSnapshot *snapshot)
{
  double loss = esp_snapshot_get_test_loss (snapshot);
  double accuracy = esp_snapshot_get_test_accuracy (snapshot);
  g_autofree char *value = esp_number_format_value (loss, 4);
  g_autofree char *share = isnan (accuracy) ? NULL : esp_number_format_percent (accuracy);
  /* TRANSLATORS: a loss and an accuracy */
  g_autofree char *both = share ? g_strdup_printf (_ ("%s, %s"), value, share) : g_strdup (value);
  gboolean there = esp_network_get_n_tests (network) > 0;

  gtk_label_set_text (GTK_LABEL (self->test_label), isnan (loss) ? "–" : both);
  gtk_widget_set_visible (self->test_label, there);
  gtk_widget_set_visible (self->test_title, there);
  gtk_widget_set_visible (self->test_swatch, there);
}

static void
show_figures (EspLossPanel *self, EspNetwork *network, EspSnapshot *snapshot)
{
  double loss = esp_snapshot_get_loss (snapshot);
  double accuracy = esp_snapshot_get_accuracy (snapshot);
  g_autofree char *loss_text = isnan (loss) && esp_snapshot_get_step (snapshot) == 0
                                   ? g_strdup ("–")
                                   : esp_number_format_value (loss, 4);
  g_autofree char *accuracy_text = isnan (accuracy) ? g_strdup ("–")
                                                    : esp_number_format_percent (accuracy);

  gtk_label_set_text (GTK_LABEL (self->loss_label), loss_text);
  gtk_label_set_text (GTK_LABEL (self->accuracy_label), accuracy_text);
  gtk_widget_set_visible (self->accuracy_label, esp_network_is_classifier (network));
  gtk_widget_set_visible (self->accuracy_title, esp_network_is_classifier (network));
  show_test (self, network, snapshot);
}

/* mean over the last @span steps at each point; a point stands for the steps since the one before.
 * Summed anew for each, since a running sum keeps the rounding of losses that are long gone. */
static void
average (const double *steps, const double *losses, guint n, double span, double *means)
{
  for (guint i = 0; i < n; i++)
    {
      double sum = 0, weight = 0;

      for (guint j = i + 1; j > 0 && steps[i] - steps[j - 1] < span; j--)
        {
          double width = steps[j - 1] - (j > 1 ? steps[j - 2] : 0);

          sum += losses[j - 1] * width;
          weight += width;
        }
      means[i] = weight > 0 ? sum / weight : losses[i];
    }
}

/* a logarithmic axis has no place for 0, which a loss rounds to when nothing is left to learn: it
 * is drawn at the smallest loss above */
static void
lift_zeros (double *losses, guint n)
{
  double smallest = INFINITY;

  for (guint i = 0; i < n; i++)
    if (losses[i] > 0)
      smallest = MIN (smallest, losses[i]);
  for (guint i = 0; i < n && isfinite (smallest); i++)
    if (losses[i] <= 0)
      losses[i] = smallest;
}

static void
show_mean (EspLossPanel *self, const double *means, guint n)
{
  g_autofree char *text = n > 0 ? esp_number_format_value (means[n - 1], 4) : g_strdup ("–");

  gtk_label_set_text (GTK_LABEL (self->mean_label), text);
}

static void
to_doubles (const guint64 *counts, guint n, double *out)
{
  for (guint i = 0; i < n; i++)
    out[i] = (double) counts[i];
}

/* runs that left this one, or that it left: faint */
static void
add_other_runs (EspLossPanel *self, EspTrainer *trainer)
{
  EspTimeline timeline;

  esp_trainer_get_timeline (trainer, &timeline);
  for (guint branch = 0; branch < timeline.n_branches; branch++)
    {
      g_autofree guint64 *counts = NULL;
      g_autofree double *losses = NULL;
      g_autofree double *steps = NULL;
      g_autofree char *name = g_strdup_printf (_ ("Run %u"), branch + 1);
      guint n = 0;

      if (branch == timeline.branch)
        continue;
      esp_trainer_get_branch_curve (trainer, branch, &counts, &losses, &n);
      steps = g_new (double, n);
      to_doubles (counts, n, steps);
      lift_zeros (losses, n);
      esp_plot_add_curve (ESP_PLOT (self->plot), name, "view_fg_color", 0.25, steps, losses, n);
    }
}

static void
add_test (EspLossPanel *self, EspTrainer *trainer)
{
  g_autofree guint64 *counts = NULL;
  g_autofree double *losses = NULL;
  g_autofree double *steps = NULL;
  guint n = 0;

  esp_trainer_get_test_curve (trainer, &counts, &losses, &n);
  if (n == 0)
    return;
  steps = g_new (double, n);
  to_doubles (counts, n, steps);
  lift_zeros (losses, n);
  esp_plot_add_curve (ESP_PLOT (self->plot), _ ("Loss over the test examples"), "esp_curve_test", 1,
                      steps, losses, n);
}

/* a line at the step that is shown, when it isn't the last */
static void
add_cursor (EspLossPanel *self, EspTrainer *trainer, const double *losses, guint n)
{
  EspTimeline timeline;
  double x[2], y[2] = { INFINITY, 0 };

  esp_trainer_get_timeline (trainer, &timeline);
  if (timeline.step >= timeline.head || n == 0)
    return;
  for (guint i = 0; i < n; i++)
    {
      y[0] = isfinite (losses[i]) ? fmin (y[0], losses[i]) : y[0];
      y[1] = isfinite (losses[i]) ? fmax (y[1], losses[i]) : y[1];
    }
  x[0] = x[1] = (double) timeline.step;
  if (isfinite (y[0]))
    esp_plot_add_curve (ESP_PLOT (self->plot), _ ("The step that is shown"), "view_fg_color", 0.6,
                        x, y, 2);
}

static void
show_curve (EspLossPanel *self, EspTrainer *trainer)
{
  g_autofree guint64 *counts = NULL;
  g_autofree double *losses = NULL;
  g_autofree double *steps = NULL;
  g_autofree double *means = NULL;
  double span;
  guint n = 0;

  esp_trainer_get_curve (trainer, &counts, &losses, &n);
  steps = g_new (double, n);
  means = g_new (double, n);
  to_doubles (counts, n, steps);
  span = fmax ((double) esp_loss_panel_count_batches (esp_trainer_get_network (trainer)),
               n > 0 ? steps[n - 1] / SPANS : 0);
  average (steps, losses, n, span, means);
  show_mean (self, means, n);
  lift_zeros (losses, n);
  lift_zeros (means, n);
  esp_plot_clear (ESP_PLOT (self->plot));
  add_other_runs (self, trainer);
  add_cursor (self, trainer, losses, n);
  esp_plot_add_curve (ESP_PLOT (self->plot), _ ("Loss of each batch"), "esp_curve_train", 0.35,
                      steps, losses, n);
  add_test (self, trainer);
  esp_plot_add_curve (ESP_PLOT (self->plot), _ ("Running mean of the loss"), "esp_curve_train", 1,
                      steps, means, n);
}

static void
draw (cairo_t *cr, int width, int height, gpointer data)
{
  esp_plot_paint (ESP_PLOT (data), cr, width, height, _ ("Loss over the steps"));
}

static void
on_take (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspLossPanel *self = ESP_LOSS_PANEL (widget);
  EspDrawing drawing = { .width = MAX (gtk_widget_get_width (self->plot), PICTURE_WIDTH),
                         .height = MAX (gtk_widget_get_height (self->plot), PICTURE_HEIGHT),
                         .draw = draw,
                         .data = self->plot,
                         .palette = esp_style_get_palette () };
  g_autofree char *csv = esp_plot_dup_csv (ESP_PLOT (self->plot));

  esp_view_taker_take_drawing (widget, "loss", &drawing, csv,
                               g_str_equal (name, "loss.save-picture")  ? ESP_TAKE_PICTURE
                               : g_str_equal (name, "loss.save-values") ? ESP_TAKE_VALUES
                                                                        : ESP_TAKE_COPY);
}

static void
esp_loss_panel_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_LOSS_PANEL);
  G_OBJECT_CLASS (esp_loss_panel_parent_class)->dispose (object);
}

static void
esp_loss_panel_class_init (EspLossPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_loss_panel_dispose;
  g_type_ensure (ESP_TYPE_PLOT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-loss-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, plot);
  gtk_widget_class_install_action (widget_class, "loss.save-picture", NULL, on_take);
  gtk_widget_class_install_action (widget_class, "loss.save-values", NULL, on_take);
  gtk_widget_class_install_action (widget_class, "loss.copy-picture", NULL, on_take);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, take);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, figures);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, loss_name);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, loss_label);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, mean_label);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, accuracy_title);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, accuracy_label);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, test_swatch);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, test_title);
  gtk_widget_class_bind_template_child (widget_class, EspLossPanel, test_label);
}

static void
esp_loss_panel_init (EspLossPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->plot), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Loss curve"), -1);
}

void
esp_loss_panel_show (EspLossPanel *self, EspTrainer *trainer, EspSnapshot *snapshot)
{
  EspNetwork *network = esp_trainer_get_network (trainer);

  g_return_if_fail (ESP_IS_LOSS_PANEL (self));

  gtk_label_set_text (GTK_LABEL (self->loss_name),
                      brief_loss (esp_network_get_loss_name (network)));
  show_figures (self, network, snapshot);
  show_curve (self, trainer);
}

void
esp_loss_panel_set_compact (EspLossPanel *self, gboolean compact)
{
  g_return_if_fail (ESP_IS_LOSS_PANEL (self));

  gtk_widget_set_visible (self->figures, !compact);
  gtk_widget_set_visible (self->take, !compact);
}
