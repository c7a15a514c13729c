/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands go to the document, which logs them and hands them to the trainer; what comes back is
 * the document's "updated", as often as once a frame. Text that changes makes the window lay itself
 * out again, and no one reads faster, so the bar follows at most every 50 ms.
 */

#include "config.h"

#include "esp-training-bar.h"
#include "esp-loss-panel.h"
#include "esp-session-watch.h"
#include "esp-size-watch.h"
#include "esp-time-line.h"

#include <glib/gi18n.h>
#include <math.h>

/* ms between two refreshes */
#define REFRESH_INTERVAL 50
/* µs over which the speed is measured */
#define MEASURE_SPAN (G_USEC_PER_SEC / 2)
/* the scale: 10^0 to 10^4 steps a second, from FREE on as fast as it goes */
#define SCALE_TOP 4.0
#define SCALE_FREE 4.2
#define SCALE_END 4.5
/* widths below which parts move into the popover, in px */
#define WIDTH_SETTINGS 1120
#define WIDTH_SPEED 720
#define WIDTH_EPOCH 420

struct _EspTrainingBar
{
  AdwBin parent_instance;

  EspSizeWatch *watch;
  GtkWidget *play_button;
  GtkWidget *step_label;
  GtkWidget *epoch_label;
  GtkWidget *speed_slot;
  GtkWidget *speed_box;
  GtkWidget *speed_scale;
  GtkWidget *speed_label;
  GtkWidget *measured_label;
  GtkAdjustment *speed_adjustment;
  GtkWidget *settings_slot;
  GtkWidget *settings_box;
  GtkWidget *optimizer_label;
  GtkWidget *rate_button;
  GtkWidget *rate_spin;
  GtkAdjustment *rate_adjustment;
  GtkWidget *batch_label;
  GtkWidget *data_label;
  GtkWidget *more_button;
  GtkWidget *more_box;
  EspTimeLine *time_line;
  EspLossPanel *loss;

  EspSessionWatch *session_watch;
  GSignalGroup *trainer_signals;
  GSimpleActionGroup *actions;

  guint refresh_timeout; /* source; while it runs no refresh is made */
  gboolean refresh_due;
  gboolean syncing; /* controls are being set to what the trainer has */

  gint64 measured_at; /* µs; 0 not yet */
  guint64 measured_step;
};

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspTrainingBar, esp_training_bar, ADW_TYPE_BIN)

static EspDocument *
get_document (EspTrainingBar *self)
{
  EspDocument *document = esp_session_watch_get_document (self->session_watch);

  return document && esp_document_get_trainer (document) ? document : NULL;
}

static EspTrainer *
get_trainer (EspTrainingBar *self)
{
  EspDocument *document = get_document (self);

  return document ? esp_document_get_trainer (document) : NULL;
}

/* Step, epoch, loss */

/* what of a step that is taken in parts is done */
static const char *
describe_stage (EspStage stage)
{
  switch (stage)
    {
    case ESP_STAGE_FORWARD:
      return _ ("Forward is done; next: loss");
    case ESP_STAGE_LOSS:
      return _ ("Loss is known; next: backward");
    case ESP_STAGE_BACKWARD:
      return _ ("Gradients are there; next: update");
    case ESP_STAGE_UPDATED:
    default:
      return NULL;
    }
}

static void
show_step (EspTrainingBar *self, EspNetwork *network, guint64 step, EspStage stage)
{
  guint64 batches = esp_loss_panel_count_batches (network);
  g_autofree char *count = esp_number_format_count (step);
  g_autofree char *text = g_strdup_printf (_ ("Step %s"), count);
  g_autofree char *epoch = NULL;
  g_autofree char *of = esp_number_format_count (batches);
  g_autofree char *at = NULL;
  g_autofree char *where = NULL;

  gtk_label_set_text (GTK_LABEL (self->step_label), text);
  if (stage != ESP_STAGE_UPDATED || step == 0)
    {
      gtk_label_set_text (GTK_LABEL (self->epoch_label),
                          stage != ESP_STAGE_UPDATED ? describe_stage (stage) : _ ("At the start"));
      return;
    }
  epoch = esp_number_format_count ((step - 1) / batches + 1);
  at = esp_number_format_count ((step - 1) % batches + 1);
  /* TRANSLATORS: "Epoch 39, batch 24 of 32" */
  where = g_strdup_printf (_ ("Epoch %s, batch %s of %s"), epoch, at, of);
  gtk_label_set_text (GTK_LABEL (self->epoch_label), where);
}

/* Speed */

/* two significant digits: what a person sets by hand */
static double
round_speed (double speed)
{
  double unit = pow (10, floor (log10 (speed)) - 1);

  return speed < 10 ? round (speed) : round (speed / unit) * unit;
}

double
esp_training_bar_speed_at (double position)
{
  if (position >= SCALE_FREE)
    return INFINITY;
  return round_speed (pow (10, CLAMP (position, 0, SCALE_TOP)));
}

double
esp_training_bar_position_of (double steps_per_second)
{
  if (isinf (steps_per_second))
    return SCALE_END;
  return CLAMP (log10 (MAX (steps_per_second, 1)), 0, SCALE_TOP);
}

static char *
describe_speed (double speed)
{
  g_autofree char *count = NULL;

  if (isinf (speed))
    return g_strdup (_ ("as fast as it goes"));
  count = esp_number_format_count ((guint64) (speed + 0.5));
  return g_strdup_printf (ngettext ("%s step/s", "%s steps/s", (gulong) (speed + 0.5)), count);
}

static void
show_speed (EspTrainingBar *self, double speed)
{
  g_autofree char *text = describe_speed (speed);

  gtk_label_set_text (GTK_LABEL (self->speed_label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->speed_scale),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}

static void
forget_measure (EspTrainingBar *self)
{
  self->measured_at = 0;
  gtk_label_set_text (GTK_LABEL (self->measured_label), "");
}

static void
measure (EspTrainingBar *self, guint64 step)
{
  gint64 now = g_get_monotonic_time ();
  double speed;
  g_autofree char *count = NULL;
  g_autofree char *text = NULL;

  if (self->measured_at == 0 || step < self->measured_step)
    {
      self->measured_at = now;
      self->measured_step = step;
      return;
    }
  if (now - self->measured_at < MEASURE_SPAN)
    return;
  speed = (double) (step - self->measured_step) * G_USEC_PER_SEC /
          (double) (now - self->measured_at);
  self->measured_at = now;
  self->measured_step = step;
  count =
      esp_number_format_count ((guint64) (speed < 100 ? speed + 0.5 : round_speed (speed) + 0.5));
  /* TRANSLATORS: the measured speed, beside the one that was asked for */
  text = g_strdup_printf (_ ("now %s/s"), count);
  gtk_label_set_text (GTK_LABEL (self->measured_label), text);
}

/* Refreshing */

/* a tenth of the rate's decade: 0.001 goes up to 0.002 and down to 0.0009 */
static void
set_rate_step (EspTrainingBar *self, double rate)
{
  double step = rate > 0 ? pow (10, floor (log10 (rate * (1 - 1e-9)))) : 0.0001;

  gtk_adjustment_set_step_increment (self->rate_adjustment, step);
  gtk_adjustment_set_page_increment (self->rate_adjustment, 10 * step);
}

static void
show_rate (EspTrainingBar *self, double rate)
{
  g_autofree char *text = esp_number_format_value (rate, 4);

  gtk_menu_button_set_label (GTK_MENU_BUTTON (self->rate_button), text);
  set_rate_step (self, rate);
}

/* it also changes by undo, by going to another step, and in the inspector */
static void
sync_rate (EspTrainingBar *self, EspTrainer *trainer)
{
  double rate = esp_trainer_get_learning_rate (trainer);

  self->syncing = TRUE;
  gtk_adjustment_set_value (self->rate_adjustment, rate);
  show_rate (self, rate);
  self->syncing = FALSE;
}

static void
refresh (EspTrainingBar *self)
{
  EspDocument *document = get_document (self);
  EspTrainer *trainer = get_trainer (self);
  EspSnapshot *snapshot = document ? esp_document_get_snapshot (document) : NULL;
  EspNetwork *network;
  EspTimeline timeline;

  esp_time_line_show (self->time_line, document);
  if (!snapshot)
    return;
  network = esp_trainer_get_network (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  show_step (self, network, esp_snapshot_get_step (snapshot), timeline.stage);
  esp_loss_panel_show (self->loss, trainer, snapshot);
  sync_rate (self, trainer);
  if (esp_trainer_is_playing (trainer))
    measure (self, esp_snapshot_get_step (snapshot));
}

static gboolean
on_refresh_timeout (gpointer user_data)
{
  EspTrainingBar *self = user_data;

  if (!self->refresh_due)
    {
      self->refresh_timeout = 0;
      return G_SOURCE_REMOVE;
    }
  self->refresh_due = FALSE;
  refresh (self);
  return G_SOURCE_CONTINUE;
}

/* the first at once, the next ones as the timeout allows */
static void
on_updated (gpointer user_data)
{
  EspTrainingBar *self = user_data;

  self->refresh_due = TRUE;
  if (self->refresh_timeout > 0)
    return;
  self->refresh_timeout = g_timeout_add (REFRESH_INTERVAL, on_refresh_timeout, self);
  on_refresh_timeout (self);
}

static void
on_playing (EspTrainingBar *self)
{
  EspTrainer *trainer = get_trainer (self);
  gboolean playing = trainer && esp_trainer_is_playing (trainer);
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "play");

  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (playing));
  gtk_button_set_icon_name (GTK_BUTTON (self->play_button), playing
                                                                ? "media-playback-pause-symbolic"
                                                                : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (self->play_button,
                               playing ? _ ("Pause (Ctrl+Space)") : _ ("Play (Ctrl+Space)"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  playing ? _ ("Pause") : _ ("Play"), -1);
  forget_measure (self);
}

/* Actions */

static void
on_play (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspTrainingBar *self = user_data;
  EspDocument *document = get_document (self);

  if (!document)
    return;
  if (esp_trainer_is_playing (esp_document_get_trainer (document)))
    esp_document_pause (document);
  else
    esp_document_play (document);
  on_playing (self);
}

static void
on_step (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspDocument *document = get_document (user_data);

  if (document)
    esp_document_step (document);
}

static void
on_reset (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspDocument *document = get_document (user_data);

  if (document)
    esp_document_reset (document);
}

static void
on_part (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspDocument *document = get_document (user_data);

  if (document)
    esp_document_advance (document);
}

static void
on_example (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspDocument *document = get_document (user_data);

  if (document)
    esp_document_step_example (document);
}

static void
on_epoch (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspDocument *document = get_document (user_data);

  if (document)
    esp_document_step_epoch (document);
}

static void
set_actions_enabled (EspTrainingBar *self, gboolean enabled)
{
  static const char *const names[] = { "play", "step", "part", "example", "epoch", "reset" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), names[i]);

      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
    }
}

/* Controls */

static void
on_speed_changed (EspTrainingBar *self)
{
  EspDocument *document = get_document (self);
  double speed = esp_training_bar_speed_at (gtk_adjustment_get_value (self->speed_adjustment));

  show_speed (self, speed);
  forget_measure (self);
  if (document && !self->syncing)
    esp_document_set_speed (document, speed);
}

static void
on_rate_changed (EspTrainingBar *self)
{
  EspDocument *document = get_document (self);
  double rate = gtk_adjustment_get_value (self->rate_adjustment);

  show_rate (self, rate);
  if (document && !self->syncing)
    esp_document_set_learning_rate (document, rate);
}

static int
on_rate_input (GtkSpinButton *spin, double *value, EspTrainingBar *self)
{
  g_auto (GStrv) parts = g_strsplit (gtk_editable_get_text (GTK_EDITABLE (spin)), "\u2212", -1);
  g_autofree char *text = g_strstrip (g_strjoinv ("-", parts));
  char *end;

  *value = strtod (text, &end);
  if (end == text || *end)
    *value = g_ascii_strtod (text, &end);
  return end != text && !*end && isfinite (*value) && *value >= 0 ? TRUE : GTK_INPUT_ERROR;
}

static gboolean
on_rate_output (GtkSpinButton *spin, EspTrainingBar *self)
{
  g_autofree char *text = esp_number_format_value (gtk_spin_button_get_value (spin), 8);

  if (!g_str_equal (gtk_editable_get_text (GTK_EDITABLE (spin)), text))
    gtk_editable_set_text (GTK_EDITABLE (spin), text);
  return TRUE;
}

static void
sync_controls (EspTrainingBar *self, EspTrainer *trainer)
{
  EspNetwork *network = esp_trainer_get_network (trainer);
  double speed = esp_trainer_get_speed (trainer);
  g_autofree char *batch = esp_number_format_count (esp_network_get_batch_size (network));
  g_autofree char *examples = esp_number_format_count (esp_network_get_n_examples (network));
  /* TRANSLATORS: name of a data set, how many examples it has */
  g_autofree char *data = g_strdup_printf (_ ("%s, %s examples"),
                                           esp_network_get_data_name (network), examples);

  self->syncing = TRUE;
  gtk_adjustment_set_value (self->speed_adjustment, esp_training_bar_position_of (speed));
  show_speed (self, speed);
  self->syncing = FALSE;
  sync_rate (self, trainer);
  gtk_label_set_text (GTK_LABEL (self->optimizer_label), esp_network_get_optimizer_name (network));
  gtk_label_set_text (GTK_LABEL (self->batch_label), batch);
  gtk_label_set_text (GTK_LABEL (self->data_label), esp_network_get_data_name (network));
  gtk_widget_set_tooltip_text (self->data_label, data);
}

static void
on_document (gpointer user_data)
{
  EspTrainingBar *self = user_data;
  EspTrainer *trainer = get_trainer (self);

  g_signal_group_set_target (self->trainer_signals, trainer);
  set_actions_enabled (self, trainer != NULL);
  on_playing (self);
  if (trainer)
    sync_controls (self, trainer);
  refresh (self);
}

/* Width */

static void
move_box (GtkWidget *box, GtkWidget *parent, gboolean vertical)
{
  GtkWidget *old = gtk_widget_get_parent (box);

  if (old == parent)
    return;
  g_object_ref (box);
  gtk_box_remove (GTK_BOX (old), box);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (box),
                                  vertical ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  gtk_box_append (GTK_BOX (parent), box);
  g_object_unref (box);
}

/* in a row each value follows its name; in the popover names and values stand below one another */
static void
align_settings (EspTrainingBar *self, gboolean vertical)
{
  for (GtkWidget *setting = gtk_widget_get_first_child (self->settings_box); setting;
       setting = gtk_widget_get_next_sibling (setting))
    {
      GtkWidget *name = gtk_widget_get_first_child (setting);

      gtk_widget_set_hexpand (name, vertical);
      gtk_label_set_xalign (GTK_LABEL (name), 0);
    }
}

static void
on_width (EspTrainingBar *self)
{
  int width = esp_size_watch_get_width (self->watch);
  gboolean less_settings = width < WIDTH_SETTINGS;
  gboolean less_speed = width < WIDTH_SPEED;

  move_box (self->speed_box, less_speed ? self->more_box : self->speed_slot, FALSE);
  move_box (self->settings_box, less_settings ? self->more_box : self->settings_slot,
            less_settings);
  align_settings (self, less_settings);
  gtk_widget_set_visible (self->more_button, less_settings);
  esp_loss_panel_set_compact (self->loss, less_speed);
  gtk_widget_set_visible (self->epoch_label, width >= WIDTH_EPOCH);
}

/* Object */

static void
esp_training_bar_root (GtkWidget *widget)
{
  EspTrainingBar *self = ESP_TRAINING_BAR (widget);

  GTK_WIDGET_CLASS (esp_training_bar_parent_class)->root (widget);
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "training",
                                  G_ACTION_GROUP (self->actions));
}

static void
esp_training_bar_unroot (GtkWidget *widget)
{
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "training", NULL);
  GTK_WIDGET_CLASS (esp_training_bar_parent_class)->unroot (widget);
}

static void
esp_training_bar_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspTrainingBar *self = ESP_TRAINING_BAR (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, esp_session_watch_get_session (self->session_watch));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_training_bar_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspTrainingBar *self = ESP_TRAINING_BAR (object);

  switch (id)
    {
    case PROP_SESSION:
      if (esp_session_watch_set_session (self->session_watch, g_value_get_object (value)))
        on_document (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_training_bar_dispose (GObject *object)
{
  EspTrainingBar *self = ESP_TRAINING_BAR (object);

  g_clear_handle_id (&self->refresh_timeout, g_source_remove);
  esp_session_watch_set_session (self->session_watch, NULL);
  if (self->trainer_signals)
    g_signal_group_set_target (self->trainer_signals, NULL);
  g_clear_object (&self->trainer_signals);
  /* before the template unparents it behind AdwBin's back */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_TRAINING_BAR);
  g_clear_object (&self->actions);
  G_OBJECT_CLASS (esp_training_bar_parent_class)->dispose (object);
}

static void
esp_training_bar_finalize (GObject *object)
{
  esp_session_watch_free (ESP_TRAINING_BAR (object)->session_watch);
  G_OBJECT_CLASS (esp_training_bar_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, EspTrainingBar, child)
  BIND (watch);
  BIND (play_button);
  BIND (step_label);
  BIND (epoch_label);
  BIND (speed_slot);
  BIND (speed_box);
  BIND (speed_scale);
  BIND (speed_label);
  BIND (measured_label);
  BIND (speed_adjustment);
  BIND (settings_slot);
  BIND (settings_box);
  BIND (optimizer_label);
  BIND (rate_button);
  BIND (rate_spin);
  BIND (rate_adjustment);
  BIND (batch_label);
  BIND (data_label);
  BIND (more_button);
  BIND (more_box);
  BIND (time_line);
  BIND (loss);
#undef BIND
}

static void
esp_training_bar_class_init (EspTrainingBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_training_bar_get_property;
  object_class->set_property = esp_training_bar_set_property;
  object_class->dispose = esp_training_bar_dispose;
  object_class->finalize = esp_training_bar_finalize;
  widget_class->root = esp_training_bar_root;
  widget_class->unroot = esp_training_bar_unroot;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (ESP_TYPE_LOSS_PANEL);
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  g_type_ensure (ESP_TYPE_TIME_LINE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-training-bar.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_width);
  gtk_widget_class_bind_template_callback (widget_class, on_speed_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_rate_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_rate_input);
  gtk_widget_class_bind_template_callback (widget_class, on_rate_output);
}

static void
follow (EspTrainingBar *self)
{
  static const EspSessionEvents events = { .document = on_document, .updated = on_updated };

  self->session_watch = esp_session_watch_new (&events, self);
  self->trainer_signals = g_signal_group_new (ESP_TYPE_TRAINER);
  g_signal_group_connect_swapped (self->trainer_signals, "notify::playing", G_CALLBACK (on_playing),
                                  self);
}

static void
esp_training_bar_init (EspTrainingBar *self)
{
  static const GActionEntry entries[] = {
    { .name = "play", .activate = on_play, .state = "false" },
    { .name = "step", .activate = on_step },
    { .name = "part", .activate = on_part },
    { .name = "example", .activate = on_example },
    { .name = "epoch", .activate = on_epoch },
    { .name = "reset", .activate = on_reset },
  };

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  follow (self);
  gtk_widget_init_template (GTK_WIDGET (self));
  on_document (self);
}

EspTrainingBar *
esp_training_bar_new (void)
{
  return g_object_new (ESP_TYPE_TRAINING_BAR, NULL);
}
