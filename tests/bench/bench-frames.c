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
 * With "view:NAME[,NAME...][@NETWORK]" these views of the network are shown, one after the other, 5
 * seconds each, and what the process takes of memory is told before and after. With "scrub" a
 * network of 10,000 parameters has trained 3000 steps, and the window goes to one of them after the
 * other, anywhere in the run, as soon as the one before is shown.
 *
 * Usage: bench-frames [SECONDS [FILE | view:... | scrub]]. Needs a display.
 */

#include "config.h"

#include "esp-application.h"
#include "esp-heatmap.h"
#include "esp-window-private.h"
#include "turns.h"

#include <math.h>
#include <string.h>

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
  const char *file;    /* to fly over, or NULL */
  char **views;        /* to show, or NULL */
  const char *network; /* template */
  gboolean scrub;
  guint64 target; /* step that was asked for */
  guint positions;
  double memory; /* MB when counting began */
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

/* what is in memory, MB */
static double
get_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return NAN;
  line = strstr (text, "VmRSS:");
  return line != NULL ? g_ascii_strtod (line + 6, NULL) / 1000 : NAN;
}

static gboolean
on_memory (gpointer user_data)
{
  if (is_counting ())
    g_print ("after %.0f s: step %" G_GUINT64_FORMAT ", %.1f MB in memory\n",
             ms_since (bench.began) / 1000, get_step (), get_memory ());
  return G_SOURCE_CONTINUE;
}

static gboolean
on_done (gpointer user_data)
{
  double seconds = ms_since (bench.began) / 1000.0;
  double rate = bench.intervals->len / seconds;

  turns_end ();
  if (bench.views != NULL)
    on_memory (NULL);
  bench.began = 0;
  if (bench.scrub)
    g_print ("scrubbing: %.1f positions/s and %.1f frames/s for %.1f s\n",
             bench.positions / seconds, rate, seconds);
  else if (bench.file == NULL)
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
      if (bench.views != NULL)
        g_print ("%s: %.1f MB in memory\n", bench.network, get_memory ());
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

/* the next position as soon as the last one is shown */
static void
scrub (void)
{
  EspDocument *document = esp_session_get_document (esp_window_get_session (bench.window));

  if (get_step () != bench.target)
    return;
  bench.positions += is_counting ();
  bench.target = 1 + (bench.target * 1103 + 12345) % 3000;
  esp_window_clock_wake (bench.window); /* as a drag does */
  esp_document_seek (document, 0, bench.target);
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

/* 2-96-96-2 */
static const char large[] =
    "{\"espalier\": 1, \"name\": \"ten thousand\", \"modules\": ["
    "{\"class\": \"Linear\", \"out_features\": 96}, {\"class\": \"ReLU\"},"
    "{\"class\": \"Linear\", \"out_features\": 96}, {\"class\": \"ReLU\"},"
    "{\"class\": \"Linear\", \"out_features\": 2}], \"loss\": {\"class\": \"CrossEntropyLoss\"},"
    "\"optimizer\": {\"class\": \"Adam\", \"lr\": 0.003}, \"batch_size\": 40,"
    "\"data\": {\"name\": \"spirals\", \"count\": 200, \"noise\": 0.1, \"seed\": 1}}";

static void
open_network (EspSession *session)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspDocument) document = NULL;

  if (!bench.scrub)
    {
      if (!esp_session_new_network (session, bench.network, &error))
        g_error ("%s", error->message);
      return;
    }
  network = esp_network_new_from_json (large, -1, &error);
  if (network == NULL)
    g_error ("%s", error->message);
  document = esp_document_new_for_network (network);
  esp_trainer_run (esp_document_get_trainer (document), 3000);
  esp_session_set_document (session, document);
  bench.target = 3000;
}

static gboolean
next_view (gpointer user_data)
{
  static guint at;

  esp_session_set_view (esp_window_get_session (bench.window),
                        bench.views[at++ % g_strv_length (bench.views)]);
  return G_SOURCE_CONTINUE;
}

static void
play (EspWindow *window)
{
  EspSession *session = esp_window_get_session (window);
  EspDocument *document;
  EspPlace *place;

  open_network (session);
  document = esp_session_get_document (session);
  if (bench.views != NULL)
    {
      next_view (NULL);
      g_timeout_add_seconds (5, next_view, NULL);
      g_timeout_add_seconds (60, on_memory, NULL);
    }
  place = esp_tree_find (esp_document_get_tree (document), "2.weight", NULL);
  if (place)
    esp_session_set_selection (session, place);
  if (bench.scrub)
    {
      g_signal_connect (document, "updated", G_CALLBACK (scrub), NULL);
      esp_window_clock_wake (bench.window);
      esp_document_seek (document, 0, bench.target);
      return;
    }
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

/* what is measured: a file, views, or how fast one can scrub; NULL: the weights of the spirals */
static void
read_subject (const char *subject)
{
  g_auto (GStrv) parts = NULL;

  bench.network = "spirals";
  if (subject == NULL)
    return;
  if (!g_str_has_prefix (subject, "view:"))
    {
      bench.scrub = g_str_equal (subject, "scrub");
      bench.file = bench.scrub ? NULL : subject;
      return;
    }
  parts = g_strsplit (subject + 5, "@", 2);
  bench.views = g_strsplit (parts[0], ",", -1);
  if (parts[1] != NULL)
    bench.network = g_intern_string (parts[1]);
}

int
main (int argc, char **argv)
{
  g_autoptr (EspApplication) app = esp_application_new ();

  bench.seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 10;
  read_subject (argc > 2 ? argv[2] : NULL);
  bench.intervals = g_array_new (FALSE, FALSE, sizeof (double));
  bench.frames = g_array_new (FALSE, FALSE, sizeof (double));
  g_application_set_flags (G_APPLICATION (app), G_APPLICATION_NON_UNIQUE);
  g_signal_connect (app, "activate", G_CALLBACK (on_activate), NULL);
  return g_application_run (G_APPLICATION (app), 1, argv);
}
