/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The right pane: a column of sections. It follows the session for all of them: what is selected is
 * shown once the main loop is idle, so that keys held down in the tree don't queue up; newer values
 * of a live network at most five times a second, and nothing at all while the pane is closed.
 */

#include "config.h"

#include "esp-inspector.h"
#include "esp-code-section.h"
#include "esp-facts-section.h"
#include "esp-findings-section.h"
#include "esp-layer-section.h"
#include "esp-layers-section.h"
#include "esp-metadata-section.h"
#include "esp-part-section.h"
#include "esp-pickle-section.h"
#include "esp-rule-section.h"
#include "esp-session-watch.h"
#include "esp-states-section.h"
#include "esp-stats-section.h"
#include "esp-ties-section.h"
#include "esp-training-section.h"
#include "esp-units-section.h"
#include "esp-warnings-section.h"

/* ms between two updates of a live network's figures: faster can't be read */
#define UPDATE_INTERVAL 200

struct _EspInspector
{
  AdwBin parent_instance;

  GtkWidget *sections;

  EspSessionWatch *watch;
  guint show_idle;      /* source */
  guint update_timeout; /* source; while it runs no update is made */
  gboolean show_due;    /* something else is selected than is shown */
  gboolean update_due;  /* values are newer than what is shown */
};

enum
{
  PROP_0,
  PROP_SESSION,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspInspector, esp_inspector, ADW_TYPE_BIN)

typedef void (*SectionFunc) (EspSection *section, EspSession *session);

static void
for_each_section (EspInspector *self, SectionFunc func)
{
  for (GtkWidget *child = gtk_widget_get_first_child (self->sections); child;
       child = gtk_widget_get_next_sibling (child))
    func (ESP_SECTION (child), esp_session_watch_get_session (self->watch));
}

static gboolean
on_show_idle (gpointer user_data)
{
  EspInspector *self = user_data;

  self->show_idle = 0;
  self->show_due = FALSE;
  gtk_widget_set_visible (self->sections, esp_session_watch_get_document (self->watch) != NULL);
  if (esp_session_watch_get_session (self->watch))
    for_each_section (self, esp_section_show);
  return G_SOURCE_REMOVE;
}

static void
queue_show (gpointer user_data)
{
  EspInspector *self = user_data;

  self->show_due = TRUE;
  if (self->show_idle == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->show_idle = g_idle_add (on_show_idle, self);
}

static gboolean
on_update_timeout (gpointer user_data)
{
  EspInspector *self = user_data;

  if (!self->update_due)
    {
      self->update_timeout = 0;
      return G_SOURCE_REMOVE;
    }
  self->update_due = FALSE;
  if (esp_session_watch_get_session (self->watch))
    for_each_section (self, esp_section_update);
  return G_SOURCE_CONTINUE;
}

/* the first at once, the next ones as the timeout allows */
static void
on_updated (gpointer user_data)
{
  EspInspector *self = user_data;

  self->update_due = TRUE;
  if (self->update_timeout > 0 || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  self->update_timeout = g_timeout_add (UPDATE_INTERVAL, on_update_timeout, self);
  on_update_timeout (self);
}

static void
esp_inspector_map (GtkWidget *widget)
{
  EspInspector *self = ESP_INSPECTOR (widget);

  GTK_WIDGET_CLASS (esp_inspector_parent_class)->map (widget);
  if (self->show_due)
    queue_show (self);
  if (self->update_due)
    on_updated (self);
}

static void
esp_inspector_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspInspector *self = ESP_INSPECTOR (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, esp_session_watch_get_session (self->watch));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_inspector_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspInspector *self = ESP_INSPECTOR (object);

  switch (id)
    {
    case PROP_SESSION:
      if (esp_session_watch_set_session (self->watch, g_value_get_object (value)))
        queue_show (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_inspector_dispose (GObject *object)
{
  EspInspector *self = ESP_INSPECTOR (object);

  g_clear_handle_id (&self->show_idle, g_source_remove);
  g_clear_handle_id (&self->update_timeout, g_source_remove);
  esp_session_watch_set_session (self->watch, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_INSPECTOR);
  G_OBJECT_CLASS (esp_inspector_parent_class)->dispose (object);
}

static void
esp_inspector_finalize (GObject *object)
{
  esp_session_watch_free (ESP_INSPECTOR (object)->watch);
  G_OBJECT_CLASS (esp_inspector_parent_class)->finalize (object);
}

static void
ensure_sections (void)
{
  g_type_ensure (ESP_TYPE_CODE_SECTION);
  g_type_ensure (ESP_TYPE_FACTS_SECTION);
  g_type_ensure (ESP_TYPE_FINDINGS_SECTION);
  g_type_ensure (ESP_TYPE_LAYER_SECTION);
  g_type_ensure (ESP_TYPE_LAYERS_SECTION);
  g_type_ensure (ESP_TYPE_METADATA_SECTION);
  g_type_ensure (ESP_TYPE_PART_SECTION);
  g_type_ensure (ESP_TYPE_PICKLE_SECTION);
  g_type_ensure (ESP_TYPE_RULE_SECTION);
  g_type_ensure (ESP_TYPE_STATES_SECTION);
  g_type_ensure (ESP_TYPE_STATS_SECTION);
  g_type_ensure (ESP_TYPE_TIES_SECTION);
  g_type_ensure (ESP_TYPE_TRAINING_SECTION);
  g_type_ensure (ESP_TYPE_UNITS_SECTION);
  g_type_ensure (ESP_TYPE_WARNINGS_SECTION);
}

static void
on_go_to_cell (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspSession *session = esp_session_watch_get_session (ESP_INSPECTOR (widget)->watch);

  if (session)
    esp_session_set_cell (session, g_variant_get_int64 (parameter));
}

static void
on_go_to_tensor (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspSessionWatch *watch = ESP_INSPECTOR (widget)->watch;
  EspDocument *document = esp_session_watch_get_document (watch);
  EspTree *tree = document ? esp_document_get_tree (document) : NULL;
  gint64 index = g_variant_get_int64 (parameter);

  if (tree && index >= 0 && index < esp_tree_get_n_tensors (tree))
    esp_session_set_selection (esp_session_watch_get_session (watch),
                               esp_tree_get_tensor (tree, (guint) index));
}

static void
on_go_to_view (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspSession *session = esp_session_watch_get_session (ESP_INSPECTOR (widget)->watch);

  if (session)
    esp_session_set_view (session, g_variant_get_string (parameter, NULL));
}

static void
esp_inspector_class_init (EspInspectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_inspector_get_property;
  object_class->set_property = esp_inspector_set_property;
  object_class->dispose = esp_inspector_dispose;
  object_class->finalize = esp_inspector_finalize;
  widget_class->map = esp_inspector_map;

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  ensure_sections ();
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, EspInspector, sections);
  gtk_widget_class_install_action (widget_class, "inspector.go-to-cell", "x", on_go_to_cell);
  gtk_widget_class_install_action (widget_class, "inspector.go-to-tensor", "x", on_go_to_tensor);
  gtk_widget_class_install_action (widget_class, "inspector.go-to-view", "s", on_go_to_view);
}

static void
esp_inspector_init (EspInspector *self)
{
  static const EspSessionEvents events = {
    .document = queue_show,
    .selection = queue_show,
    .channel = queue_show,
    .updated = on_updated,
  };

  self->watch = esp_session_watch_new (&events, self);
  gtk_widget_init_template (GTK_WIDGET (self));
}

EspInspector *
esp_inspector_new (void)
{
  return g_object_new (ESP_TYPE_INSPECTOR, NULL);
}
