/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of views. A view is made when it is first shown; the switch has a button for each that
 * fits the network, or one list where there is no room for buttons. */

#include "config.h"

#include "esp-views.h"

#include "esp-activations.h"
#include "esp-filters.h"
#include "esp-live-view.h"
#include "esp-meter-curves.h"
#include "esp-responses.h"
#include "esp-session-watch.h"
#include "esp-size-watch.h"
#include "esp-stack-hidden.h"
#include "esp-units-view.h"
#include "esp-use-gradients.h"
#include "esp-view-taker.h"

#include <glib/gi18n.h>
#include <string.h>

#define WEIGHTS "weights"

typedef struct
{
  const char *name; /* the session's */
  const char *title;
  const char *tooltip;
  gboolean (*fits) (EspNetwork *network); /* NULL: any */
  GType (*get_type) (void);               /* of an EspLiveView; NULL: the canvas */
} Row;

static const Row rows[] = {
  { WEIGHTS, N_ ("Weights"), N_ ("Parameters and their gradients"), NULL, NULL },
  { "responses", N_ ("Responses"), N_ ("What the network and its units answer over the plane"),
    esp_network_has_plane, esp_responses_get_type },
  { "activations", N_ ("Activations"), N_ ("What every layer makes of an example"), NULL,
    esp_activations_get_type },
  { "filters", N_ ("Filters"), N_ ("Weights as the pictures that they look for"), esp_filters_fit,
    esp_filters_get_type },
  { "uses", N_ ("Per use"), N_ ("Gradients of shared parameters from each of their places"),
    esp_use_gradients_fit, esp_use_gradients_get_type },
  { "units", N_ ("Units"), N_ ("Dead, dormant and saturated units, with their evidence"), NULL,
    esp_units_view_get_type },
  { "curves", N_ ("Curves"), N_ ("Gradient norms and update ratios over the steps"), NULL,
    esp_meter_curves_get_type },
};

struct _EspViews
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *box;
  GtkWidget *bar;
  GtkStack *stack;
  GtkWidget *switcher;
  GtkWidget *list;
  GtkWidget *take;
  GtkWidget *buttons[G_N_ELEMENTS (rows)];

  /* owned */
  EspSessionWatch *watch;
  GSignalGroup *session_signals;

  /* state */
  gboolean syncing;
  guint listed[G_N_ELEMENTS (rows)]; /* rows of the list */
  guint n_listed;
};

enum
{
  PROP_0,
  PROP_SESSION,
  PROP_WEIGHTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EspViews, esp_views, GTK_TYPE_WIDGET)

static EspNetwork *
get_network (EspViews *self)
{
  EspDocument *document = esp_session_watch_get_document (self->watch);
  EspTrainer *trainer = document != NULL ? esp_document_get_trainer (document) : NULL;

  return trainer != NULL ? esp_trainer_get_network (trainer) : NULL;
}

static gboolean
does_fit (EspViews *self, guint row)
{
  EspNetwork *network = get_network (self);

  if (row == 0)
    return TRUE;
  return network != NULL && (rows[row].fits == NULL || rows[row].fits (network));
}

/* the row that is to be shown: the session's if it fits */
static guint
find_row (EspViews *self)
{
  EspSession *session = esp_session_watch_get_session (self->watch);
  const char *view = session != NULL ? esp_session_get_view (session) : WEIGHTS;

  for (guint i = 1; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].name, view) && does_fit (self, i))
      return i;
  return 0;
}

static EspLiveView *
get_view (EspViews *self, guint row)
{
  GtkWidget *view = gtk_stack_get_child_by_name (self->stack, rows[row].name);

  if (view == NULL && rows[row].get_type != NULL)
    {
      view = g_object_new (rows[row].get_type (), NULL);
      gtk_stack_add_named (self->stack, view, rows[row].name);
    }
  return ESP_IS_LIVE_VIEW (view) ? ESP_LIVE_VIEW (view) : NULL;
}

/* the list is only filled anew when other views fit: it may just be telling of a choice */
static void
update_list (EspViews *self, guint shown)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint listed[G_N_ELEMENTS (rows)], n = 0, selected = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (!does_fit (self, i))
        continue;
      selected = i == shown ? n : selected;
      gtk_string_list_append (names, _ (rows[i].title));
      listed[n++] = i;
    }
  if (n != self->n_listed || memcmp (listed, self->listed, n * sizeof *listed) != 0)
    {
      memcpy (self->listed, listed, n * sizeof *listed);
      self->n_listed = n;
      gtk_drop_down_set_model (GTK_DROP_DOWN (self->list), G_LIST_MODEL (names));
    }
  if (gtk_drop_down_get_selected (GTK_DROP_DOWN (self->list)) != selected)
    gtk_drop_down_set_selected (GTK_DROP_DOWN (self->list), selected);
}

static void
show (EspViews *self)
{
  guint shown = find_row (self);
  EspLiveView *view = get_view (self, shown);

  self->syncing = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gtk_widget_set_visible (self->buttons[i], does_fit (self, i));
      gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->buttons[i]), i == shown);
    }
  update_list (self, shown);
  self->syncing = FALSE;
  gtk_widget_set_visible (self->bar, get_network (self) != NULL);
  gtk_widget_set_visible (self->take, view != NULL);
  if (view != NULL)
    esp_live_view_set_session (view, esp_session_watch_get_session (self->watch));
  if (gtk_stack_get_child_by_name (self->stack, rows[shown].name) != NULL)
    gtk_stack_set_visible_child_name (self->stack, rows[shown].name);
}

static void
choose (EspViews *self, guint row)
{
  EspSession *session = esp_session_watch_get_session (self->watch);

  if (session != NULL)
    esp_session_set_view (session, rows[row].name);
}

static void
on_button (EspViews *self, GtkToggleButton *button)
{
  if (self->syncing || !gtk_toggle_button_get_active (button))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (self->buttons[i] == GTK_WIDGET (button))
      choose (self, i);
}

static void
on_list (EspViews *self)
{
  guint selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->list));

  if (!self->syncing && selected < self->n_listed)
    choose (self, self->listed[selected]);
}

static void
on_take (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspViews *self = ESP_VIEWS (widget);
  EspLiveView *view = get_view (self, find_row (self));

  if (view != NULL)
    esp_view_taker_take (view, rows[find_row (self)].name,
                         g_str_equal (name, "views.save-picture")  ? ESP_TAKE_PICTURE
                         : g_str_equal (name, "views.save-values") ? ESP_TAKE_VALUES
                                                                   : ESP_TAKE_COPY);
}

/* all buttons, or a list instead of them */
static void
on_width (EspViews *self, GParamSpec *pspec, EspSizeWatch *watch)
{
  int natural;

  gtk_widget_set_visible (self->switcher, TRUE);
  gtk_widget_measure (self->switcher, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  gtk_widget_set_visible (self->switcher, esp_size_watch_get_width (watch) >= natural + 72);
  gtk_widget_set_visible (self->list, !gtk_widget_get_visible (self->switcher));
}

static void
on_document (gpointer owner)
{
  show (owner);
}

static void
set_session (EspViews *self, EspSession *session)
{
  if (!esp_session_watch_set_session (self->watch, session))
    return;
  g_signal_group_set_target (self->session_signals, session);
  show (self);
}

static void
esp_views_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspViews *self = ESP_VIEWS (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_object (value, esp_session_watch_get_session (self->watch));
      break;
    case PROP_WEIGHTS:
      g_value_set_object (value, gtk_stack_get_child_by_name (self->stack, WEIGHTS));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_views_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspViews *self = ESP_VIEWS (object);

  switch (id)
    {
    case PROP_SESSION:
      set_session (self, g_value_get_object (value));
      break;
    case PROP_WEIGHTS:
      gtk_stack_add_named (self->stack, g_value_get_object (value), WEIGHTS);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_views_dispose (GObject *object)
{
  EspViews *self = ESP_VIEWS (object);

  esp_session_watch_set_session (self->watch, NULL);
  g_signal_group_set_target (self->session_signals, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (esp_views_parent_class)->dispose (object);
}

static void
esp_views_finalize (GObject *object)
{
  EspViews *self = ESP_VIEWS (object);

  esp_session_watch_free (self->watch);
  g_object_unref (self->session_signals);
  G_OBJECT_CLASS (esp_views_parent_class)->finalize (object);
}

static void
esp_views_class_init (EspViewsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = esp_views_get_property;
  object_class->set_property = esp_views_set_property;
  object_class->dispose = esp_views_dispose;
  object_class->finalize = esp_views_finalize;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "views");
  gtk_widget_class_install_action (widget_class, "views.save-picture", NULL, on_take);
  gtk_widget_class_install_action (widget_class, "views.save-values", NULL, on_take);
  gtk_widget_class_install_action (widget_class, "views.copy-picture", NULL, on_take);
  /* the canvas has the same keys for its own pictures and takes them first */
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_e, GDK_CONTROL_MASK,
                                       "views.save-picture", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_e, GDK_CONTROL_MASK | GDK_SHIFT_MASK,
                                       "views.save-values", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK | GDK_SHIFT_MASK,
                                       "views.copy-picture", NULL);

  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, ESP_TYPE_SESSION,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_WEIGHTS] = g_param_spec_object ("weights", NULL, NULL, GTK_TYPE_WIDGET,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static GtkWidget *
make_switcher (EspViews *self)
{
  GtkWidget *switcher = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  gtk_widget_add_css_class (switcher, "linked");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      self->buttons[i] = gtk_toggle_button_new_with_label (_ (rows[i].title));
      gtk_widget_set_tooltip_text (self->buttons[i], _ (rows[i].tooltip));
      if (i > 0)
        gtk_toggle_button_set_group (GTK_TOGGLE_BUTTON (self->buttons[i]),
                                     GTK_TOGGLE_BUTTON (self->buttons[0]));
      g_signal_connect_object (self->buttons[i], "toggled", G_CALLBACK (on_button), self,
                               G_CONNECT_SWAPPED);
      gtk_box_append (GTK_BOX (switcher), self->buttons[i]);
    }
  return switcher;
}

static GtkWidget *
make_take (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, _ ("Save the picture…"), "views.save-picture");
  g_menu_append (menu, _ ("Save the values…"), "views.save-values");
  g_menu_append (menu, _ ("Copy the picture"), "views.copy-picture");
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "document-send-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_has_frame (GTK_MENU_BUTTON (button), FALSE);
  gtk_widget_set_tooltip_text (button, _ ("Take the picture or the values away"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Take away"), -1);
  return button;
}

static GtkWidget *
make_bar (EspViews *self)
{
  GtkWidget *bar = esp_size_watch_new ();
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->switcher = make_switcher (self);
  self->list = gtk_drop_down_new (NULL, NULL);
  gtk_widget_set_visible (self->list, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("View of the network"), -1);
  g_signal_connect_object (self->list, "notify::selected", G_CALLBACK (on_list), self,
                           G_CONNECT_SWAPPED);
  self->take = make_take ();
  gtk_widget_set_hexpand (self->take, TRUE);
  gtk_widget_set_halign (self->take, GTK_ALIGN_END);
  gtk_box_append (GTK_BOX (row), self->switcher);
  gtk_box_append (GTK_BOX (row), self->list);
  gtk_box_append (GTK_BOX (row), self->take);
  gtk_widget_set_margin_start (row, 12);
  gtk_widget_set_margin_end (row, 12);
  gtk_widget_set_margin_top (row, 6);
  gtk_widget_set_margin_bottom (row, 6);
  g_object_set (bar, "child", row, "shrinks", TRUE, NULL);
  g_signal_connect_object (bar, "notify::width", G_CALLBACK (on_width), self, G_CONNECT_SWAPPED);
  return bar;
}

static void
esp_views_init (EspViews *self)
{
  static const EspSessionEvents events = { .document = on_document };

  self->watch = esp_session_watch_new (&events, self);
  self->session_signals = g_signal_group_new (ESP_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session_signals, "notify::view", G_CALLBACK (show), self);
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  self->bar = make_bar (self);
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_box_append (GTK_BOX (self->box), self->bar);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->stack));
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  esp_stack_hidden_follow (self->stack);
}

GtkWidget *
esp_views_new (void)
{
  return g_object_new (ESP_TYPE_VIEWS, NULL);
}
