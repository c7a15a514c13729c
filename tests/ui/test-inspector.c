/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inspector on the shared-layer network: facts, statistics, ties, gradient, following a tie. */

#include "esp-axes.h"
#include "esp-inspector.h"
#include "ui-look.h"

typedef struct
{
  GtkWidget *window;
  GtkWidget *inspector;
  EspSession *session;
  EspDocument *document; /* borrowed */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  GError *error = NULL;

  fixture->window = adw_window_new ();
  fixture->inspector = GTK_WIDGET (esp_inspector_new ());
  adw_window_set_content (ADW_WINDOW (fixture->window), fixture->inspector);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 340, 900);
  fixture->session = esp_session_new ();
  g_object_set (fixture->inspector, "session", fixture->session, NULL);
  gtk_window_present (GTK_WINDOW (fixture->window));
  esp_session_new_network (fixture->session, "d2l-shared", &error);
  g_assert_no_error (error);
  fixture->document = esp_session_get_document (fixture->session);
  esp_document_update (fixture->document);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->session);
}

static EspPlace *
select_place (Fixture *fixture, const char *name)
{
  EspPlace *place = esp_tree_find (esp_document_get_tree (fixture->document), name, NULL);

  g_assert_nonnull (place);
  esp_session_set_selection (fixture->session, place);
  return place;
}

static GtkWidget *
find_row (GtkWidget *inside)
{
  return gtk_widget_get_ancestor (inside, GTK_TYPE_LIST_BOX_ROW);
}

static void
test_facts_of_a_parameter (Fixture *fixture, gconstpointer data)
{
  EspPlace *place = select_place (fixture, "0.weight");

  g_assert_true (ui_look_wait_for_label (fixture->inspector, "0.weight"));
  g_assert_nonnull (ui_look_find_label (fixture->inspector, "8 × 4 (out, in)"));
  g_assert_nonnull (ui_look_find_label (fixture->inspector, "float32"));
  g_assert_nonnull (ui_look_find_label (fixture->inspector, "4, 1"));
  g_assert_nonnull (ui_look_find_label (fixture->inspector, "yes"));
  g_assert_cmpstr (esp_axes_get (place)[1], ==, "in");
}

/* what Keras' attention gives its tensors, by a file of Keras */
static void
test_axes_of_attention (Fixture *fixture, gconstpointer data)
{
  static const char *const wanted[][2] = {
    { "mha/query_dense/kernel", "(in, heads, head size)" },
    { "mha/value_dense/bias", "(heads, head size)" },
    { "mha/output_dense/kernel", "(heads, head size, out)" },
    { "mha/output_dense/bias", "(out)" },
  };
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "keras", "layers.keras",
                                                 NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), wanted[i][0], NULL);
      g_autofree char *axes = place != NULL ? esp_axes_describe (place) : NULL;

      g_assert_cmpstr (axes, ==, wanted[i][1]);
    }
}

static void
test_facts_of_a_module (Fixture *fixture, gconstpointer data)
{
  select_place (fixture, "");
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "193, 121 unique"));
  g_assert_nonnull (ui_look_find_label (fixture->inspector, "MSELoss"));
  select_place (fixture, "2");
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "in_features"));
  g_assert_null (ui_look_find_label (fixture->inspector, "MSELoss"));
}

static void
test_statistics_follow_the_values (Fixture *fixture, gconstpointer data)
{
  EspPlace *place = select_place (fixture, "6.bias");
  GError *error = NULL;

  g_assert_true (ui_look_wait_for_label (fixture->inspector, "Statistics"));
  esp_document_edit (fixture->document, place, 0, 42, &error);
  g_assert_no_error (error);
  g_assert_true (ui_look_wait_for_live_label (fixture->inspector, fixture->document, "42"));
}

static void
test_no_gradient_yet (Fixture *fixture, gconstpointer data)
{
  select_place (fixture, "0.weight");
  esp_session_set_channel (fixture->session, ESP_CHANNEL_GRAD);
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "no gradient yet"));
  esp_document_step (fixture->document);
  g_assert_true (ui_look_wait_for_live_label (fixture->inspector, fixture->document, "Min"));
  g_assert_null (ui_look_find_label (fixture->inspector, "no gradient yet"));
}

static void
test_tie_is_followed (Fixture *fixture, gconstpointer data)
{
  GtkWidget *row;

  select_place (fixture, "2.weight");
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "4.weight"));
  g_assert_nonnull (
      ui_look_find_label (fixture->inspector, "Alias: one storage, edits show in both"));
  row = find_row (ui_look_find_label (fixture->inspector, "4.weight"));
  gtk_widget_activate (row);
  g_assert_cmpstr (esp_place_get_path (esp_session_get_selection (fixture->session)), ==,
                   "4.weight");
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "2.weight"));
}

static void
test_closed_pane_is_filled_when_it_opens (Fixture *fixture, gconstpointer data)
{
  gtk_widget_set_visible (fixture->inspector, FALSE);
  select_place (fixture, "6.weight");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  gtk_widget_set_visible (fixture->inspector, TRUE);
  g_assert_true (ui_look_wait_for_label (fixture->inspector, "6.weight"));
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
#define ADD(name, func) g_test_add ("/inspector/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("facts-of-a-parameter", test_facts_of_a_parameter);
  ADD ("axes-of-attention", test_axes_of_attention);
  ADD ("facts-of-a-module", test_facts_of_a_module);
  ADD ("statistics-follow-the-values", test_statistics_follow_the_values);
  ADD ("no-gradient-yet", test_no_gradient_yet);
  ADD ("tie-is-followed", test_tie_is_followed);
  ADD ("closed-pane", test_closed_pane_is_filled_when_it_opens);
#undef ADD
  return g_test_run ();
}
