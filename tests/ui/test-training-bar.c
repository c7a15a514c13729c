/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training bar with a real network: actions, step count, speed scale. */

#include "esp-training-bar.h"
#include "ui-look.h"

#include <math.h>

typedef struct
{
  GtkWidget *window;
  GtkWidget *bar;
  EspSession *session;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = adw_window_new ();
  fixture->bar = GTK_WIDGET (esp_training_bar_new ());
  adw_window_set_content (ADW_WINDOW (fixture->window), fixture->bar);
  fixture->session = esp_session_new ();
  g_object_set (fixture->bar, "session", fixture->session, NULL);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->session);
}

static EspDocument *
open_network (Fixture *fixture, const char *name)
{
  GError *error = NULL;
  gboolean opened = esp_session_new_network (fixture->session, name, &error);

  g_assert_no_error (error);
  g_assert_true (opened);
  return esp_session_get_document (fixture->session);
}

static void
test_speed_scale (void)
{
  const double speeds[] = { 1, 2, 7, 10, 40, 250, 1000, 10000 };

  for (guint i = 0; i < G_N_ELEMENTS (speeds); i++)
    {
      double position = esp_training_bar_position_of (speeds[i]);

      /* rounding to two digits gives back what a person set */
      g_assert_cmpfloat_with_epsilon (esp_training_bar_speed_at (position), speeds[i],
                                      1e-9 * speeds[i]);
    }
  g_assert_cmpint (isinf (esp_training_bar_speed_at (esp_training_bar_position_of (INFINITY))), !=,
                   0);
  g_assert_cmpfloat (esp_training_bar_speed_at (0), ==, 1);
  g_assert_cmpfloat (esp_training_bar_speed_at (4.1), ==, 10000);
}

static void
test_no_network (Fixture *fixture, gconstpointer data)
{
  /* known, but disabled: nothing happens */
  g_assert_true (gtk_widget_activate_action (fixture->window, "training.step", NULL));
  g_assert_null (ui_look_find_label (fixture->bar, "Step 0"));
}

static void
test_step_and_reset (Fixture *fixture, gconstpointer data)
{
  EspDocument *document = open_network (fixture, "d2l-shared");

  g_assert_true (ui_look_wait_for_live_label (fixture->bar, document, "Step 0"));
  g_assert_nonnull (ui_look_find_label (fixture->bar, "At the start"));
  g_assert_nonnull (ui_look_find_label (fixture->bar, "Adam"));
  g_assert_true (gtk_widget_activate_action (fixture->window, "training.step", NULL));
  g_assert_true (ui_look_wait_for_live_label (fixture->bar, document, "Step 1"));
  g_assert_nonnull (ui_look_find_label (fixture->bar, "Epoch 1, batch 1 of 32"));
  g_assert_true (gtk_widget_activate_action (fixture->window, "training.reset", NULL));
  g_assert_true (ui_look_wait_for_live_label (fixture->bar, document, "Step 0"));
}

static void
test_epochs (Fixture *fixture, gconstpointer data)
{
  EspDocument *document = open_network (fixture, "d2l-shared");

  for (guint i = 0; i < 33; i++)
    esp_document_step (document);
  g_assert_true (ui_look_wait_for_live_label (fixture->bar, document, "Step 33"));
  g_assert_nonnull (ui_look_find_label (fixture->bar, "Epoch 2, batch 1 of 32"));
}

static void
test_play (Fixture *fixture, gconstpointer data)
{
  EspDocument *document = open_network (fixture, "spirals");
  EspTrainer *trainer = esp_document_get_trainer (document);
  guint64 step;

  g_assert_true (gtk_widget_activate_action (fixture->window, "training.play", NULL));
  g_assert_true (esp_trainer_is_playing (trainer));
  while (esp_snapshot_get_step (esp_document_get_snapshot (document)) < 3)
    {
      esp_document_update (document);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_true (gtk_widget_activate_action (fixture->window, "training.play", NULL));
  g_assert_false (esp_trainer_is_playing (trainer));
  esp_trainer_wait (trainer);
  esp_document_update (document);
  step = esp_snapshot_get_step (esp_document_get_snapshot (document));
  g_usleep (50000);
  esp_document_update (document);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, step);
  g_assert_nonnull (ui_look_find_label (fixture->bar, "Accuracy on all examples"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();
  g_test_add_func ("/training-bar/speed-scale", test_speed_scale);
  g_test_add ("/training-bar/no-network", Fixture, NULL, set_up, test_no_network, tear_down);
  g_test_add ("/training-bar/step-and-reset", Fixture, NULL, set_up, test_step_and_reset,
              tear_down);
  g_test_add ("/training-bar/epochs", Fixture, NULL, set_up, test_epochs, tear_down);
  g_test_add ("/training-bar/play", Fixture, NULL, set_up, test_play, tear_down);
  return g_test_run ();
}
