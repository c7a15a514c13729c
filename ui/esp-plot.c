/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A curve of at most some thousand points, drawn anew on each frame that it grew in. */

#include "config.h"

#include "esp-plot.h"
#include "esp-style.h"

#include <glib/gi18n.h>

#define MIN_WIDTH 160
#define MIN_HEIGHT 72

typedef struct
{
  char *name;
  char *color;
  double opacity;
  double *x, *y; /* (n) */
  guint n;
  double width;
  gboolean dashed;
} EspPlotCurve;

struct _EspPlot
{
  GtkWidget parent_instance;

  GArray *curves; /* EspPlotCurve */
  gboolean log_y;
  char *placeholder;
};

enum
{
  PROP_0,
  PROP_LOG_Y,
  PROP_PLACEHOLDER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspPlot, esp_plot, GTK_TYPE_WIDGET)

static void
esp_plot_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : MIN_HEIGHT;
  *natural = *minimum;
}

static guint32
resolve_color (EspPlot *self, const EspPlotCurve *curve, guint32 fallback)
{
  guint32 color = esp_style_get_color (GTK_WIDGET (self), curve->color, fallback);

  return (color & 0xffffff) | (guint32) (curve->opacity * 255 + 0.5) << 24;
}

static void
snapshot_placeholder (EspPlot *self, GtkSnapshot *snapshot, int width, int height)
{
  g_autoptr (PangoLayout)
      layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), self->placeholder);
  GdkRGBA color;
  int text_width, text_height;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  pango_layout_set_width (layout, width * PANGO_SCALE);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, &text_width, &text_height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (0, (float) (height - text_height) / 2));
  gtk_snapshot_append_layout (snapshot, layout, &color);
  gtk_snapshot_restore (snapshot);
}

/* those that have points, as the painter takes them; returns how many */
static guint
collect_curves (EspPlot *self, EspCurve *curves)
{
  const EspPalette *palette = esp_style_get_palette ();
  guint n = 0;

  for (guint i = 0; i < self->curves->len; i++)
    {
      const EspPlotCurve *curve = &g_array_index (self->curves, EspPlotCurve, i);

      if (curve->n > 0)
        curves[n++] = (EspCurve) { .name = curve->name,
                                   .x = curve->x,
                                   .y = curve->y,
                                   .n = curve->n,
                                   .color = resolve_color (self, curve, palette->accent),
                                   .width = curve->width,
                                   .dashed = curve->dashed };
    }
  return n;
}

static void
esp_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspPlot *self = ESP_PLOT (widget);
  const EspPalette *palette = esp_style_get_palette ();
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);
  g_autofree EspCurve *curves = g_new0 (EspCurve, MAX (self->curves->len, 1));
  guint n;
  cairo_t *cr;

  if (width <= 0 || height <= 0)
    return;
  n = collect_curves (self, curves);
  if (n == 0 && self->placeholder)
    {
      snapshot_placeholder (self, snapshot, width, height);
      return;
    }
  cr = esp_style_append_cairo (widget, snapshot);
  esp_draw_plot (cr, width, height, curves, n, self->log_y, palette);
  cairo_destroy (cr);
}

static void
esp_plot_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_Y:
      g_value_set_boolean (value, ESP_PLOT (object)->log_y);
      break;
    case PROP_PLACEHOLDER:
      g_value_set_string (value, ESP_PLOT (object)->placeholder);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_plot_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_LOG_Y:
      esp_plot_set_log_y (ESP_PLOT (object), g_value_get_boolean (value));
      break;
    case PROP_PLACEHOLDER:
      g_free (ESP_PLOT (object)->placeholder);
      ESP_PLOT (object)->placeholder = g_value_dup_string (value);
      gtk_widget_queue_draw (GTK_WIDGET (object));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
clear_curve (gpointer data)
{
  EspPlotCurve *curve = data;

  g_free (curve->name);
  g_free (curve->color);
  g_free (curve->x);
  g_free (curve->y);
}

static void
esp_plot_finalize (GObject *object)
{
  g_array_unref (ESP_PLOT (object)->curves);
  g_free (ESP_PLOT (object)->placeholder);
  G_OBJECT_CLASS (esp_plot_parent_class)->finalize (object);
}

static void
esp_plot_class_init (EspPlotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_plot_get_property;
  object_class->set_property = esp_plot_set_property;
  object_class->finalize = esp_plot_finalize;
  widget_class->measure = esp_plot_measure;
  widget_class->snapshot = esp_plot_snapshot;
  gtk_widget_class_set_css_name (widget_class, "plot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  properties[PROP_LOG_Y] = g_param_spec_boolean ("log-y", NULL, NULL, FALSE,
                                                 G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                     G_PARAM_STATIC_STRINGS);
  properties[PROP_PLACEHOLDER] = g_param_spec_string ("placeholder", NULL, NULL, NULL,
                                                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_plot_init (EspPlot *self)
{
  self->curves = g_array_new (FALSE, FALSE, sizeof (EspPlotCurve));
  g_array_set_clear_func (self->curves, clear_curve);
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_plot_new (void)
{
  return g_object_new (ESP_TYPE_PLOT, NULL);
}

void
esp_plot_set_log_y (EspPlot *self, gboolean log_y)
{
  g_return_if_fail (ESP_IS_PLOT (self));

  log_y = !!log_y;
  if (self->log_y == log_y)
    return;
  self->log_y = log_y;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_Y]);
}

/* first and last value in words */
static void
describe (EspPlot *self, const EspPlotCurve *curve)
{
  g_autofree char *first = NULL;
  g_autofree char *last = NULL;
  g_autofree char *step = NULL;
  g_autofree char *text = NULL;

  if (curve->n == 0)
    {
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      _ ("No steps yet"), -1);
      return;
    }
  first = esp_number_format_value (curve->y[0], 3);
  last = esp_number_format_value (curve->y[curve->n - 1], 3);
  step = esp_number_format_count ((guint64) curve->x[curve->n - 1]);
  /* TRANSLATORS: a curve in words: its name, first value, value now, step */
  text = g_strdup_printf (_ ("%s: from %s to %s at step %s"), curve->name, first, last, step);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

void
esp_plot_clear (EspPlot *self)
{
  g_return_if_fail (ESP_IS_PLOT (self));

  g_array_set_size (self->curves, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
esp_plot_add_curve (EspPlot *self,
                    const char *name,
                    const char *color,
                    double opacity,
                    const double *x,
                    const double *y,
                    guint n)
{
  EspPlotCurve curve = { .name = g_strdup (name),
                         .color = g_strdup (color),
                         .opacity = opacity,
                         .n = n };

  g_return_if_fail (ESP_IS_PLOT (self));

  curve.x = g_memdup2 (x, n * sizeof *x);
  curve.y = g_memdup2 (y, n * sizeof *y);
  g_array_append_val (self->curves, curve);
  describe (self, &curve);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
esp_plot_set_line (EspPlot *self, double width, gboolean dashed)
{
  EspPlotCurve *last;

  g_return_if_fail (ESP_IS_PLOT (self) && self->curves->len > 0);

  last = &g_array_index (self->curves, EspPlotCurve, self->curves->len - 1);
  last->width = width;
  last->dashed = dashed;
}

void
esp_plot_paint (EspPlot *self, cairo_t *cr, int width, int height, const char *title)
{
  g_autofree EspCurve *curves = NULL;

  g_return_if_fail (ESP_IS_PLOT (self));

  curves = g_new0 (EspCurve, MAX (self->curves->len, 1));
  esp_draw_plot_figure (cr, width, height, title, curves, collect_curves (self, curves),
                        self->log_y, esp_style_get_palette ());
}

char *
esp_plot_dup_csv (EspPlot *self)
{
  GString *text = g_string_new ("curve,x,y\n");
  char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

  g_return_val_if_fail (ESP_IS_PLOT (self), NULL);

  for (guint i = 0; i < self->curves->len; i++)
    {
      const EspPlotCurve *curve = &g_array_index (self->curves, EspPlotCurve, i);
      g_auto (GStrv) parts = g_strsplit (curve->name, "\"", -1);
      g_autofree char *name = g_strjoinv ("\"\"", parts);

      for (guint k = 0; k < curve->n; k++)
        g_string_append_printf (text, "\"%s\",%s,%s\n", name,
                                g_ascii_formatd (x, sizeof x, "%.17g", curve->x[k]),
                                g_ascii_formatd (y, sizeof y, "%.9g", curve->y[k]));
    }
  return g_string_free (text, FALSE);
}
