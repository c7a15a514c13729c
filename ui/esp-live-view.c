/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A view that isn't mapped asks the trainer for nothing and draws nothing: what it shows costs only
 * while somebody looks. */

#include "config.h"

#include "esp-live-view.h"

#include "esp-session-watch.h"

typedef struct
{
  /* children */
  GtkWidget *tool_row;
  GtkBox *tools;
  GtkBox *box;
  GtkWidget *content;
  GtkLabel *status;

  /* owned */
  EspSessionWatch *watch;
  EspDocument *document; /* looked at, or NULL */
} EspLiveViewPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (EspLiveView, esp_live_view, ADW_TYPE_BIN)

static EspLiveViewPrivate *
get_private (EspLiveView *self)
{
  return esp_live_view_get_instance_private (self);
}

static void
update (EspLiveView *self)
{
  EspLiveViewPrivate *priv = get_private (self);
  EspSnapshot *snapshot = priv->document != NULL ? esp_document_get_snapshot (priv->document)
                                                 : NULL;

  if (snapshot != NULL)
    ESP_LIVE_VIEW_GET_CLASS (self)->update (self, priv->document, snapshot);
}

static void
select_place (EspLiveView *self)
{
  EspLiveViewPrivate *priv = get_private (self);
  EspSession *session = esp_session_watch_get_session (priv->watch);

  if (priv->document != NULL && ESP_LIVE_VIEW_GET_CLASS (self)->select != NULL)
    ESP_LIVE_VIEW_GET_CLASS (self)->select (self, esp_session_get_selection (session));
}

/* what is to be looked at now */
static void
look (EspLiveView *self)
{
  EspLiveViewPrivate *priv = get_private (self);
  EspDocument *wanted = esp_session_watch_get_document (priv->watch);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) ||
      (wanted != NULL && esp_document_get_trainer (wanted) == NULL))
    wanted = NULL;
  if (wanted == priv->document)
    return;
  if (priv->document != NULL)
    {
      g_autoptr (EspDocument) old = g_steal_pointer (&priv->document);

      ESP_LIVE_VIEW_GET_CLASS (self)->end (self, old);
    }
  if (wanted == NULL)
    return;
  priv->document = g_object_ref (wanted);
  ESP_LIVE_VIEW_GET_CLASS (self)->begin (self, wanted);
  select_place (self);
  update (self);
}

static void
on_document (gpointer owner)
{
  look (owner);
}

static void
on_selection (gpointer owner)
{
  select_place (owner);
}

static void
on_updated (gpointer owner)
{
  update (owner);
}

static void
esp_live_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (esp_live_view_parent_class)->map (widget);
  look (ESP_LIVE_VIEW (widget));
}

static void
esp_live_view_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (esp_live_view_parent_class)->unmap (widget);
  look (ESP_LIVE_VIEW (widget));
}

static void
esp_live_view_dispose (GObject *object)
{
  EspLiveViewPrivate *priv = get_private (ESP_LIVE_VIEW (object));

  esp_session_watch_set_session (priv->watch, NULL);
  if (priv->document != NULL)
    {
      g_autoptr (EspDocument) old = g_steal_pointer (&priv->document);

      ESP_LIVE_VIEW_GET_CLASS (object)->end (ESP_LIVE_VIEW (object), old);
    }
  G_OBJECT_CLASS (esp_live_view_parent_class)->dispose (object);
}

static void
esp_live_view_finalize (GObject *object)
{
  esp_session_watch_free (get_private (ESP_LIVE_VIEW (object))->watch);
  G_OBJECT_CLASS (esp_live_view_parent_class)->finalize (object);
}

static void
esp_live_view_class_init (EspLiveViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_live_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_live_view_finalize;
  GTK_WIDGET_CLASS (klass)->map = esp_live_view_map;
  GTK_WIDGET_CLASS (klass)->unmap = esp_live_view_unmap;
}

static void
esp_live_view_init (EspLiveView *self)
{
  static const EspSessionEvents events = {
    .document = on_document,
    .selection = on_selection,
    .updated = on_updated,
  };
  EspLiveViewPrivate *priv = get_private (self);

  priv->watch = esp_session_watch_new (&events, self);
  priv->box = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 0));
  priv->tools = GTK_BOX (gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6));
  gtk_widget_set_margin_start (GTK_WIDGET (priv->tools), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (priv->tools), 12);
  gtk_widget_set_margin_bottom (GTK_WIDGET (priv->tools), 6);
  /* where there is no room for all of them they can be scrolled */
  priv->tool_row = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (priv->tool_row), GTK_POLICY_AUTOMATIC,
                                  GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (priv->tool_row), GTK_WIDGET (priv->tools));
  gtk_widget_set_visible (priv->tool_row, FALSE);
  priv->status = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (priv->status, 0);
  gtk_label_set_ellipsize (priv->status, PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (GTK_WIDGET (priv->status), "small");
  gtk_widget_add_css_class (GTK_WIDGET (priv->status), "numeric");
  gtk_widget_set_size_request (GTK_WIDGET (priv->status), -1, 34);
  gtk_widget_set_margin_start (GTK_WIDGET (priv->status), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (priv->status), 12);
  gtk_box_append (priv->box, priv->tool_row);
  gtk_box_append (priv->box, gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (priv->box, gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (priv->box, GTK_WIDGET (priv->status));
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (priv->box));
}

void
esp_live_view_set_session (EspLiveView *self, EspSession *session)
{
  g_return_if_fail (ESP_IS_LIVE_VIEW (self));

  if (esp_session_watch_set_session (get_private (self)->watch, session))
    look (self);
}

EspSession *
esp_live_view_get_session (EspLiveView *self)
{
  return esp_session_watch_get_session (get_private (self)->watch);
}

EspDocument *
esp_live_view_get_document (EspLiveView *self)
{
  return get_private (self)->document;
}

void
esp_live_view_add_tool (EspLiveView *self, GtkWidget *tool)
{
  gtk_widget_set_valign (tool, GTK_ALIGN_CENTER);
  gtk_box_append (get_private (self)->tools, tool);
  gtk_widget_set_visible (get_private (self)->tool_row, TRUE);
}

void
esp_live_view_set_content (EspLiveView *self, GtkWidget *content)
{
  EspLiveViewPrivate *priv = get_private (self);
  GtkWidget *line = gtk_widget_get_next_sibling (priv->tool_row);

  g_return_if_fail (priv->content == NULL);

  priv->content = content;
  gtk_widget_set_vexpand (content, TRUE);
  gtk_box_insert_child_after (priv->box, content, line);
}

void
esp_live_view_say (EspLiveView *self, const char *text)
{
  gtk_label_set_text (get_private (self)->status, text != NULL ? text : "");
}

GtkWidget *
esp_live_view_new_caption (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (label, "small");
  gtk_widget_add_css_class (label, "second");
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

gboolean
esp_live_view_init_drawing (EspLiveView *self, EspDrawing *drawing)
{
  g_return_val_if_fail (ESP_IS_LIVE_VIEW (self), FALSE);

  return get_private (self)->document != NULL &&
         ESP_LIVE_VIEW_GET_CLASS (self)->init_drawing (self, drawing);
}

char *
esp_live_view_dup_csv (EspLiveView *self)
{
  g_return_val_if_fail (ESP_IS_LIVE_VIEW (self), NULL);

  if (get_private (self)->document == NULL || ESP_LIVE_VIEW_GET_CLASS (self)->dup_csv == NULL)
    return NULL;
  return ESP_LIVE_VIEW_GET_CLASS (self)->dup_csv (self);
}
