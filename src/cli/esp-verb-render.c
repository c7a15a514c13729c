/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A heatmap of one tensor as PNG or SVG: the same painter as the window's. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-export.h"
#include "esp-number.h"
#include "esp-part.h"
#include "esp-path.h"
#include "esp-profile.h"
#include "esp-rearrange.h"
#include "esp-slice.h"

typedef struct
{
  char *slice, *size, *colormap, *scale, *range, *reduce, *part, *out;
  int width, height;
  EspRange range_id;
  EspScale scale_id;
  double threshold; /* of symlog, 0 unless told */
  EspReduction reduction;
  EspPart part_id;
  gboolean symmetric, inverted;
  const EspColormap *map;
  char *sort[2]; /* rows, columns */
  EspProfileKind sort_kinds[2];
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
  if (*end != '\0' || MIN (width, height) < ESP_PICTURE_LEAST_SIZE ||
      MAX (width, height) > ESP_PICTURE_MOST_SIZE)
    {
      esp_cli_message (_ ("--size: wanted is WIDTHxHEIGHT, each %d to %d; “%s” isn’t"),
                       ESP_PICTURE_LEAST_SIZE, ESP_PICTURE_MOST_SIZE, self->size);
      return FALSE;
    }
  self->width = (int) width;
  self->height = (int) height;
  return TRUE;
}

/* "LO:HI" into two numbers that follow one another */
static gboolean
parse_pair (const char *text, double *lo, double *hi)
{
  char *end;

  *lo = g_ascii_strtod (text, &end);
  if (end == text || *end != ':' || end[1] == '\0')
    return FALSE;
  *hi = g_ascii_strtod (end + 1, &end);
  return *end == '\0' && isfinite (*lo) && isfinite (*hi) && *lo < *hi;
}

static gboolean
parse_range (Options *self)
{
  EspRange *range = &self->range_id;
  gboolean found = TRUE;

  range->low = ESP_RANGE_LOW;
  range->high = ESP_RANGE_HIGH;
  range->symmetric = self->symmetric;
  if (self->range == NULL)
    range->kind = self->symmetric ? ESP_RANGE_MIN_MAX : ESP_RANGE_AUTO;
  else if (strcmp (self->range, "minmax") == 0)
    range->kind = ESP_RANGE_MIN_MAX;
  else if (strcmp (self->range, "percentiles") == 0)
    range->kind = ESP_RANGE_PERCENTILES;
  else if (g_str_has_suffix (self->range, "%"))
    {
      g_autofree char *pair = g_strndup (self->range, strlen (self->range) - 1);

      range->kind = ESP_RANGE_PERCENTILES;
      found = parse_pair (pair, &range->low, &range->high) && range->low >= 0 && range->high <= 100;
      range->low /= 100;
      range->high /= 100;
    }
  else
    {
      range->kind = ESP_RANGE_TYPED;
      found = parse_pair (self->range, &range->lo, &range->hi);
    }
  if (!found)
    esp_cli_message (
        _ ("--range: wanted is LO:HI with LO below HI, LO:HI%% for percentiles, minmax "
           "or percentiles; “%s” isn’t"),
        self->range);
  return found;
}

/* "symlog:0.01" has its linear threshold */
static gboolean
parse_scale (Options *self)
{
  g_auto (GStrv) parts = NULL;
  gboolean found = TRUE;
  char *end = NULL;

  if (self->scale == NULL)
    return TRUE;
  parts = g_strsplit (self->scale, ":", 2);
  self->scale_id = esp_scale_from_name (parts[0], &found);
  if (found && parts[0] != NULL && parts[1] != NULL)
    {
      self->threshold = g_ascii_strtod (parts[1], &end);
      found = self->scale_id == ESP_SCALE_SYMLOG && end != parts[1] && *end == '\0' &&
              isfinite (self->threshold) && self->threshold > 0;
    }
  if (!found)
    esp_cli_message (_ ("--scale: there is no “%s”; there are linear, symlog, log, sqrt, rank"),
                     self->scale);
  return found;
}

static gboolean
parse_reduction (Options *self)
{
  gboolean found = TRUE;

  if (self->reduce != NULL)
    self->reduction = esp_reduction_from_name (self->reduce, &found);
  if (!found)
    esp_cli_message (_ ("--reduce: there is no “%s”; there are largest, mean, min, max, rms"),
                     self->reduce);
  return found;
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
parse_sort (Options *self, guint which)
{
  gboolean found = TRUE;

  if (self->sort[which] != NULL)
    self->sort_kinds[which] = esp_profile_kind_from_name (self->sort[which], &found);
  if (!found)
    esp_cli_message (_ ("%s: there is no “%s”; there are norm, mean, max, min"),
                     which == 0 ? "--sort-rows" : "--sort-columns", self->sort[which]);
  return found;
}

static gboolean
parse_part (Options *self)
{
  gboolean found = TRUE;

  if (self->part != NULL)
    self->part_id = esp_part_from_name (self->part, &found);
  if (!found)
    esp_cli_message (_ ("--part: there is no “%s”; there are magnitude, real, imaginary, phase"),
                     self->part);
  if (!found || self->part_id != ESP_PART_PHASE ||
      (self->range == NULL && self->scale == NULL && !self->symmetric))
    return found;
  esp_cli_message (_ ("--part phase: angles have a full turn as their range and no other scale, so "
                      "--range, --symmetric and --scale can't be given"));
  return FALSE;
}

static gboolean
parse_options (Options *self)
{
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
  return parse_scale (self) && parse_reduction (self) && parse_size (self) && parse_range (self) &&
         parse_colormap (self) && parse_part (self) && parse_sort (self, 0) && parse_sort (self, 1);
}

/* --- picture --- */

/* what is drawn of it: complex values by one number each */
static EspTensor *
take_part (const Options *options, EspTensor *tensor, GError **error)
{
  if (esp_tensor_is_complex (tensor))
    return esp_tensor_new_part (tensor, options->part_id, error);
  if (options->part == NULL)
    return esp_tensor_ref (tensor);
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
               _ ("--part is for complex values; these are %s"),
               esp_tensor_get_dtype_name (tensor));
  return NULL;
}

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

/* which rows or columns stand where; NULL with or without an error */
static gint64 *
make_order (const Options *options, EspTensor *matrix, guint which, GError **error)
{
  EspProfileKind kind = options->sort_kinds[which];
  g_autoptr (EspProfile) profile = NULL;

  if (options->sort[which] == NULL)
    return NULL;
  profile = esp_profile_new (matrix, which == 1, NULL, error);
  return profile != NULL ? esp_profile_sort (profile, kind, kind == ESP_PROFILE_MIN) : NULL;
}

/* the matrix to draw; rows and columns get new arrays where they are sorted */
static EspTensor *
sort_matrix (const Options *options,
             EspTensor *matrix,
             gint64 **rows,
             gint64 **columns,
             GError **error)
{
  GError *reason = NULL;

  *rows = make_order (options, matrix, 0, &reason);
  if (reason == NULL)
    *columns = make_order (options, matrix, 1, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  if (*rows == NULL && *columns == NULL)
    return esp_tensor_ref (matrix);
  return esp_rearrange_apply (matrix, *rows, *columns, error);
}

static char *
make_note (const Options *options, EspTensor *tensor)
{
  const char *notes[2] = { NULL, NULL }, *part;
  g_autofree char *order = NULL;

  for (guint i = 0; i < 2; i++)
    if (options->sort[i] != NULL)
      notes[i] = esp_draw_describe_order (i == 1, options->sort_kinds[i]);
  order = esp_draw_join_notes (notes[0], notes[1]);
  part = esp_tensor_is_complex (tensor) ? esp_draw_describe_part (options->part_id) : NULL;
  return esp_draw_join_notes (part, order);
}

static char *
make_title (const char *name, EspTensor *tensor, const Options *options)
{
  g_autofree char *shown = esp_cli_show_name (name);
  g_autofree char *shape = esp_tensor_dup_shape (tensor);
  const char *type = esp_tensor_get_dtype_name (tensor);

  return g_strdup_printf ("%s%s  %s  %s", shown, options->slice != NULL ? options->slice : "",
                          shape, type);
}

static int
render (const Options *options, const char *file, const char *name, EspTensor *tensor)
{
  g_autoptr (EspTensor) part = NULL;
  g_autoptr (EspTensor) plain = NULL;
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspOutput) output = NULL;
  g_autofree gint64 *rows = NULL, *columns = NULL;
  g_autofree char *note = make_note (options, tensor);
  g_autofree char *title = make_title (name, tensor, options);
  GError *error = NULL;
  EspPicture picture;
  gboolean done;

  part = take_part (options, tensor, &error);
  if (part != NULL)
    plain = take_matrix (options, part, &error);
  if (plain != NULL)
    matrix = sort_matrix (options, plain, &rows, &columns, &error);
  if (matrix == NULL)
    return esp_cli_fail (file, error);
  output = esp_output_new (options->out, &error);
  if (output == NULL)
    return esp_cli_fail (options->out, error);
  esp_picture_init (&picture, matrix);
  picture.width = options->width;
  picture.height = options->height;
  picture.reduction = options->reduction;
  picture.scale = options->scale_id;
  picture.threshold = options->threshold;
  picture.range = options->range_id;
  picture.phase = esp_tensor_is_complex (tensor) && options->part_id == ESP_PART_PHASE;
  picture.colormap = options->map;
  picture.inverted = options->inverted;
  picture.title = title;
  picture.row_labels = rows;
  picture.column_labels = columns;
  picture.note = note;
  done = esp_export_picture (&picture, options->svg, esp_cli_export, output, esp_cli_progress,
                             title, NULL, &error);
  esp_cli_progress_end ();
  if (!done)
    return esp_cli_fail (file, error);
  if (!esp_output_commit (output, &error))
    return esp_cli_fail (options->out, error);
  return ESP_CLI_DONE;
}

static void
clear_options (Options *options)
{
  g_free (options->slice);
  g_free (options->size);
  g_free (options->colormap);
  g_free (options->scale);
  g_free (options->range);
  g_free (options->reduce);
  g_free (options->part);
  g_free (options->sort[0]);
  g_free (options->sort[1]);
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
    { "invert", 0, 0, G_OPTION_ARG_NONE, &options.inverted,
      N_ ("The colour map from its end to its beginning"), NULL },
    { "scale", 0, 0, G_OPTION_ARG_STRING, &options.scale,
      N_ ("linear, symlog, log, sqrt or rank; symlog:T is linear up to T"), "S" },
    { "range", 0, 0, G_OPTION_ARG_STRING, &options.range,
      N_ ("The values at the ends of the colour map; or minmax, percentiles"), "LO:HI" },
    { "symmetric", 0, 0, G_OPTION_ARG_NONE, &options.symmetric,
      N_ ("A range as far below 0 as above"), NULL },
    { "reduce", 0, 0, G_OPTION_ARG_STRING, &options.reduce,
      N_ ("What a pixel shows of its cells: largest (farthest from 0), mean, min, max or rms"),
      "R" },
    { "part", 0, 0, G_OPTION_ARG_STRING, &options.part,
      N_ ("Of complex values: magnitude, real, imaginary or phase"), "P" },
    { "sort-rows", 0, 0, G_OPTION_ARG_STRING, &options.sort[0],
      N_ ("Rows by norm, mean, max (the greatest first) or min (the least first)"), "K" },
    { "sort-columns", 0, 0, G_OPTION_ARG_STRING, &options.sort[1], N_ ("Columns alike"), "K" },
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
