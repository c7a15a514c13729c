/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fluid the window is. Without a file: while a network trains as fast as it goes; opens the
 * real window on the two-spirals network with a weight on the canvas and plays for some seconds.
 * With a file: while its largest tensor is flown over, one move a frame, at one cell a pixel and
 * farther out; and how long it takes from choosing it until the first picture and until the exact
 * one. Prints how the frames came. "interval" is the time from one frame to the next, "frame" the
 * time that the frame clock takes for one, "iteration" the time that the main loop is away from its
 * events. "work" is the processor time within an iteration: on a machine that does other things as
 * well it tells what this program itself is to blame for.
 *
 * Usage: bench-frames [SECONDS [FILE]]. Needs a display.
 */

#include "config.h"

#include "esp-application.h"
#include "esp-heatmap.h"
#include "esp-window.h"
#include "turns.h"

#include <math.h>

/* what one frame may take before a person sees it stutter */
#define GOAL_MS 50.0
/* frames at the beginning that are not counted: caches fill, the bar slides in */
#define WARM_UP_FRAMES 60

typedef struct
{
  EspWindow *window;
  double seconds;
  GArray *intervals; /* double, ms */
  GArray *frames;
  gint64 last_frame;
  gint64 frame_start;
  guint n_frames;
  guint64 first_step;
  gint64 began;
  const char *file; /* to fly over, or NULL */
  EspHeatmap *heatmap;
  gint64 chosen; /* when the tensor was; -1 when it is drawn */
  double first_ms, exact_ms, stats_ms;
  guint64 read; /* bytes of files, from choosing to the exact picture */
  guint moves;
} Bench;

static Bench bench;

static double
ms_since (gint64 then)
{
  return (double) (g_get_monotonic_time () - then) / 1000.0;
}

static gboolean
is_counting (void)
{
  return bench.began > 0;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (GArray *sorted, double share)
{
  guint index = (guint) (share * (sorted->len - 1) + 0.5);

  return sorted->len > 0 ? g_array_index (sorted, double, index) : NAN;
}

static void
print_row (const char *name, GArray *values)
{
  guint beyond = 0;

  g_array_sort (values, compare);
  for (guint i = 0; i < values->len; i++)
    beyond += g_array_index (values, double, i) > GOAL_MS;
  g_print ("%-10s %7u  p50 %6.2f  p95 %6.2f  p99 %6.2f  max %6.2f ms  over %g ms: %u\n", name,
           values->len, quantile (values, 0.5), quantile (values, 0.95), quantile (values, 0.99),
           quantile (values, 1), GOAL_MS, beyond);
}

static guint64
get_step (void)
{
  EspDocument *document = esp_session_get_document (esp_window_get_session (bench.window));

  return esp_snapshot_get_step (esp_document_get_snapshot (document));
}

static gboolean
on_done (gpointer user_data)
{
  double seconds = ms_since (bench.began) / 1000.0;
  double rate = bench.intervals->len / seconds;

  bench.began = 0;
  turns_end ();
  if (bench.file == NULL)
    {
      esp_document_pause (esp_session_get_document (esp_window_get_session (bench.window)));
      g_print ("training: %.0f steps/s and %.1f frames/s for %.1f s\n",
               (double) (get_step () - bench.first_step) / seconds, rate, seconds);
    }
  else
    g_print ("flying: %.1f frames/s for %.1f s\n"
             "chosen: a picture after %.0f ms, the exact one after %.0f ms, statistics after %.0f "
             "ms; %.2f GB were read by then\n",
             rate, seconds, bench.first_ms, bench.exact_ms, bench.stats_ms,
             (double) bench.read / 1e9);
  print_row ("interval", bench.intervals);
  print_row ("frame", bench.frames);
  print_row ("iteration", turns.walls);
  print_row ("work", turns.works);
  g_application_quit (G_APPLICATION (gtk_window_get_application (GTK_WINDOW (bench.window))));
  return G_SOURCE_REMOVE;
}

static void
on_before_paint (GdkFrameClock *clock, gpointer user_data)
{
  bench.frame_start = g_get_monotonic_time ();
  if (is_counting () && bench.last_frame > 0)
    {
      double ms = ms_since (bench.last_frame);

      g_array_append_val (bench.intervals, ms);
    }
  bench.last_frame = bench.frame_start;
}

static void
on_after_paint (GdkFrameClock *clock, gpointer user_data)
{
  double ms = ms_since (bench.frame_start);

  if (is_counting ())
    g_array_append_val (bench.frames, ms);
  if (bench.file != NULL && bench.chosen >= 0)
    return; /* still being drawn */
  if (++bench.n_frames == WARM_UP_FRAMES)
    {
      bench.first_step = bench.file == NULL ? get_step () : 0;
      bench.began = g_get_monotonic_time ();
      turns_begin ();
      g_timeout_add ((guint) (bench.seconds * 1000), on_done, NULL);
    }
}

static GtkWidget *
find_widget (GtkWidget *from, GType type)
{
  GtkWidget *found = G_TYPE_CHECK_INSTANCE_TYPE (from, type) ? from : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_widget (child, type);
  return found;
}

/* what this process has read of files so far */
static guint64
get_bytes_read (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/self/io", &text, NULL, NULL))
    return 0;
  return g_ascii_strtoull (strstr (text, "rchar: ") + strlen ("rchar: "), NULL, 10);
}

/* whoever asks gets those that the window's own pass makes */
static void
on_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspStats) stats = esp_scan_stats_finish (result, &error);

  if (stats == NULL)
    g_error ("%s", error->message);
  bench.stats_ms = ms_since (bench.chosen);
}

/* looks how far the picture is that was chosen */
static void
watch_picture (void)
{
  EspOverview *ground = NULL;

  if (esp_heatmap_get_ground (bench.heatmap, &ground) == NULL || ground == NULL)
    return;
  if (bench.first_ms == 0)
    bench.first_ms = ms_since (bench.chosen);
  if (!esp_overview_is_exact (ground))
    return;
  if (bench.exact_ms == 0)
    bench.exact_ms = ms_since (bench.chosen);
  if (bench.stats_ms == 0)
    return;
  bench.read = get_bytes_read () - bench.read;
  bench.chosen = -1;
  esp_heatmap_zoom_one (bench.heatmap);
}

/* a figure of eight over the whole matrix, now and then from farther out */
static void
fly (void)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (bench.heatmap);
  double at = bench.moves++ / 300.0;

  if (bench.moves % 200 == 0)
    esp_heatmap_zoom_out (bench.heatmap);
  else if (bench.moves % 200 == 100)
    esp_heatmap_zoom_one (bench.heatmap);
  esp_heatmap_center (bench.heatmap, (0.5 + 0.4 * sin (2 * at)) * (double) geometry->rows,
                      (0.5 + 0.4 * cos (at)) * (double) geometry->columns);
}

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  if (bench.file == NULL)
    return G_SOURCE_CONTINUE;
  if (bench.chosen >= 0)
    watch_picture ();
  else
    fly ();
  return G_SOURCE_CONTINUE;
}

static void
find_largest (EspPlace *place, EspPlace **largest)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  EspParameter *best = *largest != NULL ? esp_place_get_parameter (*largest) : NULL;

  if (parameter != NULL &&
      (best == NULL || esp_tensor_get_count (esp_parameter_get_data (parameter)) >
                           esp_tensor_get_count (esp_parameter_get_data (best))))
    *largest = place;
  for (guint i = 0; i < esp_place_get_n_children (place); i++)
    find_largest (esp_place_get_child (place, i), largest);
}

static gboolean
choose (gpointer user_data)
{
  EspSession *session = user_data;
  EspPlace *largest = NULL;

  find_largest (esp_tree_get_root (esp_document_get_tree (esp_session_get_document (session))),
                &largest);
  bench.heatmap = ESP_HEATMAP (find_widget (GTK_WIDGET (bench.window), ESP_TYPE_HEATMAP));
  bench.read = get_bytes_read ();
  bench.chosen = g_get_monotonic_time ();
  esp_session_set_selection (session, largest);
  esp_scan_stats_async (esp_parameter_get_data (esp_place_get_parameter (largest)), NULL, on_stats,
                        NULL);
  gtk_widget_add_tick_callback (GTK_WIDGET (bench.window), on_tick, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
play (EspWindow *window)
{
  EspSession *session = esp_window_get_session (window);
  g_autoptr (GError) error = NULL;
  EspDocument *document;
  EspPlace *place;

  if (!esp_session_new_network (session, "spirals", &error))
    g_error ("%s", error->message);
  document = esp_session_get_document (session);
  place = esp_tree_find (esp_document_get_tree (document), "2.weight", NULL);
  if (place)
    esp_session_set_selection (session, place);
  esp_document_set_speed (document, INFINITY);
  esp_document_play (document);
}

static void
open_file (EspWindow *window)
{
  EspSession *session = esp_window_get_session (window);
  g_autoptr (GError) error = NULL;

  bench.chosen = 0;
  if (esp_session_load (session, bench.file, NULL, &error) == NULL)
    g_error ("%s", error->message);
  g_timeout_add (1500, choose, session); /* the window is up by then */
}

static void
on_activate (GtkApplication *app, gpointer user_data)
{
  GdkFrameClock *clock;

  bench.window = esp_window_new (app);
  gtk_window_set_default_size (GTK_WINDOW (bench.window), 1440, 900);
  gtk_window_present (GTK_WINDOW (bench.window));
  if (bench.file != NULL)
    open_file (bench.window);
  else
    play (bench.window);
  clock = gtk_widget_get_frame_clock (GTK_WIDGET (bench.window));
  g_signal_connect (clock, "before-paint", G_CALLBACK (on_before_paint), NULL);
  g_signal_connect (clock, "after-paint", G_CALLBACK (on_after_paint), NULL);
  if (bench.file == NULL)
    gtk_widget_add_tick_callback (GTK_WIDGET (bench.window), on_tick, NULL, NULL);
  g_signal_stop_emission_by_name (app, "activate");
}

int
main (int argc, char **argv)
{
  g_autoptr (EspApplication) app = esp_application_new ();

  bench.seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 10;
  bench.file = argc > 2 ? argv[2] : NULL;
  bench.intervals = g_array_new (FALSE, FALSE, sizeof (double));
  bench.frames = g_array_new (FALSE, FALSE, sizeof (double));
  g_application_set_flags (G_APPLICATION (app), G_APPLICATION_NON_UNIQUE);
  g_signal_connect (app, "activate", G_CALLBACK (on_activate), NULL);
  return g_application_run (G_APPLICATION (app), 1, argv);
}
