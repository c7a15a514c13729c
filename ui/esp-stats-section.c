/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A scan goes through the whole tensor: some GB for the largest, so it runs in a worker, can be
 * cancelled and never runs twice at the same time for one section. A live network's tensors are
 * small and change several times a second: they are scanned on the spot.
 */

#include "config.h"

#include "esp-stats-section.h"
#include "esp-histogram.h"

#include <glib/gi18n.h>

/* elements that are scanned on the spot: under a millisecond */
#define SMALL 65536
/* a scan that takes longer than this shows that it runs, in ms */
#define PATIENCE 150
/* significant digits */
#define DIGITS 4

enum
{
  STAT_MIN,
  STAT_MAX,
  STAT_MEAN,
  STAT_STD,
  STAT_L2,
  STAT_ZEROS,
  STAT_NANS,
  STAT_INFS,
  N_STATS
};

static const char *const stat_names[N_STATS] = {
  [STAT_MIN] = N_ ("Min"),  [STAT_MAX] = N_ ("Max"),  [STAT_MEAN] = N_ ("Mean"),
  [STAT_STD] = N_ ("Std"),  [STAT_L2] = N_ ("L2"),    [STAT_ZEROS] = N_ ("Zeros"),
  [STAT_NANS] = N_ ("NaN"), [STAT_INFS] = N_ ("Inf"),
};

struct _EspStatsSection
{
  EspSection parent_instance;

  GtkWidget *caption;
  GtkWidget *spinner;
  GtkWidget *card;
  GtkWidget *histogram_box;
  GtkWidget *histogram;
  GtkWidget *cells[N_STATS];
  GtkWidget *values[N_STATS];

  GtkWidget *scopes;
  GtkToggleButton *whole, *row, *column;

  GSignalGroup *session;     /* whose cell is followed */
  EspTensor *tensor;         /* what the figures are of, or will be; NULL none */
  EspTensor *strip_of;       /* where that is a row or column: of this, or NULL */
  gint64 strip_cell;         /* a cell of it */
  GCancellable *cancellable; /* of the scan that runs, else NULL */
  guint patience;            /* source */
};

G_DEFINE_FINAL_TYPE (EspStatsSection, esp_stats_section, ESP_TYPE_SECTION)

static char *
format_stat (const EspStatsValues *values, guint stat)
{
  switch (stat)
    {
    case STAT_MIN:
      return esp_number_format_value (values->min, DIGITS);
    case STAT_MAX:
      return esp_number_format_value (values->max, DIGITS);
    case STAT_MEAN:
      return esp_number_format_value (values->mean, DIGITS);
    case STAT_STD:
      return esp_number_format_value (values->std, DIGITS);
    case STAT_L2:
      return esp_number_format_value (values->l2, DIGITS);
    case STAT_ZEROS:
      return esp_number_format_count (values->zeros);
    case STAT_NANS:
      return esp_number_format_count (values->nans);
    case STAT_INFS:
    default:
      return esp_number_format_count (values->infs);
    }
}

/* whether this count is bad news; its figure then stands out, and findings say it in words */
static gboolean
is_alarming (const EspStatsValues *values, guint stat)
{
  return (stat == STAT_NANS && values->nans > 0) || (stat == STAT_INFS && values->infs > 0);
}

static void
set_figure (EspStatsSection *self, guint stat, const char *text, gboolean alarming)
{
  g_autofree char *spoken = NULL;

  if (alarming)
    gtk_widget_add_css_class (self->values[stat], "danger-text");
  else
    gtk_widget_remove_css_class (self->values[stat], "danger-text");
  if (g_str_equal (gtk_label_get_text (GTK_LABEL (self->values[stat])), text))
    return;
  gtk_label_set_text (GTK_LABEL (self->values[stat]), text);
  spoken = g_strdup_printf (_ ("%s: %s"), _ (stat_names[stat]), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->cells[stat]), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  spoken, -1);
}

static void
stop_patience (EspStatsSection *self)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  gtk_spinner_stop (GTK_SPINNER (self->spinner));
  gtk_widget_set_visible (self->spinner, FALSE);
}

static void
set_caption (EspStatsSection *self, const char *text)
{
  gtk_label_set_text (GTK_LABEL (self->caption), text);
  /* GTK 4.8 wants more room for a label that is empty and may be cut than it says it would like */
  gtk_widget_set_visible (self->caption, *text != '\0');
  gtk_widget_set_tooltip_text (self->caption, *text ? text : NULL);
}

static void
show_stats (EspStatsSection *self, EspStats *stats)
{
  const EspStatsValues *values = esp_stats_get_values (stats);
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (self->tensor))->kind;

  for (guint i = 0; i < N_STATS; i++)
    {
      g_autofree char *text = format_stat (values, i);

      set_figure (self, i, text, is_alarming (values, i));
    }
  set_caption (self, kind == ESP_KIND_COMPLEX ? _ ("over real and imaginary parts") : "");
  gtk_widget_set_visible (self->card, TRUE);
  gtk_widget_set_visible (self->histogram_box, values->finite > 0);
  esp_histogram_set_stats (ESP_HISTOGRAM (self->histogram), stats);
}

static void
show_nothing (EspStatsSection *self, const char *caption)
{
  for (guint i = 0; i < N_STATS; i++)
    set_figure (self, i, "", FALSE);
  set_caption (self, caption);
  esp_histogram_set_stats (ESP_HISTOGRAM (self->histogram), NULL);
}

static void
show_refusal (EspStatsSection *self, const char *message)
{
  show_nothing (self, message);
  gtk_widget_set_visible (self->card, FALSE);
  gtk_widget_set_visible (self->histogram_box, FALSE);
}

static gboolean
on_patience (gpointer user_data)
{
  EspStatsSection *self = user_data;

  self->patience = 0;
  show_nothing (self, _ ("scanning"));
  gtk_widget_set_visible (self->spinner, TRUE);
  gtk_spinner_start (GTK_SPINNER (self->spinner));
  return G_SOURCE_REMOVE;
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspStatsSection) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats_finish (result, &error);

  /* cancelled: another scan, or none, has taken its place */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  stop_patience (self);
  if (stats)
    show_stats (self, stats);
  else
    show_refusal (self, error->message);
}

static void
cancel (EspStatsSection *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  stop_patience (self);
}

/* in memory, and not too much of it */
static gboolean
is_small (EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);

  return storage && esp_storage_peek (storage) && esp_tensor_get_count (tensor) <= SMALL;
}

static void
scan (EspStatsSection *self, EspTensor *tensor)
{
  g_autoptr (EspTensor) old = self->tensor;

  self->tensor = esp_tensor_ref (tensor);
  if (is_small (tensor))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspStats) stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);

      if (stats)
        show_stats (self, stats);
      else
        show_refusal (self, error->message);
      return;
    }
  self->cancellable = g_cancellable_new ();
  self->patience = g_timeout_add (PATIENCE, on_patience, self);
  esp_scan_stats_async (tensor, self->cancellable, on_scanned, g_object_ref (self));
}

/* the row or column that a cell lies in, as the matrix of its last two axes shows them */
static EspTensor *
dup_strip (EspTensor *tensor, gint64 cell, gboolean column)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  g_autofree gint64 *index = g_new0 (gint64, ndim);
  g_autoptr (EspSlice) slice = NULL;

  for (guint axis = ndim; axis-- > 0;)
    {
      gint64 n = MAX (esp_tensor_get_shape (tensor)[axis], 1);

      index[axis] = cell % n;
      cell /= n;
    }
  slice = esp_slice_new_matrix (ndim, -1, (int) (column ? ndim - 2 : ndim - 1), index);
  return esp_slice_apply_matrix (slice, tensor, NULL);
}

/* a cell in a matrix has a row and a column; @strip: whether one of these is chosen */
static gboolean
update_scopes (EspStatsSection *self, EspSession *session, EspTensor *tensor)
{
  gboolean possible = tensor && esp_tensor_get_ndim (tensor) >= 2 &&
                      !esp_tensor_get_error (tensor) && esp_session_get_cell (session) >= 0;

  gtk_widget_set_visible (self->scopes, possible);
  return possible && !gtk_toggle_button_get_active (self->whole);
}

/* TRUE if the figures are of this strip already */
static gboolean
has_strip (EspStatsSection *self, EspTensor *of, gint64 cell)
{
  return self->strip_of == of && self->strip_cell == cell;
}

static void
esp_stats_section_show (EspSection *section, EspSession *session)
{
  EspStatsSection *self = ESP_STATS_SECTION (section);
  EspTensor *tensor = esp_section_get_tensor (session);
  EspPlace *place = esp_session_get_selection (session);
  gboolean is_leaf = place && esp_place_get_parameter (place);
  g_autoptr (EspTensor) strip = NULL;

  g_signal_group_set_target (self->session, session);
  if (update_scopes (self, session, tensor))
    {
      gint64 cell = esp_session_get_cell (session);

      if (has_strip (self, tensor, cell))
        return;
      strip = dup_strip (tensor, cell, gtk_toggle_button_get_active (self->column));
      g_clear_pointer (&self->strip_of, esp_tensor_unref);
      self->strip_of = esp_tensor_ref (tensor);
      self->strip_cell = cell;
      if (strip)
        tensor = strip;
    }
  else
    g_clear_pointer (&self->strip_of, esp_tensor_unref);
  if (tensor && tensor == self->tensor)
    return;
  cancel (self);
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  gtk_widget_set_visible (GTK_WIDGET (self), is_leaf);
  if (!is_leaf)
    show_nothing (self, "");
  else if (!tensor)
    show_refusal (self, _ ("no gradient yet"));
  else if (esp_tensor_get_error (tensor))
    show_refusal (self, _ ("the values can’t be read"));
  else
    scan (self, tensor);
}

static void
on_cell (EspStatsSection *self)
{
  g_autoptr (EspSession) session = g_signal_group_dup_target (self->session);

  if (session)
    esp_stats_section_show (ESP_SECTION (self), session);
}

/* each of two buttons that change tells of it */
static void
on_scope (EspStatsSection *self)
{
  g_clear_pointer (&self->strip_of, esp_tensor_unref);
  if (self->session)
    on_cell (self);
}

static void
esp_stats_section_update (EspSection *section, EspSession *session)
{
  EspStatsSection *self = ESP_STATS_SECTION (section);

  /* the next update takes what is then the newest */
  if (!self->cancellable)
    esp_stats_section_show (section, session);
}

static GtkWidget *
create_cell (EspStatsSection *self, guint stat)
{
  GtkWidget *cell = g_object_new (GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_GROUP, NULL);
  GtkWidget *name = gtk_label_new (_ (stat_names[stat]));
  GtkWidget *value = gtk_label_new ("");

  gtk_widget_add_css_class (cell, "stat");
  gtk_widget_add_css_class (name, "second");
  gtk_box_append (GTK_BOX (cell), name);
  gtk_widget_add_css_class (value, "numeric");
  gtk_widget_set_hexpand (value, TRUE);
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_label_set_ellipsize (GTK_LABEL (value), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (cell), value);
  self->cells[stat] = cell;
  self->values[stat] = value;
  return cell;
}

static void
esp_stats_section_dispose (GObject *object)
{
  EspStatsSection *self = ESP_STATS_SECTION (object);

  if (self->spinner)
    cancel (self);
  if (self->session)
    g_signal_group_set_target (self->session, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_STATS_SECTION);
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  g_clear_pointer (&self->strip_of, esp_tensor_unref);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (esp_stats_section_parent_class)->dispose (object);
}

static void
esp_stats_section_class_init (EspStatsSectionClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_stats_section_dispose;
  ESP_SECTION_CLASS (klass)->show = esp_stats_section_show;
  ESP_SECTION_CLASS (klass)->update = esp_stats_section_update;

  g_type_ensure (ESP_TYPE_HISTOGRAM);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-stats-section.ui");
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, caption);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, spinner);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, scopes);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, whole);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, row);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, column);
  gtk_widget_class_bind_template_callback (widget_class, on_scope);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, card);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, histogram_box);
  gtk_widget_class_bind_template_child (widget_class, EspStatsSection, histogram);
}

static void
esp_stats_section_init (EspStatsSection *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->session = g_signal_group_new (ESP_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session, "notify::cell", G_CALLBACK (on_cell), self);
  for (guint i = 0; i < N_STATS; i += 2)
    {
      GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

      gtk_box_set_homogeneous (GTK_BOX (row), TRUE);
      gtk_widget_add_css_class (row, "stat-row");
      gtk_box_append (GTK_BOX (row), create_cell (self, i));
      gtk_box_append (GTK_BOX (row), create_cell (self, i + 1));
      gtk_box_append (GTK_BOX (self->card), row);
    }
}
