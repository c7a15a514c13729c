/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The middle pane: path, choices, the stage (heatmap, histogram, number, sheet or a message) and a
 * status line. It owns the view that its parts draw; what is narrow moves into a menu. */

#include "config.h"

#include "esp-canvas-private.h"

#include "esp-look-bar.h"
#include "esp-stack-hidden.h"

#include <glib/gi18n.h>

/* of the toolbar, as in the template */
#define MARGIN 12
#define SPACING 6
/* below this height the levels shrink */
#define TALL_FROM 600
/* below this width profiles are left out */
#define WIDE_FROM 480

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspCanvas, esp_canvas, GTK_TYPE_WIDGET)

/* what the tensor is, where no cell is meant */
static char *
describe_tensor (EspCanvas *self)
{
  EspTensor *tensor = esp_view_get_tensor (self->view);
  g_autofree char *shape = NULL;

  if (tensor == NULL)
    return NULL;

  shape = esp_number_format_shape (esp_tensor_get_shape (tensor), esp_tensor_get_ndim (tensor));
  return g_markup_printf_escaped ("%s  %s", shape, esp_tensor_get_dtype_name (tensor));
}

static void
update_status (EspCanvas *self)
{
  const char *page = gtk_stack_get_visible_child_name (self->stage);
  const char *jump = self->jumper != NULL ? esp_jumper_get_status (self->jumper) : NULL;
  g_autofree char *status = jump != NULL ? g_markup_escape_text (jump, -1) : NULL;

  if (status != NULL)
    ; /* what was asked for last */
  else if (g_strcmp0 (page, "heatmap") == 0 || g_strcmp0 (page, "values") == 0)
    g_object_get (self->heatmap, "status", &status, NULL);
  else if (g_strcmp0 (page, "sheet") == 0)
    g_object_get (self->sheet, "status", &status, NULL);
  if (status == NULL)
    status = describe_tensor (self);
  gtk_label_set_markup (self->status, status != NULL ? status : "");
}

static void
update_zoom (EspCanvas *self)
{
  g_autofree char *text = NULL;
  double cell;

  g_object_get (self->heatmap, "zoom", &cell, NULL);
  text = cell >= 0.1 ? g_strdup_printf (_ ("%.0f %%"), cell * 100)
                     : g_strdup_printf (_ ("%.2g %%"), cell * 100);
  gtk_label_set_label (self->percent, text);
}

static void
update_histogram (EspCanvas *self)
{
  esp_histogram_set_stats (self->histogram, esp_view_get_stats (self->view));
}

static void
update_scalar (EspCanvas *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *value = NULL;

  if (esp_view_get_kind (self->view) != ESP_VIEW_SCALAR)
    return;
  value = esp_plane_read_cell (esp_view_get_cells (self->view), 0, 0, &error);
  gtk_label_set_label (self->scalar, value != NULL ? value : error->message);
}

/* the choices stand in the toolbar or, below one another, in a menu */
static void
move_choices (EspCanvas *self)
{
  GtkBox *from = self->narrow ? self->wide_choices : self->narrow_choices;
  GtkBox *to = self->narrow ? self->narrow_choices : self->wide_choices;

  gtk_widget_set_visible (self->view_menu, self->narrow && gtk_widget_get_visible (self->choices));
  if (gtk_widget_get_parent (self->choices) == GTK_WIDGET (to))
    return;

  g_object_ref (self->choices);
  gtk_box_remove (from, self->choices);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->choices), self->narrow
                                                                      ? GTK_ORIENTATION_VERTICAL
                                                                      : GTK_ORIENTATION_HORIZONTAL);
  gtk_box_append (to, self->choices);
  g_object_unref (self->choices);
}

static gboolean
on_adapt (gpointer user_data)
{
  EspCanvas *self = user_data;

  self->adapt = 0;
  move_choices (self);
  esp_levels_set_brief (self->levels, self->low);
  esp_heatmap_frame_set_small (self->frame, self->low || self->slim ||
                                                gtk_widget_get_visible (GTK_WIDGET (self->beside)));
  return G_SOURCE_REMOVE;
}

/* widgets can't move while sizes are being given */
static void
adapt_later (EspCanvas *self)
{
  if (self->adapt == 0)
    self->adapt = g_idle_add (on_adapt, self);
}

static const char *
choose_page (EspCanvas *self)
{
  switch (esp_view_get_kind (self->view))
    {
    case ESP_VIEW_MODULE:
      return "sheet";
    case ESP_VIEW_SCALAR:
      return "scalar";
    case ESP_VIEW_MATRIX:
      if (gtk_toggle_button_get_active (self->values_button))
        return "values";
      return gtk_toggle_button_get_active (self->heatmap_button) ? "heatmap" : "histogram";
    case ESP_VIEW_MESSAGE:
      return "message";
    case ESP_VIEW_NOTHING:
    default:
      return "nothing";
    }
}

static void
show_stage (EspCanvas *self)
{
  EspViewKind kind = esp_view_get_kind (self->view);
  const char *page = choose_page (self);
  gboolean heatmap = g_str_equal (page, "heatmap");

  if (kind == ESP_VIEW_MESSAGE)
    {
      const char *details = esp_view_get_details (self->view);
      g_autofree char *escaped = g_markup_escape_text (details != NULL ? details : "", -1);

      adw_status_page_set_title (self->message, esp_view_get_title (self->view));
      adw_status_page_set_description (self->message, escaped);
    }
  gtk_stack_set_visible_child_name (self->stage, page);
  gtk_widget_set_visible (self->views, kind == ESP_VIEW_MATRIX);
  gtk_widget_set_visible (self->zoom, heatmap);
  gtk_widget_set_visible (self->go_to, heatmap || g_str_equal (page, "values"));
  gtk_widget_set_visible (self->take, kind == ESP_VIEW_MATRIX);
  gtk_widget_set_visible (self->choices, heatmap || kind == ESP_VIEW_MODULE);
  adapt_later (self);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-in", heatmap);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-out", heatmap);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "canvas.zoom-fit", heatmap);
  update_status (self);
}

static EspNetwork *
get_network (EspCanvas *self)
{
  EspDocument *document = self->session != NULL ? esp_session_get_document (self->session) : NULL;
  EspTrainer *trainer = document != NULL ? esp_document_get_trainer (document) : NULL;

  return trainer != NULL ? esp_trainer_get_network (trainer) : NULL;
}

/* what stands beside data and gradient; NULL for these and for what the network hasn't got */
static const char *
name_channel (EspNetwork *network, EspChannel channel)
{
  if (channel == ESP_CHANNEL_UPDATE)
    return _ ("Update");
  return network != NULL && channel >= ESP_CHANNEL_MOMENT1
             ? esp_network_get_moment_name (network, channel - ESP_CHANNEL_MOMENT1)
             : NULL;
}

static void
update_channel_menu (EspCanvas *self, EspChannel channel)
{
  EspNetwork *network = get_network (self);
  g_autoptr (GMenu) menu = g_menu_new ();
  const char *name = name_channel (network, channel);

  gtk_widget_set_visible (self->channel_button, network != NULL);
  gtk_menu_button_set_label (GTK_MENU_BUTTON (self->channel_button), name != NULL ? name : "");
  for (int other = ESP_CHANNEL_UPDATE; network != NULL && other < ESP_N_CHANNELS; other++)
    {
      g_autofree char *action = g_strdup_printf ("canvas.channel(%d)", other);

      if (name_channel (network, other) != NULL)
        g_menu_append (menu, name_channel (network, other), action);
    }
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->channel_button), G_MENU_MODEL (menu));
}

/* a checkpoint has values alone */
static void
update_channel (EspCanvas *self)
{
  gboolean live = esp_view_is_live (self->view);
  EspChannel channel = self->session != NULL ? esp_session_get_channel (self->session)
                                             : ESP_CHANNEL_DATA;

  if (channel != ESP_CHANNEL_DATA && !live && esp_view_get_kind (self->view) != ESP_VIEW_NOTHING)
    {
      esp_session_set_channel (self->session, ESP_CHANNEL_DATA);
      return;
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self->gradient_button), live);
  gtk_widget_set_visible (GTK_WIDGET (self->beside_button), live);
  if (!live)
    gtk_toggle_button_set_active (self->beside_button, FALSE);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->gradient_button),
                               live ? NULL : _ ("Not stored in this file"));
  gtk_toggle_button_set_active (self->data_button, channel == ESP_CHANNEL_DATA);
  gtk_toggle_button_set_active (self->gradient_button, channel == ESP_CHANNEL_GRAD);
  update_channel_menu (self, channel);
}

/* of complex values */
static void
update_part (EspCanvas *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->part), esp_view_has_parts (self->view));
  gtk_drop_down_set_selected (self->part, esp_look_get_part (esp_view_get_look (self->view)));
}

static void
on_part (EspCanvas *self)
{
  if (esp_view_has_parts (self->view))
    esp_look_set_part (esp_view_get_look (self->view),
                       (EspPart) gtk_drop_down_get_selected (self->part));
}

static void
on_tensor_changed (EspCanvas *self)
{
  update_channel (self);
  update_part (self);
  if (self->session != NULL)
    esp_path_bar_set_place (self->path, self->session, esp_view_get_place (self->view));
  update_histogram (self);
  update_scalar (self);
  show_stage (self);
}

static void
on_values_changed (EspCanvas *self)
{
  /* those of a newer version of the file stand at another place of the same name */
  esp_path_bar_set_place (self->path, self->session, esp_view_get_place (self->view));
  update_histogram (self);
  update_scalar (self);
  update_status (self);
}

/* the other buttons go out by themselves, which is nobody's wish */
static void
on_data (EspCanvas *self)
{
  if (self->session != NULL && gtk_toggle_button_get_active (self->data_button))
    esp_session_set_channel (self->session, ESP_CHANNEL_DATA);
}

static void
on_gradient (EspCanvas *self)
{
  if (self->session != NULL && gtk_toggle_button_get_active (self->gradient_button))
    esp_session_set_channel (self->session, ESP_CHANNEL_GRAD);
}

static void
on_channel (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspCanvas *self = ESP_CANVAS (widget);

  if (self->session != NULL)
    esp_session_set_channel (self->session, g_variant_get_int32 (parameter));
}

static int
get_natural_width (GtkWidget *widget)
{
  int width;

  if (!gtk_widget_get_visible (widget))
    return 0;
  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
  return width + SPACING;
}

/* what the toolbar takes with all choices in it */
static int
get_wide_width (EspCanvas *self)
{
  int taken = 2 * MARGIN + get_natural_width (self->channels) +
              get_natural_width (GTK_WIDGET (self->part)) +
              get_natural_width (GTK_WIDGET (self->slice));

  for (GtkWidget *child = gtk_widget_get_first_child (self->choices); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    taken += get_natural_width (child);

  return taken - SPACING;
}

static void
esp_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EspCanvas *self = ESP_CANVAS (widget);
  gboolean narrow = width < get_wide_width (self), low = height < TALL_FROM;
  gboolean slim = width < WIDE_FROM;

  gtk_widget_allocate (self->all, width, height, baseline, NULL);

  if (narrow == self->narrow && low == self->low && slim == self->slim)
    return;
  self->slim = slim;
  self->narrow = narrow;
  self->low = low;
  adapt_later (self);
}

static void
esp_canvas_measure (GtkWidget *widget,
                    GtkOrientation orientation,
                    int for_size,
                    int *minimum,
                    int *natural,
                    int *minimum_baseline,
                    int *natural_baseline)
{
  gtk_widget_measure (ESP_CANVAS (widget)->all, orientation, for_size, minimum, natural,
                      minimum_baseline, natural_baseline);
}

static void
set_session (EspCanvas *self, EspSession *session)
{
  if (!g_set_object (&self->session, session))
    return;

  esp_view_set_session (self->view, session);
}

static void
esp_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspCanvas *self = ESP_CANVAS (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_canvas_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspCanvas *self = ESP_CANVAS (object);

  switch (id)
    {
    case PROP_SESSION:
      set_session (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_canvas_dispose (GObject *object)
{
  EspCanvas *self = ESP_CANVAS (object);

  g_clear_handle_id (&self->adapt, g_source_remove);
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_CANVAS);
  g_clear_object (&self->session);
  g_clear_object (&self->jumper);
  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_canvas_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, all);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, path);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, views);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, heatmap_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, values_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, data_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, gradient_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, beside_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, beside);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, channels);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, channel_button);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, part);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, wide_choices);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, narrow_choices);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, choices);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, view_menu);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, slice);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, stage);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, frame);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, levels);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, values);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, histogram);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, scalar);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, sheet);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, message);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, status);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, go_to);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, take);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, zoom);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, percent);
  gtk_widget_class_bind_template_child (widget_class, EspCanvas, log_counts);
  gtk_widget_class_bind_template_callback (widget_class, show_stage);
  gtk_widget_class_bind_template_callback (widget_class, on_data);
  gtk_widget_class_bind_template_callback (widget_class, on_gradient);
  gtk_widget_class_bind_template_callback (widget_class, on_part);
}

static void
esp_canvas_class_init (EspCanvasClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_canvas_get_property;
  object_class->set_property = esp_canvas_set_property;
  object_class->dispose = esp_canvas_dispose;
  widget_class->measure = esp_canvas_measure;
  widget_class->size_allocate = esp_canvas_size_allocate;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (ESP_TYPE_SECOND_HEATMAP);
  g_type_ensure (ESP_TYPE_HEATMAP_FRAME);
  g_type_ensure (ESP_TYPE_HISTOGRAM);
  g_type_ensure (ESP_TYPE_LEVELS);
  g_type_ensure (ESP_TYPE_LOOK_BAR);
  g_type_ensure (ESP_TYPE_PATH_BAR);
  g_type_ensure (ESP_TYPE_SHEET);
  g_type_ensure (ESP_TYPE_SLICE_BUTTON);
  g_type_ensure (ESP_TYPE_VALUE_TABLE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-canvas.ui");
  bind_template (widget_class);
  gtk_widget_class_install_action (widget_class, "canvas.channel", "i", on_channel);
  _esp_canvas_add_commands (widget_class);
  gtk_widget_class_set_css_name (widget_class, "canvas");
}

static void
esp_canvas_init (EspCanvas *self)
{
  self->view = esp_view_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_stack_hidden_follow (self->stage);

  esp_heatmap_frame_set_view (self->frame, self->view);
  self->heatmap = esp_heatmap_frame_get_heatmap (self->frame);
  self->jumper = esp_jumper_new (self->view, self->heatmap);
  esp_second_heatmap_set_heatmap (self->beside, self->heatmap, self->view);
  g_signal_connect_object (self->beside, "notify::visible", G_CALLBACK (adapt_later), self,
                           G_CONNECT_SWAPPED);
  esp_levels_set_heatmap (self->levels, self->heatmap, self->view);
  esp_value_table_set_view (self->values, self->view);
  esp_look_bar_set_view (ESP_LOOK_BAR (self->choices), self->view);
  esp_slice_button_set_view (self->slice, self->view);
  esp_sheet_set_view (self->sheet, self->view);
  g_object_bind_property (self->log_counts, "active", self->histogram, "log-counts",
                          G_BINDING_SYNC_CREATE);
  g_signal_connect_object (self->view, "tensor-changed", G_CALLBACK (on_tensor_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "values-changed", G_CALLBACK (on_values_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "look-changed", G_CALLBACK (update_histogram), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->heatmap, "notify::status", G_CALLBACK (update_status), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->heatmap, "notify::zoom", G_CALLBACK (update_zoom), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->jumper, "notify::status", G_CALLBACK (update_status), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sheet, "notify::status", G_CALLBACK (update_status), self,
                           G_CONNECT_SWAPPED);
  on_tensor_changed (self);
}

EspCanvas *
esp_canvas_new (void)
{
  return g_object_new (ESP_TYPE_CANVAS, NULL);
}
