/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A heatmap of one tensor as PNG or SVG: the same painter as the window's. */

#include "config.h"

#include "esp-cli.h"

#include <cairo-svg.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-draw-heatmap.h"
#include "esp-error.h"
#include "esp-number.h"
#include "esp-overview.h"
#include "esp-path.h"
#include "esp-slice.h"

#define LEAST_SIZE 64
#define MOST_SIZE 16384

/* a picture whose size isn't told follows the matrix within these */
#define USUAL_WIDTH 1200
#define USUAL_HEIGHT 1200
#define SMALLEST_WIDTH 480
#define SMALLEST_STAGE 120

typedef struct
{
  char *slice, *size, *colormap, *scale, *range, *out;
  int width, height;
  gboolean has_range;
  double lo, hi;
  EspScale scale_id;
  const EspColormap *map;
  gboolean svg;
} Options;

/* --- options: FALSE after a message --- */

static gboolean
parse_size (Options *self)
{
  gint64 width, height = 0;
  char *end;

  if (self->size == NULL)
    return TRUE;
  width = g_ascii_strtoll (self->size, &end, 10);
  if (*end == 'x')
    height = g_ascii_strtoll (end + 1, &end, 10);
  if (*end != '\0' || MIN (width, height) < LEAST_SIZE || MAX (width, height) > MOST_SIZE)
    {
      esp_cli_message (_ ("--size: wanted is WIDTHxHEIGHT, each %d to %d; “%s” isn’t"), LEAST_SIZE,
                       MOST_SIZE, self->size);
      return FALSE;
    }
  self->width = (int) width;
  self->height = (int) height;
  return TRUE;
}

static gboolean
parse_range (Options *self)
{
  char *end;

  if (self->range == NULL)
    return TRUE;
  self->lo = g_ascii_strtod (self->range, &end);
  if (end != self->range && *end == ':' && end[1] != '\0')
    {
      self->hi = g_ascii_strtod (end + 1, &end);
      self->has_range = *end == '\0' && isfinite (self->lo) && isfinite (self->hi) &&
                        self->lo < self->hi;
    }
  if (!self->has_range)
    esp_cli_message (_ ("--range: wanted is LO:HI with LO below HI; “%s” isn’t"), self->range);
  return self->has_range;
}

static gboolean
parse_colormap (Options *self)
{
  g_autoptr (GString) names = NULL;
  const EspColormap *const *all;

  if (self->colormap == NULL)
    return TRUE;
  self->map = esp_colormap_from_name (self->colormap);
  if (self->map != NULL)
    return TRUE;
  names = g_string_new (NULL);
  all = esp_colormap_get_all ();
  for (guint i = 0; all[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", all[i]->name);
  esp_cli_message (_ ("--colormap: there is no “%s”; there are %s"), self->colormap, names->str);
  return FALSE;
}

static gboolean
parse_options (Options *self)
{
  gboolean found = TRUE;

  if (self->out == NULL)
    {
      esp_cli_message (_ ("render: -o OUT.png or OUT.svg is wanted"));
      return FALSE;
    }
  self->svg = g_str_has_suffix (self->out, ".svg");
  if (!self->svg && !g_str_has_suffix (self->out, ".png"))
    {
      esp_cli_message (_ ("-o: “%s” ends in neither .png nor .svg"), self->out);
      return FALSE;
    }
  if (self->scale != NULL)
    self->scale_id = esp_scale_from_name (self->scale, &found);
  if (!found)
    {
      esp_cli_message (_ ("--scale: there is no “%s”; there are linear, symlog, log, sqrt, rank"),
                       self->scale);
      return FALSE;
    }
  return parse_size (self) && parse_range (self) && parse_colormap (self);
}

/* --- picture --- */

static EspTensor *
take_matrix (const Options *options, EspTensor *tensor, GError **error)
{
  g_autoptr (EspSlice) slice = NULL;

  if (esp_tensor_get_count (tensor) == 0)
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA,
                           _ ("the tensor has no elements, so there is nothing to draw"));
      return NULL;
    }
  if (options->slice != NULL)
    slice = esp_slice_parse (options->slice, error);
  else
    slice = esp_slice_new_default (esp_tensor_get_ndim (tensor));
  return slice != NULL ? esp_slice_apply_matrix (slice, tensor, error) : NULL;
}

static void
set_norm (EspNorm *norm, const Options *options, EspStats *stats)
{
  if (options->has_range)
    esp_norm_init_for_range (norm, options->lo, options->hi, FALSE);
  else
    esp_norm_init_for_stats (norm, stats, FALSE);
  if (options->map != NULL)
    norm->colormap = options->map;
  if (options->scale != NULL && options->scale_id == ESP_SCALE_RANK)
    {
      double lo = norm->lo, hi = norm->hi;

      esp_norm_set_ranks (norm, stats);
      if (options->has_range)
        {
          norm->lo = lo;
          norm->hi = hi;
        }
    }
  else if (options->scale != NULL)
    norm->scale = options->scale_id;
}

/* no wider or higher than the matrix fills */
static void
choose_size (Options *self, EspTensor *matrix)
{
  const double frame_x = ESP_HEATMAP_MARGIN_LEFT + ESP_HEATMAP_MARGIN;
  const double frame_y = ESP_HEATMAP_MARGIN_TOP + ESP_HEATMAP_MARGIN;
  double rows = esp_tensor_get_shape (matrix)[0], columns = esp_tensor_get_shape (matrix)[1];
  int stage_width, stage_height, around;
  double cell;

  esp_draw_figure_get_stage (USUAL_WIDTH, USUAL_HEIGHT, &stage_width, &stage_height);
  around = USUAL_HEIGHT - stage_height;
  cell = fmin (fmin ((stage_width - frame_x) / columns, (stage_height - frame_y) / rows), 48);
  self->width = (int) fmax (columns * cell + frame_x, SMALLEST_WIDTH);
  self->height = (int) fmax (rows * cell + frame_y, SMALLEST_STAGE) + around;
}

static EspOverview *
make_overview (EspTensor *matrix, const Options *options, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  EspHeatmapGeometry geometry = { .rows = shape[0], .columns = shape[1] };
  EspRegion region;
  guint width, height;

  esp_draw_figure_get_stage (options->width, options->height, &geometry.width, &geometry.height);
  esp_heatmap_geometry_fit (&geometry);
  esp_heatmap_geometry_visible (&geometry, &region, &width, &height);
  return esp_overview_new (matrix, &region, width, height, 1, NULL, error);
}

static char *
make_title (const char *name, EspTensor *tensor, const Options *options)
{
  g_autofree char *shown = esp_cli_show_name (name);
  g_autofree char *shape = esp_number_format_shape (esp_tensor_get_shape (tensor),
                                                    esp_tensor_get_ndim (tensor));
  const char *type = esp_tensor_get_dtype_name (tensor);

  return g_strdup_printf ("%s%s  %s  %s", shown, options->slice != NULL ? options->slice : "",
                          shape, type);
}

/* cairo's stream -> our file */
typedef struct
{
  EspOutput *output;
  GError *error;
} Stream;

static cairo_status_t
write_stream (void *closure, const unsigned char *data, unsigned int length)
{
  Stream *stream = closure;

  if (stream->error == NULL)
    esp_output_write (stream->output, data, length, &stream->error);
  return stream->error == NULL ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static int
paint (const Options *options, const char *title, const EspHeatmapScene *scene, EspStats *stats)
{
  g_autoptr (EspOutput) output = NULL;
  Stream stream = { 0 };
  cairo_surface_t *surface;
  cairo_status_t status;
  cairo_t *cr;

  output = stream.output = esp_output_new (options->out, &stream.error);
  if (output == NULL)
    return esp_cli_fail (options->out, stream.error);
  surface = options->svg
                ? cairo_svg_surface_create_for_stream (write_stream, &stream, options->width,
                                                       options->height)
                : cairo_image_surface_create (CAIRO_FORMAT_ARGB32, options->width, options->height);
  cr = cairo_create (surface);
  esp_draw_figure (cr, options->width, options->height, title, scene, stats);
  status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS && !options->svg)
    status = cairo_surface_write_to_png_stream (surface, write_stream, &stream);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (stream.error == NULL && status != CAIRO_STATUS_SUCCESS)
    g_set_error_literal (&stream.error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         cairo_status_to_string (status));
  if (stream.error == NULL)
    esp_output_commit (output, &stream.error);
  return stream.error == NULL ? ESP_CLI_DONE : esp_cli_fail (options->out, stream.error);
}

static int
render (Options *options, const char *file, const char *name, EspTensor *tensor)
{
  EspHeatmapScene scene = {
    .palette = &esp_palette_light,
    .cursor_row = -1,
    .cursor_column = -1,
    .hover_row = -1,
    .hover_column = -1,
  };
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspStats) stats = NULL;
  g_autoptr (EspOverview) overview = NULL;
  g_autofree char *title = make_title (name, tensor, options);
  GError *error = NULL;

  matrix = take_matrix (options, tensor, &error);
  if (matrix != NULL && options->size == NULL)
    choose_size (options, matrix);
  if (matrix != NULL)
    stats = esp_scan_stats (matrix, esp_cli_progress, title, NULL, &error);
  esp_cli_progress_end ();
  if (stats != NULL)
    overview = make_overview (matrix, options, &error);
  if (overview == NULL)
    return esp_cli_fail (file, error);
  scene.geometry.rows = esp_tensor_get_shape (matrix)[0];
  scene.geometry.columns = esp_tensor_get_shape (matrix)[1];
  scene.overview = overview;
  scene.single = esp_tensor_get_dtype (matrix) != ESP_DTYPE_FLOAT64;
  set_norm (&scene.norm, options, stats);
  return paint (options, title, &scene, stats);
}

static void
clear_options (Options *options)
{
  g_free (options->slice);
  g_free (options->size);
  g_free (options->colormap);
  g_free (options->scale);
  g_free (options->range);
  g_free (options->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

int
esp_verb_render (int argc, char *argv[])
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, N_ ("The picture, .png or .svg"),
      "OUT" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.size,
      N_ ("In pixels; follows the matrix unless given"), "WxH" },
    { "colormap", 0, 0, G_OPTION_ARG_STRING, &options.colormap,
      N_ ("A colour map by name: vik, batlow, …"), "M" },
    { "scale", 0, 0, G_OPTION_ARG_STRING, &options.scale, N_ ("linear, symlog, log, sqrt or rank"),
      "S" },
    { "range", 0, 0, G_OPTION_ARG_STRING, &options.range,
      N_ ("The values at the ends of the colour map"), "LO:HI" },
    { "slice", 0, 0, G_OPTION_ARG_STRING, &options.slice,
      N_ ("Part of it, as NumPy indexes: [0,:,::-1]"), "S" },
    { NULL },
  };
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspSession) session = NULL;
  EspTensor *tensor;

  if (!esp_cli_parse (argc, argv, entries, "FILE NAME -o OUT.png|.svg [OPTION…]",
                      _ ("Draws the tensor NAME as a heatmap: its first matrix unless --slice "
                         "tells another."),
                      2, 2, &operands) ||
      !parse_options (&options))
    return ESP_CLI_COULD_NOT;
  session = esp_cli_open (operands[0]);
  tensor = session != NULL ? esp_cli_find_tensor (session, operands[0], operands[1]) : NULL;
  if (tensor == NULL)
    return ESP_CLI_COULD_NOT;
  return render (&options, operands[0], operands[1], tensor);
}
