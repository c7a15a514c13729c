/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What tests of widgets ask again and again: whether a text stands somewhere, and time for the main
 * loop. */

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* the first visible label below @widget (itself included) with exactly this text, or NULL */
static inline GtkWidget *
ui_look_find_label (GtkWidget *widget, const char *text)
{
  if (!gtk_widget_get_visible (widget) || !gtk_widget_get_child_visible (widget))
    return NULL;
  if (GTK_IS_LABEL (widget) && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), text))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = ui_look_find_label (child, text);

      if (found)
        return found;
    }
  return NULL;
}

/* runs the main loop until @widget shows @text; FALSE if it doesn't within some seconds */
static inline gboolean
ui_look_wait_for_label (GtkWidget *widget, const char *text)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (!ui_look_find_label (widget, text))
    {
      if (g_get_monotonic_time () > end)
        {
          g_test_message ("“%s” didn't come", text);
          return FALSE;
        }
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
  return TRUE;
}

/* the same, while a live network's snapshots are taken as the window does on the frame clock */
static inline gboolean
ui_look_wait_for_live_label (GtkWidget *widget, EspDocument *document, const char *text)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (!ui_look_find_label (widget, text))
    {
      if (g_get_monotonic_time () > end)
        {
          g_test_message ("“%s” didn't come", text);
          return FALSE;
        }
      esp_document_update (document);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
  return TRUE;
}

G_END_DECLS
